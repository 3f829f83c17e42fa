"""SshPublicKey and KeySignature: OpenSSH's public keys and what they sign, taken apart without any cryptography.

What is weak is read too, so that it can be refused by its name: DSA, RSA below 2048 bits, RSA over SHA-1, Ed25519
points of small order (anybody can sign by such a point), and every kind of key that is not known here.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache

from reviewtui.signing.wire import MalformedWireError, WireReader
from reviewtui.values import dataclass

ED25519 = "ssh-ed25519"
SK_ED25519 = "sk-ssh-ed25519@openssh.com"
SK_ECDSA = "sk-ecdsa-sha2-nistp256@openssh.com"
RSA = "ssh-rsa"
DSA = "ssh-dss"
CURVES = {
    "ecdsa-sha2-nistp256": ("nistp256", 32, "sha256"),
    "ecdsa-sha2-nistp384": ("nistp384", 48, "sha384"),
    "ecdsa-sha2-nistp521": ("nistp521", 66, "sha512"),
}
KEY_TYPES = frozenset({ED25519, SK_ED25519, SK_ECDSA, RSA, *CURVES})
RSA_HASHES = {"rsa-sha2-256": "sha256", "rsa-sha2-512": "sha512"}
RSA_SMALLEST, RSA_LARGEST = 2048, 16384

USER_PRESENT, USER_VERIFIED = 0x01, 0x04

_P = 2**255 - 19
_ORDER_EIGHT = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL_ORDER = frozenset((0, 1, _P - 1, _P, _P + 1, _ORDER_EIGHT, _P - _ORDER_EIGHT))
"""The y coordinates of Edwards25519's points of order 1, 2, 4 and 8, in each spelling below 2**255."""


@dataclass(frozen=True, slots=True)
class SshPublicKey:
    """A public key. `blob` is its encoding; `weakness` says why no signature of it counts, "" where none is known.

    `numbers` is (e, n) of RSA; `point` an Ed25519 key or an uncompressed point; `application` a hardware key's purpose.
    """

    type: str
    blob: bytes
    fingerprint: str
    point: bytes = b""
    numbers: tuple[int, int] = (0, 0)
    application: bytes = b""
    weakness: str = ""

    @property
    def is_hardware(self) -> bool:
        """Whether the private half lives in a FIDO token."""
        return self.type in (SK_ED25519, SK_ECDSA)


@dataclass(frozen=True, slots=True)
class KeySignature:
    """What one key made over one message: `value` (Ed25519, RSA) or `pair` (ECDSA's r and s), and a token's words."""

    algorithm: str
    hash: str = ""
    value: bytes = b""
    pair: tuple[int, int] = (0, 0)
    flags: int | None = None
    counter: int | None = None


class WeakAlgorithmError(ValueError):
    """A signature by an algorithm that is not accepted any more."""


def fingerprint_of(blob: bytes) -> str:
    """OpenSSH's SHA256 fingerprint of a public key."""
    digest = base64.b64encode(hashlib.sha256(blob).digest()).decode("ascii")
    return "SHA256:" + digest.rstrip("=")


@lru_cache(maxsize=1024)
def parse_public_key(blob: bytes) -> SshPublicKey:
    """Reads a plain public key (certificates: certificates.py).

    Raises: MalformedWireError.
    """
    reader = WireReader(blob)
    kind = reader.name()
    if kind not in KEY_TYPES:
        weakness = "DSA is broken" if kind == DSA else f"keys of type {kind} are not accepted"
        return SshPublicKey(kind, blob, fingerprint_of(blob), weakness=weakness)
    key = read_key_fields(reader, kind, blob=blob)
    reader.end()
    return key


def read_key_fields(reader: WireReader, kind: str, *, blob: bytes) -> SshPublicKey:
    """Reads what follows the type in a key of a known type."""
    print_ = fingerprint_of(blob)
    if kind == RSA:
        numbers = (reader.mpint(), reader.mpint())
        return SshPublicKey(kind, blob, print_, numbers=numbers, weakness=_rsa_weakness(*numbers))
    if kind in (ED25519, SK_ED25519):
        point = reader.string()
        if len(point) != 32:
            raise MalformedWireError("an Ed25519 key is not 32 bytes long")
        weakness = "its point has a small order" if _has_small_order(point) else ""
    else:
        point, weakness = _read_curve_point(reader, kind), ""
    application = reader.string() if kind in (SK_ED25519, SK_ECDSA) else b""
    return SshPublicKey(kind, blob, print_, point=point, application=application, weakness=weakness)


