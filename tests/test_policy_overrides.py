"""Overrides: loud, by role, with a reason and an end."""

from __future__ import annotations

import pytest

from reviewtui.policy.decision import Decision, FindingState
from reviewtui.policy.state import state_of
from reviewtui.verification import VerifiedReview
from tests.recorded import (
    EARLIER,
    ONE_EACH,
    a_review,
    decide,
    finding,
    ignored,
    judged,
    verified,
)


def overriding(*records: VerifiedReview, at: int = 999_000, now: int = 1_000_000, **more: object) -> Decision:
    times = {record.id: at for record in records}
    return decide(ONE_EACH + "  metrics: {accuracy: {min: 0.99}}\n", *records, recorded_at=times, now=now, **more)


def test_an_override_turns_what_is_unmet_into_overridden_and_says_so_aloud() -> None:
    override = verified("boss", "override", comment="Outage: incident 12.")
    decision = overriding(override, verified("risk", "reject"))
    assert decision.allowed
    assert {each.state.value for each in decision.findings} == {"overridden"}
    assert decision.findings[0].rule == "override"
    assert "Outage: incident 12." in decision.findings[0].reason
    assert decision.overridden_by == (override.id,)
    assert state_of(decision) == "approved"


def test_an_override_never_covers_what_cannot_be_read() -> None:
    override = verified("boss", "override", comment="Go.")
    assert not overriding(override, errors=[("policy", "Unreadable.")]).allowed
    broken = judged(a_review("dana", "approve", 5), known=())
    decision = decide(ONE_EACH, override, broken, recorded_at={override.id: 999_000})
    assert finding(decision, "integrity").state is FindingState.ERROR
    assert not decision.allowed


@pytest.mark.parametrize(
    ("record", "at", "reason"),
    [
        (verified("boss", "override", comment=" "), 999_000, "malformed"),
        (verified("lee", "override", comment="Go."), 999_000, "no-role"),
        (verified("avery", "override", comment="Go."), 999_000, "author"),
        (verified("boss", "override", comment="Go."), 1_000_000 - 86_400, "withdrawn"),
        (verified("boss", "override", comment="Go."), 2_000_000, "withdrawn"),
        (verified("boss", "override", comment="Go.", base=None), 999_000, "base-changed"),
        (verified("boss", "override", comment="Go.", commit=EARLIER), 999_000, "subject-commit-mismatch"),
    ],
)
def test_an_override_without_reason_role_or_time_left_is_ignored(record: VerifiedReview, at: int, reason: str) -> None:
    decision = overriding(record, at=at)
    assert not decision.allowed
    assert ignored(decision, "override")[record.id].startswith(reason)
    assert dict(decision.standing)[record.id].startswith(reason)


def test_an_override_ends_when_its_maker_withdraws_it_and_not_when_its_maker_approves() -> None:
    override = verified("boss", "override", comment="Go.")
    assert not overriding(override, verified("boss", "withdraw", 2)).allowed
    assert overriding(override, verified("boss", "approve", 2)).allowed
