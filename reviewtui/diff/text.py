"""Texts compared line by line, within bounds."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Sequence

MOST_LINES = 10_000
LONGEST_LINE = 2_000
MOST_MATCHES = 60_000
"""Pairs of equal lines. Texts of a few lines over and over have many, and each may cost a look at all the others."""

_NO_LINE_END = "\n\\ No newline at end of file"


def unified_text(before: str, after: str, *, path: str, before_path: str = "") -> tuple[str, ...]:
    """The unified difference of two texts; () where they are equal. Lines end at LF and nowhere else.

    A text beyond the bounds is not compared: one line says so instead.
    """
    if before == after:
        return ()
    old, new = _lines(before), _lines(after)
    if _beyond_bounds(old, new):
        return (_too_long(before, after),)
    difference = difflib.unified_diff(old, new, fromfile=before_path or path, tofile=path, lineterm="")
    return tuple(line for lines in difference for line in lines.split("\n"))


def _beyond_bounds(old: Sequence[str], new: Sequence[str]) -> bool:
    if max(len(old), len(new)) > MOST_LINES:
        return True
    if any(len(line) > LONGEST_LINE for side in (old, new) for line in side):
        return True
    before, after = Counter(old), Counter(new)
    # difflib leaves lines out that make up more than a hundredth of a long text.
    popular = len(new) // 100 + 1 if len(new) >= 200 else len(new)
    return sum(before[line] * count for line, count in after.items() if count <= popular) > MOST_MATCHES


def _too_long(before: str, after: str) -> str:
    return f"Too long to compare line by line: {_extent(before)} before, {_extent(after)} after."


def _lines(text: str) -> list[str]:
    # No line holds an LF, so a last line that no LF ends differs from all that one ends, as it does for Git.
    *lines, rest = text.split("\n")
    return [*lines, rest + _NO_LINE_END] if rest else lines


def _extent(text: str) -> str:
    lines = len(_lines(text))
    return f"{lines:,} line{'' if lines == 1 else 's'} of {len(text):,} characters"
