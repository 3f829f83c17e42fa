"""Auditor: reads what one repository holds and held, and judges it again (see audit)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cached_property

from reviewtui.audit import (
    RELEASED_UNREVIEWED,
    UNKNOWN_POLICY,
    AuditProblem,
    AuditReport,
    FreshnessDemand,
    ReleaseAudit,
    record_problems,
)
from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.catalog.naming import folded
from reviewtui.checkpoint_audit import CheckpointAudit
from reviewtui.checkpoints import read_checkpoints
from reviewtui.clock import Clock
from reviewtui.errors import GitError, MalformedFileError
from reviewtui.freshness import remote_problems
from reviewtui.git.notes import Notes
from reviewtui.git.notes_sync import NOTES_REFS
from reviewtui.git.objects import ObjectId, Ref, RefName, TagObject
from reviewtui.git.repository import Repository
from reviewtui.git.seen_tags import refs_below, remember_tags, seen_tags
from reviewtui.git.watched_notes import WatchedContent, WatchedNotes
from reviewtui.library import VersionLibrary
from reviewtui.past_releases import PastReleases
from reviewtui.records import REVIEWS_REF, RecordedLine, Records, read_records
from reviewtui.release import ReleaseRecord, parse_release_tag
from reviewtui.release_dates import DatedTag, bear_witness
from reviewtui.settings import DIRECTORY
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.values import replace
from reviewtui.verification import RecordedReview, VerificationContext, VerifiedReview, verify_review


class Auditor:
    """Verifies one reading of a repository again."""

    def __init__(self, library: VersionLibrary, notes: WatchedNotes, *, identity: str, clock: Clock) -> None:
        self._library = library
        self._repository: Repository = library.repository
        self._notes = notes
        self._identity = identity
        self._now = clock()
        self._refs: Mapping[RefName, Ref] = {ref.name: ref for ref in library.refs}

    def report(self, version: ModelVersion | None = None, *, fresh: FreshnessDemand | None = None) -> AuditReport:
        """Everything, or one version's releases and records; the history of the notes and tags in either case.

        Raises: GitError where a remote was to be asked and does not answer.
        """
        rows = [row for row in self._releases() if version is None or row.name == version.name]
        self._load(rows)
        releases = tuple(self._release(row) for row in rows)
        remarks = [alarm.reason for alarm in self._content.restored]
        if version is None:
            remarks += [f"{passed.ref} is passed over: {passed.reason}" for passed in self._library.catalog.passed_over]
        memory = self._remember(releases)
        remarks += [each for each in (self._content.memory, memory) if each]
        problems = (
            *self._cut_off(),
            *self._notes_problems(),
            *self._other_notes(),
            *record_problems(self._judged(version)),
            *self._orphans(),
            *self.beside_records([each.tag for each in releases if each.reason != RELEASED_UNREVIEWED]),
            *self._checkpoints.problems(),
            *(self._staleness(fresh) if fresh is not None else ()),
        )
        return AuditReport(releases, problems, tuple(remarks))

    def checkpoint(self) -> str:
        """The comment of a checkpoint of what is here now; whoever signs it should have looked at `report` first."""
        releases = {row.ref: self._refs[row.ref].object_id for row in self._releases() if self._record_of(row)}
        tips = ((ref, self._repository.ref(ref)) for ref in NOTES_REFS)
        return self._checkpoints.compose(releases, notes={ref: tip for ref, tip in tips if tip is not None})

    def _staleness(self, fresh: FreshnessDemand) -> Iterator[AuditProblem]:
        refs, settings = self._library.refs, self._library.settings
        yield from remote_problems(self._repository, fresh.remote, refs=refs, settings=settings)
        if fresh.max_age is not None:
            yield from self._checkpoints.staleness(int(self._now.timestamp()), max_age=fresh.max_age)

    @cached_property
    def _checkpoints(self) -> CheckpointAudit:
        verified = (each for _, each in self._every_judged if isinstance(each, VerifiedReview))
        found = read_checkpoints(verified, now=int(self._now.timestamp()))
        trusted = self._repository.trusted_branch(self._library.refs)
        return CheckpointAudit(self._repository, found, refs=self._library.refs, trusted=trusted)

    def _load(self, rows: list[ModelVersion]) -> None:
        """What each release would ask Git for one by one."""
        self._library.load_tags(rows)
        asked = ((row, self._library.tag_of(row), self._record_of(row)) for row in rows)
        epochs = ((row, self._past.epoch_of(record, tag)) for row, tag, record in asked if tag and record)
        self._past.load((row, epoch) for row, epoch in epochs if epoch is not None)

    @cached_property
    def _past(self) -> PastReleases:
        return PastReleases(self._library, self._trust, identity=self._identity, now=self._now)

    @cached_property
    def _content(self) -> WatchedContent:
        return self._notes.read(whole=True)

    @cached_property
    def _records(self) -> Records:
        return read_records(self._content.lines, problems=self._content.problems)

    @cached_property
    def _trust(self) -> TrustedSigners:
        return TrustedSigners.load(self._library.settings.trust_files or TrustFiles(), now=self._now)

    @cached_property
    def _times(self) -> dict[tuple[ObjectId, bytes], int]:
        return self._notes.times()

    def _releases(self) -> Iterator[ModelVersion]:
        """A version for each release tag, also where several name the same one."""
        for row in self._library.catalog.versions:
            for name in row.refs if row.kind is VersionKind.RELEASE else ():
                if name.startswith("refs/tags/"):
                    ref = self._refs[name]
                    tag = ref.object_id if ref.is_annotated else None
                    yield replace(row, ref=name, tag=tag, other_refs=())

    def _record_of(self, version: ModelVersion) -> ReleaseRecord | None:
        tag = self._library.tag_of(version)
        return parse_release_tag(tag) if tag is not None else None

    def _release(self, version: ModelVersion) -> ReleaseAudit:
        tag, record = self._library.tag_of(version), self._record_of(version)
        if tag is None or record is None:
            return ReleaseAudit(version.name, version.ref, True, RELEASED_UNREVIEWED)
        epoch = self._past.epoch_of(record, tag)
        if epoch is None:
            return ReleaseAudit(version.name, version.ref, False, UNKNOWN_POLICY)
        try:
            judged = self._past.judge(version, tag, record, epoch=epoch, records=self._records, time_of=self._time_of)
        except (GitError, MalformedFileError) as error:
            return ReleaseAudit(version.name, version.ref, False, f"error: {error.message}")
        dated = self._dated(version.ref, tag)
        flaws = " ".join(dict.fromkeys((*judged.flaws, *dated.flaws)))
        told = (*judged.doubts, *judged.since, *dated.since)
        return ReleaseAudit(version.name, version.ref, not flaws, flaws, told, dated.unproven)

    def _dated(self, ref: RefName, tag: TagObject) -> DatedTag:
        return bear_witness(
            ref,
            self._refs[ref].object_id,
            tag,
            now=self._trust.verify_armored(tag.payload, tag.signature or b"", namespace="git"),
            checkpoints=self._checkpoints,
            trust_at=self._past.trusted_at,
        )

    def _time_of(self, line: RecordedLine) -> int | None:
        return self._times.get((line.commit, line.line))

    def _judged(self, version: ModelVersion | None) -> Iterator[tuple[str, RecordedReview]]:
        for line, judged in self._every_judged:
            if version is None or line.commit == version.commit or line.about == (version.model, version.version):
                yield f"{REVIEWS_REF}: the note of {line.commit}: {line.id}", judged

    @cached_property
    def _every_judged(self) -> list[tuple[RecordedLine, RecordedReview]]:
        context = VerificationContext(self._identity, self._trust, self._records.ids)
        return [
            (line, verify_review(line.line, commit=commit, model=None, version=None, context=context))
            for commit, lines in self._records.by_commit.items()
            for line in lines
        ]

    def _cut_off(self) -> Iterator[AuditProblem]:
        """What a shallow clone does not have might be a rejection, a policy or a release."""
        if self._repository.is_shallow:
            cut = "the clone is shallow; what lies before its cut is not verified. git fetch --unshallow brings it"
            yield AuditProblem("shallow", f"incomplete: {cut}.")

    def _notes_problems(self) -> Iterator[AuditProblem]:
        for alarm in self._content.alarms:
            yield AuditProblem(alarm.where, alarm.reason)
        for problem in self._content.problems:
            yield AuditProblem(problem.path, f"error: {problem.problem}.")

    def _other_notes(self) -> Iterator[AuditProblem]:
        """What was taken from the records of machines and users."""
        for ref in NOTES_REFS:
            if ref != REVIEWS_REF:
                content = WatchedNotes(Notes(self._repository, ref)).read(whole=True)
                yield from (AuditProblem(alarm.where, alarm.reason) for alarm in content.alarms)
                yield from (AuditProblem(each.path, f"error: {each.problem}.") for each in content.problems)

    def _orphans(self) -> Iterator[AuditProblem]:
        """Records of what is not here (any more) speak of nothing that can be shown, and are kept all the same."""
        infos = self._repository.git.cat_file.infos(self._records.by_commit)
        for commit, lines in self._records.by_commit.items():
            info = infos.get(commit)
            if info is None or info[1] != "commit":
                what = f"a {info[1]}" if info else "missing here"
                count = "1 record stands" if len(lines) == 1 else f"{len(lines)} records stand"
                reason = f"orphaned: {count} beside a commit that is {what}."
                yield AuditProblem(f"{REVIEWS_REF}: the note of {commit}", reason, alarm=False)

    def beside_records(self, reviewed: Collection[str]) -> Iterator[AuditProblem]:
        """What is wrong beside the records: with the settings, and with tags. `reviewed` are the tags of releases."""
        yield from (AuditProblem(DIRECTORY, f"error: {error}") for error in self._library.settings.errors)
        yield from self._tag_problems()
        yield from self._look_alikes(reviewed)
        yield from self._replacements()

    def _tag_problems(self) -> Iterator[AuditProblem]:
        hint = "to accept that: git update-ref -d refs/reviewtui/seen/tags/"
        for name, object_id in self._seen.items():
            now = self._refs.get(name)
            forget = f"{hint}{name.removeprefix('refs/tags/')}"
            if now is None:
                yield AuditProblem(name, f"tag-deleted: A release tag is never deleted; it was {object_id} ({forget}).")
            elif now.object_id != object_id:
                yield AuditProblem(name, f"tag-moved: A release tag is never moved; it was {object_id} ({forget}).")

    def _look_alikes(self, releases: Collection[str]) -> Iterator[AuditProblem]:
        """Tags that a person would take for a release; beside one that was reviewed, that is an alarm."""
        reviewed = {*releases, *self._seen}
        alike: dict[str, list[RefName]] = {}
        for name in self._refs:
            if name.startswith("refs/tags/"):
                alike.setdefault(folded(name), []).append(name)
        for names in alike.values():
            genuine = [name for name in names if name in reviewed]
            for name in names if len(names) > 1 else ():
                if name not in genuine:
                    twin = (genuine or [each for each in names if each != name])[0]
                    reason = f"look-alike: It is written almost like {twin}."
                    yield AuditProblem(name, reason, alarm=bool(genuine))

    @cached_property
    def _seen(self) -> dict[RefName, ObjectId]:
        return seen_tags(self._repository)

    def _remember(self, releases: Iterable[ReleaseAudit]) -> str:
        sound = [RefName(each.tag) for each in releases if each.ok and each.reason != RELEASED_UNREVIEWED]
        return remember_tags(
            self._repository, {name: self._refs[name].object_id for name in sound if name not in self._seen}
        )

    def _replacements(self) -> Iterator[AuditProblem]:
        for name in refs_below(self._repository, "refs/replace"):
            yield AuditProblem(
                name, "replaced-object: Git shows something else in its place; that is passed over here."
            )
        grafts = self._repository.common_dir / "info" / "grafts"
        if grafts.is_file() and grafts.stat().st_size:
            yield AuditProblem("info/grafts", "grafts: Git shows another history by them; they are passed over here.")
