"""AuditPane: every record, newest first, with what its signature is worth; beside it why it counts or does not."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

from textual.screen import Screen

from reviewtui.catalog import ModelVersion
from reviewtui.display import VERDICT_MARKS
from reviewtui.history import AuditRecord, seconds_of
from reviewtui.tui.copying import record_choices, row_choice, version_choices
from reviewtui.tui.filters import haystack
from reviewtui.tui.list_pane import ListPane, Question
from reviewtui.tui.menu import Choice
from reviewtui.tui.pages.record import record_lines
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.reading import RecordView, read_record
from reviewtui.tui.widgets.columns import Column, wanting
from reviewtui.tui.widgets.line import Line, Tone
from reviewtui.tui.widgets.table import Cell

_COLUMNS = (
    Column("WHEN", 10, keep=97),
    Column("VERSION", 12, fills=True, most=40, keep=100),
    Column("VERDICT", 10, keep=99),
    Column("REVIEWER", 14, fills=True, most=40, keep=98),
    Column("COUNTS", 12, fills=True, most=32, keep=99),
    Column("KEY", 15, keep=60),
    Column("NOTE", 8, keep=50),
)
_TONES: dict[str, Tone] = {"approve": "good", "reject": "bad", "override": "warn"}
NOTHING = (
    "Nothing is recorded yet.",
    "Every verdict that anybody signs stands here, counted or not, with its reason.",
)


class AuditPane(ListPane[AuditRecord]):
    """The fourth tab of the home."""

    FIELDS: ClassVar[tuple[str, ...]] = ("reviewer", "verdict", "model", "version", "reason", "key")
    SORTS: ClassVar[tuple[str, ...]] = ("version", "reviewer", "reason")
    TITLE_SORTS: ClassVar[dict[str, str]] = {"VERSION": "version", "REVIEWER": "reviewer", "COUNTS": "reason"}
    NOUN = "record"
    PLACEHOLDER = "words, reviewer:bob since:2026-09-01 bad:yes verdict:reject model:…"

    def __init__(self) -> None:
        super().__init__(_COLUMNS, name="audit")

    def take(self, answer: Any) -> None:
        records, texts = answer
        self.fill(records, texts, empty=NOTHING)

    def cells(self, item: AuditRecord) -> Sequence[Cell]:
        entry = item.entry
        when = entry.at or ""
        mark = VERDICT_MARKS.get(entry.verdict, "?")
        fate, tone = fate_of(item)
        return (
            (when[:10] or "unknown", "dim"),
            (item.name or entry.commit[:10], "strong" if entry.counted else ""),
            (f"{mark} {entry.verdict or 'unreadable'}", _TONES.get(entry.verdict, "") if entry.counted else "dim"),
            (entry.reviewer or "nobody", "" if entry.reviewer else "dim"),
            (fate, tone),
            (entry.keyid.removeprefix("SHA256:").removeprefix("openpgp:"), "dim"),
            ((item.note or "")[:8], "dim"),
        )

    def columns_for(self, items: Sequence[AuditRecord]) -> tuple[Column, ...]:
        columns = wanting(self._columns, "COUNTS", (fate_of(item)[0] for item in items))
        columns = wanting(columns, "REVIEWER", (item.entry.reviewer for item in items))
        return wanting(columns, "VERSION", (item.name for item in items))

    def key_of(self, item: AuditRecord) -> str:
        return f"{item.entry.id} {item.entry.commit} {item.name} {item.entry.reason}"

    def haystacks_of(self, items: Sequence[AuditRecord]) -> tuple[str, ...]:
        return haystacks(items)

    def time_of(self, item: AuditRecord) -> float | None:
        return seconds_of(item.entry.at) or item.noted

    def sort_keys(self, items: Sequence[AuditRecord], sort: str) -> Sequence[Any]:
        if sort == "version":
            return [item.name for item in items]
        if sort == "reviewer":
            return [item.entry.reviewer for item in items]
        return [(not item.is_bad, item.entry.counted, item.entry.reason) for item in items]

    def version_of(self, item: AuditRecord) -> ModelVersion | None:
        return item.version

    def question(self, item: AuditRecord) -> Question | None:
        return lambda project: read_record(project, item)

    def preview(self, item: AuditRecord, answer: object, width: int) -> list[Line]:
        return record_lines(cast("RecordView", answer), width)

    def preview_title(self, item: AuditRecord, answer: object) -> tuple[str, str]:
        return item.name, item.entry.verdict or "unreadable"

    def is_bad(self, item: AuditRecord) -> bool:
        return item.is_bad

    def copy_choices(self) -> list[Choice]:
        record = self.table.current
        if record is None:
            return []
        version = version_choices(record.version)[:2] if record.version is not None else []
        return [*record_choices(record), *version, row_choice(self.cells(record))]

    def page_of(self, item: AuditRecord) -> Screen[Any] | None:
        from reviewtui.tui.record_dialog import RecordDialog

        return RecordDialog(item)


def fate_of(record: AuditRecord) -> tuple[str, Tone]:
    """Whether a record counts, in a word, with its mark."""
    if record.entry.counted:
        return "✓ counts", "good"
    reason = record.entry.reason.partition(":")[0]
    return (f"✗ {reason}", "bad") if record.is_bad else (f"· {reason}", "dim")


def read_audit(project: ProjectLike) -> tuple[tuple[AuditRecord, ...], tuple[str, ...]]:
    """Every record, and what a filter searches."""
    records = project.trail()
    return records, haystacks(records)


def haystacks(records: Sequence[AuditRecord]) -> tuple[str, ...]:
    """What a filter searches."""
    return tuple(_haystack(record) for record in records)


def _haystack(record: AuditRecord) -> str:
    entry = record.entry
    model, _, version = record.name.partition("@")
    return haystack(
        f"{record.name} {entry.verdict} {entry.reviewer} {entry.comment} {entry.reason} {entry.keyid} {entry.id} "
        f"{entry.commit} {record.note or ''}",
        (
            ("reviewer", entry.reviewer),
            ("verdict", entry.verdict or "unreadable"),
            ("model", model),
            ("version", version),
            ("reason", entry.reason),
            ("key", entry.keyid),
        ),
    )
