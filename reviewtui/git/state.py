"""What hooks keep beside a repository, for whoever may write to the repository itself."""

from __future__ import annotations

import contextlib
import stat
from pathlib import Path

from reviewtui.errors import GitError
from reviewtui.git.repository import Repository

DIRECTORY = "reviewtui"
"""Below the repository's own directory. All that hooks keep there but the list of older tags is safe to delete."""


def state_directory(repository: Repository) -> Path:
    """The directory, made where it is not there yet. Raises: GitError."""
    folder = repository.common_dir / DIRECTORY
    try:
        folder.mkdir(exist_ok=True)
        shared = stat.S_IMODE((repository.common_dir / "objects").stat().st_mode)
        with contextlib.suppress(PermissionError):
            if stat.S_IMODE(folder.stat().st_mode) != shared:
                folder.chmod(shared)
    except OSError as error:
        raise GitError(f"{folder} cannot be made: {error.strerror}.") from error
    return folder


def share(file: Path) -> None:
    """Let those write a file who may write to its folder: a repository may belong to a group of users."""
    with contextlib.suppress(PermissionError, FileNotFoundError):
        wanted = 0o600 | (stat.S_IMODE(file.parent.stat().st_mode) & 0o066)
        if stat.S_IMODE(file.stat().st_mode) != wanted:
            file.chmod(wanted)
