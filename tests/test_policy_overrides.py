"""Overrides: loud, by role, with a reason and an end."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from reviewtui.policy.decision import Decision, FindingState
from reviewtui.policy.state import state_of
from reviewtui.verification import VerifiedReview
from tests.command import POLICY, churn_repository, reviewtui
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


def test_an_override_by_the_command_opens_the_gate_and_the_tag_names_it(tmp_path: Path) -> None:
    policy = {**POLICY, "overrides": {"roles": ["data-science"], "max_age": "24h"}}
    story = churn_repository(tmp_path / "models", policy=policy)
    dana = story.person("dana")
    assert reviewtui(story.path, "gate", "churn@1.1.0").status == 1
    wordless = reviewtui(story.path, "override", "churn@1.1.0", "-m", " ", "--yes", person=dana)
    assert wordless.status == 2 and "comment" in wordless.err
    # Its end is counted from the notes commit that brings it.
    just_now = {"GIT_COMMITTER_DATE": f"{int(time.time())} +0000"}
    words = ("override", "churn@1.1.0", "-m", "Incident 12.", "--yes", "--json")
    done = reviewtui(story.path, *words, person=dana, env=just_now)
    assert done.status == 0, done.err
    gate = reviewtui(story.path, "gate", "churn@1.1.0", "--json")
    assert gate.status == 0
    assert "overridden" in [finding["state"] for finding in gate.json["findings"]]
    assert reviewtui(story.path, "release", "churn@1.1.0", "--yes", person=dana).status == 0
    assert f"Override-Record: {done.json['id']}" in story.git("cat-file", "-p", "refs/tags/churn@v1.1.0")
