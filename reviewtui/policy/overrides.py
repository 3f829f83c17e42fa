"""Overrides: loud, by role, with a reason and an end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from reviewtui.policy.decision import Finding, FindingState, IgnoredRecord
from reviewtui.policy.people import People
from reviewtui.policy.rules import OverrideRule, Policy
from reviewtui.policy.staleness import Binding, staleness
from reviewtui.policy.standing import Standing
from reviewtui.values import dataclass, replace
from reviewtui.verification import VerifiedReview

CLOCK_SKEW = 300
"""Seconds by which the clock of whoever made the notes commit may run ahead."""


@dataclass(frozen=True, slots=True)
class Overrides:
    """The overrides that stand, and those that do not, with the reason."""

    standing: tuple[VerifiedReview, ...]
    ignored: tuple[IgnoredRecord, ...]


@dataclass(frozen=True, slots=True)
class Moment:
    """The time that counts: `now`, and when each record came into the notes, in seconds since 1970."""

    now: int
    recorded_at: Mapping[str, int]


def judge_overrides(
    policy: Policy,
    standings: Iterable[Standing],
    *,
    people: People,
    binding: Binding,
    authors: Mapping[str, str],
    moment: Moment,
) -> Overrides:
    """Which overrides stand. Nobody overrides for a version of one's own, whatever the entries exclude."""
    standing: list[VerifiedReview] = []
    ignored: list[IgnoredRecord] = []
    for person in standings:
        for record in person.overrides:
            reason = (
                _flaw(record, policy.overrides, roles=people.roles(person.person), moment=moment)
                or authors.get(person.person)
                or staleness(record.review.subject, binding)
            )
            if reason:
                ignored.append(IgnoredRecord(record.id, reason))
            else:
                standing.append(record)
    return Overrides(
        tuple(sorted(standing, key=lambda each: each.id)), tuple(sorted(ignored, key=lambda each: each.id))
    )


def override_finding(overrides: Overrides, *, policy: Policy, moment: Moment) -> Finding | None:
    """The finding that says so aloud; None where nobody tried."""
    if overrides.standing and policy.overrides:
        words = [_words(record, policy.overrides, moment) for record in overrides.standing]
        counted = tuple(record.id for record in overrides.standing)
        return Finding("override", FindingState.OVERRIDDEN, " ".join(words), counted, overrides.ignored)
    if overrides.ignored:
        reason = "No override stands."
        return Finding("override", FindingState.NOT_APPLICABLE, reason, (), overrides.ignored)
    return None


def overridden(finding: Finding, overrides: Overrides) -> Finding:
    """An unmet finding as the overrides leave it. Errors, and what only warns, stay as they are."""
    if finding.state is not FindingState.UNMET or finding.warning or not overrides.standing:
        return finding
    by = ", ".join(record.principal for record in overrides.standing)
    return replace(finding, state=FindingState.OVERRIDDEN, reason=f"Overridden by {by}. {finding.reason}", unblock=())


def _flaw(record: VerifiedReview, rule: OverrideRule | None, *, roles: frozenset[str], moment: Moment) -> str:
    if rule is None or not roles & set(rule.roles):
        return "no-role"
    if not record.review.comment.strip():
        return "malformed: an override needs a comment"
    recorded = moment.recorded_at.get(record.id)
    if recorded is None:
        return "withdrawn: when the override was recorded is not known"
    if recorded > moment.now + CLOCK_SKEW:
        return "withdrawn: the override is dated in the future"
    if moment.now >= recorded + rule.max_age:
        return f"withdrawn: the override ended {_time(recorded + rule.max_age)}"
    return ""


def _words(record: VerifiedReview, rule: OverrideRule, moment: Moment) -> str:
    end = _time(moment.recorded_at[record.id] + rule.max_age)
    return f"{record.principal} overrides until {end}: {record.review.comment.strip()}"


def _time(seconds: int) -> str:
    try:
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (ValueError, OverflowError, OSError):
        return f"at {seconds}"
