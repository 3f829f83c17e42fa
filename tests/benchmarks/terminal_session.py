"""AppInTerminal: the app in a pseudo-terminal; keys are sent, and the frames it paints are timed.

1. The terminal says that it can hold back a frame until it is whole (mode 2026), so that each frame has an end.
2. A key is answered when the first frame has ended that holds what is waited for, or the first frame at all.
3. `wait` is how long the process stood ready while the processors did something else: that is not the app's doing.
"""

from __future__ import annotations

import fcntl
import json
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.measuring import ROOT

PATIENCE = 120.0
QUIET = 0.2
_FRAME_END = b"\x1b[?2026l"
_ASKS_FOR_FRAMES, _HAS_FRAMES = b"\x1b[?2026$p", b"\x1b[?2026;2$y"
_STYLING = re.compile(r"\x1b\[[0-9;?]*[A-Za-z$]")


class EndedError(Exception):
    """The app has ended; with the last that it wrote."""


@dataclass(frozen=True, slots=True)
class Answer:
    """Seconds from a key to its frame: on the clock, at work, and without the waiting for a processor; and seconds
    until the screen came to rest."""

    clock: float
    work: float
    own: float
    rest: float


@dataclass(frozen=True, slots=True)
class Report:
    """(when, seconds) of every stall of the event loop, and the most bytes held."""

    stalls: tuple[tuple[float, float], ...]
    peak: int


class AppInTerminal:
    """One running app. Use `running`."""

    def __init__(self, child: int, terminal: int, report: Path) -> None:
        self._child = child
        self._terminal = terminal
        self._report = report
        self._seen = b""
        self.begun = time.perf_counter()

    def press(self, keys: bytes, *, until: str = "", quiet: float = QUIET) -> Answer:
        """Send keys; what they cost until a frame holds `until` (a regular expression)."""
        self._seen = b""
        begun = time.perf_counter()
        worked, waited = _processor(self._child)
        os.write(self._terminal, keys)
        clock = self._until(until, begun)
        work, wait = _processor(self._child)
        rest = self.rest(quiet)
        return Answer(clock, work - worked, max(0.0, clock - (wait - waited)), rest - begun)

    def wait_for(self, until: str) -> float:
        """Seconds from the start of the process to the end of the frame that holds it."""
        return self._until(until, self.begun)

    def rest(self, quiet: float = QUIET) -> float:
        """Wait until nothing was painted for a while; when the last frame was."""
        begun = last = time.perf_counter()
        while select.select([self._terminal], [], [], quiet)[0]:
            self._read()
            last = time.perf_counter()
            if last - begun > PATIENCE:
                raise SystemExit("The app never came to rest.")
        return last

    def end(self) -> Report:
        """Leave the app; what it has noted of itself until then."""
        leaving = time.perf_counter()
        os.write(self._terminal, b"\x11")
        try:
            while True:
                self._read()
        except EndedError:
            pass
        told = json.loads(self._report.read_text())
        return Report(tuple((when, late) for when, late in told["stalls"] if when - late < leaving), told["peak"])

    def _until(self, wanted: str, begun: float) -> float:
        pattern = re.compile(wanted)
        while True:
            frames, end, _ = self._seen.rpartition(_FRAME_END)
            if end and pattern.search(_STYLING.sub("", frames.decode("utf-8", "replace"))):
                return time.perf_counter() - begun
            if not select.select([self._terminal], [], [], max(0.0, begun + PATIENCE - time.perf_counter()))[0]:
                raise SystemExit(f"The app never showed {wanted!r}; the end of what it wrote: {self._seen[-800:]!r}")
            self._read()

    def _read(self) -> None:
        try:
            chunk = os.read(self._terminal, 1 << 16)
        except OSError as gone:  # The other end of a pseudo-terminal is gone with the process.
            raise EndedError(self._seen.decode(errors="replace")[-2000:]) from gone
        if _ASKS_FOR_FRAMES in chunk:
            os.write(self._terminal, _HAS_FRAMES)
        self._seen += chunk


@contextmanager
def running(
    repository: Path, place: Path, *, cache: Path, rows: int = 36, columns: int = 120
) -> Iterator[AppInTerminal]:
    """The app on a repository; `place` is for what it tells when it ends."""
    report = place / f"report-{repository.name}.json"
    words = (sys.executable, "-m", "tests.benchmarks.watched_app", str(repository), str(report))
    child, terminal = pty.fork()
    if child == 0:
        environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        environment |= {"PYTHONPYCACHEPREFIX": str(cache), "PYTHONPATH": str(ROOT), "TERM": "xterm-256color"}
        os.execve(sys.executable, words, environment)
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
    try:
        yield AppInTerminal(child, terminal, report)
    finally:
        os.close(terminal)
        os.waitpid(child, 0)


def _processor(process: int) -> tuple[float, float]:
    """(seconds that its threads worked, seconds that its first thread stood in the queue of a processor)."""
    clock = (~process << 3) | 2  # The clock of another process's work, as clock_getcpuclockid(3) makes it.
    queued = int(Path(f"/proc/{process}/schedstat").read_text().split()[1])
    return time.clock_gettime(clock), queued / 1e9
