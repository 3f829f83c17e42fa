"""Every key that a class of the app binds stands in the help, and does something: both are found out, not listed.

The bindings are collected from the classes. What is written down here is only how to come to each kind of screen; a
class that no such way leads to makes a test fail. A key has done something when the screen's text, the screens, the
focus, the clipboard, the theme or the repository are others than before. A refusal (a notice marked !) is nothing.
"""

from __future__ import annotations

import importlib
import pkgutil
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from textual.binding import Binding
from textual.dom import DOMNode
from textual.drivers.headless_driver import HeadlessDriver
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

import reviewtui.tui
from reviewtui.catalog import PassedOverRef, VersionCatalog
from reviewtui.git.objects import RefName
from reviewtui.tui.app import ReviewApp
from reviewtui.tui.asking import Asks
from reviewtui.tui.help_screen import HelpScreen, key_names, sections
from reviewtui.tui.home import HomeScreen
from reviewtui.tui.marking import MarksVersions
from reviewtui.tui.widgets.strips import NoticeLine
from reviewtui.tui.widgets.table import LineTable
from reviewtui.tui.widgets.text_view import TextView
from tests.tui.driving import opened, press, screen_text, settled, until
from tests.tui.story import OPEN, StoryProject, story

Key = tuple[type[Any], str, str]
"""A class, what its binding does, and one of the keys."""
Place = tuple[Screen[Any], Widget | None]


def owners() -> dict[type[Any], tuple[Binding, ...]]:
    """Every class of the app that binds keys, with what it binds."""
    for module in pkgutil.walk_packages(reviewtui.tui.__path__, "reviewtui.tui."):
        importlib.import_module(module.name)
    found: dict[type[Any], tuple[Binding, ...]] = {}
    waiting: list[type[Any]] = [DOMNode]
    while waiting:
        owner = waiting.pop()
        waiting += [each for each in type.__subclasses__(owner) if each not in found]
        if owner.__module__.startswith("reviewtui.tui.") and vars(owner).get("BINDINGS"):
            found[owner] = tuple(each for each in vars(owner)["BINDINGS"] if isinstance(each, Binding))
    return found


OWNERS = owners()
SAYINGS = ("ctrl+q leaves the app.",)
"""What is marked as a refusal, and is all that a key is there for."""
KEYS = [
    (owner, binding.action, key)
    for owner, bindings in OWNERS.items()
    for binding in bindings
    for key in binding.key.split(",")
]

LISTS = ("2", "home")
VERSION = (*LISTS, "enter")
SIGN = (*VERSION, "a")
SIGNED = (*SIGN, "ok:sign", "ctrl+s")
WAYS: tuple[tuple[str, ...], ...] = (
    (),
    LISTS,
    (*LISTS, "end"),
    (*LISTS, "tab"),
    (*LISTS, "slash", "c", "h", "enter"),
    ("3",),
    ("3", "end"),
    VERSION,
    (*VERSION, "3", "n"),
    (*VERSION, "3", "end"),
    (*VERSION, "2", "n"),
    (*VERSION, "J"),
    (*VERSION, "8"),
    (*VERSION, "8", "end"),
    (*VERSION, "8", "f", "pagedown", "pagedown"),
    (*VERSION, "question_mark"),
    (*VERSION, "2", "n", "i"),
    (*VERSION, "b"),
    (*VERSION, "R"),
    SIGN,
    SIGNED,
    (*SIGNED, "q"),
    (*LISTS, "space", "space", "space", "c"),
    (*LISTS, "space", "space", "space", "c", "l", "end"),
    (*LISTS, "t"),
    (*LISTS, "t", "left_square_bracket"),
    (*LISTS, "t", "h", "h"),
    (*LISTS, "t", "m"),
    ("4", "enter"),
    (*LISTS, "y"),
    (*LISTS, "s"),
    (*LISTS, "P"),
    (*LISTS, "o"),
    ("comma",),
    ("comma", "n", "n"),
)


