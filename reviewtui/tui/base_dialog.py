"""The dialog that chooses another base to compare with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.widgets import Input

from reviewtui.catalog import ModelVersion
from reviewtui.display import age_text
from reviewtui.tui.asking import HelpedDialog
from reviewtui.tui.rows import haystacks, matching, rows_of
from reviewtui.tui.widgets.columns import Column
from reviewtui.tui.widgets.strips import TitleLine
from reviewtui.tui.widgets.table import Cell, LineTable
from reviewtui.tui.widgets.words_line import WordsLine

_COLUMNS = (
    Column("VERSION", 18, fills=True, keep=100),
    Column("KIND", 9, keep=90),
    Column("AGE", 4, right=True, keep=95),
    Column("AUTHOR", 14, keep=80),
    Column("COMMIT", 10, keep=70),
)


class BaseDialog(HelpedDialog[ModelVersion]):
    """Gives the chosen version, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Compare with it", key_display="⏎", id="base.choose"),
        Binding("slash", "filter", "Filter", key_display="/", id="base.filter"),
        Binding("q", "cancel", "Cancel", show=False, id="base.cancel"),
    ]

    def __init__(self, head: ModelVersion, present: ModelVersion | None) -> None:
        super().__init__()
        self._head = head
        self._present = present
        self._versions: tuple[ModelVersion, ...] = ()
        self._texts: tuple[str, ...] = ()

    def compose_body(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield TitleLine(id="title")
            yield LineTable(_COLUMNS, self._cells, key=lambda version: f"{version.name} {version.ref}")
            yield WordsLine(placeholder="words to filter by", classes="filter", select_on_focus=False)

    def on_mount(self) -> None:
        self.query_one(TitleLine).show([(" Compare ", "heading"), (self._head.name, "strong"), (" with …", "dim")])
        self.query_one(Input).display = False
        self.query_one(LineTable).focus()
        self.ask("catalog", lambda: self.project.catalog.versions, then=self._show, busy="reading versions")

    def _cells(self, version: ModelVersion) -> Sequence[Cell]:
        mark = "▸ " if version == self._present else ""
        return (
            (f"{mark}{version.name}", "strong"),
            (version.kind.value, "dim"),
            (age_text(version.created, self.review_app.clock()), "dim"),
            (version.author, ""),
            (version.commit[:10], "dim"),
        )

    def _show(self, versions: tuple[ModelVersion, ...]) -> None:
        others = [version for version in versions if version != self._head]
        others.sort(key=lambda version: version.model != self._head.model)
        self._versions = tuple(others)
        self._texts = haystacks(rows_of(self._versions))
        self._arrange()
        if self._present is not None:
            self.query_one(LineTable).go_to(f"{self._present.name} {self._present.ref}")

    @on(Input.Changed)
    def _arrange(self) -> None:
        words = self.query_one(Input).value
        empty = ("No other version matches." if self._versions else "There is no other version.",)
        self.query_one(LineTable).fill(self._versions, shown=matching(self._texts, words), empty=empty)

    @on(Input.Submitted)
    @on(LineTable.Opened)
    def _chosen(self) -> None:
        self.action_choose()

    def action_choose(self) -> None:
        chosen = self.query_one(LineTable).current
        if chosen is None:
            self.say_why_not("No version is selected.")
        else:
            self.dismiss(chosen)

    def action_filter(self) -> None:
        box = self.query_one(Input)
        box.display = True
        box.focus()
