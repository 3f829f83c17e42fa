"""The app with a pulse: it notes how long its event loop did not answer, and tells it when it ends."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from reviewtui import tui
from reviewtui.project import Project
from reviewtui.tui.app import ReviewApp

BEAT = 0.005
NOTED = 0.01


class WatchedApp(ReviewApp):
    """The app itself; `stalls` are (when, seconds) of every beat that came late."""

    CSS_PATH = Path(tui.__file__).with_name("review.tcss")

    def on_load(self) -> None:
        self.stalls: list[tuple[float, float]] = []
        self.pulse = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        before = time.perf_counter()
        while True:
            await asyncio.sleep(BEAT)
            now = time.perf_counter()
            if now - before - BEAT > NOTED:
                self.stalls.append((now, now - before - BEAT))
            before = now


def peak_memory() -> int:
    """The most bytes that this process ever held; what its parent held before it does not count."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return 0


def main() -> None:
    """`python -m tests.benchmarks.watched_app REPOSITORY FILE`: FILE gets the stalls and the peak of the memory."""
    app = WatchedApp(lambda: Project.open(Path(sys.argv[1])))
    app.run()
    Path(sys.argv[2]).write_text(json.dumps({"stalls": app.stalls, "peak": peak_memory()}))


if __name__ == "__main__":
    main()
