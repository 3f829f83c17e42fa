"""Words → command: parse, run, and turn every expected error into a sentence and an exit status."""

from __future__ import annotations

import gc
import signal
import sys
from argparse import Namespace
from pathlib import Path

from reviewtui.cli.diagnostics import ExitCode, report, say
from reviewtui.errors import ReviewTuiError


def run(words: list[str]) -> int:
    """Run one command line and return its exit status."""
    from reviewtui.cli.parser import build_parser

    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    arguments = build_parser().parse_args(words)
    try:
        if arguments.run is None:
            return open_app(Path(arguments.directory))
        return _run_command(arguments)
    except ReviewTuiError as error:
        return report(error)
    except KeyboardInterrupt:
        say("interrupted")
        return ExitCode.INTERRUPTED


def _run_command(arguments: Namespace) -> int:
    # A command ends soon and frees all it holds at once; to search thousands of versions for cycles only takes time.
    collects = gc.isenabled()
    gc.disable()
    try:
        return int(arguments.run(arguments))
    finally:
        if collects:
            gc.enable()


def open_app(directory: Path) -> int:
    """Open the app on a repository; where there is no terminal, say which command shows the same."""
    import os

    if not (sys.stdin.isatty() and sys.stdout.isatty()) or os.environ.get("TERM") == "dumb":
        say(
            "reviewtui: the app needs a terminal; reviewtui list shows the versions as text, reviewtui --help the rest."
        )
        return ExitCode.USAGE
    from reviewtui.project import Project
    from reviewtui.tui.app import ReviewApp

    project = Project.open(directory)
    try:
        app = ReviewApp.for_person(lambda: project, repository=project.repository.common_dir)
        return app.run() or ExitCode.DONE
    finally:
        project.repository.close()
