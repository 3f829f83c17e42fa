"""Draws the pictures of the README: builds the sample repository, drives the real app over it, writes SVG files.

python screenshots/capture.py            the README's few, beside this file
python screenshots/capture.py --all DIR  every scene, in three sizes and two themes, into DIR

Two runs give the same bytes: the sample's keys, its clock and the pictures' fonts are always the same.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from screenshots.sample import build_sample, open_sample
from screenshots.scenes import SCENES, SIZES, THEMES, tour

SMALL, MIDDLE, _ = SIZES
DARK, LIGHT = THEMES

README = {
    "versions": (MIDDLE, DARK),
    "config": (MIDDLE, DARK),
    "metrics": (MIDDLE, LIGHT),
    "text-split": (MIDDLE, DARK),
    "trend": (MIDDLE, DARK),
    "compare": (MIDDLE, DARK),
    "gate-closed": (MIDDLE, DARK),
    "approve": (MIDDLE, DARK),
    "release": (MIDDLE, DARK),
    "queue": (SMALL, DARK),
}
"""The README's pictures: each scene at one size, in one theme."""

PLACE = Path("/tmp/models")
"""Where the README's tour builds the sample repository; some pictures show it."""


@contextmanager
def sample_copies() -> Iterator[Path]:
    """The sample at its place, kept aside so that each tour begins with it as it was."""
    os.environ.pop("NO_COLOR", None)
    kept = Path(tempfile.mkdtemp(prefix="reviewtui-sample-"))
    try:
        build_sample(PLACE)
        shutil.copytree(PLACE, kept / "models")
        yield kept / "models"
    finally:
        shutil.rmtree(PLACE, ignore_errors=True)
        shutil.rmtree(kept)


async def draw(folder: Path, names: dict[str, str], kept: Path, *, size: tuple[int, int], theme: str) -> None:
    """One tour; each scene that `names` has is written as its file."""
    shutil.rmtree(PLACE)
    shutil.copytree(kept, PLACE)
    project = open_sample(PLACE)
    try:
        async for scene, pilot in tour(project, size=size, theme=theme):
            if scene.name in names:
                file = folder / f"{names[scene.name]}.svg"
                file.write_text(self_contained(pilot.app.export_screenshot(title="reviewtui")), encoding="utf-8")
                print(file, flush=True)
    finally:
        project.repository.close()


def self_contained(svg: str) -> str:
    """The picture without the fonts that it would fetch from elsewhere: the viewer's own monospaced font serves.

    Spaces are kept as they are, also by viewers that would drop those at the ends of a text.
    """
    without_fonts = re.sub(r"@font-face\s*\{.*?\}\s*", "", svg, flags=re.DOTALL)
    kept_spaces = without_fonts.replace("<svg ", '<svg xml:space="preserve" ', 1)
    return "".join(f"{line.rstrip()}\n" for line in kept_spaces.splitlines())


def draw_readme(folder: Path) -> None:
    """The README's pictures, in as few tours as there are sizes and themes."""
    with sample_copies() as kept:
        for size, theme in sorted(set(README.values())):
            names = {name: name for name, taken in README.items() if taken == (size, theme)}
            asyncio.run(draw(folder, names, kept, size=size, theme=theme))


def draw_all(folder: Path) -> None:
    """Every scene at every size in every theme: NAME-WIDTHxHEIGHT-THEME.svg."""
    with sample_copies() as kept:
        for size in SIZES:
            for theme in THEMES:
                word = theme.removeprefix("reviewtui-")
                names = {scene.name: f"{scene.name}-{size[0]}x{size[1]}-{word}" for scene in SCENES}
                asyncio.run(draw(folder, names, kept, size=size, theme=theme))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--all", metavar="DIR", type=Path, help="draw every scene, size and theme into DIR")
    chosen = parser.parse_args().all
    if chosen is not None:
        chosen.mkdir(parents=True, exist_ok=True)
        draw_all(chosen)
    else:
        draw_readme(Path(__file__).resolve().parent)


if __name__ == "__main__":
    main()
