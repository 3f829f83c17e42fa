"""VersionsPane: a table of versions with its filter, and a preview of the one under the cursor."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.widgets import Input

from reviewtui.tui.pages.summary import overview_lines
from reviewtui.tui.reading import VersionView
from reviewtui.tui.rows import VersionRow, haystacks, matching, sorted_rows
from reviewtui.tui.widgets.line import Line, wrapped
from reviewtui.tui.widgets.strips import TitleLine, empty_page
from reviewtui.tui.widgets.table import Cell, Column, LineTable
from reviewtui.tui.widgets.text_view import TextView

CellsOf = Callable[[VersionRow, float, str], Sequence[Cell]]


class VersionsPane(Container):
    """What the tabs Queue and Versions show. It asks nothing itself: the screen fills it."""

    class PreviewWanted(Message):
        """The cursor has rested on a row: its preview should be read."""

        def __init__(self, pane: VersionsPane) -> None:
            super().__init__()
            self.pane = pane

    class FilterChanged(Message):
        """Other rows are shown now."""

    def __init__(self, columns: Sequence[Column], cells: CellsOf, *, sorts: tuple[str, ...], name: str) -> None:
        super().__init__(id=name)
        self._columns = columns
        self._row_cells = cells
        self._sorts = sorts
        self._rows: tuple[VersionRow, ...] = ()
        self._texts: tuple[str, ...] = ()
        self._ordered: tuple[VersionRow, ...] = ()
        self._ordered_texts: tuple[str, ...] = ()
        self._empty: tuple[str, ...] = ()
        self._previewed = ""
        self.sort = ""
        self.now = time.time()
        self.me = ""
        """Who reviews here."""

    def compose(self) -> ComposeResult:
        with Vertical(classes="list"):
            yield LineTable(self._columns, self._cells, key=lambda row: f"{row.version.name} {row.version.ref}")
            filter_line = Input(
                placeholder="words, state:… model:… author:… kind:…", classes="filter", select_on_focus=False
            )
            filter_line.display = False
            yield filter_line
        with Vertical(classes="preview"):
            yield TitleLine()
            yield TextView()

    def on_mount(self) -> None:
        self.query_one(TextView).can_focus = False

    def _cells(self, row: VersionRow) -> Sequence[Cell]:
        return self._row_cells(row, self.now, self.me)

    @property
    def table(self) -> LineTable[VersionRow]:
        return self.query_one(LineTable)

    @property
    def words(self) -> str:
        """The present filter."""
        return self.query_one(Input).value.strip()

    @property
    def total(self) -> int:
        return len(self._rows)

    def fill(self, rows: Sequence[VersionRow], texts: tuple[str, ...] | None, *, empty: tuple[str, ...]) -> None:
        """Show these rows. `texts` are their haystacks (None: made here, for few rows)."""
        self._rows = tuple(rows)
        self._texts = haystacks(self._rows) if texts is None else texts
        self._empty = empty
        self.table.set_columns(self._fitting_columns())
        self._order()
        self._arrange()

    def _fitting_columns(self) -> tuple[Column, ...]:
        """The columns, the first one as wide as the longest name, within bounds."""
        longest = max((len(row.version.name) for row in self._rows), default=0)
        first, *others = self._columns
        return replace(first, width=max(12, min(longest, first.most))), *others

    def _order(self) -> None:
        """Put the rows, and what a filter searches, in the chosen order."""
        if not self.sort:
            self._ordered, self._ordered_texts = self._rows, self._texts
            return
        texts = {id(row): text for row, text in zip(self._rows, self._texts, strict=True)}
        self._ordered = sorted_rows(self._rows, self.sort)
        self._ordered_texts = tuple(texts[id(row)] for row in self._ordered)

    def _arrange(self) -> None:
        shown = matching(self._ordered_texts, self.words) if self.words else None
        empty = (f"No version matches “{self.words}”.", "Esc clears the filter.") if self._rows else self._empty
        self.table.fill(self._ordered, shown=shown, empty=empty)
        if self.table.count == 0:
            self._clear_preview()
        self.post_message(self.FilterChanged())

    # Filter and sort

    def start_filter(self) -> None:
        """Open the filter's line."""
        box = self.query_one(Input)
        box.display = True
        box.focus()

    def clear_filter(self) -> bool:
        """Take the filter away; False where there was none."""
        box = self.query_one(Input)
        had = box.display
        box.value = ""
        box.display = False
        self.table.focus()
        return had

    def next_sort(self) -> str:
        """Go to the next order; its name, "" for the first one."""
        orders = ("", *self._sorts)
        self.sort = orders[(orders.index(self.sort) + 1) % len(orders)]
        self._order()
        self._arrange()
        return self.sort

    @on(Input.Changed)
    def _filter_changed(self, message: Input.Changed) -> None:
        message.stop()
        self._arrange()

    @on(Input.Submitted)
    def _filter_done(self, message: Input.Submitted) -> None:
        message.stop()
        if not message.value.strip():
            self.query_one(Input).display = False
        self.table.focus()

    # Preview

    @on(LineTable.Highlighted)
    def _row_changed(self, message: LineTable.Highlighted) -> None:
        message.stop()
        self.refresh_preview()

    def refresh_preview(self) -> None:
        """Ask for the preview of the row under the cursor, once the cursor rests."""
        self.set_timer(0.08, self._want_preview, name=f"preview {self.id}")

    def _want_preview(self) -> None:
        row = self.table.current
        if self.display and row is not None and self.query_one(".preview").display:
            self.post_message(self.PreviewWanted(self))

    def show_preview(self, view: VersionView) -> None:
        """Show the overview of a version, if it is still the one under the cursor."""
        row = self.table.current
        if row is None or row.version != view.version:
            return
        base = f"against {view.base.name}" if view.base else "no base"
        self.query_one(TitleLine).show([(view.version.name, "strong"), (f"  {base}", "dim")])
        name = f"{view.version.name} {view.version.ref}"
        self.query_one(TextView).show(lambda width: preview_lines(view, width), keep_position=name == self._previewed)
        self._previewed = name

    def show_preview_error(self, text: str) -> None:
        """Say in the preview why there is none."""
        self._previewed = ""
        self.query_one(TitleLine).show([("no preview", "dim")])
        self.query_one(TextView).show(empty_page(text))

    def _clear_preview(self) -> None:
        self._previewed = ""
        self.query_one(TitleLine).show([])
        self.query_one(TextView).show(lambda width: ())


def preview_lines(view: VersionView, width: int) -> list[Line]:
    """The subject, and the overview."""
    return [*wrapped(view.version.subject, width, tone="strong"), *overview_lines(view, width)]
