"""The scenes of the app: which keys lead to each screen over the sample repository. Pictures and tests share them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from textual import events
from textual.app import App
from textual.pilot import Pilot

from reviewtui.project import Project
from reviewtui.tui.app import ReviewApp
from reviewtui.tui.asking import LOWEST, NARROWEST, Asks
from reviewtui.tui.home import HomeScreen
from screenshots.sample import NOW

SIZES = ((80, 24), (120, 36), (200, 60))
THEMES = ("reviewtui-dark", "reviewtui-light")
VERSIONS = "2"
"""The key of the tab from which a scene finds its version."""
_STEPS_TO_REST = 5_000
_CALM = 3
"""How often in a row nothing must be under way: one thing may lead to the next."""


@dataclass(frozen=True, slots=True)
class Scene:
    """A name; the version that the cursor of the tab Versions is put on ("": the home as it is); the keys from there.

    `size` is the terminal's where it is not the tour's; `follows` tells that the scene begins where the one before
    it ended.
    """

    name: str
    version: str = ""
    keys: tuple[str, ...] = ()
    size: tuple[int, int] | None = None
    follows: bool = False


TYPE = "type:"
"""What follows this, in place of a key, is put into the field that has the focus, all at once, as a paste does."""
COMMENT = f"{TYPE}Holdout and calibration look right, p95 stays within budget."
WAITING, STALE = "churn@1.4.0", "support-intent@0.9.1"

SCENES = (
    Scene("queue", keys=("1",)),
    Scene("versions", WAITING),
    Scene("palette", keys=("colon",), follows=True),
    Scene("palette-search", keys=(f"{TYPE}rel",), follows=True),
    Scene("copy", keys=("escape", "y"), follows=True),
    Scene("sort", keys=("escape", "s"), follows=True),
    Scene("push", keys=("escape", "P"), follows=True),
    Scene("timeline", keys=("escape", "3", "j", "j", "j"), follows=True),
    Scene("audit", keys=("4",), follows=True),
    Scene("audit-record", keys=("enter",), follows=True),
    Scene("releases", keys=("escape", "5"), follows=True),
    Scene("settings", keys=("comma",), follows=True),
    Scene("help", keys=("question_mark",), follows=True),
    Scene("summary", WAITING, ("enter",)),
    Scene("config", keys=("2",), follows=True),
    Scene("metrics", keys=("3",), follows=True),
    Scene("data", keys=("4",), follows=True),
    Scene("environment", keys=("5",), follows=True),
    Scene("reviews", keys=("6",), follows=True),
    Scene("gate", keys=("7",), follows=True),
    Scene("text-split", keys=("8",), follows=True),
    Scene("text-unified", keys=("vertical_line", "n", "n"), follows=True),
    Scene("bytes", keys=("vertical_line", "2", "n", "i"), follows=True),
    Scene("base", keys=("escape", "b"), follows=True),
    Scene("trend", keys=("escape", "t"), follows=True),
    Scene("trend-table", keys=("T",), follows=True),
    Scene("trend-metric", keys=("m",), follows=True),
    Scene("reviews-released", keys=("escape", "q", "6", "J"), follows=True),
    Scene("summary-vetoed", keys=("1", "K", "K"), follows=True),
    Scene("summary-stale", STALE, ("enter",)),
    Scene("data-stale", keys=("4",), follows=True),
    Scene("gate-closed", keys=("7", "K"), follows=True),
    Scene("release-closed", keys=("R",), follows=True),
    Scene("approve-unopened", WAITING, ("a",)),
    Scene("reject", keys=("escape", "x"), follows=True),
    Scene("too-small", keys=("escape",), size=(NARROWEST - 1, LOWEST), follows=True),
    Scene("compare", WAITING, ("space", "j", "space", "j", "space", "c")),
    Scene("compare-deltas", keys=("l", "f", "d"), follows=True),
    Scene("versions-filter", keys=("q", "slash", f"{TYPE}metric:roc_auc>0.9 author:maya", "enter"), follows=True),
    # What comes now signs: the scenes before it show a candidate that still waits.
    Scene("approve", WAITING, ("enter", "2", "3", "4", "5", "a", COMMENT)),
    Scene("approved", keys=("ctrl+s",), follows=True),
    Scene("release", keys=("R",), follows=True),
    Scene("released", keys=("ctrl+s",), follows=True),
)


async def tour(
    project: Project, *, size: tuple[int, int], theme: str = THEMES[0], scenes: Sequence[Scene] = SCENES
) -> AsyncIterator[tuple[Scene, Pilot[int]]]:
    """The app on each of the scenes in turn, at rest. Project: a copy of the sample that nobody else looks at."""
    app = ReviewApp(lambda: project, clock=NOW.timestamp)
    app.theme = theme
    async with app.run_test(size=size) as pilot:
        await rest(pilot)
        for scene in scenes:
            if not scene.follows:
                await _go_home(pilot)
                if scene.version:
                    await press(pilot, (VERSIONS,))
                    _put_cursor(pilot, scene.version)
                    await rest(pilot)
            await press(pilot, scene.keys)
            if scene.size is not None:
                await pilot.resize_terminal(*scene.size)
                await rest(pilot)
            yield scene, pilot
            if scene.size is not None:
                await pilot.resize_terminal(*size)
                await rest(pilot)


async def press(pilot: Pilot[int], keys: Iterable[str]) -> None:
    """Press keys, each with its answers."""
    for key in keys:
        if key.startswith(TYPE):
            assert pilot.app._driver is not None
            pilot.app._driver.send_message(events.Paste(key.removeprefix(TYPE)))
        else:
            await pilot.press(key)
        await rest(pilot)


async def rest(pilot: Pilot[int]) -> None:
    """Wait until nothing is under way any more: no question, no worker, no timer that has yet to ring, no frame."""
    calm = 0
    for _ in range(_STEPS_TO_REST):
        await pilot.pause(0)
        _stop_blinking(pilot.app.screen)
        calm = 0 if _is_busy(pilot.app) else calm + 1
        if calm == _CALM:
            return
        await pilot.pause(0.002)
    raise AssertionError("the app did not come to rest")


def _is_busy(app: object) -> bool:
    assert isinstance(app, ReviewApp)
    if any(isinstance(screen, Asks) and screen._asked for screen in app.screen_stack):
        return True
    if has_to_draw(app) or any(not worker.is_finished for worker in app.workers):
        return True
    nodes = [app, *(node for screen in app.screen_stack for node in screen.walk_children(with_self=True))]
    return any(_rings_once(timer) for node in nodes for timer in node._timers)


def has_to_draw(app: App[Any]) -> bool:
    """Whether the screen on top waits for its next frame: to draw, or to call back who waits for that."""
    if app._exit or not app.screen_stack:
        return False
    screen = app.screen
    marks = (screen._layout_required, screen._scroll_required, screen._repaint_required, screen._recompose_required)
    return any(marks) or bool(screen._dirty_widgets or screen._callbacks)


def _rings_once(timer: object) -> bool:
    task = getattr(timer, "_task", None)
    return getattr(timer, "_repeat", None) == 0 and task is not None and not task.done()


def _stop_blinking(screen: object) -> None:
    assert hasattr(screen, "query")
    for box in screen.query("Input, TextArea"):
        box.cursor_blink = False


async def _go_home(pilot: Pilot[int]) -> None:
    while len(pilot.app.screen_stack) > 1:
        pilot.app.pop_screen()
        await pilot.pause()
    await press(pilot, ("escape", "escape"))


def _put_cursor(pilot: Pilot[int], version: str) -> None:
    home = pilot.app.screen
    assert isinstance(home, HomeScreen)
    table = home.active_pane.table
    wanted = next(item for item in table.shown_items() if item.version.name == version)
    table.go_to(home.active_pane.key_of(wanted))
