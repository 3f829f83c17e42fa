"""A command of reviewtui in a process of its own that is forked, not started: it imports nothing that is imported yet.

A warm parent has imported what commands import, has asked nothing of it, and forks for each command.

1. The command has its own process, directory, environment, words and standard streams, and nothing of an earlier one.
2. It ends as an interpreter ends: what it leaves open is flushed, and an error that nobody expects is shown. But what
   the parent had imported is not freed, which takes six times as long as a small command.
3. What an interpreter looks at when it starts cannot be given later: who changes that starts a process instead.
"""

from __future__ import annotations

import atexit
import gc
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

_ROOT = Path(__file__).resolve().parent.parent
_AT_START = ("PYTHON", "LC_", "LANG", "LD_")


def run_command(words: Sequence[str], *, environment: Mapping[str, str], input: str) -> tuple[int, str, str]:
    """`reviewtui words…` in this directory: its exit status (or minus a signal), its output, and its errors."""
    with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        given.write(input.encode())
        given.seek(0)
        streams = [each.fileno() for each in (given, out, err)]
        status = _forked(words, environment, streams)
        if status is None:
            command = (sys.executable, "-m", "reviewtui", *words)
            status = subprocess.run(
                command, env=environment, stdin=given, stdout=out, stderr=err, check=False
            ).returncode
        out.seek(0)
        err.seek(0)
        return status, _text(out.read()), _text(err.read())


def _text(data: bytes) -> str:
    return data.decode().replace("\r\n", "\n").replace("\r", "\n")


def _forked(words: Sequence[str], environment: Mapping[str, str], streams: Sequence[int]) -> int | None:
    """The exit status, or nothing where a command is under way, or an interpreter would start in another way."""
    if not _TURN.acquire(blocking=False):
        return None
    try:
        if _Parent.of is None:
            _Parent.of = _Parent()
        return _Parent.of.run(words, environment, streams) if _Parent.of.starts_as(environment) else None
    finally:
        _TURN.release()


_TURN = threading.Lock()


class _Parent:
    """The warm parent, which takes its orders from a socket."""

    of: _Parent | None = None

    def __init__(self) -> None:
        self._start = _start_of(os.environ)
        self._socket, theirs = socket.socketpair()
        command = (sys.executable, "-m", "tests.forked", str(theirs.fileno()))
        self._process = subprocess.Popen(command, pass_fds=(theirs.fileno(),), cwd=_ROOT, stdin=subprocess.DEVNULL)
        theirs.close()
        atexit.register(self._close)

    def starts_as(self, environment: Mapping[str, str]) -> bool:
        return _start_of(environment) == self._start

    def run(self, words: Sequence[str], environment: Mapping[str, str], streams: Sequence[int]) -> int:
        order = json.dumps([os.getcwd(), list(words), dict(environment)]).encode()
        socket.send_fds(self._socket, [len(order).to_bytes(4, "big")], list(streams))
        self._socket.sendall(order)
        answer = self._socket.recv(16)
        assert answer, "the parent of the commands has ended"
        return int(answer)

    def _close(self) -> None:
        self._socket.close()
        self._process.wait()


def _start_of(environment: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in environment.items() if name.startswith(_AT_START)}


def _serve(orders: socket.socket) -> int:
    """Fork for each order. Gives the exit status of the command in a child, 0 in the parent once nobody asks."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        length, streams, _, _ = socket.recv_fds(orders, 4, 3)
        if not length:
            return 0
        directory, words, environment = json.loads(_received(orders, int.from_bytes(length, "big")))
        child = os.fork()
        if not child:
            orders.close()
            _take_over(directory, environment, streams)
            _end(_run(words))
        for each in streams:
            os.close(each)
        _, status = os.waitpid(child, 0)
        orders.sendall(b"%d" % os.waitstatus_to_exitcode(status))


def _received(orders: socket.socket, length: int) -> bytes:
    data = b""
    while len(data) < length:
        data += orders.recv(length - len(data))
    return data


def _take_over(directory: str, environment: Mapping[str, str], streams: Sequence[int]) -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, given in enumerate(streams):
        os.dup2(given, number)
        os.close(given)
    os.environ.clear()
    os.environ.update(environment)
    time.tzset()
    os.chdir(directory)
    sys.stdin = open(0, errors="surrogateescape", closefd=False)  # noqa: SIM115 (as an interpreter opens them)
    sys.stdout = open(1, "w", errors="surrogateescape", closefd=False)  # noqa: SIM115
    sys.stderr = open(2, "w", errors="backslashreplace", closefd=False)  # noqa: SIM115


def _run(words: list[str]) -> int:
    import reviewtui.__main__

    sys.argv = [str(reviewtui.__main__.__file__), *words]
    return reviewtui.__main__.main()


def _end(status: int) -> NoReturn:
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    gc.collect()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _import_what_commands_import() -> None:
    import importlib
    import pkgutil

    import reviewtui

    for module in pkgutil.walk_packages(reviewtui.__path__, "reviewtui."):
        if not module.name.startswith(("reviewtui.tui", "reviewtui.export.verifier")):
            importlib.import_module(module.name)
    importlib.import_module("cryptography.hazmat.primitives.asymmetric.ed25519")
    # GitPython looks for its git when it is imported: that has to wait for the command's own PATH.
    assert "git" not in sys.modules
    gc.freeze()


if __name__ == "__main__":
    _import_what_commands_import()
    sys.exit(_serve(socket.socket(fileno=int(sys.argv[1]))))
