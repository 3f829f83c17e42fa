"""Envelope and Signature: DSSE (the Dead Simple Signing Envelope, protocol v1), and its form as one line of a note.

Laws
1. What is signed is the pre-authentication encoding of the payload's very bytes; nothing is serialized again to verify.
2. A line is ASCII, holds no white space at all, and is at most 64 KiB.
3. Whatever a second reader could read differently (a key twice, base64 with spare bits, NaN) is refused.
"""

from __future__ import annotations

import binascii
import json
from functools import lru_cache
from typing import Any

from reviewtui.errors import SigningError
from reviewtui.signing.scheme import Signer, Verifier
from reviewtui.values import dataclass

PAYLOAD_TYPE = "application/vnd.in-toto+json"
LINE_LIMIT = 64 * 1024
SIGNATURE_LIMIT = 16
_BRACKET_LIMIT = 64
_DIGIT_LIMIT = 20
_PRINTABLE = bytes(range(0x21, 0x7F))
_NOT_WHAT_WAS_ASKED = ("bad-signature", "wrong-namespace", "weak-key")


class MalformedEnvelopeError(ValueError):
    """A line is no envelope. `reason` is malformed or over-limit; the message says more."""

    def __init__(self, problem: str, *, reason: str = "malformed") -> None:
        super().__init__(problem)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Signature:
    """One raw signature (SSHSIG blob, OpenPGP packet or CMS), and which key it claims to be made by."""

    keyid: str
    sig: bytes


@dataclass(frozen=True, slots=True)
class Envelope:
    """A payload as it was signed, with its signatures."""

    payload: bytes
    payload_type: str
    signatures: tuple[Signature, ...]

    def to_line(self) -> bytes:
        """Compact JSON in ASCII, without the line feed."""
        value = {
            "payload": _encoded(self.payload),
            "payloadType": self.payload_type,
            "signatures": [{"keyid": each.keyid, "sig": _encoded(each.sig)} for each in self.signatures],
        }
        return json.dumps(value, separators=(",", ":"), ensure_ascii=True).encode("ascii")

    @staticmethod
    def from_line(line: bytes) -> Envelope:
        """Reads one line of a note. The last ones are kept: a release is judged as of then, and as of now.

        Raises: MalformedEnvelopeError.
        """
        return _read(line)

    def signed_bytes(self) -> bytes:
        """What each signature is over."""
        return pre_authentication_encoding(self.payload_type, self.payload)


def is_envelope(line: bytes) -> bool:
    """Whether a line of a note can be read as an envelope, whatever is in it."""
    try:
        Envelope.from_line(line)
    except MalformedEnvelopeError:
        return False
    return True


def pre_authentication_encoding(payload_type: str, payload: bytes) -> bytes:
    """DSSE's PAE: "DSSEv1", the type with its length, the payload with its length, parted by single spaces."""
    kind = payload_type.encode("utf-8")
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def sign_payload(payload_type: str, payload: bytes, *, signer: Signer, verifier: Verifier | None = None) -> Envelope:
    """Signs a payload, and proves the signature before anybody stores it.

    The verifier may not know the key yet (a newcomer's record is kept too), but the signature must be sound.
    Raises: SigningError.
    """
    message = pre_authentication_encoding(payload_type, payload)
    raw = signer.sign(message)
    envelope = Envelope(payload, payload_type, (Signature(signer.keyid, raw),))
    if verifier is not None:
        verification = verifier.verify(message, raw, keyid=signer.keyid)
        if verification.reason in _NOT_WHAT_WAS_ASKED:
            detail = f": {verification.detail}" if verification.detail else ""
            raise SigningError(f"The new signature does not verify ({verification.reason}{detail}).")
    if len(envelope.to_line()) > LINE_LIMIT:
        raise SigningError("The record would be larger than 64 KiB.", hint="Shorten the comment.")
    return envelope


@lru_cache(maxsize=256)
def _read(line: bytes) -> Envelope:
    value = _parsed(line)
    if not isinstance(value, dict):
        raise MalformedEnvelopeError("The line is not a JSON object.")
    entries = value.get("signatures")
    if not isinstance(entries, list) or not entries:
        raise MalformedEnvelopeError("The envelope has no list of signatures.")
    if len(entries) > SIGNATURE_LIMIT:
        raise MalformedEnvelopeError(f"There are more than {SIGNATURE_LIMIT} signatures.", reason="over-limit")
    return Envelope(
        payload=_decoded(value, "payload"),
        payload_type=_word(value, "payloadType"),
        signatures=tuple(_signature(entry) for entry in entries),
    )


def _parsed(line: bytes) -> Any:
    if len(line) > LINE_LIMIT:
        raise MalformedEnvelopeError("The line is larger than 64 KiB.", reason="over-limit")
    # One pass at C speed; a loop over the bytes would cost as much as the verification itself.
    if line.translate(None, _PRINTABLE):
        raise MalformedEnvelopeError("The line holds white space, control characters or something beyond ASCII.")
    if line.count(b"[") + line.count(b"{") > _BRACKET_LIMIT:
        raise MalformedEnvelopeError("The line is nested too deeply.")
    try:
        return _DECODER.decode(line.decode("ascii"))
    except json.JSONDecodeError as error:
        raise MalformedEnvelopeError(f"The line is not JSON: {error.msg} at column {error.colno}.") from error


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    value = dict(pairs)
    if len(value) != len(pairs):
        raise MalformedEnvelopeError("A key stands twice in one object.")
    return value


def _no_constant(name: str) -> None:
    raise MalformedEnvelopeError(f"{name} is not JSON.")


def _short_int(digits: str) -> int:
    if len(digits) > _DIGIT_LIMIT:
        raise MalformedEnvelopeError("A number is too long.")
    return int(digits)


def _signature(entry: Any) -> Signature:
    if not isinstance(entry, dict):
        raise MalformedEnvelopeError("A signature is not a JSON object.")
    return Signature(keyid=_word(entry, "keyid"), sig=_decoded(entry, "sig"))


def _word(value: dict[str, Any], key: str) -> str:
    word = value.get(key)
    if not isinstance(word, str) or not word or not word.isascii() or not word.isprintable() or " " in word:
        raise MalformedEnvelopeError(f"{key} is not a word in printable ASCII.")
    return word


def _decoded(value: dict[str, Any], key: str) -> bytes:
    text = value.get(key)
    if not isinstance(text, str) or not text.isascii():
        raise MalformedEnvelopeError(f"{key} is not base64.")
    try:
        raw = binascii.a2b_base64(text)
    except binascii.Error as error:
        raise MalformedEnvelopeError(f"{key} is not base64.") from error
    # Decoding passes over what is no base64; writing it again shows that, and every other second spelling.
    if _encoded(raw) != text:
        raise MalformedEnvelopeError(f"{key} is not base64, or in another spelling than the usual one.")
    return raw


def _encoded(raw: bytes) -> str:
    return binascii.b2a_base64(raw, newline=False).decode("ascii")


_DECODER = json.JSONDecoder(object_pairs_hook=_unique_keys, parse_constant=_no_constant, parse_int=_short_int)
"""Made once: to make one costs as much as to read a record by it."""
