"""The installed program in a real terminal: resized, suspended, interrupted, left for other programs, clicked on."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewtui.demo import build_demo
from tests.tui.terminal_session import PROMPT, TerminalSession, program

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed."),
    pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed."),
]

WIDE = (120, 36)
WAITING = "churn@1.4.0"
FOOT = "? Help"
"""What stands in the last line of a screen that is whole."""
PASSPHRASE = "correct horse"


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_demo(tmp_path_factory.mktemp("terminal") / "models")


@pytest.fixture
def terminal(hermetic_git: Path) -> Iterator[TerminalSession]:
    """A terminal at its shell's prompt; its editor is a script that tells what it was given, and waits for Enter."""
    editor = hermetic_git / "editor"
    editor.write_text(
        '#!/bin/sh\nclear\nfor file; do :; done\ncp "$file" "$HOME/edited"\n'
        'if [ -w "$file" ]; then { echo "Written outside."; cat "$HOME/edited"; } > "$file"; fi\n'
        'echo "THE EDITOR HAS $(basename "$file")"; read -r answer\n'
    )
    editor.chmod(0o755)
    session = TerminalSession(hermetic_git, size=WIDE, environment={"EDITOR": str(editor), "VISUAL": ""})
    yield session
    session.close()


def started(terminal: TerminalSession, repository: Path) -> str:
    """The app's first whole screen, come to rest: the gate was asked about what waits, and what waits longest for the
    reader is under the cursor."""
    terminal.enter(f"clear; {program()} -C {repository}; echo left with $?")
    return terminal.wait_for("Queue 4", f"{WAITING}  against", "GATE", FOOT, without=("reading", "GATE  …", PROMPT))


def has_left(terminal: TerminalSession) -> str:
    return terminal.wait_for("left with 0", PROMPT, without=(FOOT,))


def test_the_screen_follows_the_terminal_down_to_too_small_and_back(terminal: TerminalSession, demo: Path) -> None:
    first = started(terminal, demo)
    terminal.resize(80, 24)
    small = terminal.wait_until(
        lambda screen: "1 Queue 4" in screen and FOOT in screen.splitlines()[-1] and "│" not in screen,
        "a screen of 80x24",
    )
    assert max(map(len, small.splitlines())) <= 80
    terminal.resize(50, 12)
    terminal.wait_for("reviewtui needs 60x16", without=(FOOT, WAITING))
    terminal.resize(200, 60)
    large = terminal.wait_until(lambda screen: len(screen.splitlines()) == 60 and FOOT in screen, "a screen of 200x60")
    assert "│" in large and WAITING in large
    terminal.resize(*WIDE)
    terminal.wait_until(lambda screen: screen == first, "the first screen again")
    terminal.press("q")
    has_left(terminal)


def test_ctrl_z_gives_the_shell_and_fg_gives_the_whole_screen_back(terminal: TerminalSession, demo: Path) -> None:
    first = started(terminal, demo)
    terminal.press("C-z")
    terminal.wait_for("Stopped", PROMPT, without=(FOOT,))
    terminal.enter("echo the shell is $((40 + 2)) here")
    terminal.wait_for("the shell is 42 here")
    terminal.enter("clear; fg; echo left with $?")
    terminal.wait_until(lambda screen: screen == first, "the first screen again")
    terminal.press("2")
    terminal.wait_for("churn@1.0.0", FOOT)
    terminal.press("C-q")
    has_left(terminal)


def test_ctrl_c_says_how_to_leave_and_leaves_nothing_undone(terminal: TerminalSession, demo: Path) -> None:
    started(terminal, demo)
    terminal.press("C-c")
    terminal.wait_for("ctrl+q leaves the app.", WAITING, FOOT)
    terminal.press("C-q")
    has_left(terminal)
    # The shell's line is read as before: echoed, and ended by Enter.
    terminal.enter("echo still $((6 * 7))")
    terminal.wait_for("echo still", "still 42")


def test_keys_that_are_pressed_fast_go_to_the_screens_they_are_meant_for(terminal: TerminalSession, demo: Path) -> None:
    started(terminal, demo)
    terminal.press("Enter", "3")
    terminal.wait_for("churn@1.4.0  ⟵ churn@1.3.0", "METRIC", FOOT)
    terminal.press("q", "2", "Home", "Enter", "2", "q", "C-q")
    has_left(terminal)


def test_the_editor_gets_a_copy_of_the_file_and_the_app_is_as_it_was(
    terminal: TerminalSession, demo: Path, hermetic_git: Path
) -> None:
    started(terminal, demo)
    terminal.press("Enter", "2")
    terminal.wait_for("train.learning_rate", FOOT)
    terminal.press("n", "e")
    terminal.wait_for("THE EDITOR HAS", "params.yaml", without=(FOOT,))
    assert b"learning_rate: 0.05" in (hermetic_git / "edited").read_bytes()
    terminal.press("Enter")
    terminal.wait_for("train.learning_rate", "read-only copy", FOOT, without=("THE EDITOR",))
    terminal.press("C-q")
    has_left(terminal)
    status = subprocess.run(("git", "status", "--porcelain"), cwd=demo, capture_output=True, check=True)
    assert status.stdout == b""


