"""The one word for where a version stands."""

from __future__ import annotations

from reviewtui.policy.decision import Decision

STATES = ("unreviewed", "in-review", "approved", "rejected", "stale", "released", "released-unreviewed")


def state_of(decision: Decision | None, *, released: bool | None = None) -> str:
    """The state of a version, one of STATES.

    `released` is None where no release tag names the version, True where its tag carries our trailers and verifies,
    False for any other release tag. What happened after a release does not undo it.
    """
    if released is not None:
        return "released" if released else "released-unreviewed"
    if decision is None:
        return "unreviewed"
    if decision.vetoed_by:
        return "rejected"
    if decision.allowed:
        return "approved"
    if decision.approvals:
        return "in-review"
    return "stale" if decision.stale else "unreviewed"
