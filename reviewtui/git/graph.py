"""CommitGraph: the parents of every commit that some tips descend from."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reviewtui.git.objects import ObjectId


class CommitGraph:
    """Answers which commits lie between two; the ancestors of a base are kept, because many versions share one."""

    def __init__(self, parents: Mapping[str, tuple[str, ...]]) -> None:
        self._parents = parents
        self._ancestors: dict[str, frozenset[str]] = {}

    @classmethod
    def read(cls, lines: Iterable[bytes]) -> CommitGraph:
        """From `rev-list --parents`: one "commit parent…" a line."""
        rows = (line.decode("ascii").split() for line in lines)
        return cls({row[0]: tuple(row[1:]) for row in rows if row})

    def __contains__(self, commit: ObjectId) -> bool:
        return commit in self._parents

    def between(self, base: ObjectId | None, head: ObjectId) -> tuple[ObjectId, ...]:
        """The commits that `head` descends from, itself included, and `base` does not."""
        known = self._ancestors_of(base) if base is not None else frozenset()
        return tuple(ObjectId(commit) for commit in self._walk(head, stop=known))

    def _ancestors_of(self, commit: ObjectId) -> frozenset[str]:
        if commit not in self._ancestors:
            self._ancestors[commit] = frozenset(self._walk(commit, stop=frozenset()))
        return self._ancestors[commit]

    def _walk(self, start: str, *, stop: frozenset[str]) -> list[str]:
        found: dict[str, None] = {}
        open_ = [] if start in stop else [start]
        while open_:
            commit = open_.pop()
            if commit not in found:
                found[commit] = None
                open_.extend(parent for parent in self._parents.get(commit, ()) if parent not in stop)
        return list(found)
