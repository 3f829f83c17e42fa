"""ReviewApp: themes, the last filter, the opened project, and what every screen shares."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual.app import App, SystemCommand
from textual.binding import Binding, BindingType
from textual.events import Event, InputEvent
from textual.filter import LineFilter
from textual.message import Message
from textual.screen import Screen
from textual.worker import WorkerFailed

from reviewtui.display import clean
from reviewtui.tui.asking import Asks, screen_bindings
from reviewtui.tui.collecting import CollectsAtRest, forget_what_is_there
from reviewtui.tui.help_screen import HelpScreen, key_names
from reviewtui.tui.home import HomeScreen
from reviewtui.tui.preferences import Preferences, load_preferences
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.terminal import DARK, LIGHT, LastFilter, extra_colours, suitable_theme, wants_no_colour
from reviewtui.tui.undo import RecordedVerdict
from reviewtui.tui.view_state import ViewState, ViewStore, view_store
from reviewtui.tui.widgets.toned import TONE_CLASSES
from reviewtui.values import replace

if TYPE_CHECKING:
    from textual.command import Provider

    from reviewtui.facts.model import Fact

TURN = 0.001
"""Seconds after which a worker gives way to the event loop. A key takes several turns until it is painted."""


def _screen_commands() -> type[Provider]:
    """What the palette searches; it is loaded when the palette opens."""
    from reviewtui.tui.palette import ScreenCommands

    return ScreenCommands


class ReviewApp(App[int]):
    """The app on one repository. `open_project` runs in a worker: the frame is painted before it has ended."""

    TITLE = "reviewtui"
    CSS_PATH = "review.tcss"
    COMPONENT_CLASSES: ClassVar[set[str]] = TONE_CLASSES
    COMMANDS: ClassVar[set[type[Provider] | Callable[[], type[Provider]]]] = {_screen_commands}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "help", "Help", key_display="?", show=False, id="app.help"),
        Binding("ctrl+q", "quit", "Quit", show=False, priority=True, id="app.quit"),
        Binding("f9", "switch_theme", "Switch the theme", show=False, id="app.theme"),
        Binding("ctrl+z", "suspend_process", "Suspend to the shell", show=False, id="app.suspend"),
        Binding("ctrl+c", "help_quit", "Copy the selected text, or say how to quit", show=False, id="app.how-to-quit"),
    ]

    def __init__(
        self,
        open_project: Callable[[], ProjectLike],
        *,
        preferences: Preferences | None = None,
        views: ViewStore | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`preferences` are the person's own settings; `views` keeps how this repository was looked at last."""
        no_colour = wants_no_colour(os.environ)
        super().__init__(ansi_color=True if no_colour else None)
        self.animation_level = "none"
        self.open_project = open_project
        self.clock = clock
        self.opened: ProjectLike | None = None
        self.project_lock = threading.Lock()
        """Held by the one thread that talks to the project."""
        self.signing = False
        """Whether something is being signed right now: the app then does not end."""
        self.drafts: dict[tuple[str, str], str] = {}
        """Comments not yet signed, by version and verdict."""
        self.seen: dict[tuple[str, str], set[int]] = {}
        """Which tabs were opened, by commit and base commit."""
        self.last_verdict: RecordedVerdict | None = None
        """What was recorded last, as long as it can be taken back."""
        self.tags_made: list[str] = []
        """The release tags that were made here, and not pushed yet."""
        self.metrics_read: dict[tuple[str, str], tuple[Fact, ...]] = {}
        """The metrics of versions, by commit and model: a commit never changes."""
        self.no_signer = ""
        """Why nothing can be signed here; "" where it can."""
        self._last_filter = LastFilter(())
        self._collector: CollectsAtRest | None = None
        self.register_theme(DARK)
        self.register_theme(LIGHT)
        self.preferences = preferences or Preferences()
        self._views = views
        state = views.load() if views is not None else ViewState()
        split = self.preferences.split
        self.view_state = state if split is None else replace(state, split=split)
        """How the repository is looked at; it is kept when the app ends."""
        candidates = (os.environ.get("TEXTUAL_THEME", ""), state.theme, self.preferences.theme)
        chosen = "" if no_colour else next((name for name in candidates if name in self.available_themes), "")
        theme = chosen or suitable_theme(os.environ)
        self.theme = theme if theme in self.available_themes else DARK.name
        self._first_theme = self.theme
        if self.preferences.keys:
            self.set_keymap(dict(self.preferences.keys))

    @classmethod
    def for_person(cls, open_project: Callable[[], ProjectLike], *, repository: Path) -> ReviewApp:
        """The app as the person at the terminal has set it up, and as this repository was left last time."""
        views = view_store(os.environ, repository)
        return cls(open_project, preferences=load_preferences(os.environ), views=views)

    @property
    def project(self) -> ProjectLike:
        """The project, once it is open."""
        if self.opened is None:
            raise RuntimeError("the project was asked before it was opened")
        return self.opened

    def on_unmount(self) -> None:
        if self._views is not None:
            theme = self.view_state.theme if self.theme == self._first_theme else self.theme
            self._views.save(replace(self.view_state, theme=theme))

    def action_switch_theme(self) -> None:
        """Go to the next of the themes that read well; the palette has all of them."""
        themes = [DARK.name, LIGHT.name, "ansi-dark", "ansi-light"]
        names = [name for name in themes if name in self.available_themes]
        here = names.index(self.theme) if self.theme in names else -1
        self.theme = names[(here + 1) % len(names)]
        if isinstance(self.screen, Asks):
            self.screen.say(f"Theme {self.theme}.")

    @property
    def can_suspend(self) -> bool:
        """Whether the terminal can be given back to another program for a while."""
        return self._driver is not None and self._driver.can_suspend

    def post_to_home(self, message: Message) -> None:
        """Tell the home screen, which lies below all others."""
        self.screen_stack[0].post_message(message)

    def on_mount(self) -> None:
        if not self.is_headless:
            forget_what_is_there()
            sys.setswitchinterval(TURN)
            loop = asyncio.get_running_loop()
            self._collector = CollectsAtRest(loop.call_later, loop.time, lambda: len(self.screen_stack))
            self._collector.touched()
        # Back from ctrl+z the terminal is empty, and only what changes next would be drawn.
        self.app_resume_signal.subscribe(self, lambda _: self.refresh(layout=True))

    def is_at_home(self) -> bool:
        """Whether the home screen alone is open."""
        return len(self.screen_stack) == 1

    async def on_event(self, event: Event) -> None:
        if self._collector is not None and isinstance(event, InputEvent):
            self._collector.touched()
        await super().on_event(event)

    def get_default_screen(self) -> Screen[None]:
        return HomeScreen()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        return extra_colours(self.current_theme)

    def get_line_filters(self) -> Sequence[LineFilter]:
        filters = tuple(super().get_line_filters())
        if filters != self._last_filter.before:
            self._last_filter = LastFilter(filters)
        return [self._last_filter]

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        for binding in screen_bindings(type(screen)):
            if not binding.action.startswith(("app.", "quit")):
                run = partial(self._run_on, screen, binding.action)
                yield SystemCommand(binding.description, key_names(binding), run)
        yield SystemCommand("Theme", "", self.action_change_theme)
        yield SystemCommand("Help", "?", self.action_help)
        yield SystemCommand("Quit", "ctrl+q", lambda: self.run_worker(self.action_quit()))

    def _run_on(self, screen: Screen[object], action: str) -> None:
        self.call_later(screen.run_action, action)

    def action_help(self) -> None:
        if not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(type(self.screen)))

    async def action_quit(self) -> None:
        if self.signing:
            self._say("A signature is being made; the app can be left when it is recorded.")
        else:
            home = self.screen_stack[0]
            if isinstance(home, HomeScreen) and self.opened is not None:
                home.remember()
            self.exit(0)

    def action_help_quit(self) -> None:
        self._say("ctrl+q leaves the app.")

    def _say(self, text: str) -> None:
        if isinstance(self.screen, Asks):
            self.screen.say_why_not(text)

    def _fatal_error(self) -> None:
        """End the app with the traceback of what went wrong, without any values: those may be a draft or a payload."""
        error: BaseException | None = self._exception
        if isinstance(error, WorkerFailed):
            error = error.error
        self.bell()
        if error is not None:
            self._exit_renderables.append(Text(crash_report(error)))
        self._close_messages_no_wait()


def crash_report(error: BaseException) -> str:
    """A traceback as harmless text: places and the error's own words, no local values."""
    text = "".join(traceback.format_exception(error))
    return clean(f"reviewtui came upon a fault of its own. Please report this:\n\n{text}", keep_newlines=True)
