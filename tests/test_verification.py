"""A line of a note: counted, or kept with the reason why not; and never a veto lost."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.review import encode_review, record_id
from reviewtui.signing.envelope import Envelope, Signature
from reviewtui.verification import RecordedReview, UnverifiedReview, VerificationContext, VerifiedReview, verify_review
from tests.fake_signing import FakeSigner, object_id
from tests.recorded import COMMIT, REPOSITORY, a_review, judged, trusting

CONTEXT = VerificationContext(REPOSITORY, trusting("dana", "lee"))


def of_line(line: bytes) -> RecordedReview:
    return verify_review(line, commit=COMMIT, model="churn", version="1.4.0", context=CONTEXT)


def reason(record: RecordedReview) -> str:
    assert isinstance(record, UnverifiedReview)
    return record.reason.split(":")[0]


def in_doubt(record: RecordedReview) -> bool:
    assert isinstance(record, UnverifiedReview)
    return record.may_be_veto


def test_a_record_by_a_trusted_key_about_this_version_is_verified() -> None:
    review = a_review("dana")
    record = judged(review)
    assert isinstance(record, VerifiedReview)
    assert (record.review, record.principal) == (review, "dana@example.com")
    assert record.id == record_id(encode_review(review))


def test_the_note_of_another_commit_does_not_lend_its_record() -> None:
    record = judged(a_review("dana", "reject"), commit=object_id("elsewhere"))
    assert reason(record) == "subject-commit-mismatch"
    assert not in_doubt(record)


def test_a_record_about_another_model_version_or_repository_is_not_ours() -> None:
    assert reason(judged(a_review("dana", model="other"))) == "subject-model-mismatch"
    assert reason(judged(a_review("dana", version="1.4.1"))) == "subject-version-mismatch"
    assert reason(judged(a_review("dana", repository="fork"))) == "repository-mismatch"


def test_without_a_model_or_version_any_is_accepted() -> None:
    line = FakeSigner("dana@example.com").review_line(a_review("dana", model="other"))
    record = verify_review(line, commit=COMMIT, model=None, version=None, context=CONTEXT)
    assert isinstance(record, VerifiedReview)


def test_a_stranger_is_an_unknown_key_and_closes_nothing() -> None:
    record = judged(a_review("eve", "reject"))
    assert reason(record) == "unknown-key"
    assert not in_doubt(record)


def test_a_trusted_key_does_not_speak_for_somebody_else() -> None:
    record = judged(a_review("dana", "reject"), signer="lee@example.com")
    assert reason(record) == "reviewer-key-mismatch"
    assert isinstance(record, UnverifiedReview)
    assert record.principal == "lee@example.com"
    assert not record.may_be_veto


@pytest.mark.parametrize("why", ["revoked-key", "expired-key", "not-yet-valid-key", "weak-key", "wrong-namespace"])
def test_the_reason_of_the_verifier_is_passed_on(why: str) -> None:
    verifier = trusting("dana")
    verifier.refused[FakeSigner("dana@example.com").keyid] = why
    assert reason(judged(a_review("dana"), verifier=verifier)) == why


def test_one_changed_byte_of_the_payload_is_a_bad_signature() -> None:
    envelope = Envelope.from_line(FakeSigner("dana@example.com").review_line(a_review("dana", "reject")))
    forged = replace(envelope, payload=envelope.payload.replace(b'"reject"', b'"approve"'))
    assert reason(of_line(forged.to_line())) == "bad-signature"


def test_a_signature_over_another_payload_type_is_worth_nothing() -> None:
    payload = encode_review(a_review("dana"))
    assert reason(of_line(FakeSigner("dana@example.com").line(payload, payload_type="text/plain"))) == "malformed"


def test_of_several_signatures_the_reviewers_own_counts_wherever_it_stands() -> None:
    envelope = Envelope.from_line(FakeSigner("dana@example.com").review_line(a_review("dana")))
    junk = Signature("SHA256:junk", b"junk")
    for signatures in ((junk, *envelope.signatures), (*envelope.signatures, junk)):
        assert isinstance(of_line(replace(envelope, signatures=signatures).to_line()), VerifiedReview)


def test_a_missing_predecessor_breaks_the_chain_and_may_hide_a_veto() -> None:
    review = a_review("dana", "approve", 2)
    assert isinstance(judged(review, known={review.prev}), VerifiedReview)
    record = judged(review, known=())
    assert reason(record) == "broken-chain"
    assert in_doubt(record)


def test_a_broken_chain_copied_to_another_commit_closes_nothing_there() -> None:
    assert not in_doubt(judged(a_review("dana", "approve", 2), known=(), commit=object_id("elsewhere")))


def newer(verdict: str, **predicate: str) -> bytes:
    document = json.loads(encode_review(a_review("dana", verdict)))
    document["predicateType"] = "urn:reviewtui:review:v2"
    document["predicate"].update(predicate)
    return json.dumps(document).encode()


def test_a_trusted_record_of_a_newer_format_may_be_a_veto_unless_it_says_that_it_helps() -> None:
    for verdict, doubtful in (("reject", True), ("withdraw", True), ("approve", False), ("comment", False)):
        record = judged(newer(verdict))
        assert reason(record) == "unsupported-version"
        assert in_doubt(record) is doubtful
    assert in_doubt(judged(newer("reject").replace(b'"reject"', b'"hold"')))
    assert not in_doubt(judged(newer("reject"), signer="eve@example.com"))
    assert not in_doubt(judged(newer("reject", model="other")))
    assert not in_doubt(judged(newer("reject"), commit=object_id("elsewhere")))


def test_a_trusted_rejection_with_a_short_commit_id_is_no_subject_and_may_be_a_veto() -> None:
    payload = encode_review(a_review("dana", "reject")).replace(COMMIT.encode(), COMMIT[:8].encode())
    record = judged(payload)
    assert reason(record) == "bad-subject"
    assert in_doubt(record)


def test_a_record_of_another_kind_among_the_reviews_is_malformed_and_no_veto() -> None:
    payload = encode_review(a_review("dana", "reject")).replace(b"review:v1", b"pipeline:v1")
    record = judged(payload)
    assert reason(record) == "malformed"
    assert not in_doubt(record)


def test_a_line_over_the_limit_is_no_record() -> None:
    assert reason(of_line(b"{" + b"x" * 70_000)) == "over-limit"


@given(st.binary(max_size=200))
def test_garbage_is_kept_with_a_reason_and_closes_nothing(line: bytes) -> None:
    record = of_line(line)
    assert reason(record) in ("malformed", "bad-signature", "unknown-key")
    assert not in_doubt(record)


@given(st.data())
def test_one_flipped_bit_never_verifies_as_something_else(data: st.DataObject) -> None:
    review = a_review("dana")
    line = bytearray(FakeSigner("dana@example.com").review_line(review))
    position = data.draw(st.integers(0, len(line) * 8 - 1))
    line[position // 8] ^= 1 << position % 8
    record = of_line(bytes(line))
    assert isinstance(record, UnverifiedReview) or record.review == review
