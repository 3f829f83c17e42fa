"""KeygenCheck: the arithmetic of SSH signatures by ssh-keygen; and the one place that starts signing programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from reviewtui.errors import SigningError, SigningToolMissingError
from reviewtui.signing.armor import SignatureScheme, armor
from reviewtui.signing.sshsig import SshSignature
from reviewtui.values import dataclass

VERIFY_TIMEOUT = 60.0
OUTPUT_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a program ended, and what it said."""

    status: int
    output: bytes
    errors: str


def run_program(
    command: Sequence[str],
    *,
    message: bytes | None = None,
    directory: Path | None = None,
    environment: Mapping[str, str] | None = None,
    timeout: float | None = None,
) -> Outcome:
    """Runs a program. Without a message its standard input is closed, so that it can never be taken for a passphrase.

    Raises: SigningToolMissingError where it cannot be started; SigningError where it does not end in time.
    """
    name = Path(command[0]).name
    try:
        done = subprocess.run(
            command,
            input=message,
            stdin=subprocess.DEVNULL if message is None else None,
            capture_output=True,
            cwd=directory,
            env=None if environment is None else dict(environment),
            timeout=timeout,
            check=False,
        )
    except OSError as error:
        raise SigningToolMissingError(f"{name} cannot be started: {error.strerror or error}.") from error
    except subprocess.TimeoutExpired as error:
        raise SigningError(f"{name} did not end within {error.timeout:.0f} seconds.") from error
    return Outcome(done.returncode, done.stdout[:OUTPUT_LIMIT], done.stderr[:OUTPUT_LIMIT].decode("utf-8", "replace"))


def find_program(name: str, *, hint: str = "") -> str:
    """The program's path. Raises: SigningToolMissingError."""
    found = shutil.which(name)
    if found is None:
        raise SigningToolMissingError(f"{name} is not installed.", hint=hint)
    return found


def plain_environment() -> dict[str, str]:
    """The environment with messages in English, whatever the user's language."""
    return {**os.environ, "LC_ALL": "C"}


class KeygenCheck:
    """Asks ssh-keygen, once for each signature, whether key and authority really signed."""

    def __init__(self, program: str = "ssh-keygen") -> None:
        self._program = program

    def is_valid(self, signature: SshSignature, message: bytes) -> bool:
        program = find_program(self._program, hint="Install OpenSSH, or Python's cryptography package.")
        with tempfile.TemporaryDirectory(prefix="reviewtui-") as directory:
            block = Path(directory, "signature")
            block.write_bytes(armor(SignatureScheme.SSH, signature.blob))
            command = (program, "-Y", "check-novalidate", "-n", signature.namespace, "-s", str(block))
            return run_program(command, message=message, timeout=VERIFY_TIMEOUT).status == 0
