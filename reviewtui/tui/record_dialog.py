"""The dialog that shows one record in full."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from reviewtui.catalog import ModelVersion
from reviewtui.history import AuditRecord
from reviewtui.tui.asking import HelpedDialog
from reviewtui.tui.copying import Copies, record_choices
from reviewtui.tui.menu import Choice
from reviewtui.tui.pages.record import record_lines
from reviewtui.tui.reading import RecordView, read_record
from reviewtui.tui.widgets.strips import TitleLine
from reviewtui.tui.widgets.text_view import TextView


class RecordDialog(HelpedDialog[ModelVersion], Copies[ModelVersion]):
    """Gives the record's version where it is to be opened, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open the version", key_display="⏎", id="record.open"),
        Binding("q", "cancel", "Close", show=False, id="record.cancel"),
    ]

    LEAVING = "Close"

    def __init__(self, record: AuditRecord) -> None:
        super().__init__()
        self._record = record

    def compose_body(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield TitleLine(id="title")
            yield TextView(id="record")

    def on_mount(self) -> None:
        record = self._record
        verdict = record.entry.verdict or "unreadable"
        self.query_one(TitleLine).show([(f" {verdict} ", "heading"), (record.name, "strong")], [("esc closes ", "dim")])
        self.query_one(TextView).focus()
        self._show(RecordView(record, None))
        self.ask("record", lambda: read_record(self.project, record), then=self._show, busy="reading the version")

    def _show(self, view: RecordView) -> None:
        self.query_one(TextView).show(lambda width: record_lines(view, width), keep_position=True)

    def why_not(self, action: str) -> str:
        if action == "open" and self._record.version is None:
            return "Its version is not in this repository."
        return ""

    def action_open(self) -> None:
        if reason := self.why_not("open"):
            self.say_why_not(reason)
        else:
            self.dismiss(self._record.version)

    def copy_choices(self) -> Sequence[Choice]:
        return record_choices(self._record)
