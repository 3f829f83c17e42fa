"""tell_trail(): reads a repository once more, and tells everything that happened in it (trail.py has the laws).

What happened is put in order by a small index of refs, settings and recorded lines; then it is read, judged and told
some dozens of things at a time, by a number of Git processes that does not depend on how much there is.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property
from itertools import islice

from reviewtui import __version__
from reviewtui.auditing import Auditor
from reviewtui.catalog import ModelVersion, VersionKind, commit_version
from reviewtui.errors import UnknownVersionError, UsageError
from reviewtui.git.notes import Notes
from reviewtui.git.notes_sync import NOTES_REFS
from reviewtui.git.objects import Ref, RefName
from reviewtui.git.watched_notes import WatchedNotes
from reviewtui.history import time_text
from reviewtui.library import VersionLibrary
from reviewtui.past_releases import Epoch
from reviewtui.policy.changes import POLICY_MODEL
from reviewtui.policy_change import policy_change_version
from reviewtui.records import recorded_line
from reviewtui.trail import AuditTrail, NotesTip, TrailEvent, TrailHeader, TrailScope, time_bound
from reviewtui.trail_events import EventWriter, untimed_place
from reviewtui.trail_index import NotedLine, NotesIndex
from reviewtui.trail_items import (
    Agenda,
    Item,
    Source,
    change_item,
    line_item,
    other_item,
    other_line,
    registry_item,
    version_item,
)
from reviewtui.trail_judging import JudgedVersion, Key, TrailJudge, key_of
from reviewtui.values import replace

_LAST_SECOND = 253_402_300_799
"""The last one that RFC 3339 can write."""
_TOGETHER = 64
_KEPT = 256
"""Versions whose judgement is kept while further records of theirs may come; an older one is judged again."""
_VERSION, _LINE, _OTHER, _REGISTRY, _CHANGE = range(5)
"""What a `Source` is of: a version and one of its rows, a line, a line of another notes ref, an event of a registry, a
change of the settings."""

UNPROVEN = (
    "Times are claims of whoever made the record, the tag or the commit; only the order of the notes' history is not.",
    "Records that were taken away before any clone had seen them, by whoever may rewrite the notes ref, leave no trace "
    "here but a later record of the same reviewer, which is then broken-chain.",
    "That a key was in its owner's hands alone when it signed.",
    "That the people whom the settings name are who they are said to be; the first settings are trusted on first use.",
    "Who made a commit: its author is a claim, and so is its committer where the commit is not signed.",
    "What several changes of the settings that came in one push were judged by: each is judged by the one before it.",
    "That models and data outside of Git are what the digests in Git say.",
)


def tell_trail(library: VersionLibrary, notes: WatchedNotes, *, identity: str, scope: TrailScope) -> AuditTrail:
    """The trail of one reading of a repository. Raises: UnknownVersionError, UsageError for what the scope names."""
    teller = _Teller(library, notes, identity=identity, scope=_checked(scope, library))
    return AuditTrail(teller.header(), teller.events())


class _Teller:
    """One reading; the events are told once."""

    def __init__(self, library: VersionLibrary, notes: WatchedNotes, *, identity: str, scope: TrailScope) -> None:
        self._library = library
        self._scope = scope
        self._trusted: Ref | None = library.repository.trusted_branch(library.refs)
        self._notes = notes
        self._index = NotesIndex(notes, take=recorded_line)
        self._others = tuple(
            NotesIndex(WatchedNotes(Notes(library.repository, ref)), take=other_line)
            for ref in NOTES_REFS
            if ref != notes.notes.ref
        )
        self._identity = identity
        created = [ref.created for ref in library.refs if ref.created is not None]
        self._newest = max((*created, *(index.newest for index in (self._index, *self._others))), default=0)
        self._now = datetime.fromtimestamp(min(max(self._newest, 0), _LAST_SECOND), UTC)
        self._judge = TrailJudge(library, self._index, identity=identity, now=self._now)
        self._versions = _VersionsOfLines(library)
        self._writer = EventWriter(library, self._judge)
        self._judged: dict[Key, JudgedVersion] = {}
        self._rows_kept: tuple[int, tuple[ModelVersion, ...]] = (-1, ())

    def header(self) -> TrailHeader:
        """What the trail is told of."""
        return TrailHeader(
            repository=self._identity,
            object_format=self._library.repository.object_format,
            trusted_ref=self._writer.public_ref(self._trusted.name) if self._trusted else "",
            trusted_commit=(self._trusted.commit or "") if self._trusted else "",
            policy=self._library.settings.policy_blob or "",
            notes=tuple(
                NotesTip(index.ref, index.content.tip or "", index.length) for index in (self._index, *self._others)
            ),
            as_of=time_text(int(self._now.timestamp())),
            scope=self._scope,
            tool=f"reviewtui {__version__}",
            unproven=UNPROVEN,
        )

    def events(self) -> Iterator[TrailEvent]:
        """Every event that the scope asks for."""
        agenda = Agenda()
        for source, item in self._items():
            if self._is_asked_for(item):
                agenda.add(item.order, source)
        items = map(self._item, agenda.sources())
        self._judge.load(version for item in items if (version := self._version_to_judge(item)) is not None)
        reviewed: set[str] = set()
        waiting = map(self._item, agenda.sources())
        while group := list(islice(waiting, _TOGETHER)):
            self._judge_all(group)
            for item in group:
                for event in self._told(item):
                    if event.event == "released":
                        reviewed.add(event.ref)
                    if self._is_in_time(event):
                        yield event
        for event in sorted(self._untimed(reviewed), key=untimed_place):
            if not self._scope.release or event.name in ("", self._scope.release):
                yield event

    def _items(self) -> Iterator[tuple[Source, Item]]:
        """Everything, and where `_item` finds it again: an item is too much to be held for each event."""
        self._versions.learn(self._index.lines())
        catalog = self._library.catalog
        for number in range(len(catalog.versions)):
            for part, row in enumerate(self._rows(number)):
                yield (_VERSION, number, part), self._version_item(row)
        for line in self._index.lines():
            yield (_LINE, line.number, 0), self._line_item(line)
        for part, index in enumerate(self._others):
            for line in index.lines():
                yield (_OTHER, line.number, part), other_item(line, ref=index.ref)
        for number in range(len(catalog.events)):
            yield self._found(_REGISTRY, number)
        for number in range(len(self._changes)):
            yield self._found(_CHANGE, number)

    def _found(self, what: int, number: int, part: int = 0) -> tuple[Source, Item]:
        return (what, number, part), self._item((what, number, part))

    def _item(self, source: Source) -> Item:
        what, number, part = source
        if what == _VERSION:
            return self._version_item(self._rows(number)[part])
        if what == _LINE:
            return self._line_item(self._index.line(number))
        if what == _OTHER:
            return other_item(self._others[part].line(number), ref=self._others[part].ref)
        if what == _REGISTRY:
            return registry_item(self._library.catalog.events[number])
        epoch = self._changes[number]
        return change_item(policy_change_version(epoch.commit.object_id, epoch.settings), epoch)

    def _line_item(self, line: NotedLine) -> Item:
        return line_item(line, self._versions.of(line), ref=self._index.ref)

    def _version_item(self, version: ModelVersion) -> Item:
        return version_item(version, public_ref=self._writer.public_ref(version.ref))

    def _rows(self, number: int) -> tuple[ModelVersion, ...]:
        """The rows of one of the versions. Several tags may name it, and each is a release; the branch that proposed it
        may still be there. Those of the last version are kept: thousands of tags may name one."""
        if self._rows_kept[0] != number:
            version = self._library.catalog.versions[number]
            is_release = version.kind is VersionKind.RELEASE
            rows = tuple(_rows(version, self._refs, self._writer)) if is_release else (version,)
            self._rows_kept = (number, rows)
        return self._rows_kept[1]

    @cached_property
    def _refs(self) -> Mapping[RefName, Ref]:
        return {ref.name: ref for ref in self._library.refs}

    @cached_property
    def _changes(self) -> tuple[Epoch, ...]:
        return tuple(epoch for epoch, _ in self._judge.changes.values())

    def _is_asked_for(self, item: Item) -> bool:
        scope = self._scope
        if scope.model and item.model not in (scope.model, POLICY_MODEL):
            return False
        # What the settings were is needed to understand any decision.
        return not scope.release or item.name == scope.release or item.model == POLICY_MODEL

    def _is_in_time(self, event: TrailEvent) -> bool:
        since, until, at = self._scope.since, self._scope.until, event.at[:19]
        return not at or ((not since or at >= since[:19]) and (not until or at <= until[:19]))

    def _version_to_judge(self, item: Item) -> ModelVersion | None:
        """The version whose judgement an item needs; none for a version that only has a name."""
        version = item.version
        if version is None or (item.line is None and version.tag is None and version.model != POLICY_MODEL):
            return None
        return version

    def _judge_all(self, group: Iterable[Item]) -> None:
        wanted = {key_of(each): each for item in group if (each := self._version_to_judge(item)) is not None}
        missing = [version for key, version in wanted.items() if key not in self._judged]
        kept = {key: self._judged.pop(key) for key in wanted if key in self._judged}
        self._judged |= kept | self._judge.judge(missing)
        while len(self._judged) > _KEPT:
            self._judged.pop(next(iter(self._judged)))

    def _told(self, item: Item) -> Iterator[TrailEvent]:
        version = self._version_to_judge(item)
        judged = self._judged[key_of(version)] if version is not None else None
        if item.other is not None:
            index = next(each for each in self._others if each.ref == item.ref)
            return self._writer.other(item.other, index)
        return self._writer.told(item, judged, self._index)

    def _untimed(self, reviewed: set[str]) -> Iterator[TrailEvent]:
        yield from self._writer.left_over
        if self._library.repository.is_shallow:
            cut = "the clone is shallow; what happened before its cut is not told"
            yield self._writer.alarm(self._trusted.name if self._trusted else "", f"incomplete: {cut}.")
        for index in (self._index, *self._others):
            content = index.content
            for alarm in content.alarms:
                yield self._writer.alarm(alarm.where, alarm.reason)
            for problem in content.problems:
                yield self._writer.alarm(index.ref, f"error: {problem.path}: {problem.problem}.")
            for alarm in content.restored:
                yield self._writer.remark(alarm.where, alarm.reason)
        auditor = Auditor(self._library, self._notes, identity=self._identity, clock=lambda: self._now)
        for found in auditor.beside_records(reviewed):
            tell = self._writer.alarm if found.alarm else self._writer.remark
            yield tell(found.where, found.reason)
        for passed in self._library.catalog.passed_over:
            yield self._writer.remark(passed.ref, f"passed-over: {passed.reason}")


class _VersionsOfLines:
    """The version that each line is about: the one it names, else one at its commit, else that commit itself."""

    def __init__(self, library: VersionLibrary) -> None:
        self._library = library
        versions = library.catalog.versions
        self._by_name = {(version.model, version.version): version for version in reversed(versions)}
        self._by_commit = {version.commit: version for version in reversed(versions)}
        self._unnamed: dict[tuple[str, str, str], ModelVersion] = {}

    def learn(self, lines: Iterable[NotedLine]) -> None:
        """Find the commits that lines name, and no ref does."""
        unknown = (line for line in lines if line.about is not None and self._named(line) is None)
        while group := list(islice(unknown, _KEPT)):
            infos = self._library.repository.commits({line.commit for line in group})
            for line in group:
                if line.about is not None and (info := infos.get(line.commit)) is not None:
                    model, number = line.about
                    version = replace(commit_version(model, info), version=number)
                    self._unnamed[model, number, line.commit] = version

    def of(self, line: NotedLine) -> ModelVersion | None:
        """None where its commit is not here."""
        named = self._named(line)
        if named is not None or line.about is None:
            return named
        version = self._unnamed.get((*line.about, line.commit))
        if version is None or version.model != POLICY_MODEL:
            return version
        return ModelVersion(POLICY_MODEL, version.version, VersionKind.COMMIT, version.ref, version.commit)

    def _named(self, line: NotedLine) -> ModelVersion | None:
        return (self._by_name.get(line.about) if line.about else None) or self._by_commit.get(line.commit)


def _rows(version: ModelVersion, refs: Mapping[RefName, Ref], writer: EventWriter) -> Iterator[ModelVersion]:
    branches: dict[str, RefName] = {}
    for name in version.refs:
        if name.startswith("refs/tags/"):
            tag = refs[name].object_id if refs[name].is_annotated else None
            yield replace(version, ref=name, tag=tag, other_refs=())
        else:
            branches.setdefault(writer.public_ref(name), name)
    for public, name in branches.items():
        ref = refs[name]
        yield replace(
            version,
            kind=VersionKind.CANDIDATE,
            ref=RefName(public),
            tag=None,
            other_refs=(),
            created=ref.created,
            author=ref.creator.name if ref.creator is not None else "",
            subject=ref.subject,
        )


def _checked(scope: TrailScope, library: VersionLibrary) -> TrailScope:
    """The scope with whole names and times. Raises: UnknownVersionError; UsageError."""
    if scope.model and scope.model != POLICY_MODEL:
        library.versions_of(scope.model)
    release = library.find(scope.release) if scope.release else None
    if release is not None and scope.model not in ("", release.model):
        raise UnknownVersionError(f"{release.name} is no version of {scope.model}.")
    since, until = time_bound(scope.since, "00:00:00"), time_bound(scope.until, "23:59:59")
    if until and since > until:
        raise UsageError(f"Nothing is both since {scope.since} and until {scope.until}.")
    return TrailScope(
        model=release.model if release is not None else scope.model,
        since=since,
        until=until,
        release=release.name if release is not None else "",
    )
