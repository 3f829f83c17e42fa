"""Turns: one push at a time, until its refs have moved.

A hook ends before Git moves the refs that it allowed. So a push leaves behind what it is about to do; the next one
waits until that is done, or can no longer happen. Nobody is ever judged by what is just about to change.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO

from reviewtui.errors import GitError, RefChangedError
from reviewtui.git.repository import Repository
from reviewtui.git.state import share, state_directory
from reviewtui.git.updates import RefUpdate
from reviewtui.values import dataclass

PATIENCE = 30.0
"""Seconds that a push waits for another before it is refused."""
GRACE = 2.0
"""Seconds that Git has for moving the refs of a push whose own process is not known."""

_PAUSE = 0.01
_LEVELS = 12
_BUSY = "Another push to this repository is under way."


@dataclass(frozen=True, slots=True)
class Turn:
    """The right to judge a push. `leave(updates)` says what will happen next; without it nothing will."""

    _marker: Path
    _waits_for: int

    def leave(self, updates: tuple[RefUpdate, ...]) -> None:
        """Say which refs are about to move. Raises: GitError where that cannot be written down."""
        told = {
            "process": self._waits_for,
            "started": _started(self._waits_for),
            "quarantine": os.environ.get("GIT_QUARANTINE_PATH", ""),
            "updates": [[update.ref, update.new or ""] for update in updates],
        }
        draft = self._marker.with_suffix(".new")
        try:
            draft.write_text(json.dumps(told), encoding="utf-8", errors="surrogateescape")
            share(draft)
            os.replace(draft, self._marker)
        except OSError as error:
            raise GitError(f"{self._marker} could not be written: {error.strerror}.") from error


@contextlib.contextmanager
def take_turn(
    repository: Repository, *, patience: float = PATIENCE, now: Callable[[], float] = time.monotonic
) -> Iterator[Turn]:
    """Wait until no other push is judged or carried out, and keep others waiting meanwhile.

    Raises: RefChangedError where that takes longer than `patience` seconds; GitError.
    """
    import fcntl

    directory = state_directory(repository)
    try:
        lock: IO[bytes] = (directory / "lock").open("ab")
        share(directory / "lock")
    except OSError as error:
        raise GitError(f"{directory} cannot be written to: {error.strerror}.") from error
    end = now() + patience
    with lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                _pause(end, now)
        marker = directory / "pending"
        while _is_pending(repository, marker):
            _pause(end, now)
        marker.unlink(missing_ok=True)
        yield Turn(marker, receiving_process(os.getppid()))


def receiving_process(process: int) -> int:
    """The receive-pack that waits for a hook, however many scripts stand between; 0 where there is none to be seen.

    Some servers run hooks from a process that never ends, which is not to be waited for.
    """
    for _ in range(_LEVELS):
        try:
            words = Path(f"/proc/{process}/cmdline").read_bytes()
            status = Path(f"/proc/{process}/stat").read_text("ascii", "replace")
        except OSError:
            break
        if _receives(words):
            return process
        process = int(status.rpartition(")")[2].split()[1])
    return 0


def _receives(words: bytes) -> bool:
    """Whether these are the words of a receive-pack: its own, not those of a path that it or another was given."""
    program, _, rest = words.partition(b"\0")
    name = program.rpartition(b"/")[2]
    return name == b"git-receive-pack" or (name == b"git" and rest.partition(b"\0")[0] == b"receive-pack")


def _pause(end: float, now: Callable[[], float]) -> None:
    if now() > end:
        raise RefChangedError(_BUSY, hint="Push again in a moment.")
    time.sleep(_PAUSE)


def _is_pending(repository: Repository, marker: Path) -> bool:
    """Whether the refs of the last push that was allowed may still move."""
    try:
        told = json.loads(marker.read_text(encoding="utf-8", errors="surrogateescape"))
        process, started, quarantine = int(told["process"]), str(told["started"]), str(told["quarantine"])
        updates = [(str(ref), str(new)) for ref, new in told["updates"]]
        modified = marker.stat().st_mtime
    except FileNotFoundError:
        return False
    except (OSError, ValueError, KeyError, TypeError):
        return False  # Half a marker is left by a crash, before anything was allowed.
    if not (_is_alive(process, started) if process else _may_go_on(modified, quarantine)):
        return False
    return any((repository.ref(ref) or "") != new for ref, new in updates)


def _may_go_on(since: float, quarantine: str) -> bool:
    """Whether a push whose process is not known may still be under way: its objects wait, or waited a moment ago."""
    age = time.time() - since
    return age < GRACE or (age < PATIENCE and bool(quarantine) and os.path.isdir(quarantine))


def _is_alive(process: int, started: str) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        pass
    return _started(process) == started


def _started(process: int) -> str:
    """When a process began, so that another one with the same number is told apart; "" where that is not known."""
    try:
        return Path(f"/proc/{process}/stat").read_text("ascii", "replace").rpartition(")")[2].split()[19]
    except OSError:
        return ""
