"""WatchedNotes: notes read with a memory, so that what this clone has seen once cannot be taken from it in silence.

Laws
1. What is read is the union: the lines of the tip, the lines that any commit of the history took away, and the lines of
   the state that was seen last.
2. The memory moves only to descendants, and only over history that took nothing away.
3. A line that is gone, a history that was replaced, an entry that is no note: each is an alarm with a name. History
   that cannot be walked whole is a problem, because what is missing might be a veto.
4. Where nothing may be written the reading is the same, and says that it will not be remembered.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from reviewtui.errors import GitCommandError, GitError, MalformedFileError
from reviewtui.git.notes import Notes, NotesContent, NotesProblem
from reviewtui.git.notes_history import Meet, NotesChange, read_history
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.repository import Repository
from reviewtui.values import dataclass, field

SEEN = "refs/reviewtui/seen/"
"""Below it stands the last notes commit of each notes ref up to which history was found whole. Refs keep objects."""


@dataclass(frozen=True, slots=True)
class NotesAlarm:
    """Something that an honest history of notes never shows. `reason` starts with a word of its own and a colon."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class WatchedContent:
    """One reading: every line that ever stood in the notes, by annotated object.

    `missing` are the lines that the tip has lost; `replaced` is the seen state that the tip does not descend from.
    `restored` tells of lines that were taken away and stand there again. `memory` says why this reading is not
    remembered ("" where it is).
    """

    lines: Mapping[ObjectId, tuple[bytes, ...]] = field(default_factory=dict)
    problems: tuple[NotesProblem, ...] = ()
    alarms: tuple[NotesAlarm, ...] = ()
    restored: tuple[NotesAlarm, ...] = ()
    missing: Mapping[ObjectId, frozenset[bytes]] = field(default_factory=dict)
    replaced: ObjectId | None = None
    tip: ObjectId | None = None
    memory: str = ""


