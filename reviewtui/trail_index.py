"""NotesIndex: where every line that ever stood in the notes of one ref came from, and how to read it again.

It holds ids, names and times of the lines, never the lines themselves, but for those that the tip has lost: so a trail
of any length costs some hundred bytes a record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import NamedTuple

from reviewtui.errors import GitError
from reviewtui.git.notes_history import NotesChange
from reviewtui.git.notes_tree import MAX_NOTE_BYTES, split_lines
from reviewtui.git.objects import ObjectId
from reviewtui.git.watched_notes import WatchedContent, WatchedNotes
from reviewtui.records import RecordedLine

_TOGETHER = 512

Place = tuple[ObjectId, bytes]
"""The annotated object, and the digest of a line of its note."""


class NotedLine(NamedTuple):
    """One line: `at` is the time that it claims ("" none), `about` the (model, version) that it claims to speak of.

    `note` is the notes commit that brought it first, `position` that commit's place in the first-parent history (0: the
    tip does not reach it), `time` when the oldest that brought it was made, in seconds since 1970.
    """

    commit: ObjectId
    digest: bytes
    id: str
    about: tuple[str, str] | None
    at: str
    note: ObjectId
    position: int
    time: int | None


class _Met(NamedTuple):
    """What is known of a line while history is still walked."""

    id: str
    about: tuple[str, str] | None
    at: str
    notes: list[ObjectId]


Take = Callable[[ObjectId, bytes], RecordedLine]


class NotesIndex:
    """The lines of one notes ref, walked once."""

    def __init__(self, notes: WatchedNotes, *, take: Take) -> None:
        """`take` takes a line apart. Whatever is wrong with the notes is in `content`."""
        self.ref = notes.notes.ref
        self._notes = notes.notes
        self._met: dict[Place, _Met] = {}
        self._take = take
        self._parents: dict[ObjectId, tuple[ObjectId, ...]] = {}
        self._ids: dict[str, str] = {}
        self._broken: list[tuple[str, RecordedLine]] = []
        self.content: WatchedContent = notes.survey(self._told, self._parents.__setitem__)
        self._tree = self._notes.tree_at(self.content.tip)
        self.ids = frozenset(self._ids)
        self.dangling = tuple(line for prev, line in self._broken if prev not in self.ids)
        self.lines = self._placed()
        self._times = {(line.commit, line.digest): line.time for line in self.lines}
        self.about = _by_name(self.lines)

    def _told(self, change: NotesChange) -> None:
        for line in change.added:
            place = (change.annotated, line_digest(line))
            met = self._met.get(place)
            if met is None:
                self._meet(place, self._take(change.annotated, line), change.commit)
            elif met.notes[-1] != change.commit:
                met.notes.append(change.commit)

    def _meet(self, place: Place, line: RecordedLine, note: ObjectId) -> None:
        claim = line.claim
        identity = self._ids.setdefault(line.id, line.id) if line.is_placed else line.id
        self._met[place] = _Met(identity, line.about, claim.at if claim is not None else "", [note])
        if claim is not None and claim.prev is not None and claim.prev not in self._ids:
            self._broken.append((claim.prev, line))

    def _placed(self) -> tuple[NotedLine, ...]:
        """Every line; what only the walk needs is let go of."""
        tip = self.content.tip
        positions = _positions(self._parents, tip) if tip is not None else {}
        self.length = max(positions.values(), default=0)
        times = dict(self._times_of({note for met in self._met.values() for note in met.notes}))
        found = tuple(
            NotedLine(
                commit,
                digest,
                met.id,
                met.about,
                met.at,
                met.notes[0],
                positions.get(met.notes[0], 0),
                min((times[note] for note in met.notes if note in times), default=None),
            )
            for (commit, digest), met in self._met.items()
        )
        self.newest = max(times.values(), default=0)
        self._met, self._parents, self._ids, self._broken = {}, {}, {}, []
        return found

    def _times_of(self, commits: Iterable[ObjectId]) -> Iterator[tuple[ObjectId, int]]:
        waiting = iter(commits)
        while group := list(islice(waiting, _TOGETHER)):
            for commit, info in self._notes.repository.commits(group).items():
                yield commit, info.committed

    def time_of(self, line: RecordedLine) -> int | None:
        """When a line was brought first."""
        return self._times.get((line.commit, line_digest(line.line)))

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


def line_digest(line: bytes) -> bytes:
    """What tells the lines of one note apart."""
    return hashlib.sha256(line).digest()[:16]


def _by_name(lines: Iterable[NotedLine]) -> Mapping[tuple[str, str], tuple[ObjectId, ...]]:
    """{(model, version): the commits beside which a line speaks of it}."""
    found: dict[tuple[str, str], dict[ObjectId, None]] = {}
    for line in lines:
        if line.about is not None:
            found.setdefault(line.about, {})[line.commit] = None
    return {name: tuple(commits) for name, commits in found.items()}


def _positions(parents: Mapping[ObjectId, tuple[ObjectId, ...]], tip: ObjectId) -> dict[ObjectId, int]:
    """The place of each commit in the first-parent history of the tip, from 1; of one on a side branch the place of the
    merge that brought it."""
    chain = [tip]
    while before := parents.get(chain[-1], ()):
        chain.append(before[0])
    found: dict[ObjectId, int] = {}
    for position, commit in enumerate(reversed(chain), start=1):
        open_ = [commit]
        while open_:
            each = open_.pop()
            if each not in found:
                found[each] = position
                open_.extend(parents.get(each, ()))
    return found
