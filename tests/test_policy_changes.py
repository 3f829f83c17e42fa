"""A change of the policy is judged by the policy before it."""

from __future__ import annotations

from reviewtui.policy.changes import POLICY_MODEL, evaluate_policy_change
from reviewtui.policy.decision import Decision
from reviewtui.policy.evaluate import PolicySubject
from reviewtui.policy.model import parse_policy
from reviewtui.verification import VerifiedReview
from tests.recorded import (
    PEOPLE,
    a_commit,
    a_subject,
    facts_of,
    verified,
)


def change(old: int | None, new: int | None, *reviews: VerifiedReview, extra: str = "") -> Decision:
    needs = extra or "policy_changes: {approvals: [{count: 1, roles: [boss]}]}\n"
    people = PEOPLE.removesuffix("releases:\n").split("\n", 1)[1]
    policies = [parse_policy(f"version: {v}\n{people}{needs}".encode()) if v else None for v in (old, new)]
    current = a_subject(model=POLICY_MODEL, version=str(new))
    subject = PolicySubject(current, facts_of(accuracy=0.93), commits=(a_commit(),))
    return evaluate_policy_change(*policies, subject, reviews=reviews, now=0)


def test_a_change_of_the_policy_needs_what_the_policy_before_it_asks() -> None:
    approval = verified("boss", model=POLICY_MODEL, version="4")
    assert not change(3, 4).allowed
    assert change(3, 4, approval).allowed
    assert not change(3, 4, verified("lee", model=POLICY_MODEL, version="4")).allowed
    assert not change(3, 4, approval, verified("lee", "reject", model=POLICY_MODEL, version="4")).allowed
    assert not change(3, 4, approval, extra="# nothing is said of changes\n").allowed


def test_a_policy_must_grow_and_the_first_one_is_trusted_on_first_use() -> None:
    assert "policy-version-decreased" in change(5, 4, verified("boss", version="4")).findings[0].reason
    assert not change(4, 4, verified("boss", version="4")).allowed
    assert change(None, 1).allowed
    assert "first use" in change(None, 1).findings[0].reason
    assert not change(3, None).allowed
