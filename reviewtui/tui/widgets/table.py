"""LineTable: a table of any number of rows that costs only the rows in sight."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from rich.segment import Segment
from textual import events
from textual.actions import SkipAction
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from reviewtui.tui.widgets.columns import Column, laid_out
from reviewtui.tui.widgets.line import Line, Tone, fit, wrapped
from reviewtui.tui.widgets.toned import Toned

Item = TypeVar("Item")
Cell = tuple[str, Tone]

_STRIPS_KEPT = 512
_ROOMY = 100


class LineTable(Toned, ScrollView, Generic[Item], can_focus=True):
    """Rows of one kind of item, under a fixed line of titles, with a cursor and a filter.

    `cells(item)` is asked only for the rows in sight.
    """

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--titles", "table--cursor", "table--hover"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Next row", show=False, id="list.next-row"),
        Binding("k,up", "move(-1)", "Previous row", show=False, id="list.previous-row"),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False, id="list.next-half-page"),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False, id="list.previous-half-page"),
        Binding("pagedown,ctrl+f", "page(1)", "Next page", show=False, id="list.next-page"),
        Binding("pageup,ctrl+b", "page(-1)", "Previous page", show=False, id="list.previous-page"),
        Binding("g,home", "first", "First row", show=False, id="list.first-row"),
        Binding("G,end", "last", "Last row", show=False, id="list.last-row"),
        Binding("enter", "open", "Open the row", show=False, id="list.open"),
    ]

    cursor: reactive[int] = reactive(0, repaint=False)

    class Highlighted(Message):
        """The cursor came to another row, or to another item on the same row."""

        def __init__(self, table: LineTable[Any]) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> LineTable[Any]:
            return self.table

    class Opened(Message):
        """The row under the cursor is to be opened (Enter, or a double click); there may be none."""

        def __init__(self, table: LineTable[Any]) -> None:
            super().__init__()
            self.table = table

        @property
        def control(self) -> LineTable[Any]:
            return self.table

    class TitlePressed(Message):
        """A column's title was clicked; `index` counts the columns that are shown."""

        def __init__(self, table: LineTable[Any], title: str, index: int) -> None:
            super().__init__()
            self.table = table
            self.title = title
            self.index = index

        @property
        def control(self) -> LineTable[Any]:
            return self.table

    def __init__(
        self,
        columns: Sequence[Column],
        cells: Callable[[Item], Sequence[Cell]],
        *,
        key: Callable[[Item], str],
        alike: Callable[[Item], str] | None = None,
        id: str | None = None,  # noqa: A002
    ) -> None:
        """`key` tells an item from all others; `alike` gives what it keeps when it was read again under another key."""
        super().__init__(id=id)
        self._columns = tuple(columns)
        self._cells = cells
        self._key = key
        self._alike = alike
        self._items: Sequence[Item] = ()
        self._shown: Sequence[int] = ()
        self._strips: dict[tuple[int, str, int], Strip] = {}
        self._hover = -1
        self._marked: frozenset[str] = frozenset()
        self._empty: tuple[str, ...] = ()
        self._was_moved = False
        self.rows = object()
        """Another one after each filling: by it is known whether the same rows are shown still."""
        self.rows_drawn = 0
        """How many rows were built from their items so far: what the table has cost."""

    def fill(self, items: Sequence[Item], *, shown: Sequence[int] | None = None, empty: tuple[str, ...] = ()) -> None:
        """Show these items (or those of them that `shown` numbers); the cursor stays on the item it was on, or, where
        that is gone from what was read again, in its place.

        `empty` is what is said where there is no row.
        """
        shown = range(len(items)) if shown is None else shown
        row = self._row_of_current(items, shown)
        if row is None and items is not self._items:
            row = self.cursor
        self._items, self._shown, self._empty = items, shown, empty
        self.rows = object()
        self._strips.clear()
        self._hover = -1
        self.virtual_size = Size(0, len(self._shown) + 1)
        self._put_cursor(row or 0)
        self.refresh()

    def _row_of_current(self, items: Sequence[Item], shown: Sequence[int]) -> int | None:
        """Where the item under the cursor is to be found among these items."""
        current = self.current
        if current is None:
            return None
        if items is self._items:
            index = self._shown[self.cursor]
            return shown.index(index) if index in shown else None
        row = _row_of(current, items, shown)
        if row is None:
            row = _row_where(self._key, self._key(current), items, shown)
        if row is None and self._alike is not None:
            row = _row_where(self._alike, self._alike(current), items, shown)
        return row

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Lay the rows out in other columns; there must be as many of them as before."""
        self._columns = tuple(columns)
        self.redraw()

    def mark(self, keys: Collection[str]) -> None:
        """Mark the rows with these keys, and no others."""
        self._marked = frozenset(keys)
        self.redraw()

    def redraw(self) -> None:
        """Draw the rows in sight again: what their items say has changed."""
        self._strips.clear()
        self.refresh()

    @property
    def current(self) -> Item | None:
        """The item under the cursor."""
        return self._items[self._shown[self.cursor]] if 0 <= self.cursor < len(self._shown) else None

    @property
    def is_narrow(self) -> bool:
        """Whether there is no room for whole sentences in a cell."""
        return self.size.width < _ROOMY

    @property
    def count(self) -> int:
        """How many rows are shown."""
        return len(self._shown)

    def shown_items(self) -> list[Item]:
        """All rows, in the order in which they are shown."""
        return [self._items[index] for index in self._shown]

    def go_to(self, key: str) -> bool:
        """Put the cursor on the item with this key; False where it is not shown."""
        row = _row_where(self._key, key, self._items, self._shown)
        if row is not None:
            self._was_moved = True
            self._put_cursor(row)
        return row is not None

    def rest_on_top(self) -> None:
        """Put the cursor on the first row, unless somebody has put it anywhere."""
        if not self._was_moved:
            self._put_cursor(0)

    def _put_cursor(self, row: int) -> None:
        """Move the cursor, and say that another item may be under it even if the row is the same."""
        before = self.cursor
        self.cursor = max(0, min(row, len(self._shown) - 1))
        if self.cursor == before:
            self._bring_into_sight()
            self.post_message(self.Highlighted(self))

    def watch_cursor(self) -> None:
        self._bring_into_sight()
        self.refresh()
        self.post_message(self.Highlighted(self))

    def _bring_into_sight(self) -> None:
        height = max(self.size.height - 1, 1)
        top = round(self.scroll_y)
        if self.cursor < top:
            self.scroll_to(y=self.cursor, animate=False, force=True, immediate=True)
        elif self.cursor >= top + height:
            self.scroll_to(y=self.cursor - height + 1, animate=False, force=True, immediate=True)

    def on_resize(self) -> None:
        self._strips.clear()
        self._bring_into_sight()

    # Moving

    def action_move(self, by: int) -> None:
        self._was_moved = True
        self.cursor = max(0, min(self.cursor + by, len(self._shown) - 1))

    def action_half_page(self, by: int) -> None:
        self.action_move(by * max(self.size.height // 2, 1))

    def action_page(self, by: int) -> None:
        self.action_move(by * max(self.size.height - 2, 1))

    def action_first(self) -> None:
        self._was_moved = True
        self.cursor = 0

    def action_last(self) -> None:
        self._was_moved = True
        self.cursor = max(0, len(self._shown) - 1)

    def action_open(self) -> None:
        """Tell that the row is to be opened. A screen that binds Enter itself gets the key at once: a message would
        come to it after the keys that were pressed next."""
        if "enter" in self.screen._bindings.key_to_bindings:
            raise SkipAction
        self.post_message(self.Opened(self))

    def _row_at(self, event: events.MouseEvent) -> int:
        offset = event.get_content_offset(self)
        if offset is None or offset.y < 1:
            return -1
        row = offset.y - 1 + round(self.scroll_y)
        return row if row < len(self._shown) else -1

    def on_click(self, event: events.Click) -> None:
        if (row := self._row_at(event)) >= 0:
            self._was_moved = True
            self.cursor = row
            if event.chain == 2:
                self.post_message(self.Opened(self))
            return
        offset = event.get_content_offset(self)
        if offset is not None and offset.y == 0 and self._shown:
            self._press_title(offset.x)

    def _press_title(self, x: int) -> None:
        start = 1
        for index, (_, column, size) in enumerate(laid_out(self._columns, self.size.width)):
            if start <= x < start + size + 1:
                self.post_message(self.TitlePressed(self, column.title, index))
            start += size + 1

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if (row := self._row_at(event)) != self._hover:
            self._hover = row
            self.refresh()

    def on_leave(self) -> None:
        self._hover = -1
        self.refresh()

    # Drawing

    def notify_style_update(self) -> None:
        self._strips.clear()
        super().notify_style_update()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        if y == 0:
            return self._titles(width)
        if not self._shown:
            return self._empty_line(y - 1, width)
        row = y - 1 + round(self.scroll_y)
        if row >= len(self._shown):
            return Strip.blank(width, self.tone_style(""))
        over = "table--cursor" if row == self.cursor else "table--hover" if row == self._hover else ""
        return self._row_strip(self._shown[row], over, width)

    def _row_strip(self, index: int, over: str, width: int) -> Strip:
        strip = self._strips.get((index, over, width))
        if strip is None:
            self.rows_drawn += 1
            item = self._items[index]
            is_marked = bool(self._marked) and self._key(item) in self._marked
            spans: list[tuple[str, Tone]] = [("»", "accent") if is_marked else (" ", "")]
            cells = self._cells(item)
            for place, column, size in laid_out(self._columns, width):
                text, tone = cells[place]
                spans += [(fit(text, size, right=column.right), tone), (" ", "")]
            strip = self.toned_strip(spans, over=over)
            strip = strip.adjust_cell_length(width, self.tone_style("", over=over))
            if len(self._strips) >= _STRIPS_KEPT:
                self._strips.clear()
            self._strips[index, over, width] = strip
        return strip

    def _titles(self, width: int) -> Strip:
        style = self.get_component_rich_style("table--titles")
        text = " " + "".join(
            fit(column.title, size, right=column.right) + " " for _, column, size in laid_out(self._columns, width)
        )
        return Strip([Segment(text, style)]).adjust_cell_length(width, style)

    def _empty_line(self, y: int, width: int) -> Strip:
        lines: list[Line] = [Line()]
        for paragraph in self._empty:
            lines += wrapped(paragraph, width - 2, indent="  ", tone="dim" if len(lines) > 1 else "")
            lines.append(Line())
        spans = lines[y].spans if y < len(lines) else ()
        return self.toned_strip(spans).adjust_cell_length(width, self.tone_style(""))


def _row_of(item: object, items: Sequence[object], shown: Sequence[int]) -> int | None:
    """The row of this very item: the same items in another order are the most frequent filling."""
    try:
        index = list(map(id, items)).index(id(item))
        return index if shown == range(len(items)) else list(shown).index(index)
    except ValueError:
        return None


def _row_where(of: Callable[[Item], str], wanted: str, items: Sequence[Item], shown: Sequence[int]) -> int | None:
    """The first row whose item has what is wanted."""
    return next((row for row, index in enumerate(shown) if of(items[index]) == wanted), None)
