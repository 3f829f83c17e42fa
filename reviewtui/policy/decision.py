"""Decision: the answer of the policy for one version, a Finding for each requirement."""

from __future__ import annotations

from enum import StrEnum

from reviewtui.values import dataclass


class FindingState(StrEnum):
    MET = "met"
    UNMET = "unmet"
    NOT_APPLICABLE = "not-applicable"
    OVERRIDDEN = "overridden"
    ERROR = "error"


IMPOSSIBLE = "Impossible"
"""The word of a reason that nobody could change."""


@dataclass(frozen=True, slots=True)
class IgnoredRecord:
    """A record that did not count towards a requirement, with the reason."""

    id: str
    reason: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One requirement: what it asks (`rule`), its state, why, and which records spoke for it.

    `unblock` names the persons who could meet it. `warning` marks a finding that is shown and does not close the gate.
    """

    rule: str
    state: FindingState
    reason: str
    counted: tuple[str, ...] = ()
    ignored: tuple[IgnoredRecord, ...] = ()
    unblock: tuple[str, ...] = ()
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """All findings for one version. An empty decision allows nothing.

    `approvals` counts the persons whose approval counts, `required` the persons needed. `standing` gives the fate of
    every record of the version: ((record id, "" if it stands, else the reason), …), once for each copy. `stale` are the
    approvals that stood until something changed. `unblock` is a smallest set of persons who could open the gate
    together (an approval each; whoever rejected must withdraw or approve); empty where people alone cannot, or need
    not. `overridden_by` are the records of the overrides that stand.
    """

    findings: tuple[Finding, ...]
    approvals: int = 0
    required: int = 0
    vetoed_by: tuple[str, ...] = ()
    standing: tuple[tuple[str, str], ...] = ()
    stale: tuple[str, ...] = ()
    unblock: tuple[str, ...] = ()
    overridden_by: tuple[str, ...] = ()

    @property
    def impasse(self) -> str:
        """Why nobody's approval could open the gate, as the gate says it: `impossible`, or the rule that is not met;
        "" where people could, and where the gate is open."""
        closing = [f for f in self.findings if f.state in (FindingState.UNMET, FindingState.ERROR) and not f.warning]
        if self.unblock or not closing:
            return ""
        if any(IMPOSSIBLE in finding.reason for finding in closing):
            return IMPOSSIBLE.lower()
        people = tuple(finding for finding in closing if not finding.rule.startswith(("approvals", "veto")))
        return (people or tuple(closing))[0].rule

    @property
    def allowed(self) -> bool:
        """Whether every requirement is met, overridden, or does not apply. Nothing required is not allowed."""
        closing = (FindingState.UNMET, FindingState.ERROR)
        return bool(self.findings) and not any(f.state in closing and not f.warning for f in self.findings)
