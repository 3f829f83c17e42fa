"""TimelinePane: what happened, release by release: who approved it, when, and how long it took."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType
from textual.message import Message

from reviewtui.catalog import ModelVersion
from reviewtui.display import VERDICT_MARKS, span_text
from reviewtui.history import RELEASED, HistoryEvent, seconds_of
from reviewtui.settings import DIRECTORY
from reviewtui.tui.filters import haystack
from reviewtui.tui.list_pane import ListPane, Question
from reviewtui.tui.pages.record import event_lines, record_lines
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.reading import RecordView, read_record
from reviewtui.tui.widgets.columns import Column, with_width
from reviewtui.tui.widgets.line import Line, Tone, wrapped
from reviewtui.tui.widgets.table import Cell, LineTable
from reviewtui.values import dataclass

_COLUMNS = (
    Column("WHEN", 10, keep=97),
    Column("WHAT", 14, fills=True, most=23, keep=99),
    Column("VERSION", 18, fills=True, most=28, keep=100),
    Column("BY", 10, fills=True, most=20, keep=96),
    Column("LEAD", 4, right=True, keep=95),
    Column("DETAIL", 14, fills=True, keep=90),
)
_MARKS = {
    **VERDICT_MARKS, "released": "●", "released-unreviewed": "◌", "candidate": "○", "commit": "○", "policy": "§",
    "stage-assigned": "▲", "stage-unassigned": "▽", "deregistered": "✗", "deprecated": "✗", "created": "+",
    "unreadable": "?",
}  # fmt: skip
_TONES: dict[str, Tone] = {
    "approve": "good", "reject": "bad", "override": "warn", "released": "good", "policy": "warn", "unreadable": "warn",
    "stage-assigned": "accent", "deregistered": "warn", "deprecated": "warn",
}  # fmt: skip
NOTHING = (
    "Nothing has happened here yet.",
    "Candidates, verdicts, releases, stages and changes of the policy are told here.",
)


@dataclass(frozen=True, slots=True)
class TimelineRow:
    """An event, or the head of a group: a release with what led to it, or what is not released yet.

    `inside`: it stands below a head. `count` is how many events a head has below it.
    """

    event: HistoryEvent | None
    model: str = ""
    is_head: bool = False
    inside: bool = False
    count: int = 0


Told = tuple[tuple[TimelineRow, ...], tuple[str, ...], tuple[TimelineRow, ...], tuple[str, ...]]


class TimelineTable(LineTable[TimelineRow]):
    """Rows that can be grouped."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("g", "group", "Group by release, or one row", show=False, id="timeline.group")
    ]

    class GroupPressed(Message):
        """Group, or do not."""

    def action_group(self) -> None:
        self.post_message(self.GroupPressed())


class TimelinePane(ListPane[TimelineRow]):
    """The third tab of the home."""

    FIELDS: ClassVar[tuple[str, ...]] = ("event", "model", "by", "reviewer")
    NOUN = "event"
    PLACEHOLDER = "words, event:released model:… reviewer:… since:30d bad:yes"

    def __init__(self) -> None:
        super().__init__(_COLUMNS, name="timeline")
        self.is_grouped = True
        self._told: Told = ((), (), (), ())

    def make_table(self) -> LineTable[TimelineRow]:
        return TimelineTable(self._columns, self.cells, key=self.key_of)

    @property
    def order_said(self) -> str:
        return "grouped by release; g lists all by time" if self.is_grouped else "listed by time; g groups by release"

    def take(self, answer: Any) -> None:
        self._told = answer
        self._show()

    def _show(self) -> None:
        grouped, grouped_texts, plain, plain_texts = self._told
        if self.is_grouped:
            self.fill(grouped, grouped_texts, empty=NOTHING)
        else:
            self.fill(plain, plain_texts, empty=NOTHING)

    @on(TimelineTable.GroupPressed)
    def _group(self, message: TimelineTable.GroupPressed) -> None:
        message.stop()
        self.is_grouped = not self.is_grouped
        self._show()

    def cells(self, item: TimelineRow) -> Sequence[Cell]:
        event = item.event
        if event is None:
            return (("", ""), ("○ unreleased", "accent"), (item.model, "strong"), ("", ""), ("", ""),
                    (_counted(item.count), "dim"))  # fmt: skip
        counts = event.record is None or event.record.entry.counted
        tone: Tone = _TONES.get(event.event, "") if counts else "dim"
        word = event.event.removesuffix("-unreviewed")
        what = f"{'  ' if item.inside else ''}{_MARKS.get(event.event, '·')} {word}"
        return (
            (event.at[:10] or "unknown", "dim"),
            (what, tone),
            (event.name, "strong" if item.is_head else "" if counts else "dim"),
            (event.actor.partition("@")[0], "" if counts else "dim"),
            (span_text(event.lead), "dim"),
            (_detail(event), "" if item.is_head else "dim"),
        )

    def columns_for(self, items: Sequence[TimelineRow]) -> tuple[Column, ...]:
        names = (item.event.name if item.event else item.model for item in items)
        return with_width(self._columns, "VERSION", max(map(len, names), default=0))

    def key_of(self, item: TimelineRow) -> str:
        event = item.event
        if event is None:
            return f"head {item.model}"
        record = event.record.entry.id if event.record else ""
        return f"{event.event} {event.at} {event.name} {event.ref} {event.commit} {record}"

    def haystacks_of(self, items: Sequence[TimelineRow]) -> tuple[str, ...]:
        return haystacks(items)

    def time_of(self, item: TimelineRow) -> float | None:
        return seconds_of(item.event.at) if item.event else None

    def version_of(self, item: TimelineRow) -> ModelVersion | None:
        return item.event.version if item.event else None

    def question(self, item: TimelineRow) -> Question | None:
        """A record is told beside what is here now; all else is known already."""
        record = item.event.record if item.event else None
        return None if record is None else lambda project: read_record(project, record)

    def is_bad(self, item: TimelineRow) -> bool:
        record = item.event.record if item.event else None
        return record is not None and record.is_bad

    def preview(self, item: TimelineRow, answer: object, width: int) -> list[Line]:
        if isinstance(answer, RecordView):
            return record_lines(answer, width)
        if item.event is None:
            return wrapped("Below: what happened since the model's last release, or since its beginning.", width)
        return event_lines(item.event, width)

    def preview_title(self, item: TimelineRow, answer: object) -> tuple[str, str]:
        event = item.event
        return (event.name or event.event, event.event) if event else (item.model, "not yet released")


