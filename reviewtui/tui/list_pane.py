"""ListPane: a table with its filter and order, and a preview of what is under the cursor. Tabs of the home are such."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from reviewtui.values import replace
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from reviewtui.catalog import ModelVersion
from reviewtui.tui.filters import Filter, matching, parse_filter
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.widgets.line import Line
from reviewtui.tui.widgets.strips import TitleLine, empty_page
from reviewtui.tui.widgets.table import Cell, Column, LineTable
from reviewtui.tui.widgets.text_view import TextView

Item = TypeVar("Item")
Question = Callable[[ProjectLike], object]


class ListPane(Container, Generic[Item]):
    """What a tab of the home shows. It asks nothing itself: the screen asks what it wants, and fills it."""

    FIELDS: ClassVar[tuple[str, ...]] = ()
    """The prefixes of its filter."""
    SORTS: ClassVar[tuple[str, ...]] = ()
    NOUN: ClassVar[str] = "row"
    PLACEHOLDER: ClassVar[str] = "words to filter by"

    class PreviewWanted(Message):
        """The cursor has rested on a row: its preview should be read."""

        def __init__(self, pane: ListPane[Any]) -> None:
            super().__init__()
            self.pane = pane

    class FilterChanged(Message):
        """Other rows are shown now."""

    def __init__(self, columns: Sequence[Column], *, name: str) -> None:
        super().__init__(id=name)
        self._columns = tuple(columns)
        self._items: tuple[Item, ...] = ()
        self._texts: tuple[str, ...] = ()
        self._ordered: tuple[Item, ...] = ()
        self._ordered_texts: tuple[str, ...] = ()
        self._times: tuple[float | None, ...] = ()
        self._empty: tuple[str, ...] = ()
        self._previewed = ""
        self.filter = Filter()
        self.sort = ""
        self.now = time.time()
        self.me = ""
        """Who reviews here."""

    # What each list says of its own

    def cells(self, item: Item) -> Sequence[Cell]:
        """The cells of a row."""
        raise NotImplementedError

    def key_of(self, item: Item) -> str:
        """What tells an item from all others, also after it was read again."""
        raise NotImplementedError

    def alike_of(self, item: Item) -> str:
        """What an item keeps when its key changes: a candidate that was released is the same version still."""
        return self.key_of(item)

    def haystacks_of(self, items: Sequence[Item]) -> tuple[str, ...]:
        """What a filter searches, for each item."""
        raise NotImplementedError

    def time_of(self, item: Item) -> float | None:
        """When the item happened, in seconds since 1970."""
        return None

    def in_order(self, items: Sequence[Item], sort: str) -> Sequence[Item]:
        """The items in one of SORTS."""
        return items

    def version_of(self, item: Item) -> ModelVersion | None:
        """The version that a row is about."""
        raise NotImplementedError

    def question(self, item: Item) -> Question | None:
        """What must be read for the preview of an item; None: nothing."""
        return None

    def preview(self, item: Item, answer: object, width: int) -> list[Line]:
        """The preview of an item; `answer` is what was read for it."""
        raise NotImplementedError

    def preview_title(self, item: Item, answer: object) -> tuple[str, str]:
        """What stands over the preview: a name, and something quiet beside it."""
        return "", ""

    def take(self, answer: Any) -> None:
        """Show what the tab's own reading gave."""
        raise NotImplementedError

    def page_of(self, item: Item) -> Screen[Any] | None:
        """The screen that Enter opens; None: that of the item's version."""
        return None

    def columns_for(self, items: Sequence[Item]) -> tuple[Column, ...]:
        """The columns that suit the items."""
        return self._columns

    # Building

    def make_table(self) -> LineTable[Item]:
        return LineTable(self._columns, self.cells, key=self.key_of, alike=self.alike_of)

    def compose(self) -> ComposeResult:
        with Vertical(classes="list"):
            yield self.make_table()
            filter_line = Input(placeholder="", classes="filter", select_on_focus=False)
            filter_line.placeholder = self.PLACEHOLDER
            filter_line.display = False
            yield filter_line
        with Vertical(classes="preview"):
            yield TitleLine()
            yield TextView()

    def on_mount(self) -> None:
        self.query_one(TextView).can_focus = False

    @property
    def table(self) -> LineTable[Item]:
        return self.query_one(LineTable)

    @property
    def version(self) -> ModelVersion | None:
        """The version under the cursor."""
        item = self.table.current
        return None if item is None else self.version_of(item)

    def go_to_version(self, wanted: ModelVersion) -> None:
        """Put the cursor on a version, unless it is on one of its rows already."""
        here = self.version
        if here is not None and (here.name, here.commit) == (wanted.name, wanted.commit):
            return
        items = self.table.shown_items()
        held = [(item, version) for item in items if (version := self.version_of(item)) is not None]
        same = [item for item, version in held if version.name == wanted.name and version.commit == wanted.commit]
        alike = same or [item for item, version in held if version.name == wanted.name]
        if alike:
            self.table.go_to(self.key_of(alike[0]))

    @property
    def versions(self) -> tuple[ModelVersion, ...]:
        """The versions on show, in their order, each once."""
        versions = (self.version_of(item) for item in self.table.shown_items())
        return tuple(dict.fromkeys(version for version in versions if version is not None))

    @property
    def words(self) -> str:
        """The present filter."""
        return self.query_one(Input).value.strip()

    @property
    def order_said(self) -> str:
        """In which order the rows are, in words; "" where that is the usual one."""
        return f"sorted by {self.sort}" if self.sort else ""

    @property
    def total(self) -> int:
        return len(self._items)

    @property
    def is_filtering(self) -> bool:
        """Whether the filter is being typed."""
        return self.query_one(Input).has_focus

    def fill(self, items: Sequence[Item], texts: tuple[str, ...] | None, *, empty: tuple[str, ...]) -> None:
        """Show these items. `texts` are their haystacks (None: made here, for few rows)."""
        self._items = tuple(items)
        self._texts = self.haystacks_of(self._items) if texts is None else texts
        self._empty = empty
        self.table.set_columns(self.columns_for(self._items))
        self._order()
        self.apply_filter()

    def say_empty(self, *paragraphs: str) -> None:
        """Show no row, and say why."""
        self.fill((), (), empty=paragraphs)

    def _order(self) -> None:
        """Put the rows, and what a filter searches, in the chosen order."""
        self._ordered, self._ordered_texts = self._items, self._texts
        if self.sort:
            texts = {id(item): text for item, text in zip(self._items, self._texts, strict=True)}
            self._ordered = tuple(self.in_order(self._items, self.sort))
            self._ordered_texts = tuple(texts[id(item)] for item in self._ordered)
        self._times = ()

    def apply_filter(self) -> None:
        """Show the rows that the filter lets through."""
        self.filter = parse_filter(self.words, self.FIELDS, now=self.now)
        shown = self._matching() if self.words else None
        empty = (f"No {self.NOUN} matches “{self.words}”.", "Esc clears the filter.") if self._items else self._empty
        self.table.fill(self._ordered, shown=shown, empty=empty)
        if self.table.count == 0:
            self._clear_preview()
        self.post_message(self.FilterChanged())

    def _matching(self) -> list[int]:
        if self.filter.since is not None and not self._times:
            self._times = tuple(map(self.time_of, self._ordered))
        return matching(self._ordered_texts, self.filter, times=self._times, metrics=self.metric_values)

    def metric_values(self, name: str) -> Sequence[Sequence[float]]:
        """For each item, in their order, the values of a metric; empty where the list knows none."""
        return ()

    # Filter and sort

    def start_filter(self) -> None:
        """Open the filter's line."""
        box = self.query_one(Input)
        box.display = True
        box.focus()

    def set_filter(self, words: str) -> None:
        """Put a filter into force."""
        box = self.query_one(Input)
        box.display = bool(words)
        box.value = words

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
        orders = ("", *self.SORTS)
        self.sort = orders[(orders.index(self.sort) + 1) % len(orders)]
        self._order()
        self.apply_filter()
        return self.sort

    @on(Input.Changed)
    def _filter_changed(self, message: Input.Changed) -> None:
        message.stop()
        self.apply_filter()

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
        item = self.table.current
        if self.display and item is not None and self.query_one(".preview").display:
            if self.question(item) is None:
                self.show_preview(self.key_of(item), None)
            else:
                self.post_message(self.PreviewWanted(self))

    def show_preview(self, key: str, answer: object) -> None:
        """Show the preview of an item, if it is still the one under the cursor."""
        item = self.table.current
        if item is None or self.key_of(item) != key:
            return
        name, more = self.preview_title(item, answer)
        self.query_one(TitleLine).show([(name, "strong"), (f"  {more}" if more else "", "dim")])
        shown = item
        self.query_one(TextView).show(
            lambda width: self.preview(shown, answer, width), keep_position=key == self._previewed
        )
        self._previewed = key

    def show_preview_error(self, text: str) -> None:
        """Say in the preview why there is none."""
        self._previewed = ""
        self.query_one(TitleLine).show([("no preview", "dim")])
        self.query_one(TextView).show(empty_page(text))

    def _clear_preview(self) -> None:
        self._previewed = ""
        self.query_one(TitleLine).show([])
        self.query_one(TextView).show(lambda width: ())


def with_width(columns: Sequence[Column], title: str, texts: Iterable[str]) -> tuple[Column, ...]:
    """The columns, the one of this title as wide as the longest text, within bounds."""
    longest = max(map(len, texts), default=0)
    return tuple(
        replace(column, width=max(12, min(longest, column.most))) if column.title == title else column
        for column in columns
    )
