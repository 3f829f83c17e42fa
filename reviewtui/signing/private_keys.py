"""KeyFile: what a key file says of itself without being unlocked: its public half, and whether it has a passphrase."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from reviewtui.signing.certificates import SshCertificate, is_certificate_type, parse_certificate
from reviewtui.signing.ssh_keys import SshPublicKey, WeakAlgorithmError, parse_key_text, parse_public_key
from reviewtui.signing.wire import MalformedWireError, WireReader
from reviewtui.values import dataclass, replace

_LIMIT = 64 * 1024
_BEGIN, _END = b"-----BEGIN OPENSSH PRIVATE KEY-----", b"-----END OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"


@dataclass(frozen=True, slots=True)
class PublicHalf:
    """A line of a public key file: the plain key, and the certificate of it that the line may hold instead."""

    key: SshPublicKey
    certificate: SshCertificate | None
    comment: str


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key that can be signed with. `has_private`: its private half is in the file, or in the one beside it.

    `certificate` is the one that ssh-keygen puts into signatures by this file; `unused` the path of one beside it that
    ssh-keygen would use if it were named instead.
    """

    key: SshPublicKey
    comment: str
    has_private: bool
    encrypted: bool
    certificate: SshCertificate | None = None
    unused: Path | None = None


def read_key_file(path: Path) -> KeyFile:
    """Reads a private key file or a public one (with or without its private file beside it).

    Raises: OSError; MalformedWireError; WeakAlgorithmError.
    """
    data = _read(path)
    if data.startswith(b"-----BEGIN "):
        found = _private(path, data)
    else:
        half = public_half(data)
        private = private_of(path)
        has_private = private != path and private.is_file()
        encrypted = has_private and _is_encrypted(_read(private))
        found = KeyFile(half.key, half.comment, has_private, encrypted, half.certificate)
    return found if found.certificate else replace(found, unused=_certificate_beside(path, found.key))


def public_half(text: bytes) -> PublicHalf:
    """The line "type base64 [comment]", taken apart.

    Raises: MalformedWireError; WeakAlgorithmError.
    """
    blob, raw = parse_key_text(text)
    comment = raw.decode("utf-8", "replace")
    if is_certificate_type(WireReader(blob).name()):
        certificate = parse_certificate(blob)
        return PublicHalf(certificate.key, certificate, comment)
    return PublicHalf(parse_public_key(blob), None, comment)


def private_of(path: Path) -> Path:
    """Where ssh-keygen looks for the private half of a file."""
    name = path.name.removesuffix("-cert.pub")
    return path.with_name(name.removesuffix(".pub") if name == path.name else name)


def read_certificate(path: Path) -> SshCertificate | None:
    """The certificate in a file; None where there is none that can be read."""
    try:
        return public_half(_read(path)).certificate
    except (OSError, MalformedWireError, WeakAlgorithmError):
        return None


def _certificate_beside(path: Path, key: SshPublicKey) -> Path | None:
    stem = path.name.removesuffix(".pub")
    beside = path.with_name(f"{stem}-cert.pub")
    certificate = read_certificate(beside)
    return beside if certificate is not None and certificate.key == key else None


def _private(path: Path, data: bytes) -> KeyFile:
    public = path.with_name(path.name + ".pub")
    half = public_half(_read(public)) if public.is_file() else None
    encrypted = _is_encrypted(data)
    if not data.startswith(_BEGIN):
        # An old PEM file hides even its public half behind the passphrase.
        if half is None:
            raise MalformedWireError(f"it is a PEM file; write its public half to {public.name} with ssh-keygen -y")
        return KeyFile(half.key, half.comment, has_private=True, encrypted=encrypted, certificate=half.certificate)
    key = _openssh_header(data)[1]
    if half is None or half.key != key:
        return KeyFile(key, "", has_private=True, encrypted=encrypted)
    return KeyFile(key, half.comment, has_private=True, encrypted=encrypted, certificate=half.certificate)


def _is_encrypted(data: bytes) -> bool:
    if data.startswith(_BEGIN):
        return _openssh_header(data)[0]
    return b"ENCRYPTED" in data


def _openssh_header(data: bytes) -> tuple[bool, SshPublicKey]:
    """Whether there is a passphrase, and the public key (OpenSSH's PROTOCOL.key keeps both in the open)."""
    body, end, _ = data.removeprefix(_BEGIN).partition(_END)
    try:
        reader = WireReader(base64.b64decode(body) if end else b"")
    except binascii.Error as error:
        raise MalformedWireError("its base64 is damaged") from error
    if reader.take(len(_MAGIC)) != _MAGIC:
        raise MalformedWireError("it is no OpenSSH key")
    cipher = reader.string()
    reader.string()
    reader.string()
    if reader.u32() != 1:
        raise MalformedWireError("it does not hold exactly one key")
    return cipher != b"none", parse_public_key(reader.string())


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise MalformedWireError("it is larger than a key can be")
    return data
