"""The refs that look like versions and are none: how many, and a dialog that lists them, each with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from reviewtui.display import plural
from reviewtui.tui.asking import Asks, HelpedDialog
from reviewtui.tui.copying import Copies
from reviewtui.tui.menu import Choice
from reviewtui.tui.widgets.line import BLANK, Line, line, wrapped
from reviewtui.tui.widgets.strips import TitleLine
from reviewtui.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from reviewtui.catalog import PassedOverRef

NONE = "Every ref that looks like a version is one."
_MOST = 2_000
"""Refs that are listed; the command list tells of all."""


class PassedOverDialog(HelpedDialog[None], Copies[None]):
    """Lists the refs."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,o", "cancel", "Close", key_display="q", show=False, id="passed-over.cancel"),
    ]

    LEAVING = "Close"

    def __init__(self, refs: Sequence[PassedOverRef]) -> None:
        super().__init__()
        self._refs = tuple(refs)

    def compose_body(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield TitleLine(id="title")
            yield TextView()

    def on_mount(self) -> None:
        count = plural(len(self._refs), "ref")
        self.query_one(TitleLine).show([(" Passed over ", "heading"), (count, "strong")], [("esc closes ", "dim")])
        view = self.query_one(TextView)
        view.show(self._lines)
        view.focus()

    def _lines(self, width: int) -> Sequence[Line]:
        lines = wrapped(
            "They look like versions and are none. Nothing of them is reviewed or released.", width, indent=" "
        )
        for each in self._refs[:_MOST]:
            lines += [BLANK, line((f" {each.ref}", "strong"), stop=True)]
            lines += wrapped(each.reason, width, indent="   ", tone="warn")
        if len(self._refs) > _MOST:
            lines += [BLANK, line((f" … {len(self._refs) - _MOST:,} more; `reviewtui list` names them all", "dim"))]
        return lines

    def copy_choices(self) -> Sequence[Choice]:
        current = self.query_one(TextView).current
        names = "\n".join(f"{each.ref}\t{each.reason}" for each in self._refs)
        return Choice("r", "ref", current.text.strip() if current is not None else ""), Choice(
            "a", "all of them", names
        )


class TellsOfPassedOver(Asks[None]):
    """The part of the home screen that says how many refs were passed over."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "o", "passed_over", "List the refs that look like versions and are none", show=False, id="home.passed-over"
        ),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._passed_over: tuple[PassedOverRef, ...] = ()

    def read_passed_over(self) -> None:
        """Read which refs were passed over; the catalog knows."""
        self.ask("passed over", lambda: self.project.catalog.passed_over, then=self._take_passed_over)

    def _take_passed_over(self, refs: tuple[PassedOverRef, ...]) -> None:
        self._passed_over = refs
        self.rest_changed()

    def rest_changed(self) -> None:
        """What stands in the notice line while nothing is said has changed."""
        raise NotImplementedError

    @property
    def passed_over_said(self) -> str:
        """How many refs were passed over, in words; "" where none was."""
        count = len(self._passed_over)
        if not count:
            return ""
        return f"{plural(count, 'ref')} passed over: o lists {'it' if count == 1 else 'them'}"

    def action_passed_over(self) -> None:
        if self._passed_over:
            self.app.push_screen(PassedOverDialog(self._passed_over))
        else:
            self.say_why_not(NONE if self.review_app.opened is not None else "The repository is not open yet.")
