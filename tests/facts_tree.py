"""A Tree in memory, for tests of the facts that need no Git."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

from reviewtui.errors import MalformedFileError
from reviewtui.facts.extraction import extract_facts
from reviewtui.facts.model import FactSources, VersionFacts
from reviewtui.git.objects import ObjectId, TreeEntry


class MemoryTree:
    """Files by path; a path in `modes` has another mode than a regular file. Reads are counted."""

    def __init__(self, files: Mapping[str, bytes | str], *, modes: Mapping[str, str] | None = None) -> None:
        self._blobs = {path: data.encode() if isinstance(data, str) else data for path, data in files.items()}
        self._modes = modes or {}
        self.reads = 0

    @property
    def commit(self) -> ObjectId:
        return ObjectId("c" * 40)

    def files(self, below: str = "") -> Iterator[TreeEntry]:
        for path in sorted(self._blobs):
            if not below or path.startswith(below + "/"):
                yield self._entry(path)

    def entry(self, path: str) -> TreeEntry | None:
        if path in self._blobs:
            return self._entry(path)
        if any(name.startswith(path + "/") for name in self._blobs):
            return TreeEntry(path, "40000", ObjectId("d" * 40))
        return None

    def size(self, entry: TreeEntry) -> int:
        return len(self._blobs[entry.path])

    def read(self, entry: TreeEntry, *, limit: int) -> bytes:
        self.reads += 1
        data = self._blobs[entry.path]
        if len(data) > limit:
            raise MalformedFileError(entry.path, self.commit, "The file is too large.")
        return data

    def _entry(self, path: str) -> TreeEntry:
        object_id = hashlib.sha1(self._blobs[path]).hexdigest()
        return TreeEntry(path, self._modes.get(path, "100644"), ObjectId(object_id))


def facts_of(files: Mapping[str, bytes | str], **sources: object) -> VersionFacts:
    """The facts of a tree of these files."""
    return extract_facts(MemoryTree(files), FactSources(**sources))  # type: ignore[arg-type]


def problems_of(facts: VersionFacts) -> dict[str, str]:
    """{path: all its problems in one text}."""
    found: dict[str, str] = {}
    for problem in facts.problems:
        found[problem.path] = (found.get(problem.path, "") + " " + problem.problem).strip()
    return found