def test_a_comment_is_written_in_the_editor_and_signed_as_it_was_left(
    terminal: TerminalSession, demo: Path, hermetic_git: Path
) -> None:
    started(terminal, demo)
    terminal.press("Enter")
    terminal.wait_for("CONFIG", "J Next version", FOOT, without=("reading", "GATE  …"))
    terminal.press("m")
    terminal.wait_for("Comment on", "^o")
    terminal.press("C-o")
    terminal.wait_for("THE EDITOR HAS", "REVIEW_COMMENT", without=("Comment on",))
    assert b">8" in (hermetic_git / "edited").read_bytes()
    terminal.press("Enter")
    terminal.wait_for("Comment on", "Written outside.", "The comment is as you left it", without=("THE EDITOR", ">8"))
    terminal.press("Escape")
    terminal.press("C-q")
    has_left(terminal)


def test_a_click_chooses_a_tab_and_two_open_a_row(terminal: TerminalSession, demo: Path) -> None:
    started(terminal, demo)
    terminal.click(*terminal.place_of("2 Versions"))
    # What is about to be clicked on has come to rest: the states are read, and the preview of the first row is there.
    terminal.wait_for("churn@1.0.0", "released-unreviewed", "against churn@1.3.0", "METRICS", without=("reading",))
    row = terminal.place_of("churn@1.3.0 ")
    terminal.click(*row)
    terminal.wait_for("churn@1.3.0  against churn@1.2.0")
    terminal.click(*row)
    terminal.click(*row)
    terminal.wait_for("1 Summary", "churn@1.3.0  ⟵ churn@1.2.0")
    terminal.click(*terminal.place_of("3 Metrics"))
    terminal.wait_for("METRIC", "roc_auc")
    terminal.click(*terminal.place_of("q Back"))
    terminal.wait_for("1 Queue 4", "released-unreviewed")
    terminal.press("C-q")
    has_left(terminal)


# A key with a passphrase


@pytest.fixture
def locked(demo: Path, tmp_path: Path) -> Path:
    """A copy of the sample whose visitor's key has a passphrase; no agent holds it."""
    copy = tmp_path / "models"
    shutil.copytree(demo, copy)
    key = copy / ".git" / "demo-keys" / "dana"
    subprocess.run(("ssh-keygen", "-q", "-p", "-P", "", "-N", PASSPHRASE, "-f", str(key)), check=True)
    subprocess.run(("git", "config", "user.signingkey", f"{key}.pub"), cwd=copy, check=True)
    return copy


def asked_for_the_passphrase(terminal: TerminalSession, repository: Path) -> None:
    started(terminal, repository)
    terminal.press("a")
    before = bytes_to_sign(terminal.wait_for("Approve", "Exactly these"))
    terminal.write("Fine.")
    terminal.wait_until(lambda screen: bytes_to_sign(screen) not in ("", before), "the statement with the comment")
    terminal.press("C-s")
    terminal.wait_for("reviewtui: signing.", "Enter passphrase", without=("Exactly these",))


def bytes_to_sign(screen: str) -> str:
    """How many bytes the dialog says are signed; "" while it says nothing of it."""
    found = re.search(r"Exactly these ([\d,]+) bytes are signed", screen)
    return found[1] if found else ""


def records(repository: Path) -> int:
    listed = subprocess.run(
        ("git", "log", "--oneline", "refs/notes/reviewtui/reviews"), cwd=repository, capture_output=True, check=True
    )
    return len(listed.stdout.splitlines())


def test_a_passphrase_is_asked_for_on_the_terminal_and_the_app_comes_back(
    terminal: TerminalSession, locked: Path
) -> None:
    before = records(locked)
    asked_for_the_passphrase(terminal, locked)
    terminal.enter(PASSPHRASE)
    screen = terminal.wait_for("Recorded: approve churn@1.4.0", FOOT, without=("passphrase",))
    assert PASSPHRASE not in screen
    assert records(locked) == before + 1
    terminal.press("2")
    terminal.wait_for("churn@1.0.0", FOOT)
    terminal.press("C-q")
    assert PASSPHRASE not in has_left(terminal)


def test_ctrl_c_at_the_passphrase_signs_nothing_and_keeps_app_and_comment(
    terminal: TerminalSession, locked: Path
) -> None:
    before = records(locked)
    asked_for_the_passphrase(terminal, locked)
    terminal.press("C-c")
    terminal.wait_for("✗", "Fine.", "esc Cancel", without=("Enter passphrase",))
    assert records(locked) == before
    terminal.press("Escape")
    terminal.wait_for("1 Queue 4", WAITING, FOOT)
    terminal.press("C-q")
    has_left(terminal)
