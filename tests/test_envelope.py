"""Envelopes: what a line may be, and what it may not."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.errors import SigningError
from reviewtui.signing.envelope import (
    LINE_LIMIT,
    PAYLOAD_TYPE,
    Envelope,
    MalformedEnvelopeError,
    Signature,
    pre_authentication_encoding,
    sign_payload,
)
from reviewtui.signing.scheme import NAMESPACE, SignatureStatus, Verification

words = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=60)
envelopes = st.builds(
    Envelope,
    payload=st.binary(max_size=400),
    payload_type=words,
    signatures=st.lists(st.builds(Signature, keyid=words, sig=st.binary(max_size=200)), min_size=1, max_size=4).map(
        tuple
    ),
)

GOOD = Envelope(b'{"a": 1}\n', PAYLOAD_TYPE, (Signature("SHA256:abc", b"SSHSIG"),)).to_line()


def _with(**changes: object) -> bytes:
    return json.dumps({**json.loads(GOOD), **changes}, separators=(",", ":")).encode()


HOSTILE = {
    "nothing": b"",
    "a blank": b" ",
    "a trailing space": GOOD + b" ",
    "a trailing line feed": GOOD + b"\n",
    "a carriage return": GOOD + b"\r",
    "two objects": GOOD + GOOD,
    "spaces between": json.dumps(json.loads(GOOD)).encode(),
    "NUL": GOOD[:-1] + b"\0}",
    "UTF-16": GOOD.decode().encode("utf-16"),
    "UTF-16 without a mark": GOOD.decode().encode("utf-16-le"),
    "a byte order mark": b"\xef\xbb\xbf" + GOOD,
    "beyond ASCII": GOOD.replace(b"SHA256:abc", "SHA256:é".encode()),
    "U+2028": GOOD.replace(b"SHA256:abc", "SHA256:\u2028".encode()),
    "an escaped line feed": GOOD.replace(b"SHA256:abc", b"SHA256:\\n"),
    "a lone surrogate": GOOD.replace(b"SHA256:abc", b"\\ud800"),
    "a lone surrogate as base64": _with(payload="\ud800"),
    "an escaped space": GOOD.replace(b"SHA256:abc", b"a\\u0020b"),
    "a key twice": GOOD[:-1] + b',"payload":"e30="}',
    "a key twice in a signature": GOOD.replace(b'"keyid":', b'"keyid":"x","keyid":'),
    "NaN": GOOD[:-1] + b',"x":NaN}',
    "Infinity": GOOD[:-1] + b',"x":-Infinity}',
    "5,000 digits": GOOD[:-1] + b',"x":' + b"9" * 5000 + b"}",
    "deep nesting": b"[" * 30_000,
    "deep nesting that ends": GOOD[:-1] + b',"x":' + b"[" * 9000 + b"]" * 9000 + b"}",
    "deep objects": b'{"a":' * 10_000,
    "a list": b"[" + GOOD + b"]",
    "a string": b'"payload"',
    "a number": b"1",
    "null": b"null",
    "base64 with spare bits": _with(payload="e31="),
    "base64 without padding": _with(payload="e30"),
    "base64 with too much padding": _with(payload="e30=="),
    "base64 with a break": _with(payload="e3\n0="),
    "base64 for URLs": _with(payload="_-8="),
    "base64 with junk": _with(payload="e3!0="),
    "payload is a number": _with(payload=1),
    "payload is null": _with(payload=None),
    "no payload": _with(payload=None).replace(b'"payload":null,', b""),
    "an empty type": _with(payloadType=""),
    "type is a list": _with(payloadType=["a"]),
    "no signatures": _with(signatures=[]),
    "signatures is an object": _with(signatures={}),
    "a signature is a string": _with(signatures=["abc"]),
    "a signature without keyid": _with(signatures=[{"sig": "YQ=="}]),
    "a signature without sig": _with(signatures=[{"keyid": "a"}]),
    "keyid is null": _with(signatures=[{"keyid": None, "sig": "YQ=="}]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_line_is_malformed(name: str) -> None:
    with pytest.raises(MalformedEnvelopeError) as caught:
        Envelope.from_line(HOSTILE[name])
    assert caught.value.reason == "malformed"
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


def test_a_line_beyond_64_kib_is_over_the_limit() -> None:
    exact = Envelope(b"", "t", (Signature("k", b""),)).to_line()
    filler = b"a" * (LINE_LIMIT - len(exact))
    fits = exact.replace(b'"k"', b'"k' + filler + b'"')
    assert len(fits) == LINE_LIMIT
    Envelope.from_line(fits)
    with pytest.raises(MalformedEnvelopeError) as caught:
        Envelope.from_line(fits.replace(b'"ka', b'"kaa'))
    assert caught.value.reason == "over-limit"


def test_too_many_signatures_are_over_the_limit() -> None:
    with pytest.raises(MalformedEnvelopeError) as caught:
        Envelope.from_line(_with(signatures=[{"keyid": "a", "sig": ""}] * 17))
    assert caught.value.reason == "over-limit"


def test_unknown_keys_are_passed_over() -> None:
    assert Envelope.from_line(_with(more={"a": [1, 2.5, True, None]})) == Envelope.from_line(GOOD)


@given(envelopes)
def test_reading_what_was_written_gives_the_same_envelope(envelope: Envelope) -> None:
    assert Envelope.from_line(envelope.to_line()) == envelope


@given(envelopes)
def test_a_line_is_one_line_of_printable_ascii(envelope: Envelope) -> None:
    assert all(0x21 <= byte <= 0x7E for byte in envelope.to_line())


@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_any_bytes_are_an_envelope_or_malformed(line: bytes) -> None:
    try:
        envelope = Envelope.from_line(line)
    except MalformedEnvelopeError:
        return
    assert Envelope.from_line(envelope.to_line()) == envelope


@given(st.integers(0, len(GOOD) - 1), st.binary(max_size=3))
def test_an_edited_line_is_an_envelope_or_malformed(at: int, inserted: bytes) -> None:
    try:
        envelope = Envelope.from_line(GOOD[:at] + inserted + GOOD[at + 1 :])
    except MalformedEnvelopeError:
        return
    assert Envelope.from_line(envelope.to_line()) == envelope


def test_the_pre_authentication_encoding_counts_bytes() -> None:
    assert (
        pre_authentication_encoding("http://example.com/é", "ü".encode())
        == "DSSEv1 21 http://example.com/é 2 ü".encode()
    )
    assert pre_authentication_encoding("", b"") == b"DSSEv1 0  0 "


@given(words, st.binary(max_size=50), words, st.binary(max_size=50))
def test_no_two_payloads_have_the_same_encoding(kind: str, payload: bytes, kind2: str, payload2: bytes) -> None:
    same = pre_authentication_encoding(kind, payload) == pre_authentication_encoding(kind2, payload2)
    assert same == ((kind, payload) == (kind2, payload2))


class _Signer:
    keyid = "test:1"
    may_prompt = False

    def describe(self) -> str:
        return "a signer for tests"

    def sign(self, message: bytes, *, namespace: str = NAMESPACE) -> bytes:
        return namespace.encode() + base64.b64encode(message)[:20]


class _Verifier:
    def __init__(self, reason: str) -> None:
        self.reason = reason

    def verify(self, message: bytes, signature: bytes, *, keyid: str, namespace: str = NAMESPACE) -> Verification:
        return Verification(SignatureStatus.BAD if self.reason else SignatureStatus.GOOD, keyid, reason=self.reason)


def test_a_signature_that_does_not_verify_is_never_returned() -> None:
    for reason in ("bad-signature", "wrong-namespace", "weak-key"):
        with pytest.raises(SigningError, match=reason):
            sign_payload(PAYLOAD_TYPE, b"{}", signer=_Signer(), verifier=_Verifier(reason))


def test_a_newcomers_sound_signature_is_returned() -> None:
    envelope = sign_payload(PAYLOAD_TYPE, b"{}", signer=_Signer(), verifier=_Verifier("unknown-key"))
    assert envelope.payload == b"{}"
    assert envelope.signatures[0].keyid == "test:1"


def test_a_payload_too_large_for_a_line_is_not_signed_into_one() -> None:
    with pytest.raises(SigningError, match="64 KiB"):
        sign_payload(PAYLOAD_TYPE, b"x" * 60_000, signer=_Signer(), verifier=_Verifier(""))
