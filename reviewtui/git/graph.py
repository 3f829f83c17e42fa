"""CommitGraph: the parents of every commit that some tips descend from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from heapq import heappop, heappush

from reviewtui.git.objects import ObjectId

_HEAD, _BASE = 1, 2


class CommitGraph:
    """Answers which commits lie between two. An answer costs what lies between them, however long the history is."""

    def __init__(self, parents: Mapping[str, tuple[str, ...]]) -> None:
        """`parents` has every commit before its own parents."""
        self._parents = parents
        self._place = {commit: place for place, commit in enumerate(parents)}

    @classmethod
    def read(cls, lines: Iterable[bytes]) -> CommitGraph:
        """From `rev-list --topo-order --parents`: one "commit parent…" a line."""
        rows = (line.decode("ascii").split() for line in lines)
        known = {row[0]: tuple(row[1:]) for row in rows if row}
        return cls({commit: tuple(each for each in parents if each in known) for commit, parents in known.items()})

    def __contains__(self, commit: ObjectId) -> bool:
        return commit in self._parents

    def between(self, base: ObjectId | None, head: ObjectId) -> tuple[ObjectId, ...]:
        """The commits that `head` descends from, itself included, and `base` does not; children before parents."""
        sides: dict[str, int] = {}
        open_: list[tuple[int, str]] = []
        waiting = 0  # Commits that still wait, and of which only `head` is known to descend.
        found: list[ObjectId] = []

        def reach(commit: str, side: int) -> None:
            nonlocal waiting
            before = sides.get(commit, 0)
            sides[commit] = before | side
            if commit in self._place:
                if before == 0:
                    heappush(open_, (self._place[commit], commit))
                waiting += (sides[commit] == _HEAD) - (before == _HEAD)

        reach(head, _HEAD)
        if base is not None:
            reach(base, _BASE)
        # A child always comes before its parents, so that whoever is taken has been reached from all its children.
        while waiting:
            _, commit = heappop(open_)
            side = sides[commit]
            if side == _HEAD:
                waiting -= 1
                found.append(ObjectId(commit))
            for parent in self._parents[commit]:
                reach(parent, side)
        return tuple(found)
