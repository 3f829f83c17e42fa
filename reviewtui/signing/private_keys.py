"""KeyFile: what a key file says of itself without being unlocked: its public half, and whether it has a passphrase."""

from __future__ import annotations

import base64
import binascii
from pathlib import Path

from reviewtui.signing.certificates import is_certificate_type, parse_certificate
from reviewtui.signing.ssh_keys import SshPublicKey, parse_key_text, parse_public_key
from reviewtui.signing.wire import MalformedWireError, WireReader
from reviewtui.values import dataclass

_LIMIT = 64 * 1024
_BEGIN, _END = b"-----BEGIN OPENSSH PRIVATE KEY-----", b"-----END OPENSSH PRIVATE KEY-----"
_MAGIC = b"openssh-key-v1\0"


@dataclass(frozen=True, slots=True)
class KeyFile:
    """A key that can be signed with. `has_private`: its private half is in the file, or in the one beside it."""

    key: SshPublicKey
    comment: str
    has_private: bool
    encrypted: bool


def read_key_file(path: Path) -> KeyFile:
    """Reads a private key file or a public one (with or without its private file beside it).

    Raises: OSError; MalformedWireError; WeakAlgorithmError.
    """
    data = _read(path)
    if data.startswith(b"-----BEGIN "):
        return _private(path, data)
    key, comment = key_of_text(data)
    for beside in _private_names(path):
        if beside.is_file():
            return KeyFile(key, comment, has_private=True, encrypted=_is_encrypted(_read(beside)))
    return KeyFile(key, comment, has_private=False, encrypted=False)


def key_of_text(text: bytes) -> tuple[SshPublicKey, str]:
    """The plain key of a line "type base64 [comment]" (of a certificate: the key it certifies), and its comment.

    Raises: MalformedWireError; WeakAlgorithmError.
    """
    blob, comment = parse_key_text(text)
    plain = is_certificate_type(WireReader(blob).name())
    key = parse_certificate(blob).key if plain else parse_public_key(blob)
    return key, comment.decode("utf-8", "replace")


def _private(path: Path, data: bytes) -> KeyFile:
    public = path.with_name(path.name + ".pub")
    text = _read(public) if public.is_file() else b""
    if not data.startswith(_BEGIN):
        # An old PEM file hides even its public half behind the passphrase.
        if not text:
            raise MalformedWireError(f"it is a PEM file; write its public half to {public.name} with ssh-keygen -y")
        key, comment = key_of_text(text)
        return KeyFile(key, comment, has_private=True, encrypted=_is_encrypted(data))
    key = _openssh_header(data)[1]
    comment = ""
    if text:
        beside, comment = key_of_text(text)
        comment = comment if beside.blob == key.blob else ""
    return KeyFile(key, comment, has_private=True, encrypted=_is_encrypted(data))


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


def _private_names(path: Path) -> tuple[Path, ...]:
    for ending in ("-cert.pub", ".pub"):
        if path.name.endswith(ending):
            return (path.with_name(path.name.removesuffix(ending)),)
    return ()


def _read(path: Path) -> bytes:
    with path.open("rb") as file:
        data = file.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise MalformedWireError("it is larger than a key can be")
    return data
