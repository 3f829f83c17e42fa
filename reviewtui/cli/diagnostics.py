"""All of stderr, and the exit status that goes with an error."""

from __future__ import annotations

import sys
from enum import IntEnum

from reviewtui.display import clean
from reviewtui.errors import (
    GitError,
    MalformedFileError,
    ReleaseRefusedError,
    ReviewTuiError,
    SigningError,
    UnknownVersionError,
)


class ExitCode(IntEnum):
    """The exit statuses of every command."""

    DONE = 0
    REFUSED = 1
    USAGE = 2
    REPOSITORY = 3
    SIGNING = 4
    INTERRUPTED = 130


def say(message: str) -> None:
    """Write one message for the person at the terminal."""
    sys.stderr.write(clean(message, keep_newlines=True) + "\n")
    sys.stderr.flush()


def report(error: ReviewTuiError) -> ExitCode:
    """Write an error and its hint to stderr, and give the exit status for it."""
    say(f"reviewtui: {error.message}")
    if isinstance(error, UnknownVersionError):
        for candidate in error.candidates:
            if candidate not in error.message:
                say(f"  {candidate}")
    if error.hint:
        say(error.hint)
    return exit_code(error)


def exit_code(error: ReviewTuiError) -> ExitCode:
    """The exit status for an error."""
    match error:
        case ReleaseRefusedError():
            return ExitCode.REFUSED
        case SigningError():
            return ExitCode.SIGNING
        case GitError() | MalformedFileError():
            return ExitCode.REPOSITORY
        case _:
            return ExitCode.USAGE
