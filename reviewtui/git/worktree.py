"""WorkTree: the few things that are ever written beside refs: files of the settings, their commit, and Git's config."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from reviewtui.errors import GitError
from reviewtui.git.repository import Repository


class WorkTree:
    """The working tree of a repository. Paths are relative to it, with / between their parts."""

    def __init__(self, repository: Repository, root: Path) -> None:
        self._repository = repository
        self._root = root

    def holds(self, path: str) -> bool:
        """Whether there is anything at a path."""
        return os.path.lexists(self._root / path)

    def write(self, path: str, text: str) -> None:
        """Write a file whole. Raises: GitError where a link leads elsewhere, or the system refuses."""
        target = self._root / PurePosixPath(path)
        for place in (target, *target.parents):
            if place == self._root:
                break
            if place.is_symlink():
                raise GitError(f"{path} is behind a symbolic link; nothing was written.")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
        except OSError as error:
            raise GitError(f"{path} could not be written: {error.strerror}.") from error

    def commit(self, paths: Sequence[str], message: str) -> None:
        """Commit these files alone, whatever else is staged. Raises: GitError."""
        environment = {"GIT_OPTIONAL_LOCKS": "1"}
        self._repository.git.run("add", "--", *paths, environment=environment)
        self._repository.git.run("commit", "--quiet", "-m", message, "--only", "--", *paths, environment=environment)

    def uncommitted(self, paths: Sequence[str]) -> tuple[str, ...]:
        """Those of these files that the current commit does not have as they are here. Raises: GitError."""
        run = self._repository.git.run
        return tuple(path for path in paths if run("status", "--porcelain", "--untracked-files=all", "--", path))

    def add_config(self, key: str, value: str) -> None:
        """Add one value to a key of the repository's own configuration. Raises: GitError."""
        self._repository.git.run("config", "--add", key, value)
        self._repository.reload_config()
