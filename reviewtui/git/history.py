"""Ancestry: which of a set of commits are ancestors of which others."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable
from typing import Protocol

from reviewtui.git.objects import ObjectId


class Traces(Protocol):
    """What a repository says of the descent of one commit."""

    def descends(self, commit: ObjectId, ancestor: ObjectId) -> bool: ...
    def ancestors(self, commit: ObjectId) -> frozenset[ObjectId]: ...


class AskedAncestors(Container[ObjectId]):
    """The ancestors of one commit, as far as they are asked about.

    The first that is asked about is nearly always one, and near: that is found without a walk through all history.
    Where it is none, all of them are listed.
    """

    def __init__(self, repository: Traces, commit: ObjectId) -> None:
        self._repository = repository
        self._commit = commit
        self._near: ObjectId | None = None
        self._all: frozenset[ObjectId] | None = None

    def __contains__(self, commit: object) -> bool:
        if commit in (self._commit, self._near):
            return True
        if self._all is None:
            if self._near is None and self._repository.descends(self._commit, ObjectId(str(commit))):
                self._near = ObjectId(str(commit))
                return True
            self._all = self._repository.ancestors(self._commit)
        return commit in self._all


class Ancestry:
    """Answers for the commits it was built for; a commit counts as its own ancestor."""

    def __init__(self, names: tuple[ObjectId, ...], reached: dict[ObjectId, int]) -> None:
        self._names = names
        self._reached = reached

    def ancestors(self, commit: ObjectId) -> frozenset[ObjectId]:
        """Those of the `among` commits that are ancestors of `commit`, or it itself."""
        bits = self._reached.get(commit, 0)
        found = []
        while bits:
            lowest = bits & -bits
            found.append(self._names[lowest.bit_length() - 1])
            bits ^= lowest
        return frozenset(found)


def trace_ancestry(lines: Iterable[bytes], *, tips: Collection[ObjectId], among: Collection[ObjectId]) -> Ancestry:
    """From `rev-list --parents`, parents before children: one "commit parent…" a line.

    A set of commits is the bits of one integer. Along a line of history that passes none of them it is one and the same
    integer, so that memory grows with the commits that are asked about and not with the history.
    """
    names = tuple(dict.fromkeys(among))
    bit_of = {name.encode("ascii"): 1 << number for number, name in enumerate(names)}
    reached: dict[bytes, int] = {}
    for line in lines:
        commit, *parents = line.split()
        bits = 0
        for parent in parents:
            bits = bits | reached.get(parent, 0) if bits else reached.get(parent, 0)
        own = bit_of.get(commit)
        reached[commit] = bits | own if own else bits
    wanted = {each: reached.get(each.encode("ascii"), 0) for each in (*tips, *names)}
    return Ancestry(names, wanted)