class WithPassedOver(StoryProject):
    """A story with a ref that looks like a version and is none."""

    @property
    def catalog(self) -> VersionCatalog:
        return replace(super().catalog, passed_over=(PassedOverRef(RefName("refs/tags/v1.9"), "no version"),))


class Desk:
    """One app after the other, on a project of values, with a terminal that can be given away, and an editor."""

    def __init__(self, log: Path) -> None:
        self.log = log
        self.pilot: Pilot[int]
        self.project: StoryProject
        self.ran: list[str] = []
        """The actions that keys have run."""
        self._begun = False
        self._open = AsyncExitStack()

    async def close(self) -> None:
        await self._open.aclose()

    async def go(self, way: tuple[str, ...]) -> None:
        """The keys of a way, from the home of the app; of a new one where the last one was left, or has signed."""
        if not self._is_fresh:
            await self._begin()
        app = self.pilot.app
        while len(app.screen_stack) > 1:
            app.pop_screen()
            await self.pilot.pause(0)
        await press(self.pilot, "escape", "1")
        for key in way:
            if key == "ok:sign":
                await until(self.pilot, lambda: "Exactly these" in screen_text(self.pilot) and not self.why_not_sign())
            else:
                await press(self.pilot, key)

    async def go_back(self, where: Place, way: tuple[str, ...]) -> Place:
        """Go back to where a way led: off the screens that a key put on top of it, or by the whole way again."""
        screen, focused = where
        app = self.pilot.app
        if self._is_fresh and screen in app.screen_stack:
            while app.screen is not screen:
                app.pop_screen()
                await self.pilot.pause(0)
            screen.set_focus(focused)
            await settled(self.pilot)
            if self.place == where:
                return where
        await self.go(way)
        return self.place

    @property
    def place(self) -> Place:
        """The screen, and what is focused on it."""
        return self.pilot.app.screen, self.pilot.app.focused

    @property
    def _is_fresh(self) -> bool:
        return self._begun and not self.pilot.app._exit and not self.project.recorded and not self.project.released

    async def _begin(self) -> None:
        await self.close()
        self.project = WithPassedOver(**vars(story(decision=OPEN, reviewed_before=True)))
        self.pilot = await self._open.enter_async_context(opened(self.project))
        self._begun, self.ran = True, []
        run = self.pilot.app.run_action

        async def note(action: Any, default_namespace: Any = None, **more: Any) -> bool:
            done = await run(action, default_namespace, **more)
            if done:
                self.ran.append(action if isinstance(action, str) else action[1])
            return done

        self.pilot.app.run_action = note  # type: ignore[method-assign]

    def why_not_sign(self) -> str:
        screen = self.pilot.app.screen
        return screen.why_not("sign") if isinstance(screen, Asks) else "no dialog"

    def owners_here(self) -> set[type[Any]]:
        app = self.pilot.app
        focused = type(app.focused).__mro__ if app.focused is not None else ()
        return {each for each in (*type(app.screen).__mro__, *focused, *type(app).__mro__) if each in OWNERS}

    def seen(self) -> tuple[object, ...]:
        """Everything that a key could change, but for the words of a refusal."""
        app = self.pilot.app
        assert isinstance(app, ReviewApp)
        screen = app.screen
        lines = screen_text(self.pilot).splitlines()
        said = ""
        for notice in screen.query(NoticeLine):
            place = notice.region
            del lines[place.y : place.bottom]
            said = "" if notice.mark == "!" and notice.text not in SAYINGS else f"{notice.mark} {notice.text}"
        styles = [list(strip) for strip in screen._compositor.render_strips()] if not said else []
        counts = len(self.project.recorded), len(self.project.released), self.project.reloads
        log = self.log.read_text() if self.log.exists() else ""
        stack = [id(each) for each in app.screen_stack]
        return stack, id(app.focused), lines, said, styles, app.clipboard, app.theme, counts, log, app._exit

    async def does_something(self, key: str, action: str) -> bool:
        """Whether the key runs the action, its owner's or another one's of the same name, and changes anything."""
        before = self.seen()
        self.ran.clear()
        await self._press(key)
        ran = {done.removeprefix("app.") for done in self.ran}
        return action.removeprefix("app.") in ran and self.seen() != before

    async def _press(self, key: str) -> None:
        await self.pilot.press(key)
        if not self.pilot.app._exit:
            await settled(self.pilot)


