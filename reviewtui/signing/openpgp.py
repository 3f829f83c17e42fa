"""GpgSigner: signs with gpg, or with gpgsm (X.509), by whatever key Git would use."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from reviewtui.errors import NoSigningKeyError, SigningError
from reviewtui.patterns import pattern
from reviewtui.signing.armor import MalformedArmorError, SignatureScheme, dearmor
from reviewtui.signing.gnupg import judge, status_lines
from reviewtui.signing.keygen import find_program, plain_environment, run_program
from reviewtui.signing.scheme import NAMESPACE
from reviewtui.values import dataclass

_PEM = pattern(r"-----BEGIN CERTIFICATE-----\n[A-Za-z0-9+/=\n]+-----END CERTIFICATE-----")
_SIGN_TIMEOUT = 600.0
_QUERY_TIMEOUT = 60.0
_USABLE_FOR_SIGNING = ("u", "f", "m", "n", "-", "o", "q", "")


@dataclass(frozen=True, slots=True)
class GpgSigner:
    """Signs by one key of the user's keyring. `selector` is how Git names the key to the program."""

    scheme: SignatureScheme
    fingerprint: str
    selector: str
    user_id: str
    program: str
    asks: bool = True

    @property
    def keyid(self) -> str:
        return f"{self.scheme.value}:{self.fingerprint}"

    @property
    def certificate(self) -> None:
        """An X.509 certificate is none of SSH's."""

    @property
    def may_prompt(self) -> bool:
        return self.asks

    def describe(self) -> str:
        name = {SignatureScheme.OPENPGP: "OpenPGP"}.get(self.scheme, "X.509")
        owner = "".join(char if char.isprintable() else "?" for char in self.user_id)
        asks = ", may ask for its passphrase" if self.asks else ""
        return f"{name} key {owner} {self.fingerprint} (by {Path(self.program).name}{asks})"

    def public_key(self) -> str:
        if self.scheme is SignatureScheme.X509:
            # One by one: gpgsm gives several in the order of its own store.
            return "".join(f"{block}\n" for each in self._chain() for block in _PEM.findall(self._export(each)))
        return self._export(self.fingerprint)

    def sign(self, message: bytes, *, namespace: str = NAMESPACE) -> bytes:
        with tempfile.TemporaryDirectory(prefix="reviewtui-") as directory:
            document = Path(directory, "message")
            document.write_bytes(message)
            command = (self.program, "--status-fd=2", "--output=-", "-bsau", self.selector, str(document))
            outcome = run_program(command, environment=_terminal_environment(), timeout=_SIGN_TIMEOUT)
            if outcome.status != 0 or not any(line.keyword == "SIG_CREATED" for line in status_lines(outcome.errors)):
                raise SigningError(f"{Path(self.program).name} could not sign: {_last_words(outcome.errors)}.")
            try:
                found = dearmor(outcome.output)
            except MalformedArmorError as error:
                raise SigningError(f"{Path(self.program).name} gave no signature that can be used: {error}.") from error
            self._prove(found.raw, document)
            return found.raw

    def _export(self, fingerprint: str) -> str:
        command = (self.program, "--batch", "--armor", "--export", fingerprint)
        outcome = run_program(command, environment=_terminal_environment(), timeout=_QUERY_TIMEOUT)
        return outcome.output.decode("utf-8", "replace")

    def _chain(self) -> tuple[str, ...]:
        """The certificate and what gpgsm sends along with a signature: all that certified it, but for the root."""
        command = (self.program, "--batch", "--with-colons", "--list-keys")
        listing = run_program(command, environment=plain_environment(), timeout=_QUERY_TIMEOUT).output
        fields = (line.split(":") for line in listing.decode("utf-8", "replace").split("\n") if line.startswith("fpr:"))
        issuers = {each[9]: each[12] for each in fields if len(each) > 12}
        chain = [self.fingerprint]
        while (issuer := issuers.get(chain[-1], "")) in issuers and issuers[issuer] != issuer and issuer not in chain:
            chain.append(issuer)
        return tuple(chain)

    def _prove(self, raw: bytes, document: Path) -> None:
        block = document.with_name("signature")
        block.write_bytes(raw)
        command = (self.program, "--status-fd=1", "--verify", str(block), str(document))
        outcome = run_program(command, environment=plain_environment(), timeout=_QUERY_TIMEOUT)
        finding = judge(status_lines(outcome.output.decode("utf-8", "replace")))
        if finding.reason:
            raise SigningError(f"The new signature does not verify ({finding.reason}: {finding.detail}).")
        if self.fingerprint not in (finding.primary, finding.fingerprint):
            raise SigningError(f"{Path(self.program).name} signed by another key, {finding.primary}.")


def gpg_signer(selector: str, *, scheme: SignatureScheme, program: str, hint: str = "") -> GpgSigner:
    """The signer for what Git would pass as the key: an id, a fingerprint, or a name with its e-mail address.

    Raises: SigningToolMissingError; NoSigningKeyError; SigningError.
    """
    path = find_program(str(Path(program).expanduser()))
    command = (path, "--batch", "--with-colons", "--with-keygrip", "--list-secret-keys", "--", selector)
    listing = run_program(command, environment=plain_environment(), timeout=_QUERY_TIMEOUT).output
    fields = [line.split(":") for line in listing.decode("utf-8", "replace").split("\n")]
    heads = [at for at, each in enumerate(fields) if each[0] in ("sec", "crs")]
    if not heads:
        raise NoSigningKeyError(f"{Path(path).name} has no secret key for {selector}.", hint=hint)
    first = fields[heads[0] : heads[1] if len(heads) > 1 else None]
    if first[0][1] not in _USABLE_FOR_SIGNING:
        raise SigningError(f"The signing key {selector} is revoked, expired or invalid.")
    fingerprint = next((each[9] for each in first if each[0] == "fpr"), "")
    user_id = next((each[9].replace("\\x3a", ":") for each in first if each[0] == "uid"), "")
    grips = tuple(each[9] for each in first if each[0] == "grp")
    return GpgSigner(scheme, fingerprint, selector, user_id, path, asks=_may_ask(grips, Path(path)))


def _may_ask(grips: tuple[str, ...], program: Path) -> bool:
    """Whether gpg-agent holds every part of the key in the open, or has its passphrase already."""
    connect = shutil.which("gpg-connect-agent", path=str(program.parent))
    if connect is None or not grips or program.name not in ("gpg", "gpg2", "gpgsm"):
        return True
    for grip in grips:
        command = (connect, f"KEYINFO {grip}", "/bye")
        said = run_program(command, timeout=_QUERY_TIMEOUT).output.decode("utf-8", "replace").split()
        if len(said) < 8 or said[:2] != ["S", "KEYINFO"] or (said[7] != "C" and said[6] != "1"):
            return True
    return False


def _terminal_environment() -> dict[str, str]:
    """Pinentry asks on the terminal that GPG_TTY names; without it, it fails after a second and says nothing of use."""
    environment = plain_environment()
    if "GPG_TTY" not in environment:
        for descriptor in (0, 1, 2):
            if os.isatty(descriptor):
                environment["GPG_TTY"] = os.ttyname(descriptor)
                break
    return environment


def _last_words(errors: str) -> str:
    lines = [line.strip() for line in errors.splitlines() if line.strip() and not line.startswith("[GNUPG:]")]
    return lines[-1].rstrip(".") if lines else "it does not say why"
