"""Draws the pictures of the README: builds the sample repository, drives the real app over it, writes SVG files.

python screenshots/capture.py [DIRECTORY]
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from textual.pilot import Pilot

from reviewtui.demo import build_demo
from reviewtui.project import Project
from reviewtui.tui.app import ReviewApp
from reviewtui.tui.asking import Asks
from reviewtui.tui.home import HomeScreen

WIDE = (120, 36)
NARROW = (80, 24)
HAND_REST = 0.5
"""Seconds: longer than the app waits for a cursor that may still move, or for a comment that is still being typed."""

PLACE = Path("/tmp/models")
"""Where the README's tour builds the sample repository; some pictures show it."""


def typed(text: str) -> tuple[str, ...]:
    """The keys that type a text."""
    return tuple("space" if character == " " else character for character in text)


COMMENT = typed("Holdout and calibration look right, p95 stays within budget.")
READ_ALL = ("enter", "2", "3", "4", "5")


@dataclass(frozen=True, slots=True)
class Picture:
    """A file, the version that the cursor is put on, the keys pressed there, and the size of the terminal."""

    name: str
    version: str
    keys: tuple[str, ...] = ()
    size: tuple[int, int] = WIDE


PICTURES = (
    Picture("versions", "churn@1.4.0"),
    Picture("versions-80x24", "churn@1.4.0", size=NARROW),
    Picture("config", "churn@1.4.0", ("enter", "2")),
    Picture("metrics", "churn@1.4.0", ("enter", "3")),
    Picture("data", "support-intent@0.9.1", ("enter", "4")),
    Picture("reviews", "churn@1.3.0", ("enter", "6")),
    Picture("gate", "support-intent@0.10.0", ("enter", "7")),
    Picture("approve", "churn@1.4.0", (*READ_ALL, "a", *COMMENT)),
    # The last one signs: the pictures before it show a candidate that still waits.
    Picture("release", "churn@1.4.0", (*READ_ALL, "a", *COMMENT, "ctrl+s", "R")),
)


async def draw(picture: Picture, repository: Path) -> str:
    """The app as an SVG, once it has come to rest."""
    app = ReviewApp(lambda: Project.open(repository))
    async with app.run_test(size=picture.size) as pilot:
        await _rest(pilot)
        await _press(pilot, ("2",))
        await _find(pilot, picture.version)
        await _press(pilot, picture.keys)
        await _rest(pilot, HAND_REST)
        return _self_contained(app.export_screenshot(title="reviewtui"))


async def _find(pilot: Pilot[int], version: str) -> None:
    """Moves the cursor down to a version."""
    home = pilot.app.screen
    assert isinstance(home, HomeScreen)
    table = home.active_pane.table
    for _ in table.shown_items():
        if table.current is not None and table.current.version.name == version:
            return
        await _press(pilot, ("j",))
    raise SystemExit(f"{version} is not in the list.")


async def _press(pilot: Pilot[int], keys: Iterable[str]) -> None:
    for key in keys:
        if key == "ctrl+s":
            await _rest(pilot, HAND_REST)
        await pilot.press(key)
        await _rest(pilot)


async def _rest(pilot: Pilot[int], first: float = 0) -> None:
    """Waits some seconds, then until no screen waits for an answer any more."""
    await pilot.pause(first)
    for _ in range(1000):
        await pilot.pause(0.01)
        if not any(isinstance(screen, Asks) and screen._asked for screen in pilot.app.screen_stack):
            await pilot.pause()
            return
    raise SystemExit("The app did not come to rest.")


def _self_contained(svg: str) -> str:
    """The picture without the fonts that it would fetch from elsewhere: the viewer's own monospaced font serves.

    Spaces are kept as they are, also by viewers that would drop those at the ends of a text.
    """
    without_fonts = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    kept_spaces = without_fonts.replace("<svg ", '<svg xml:space="preserve" ', 1)
    return "".join(f"{line.rstrip()}\n" for line in kept_spaces.splitlines())


def main() -> None:
    target = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    os.environ.pop("NO_COLOR", None)
    repository = build_demo(PLACE)
    try:
        for picture in PICTURES:
            file = target / f"{picture.name}.svg"
            file.write_text(asyncio.run(draw(picture, repository)), encoding="utf-8")
            print(file)
    finally:
        shutil.rmtree(repository)


if __name__ == "__main__":
    main()
