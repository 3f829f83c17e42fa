"""Approvals: who may fill which requirement of an entry, who does, and who still could.

Laws
1. One person has one vote; a vote that something made stale, and one of whoever made the version, is none.
2. Persons are matched to requirements, not counted greedily: one person fills one, unless distinct: false.
3. A requirement that not even everybody together could meet is called impossible, never met.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reviewtui.policy.decision import Finding, FindingState, IgnoredRecord
from reviewtui.policy.matching import match
from reviewtui.policy.people import People
from reviewtui.policy.rules import ApprovalRule, required_persons
from reviewtui.policy.staleness import Binding, staleness
from reviewtui.policy.standing import Standing
from reviewtui.values import dataclass
from reviewtui.verification import VerifiedReview


@dataclass(frozen=True, slots=True)
class Votes:
    """The approvals of one entry.

    `votes` is the one approval of each person that holds; `flawed` the approvals that do not, with the reason;
    `excluded` who may not vote, with the reason; `eligible` who could fill each rule (None: that is not known);
    `existing` how many could if nobody were excluded.
    """

    rules: tuple[ApprovalRule, ...]
    votes: Mapping[str, VerifiedReview]
    flawed: tuple[IgnoredRecord, ...]
    excluded: Mapping[str, str]
    roles: Mapping[str, frozenset[str]]
    eligible: tuple[frozenset[str] | None, ...]
    existing: tuple[int | None, ...]
    claimed_authors: bool
    older_policy: tuple[str, ...]

    @property
    def stale(self) -> tuple[str, ...]:
        """The approvals that a change made not count."""
        return tuple(each.id for each in self.flawed if each.reason.split(":")[0] in STALE_REASONS)

    def counted(self) -> frozenset[str]:
        """The persons whose approval fits at least one rule."""
        return frozenset(person for person in self.votes if self.fits(person))

    def fits(self, person: str) -> frozenset[int]:
        """The rules that a person has a role for."""
        roles = self.roles.get(person, frozenset())
        return frozenset(i for i, rule in enumerate(self.rules) if not rule.roles or roles & set(rule.roles))

    def filled(self, persons: Iterable[str]) -> tuple[frozenset[str], ...]:
        """For each rule the persons who fill it, where these approve."""
        able = {person: self.fits(person) for person in persons if person not in self.excluded}
        distinct = frozenset(i for i, rule in enumerate(self.rules) if rule.distinct)
        counts = [rule.count if rule.distinct else 0 for rule in self.rules]
        seats = match(counts, {person: fits & distinct for person, fits in able.items()})
        return tuple(
            frozenset(p for p, seat in seats.items() if seat == i)
            if rule.distinct
            else frozenset(p for p, fits in able.items() if i in fits)
            for i, rule in enumerate(self.rules)
        )

    def short(self, persons: Iterable[str]) -> int:
        """How many approvals would still be missing, where these approve."""
        filled = self.filled(persons)
        return sum(max(0, rule.count - len(filled[i])) for i, rule in enumerate(self.rules))

    def required(self) -> int:
        """How many persons the entry needs at least."""
        return required_persons(self.rules)

    def everybody(self) -> frozenset[str]:
        """All who vote or could."""
        return frozenset(self.votes).union(*(group for group in self.eligible if group is not None))


STALE_REASONS = ("facts-changed", "base-changed", "policy-changed", "subject-commit-mismatch")


def collect_votes(
    rules: tuple[ApprovalRule, ...],
    standings: Iterable[Standing],
    *,
    people: People,
    binding: Binding,
    excluded: Mapping[str, str],
    trusted: frozenset[str] | None,
    claimed_authors: bool,
) -> Votes:
    """The votes of an entry with these rules."""
    votes: dict[str, VerifiedReview] = {}
    flawed: list[IgnoredRecord] = []
    for standing in standings:
        for approval in standing.approvals:
            reason = excluded.get(standing.person) or staleness(approval.review.subject, binding)
            if not reason and standing.person in votes:
                reason = "superseded"
            if reason:
                flawed.append(IgnoredRecord(approval.id, reason))
            else:
                votes[standing.person] = approval
    holders = None if trusted is None else frozenset(people.of(name) for name in trusted)
    eligible = tuple(_eligible(rule, people, excluded, holders) for rule in rules)
    known = frozenset(votes).union(*(group for group in eligible if group is not None))
    return Votes(
        rules=rules,
        votes=votes,
        flawed=tuple(sorted(flawed, key=lambda each: (each.id, each.reason))),
        excluded=excluded,
        roles={person: people.roles(person) for person in known},
        eligible=eligible,
        existing=tuple(_existing(rule, people, holders) for rule in rules),
        claimed_authors=claimed_authors,
        older_policy=tuple(
            sorted(vote.id for vote in votes.values() if vote.review.subject.policy != binding.current.policy)
        ),
    )


def approval_findings(votes: Votes, *, ignored: tuple[IgnoredRecord, ...]) -> tuple[Finding, ...]:
    """A finding for each rule; `ignored` are records that never became votes, such as those without a trusted key."""
    filled = votes.filled(votes.votes)
    best = votes.filled(votes.everybody())
    seated = frozenset().union(*filled)
    return tuple(
        _finding(votes, index, filled=filled[index], best=best[index], seated=seated, ignored=ignored)
        for index in range(len(votes.rules))
    )


def _eligible(
    rule: ApprovalRule, people: People, excluded: Mapping[str, str], holders: frozenset[str] | None
) -> frozenset[str] | None:
    if not rule.roles:
        return None if holders is None else holders - excluded.keys()
    able = people.with_roles(rule.roles) - excluded.keys()
    return able if holders is None else able & holders


def _existing(rule: ApprovalRule, people: People, holders: frozenset[str] | None) -> int | None:
    if rule.roles:
        return len(people.with_roles(rule.roles))
    return None if holders is None else len(holders)


def _finding(
    votes: Votes,
    index: int,
    *,
    filled: frozenset[str],
    best: frozenset[str],
    seated: frozenset[str],
    ignored: tuple[IgnoredRecord, ...],
) -> Finding:
    rule = votes.rules[index]
    spare = frozenset(person for person in votes.votes if person not in seated and _first_fit(votes, person) == index)
    counted = tuple(sorted(votes.votes[person].id for person in filled | spare))
    roleless = [
        IgnoredRecord(vote.id, "no-role") for person, vote in votes.votes.items() if index not in votes.fits(person)
    ]
    others = tuple(sorted({*ignored, *votes.flawed, *roleless}, key=lambda each: (each.id, each.reason)))
    existing = votes.existing[index]
    if existing is not None and existing < rule.count:
        reason = f"Impossible: {rule.count} persons are asked for, and the policy has {existing}."
        return Finding(rule.name, FindingState.ERROR, reason, counted, others)
    missing = rule.count - len(filled)
    if missing <= 0:
        return Finding(rule.name, FindingState.MET, _met_words(votes, filled, counted), counted, others)
    eligible = votes.eligible[index]
    could = tuple(sorted(p for p in eligible or () if _would_help(votes, p)))
    if eligible is not None and len(best) < rule.count:
        words = f"{len(filled)} of {rule.count}. {_impossible_words(votes, rule, len(best))}"
        return Finding(rule.name, FindingState.UNMET, words, counted, others)
    noun = "approval is" if missing == 1 else "approvals are"
    asked = f", of {' or '.join(could)}" if could else ""
    reason = f"{len(filled)} of {rule.count}; {missing} more {noun} needed{asked}."
    return Finding(rule.name, FindingState.UNMET, reason, counted, others, could)


def _first_fit(votes: Votes, person: str) -> int:
    return min(votes.fits(person), default=-1)


def _would_help(votes: Votes, person: str) -> bool:
    return person not in votes.votes and votes.short({*votes.votes, person}) < votes.short(votes.votes)


def _met_words(votes: Votes, filled: frozenset[str], counted: tuple[str, ...]) -> str:
    words = f"Approved by {', '.join(votes.votes[person].principal for person in sorted(filled))}."
    if any(identity in votes.older_policy for identity in counted):
        words += " Some of it under an earlier policy."
    if votes.claimed_authors:
        words += " Authorship is only claimed."
    return words


def _impossible_words(votes: Votes, rule: ApprovalRule, most: int) -> str:
    role = f" with the role {' or '.join(rule.roles)}" if rule.roles else ""
    who = "nobody" if most == 0 else "only 1 person" if most == 1 else f"only {most} persons"
    verb = "are" if most > 1 else "is"
    excluded = f"; excluded: {', '.join(sorted(votes.excluded))}" if votes.excluded else ""
    return f"Impossible: {who}{role} {verb} left who can approve this version{excluded}."
