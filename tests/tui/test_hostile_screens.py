"""A stranger's text, on every screen and in every widget that there is; a new one without a way to it here is told."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator

import pytest
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widget import Widget

import reviewtui.tui
from reviewtui.catalog import PassedOverRef, VersionCatalog
from reviewtui.errors import ReviewTuiError
from reviewtui.git.objects import RefName
from reviewtui.tui.app import ReviewApp
from tests.tui.corpus import FORBIDDEN
from tests.tui.driving import opened, press, screen_text, until
from tests.tui.story import StoryProject
from tests.tui.test_hostile_text import WORST, hostile

WAYS: dict[str, tuple[str, ...]] = {
    "HomeScreen": ("1", "2", "3", "4", "5", "slash", "x", "enter", "escape"),
    "VersionScreen": ("2", "home", "enter", *"12345678", "f", "vertical_line", "f", "slash", "l", "enter", "n"),
    "CompareScreen": ("2", "home", "space", "space", "c", "f", "j", "s"),
    "TrendScreen": ("2", "home", "t", "l"),
    "MetricDialog": ("2", "home", "t", "m"),
    "BaseDialog": ("2", "home", "enter", "b"),
    "BytesDialog": ("2", "home", "enter", "2", "n", "i"),
    "SignDialog": ("2", "home", "a"),
    "ReleaseDialog": ("2", "home", "R"),
    "RecordDialog": ("4", "home", "j", "enter"),
    "SettingsScreen": ("comma", "pagedown"),
    "HelpScreen": ("question_mark", "pagedown"),
    "PassedOverDialog": ("o",),
    "PushDialog": ("P",),
    "CopyMenu": ("2", "home", "y"),
    "Menu": ("2", "s"),
    "CommandPalette": ("ctrl+p", "e"),
}
"""The name of each screen, and the keys that lead from the home to it; after every key the screen is looked at."""


class HostileProject(StoryProject):
    """Also the refs that are no versions have the stranger's names."""

    @property
    def catalog(self) -> VersionCatalog:
        return VersionCatalog(self.versions, (PassedOverRef(RefName(self.text), self.text),))


def hostile_project() -> HostileProject:
    told = hostile(WORST)
    return HostileProject(versions=told.versions, states=told.states, text=told.text, decision=told.decision)


def look(pilot: Pilot[int]) -> None:
    """What is on the screen is harmless: neither does it steer a terminal, nor can it be clicked to do anything."""
    assert not FORBIDDEN & set(screen_text(pilot).replace("\n", ""))
    for strip in pilot.app.screen._compositor.render_strips():
        assert not any("@click" in (segment.style.meta if segment.style else {}) for segment in strip)


@pytest.fixture
def without_last_filter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ReviewApp, "get_line_filters", lambda self: [])


@pytest.mark.parametrize("name", WAYS)
@pytest.mark.usefixtures("without_last_filter")
async def test_a_screen_shows_a_strangers_text_harmlessly(name: str) -> None:
    async with opened(hostile_project(), size=(120, 36)) as pilot:
        look(pilot)
        for key in WAYS[name]:
            await press(pilot, key)
            look(pilot)
        if name == "SignDialog":
            await until(pilot, lambda: "Exactly these" in screen_text(pilot))
            look(pilot)
        assert type(pilot.app.screen).__name__ == name


@pytest.mark.usefixtures("without_last_filter")
async def test_a_strangers_text_typed_or_said_is_harmless() -> None:
    async with opened(hostile_project(), size=(120, 36)) as pilot:
        screen = pilot.app.screen
        screen.say(WORST)
        await pilot.pause()
        look(pilot)
        screen.say_error(ReviewTuiError(WORST, hint=WORST))
        await pilot.pause()
        look(pilot)
        for pane in ("#versions", "#timeline", "#audit", "#releases"):
            screen.query_one(pane).set_filter(WORST)
        for key in "2345":
            await press(pilot, key)
            look(pilot)


async def test_every_screen_and_every_widget_has_a_way_to_it_here() -> None:
    screens = {each.__name__ for each in concrete_widgets() if issubclass(each, Screen)}
    assert screens <= set(WAYS), "each new screen needs its keys in WAYS"
    widgets = {each for each in concrete_widgets() if not issubclass(each, Screen)}
    seen: set[type] = set()
    for name in ("HomeScreen", "VersionScreen", "CompareScreen", "TrendScreen", "SignDialog", "RecordDialog"):
        async with opened(hostile_project(), size=(120, 36)) as pilot:
            await press(pilot, *WAYS[name])
            seen |= {type(widget) for screen in pilot.app.screen_stack for widget in screen.walk_children(Widget)}
    assert widgets <= seen, "each new widget needs a way in WAYS that shows it"


def concrete_widgets() -> set[type[Widget]]:
    """Every widget and screen of the app that no other one is made of."""
    for module in pkgutil.walk_packages(reviewtui.tui.__path__, "reviewtui.tui."):
        importlib.import_module(module.name)
    own = {each for each in below(Widget) if each.__module__.startswith("reviewtui.")}
    return {each for each in own if not any(other is not each and issubclass(other, each) for other in own)}


def below(kind: type[Widget]) -> Iterator[type[Widget]]:
    for each in kind.__subclasses__():
        yield each
        yield from below(each)
