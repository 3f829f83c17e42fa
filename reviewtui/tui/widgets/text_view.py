"""TextView: lines of text, diffs and statements of any length; costs only the lines in sight."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Offset, Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from reviewtui.tui.widgets.lazy_lines import LazyLines
from reviewtui.tui.widgets.line import Line
from reviewtui.tui.widgets.toned import Toned, selected_text

Build = Callable[[int], Sequence[Line]]
"""Lines for a width: asked again when the width changes."""


class TextView(Toned, ScrollView, can_focus=True):
    """Scrolls lines. Next and previous go through the stops: the changes, or what a search found."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"text--stop", "text--selection"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("j,down", "move(1)", "Line down", show=False, id="page.next-line"),
        Binding("k,up", "move(-1)", "Line up", show=False, id="page.previous-line"),
        Binding("h,left", "sideways(-8)", "Scroll left", show=False, id="page.left"),
        Binding("l,right", "sideways(8)", "Scroll right", show=False, id="page.right"),
        Binding("ctrl+d", "half_page(1)", "Half a page down", show=False, id="page.next-half-page"),
        Binding("ctrl+u", "half_page(-1)", "Half a page up", show=False, id="page.previous-half-page"),
        Binding("pagedown,space", "page(1)", "Next page", show=False, id="page.next-page"),
        Binding("pageup", "page(-1)", "Previous page", show=False, id="page.previous-page"),
        Binding("g,home", "first", "To the top", show=False, id="page.first"),
        Binding("G,end", "last", "To the end", show=False, id="page.last"),
    ]

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._build: Build = lambda width: ()
        self._lines: Sequence[Line] = ()
        self._stops: list[int] = []
        self._built_for = -1
        self._search = ""
        self.stop = -1
        """Which stop is highlighted (-1: none)."""

    def show(self, build: Build, *, keep_position: bool = False) -> None:
        """Show what `build` gives for the present width."""
        self._build = build
        self._built_for = -1
        if not keep_position:
            self.stop = -1
            self._search = ""
        self._rebuild()
        if not keep_position:
            self.scroll_to(0, 0, animate=False, force=True, immediate=True)
        self.refresh()

    @property
    def lines(self) -> Sequence[Line]:
        return self._lines

    @property
    def line_width(self) -> int:
        """Cells that a line may take: all but those that the scrollbar has."""
        return self.scrollable_content_region.width

    @property
    def stops(self) -> int:
        """How many stops there are."""
        return len(self._stops)

    @property
    def current(self) -> Line | None:
        """The line that is meant: the highlighted stop, else the first stop in sight, else the first line in sight."""
        if 0 <= self.stop < len(self._stops):
            return self._lines[self._stops[self.stop]]
        top = round(self.scroll_y)
        first = bisect_left(self._stops, top)
        if first < len(self._stops) and self._stops[first] < top + self.size.height:
            return self._lines[self._stops[first]]
        return self._lines[top] if top < len(self._lines) else None

    def go_to(self, y: int) -> None:
        """Bring a line to the top."""
        self.stop = -1
        self.scroll_to(y=y, animate=False, force=True, immediate=True)
        self.refresh()

    def expect_search(self) -> None:
        """Make what a search will look at, before its first letter comes."""
        if isinstance(self._lines, LazyLines):
            self._lines.searched()

    def search(self, words: str) -> int:
        """Make the lines that hold these words the stops (no words: the changes again); how many there are."""
        self._search = words.casefold()
        self.stop = -1
        self._find_stops()
        if self._search and self._stops:
            self.step(1)
        self.refresh()
        return len(self._stops)

    def step(self, by: int) -> bool:
        """Go to the next or previous stop; False at the end."""
        target = self.stop + by if self.stop >= 0 else (0 if by > 0 else len(self._stops) - 1)
        if not 0 <= target < len(self._stops):
            return False
        self.stop = target
        y = self._stops[target]
        if not self.scroll_y <= y < self.scroll_y + self.size.height - 1:
            self.scroll_to(y=max(0, y - self.size.height // 3), animate=False, force=True, immediate=True)
        self.refresh()
        return True

    def _rebuild(self) -> None:
        width = self.line_width
        if width <= 0 or width == self._built_for:
            return
        self._built_for = width
        self._lines = self._build(width)
        self._find_stops()
        if isinstance(self._lines, LazyLines):
            longest = self._lines.width
        else:
            longest = max((cell_len(line.text) for line in self._lines), default=0)
        self.virtual_size = Size(longest, len(self._lines))
        # Textual finds this out while it lays out, one frame after the lines are seen.
        self.show_vertical_scrollbar = len(self._lines) > self.size.height

    def _find_stops(self) -> None:
        if isinstance(self._lines, LazyLines):
            self._stops = self._lines.holding(self._search) if self._search else self._lines.stops
        elif self._search:
            self._stops = [y for y, line in enumerate(self._lines) if self._search in line.text.casefold()]
        else:
            self._stops = [y for y, line in enumerate(self._lines) if line.stop]

    def on_resize(self) -> None:
        self._rebuild()

    # Moving

    def action_move(self, by: int) -> None:
        self.scroll_to(y=self.scroll_y + by, animate=False, force=True, immediate=True)

    def action_sideways(self, by: int) -> None:
        if isinstance(self._lines, LazyLines):
            self._lines.sideways(by)
            return
        self.scroll_to(x=self.scroll_x + by, animate=False, force=True, immediate=True)

    def action_half_page(self, by: int) -> None:
        self.action_move(by * max(self.size.height // 2, 1))

    def action_page(self, by: int) -> None:
        self.action_move(by * max(self.size.height - 1, 1))

    def action_first(self) -> None:
        self.scroll_to(y=0, animate=False, force=True, immediate=True)

    def action_last(self) -> None:
        self.scroll_to(y=len(self._lines), animate=False, force=True, immediate=True)

    # Drawing

    def render_line(self, y: int) -> Strip:
        width = self.line_width
        left, top = round(self.scroll_x), round(self.scroll_y)
        row = top + y
        if row >= len(self._lines):
            return Strip.blank(width, self.tone_style(""))
        is_stop = 0 <= self.stop < len(self._stops) and self._stops[self.stop] == row
        over = "text--stop" if is_stop else ""
        line = self._lines[row]
        strip = self.with_selection(self.grounded_strip(line, over=over), line.text, row)
        return strip.crop_extend(left, left + width, self.tone_style("", over=over)).apply_offsets(left, row)

    # The mouse

    def on_click(self, event: events.Click) -> None:
        """One click means a stop, two select the word, three the line."""
        offset = event.get_content_offset(self)
        row = -1 if offset is None else offset.y + round(self.scroll_y)
        if offset is None or row >= len(self._lines):
            return
        if event.chain > 1:
            event.prevent_default()
            text = self._lines[row].text
            start, end = (0, len(text)) if event.chain > 2 else _word_at(text, offset.x + round(self.scroll_x))
            self.screen.selections = {self: Selection(Offset(start, row), Offset(end, row))}
        elif self.can_focus and not self.screen.selections and self._lines[row].stop:
            self.stop = bisect_left(self._stops, row)
            self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selected_text(selection, len(self._lines), lambda row: self._lines[row].text), "\n"


_WORD = re.compile(r"[\w@./:+~=%-]+")
"""What a double click takes for one word: an id, a name, a path, a number; not the quotes around it."""


def _word_at(text: str, cell: int) -> tuple[int, int]:
    """Where the word on a cell begins and ends; nothing where there is none."""
    for found in _WORD.finditer(text):
        if cell_len(text[: found.start()]) <= cell < cell_len(text[: found.end()]):
            return found.start(), found.start() + len(found.group().rstrip(":.,"))
    return 0, 0
