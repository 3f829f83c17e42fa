"""Driving the app in tests: open it, wait for what it reads, read its screen as text."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from textual.pilot import Pilot

from reviewtui.tui.app import ReviewApp
from reviewtui.tui.asking import Asks
from reviewtui.tui.home import HomeScreen
from reviewtui.tui.widgets.strips import NoticeLine
from tests.tui.story import StoryProject, story

SIZES = ((80, 24), (120, 36), (200, 60))


@asynccontextmanager
async def opened(
    project: StoryProject | None = None, *, size: tuple[int, int] = (120, 36)
) -> AsyncIterator[Pilot[int]]:
    """The app on a project of values, once it has read it."""
    shown = project or story()
    app = ReviewApp(lambda: shown)
    async with app.run_test(size=size) as pilot:
        await settled(pilot)
        yield pilot


async def settled(pilot: Pilot[int]) -> None:
    """Wait until no screen waits for an answer any more, and the home has asked for its repository."""
    await until(pilot, lambda: not any(screen._asked or is_new(screen) for screen in asking(pilot)))


def is_new(screen: Asks[object]) -> bool:
    """Whether a home has yet to open its repository, which it does once its frame is painted."""
    return isinstance(screen, HomeScreen) and not screen._generation


async def until(pilot: Pilot[int], condition: Callable[[], bool], *, tries: int = 300) -> None:
    """Let the app go on until the condition holds."""
    for _ in range(tries):
        await pilot.pause()
        if condition():
            await pilot.pause()
            return
        await pilot.pause(0.01)
    raise AssertionError("the app did not come to rest")


def asking(pilot: Pilot[int]) -> list[Asks[object]]:
    return [screen for screen in pilot.app.screen_stack if isinstance(screen, Asks)]


async def press(pilot: Pilot[int], *keys: str) -> None:
    """Press keys, one after the other, each with its answers."""
    for key in keys:
        await pilot.press(key)
        await settled(pilot)


def screen_text(pilot: Pilot[int]) -> str:
    """What is on the screen, a line each."""
    strips = pilot.app.screen._compositor.render_strips()
    return "\n".join("".join(segment.text for segment in strip) for strip in strips)


def notice(pilot: Pilot[int]) -> str:
    """The sentence in the notice line."""
    return pilot.app.screen.query_one(NoticeLine).text
