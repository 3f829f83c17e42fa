"""TrailJudge: what became of every record of a version, and of its release or its change of the settings.

Laws
1. A release is judged as of its tag, a change of the settings by the settings before it, everything else by the newest
   time that the repository itself knows. No clock has a say.
2. Versions are judged some dozens at a time; of those that were told nothing is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from functools import cached_property

from reviewtui.audit import ALARMING, UNKNOWN_POLICY
from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.errors import GitError, MalformedFileError
from reviewtui.git.objects import CommitInfo, ObjectId, RefName, TagObject
from reviewtui.judging import NO_COMMIT, Judge, ReviewEntry
from reviewtui.library import VersionLibrary
from reviewtui.past_releases import Epoch, PastReleases, recorded_at
from reviewtui.policy.changes import POLICY_MODEL
from reviewtui.policy.decision import Decision
from reviewtui.policy_change import policy_change_version
from reviewtui.records import RecordedLine, Records, read_records
from reviewtui.release import ReleaseRecord, parse_release_tag
from reviewtui.signing.scheme import SignatureStatus, Verification
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.trail_index import NotesIndex, Place, line_digest
from reviewtui.values import dataclass, replace
from reviewtui.verification import UnverifiedReview

Key = tuple[str, str, ObjectId, RefName]
"""(model, version, commit, ref): two tags may name one version."""


_UNSIGNED = Verification(SignatureStatus.UNKNOWN_KEY, "")


@dataclass(frozen=True, slots=True)
class JudgedLine:
    """One line and its fate. `principals` are whom the signers that were trusted give its key to; `is_alarm`: no honest
    accident makes such a line."""

    line: RecordedLine
    entry: ReviewEntry
    principals: tuple[str, ...]
    is_alarm: bool = False


@dataclass(frozen=True, slots=True)
class JudgedRelease:
    """One release tag. `record` is None where it carries none of our trailers. `flaws` are why it should not have been
    made, `since` is what changed later, and `signed` who signed it, by the keys that were trusted then."""

    tag: TagObject
    record: ReleaseRecord | None
    flaws: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    signed: Verification = _UNSIGNED


@dataclass(frozen=True, slots=True)
class JudgedVersion:
    """Everything about one version. `decision` is the gate's as of its release or its coming into force."""

    lines: Mapping[Place, JudgedLine]
    info: CommitInfo | None
    release: JudgedRelease | None = None
    decision: Decision | None = None


def key_of(version: ModelVersion) -> Key:
    """What tells two versions apart."""
    return version.model, version.version, version.commit, version.ref


