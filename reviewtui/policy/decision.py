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
    def allowed(self) -> bool:
        """Whether every requirement is met, overridden, or does not apply. Nothing required is not allowed."""
        closing = (FindingState.UNMET, FindingState.ERROR)
        return bool(self.findings) and not any(f.state in closing and not f.warning for f in self.findings)