class WatchedNotes:
    """The notes below one ref, and what this clone remembers of them."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.seen_ref = RefName(SEEN + notes.ref.removeprefix("refs/notes/").removeprefix("reviewtui/"))

    def seen(self) -> ObjectId | None:
        """The notes commit that the memory holds, or None. No process is started to find that there is none."""
        info = self.notes.repository.present_ref(self.seen_ref)
        return info[0] if info is not None and info[1] == "commit" else None

    def read(self, *, whole: bool = False) -> WatchedContent:
        """Every line, now and before. Only history that is new is walked, unless `whole` asks for all of it."""
        return self._looked(whole=whole)

    def survey(self, take: Callable[[NotesChange], None], meet: Meet) -> WatchedContent:
        """What `read(whole=True)` finds, for who cannot hold every line at once: each change that is known is handed
        over, the oldest first, and `lines` are those alone of the notes that lost something."""
        content = self._looked(whole=True, told=take, heard=meet)
        if content.replaced is not None:
            for change in read_history(self.notes, tip=content.replaced, since=content.tip, meet=meet):
                take(change)
        return content

    def _looked(
        self, *, whole: bool, told: Callable[[NotesChange], None] | None = None, heard: Meet | None = None
    ) -> WatchedContent:
        alarms: list[NotesAlarm] = []
        problems: list[NotesProblem] = []
        tip, seen = self._tip(alarms, problems), self.seen()
        if tip is None and seen is None:
            return WatchedContent({}, tuple(problems), tuple(alarms))
        telling = _shallow_ends(self.notes.repository).union(() if seen is None else (seen,))
        walk = _Walk(telling, told=told, heard=heard)
        if tip is not None and (whole or tip != seen):
            problems += self._walked(walk, tip, None if whole else seen)
        replaced = seen if seen is not None and not walk.leads_from(seen, to=tip) else None
        states = self._states(walk, tip, replaced)
        return self._united(walk, states, tip=tip, seen=seen, replaced=replaced, alarms=alarms, problems=problems)

    def _states(self, walk: _Walk, tip: ObjectId | None, replaced: ObjectId | None) -> list[NotesContent]:
        """The notes at the tip and at the state that it replaced; of a survey only those that may have lost a line."""
        before = [self.notes.read(at=replaced)] if replaced is not None else []
        if tip is None:
            return before
        lossy = {annotated for annotated, _ in walk.removed}.union(*(state.lines for state in before))
        return [self.notes.read(None if walk.told is None else lossy, at=tip), *before]

    def mend(self) -> WatchedContent:
        """Puts back what the tip has lost, as far as this clone has seen it. Gives what was found before.

        Raises: GitError.
        """
        content = self.read()
        if content.replaced is not None:
            self.notes.unite(content.replaced)
        if content.missing:
            self.notes.add(content.missing)
        return content

    def brought(self) -> dict[tuple[ObjectId, bytes], ObjectId]:
        """{(annotated object, line): the notes commit that first brought it}, of all history that is known."""
        found: dict[tuple[ObjectId, bytes], ObjectId] = {}
        for change in self._every_change():
            for line in change.added:
                found.setdefault((change.annotated, line), change.commit)
        return found

    def times(self) -> dict[tuple[ObjectId, bytes], int]:
        """{(annotated object, line): when it was brought, in seconds since 1970}.

        Of all commits that brought it the oldest tells: history that is merged later does not make a record young.
        """
        brought: dict[tuple[ObjectId, bytes], list[ObjectId]] = {}
        for change in self._every_change():
            for line in change.added:
                brought.setdefault((change.annotated, line), []).append(change.commit)
        infos = self.notes.repository.commits({commit for each in brought.values() for commit in each})
        return {place: min(infos[commit].committed for commit in each) for place, each in brought.items()}

    def _every_change(self) -> Iterator[NotesChange]:
        seen = self.seen()
        if seen is not None:
            yield from read_history(self.notes, tip=seen)
        tip = self.notes.tip()
        if tip is not None and tip != seen:
            yield from read_history(self.notes, tip=tip, since=seen)

    def _tip(self, alarms: list[NotesAlarm], problems: list[NotesProblem]) -> ObjectId | None:
        try:
            return self.notes.tip()
        except GitError as error:
            alarms.append(NotesAlarm(self.notes.ref, f"wrong-target: {error.message}"))
            problems.append(NotesProblem(self.notes.ref, error.message))
            return None

    def _walked(self, walk: _Walk, tip: ObjectId, since: ObjectId | None) -> Iterator[NotesProblem]:
        """Law 3."""
        try:
            for change in read_history(self.notes, tip=tip, since=since, meet=walk.meet):
                walk.take(change)
        except (GitError, MalformedFileError) as error:
            yield NotesProblem(self.notes.ref, f"incomplete: its history cannot be walked ({error.message})")
        if walk.unreadable:
            commit, why = walk.unreadable[0]
            where = f"in notes commit {commit[:10]}"
            is_over = why.startswith("over-limit")
            text = f"{why}, {where}" if is_over else f"incomplete: {where} a note cannot be read: {why}"
            yield NotesProblem(self.notes.ref, text)
        if not walk.met.isdisjoint(_shallow_ends(self.notes.repository)):
            yield NotesProblem(self.notes.ref, "incomplete: its history was cut off when it was fetched (shallow)")

    def _united(
        self,
        walk: _Walk,
        states: list[NotesContent],
        *,
        tip: ObjectId | None,
        seen: ObjectId | None,
        replaced: ObjectId | None,
        alarms: list[NotesAlarm],
        problems: list[NotesProblem],
    ) -> WatchedContent:
        """Law 1."""
        present = states[0].lines if tip is not None else {}
        missing = _missing(present, [state.lines for state in states if state.lines is not present], walk)
        if replaced is not None:
            alarms.append(self._replacement(tip, replaced, lost=sum(map(len, missing.values()))))
        gone, restored = walk.fates(self.notes.ref, missing)
        alarms += [*gone, *_strange(self.notes.ref, states)]
        problems += [each for state in states for each in state.problems if not each.harmless]
        memory = "" if problems or replaced else self._remember(self._clean_part(walk, tip, seen), seen)
        return WatchedContent(
            {**present, **{each: tuple(sorted({*present.get(each, ()), *lines})) for each, lines in missing.items()}},
            tuple(dict.fromkeys(problems)),
            tuple(dict.fromkeys(alarms)),
            tuple(restored),
            missing,
            replaced,
            tip,
            memory,
        )

    def _replacement(self, tip: ObjectId | None, seen: ObjectId, *, lost: int) -> NotesAlarm:
        lines = "1 recorded line is" if lost == 1 else f"{lost or 'no'} recorded lines are"
        what = f"{lines} missing there"
        if tip is None:
            return NotesAlarm(
                self.notes.ref, f"record-removed: it was deleted, and this clone has seen {seen[:10]}; {what}."
            )
        reason = f"non-fast-forward: it does not descend from {seen[:10]}, which this clone has seen; {what}."
        return NotesAlarm(self.notes.ref, reason)

    def _clean_part(self, walk: _Walk, tip: ObjectId | None, seen: ObjectId | None) -> ObjectId | None:
        """Law 2: the tip, or the last commit before anything was taken away and not put back."""
        if not walk.is_lossy:
            return tip
        first = walk.first_removal
        info = self.notes.repository.commits([first]).get(first) if first else None
        parents = info.parents if info else ()
        return next((each for each in parents if seen is None or self._descends(each, seen)), seen)

    def _descends(self, tip: ObjectId, seen: ObjectId) -> bool:
        try:
            return self.notes.is_ancestor(seen, tip)
        except GitCommandError:
            return False

    def _remember(self, clean: ObjectId | None, seen: ObjectId | None) -> str:
        """Law 4."""
        if clean is None or clean == seen:
            return ""
        expected = seen or "0" * self.notes.repository.id_digits
        words = ("-m", "reviewtui: seen", self.seen_ref, clean, expected)
        try:
            self.notes.repository.git.run("update-ref", *words)
        except GitCommandError as error:
            # Another reader that was faster remembers as much.
            return "" if self.seen() != seen else f"What was read is not remembered: {error.message}."
        return ""


@dataclass(slots=True)
class _Walk:
    """What a walk through history found: which commit took which line away, and which notes could not be read.

    Of the commits and parents that it met, only those of `telling` are kept: what was seen last, and where history was
    cut off.
    """

    telling: frozenset[ObjectId]
    met: set[ObjectId] = field(default_factory=set)
    parents: set[ObjectId] = field(default_factory=set)
    removed: dict[tuple[ObjectId, bytes], ObjectId] = field(default_factory=dict)
    unreadable: list[tuple[ObjectId, str]] = field(default_factory=list)
    first_removal: ObjectId | None = None
    is_lossy: bool = False
    told: Callable[[NotesChange], None] | None = None
    heard: Meet | None = None

    def meet(self, commit: ObjectId, parents: tuple[ObjectId, ...]) -> None:
        if commit in self.telling:
            self.met.add(commit)
        self.parents.update(self.telling.intersection(parents))
        if self.heard is not None:
            self.heard(commit, parents)

    def leads_from(self, seen: ObjectId, *, to: ObjectId | None) -> bool:
        """Whether a tip descends from what was seen: then a walk between them has a child of it."""
        return seen == to or seen in self.parents

    def take(self, change: NotesChange) -> None:
        if change.unreadable:
            self.unreadable.append((change.commit, change.problem))
        for line in change.removed:
            self.first_removal = self.first_removal or change.commit
            self.removed[change.annotated, line] = change.commit
        if self.told is not None:
            self.told(change)

    def fates(
        self, ref: RefName, missing: Mapping[ObjectId, frozenset[bytes]]
    ) -> tuple[list[NotesAlarm], list[NotesAlarm]]:
        """One alarm for each note of each commit that lines were taken from: still gone, and put back since."""
        gone: dict[tuple[ObjectId, ObjectId], int] = {}
        back: dict[tuple[ObjectId, ObjectId], int] = {}
        for (annotated, line), commit in self.removed.items():
            counts = gone if line in missing.get(annotated, ()) else back
            counts[commit, annotated] = counts.get((commit, annotated), 0) + 1
        self.is_lossy = bool(gone)
        return list(_removals(ref, gone, "")), list(_removals(ref, back, ", and put back since"))


def _missing(
    present: Mapping[ObjectId, tuple[bytes, ...]],
    others: Iterable[Mapping[ObjectId, tuple[bytes, ...]]],
    walk: _Walk,
) -> dict[ObjectId, frozenset[bytes]]:
    found: dict[ObjectId, set[bytes]] = {}
    for annotated, line in walk.removed:
        found.setdefault(annotated, set()).add(line)
    for other in others:
        for annotated, lines in other.items():
            found.setdefault(annotated, set()).update(lines)
    missing = {each: frozenset(lines.difference(present.get(each, ()))) for each, lines in found.items()}
    return {each: lines for each, lines in missing.items() if lines}


def _removals(ref: RefName, counts: Mapping[tuple[ObjectId, ObjectId], int], more: str) -> Iterator[NotesAlarm]:
    for (commit, annotated), count in counts.items():
        lines = "1 line was" if count == 1 else f"{count} lines were"
        reason = f"record-removed: {lines} taken from the note of {annotated} by notes commit {commit[:10]}{more}."
        yield NotesAlarm(ref, reason)


def _strange(ref: RefName, states: Iterable[NotesContent]) -> Iterator[NotesAlarm]:
    for state in states:
        for problem in state.problems:
            if problem.harmless:
                yield NotesAlarm(ref, f"malformed: {problem.path[:100]}: {problem.problem}.")


def _shallow_ends(repository: Repository) -> frozenset[ObjectId]:
    """The commits that a shallow clone ends at."""
    if not repository.is_shallow:
        return frozenset()
    return frozenset(map(ObjectId, (repository.common_dir / "shallow").read_text("ascii", "replace").split()))
