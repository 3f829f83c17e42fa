"""What the app reads of a project, a value for each screen; these functions run in worker threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from reviewtui.errors import GitError, SigningError
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.rows import VersionRow, haystacks, rows_of, rows_with_state
from reviewtui.values import dataclass

if TYPE_CHECKING:
    from reviewtui.catalog import ModelVersion
    from reviewtui.diff import VersionDiff
    from reviewtui.facts.model import VersionFacts
    from reviewtui.git.objects import Ref
    from reviewtui.history import AuditRecord
    from reviewtui.policy.decision import Decision
    from reviewtui.project import ReviewEntry, VersionStatus
    from reviewtui.review import ReviewSubject
    from reviewtui.tui.since_verdict import SinceVerdict


Rows = tuple[tuple[VersionRow, ...], tuple[str, ...]]
"""Versions, and what a filter searches of each."""


@dataclass(frozen=True, slots=True)
class ProjectSummary:
    """What the title line and the empty pages say. `no_signer` says why nothing can be signed ("" where it can)."""

    name: str
    branch: Ref | None
    reviewer: str
    has_settings: bool
    problems: tuple[str, ...]
    no_signer: str = ""
    hints: tuple[str, ...] = ()
    """What this clone lacks, each with what brings it."""


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record, and what a review of the same version would be bound to now (None: there is no such version)."""

    record: AuditRecord
    actual: ReviewSubject | None


@dataclass(frozen=True, slots=True)
class VersionView:
    """One version as its screen shows it, against a base. `base_reason` says why that base; `since` is what changed
    since one's own last verdict, where that was asked."""

    version: ModelVersion
    status: VersionStatus
    facts: VersionFacts
    base: ModelVersion | None
    base_reason: str
    diff: VersionDiff
    reviews: tuple[ReviewEntry, ...]
    gate: Decision
    since: SinceVerdict | None = None


def read_summary(project: ProjectLike) -> ProjectSummary:
    """The repository's name, trusted branch, reviewer and settings."""
    repository, settings = project.repository, project.settings
    problems = tuple(
        each.problem if each.problem.startswith(each.path) else f"{each.path}: {each.problem}"
        for each in settings.problems
    )
    reviewer, no_signer = "", ""
    try:
        reviewer = repository.identity().email
        reviewer = project.reviewer(project.signer())
    except (SigningError, GitError) as error:
        no_signer = f"{error.message} {error.hint}".strip()
    return ProjectSummary(
        name=repository.name,
        branch=repository.trusted_branch(project.refs),
        reviewer=reviewer,
        has_settings=settings.exists,
        problems=problems,
        no_signer=no_signer,
        hints=tuple(_hints(project)),
    )


def _hints(project: ProjectLike) -> Iterator[str]:
    repository = project.repository
    remotes = repository.remotes()
    name = "origin" if "origin" in remotes or not remotes else remotes[0]
    if repository.is_partial:
        yield (
            "This clone is partial: files that it lacks are said, not guessed. "
            f"`git fetch --refetch --no-filter {name}` brings them."
        )
    if repository.is_shallow:
        yield "This clone is shallow: what lies before its cut is unknown. `git fetch --unshallow` brings it."
    apart = project.fetched_apart()
    if apart:
        yield f"Records of {' and '.join(apart)} that git fetch brought do not count yet. P unites them with yours."
    elif remotes and not project.records.by_commit:
        yield f"No record is in this clone. P unites its records with those of {name}."


def read_version(project: ProjectLike, version: ModelVersion, *, base: ModelVersion | None = None) -> VersionView:
    """Everything that the screen of a version shows. `base` is one that the user chose; None: the project's choice."""
    choice = project.base_of(version)
    against = base or choice.version
    reason = choice.reason.removeprefix(f"{against.name}, ") if against else choice.reason
    return VersionView(
        version=version,
        status=project.status(version),
        facts=project.facts(version),
        base=against,
        base_reason="chosen by you" if base is not None and base != choice.version else reason,
        diff=project.compare(against, version),
        reviews=project.reviews(version),
        gate=project.gate(version),
    )


def as_now(project: ProjectLike, version: ModelVersion) -> ModelVersion:
    """The version as the present reading has it: the same commit, else where its ref went, else what it was."""
    alike = [each for each in project.catalog.of_model(version.model) if each.version == version.version]
    same = [each for each in alike if each.commit == version.commit] or [
        each for each in alike if each.ref == version.ref
    ]
    return same[0] if same else version


def read_rows(project: ProjectLike) -> Rows:
    """The versions, before any state is known, with what a filter searches, which is made beside the event loop."""
    rows = rows_of(project.catalog.versions)
    return rows, haystacks(rows)


def read_states(project: ProjectLike) -> tuple[Rows, str]:
    """The versions with their states, and the stamp of the refs that they were read from."""
    stamp = project.repository.stamp()
    rows = rows_with_state(project.overview(), project.records.reviewers_of)
    return (rows, haystacks(rows)), stamp


def read_record(project: ProjectLike, record: AuditRecord) -> RecordView:
    """A record beside what a review of the same version would be bound to now."""
    return RecordView(record, project.subject(record.version) if record.version is not None else None)


def read_metrics(project: ProjectLike, versions: Sequence[ModelVersion]) -> dict[str, dict[str, float]]:
    """The metrics of many versions, by commit: {commit: {metric: value}}."""
    found: dict[str, dict[str, float]] = {}
    for version, metrics in zip(versions, project.metric_history(versions), strict=True):
        values = ((fact.key, fact.value) for fact in metrics)
        found[version.commit] = {
            key: float(value) for key, value in values if isinstance(value, int | float | Decimal) and not_a_flag(value)
        }
    return found


def not_a_flag(value: object) -> bool:
    """Whether a number is one that can be compared with a bound."""
    return not isinstance(value, bool) and not (isinstance(value, int) and value.bit_length() > 1000)
