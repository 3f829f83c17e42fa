"""A change below .reviewtui/ → Decision: judged by the policy before it, never by the one that it brings.

Its records are reviews as of any version, about the model `.reviewtui` (no model can be called so, whereas `policy` is
a good name for one), the version that the new policy carries, and the commit that is to become the trusted branch:
`.reviewtui@4`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reviewtui.policy.decision import Decision, Finding, FindingState
from reviewtui.policy.evaluate import evaluate
from reviewtui.policy.rules import Policy, ReleaseRule
from reviewtui.policy.subject import PolicySubject
from reviewtui.values import replace
from reviewtui.verification import RecordedReview

POLICY_MODEL = ".reviewtui"

_RULE = "policy-change"


def evaluate_policy_change(
    old: Policy | None,
    new: Policy | None,
    subject: PolicySubject,
    *,
    reviews: Iterable[RecordedReview],
    now: int,
    errors: Iterable[tuple[str, str]] = (),
    recorded_at: Mapping[str, int] | None = None,
) -> Decision:
    """Decide on a change of the settings.

    `old` is the policy in force (None: there is none yet, and the first is trusted on first use); `new` the one that
    the change brings (None: it removes the policy, or `errors` says why it cannot be read). Overrides have no say.
    """
    failures = [Finding(rule, FindingState.ERROR, reason) for rule, reason in sorted(set(errors))]
    if new is None and not failures:
        failures = [Finding(_RULE, FindingState.ERROR, "The change removes the policy; write a new one instead.")]
    if failures or new is None:
        return Decision(tuple(failures))
    if old is None:
        reason = "There was no policy before; this first one is trusted on first use."
        return Decision((Finding(_RULE, FindingState.MET, reason),))
    growth = _growth(old, new)
    if old.policy_changes is None:
        reason = "The policy in force has no policy_changes, so no approval can change it."
        return Decision((growth, Finding(_RULE, FindingState.ERROR, reason)))
    asked = ReleaseRule(models=("*",), approvals=old.policy_changes.approvals, exclude=old.policy_changes.exclude)
    decision = evaluate(
        replace(old, releases=(asked,), overrides=None),
        subject,
        reviews=reviews,
        now=now,
        recorded_at=recorded_at or {},
    )
    return replace(decision, findings=(growth, *decision.findings))


def _growth(old: Policy, new: Policy) -> Finding:
    if new.version > old.version:
        return Finding(_RULE, FindingState.MET, f"The policy's version grows from {old.version} to {new.version}.")
    name = "policy-version-decreased" if new.version < old.version else "policy-version-unchanged"
    reason = f"{name}: the version was {old.version} and is {new.version}; it must grow with every change."
    return Finding(_RULE, FindingState.UNMET, reason)
