"""NotesIndex: where every line that ever stood in the notes of one ref came from, and how to read it again.

It keeps ids, names and times of the lines in a temporary file, and never the lines themselves, but for those that the
tip has lost: so a trail of any length costs no memory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import NamedTuple

from reviewtui.errors import GitError
from reviewtui.git.notes_history import NotesChange
from reviewtui.git.notes_tree import MAX_NOTE_BYTES, split_lines
from reviewtui.git.objects import ObjectId
from reviewtui.git.watched_notes import WatchedContent, WatchedNotes
from reviewtui.records import RecordedLine
from reviewtui.spill import Row, Spill

_TOGETHER = 512
_TABLES = (
    # A commit of the notes, each after its parents. `position`: its place in the first-parent history of the tip.
    "CREATE TABLE commits (number INTEGER PRIMARY KEY, id TEXT UNIQUE, parents TEXT, position INTEGER, time INTEGER)",
    "CREATE TABLE lines (number INTEGER PRIMARY KEY, annotated TEXT, digest BLOB, id TEXT, is_placed INTEGER,"
    " model TEXT, version TEXT, at TEXT, first INTEGER, time INTEGER, UNIQUE (annotated, digest))",
    "CREATE INDEX lines_by_id ON lines (id)",
    "CREATE INDEX lines_by_version ON lines (model, version)",
    "CREATE TABLE brought (note INTEGER, line INTEGER, PRIMARY KEY (note, line)) WITHOUT ROWID",
    "CREATE INDEX brought_by_line ON brought (line, note)",
)
_LINE = """
SELECT lines.number, annotated, digest, lines.id, model, version, at, commits.id, coalesce(position, 0), lines.time
FROM lines JOIN commits ON commits.number = first
"""
_WHO_BROUGHT = """
SELECT number, id FROM commits WHERE number > ? AND EXISTS (SELECT 1 FROM brought WHERE note = number)
ORDER BY number LIMIT ?
"""
_MERGE_OR_BELOW = """
SELECT number, parents, position FROM commits WHERE number <= ? AND position IS NOT NULL ORDER BY number DESC LIMIT 1
"""
_REACHED = "UPDATE commits SET position = min(coalesce(position, ?), ?) WHERE id = ?"

Place = tuple[ObjectId, bytes]
"""The annotated object, and the digest of a line of its note."""


class NotedLine(NamedTuple):
    """One line: `at` is the time that it claims ("" none), `about` the (model, version) that it claims to speak of.

    `number` is its place in the index. `note` is the notes commit that brought it first, `position` that commit's place
    in the first-parent history (0: the tip does not reach it), `time` when the oldest that brought it was made, in
    seconds since 1970.
    """

    number: int
    commit: ObjectId
    digest: bytes
    id: str
    about: tuple[str, str] | None
    at: str
    note: ObjectId
    position: int
    time: int | None


Take = Callable[[ObjectId, bytes], RecordedLine]


class NotesIndex:
    """The lines of one notes ref, walked once.

    `content` is whatever is wrong with the notes, `length` that of the first-parent history of the tip, and `newest`
    the newest time of a commit that brought a line. `dangling` are the lines whose predecessor is not in `ids`.
    """

    def __init__(self, notes: WatchedNotes, *, take: Take) -> None:
        """`take` takes a line apart."""
        self.ref = notes.notes.ref
        self._notes = notes.notes
        self._spill = Spill(*_TABLES)
        self._take = take
        self._commit = (ObjectId(""), 0)
        self._broken: list[tuple[str, RecordedLine]] = []
        self.content: WatchedContent = notes.survey(self._told, self._met)
        self._tree = self._notes.tree_at(self.content.tip)
        self.ids: Set[str] = _PlacedIds(self._spill)
        self.dangling = tuple(line for prev, line in self._broken if prev not in self.ids)
        self.length = self._give_positions(self.content.tip)
        self.newest = self._give_times()

    def _met(self, commit: ObjectId, parents: tuple[ObjectId, ...]) -> None:
        self._spill.run("INSERT OR IGNORE INTO commits (id, parents) VALUES (?, ?)", commit, " ".join(parents))

    def _told(self, change: NotesChange) -> None:
        for line in change.added:
            digest = line_digest(line)
            query = "SELECT number FROM lines WHERE annotated = ? AND digest = ?"
            met = self._spill.row(query, change.annotated, digest)
            commit = self._number_of(change.commit)
            number = met[0] if met else self._meet(self._take(change.annotated, line), digest, commit)
            self._spill.run("INSERT OR IGNORE INTO brought VALUES (?, ?)", commit, number)

    def _number_of(self, commit: ObjectId) -> int:
        if commit != self._commit[0]:
            found = self._spill.row("SELECT number FROM commits WHERE id = ?", commit)
            assert found is not None, "a commit is met before its changes are told"
            self._commit = commit, found[0]
        return self._commit[1]

    def _meet(self, line: RecordedLine, digest: bytes, commit: int) -> int:
        claim = line.claim
        if claim is not None and claim.prev is not None and not _is_placed(self._spill, claim.prev):
            self._broken.append((claim.prev, line))
        at = claim.at if claim is not None else ""
        return self._spill.run(
            "INSERT INTO lines (annotated, digest, id, is_placed, model, version, at, first)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            *(line.commit, digest, line.id, line.is_placed, *(line.about or (None, None)), at, commit),
        )

    def _give_positions(self, tip: ObjectId | None) -> int:
        """Number the first-parent history of the tip from 1; a commit on a side branch gets the number of the merge
        that brought it. Gives the length."""
        length, commit = 0, tip
        while commit is not None:
            length += 1
            found = self._spill.row("SELECT number, parents FROM commits WHERE id = ?", commit)
            if found is not None:
                # Counted from the tip, until the length is known.
                self._spill.run("UPDATE commits SET position = ? WHERE number = ?", length, found[0])
            commit = ObjectId(found[1].partition(" ")[0]) if found is not None and found[1] else None
        self._spill.run("UPDATE commits SET position = ? - position", length + 1)
        self._give_side_positions()
        return length

    def _give_side_positions(self) -> None:
        """Children come before their parents here, so that each has been reached from all of them when it is met."""
        highest = self._spill.row("SELECT max(number) FROM commits WHERE parents LIKE '% %'")
        number = highest[0] if highest is not None else None
        while number is not None and (found := self._spill.row(_MERGE_OR_BELOW, number)) is not None:
            for parent in found[1].split():
                self._spill.run(_REACHED, found[2], found[2], parent)
            number = found[0] - 1

    def _give_times(self) -> int:
        """Note when each line was brought. Gives the newest time of a commit that brought one."""
        number = 0
        while group := list(self._spill.rows(_WHO_BROUGHT, number, _TOGETHER)):
            infos = self._notes.repository.commits(ObjectId(commit) for _, commit in group)
            times = ((infos[commit].committed, row) for row, commit in group if commit in infos)
            self._spill.run_many("UPDATE commits SET time = ? WHERE number = ?", times)
            number = group[-1][0]
        self._spill.run(
            "UPDATE lines SET time ="
            " (SELECT min(time) FROM brought JOIN commits ON commits.number = note WHERE line = lines.number)"
        )
        newest = self._spill.row("SELECT max(time) FROM commits")
        return newest[0] or 0 if newest is not None else 0

    def lines(self) -> Iterator[NotedLine]:
        """Every line, in the order in which they were met."""
        return map(_noted_line, self._spill.rows(f"{_LINE} ORDER BY lines.number"))

    def line(self, number: int) -> NotedLine:
        """One of `lines`."""
        found = self._spill.row(f"{_LINE} WHERE lines.number = ?", number)
        assert found is not None
        return _noted_line(found)

    def beside(self, model: str, version: str) -> tuple[ObjectId, ...]:
        """The commits beside which a line speaks of a version."""
        query = "SELECT annotated FROM lines WHERE model = ? AND version = ? GROUP BY annotated ORDER BY min(number)"
        return tuple(ObjectId(commit) for (commit,) in self._spill.rows(query, model, version))

    def time_of(self, line: RecordedLine) -> int | None:
        """When a line was brought first."""
        query = "SELECT time FROM lines WHERE annotated = ? AND digest = ?"
        found = self._spill.row(query, line.commit, line_digest(line.line))
        return found[0] if found is not None else None

    def read(self, commits: Iterable[ObjectId]) -> Mapping[ObjectId, tuple[bytes, ...]]:
        """The notes of some objects whole: their lines, also the lost ones, in bytewise order."""
        blobs = {commit: self._blobs(commit) for commit in dict.fromkeys(commits)}
        wanted = {blob for each in blobs.values() for blob in each}
        texts = self._notes.repository.git.cat_file.read_many(wanted, limit=MAX_NOTE_BYTES)
        return {
            commit: tuple(
                sorted(
                    frozenset(self.content.missing.get(commit, ())).union(
                        *(split_lines(texts[blob]) for blob in each if blob in texts)
                    )
                )
            )
            for commit, each in blobs.items()
        }

    def _blobs(self, commit: ObjectId) -> tuple[ObjectId, ...]:
        try:
            return tuple(self._tree.find(commit).values())
        except GitError:
            return ()  # An entry that is no note is an alarm of `content`.


class _PlacedIds(Set[str]):
    """The ids of the records that stand beside the commit they speak of."""

    def __init__(self, spill: Spill) -> None:
        self._spill = spill

    def __contains__(self, identity: object) -> bool:
        return _is_placed(self._spill, identity)

    def __iter__(self) -> Iterator[str]:
        return (identity for (identity,) in self._spill.rows("SELECT DISTINCT id FROM lines WHERE is_placed"))

    def __len__(self) -> int:
        found = self._spill.row("SELECT count(DISTINCT id) FROM lines WHERE is_placed")
        return found[0] if found is not None else 0


def line_digest(line: bytes) -> bytes:
    """What tells the lines of one note apart."""
    return hashlib.sha256(line).digest()[:16]


def _is_placed(spill: Spill, identity: object) -> bool:
    return spill.row("SELECT 1 FROM lines WHERE id = ? AND is_placed", identity) is not None


def _noted_line(row: Row) -> NotedLine:
    number, commit, digest, identity, model, version, at, note, position, time = row
    about = None if model is None else (model, version)
    return NotedLine(number, ObjectId(commit), digest, identity, about, at, ObjectId(note), position, time)
