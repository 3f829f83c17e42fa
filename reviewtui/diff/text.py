"""Texts compared line by line, within bounds."""

from __future__ import annotations

import difflib

MOST_LINES = 10_000
LONGEST_LINE = 2_000
_NO_LINE_END = "\n\\ No newline at end of file"


def unified_text(before: str, after: str, *, path: str, before_path: str = "") -> tuple[str, ...]:
    """The unified difference of two texts; () where they are equal. Lines end at LF and nowhere else.

    A text beyond the bounds is not compared: one line says so instead.
    """
    if before == after:
        return ()
    old, new = _lines(before), _lines(after)
    too_long = max(len(old), len(new)) > MOST_LINES
    if too_long or any(len(line) > LONGEST_LINE for side in (old, new) for line in side):
        return (_too_long(before, after),)
    difference = difflib.unified_diff(old, new, fromfile=before_path or path, tofile=path, lineterm="")
    return tuple(line for lines in difference for line in lines.split("\n"))


def _too_long(before: str, after: str) -> str:
    return f"Too long to compare line by line: {_extent(before)} before, {_extent(after)} after."


def _lines(text: str) -> list[str]:
    # No line holds an LF, so a last line that no LF ends differs from all that one ends, as it does for Git.
    *lines, rest = text.split("\n")
    return [*lines, rest + _NO_LINE_END] if rest else lines


def _extent(text: str) -> str:
    lines = len(_lines(text))
    return f"{lines:,} line{'' if lines == 1 else 's'} of {len(text):,} characters"
