"""The screen that shows settings and policy as the gate reads them."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from reviewtui.errors import ReviewTuiError
from reviewtui.tui.asking import Asks
from reviewtui.tui.pages.settings import SettingsView, settings_lines
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.widgets.strips import TitleLine, empty_page
from reviewtui.tui.widgets.text_view import TextView


class SettingsScreen(Asks[None]):
    """Nothing can be changed here: what is in force is what the trusted branch holds."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "step(1)", "Next entry", id="settings.next-entry"),
        Binding("N", "step(-1)", "Previous entry", show=False, id="settings.previous-entry"),
        Binding("r", "reload", "Reload", id="settings.reload"),
        Binding("question_mark", "app.help", "Help", key_display="?", id="settings.help"),
        Binding("q,escape,comma", "back", "Back", key_display="q", id="settings.back"),
    ]

    def compose_body(self) -> ComposeResult:
        yield TitleLine(id="title")
        yield TextView(id="page")

    def on_mount(self) -> None:
        self.query_one(TitleLine).show([(" Settings and policy", "heading"), ("  as the gate reads them", "dim")])
        self.query_one(TextView).focus()
        self._read()

    def _read(self) -> None:
        self.ask("settings", lambda: read_settings(self.project), then=self._show, busy="reading the settings")

    def _show(self, view: SettingsView) -> None:
        self.query_one(TextView).show(lambda width: settings_lines(view, width), keep_position=True)

    def refused(self, topic: str, error: ReviewTuiError) -> None:
        self.say_error(error)
        self.query_one(TextView).show(empty_page(error.message, error.hint))

    def action_step(self, by: int) -> None:
        if not self.query_one(TextView).step(by):
            self.say("No further entry." if by > 0 else "No earlier entry.")

    def action_reload(self) -> None:
        self.say("")
        self.ask("reload", self.project.reload, then=lambda _: self._read(), busy="reading the repository again")

    def action_back(self) -> None:
        self.dismiss(None)


def read_settings(project: ProjectLike) -> SettingsView:
    """The settings, and whom the signers' files trust."""
    trust = project.trust
    return SettingsView(
        branch=project.repository.trusted_branch(project.refs),
        identity=project.identity,
        settings=project.settings,
        keys=dict(trust.fingerprints()),
        authorities=trust.authorities(),
        trust_problems=tuple(str(problem) for problem in trust.problems),
    )
