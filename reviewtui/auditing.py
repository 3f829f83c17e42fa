"""Auditor: reads what one repository holds and held, and judges it again (see audit)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property

from reviewtui.audit import (
    RELEASED_UNREVIEWED,
    AuditProblem,
    AuditReport,
    ReleaseAudit,
    changes_since,
    record_problems,
    release_flaws,
)
from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.catalog.naming import folded
from reviewtui.clock import Clock
from reviewtui.errors import GitError, MalformedFileError
from reviewtui.git.notes import Notes
from reviewtui.git.notes_sync import NOTES_REFS
from reviewtui.git.objects import ObjectId, Ref, RefName, TagObject
from reviewtui.git.repository import Repository
from reviewtui.git.seen_tags import refs_below, remember_tags, seen_tags
from reviewtui.git.watched_notes import WatchedContent, WatchedNotes
from reviewtui.judging import Judge
from reviewtui.library import VersionLibrary
from reviewtui.records import REVIEWS_REF, RecordedLine, Records, read_records
from reviewtui.release import ReleaseRecord, parse_release_tag
from reviewtui.settings import DIRECTORY, Settings, load_settings
from reviewtui.signing.scheme import SignatureStatus
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.values import dataclass, replace
from reviewtui.verification import RecordedReview, VerificationContext, verify_review

_UNKNOWN_POLICY = "unknown-policy: The policy that the tag names was never in force on the trusted branch."


@dataclass(frozen=True, slots=True)
class _Epoch:
    """The settings as one commit of the trusted branch put them in force, and when."""

    settings: Settings
    since: int
    library: VersionLibrary


class Auditor:
    """Verifies one reading of a repository again."""

    def __init__(self, library: VersionLibrary, notes: WatchedNotes, *, identity: str, clock: Clock) -> None:
        self._library = library
        self._repository: Repository = library.repository
        self._notes = notes
        self._identity = identity
        self._now = clock()
        self._refs: Mapping[RefName, Ref] = {ref.name: ref for ref in library.refs}

    def report(self, version: ModelVersion | None = None) -> AuditReport:
        """Everything, or one version's releases and records; the history of the notes and tags in either case."""
        rows = [row for row in self._releases() if version is None or row.name == version.name]
        self._load(rows)
        releases = tuple(self._release(row) for row in rows)
        remarks = [alarm.reason for alarm in self._content.restored]
        if version is None:
            remarks += [f"{passed.ref} is passed over: {passed.reason}" for passed in self._library.catalog.passed_over]
        memory = self._remember(releases)
        remarks += [each for each in (self._content.memory, memory) if each]
        problems = (
            *self._notes_problems(),
            *self._other_notes(),
            *record_problems(self._judged(version)),
            *self._orphans(),
            *self._tag_problems(),
            *self._look_alikes(releases),
            *self._replacements(),
        )
        return AuditReport(releases, problems, tuple(remarks))

    def _load(self, rows: list[ModelVersion]) -> None:
        """What each release would ask Git for one by one."""
        self._library.load_tags(rows)
        named: dict[ObjectId, list[ModelVersion]] = {}
        for row in rows:
            record = self._record_of(row)
            if record is not None and record.policy is not None:
                named.setdefault(record.policy, []).append(row)
        for policy, versions in named.items():
            for epoch in self._epochs.get(policy, ()):
                epoch.library.load_tags(versions)
                epoch.library.load_graph(versions)

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
        epochs = self._epochs.get(record.policy, ()) if record.policy else ()
        if not epochs:
            return ReleaseAudit(version.name, version.ref, False, _UNKNOWN_POLICY)
        try:
            flaws, since = self._judge_release(version, tag, record, _in_force(epochs, tag.tagged))
        except (GitError, MalformedFileError) as error:
            return ReleaseAudit(version.name, version.ref, False, f"error: {error.message}")
        return ReleaseAudit(version.name, version.ref, not flaws, " ".join(dict.fromkeys(flaws)), since)

    def _judge_release(
        self, version: ModelVersion, tag: TagObject, record: ReleaseRecord, epoch: _Epoch
    ) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """What was wrong with a release then, and what came later."""
        now = int(self._now.timestamp())
        then = min(max(tag.tagged or now, epoch.since), now)
        trusted_then = epoch.settings.trust_files or TrustFiles()
        moment = datetime.fromtimestamp(then, UTC)
        trust = TrustedSigners.load(trusted_then, now=moment)
        identity = epoch.settings.repository or self._identity
        base = self._base_of(version, record)
        epoch.library.pin_base(version, base)
        judge = self._judge(epoch, trust, self._records_of(version, record, until=then), moment, identity)
        decision = judge.decision(version)
        subject = epoch.library.subject(version, base, identity=identity)
        flaws = (*judge.release_problems(version), *release_flaws(record, subject=subject, decision=decision))
        later = self._judge(epoch, self._trust, self._records_of(version, record), self._now, identity)
        return flaws, (*changes_since(record, then=decision, now=later.decision(version)), *self._key_since(tag))

    def _judge(self, epoch: _Epoch, trust: TrustedSigners, records: Records, moment: datetime, identity: str) -> Judge:
        return Judge(
            epoch.library, records, trust, identity=identity, clock=lambda: moment, recorded_at=self._recorded_at
        )

    def _key_since(self, tag: TagObject) -> tuple[str, ...]:
        verification = self._trust.verify_armored(tag.payload, tag.signature or b"", namespace="git")
        if verification.status is SignatureStatus.GOOD:
            return ()
        return (f"{verification.reason} after release: the key that signed the tag is not trusted any more.",)

    def _base_of(self, version: ModelVersion, record: ReleaseRecord) -> ModelVersion | None:
        """The base that the tag names: later tags may have put another before it.

        Raises: GitError where it is not there.
        """
        if not record.base:
            return None
        number, _, commit = record.base.rpartition(" ")
        if not self._repository.commits([ObjectId(commit)]):
            raise GitError(f"The base {commit[:10]} is missing.")
        kind = VersionKind.RELEASE if number else VersionKind.COMMIT
        return ModelVersion(version.model, number, kind, RefName(""), ObjectId(commit))

    def _records_of(self, version: ModelVersion, record: ReleaseRecord, *, until: int | None = None) -> Records:
        """The version's records; with `until`, those that were there by then, and those that the tag claims."""
        claimed = {*record.review_records, *record.override_records}

        def was_there(line: RecordedLine) -> bool:
            time = self._times.get((line.commit, line.line))
            return until is None or time is None or time <= until or line.id in claimed

        here = tuple(filter(was_there, self._records.beside(version.commit)))
        other = tuple(filter(was_there, self._records.elsewhere(version.model, version.version, than=version.commit)))
        return Records(
            {version.commit: here},
            {(version.model, version.version): (*here, *other)},
            self._records.ids,
            tuple(filter(was_there, self._records.dangling)),
        )

    def _recorded_at(self, lines: Iterable[RecordedLine]) -> dict[str, int]:
        found: dict[str, int] = {}
        for line in lines:
            time = self._times.get((line.commit, line.line))
            if time is not None:
                found[line.id] = min(time, found.get(line.id, time))
        return found

    @cached_property
    def _epochs(self) -> dict[ObjectId, tuple[_Epoch, ...]]:
        """{policy: the settings with it that the trusted branch had, the newest first}. Side branches had no say."""
        trusted = self._repository.trusted_branch(self._library.refs)
        if trusted is None or trusted.commit is None:
            return {}
        commits = self._repository.commits_changing(trusted.commit, [DIRECTORY], first_parent=True)
        trees = self._repository.trees([commit.object_id for commit in commits], paths=[DIRECTORY])
        found: dict[ObjectId, tuple[_Epoch, ...]] = {}
        for commit, tree in zip(commits, trees, strict=True):
            settings = load_settings(tree)
            if settings.policy_blob is not None:
                library = VersionLibrary(self._repository, self._library.refs, settings, parsed=self._library.parsed)
                epoch = _Epoch(settings, commit.committed, library)
                found[settings.policy_blob] = (*found.get(settings.policy_blob, ()), epoch)
        return found

    def _judged(self, version: ModelVersion | None) -> Iterator[tuple[str, RecordedReview]]:
        context = VerificationContext(self._identity, self._trust, self._records.ids)
        for commit, lines in self._records.by_commit.items():
            for line in lines:
                if version is None or commit == version.commit or line.about == (version.model, version.version):
                    judged = verify_review(line.line, commit=commit, model=None, version=None, context=context)
                    yield f"{REVIEWS_REF}: the note of {commit}: {line.id}", judged

    def _notes_problems(self) -> Iterator[AuditProblem]:
        for alarm in self._content.alarms:
            yield AuditProblem(alarm.where, alarm.reason)
        for problem in self._content.problems:
            yield AuditProblem(problem.path, f"error: {problem.problem}.")
        for error in self._library.settings.errors:
            yield AuditProblem(DIRECTORY, f"error: {error}")

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

    def _tag_problems(self) -> Iterator[AuditProblem]:
        hint = "to accept that: git update-ref -d refs/reviewtui/seen/tags/"
        for name, object_id in self._seen.items():
            now = self._refs.get(name)
            forget = f"{hint}{name.removeprefix('refs/tags/')}"
            if now is None:
                yield AuditProblem(name, f"tag-deleted: A release tag is never deleted; it was {object_id} ({forget}).")
            elif now.object_id != object_id:
                yield AuditProblem(name, f"tag-moved: A release tag is never moved; it was {object_id} ({forget}).")

    def _look_alikes(self, releases: Iterable[ReleaseAudit]) -> Iterator[AuditProblem]:
        """Tags that a person would take for a release; beside one that was reviewed, that is an alarm."""
        reviewed = {each.tag for each in releases if each.reason != RELEASED_UNREVIEWED} | set(self._seen)
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


def _in_force(epochs: tuple[_Epoch, ...], moment: int | None) -> _Epoch:
    """Of the times with one policy, the newest first, the one in which a tag was made.

    No earlier one will do, whatever it would allow: keys that were revoked since would come back with it.
    """
    return next((epoch for epoch in epochs if moment is None or epoch.since <= moment), epochs[-1])
