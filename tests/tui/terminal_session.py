"""TerminalSession: a real terminal (tmux, a server of its own) with a shell in it, in which the app is started."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path

PATIENCE = 90.0
"""Seconds until what is waited for counts as never coming; a busy machine is slow."""
BETWEEN_LOOKS = 0.05
PROMPT = "shell>"
ROOT = Path(__file__).resolve().parent.parent.parent


def program() -> str:
    """The words that start the program: the installed one where there is one beside this Python, else the module."""
    installed = Path(sys.executable).with_name("reviewtui")
    return str(installed) if installed.exists() else f"{shlex.quote(sys.executable)} -m reviewtui"


class TerminalSession:
    """One terminal of some size. Neither the user's tmux nor the user's settings of it and of the shell are touched."""

    def __init__(self, home: Path, *, size: tuple[int, int], environment: Mapping[str, str]) -> None:
        self._socket = Path(tempfile.mkdtemp(prefix="reviewtui-tmux-"))
        words = {
            "HOME": str(home),
            "PATH": os.environ["PATH"],
            "LC_ALL": "C.UTF-8",
            "TERM": "xterm-256color",
            "TZ": "UTC",
            "PS1": f"{PROMPT} ",
            "PYTHONPATH": str(ROOT),
            **{name: value for name, value in os.environ.items() if name.startswith(("GIT_", "PYTHONPYCACHE"))},
            **environment,
        }
        self._environment = {**words, "TMUX_TMPDIR": str(self._socket)}
        shell = shlex.join(["env", "-i", *(f"{name}={value}" for name, value in words.items())])
        width, height = size
        self._tmux(
            "new-session",
            "-d",
            "-x",
            str(width),
            "-y",
            str(height),
            f"{shell} TERM=tmux-256color bash --norc --noprofile",
        )
        self.wait_for(PROMPT)

    def close(self) -> None:
        """End the terminal and all that runs in it."""
        self._tmux("kill-server", check=False)
        shutil.rmtree(self._socket)

    def _tmux(self, *words: str, check: bool = True) -> str:
        command = ("tmux", "-u", "-L", "reviewtui-test", "-f", os.devnull, *words)
        done = subprocess.run(command, env=self._environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0 or not check, f"{words}: {done.stderr}"
        return done.stdout

    # At the keyboard, with the mouse, at the window's edge

    def enter(self, line: str) -> None:
        """Type a line and the Enter key."""
        self.write(line)
        self.press("Enter")

    def write(self, text: str) -> None:
        """Type characters, or send bytes that a terminal would."""
        self._tmux("send-keys", "-l", "--", text)

    def press(self, *keys: str) -> None:
        """Press keys by tmux's names of them."""
        self._tmux("send-keys", *keys)

    def click(self, x: int, y: int) -> None:
        """Press and release the left button on a cell, both counted from 0, as terminals report it (SGR)."""
        self.write(f"\x1b[<0;{x + 1};{y + 1}M\x1b[<0;{x + 1};{y + 1}m")

    def resize(self, width: int, height: int) -> None:
        self._tmux("resize-window", "-x", str(width), "-y", str(height))

    # Before the screen

    def screen(self) -> str:
        """What stands on the screen."""
        return self._tmux("capture-pane", "-p")

    def place_of(self, text: str) -> tuple[int, int]:
        """The column and the row at which a text begins."""
        for y, line in enumerate(self.screen().splitlines()):
            if text in line:
                return line.index(text), y
        raise AssertionError(f"{text!r} is not on the screen:\n{self.screen()}")

    def wait_for(self, *texts: str, without: tuple[str, ...] = ()) -> str:
        """The screen, once it holds all these texts and none of those."""
        return self.wait_until(
            lambda screen: all(text in screen for text in texts) and not any(text in screen for text in without),
            f"{texts} without {without}",
        )

    def wait_until(self, holds: Callable[[str], bool], what: str) -> str:
        """The screen, once something holds of it."""
        deadline = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            if holds(screen):
                return screen
            if time.monotonic() > deadline:
                raise AssertionError(f"never seen: {what}. The screen is:\n{screen}")
            time.sleep(BETWEEN_LOOKS)
