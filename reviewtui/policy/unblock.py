"""Who could open the gate together, in the smallest number."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, islice

from reviewtui.policy.approvals import Votes

MAX_TRIED = 1_000


def smallest_group(entries: Sequence[Votes], *, vetoers: frozenset[str]) -> tuple[str, ...]:
    """A smallest set of persons whose approvals, with those there are, meet every entry; whoever rejected is in it.

    Empty where nobody is needed, or where no set of known persons is enough. Sets are tried by size; where there are
    too many, persons are added one by one, which may name more than the fewest.
    """
    candidates = _candidates(entries, vetoers)
    if not _enough(entries, {*candidates, *vetoers}):
        return ()
    tried = (frozenset(group) for size in range(len(candidates) + 1) for group in combinations(candidates, size))
    for group in islice(tried, MAX_TRIED):
        if _enough(entries, group | vetoers):
            return tuple(sorted(group | vetoers))
    return tuple(sorted({*_one_by_one(entries, candidates, vetoers), *vetoers}))


def _candidates(entries: Sequence[Votes], vetoers: frozenset[str]) -> list[str]:
    """Everybody who could add an approval somewhere. Of those who could fill the same seats, no more than are needed:
    which of them it is makes no difference to the number."""
    needed = sum(_short(votes, vetoers) for votes in entries)
    alike: dict[tuple[frozenset[int] | None, ...], list[str]] = {}
    for person in sorted(frozenset().union(*(votes.everybody() for votes in entries)) - vetoers):
        seats = tuple(_open_to(votes, person) for votes in entries)
        if any(seats):
            alike.setdefault(seats, []).append(person)
    return sorted(person for group in alike.values() for person in group[:needed])


def _open_to(votes: Votes, person: str) -> frozenset[int] | None:
    """The rules that a person could still add an approval to; None where the person has one already."""
    if person in votes.votes:
        return None
    return votes.fits(person) if person in votes.everybody() else frozenset()


def _enough(entries: Sequence[Votes], group: frozenset[str] | set[str]) -> bool:
    return all(_short(votes, group) == 0 for votes in entries)


def _short(votes: Votes, group: frozenset[str] | set[str]) -> int:
    return votes.short({*votes.votes, *(group & votes.everybody())})


def _one_by_one(entries: Sequence[Votes], candidates: Sequence[str], vetoers: frozenset[str]) -> set[str]:
    group = set(vetoers)
    for person in candidates:
        if sum(_short(votes, {*group, person}) for votes in entries) < sum(_short(votes, group) for votes in entries):
            group.add(person)
    return group
