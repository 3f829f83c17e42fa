"""ListPane: a table with its filter and order, and a preview of what is under the cursor. Tabs of the home are such."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.message import Message
from textual.screen import Screen
from textual.widgets import Input

from reviewtui.catalog import ModelVersion
from reviewtui.tui.copying import row_choice, version_choices
from reviewtui.tui.filters import Filter, loosened, matching, parse_filter, values_of
from reviewtui.tui.known import Known
from reviewtui.tui.menu import Choice
from reviewtui.tui.orders import Orders
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.resizing import PreviewBox
from reviewtui.tui.widgets.columns import Column
from reviewtui.tui.widgets.line import Line
from reviewtui.tui.widgets.plain import PlainBox
from reviewtui.tui.widgets.strips import TitleLine, empty_page
from reviewtui.tui.widgets.table import Cell, LineTable
from reviewtui.tui.widgets.text_view import TextView
from reviewtui.tui.widgets.words_line import WordsLine

Item = TypeVar("Item")
Question = Callable[[ProjectLike], object]

_EVERY = ("since", "metric", "changed", "bad")
"""The prefixes that every list has."""


class ListPane(PlainBox, Generic[Item]):
    """What a tab of the home shows. It asks nothing itself: the screen asks what it wants, and fills it."""

    FIELDS: ClassVar[tuple[str, ...]] = ()
    """The prefixes of its filter, beside those that every list has."""
    VALUES: ClassVar[dict[str, tuple[str, ...]]] = {}
    """What some of the prefixes can be."""
    SORTS: ClassVar[tuple[str, ...]] = ()
    SORT_WORDS: ClassVar[dict[str, str]] = {
        "newest": "the newest first",
        "name": "by model and version",
        "version": "by model and version",
        "state": "as it goes from review to release",
        "approvals": "the nearest to enough first",
        "author": "by name",
        "reviewer": "by name",
        "reason": "the unsound ones first",
    }
    TITLE_SORTS: ClassVar[dict[str, str]] = {}
    """The order that a click on a column's title asks for."""
    NOUN: ClassVar[str] = "row"
    PLACEHOLDER: ClassVar[str] = "words to filter by"

    class PreviewWanted(Message):
        """The cursor has rested on a row: its preview should be read."""

        def __init__(self, pane: ListPane[Any]) -> None:
            super().__init__()
            self.pane = pane

    class KnowledgeWanted(Message):
        """The filter asks for what was not read yet: `what` is metrics, changes or bad, of these versions."""

        def __init__(self, pane: ListPane[Any], what: str, versions: tuple[ModelVersion, ...]) -> None:
            super().__init__()
            self.pane = pane
            self.what = what
            self.versions = versions

    class FilterChanged(Message):
        """Other rows are shown now."""

    def __init__(self, columns: Sequence[Column], *, name: str) -> None:
        super().__init__(id=name)
        self._columns = tuple(columns)
        self._orders: Orders[Item] = Orders((), (), self.sort_keys)
        self._ordered: tuple[Item, ...] = ()
        self._ordered_texts: tuple[str, ...] = ()
        self._times: tuple[float | None, ...] = ()
        self._empty: tuple[str, ...] = ()
        self._previewed = ""
        self._valued: tuple[Sequence[Item], object, str, list[tuple[float, ...]]] = ((), None, "", [])
        """The values of the metric that was filtered by last, for the rows in their order."""
        self._versions_shown: tuple[object, tuple[ModelVersion, ...]] = (None, ())
        """The rows that were on show, and their versions."""
        self.filter = Filter()
        self.sort = ""
        self.is_turned = False
        """Whether the rows stand the other way round."""
        self.now = time.time()
        self.known = Known()
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

    def sort_keys(self, items: Sequence[Item], sort: str) -> Sequence[Any]:
        """What each item is sorted by in one of SORTS."""
        raise NotImplementedError

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
        with PlainBox(classes="list"):
            yield self.make_table()
            filter_line = WordsLine(placeholder="", classes="filter", select_on_focus=False)
            filter_line.placeholder = self.PLACEHOLDER
            filter_line.display = False
            yield filter_line
        with PreviewBox(classes="preview"):
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
        rows = self.table.rows
        if self._versions_shown[0] is not rows:
            self._versions_shown = (rows, self._versions_of(self.table.shown_items()))
        return self._versions_shown[1]

    @property
    def words(self) -> str:
        """The present filter."""
        return self.query_one(Input).value.strip()

    @property
    def order_said(self) -> str:
        """In which order the rows are, in words; "" where that is the usual one."""
        turned = ", the other way round" if self.is_turned else ""
        return f"sorted by {self.sort}{turned}" if self.sort else turned.removeprefix(", ")

    @property
    def total(self) -> int:
        return len(self._orders.items)

    @property
    def is_filtering(self) -> bool:
        """Whether the filter is being typed."""
        return self.query_one(Input).has_focus

    def fill(self, items: Sequence[Item], texts: tuple[str, ...] | None, *, empty: tuple[str, ...]) -> None:
        """Show these items. `texts` are their haystacks (None: made here, for few rows)."""
        self._orders = Orders(tuple(items), self.haystacks_of(items) if texts is None else texts, self.sort_keys)
        self._empty = empty
        self.table.set_columns(self.columns_for(self._orders.items))
        self._order()
        self.apply_filter()

    def say_empty(self, *paragraphs: str) -> None:
        """Show no row, and say why."""
        self.fill((), (), empty=paragraphs)

    def _order(self) -> None:
        """Put the rows, and what a filter searches, in the chosen order."""
        self._ordered, self._ordered_texts = self._orders.rows(self.sort, turned=self.is_turned)
        self._times = ()

    def apply_filter(self) -> None:
        """Show the rows that the filter lets through."""
        self.filter = parse_filter(self.words, (*self.FIELDS, *_EVERY), now=self.now, values=self.VALUES)
        shown, wanted = (None, None) if not self.words else self._matching()
        empty = (f"No {self.NOUN} matches “{self.words}”.", "Esc clears the filter.") if self.total else self._empty
        if wanted is not None:
            empty = ("Reading what the filter asks for …", "What matches appears as it is found. Esc stops.")
            self.post_message(wanted)
        self.table.fill(self._ordered, shown=shown, empty=empty)
        if self.table.count == 0:
            self._clear_preview()
        self.post_message(self.FilterChanged())

    def _matching(self) -> tuple[list[int], KnowledgeWanted | None]:
        """The rows that match, as far as is known; and what must be read to know more."""
        asked, known = self.filter, self.known
        if asked.since is not None and not self._times:
            self._times = tuple(map(self.time_of, self._ordered))
        found = matching(self._ordered_texts, asked, times=self._times, metrics=self.metric_values)
        if not found and (looser := loosened(self._ordered_texts, asked)) is not asked:
            self.filter = asked = looser
            found = matching(self._ordered_texts, asked, times=self._times, metrics=self.metric_values)
        wanted = None
        if asked.metrics and not known.metrics:
            wanted = self.KnowledgeWanted(self, "metrics", self._versions_of(self._orders.items))
        if asked.bad:
            fates = {index: self.is_bad(self._ordered[index]) for index in found}
            if None in fates.values():
                wanted = self.KnowledgeWanted(self, "bad", ())
            found = [index for index in found if fates[index] is (asked.bad == "yes")]
        if asked.changed:
            versions = {index: version for index in found if (version := self.version_of(self._ordered[index]))}
            keys = {index: known.changes.get((each.name, each.commit)) for index, each in versions.items()}
            unread = self._versions_of([self._ordered[index] for index, text in keys.items() if text is None])
            if unread and wanted is None:
                wanted = self.KnowledgeWanted(self, "changes", unread)
            found = [index for index, text in keys.items() if text and all(word in text for word in asked.changed)]
        return found, wanted

    def _versions_of(self, items: Iterable[Item]) -> tuple[ModelVersion, ...]:
        # To hash 40,000 versions takes longer than a key may; one reading holds each of them once.
        return tuple({id(version): version for version in map(self.version_of, items) if version is not None}.values())

    def is_bad(self, item: Item) -> bool | None:
        """Whether a record of the item's version is unsound; None: not known yet."""
        if self.known.bad is None:
            return None
        version = self.version_of(item)
        return version is not None and version.name in self.known.bad

    def metric_values(self, name: str) -> Sequence[Sequence[float]]:
        """For each item, in their order, the values of a metric; empty where none was read yet."""
        known = self.known.metrics
        if not known:
            return ()
        if self._valued[0] is not self._ordered or self._valued[1] is not known or self._valued[2] != name:
            none: dict[str, float] = {}
            versions = map(self.version_of, self._ordered)
            found = [values_of(known.get(each.commit, none), name) if each else () for each in versions]
            self._valued = (self._ordered, known, name, found)
        return self._valued[3]

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

    def sort_by(self, sort: str, *, turned: bool = False) -> None:
        """Put the rows in one of SORTS ("": the usual order), or that the other way round."""
        self.sort, self.is_turned = sort, turned
        self._order()
        self.apply_filter()

    def waits_for_me(self, item: Item) -> bool:
        """Whether the item waits for whoever reviews here."""
        return False

    def copy_choices(self) -> list[Choice]:
        """What can be copied of the row under the cursor."""
        item = self.table.current
        if item is None:
            return []
        version = self.version_of(item)
        return [*(version_choices(version) if version is not None else []), row_choice(self.cells(item))]

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
        item, _ = self.table.current, self.versions  # Enter will ask for them, and may not wait for so many.
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
