"""RecordIndex: which notes hold the records that a question is about, so that a hook need not read them all.

Laws
1. It is a function of one state of the notes, and says which: what it was made of can be made again, and it is safe to
   delete. Where it cannot be kept, it is made anew each time.
2. It says where to look and never what stands there: every line that is judged is read from the notes themselves.
3. It follows the notes by what differs; where that would not do, it is made anew.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from reviewtui.errors import GitError
from reviewtui.git.notes import Notes, NotesProblem
from reviewtui.git.objects import ObjectId
from reviewtui.git.state import share
from reviewtui.git.updates import arrived_notes
from reviewtui.records import RecordedLine, Records, read_records
from reviewtui.values import replace

if TYPE_CHECKING:
    import sqlite3

_FORMAT = "3"
_TABLES = """
CREATE TABLE IF NOT EXISTS state (key TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS record (
    annotated TEXT NOT NULL, id TEXT NOT NULL, model TEXT, version TEXT, prev TEXT, placed INTEGER NOT NULL,
    PRIMARY KEY (annotated, id)
);
CREATE INDEX IF NOT EXISTS record_version ON record (model, version);
CREATE INDEX IF NOT EXISTS record_id ON record (id);
CREATE INDEX IF NOT EXISTS record_prev ON record (prev);
CREATE TABLE IF NOT EXISTS dangling (annotated TEXT NOT NULL, id TEXT NOT NULL, prev TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS problem (path TEXT NOT NULL, problem TEXT NOT NULL);
"""
_NEXT = """
SELECT DISTINCT later.annotated FROM record AS earlier JOIN record AS later ON later.prev = earlier.id
WHERE earlier.model=? AND earlier.version=?
"""
"""What follows a version's records in their chains: it may hold a reviewer to what stands there."""
_TABLE_NAMES = ("state", "record", "dangling", "problem")
_ADD = "INSERT INTO record VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET placed = max(placed, excluded.placed)"
_EMPTY = "DELETE FROM state; DELETE FROM record; DELETE FROM dangling; DELETE FROM problem;"


class RecordIndex:
    """The records of one notes ref at one state; `follow` moves it to another."""

    def __init__(self, notes: Notes, database: sqlite3.Connection) -> None:
        self._notes = notes
        self._database = database
        self._tip: ObjectId | None = None

    @classmethod
    @contextlib.contextmanager
    def open(cls, notes: Notes, file: Path | None, *, settled: ObjectId | None) -> Iterator[RecordIndex]:
        """The index kept in a file (None: nowhere), brought to the settled state of the notes and kept so.

        Whatever it follows afterwards is forgotten at the end: a push may still be refused.
        """
        with contextlib.closing(_connect(file)) as database:
            index = cls(notes, database)
            index._begin()
            index.follow(settled)
            index._keep()
            yield index

    def follow(self, tip: ObjectId | None) -> None:
        """Bring the index to a state of the notes (law 3)."""
        known = self._known_tip()
        if tip is None:
            self._remake(None)
        elif known != tip and (known is None or not self._advance(known, tip)):
            self._remake(tip)
        self._tip = tip

    def records(self, model: str, version: str, commit: ObjectId) -> Records:
        """All records that a decision on a version at a commit can depend on (law 2). Raises: GitError."""
        places = {commit, *self._places("SELECT annotated FROM record WHERE model=? AND version=?", model, version)}
        places |= self._places("SELECT annotated FROM dangling")
        places |= self._places(_NEXT, model, version)
        tree = self._notes.tree_at(self._tip)
        cat_file = self._notes.repository.git.cat_file
        lines = {place: tuple(sorted(tree.lines(place, cat_file))) for place in sorted(places)} if self._tip else {}
        read = read_records({place: each for place, each in lines.items() if each}, problems=self._problems())
        named = {line.claim.prev for line in _every(read) if line.claim is not None and line.claim.prev is not None}
        present = read.ids | {identity for identity in named if self._holds(identity)}
        return replace(read, ids=present, dangling=tuple(line for line in read.dangling if _prev(line) not in present))

    def _known_tip(self) -> ObjectId | None:
        state = dict(self._database.execute("SELECT key, value FROM state"))
        return ObjectId(state["tip"]) if state.get("format") == _FORMAT and state.get("tip") else None

    def _advance(self, known: ObjectId, tip: ObjectId) -> bool:
        """Take over what differs; False where lines went away, or where something is there that is no note."""
        repository = self._notes.repository
        try:
            arrived = arrived_notes(repository, old=known, new=tip)
            if self._problems() or arrived.misplaced:
                return False
            tree = self._notes.tree_at(tip)
            notes = {each: tree.lines(each, repository.git.cat_file) for each in sorted(arrived.changed)}
        except GitError:
            return False
        fresh = list(_every(read_records(notes)))
        ids = {(line.commit, line.id) for line in fresh}
        before = {(each, row) for each in arrived.changed for row in self._ids_beside(each)}
        if not before <= ids:
            return False
        self._add(line for line in fresh if (line.commit, line.id) not in before)
        self._note_tip(tip)
        return True

    def _remake(self, tip: ObjectId | None) -> None:
        for statement in _EMPTY.split(";"):
            self._database.execute(statement)
        if tip is not None:
            content = self._notes.read(at=tip)
            self._add(_every(read_records(content.lines)))
            rows = [(problem.path, problem.problem) for problem in content.problems]
            self._database.executemany("INSERT INTO problem VALUES (?, ?)", rows)
        self._note_tip(tip)

    def _add(self, lines: Iterable[RecordedLine]) -> None:
        rows = [(line.commit, line.id, *(line.about or (None, None)), _prev(line), line.is_placed) for line in lines]
        self._database.executemany(_ADD, rows)
        links = [(row[0], row[1], row[4]) for row in rows if row[4] is not None]
        self._database.executemany("INSERT INTO dangling VALUES (?, ?, ?)", links)
        self._database.execute("DELETE FROM dangling WHERE prev IN (SELECT id FROM record WHERE placed)")

    def _note_tip(self, tip: ObjectId | None) -> None:
        rows = [("format", _FORMAT), ("tip", tip or "")]
        self._database.executemany("INSERT OR REPLACE INTO state VALUES (?, ?)", rows)

    def _places(self, query: str, *values: str) -> set[ObjectId]:
        return {ObjectId(row[0]) for row in self._database.execute(query, values)}

    def _ids_beside(self, annotated: ObjectId) -> list[str]:
        return [row[0] for row in self._database.execute("SELECT id FROM record WHERE annotated=?", (annotated,))]

    def _holds(self, identity: str) -> bool:
        query = "SELECT 1 FROM record WHERE id=? AND placed LIMIT 1"
        return self._database.execute(query, (identity,)).fetchone() is not None

    def _problems(self) -> tuple[NotesProblem, ...]:
        return tuple(NotesProblem(*row) for row in self._database.execute("SELECT path, problem FROM problem"))

    def _begin(self) -> None:
        self._database.execute("BEGIN IMMEDIATE")

    def _keep(self) -> None:
        import sqlite3

        with contextlib.suppress(sqlite3.OperationalError):  # A full disk costs the cache, never the answer.
            self._database.execute("COMMIT")
        if not self._database.in_transaction:
            self._database.execute("BEGIN")


def _every(records: Records) -> Iterator[RecordedLine]:
    return (line for lines in records.by_commit.values() for line in lines)


def _prev(line: RecordedLine) -> str | None:
    return line.claim.prev if line.claim is not None else None


def _connect(file: Path | None) -> sqlite3.Connection:
    """A database in the file; where that is damaged or cannot be written, one that is forgotten (law 1)."""
    import sqlite3

    if file is not None:
        for _ in range(2):
            try:
                database = _prepared(sqlite3.connect(file, timeout=5.0, isolation_level=None))
                share(file)
                return database
            except sqlite3.OperationalError:
                break
            except sqlite3.DatabaseError:
                file.unlink(missing_ok=True)
            except OSError:
                break
    return _prepared(sqlite3.connect(":memory:", isolation_level=None))


def _prepared(database: sqlite3.Connection) -> sqlite3.Connection:
    try:
        if _format_of(database) not in ("", _FORMAT):
            for name in _TABLE_NAMES:
                database.execute(f"DROP TABLE IF EXISTS {name}")
        for statement in _TABLES.split(";"):
            database.execute(statement)
        database.execute("BEGIN IMMEDIATE")
        database.execute("ROLLBACK")
    except BaseException:
        database.close()
        raise
    return database


def _format_of(database: sqlite3.Connection) -> str:
    """The format of the index that is there; "" where there is none."""
    if database.execute("SELECT 1 FROM sqlite_master WHERE name='state'").fetchone() is None:
        return ""
    found = database.execute("SELECT value FROM state WHERE key='format'").fetchone()
    return str(found[0]) if found else "none"
