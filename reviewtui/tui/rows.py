"""VersionRow: a version as a row of the home tables; its cells, its order, and the text that a filter searches."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.display import STATE_MARKS, age_text, approvals_text
from reviewtui.tui import filters
from reviewtui.tui.filters import haystack
from reviewtui.tui.widgets.columns import Column
from reviewtui.tui.widgets.line import Tone
from reviewtui.tui.widgets.table import Cell
from reviewtui.values import dataclass, replace

if TYPE_CHECKING:
    from reviewtui.policy.decision import Decision
    from reviewtui.project import VersionStatus

STATE_TONES: dict[str, Tone] = {
    "unreviewed": "dim",
    "in-review": "accent",
    "approved": "good",
    "rejected": "bad",
    "stale": "warn",
    "released": "good",
    "released-unreviewed": "dim",
}

QUEUE_ORDER = ("in-review", "stale", "unreviewed", "approved")
"""What waits, the nearest to its end first; approved versions wait for their release."""

_MANY = 1 << 32
"""More approvals than any version has."""
SORTS = ("newest", "name", "state", "approvals", "author")
TITLE_SORTS = {"VERSION": "name", "STATE": "state", "APPROVED": "approvals", "AGE": "newest", "AUTHOR": "author"}


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version, and its state once that is known ("" until then)."""

    version: ModelVersion
    state: str = ""
    approvals: int = 0
    required: int = 0
    people: tuple[str, ...] = ()
    reviewers: tuple[str, ...] = ()
    impasse: str = ""
    judged: bool = False
    """Whether the gate was asked: of versions without any record it is asked last."""

    def waits_for(self, me: str) -> str:
        """Whom or what a waiting version waits for, as the gate says it; the one who asks is "you"."""
        if self.state == "approved":
            return "its release"
        if self.people:
            names = sorted(self.people, key=lambda name: name != me)
            return ", ".join("you" if name == me else name.partition("@")[0] for name in names)
        if self.impasse:
            return f"nobody: {self.impasse}"
        return (
            "a first review" if self.state == "unreviewed" else "a new review" if self.state == "stale" else "the gate"
        )

    def judged_by(self, decision: Decision) -> VersionRow:
        """The row, with what the gate says."""
        return replace(self, people=decision.unblock, impasse=decision.impasse, judged=True)


VERSION_COLUMNS = (
    Column("VERSION", 18, fills=True, keep=100),
    Column("STATE", 21, keep=99),
    Column("APPROVED", 8, keep=98),
    Column("AGE", 4, right=True, keep=97),
    Column("AUTHOR", 12, keep=80),
    Column("KIND", 9, keep=70),
    Column("NOTES", 18, fills=True, keep=60),
)

QUEUE_COLUMNS = (
    Column("VERSION", 18, fills=True, keep=100),
    Column("STATE", 12, keep=99),
    Column("WAITS FOR", 17, fills=True, most=34, keep=98),
    Column("APPROVED", 8, keep=98),
    Column("AGE", 4, right=True, keep=97),
    Column("AUTHOR", 12, keep=80),
    Column("NOTES", 18, fills=True, keep=60),
)


def version_cells(row: VersionRow, now: float, me: str) -> Sequence[Cell]:
    """The cells of VERSION_COLUMNS."""
    name, state, approved, age, author, note = _cells(row, now)
    return (name, state, approved, age, author, (row.version.kind.value, "dim"), note)


def queue_cells(row: VersionRow, now: float, me: str) -> Sequence[Cell]:
    """The cells of QUEUE_COLUMNS."""
    name, state, approved, age, author, note = _cells(row, now)
    waits = row.waits_for(me)
    tone: Tone = "accent" if waits.startswith("you") else "warn" if waits.startswith("nobody") else ""
    return (name, state, (waits, tone), approved, age, author, note)


