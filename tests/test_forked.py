"""A command that is forked gives what the same command gives when Python starts for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import churn_repository
from tests.forked import run_command


@pytest.mark.parametrize("words", [("--help",), ("frobnicate",), ("list", "--json"), ("gate", "churn@1.1.0"), ()])
def test_a_forked_command_answers_as_a_started_one(words: tuple[str, ...], tmp_path: Path) -> None:
    place = churn_repository(tmp_path / "models").path
    command = (sys.executable, "-m", "reviewtui", "-C", str(place), *words)
    started = subprocess.run(command, input="", capture_output=True, text=True, check=False)
    forked = run_command(command[3:], environment=os.environ, input="")
    assert forked == (started.returncode, started.stdout, started.stderr)


def test_one_command_leaves_nothing_behind_for_the_next(tmp_path: Path) -> None:
    place = str(churn_repository(tmp_path / "models").path)
    empty = {**os.environ, "PATH": str(tmp_path)}
    answers = [run_command(("-C", place, "list"), environment=each, input="") for each in (os.environ, empty) * 2]
    assert answers[0] == answers[2] and answers[0][0] == 0
    assert answers[1] == answers[3] and answers[1][0] != 0
