"""Project: one repository opened for review. The verbs; how each is done stands in the modules they call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from reviewtui.catalog import BaseChoice, ModelVersion, VersionCatalog, tag_name
from reviewtui.clock import Clock, utc_now
from reviewtui.errors import RefChangedError, ReleaseRefusedError
from reviewtui.git.objects import ObjectId, Ref, RefName
from reviewtui.git.repository import Repository
from reviewtui.library import VersionLibrary
from reviewtui.overview import VersionStatus, plain_status
from reviewtui.records import REVIEWS_REF, SEEN_REVIEWS_REF, RecordedLine, Records, read_records
from reviewtui.settings import DIRECTORY, Settings, load_settings, untrusted_settings
from reviewtui.values import replace

# What reads files, judges, signs and writes is loaded by the verbs that need it: a list of versions waits for none.
if TYPE_CHECKING:
    from reviewtui.audit import AuditReport, FreshnessDemand
    from reviewtui.auditing import Auditor
    from reviewtui.authoring import PreparedRelease, PreparedReview, Receipt
    from reviewtui.comparison import Comparison
    from reviewtui.diff import TextChange, TextPair, VersionDiff
    from reviewtui.facts.model import Fact, Problem, VersionFacts
    from reviewtui.facts.reading import ParseCache
    from reviewtui.git.notes_sync import SyncedNotes
    from reviewtui.git.watched_notes import WatchedNotes
    from reviewtui.history import AuditRecord, HistoryEvent
    from reviewtui.judging import Judge, ReviewEntry
    from reviewtui.policy.decision import Decision
    from reviewtui.review import ReviewSubject, Verdict
    from reviewtui.signing.scheme import Signer
    from reviewtui.signing.trust import TrustedSigners
    from reviewtui.trail import AuditTrail, TrailScope
    from reviewtui.verification import VerifiedReview

__all__ = ["PreparedRelease", "PreparedReview", "Project", "Receipt", "ReviewEntry", "VersionStatus"]


_CHANGE = f"{DIRECTORY}@"
_BRANCHES = ("refs/heads/", "refs/remotes/")
_READ = ("refs", "settings", "library", "records", "trust", "identity", "_judge", "_brought", "_signed_tags")
"""The attributes that are kept until the next reading."""


class Project:
    """One reading of a repository; `reload()` reads it again."""

    def __init__(self, repository: Repository, *, signer: Callable[[], Signer], clock: Clock = utc_now) -> None:
        self.repository = repository
        self._signer_of = signer
        self._clock = clock
        self._parsed: ParseCache | None = None

    @classmethod
    def open(cls, path: Path) -> Project:
        """Open the repository that holds `path`, with the signing key that its Git would use.

        Raises: NotARepositoryError, GitMissingError.
        """
        repository = Repository.open(path)

        def signer() -> Signer:
            from reviewtui.signing.configured import configured_signer

            return configured_signer(repository.config, directory=repository.work_tree or repository.git_dir)

        return cls(repository, signer=signer)

    def reload(self) -> None:
        """Forget what was read, so that the next question reads refs, settings and records as they are now."""
        self.repository.reload_config()
        earlier: VersionLibrary | None = self.__dict__.get("library")
        self._parsed = earlier.parsed if earlier is not None else None
        for name in _READ:
            self.__dict__.pop(name, None)

    def with_settings(self, settings: Settings) -> Project:
        """The same reading, as it would be judged by other settings."""
        other = Project(self.repository, signer=self._signer_of, clock=self._clock)
        other.__dict__ |= {"refs": self.refs, "records": self.records, "settings": settings, "_parsed": self._parsed}
        return other

    @cached_property
    def refs(self) -> tuple[Ref, ...]:
        return self.repository.refs()

    @cached_property
    def settings(self) -> Settings:
        """.reviewtui/ of the trusted branch."""
        trusted = self.repository.trusted_branch(self.refs)
        if trusted is None and self.refs:
            return untrusted_settings(self.repository.config("reviewtui.trustedBranch"))
        return load_settings(self.repository.tree(trusted.commit) if trusted and trusted.commit else None)

    @cached_property
    def library(self) -> VersionLibrary:
        return VersionLibrary(self.repository, self.refs, self.settings, parsed=self._parsed)

    @cached_property
    def trust(self) -> TrustedSigners:
        from reviewtui.signing.trust import TrustedSigners, TrustFiles

        return TrustedSigners.load(self.settings.trust_files or TrustFiles(), now=self._clock())

    @cached_property
    def records(self) -> Records:
        """Every review that was ever recorded here, also what somebody took away again."""
        if self.repository.ref(REVIEWS_REF) is None and self.repository.present_ref(SEEN_REVIEWS_REF) is None:
            return Records()
        content = self._watched_notes().read()
        return read_records(content.lines, problems=content.problems, alarms=content.alarms)

    def fetched_apart(self) -> tuple[str, ...]:
        """The remotes whose records `git fetch` brought, and nobody united with the records here: they do not count."""
        notes = self._watched_notes().notes
        return tuple(remote for remote in self.repository.remotes() if notes.lack(remote))

    @cached_property
    def identity(self) -> str:
        """This repository's name in every record: the settings', else its origin, else its folder."""
        return self.settings.repository or self.repository.address or self.repository.name

    @cached_property
    def _judge(self) -> Judge:
        from reviewtui.judging import Judge

        return Judge(
            self.library,
            self.records,
            self.trust,
            identity=self.identity,
            clock=self._clock,
            recorded_at=self._recorded_at,
        )

    def _recorded_at(self, lines: Iterable[RecordedLine]) -> dict[str, int]:
        """When each record was brought; of several spellings of one, the oldest tells."""
        wanted = {(line.commit, line.line): line.id for line in lines}
        times = self._brought if wanted else {}
        found: dict[str, int] = {}
        for place, identity in wanted.items():
            if place in times:
                found[identity] = min(times[place], found.get(identity, times[place]))
        return found

    @cached_property
    def _brought(self) -> dict[tuple[ObjectId, bytes], int]:
        """When each line was first brought: the notes' history is walked once for all versions."""
        return self._watched_notes().times()

    def _watched_notes(self) -> WatchedNotes:
        from reviewtui.git.notes import Notes
        from reviewtui.git.watched_notes import WatchedNotes

        return WatchedNotes(Notes(self.repository, RefName(REVIEWS_REF)))

    @property
    def catalog(self) -> VersionCatalog:
        """Every version."""
        return self.library.catalog

    def find(self, name: str) -> ModelVersion:
        """The version that a name means; .reviewtui@BRANCH: a change of the settings. Raises: UnknownVersionError."""
        if name.startswith(_CHANGE):
            tips = (ref.commit for ref in self.refs if ref.commit and ref.name.startswith(_BRANCHES))
            return self._judge.policy_changes.find(name.removeprefix(_CHANGE), tips)
        return self.library.find(name)

    def overview(self, model: str | None = None) -> tuple[VersionStatus, ...]:
        """The versions of one model or of all, each with its state. Raises: UnknownVersionError for a model."""
        versions = self.catalog.versions if model is None else self.library.versions_of(model)
        recorded = [version for version in versions if self.records.concern(version)]
        self.library.load_for_judging(recorded)
        self.library.load_tags(version for version in versions if version.tag in self._signed_tags)
        return tuple(self.status(version) for version in versions)

    def status(self, version: ModelVersion) -> VersionStatus:
        """A version's state, and how many approvals it has and needs."""
        known = None
        if not self.records.concern(version):
            policy = self.settings.policy
            required = policy.required_persons(version.model) if policy is not None else 0
            known = plain_status(version, signed_tags=self._signed_tags, required=required)
        return known or self._judge.status(version)

    @cached_property
    def _signed_tags(self) -> frozenset[ObjectId]:
        return frozenset(ref.object_id for ref in self.refs if ref.signed)

    def facts(self, version: ModelVersion) -> VersionFacts:
        """Config, metrics, data and environment of a version; settings of its own are told as a problem."""
        facts = self.library.facts(version)
        said = self._banner(version)
        return replace(facts, problems=(*said, *facts.problems)) if said else facts

    def _banner(self, version: ModelVersion) -> tuple[Problem, ...]:
        from reviewtui.facts.model import Problem
        from reviewtui.own_settings import settings_banner

        if version.model == DIRECTORY:
            return ()

        trusted = self.repository.trusted_branch(self.refs)
        said = settings_banner(self.repository, version.commit, trusted.commit if trusted is not None else None)
        return (Problem(DIRECTORY, said),) if said else ()

    def base_of(self, version: ModelVersion) -> BaseChoice:
        """The version it is compared with where nobody says, and why that one."""
        trusted = self.repository.trusted_branch(self.refs) if version.model == DIRECTORY else None
        if trusted is not None and trusted.commit is not None:
            in_force = self._judge.policy_changes.version(trusted.commit)
            return BaseChoice(in_force, f"the settings in force, of {trusted.name}")
        return self.library.base_of(version)

    def chosen_base(self, name: str) -> BaseChoice:
        """A base that somebody named."""
        version = self.find(name)
        return BaseChoice(version, f"{version.name}, as asked")

    def compare(self, base: ModelVersion | None, head: ModelVersion) -> VersionDiff:
        """What differs between two versions; None: everything is new."""
        diff, said = self.library.compare(base, head), self._banner(head)
        return replace(diff, problems=(*said, *diff.problems)) if said else diff

    def text_changes(self, base: ModelVersion | None, head: ModelVersion) -> tuple[TextChange, ...]:
        """The files that the facts were read from, as text, side against side."""
        return self.library.text_changes(base, head)

    def text_pairs(self, base: ModelVersion | None, head: ModelVersion) -> tuple[TextPair, ...]:
        """The same files whole: both sides of each that differs."""
        return self.library.files.text_pairs(base, head)

    def blob(self, version: ModelVersion, path: str) -> bytes:
        """The bytes of one file of a version. Raises: MalformedFileError where there is none, or it is too large."""
        return self.library.files.blob(version, path)

    def metric_history(self, versions: Sequence[ModelVersion]) -> tuple[tuple[Fact, ...], ...]:
        """The metrics of many versions, each in its place; the files are read in one go, and nothing else is."""
        from reviewtui.metric_history import metrics_of

        return metrics_of(self.library.files, versions)

    def compare_many(self, versions: Sequence[ModelVersion]) -> Comparison:
        """Many versions side by side; the first is the base, and its model's policy says what is better."""
        from reviewtui.comparison import Compared, compare_versions

        compared = [Compared(self.status(version), self.facts(version)) for version in versions]
        policy = self.settings.policy
        return compare_versions(compared, directions=policy.directions(versions[0].model) if policy else {})

    def reviews(self, version: ModelVersion) -> tuple[ReviewEntry, ...]:
        """Every record of a version, counted or not, each with its reason."""
        return self._judge.entries(version)

    def gate(self, version: ModelVersion) -> Decision:
        """What the policy says to a release of a version."""
        return self._judge.decision(version)

    def history(self, model: str | None = None) -> tuple[HistoryEvent, ...]:
        """What happened to one model or to all, newest first. Raises: UnknownVersionError for a model."""
        from reviewtui.history import tell_history

        trusted = self.repository.trusted_branch(self.refs)
        return tell_history(self.library, self.overview(model), self.trail(model), trusted=trusted, model=model)

    def trail(self, model: str | None = None) -> tuple[AuditRecord, ...]:
        """Every recorded line of one model or of all, newest first, each with its fate."""
        from reviewtui.history import recorded_reviews

        return recorded_reviews(self._judge, self._watched_notes(), model=model) if self.records.by_commit else ()

    def audit_trail(self, scope: TrailScope | None = None) -> AuditTrail:
        """Everything that happened, oldest first, each event with what it rests on. The events are told once.

        Raises: UnknownVersionError where there is no such model or version; UsageError for a time that is none.
        """
        from reviewtui.trail import TrailScope
        from reviewtui.trail_telling import tell_trail

        return tell_trail(self.library, self._watched_notes(), identity=self.identity, scope=scope or TrailScope())

    def subject(self, version: ModelVersion, *, base: ModelVersion | None = None) -> ReviewSubject:
        """What a review of the version, made now, would be bound to; `base` is one that the reviewer chose."""
        if version.model == DIRECTORY:
            return self._judge.policy_changes.subject(version.commit).current
        return self.library.subject(version, base or self.base_of(version).version, identity=self.identity)

    def last_verdict(self, version: ModelVersion, reviewer: str) -> VerifiedReview | None:
        """A reviewer's latest verdict on another commit of the same model."""
        return self._judge.last_verdict(version, reviewer)

    def signer(self) -> Signer:
        """The signer that the user's Git uses. Raises: NoSigningKeyError, SigningError."""
        return self._signer_of()

    def reviewer(self, signer: Signer) -> str:
        """Who the signer's key speaks for."""
        from reviewtui.authoring import reviewer_principal

        principals = self.trust.principals_of_signer(signer)
        return reviewer_principal(principals=principals, email=self.repository.identity().email)

    def prepare_review(
        self, version: ModelVersion, verdict: Verdict, comment: str, *, base: ModelVersion | None = None
    ) -> PreparedReview:
        """The very bytes of a verdict, ready to be shown and signed. Nothing is written. `base` is what the reviewer
        compared with, where that is not the version's own base.

        Raises: SigningError; UsageError where the verdict needs a comment.
        """
        from reviewtui.reviewing import chosen_base, prepare, refuse_without_comment

        refuse_without_comment(verdict, comment)
        signer = self.signer()
        own = self.base_of(version).version if base is not None and version.model != DIRECTORY else None
        chosen = chosen_base(base, own=own)
        return prepare(
            self._judge,
            self.subject(version, base=chosen),
            version,
            verdict,
            comment,
            signer=signer,
            reviewer=self.reviewer(signer),
            base=(chosen, own),
            notes_ref=self._watched_notes().notes.ref,
            now=self._clock(),
        )

    def record_review(self, prepared: PreparedReview) -> Receipt:
        """Sign a prepared review and store it beside its commit.

        Raises: RefChangedError where the version is no longer what was shown; SigningError.
        """
        from reviewtui.authoring import Receipt
        from reviewtui.review import record_id
        from reviewtui.signing.envelope import PAYLOAD_TYPE, sign_payload

        self.reload()
        subject = prepared.review.subject
        version, chosen = self.library.again(prepared.version), prepared.chosen_base
        base = self.library.again(chosen) if chosen is not None else None
        if self.subject(version, base=base) != subject:
            raise RefChangedError(f"{subject.name} changed while you looked at it; nothing was signed.")
        envelope = sign_payload(PAYLOAD_TYPE, prepared.payload, signer=self.signer(), verifier=self.trust)
        tip = self._watched_notes().notes.append(subject.commit, envelope.to_line())
        self.reload()
        return Receipt(record_id(prepared.payload), tip)

    def prepare_release(self, version: ModelVersion) -> PreparedRelease:
        """The release tag as it would be signed. Nothing is written.

        Raises: ReleaseRefusedError with the decision; SigningError; UsageError for a change of the settings.
        """
        from reviewtui.authoring import PreparedRelease
        from reviewtui.releasing import refuse_unless_free, refuse_unless_releaser, tag_message

        decision = self.gate(version)
        tag = tag_name(self.settings.tags[0], version.model, version.version)
        refuse_unless_free(version, tag, decision, refs=self.refs, settings=self.settings)
        if not decision.allowed:
            raise ReleaseRefusedError(f"The gate is closed for {version.name}; no tag was made.", decision=decision)
        signer = self.signer()
        refuse_unless_releaser(self.settings.policy, self.trust.expected(signer), decision)
        message = tag_message(self._judge, version, decision, subject=self.subject(version), refs=self.refs)
        return PreparedRelease(version, tag, message, decision, signer.describe(), signer.may_prompt)

    def release(self, prepared: PreparedRelease, *, push: bool = False, remote: str = "origin") -> ObjectId:
        """Make the signed tag of a prepared release, and give the id of the tag object.

        With `push` the records are united with the remote's first, so that a rejection that waits there is heard.
        Raises: ReleaseRefusedError, RefChangedError where something changed since it was shown; SigningError.
        """
        from reviewtui.git.seen_tags import remember_tags

        if push and any(each.alarms for each in self.sync(remote)):
            raise RefChangedError(f"{remote} had lost records, which were put back. Look at them; no tag was made.")
        self.reload()
        again = self.prepare_release(self.library.again(prepared.version))
        if again.shown != prepared.shown:
            raise RefChangedError(f"{prepared.version.name} changed while you looked at it; no tag was made.")
        made = self.repository.create_tag(prepared.tag, commit=prepared.version.commit, message=prepared.message)
        remember_tags(self.repository, {RefName(f"refs/tags/{prepared.tag}"): made})
        self.reload()
        if push:
            self.push_tag(prepared.tag, remote=remote)
        return made

    def push_tag(self, tag: str, *, remote: str) -> None:
        """Push one release tag. Raises: GitError where the remote refuses it."""
        self.repository.push(remote, (f"refs/tags/{tag}:refs/tags/{tag}",))

    def sync(self, remote: str) -> tuple[SyncedNotes, ...]:
        """Unite the notes with a remote's, so that both have every record of both. Raises: GitError."""
        from reviewtui.git.notes_sync import sync_notes

        synced = sync_notes(self.repository, remote)
        self.reload()
        return synced

    def verify(self, version: ModelVersion | None = None, *, fresh: FreshnessDemand | None = None) -> AuditReport:
        """Judge releases, records and the history of notes and tags again; of one version, or of all. With `fresh`, a
        remote is asked whether it has more.

        Raises: GitError where the remote does not answer.
        """
        return self._auditor().report(version, fresh=fresh)

    def checkpoint_text(self) -> tuple[str, AuditReport]:
        """The comment of a checkpoint of what is here, and what verify finds: nobody should sign it over a fault."""
        auditor = self._auditor()
        return auditor.checkpoint(), auditor.report()

    def _auditor(self) -> Auditor:
        from reviewtui.auditing import Auditor

        return Auditor(self.library, self._watched_notes(), identity=self.identity, clock=self._clock)
