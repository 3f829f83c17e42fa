"""Opening one version among many: `show`, `diff` and `gate`, and the same within a process that is already there."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from pathlib import Path

from reviewtui.catalog import ModelVersion
from reviewtui.project import Project
from tests.benchmarks.measuring import ROUNDS, Command, measured, python, ratio
from tests.model_repository import ModelRepository

TAGS = 4000


def run(place: Path, cache: Path) -> bool:
    """Measure and print; there is no limit."""
    repository = ModelRepository(place / "versions")
    repository.many_tags(TAGS)
    repository.git("repack", "-adq")
    names = [f"churn@v1.{TAGS - number}.0" for number in (1, 0)]
    files = "".join(f"{name}:models/churn/{file}\n" for name in names for file in ("params.yaml", "metrics.json"))
    raw = (
        Command(("git", "for-each-ref"), directory=repository.path),
        Command(("git", "rev-list", "--parents", names[1]), directory=repository.path),
        Command(("git", "cat-file", "--batch"), files.encode(), repository.path),
    )
    asked = {
        verb: (python("-m", "reviewtui", "-C", str(repository.path), verb, names[1], "--json"),)
        for verb in ("show", "diff", "gate")
    }
    costs = measured({"raw git": raw, **asked}, cache=cache)
    print(f"one version among {TAGS:,}")
    for name, cost in costs.items():
        beside = "" if name == "raw git" else f"   {ratio(cost, costs['raw git'])[0]:.1f} times raw git"
        print(f"  {name:<34} {cost}{beside}")
    _within(repository.path)
    return True


def _within(path: Path) -> None:
    """The steps that the app takes, in one process."""
    project = Project.open(path)
    versions = project.catalog.versions
    steps: tuple[tuple[str, Callable[[ModelVersion], object]], ...] = (
        ("facts of a version", project.facts),
        ("its base", project.base_of),
        ("its differences", lambda version: project.compare(project.base_of(version).version, version)),
        ("its gate", project.gate),
    )
    for name, step in steps:
        taken = []
        for version in versions[1 : ROUNDS + 1]:
            begun = time.perf_counter()
            step(version)
            taken.append(time.perf_counter() - begun)
        middle, first = statistics.median(taken) * 1e3, taken[0] * 1e3
        print(f"  in one process, {name:<22} {middle:7.1f} ms (the first: {first:.1f} ms)")
    project.repository.close()
