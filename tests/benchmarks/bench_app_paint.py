"""The app's first paint: from the start of the process to the frame with its tabs, and to the newest version."""

from __future__ import annotations

import fcntl
import os
import pty
import select
import signal
import statistics
import struct
import sys
import termios
import time
from pathlib import Path

from tests.benchmarks.measuring import ROOT, judge
from tests.model_repository import START, ModelRepository

COUNTS = (4_000, 40_000)
ROUNDS = 3
PATIENCE = 60.0


def run(place: Path, cache: Path) -> bool:
    """Measure, print, and give whether the limits are kept."""
    print("the app's first paint")
    taken: dict[int, list[tuple[float, float]]] = {count: [] for count in COUNTS}
    repositories = {}
    for count in COUNTS:
        repositories[count] = ModelRepository(place / f"models-{count}")
        tag_many(repositories[count], count)
    for number in range(ROUNDS + 1):
        for count, repository in repositories.items():
            seconds = paints(repository.path, ("Queue", f"1.{count}.0"), cache=cache)
            if number:
                taken[count].append((seconds[0], seconds[1]))
    few, many = (statistics.median(first for first, _ in taken[count]) for count in COUNTS)
    for count in COUNTS:
        first, rows = (statistics.median(each) * 1e3 for each in zip(*taken[count], strict=True))
        print(f"  {count:>6,} versions: the first frame {first:6.0f} ms, the newest version {rows:6.0f} ms")
    kept = judge("first paint with 4,000 versions, seconds", few, 1)
    return judge("first paint with 40,000 versions, times that", many / few, 1.25) and kept


def tag_many(repository: ModelRepository, count: int) -> None:
    """Lightweight tags churn@v1.N.0, each on a commit of its own. To make them one by one would take git minutes."""
    said = [
        b"commit refs/heads/main\nmark :%d\ncommitter R <r@example.com> %d +0000\n" % (number, START + number)
        + b"data 1\nv\nM 100644 inline metrics.json\ndata <<END\n{\"accuracy\": 0.%d}\nEND\n\n" % number
        for number in range(1, count + 1)
    ]
    marks = repository.path / "marks"
    repository.git("fast-import", "--quiet", "--date-format=raw", f"--export-marks={marks}", input=b"".join(said))
    named = (line.split() for line in marks.read_text().splitlines())
    refs = sorted(f"refs/tags/churn@v1.{mark[1:]}.0 {commit}" for mark, commit in named)
    lines = [f"{commit} {name}\n" for name, commit in (ref.split() for ref in refs)]
    header = "# pack-refs with: peeled fully-peeled sorted \n"
    (repository.path / ".git" / "packed-refs").write_text(header + "".join(lines))


def paints(repository: Path, sentinels: tuple[str, ...], *, cache: Path) -> tuple[float, ...]:
    """Seconds until the terminal shows each sentinel."""
    begun = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(cache), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
        os.execve(sys.executable, (sys.executable, "-m", "reviewtui", "-C", str(repository)), environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    try:
        return tuple(_read_until(terminal, [each.encode() for each in sentinels], begun=begun))
    finally:
        os.kill(child, signal.SIGTERM)
        os.close(terminal)
        os.waitpid(child, 0)


def _read_until(terminal: int, sentinels: list[bytes], *, begun: float) -> list[float]:
    seen, times = b"", dict.fromkeys(sentinels, 0.0)
    while not all(times.values()):
        ready, _, _ = select.select([terminal], [], [], max(0.0, begun + PATIENCE - time.perf_counter()))
        chunk = os.read(terminal, 1 << 16) if ready else b""
        if not chunk:
            raise SystemExit(f"The app never showed all of {sentinels}; the end of what it wrote: {seen[-500:]!r}")
        seen += chunk
        for sentinel in sentinels:
            if not times[sentinel] and sentinel in seen:
                times[sentinel] = time.perf_counter() - begun
    return [times[sentinel] for sentinel in sentinels]
