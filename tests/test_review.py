"""The signed statement: what is written is read back, and nothing else is."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.facts.model import CATEGORIES
from reviewtui.git.objects import ObjectId
from reviewtui.review import (
    BaseVersion,
    MalformedRecordError,
    Review,
    ReviewSubject,
    Verdict,
    decode_review,
    encode_review,
    is_principal,
    record_id,
)
from tests.recorded import a_review

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
NAMES = TEXT.filter(bool)
IDS = st.one_of(*(st.text("0123456789abcdef", min_size=n, max_size=n) for n in (40, 64))).map(ObjectId)
DIGESTS = st.binary(min_size=32, max_size=32).map(lambda raw: f"sha256:{raw.hex()}")
SUBJECTS = st.builds(
    ReviewSubject,
    repository=TEXT,
    model=NAMES,
    version=NAMES,
    commit=IDS,
    tree=IDS,
    base=st.none() | st.builds(BaseVersion, version=TEXT, commit=IDS),
    facts=st.tuples(*(DIGESTS.map(lambda digest, name=name: (name, digest)) for name in CATEGORIES)),
    policy=st.none() | IDS,
)
REVIEWS = st.builds(
    Review,
    subject=SUBJECTS,
    verdict=st.sampled_from(Verdict),
    comment=st.text(st.characters(exclude_categories=["Cs"]), max_size=500),
    reviewer=st.sampled_from(["dana@example.com", "r.o'neil+ml@a-b.example"]),
    seq=st.integers(1, 10**9),
    prev=st.none() | DIGESTS,
    at=st.just("2026-03-04T10:00:00Z"),
    tool=TEXT,
)


def changed(**predicate: Any) -> bytes:
    document = json.loads(encode_review(a_review("dana")))
    document["predicate"].update(predicate)
    return json.dumps(document).encode()


def reason_for(payload: bytes) -> str:
    with pytest.raises(MalformedRecordError) as caught:
        decode_review(payload)
    return caught.value.reason


@given(REVIEWS)
def test_what_is_encoded_is_decoded_to_the_same_review(review: Review) -> None:
    assert decode_review(encode_review(review)) == review


def test_the_statement_is_written_as_the_format_says() -> None:
    payload = encode_review(a_review("dana", comment="größer"))
    document = json.loads(payload)
    assert payload == json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n"
    assert list(document) == ["_type", "subject", "predicateType", "predicate"]
    assert document["_type"] == "https://in-toto.io/Statement/v1"
    assert document["predicateType"] == "urn:reviewtui:review:v1"
    assert document["subject"] == [
        {"name": "churn@1.4.0", "digest": {"gitCommit": document["predicate"]["commit"]}}
    ]
    assert " ".join(document["predicate"]) == (
        "repository model version commit tree base facts policy verdict comment reviewer seq prev at tool"
    )
    assert "größer".encode() in payload


def test_any_json_layout_is_read() -> None:
    review = a_review("dana")
    assert decode_review(json.dumps(json.loads(encode_review(review))).encode()) == review


def test_unknown_keys_are_passed_over_unless_they_are_critical() -> None:
    assert decode_review(changed(mood="good")) == a_review("dana")
    assert reason_for(changed(mood="good", critical=["mood"])) == "unsupported-version"
    assert reason_for(changed(critical="mood")) == "malformed"


@pytest.mark.parametrize(
    "predicate",
    [
        {"commit": "abc123"},
        {"commit": "A" * 40},
        {"tree": "refs/heads/main"},
        {"tree": None},
        {"base": {"version": "1", "commit": "HEAD"}},
        {"policy": "abc"},
        {"facts": {"config": "sha256:00"}},
        {"model": "other"},
        {"version": "9.9.9"},
    ],
)
def test_a_subject_that_names_no_exact_thing_is_refused(predicate: dict[str, Any]) -> None:
    assert reason_for(changed(**predicate)) == "bad-subject"


@pytest.mark.parametrize(
    "predicate",
    [
        {"verdict": "Approve"},
        {"verdict": ["approve"]},
        {"verdict": None},
        {"seq": 0},
        {"seq": True},
        {"seq": "1"},
        {"seq": 1.0},
        {"prev": "sha256:1"},
        {"at": "yesterday"},
        {"at": "2026-03-04T10:00:00+02:00"},
        {"reviewer": "аlice@example.com"},
        {"reviewer": "dana"},
        {"reviewer": "*@example.com"},
        {"comment": None},
        {"comment": "x" * 16385},
        {"repository": 7},
        {"tool": None},
    ],
)
def test_a_predicate_that_is_not_as_the_format_says_is_refused(predicate: dict[str, Any]) -> None:
    assert reason_for(changed(**predicate)) == "malformed"


@pytest.mark.parametrize("key", ["prev", "base", "policy", "comment", "seq", "verdict", "facts", "tree"])
def test_a_key_that_is_missing_is_never_assumed(key: str) -> None:
    document = json.loads(encode_review(a_review("dana")))
    del document["predicate"][key]
    assert reason_for(json.dumps(document).encode()) in ("malformed", "bad-subject")


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'{"_type": 1}',
        b'{"a": 1, "a": 2}',
        b'{"a": NaN}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 60_000,
        b'{"a":' * 10_000,
        b'{"a": "\\ud800"}',
        b'{"a": "\xff"}',
        '{"a": 1}'.encode("utf-16"),
        b"\xef\xbb\xbf{}",
        b"{} {}",
    ],
)
def test_hostile_json_is_malformed_and_nothing_worse(payload: bytes) -> None:
    assert reason_for(payload) == "malformed"


def test_a_verdict_that_is_there_twice_is_refused_rather_than_chosen() -> None:
    payload = changed().replace(b'"verdict": "approve"', b'"verdict": "reject", "verdict": "approve"')
    assert reason_for(payload) == "malformed"


def test_another_version_of_the_format_is_unsupported_and_another_kind_is_malformed() -> None:
    assert reason_for(changed().replace(b"review:v1", b"review:v2")) == "unsupported-version"
    assert reason_for(changed().replace(b"Statement/v1", b"Statement/v9")) == "unsupported-version"
    assert reason_for(changed().replace(b"review:v1", b"pipeline:v1")) == "malformed"


@given(st.binary(max_size=300))
def test_no_bytes_raise_anything_else(payload: bytes) -> None:
    with pytest.raises(MalformedRecordError):
        decode_review(payload)


def test_what_nobody_could_read_is_never_encoded() -> None:
    for review in (
        a_review("dana", comment="x" * 16385),
        a_review("dana", comment="\ud800"),
        replace(a_review("dana"), reviewer="Dana"),
        replace(a_review("dana"), seq=0),
        a_review("dana", commit=ObjectId("abc")),
        replace(a_review("dana"), comment="\x01" * 16384),
    ):
        with pytest.raises(MalformedRecordError):
            encode_review(review)


def test_the_id_of_a_record_is_the_digest_of_its_payload() -> None:
    assert record_id(b"abc") == "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize("name", ["a@b", "dana.o+x@mail.example.com"])
def test_a_principal_is_an_address_in_ascii(name: str) -> None:
    assert is_principal(name)


@pytest.mark.parametrize("name", ["", "dana", "@b", "a@", "a b@c", "a@b\n", "é@b", "a@b.", "*@b", "a,b@c", "a@b@c"])
def test_what_looks_like_no_address_is_no_principal(name: str) -> None:
    assert not is_principal(name)
