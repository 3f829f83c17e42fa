"""configured_signer(): the signer that the user's own Git would sign a tag with."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable
from pathlib import Path

from reviewtui.errors import NoSigningKeyError, SigningError
from reviewtui.signing.armor import SignatureScheme
from reviewtui.signing.keygen import plain_environment, run_program
from reviewtui.signing.openpgp import gpg_signer
from reviewtui.signing.scheme import Signer
from reviewtui.signing.ssh import SSH_KEYGEN, literal_key, ssh_signer

Config = Callable[[str], str | None]
_COMMAND_TIMEOUT = 60.0
_GNUPG = {SignatureScheme.OPENPGP: "gpg", SignatureScheme.X509: "gpgsm"}
_USUAL_KEYS = ("id_ed25519", "id_ed25519_sk", "id_ecdsa", "id_ecdsa_sk", "id_rsa")


def configured_signer(config: Config, *, directory: Path) -> Signer:
    """Reads gpg.format, user.signingkey, gpg.ssh.defaultKeyCommand and gpg.<format>.program as Git does.

    `config` gives the last value of a key of Git's configuration; relative paths start at `directory`.
    Raises: NoSigningKeyError (its hint is what to type); SigningToolMissingError; SigningError.
    """
    kind = config("gpg.format") or "openpgp"
    if kind == "ssh":
        program = config("gpg.ssh.program") or SSH_KEYGEN
        return ssh_signer(_ssh_key(config, directory), directory=directory, program=program)
    if kind not in ("openpgp", "x509"):
        raise SigningError(f"gpg.format is {kind}; Git knows openpgp, x509 and ssh.")
    scheme = SignatureScheme(kind)
    program = config(f"gpg.{kind}.program") or (kind == "openpgp" and config("gpg.program")) or _GNUPG[scheme]
    selector = config("user.signingkey") or _committer(config)
    return gpg_signer(selector, scheme=scheme, program=program, hint=setup_lines())


def _committer(config: Config) -> str:
    """What Git names to gpg where user.signingkey says nothing."""
    name = os.environ.get("GIT_COMMITTER_NAME") or config("user.name")
    email = os.environ.get("GIT_COMMITTER_EMAIL") or config("user.email")
    if not name or not email:
        raise NoSigningKeyError("Git has no signing key.", hint=setup_lines())
    return f"{name} <{email}>"


def _ssh_key(config: Config, directory: Path) -> str:
    key = config("user.signingkey")
    if key:
        return key
    if key is not None:
        raise NoSigningKeyError(
            "user.signingkey is set, but empty.", hint=f"git config --global --unset user.signingkey\n{setup_lines()}"
        )
    command = config("gpg.ssh.defaultkeycommand")
    if not command:
        raise NoSigningKeyError("Git has no signing key.", hint=setup_lines())
    return _default_key(command, directory)


def _default_key(command: str, directory: Path) -> str:
    try:
        words = shlex.split(command)
    except ValueError as error:
        raise NoSigningKeyError("gpg.ssh.defaultKeyCommand has a quotation mark that is never closed.") from error
    if not words:
        raise NoSigningKeyError("gpg.ssh.defaultKeyCommand is blank.", hint=setup_lines())
    outcome = run_program(words, directory=directory, environment=plain_environment(), timeout=_COMMAND_TIMEOUT)
    first = outcome.output.decode("utf-8", "replace").partition("\n")[0].strip()
    if outcome.status != 0 or not literal_key(first):
        raise NoSigningKeyError(
            "gpg.ssh.defaultKeyCommand gave no key that Git takes: its first line must begin with key:: or ssh-.",
            hint=setup_lines(),
        )
    return first


def setup_lines() -> str:
    """What to type so that Git signs, by the key that is there or else by a new one."""
    folder = Path.home() / ".ssh"
    name = next((name for name in _USUAL_KEYS if (folder / f"{name}.pub").is_file()), "")
    lines = [] if name else ["ssh-keygen -t ed25519"]
    lines.append("git config --global gpg.format ssh")
    lines.append(f"git config --global user.signingkey ~/.ssh/{name or _USUAL_KEYS[0]}.pub")
    return "\n".join(lines)
