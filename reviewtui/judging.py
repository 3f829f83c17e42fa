"""Judge: what the records and the policy come to for one version, by what is in the repository now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.chains import Chains
from reviewtui.clock import Clock
from reviewtui.errors import MalformedFileError
from reviewtui.git.objects import CommitInfo, ObjectId, TagObject
from reviewtui.library import VersionLibrary
from reviewtui.overview import VersionStatus
from reviewtui.own_settings import settings_banner
from reviewtui.policy.changes import POLICY_MODEL
from reviewtui.policy.contributors import contributors
from reviewtui.policy.decision import Decision, Finding, FindingState
from reviewtui.policy.evaluate import PolicySubject, evaluate
from reviewtui.policy.people import People
from reviewtui.policy.state import state_of
from reviewtui.records import RecordedLine, Records
from reviewtui.release import check_release_tag, releaser_finding
from reviewtui.review import Verdict
from reviewtui.signing.scheme import SignatureStatus, Verification
from reviewtui.signing.trust import TrustedSigners
from reviewtui.values import dataclass, replace
from reviewtui.verification import (
    RecordedReview,
    UnverifiedReview,
    VerificationContext,
    VerifiedReview,
    verify_review,
)

# Most decisions are about versions, and most readings sign nothing.
if TYPE_CHECKING:
    from reviewtui.authoring import Link
    from reviewtui.policy_change import PolicyChangeJudge


@dataclass(frozen=True, slots=True)
class ReviewEntry:
    """One recorded line of a version, and its fate. What cannot be read is empty."""

    id: str
    reviewer: str
    verdict: str
    comment: str
    at: str
    counted: bool
    reason: str
    keyid: str
    commit: ObjectId

    @property
    def has_verdict(self) -> bool:
        """Whether it is a verdict that nothing later of the same reviewer took back."""
        return self.verdict in ("approve", "reject", "override") and self.reason not in ("withdrawn", "superseded")


NO_COMMIT = "subject-commit-mismatch: the commit is not in this repository"

RecordedAt = Callable[[Iterable[RecordedLine]], Mapping[str, int]]
"""Lines → {record id: when the notes commit that brought it was made, in seconds since 1970}."""


class Judge:
    """Judges versions by one reading of refs, records and settings."""

    def __init__(
        self,
        library: VersionLibrary,
        records: Records,
        trust: TrustedSigners,
        *,
        identity: str,
        clock: Clock,
        recorded_at: RecordedAt,
        trusted_commit: ObjectId | None = None,
    ) -> None:
        """`trusted_commit` is the state of the trusted branch that the library's settings are from, where that is not
        its tip."""
        self.library = library
        self.records = records
        self.trust = trust
        self._decisions: dict[tuple[str, str, ObjectId], Decision] = {}
        self._clock = clock
        self._now = int(clock().timestamp())
        self._context = VerificationContext(identity, trust, records.ids)
        self._verified: dict[tuple[str, bytes, str, str], RecordedReview] = {}
        self._identity = identity
        self._recorded_at = recorded_at
        self._trusted_commit = trusted_commit

    def status(self, version: ModelVersion) -> VersionStatus:
        """Where a version stands. A version without records costs no reading of its files."""
        policy = self.library.settings.policy
        required = policy.required_persons(version.model) if policy is not None else 0
        decision = self.decision(version) if self.records.concern(version) else None
        if version.kind is VersionKind.RELEASE:
            state = state_of(None, released=self._is_release(version))
            return VersionStatus(version, state, decision.approvals if decision else 0, required)
        if decision is None:
            return VersionStatus(version, "unreviewed", 0, required)
        return VersionStatus(
            version,
            state_of(decision),
            decision.approvals,
            decision.required,
            decision.unblock,
            decision.vetoed_by,
            decision.impasse,
        )

    def decision(self, version: ModelVersion) -> Decision:
        """Every finding of the policy for a version, or for a change of the settings; made once for one reading."""
        key = (version.model, version.version, version.commit)
        if key not in self._decisions:
            self._decisions[key] = self._decide(version)
        return self._decisions[key]

    def decision_after(self, version: ModelVersion, review: VerifiedReview) -> Decision:
        """The decision on a version once this review is recorded, too."""
        return self._decide(version, (review,))

    def _decide(self, version: ModelVersion, more: tuple[VerifiedReview, ...] = ()) -> Decision:
        if version.model == POLICY_MODEL:
            return self.policy_changes.decide(version.commit, self.records)
        try:
            subject = self._policy_subject(version)
        except MalformedFileError as error:
            return self._unreadable(version, error)
        reviews, earlier = self.recorded(version)
        decision = evaluate(
            self.library.settings.policy,
            subject,
            reviews=(*reviews, *more),
            earlier=(*earlier, *self._broken),
            now=self._now,
            recorded_at={**self._recorded_at(self._overrides(version)), **{each.id: self._now for each in more}},
            errors=self._errors(),
        )
        remarks = (*self._alarms(), *self._banner(version))
        return replace(decision, findings=(*remarks, *decision.findings)) if remarks else decision

    def _unreadable(self, version: ModelVersion, error: MalformedFileError) -> Decision:
        """A version whose files nobody can list is closed for itself, and spoils no other."""
        finding = Finding("version", FindingState.ERROR, error.message)
        fates = {(line.id, "malformed: the files of the version cannot be read") for line in self._lines(version)}
        return Decision((*self._alarms(), finding), standing=tuple(sorted(fates)))

    @cached_property
    def policy_changes(self) -> PolicyChangeJudge:
        """The judge of changes of the settings."""
        from reviewtui.policy_change import PolicyChangeJudge

        repository = self.library.repository
        return PolicyChangeJudge(repository, self.library.settings, self._trusted, self.trust, self._clock)

    def _alarms(self) -> Iterator[Finding]:
        """What was taken from the notes is counted all the same, so that an alarm is shown and closes no gate."""
        for alarm in self.records.alarms:
            yield Finding("integrity", FindingState.UNMET, f"{alarm.where}: {alarm.reason}", warning=True)

    def _banner(self, version: ModelVersion) -> Iterator[Finding]:
        """A version that brings settings of its own is looked at twice; they decide nothing here."""
        said = settings_banner(self.library.repository, version.commit, self._trusted)
        if said:
            yield Finding("settings", FindingState.UNMET, said, warning=True)

    @cached_property
    def _trusted(self) -> ObjectId | None:
        trusted = None if self._trusted_commit else self.library.repository.trusted_branch(self.library.refs)
        return trusted.commit if trusted is not None else self._trusted_commit

    def _overrides(self, version: ModelVersion) -> list[RecordedLine]:
        """Overrides are the only records whose age matters; learning it costs a walk through the notes' history."""
        lines = self._lines(version)
        return [line for line in lines if line.claim is not None and line.claim.verdict is Verdict.OVERRIDE]

    @cached_property
    def _broken(self) -> tuple[RecordedReview, ...]:
        """Records of trusted people, about any version, whose predecessor is missing: that might be a veto of this."""
        judged = (
            verify_review(line.line, commit=line.commit, model=None, version=None, context=self._context)
            for line in self.records.dangling
        )
        return tuple(each for each in judged if isinstance(each, UnverifiedReview) and each.may_be_veto)

    def exclusion(self, version: ModelVersion, person: str) -> str:
        """Why a person's approval of a version would not count, for having made a part of it; "" where it would."""
        policy = self.library.settings.policy
        if policy is None:
            return ""
        people, change = People(policy, ()), policy.policy_changes
        if version.model == POLICY_MODEL:
            subject = self.policy_changes.subject(version.commit)
            excluded = [change.exclude] if change is not None else []
        else:
            subject = self._policy_subject(version)
            excluded = [rule.exclude for rule in policy.rules_for(version.model)]
        for exclude in excluded:
            reason = contributors(subject, exclude, people).get(people.of(person))
            if reason:
                return reason
        return ""

    def chain_end(self, reviewer: str, keyid: str) -> Link | None:
        """A reviewer's latest record: trusted, or by the very key that is going to sign the next one.

        What others claim in the reviewer's name does not lengthen the chain.
        """
        from reviewtui.authoring import Link

        for line in self.records.of(reviewer):
            judged = verify_review(line.line, commit=line.commit, model=None, version=None, context=self._context)
            if line.claim is not None and _is_own(judged, reviewer, keyid):
                return Link(line.id, line.claim.seq)
        return None

    def _errors(self) -> Iterable[tuple[str, str]]:
        settings = self.library.settings
        yield from (("settings", error) for error in settings.errors)
        yield from (("signers", str(problem)) for problem in settings.unforgiven(self.trust.problems))
        yield from (("notes", f"{problem.path}: {problem.problem}") for problem in self.records.problems)

    def _policy_subject(self, version: ModelVersion) -> PolicySubject:
        base = self.library.base_of(version).version
        commits = self.library.contributions(version, base)
        return PolicySubject(
            current=self.library.subject(version, base, identity=self._identity),
            facts=self.library.facts(version),
            base_facts=self.library.facts(base) if base is not None else None,
            commits=commits,
            submitter=self._submitter(commits[0]),
            trusted=self.trust.known_principals(),
            unread=tuple(self._unread(version)),
        )

    def _unread(self, version: ModelVersion) -> Iterator[tuple[ObjectId, tuple[str, ...]]]:
        """What no digest holds of the version, for each earlier commit that an approval may carry over from."""
        policy = self.library.settings.policy
        if policy is not None and any(rule.carry for rule in policy.rules_for(version.model)):
            lines = self.records.elsewhere(version.model, version.version, than=version.commit)
            for commit in sorted({line.commit for line in lines}):
                yield commit, self.library.unread_since(commit, version)

    def _submitter(self, commit: CommitInfo) -> Verification | None:
        if commit.signature is None:
            return None
        return self.trust.verify_armored(commit.payload, commit.signature, namespace="git")

    def recorded(self, version: ModelVersion) -> tuple[tuple[RecordedReview, ...], tuple[RecordedReview, ...]]:
        """The records beside a version's commit, and those of the same version beside other commits."""
        here = self.records.beside(version.commit)
        lines = (*here, *self.records.elsewhere(version.model, version.version, than=version.commit))
        judged = [(line, self._judged(line, version)) for line in lines]
        weighed = self._chains.weighed(judged, (version.model, version.version))
        return weighed[: len(here)], weighed[len(here) :]

    @cached_property
    def _chains(self) -> Chains:
        return Chains(self.records, self._context)

    def _judged(self, line: RecordedLine, version: ModelVersion) -> RecordedReview:
        key = (line.commit, line.line, version.model, version.version)
        if key not in self._verified:
            self._verified[key] = verify_review(
                line.line, commit=line.commit, model=version.model, version=version.version, context=self._context
            )
        return self._verified[key]

    def entries(self, version: ModelVersion) -> tuple[ReviewEntry, ...]:
        """Every record that stands beside a version's commit, or claims to speak of the version, with its fate."""
        lines = self._lines(version)
        fates = _fates(self.decision(version)) if lines else {}
        entries = [_entry(line, self._judged(line, version), fates) for line in lines]
        return tuple(sorted(entries, key=lambda entry: (entry.at, entry.reviewer, entry.id)))

    def alone(self, line: RecordedLine) -> ReviewEntry:
        """A line whose commit is not in this repository: no version can be judged by it."""
        judged = verify_review(line.line, commit=line.commit, model=None, version=None, context=self._context)
        entry = _entry(line, judged, {})
        return entry if entry.reason else replace(entry, counted=False, reason=NO_COMMIT)

    def last_verdict(self, version: ModelVersion, reviewer: str) -> VerifiedReview | None:
        """A reviewer's latest approval or rejection of another commit of the version, else of another version of the
        model; by a key that is trusted."""
        others = [line for line in self.records.of(reviewer) if line.commit != version.commit]
        name = (version.model, version.version)
        for line in (*(line for line in others if line.about == name), *others):
            claim = line.claim
            if claim is None or claim.subject.model != version.model:
                continue
            if claim.verdict not in (Verdict.APPROVE, Verdict.REJECT):
                continue
            judged = verify_review(line.line, commit=line.commit, model=None, version=None, context=self._context)
            if isinstance(judged, VerifiedReview) and judged.principal == reviewer:
                return judged
        return None

    def _lines(self, version: ModelVersion) -> tuple[RecordedLine, ...]:
        others = self.records.elsewhere(version.model, version.version, than=version.commit)
        return (*self.records.beside(version.commit), *others)

    def counted_approvals(self, version: ModelVersion, decision: Decision) -> tuple[VerifiedReview, ...]:
        """The approvals that met a requirement."""
        return self._standing(version, decision, Verdict.APPROVE)

    def reviewers(self, version: ModelVersion, decision: Decision) -> dict[str, str]:
        """{approval that met a requirement: whose it is}."""
        return {each.id: each.principal for each in self.counted_approvals(version, decision)}

    def standing_overrides(self, version: ModelVersion, decision: Decision) -> tuple[VerifiedReview, ...]:
        """The overrides that stand."""
        return self._standing(version, decision, Verdict.OVERRIDE)

    def _standing(self, version: ModelVersion, decision: Decision, verdict: Verdict) -> tuple[VerifiedReview, ...]:
        stands = {identity for identity, fate in decision.standing if not fate}
        found: dict[str, VerifiedReview] = {}
        for recorded in (each for group in self.recorded(version) for each in group):
            if isinstance(recorded, VerifiedReview) and recorded.id in stands and recorded.review.verdict is verdict:
                found.setdefault(recorded.id, recorded)
        return tuple(found.values())

    def release_problems(self, version: ModelVersion) -> tuple[str, ...]:
        """What is wrong with a release's tag; empty where it is one that the gate made, and it verifies."""
        tag = self.library.tag_of(version)
        problems = _tag_problems(tag, version)
        if tag is None or tag.signature is None:
            return problems
        flaw = self._signature_flaw(tag)
        return (*problems, flaw) if flaw else problems

    def _is_release(self, version: ModelVersion) -> bool:
        """Whether `release_problems` would be empty. A tag without our trailers is none, whoever signed it."""
        tag = self.library.tag_of(version)
        return tag is not None and not _tag_problems(tag, version) and not self._signature_flaw(tag)

    def _signature_flaw(self, tag: TagObject) -> str:
        signature = self.trust.verify_armored(tag.payload, tag.signature or b"", namespace="git")
        if signature.status is not SignatureStatus.GOOD:
            return f"{signature.reason}: {signature.detail}" if signature.detail else signature.reason
        policy = self.library.settings.policy
        finding = releaser_finding(policy, signature.principals) if policy is not None else None
        return "" if finding is None or finding.state is FindingState.MET else finding.reason


