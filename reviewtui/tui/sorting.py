"""SortsRows: the home screen's sort menu, and what a click on a column's title does."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.binding import Binding, BindingType

from reviewtui.tui.asking import Asks
from reviewtui.tui.list_pane import ListPane
from reviewtui.tui.menu import Choice, Menu
from reviewtui.tui.widgets.table import LineTable

ONE_ORDER = "These rows have one order: the newest first."


class SortsRows(Asks[None]):
    """s chooses an order; the present one once more turns it round, and so does a click on a title."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "sort", "Sort", id="home.sort"),
    ]

    @property
    def active_pane(self) -> ListPane[Any]:
        """The list on show."""
        raise NotImplementedError

    def action_sort(self) -> None:
        pane = self.active_pane
        if reason := self.why_not("sort"):
            self.say_why_not(reason)
        elif not pane.SORTS:
            self.say_why_not(ONE_ORDER)
        else:
            self.app.push_screen(Menu("Sort by", sort_choices(pane), present=pane.sort or _USUAL), self._sorted)

    def _sorted(self, choice: Choice | None) -> None:
        if choice is None:
            return
        pane = self.active_pane
        if choice.words == _TURN:
            pane.sort_by(pane.sort, turned=not pane.is_turned)
        else:
            pane.sort_by("" if choice.words == _USUAL else choice.words)
        self.say(f"{pane.order_said[:1].upper()}{pane.order_said[1:]}." if pane.sort or pane.is_turned else _AS_USUAL)

    @on(LineTable.TitlePressed)
    def _title_pressed(self, message: LineTable.TitlePressed) -> None:
        message.stop()
        pane = self.active_pane
        sort = pane.TITLE_SORTS.get(message.title, "")
        if not pane.SORTS or sort not in pane.SORTS:
            by = f"These rows cannot be sorted by {message.title.lower()}."
            self.say_why_not(by if pane.SORTS else ONE_ORDER)
            return
        pane.sort_by(sort, turned=pane.sort == sort and not pane.is_turned)
        self.say(f"{pane.order_said[:1].upper()}{pane.order_said[1:]}.")


_USUAL, _TURN = "the usual order", "the other way round"
_AS_USUAL = "In the usual order."


def sort_choices(pane: ListPane[Any]) -> list[Choice]:
    """The orders of a list, each with a letter of its own."""
    taken = {"u", "o"}
    choices = [Choice("u", _USUAL, "as the list begins")]
    for sort in pane.SORTS:
        letter = next((each for each in sort if each not in taken), "")
        taken.add(letter)
        choices.append(Choice(letter, sort, pane.SORT_WORDS.get(sort, "")))
    return [*choices, Choice("o", _TURN, "of the present order")]
