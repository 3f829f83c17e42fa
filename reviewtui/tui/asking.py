"""Asks: a screen that asks the project in worker threads, and says what happens in its notice line.

1. The project is asked by one thread at a time, never by the event loop.
2. An answer counts only if nothing newer was asked on its topic.
3. An expected error becomes a sentence that stays; any other ends the app, visibly.
"""

from __future__ import annotations

import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import on
from textual.actions import SkipAction
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import ModalScreen, Screen
from textual.widgets import Static
from textual.worker import get_current_worker

from reviewtui.display import plural
from reviewtui.errors import ReviewTuiError
from reviewtui.tui.collecting import no_collection
from reviewtui.tui.messages import Answer, Refusal
from reviewtui.tui.named_bindings import with_keys
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.widgets.dimmed import Dimmed
from reviewtui.tui.widgets.line import Tone
from reviewtui.tui.widgets.plain import plain_lines
from reviewtui.tui.widgets.strips import KeyHint, KeyLine, NoticeLine
from reviewtui.values import replace

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.geometry import Region
    from textual.strip import Strip

    from reviewtui.tui.app import ReviewApp

Result = TypeVar("Result")
Value = TypeVar("Value")
OneLine = TypeVar("OneLine", NoticeLine, KeyLine)

NARROWEST, LOWEST = 60, 16
_DOING = {
    "sign": "signing. Your key's passphrase may be asked for;",
    "push": "pushing. The remote may ask who you are;",
}


class Asks(Screen[Result]):
    """A screen with a notice line and a key line at its foot, and questions under way."""

    def __init__(self) -> None:
        super().__init__()
        self._asked: dict[str, tuple[int, Callable[[Any], None], str]] = {}
        self._generation = 0

    @property
    def review_app(self) -> ReviewApp:
        return cast("ReviewApp", self.app)

    @property
    def project(self) -> ProjectLike:
        """The opened project; only to be used inside a question."""
        return self.review_app.project

    def compose(self) -> ComposeResult:
        yield from self.compose_body()
        yield NoticeLine(id="notice")
        yield KeyLine(id="keys")
        yield Static("", id="too-small", markup=False)

    def compose_body(self) -> ComposeResult:
        """What stands above the notice line."""
        raise NotImplementedError

    def _compositor_refresh(self) -> None:
        # A frame costs as much as all that is mounted: the first one shows the screen when it is whole.
        if self.is_mounted:
            super()._compositor_refresh()

    def render_lines(self, crop: Region) -> list[Strip]:
        return super().render_lines(crop) if self.is_modal else plain_lines(self, crop)

    def on_mount(self) -> None:
        self.query_one(KeyLine).hints = self.key_hints

    def on_resize(self) -> None:
        size = self.app.size
        is_too_small = size.width < NARROWEST or size.height < LOWEST
        self.set_class(is_too_small, "-too-small")
        if is_too_small:
            has = f"this terminal has {size.width}x{size.height}"
            words = f"reviewtui needs {NARROWEST}x{LOWEST} cells; {has}. Make it larger, or ctrl+q quits."
            self.query_one("#too-small", Static).update(words)

    # Asking

    def ask(self, topic: str, question: Callable[[], Value], *, then: Callable[[Value], None], busy: str = "") -> None:
        """Run a question in a worker; `then` gets its answer in the event loop, unless the topic was asked again."""
        self._generation += 1
        generation = self._generation
        self._asked[topic] = (generation, then, busy)
        self._show_busy()

        def work() -> None:
            worker = get_current_worker()
            with self.review_app.project_lock, no_collection(at_home=self.review_app.is_at_home):
                if worker.is_cancelled:
                    return
                try:
                    value = question()
                except ReviewTuiError as error:
                    self.post_message(Refusal(topic, generation, error))
                else:
                    self.post_message(Answer(topic, generation, value))

        self.run_worker(work, thread=True, group=topic, exclusive=True)

    def forget(self, topic: str) -> None:
        """No longer wait for an answer on this topic."""
        self._asked.pop(topic, None)
        self.workers.cancel_group(self, topic)
        self._show_busy()

    def waits_for(self, topic: str) -> bool:
        """Whether a question on this topic is under way."""
        return topic in self._asked

    def refused(self, topic: str, error: ReviewTuiError) -> None:
        """A question ended in an expected error: say it. Screens add what follows from it."""
        self.say_error(error)

    @on(Answer)
    def _take_answer(self, message: Answer) -> None:
        message.stop()
        if (asked := self._settle(message.topic, message.generation)) is not None:
            asked(message.value)
            self.refresh_keys()

    @on(Refusal)
    def _take_refusal(self, message: Refusal) -> None:
        message.stop()
        if self._settle(message.topic, message.generation) is not None:
            self.refused(message.topic, message.error)
            self.refresh_keys()

    def _settle(self, topic: str, generation: int) -> Callable[[Any], None] | None:
        asked = self._asked.get(topic)
        if asked is None or asked[0] != generation:
            return None
        del self._asked[topic]
        self._show_busy()
        return asked[1]

    def _show_busy(self) -> None:
        busy = [words for _, _, words in self._asked.values() if words]
        for notice in self._lines_of(NoticeLine):
            notice.show_busy(busy[0] if busy else "")

    # Signing

    def sign(
        self, deed: Callable[[], Value], *, may_prompt: bool, then: Callable[[Value], None], doing: str = "sign"
    ) -> None:
        """Run what signs (or pushes): in a worker, or, where a passphrase may be asked for, with the terminal given
        back. Until it has ended the app does not end."""
        self.review_app.signing = True

        def signed(value: Value) -> None:
            self.review_app.signing = False
            then(value)

        if not (may_prompt and self.review_app.can_suspend):
            self.ask("sign", deed, then=signed, busy=_DOING[doing].partition(".")[0])
            return
        try:
            value = self._with_terminal(deed, _DOING[doing])
        except ReviewTuiError as error:
            self.refused("sign", error)
        else:
            signed(value)

    def _with_terminal(self, deed: Callable[[], Value], words: str) -> Value:
        """Run something that may talk to the terminal. ctrl+c reaches it, and leaves the app alive."""
        outcome: list[Value] = []
        failure: list[ReviewTuiError] = []
        with self.app.suspend(), ctrl_c_spares_us(), self.review_app.project_lock:
            sys.stdout.write(f"reviewtui: {words} ctrl+c cancels.\n")
            sys.stdout.flush()
            try:
                outcome.append(deed())
            except ReviewTuiError as error:
                failure.append(error)
        if failure:
            raise failure[0]
        return outcome[0]

    # Saying

    def say(self, text: str, *, tone: Tone = "", mark: str = "") -> None:
        """Say a sentence in the notice line."""
        for notice in self._lines_of(NoticeLine):
            notice.say(text, tone=tone, mark=mark)

    def say_done(self, text: str) -> None:
        self.say(text, tone="good", mark="✓")

    def say_error(self, error: ReviewTuiError) -> None:
        """Say what went wrong, and the one thing to do about it."""
        self.say(f"{error.message} {error.hint}".strip(), tone="bad", mark="✗")

    def say_why_not(self, reason: str) -> None:
        """Answer a key that can do nothing now."""
        self.say(reason, tone="warn", mark="!")

    # Keys

    def action_copy_text(self) -> None:
        """Copy what the mouse has selected."""
        if not (selected := self.get_selected_text()):
            raise SkipAction
        self.app.copy_to_clipboard(selected)
        self.say_done(f"Copied {plural(len(selected), 'character')}.")

    def why_not(self, action: str) -> str:
        """Why an action cannot be done now, in a sentence; "" where it can."""
        return ""

    def key_hints(self) -> Sequence[KeyHint]:
        """The keys of this screen, as its bindings that are to be shown say them up to a colon."""
        hints = []
        keys = self.review_app.preferences.keys
        for binding in (with_keys(each, keys) for each in shown_bindings(type(self))):
            key = binding.key_display or binding.key.split(",")[0]
            words = binding.description.partition(":")[0]
            hints.append(KeyHint(key, words, binding.action, self.why_not(binding.action)))
        return hints

    def refresh_keys(self) -> None:
        """Draw the key line again: what can be done may have changed."""
        for keys in self._lines_of(KeyLine):
            keys.refresh()

    def _lines_of(self, kind: type[OneLine]) -> list[OneLine]:
        """The strips of a kind. They are the screen's own children: no walk through all that stands above them."""
        return [child for child in self.children if isinstance(child, kind)]

    @on(KeyLine.Pressed)
    async def _press(self, message: KeyLine.Pressed) -> None:
        message.stop()
        await self.run_action(message.action)


