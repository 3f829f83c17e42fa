"""RecordSource: the records as they will be after a push, by the index, or by reading every note where it cannot be."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Self

from reviewtui.enforcement.model import PushScene
from reviewtui.errors import GitError
from reviewtui.git.notes import Notes
from reviewtui.git.notes_history import read_history
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.repository import Repository
from reviewtui.git.state import state_directory
from reviewtui.records import REVIEWS_REF, RecordedLine, Records, read_records

INDEX_FILE = "records.sqlite"

_Ask = Callable[[str, str, ObjectId], Records]


def make_index(repository: Repository) -> None:
    """Make the index ahead of the first push, as the repository's owner would. Raises: GitError."""
    import sqlite3

    from reviewtui.enforcement.record_index import RecordIndex

    notes = Notes(repository, RefName(REVIEWS_REF))
    folder = state_directory(repository)
    # A first push makes it where this cannot.
    with contextlib.suppress(sqlite3.Error), RecordIndex.open(notes, folder / INDEX_FILE, settled=notes.tip()):
        pass
    owner = repository.common_dir.stat()
    for place in (folder, *folder.glob("*")):
        with contextlib.suppress(PermissionError):
            os.chown(place, owner.st_uid, owner.st_gid)


class RecordSource:
    """Asked for nothing, it reads nothing. Closed at the end of a `with`."""

    def __init__(self, scene: PushScene) -> None:
        self._repository = scene.repository
        self._tip = scene.notes[RefName(REVIEWS_REF)]
        self._notes = Notes(scene.repository, RefName(REVIEWS_REF))
        self._stack = contextlib.ExitStack()
        self._ask: _Ask | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._stack.close()

    def of(self, model: str, version: str, commit: ObjectId) -> Records:
        """All records that a decision on a version at a commit can depend on. Raises: GitError."""
        if self._ask is None:
            self._ask = self._indexed() or self._whole()
        return self._ask(model, version, commit)

    def recorded_at(self, lines: Iterable[RecordedLine]) -> Mapping[str, int]:
        """{record id: when it was brought}; a walk through the notes' history.

        Of all commits that brought it, in whatever spelling, the oldest tells: a record is not made young again.
        """
        wanted = {(line.commit, line.line): line.id for line in lines}
        brought: dict[str, list[ObjectId]] = {}
        if wanted and self._tip is not None:
            for change in read_history(self._notes, tip=self._tip):
                for line in change.added:
                    if (identity := wanted.get((change.annotated, line))) is not None:
                        brought.setdefault(identity, []).append(change.commit)
        infos = self._repository.commits({commit for each in brought.values() for commit in each})
        return {identity: min(infos[commit].committed for commit in each) for identity, each in brought.items()}

    def _indexed(self) -> _Ask | None:
        try:
            import sqlite3
        except ImportError:
            return None
        from reviewtui.enforcement.record_index import RecordIndex

        for place in (self._file(), None):
            try:
                index = self._stack.enter_context(RecordIndex.open(self._notes, place, settled=self._notes.tip()))
                index.follow(self._tip)
            except sqlite3.Error:
                # Damaged, or held by somebody else for too long: this once it is made in memory.
                self._stack.close()
            else:
                return index.records
        return None

    def _file(self) -> Path | None:
        try:
            return state_directory(self._repository) / INDEX_FILE
        except GitError:
            return None

    def _whole(self) -> _Ask:
        content = self._notes.read(at=self._tip) if self._tip is not None else None
        records = read_records(content.lines, problems=content.problems) if content else Records()
        return lambda model, version, commit: records
