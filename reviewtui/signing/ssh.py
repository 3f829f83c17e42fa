"""SshSigner: signs with ssh-keygen, by a key in a file, in the ssh-agent or in a hardware token.

The message goes through a private file and standard input is closed: ssh-keygen would take the first line of a message
on standard input for the passphrase, and sign the rest. It asks for passphrases on the terminal, or by SSH_ASKPASS.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path

from reviewtui.errors import NoSigningKeyError, SigningError, SigningToolMissingError
from reviewtui.signing.armor import MalformedArmorError, dearmor
from reviewtui.signing.certificates import SshCertificate
from reviewtui.signing.keygen import Outcome, find_program, plain_environment, run_program
from reviewtui.signing.private_keys import KeyFile, PublicHalf, private_of, public_half, read_key_file
from reviewtui.signing.scheme import NAMESPACE
from reviewtui.signing.ssh_keys import SshPublicKey, WeakAlgorithmError, text_of_key
from reviewtui.signing.sshsig import default_check, parse_sshsig
from reviewtui.signing.wire import MalformedWireError
from reviewtui.values import dataclass

SSH_KEYGEN = "ssh-keygen"
_OLDEST = (8, 9)
_AGENT_TIMEOUT = 10.0
_SIGN_TIMEOUT = 600.0
_INSTALL = "Install OpenSSH 8.9 or later."


@dataclass(frozen=True, slots=True)
class SshSigner:
    """Signs by one SSH key: that of `file`, or the public key `text` where Git's configuration holds the key itself.

    `in_agent`: the ssh-agent holds the private key (with this certificate), and is asked first. `encrypted`: its file
    has a passphrase. `certificate`: what is in the file, or the text, and so in the signatures, instead of the plain
    key. `unused` is a certificate's file beside it, which is not what signs.
    """

    key: SshPublicKey
    file: Path | None = None
    text: str = ""
    comment: str = ""
    in_agent: bool = False
    encrypted: bool = False
    program: str = SSH_KEYGEN
    certificate: SshCertificate | None = None
    unused: Path | None = None

    @property
    def keyid(self) -> str:
        return self.key.fingerprint

    @property
    def may_prompt(self) -> bool:
        return self.key.is_hardware or (self.encrypted and not self.in_agent)

    def describe(self) -> str:
        place = "in the ssh-agent" if self.in_agent or self.file is None else f"in {self.file}"
        notes = [f"certified by {self.certificate.authority.fingerprint}"] if self.certificate else []
        notes += ["may need a touch"] if self.key.is_hardware else []
        if self.encrypted and not self.in_agent:
            notes.append("asks for its passphrase")
        comment = "".join(char if char.isprintable() else "?" for char in self.comment)
        words = " ".join(filter(None, ("SSH key", comment, self.key.fingerprint)))
        return f"{words} ({', '.join([self.key.type, place, *notes])})"

    def public_key(self) -> str:
        return text_of_key(self.key)

    def sign(self, message: bytes, *, namespace: str = NAMESPACE) -> bytes:
        program = usable_program(self.program)
        with tempfile.TemporaryDirectory(prefix="reviewtui-") as directory:
            document = Path(directory, "message")
            document.write_bytes(message)
            key_file = self.file
            if key_file is None:
                key_file = Path(directory, "key.pub")
                key_file.write_text(self.text + "\n", encoding="utf-8")
            command = (program, "-Y", "sign", "-n", namespace, "-f", str(key_file), str(document))
            outcome = run_program(command, environment=plain_environment(), timeout=_SIGN_TIMEOUT)
            block = Path(directory, "message.sig")
            if outcome.status != 0 or not block.is_file():
                raise self._failure(outcome)
            return self._proved(block.read_bytes(), message, namespace)

    def _proved(self, block: bytes, message: bytes, namespace: str) -> bytes:
        try:
            found = dearmor(block)
            signature = parse_sshsig(found.raw)
        except (MalformedArmorError, MalformedWireError, WeakAlgorithmError) as error:
            raise SigningError(f"{Path(self.program).name} made a signature that cannot be used: {error}.") from error
        flaw = ""
        if signature.key.blob != self.key.blob:
            flaw = f"by another key, {signature.key.fingerprint}"
        elif signature.certificate != self.certificate:
            flaw = "with another certificate than the one that is configured"
        elif signature.namespace != namespace:
            flaw = f"for {signature.namespace} instead of {namespace}"
        elif namespace == NAMESPACE and signature.hash_algorithm != "sha512":
            flaw = f"over {signature.hash_algorithm} instead of sha512"
        elif not default_check().is_valid(signature, message):
            flaw = "that does not verify"
        if flaw:
            raise SigningError(f"{Path(self.program).name} made a signature {flaw}.")
        return found.raw

    def _failure(self, outcome: Outcome) -> SigningError:
        # A negative status is the signal that ended it: ctrl+c at the passphrase.
        if outcome.status < 0:
            return SigningError("Signing was cancelled; nothing was signed.")
        said_lines = (line.strip() for line in outcome.errors.splitlines())
        lines = [line for line in said_lines if line and not line.startswith("Signing file")]
        said = lines[-1].rstrip(".") if lines else "it does not say why"
        hint = ""
        if self.encrypted and not self.in_agent and self.file is not None:
            hint = f"Load the key into the ssh-agent with: ssh-add {private_of(self.file)}"
        elif self.certificate is not None and not self.in_agent and self.file is not None:
            # An agent that holds the key alone is asked all the same, and refuses.
            hint = f"Load the key and its certificate into the ssh-agent with: ssh-add {private_of(self.file)}"
        elif self.file is None:
            hint = "Load the key into the ssh-agent with ssh-add."
        return SigningError(f"{Path(self.program).name} could not sign: {said}.", hint=hint)


def ssh_signer(signing_key: str, *, directory: Path, program: str = SSH_KEYGEN) -> SshSigner:
    """The signer for what user.signingkey says: a key itself ("key::…" or "ssh-…"), or a private or public key file.

    Raises: NoSigningKeyError; SigningError.
    """
    text = literal_key(signing_key)
    if text:
        try:
            half = public_half(text.encode())
        except (MalformedWireError, WeakAlgorithmError) as error:
            raise NoSigningKeyError(f"The key in user.signingkey cannot be read: {error}.") from error
        in_agent, certificate = _agent_holds(half.key, half.certificate), half.certificate
        signer = SshSigner(half.key, None, text, half.comment, in_agent, program=program, certificate=certificate)
        return _accepted(signer)
    path = directory / Path(signing_key).expanduser()
    try:
        found = read_key_file(path)
    except OSError as error:
        raise NoSigningKeyError(f"The signing key {path} cannot be opened: {error.strerror}.") from error
    except (MalformedWireError, WeakAlgorithmError) as error:
        raise NoSigningKeyError(f"The signing key {path} cannot be read: {error}.") from error
    return _accepted(_signer_of_file(path, found, program))


def literal_key(signing_key: str) -> str:
    """The key that user.signingkey holds itself, "" where it names a file. Git's own rule."""
    if signing_key.startswith("key::"):
        return signing_key.removeprefix("key::").strip()
    return signing_key.strip() if signing_key.startswith("ssh-") else ""


