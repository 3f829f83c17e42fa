"""Other programs on the terminal: the user's editor and pager, on a copy or a draft; never on a working tree."""

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
_CUT = "# ------------------------ >8 ------------------------"
"""As git commit has it: the line, and all below it, is no part of the text."""
_LARGEST = 128 * 1024
"""Bytes of an edited comment that are read; a record holds half of that."""


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
        _run(app, [*command, *_line_option(command[0], line), str(file)])


def edit_text(app: App[int], command: Sequence[str], *, text: str, below: Sequence[str]) -> str:
    """Let the user's editor change a text, and give what became of it; `below` is shown there and cut off again.

    Raises: ReviewTuiError where the editor cannot be started, says that it failed, or leaves what is no text.
    """
    with tempfile.TemporaryDirectory(prefix="reviewtui-") as folder:
        file = Path(folder) / "REVIEW_COMMENT"
        told = "".join(f"# {one}\n" for one in below)
        file.write_text(f"{text.rstrip()}\n\n{_CUT}\n{told}", encoding="utf-8")
        status = _run(app, [*command, str(file)])
        if status:
            raise ReviewTuiError(f"{command[0]} ended with status {status}; the comment is what it was.")
        try:
            with file.open("rb") as stream:
                written = stream.read(_LARGEST).decode("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise ReviewTuiError(f"{command[0]} left no text behind; the comment is what it was.") from error
    return written.replace("\r\n", "\n").partition(_CUT)[0].strip()


def _run(app: App[int], words: Sequence[str]) -> int:
    """Give the terminal away, and take it back. Raises: ReviewTuiError."""
    with app.suspend(), ctrl_c_spares_us():
        try:
            return subprocess.run(words, check=False, env=_environment()).returncode
        except OSError as error:
            reason = error.strerror or "it cannot be run"
            raise ReviewTuiError(f"{words[0]} could not be started: {reason}.") from error


def _line_option(program: str, line: int | None) -> list[str]:
    name = os.path.basename(program)
    return [f"+{line}"] if line is not None and name in _TAKES_LINE else []


def _environment() -> dict[str, str]:
    """What is shown is a stranger's text: less shows its controls as text, and starts nothing else."""
    return {**os.environ, "LESSSECURE": "1", "LESS": os.environ.get("LESS", "").replace("-R", "").replace("-r", "")}
