"""CmsSignature: a detached X.509 signature (CMS, RFC 5652), read so strictly that it has one spelling.

What a signature does not cover could be changed without harm to it: so everything that it does not cover must be just
what is expected here, and the certificates that it brings are judged one by one by whoever reads them.
"""

from __future__ import annotations

from reviewtui.signing.der import (
    INTEGER,
    NULL,
    OBJECT_ID,
    OCTET_STRING,
    SEQUENCE,
    SET,
    DerReader,
    MalformedDerError,
    check_ecdsa_value,
)
from reviewtui.values import dataclass

_PKCS7 = bytes.fromhex("2a864886f70d0107")
_DATA, _SIGNED_DATA = _PKCS7 + b"\x01", _PKCS7 + b"\x02"
_PKCS1 = bytes.fromhex("2a864886f70d0101")
_EC_KEY, _ECDSA = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0403")
_BROKEN = {bytes.fromhex("2b0e03021a"): "SHA-1", bytes.fromhex("2a864886f70d0205"): "MD5"}
_SHA2 = bytes.fromhex("6086480165030402")
_HASHES = {
    _SHA2 + b"\x01": (_PKCS1 + b"\x01", _PKCS1 + b"\x0b", _ECDSA + b"\x02", _EC_KEY),
    _SHA2 + b"\x02": (_PKCS1 + b"\x01", _PKCS1 + b"\x0c", _ECDSA + b"\x03", _EC_KEY),
    _SHA2 + b"\x03": (_PKCS1 + b"\x01", _PKCS1 + b"\x0d", _ECDSA + b"\x04", _EC_KEY),
}
_MOST_CERTIFICATES = 16


@dataclass(frozen=True, slots=True)
class CmsSignature:
    """The one signature: the certificates that it brings, and which one is its signer's (issuer and serial number)."""

    certificates: tuple[bytes, ...]
    issuer: bytes
    serial: bytes
    weakness: str


def parse_cms(data: bytes) -> CmsSignature:
    """Reads a detached signature to its last byte.

    Raises: MalformedDerError.
    """
    reader = DerReader(data)
    message = reader.enter(SEQUENCE)
    reader.expect(OBJECT_ID, _SIGNED_DATA)
    holder = reader.enter(0xA0)
    body = reader.enter(SEQUENCE)
    reader.expect(INTEGER, b"\x01")
    hashes = reader.take(SET)
    content = reader.enter(SEQUENCE)
    reader.expect(OBJECT_ID, _DATA)
    reader.leave(content)  # the signed content is not in it
    brought = _certificates(reader.inside(0xA0)) if reader.next_tag() == 0xA0 else ()
    signers = reader.inside(SET)
    for end in (body, holder, message):
        reader.leave(end)
    reader.end()
    found = _signer(signers.inside(SEQUENCE), hashes, brought)
    signers.end()
    return found


def _certificates(reader: DerReader) -> tuple[bytes, ...]:
    found: list[bytes] = []
    while not reader.at_end:
        found.append(reader.whole(SEQUENCE))
    if len(found) > _MOST_CERTIFICATES or len(set(found)) != len(found):
        raise MalformedDerError("it brings too many certificates, or one twice")
    return tuple(found)


def _signer(signer: DerReader, hashes: bytes, brought: tuple[bytes, ...]) -> CmsSignature:
    signer.expect(INTEGER, b"\x01")
    identity = signer.inside(SEQUENCE)
    issuer, serial = identity.whole(SEQUENCE), identity.take(INTEGER)
    identity.end()
    algorithm = signer.whole(SEQUENCE)
    if algorithm != hashes:
        raise MalformedDerError("it names another hash than it uses")
    signer.take(0xA0)  # the signed attributes, with the hash of what is signed
    schemes, weakness = _hash(DerReader(algorithm).inside(SEQUENCE))
    scheme = signer.inside(SEQUENCE)
    kind = scheme.take(OBJECT_ID)
    _no_parameters(scheme)
    value = signer.take(OCTET_STRING)
    signer.end()
    if not weakness and kind not in schemes:
        raise MalformedDerError("its algorithm is not known here")
    if not kind.startswith(_PKCS1):
        check_ecdsa_value(value)
    return CmsSignature(brought, issuer, serial, weakness)


def _hash(algorithm: DerReader) -> tuple[tuple[bytes, ...], str]:
    kind = algorithm.take(OBJECT_ID)
    _no_parameters(algorithm)
    if kind in _BROKEN:
        return (), f"the signature is over {_BROKEN[kind]}"
    if kind not in _HASHES:
        raise MalformedDerError("its hash is not known here")
    return _HASHES[kind], ""


def _no_parameters(algorithm: DerReader) -> None:
    if not algorithm.at_end:
        algorithm.expect(NULL, b"")
    algorithm.end()
