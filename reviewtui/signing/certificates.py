"""SshCertificate: OpenSSH's own certificates (PROTOCOL.certkeys), taken apart without any cryptography."""

from __future__ import annotations

from reviewtui.signing.ssh_keys import (
    KEY_TYPES,
    SK_ECDSA,
    SK_ED25519,
    KeySignature,
    SshPublicKey,
    parse_key_signature,
    parse_public_key,
    read_key_fields,
)
from reviewtui.signing.wire import MalformedWireError, WireReader, wire_string
from reviewtui.values import dataclass

USER_CERTIFICATE = 1
_SUFFIX = "-cert-v01@openssh.com"
_PRINCIPAL_LIMIT = 256


@dataclass(frozen=True, slots=True)
class SshCertificate:
    """What an authority signed of a key. `covered` is the part of the encoding that `signature` is over.

    Times are seconds since 1970: it is valid while `valid_after` ≤ now < `valid_before`.
    """

    key: SshPublicKey
    serial: int
    kind: int
    key_id: bytes
    principals: tuple[bytes, ...]
    valid_after: int
    valid_before: int
    critical_options: tuple[bytes, ...]
    authority: SshPublicKey
    signature: KeySignature
    covered: bytes


def is_certificate_type(name: str) -> bool:
    """Whether a key type names a certificate of a key that is known here."""
    return _plain_type(name) in KEY_TYPES


def parse_certificate(blob: bytes) -> SshCertificate:
    """Reads a certificate; whether its authority really signed it is for the caller to check.

    Raises: MalformedWireError; WeakAlgorithmError.
    """
    reader = WireReader(blob)
    kind = _plain_type(reader.name())
    if kind not in KEY_TYPES:
        raise MalformedWireError("it is no certificate")
    reader.string()  # the nonce
    start = reader.position
    read_key_fields(reader, kind, blob=blob)
    key = parse_public_key(wire_string(kind.encode("ascii")) + blob[start : reader.position])
    serial, usage, key_id = reader.u64(), reader.u32(), reader.string()
    principals = _strings(reader.string())
    valid_after, valid_before = reader.u64(), reader.u64()
    critical = _option_names(reader.string())
    _option_names(reader.string())  # extensions grant rights at a login only
    reader.string()  # reserved
    authority_blob = reader.string()
    covered = blob[: reader.position]
    signature_blob = reader.string()
    reader.end()
    authority = parse_public_key(authority_blob)
    signature = KeySignature("") if authority.weakness else parse_key_signature(authority, signature_blob)
    return SshCertificate(
        key, serial, usage, key_id, principals, valid_after, valid_before, critical, authority, signature, covered
    )


def _plain_type(name: str) -> str:
    if not name.endswith(_SUFFIX):
        return ""
    stem = name.removesuffix(_SUFFIX)
    return {"sk-ssh-ed25519": SK_ED25519, "sk-ecdsa-sha2-nistp256": SK_ECDSA}.get(stem, stem)


def _strings(data: bytes) -> tuple[bytes, ...]:
    reader, found = WireReader(data), []
    while not reader.at_end:
        found.append(reader.string())
        if len(found) > _PRINCIPAL_LIMIT:
            raise MalformedWireError(f"a certificate names more than {_PRINCIPAL_LIMIT} principals")
    return tuple(found)


def _option_names(data: bytes) -> tuple[bytes, ...]:
    reader, found = WireReader(data), []
    while not reader.at_end:
        found.append(reader.string())
        reader.string()
    return tuple(found)
