"""Every screen as plain text, at three sizes, as it is stored in tests/tui/screens/; in a light theme the same text.

After a change that is meant, `pytest tests/tui/test_screens.py --renew` writes the files anew; git then shows what
became of each screen. The repository, its keys and its clock are the same in every run. Three things are masked all the
same, so that the files change with the screens and with nothing else:

1. Ids: every run of seven or more hexadecimal digits that holds a letter and a digit reads hhhhhhh. What an id must be
   is proved where it is made; here it is only where it stands, and how long it is.
2. The program's own version, which is signed into every record.
3. The temporary folder that the sample repository lies in.
"""

from __future__ import annotations

import asyncio
import difflib
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import pytest

from reviewtui import __version__
from screenshots.sample import build_sample, open_sample
from screenshots.scenes import SCENES, SIZES, THEMES, tour
from tests.tui.driving import screen_text

STORED = Path(__file__).parent / "screens"
DARK, LIGHT = THEMES
LIGHT_SIZE = SIZES[0]
IN_LIGHT = SCENES[: [scene.name for scene in SCENES].index("summary-stale")]
"""What is walked in the light theme, too: every kind of screen, up to those that only hold something else."""
Size = tuple[int, int]

_ID = re.compile(r"(?<![0-9A-Za-z-])(?=[0-9]*[a-f])(?=[a-f]*[0-9])[0-9a-f]{7,}(?![0-9A-Za-z])")


@pytest.fixture(scope="module")
def sample() -> Iterator[Path]:
    """The sample repository, at a place whose name has the same length everywhere: a dialog shows it."""
    place = Path(tempfile.mkdtemp(prefix="reviewtui-", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(place))
        yield build_sample(place / "models")
    shutil.rmtree(place)


Walk = Callable[[Size, str], dict[str, str]]


@pytest.fixture(scope="module")
def walk(sample: Path) -> Walk:
    """Gives what the app shows in each scene at a size, in a theme. Each pair is walked once, when it is asked for."""

    @cache
    def walked(size: Size, theme: str) -> dict[str, str]:
        with pytest.MonkeyPatch.context() as patch:
            for name in [*os.environ]:
                if name.startswith(("GIT_", "SSH_", "XDG_")) or name in ("NO_COLOR", "COLORFGBG", "TEXTUAL_THEME"):
                    patch.delenv(name)
            patch.setenv("HOME", str(sample.parent))
            return asyncio.run(screens_of(sample, size, theme))

    return walked


async def screens_of(sample: Path, size: Size, theme: str) -> dict[str, str]:
    copy = sample.parent / "walked" / "models"
    shutil.copytree(sample, copy)
    project = open_sample(copy)
    scenes = SCENES if theme == DARK else IN_LIGHT
    try:
        return {
            scene.name: masked(screen_text(pilot), sample.parent)
            async for scene, pilot in tour(project, size=size, theme=theme, scenes=scenes)
        }
    finally:
        project.repository.close()
        shutil.rmtree(copy.parent)


def masked(text: str, place: Path) -> str:
    """The screen without what the rules above take out, and without the blanks at the ends of its lines."""
    shown = _ID.sub(lambda found: "h" * len(found[0]), text.replace(str(place), "/tmp/reviewtui-xxxxxxxx"))
    shown = shown.replace(__version__, "N" * len(__version__))
    return "".join(f"{line.rstrip()}\n" for line in shown.splitlines())


def stored_file(name: str, size: Size) -> Path:
    return STORED / f"{name}-{size[0]}x{size[1]}.txt"


def tour_size(size: Size) -> Size:
    """The size of the tour on which a screen of this size is met."""
    return size if size in SIZES else SIZES[0]


SCREENS = [
    pytest.param(scene.name, size, id=f"{scene.name}-{size[0]}x{size[1]}")
    for scene in SCENES
    for size in ([scene.size] if scene.size else SIZES)
]


@pytest.mark.parametrize(("name", "size"), SCREENS)
def test_the_screen_is_as_it_is_stored(name: str, size: Size, walk: Walk, request: pytest.FixtureRequest) -> None:
    file, shown = stored_file(name, size), walk(tour_size(size), DARK)[name]
    if request.config.getoption("--renew"):
        STORED.mkdir(exist_ok=True)
        file.write_text(shown, encoding="utf-8")
    stored = file.read_text(encoding="utf-8") if file.exists() else ""
    if shown != stored:
        lines = difflib.unified_diff(stored.splitlines(), shown.splitlines(), file.name, "shown now", lineterm="")
        pytest.fail(
            "\n".join([*lines, "", "If this is meant: pytest tests/tui/test_screens.py --renew"]), pytrace=False
        )
    assert len(shown.splitlines()) == size[1]
    assert max(map(len, shown.splitlines())) <= size[0]


@pytest.mark.parametrize("name", [scene.name for scene in IN_LIGHT])
def test_a_light_theme_shows_the_same_text(name: str, walk: Walk) -> None:
    assert walk(LIGHT_SIZE, LIGHT)[name].splitlines() == walk(LIGHT_SIZE, DARK)[name].splitlines()


def test_nothing_is_stored_that_no_scene_shows() -> None:
    assert {file.name for file in STORED.iterdir()} == {stored_file(*each.values).name for each in SCREENS}


def test_a_scene_has_a_name_of_its_own() -> None:
    assert len({scene.name for scene in SCENES}) == len(SCENES)
