"""PastReleases: a release judged again, by the settings, the keys and the records as they were when it was made."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from functools import cached_property

from reviewtui.audit import changes_since, release_flaws
from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.errors import GitError
from reviewtui.facts.reading import ParseCache
from reviewtui.git.objects import CommitInfo, ObjectId, RefName, TagObject
from reviewtui.judging import Judge
from reviewtui.library import VersionLibrary
from reviewtui.policy.decision import Decision
from reviewtui.records import RecordedLine, Records
from reviewtui.release import CLOCK_SKEW, ReleaseRecord, dating_flaws, moment_text
from reviewtui.settings import DIRECTORY, Settings, load_settings
from reviewtui.signing.scheme import SignatureStatus
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.values import dataclass

_PARSED = 2000
"""Files that are kept parsed for the releases after."""

TimeOf = Callable[[RecordedLine], int | None]
"""When the notes commit that brought a line was made, in seconds since 1970; None where that is not known."""


@dataclass(frozen=True, slots=True)
class Epoch:
    """The settings as one commit of the trusted branch put them in force, and when."""

    settings: Settings
    commit: CommitInfo

    @property
    def since(self) -> int:
        """Seconds since 1970."""
        return self.commit.committed


@dataclass(frozen=True, slots=True)
class ReleaseJudgement:
    """One release judged twice: `then`, by what was there when it was made, and `later`, by all that came since.

    `moment` is when it was made (seconds since 1970). `flaws` are why it should not have been; `since` is what changed;
    `doubts` is what speaks against its own word, and proves nothing.
    """

    epoch: Epoch
    moment: int
    then: Judge
    later: Judge
    decision: Decision
    flaws: tuple[str, ...]
    since: tuple[str, ...]
    doubts: tuple[str, ...] = ()


class PastReleases:
    """Judges releases again. `trust` and `now` are what is trusted, and the time, of whoever asks."""

    def __init__(self, library: VersionLibrary, trust: TrustedSigners, *, identity: str, now: datetime) -> None:
        self._library = library
        self._trust = trust
        self._identity = identity
        self._now = now
        self._libraries: dict[ObjectId, VersionLibrary] = {}
        self._parsed = library.parsed or ParseCache(_PARSED)

    def load(self, versions: Iterable[tuple[ModelVersion, Epoch]]) -> None:
        """Learn what the judging of each release would ask Git for one by one."""
        together: dict[ObjectId, tuple[Epoch, list[ModelVersion]]] = {}
        for version, epoch in versions:
            together.setdefault(epoch.commit.object_id, (epoch, []))[1].append(version)
        self._library.load_graph(version for _, group in together.values() for version in group)
        for epoch, group in together.values():
            library = self.library_of(epoch)
            library.load_tags(group)
            library.load_files(group)

    def forget(self) -> None:
        """Let go of what was read for single releases; the history stays."""
        self._libraries.clear()
        self._parsed = ParseCache(_PARSED)
        self._library.repository.tree_store.forget()

    def library_of(self, epoch: Epoch) -> VersionLibrary:
        """The versions as the settings of an epoch see them."""
        key = epoch.commit.object_id
        if key not in self._libraries:
            shared = self._library
            self._libraries[key] = VersionLibrary(
                shared.repository, shared.refs, epoch.settings, parsed=self._parsed, graph=shared.graph
            )
        return self._libraries[key]

    def epoch_of(self, record: ReleaseRecord, tag: TagObject) -> Epoch | None:
        """The settings that were in force when a tag was made, by the policy that it names; None: there are none."""
        epochs = self._by_policy.get(record.policy, ()) if record.policy else ()
        return _in_force(epochs, tag.tagged) if epochs else None

    @cached_property
    def trusted_commit(self) -> ObjectId | None:
        """The tip of the trusted branch. It is looked for once: that is a walk through every ref."""
        trusted = self._library.repository.trusted_branch(self._library.refs)
        return trusted.commit if trusted is not None else None

    @cached_property
    def epochs(self) -> tuple[Epoch, ...]:
        """Every state of the settings that the trusted branch had, the newest first. Side branches had no say."""
        repository = self._library.repository
        if self.trusted_commit is None:
            return ()
        commits = repository.commits_changing(self.trusted_commit, [DIRECTORY], first_parent=True)
        trees = repository.trees([commit.object_id for commit in commits], paths=[DIRECTORY])
        return tuple(Epoch(load_settings(tree), commit) for commit, tree in zip(commits, trees, strict=True))

    @cached_property
    def _by_policy(self) -> Mapping[ObjectId, tuple[Epoch, ...]]:
        found: dict[ObjectId, tuple[Epoch, ...]] = {}
        for epoch in self.epochs:
            policy = epoch.settings.policy_blob
            if policy is not None:
                found[policy] = (*found.get(policy, ()), epoch)
        return found

    def judge(
        self,
        version: ModelVersion,
        tag: TagObject,
        record: ReleaseRecord,
        *,
        epoch: Epoch,
        records: Records,
        time_of: TimeOf,
    ) -> ReleaseJudgement:
        """What was wrong with a release then, and what came later.

        Raises: GitError, MalformedFileError where what it rests on cannot be read.
        """
        now = int(self._now.timestamp())
        then = min(max(tag.tagged or now, epoch.since), now)
        moment = datetime.fromtimestamp(then, UTC)
        trust = TrustedSigners.load(epoch.settings.trust_files or TrustFiles(), now=moment)
        library = self.library_of(epoch)
        base = self._base_of(version, record)
        library.pin_base(version, base)
        there = _records_of(version, record, records, time_of=time_of, until=then)
        judge = self._judge(epoch, trust, there, moment, time_of)
        decision = judge.decision(version)
        subject = library.subject(version, base, identity=self._identity_of(epoch))
        whole = _records_of(version, record, records, time_of=time_of)
        flaws = (
            *judge.release_problems(version),
            *release_flaws(record, subject=subject, decision=decision, reviewers=judge.reviewers(version, decision)),
            *self._dating_flaws(version, tag, record, recorded_at(whole.beside(version.commit), time_of)),
        )
        later = self._judge(epoch, self._trust, whole, self._now, time_of)
        since = (*changes_since(record, then=decision, now=later.decision(version)), *self._key_since(tag))
        return ReleaseJudgement(epoch, then, judge, later, decision, flaws, since, tuple(self._replaced(epoch, tag)))

    def trusted_at(self, moment: int) -> TrustFiles:
        """The keys that the trusted branch trusted at a time."""
        files = (epoch.settings.trust_files for epoch in self.epochs if epoch.since <= moment)
        return next(files, None) or TrustFiles()

    def _dating_flaws(
        self, version: ModelVersion, tag: TagObject, record: ReleaseRecord, times: Mapping[str, int]
    ) -> Iterator[str]:
        claimed = {*record.review_records, *record.override_records}
        records = {f"the record {identity}": time for identity, time in times.items() if identity in claimed}
        epochs = self._by_policy.get(record.policy, ()) if record.policy else ()
        commit = self._library.repository.commit(version.commit)
        policy = epochs[-1].since if epochs else 0
        now = int(self._now.timestamp())
        return dating_flaws(tag.tagged, commit=commit.committed, now=now, records=records, policy=policy)

    def _replaced(self, epoch: Epoch, tag: TagObject) -> Iterator[str]:
        """Whether the policy that a tag names was no more in force, as far as the trusted branch's own dates tell: of
        a change that waited for its approvals they tell too much, so that it is said and no flaw."""
        later = (each for each in reversed(self.epochs[: self.epochs.index(epoch)]))
        other = next((each for each in later if each.settings.policy_blob != epoch.settings.policy_blob), None)
        if other is not None and tag.tagged is not None and tag.tagged > other.since + CLOCK_SKEW:
            words = f"The commit that replaced its policy is of {moment_text(other.since)}"
            yield f"policy-changed: {words}; the tag says {moment_text(tag.tagged)}."

    def _identity_of(self, epoch: Epoch) -> str:
        return epoch.settings.repository or self._identity

    def _judge(self, epoch: Epoch, trust: TrustedSigners, records: Records, moment: datetime, time_of: TimeOf) -> Judge:
        return Judge(
            self.library_of(epoch),
            records,
            trust,
            identity=self._identity_of(epoch),
            clock=lambda: moment,
            recorded_at=lambda lines: recorded_at(lines, time_of),
            trusted_commit=self.trusted_commit,
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
        if not self._library.repository.commits([ObjectId(commit)]):
            raise GitError(f"The base {commit[:10]} is missing.")
        kind = VersionKind.RELEASE if number else VersionKind.COMMIT
        return ModelVersion(version.model, number, kind, RefName(""), ObjectId(commit))


def recorded_at(lines: Iterable[RecordedLine], time_of: TimeOf) -> dict[str, int]:
    """{record id: when it was brought}; of several spellings of one, the oldest tells."""
    found: dict[str, int] = {}
    for line in lines:
        time = time_of(line)
        if time is not None:
            found[line.id] = min(time, found.get(line.id, time))
    return found


def _records_of(
    version: ModelVersion,
    record: ReleaseRecord,
    records: Records,
    *,
    time_of: TimeOf,
    until: int | None = None,
) -> Records:
    """The version's records; with `until`, those that were there by then, and those that the tag claims."""
    claimed = {*record.review_records, *record.override_records}

    def was_there(line: RecordedLine) -> bool:
        time = time_of(line) if until is not None else None
        return until is None or time is None or time <= until or line.id in claimed

    here = tuple(filter(was_there, records.beside(version.commit)))
    other = tuple(filter(was_there, records.elsewhere(version.model, version.version, than=version.commit)))
    return Records(
        {version.commit: here},
        {(version.model, version.version): (*here, *other)},
        records.ids,
        tuple(filter(was_there, records.dangling)),
    )


def _in_force(epochs: tuple[Epoch, ...], moment: int | None) -> Epoch:
    """Of the times with one policy, the newest first, the one in which a tag was made.

    No earlier one will do, whatever it would allow: keys that were revoked since would come back with it.
    """
    return next((epoch for epoch in epochs if moment is None or epoch.since <= moment), epochs[-1])
