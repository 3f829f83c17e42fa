"""Remarks: comments on one key or one line of a difference, written inside the comment that is signed.

A line of a comment that begins with [CATEGORY:KEY] opens a remark on that key; it goes on until the next such line.
CATEGORY is config, metrics, data, environment or text. The KEY of text is PATH:LINE, a line of the version itself, or
PATH:-LINE, a line of its base. In a KEY, `\\` is written `\\\\`, `]` is written `\\]`, and a line feed `\\n`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Protocol

from reviewtui.patterns import pattern
from reviewtui.values import dataclass

CATEGORIES = ("config", "metrics", "data", "environment", "text")

_HEAD = pattern(rf"\[({'|'.join(CATEGORIES)}):((?:[^\]\\]|\\.)+)\](?: |$)")
_ESCAPED = pattern(r"\\(.)")
_MOST = 500
"""Remarks of one version that are shown; a record of 64 KiB could hold thousands."""


class Entry(Protocol):
    """What is asked of a recorded review."""

    @property
    def reviewer(self) -> str: ...
    @property
    def comment(self) -> str: ...
    @property
    def at(self) -> str: ...
    @property
    def counted(self) -> bool: ...
    @property
    def reason(self) -> str: ...


@dataclass(frozen=True, slots=True)
class Remark:
    """What somebody said of one key. `reason` says why the record does not count ("" where it does)."""

    category: str
    key: str
    text: str
    reviewer: str = ""
    at: str = ""
    reason: str = ""


def remark_head(category: str, key: str) -> str:
    """How a comment on a key begins."""
    escaped = key.replace("\\", "\\\\").replace("]", "\\]").replace("\n", "\\n")
    return f"[{category}:{escaped}] "


def remarks_of(comment: str) -> tuple[Remark, ...]:
    """The remarks inside one comment; what stands before the first is none."""
    found: list[tuple[str, str, list[str]]] = []
    for line in comment.split("\n"):
        head = _HEAD.match(line)
        if head:
            found.append((head[1], _ESCAPED.sub(_unescaped, head[2]), [line[head.end() :]]))
        elif found:
            found[-1][2].append(line)
    return tuple(Remark(category, key, "\n".join(lines).strip()) for category, key, lines in found)


def _unescaped(match: re.Match[str]) -> str:
    return "\n" if match[1] == "n" else match[1]


def remarks_by_key(entries: Iterable[Entry]) -> Mapping[tuple[str, str], tuple[Remark, ...]]:
    """{(category, key): remarks}, in the order of the records."""
    found: dict[tuple[str, str], tuple[Remark, ...]] = {}
    count = 0
    for entry in entries:
        for each in remarks_of(entry.comment):
            if count == _MOST:
                return found
            count += 1
            reason = "" if entry.counted else entry.reason or "it does not count"
            remark = Remark(each.category, each.key, each.text, entry.reviewer, entry.at, reason)
            place = (each.category, each.key)
            found[place] = (*found.get(place, ()), remark)
    return found
