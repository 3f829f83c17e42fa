"""Lists, mappings and long texts: what changed inside, item by item, in words."""

from __future__ import annotations

import json
from typing import Any

from reviewtui.diff.text import unified_text
from reviewtui.diff.values import MOST_LEAVES, same_value, weight
from reviewtui.facts.model import Value

MOST_DETAILS = 200
_LONGEST_VALUE = 80


def structure_details(before: Value, after: Value) -> tuple[str, ...]:
    """The changes of items between two lists or two mappings, or of lines between two texts; () for anything else."""
    if isinstance(before, str) and isinstance(after, str):
        lines = unified_text(before, after, path="") if "\n" in before or "\n" in after else ()
        return lines[2:] if len(lines) > 1 else lines
    kinds = (dict, list)
    if not any(isinstance(before, kind) and isinstance(after, kind) for kind in kinds):
        return ()
    if weight(before) > MOST_LEAVES or weight(after) > MOST_LEAVES:
        return (f"Too large to compare item by item: {_extent(before)} before, {_extent(after)} after.",)
    details = _item_changes(before, after)
    if len(details) > MOST_DETAILS:
        return (*details[:MOST_DETAILS], f"{len(details) - MOST_DETAILS} more changes.")
    return tuple(details)


def _item_changes(before: Value, after: Value) -> list[str]:
    # Its import takes longer than most comparisons; only a changed structure pays for it.
    from deepdiff import DeepDiff

    # Keys that begin with two underscores are facts like any other.
    found = DeepDiff(before, after, view="tree", ignore_order=False, ignore_private_variables=False)
    details = []
    for kind, levels in found.items():
        for level in levels:
            keys = level.path(output_format="list")
            if kind.endswith("_added"):
                sentence = f"{_place(keys)} added: {_words(level.t2)}"
            elif kind.endswith("_removed"):
                sentence = f"{_place(keys)} removed: {_words(level.t1)}"
            elif same_value(level.t1, level.t2):
                continue
            else:
                sentence = f"{_place(keys)}: {_words(level.t1)} → {_words(level.t2)}"
            details.append((_sortable(keys), sentence))
    return [sentence for _, sentence in sorted(details)]


def _place(keys: list[Any]) -> str:
    return "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in keys).removeprefix(".")


def _sortable(keys: list[Any]) -> list[tuple[bool, int, str]]:
    return [(True, key, "") if isinstance(key, int) else (False, 0, str(key)) for key in keys]


def _words(value: Value) -> str:
    text = json.dumps(value, ensure_ascii=False, default=repr)
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _extent(value: Value) -> str:
    return f"{len(value)} item{'' if len(value) == 1 else 's'}"