def read_timeline(project: ProjectLike) -> Told:
    """The events, grouped and in one row, each with what a filter searches."""
    events = project.history()
    grouped = grouped_by_release(events)
    plain = tuple(TimelineRow(event, event.model) for event in events)
    return grouped, haystacks(grouped), plain, haystacks(plain)


def grouped_by_release(events: Sequence[HistoryEvent]) -> tuple[TimelineRow, ...]:
    """Each release, the newest first, with what happened to its model since the one before; what is not released
    yet stands above; a change of the settings, and what was said of one, stands at its own time."""
    waiting: dict[str, list[HistoryEvent]] = {}
    groups: list[tuple[str, list[TimelineRow]]] = []
    for event in reversed(events):
        if event.event == "policy" or event.model == DIRECTORY:
            groups.append((event.at, [TimelineRow(event)]))
        elif event.event in RELEASED:
            below = [TimelineRow(each, event.model, inside=True) for each in reversed(waiting.pop(event.model, []))]
            head = TimelineRow(event, event.model, is_head=True, count=len(below))
            groups.append((event.at, [head, *below]))
        else:
            waiting.setdefault(event.model, []).append(event)
    rows: list[TimelineRow] = []
    for model, left in sorted(waiting.items(), key=lambda pair: pair[1][-1].at, reverse=True):
        rows.append(TimelineRow(None, model, is_head=True, count=len(left)))
        rows += [TimelineRow(each, model, inside=True) for each in reversed(left)]
    for _, group in sorted(groups, key=lambda pair: pair[0], reverse=True):
        rows += group
    return tuple(rows)


def haystacks(rows: Sequence[TimelineRow]) -> tuple[str, ...]:
    """What a filter searches; a head without an event is found with its model alone."""
    return tuple(_haystack(row) for row in rows)


def _haystack(row: TimelineRow) -> str:
    event = row.event
    if event is None:
        return haystack(f"{row.model} not yet released", (("model", row.model),))
    record = event.record
    fields = [("event", event.event), ("model", event.model), ("by", event.actor)]
    fields += [("reviewer", name) for name in (event.approved_by or ((event.actor,) if record else ()))]
    return haystack(f"{event.name} {event.event} {event.actor} {event.commit} {event.ref} {event.detail}", fields)


def _detail(event: HistoryEvent) -> str:
    """What matters most of an event: on whose word, or why not, or its own words."""
    if event.record is not None:
        entry = event.record.entry
        comment = " ".join(entry.comment.split())
        return comment if entry.counted else f"{entry.reason.partition(':')[0]} · {comment}"
    if event.event == "released":
        named = ", ".join(name.partition("@")[0] for name in event.approved_by)
        return f"✓ {named}" if named else event.detail
    if event.event == "released-unreviewed":
        return f"unreviewed · {event.detail}".removesuffix(" · ")
    return event.detail


def _counted(count: int) -> str:
    return f"{count:,} event{'' if count == 1 else 's'}"
