"""What happened to the models of a repository, when, and by whom: versions, verdicts, releases, stages, policy.

Laws
1. Every recorded line is told exactly once, counted or not, with its reason; also where no ref names its version.
2. Newest first. What a record or a tag says of its own time is its claim; a record that cannot be read is told at the
   time of the notes commit that brought it.
3. The number of processes does not depend on how much happened.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reviewtui.catalog import ModelVersion, RegistryAction, RegistryEvent, VersionKind, commit_version
from reviewtui.settings import DIRECTORY
from reviewtui.values import dataclass, replace

if TYPE_CHECKING:
    from reviewtui.git.objects import CommitInfo, ObjectId, Ref
    from reviewtui.git.watched_notes import WatchedNotes
    from reviewtui.judging import Judge, ReviewEntry
    from reviewtui.library import VersionLibrary
    from reviewtui.overview import VersionStatus
    from reviewtui.records import RecordedLine
    from reviewtui.review import Review

RELEASED = ("released", "released-unreviewed")
UNREADABLE = "unreadable"
WEIGHED = (
    "duplicate", "superseded", "withdrawn", "author", "no-role", "facts-changed", "base-changed", "policy-changed",
)  # fmt: skip
"""The reasons of records that are sound, and do not count because of what else is known."""

REGISTRY_EVENTS = {
    RegistryAction.ASSIGN: "stage-assigned",
    RegistryAction.UNASSIGN: "stage-unassigned",
    RegistryAction.DEREGISTER: "deregistered",
    RegistryAction.DEPRECATE: "deprecated",
    RegistryAction.CREATE: "created",
}

Brought = Mapping[tuple["ObjectId", bytes], "CommitInfo"]
"""(annotated commit, line) → the notes commit that first brought it."""


@dataclass(frozen=True, slots=True)
class AuditRecord:
    """One recorded line: its fate (`entry`), what it claims (`claim`; None: unreadable), and the version it is about.

    `principals` are whom the trusted signers give its key to; `note` is the notes commit that brought it; `line` is
    the record as it is stored.
    """

    entry: ReviewEntry
    name: str = ""
    claim: Review | None = None
    version: ModelVersion | None = None
    principals: tuple[str, ...] = ()
    note: ObjectId | None = None
    noted: int | None = None
    line: bytes = b""

    @property
    def is_bad(self) -> bool:
        """Whether the record itself is unsound: its signature, its key, its binding, its chain or its form."""
        return bool(self.entry.reason) and self.entry.reason.partition(":")[0] not in WEIGHED


@dataclass(frozen=True, slots=True)
class HistoryEvent:
    """One thing that happened. `at` is RFC 3339 in UTC ("" unknown).

    `event` is candidate, commit, approve, reject, comment, withdraw, override, unreadable, released,
    released-unreviewed, stage-assigned, stage-unassigned, deregistered, deprecated, created or policy. Verdicts have
    their `record`; releases whom their tag names as reviewers, and the seconds from the commit to the tag.
    """

    at: str
    event: str
    name: str
    actor: str
    commit: str
    ref: str
    detail: str
    record: AuditRecord | None = None
    version: ModelVersion | None = None
    approved_by: tuple[str, ...] = ()
    lead: int | None = None

    @property
    def model(self) -> str:
        """The model it is about; "" for the policy."""
        return self.version.model if self.version else self.name.partition("@")[0]


def recorded_reviews(judge: Judge, notes: WatchedNotes, *, model: str | None = None) -> tuple[AuditRecord, ...]:
    """Law 1: every recorded line (of one model, or of all), newest first."""
    brought = _brought(notes)
    lines = [line for lines in judge.records.by_commit.values() for line in lines]
    versions = _versions_of(lines, judge.library)
    wanted = [line for line in lines if model is None or _model_of(line, versions.get(_place(line))) == model]
    together: dict[ModelVersion, list[RecordedLine]] = {}
    for line in wanted:
        if (version := versions.get(_place(line))) is not None:
            together.setdefault(version, []).append(line)
    judge.library.load_for_judging(tuple(together))
    found = [
        _record(line, entry, version, judge, brought)
        for version, group in together.items()
        for line, entry in _with_fates(group, judge.entries(version))
    ]
    found += [_record(line, judge.alone(line), None, judge, brought) for line in wanted if _place(line) not in versions]
    return tuple(sorted(found, key=lambda each: (_time_of(each), each.entry.id), reverse=True))


def tell_history(
    library: VersionLibrary,
    statuses: Iterable[VersionStatus],
    records: Iterable[AuditRecord],
    *,
    trusted: Ref | None,
    model: str | None = None,
) -> tuple[HistoryEvent, ...]:
    """Law 2: everything in one row. `trusted` is the branch whose settings are in force."""
    tip = trusted.commit if trusted is not None else None
    policy_changes = library.repository.commits_changing(tip, (DIRECTORY,)) if tip is not None else ()
    events = [
        *_version_events(tuple(statuses), library),
        *map(_record_event, records),
        *(_registry_event(event) for event in library.catalog.events if model in (None, event.model)),
        *map(_policy_event, policy_changes),
    ]
    return tuple(sorted(events, key=lambda event: event.at, reverse=True))


def time_text(seconds: int | None) -> str:
    """Seconds since 1970 as RFC 3339 in UTC; "" where there is no such time."""
    try:
        return "" if seconds is None else datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return ""


def seconds_of(at: str) -> float | None:
    """A time as records write it, in seconds since 1970; None where it is none."""
    if not at.endswith("Z"):
        return None
    try:
        return datetime.fromisoformat(at).timestamp()
    except (ValueError, OverflowError):
        return None


def _brought(notes: WatchedNotes) -> Brought:
    brought = notes.brought()
    commits = notes.notes.repository.commits(set(brought.values()))
    return {place: commits[commit] for place, commit in brought.items() if commit in commits}


def _place(line: RecordedLine) -> tuple[ObjectId, bytes]:
    return line.commit, line.line


def _model_of(line: RecordedLine, version: ModelVersion | None) -> str:
    return version.model if version is not None else line.about[0] if line.about else ""


def _versions_of(lines: Iterable[RecordedLine], library: VersionLibrary) -> dict[tuple[ObjectId, bytes], ModelVersion]:
    """The version that each line is about: the one it names, else one at its commit, else that commit itself."""
    by_name = {(version.model, version.version): version for version in reversed(library.catalog.versions)}
    by_commit = {version.commit: version for version in reversed(library.catalog.versions)}
    found, unnamed = {}, []
    for line in lines:
        version = (by_name.get(line.about) if line.about else None) or by_commit.get(line.commit)
        if version is not None:
            found[_place(line)] = version
        elif line.about is not None:
            unnamed.append(line)
    infos = library.repository.commits({line.commit for line in unnamed})
    for line in unnamed:
        if line.about is not None and (info := infos.get(line.commit)) is not None:
            model, number = line.about
            found[_place(line)] = replace(commit_version(model, info), version=number)
    return found


def _with_fates(
    lines: Iterable[RecordedLine], entries: Iterable[ReviewEntry]
) -> Iterator[tuple[RecordedLine, ReviewEntry]]:
    left: dict[tuple[str, ObjectId], list[ReviewEntry]] = {}
    for entry in entries:
        left.setdefault((entry.id, entry.commit), []).append(entry)
    for line in lines:
        yield line, left[line.id, line.commit].pop(0)


def _record(
    line: RecordedLine, entry: ReviewEntry, version: ModelVersion | None, judge: Judge, brought: Brought
) -> AuditRecord:
    note = brought.get(_place(line))
    name = "@".join(line.about) if line.about else version.name if version else ""
    return AuditRecord(
        entry,
        name,
        line.claim,
        version,
        judge.trust.principals_of(entry.keyid),
        note.object_id if note else None,
        note.committed if note else None,
        line.line,
    )


def _time_of(record: AuditRecord) -> str:
    return record.entry.at or time_text(record.noted)


def _record_event(record: AuditRecord) -> HistoryEvent:
    entry = record.entry
    fate = "counts" if entry.counted else f"does not count: {entry.reason}"
    comment = " ".join(entry.comment.split())
    return HistoryEvent(
        _time_of(record),
        entry.verdict or UNREADABLE,
        record.name,
        entry.reviewer,
        entry.commit,
        record.version.ref if record.version else "",
        f"{fate}; {comment}" if comment else fate,
        record,
        record.version,
    )


def _version_events(statuses: tuple[VersionStatus, ...], library: VersionLibrary) -> Iterator[HistoryEvent]:
    releases = [each.version for each in statuses if each.version.kind is VersionKind.RELEASE]
    library.load_tags(each.version for each in statuses if each.state == "released")
    commits = library.repository.commits({version.commit for version in releases})
    for status in statuses:
        version = status.version
        if version.kind is VersionKind.RELEASE:
            yield _release_event(status, commits.get(version.commit), library)
        else:
            yield HistoryEvent(
                time_text(version.created), version.kind.value, version.name, version.author, version.commit,
                version.ref, version.subject, version=version,
            )  # fmt: skip


def _release_event(status: VersionStatus, commit: CommitInfo | None, library: VersionLibrary) -> HistoryEvent:
    version = status.version
    approved_by = _named_reviewers(version, library) if status.state == "released" else ()
    annotated = version.tag is not None and version.created is not None and commit is not None
    lead = version.created - commit.committed if annotated and version.created and commit else None
    words = f"approved by {', '.join(approved_by)}" if approved_by else version.subject
    return HistoryEvent(
        time_text(version.created),
        status.state,
        version.name,
        version.author,
        version.commit,
        version.ref,
        words,
        version=version,
        approved_by=approved_by,
        lead=lead if lead is not None and lead >= 0 else None,
    )


def _named_reviewers(version: ModelVersion, library: VersionLibrary) -> tuple[str, ...]:
    """The addresses that the tag's own trailers name."""
    from reviewtui.release import parse_release_tag

    tag = library.tag_of(version)
    record = parse_release_tag(tag) if tag is not None else None
    named = record.reviewed_by if record else ()
    return tuple(dict.fromkeys(each.rpartition("<")[2].removesuffix(">") for each in named))


def _registry_event(event: RegistryEvent) -> HistoryEvent:
    name = f"{event.model}@{event.version}" if event.version else event.model
    detail = f"stage {event.stage}" if event.stage else event.action.value
    return HistoryEvent(
        time_text(event.created), REGISTRY_EVENTS[event.action], name, event.author, event.commit, event.ref, detail
    )


def _policy_event(info: CommitInfo) -> HistoryEvent:
    return HistoryEvent(time_text(info.committed), "policy", "", info.author.name, info.object_id, "", info.subject)
