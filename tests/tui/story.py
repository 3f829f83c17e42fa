"""A project of values alone: what the app shows, without Git and without keys."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from types import SimpleNamespace

from reviewtui.authoring import PreparedRelease, PreparedReview, Receipt
from reviewtui.catalog import BaseChoice, ModelVersion, VersionCatalog, VersionKind
from reviewtui.comparison import Compared, Comparison, compare_versions
from reviewtui.diff import (
    Change,
    ChangeKind,
    DataChange,
    MetricChange,
    MetricVerdict,
    TextChange,
    TextPair,
    VersionDiff,
)
from reviewtui.errors import ReleaseRefusedError, ReviewTuiError
from reviewtui.facts.model import DataDigest, DataFact, EnvironmentFile, Fact, Problem, VersionFacts
from reviewtui.git.notes_sync import SyncedNotes
from reviewtui.git.objects import ObjectId, Person, Ref, RefName
from reviewtui.history import AuditRecord, HistoryEvent
from reviewtui.judging import ReviewEntry
from reviewtui.policy.decision import Decision, Finding, FindingState, IgnoredRecord
from reviewtui.project import VersionStatus
from reviewtui.review import ReviewSubject, Verdict
from reviewtui.settings import Settings
from tests.tui.trail import history_of, settings_values, subject_of, trail_of

NOW = 1_795_000_000
DAY = 86_400


def oid(seed: str) -> ObjectId:
    return ObjectId((seed.encode().hex() * 20)[:40])


def version(
    name: str,
    *,
    kind: VersionKind = VersionKind.CANDIDATE,
    days: float = 1,
    author: str = "Dana Reyes",
    subject: str = "Retrain on the November snapshot",
    stages: tuple[str, ...] = (),
    note: str = "",
) -> ModelVersion:
    model, _, number = name.partition("@")
    ref = f"refs/tags/{model}@v{number}" if kind is VersionKind.RELEASE else f"refs/heads/model/{model}/v{number}"
    return ModelVersion(
        model=model,
        version=number,
        kind=kind,
        ref=RefName(ref),
        commit=oid(name),
        created=int(NOW - days * DAY),
        author=author,
        subject=subject,
        stages=stages,
        note=note,
    )


def fact_values(text: str = "adam") -> VersionFacts:
    """Facts of every kind, one text in all of them."""
    return VersionFacts(
        commit=oid("facts"),
        config=tuple(
            Fact("params.yaml", key, value)
            for key, value in (("train.lr", 0.0007), ("train.optimizer", text), ("seed", 1337), ("train.epochs", 24))
        ),
        metrics=(Fact("metrics.json", "auc", 0.9432), Fact("metrics.json", "f1.de", 0.811)),
        data=(DataFact("data/train.parquet", DataDigest("md5", "77bc1102aa3344ff55ee66dd77cc88bb"), 2_100_000_000),),
        environment=(EnvironmentFile("requirements.txt", oid("req"), f"numpy==2.3.4\n{text}\n"),),
        problems=(Problem("conf/broken.yaml", "committed conflict markers in line 3"),),
    )


def diff_values(text: str = "adam") -> VersionDiff:
    """A difference of every kind, one text in all of them."""
    train = DataFact("data/train.parquet", DataDigest("md5", "77bc1102aa3344ff55ee66dd77cc88bb"), 2_100_000_000)
    return VersionDiff(
        config=(
            Change("train.lr", ChangeKind.CHANGED, 0.001, 0.0007, "params.yaml"),
            Change("train.epochs", ChangeKind.CHANGED, 20, 24, "params.yaml"),
            Change("train.optimizer", ChangeKind.CHANGED, "sgd", text, "params.yaml"),
            Change("aug.mixup", ChangeKind.ADDED, None, 0.2, "params.yaml"),
            Change("aug.cutout", ChangeKind.REMOVED, True, None, "params.yaml", details=(text,)),
        ),
        metrics=(
            MetricChange(
                "auc", ChangeKind.CHANGED, 0.9391, 0.9432, "metrics.json", "",
                Decimal("0.0041"), Decimal("0.00437"), MetricVerdict.BETTER, "higher",
            ),
            MetricChange(
                "latency_ms_p95", ChangeKind.CHANGED, 38.9, 41.2, "metrics.json", "",
                Decimal("2.3"), Decimal("0.0591"), MetricVerdict.WORSE, "lower",
            ),
            MetricChange(text, ChangeKind.ADDED, None, 0.5, "metrics.json"),
        ),
        data=(
            DataChange(
                "data/train.parquet", ChangeKind.CHANGED,
                replace(train, digest=DataDigest("md5", "1f0a11"), size=1_900_000_000), train, note="",
            ),
            DataChange(text, ChangeKind.ADDED, None, DataFact(text, None, note=text), note=text),
        ),
        environment=(TextChange("requirements.txt", ChangeKind.CHANGED, ("@@ -1 +1 @@", "-numpy==2.3.3", f"+{text}")),),
        unchanged=(("config", 1),),
    )  # fmt: skip


def text_pairs(text: str = "adam") -> tuple[TextPair, ...]:
    """Two files that differ, one text in both."""
    same = "".join(f"key_{number}: {number}\n" for number in range(30))
    return (
        TextPair("params.yaml", ChangeKind.CHANGED, f"lr: 0.001\n{same}end: 1\n", f"lr: 0.0007\n{same}end: {text}\n"),
        TextPair("requirements.txt", ChangeKind.ADDED, "", f"numpy==2.3.4\n{text}\n"),
    )


def varied_facts(version: ModelVersion, text: str) -> VersionFacts:
    """Facts in which every version differs from every other."""
    facts = fact_values(text)
    share = sum(map(ord, version.name)) % 100 / 1000
    return replace(
        facts,
        config=(Fact("params.yaml", "train.lr", share), *facts.config[1:]),
        metrics=(Fact("metrics.json", "auc", 0.9 + share), Fact("metrics.json", text or "f1", 0.5 - share)),
    )


CLOSED = Decision(
    findings=(
        Finding(
            "approvals: 2 of data-science, ml-engineering",
            FindingState.UNMET,
            "1 of 2 approvals; 1 more is needed",
            counted=("sha256:" + "a" * 64,),
            ignored=(IgnoredRecord("sha256:" + "b" * 64, "author"),),
            unblock=("bob@example.com", "linus@example.com"),
        ),
        Finding("metric latency_ms_p95 at most 40", FindingState.UNMET, "41.2 is over 40"),
        Finding("metric auc at least 0.93", FindingState.MET, "0.9432"),
        Finding("no rejection stands", FindingState.MET, ""),
    ),
    approvals=1,
    required=2,
)
OPEN = Decision(
    findings=(Finding("approvals: 2 of data-science", FindingState.MET, "2 of 2 approvals"),), approvals=2, required=2
)


@dataclass
class StoryProject:
    """Answers with values; what was signed is kept in `recorded` and `released`."""

    versions: tuple[ModelVersion, ...] = ()
    states: dict[str, tuple[str, int, int]] = field(default_factory=dict)
    text: str = "adam"
    has_settings: bool = True
    decision: Decision = CLOSED
    trouble: ReviewTuiError | None = None
    signing_trouble: ReviewTuiError | None = None
    may_prompt: bool = False
    recorded: list[PreparedReview] = field(default_factory=list)
    released: list[PreparedRelease] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    before_sign: Callable[[], None] = lambda: None
    reloads: int = 0
    stamp: str = "as it was"
    trail_trouble: ReviewTuiError | None = None
    reviewed_before: bool = False
    is_partial: bool = False
    is_shallow: bool = False
    has_records: bool = True
    apart: tuple[str, ...] = ()
    remotes: tuple[str, ...] = ("backup", "origin")
    pushed: list[str] = field(default_factory=list)

    @property
    def repository(self) -> SimpleNamespace:
        branch = Ref(RefName("refs/heads/main"), oid("main"), "commit", oid("main"), "commit")
        return SimpleNamespace(
            name="fraud-models",
            is_partial=self.is_partial,
            is_shallow=self.is_shallow,
            trusted_branch=lambda refs=None: branch,
            identity=lambda: Person("Ada", "ada@example.com"),
            stamp=lambda: self.stamp,
            remotes=lambda: self.remotes,
            config=lambda key: f"https://ada:secret@git.example.com/{key.split('.')[1]}.git",
        )

    @property
    def refs(self) -> tuple[Ref, ...]:
        return ()

    @property
    def settings(self) -> Settings:
        return replace(settings_values(self.text), problems=()) if self.has_settings else Settings()

    @property
    def identity(self) -> str:
        return "git.example.com/ml/fraud"

    @property
    def trust(self) -> SimpleNamespace:
        keys = {"SHA256:9fKq3XJ2mT4Qe0": ("bob@example.com",), "SHA256:other": (self.text,)}
        return SimpleNamespace(
            fingerprints=lambda: keys, authorities=tuple, problems=(f"allowed_signers, line 3: {self.text}",)
        )

    @property
    def records(self) -> SimpleNamespace:
        first = self.versions[:1]
        by_commit = {oid("noted"): ()} if self.has_records else {}
        return SimpleNamespace(
            by_commit=by_commit, reviewers_of=lambda version: ("bob@example.com",) if version in first else ()
        )

    def fetched_apart(self) -> tuple[str, ...]:
        return self.apart

    def history(self) -> tuple[HistoryEvent, ...]:
        return history_of(self.versions, self.trail())

    def trail(self) -> tuple[AuditRecord, ...]:
        if self.trail_trouble:
            raise self.trail_trouble
        return trail_of(self.versions, text=self.text)

    def subject(self, version: ModelVersion) -> ReviewSubject:
        return subject_of(version)

    def find(self, name: str) -> ModelVersion:
        commit = name.rpartition("@")[2]
        return replace(self.versions[0], kind=VersionKind.COMMIT, version=commit[:10], commit=commit, ref="")

    def last_verdict(self, version: ModelVersion, reviewer: str) -> SimpleNamespace | None:
        if not self.reviewed_before:
            return None
        earlier = replace(version, commit=oid("earlier"))
        review = SimpleNamespace(verdict=Verdict.APPROVE, at="2026-11-18T10:00:00Z", subject=subject_of(earlier))
        return SimpleNamespace(review=review, principal=reviewer)

    @property
    def catalog(self) -> VersionCatalog:
        return VersionCatalog(self.versions)

    def reload(self) -> None:
        self.reloads += 1

    def overview(self) -> tuple[VersionStatus, ...]:
        if self.trouble:
            raise self.trouble
        return tuple(self.status(each) for each in self.versions)

    def status(self, version: ModelVersion) -> VersionStatus:
        state, approvals, required = self.states.get(version.name, ("unreviewed", 0, 2))
        return VersionStatus(
            version=version,
            state=state,
            approvals=approvals,
            required=required,
            waits_for=("bob@example.com", "ada@example.com"),
        )

    def facts(self, version: ModelVersion) -> VersionFacts:
        self.asked.append(version.name)
        return fact_values(self.text)

    def base_of(self, version: ModelVersion) -> BaseChoice:
        older = [each for each in self.versions if each.model == version.model and each != version]
        return BaseChoice(
            older[-1] if older else None, "the latest release before it" if older else "no release before it"
        )

    def compare(self, base: ModelVersion | None, head: ModelVersion) -> VersionDiff:
        return diff_values(self.text)

    def text_pairs(self, base: ModelVersion | None, head: ModelVersion) -> tuple[TextPair, ...]:
        return text_pairs(self.text)

    def blob(self, version: ModelVersion, path: str) -> bytes:
        return f"# {path} of {version.name}\nlr: 0.0007\n{self.text}\n".encode("utf-8", "surrogatepass")

    def compare_many(self, versions: Sequence[ModelVersion]) -> Comparison:
        compared = [Compared(self.status(each), varied_facts(each, self.text)) for each in versions]
        return compare_versions(compared, directions={})

    def metric_history(self, versions: Sequence[ModelVersion]) -> tuple[tuple[Fact, ...], ...]:
        return tuple(varied_facts(each, self.text).metrics for each in versions)

    def reviews(self, version: ModelVersion) -> tuple[ReviewEntry, ...]:
        return (
            entry("bob@example.com", "approve", "The learning rate was discussed."),
            entry("mallory@example.com", "approve", self.text, counted=False, reason="unknown-key"),
        )

    def signer(self) -> SimpleNamespace:
        if self.signing_trouble:
            raise self.signing_trouble
        return SimpleNamespace(keyid="SHA256:mT4")

    def reviewer(self, signer: SimpleNamespace) -> str:
        return "ada@example.com"

    def gate(self, version: ModelVersion) -> Decision:
        return self.decision

    def prepare_review(
        self, version: ModelVersion, verdict: Verdict, comment: str, *, base: ModelVersion | None = None
    ) -> PreparedReview:
        if self.signing_trouble:
            raise self.signing_trouble
        prepared = prepared_review(statement_of(version, verdict, comment, base=base), may_prompt=self.may_prompt)
        return replace(prepared, chosen_base=base)

    def record_review(self, prepared: PreparedReview) -> Receipt:
        self.before_sign()
        self.recorded.append(prepared)
        return Receipt("sha256:" + "c" * 64, notes_commit=oid("note"))

    def prepare_release(self, version: ModelVersion) -> PreparedRelease:
        return prepared_release(version, self.decision)

    def sync(self, remote: str) -> tuple[SyncedNotes, ...]:
        self.pushed.append(f"records to {remote}")
        return (SyncedNotes(RefName("refs/notes/reviewtui/reviews"), received=1, sent=2),)

    def push_tag(self, tag: str, *, remote: str) -> None:
        self.pushed.append(f"{tag} to {remote}")

    def release(self, prepared: PreparedRelease) -> ObjectId:
        if not prepared.decision.allowed:
            raise ReleaseRefusedError("The gate is closed.", decision=prepared.decision)
        self.released.append(prepared)
        return oid("tag")


def statement_of(version: ModelVersion, verdict: Verdict, comment: str, *, base: ModelVersion | None = None) -> bytes:
    statement = {"_type": "https://in-toto.io/Statement/v1", "subject": [{"name": version.name}]}
    predicate = {"commit": version.commit, "verdict": verdict.value, "comment": comment}
    if base is not None:
        predicate["base"] = base.name
    return (json.dumps({**statement, "predicate": predicate}, indent=2, ensure_ascii=False) + "\n").encode()


def entry(reviewer: str, verdict: str, comment: str, *, counted: bool = True, reason: str = "") -> ReviewEntry:
    return ReviewEntry(
        id="sha256:" + "d" * 64, reviewer=reviewer, verdict=verdict, comment=comment, at="2026-11-20T08:15:00Z",
        counted=counted, reason=reason, keyid="SHA256:9fK", commit=oid("noted"),
    )  # fmt: skip


def prepared_review(payload: bytes, *, may_prompt: bool = False) -> PreparedReview:
    return PreparedReview(
        version=VERSIONS[0], payload=payload, review=None,
        signer_description="SSH ed25519 SHA256:mT4 ada@laptop (ssh-agent)",
        notes_ref="refs/notes/reviewtui/reviews", warnings=("The gate fails: latency_ms_p95.",), may_prompt=may_prompt,
    )  # fmt: skip


def prepared_release(version: ModelVersion, decision: Decision) -> PreparedRelease:
    return PreparedRelease(
        version=version, tag=f"{version.model}@v{version.version}",
        message=f"{version.name}\n\nModel: {version.model}\n".encode(),
        decision=decision, signer_description="SSH ed25519 SHA256:mT4 ada@laptop", may_prompt=False,
    )  # fmt: skip


VERSIONS = (
    version("fraud-net@1.42.0", days=0.1, author="Grace Lin"),
    version("fraud-net@1.41.3", days=3, author="Linus Berg", subject="Smaller batch, same data"),
    version("fraud-net@1.41.0", kind=VersionKind.RELEASE, days=20, stages=("prod",), subject="Third quarter"),
    version("fraud-net@1.40.0", kind=VersionKind.RELEASE, days=90, subject="Second quarter"),
    version("churn@0.9.0", days=2, author="Ada", subject="Wider trees"),
    version("churn@0.8.9", days=5, author="Bob", note="differs on refs/remotes/origin/model/churn/v0.8.9"),
    version("churn@0.8.0", kind=VersionKind.RELEASE, days=200, note="deprecated"),
)
STATES = {
    "fraud-net@1.42.0": ("in-review", 1, 2),
    "fraud-net@1.41.3": ("unreviewed", 0, 2),
    "fraud-net@1.41.0": ("released", 2, 2),
    "fraud-net@1.40.0": ("released", 2, 2),
    "churn@0.9.0": ("rejected", 0, 2),
    "churn@0.8.9": ("stale", 0, 2),
    "churn@0.8.0": ("released-unreviewed", 0, 2),
}


def story(**changes: object) -> StoryProject:
    """Two models, seven versions, every state but approved."""
    return StoryProject(**{"versions": VERSIONS, "states": STATES, **changes})  # type: ignore[arg-type]
