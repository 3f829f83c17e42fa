"""Notes: append-only lines beside a commit.

Laws
1. A write is a compare-and-swap of the ref: it happens whole, or not at all, and never over somebody else's.
2. Reading is total: what is no note is a problem with a name, never a silence.
3. Nothing here takes a line away. Two histories are united line by line.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING

from reviewtui.errors import GitCommandError, GitError, MalformedFileError, RefChangedError
from reviewtui.git.notes_tree import (
    MAX_NOTE_BYTES,
    MAX_NOTES,
    NOTE_MODE,
    NotesTree,
    annotated_object,
    join_lines,
    split_lines,
    why_unread,
    write_blobs,
)
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.repository import Repository
from reviewtui.values import dataclass

if TYPE_CHECKING:
    from reviewtui.git.notes_history import NotesChange

MAX_LINE_BYTES = 64 << 10
WRITE_TRIES = 200
SYNC_TRIES = 30
TRACKING = "refs/notes/reviewtui-remotes/"

_NOTES = "refs/notes/"
_LONGEST_PAUSE = 0.05
# To try with a remote takes far longer, so that who meets others there must leave them more time.
_REMOTE_STEP = 0.25
_LONGEST_REMOTE_PAUSE = 4.0


@dataclass(frozen=True, slots=True)
class NotesProblem:
    """Something below a notes ref that is no readable note: the path, and what is wrong with it.

    `harmless`: it was never a note, so that no record can be lost with it.
    """

    path: str
    problem: str
    harmless: bool = False


@dataclass(frozen=True, slots=True)
class NotesContent:
    """All notes of one state: lines in bytewise order by annotated commit, and what could not be read."""

    lines: Mapping[ObjectId, tuple[bytes, ...]]
    problems: tuple[NotesProblem, ...] = ()
    tip: ObjectId | None = None


@dataclass(frozen=True, slots=True)
class SyncResult:
    """Lines that came, lines that went, how often it was tried, and the tip that both sides have now."""

    received: int
    sent: int
    tries: int
    tip: ObjectId | None


class Notes:
    """The notes below one ref of one repository."""

    def __init__(self, repository: Repository, ref: RefName) -> None:
        if not ref.startswith(_NOTES):
            raise GitError(f"{ref} is no notes ref.")
        self.repository = repository
        self.ref = ref

    def tip(self) -> ObjectId | None:
        """The commit that the ref points to, or None where there is no such ref.

        Raises: GitError where it points to something else, or to what is missing.
        """
        return self.commit_at(self.ref)

    def lines(self, commit: ObjectId) -> tuple[bytes, ...]:
        """The lines of one commit's note, without LF, in bytewise order. Raises: GitError."""
        return tuple(sorted(self._tree(self.tip()).lines(commit, self.repository.git.cat_file)))

    def read(self, commits: Iterable[ObjectId] | None = None, *, at: ObjectId | None = None) -> NotesContent:
        """All notes, or those of some commits, now or as of a commit of the notes' own history (law 2)."""
        try:
            tip = at or self.tip()
            if tip is None:
                return NotesContent({})
            return self._read(tip, None if commits is None else frozenset(commits))
        except (GitError, MalformedFileError) as error:
            return NotesContent({}, (NotesProblem(self.ref, error.message),))

    def append(self, commit: ObjectId, line: bytes) -> ObjectId:
        """Adds a line to a commit's note, and gives the notes commit that holds it.

        Raises: RefChangedError where others write faster for too long; GitError.
        """
        _check_line(line)
        if annotated_object(commit, digits=self.repository.id_digits) is None or "/" in commit:
            raise GitError(f"{commit} is no full object id.")
        return self._write(lambda tip: self._appended(tip, commit, line))

    def unite(self, other: ObjectId) -> tuple[ObjectId, int]:
        """Takes over every line of another state of the notes. Gives the tip, and the number of lines that were new.

        Raises: RefChangedError; GitError where a note of the other state cannot be read whole.
        """
        counts = [0]

        def united(tip: ObjectId | None) -> ObjectId:
            made, counts[0] = self._with(tip, other)
            return made

        return self._write(united), counts[0]

    def add(self, lines: Mapping[ObjectId, Collection[bytes]]) -> ObjectId:
        """Adds lines to many notes in one commit, and gives the tip. Raises: RefChangedError; GitError."""
        return self._write(lambda tip: self._added(tip, lines))

    def history(self, since: ObjectId | None = None) -> Iterator[NotesChange]:
        """What each commit of the ref did to which note, oldest first (see notes_history.read_history)."""
        from reviewtui.git.notes_history import read_history

        tip = self.tip()
        return iter(()) if tip is None else read_history(self, tip=tip, since=since)

    def contains(self, commit: ObjectId) -> bool:
        """Whether the notes' history, as it is now, holds a commit of the notes."""
        tip = self.tip()
        return tip is not None and self.is_ancestor(commit, tip)

    def lack(self, remote: str) -> bool:
        """Whether a fetch brought notes of a remote that are not in the history of these yet."""
        theirs = self.repository.present_ref(self.tracking_ref(remote))
        if theirs is None or theirs[1] != "commit" or theirs == self.repository.present_ref(self.ref):
            return False
        return not self.contains(theirs[0])

    def fetch(self, remote: str) -> ObjectId | None:
        """Brings a remote's notes to their tracking ref. Gives their tip, or None where the remote has none."""
        tracking = self.tracking_ref(remote)
        try:
            self.repository.fetch(remote, (f"+{self.ref}:{tracking}",))
        except GitCommandError as error:
            if "couldn't find remote ref" not in error.stderr:
                raise
            return None
        return self.commit_at(tracking)

    def push(self, remote: str, tip: ObjectId) -> bool:
        """Sends a state of the notes, never by force. False where the remote has moved on. Raises: GitError."""
        from reviewtui.git.remotes import push  # Only who sends needs it.

        (result,) = push(self.repository, remote, (f"{tip}:{self.ref}",), atomic=False, progress=None)
        if result.is_stale:
            return False
        if not result.ok:
            raise GitError(f"{remote} refused the notes: {result.summary}")
        return True

    def sync(self, remote: str, *, fetched: Callable[[], None] = lambda: None) -> SyncResult:
        """Fetches, unites and pushes, until both sides hold every line of both. `fetched` is called after each fetch.

        Raises: RefChangedError; GitError.
        """
        theirs: ObjectId | None = None
        try:
            for tries in range(1, SYNC_TRIES + 1):
                theirs = self.fetch(remote)
                fetched()
                # Our own ref moves once, at the end: a merge for each try would stay in the history for ever.
                ours = self.tip()
                both, received = (ours, 0) if theirs is None else self._with(ours, theirs)
                if both is None or (both == ours == theirs):
                    return SyncResult(received, 0, tries, both)
                if both == theirs:
                    if self.unite(theirs)[0] == theirs:
                        return SyncResult(received, 0, tries, theirs)
                elif self.push(remote, both):
                    sent = self._count_new(theirs, both)
                    self.unite(both)
                    return SyncResult(received, sent, tries, both)
                _pause(tries, step=_REMOTE_STEP, longest=_LONGEST_REMOTE_PAUSE)
            raise RefChangedError(f"{remote} is written to by others all the time.", hint="Try again in a moment.")
        except GitError:
            if theirs is not None:
                self.unite(theirs)
            raise

    def tracking_ref(self, remote: str) -> RefName:
        """Where the notes of a remote are kept, unmixed with one's own."""
        return RefName(f"{TRACKING}{remote}/{self.ref.removeprefix(_NOTES).removeprefix('reviewtui/')}")

    def tree_at(self, tip: ObjectId | None) -> NotesTree:
        """One state of the notes."""
        return self._tree(tip)

    def commit_at(self, ref: RefName) -> ObjectId | None:
        """The commit that some ref points to, or None where there is none. Raises: GitError as `tip` does."""
        target = self.repository.ref(ref)
        if target is None:
            return None
        info = self.repository.git.cat_file.info(target)
        if info is None or info[1] != "commit":
            what = f"a {info[1]}, not a commit" if info else "an object that is missing"
            raise GitError(f"{ref} points to {what}.")
        return target

    def is_ancestor(self, one: ObjectId, other: ObjectId) -> bool:
        """Whether one notes commit is in the history of another, or is it. Raises: GitCommandError."""
        words = ("merge-base", "--is-ancestor", one, other)
        try:
            self.repository.git.run(*words)
        except GitCommandError as error:
            if error.status == 1:
                return False
            raise
        return True

    def _tree(self, tip: ObjectId | None) -> NotesTree:
        return NotesTree(self.repository.tree_store, tip)

    def _read(self, tip: ObjectId, wanted: Collection[ObjectId] | None) -> NotesContent:
        problems: list[NotesProblem] = []
        blobs: dict[ObjectId, list[ObjectId]] = {}
        for number, (mode, blob, path) in enumerate(self._listed(tip)):
            if number >= MAX_NOTES:
                raise GitError(f"{self.ref} holds more than {MAX_NOTES} notes.")
            annotated = annotated_object(path, digits=self.repository.id_digits)
            if annotated is None:
                problems.append(
                    NotesProblem(path, "it is no note: notes are named by a commit's full id in lower case", True)
                )
            elif wanted is not None and annotated not in wanted:
                continue
            elif mode != NOTE_MODE:
                problems.append(NotesProblem(path, f"it is no plain file (mode {mode})", True))
            else:
                blobs.setdefault(annotated, []).append(blob)
        texts = self._texts({blob for each in blobs.values() for blob in each}, problems)
        lines = {
            annotated: tuple(sorted(frozenset[bytes]().union(*(texts[blob] for blob in each if blob in texts))))
            for annotated, each in blobs.items()
        }
        return NotesContent(lines, tuple(problems), tip)

    def _texts(self, blobs: Collection[ObjectId], problems: list[NotesProblem]) -> dict[str, frozenset[bytes]]:
        data = self.repository.git.cat_file.read_many(blobs, limit=MAX_NOTE_BYTES)
        missing = [blob for blob in blobs if blob not in data]
        for blob, info in self.repository.git.cat_file.infos(missing).items():
            problems.append(NotesProblem(blob, why_unread(info)))
        return {blob: split_lines(text) for blob, text in data.items()}

    def _listed(self, tip: ObjectId) -> Iterator[tuple[str, ObjectId, str]]:
        for record in self.repository.git.stream("ls-tree", "-r", "-z", "--full-tree", tip):
            about, _, path = record.partition(b"\t")
            mode, _, object_id = about.decode("ascii").split(" ")
            yield mode, ObjectId(object_id), path.decode("utf-8", "surrogateescape")

    def _write(self, change: Callable[[ObjectId | None], ObjectId]) -> ObjectId:
        """Law 1."""
        for tries in range(WRITE_TRIES):
            tip = self.tip()
            made = change(tip)
            if made == tip or self._swap(made, tip):
                return made
            _pause(tries)
        raise RefChangedError(f"{self.ref} is written to by others all the time.", hint="Try again in a moment.")

    def _swap(self, new: ObjectId, old: ObjectId | None) -> bool:
        expected = old or "0" * self.repository.id_digits
        try:
            self.repository.git.run("update-ref", "-m", "reviewtui: notes", self.ref, new, expected)
        except GitCommandError as error:
            if self.tip() != old or "File exists" in error.stderr:
                return False
            raise
        return True

    def _appended(self, tip: ObjectId | None, commit: ObjectId, line: bytes) -> ObjectId:
        tree = self._tree(tip)
        places = tree.find(commit)
        before = tree.lines(commit, self.repository.git.cat_file)
        if tip is not None and line in before and len(places) == 1:
            return tip
        edits = self._edits(tree, {commit: before | {line}})
        return self._committed(tree.edited(self.repository.git, edits), tip, subject=f"Add a record for {commit}")

    def _added(self, tip: ObjectId | None, lines: Mapping[ObjectId, Collection[bytes]]) -> ObjectId:
        tree = self._tree(tip)
        before = {annotated: tree.lines(annotated, self.repository.git.cat_file) for annotated in lines}
        notes = {each: before[each] | frozenset(new) for each, new in lines.items() if not before[each].issuperset(new)}
        if tip is not None and not notes:
            return tip
        edited = tree.edited(self.repository.git, self._edits(tree, notes))
        return self._committed(edited, tip, subject="Put back records that were taken away")

    def _edits(self, tree: NotesTree, notes: Mapping[ObjectId, frozenset[bytes]]) -> dict[str, ObjectId | None]:
        contents = [join_lines(lines) for lines in notes.values()]
        if any(len(content) > MAX_NOTE_BYTES for content in contents):
            raise GitError(f"A note would grow beyond {MAX_NOTE_BYTES} bytes.")
        edits: dict[str, ObjectId | None] = {}
        for annotated, blob in zip(notes, write_blobs(self.repository.git, contents), strict=True):
            places = sorted(tree.find(annotated), key=len)
            edits |= dict.fromkeys(places)
            edits[places[-1] if places else tree.place_for(annotated)] = blob
        return edits

    def _committed(self, tree: ObjectId, *parents: ObjectId | None, subject: str) -> ObjectId:
        words = [word for parent in parents if parent for word in ("-p", parent)]
        made = self.repository.git.run("commit-tree", tree, *words, "-m", subject)
        return ObjectId(made.decode("ascii").strip())

    def _with(self, ours: ObjectId | None, theirs: ObjectId) -> tuple[ObjectId, int]:
        """A state with the lines of both, and how many of them are new to ours."""
        return (theirs, self._count_new(None, theirs)) if ours is None else self._united(ours, theirs)

    def _united(self, ours: ObjectId, theirs: ObjectId) -> tuple[ObjectId, int]:
        """Law 3."""
        if ours == theirs:
            return ours, 0
        left, right = self._tree(ours), self._tree(theirs)
        missing_here: dict[ObjectId, frozenset[bytes]] = {}
        new, missing_there = 0, False
        for annotated in self._differing(ours, theirs):
            here = left.lines(annotated, self.repository.git.cat_file)
            there = right.lines(annotated, self.repository.git.cat_file)
            missing_there = missing_there or not here <= there
            if not there <= here:
                missing_here[annotated] = here | there
                new += len(there - here)
        if not missing_there and self.is_ancestor(ours, theirs):
            return theirs, new
        if not missing_here and self.is_ancestor(theirs, ours):
            return ours, 0
        git = self.repository.git
        tree = (
            left.edited(git, self._edits(left, missing_here)) if missing_here else self.repository.tree_store.root(ours)
        )
        return self._committed(tree, ours, theirs, subject="Unite records"), new

    def _differing(self, one: ObjectId, other: ObjectId) -> set[ObjectId]:
        records = self.repository.git.stream("diff-tree", "-r", "-z", "--name-only", "--no-renames", one, other)
        paths = (path.decode("utf-8", "surrogateescape") for path in records)
        found = (annotated_object(path, digits=self.repository.id_digits) for path in paths)
        return {annotated for annotated in found if annotated is not None}

    def _count_new(self, before: ObjectId | None, after: ObjectId) -> int:
        if before is None:
            return sum(map(len, self.read(at=after).lines.values()))
        cat_file = self.repository.git.cat_file
        return sum(
            len(self._tree(after).lines(each, cat_file) - self._tree(before).lines(each, cat_file))
            for each in self._differing(before, after)
        )


def _check_line(line: bytes) -> None:
    if not line or b"\n" in line or b"\r" in line or b"\0" in line or not line.isascii():
        raise GitError("A record is one line of ASCII.")
    if len(line) > MAX_LINE_BYTES:
        raise GitError(f"A record has at most {MAX_LINE_BYTES} bytes.")


def _pause(tries: int, *, step: float = 0.002, longest: float = _LONGEST_PAUSE) -> None:
    import random  # Few writers meet another one.

    time.sleep(random.uniform(0, min(longest, step * (tries + 1))))
