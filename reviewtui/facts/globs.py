"""Globs of settings: `*` and `?` within a component of a path, `**` across any number of them."""

from __future__ import annotations

import re
from functools import lru_cache

from reviewtui.patterns import pattern

_PIECES = pattern(r"\*\*/|\*\*|\*|\?|\[!?[^\]/]+\]|[^*?\[]+|\[")


def matches(pattern: str, path: str) -> bool:
    """Whether a path, relative to where the pattern stands, is one that the pattern means."""
    return _compiled(pattern).fullmatch(path) is not None


def is_literal(pattern: str) -> bool:
    """Whether the pattern names one path alone."""
    return not any(sign in pattern for sign in "*?[")


@lru_cache(maxsize=1024)
def _compiled(pattern: str) -> re.Pattern[str]:
    pattern = pattern.removeprefix("./")
    if pattern.endswith("/"):
        pattern += "**"
    # Runs of stars mean no more than two, and one group of directories no more than many: both would backtrack.
    pattern = re.sub(r"\*{3,}", "**", pattern)
    pattern = re.sub(r"(?:\*\*/){2,}", "**/", pattern)
    try:
        return re.compile("".join(_translated(piece) for piece in _PIECES.findall(pattern)), re.DOTALL)
    except re.error:
        return re.compile(re.escape(pattern))


def _translated(piece: str) -> str:
    if piece == "**/":
        return "(?:[^/]+/)*"
    if piece in ("**", "*", "?"):
        return {"**": ".*", "*": "[^/]*", "?": "[^/]"}[piece]
    if len(piece) > 2 and piece.startswith("["):
        negated = piece[1] == "!"
        inside = piece[2 if negated else 1 : -1].replace("\\", "\\\\").replace("[", "\\[").replace("^", "\\^")
        return f"(?!/)[{'^' if negated else ''}{inside}]" if inside else re.escape(piece)
    return re.escape(piece)