def agent_keys() -> tuple[PublicHalf, ...]:
    """The keys and certificates that the ssh-agent holds, each with its comment; none where there is no agent."""
    program = shutil.which("ssh-add")
    environment = plain_environment()
    if program is None or not environment.get("SSH_AUTH_SOCK"):
        return ()
    outcome = run_program((program, "-L"), environment=environment, timeout=_AGENT_TIMEOUT)
    found = []
    for line in outcome.output.split(b"\n") if outcome.status == 0 else ():
        try:
            found.append(public_half(line))
        except (MalformedWireError, WeakAlgorithmError):
            continue  # a kind of key that is not known here cannot be the one that is looked for
    return tuple(found)


def _signer_of_file(path: Path, found: KeyFile, program: str) -> SshSigner:
    in_agent = _agent_holds(found.key, found.certificate)
    if not found.has_private and not in_agent:
        raise NoSigningKeyError(
            f"There is no private key for {path}: neither beside it nor in the ssh-agent.",
            hint=f"ssh-add {private_of(path)}",
        )
    return SshSigner(
        found.key,
        path,
        comment=found.comment,
        in_agent=in_agent,
        encrypted=found.encrypted,
        program=program,
        certificate=found.certificate,
        unused=found.unused,
    )


def _accepted(signer: SshSigner) -> SshSigner:
    if signer.key.weakness:
        raise SigningError(
            f"The signing key is too weak to count: {signer.key.weakness}.",
            hint="Make a new one: ssh-keygen -t ed25519",
        )
    return signer


def _agent_holds(key: SshPublicKey, certificate: SshCertificate | None) -> bool:
    """An agent signs with a certificate only where it holds that very one beside the key."""
    return any((each.key, each.certificate) == (key, certificate) for each in agent_keys())


def usable_program(program: str) -> str:
    """The path of the program that signs; OpenSSH's own must be new enough to sign in every way that is used here."""
    path = find_program(str(Path(program).expanduser()), hint=_INSTALL if program == SSH_KEYGEN else "")
    ssh = shutil.which("ssh", path=str(Path(path).parent))
    if Path(path).name != SSH_KEYGEN or ssh is None:
        return path
    said = run_program((ssh, "-V"), timeout=_AGENT_TIMEOUT).errors
    version = re.search(r"OpenSSH_(\d+)\.(\d+)", said)
    if version and (int(version[1]), int(version[2])) < _OLDEST:
        raise SigningToolMissingError(f"OpenSSH {version[1]}.{version[2]} is too old to sign records.", hint=_INSTALL)
    return path
