"""`list --json` of 4,000 annotated tags, beside `git for-each-ref` and one `git cat-file --batch` of the same tags."""

from __future__ import annotations

from pathlib import Path

from reviewtui.git.refs import _FIELDS, BROWSED
from tests.benchmarks.measuring import Command, judge, measured, python, ratio
from tests.model_repository import ModelRepository

TAGS = 4000
NEEDED = "argparse, dataclasses, datetime, enum, json, pathlib, re, subprocess, tempfile, threading, typing"
"""The packages that `list` needs; all of them come with Python."""
OWN = "reviewtui.cli.run, reviewtui.cli.parser, reviewtui.cli.output, reviewtui.project, reviewtui.git.catfile"


def run(place: Path, cache: Path) -> bool:
    """Measure, print, and give whether the limits are kept."""
    repository = ModelRepository(place / "tags")
    repository.many_tags(TAGS)
    repository.git("repack", "-adq")
    ids = repository.git("for-each-ref", "--format=%(objectname)", "refs/tags").encode() + b"\n"
    layout = "%00".join(_FIELDS)
    costs = measured(
        {
            "raw git": (
                Command(("git", "for-each-ref", f"--format={layout}", *BROWSED), directory=repository.path),
                Command(("git", "cat-file", "--batch"), ids, repository.path),
            ),
            "interpreter": (python("-c", "pass"),),
            "with the packages that list needs": (python("-c", f"import {NEEDED}"),),
            "with reviewtui's own modules": (python("-c", f"import {NEEDED}, {OWN}"),),
            "list --json": (python("-m", "reviewtui", "-C", str(repository.path), "list", "--json"),),
        },
        cache=cache,
    )
    print(f"list --json of {TAGS:,} annotated tags")
    for name, cost in costs.items():
        print(f"  {name:<34} {cost}")
    listing, raw = costs["list --json"], costs["raw git"]
    wall, work = ratio(listing, raw, beyond=costs["with the packages that list needs"])
    own_wall, own_work = ratio(listing, raw, beyond=costs["with reviewtui's own modules"])
    print(f"  beyond the packages: {wall:.2f} times raw git on the clock, {work:.2f} in work")
    print(f"  beyond reviewtui's own modules, too: {own_wall:.2f} on the clock, {own_work:.2f} in work")
    return judge("list, times raw git beyond the start", own_wall, 3)
