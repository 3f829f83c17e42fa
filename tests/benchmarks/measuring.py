"""Measures commands by turns, so that whatever else the machine does falls on all of them alike."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
ROUNDS = 9


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds on the clock, and seconds that processors worked, for each round."""

    wall: tuple[float, ...]
    work: tuple[float, ...]

    def __str__(self) -> str:
        return f"{statistics.median(self.wall) * 1e3:7.1f} ms, {statistics.median(self.work) * 1e3:7.1f} ms of work"


@dataclass(frozen=True, slots=True)
class Command:
    """A command line, what it reads from its standard input, and where it runs."""

    words: Sequence[str]
    input: bytes = b""
    directory: Path = ROOT


def python(*words: str, input: bytes = b"", directory: Path = ROOT) -> Command:
    """This interpreter with these words."""
    return Command((sys.executable, *words), input, directory)


def measured(commands: Mapping[str, Sequence[Command]], *, cache: Path, rounds: int = ROUNDS) -> dict[str, Cost]:
    """What each name's commands cost together; every round runs all of them. Compiled modules are kept in `cache`."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment |= {"PYTHONPYCACHEPREFIX": str(cache), "PYTHONPATH": str(ROOT)}
    wall: dict[str, list[float]] = {name: [] for name in commands}
    work: dict[str, list[float]] = {name: [] for name in commands}
    for number in range(rounds + 1):
        for name, group in commands.items():
            begun, before = time.perf_counter(), _worked()
            for command in group:
                _run(command, environment)
            if number:  # The first round compiles modules and fills the file cache.
                wall[name].append(time.perf_counter() - begun)
                work[name].append(_worked() - before)
    return {name: Cost(tuple(wall[name]), tuple(work[name])) for name in commands}


def _run(command: Command, environment: Mapping[str, str]) -> None:
    done = subprocess.run(
        command.words, cwd=command.directory, env=environment, input=command.input, capture_output=True, check=False
    )
    if done.returncode not in (0, 1):
        raise SystemExit(f"{' '.join(command.words)}: {done.stderr.decode(errors='replace')}")


def _worked() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def ratio(cost: Cost, beside: Cost, *, beyond: Cost | None = None) -> tuple[float, float]:
    """(on the clock, in work): the median over rounds of cost / beside, both taken in the same round."""
    found = []
    for mine, theirs, start in (
        (cost.wall, beside.wall, beyond.wall if beyond else None),
        (cost.work, beside.work, beyond.work if beyond else None),
    ):
        starts = start or (0.0,) * len(mine)
        found.append(statistics.median((m - s) / t for m, t, s in zip(mine, theirs, starts, strict=True)))
    return found[0], found[1]


def judge(text: str, value: float, most: float) -> bool:
    """Print a measure beside its limit, and give whether it is kept."""
    kept = value <= most
    print(f"  {'kept  ' if kept else 'MISSED'}  {text}: {value:.2f} (at most {most:.2f})")
    return kept
