"""CloserLook: what a version's screen does with the one difference under the cursor: bytes, editor, pager, comment."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import ClassVar

from textual.binding import Binding, BindingType

from reviewtui.catalog import ModelVersion
from reviewtui.errors import ReviewTuiError
from reviewtui.remarks import remark_head
from reviewtui.review import Verdict
from reviewtui.tui.asking import Asks
from reviewtui.tui.outside import editor_command, pager_command, show_copy
from reviewtui.tui.pages.remarks import AboutFact
from reviewtui.tui.pages.text import AboutText
from reviewtui.tui.reading import VersionView
from reviewtui.tui.widgets.text_view import TextView


class CloserLook(Asks[ModelVersion]):
    """The highlighted change is meant; where none is, the first one in sight."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("i", "bytes", "Bytes of the change", show=False, id="change.bytes"),
        Binding("e", "edit", "Editor: open the file at the change (a read-only copy)", show=False, id="change.editor"),
        Binding("o", "page", "Pager: open the file at the change (a read-only copy)", show=False, id="change.pager"),
        Binding("t", "trend", "Trend of the metric under the cursor", show=False, id="change.trend"),
        Binding("M", "remark", "Comment on the change under the cursor", show=False, id="change.comment"),
    ]

    _version: ModelVersion
    _view: VersionView | None

    @property
    def about(self) -> AboutFact | AboutText | None:
        """What the line under the cursor is about."""
        current = self.query_one(TextView).current
        found = current.about if current is not None else None
        return found if isinstance(found, AboutFact | AboutText) else None

    def _meant(self) -> AboutFact | AboutText | None:
        about = self.about
        if about is None:
            self.say_why_not("There is no change here: n goes to the next one.")
        return about

    def action_bytes(self) -> None:
        if (about := self._meant()) is None:
            return
        from reviewtui.tui.bytes_dialog import BytesDialog

        sides = [("before", about.before), ("after", about.after)]
        name = about.path if isinstance(about, AboutText) else about.key
        self.app.push_screen(BytesDialog(name, [(side, text) for side, text in sides if text]))

    def action_trend(self) -> None:
        from reviewtui.tui.trend_screen import TrendScreen

        about = self.about
        metric = about.key if isinstance(about, AboutFact) and about.category == "metrics" else ""
        self.app.push_screen(TrendScreen(self._version, metric=metric))

    def action_remark(self) -> None:
        if self.review_app.no_signer:
            self.say_why_not(self.review_app.no_signer)
            return
        if (about := self._meant()) is None:
            return
        head = (
            remark_head("text", _place(about))
            if isinstance(about, AboutText)
            else remark_head(about.category, about.key)
        )
        key = (f"{self._version.name} {self._version.commit}", Verdict.COMMENT.value)
        draft = self.review_app.drafts.get(key, "")
        if head.strip() not in draft:
            self.review_app.drafts[key] = f"{draft.rstrip()}\n{head}" if draft.strip() else head
        self.run_action_now("verdict", Verdict.COMMENT.value)

    def run_action_now(self, name: str, argument: str) -> None:
        """Do what another key of this screen does."""
        act: Callable[[str], None] = getattr(self, f"action_{name}")
        act(argument)

    def action_edit(self) -> None:
        self._open(editor_command(os.environ, chosen=self.review_app.preferences.editor), "editor")

    def action_page(self) -> None:
        self._open(pager_command(os.environ, chosen=self.review_app.preferences.pager), "pager")

    def _open(self, command: tuple[str, ...], what: str) -> None:
        view, about = self._view, self._meant()
        if view is None or about is None:
            return
        if not command:
            self.say_why_not(f"No {what} was found: set ${what.upper()}.")
            return
        if not self.review_app.can_suspend:
            self.say_why_not("This terminal cannot be given to another program.")
            return
        in_head = not isinstance(about, AboutText) or about.new_line is not None or view.base is None
        version = view.version if in_head or view.base is None else view.base
        path = about.path if isinstance(about, AboutText) else about.file
        if not path:
            self.say_why_not("No file holds this change.")
            return
        line = (about.new_line if in_head else about.old_line) if isinstance(about, AboutText) else None

        def show(content: bytes) -> None:
            key = about.key if isinstance(about, AboutFact) else ""
            place = line or _line_of(content, key)
            try:
                show_copy(self.app, command, name=f"{version.name}-{path}", content=content, line=place)
            except ReviewTuiError as error:
                self.say_error(error)
            else:
                self.say("It was a read-only copy: what you wrote in it is gone.", mark="·")

        self.ask("blob", lambda: self.project.blob(version, path), then=show, busy=f"reading {path}")


def _place(about: AboutText) -> str:
    return f"{about.path}:{about.new_line}" if about.new_line is not None else f"{about.path}:-{about.old_line}"


def _line_of(content: bytes, key: str) -> int | None:
    """The first line that names the last part of a dotted key: near enough for an editor to open there."""
    name = key.rpartition(".")[2].encode()
    lines = content.split(b"\n", 20_000)[:20_000]
    return next((number for number, row in enumerate(lines, 1) if name and name in row), None)
