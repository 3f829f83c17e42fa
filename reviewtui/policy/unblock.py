"""Who could open the gate together, in the smallest number."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations, islice

from reviewtui.policy.approvals import Votes

MAX_TRIED = 5_000


def smallest_group(entries: Sequence[Votes], *, vetoers: frozenset[str]) -> tuple[str, ...]:
    """A smallest set of persons whose approvals, with those there are, meet every entry; whoever rejected is in it.

    Empty where nobody is needed, or where no set of known persons is enough. Sets are tried by size; where there are
    too many, persons are added one by one, which may name more than the fewest.
    """
    candidates = sorted(
        person
        for person in frozenset().union(*(votes.everybody() for votes in entries)) - vetoers
        if any(person not in votes.votes for votes in entries)
    )
    if not _enough(entries, {*candidates, *vetoers}):
        return ()
    tried = (frozenset(group) for size in range(len(candidates) + 1) for group in combinations(candidates, size))
    for group in islice(tried, MAX_TRIED):
        if _enough(entries, group | vetoers):
            return tuple(sorted(group | vetoers))
    return tuple(sorted({*_one_by_one(entries, candidates, vetoers), *vetoers}))


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
