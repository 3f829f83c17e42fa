"""What each commit of a notes ref did to the notes, read in one walk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice

from reviewtui.errors import GitError
from reviewtui.git.notes import Notes
from reviewtui.git.notes_tree import MAX_NOTE_BYTES, NOTE_MODE, annotated_object, split_lines, why_unread
from reviewtui.git.objects import ObjectId
from reviewtui.values import dataclass

Meet = Callable[[ObjectId, tuple[ObjectId, ...]], None]
"""Told of every commit that is walked, and its parents, whether it changed a note or not."""

_TOGETHER = 256
_COMMIT = b"\x01commit "


@dataclass(frozen=True, slots=True)
class NotesChange:
    """What one commit did to one note, against one of its parents.

    A merge is told once for each parent, so that what it brings from one side is `added` against the other, and what it
    dropped from either is `removed`. `problem` says why the note, as it is after the commit, is not readable whole;
    `unreadable`: lines may be missing from what is told here.
    """

    commit: ObjectId
    annotated: ObjectId
    removed: tuple[bytes, ...]
    added: tuple[bytes, ...]
    problem: str = ""
    unreadable: bool = False


@dataclass(slots=True)
class _Touched:
    """The blobs of one note before and after, and whatever stands where it should be."""

    commit: ObjectId
    annotated: ObjectId
    before: list[ObjectId]
    after: list[ObjectId]
    problem: str = ""


def read_history(
    notes: Notes, *, tip: ObjectId, since: ObjectId | None = None, meet: Meet | None = None
) -> Iterator[NotesChange]:
    """Every change from the oldest to the newest; with `since`, only those that are not in that commit's history.

    One git process for the walk; blobs are read some hundreds of commits at a time.
    Raises: GitCommandError where `since` or a commit of the history is missing.
    """
    records = _touched(notes, tip, since, meet)
    while group := list(islice(records, _TOGETHER)):
        blobs = {blob for each in group for blob in (*each.before, *each.after)}
        texts = notes.repository.git.cat_file.read_many(blobs, limit=MAX_NOTE_BYTES)
        for each in group:
            yield from _change(notes, each, texts)


def _change(notes: Notes, touched: _Touched, texts: Mapping[str, bytes]) -> Iterator[NotesChange]:
    before, after = _lines(touched.before, texts), _lines(touched.after, texts)
    problem = touched.problem
    unread = [blob for blob in (*touched.after, *touched.before) if blob not in texts]
    if unread:
        infos = notes.repository.git.cat_file.infos(unread)
        problem = problem or next(why_unread(infos.get(blob)) for blob in unread)
    removed, added = before - after, after - before
    if removed:
        # A line that is gone from one path may still stand in another path of the same note.
        try:
            removed -= notes.tree_at(touched.commit).lines(touched.annotated, notes.repository.git.cat_file)
        except GitError as error:
            problem = problem or error.message
    if removed or added or problem:
        lines = tuple(sorted(removed)), tuple(sorted(added))
        yield NotesChange(touched.commit, touched.annotated, *lines, problem, bool(unread))


def _lines(blobs: Sequence[ObjectId], texts: Mapping[str, bytes]) -> frozenset[bytes]:
    return frozenset(chain.from_iterable(split_lines(texts[blob]) for blob in blobs if blob in texts))


def _touched(notes: Notes, tip: ObjectId, since: ObjectId | None, meet: Meet | None) -> Iterator[_Touched]:
    excluded = (f"^{since}",) if since is not None else ()
    # Not -m, which shows what the configuration says, and that may be nothing.
    words = ("--raw", "--diff-merges=separate", "--root", "-r", "-t", "--no-abbrev", "-z", "--no-renames")
    order = ("--topo-order", "--reverse", "--format=%x01commit %H %P")
    stream = notes.repository.git.stream("log", *words, *order, "--end-of-options", tip, *excluded, "--")
    digits = notes.repository.id_digits
    commit = ObjectId("")
    pending: dict[ObjectId, _Touched] = {}
    for token in stream:
        # A commit's line may be followed, in the same record, by its first change.
        for part in token.split(b"\n"):
            if part.startswith(_COMMIT):
                yield from pending.values()
                pending = {}
                commit, *parents = (ObjectId(word) for word in part[len(_COMMIT) :].decode("ascii").split())
                if meet is not None:
                    meet(commit, tuple(parents))
            elif part.startswith(b":"):
                path = next(stream, b"").decode("utf-8", "surrogateescape")
                annotated = annotated_object(path, digits=digits)
                if annotated is not None:
                    known = pending.setdefault(annotated, _Touched(commit, annotated, [], []))
                    _note_down(known, part.decode("ascii")[1:].split(" "))
    yield from pending.values()


def _note_down(touched: _Touched, about: Sequence[str]) -> None:
    mode_before, mode_after, before, after, _ = about
    if mode_before == NOTE_MODE:
        touched.before.append(ObjectId(before))
    if mode_after == NOTE_MODE:
        touched.after.append(ObjectId(after))
    elif mode_after != "000000":
        touched.problem = f"it is no plain file (mode {mode_after})"
