"""The text blocks that signatures travel in: SSH's, OpenPGP's and X.509's, in Git's tags and commits.

A block must be the whole of the text: nothing before it, nothing after it but one line feed.
"""

from __future__ import annotations

import base64
import binascii
from enum import Enum

from reviewtui.patterns import pattern
from reviewtui.values import dataclass

ARMOR_LIMIT = 128 * 1024
_SSH_WIDTH = 70
_CRC24_START, _CRC24_POLYNOMIAL = 0xB704CE, 0x1864CFB
_BASE64_LINE = pattern(rb"[A-Za-z0-9+/]+={0,2}")
_PGP_HEADER = pattern(rb"[A-Za-z]+: [\x20-\x7e]*")


class SignatureScheme(Enum):
    """Which family of tools made a signature."""

    SSH = "ssh"
    OPENPGP = "openpgp"
    X509 = "x509"


_TITLES = {
    SignatureScheme.SSH: (b"SSH SIGNATURE",),
    SignatureScheme.OPENPGP: (b"PGP SIGNATURE",),
    SignatureScheme.X509: (b"SIGNED MESSAGE", b"CMS", b"PKCS7"),
}


class MalformedArmorError(ValueError):
    """The text is no signature block."""


@dataclass(frozen=True, slots=True)
class ArmoredSignature:
    """A signature taken out of its block."""

    scheme: SignatureScheme
    raw: bytes


def armor(scheme: SignatureScheme, raw: bytes) -> bytes:
    """The block of a signature, as its own tools write it."""
    title = _TITLES[scheme][0]
    text = base64.b64encode(raw)
    width = _SSH_WIDTH if scheme is SignatureScheme.SSH else 64
    lines = [text[at : at + width] for at in range(0, len(text), width)]
    if scheme is SignatureScheme.OPENPGP:
        lines = [b"", *lines, b"=" + base64.b64encode(_crc24(raw).to_bytes(3, "big"))]
    return b"\n".join([b"-----BEGIN %b-----" % title, *lines, b"-----END %b-----" % title, b""])


def dearmor(block: bytes) -> ArmoredSignature:
    """Takes a signature out of its block.

    Raises: MalformedArmorError.
    """
    if len(block) > ARMOR_LIMIT:
        raise MalformedArmorError("the signature block is too large")
    lines = block.removesuffix(b"\n").split(b"\n")
    scheme = _scheme(lines)
    body = lines[1:-1]
    if scheme is SignatureScheme.OPENPGP:
        return ArmoredSignature(scheme, _openpgp_body(body))
    return ArmoredSignature(scheme, _decoded(body))


def _scheme(lines: list[bytes]) -> SignatureScheme:
    for scheme, titles in _TITLES.items():
        for title in titles:
            if lines[0] == b"-----BEGIN %b-----" % title:
                if len(lines) < 3 or lines[-1] != b"-----END %b-----" % title:
                    raise MalformedArmorError("the signature block does not end where it should")
                return scheme
    raise MalformedArmorError("it is no signature block")


def _openpgp_body(lines: list[bytes]) -> bytes:
    blank = next((at for at, line in enumerate(lines) if not line), None)
    if blank is None or not all(_PGP_HEADER.fullmatch(line) for line in lines[:blank]):
        raise MalformedArmorError("the signature block has no blank line after its headers")
    body = lines[blank + 1 :]
    if not body or len(body[-1]) != 5 or not body[-1].startswith(b"="):
        return _decoded(body)
    raw = _decoded(body[:-1])
    if base64.b64encode(_crc24(raw).to_bytes(3, "big")) != body[-1][1:]:
        raise MalformedArmorError("the checksum of the signature block is wrong")
    return raw


def _decoded(lines: list[bytes]) -> bytes:
    if not all(_BASE64_LINE.fullmatch(line) for line in lines):
        raise MalformedArmorError("the signature block holds something that is not base64")
    try:
        return base64.b64decode(b"".join(lines), validate=True)
    except binascii.Error as error:
        raise MalformedArmorError("the signature block is not base64") from error


def _crc24(data: bytes) -> int:
    crc = _CRC24_START
    for byte in data:
        crc ^= byte << 16
        for _ in range(8):
            crc <<= 1
            if crc & 0x1000000:
                crc ^= _CRC24_POLYNOMIAL
    return crc