def here_still(desk: Desk, where: Place) -> bool:
    return not desk.pilot.app._exit and desk.place == where


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where an editor, a pager and a stop of the process leave a word; the terminal lets itself be given away."""
    log = tmp_path / "log"
    program = tmp_path / "program"
    program.write_text(f'#!/bin/sh\necho "$@" >> {log}\n')
    program.chmod(0o755)
    for name in ("EDITOR", "VISUAL", "PAGER"):
        monkeypatch.setenv(name, str(program))
    monkeypatch.setattr(HeadlessDriver, "can_suspend", property(lambda driver: True))
    before = signal.signal(signal.SIGTSTP, lambda number, frame: log.write_text("stopped\n") and None)
    yield log
    signal.signal(signal.SIGTSTP, before)


def test_there_are_bindings() -> None:
    assert {HomeScreen, MarksVersions, LineTable, TextView, ReviewApp, HelpScreen} <= set(OWNERS)
    assert len(KEYS) > 150


@pytest.mark.slow
async def test_every_key_does_something(log: Path) -> None:
    desk, unproven = Desk(log), set(KEYS)
    try:
        for way in WAYS:
            await _try_keys(desk, way, unproven)
    finally:
        await desk.close()
    left = sorted(f"{owner.__name__}: {key} ({action})" for owner, action, key in unproven)
    assert not left, "These keys did nothing wherever they were tried:\n" + "\n".join(left)


async def _try_keys(desk: Desk, way: tuple[str, ...], unproven: set[Key]) -> None:
    """Try the keys that are bound at the end of a way, and not proven yet."""
    await desk.go(way)
    here = desk.owners_here()
    where = desk.place
    tries = [each for each in KEYS if each in unproven and each[0] in here]
    by_owner = [[each for each in tries if each[0] is owner] for owner in OWNERS]
    # Twice: k does nothing in the first row, but j was pressed since. The keys of one class follow one another, so that
    # nothing else comes between.
    for tried in [each for keys in by_owner for each in (*keys, *keys)]:
        _, action, key = tried
        if tried not in unproven:
            continue
        if not here_still(desk, where):
            where = await desk.go_back(where, way)
        if await desk.does_something(key, action):
            unproven.discard(tried)


@pytest.mark.parametrize("owner", OWNERS, ids=lambda owner: owner.__name__)
def test_every_binding_stands_in_the_help(owner: type[Any]) -> None:
    told = {(binding.key, binding.description) for _, bindings in sections() for binding in bindings}
    missing = [each for each in OWNERS[owner] if (each.key, each.description) not in told]
    assert not missing


def test_the_help_tells_of_no_key_that_nothing_binds() -> None:
    bound = {(each.key, each.description) for bindings in OWNERS.values() for each in bindings}
    beyond = {each.key for _, bindings in sections() for each in bindings if (each.key, each.description) not in bound}
    assert beyond == {"ctrl+p", "tab,shift+tab"}, "only what Textual itself binds"


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_the_help_screen_shows_every_key_and_every_description(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, "question_mark")
        shown = " ".join(" ".join(line.text for line in pilot.app.screen.query_one(TextView).lines).split())
        for _, bindings in sections():
            for binding in bindings:
                assert f"{key_names(binding)} {' '.join(binding.description.split())}" in shown


async def test_no_two_bindings_of_one_screen_take_one_key() -> None:
    """A screen's own classes never shadow one another: each of their keys does what its line of the help says."""
    for screen in (each for each in OWNERS if issubclass(each, Asks)):
        taken: dict[str, type[Any]] = {}
        for owner in screen.__mro__:
            for binding in OWNERS.get(owner, ()):
                for key in binding.key.split(","):
                    shadowed = taken.setdefault(key, owner)
                    assert shadowed is owner, (
                        f"{screen.__name__}: {key} of {shadowed.__name__} hides {owner.__name__}'s"
                    )
