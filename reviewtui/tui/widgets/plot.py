"""Plot: a line of braille dots over versions, with bounds, marks of releases, axes, and a cursor."""

from __future__ import annotations

from collections.abc import Sequence
from math import ceil, floor, isfinite, log10
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message
from textual.strip import Strip

from reviewtui.display import number_text
from reviewtui.tui.widgets.line import Tone, fit
from reviewtui.tui.widgets.toned import Toned
from reviewtui.values import dataclass

_DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
_LABELS = 10
"""Cells at the left for the numbers of the axis."""
_APART = 4
"""Cells between samples from which on each of them is marked on the line."""
_ROWS_APART = 3
"""Rows of the axis from one number to the next, at least."""
_BELOW = 3
"""Rows below the dots: the axis, the marks, the names."""


@dataclass(frozen=True, slots=True)
class Sample:
    """A point of the plot: its value, the name below it, and its mark ("" for none)."""

    value: float
    name: str
    mark: str = ""


@dataclass(frozen=True, slots=True)
class Bound:
    """A level line, and what it is called."""

    value: float
    name: str


class Plot(Toned, can_focus=True):
    """Costs as much as it has cells, however many samples there are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("h,left", "move(-1)", "Previous version", show=False, id="plot.left"),
        Binding("l,right", "move(1)", "Next version", show=False, id="plot.right"),
        Binding("H,pageup", "move(-10)", "Ten versions back", show=False, id="plot.ten-left"),
        Binding("L,pagedown", "move(10)", "Ten versions on", show=False, id="plot.ten-right"),
        Binding("g,home", "first", "Oldest version", show=False, id="plot.first"),
        Binding("G,end", "last", "Newest version", show=False, id="plot.last"),
    ]

    class Moved(Message):
        """The cursor came to another sample."""

    def __init__(self) -> None:
        super().__init__()
        self._samples: tuple[Sample, ...] = ()
        self._bounds: tuple[Bound, ...] = ()
        self._drawn: tuple[tuple[int, int], list[list[tuple[str, Tone]]], dict[int, str]] | None = None
        self.cursor = 0

    def show(self, samples: Sequence[Sample], bounds: Sequence[Bound] = (), *, cursor: int | None = None) -> None:
        """Draw these samples; the cursor goes to one of them (None: the last)."""
        self._samples, self._bounds = tuple(samples), tuple(bounds)
        self.cursor = max(0, min(len(samples) - 1 if cursor is None else cursor, len(samples) - 1))
        self._drawn = None
        self.refresh()

    def action_move(self, by: int) -> None:
        self._go_to(self.cursor + by)

    def action_first(self) -> None:
        self._go_to(0)

    def action_last(self) -> None:
        self._go_to(len(self._samples) - 1)

    def _go_to(self, index: int) -> None:
        self.cursor = max(0, min(index, len(self._samples) - 1))
        self.refresh()
        self.post_message(self.Moved())

    def on_click(self, event: events.Click) -> None:
        columns = self.size.width - _LABELS
        if event.x >= _LABELS and self._samples and columns > 1:
            self._go_to(round((event.x - _LABELS) / (columns - 1) * (len(self._samples) - 1)))

    # Drawing

    def render_line(self, y: int) -> Strip:
        width, height = self.size.width, self.size.height
        if not self._samples or height <= _BELOW or width <= _LABELS + 2:
            return Strip.blank(width, self.tone_style(""))
        if self._drawn is None or self._drawn[0] != (width, height):
            rows_drawn = height - _BELOW
            self._drawn = ((width, height), self._grid(width - _LABELS, rows_drawn), self._ticks(rows_drawn))
        rows = self._drawn[1]
        columns = width - _LABELS
        here = self._column_of(self.cursor, columns)
        if y < len(rows):
            cells = rows[y]
            text, tone = cells[here]
            cursor: tuple[str, Tone] = (text if text.strip() and tone != "warn" else "│", "strong")
            spans = [(self._label(y, self._drawn[2]), _DIM), *cells[:here], cursor, *cells[here + 1 :]]
        elif y == len(rows):
            axis = "─" * columns
            spans = [(" " * (_LABELS - 1) + "└", _DIM), (axis[:here], _DIM), ("┴", "strong"), (axis[here + 1 :], _DIM)]
        elif y == len(rows) + 1:
            spans = [(" " * _LABELS, ""), *self._marks(columns, here)]
        else:
            spans = [(" " * _LABELS, ""), (self._names(columns), _DIM)]
        return self.toned_strip(_joined(spans)).adjust_cell_length(width, self.tone_style(""))

    def _range(self) -> tuple[float, float]:
        """The values at the bottom and at the top; a bound far away from all values is not drawn."""
        values = [sample.value for sample in self._samples]
        low, high = min(values), max(values)
        reach = (high - low) or abs(high) * 0.1 or 1.0
        near = [bound.value for bound in self._bounds if low - 2 * reach <= bound.value <= high + 2 * reach]
        low, high = min((low, *near)), max((high, *near))
        if low == high:
            return low - reach / 2, high + reach / 2
        margin = (high - low) * 0.04
        return low - margin, high + margin

    def _grid(self, columns: int, rows: int) -> list[list[tuple[str, Tone]]]:
        low, high = self._range()
        span = (high - low) or 1.0
        dots = [[0] * columns for _ in range(rows)]

        def level(value: float) -> int:
            return max(0, min(round((high - value) / span * (4 * rows - 1)), 4 * rows - 1))

        before: tuple[int, int] | None = None
        for x, least, most, last in self._columns_of_dots(2 * columns):
            top, bottom = level(most), level(least)
            for y in range(top, bottom + 1):
                _dot(dots, x, y)
            if before is not None:
                _connect(dots, before, (x, top if abs(top - before[1]) < abs(bottom - before[1]) else bottom))
            before = (x, level(last))
        grid: list[list[tuple[str, Tone]]] = [
            [(chr(0x2800 + cell), "accent") if cell else (" ", "") for cell in row] for row in dots
        ]
        if columns >= _APART * len(self._samples):
            for index, sample in enumerate(self._samples):
                grid[level(sample.value) // 4][self._column_of(index, columns)] = (sample.mark or "•", "accent")
        for bound in self._bounds:
            if low <= bound.value <= high:
                _lay_bound(grid[level(bound.value) // 4], f" {bound.name} {number_text(bound.value)} ")
        return grid

    def _columns_of_dots(self, width: int) -> list[tuple[int, float, float, float]]:
        """(column of dots, least, most, last value) for each column that holds a sample, from left to right."""
        count = len(self._samples)
        found: list[tuple[int, float, float, float]] = []
        for index, sample in enumerate(self._samples):
            x = round(index / (count - 1) * (width - 1)) if count > 1 else width // 2
            if found and found[-1][0] == x:
                _, least, most, _ = found[-1]
                found[-1] = (x, min(least, sample.value), max(most, sample.value), sample.value)
            else:
                found.append((x, sample.value, sample.value, sample.value))
        return found

    def _column_of(self, index: int, columns: int) -> int:
        count = len(self._samples)
        dot = round(index / (count - 1) * (2 * columns - 1)) if count > 1 else columns
        return min(dot // 2, columns - 1)

    def _ticks(self, rows: int) -> dict[int, str]:
        """What stands at which rows of the axis: round numbers, at least so many rows apart."""
        low, high = self._range()
        if not isfinite(high - low):
            return {}
        step = _round_step(max((high - low) * _ROWS_APART / rows, max(abs(low), abs(high)) * 1e-12))
        decimals = max(0, -floor(log10(step) + 1e-9))
        found: dict[int, str] = {}
        for number in range(ceil(low / step), floor(high / step) + 1):
            value = number * step
            text = f"{value:.{decimals}f}"
            row = round((high - value) / (high - low) * (4 * rows - 1)) // 4
            found[row] = text if len(text) <= _LABELS - 2 else f"{value:.3g}"
        return found

    def _label(self, y: int, ticks: dict[int, str]) -> str:
        return f"{fit(ticks[y], _LABELS - 2, right=True)} ┤" if y in ticks else " " * (_LABELS - 1) + "│"

    def _marks(self, columns: int, here: int) -> list[tuple[str, Tone]]:
        row = [" "] * columns
        for index, sample in enumerate(self._samples):
            place = self._column_of(index, columns)
            if sample.mark and row[place] != "●":
                row[place] = sample.mark
        return [
            (text, "strong" if place == here else "good" if text == "●" else "dim") for place, text in enumerate(row)
        ]

    def _names(self, columns: int) -> str:
        """As many names as there is room for, each beginning below its sample; that of the cursor always."""
        row = [" "] * columns
        own = self._samples[self.cursor]
        order = [self.cursor, *(index for index in range(len(self._samples)) if self._samples[index].mark == "●")]
        order = [*order[:100], len(self._samples) - 1, *range(0, len(self._samples), max(len(self._samples) // 50, 1))]
        for index in order:
            name = fit(own.name if index == self.cursor else self._samples[index].name, 14).strip()
            length = cell_len(name)
            start = max(0, min(self._column_of(index, columns), columns - length))
            around = row[max(start - 1, 0) : start + length + 1]
            if length == len(name) and not any(cell.strip() for cell in around):
                row[start : start + length] = list(name)
        return "".join(row)


_DIM: Tone = "dim"


def _joined(spans: Sequence[tuple[str, Tone]]) -> list[tuple[str, Tone]]:
    joined: list[tuple[str, Tone]] = []
    for text, tone in spans:
        if joined and joined[-1][1] == tone:
            joined[-1] = (joined[-1][0] + text, tone)
        else:
            joined.append((text, tone))
    return joined


def _connect(dots: list[list[int]], start: tuple[int, int], end: tuple[int, int]) -> None:
    """A straight line of dots; its steps are as many as the longer side has."""
    (x, y), (to_x, to_y) = start, end
    steps = max(abs(to_x - x), abs(to_y - y), 1)
    for step in range(1, steps):
        at_x, at_y = x + round((to_x - x) * step / steps), y + round((to_y - y) * step / steps)
        _dot(dots, at_x, at_y)


def _round_step(least: float) -> float:
    """The smallest of 1, 2 and 5 with any power of ten that is not less."""
    power = 10.0 ** floor(log10(least))
    return next(step for step in (power, 2 * power, 5 * power, 10 * power) if step >= least * (1 - 1e-9))


def _dot(dots: list[list[int]], x: int, y: int) -> None:
    """Two dots, one above the other: a line of single ones is too thin to follow."""
    for at in (y, y + 1 if y + 1 < 4 * len(dots) else y - 1):
        dots[at // 4][x // 2] |= _DOTS[at % 4][x % 2]


def _lay_bound(row: list[tuple[str, Tone]], name: str) -> None:
    """A dashed line where no dot is, with its name at the left."""
    for place, (text, _) in enumerate(row):
        if not text.strip():
            row[place] = ("╌", "warn")
    for place, character in enumerate(name[: len(row)], 2):
        if place < len(row):
            row[place] = (character, "warn")
