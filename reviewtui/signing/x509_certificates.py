"""X509Certificate: what a certificate (RFC 5280) says of itself: whose key, until when, how strong, certified by whom.

Nothing is verified here. What is read can only make a verdict stricter: gpgsm reads every certificate itself.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable
from datetime import UTC, datetime

from reviewtui.patterns import pattern
from reviewtui.signing.der import (
    BIT_STRING,
    BOOLEAN,
    GENERALIZED_TIME,
    IA5_STRING,
    INTEGER,
    OBJECT_ID,
    OCTET_STRING,
    SEQUENCE,
    SET,
    UTC_TIME,
    UTF8_STRING,
    DerReader,
    MalformedDerError,
    check_ecdsa_value,
)
from reviewtui.signing.ssh_keys import RSA_SMALLEST
from reviewtui.values import dataclass

CERTIFICATES_LIMIT = 256
_LARGEST = 64 * 1024
_PKCS1 = bytes.fromhex("2a864886f70d0101")
_RSA, _RSA_PSS = _PKCS1 + b"\x01", _PKCS1 + b"\x0a"
_EC, _ECDSA = bytes.fromhex("2a8648ce3d0201"), bytes.fromhex("2a8648ce3d0403")
_ED25519 = bytes.fromhex("2b6570")
_HASH = bytes.fromhex("6086480165030402")
_CURVES = {
    bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2b81040022"), bytes.fromhex("2b81040023"),
    bytes.fromhex("2b2403030208010107"), bytes.fromhex("2b240303020801010b"), bytes.fromhex("2b240303020801010d"),
}  # fmt: skip
_STRONG = (
    {_PKCS1 + bytes([last]) for last in (11, 12, 13)} | {_ECDSA + bytes([last]) for last in (2, 3, 4)} | {_ED25519}
)
_STRONG_HASHES = {_HASH + bytes([last]) for last in (1, 2, 3)}
_ALTERNATIVE_NAME, _BASIC_CONSTRAINTS = bytes.fromhex("551d11"), bytes.fromhex("551d13")
_COMMON_NAME, _EMAIL = bytes.fromhex("550403"), bytes.fromhex("2a864886f70d010901")
_RFC822_NAME = 0x81
_ADDRESS = pattern(rb"[!-;=?A-~]+@[!-;=?A-~]+")
_PEM = pattern(rb"-----BEGIN ([A-Z0-9 ]+)-----\r?\n([A-Za-z0-9+/=\r\n]+)-----END \1-----(?=\r?\n|\Z)")


@dataclass(frozen=True, slots=True)
class X509Certificate:
    """One certificate. `issuer`, `subject` and `serial` are as they are encoded.

    `key_weakness` and `signature_weakness` are "" or words: a trusted root's signature over itself proves nothing, so
    that it may be weak. `emails` are those of the alternative name, or else of the subject.
    """

    der: bytes
    issuer: bytes
    subject: bytes
    serial: bytes
    not_before: datetime
    not_after: datetime
    emails: tuple[str, ...]
    name: str
    is_authority: bool
    key_weakness: str
    signature_weakness: str

    @property
    def fingerprint(self) -> str:
        """As GnuPG names a certificate: its SHA-1, in upper case."""
        return hashlib.sha1(self.der, usedforsecurity=False).hexdigest().upper()

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.der).hexdigest()

    @property
    def is_root(self) -> bool:
        """Whether it certifies itself."""
        return self.issuer == self.subject

    def validity(self, now: datetime) -> str:
        """ "" where it is in force, else the reason."""
        if now < self.not_before:
            return "not-yet-valid-key"
        return "expired-key" if now > self.not_after else ""


def certificates_of_pem(data: bytes) -> tuple[bytes, ...]:
    """The certificates in a PEM file; text between them is passed over, as by every tool that reads such files.

    Raises: MalformedDerError where there is none, or anything else in a block.
    """
    blocks = _PEM.findall(data)
    if not blocks or len(blocks) != data.count(b"-----BEGIN "):
        raise MalformedDerError("it holds no certificate in PEM format, or a damaged one")
    if len(blocks) > CERTIFICATES_LIMIT:
        raise MalformedDerError(f"it holds more than {CERTIFICATES_LIMIT} certificates")
    if any(title != b"CERTIFICATE" for title, _ in blocks):
        raise MalformedDerError("it holds something that is no certificate (a private key must never be in it)")
    try:
        return tuple(base64.b64decode(b"".join(body.split()), validate=True) for _, body in blocks)
    except binascii.Error as error:
        raise MalformedDerError("one of its blocks is not base64") from error


def parse_x509(data: bytes) -> X509Certificate:
    """Reads a certificate.

    Raises: MalformedDerError.
    """
    if len(data) > _LARGEST:
        raise MalformedDerError("a certificate is larger than 64 KiB")
    outer = DerReader(data)
    certificate = outer.inside(SEQUENCE)
    outer.end()
    body = certificate.inside(SEQUENCE)
    algorithm = certificate.whole(SEQUENCE)
    _check_signature(algorithm, certificate.take(BIT_STRING))
    certificate.end()
    if body.next_tag() == 0xA0:
        body.inside(0xA0).expect(INTEGER, b"\x02")
    serial = body.take(INTEGER)
    if body.whole(SEQUENCE) != algorithm:
        raise MalformedDerError("a certificate names two algorithms for its signature")
    issuer = body.whole(SEQUENCE)
    lifetime = body.inside(SEQUENCE)
    start, end = _moment(lifetime), _moment(lifetime)
    lifetime.end()
    subject = body.whole(SEQUENCE)
    weakness = _key_weakness(body.inside(SEQUENCE))
    found = _extensions(body)
    names = tuple(_subject_values(subject))
    emails = _alternative_emails(found.get(_ALTERNATIVE_NAME, b"")) or _emails(v for kind, v in names if kind == _EMAIL)
    common = next((value for kind, value in reversed(names) if kind == _COMMON_NAME), b"")
    return X509Certificate(
        data, issuer, subject, serial, start, end, emails,
        name="".join(each if each.isprintable() else "?" for each in common.decode("utf-8", "replace"))[:80],
        is_authority=_is_authority(found.get(_BASIC_CONSTRAINTS, b"")),
        key_weakness=weakness,
        signature_weakness=_signature_weakness(DerReader(algorithm).inside(SEQUENCE)),
    )  # fmt: skip


def _check_signature(algorithm: bytes, bits: bytes) -> None:
    """A certificate's signature covers all of it but itself: that, too, must have one spelling."""
    if bits[:1] != b"\0":
        raise MalformedDerError("the signature of a certificate is no whole number of bytes")
    if DerReader(algorithm).inside(SEQUENCE).take(OBJECT_ID).startswith(_ECDSA):
        check_ecdsa_value(bits[1:])


