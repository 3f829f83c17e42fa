"""SSH keys, signatures, certificates and revocation lists of every kind, right and wrong, made without ssh-keygen."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from reviewtui.signing.ssh_keys import SK_ECDSA, SK_ED25519
from reviewtui.signing.wire import wire_mpint, wire_string

text = wire_string


@dataclass(frozen=True)
class Key:
    """`sign(data)` gives the inner signature blob."""

    type: str
    fields: bytes
    sign: Callable[[bytes], bytes]

    @property
    def blob(self) -> bytes:
        return text(self.type.encode()) + self.fields

    @property
    def line(self) -> bytes:
        return self.type.encode() + b" " + base64.b64encode(self.blob)

    @property
    def fingerprint(self) -> str:
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")


def ed25519(seed: int = 1) -> Key:
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(str(seed).encode()).digest())
    point = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    return Key("ssh-ed25519", text(point), lambda data: text(b"ssh-ed25519") + text(private.sign(data)))


_CURVES = {256: ("nistp256", ec.SECP256R1, hashes.SHA256), 384: ("nistp384", ec.SECP384R1, hashes.SHA384),
           521: ("nistp521", ec.SECP521R1, hashes.SHA512)}  # fmt: skip


def _curve_key(bits: int, seed: int) -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    secret = int.from_bytes(hashlib.sha256(f"{bits}:{seed}".encode()).digest(), "big") >> 8
    private = ec.derive_private_key(secret, _CURVES[bits][1]())
    return private, private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


def _pair(private: ec.EllipticCurvePrivateKey, bits: int, data: bytes) -> bytes:
    r, s = decode_dss_signature(private.sign(data, ec.ECDSA(_CURVES[bits][2]())))
    return text(wire_mpint(r) + wire_mpint(s))


def ecdsa(bits: int = 256, seed: int = 1) -> Key:
    private, point = _curve_key(bits, seed)
    name = f"ecdsa-sha2-nistp{bits}".encode()
    fields = text(_CURVES[bits][0].encode()) + text(point)
    return Key(name.decode(), fields, lambda data: text(name) + _pair(private, bits, data))


@cache
def _rsa_private(bits: int, seed: int) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


def rsa_key(bits: int = 2048, seed: int = 1, algorithm: str = "rsa-sha2-512") -> Key:
    private = _rsa_private(bits, seed)
    numbers = private.public_key().public_numbers()
    digest = {"rsa-sha2-512": hashes.SHA512, "rsa-sha2-256": hashes.SHA256, "ssh-rsa": hashes.SHA1}[algorithm]()
    return Key(
        "ssh-rsa",
        wire_mpint(numbers.e) + wire_mpint(numbers.n),
        lambda data: text(algorithm.encode()) + text(private.sign(data, padding.PKCS1v15(), digest)),
    )


def _token(application: bytes, flags: int, counter: int, data: bytes) -> bytes:
    words = bytes([flags]) + counter.to_bytes(4, "big")
    return hashlib.sha256(application).digest() + words + hashlib.sha256(data).digest()


def sk_ed25519(seed: int = 1, *, flags: int = 1, counter: int = 7, application: bytes = b"ssh:") -> Key:
    private = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"sk{seed}".encode()).digest())
    point = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def sign(data: bytes) -> bytes:
        value = private.sign(_token(application, flags, counter, data))
        return text(SK_ED25519.encode()) + text(value) + bytes([flags]) + counter.to_bytes(4, "big")

    return Key(SK_ED25519, text(point) + text(application), sign)


def sk_ecdsa(seed: int = 1, *, flags: int = 5, counter: int = 9, application: bytes = b"ssh:") -> Key:
    private, point = _curve_key(256, 1000 + seed)

    def sign(data: bytes) -> bytes:
        pair = _pair(private, 256, _token(application, flags, counter, data))
        return text(SK_ECDSA.encode()) + pair + bytes([flags]) + counter.to_bytes(4, "big")

    return Key(SK_ECDSA, text(b"nistp256") + text(point) + text(application), sign)


def every_kind(seed: int = 1) -> list[Key]:
    return [
        ed25519(seed), ecdsa(256, seed), ecdsa(384, seed), ecdsa(521, seed), rsa_key(2048, 1),
        rsa_key(2048, 1, "rsa-sha2-256"), rsa_key(3072, 1), sk_ed25519(seed), sk_ecdsa(seed),
    ]  # fmt: skip


def sshsig(
    key: Key,
    message: bytes,
    *,
    namespace: bytes = b"reviewtui",
    hash_name: bytes = b"sha512",
    version: int = 1,
    reserved: bytes = b"",
    signed_reserved: bytes = b"",
    key_blob: bytes | None = None,
    magic: bytes = b"SSHSIG",
    trailing: bytes = b"",
) -> bytes:
    """An SSHSIG blob; each argument but the first two is a way to make it special."""
    name = hash_name.decode() if hash_name in (b"sha256", b"sha512", b"sha1", b"md5", b"sha384") else "sha512"
    digest = hashlib.new(name, message).digest()
    inner = key.sign(b"SSHSIG" + text(namespace) + text(signed_reserved) + text(hash_name) + text(digest))
    head = magic + version.to_bytes(4, "big") + text(key.blob if key_blob is None else key_blob)
    return head + text(namespace) + text(reserved) + text(hash_name) + text(inner) + trailing


def certificate(
    key: Key,
    authority: Key,
    *,
    principals: tuple[bytes, ...] = (b"dana@example.com",),
    serial: int = 1,
    kind: int = 1,
    key_id: bytes = b"dana",
    valid_after: int = 0,
    valid_before: int = 2**64 - 1,
    critical: bytes = b"",
    damaged: bool = False,
) -> bytes:
    """The blob of a certificate of `key` by `authority`."""
    name = key.type.removesuffix("@openssh.com") + "-cert-v01@openssh.com"
    body = text(name.encode()) + text(b"n" * 32) + key.fields
    body += serial.to_bytes(8, "big") + kind.to_bytes(4, "big") + text(key_id)
    body += text(b"".join(map(text, principals)))
    body += valid_after.to_bytes(8, "big") + valid_before.to_bytes(8, "big")
    body += text(critical) + text(b"") + text(b"") + text(authority.blob)
    return body + text(authority.sign(body + b"x" if damaged else body))
