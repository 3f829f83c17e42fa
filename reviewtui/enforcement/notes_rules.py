"""What a push may do to the notes: add lines, and nothing else.

1. A notes ref of ours is one name below refs/notes/reviewtui/, it is never deleted, and it leads to a commit.
2. Its old commit is an ancestor of the new one.
3. Each commit of the push keeps every line of every note; a line that moves to another path of the note is kept.
4. What arrives is a plain note whose new lines are envelopes, within the limits, in directories that can be read: what
   is no record would be read by everybody for ever.
5. A push brings at most so many commits and changes of notes: what cannot be walked in time cannot be judged.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from reviewtui.enforcement.model import NOTES_PREFIX, Judgement, PushScene, Refusal, configured_limit, plain_name
from reviewtui.errors import GitError, MalformedFileError
from reviewtui.git.notes import MAX_LINE_BYTES, Notes
from reviewtui.git.notes_history import NotesChange, read_history
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.repository import Repository
from reviewtui.git.updates import ArrivedNotes, RefUpdate, arrived_notes, is_ancestor
from reviewtui.patterns import pattern

MOST_REASONS = 5
MOST_CHANGES = 100_000
"""Commits, and changes of notes, in one push; reviewtui.maxNoteChanges in Git's configuration says otherwise."""

_NAME = pattern(r"refs/notes/reviewtui/[a-z][a-z0-9-]{0,63}\Z")
_UNITE = "Unite your records with the server's: reviewtui sync"


class _TooManyError(Exception):
    """There is more to walk than a push may bring."""


def judge_notes(scene: PushScene) -> Judgement:
    """The refusals of every notes ref that the push changes."""
    refusals = []
    for update in scene.updates:
        if _is_ours(update.ref):
            refusals += list(_refusals(scene.repository, update))
    return Judgement(tuple(refusals))


def _is_ours(ref: RefName) -> bool:
    # A name that differs in letter case alone is the same file on some disks.
    name = plain_name(ref)
    return name == NOTES_PREFIX or name.startswith(f"{NOTES_PREFIX}/")


def _refusals(repository: Repository, update: RefUpdate) -> Iterator[Refusal]:
    flaw = _flaw(repository, update)
    if flaw is not None:
        yield flaw
        return
    assert update.new is not None
    reasons = list(dict.fromkeys(_reasons(repository, update.ref, old=update.old, new=update.new)))
    for reason in reasons[:MOST_REASONS]:
        yield Refusal(update.ref, reason, _UNITE if reason.startswith("record-removed") else "")
    if len(reasons) > MOST_REASONS:
        yield Refusal(update.ref, f"and {len(reasons) - MOST_REASONS} more of this kind.")


def _flaw(repository: Repository, update: RefUpdate) -> Refusal | None:
    # 1.
    ref = update.ref
    if not _NAME.match(ref):
        return Refusal(ref, "bad-name: Records are kept in refs/notes/reviewtui/NAME, in lower case.")
    if update.new is None:
        return Refusal(ref, "record-removed: Records are never deleted.")
    info = repository.git.cat_file.info(update.new)
    if info is None or info[1] != "commit":
        what = info[1] if info else "missing object"
        return Refusal(ref, f"wrong-target: It would lead to a {what}, not to a commit.")
    # 2.
    if update.old is not None and not is_ancestor(repository, update.old, update.new):
        return Refusal(ref, "non-fast-forward: The push leaves out records that are there already.", _UNITE)
    return None


def _reasons(repository: Repository, ref: RefName, *, old: ObjectId | None, new: ObjectId) -> Iterator[str]:
    # 3.
    for change in _counted(repository, ref, old=old, new=new):
        if isinstance(change, str):
            yield change
            return
        where = f"the note of {change.annotated[:10]} in {change.commit[:10]}"
        if change.removed:
            yield f"record-removed: {len(change.removed)} of {where}."
        if change.problem:
            is_over = change.problem.startswith("over-limit")
            yield f"{change.problem}: {where}." if is_over else f"malformed: {where}: {change.problem}."
        # 4.
        if any(len(line) > MAX_LINE_BYTES for line in change.added):
            yield f"over-limit: a record in {where} is longer than {MAX_LINE_BYTES} bytes."
        elif strange := _no_records(repository, ref, change, old):
            yield f"malformed: {strange} of {where} {'is no record' if strange == 1 else 'are no records'}."
    try:
        arrived = arrived_notes(repository, old=old, new=new)
        for path, problem in arrived.misplaced:
            yield f"malformed: {path[:100]}: {problem}."
        if not arrived.misplaced:
            yield from _unfindable(repository, ref, arrived, new)
    except GitError as error:
        yield f"error: {error.message}"


def _no_records(repository: Repository, ref: RefName, change: NotesChange, old: ObjectId | None) -> int:
    """How many lines that a commit adds are no envelopes. What is there already stays, and is no fault of this push."""
    if not change.added:
        return 0
    from reviewtui.signing.envelope import is_envelope  # A push that brings no lines needs none of it.

    strange = {line for line in change.added if not is_envelope(line)}
    if strange and old is not None:
        with contextlib.suppress(GitError, MalformedFileError):  # What cannot be read there keeps nothing out of here.
            strange -= Notes(repository, ref).tree_at(old).lines(change.annotated, repository.git.cat_file)
    return len(strange)


def _unfindable(repository: Repository, ref: RefName, arrived: ArrivedNotes, tip: ObjectId) -> Iterator[str]:
    """A directory that Git lists and nobody could read by name would close every gate for ever."""
    tree = Notes(repository, ref).tree_at(tip)
    try:
        for annotated in sorted(arrived.changed):
            tree.find(annotated)
    except (GitError, MalformedFileError) as error:
        yield f"malformed: {error.message}"


def _counted(
    repository: Repository, ref: RefName, *, old: ObjectId | None, new: ObjectId
) -> Iterator[NotesChange | str]:
    """Every change; the reason why no more is read comes last (law 5)."""
    most = configured_limit(repository, "reviewtui.maxNoteChanges", MOST_CHANGES)
    too_many = f"over-limit: The push brings more than {most} commits or changes of notes; push them in smaller parts."
    commits = 0

    def meet(commit: ObjectId, parents: tuple[ObjectId, ...]) -> None:
        nonlocal commits
        commits += 1
        if commits > most:
            raise _TooManyError

    try:
        for number, change in enumerate(read_history(Notes(repository, ref), tip=new, since=old, meet=meet), start=1):
            if number > most:
                raise _TooManyError
            yield change
    except _TooManyError:
        yield too_many
