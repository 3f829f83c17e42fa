"""What is imported when: a command never pays for the app, and the version never pays for anything."""

from __future__ import annotations

import subprocess
import sys


def modules_after(statement: str) -> set[str]:
    """The modules that a fresh interpreter holds after a statement."""
    code = f"{statement}\nimport sys\nprint('\\n'.join(sys.modules))"
    done = subprocess.run((sys.executable, "-c", code), capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_the_command_line_loads_no_app_and_nothing_slow() -> None:
    loaded = modules_after("import reviewtui.cli.run, reviewtui.cli.parser")
    assert not loaded & {"textual", "rich", "git", "deepdiff", "cryptography", "numpy"}


def test_the_version_is_printed_without_the_command_line() -> None:
    loaded = modules_after("import reviewtui.__main__ as m; m.main(['--version'])")
    assert not loaded & {"argparse", "yaml", "reviewtui.cli", "subprocess", "json"}
