"""Reviews, records and decisions in one line each, for tests of the rules."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from reviewtui.facts.model import Fact, VersionFacts
from reviewtui.git.objects import CommitInfo, ObjectId, Person
from reviewtui.policy.decision import Decision, Finding
from reviewtui.policy.evaluate import PolicySubject, evaluate
from reviewtui.policy.model import parse_policy
from reviewtui.review import BaseVersion, Review, ReviewSubject, Verdict, encode_review, record_id
from reviewtui.verification import RecordedReview, VerificationContext, VerifiedReview, verify_review
from tests.fake_signing import FakeSigner, FakeVerifier, object_id

REPOSITORY = "git.example.com/ml/churn"
COMMIT = object_id("candidate")
EARLIER = object_id("earlier candidate")
BASE = BaseVersion("1.3.0", object_id("base"))
AUTHOR = Person("Avery", "avery@example.com")
PEOPLE = """\
version: 1
people:
  dana@example.com: {roles: [science], aliases: [dana@old.example.com]}
  lee@example.com: {roles: [science]}
  risk@example.com: {roles: [risk]}
  both@example.com: {roles: [science, risk]}
  boss@example.com: {roles: [boss]}
  avery@example.com: {roles: [science, boss], aliases: [avery@home.example]}
overrides: {roles: [boss], max_age: 24h}
releases:
"""
ONE_EACH = PEOPLE + "- models: ['*']\n  approvals: [{count: 1, roles: [science]}, {count: 1, roles: [risk]}]\n"
TWO_OF_ANYONE = "version: 1\nreleases:\n- models: ['*']\n  approvals: [{count: 2}]\n"


def facts_of(**metrics: Any) -> VersionFacts:
    return VersionFacts(COMMIT, metrics=tuple(Fact("metrics.json", key, value) for key, value in metrics.items()))


def a_subject(**changes: Any) -> ReviewSubject:
    subject = ReviewSubject(
        repository=REPOSITORY,
        model="churn",
        version="1.4.0",
        commit=COMMIT,
        tree=object_id("tree"),
        base=BASE,
        facts=tuple(facts_of(accuracy=0.93).digests().items()),
        policy=object_id("policy"),
    )
    return replace(subject, **changes)


def a_review(who: str, verdict: str = "approve", seq: int = 1, *, comment: str = "", **subject: Any) -> Review:
    reviewer = who if "@" in who else f"{who}@example.com"
    prev = "sha256:" + "0" * 64 if seq > 1 else None
    at = "2026-03-04T10:00:00Z"
    return Review(a_subject(**subject), Verdict(verdict), comment, reviewer, seq, prev, at, "reviewtui")


def verified(who: str, verdict: str = "approve", seq: int = 1, *, key: str = "", **more: Any) -> VerifiedReview:
    """A record that was verified, by a key of the person's own unless `key` names another."""
    review = a_review(who, verdict, seq, **more)
    keyid = FakeSigner(key or review.reviewer).keyid
    return VerifiedReview(record_id(encode_review(review)), review, review.reviewer, keyid, (review.reviewer,))


def judged(
    review: Review | bytes,
    *,
    signer: str = "",
    verifier: FakeVerifier | None = None,
    commit: ObjectId = COMMIT,
    known: Iterable[str] | None = None,
) -> RecordedReview:
    """What verify_review makes of a review, or of a payload, that somebody signed."""
    payload = review if isinstance(review, bytes) else encode_review(review)
    name = signer or (review.reviewer if isinstance(review, Review) else "dana@example.com")
    context = VerificationContext(
        REPOSITORY, verifier or trusting("dana", "lee", "risk"), None if known is None else set(known)
    )
    line = FakeSigner(name).line(payload)
    return verify_review(line, commit=commit, model="churn", version="1.4.0", context=context)


def newer_rejection(who: str) -> bytes:
    """A rejection in a version of the format that nobody knows yet."""
    return encode_review(a_review(who, "reject")).replace(b"review:v1", b"review:v2")


def trusting(*names: str) -> FakeVerifier:
    return FakeVerifier().trust(*(FakeSigner(f"{name}@example.com") for name in names))


def a_commit(author: Person = AUTHOR, **changes: Any) -> CommitInfo:
    commit = CommitInfo(COMMIT, object_id("tree"), (), author, 0, author, 0, "train")
    return replace(commit, **changes)


def decide(policy: str | None, *reviews: RecordedReview, **more: Any) -> Decision:
    """The decision of a policy on the version, whose candidate Avery made."""
    options = {"now": 1_000_000, **{k: v for k, v in more.items() if k in ("now", "recorded_at", "earlier", "errors")}}
    subject = {k: v for k, v in more.items() if k not in options}
    defaults: dict[str, Any] = {"current": a_subject(), "facts": facts_of(accuracy=0.93), "commits": (a_commit(),)}
    parsed = parse_policy(policy.encode()) if policy is not None else None
    return evaluate(parsed, PolicySubject(**{**defaults, **subject}), reviews=reviews, **options)


def finding(decision: Decision, rule: str) -> Finding:
    """The one finding whose rule starts so."""
    (found,) = [each for each in decision.findings if each.rule.startswith(rule)]
    return found


def ignored(decision: Decision, rule: str) -> dict[str, str]:
    return {each.id: each.reason for each in finding(decision, rule).ignored}
