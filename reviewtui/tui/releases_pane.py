"""ReleasesPane: what is released, when and on whose word; what blocks the next candidate; what one could go back to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar, cast

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.display import approvals_text, span_text
from reviewtui.history import RELEASED, HistoryEvent, time_text
from reviewtui.policy.decision import Decision, FindingState
from reviewtui.tui.filters import haystack
from reviewtui.tui.list_pane import ListPane, Question
from reviewtui.tui.pages.gate import decision_lines
from reviewtui.tui.pages.summary import overview_lines
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.reading import VersionView, read_version
from reviewtui.tui.rows import longest_name
from reviewtui.tui.widgets.columns import Column, wanting, with_width
from reviewtui.tui.widgets.line import BLANK, Line, Tone, heading, line, wrapped
from reviewtui.tui.widgets.table import Cell
from reviewtui.values import dataclass

if TYPE_CHECKING:
    from reviewtui.project import VersionStatus

_COLUMNS = (
    Column("VERSION", 18, fills=True, most=30, keep=100),
    Column("IS", 10, keep=99),
    Column("WHEN", 10, keep=96),
    Column("APPROVED BY", 11, fills=True, most=24, keep=97),
    Column("LEAD", 4, right=True, keep=80),
    Column("STAGES", 8, keep=70, wanted=8),
    Column("SAYS", 14, fills=True, most=60, keep=98),
)
_KIND = re.compile("[: ]")
_BRIEFLY = 1
"""Kinds of findings that a narrow table names: then their number."""
NEXT, CURRENT, ROLLBACK, EARLIER, WITHDRAWN = "next", "current", "rollback", "earlier", "withdrawn"
_MARKS = {NEXT: "▲", CURRENT: "●", ROLLBACK: "↶", EARLIER: "◌", WITHDRAWN: "✗"}
_TONES: dict[str, Tone] = {NEXT: "accent", CURRENT: "good", ROLLBACK: "", EARLIER: "dim", WITHDRAWN: "warn"}
MOST_CANDIDATES = 5
"""Of each model; a gate is judged for each of them."""
NOTHING = (
    "Nothing is released, and nothing waits to be.",
    "A release is a tag such as churn@v1.4.0; R on an approved candidate makes a signed one.",
)
TELLING = 2_000
"""From so many of the first rows it is told how much room their words want."""


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """A release, or a candidate that is newer than its model's newest one.

    `role` is next, current, rollback (released through the gate, and not withdrawn), earlier (released in another way)
    or withdrawn. `current` is the model's present release; `gate` is judged for the next candidate alone.
    """

    version: ModelVersion
    role: str
    event: HistoryEvent | None = None
    current: ModelVersion | None = None
    gate: Decision | None = None


class ReleasesPane(ListPane[ReleaseRow]):
    """The fifth tab of the home."""

    FIELDS: ClassVar[tuple[str, ...]] = ("model", "is", "reviewer", "stage")
    VALUES: ClassVar[dict[str, tuple[str, ...]]] = {"is": (NEXT, CURRENT, ROLLBACK, EARLIER, WITHDRAWN)}
    NOUN = "release"
    PLACEHOLDER = "words, model:… is:current reviewer:… since:1y"

    def __init__(self) -> None:
        super().__init__(_COLUMNS, name="releases")

    def take(self, answer: Any) -> None:
        rows, texts = answer
        self.fill(rows, texts, empty=NOTHING)

    def cells(self, item: ReleaseRow) -> Sequence[Cell]:
        version, event = item.version, item.event
        approved_by = ", ".join(name.partition("@")[0] for name in event.approved_by) if event else ""
        if item.gate is not None:
            approved_by = approvals_text(item.gate.approvals, item.gate.required)
        said, tone = self._said(item)
        return (
            (version.name, "strong" if item.role in (NEXT, CURRENT) else ""),
            (f"{_MARKS[item.role]} {item.role}", _TONES[item.role]),
            (time_text(version.created)[:10], "dim"),
            (approved_by or "—", "" if approved_by else "dim"),
            (span_text(event.lead) if event else "", "dim"),
            (" ".join(version.stages), "accent"),
            (said, tone),
        )

    def columns_for(self, items: Sequence[ReleaseRow]) -> tuple[Column, ...]:
        columns = with_width(self._columns, "VERSION", longest_name([item.version for item in items]))
        columns = wanting(columns, "STAGES", map(" ".join, {item.version.stages for item in items}))
        return wanting(columns, "SAYS", (_said(item)[0] for item in items[:TELLING]))

    def _said(self, item: ReleaseRow) -> tuple[str, Tone]:
        """What a row says, in as many words as there is room for."""
        return _said(item, briefly=self.table.is_narrow)

    def key_of(self, item: ReleaseRow) -> str:
        return f"{item.version.name} {item.version.ref}"

    def alike_of(self, item: ReleaseRow) -> str:
        return item.version.name

    def haystacks_of(self, items: Sequence[ReleaseRow]) -> tuple[str, ...]:
        return haystacks(items)

    def time_of(self, item: ReleaseRow) -> float | None:
        return item.version.created

    def version_of(self, item: ReleaseRow) -> ModelVersion | None:
        return item.version

    def question(self, item: ReleaseRow) -> Question | None:
        """A candidate is told by its gate; a release against its base, and, to go back to, against the present one."""
        if item.gate is not None:
            return None
        base = item.current if item.role == ROLLBACK else None
        return lambda project: read_version(project, item.version, base=base)

    def preview(self, item: ReleaseRow, answer: object, width: int) -> list[Line]:
        if item.gate is not None:
            return decision_lines(item.gate, width)
        return release_lines(item, cast("VersionView", answer), width)

    def preview_title(self, item: ReleaseRow, answer: object) -> tuple[str, str]:
        if item.role == ROLLBACK and item.current is not None:
            return item.version.name, f"against {item.current.name}, the current one"
        return item.version.name, "what blocks it" if item.gate is not None else ""


def release_lines(row: ReleaseRow, view: VersionView, width: int) -> list[Line]:
    """On whose word it was released, and what it is; for a rollback what going back would change."""
    event = row.event
    lines: list[Line] = []
    if event is not None and event.approved_by:
        lines += wrapped(f"✓ on the word of {', '.join(event.approved_by)}", width, tone="good")
    elif event is not None:
        lines += wrapped("◌ on nobody's recorded word: its tag is not one that the gate made.", width, tone="dim")
    if event is not None and event.at:
        lines.append(line(("tagged ", "dim"), event.at, (f" by {event.actor}" if event.actor else "", "dim")))
    if row.role == ROLLBACK and row.current is not None:
        lines += [BLANK, heading("GOING BACK", f"from {row.current.name} would change")]
    return [*lines, BLANK, *overview_lines(view, width)]


def read_releases(project: ProjectLike) -> tuple[tuple[ReleaseRow, ...], tuple[str, ...]]:
    """Every release, model by model, and each model's newest candidate, with its gate."""
    events = {event.ref: event for event in project.history() if event.event in RELEASED}
    statuses = project.overview()
    by_model: dict[str, list[VersionStatus]] = {}
    for status in statuses:
        by_model.setdefault(status.version.model, []).append(status)
    rows: list[ReleaseRow] = []
    for group in by_model.values():
        rows += _model_rows(group, events, project)
    found = tuple(rows)
    return found, haystacks(found)


