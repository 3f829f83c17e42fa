"""Records, events and settings as values, for the screens that tell of them."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.facts.model import FactSources, Problem
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.history import AuditRecord, HistoryEvent, time_text
from reviewtui.judging import ReviewEntry
from reviewtui.policy.rules import (
    ApprovalRule,
    ChangeLimit,
    MetricRule,
    OverrideRule,
    Policy,
    PolicyChangeRule,
    PolicyPerson,
    ReleaseRule,
)
from reviewtui.review import BaseVersion, Review, ReviewSubject, Verdict
from reviewtui.settings import Config, ModelSettings, Settings


def subject_of(version: ModelVersion, *, metrics: str = "1", text: str = "") -> ReviewSubject:
    """What a review of a version is bound to."""
    return ReviewSubject(
        repository=f"git.example.com/ml/fraud{text}",
        model=version.model,
        version=version.version,
        commit=version.commit,
        tree=ObjectId("7" * 40),
        base=BaseVersion("1.41.0", ObjectId("8" * 40)),
        facts=tuple(
            (category, f"sha256:{(metrics if category == 'metrics' else '2') * 64}")
            for category in ("config", "metrics", "data", "environment")
        ),
        policy=ObjectId("9" * 40),
    )


def record(
    version: ModelVersion, reviewer: str, verdict: str, *, reason: str = "", at: str = "", comment: str = "", n: int = 0
) -> AuditRecord:
    """One recorded line; the subject of what does not count had other metrics."""
    at = at or time_text((version.created or 0) + 3600 * (n + 1))
    entry = ReviewEntry(
        id=f"sha256:{n:064x}", reviewer=reviewer, verdict=verdict, comment=comment or f"{verdict}, says {reviewer}",
        at=at, counted=not reason, reason=reason, keyid="SHA256:9fKq3XJ2mT4Qe0", commit=version.commit,
    )  # fmt: skip
    subject = subject_of(version, metrics="3" if reason.startswith("facts-changed") else "1")
    claim = Review(subject=subject, verdict=Verdict(verdict), comment=entry.comment, reviewer=reviewer, seq=n + 1,
                   prev=None, at=at, tool="reviewtui 1")  # fmt: skip
    principals = () if reason.startswith("unknown-key") else (reviewer,)
    return AuditRecord(entry, version.name, claim, version, principals, ObjectId(f"{n:040x}"), 1_794_000_000 + n)


def unreadable(version: ModelVersion, text: str) -> AuditRecord:
    """A line that is no record."""
    entry = ReviewEntry(id=f"sha256:{'e' * 64}", reviewer="", verdict="", comment="", at="", counted=False,
                        reason=f"malformed: {text}", keyid="", commit=version.commit)  # fmt: skip
    return AuditRecord(entry, "", None, version, (), ObjectId("e" * 40), 1_794_100_000)


def trail_of(versions: tuple[ModelVersion, ...], *, text: str = "it is no envelope") -> tuple[AuditRecord, ...]:
    """Of the first version: what counts, and what does not, for reasons of every kind."""
    if not versions:
        return ()
    first, last = versions[0], versions[-1]
    return (
        record(first, "bob@example.com", "approve", n=1),
        record(first, "mallory@example.com", "approve", reason="unknown-key", comment=text, n=2),
        record(first, "linus@example.com", "reject", reason="superseded", n=3),
        record(last, "bob@example.com", "approve", reason="facts-changed: metrics", n=4),
        unreadable(last, text),
    )


def history_of(versions: tuple[ModelVersion, ...], records: tuple[AuditRecord, ...]) -> tuple[HistoryEvent, ...]:
    """Versions, records, a stage and a change of the policy, newest first."""
    events = [_version_event(version) for version in versions]
    events += [
        HistoryEvent(
            each.entry.at or time_text(each.noted), each.entry.verdict or "unreadable", each.name, each.entry.reviewer,
            each.entry.commit, "", each.entry.reason or each.entry.comment, each, each.version,
        )
        for each in records
    ]  # fmt: skip
    if versions:
        newest = versions[0]
        ref = RefName(f"refs/tags/{newest.model}#prod#1")
        author, commit = newest.author, newest.commit
        at, earlier = "2026-11-01T09:00:00Z", "2026-10-01T09:00:00Z"
        events.append(HistoryEvent(at, "stage-assigned", newest.name, author, commit, ref, "stage prod"))
        events.append(HistoryEvent(earlier, "policy", "", author, commit, "", newest.subject))
    return tuple(sorted(events, key=lambda event: event.at, reverse=True))


def _version_event(version: ModelVersion) -> HistoryEvent:
    released = version.kind is VersionKind.RELEASE
    event = "candidate" if not released else "released-unreviewed" if version.note else "released"
    approved_by = ("bob@example.com", "dana@example.com") if event == "released" else ()
    return HistoryEvent(
        time_text(version.created), event, version.name, version.author, version.commit, version.ref, version.subject,
        version=version, approved_by=approved_by, lead=3 * 86_400 if approved_by else None,
    )  # fmt: skip


def settings_values(text: str = "f1.de") -> Settings:
    """Settings with everything that they can say, and a problem."""
    metric = MetricRule(
        text, "higher", Decimal("0.9"), Decimal("1"), ChangeLimit(Decimal("0.005")), ChangeLimit(None, Decimal("0.1")),
        ChangeLimit(Decimal("0.05")), "skip", "warn",
    )  # fmt: skip
    rule = ReleaseRule(
        ("*",), (ApprovalRule(2, ("data-science",)), ApprovalRule(1, (text,), distinct=False)), carry=("data",),
        metrics=(metric,), line=8,
    )  # fmt: skip
    policy = Policy(
        3,
        people=(
            PolicyPerson("bob@example.com", frozenset({"data-science"}), ("bob@old.example.com",)),
            PolicyPerson(text or "nobody", frozenset({text})),
        ),
        releases=(rule, replace(rule, models=("fraud-*", text), line=20)),
        releaser_roles=("data-science",),
        overrides=OverrideRule(("release-manager",), 86_400),
        policy_changes=PolicyChangeRule((ApprovalRule(1, ("release-manager",)),)),
    )
    model = ModelSettings(FactSources(path="models/churn", config=("params.yaml", "conf/*.yaml")))
    return Settings(
        exists=True,
        config=Config(repository="git.example.com/ml/fraud", models={"churn": model, text or "m": model}),
        policy=policy,
        policy_blob=ObjectId("7c1e44aa0b" * 4),
        problems=(Problem(".reviewtui/policy.yaml", f"line 12: {text} is no key."),),
    )
