"""A new SSH key without a passphrase, for samples and trials; never for real reviews."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from reviewtui.errors import SigningError, SigningToolMissingError


def create_throwaway_key(path: Path, *, comment: str) -> str:
    """Writes a new ed25519 key to `path` and `path`.pub; gives its public line: type and key, without the comment.

    Raises: SigningToolMissingError, SigningError.
    """
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", os.fspath(path.absolute())]
    try:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, check=False)
    except FileNotFoundError:
        raise SigningToolMissingError("ssh-keygen is not installed.", hint="Install OpenSSH 8.9 or newer.") from None
    if done.returncode != 0:
        said = done.stderr.decode("utf-8", "replace").strip()
        raise SigningError(f"ssh-keygen could not make a key in {path.parent}: {said}")
    return " ".join(path.with_name(path.name + ".pub").read_text(encoding="ascii").split()[:2])
