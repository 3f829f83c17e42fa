"""The screen that compares many versions: a row for each key, a column for each version, the base first."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from reviewtui.catalog import ModelVersion
from reviewtui.comparison import LEAST, MISSING, Comparison, Row, cell_words
from reviewtui.display import STATE_MARKS, plural, shorten
from reviewtui.tui.copying import Copies, version_choices
from reviewtui.tui.menu import Choice
from reviewtui.tui.rows import STATE_TONES
from reviewtui.tui.widgets.columns import Column
from reviewtui.tui.widgets.line import Tone, fit_key
from reviewtui.tui.widgets.strips import TitleLine
from reviewtui.tui.widgets.table import Cell, LineTable
from reviewtui.values import dataclass

_NARROWEST, _FEWEST = 12, 6
"""Cells of a column; and of a value that was cut."""
_USUAL = 18
"""Characters of the longest value that standings are aligned by."""
_TITLED = 7
"""Cells beside a version's name in its title: "▸", " base", " …"."""
_MEASURED = 400
"""Rows that the widths are taken from."""
_ARROWS = {"higher": " ↑", "lower": " ↓"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the matrix: a row, or (without one) the title of a category."""

    category: str
    row: Row | None = None


class CompareScreen(Copies[ModelVersion]):
    """Left with q, it gives the version of the column that was looked at last."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "h,left", "column(-1)", "Column to the left", key_display="←", show=False, id="compare.previous-column"
        ),
        Binding("l,right", "column(1)", "Column to the right", key_display="→", show=False, id="compare.next-column"),
        Binding("b", "base", "Make it the base", id="compare.base"),
        Binding("d", "deltas", "Deltas / values", id="compare.deltas"),
        Binding("s", "sort", "Sort by this row", id="compare.sort"),
        Binding("f", "fold", "Unchanged", id="compare.fold"),
        Binding("enter", "open", "Open", key_display="⏎", id="compare.open"),
        Binding("t", "trend", "Trend", id="compare.trend"),
        Binding("space", "drop", "Take the column out", show=False, id="compare.drop"),
        Binding("question_mark", "app.help", "Help", key_display="?", id="compare.help"),
        Binding("q,escape", "back", "Back", key_display="q", id="compare.back"),
    ]

    def __init__(self, versions: tuple[ModelVersion, ...]) -> None:
        super().__init__()
        self._versions = versions
        self._comparison: Comparison | None = None
        self._column = 1
        self._first = 1
        self._whole = False
        self._deltas = False
        self._widths: list[int] = []
        self._standings: list[int] = []
        """Where each column's standings begin, but for those after longer values."""
        self._keys = _NARROWEST

    def compose_body(self) -> ComposeResult:
        yield TitleLine(id="title")
        yield LineTable((Column("KEY", 20, fills=True),), self._cells, key=_key_of)

    def on_mount(self) -> None:
        self.query_one(LineTable).focus()
        versions = self._versions
        self._show_title()
        self.ask("compare", lambda: self.project.compare_many(versions), then=self._show, busy="comparing versions")

    def on_resize(self) -> None:
        super().on_resize()
        self._fill()

    def _show_title(self) -> None:
        shown = [f"{each.version.name}" for each in self._comparison.versions] if self._comparison else []
        count = plural(len(shown or self._versions), "version")
        only = "all rows" if self._whole else "only what differs"
        values = "deltas from the base" if self._deltas else "values"
        base = shown[0] if shown else self._versions[0].name
        self.query_one(TitleLine).show(
            [(" Compare ", "heading"), (count, "strong"), (f"  base {base}", "dim")], [(f"{only} · {values} ", "dim")]
        )

    def _show(self, comparison: Comparison) -> None:
        self._comparison = comparison
        self._fill()
        self.query_one(LineTable).action_move(1)

    def _fill(self) -> None:
        comparison = self._comparison
        if comparison is None:
            return
        rows = comparison.rows if self._whole else comparison.differing()
        entries: list[Entry] = []
        for row in rows:
            if not entries or entries[-1].category != row.category:
                entries.append(Entry(row.category))
            entries.append(Entry(row.category, row))
        hidden = plural(comparison.unchanged(), "row")
        self._column = min(self._column, len(comparison.versions) - 1)
        self._measure(rows[:_MEASURED])
        self._lay_out()
        self.query_one(LineTable).fill(entries, empty=(f"Nothing differs; f shows {hidden}.",))
        self._show_title()
        self.refresh_keys()

    # Columns

    def _measure(self, rows: Sequence[Row]) -> None:
        """How wide the keys and each version are: as wide as their texts, where that leaves room for a few versions."""
        versions = range(len(self._comparison.versions)) if self._comparison else range(0)
        words = [[self._words(row, column) for row in rows] for column in versions]
        natural = [
            max(_NARROWEST, len(self._title_of(column)) + _TITLED, *(_taken(*each) for each in texts))
            for column, texts in enumerate(words)
        ]
        width = self.app.size.width - 3
        longest = max((cell_len(_key_words(row)) for row in rows), default=0) + 2
        self._keys = min(longest, width * 3 // 10)
        room = width - self._keys
        beside = min(len(natural), 3 if width < 100 else 4 if width < 160 else 6)
        self._widths = _shared(natural, room, beside)
        self._standings = [_place(texts, size) for texts, size in zip(words, self._widths, strict=True)]
        if (left := room - sum(size + 1 for size in self._widths)) > 0:
            self._keys = min(longest, self._keys + left)

    def _title_of(self, column: int) -> str:
        comparison = self._comparison
        if comparison is None:
            return ""
        version = comparison.versions[column].version
        one_model = len({each.version.model for each in comparison.versions}) == 1
        return version.version if one_model else version.name

    def _columns(self) -> list[int]:
        """The versions on show: the base, then as many as there is room for, the one under the cursor among them."""
        room = self.app.size.width - 2 - self._keys - self._widths[0] - 2
        last = len(self._widths) - 1
        self._first = max(1, min(self._first, self._column or 1))
        while True:
            shown: list[int] = []
            left = room
            for column in range(self._first, last + 1):
                left -= self._widths[column] + 1
                if left < 0 and shown:
                    break
                shown.append(column)
            if self._column <= max(shown, default=0) or self._first >= last:
                return [0, *shown]
            self._first += 1

    def _lay_out(self) -> None:
        columns = [Column("KEY", self._keys, keep=1000)]
        for place, column in enumerate(shown := self._columns()):
            mark = "▸" if column == self._column else ""
            base = " base" if column == 0 else ""
            more = " …" if place == len(shown) - 1 and column < len(self._widths) - 1 else ""
            room = self._widths[column] - len(mark + base + more)
            title = f"{mark}{shorten(self._title_of(column), room)}{base}{more}"
            columns.append(Column(title, self._widths[column], keep=900 - column))
        self.query_one(LineTable).set_columns(columns)

    # Cells

    def _cells(self, entry: Entry) -> Sequence[Cell]:
        shown = self._columns()
        row = entry.row
        if row is None:
            return ((entry.category.upper(), "heading"), *((" ", "") for _ in shown))
        key = fit_key(_key_words(row), self._keys - 1)
        return ((f" {key}", "strong" if row.differs else "dim"), *(self._cell(row, column) for column in shown))

    def _words(self, row: Row, column: int) -> tuple[str, str]:
        if _is_state(row):
            state = str(row.cells[column])
            return f"{STATE_MARKS.get(state, '·')} {state}", ""
        return cell_words(row, column, deltas=self._deltas)

    def _cell(self, row: Row, column: int) -> Cell:
        value, standing = self._words(row, column)
        if _is_state(row):
            return value, STATE_TONES.get(str(row.cells[column]), "")
        tone = _tone(row, column, standing)
        if not standing:
            return value, tone
        width = self._widths[column]
        if self._deltas and row.delta(column)[0] is not None and _taken(value, standing) > width:
            standing = standing.partition(" ")[0]
            value = value if _taken(value, standing) <= width else value.partition(" ")[0]
        value = shorten(value, max(width - 1 - len(standing), _FEWEST))
        return f"{value:<{self._standings[column]}} {standing}", tone

    # Actions

    def why_not(self, action: str) -> str:
        if self._comparison is None and not action.startswith(("app.", "back")):
            return (
                "The versions are still being compared." if self.waits_for("compare") else "There is nothing to show."
            )
        return ""

    def _row(self) -> Row | None:
        entry = self.query_one(LineTable).current
        return entry.row if entry is not None else None

    def _may(self, action: str) -> bool:
        if reason := self.why_not(action):
            self.say_why_not(reason)
        return not reason

    @property
    def version(self) -> ModelVersion:
        """The version of the column under the cursor."""
        return self._comparison.versions[self._column].version if self._comparison else self._versions[0]

    def action_column(self, by: int) -> None:
        if self._may("column"):
            self._column = max(0, min(self._column + by, len(self._widths) - 1))
            self._lay_out()
            self.say(f"{self.version.name}, column {self._column + 1} of {len(self._widths)}.")

    def action_base(self) -> None:
        comparison = self._comparison
        if not self._may("base") or comparison is None:
            return
        if self._column == 0:
            self.say_why_not("This column is the base.")
            return
        others = [column for column in range(len(comparison.versions)) if column != self._column]
        self._comparison = comparison.reordered([self._column, *others])
        self._column, self._first = 1, 1
        self._fill()
        self.say(f"The base is {self._comparison.versions[0].version.name}.")

    def action_deltas(self) -> None:
        if self._may("deltas"):
            self._deltas = not self._deltas
            self._fill()

    def action_fold(self) -> None:
        if self._may("fold"):
            self._whole = not self._whole
            self._fill()

    def action_sort(self) -> None:
        comparison, row = self._comparison, self._row()
        if not self._may("sort") or comparison is None:
            return
        if row is None or all(row.delta(column)[0] is None for column in range(len(row.cells))):
            self.say_why_not("Put the cursor on a row of numbers: the versions are sorted by it, the base stays first.")
            return
        self._comparison = comparison.sorted_by(row)
        self._first = 1
        self._fill()
        self.say(f"Sorted by {row.key}{', the best first' if row.direction else ', the largest first'}.")

    def action_drop(self) -> None:
        comparison = self._comparison
        if not self._may("drop") or comparison is None:
            return
        if len(comparison.versions) == LEAST:
            self.say_why_not("Two versions are the least that can be compared.")
            return
        kept = [column for column in range(len(comparison.versions)) if column != self._column]
        self._comparison = comparison.reordered(kept)
        self._fill()

    def copy_choices(self) -> Sequence[Choice]:
        comparison, row = self._comparison, self._row()
        if comparison is None:
            return ()
        every = range(len(comparison.versions))
        names = "\t".join(["key", *(each.version.name for each in comparison.versions)])
        rows = comparison.rows if self._whole else comparison.differing()
        lines = [self._as_text(each, every) for each in rows]
        return (
            Choice("r", "row as text", self._as_text(row, every) if row is not None else ""),
            Choice("v", "value under the cursor", cell_words(row, self._column, deltas=False)[0] if row else ""),
            Choice("a", "all rows as text", "\n".join([names, *lines])),
            *version_choices(self.version)[:2],
        )

    def _as_text(self, row: Row, columns: Iterable[int]) -> str:
        return "\t".join([row.key, *(cell_words(row, column, deltas=self._deltas)[0] for column in columns)])

    @on(LineTable.TitlePressed)
    def _title_pressed(self, message: LineTable.TitlePressed) -> None:
        message.stop()
        if 0 < message.index <= len(shown := self._columns()):
            self._column = shown[message.index - 1]
            self.action_column(0)

    @on(LineTable.Opened)
    def action_open(self) -> None:
        if self._may("open") and self._comparison is not None:
            from reviewtui.tui.version import VersionScreen

            versions = tuple(each.version for each in self._comparison.versions)
            self.say("")
            self.app.push_screen(VersionScreen(self.version, versions))

    def action_trend(self) -> None:
        from reviewtui.tui.trend_screen import TrendScreen

        row = self._row()
        metric = row.key if row is not None and row.category == "metrics" else ""
        self.app.push_screen(TrendScreen(self.version, metric=metric))

    def action_back(self) -> None:
        self.dismiss(self.version)


def _is_state(row: Row) -> bool:
    return row.category == "review" and row.key == "state"


def _key_words(row: Row) -> str:
    return f"{row.key}{_ARROWS.get(row.direction, '')}"


def _taken(value: str, standing: str) -> int:
    """The cells of a value and its standing."""
    return cell_len(value) + (1 + len(standing) if standing else 0)


def _place(texts: Sequence[tuple[str, str]], width: int) -> int:
    """Where the standings of a column begin: after its usual values."""
    usual = max((cell_len(value) for value, standing in texts if standing and len(value) <= _USUAL), default=0)
    return min(usual, width - 1 - max((len(standing) for _, standing in texts), default=0))


def _shared(wanted: Sequence[int], room: int, beside: int) -> list[int]:
    """The widths that columns get: what they want, the widest cut so that `beside` of them have room."""
    fair = max(room // beside - 1, _NARROWEST)
    if len(wanted) == beside:
        # What the narrow ones leave goes to the wide ones.
        while fair < max(wanted) and sum(min(size, fair + 1) + 1 for size in wanted) <= room:
            fair += 1
    return [min(size, fair) for size in wanted]


def _key_of(entry: Entry) -> str:
    return f"{entry.category} {entry.row.file if entry.row else ''} {entry.row.key if entry.row else ''}"


def _tone(row: Row, column: int, standing: str) -> Tone:
    if row.cells[column] is MISSING and row.cells[0] is not MISSING:
        return "removed"
    if "best" in standing or standing == "▲":
        return "good"
    if "worst" in standing or standing == "▼":
        return "bad"
    if standing in ("~", "+", "-"):
        return "changed"
    return "dim" if column else ""
