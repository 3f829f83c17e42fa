"""Menu: a few choices, each with a letter; and what is made of it: the copy menu and the sort menu."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from reviewtui.display import clean
from reviewtui.tui.asking import HelpedDialog
from reviewtui.tui.widgets.columns import Column
from reviewtui.tui.widgets.line import Part
from reviewtui.tui.widgets.strips import TitleLine
from reviewtui.tui.widgets.table import Cell, LineTable
from reviewtui.values import dataclass

_MOST_COPIED = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Choice:
    """A choice: its letter, its words, and what it stands for (shown beside it, cut where it is long)."""

    letter: str
    words: str
    value: str = ""


class Menu(HelpedDialog[Choice]):
    """Gives the choice, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Choose", key_display="⏎", id="menu.choose"),
        Binding("q", "cancel", "Cancel", show=False, id="menu.cancel"),
    ]

    def __init__(self, title: str, choices: Sequence[Choice], *, present: str = "") -> None:
        """`present` is the words of the choice that the cursor begins on."""
        super().__init__()
        self._shown_title: Part = (f" {title} ", "heading")
        self._choices = tuple(choices)
        self._present = present

    def compose_body(self) -> ComposeResult:
        widest = max((cell_len(clean(choice.words)) for choice in self._choices), default=8)
        columns = (Column("KEY", 3), Column("WHAT", min(widest, 40)), Column("", 4, fills=True))
        with Vertical(id="dialog", classes="menu"):
            yield TitleLine(id="title")
            yield LineTable(columns, _cells, key=lambda choice: choice.words)

    def on_mount(self) -> None:
        self.query_one(TitleLine).show([self._shown_title], [("letter or ⏎ · esc cancels ", "dim")])
        self.query_one("#dialog").styles.height = len(self._choices) + 4
        table = self.query_one(LineTable)
        table.fill(self._choices)
        table.go_to(self._present)
        table.focus()

    def on_key(self, event: events.Key) -> None:
        """A letter chooses at once, also one that is a key of the table."""
        chosen = next((choice for choice in self._choices if choice.letter == event.character), None)
        if chosen is not None:
            event.stop()
            event.prevent_default()
            self.dismiss(chosen)

    @on(LineTable.Opened)
    def action_choose(self) -> None:
        chosen = self.query_one(LineTable).current
        if chosen is None:
            self.say_why_not("There is nothing to choose.")
        else:
            self.dismiss(chosen)


def _cells(choice: Choice) -> Sequence[Cell]:
    return (choice.letter, "accent"), (choice.words, "strong"), (choice.value[:400].replace("\t", "  "), "dim")


class CopyMenu(Menu):
    """What can be copied here. What is chosen goes to the terminal's clipboard (OSC 52)."""

    def __init__(self, choices: Sequence[Choice]) -> None:
        super().__init__("Copy", [choice for choice in choices if choice.value])


def copy_said(choice: Choice) -> str:
    """What is said of a copy: the words, and what was copied where that is short."""
    if len(choice.value) > _MOST_COPIED:
        return ""
    is_short = len(choice.value) <= 80 and "\n" not in choice.value
    return f"Copied the {choice.words}: {choice.value if is_short else f'{len(choice.value):,} characters'}"
