"""A new SSH key without a passphrase, for samples and trials; never for real reviews."""

from __future__ import annotations

from pathlib import Path

from reviewtui.errors import SigningError
from reviewtui.signing.keygen import find_program, run_program


def create_throwaway_key(path: Path, *, comment: str) -> str:
    """Writes a new ed25519 key to `path` and its public half beside it; gives the public key as "type base64".

    Raises: SigningToolMissingError; SigningError.
    """
    program = find_program("ssh-keygen", hint="Install OpenSSH 8.9 or later.")
    kind = ("-t", "ed25519", "-N", "", "-C", comment)
    outcome = run_program((program, "-q", *kind, "-f", str(path.absolute())))
    if outcome.status != 0:
        raise SigningError(f"ssh-keygen could not make a key in {path.parent}: {outcome.errors.strip()}")
    return " ".join(path.with_name(path.name + ".pub").read_text(encoding="ascii").split()[:2])