class TrailJudge:
    """Judges versions for a trail."""

    def __init__(self, library: VersionLibrary, index: NotesIndex, *, identity: str, now: datetime) -> None:
        self._library = library
        self._index = index
        self._identity = identity
        self._now = now

    @cached_property
    def trust(self) -> TrustedSigners:
        """Whose keys are trusted as of the newest time."""
        return TrustedSigners.load(self._library.settings.trust_files or TrustFiles(), now=self._now)

    @cached_property
    def past(self) -> PastReleases:
        """The releases, and the settings that were in force."""
        return PastReleases(self._library, self.trust, identity=self._identity, now=self._now)

    @cached_property
    def changes(self) -> Mapping[ObjectId, tuple[Epoch, Epoch | None]]:
        """{commit that changed the settings: (they, the ones before)}."""
        epochs = self.past.epochs
        return {
            each.commit.object_id: (each, before) for each, before in zip(epochs, (*epochs[1:], None), strict=False)
        }

    def load(self, versions: Iterable[ModelVersion]) -> None:
        """Learn what the judging of all these would ask Git for one by one."""
        tips, waiting = {}, {}
        for version in versions:
            if version.model != POLICY_MODEL:
                tips[version.commit] = version
                if version.kind is not VersionKind.RELEASE:
                    waiting[version.model, version.commit] = version
        self._library.load_graph(tips.values())
        self._library.load_ancestry(waiting.values())

    def judge(self, versions: Iterable[ModelVersion]) -> dict[Key, JudgedVersion]:
        """Law 2: some dozens of versions."""
        wanted = tuple(versions)
        records = self._records(wanted)
        infos = self._library.repository.commits({version.commit for version in wanted})
        tags = self._library.repository.tags({version.tag for version in wanted if version.tag is not None})
        releases = {key_of(version): self._release(version, tags) for version in wanted}
        self.past.load(
            (version, release[1])
            for version in wanted
            if (release := releases[key_of(version)]) is not None and release[1] is not None
        )
        waiting = self._judge_of(self._library, self.trust, records)
        judged = {}
        for version in wanted:
            info, release = infos.get(version.commit), releases[key_of(version)]
            if version.model == POLICY_MODEL:
                found = self._change(version, records, waiting)
            elif release is not None and release[1] is not None:
                found = self._released(version, release[0], release[1], records, waiting)
            else:
                found = JudgedVersion(self._lines(version, waiting), info, release[0] if release else None)
            judged[key_of(version)] = replace(found, info=info)
        self.past.forget()
        return judged

    def alone(self, commit: ObjectId, digest: bytes) -> JudgedLine | None:
        """A line whose commit is not in this repository."""
        records = read_records(self._index.read([commit]))
        judge = self._judge_of(self._library, self.trust, replace(records, ids=self._index.ids))
        for line in records.beside(commit):
            if line_digest(line.line) == digest:
                entry = judge.alone(line)
                return JudgedLine(line, entry, self.trust.principals_of(entry.keyid), _is_alarming(entry))
        return None

    def _records(self, versions: Iterable[ModelVersion]) -> Records:
        commits: dict[ObjectId, None] = {}
        for version in versions:
            commits[version.commit] = None
            commits |= dict.fromkeys(self._index.beside(version.model, version.version))
        content = self._index.content
        read = read_records(self._index.read(commits), problems=content.problems, alarms=content.alarms)
        return replace(read, ids=self._index.ids, dangling=self._index.dangling)

    def _release(
        self, version: ModelVersion, tags: Mapping[ObjectId, TagObject]
    ) -> tuple[JudgedRelease, Epoch | None] | None:
        tag = tags.get(version.tag) if version.tag is not None else None
        if tag is None:
            return None
        record = parse_release_tag(tag)
        epoch = self.past.epoch_of(record, tag) if record is not None else None
        flaws = () if record is None or epoch is not None else (UNKNOWN_POLICY,)
        return JudgedRelease(tag, record, flaws, (), _signed(tag, self.trust)), epoch

    def _released(
        self, version: ModelVersion, release: JudgedRelease, epoch: Epoch, records: Records, waiting: Judge
    ) -> JudgedVersion:
        assert release.record is not None
        try:
            judged = self.past.judge(
                version, release.tag, release.record, epoch=epoch, records=records, time_of=self._index.time_of
            )
        except (GitError, MalformedFileError) as error:
            flawed = replace(release, flaws=(f"error: {error.message}",))
            return JudgedVersion(self._lines(version, waiting), None, flawed)
        # What came later is told with its fate by all that is known; what was there, as it was.
        lines = self._lines(version, judged.later) | self._lines(version, judged.then)
        told = JudgedRelease(
            release.tag, release.record, judged.flaws, judged.since, _signed(release.tag, judged.then.trust)
        )
        return JudgedVersion(lines, None, told, judged.decision)

    def _change(self, version: ModelVersion, records: Records, waiting: Judge) -> JudgedVersion:
        """A change of the settings that came into force, by the ones before; any other, by those in force."""
        epoch, before = self.changes.get(version.commit, (None, None))
        if epoch is None or before is None or version != policy_change_version(version.commit, epoch.settings):
            return JudgedVersion(self._lines(version, waiting), None)
        library = VersionLibrary(self._library.repository, self._library.refs, before.settings)
        trust = TrustedSigners.load(before.settings.trust_files or TrustFiles(), now=self._now)
        judge = self._judge_of(library, trust, records, trusted_commit=before.commit.object_id)
        return JudgedVersion(self._lines(version, judge), None, None, judge.decision(version))

    def _judge_of(
        self,
        library: VersionLibrary,
        trust: TrustedSigners,
        records: Records,
        *,
        trusted_commit: ObjectId | None = None,
    ) -> Judge:
        return Judge(
            library,
            records,
            trust,
            identity=library.settings.repository or self._identity,
            clock=lambda: self._now,
            recorded_at=lambda lines: recorded_at(lines, self._index.time_of),
            trusted_commit=trusted_commit or self.past.trusted_commit,
        )

    def _lines(self, version: ModelVersion, judge: Judge) -> dict[Place, JudgedLine]:
        try:
            judged = tuple(_judged_lines(version, judge))
        except (GitError, MalformedFileError) as error:
            judged = tuple(_unjudged_lines(version, judge, f"error: {error.message}"))
        return {(each.line.commit, line_digest(each.line.line)): each for each in judged}


def _signed(tag: TagObject, trust: TrustedSigners) -> Verification:
    return trust.verify_armored(tag.payload, tag.signature or b"", namespace="git")


def _lines_of(version: ModelVersion, records: Records) -> tuple[RecordedLine, ...]:
    others = records.elsewhere(version.model, version.version, than=version.commit)
    return (*records.beside(version.commit), *others)


def _unjudged_lines(version: ModelVersion, judge: Judge, reason: str) -> Iterator[JudgedLine]:
    """The lines of a version that cannot be read: none of them counts, and each says what it is by itself."""
    for line in _lines_of(version, judge.records):
        entry = judge.alone(line)
        told = entry if entry.reason != NO_COMMIT else replace(entry, reason=reason)
        yield JudgedLine(line, told, judge.trust.fingerprints().get(entry.keyid, ()), _is_alarming(entry))


def _judged_lines(version: ModelVersion, judge: Judge) -> Iterator[JudgedLine]:
    lines = _lines_of(version, judge.records)
    if not lines:
        return
    left: dict[tuple[str, ObjectId], list[ReviewEntry]] = {}
    for entry in judge.entries(version):
        left.setdefault((entry.id, entry.commit), []).append(entry)
    doubtful = {
        each.line
        for group in judge.recorded(version)
        for each in group
        if isinstance(each, UnverifiedReview) and each.may_be_veto
    }
    for line in lines:
        entry = left[line.id, line.commit].pop(0)
        principals = judge.trust.principals_of(entry.keyid)
        yield JudgedLine(line, entry, principals, line.line in doubtful or _is_alarming(entry))


def _is_alarming(entry: ReviewEntry) -> bool:
    return entry.reason.partition(":")[0] in ALARMING
