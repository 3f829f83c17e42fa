"""Signer and Verifier: what a signature scheme must offer, and what verifying gives."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Protocol

from reviewtui.values import dataclass

if TYPE_CHECKING:
    from reviewtui.signing.certificates import SshCertificate

NAMESPACE = "reviewtui"
"""The SSHSIG namespace of every record; Git's own signatures use "git"."""


class SignatureStatus(Enum):
    """GOOD: made by a key whose holder is known. UNKNOWN_KEY: valid, by a stranger. BAD: anything else."""

    GOOD = "good"
    UNKNOWN_KEY = "unknown-key"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Verification:
    """What is known of one signature.

    `reason` is one of the reasons of the record format ("" when GOOD): bad-signature, wrong-namespace, unknown-key,
    weak-key, revoked-key, expired-key, not-yet-valid-key; `detail` says more, in words.
    `principals` are the names that the trusted signers give the key; `keyid` its fingerprint.
    For a hardware key: whether it was touched, whether its PIN was asked, and its counter; None for other keys.
    """

    status: SignatureStatus
    keyid: str
    principals: tuple[str, ...] = ()
    reason: str = ""
    detail: str = ""
    algorithm: str = ""
    user_present: bool | None = None
    user_verified: bool | None = None
    counter: int | None = None


class Verifier(Protocol):
    """Verifies a raw signature over a message. `namespace` matters to SSH signatures alone."""

    def verify(self, message: bytes, signature: bytes, *, keyid: str, namespace: str = NAMESPACE) -> Verification: ...


class Signer(Protocol):
    """Signs with the key that the user's Git would sign with.

    `describe()` is shown before signing: scheme, fingerprint, comment, where the key lives. `may_prompt` says whether a
    passphrase, a PIN or a touch may be asked for on the terminal, so that a full-screen app can step aside.
    """

    @property
    def keyid(self) -> str: ...

    @property
    def may_prompt(self) -> bool:
        """Whether signing may ask for a passphrase or a touch on the terminal."""
        ...

    @property
    def certificate(self) -> SshCertificate | None:
        """The SSH certificate that its signatures are going to carry, where they carry no plain key."""
        ...

    def describe(self) -> str: ...

    def public_key(self) -> str:
        """The public key as text: a line of OpenSSH's format without a comment, an OpenPGP block, or certificates."""
        ...

    def sign(self, message: bytes, *, namespace: str = NAMESPACE) -> bytes:
        """The raw signature (SSHSIG blob, OpenPGP packet, CMS), proved before it is returned. Raises SigningError."""
        ...