def _moment(reader: DerReader) -> datetime:
    tag = reader.next_tag()
    text = reader.take(GENERALIZED_TIME if tag == GENERALIZED_TIME else UTC_TIME)
    if tag == UTC_TIME:  # RFC 5280 §4.1.2.5.1
        text = (b"19" if text[:1] >= b"5" else b"20") + text
    if not re.fullmatch(rb"\d{14}Z", text):
        raise MalformedDerError("a date in a certificate cannot be read")
    try:
        return datetime.strptime(text.decode("ascii"), "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise MalformedDerError("a date in a certificate is none") from error


def _key_weakness(key: DerReader) -> str:
    algorithm = key.inside(SEQUENCE)
    kind = algorithm.take(OBJECT_ID)
    bits = key.take(BIT_STRING)
    key.end()
    if kind == _EC:
        return "" if algorithm.next_tag() == OBJECT_ID and algorithm.take(OBJECT_ID) in _CURVES else "an unusual curve"
    if kind == _ED25519:
        return ""
    if kind not in (_RSA, _RSA_PSS):
        return "its key is neither RSA nor on an elliptic curve"
    numbers = DerReader(bits[1:]).inside(SEQUENCE)
    modulus, exponent = (int.from_bytes(numbers.take(INTEGER), "big") for _ in range(2))
    if modulus.bit_length() < RSA_SMALLEST:
        return f"RSA with {modulus.bit_length()} bits"
    return "" if exponent >= 3 and exponent % 2 else f"RSA with exponent {exponent}"


def _signature_weakness(algorithm: DerReader) -> str:
    kind = algorithm.take(OBJECT_ID)
    if kind in _STRONG:
        return ""
    if kind == _RSA_PSS:  # RFC 4055 §3.1: without a hash it is SHA-1
        parameters = algorithm.inside(SEQUENCE)
        named = parameters.next_tag() == 0xA0
        if named and parameters.inside(0xA0).inside(SEQUENCE).take(OBJECT_ID) in _STRONG_HASHES:
            return ""
    return "it is certified by a signature over SHA-1, MD5, or something unusual"


def _extensions(body: DerReader) -> dict[bytes, bytes]:
    found: dict[bytes, bytes] = {}
    for tag in (0x81, 0x82):  # unique identifiers, which nobody uses
        if body.next_tag() == tag:
            body.take(tag)
    if body.at_end:
        return found
    holder = body.inside(0xA3)
    body.end()
    extensions = holder.inside(SEQUENCE)
    holder.end()
    while not extensions.at_end:
        extension = extensions.inside(SEQUENCE)
        kind = extension.take(OBJECT_ID)
        if extension.next_tag() == BOOLEAN:
            extension.take(BOOLEAN)
        value = extension.take(OCTET_STRING)
        extension.end()
        if kind in found:
            raise MalformedDerError("a certificate has an extension twice")
        found[kind] = value
    return found


def _is_authority(value: bytes) -> bool:
    if not value:
        return False
    constraints = DerReader(value).inside(SEQUENCE)
    return constraints.next_tag() == BOOLEAN and constraints.take(BOOLEAN) == b"\xff"


def _subject_values(subject: bytes) -> list[tuple[bytes, bytes]]:
    values, names = [], DerReader(subject).inside(SEQUENCE)
    while not names.at_end:
        group = names.inside(SET)
        while not group.at_end:
            pair = group.inside(SEQUENCE)
            kind = pair.take(OBJECT_ID)
            tag = pair.next_tag()
            value = pair.take(tag)
            pair.end()
            if kind == _EMAIL and tag not in (IA5_STRING, UTF8_STRING):
                raise MalformedDerError("an e-mail address in a certificate is not in ASCII")
            values.append((kind, value))
    return values


def _alternative_emails(value: bytes) -> tuple[str, ...]:
    found = []
    if value:
        names = DerReader(value).inside(SEQUENCE)
        while not names.at_end:
            tag = names.next_tag()
            name = names.take(tag)
            if tag == _RFC822_NAME:
                found.append(name)
    return _emails(found)


def _emails(values: Iterable[bytes]) -> tuple[str, ...]:
    addresses = tuple(dict.fromkeys(values))
    if not all(_ADDRESS.fullmatch(address) for address in addresses):
        raise MalformedDerError("an e-mail address in a certificate cannot be used")
    return tuple(address.decode("ascii") for address in addresses)
