"""A deterministic Signer and Verifier, for tests that are not about signing."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from reviewtui.git.objects import ObjectId
from reviewtui.review import Review, encode_review
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature, pre_authentication_encoding
from reviewtui.signing.scheme import NAMESPACE, SignatureStatus, Verification


@dataclass(frozen=True, slots=True)
class FakeSigner:
    """Signs with a digest over its own name, which anybody could forge: good enough where nobody does."""

    name: str

    @property
    def keyid(self) -> str:
        return f"SHA256:{hashlib.sha256(self.name.encode()).hexdigest()[:43]}"

    def describe(self) -> str:
        return f"the pretended key of {self.name}"

    def sign(self, message: bytes, *, namespace: str = NAMESPACE) -> bytes:
        return hashlib.sha512(f"{self.keyid} {namespace} ".encode() + message).digest()

    def line(self, payload: bytes, *, payload_type: str = PAYLOAD_TYPE) -> bytes:
        """A whole record, signed."""
        signature = self.sign(pre_authentication_encoding(payload_type, payload))
        return Envelope(payload, payload_type, (Signature(self.keyid, signature),)).to_line()

    def review_line(self, review: Review) -> bytes:
        return self.line(encode_review(review))


@dataclass
class FakeVerifier:
    """Trusts the keys that it is told of. `keys` is {keyid: principals}, `refused` {keyid: reason}."""

    keys: dict[str, tuple[str, ...]] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)

    def trust(self, *signers: FakeSigner) -> FakeVerifier:
        """Each signer speaks for the e-mail address that it is named by."""
        self.keys.update({signer.keyid: (signer.name,) for signer in signers})
        return self

    def verify(self, message: bytes, signature: bytes, *, keyid: str, namespace: str = NAMESPACE) -> Verification:
        expected = hashlib.sha512(f"{keyid} {namespace} ".encode() + message).digest()
        principals = self.keys.get(keyid, ())
        if signature != expected:
            return Verification(SignatureStatus.BAD, keyid, (), "bad-signature")
        if keyid in self.refused:
            return Verification(SignatureStatus.BAD, keyid, principals, self.refused[keyid])
        if not principals:
            return Verification(SignatureStatus.UNKNOWN_KEY, keyid, (), "unknown-key")
        return Verification(SignatureStatus.GOOD, keyid, principals)


def object_id(word: str) -> ObjectId:
    """A made-up object id that is the same for the same word."""
    return ObjectId(hashlib.sha1(word.encode(), usedforsecurity=False).hexdigest())