def shown_bindings(screen: type[Screen[Any]]) -> Iterator[Binding]:
    """The bindings that a screen's key line shows."""
    return (binding for binding in screen_bindings(screen) if binding.show)


def screen_bindings(screen: type[Screen[Any]]) -> Iterator[Binding]:
    """The bindings of a screen class, and of the dialogs it descends from."""
    for owner in screen.__mro__:
        if not issubclass(owner, Asks):
            break
        for binding in vars(owner).get("BINDINGS", ()):
            if isinstance(binding, Binding):
                yield binding


class Dialog(Asks[Result], ModalScreen[Result]):
    """A screen over the present one; Esc leaves it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "cancel", "Cancel", key_display="esc", id="dialog.cancel"),
        # A modal screen hides the keys of the app, and a binding of its own those of every screen.
        Binding("ctrl+c", "copy_text", "Copy the selection, or say how to quit", show=False, id="dialog.how-to-quit"),
    ]
    LEAVING: ClassVar[str] = "Cancel"
    """What Esc does here, in a word: where there is nothing to cancel, it closes."""

    def render(self) -> RenderableType:
        below = super().render()
        if isinstance(below, BackgroundScreen):
            return cast("RenderableType", Dimmed(below.screen, below.color))
        return below

    def key_hints(self) -> Sequence[KeyHint]:
        leaving = self.LEAVING
        return [replace(hint, words=leaving) if hint.action == "cancel" else hint for hint in super().key_hints()]

    def action_cancel(self) -> None:
        self.dismiss(None)

    def action_copy_text(self) -> None:
        try:
            super().action_copy_text()
        except SkipAction:
            self.review_app.action_help_quit()


class HelpedDialog(Dialog[Result]):
    """A dialog in which ? is a key: no text is written there."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("question_mark,f1", "app.help", "Help", key_display="?", id="dialog.help"),
    ]


@contextmanager
def ctrl_c_spares_us() -> Iterator[None]:
    """While a program of the user's has the terminal, ctrl+c ends that program and not the app.

    A handler that does nothing, not SIG_IGN: that one a child would inherit.
    """
    before = signal.signal(signal.SIGINT, lambda number, frame: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