def parse_key_signature(key: SshPublicKey, blob: bytes) -> KeySignature:
    """Reads a signature as this key makes them.

    Raises: MalformedWireError; WeakAlgorithmError.
    """
    reader = WireReader(blob)
    algorithm = reader.name()
    if key.type == RSA:
        signature = _rsa_signature(reader, algorithm, key)
    elif algorithm != key.type:
        raise MalformedWireError(f"a signature of type {algorithm} by a key of type {key.type}")
    elif key.type in (ED25519, SK_ED25519):
        signature = KeySignature(algorithm, value=_exactly(reader.string(), 64))
    else:
        numbers = WireReader(reader.string())
        signature = KeySignature(algorithm, hash=_curve(key.type)[2], pair=(numbers.mpint(), numbers.mpint()))
        numbers.end()
    if key.is_hardware:
        flags, counter = reader.u8(), reader.u32()
        signature = KeySignature(
            algorithm, signature.hash, signature.value, signature.pair, flags=flags, counter=counter
        )
    reader.end()
    return signature


def parse_key_text(text: bytes) -> tuple[bytes, bytes]:
    """Reads "type base64 [comment]" as in a .pub file; gives the key's encoding and the comment.

    Raises: MalformedWireError.
    """
    words = text.strip().split(None, 2)
    if len(words) < 2:
        raise MalformedWireError("a key is a type and base64")
    blob = decode_key(words[1])
    if WireReader(blob).string() != words[0]:
        raise MalformedWireError("the key is not of the type that stands before it")
    return blob, words[2] if len(words) > 2 else b""


def text_of_key(key: SshPublicKey) -> str:
    """A key as a line "type base64"."""
    return f"{key.type} {base64.b64encode(key.blob).decode('ascii')}"


def decode_key(text: bytes) -> bytes:
    """The encoding of a key from its base64. Raises MalformedWireError."""
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise MalformedWireError("the key is not base64") from error


def _rsa_signature(reader: WireReader, algorithm: str, key: SshPublicKey) -> KeySignature:
    if algorithm == "ssh-rsa":
        raise WeakAlgorithmError("RSA over SHA-1")
    if algorithm not in RSA_HASHES:
        raise MalformedWireError(f"a signature of type {algorithm} by an RSA key")
    size = (key.numbers[1].bit_length() + 7) // 8
    value = reader.string()
    if not value or len(value) > size:
        raise MalformedWireError("an RSA signature is not as long as its key")
    return KeySignature(algorithm, hash=RSA_HASHES[algorithm], value=value.rjust(size, b"\0"))


def _rsa_weakness(exponent: int, modulus: int) -> str:
    bits = modulus.bit_length()
    if bits < RSA_SMALLEST:
        return f"RSA with {bits} bits"
    if bits > RSA_LARGEST:
        return f"RSA with more than {RSA_LARGEST} bits"
    if exponent < 3 or not exponent & 1 or not modulus & 1:
        return "RSA with numbers that cannot be a key's"
    return ""


def _read_curve_point(reader: WireReader, kind: str) -> bytes:
    name, size, _ = _curve(kind)
    if reader.string() != name.encode("ascii"):
        raise MalformedWireError("an ECDSA key names another curve than its type")
    point = reader.string()
    if len(point) != 1 + 2 * size or point[0] != 4:
        raise MalformedWireError("an ECDSA key is not an uncompressed point")
    return point


def _curve(kind: str) -> tuple[str, int, str]:
    return CURVES["ecdsa-sha2-nistp256" if kind == SK_ECDSA else kind]


def _exactly(value: bytes, size: int) -> bytes:
    if len(value) != size:
        raise MalformedWireError(f"a signature is not {size} bytes long")
    return value


def _has_small_order(point: bytes) -> bool:
    return int.from_bytes(point, "little") & (2**255 - 1) in _SMALL_ORDER
