"""Spill: rows that are too many to be held, in a temporary file of their own that ends with its reader.

SQLite keeps some of the file in memory and the rest on disk, where the system has its temporary files; the file has no
name that anybody else could open.
"""

from __future__ import annotations

import sqlite3
import weakref
from collections.abc import Iterable, Iterator
from typing import Any

from reviewtui.errors import ReviewTuiError

HELD_KIB = 1024
"""The most of the file that is held in memory, in KiB."""
_HINT = "TMPDIR names a folder with more room."

Row = tuple[Any, ...]


class Spill:
    """One temporary file with tables. What it raises where there is no room: ReviewTuiError."""

    def __init__(self, *statements: str, held: int = HELD_KIB) -> None:
        """`statements` make the tables."""
        # Whoever tells a trail may do it in another thread than who asked for it, though never in two at once.
        self._database = sqlite3.connect("", isolation_level=None, check_same_thread=False)
        weakref.finalize(self, self._database.close)
        # Nothing of it outlives this process, so nothing of it is kept safe; one transaction spares one for each row.
        settings = ("journal_mode=OFF", "synchronous=OFF", "temp_store=FILE", f"cache_size=-{held}")
        for statement in (*(f"PRAGMA {each}" for each in settings), *statements, "BEGIN"):
            self.run(statement)

    def run(self, statement: str, *values: object) -> int:
        """Change something. Gives the number of the row that was last inserted."""
        try:
            return self._database.execute(statement, values).lastrowid or 0
        except sqlite3.OperationalError as error:
            raise _no_room(error) from error

    def run_many(self, statement: str, rows: Iterable[Row]) -> None:
        """Change something once for each row."""
        try:
            self._database.executemany(statement, rows)
        except sqlite3.OperationalError as error:
            raise _no_room(error) from error

    def rows(self, statement: str, *values: object) -> Iterator[Row]:
        """What a query finds, a row at a time."""
        try:
            yield from self._database.execute(statement, values)
        except sqlite3.OperationalError as error:
            raise _no_room(error) from error

    def row(self, statement: str, *values: object) -> Row | None:
        """The first row that a query finds."""
        try:
            found: Row | None = self._database.execute(statement, values).fetchone()
        except sqlite3.OperationalError as error:
            raise _no_room(error) from error
        return found


def _no_room(error: sqlite3.OperationalError) -> ReviewTuiError:
    return ReviewTuiError(f"The temporary file of a long list cannot be used: {error}.", hint=_HINT)
