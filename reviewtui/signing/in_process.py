"""InProcessCheck: the arithmetic of SSH signatures by the `cryptography` package, imported when first needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cache

from reviewtui.signing.ssh_keys import CURVES, ED25519, RSA, SK_ECDSA, SK_ED25519, KeySignature, SshPublicKey
from reviewtui.signing.sshsig import SshSignature

_Check = Callable[[KeySignature, bytes], bool]
_CACHE_LIMIT = 4096


class InProcessCheck:
    """Verifies without starting a process. Keys are loaded once."""

    def __init__(self) -> None:
        self._checks: dict[bytes, _Check] = {}

    @staticmethod
    @cache
    def is_available() -> bool:
        """Whether `cryptography` is installed and its library can be loaded here."""
        try:
            import cryptography.exceptions
            import cryptography.hazmat.primitives.hashes  # noqa: F401 (its compiled half may be missing)
        except ImportError:
            return False
        return True

    def is_valid(self, signature: SshSignature, message: bytes) -> bool:
        certificate = signature.certificate
        if certificate is not None and not self.has_signed(
            certificate.authority, certificate.signature, certificate.covered
        ):
            return False
        return self.has_signed(signature.key, signature.signature, signature.signed_bytes(message))

    def has_signed(self, key: SshPublicKey, signature: KeySignature, data: bytes) -> bool:
        """Whether a key made a signature over these very bytes. A weak key's signatures are never looked at."""
        if key.weakness:
            return False
        if signature.flags is not None and signature.counter is not None:
            data = _token_bytes(key, signature.flags, signature.counter, data)
        check = self._checks.get(key.blob)
        if check is None:
            if len(self._checks) >= _CACHE_LIMIT:
                self._checks.clear()
            check = self._checks[key.blob] = _load(key)
        return check(signature, data)


def _token_bytes(key: SshPublicKey, flags: int, counter: int, data: bytes) -> bytes:
    """What a FIDO token signs (PROTOCOL.u2f)."""
    application = hashlib.sha256(key.application).digest()
    return application + bytes([flags]) + counter.to_bytes(4, "big") + hashlib.sha256(data).digest()


def _load(key: SshPublicKey) -> _Check:
    try:
        if key.type in (ED25519, SK_ED25519):
            return _ed25519(key.point)
        if key.type == RSA:
            return _rsa(*key.numbers)
        return _ecdsa("ecdsa-sha2-nistp256" if key.type == SK_ECDSA else key.type, key.point)
    except ValueError:
        # Numbers that are on no curve, or no key at all: nothing can be signed with them.
        return lambda signature, data: False


def _ed25519(point: bytes) -> _Check:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    public = Ed25519PublicKey.from_public_bytes(point)

    def check(signature: KeySignature, data: bytes) -> bool:
        try:
            public.verify(signature.value, data)
        except InvalidSignature:
            return False
        return True

    return check


def _rsa(exponent: int, modulus: int) -> _Check:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers

    public = RSAPublicNumbers(exponent, modulus).public_key()
    algorithms = {"sha256": hashes.SHA256(), "sha512": hashes.SHA512()}

    def check(signature: KeySignature, data: bytes) -> bool:
        try:
            public.verify(signature.value, data, PKCS1v15(), algorithms[signature.hash])
        except InvalidSignature:
            return False
        return True

    return check


def _ecdsa(kind: str, point: bytes) -> _Check:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    curves: dict[str, tuple[ec.EllipticCurve, hashes.HashAlgorithm]] = {
        "nistp256": (ec.SECP256R1(), hashes.SHA256()),
        "nistp384": (ec.SECP384R1(), hashes.SHA384()),
        "nistp521": (ec.SECP521R1(), hashes.SHA512()),
    }
    curve, algorithm = curves[CURVES[kind][0]]
    public = ec.EllipticCurvePublicKey.from_encoded_point(curve, point)
    scheme = ec.ECDSA(algorithm)

    def check(signature: KeySignature, data: bytes) -> bool:
        try:
            public.verify(encode_dss_signature(*signature.pair), data, scheme)
        except InvalidSignature:
            return False
        return True

    return check
