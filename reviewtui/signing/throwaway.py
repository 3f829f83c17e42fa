"""A new SSH key without a passphrase, for samples and trials; never for real reviews."""

from __future__ import annotations

from pathlib import Path

from reviewtui.errors import SigningError
from reviewtui.signing.keygen import run_program
from reviewtui.signing.ssh import SSH_KEYGEN, usable_program


def create_throwaway_key(path: Path, *, comment: str) -> str:
    """Writes a new ed25519 key to `path` and its public half beside it; gives the public key as "type base64".

    Raises: SigningToolMissingError; SigningError.
    """
    program = usable_program(SSH_KEYGEN)
    kind = ("-t", "ed25519", "-N", "", "-C", comment)
    outcome = run_program((program, "-q", *kind, "-f", str(path.absolute())))
    public = path.with_name(path.name + ".pub")
    if outcome.status != 0 or not public.is_file():
        said = outcome.errors.strip() or "it says nothing."
        raise SigningError(f"ssh-keygen could not make a key in {path.parent}: {said}")
    return " ".join(public.read_text(encoding="ascii").split()[:2])