def _model_rows(
    statuses: Sequence[VersionStatus], events: dict[Any, HistoryEvent], project: ProjectLike
) -> list[ReleaseRow]:
    """The candidates that are newer than the newest release; then the releases (the catalog's own order)."""
    rows: list[ReleaseRow] = []
    present: ModelVersion | None = None
    for place, status in enumerate(statuses):
        version = status.version
        if version.kind is VersionKind.CANDIDATE and place < MOST_CANDIDATES and present is None:
            rows.append(ReleaseRow(version, NEXT, gate=project.gate(version)))
        if version.kind is not VersionKind.RELEASE:
            continue
        role = EARLIER
        if version.deregistered or "deprecated" in version.note:
            role = WITHDRAWN
        elif present is None:
            role = CURRENT
        elif status.state == "released":
            role = ROLLBACK
        rows.append(ReleaseRow(version, role, events.get(version.ref), present))
        present = present or (version if role == CURRENT else None)
    return rows


def _said(row: ReleaseRow, *, briefly: bool = False) -> tuple[str, Tone]:
    gate = row.gate
    if gate is not None:
        closing = (FindingState.UNMET, FindingState.ERROR)
        blocks = [finding.rule for finding in gate.findings if finding.state in closing and not finding.warning]
        if gate.allowed:
            return "✓ open: R releases it" if briefly else "✓ the gate is open: R releases it", "good"
        kinds = sorted((_KIND.split(rule)[0] for rule in blocks), key=lambda kind: kind != "veto")
        told = [f"{kind} ×{kinds.count(kind)}" if kinds.count(kind) > 1 else kind for kind in dict.fromkeys(kinds)]
        if briefly and len(told) > _BRIEFLY:
            told = [told[0], f"{len(blocks) - kinds.count(kinds[0])} more"]
        return f"✗ {', '.join(told)}" if blocks else "✗ no policy", "bad"
    if row.event is not None and row.event.event == "released-unreviewed":
        return "not by reviewtui" if briefly else "not released by reviewtui", "dim"
    return (row.version.note, "warn") if row.version.note else (row.version.subject, "dim")


def haystacks(rows: Sequence[ReleaseRow]) -> tuple[str, ...]:
    """What a filter searches."""
    return tuple(_haystack(row) for row in rows)


def _haystack(row: ReleaseRow) -> str:
    version = row.version
    reviewers = row.event.approved_by if row.event else ()
    fields = [("model", version.model), ("is", row.role)]
    fields += [("reviewer", name) for name in reviewers] + [("stage", stage) for stage in version.stages]
    return haystack(f"{version.name} {row.role} {version.commit} {version.subject} {' '.join(reviewers)}", fields)
