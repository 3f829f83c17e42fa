"""evaluate(): a policy, a version and its records → Decision.

Laws
1. Fail closed: no policy, an unreadable one, no entry that matches, an entry of which nothing applies, a requirement
   that this version of reviewtui does not know how to judge: each is a finding with state error.
2. What might be a veto and cannot be read closes the gate; what might be an approval and cannot be read is not counted.
   Neither vanishes.
3. Every entry that matches must be met.
4. The order and the duplication of records change nothing; one more approval never closes a gate.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reviewtui.policy.approvals import Votes, approval_findings, collect_votes
from reviewtui.policy.contributors import authorship_is_claimed, contributor_findings, contributors
from reviewtui.policy.decision import Decision, Finding, FindingState, IgnoredRecord
from reviewtui.policy.metrics_gate import metric_finding
from reviewtui.policy.overrides import Moment, Overrides, judge_overrides, overridden, override_finding
from reviewtui.policy.people import People
from reviewtui.policy.rules import DEFAULT_EXCLUDE, Policy, ReleaseRule
from reviewtui.policy.staleness import Binding
from reviewtui.policy.standing import Standing, Standings, stand
from reviewtui.policy.subject import PolicySubject
from reviewtui.policy.unblock import smallest_group
from reviewtui.review import Verdict
from reviewtui.values import dataclass, replace
from reviewtui.verification import RecordedReview, UnverifiedReview, VerifiedReview

__all__ = ["PolicySubject", "evaluate"]

NO_POLICY = "There is no policy in the trusted branch, so nothing can be released; reviewtui init writes one."
_HELPING = (Verdict.APPROVE, Verdict.OVERRIDE)
_NO_RECORDS: Mapping[str, int] = {}


def evaluate(
    policy: Policy | None,
    subject: PolicySubject,
    *,
    reviews: Iterable[RecordedReview],
    earlier: Iterable[RecordedReview] = (),
    now: int,
    recorded_at: Mapping[str, int] = _NO_RECORDS,
    errors: Iterable[tuple[str, str]] = (),
) -> Decision:
    """Decide on one version.

    `reviews` are the records beside its commit; `earlier` those of the same version beside other commits. `now` and
    `recorded_at` (record id → when the notes commit that brought it was made) are seconds since 1970; only overrides
    need them. `errors` are (rule, reason) of what could not be read and therefore closes the gate: settings, signers,
    the notes themselves.
    """
    failures = [Finding(rule, FindingState.ERROR, reason) for rule, reason in sorted(set(errors))]
    records = _Records.sort(reviews, earlier)
    if policy is None:
        rule_errors = failures or [Finding("policy", FindingState.ERROR, NO_POLICY)]
        return Decision((*rule_errors, *_unreadable(records, None)), standing=_unverified_fates(records))
    case = _Case.open(policy, subject, records, Moment(now, recorded_at))
    entries = [_entry(rule, case) for rule in policy.rules_for(subject.current.model)]
    veto = _veto(case)
    findings = [
        *failures,
        *_unreadable(records, case),
        *(finding for entry in entries for finding in entry.findings),
        *(() if entries else (_no_entry(subject.current.model),)),
        overridden(veto, case.overrides),
    ]
    loud = override_finding(case.overrides, policy=policy, moment=case.moment)
    return _decision(case, entries, (loud, *findings) if loud else tuple(findings))


@dataclass(frozen=True, slots=True)
class _Records:
    """The records of a version, apart: verified ones of any commit, and unverified ones of this commit and others."""

    verified: tuple[VerifiedReview, ...]
    unverified: tuple[UnverifiedReview, ...]
    unverified_earlier: tuple[UnverifiedReview, ...]

    @classmethod
    def sort(cls, reviews: Iterable[RecordedReview], earlier: Iterable[RecordedReview]) -> _Records:
        here, before = tuple(reviews), tuple(earlier)
        verified = {each for each in (*here, *before) if isinstance(each, VerifiedReview)}
        return cls(
            tuple(sorted(verified, key=lambda each: (each.id, each.line, each.keyid))),
            _unverified(here),
            _unverified(before),
        )


def _unverified(records: tuple[RecordedReview, ...]) -> tuple[UnverifiedReview, ...]:
    found = {each for each in records if isinstance(each, UnverifiedReview)}
    return tuple(sorted(found, key=lambda each: (each.id, each.reason, each.line)))


@dataclass(frozen=True, slots=True)
class _Case:
    """One version before one policy: everything that the findings are made of."""

    policy: Policy
    subject: PolicySubject
    records: _Records
    people: People
    standings: Standings
    overrides: Overrides
    moment: Moment

    @classmethod
    def open(cls, policy: Policy, subject: PolicySubject, records: _Records, moment: Moment) -> _Case:
        people = People(policy, records.verified)
        standings = stand(records.verified, commit=subject.current.commit, people=people)
        overrides = judge_overrides(
            policy,
            standings.persons,
            people=people,
            binding=Binding(subject.current),
            authors=contributors(subject, DEFAULT_EXCLUDE, people),
            moment=moment,
        )
        return cls(policy, subject, records, people, standings, overrides, moment)


@dataclass(frozen=True, slots=True)
class _Entry:
    votes: Votes
    findings: tuple[Finding, ...]


def _entry(rule: ReleaseRule, case: _Case) -> _Entry:
    votes = collect_votes(
        rule.approvals,
        case.standings.persons,
        people=case.people,
        binding=Binding(case.subject.current, rule.carry, rule.rebind_on_policy_change, case.subject.unread),
        excluded=contributors(case.subject, rule.exclude, case.people),
        trusted=case.subject.trusted,
        claimed_authors=authorship_is_claimed(rule),
    )
    findings = (
        *contributor_findings(rule, case.subject, case.policy),
        *approval_findings(votes, ignored=_ignored(case, _HELPING, unreadable=True)),
        *(metric_finding(metric, case.subject.facts, case.subject.base_facts) for metric in rule.metrics),
        *_not_evaluated(rule),
    )
    # An entry of which nothing applies would be met by nobody's doing.
    if all(finding.state is FindingState.NOT_APPLICABLE for finding in findings):
        reason = f"Nothing that the entry in line {rule.line} asks for applies to this version."
        findings = (*findings, Finding("policy", FindingState.ERROR, reason))
    return _Entry(votes, tuple(overridden(finding, case.overrides) for finding in findings))


def _not_evaluated(rule: ReleaseRule) -> tuple[Finding, ...]:
    """Keys that are known and not judged yet close the gate: to pass over them would be to meet them."""
    known = (("pipeline", rule.pipeline), ("data", rule.data), ("feedback", rule.feedback))
    words = "This version of reviewtui does not evaluate {} yet; the gate stays closed."
    return tuple(Finding(key, FindingState.ERROR, words.format(key)) for key, value in known if value is not None)


def _no_entry(model: str) -> Finding:
    return Finding("policy", FindingState.ERROR, f"No entry of the policy's releases is about {model}.")


def _veto(case: _Case) -> Finding:
    ignored = _ignored(case, (Verdict.REJECT, Verdict.WITHDRAW))
    vetoes = [(each.person, each.veto) for each in case.standings.persons if each.veto is not None]
    if not vetoes:
        return Finding("veto", FindingState.MET, "No rejection stands.", (), ignored)
    words = " ".join(f"Rejected by {record.principal}{_why(record)}" for _, record in vetoes)
    reason = f"{words} Only the person who rejected can lift it: by approving, or by withdrawing."
    counted = tuple(sorted(record.id for _, record in vetoes))
    return Finding("veto", FindingState.UNMET, reason, counted, ignored, tuple(person for person, _ in vetoes))


def _why(record: VerifiedReview) -> str:
    first_line = record.review.comment.strip().split("\n")[0].strip()
    shown = first_line if len(first_line) <= 200 else first_line[:199] + "…"
    return f": {shown}{'' if shown[-1] in '.!?…' else '.'}" if shown else "."


def _ignored(case: _Case, verdicts: tuple[Verdict, ...], *, unreadable: bool = False) -> tuple[IgnoredRecord, ...]:
    """The records with these verdicts that never came to be weighed: unverified, superseded, withdrawn, copies."""
    verdict_of = {each.id: each.review.verdict for each in case.records.verified}
    fates = [IgnoredRecord(i, fate) for i, fate in case.standings.fates if fate and verdict_of[i] in verdicts]
    unverified = [
        IgnoredRecord(each.id, each.reason)
        for each in case.records.unverified
        if (unreadable if each.review is None else each.review.verdict in verdicts)
    ]
    return tuple(sorted({*fates, *unverified}, key=lambda each: (each.id, each.reason)))


def _unreadable(records: _Records, case: _Case | None) -> tuple[Finding, ...]:
    """The records by trusted people that might be a veto, or hide one.

    What a broken chain hides is older than the record that shows the break. So a later verdict of the same person, with
    its own chain whole, says what that person holds by now, and settles it.
    """
    doubtful = [each for each in (*records.unverified, *records.unverified_earlier) if each.may_be_veto]
    open_ = [each for each in doubtful if case is None or not _is_settled(each, case)]
    if not open_:
        return ()
    words = "; ".join(sorted({f"{each.principal or 'somebody'} ({each.reason})" for each in open_}))
    reason = f"A record that might be a rejection cannot be relied on: {words}."
    ignored = tuple(IgnoredRecord(each.id, each.reason) for each in open_)
    return (Finding("integrity", FindingState.ERROR, reason, (), ignored),)


def _is_settled(doubtful: UnverifiedReview, case: _Case) -> bool:
    if doubtful.review is None:
        return False
    decisive = (Verdict.APPROVE, Verdict.REJECT, Verdict.WITHDRAW)
    return any(
        each.principal == doubtful.principal
        and each.review.seq > doubtful.review.seq
        and each.review.verdict in decisive
        and each.review.subject.commit == case.subject.current.commit
        for each in case.records.verified
    )


def _decision(case: _Case, entries: list[_Entry], findings: tuple[Finding, ...]) -> Decision:
    counted = frozenset().union(*(entry.votes.counted() for entry in entries))
    vetoers = tuple(each.person for each in case.standings.persons if each.veto is not None)
    stands = () if case.overrides.standing else vetoers
    decision = Decision(
        findings=findings,
        approvals=len(counted),
        required=max((entry.votes.required() for entry in entries if entry.votes.rules), default=0),
        vetoed_by=stands,
        standing=_fates(case, entries),
        stale=tuple(sorted({identity for entry in entries for identity in entry.votes.stale})),
        overridden_by=tuple(record.id for record in case.overrides.standing),
    )
    return decision if decision.allowed else replace(decision, unblock=_unblock(case, entries, findings))


def _unblock(case: _Case, entries: list[_Entry], findings: tuple[Finding, ...]) -> tuple[str, ...]:
    closing = [f for f in findings if f.state in (FindingState.UNMET, FindingState.ERROR) and not f.warning]
    if any(f.state is FindingState.ERROR for f in closing):
        return ()
    if any(f.rule.startswith("metric ") for f in closing):
        return _overriders(case)[:1]
    vetoers = frozenset(each.person for each in case.standings.persons if each.veto is not None)
    return smallest_group([entry.votes for entry in entries], vetoers=vetoers) or _overriders(case)[:1]


def _overriders(case: _Case) -> tuple[str, ...]:
    """Who could override: the last resort, named only where approvals cannot help."""
    if case.policy.overrides is None:
        return ()
    authors = contributors(case.subject, DEFAULT_EXCLUDE, case.people)
    able = case.people.with_roles(case.policy.overrides.roles) - authors.keys()
    if case.subject.trusted is not None:
        able &= frozenset(case.people.of(name) for name in case.subject.trusted)
    return tuple(sorted(able))


def _fates(case: _Case, entries: list[_Entry]) -> tuple[tuple[str, str], ...]:
    """What became of each record: the reason that the standing gives, else that of the entries, else it counts."""
    reasons = {each.id: each.reason for each in case.overrides.ignored}
    for record in (approval for person in case.standings.persons for approval in person.approvals):
        reasons[record.id] = _fate_of_approval(record, case.standings.persons, entries)
    fates = [(identity, fate or reasons.get(identity, "")) for identity, fate in case.standings.fates]
    return tuple(sorted((*fates, *_unverified_fates(case.records))))


def _fate_of_approval(record: VerifiedReview, persons: Iterable[Standing], entries: list[_Entry]) -> str:
    person = next(each.person for each in persons if record in each.approvals)
    found = []
    for entry in entries:
        if entry.votes.votes.get(person) == record:
            found.append("" if entry.votes.fits(person) or not entry.votes.rules else "no-role")
        found.extend(each.reason for each in entry.votes.flawed if each.id == record.id)
    return min(found, key=lambda reason: (bool(reason), reason == "no-role", reason), default="")


def _unverified_fates(records: _Records) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((each.id, each.reason) for each in records.unverified))
