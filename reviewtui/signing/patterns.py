"""OpenSSH's pattern lists (ssh_config(5), PATTERNS): "*", "?", "!", commas."""

from __future__ import annotations

import re
from functools import lru_cache

WILDCARDS = frozenset("*?!")


def matches_pattern_list(text: str, patterns: str) -> bool:
    """Whether a pattern of the list fits and none that is negated does."""
    found = False
    for pattern in patterns.split(","):
        if pattern.startswith("!"):
            if _expression(pattern[1:]).fullmatch(text):
                return False
        elif _expression(pattern).fullmatch(text):
            found = True
    return found


@lru_cache(maxsize=512)
def _expression(pattern: str) -> re.Pattern[str]:
    # Neighbouring stars are one star: otherwise a hostile list takes exponential time.
    pattern = re.sub(r"\*+", "*", pattern)
    return re.compile("".join({"*": ".*", "?": "."}.get(char, re.escape(char)) for char in pattern), re.DOTALL)
