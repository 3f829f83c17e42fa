"""`export` of 10,000 releases with 30,000 records: time and memory, beside Git's own reading of the same objects.

Measured: `git log --notes` over the commits, `git cat-file --batch` over every object that the trail rests on, and the
export; with a tenth of the releases, too, and with one record for each. Memory is the most that the process ever held
(its resident set): of an export its own, without that of the git processes that it starts, which map whole packs; of
git never less than what this process held.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measuring import ROOT, judge
from tests.many_releases import many_releases
from tests.model_repository import ModelRepository

RELEASES = int(os.environ.get("REVIEWTUI_BENCH_RELEASES", "10000"))
RECORDS = 3
MOST_BYTES_A_RECORD = 256
"""What a further record may cost in memory: nothing, but for those of the 256 versions that were judged last."""
MOST_BYTES_A_RELEASE = 3072
"""What a further release may cost: its tag, as every command holds the refs, and its commit in the graph."""
_JSONL = "export --format jsonl"
_LOG = ("git", "log", "--notes=reviewtui/reviews", "--format=%H%n%N", "main")
_EXPORT = """
import sys
from reviewtui.cli.run import run
status = run(sys.argv[1:])
held = next(line for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(held.split()[1], file=sys.stderr)
sys.exit(status)
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One process: seconds on the clock, and the most memory that it held, in bytes."""

    seconds: float
    memory: int

    def __str__(self) -> str:
        return f"{self.seconds:8.2f} s, {self.memory / 1e6:7.1f} MB"


def run(place: Path, cache: Path) -> bool:
    """Measure, print, and give whether the limits are kept."""
    few = RELEASES // 10
    small = _measured(place / "few", few, RECORDS, cache)
    alone = _measured(place / "alone", RELEASES, 1, cache)
    large = _measured(place / "all", RELEASES, RECORDS, cache)
    raw = large["git cat-file --batch"].seconds + large["git log --notes"].seconds
    seconds = large[_JSONL].seconds - small[_JSONL].seconds
    print(f"  an event: {seconds / (RELEASES - few) / (RECORDS + 2) * 1e6:.0f} µs")
    print(f"  the export takes {large[_JSONL].seconds / raw:.0f} times what Git takes to read the same objects")
    a_record = (large[_JSONL].memory - alone[_JSONL].memory) / (RELEASES * (RECORDS - 1))
    a_release = (large[_JSONL].memory - small[_JSONL].memory) / (RELEASES - few)
    kept = judge("bytes of memory for each further record", a_record, MOST_BYTES_A_RECORD)
    return judge("bytes of memory for each further release", a_release, MOST_BYTES_A_RELEASE) and kept


def _measured(place: Path, count: int, records: int, cache: Path) -> dict[str, Run]:
    repository = ModelRepository(place)
    begun = time.perf_counter()
    many_releases(repository, count, records=records)
    repository.git("repack", "-adq")
    every = repository.git("rev-list", "--objects", "--no-object-names", "--all").encode() + b"\n"
    python = (sys.executable, "-c", _EXPORT, "-C", str(place), "export", "-o")
    print(f"export of {count:,} releases with {records * count:,} records")
    print(f"  (set up in {time.perf_counter() - begun:.1f} s)")
    runs = {
        "git log --notes": _run(_LOG, place, cache),
        "git cat-file --batch": _run(("git", "cat-file", "--batch"), place, cache, every),
        _JSONL: _run((*python, str(place.with_suffix(".jsonl"))), ROOT, cache),
        "export --format csv": _run((*python, str(place.with_suffix(".csv"))), ROOT, cache),
    }
    for name, each in runs.items():
        print(f"  {name:<34} {each}")
    return runs


def _run(words: tuple[str, ...], directory: Path, cache: Path, told: bytes = b"") -> Run:
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(cache), "PYTHONPATH": str(ROOT)}
    begun = time.perf_counter()
    with subprocess.Popen(
        words, cwd=directory, env=environment, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as process:
        assert process.stdin is not None and process.stderr is not None
        process.stdin.write(told)
        process.stdin.close()
        said = process.stderr.read().split()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise SystemExit(f"{' '.join(words)}: exit status {process.returncode}")
    held = int(said[-1]) if _EXPORT in words else usage.ru_maxrss
    return Run(time.perf_counter() - begun, held * 1024)
