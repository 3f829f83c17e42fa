"""The order of version names: Semantic Versioning where it says something, natural order everywhere else.

1. Numbers count as numbers, whatever their length: 1.9 < 1.10, 2021.05.18 < 2021.05.19.
2. A longer number follows the shorter one it begins with: 1.2 < 1.2.0 < 1.2.1.
3. A pre-release precedes its release: 1.4.0-rc1 < 1.4.0 and 2.0.0a1 < 2.0.0; a post-release and any other ending
   follow it: 1.0.2 < 1.0.2.post1.
4. Identifiers of a pre-release compare as in Semantic Versioning 2.0.0 §11, except that digits within a word count as
   a number: alpha < alpha.1 < alpha.beta < beta < rc.1, and rc2 < rc10.
5. A build follows the version it is a build of: 1.0.0 < 1.0.0+1 < 1.0.1.
6. Two names that still tie are ordered by their characters, so that the order is total.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from reviewtui.patterns import pattern

VersionOrder = tuple[Any, ...]

_RELEASE = pattern(r"[0-9]+(?:\.[0-9]+)*")
_TOKEN = pattern(r"[0-9]+|[^0-9]+")
_POST = pattern(r"[-._]?post(?![a-z])", re.IGNORECASE)
_PRE_WORD = pattern(r"[._]?(?:a|b|c|rc|alpha|beta|pre|preview|dev)(?![a-z])", re.IGNORECASE)
_PRE, _FINAL, _POSTERIOR = 0, 1, 2
_DEV, _END, _NUMBER, _WORD = 0, 1, 2, 3
_DIGITS = frozenset("0123456789")


def version_order(version: str) -> VersionOrder:
    """A key that sorts version names, oldest first. Any text has one; no two names share one."""
    if _RELEASE.fullmatch(version):  # As nearly every version is; the rest of the function says the same of it.
        return (_numbers(version), _NO_ENDING, False, _NO_ENDING, version)
    core, plus, build = version.removeprefix("v").partition("+")
    found = _RELEASE.match(core)
    release = found.group() if found else ""
    return (_numbers(release), _ending(core[len(release) :]), bool(plus), _ending(build), version)


def _numbers(release: str) -> tuple[int, ...]:
    # Read as hexadecimal, digits order as the number they are, and int() has no limit on how many there may be.
    return tuple([int(part, 16) for part in release.split(".")]) if release else ()


@lru_cache(maxsize=4096)  # Thousands of versions end in the same few ways.
def _ending(suffix: str) -> VersionOrder:
    return (_phase(suffix), _identifiers(suffix))


def _phase(suffix: str) -> int:
    if not suffix:
        return _FINAL
    if _POST.match(suffix):
        return _POSTERIOR
    return _PRE if suffix.startswith("-") or _PRE_WORD.match(suffix) else _POSTERIOR


def _identifiers(suffix: str) -> VersionOrder:
    semantic = suffix.startswith("-")
    parts = [part for part in suffix.lstrip("-._").split(".") if part]
    return (*[_identifier(part, semantic=semantic) for part in parts], (_END,))


def _identifier(part: str, *, semantic: bool) -> VersionOrder:
    if part.isascii() and part.isdigit():
        return (_NUMBER, _number(part))
    # PEP 440: a .dev release precedes what it leads to, so it stands below the end of the list.
    if not semantic and part.casefold().startswith("dev"):
        return (_DEV, *_natural(part))
    return (_WORD, *_natural(part))


def _natural(text: str) -> VersionOrder:
    return tuple([(0, _number(token)) if token[0] in _DIGITS else (1, token) for token in _TOKEN.findall(text)])


def _number(digits: str) -> int:
    # Read as hexadecimal, digits order as the number they are, and int() has no limit on how many there may be.
    return int(digits, 16)


_NO_ENDING = _ending("")
