"""Searches: a screen with a page of text that / searches; n and N then go through what was found."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from textual import on
from textual.binding import Binding, BindingType
from textual.widgets import Input

from reviewtui.tui.asking import Asks
from reviewtui.tui.widgets.text_view import TextView
from reviewtui.tui.widgets.words_line import WordsLine

Result = TypeVar("Result")


class Searches(Asks[Result]):
    """The line to search with is the screen's only input."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "search", "Search", key_display="/", id="version.search"),
    ]

    def search_line(self) -> Input:
        """The line to search with, not yet shown."""
        search = WordsLine(placeholder="search in this tab", classes="filter", select_on_focus=False)
        search.display = False
        return search

    def action_search(self) -> None:
        if reason := self.why_not("search"):
            self.say_why_not(reason)
            return
        box = self.query_one(Input)
        box.display = True
        box.focus()
        self.call_after_refresh(self.query_one(TextView).expect_search)

    @on(Input.Changed)
    def _search_changed(self, message: Input.Changed) -> None:
        if message.input.display:
            found = self.query_one(TextView).search(message.value.strip())
            words = "1 line holds it" if found == 1 else f"{found:,} lines hold it"
            self.say(f"{words}; n and N go through them." if found else f"{words}." if message.value.strip() else "")

    @on(Input.Submitted)
    def _search_done(self) -> None:
        self.query_one(TextView).focus()

    def end_search(self) -> bool:
        """Take the search away; False where there was none."""
        box = self.query_one(Input)
        if not box.display:
            return False
        box.value = ""
        box.display = False
        self.query_one(TextView).search("")
        self.query_one(TextView).focus()
        self.say("")
        return True
