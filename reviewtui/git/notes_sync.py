"""sync_notes(): every notes ref of ours, united line by line with a remote's; nobody's record is ever lost.

1. What this clone itself has lost since it saw it is put back first.
2. What the remote has is fetched beside our own and read with a memory: a line or a history that it once had and has no
   longer is an alarm, and is put back, here and by the push there, too.
3. Both are united and pushed, never by force, again and again while others push in between.
"""

from __future__ import annotations

from collections.abc import Sequence

from reviewtui.errors import GitError
from reviewtui.git.notes import Notes
from reviewtui.git.objects import RefName
from reviewtui.git.remotes import remote_refs
from reviewtui.git.repository import Repository
from reviewtui.git.watched_notes import NotesAlarm, WatchedContent, WatchedNotes
from reviewtui.values import dataclass

NOTES_REFS = tuple(RefName(f"refs/notes/reviewtui/{name}") for name in ("reviews", "pipeline", "data", "feedback"))


@dataclass(frozen=True, slots=True)
class SyncedNotes:
    """What became of one notes ref: lines that came, went and were put back, how often it was tried, what was wrong."""

    ref: RefName
    received: int = 0
    sent: int = 0
    restored: int = 0
    tries: int = 0
    alarms: tuple[NotesAlarm, ...] = ()


def sync_notes(repository: Repository, remote: str, *, refs: Sequence[RefName] = NOTES_REFS) -> tuple[SyncedNotes, ...]:
    """Synchronizes every notes ref that either side has, or had.

    Raises: GitError, also where the remote refuses; RefChangedError where others write faster for too long.
    """
    there = remote_refs(repository, remote, "refs/notes/reviewtui/*")
    synced = []
    for ref in refs:
        notes = Notes(repository, ref)
        theirs = WatchedNotes(Notes(repository, notes.tracking_ref(remote)))
        if ref in there or notes.tip() or WatchedNotes(notes).seen() or theirs.seen():
            synced.append(_synced(notes, remote, theirs, is_there=ref in there))
    return tuple(synced)


def _synced(notes: Notes, remote: str, theirs: WatchedNotes, *, is_there: bool) -> SyncedNotes:
    own = WatchedNotes(notes).mend()
    alarms = list(own.alarms)
    restored = _count(own)
    # A remote that lost its ref leaves the tracking ref as it was; taken away, the memory tells what was lost.
    if not is_there and theirs.seen() is not None:
        _drop(theirs.notes)

    def put_back() -> None:
        nonlocal restored
        content = theirs.read()
        if content.problems:
            raise GitError(f"{remote}: {content.problems[0].path}: {content.problems[0].problem}.")
        new = [each for each in content.alarms if each not in alarms]
        if not new:
            return
        alarms.extend(new)
        if content.replaced is not None:
            notes.unite(content.replaced)
        if content.missing:
            restored += _count(content)
            notes.add(content.missing)

    result = notes.sync(remote, fetched=put_back)
    # What both sides hold now is in the tracking ref, too: the next reading starts there.
    if result.tip is not None:
        theirs.notes.repository.git.run("update-ref", theirs.notes.ref, result.tip)
    theirs.read()
    WatchedNotes(notes).read()
    return SyncedNotes(notes.ref, result.received, result.sent, restored, result.tries, tuple(alarms))


def _count(content: WatchedContent) -> int:
    return sum(map(len, content.missing.values()))


def _drop(notes: Notes) -> None:
    notes.repository.git.run("update-ref", "-d", notes.ref)
