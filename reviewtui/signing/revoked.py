"""RevokedKeys: .reviewtui/revoked_keys, an OpenSSH KRL (PROTOCOL.krl) or a list of public keys, one a line.

Laws
1. A file that cannot be read whole revokes every key: what it was to revoke is unknown.
2. A file that is there and names no key cannot be read: somebody emptied it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from reviewtui.signing.certificates import SshCertificate, is_certificate_type, parse_certificate
from reviewtui.signing.ssh_keys import SshPublicKey, WeakAlgorithmError, parse_key_text, parse_public_key
from reviewtui.signing.wire import MalformedWireError, WireReader
from reviewtui.values import dataclass, field

REVOKED_KEYS_PATH = ".reviewtui/revoked_keys"
FILE_LIMIT = 4 * 1024 * 1024
_MAGIC = b"SSHKRL\n\0"
_CERTIFICATES, _EXPLICIT, _SHA1, _SIGNATURE, _SHA256 = 1, 2, 3, 4, 5
_SERIALS, _SERIAL_RANGE, _SERIAL_BITMAP, _KEY_IDS = 0x20, 0x21, 0x22, 0x23


class UnreadableRevocationsError(ValueError):
    """The file is empty, damaged, or says something that is not understood."""


@dataclass(slots=True)
class _AuthorityRevocations:
    """What is revoked of one authority's certificates; of every authority's where its key is empty."""

    authority: bytes
    serials: set[int] = field(default_factory=set)
    ranges: list[tuple[int, int]] = field(default_factory=list)
    bitmaps: list[tuple[int, int]] = field(default_factory=list)
    key_ids: set[bytes] = field(default_factory=set)

    def holds(self, certificate: SshCertificate) -> bool:
        if self.authority and self.authority != certificate.authority.blob:
            return False
        if certificate.key_id in self.key_ids:
            return True
        serial = certificate.serial
        if serial == 0:  # a certificate without a number
            return False
        return (
            serial in self.serials
            or any(low <= serial <= high for low, high in self.ranges)
            or any(serial >= offset and bits >> (serial - offset) & 1 for offset, bits in self.bitmaps)
        )


@dataclass(frozen=True, slots=True)
class RevokedKeys:
    """The keys that are not trusted any more."""

    blobs: frozenset[bytes] = frozenset()
    sha1: frozenset[bytes] = frozenset()
    sha256: frozenset[bytes] = frozenset()
    certificates: tuple[_AuthorityRevocations, ...] = ()

    @classmethod
    def parse(cls, data: bytes) -> RevokedKeys:
        """Reads a KRL or a list.

        Raises: UnreadableRevocationsError.
        """
        if len(data) > FILE_LIMIT:
            raise UnreadableRevocationsError("it is larger than 4 MiB")
        try:
            revoked = _parse_krl(data) if data.startswith(_MAGIC) else _parse_list(data)
        except (MalformedWireError, WeakAlgorithmError) as error:
            raise UnreadableRevocationsError(str(error)) from error
        if revoked == cls():
            raise UnreadableRevocationsError("it revokes nothing (delete it if nothing is revoked)")
        return revoked

    def holds(self, key: SshPublicKey, certificate: SshCertificate | None = None) -> bool:
        """Whether the key is revoked; or its certificate; or the authority that certified it."""
        if self._holds_key(key):
            return True
        if certificate is None:
            return False
        return self._holds_key(certificate.authority) or any(each.holds(certificate) for each in self.certificates)

    def _holds_key(self, key: SshPublicKey) -> bool:
        return (
            key.blob in self.blobs
            or (bool(self.sha1) and hashlib.sha1(key.blob, usedforsecurity=False).digest() in self.sha1)
            or (bool(self.sha256) and hashlib.sha256(key.blob).digest() in self.sha256)
        )


def _parse_list(data: bytes) -> RevokedKeys:
    blobs: set[bytes] = set()
    for number, raw in enumerate(data.split(b"\n"), start=1):
        line = raw.strip(b" \t\r")
        if not line or line.startswith(b"#"):
            continue
        try:
            blob, _ = parse_key_text(line)
            blobs.add(_plain_key(blob))
        except (MalformedWireError, WeakAlgorithmError) as error:
            raise UnreadableRevocationsError(f"line {number} is no public key ({error})") from error
    return RevokedKeys(blobs=frozenset(blobs))


def _plain_key(blob: bytes) -> bytes:
    if is_certificate_type(WireReader(blob).name()):
        return parse_certificate(blob).key.blob
    return parse_public_key(blob).blob


def _parse_krl(data: bytes) -> RevokedKeys:
    reader = WireReader(data)
    reader.take(len(_MAGIC))
    if reader.u32() != 1:
        raise UnreadableRevocationsError("its version is unknown")
    reader.take(24)  # its number, date and flags
    reader.string()
    reader.string()  # its comment
    found: dict[int, set[bytes]] = {_EXPLICIT: set(), _SHA1: set(), _SHA256: set()}
    certificates: list[_AuthorityRevocations] = []
    while not reader.at_end:
        kind, section = reader.u8(), WireReader(reader.string())
        if kind == _CERTIFICATES:
            revoked = _parse_certificates(section)
            if revoked != _AuthorityRevocations(revoked.authority):
                certificates.append(revoked)
        elif kind in found:
            found[kind] |= set(_entries(section, size={_SHA1: 20, _SHA256: 32}.get(kind)))
        else:
            what = "is signed, which is not supported" if kind == _SIGNATURE else f"has a section of type {kind}"
            raise UnreadableRevocationsError(f"it {what}")
    return RevokedKeys(
        frozenset(found[_EXPLICIT]), frozenset(found[_SHA1]), frozenset(found[_SHA256]), tuple(certificates)
    )


def _entries(section: WireReader, *, size: int | None) -> list[bytes]:
    entries = []
    while not section.at_end:
        entry = section.string()
        if size is None:
            parse_public_key(entry)
        elif len(entry) != size:
            raise UnreadableRevocationsError("a digest in it has the wrong length")
        entries.append(entry)
    return entries


def _parse_certificates(section: WireReader) -> _AuthorityRevocations:
    authority = section.string()
    if authority:
        parse_public_key(authority)
    section.string()  # reserved
    revoked = _AuthorityRevocations(authority)
    readers: dict[int, Callable[[WireReader, _AuthorityRevocations], None]] = {
        _SERIALS: _read_serials,
        _SERIAL_RANGE: _read_range,
        _SERIAL_BITMAP: _read_bitmap,
        _KEY_IDS: _read_key_ids,
    }
    while not section.at_end:
        kind, part = section.u8(), WireReader(section.string())
        if kind not in readers:
            raise UnreadableRevocationsError(f"it revokes certificates in an unknown way ({kind})")
        readers[kind](part, revoked)
        part.end()
    return revoked


def _read_serials(part: WireReader, revoked: _AuthorityRevocations) -> None:
    while not part.at_end:
        revoked.serials.add(part.u64())


def _read_range(part: WireReader, revoked: _AuthorityRevocations) -> None:
    revoked.ranges.append((part.u64(), part.u64()))


def _read_bitmap(part: WireReader, revoked: _AuthorityRevocations) -> None:
    revoked.bitmaps.append((part.u64(), part.mpint()))


def _read_key_ids(part: WireReader, revoked: _AuthorityRevocations) -> None:
    while not part.at_end:
        revoked.key_ids.add(part.string())