def _tag_problems(tag: TagObject | None, version: ModelVersion) -> tuple[str, ...]:
    return check_release_tag(tag, ref=version.ref, commit=version.commit, model=version.model, version=version.version)


def _is_own(recorded: RecordedReview, reviewer: str, keyid: str) -> bool:
    if isinstance(recorded, VerifiedReview):
        return recorded.principal == reviewer
    by_own_key = recorded.keyid == keyid and recorded.reason.startswith("unknown-key")
    return by_own_key or (recorded.principal == reviewer and not recorded.reason.startswith("reviewer-key-mismatch"))


def _fates(decision: Decision) -> Mapping[str, list[str]]:
    """{record id: the fate of each copy, the best first}."""
    fates: dict[str, list[str]] = {}
    for identity, fate in sorted(decision.standing, key=lambda pair: (pair[1] != "", pair[1] == "duplicate")):
        fates.setdefault(identity, []).append(fate)
    return fates


def _entry(line: RecordedLine, recorded: RecordedReview, fates: Mapping[str, list[str]]) -> ReviewEntry:
    review = recorded.review
    left = fates.get(recorded.id, [])
    if isinstance(recorded, UnverifiedReview):
        # A copy that does not verify has its own reason, whatever became of the sound one.
        reason = recorded.reason
        if len(left) > 1 and reason in left:
            left.remove(reason)
    else:
        reason = left.pop(0) if len(left) > 1 else left[0] if left else ""
    return ReviewEntry(
        id=recorded.id,
        reviewer=review.reviewer if review else "",
        verdict=review.verdict.value if review else "",
        comment=review.comment if review else "",
        at=review.at if review else "",
        counted=not reason,
        reason=reason,
        keyid=recorded.keyid,
        commit=line.commit,
    )
