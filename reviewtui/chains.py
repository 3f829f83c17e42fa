"""Chains: what a reviewer's later records prove of the earlier ones, whatever became of their signatures.

A record's id is the digest of its payload, and the same reviewer's next record names it under a signature. So whoever
spoils the signature of a rejection leaves its content proven, and an approval that it took back stays taken back.

Laws
1. A record is held to if a later record of the same reviewer names it, and that one is verified or held to itself.
2. What is held to never helps: it closes the gate as what might be a rejection does, until the reviewer settles it.
3. It closes nothing that later records of the same chain, held to as well, took back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

from reviewtui.records import RecordedLine, Records
from reviewtui.review import Review, Verdict
from reviewtui.values import replace
from reviewtui.verification import (
    RecordedReview,
    UnverifiedReview,
    VerificationContext,
    VerifiedReview,
    verify_review,
)

JudgedLine = tuple[RecordedLine, RecordedReview]

_ABOUT_ANOTHER = ("subject-", "repository-mismatch", "broken-chain")


class Chains:
    """The chains of all reviewers, as one reading of the notes has them."""

    def __init__(self, records: Records, context: VerificationContext) -> None:
        self._records = records
        self._context = context
        self._held: dict[str, bool] = {}

    def weighed(self, lines: Sequence[JudgedLine], name: tuple[str, str]) -> tuple[RecordedReview, ...]:
        """The judged lines of the version that `name` is (model, version), with what might be a veto marked so."""
        verified = {each.id: each for _, each in lines if isinstance(each, VerifiedReview)}
        held = [
            line.claim
            for line, each in lines
            if line.claim and line.about == name and line.id not in verified and self._is_spoilt(line, each)
        ]
        if not held:
            return tuple(each for _, each in lines)
        doubtful = {review for review in held if _takes_back(review, held=held, verified=verified.values())}
        return tuple(_marked(each, line.claim) if line.claim in doubtful else each for line, each in lines)

    def _is_spoilt(self, line: RecordedLine, judged: RecordedReview) -> bool:
        """Whether a line does not count for its signature alone, and is held to all the same."""
        if not isinstance(judged, UnverifiedReview) or judged.reason.startswith(_ABOUT_ANOTHER):
            return False
        is_ours = line.claim is not None and line.claim.subject.repository == self._context.repository
        return is_ours and line.is_placed and self._is_held(line)

    def _is_held(self, line: RecordedLine) -> bool:
        """Law 1."""
        met, waiting = {line.id}, [line]
        while waiting:
            for later in self._later(waiting.pop()):
                if self._held.get(later.id) or self._is_verified(later):
                    self._held[line.id] = True
                    return True
                if later.id not in met and later.id not in self._held:
                    met.add(later.id)
                    waiting.append(later)
        self._held.update(dict.fromkeys(met, False))
        return False

    def _later(self, line: RecordedLine) -> Iterable[RecordedLine]:
        for later in self._named_by.get(line.id, ()):
            if line.claim and later.claim and later.claim.reviewer == line.claim.reviewer:
                yield later

    def _is_verified(self, line: RecordedLine) -> bool:
        judged = verify_review(line.line, commit=line.commit, model=None, version=None, context=self._context)
        return isinstance(judged, VerifiedReview)

    @cached_property
    def _named_by(self) -> dict[str, list[RecordedLine]]:
        """{record id: the lines that name it as their predecessor}."""
        found: dict[str, list[RecordedLine]] = {}
        for line in (line for lines in self._records.by_commit.values() for line in lines):
            if line.claim is not None and line.claim.prev is not None:
                found.setdefault(line.claim.prev, []).append(line)
        return found


def _takes_back(review: Review, *, held: Iterable[Review], verified: Iterable[VerifiedReview]) -> bool:
    """Law 3: whether a review that is held to is a rejection that stands, or a withdrawal of something that counts."""
    own = (each for each in held if each.reviewer == review.reviewer and each.seq > review.seq)
    if review.verdict is Verdict.REJECT:
        return not any(
            each.verdict is Verdict.WITHDRAW
            or (each.verdict is Verdict.APPROVE and each.subject.commit == review.subject.commit)
            for each in own
        )
    helping = (Verdict.APPROVE, Verdict.OVERRIDE)
    return review.verdict is Verdict.WITHDRAW and any(
        each.principal == review.reviewer and each.review.verdict in helping and each.review.seq <= review.seq
        for each in verified
    )


def _marked(judged: RecordedReview, claim: Review | None) -> RecordedReview:
    if claim is None or not isinstance(judged, UnverifiedReview):
        return judged
    return replace(judged, review=claim, principal=claim.reviewer, may_be_veto=True)
