"""Other programs on the terminal: the user's editor and pager, on a read-only copy; never on a working tree."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from textual.app import App

from reviewtui.errors import ReviewTuiError
from reviewtui.tui.asking import ctrl_c_spares_us

_TAKES_LINE = frozenset(("vi", "vim", "nvim", "nano", "emacs", "emacsclient", "micro", "kak", "less", "more", "most"))
_UNSAFE_IN_NAME = re.compile(r"[^\w.-]+")


def editor_command(environment: Mapping[str, str], *, chosen: str = "") -> tuple[str, ...]:
    """The words that start the user's editor. `chosen` is what the settings file says."""
    return _first_there((chosen, environment.get("VISUAL", ""), environment.get("EDITOR", ""), "vi", "nano"))


def pager_command(environment: Mapping[str, str], *, chosen: str = "") -> tuple[str, ...]:
    """The words that start the user's pager."""
    return _first_there((chosen, environment.get("PAGER", ""), "less", "more"))


def _first_there(candidates: Sequence[str]) -> tuple[str, ...]:
    for candidate in candidates:
        try:
            words = tuple(shlex.split(candidate))
        except ValueError:
            continue
        if words and shutil.which(words[0]):
            return words
    return ()


def show_copy(app: App[int], command: Sequence[str], *, name: str, content: bytes, line: int | None = None) -> None:
    """Give the terminal to a program that shows a read-only copy of some bytes, and take it back when it ends.

    Raises: ReviewTuiError where the program cannot be started.
    """
    with tempfile.TemporaryDirectory(prefix="reviewtui-") as folder:
        file = Path(folder) / (_UNSAFE_IN_NAME.sub("_", name).strip(".")[-80:] or "file")
        file.write_bytes(content)
        file.chmod(0o400)
        words = [*command, *_line_option(command[0], line), str(file)]
        with app.suspend(), ctrl_c_spares_us():
            try:
                subprocess.run(words, check=False, env=_environment())
            except OSError as error:
                reason = error.strerror or "it cannot be run"
                raise ReviewTuiError(f"{command[0]} could not be started: {reason}.") from error


def _line_option(program: str, line: int | None) -> list[str]:
    name = os.path.basename(program)
    return [f"+{line}"] if line is not None and name in _TAKES_LINE else []


def _environment() -> dict[str, str]:
    """What is shown is a stranger's text: less shows its controls as text, and starts nothing else."""
    return {**os.environ, "LESSSECURE": "1", "LESS": os.environ.get("LESS", "").replace("-R", "").replace("-r", "")}