def _cells(row: VersionRow, now: float) -> tuple[Cell, Cell, Cell, Cell, Cell, Cell]:
    version = row.version
    mark = STATE_MARKS.get(row.state, "·")
    return (
        (version.name, "strong"),
        (f"{mark} {row.state}" if row.state else "…", STATE_TONES.get(row.state, "")),
        (approvals_text(row.approvals, row.required), "good" if row.approvals >= row.required > 0 else ""),
        (age_text(version.created, now), "dim"),
        (version.author, ""),
        (_note(version), "dim"),
    )


def _note(version: ModelVersion) -> str:
    said = [*version.stages, version.note] if version.note else list(version.stages)
    return " · ".join(said) or version.subject


def rows_of(versions: Sequence[ModelVersion]) -> tuple[VersionRow, ...]:
    """Rows before any state is known."""
    return tuple(VersionRow(version) for version in versions)


def rows_with_state(
    overview: Sequence[VersionStatus], reviewers: Callable[[ModelVersion], tuple[str, ...]] = lambda version: ()
) -> tuple[VersionRow, ...]:
    """Rows with their states; `reviewers` are whoever recorded anything on a version."""
    return tuple(
        VersionRow(
            s.version,
            s.state,
            s.approvals,
            s.required,
            s.waits_for,
            reviewers(s.version),
            s.impasse,
            bool(s.waits_for or s.impasse),
        )
        for s in overview
    )


def queue_of(rows: Sequence[VersionRow], me: str) -> tuple[VersionRow, ...]:
    """The candidates that wait: those that wait for `me` first, then in QUEUE_ORDER, among equals the oldest first."""
    waiting = [row for row in rows if row.version.kind is VersionKind.CANDIDATE and row.state in QUEUE_ORDER]
    waiting.sort(
        key=lambda row: (
            me not in row.people,
            QUEUE_ORDER.index(row.state),
            row.required - row.approvals,
            row.version.created or 0,
        )
    )
    return tuple(waiting)


def longest_name(versions: Sequence[ModelVersion]) -> int:
    """How many characters the longest MODEL@VERSION has."""
    return max((len(each.model) + len(each.version) for each in versions), default=-1) + 1


def sort_keys(rows: Sequence[VersionRow], sort: str) -> Sequence[Any]:
    """For each row what it is sorted by, in one of SORTS."""
    if sort == "newest":
        return [-(row.version.created or 0) for row in rows]
    if sort == "name":
        return [row.version.name for row in rows]
    if sort == "author":
        folded = {name: name.casefold() for name in {row.version.author for row in rows}}
        return [folded[row.version.author] for row in rows]
    if sort == "state":
        order = {state: place for place, state in enumerate(STATE_MARKS)}
        return [order.get(row.state, -1) for row in rows]
    assert sort == "approvals", sort
    # One number each: 40,000 pairs would make the garbage collector look at everything while a key waits.
    return [(row.required - row.approvals) * _MANY - row.approvals for row in rows]


def haystacks(rows: Sequence[VersionRow]) -> tuple[str, ...]:
    """For each row what a filter searches (see filters.haystack)."""
    return tuple(_haystack(row) for row in rows)


def _haystack(row: VersionRow) -> str:
    version = row.version
    stages = " ".join(version.stages)
    words = f"{version.name} {row.state} {version.author} {version.commit} {version.subject} {stages} {version.note}"
    return haystack(
        words,
        (
            ("state", row.state),
            ("model", version.model),
            ("author", version.author),
            ("kind", version.kind.value),
            *(("stage", stage) for stage in version.stages),
            *(("reviewer", reviewer) for reviewer in row.reviewers),
        ),
    )


FIELDS = ("state", "model", "author", "kind", "stage", "reviewer")


def matching(texts: tuple[str, ...], words: str) -> list[int]:
    """The numbers of the haystacks that hold every word; state:, model:, … look in one field."""
    asked = filters.parse_filter(words, FIELDS, now=0)
    return filters.matching(texts, asked) or filters.matching(texts, filters.loosened(texts, asked))
