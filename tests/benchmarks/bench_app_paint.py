"""The app's first paint: from the start of the process to the newest version on the screen, in a real terminal."""

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
from tests.model_repository import ModelRepository

COUNTS = (4_000, 40_000)
ROUNDS = 5
PATIENCE = 60.0


def run(place: Path, cache: Path) -> bool:
    """Measure, print, and give whether the limits are kept."""
    print("the app's first paint")
    taken: dict[int, list[float]] = {count: [] for count in COUNTS}
    repositories = {}
    for count in COUNTS:
        repositories[count] = ModelRepository(place / str(count))
        repositories[count].many_tags(count)
        repositories[count].git("repack", "-adq")
    for number in range(ROUNDS + 1):
        for count, repository in repositories.items():
            seconds = first_paint(repository.path, f"1.{count}.0", cache=cache)
            if number:
                taken[count].append(seconds)
    few, many = (statistics.median(taken[count]) for count in COUNTS)
    for count in COUNTS:
        print(f"  {count:>6,} versions {statistics.median(taken[count]) * 1e3:9.0f} ms")
    kept = judge("first paint with 4,000 versions, seconds", few, 1)
    return judge("first paint with 40,000 versions, times that", many / few, 1.25) and kept


def first_paint(repository: Path, sentinel: str, *, cache: Path) -> float:
    """Seconds until the terminal shows the sentinel."""
    begun = time.perf_counter()
    child, terminal = pty.fork()
    if child == 0:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(cache), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
        os.execve(sys.executable, (sys.executable, "-m", "reviewtui", "-C", str(repository)), environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 30, 100, 0, 0))
    try:
        _read_until(terminal, sentinel.encode(), deadline=begun + PATIENCE)
        return time.perf_counter() - begun
    finally:
        os.kill(child, signal.SIGTERM)
        os.close(terminal)
        os.waitpid(child, 0)


def _read_until(terminal: int, sentinel: bytes, *, deadline: float) -> None:
    seen = b""
    while sentinel not in seen:
        ready, _, _ = select.select([terminal], [], [], max(0.0, deadline - time.perf_counter()))
        chunk = os.read(terminal, 1 << 16) if ready else b""
        if not chunk:
            raise SystemExit(f"The app never showed {sentinel.decode()}; the end of what it wrote: {seen[-500:]!r}")
        seen += chunk
