"""OpenSSH's pattern lists (ssh_config(5), PATTERNS): "*", "?", "!", commas."""

from __future__ import annotations

WILDCARDS = frozenset("*?!")


def matches_pattern_list(text: str, patterns: str) -> bool:
    """Whether a pattern of the list fits and none that is negated does."""
    found = False
    for pattern in patterns.split(","):
        if pattern.startswith("!"):
            if _matches(text, pattern[1:]):
                return False
        elif _matches(text, pattern):
            found = True
    return found


def _matches(text: str, pattern: str) -> bool:
    """Goes back to the last star only, so that a hostile pattern costs at most one length times the other."""
    at, place, star, resume = 0, 0, -1, 0
    while at < len(text):
        if place < len(pattern) and pattern[place] == "*":
            star, resume, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in ("?", text[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            resume += 1
            at, place = resume, star + 1
        else:
            return False
    return not pattern[place:].strip("*")
