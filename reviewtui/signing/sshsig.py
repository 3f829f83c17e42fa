"""SSHSIG (PROTOCOL.sshsig), read strictly, and verified in-process by `cryptography` or else by ssh-keygen.

Laws
1. The bytes are read to their end; a second way to write the same signature is refused.
2. Reading needs no cryptography, so every reason but "bad-signature" is the same whoever does the arithmetic.
"""

from __future__ import annotations

import hashlib
from functools import cache, lru_cache
from typing import Protocol

from reviewtui.signing.certificates import SshCertificate, is_certificate_type, parse_certificate
from reviewtui.signing.ssh_keys import KeySignature, SshPublicKey, parse_key_signature, parse_public_key
from reviewtui.signing.wire import MalformedWireError, WireReader, wire_string
from reviewtui.values import dataclass

MAGIC = b"SSHSIG"
BLOB_LIMIT = 48 * 1024
HASHES = ("sha512", "sha256")
_REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class SshSignature:
    """One SSHSIG taken apart. `certificate` is there where the key came with one; `key` is the plain key then."""

    key: SshPublicKey
    certificate: SshCertificate | None
    namespace: str
    hash_algorithm: str
    signature: KeySignature
    blob: bytes

    def signed_bytes(self, message: bytes) -> bytes:
        """What the key signed: the message's digest with everything that gives it meaning."""
        digest = hashlib.new(self.hash_algorithm, message).digest()
        parts = (self.namespace.encode("ascii"), b"", self.hash_algorithm.encode("ascii"), digest)
        return MAGIC + b"".join(map(wire_string, parts))


class SshCheck(Protocol):
    """Does the arithmetic: whether the key (and the certificate's authority) really signed."""

    def is_valid(self, signature: SshSignature, message: bytes) -> bool: ...


def parse_sshsig(blob: bytes) -> SshSignature:
    """Reads an SSHSIG blob. A weak key's own signature is not read any further.

    Raises: MalformedWireError; WeakAlgorithmError.
    """
    if len(blob) > BLOB_LIMIT:
        raise MalformedWireError("the signature is too large")
    reader = WireReader(blob)
    if reader.take(len(MAGIC)) != MAGIC:
        raise MalformedWireError("it is no SSH signature")
    if reader.u32() != 1:
        raise MalformedWireError("the version of the signature is unknown")
    key_blob, namespace = reader.string(), reader.string()
    if reader.string():
        raise MalformedWireError("the reserved field is not empty")
    hash_algorithm = reader.name()
    if hash_algorithm not in HASHES:
        raise MalformedWireError("the hash is neither SHA-512 nor SHA-256")
    signature_blob = reader.string()
    reader.end()
    key, certificate = _read_key(key_blob)
    signature = KeySignature("") if key.weakness else parse_key_signature(key, signature_blob)
    return SshSignature(key, certificate, _namespace(namespace), hash_algorithm, signature, blob)


class RememberedCheck:
    """Another check, asked once: whether a key signed some bytes never changes, while trust in the key does."""

    def __init__(self, check: SshCheck) -> None:
        self._check = check
        self._answers: dict[bytes, bool] = {}

    def is_valid(self, signature: SshSignature, message: bytes) -> bool:
        """The other check's answer, for the last thousands of signatures kept by the digests of both."""
        asked = hashlib.sha256(hashlib.sha256(signature.blob).digest() + message).digest()
        if asked not in self._answers:
            if len(self._answers) >= _REMEMBERED:
                self._answers.clear()
            self._answers[asked] = self._check.is_valid(signature, message)
        return self._answers[asked]


@cache
def default_check() -> SshCheck:
    """`cryptography` where it is installed; else ssh-keygen (a server that has the standard library alone)."""
    from reviewtui.signing.in_process import InProcessCheck

    if InProcessCheck.is_available():
        return RememberedCheck(InProcessCheck())
    from reviewtui.signing.keygen import KeygenCheck

    return RememberedCheck(KeygenCheck())


@lru_cache(maxsize=1024)
def _read_key(blob: bytes) -> tuple[SshPublicKey, SshCertificate | None]:
    if is_certificate_type(WireReader(blob).name()):
        certificate = parse_certificate(blob)
        return certificate.key, certificate
    return parse_public_key(blob), None


def _namespace(raw: bytes) -> str:
    if not raw or not raw.isascii() or not (text := raw.decode("ascii")).isprintable():
        raise MalformedWireError("the namespace is empty, or not printable ASCII")
    return text
