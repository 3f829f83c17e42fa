"""What settles a record that might be a rejection: a later verdict of the same person on the very commit; and what of
two records with one number does."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewtui.git.objects import ObjectId
from reviewtui.policy.decision import Decision, FindingState
from reviewtui.verification import UnverifiedReview
from tests.fake_signing import object_id
from tests.recorded import COMMIT, EARLIER, TWO_OF_ANYONE, a_review, decide, judged, verified


def doubt(seq: int = 3) -> UnverifiedReview:
    """Dana's record whose predecessor is missing."""
    record = judged(replace(a_review("dana", seq=seq), prev="sha256:" + "1" * 64), known=())
    assert isinstance(record, UnverifiedReview)
    assert record.may_be_veto
    return record


def decided(who: str, *, seq: int, commit: ObjectId = COMMIT) -> Decision:
    """The decision by two approvals, and a later verdict by somebody on some commit."""
    later = verified(who, seq=seq, commit=commit, tree=object_id("tree" if commit == COMMIT else "earlier tree"))
    return decide(TWO_OF_ANYONE, doubt(), verified("lee"), verified("risk"), later)


def is_doubtful(decision: Decision) -> bool:
    """Whether the gate is closed for what might be a rejection."""
    return any(each.rule == "integrity" and each.state is FindingState.ERROR for each in decision.findings)


def test_the_same_person_settles_it_by_a_later_verdict_on_the_commit() -> None:
    assert not is_doubtful(decided("dana", seq=4))


def test_nobody_else_settles_it() -> None:
    assert is_doubtful(decided("both", seq=4))


def test_an_older_verdict_settles_nothing() -> None:
    assert is_doubtful(decided("dana", seq=2))


def test_a_verdict_on_another_commit_settles_nothing_here() -> None:
    assert is_doubtful(decided("dana", seq=4, commit=EARLIER))


@pytest.mark.parametrize("ending", ["withdraw", "reject"])
def test_of_two_records_with_one_number_the_one_that_takes_back_holds(ending: str) -> None:
    """Two machines of one person may both go on from the same record."""
    approval, end = verified("dana", seq=2), verified("dana", ending, 2)
    for records in ((approval, end), (end, approval)):
        decision = decide(TWO_OF_ANYONE, *records, verified("lee"), verified("risk"))
        assert dict(decision.standing)[approval.id] == {"withdraw": "withdrawn", "reject": "superseded"}[ending]
        assert decision.approvals == 2
