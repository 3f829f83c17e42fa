"""Data and environment: changes by path."""

from __future__ import annotations

from collections.abc import Sequence

from reviewtui.diff.model import ChangeKind, DataChange, TextChange
from reviewtui.diff.pairing import Rule, occurrences, pair_by
from reviewtui.diff.text import unified_text
from reviewtui.facts.model import DataFact, EnvironmentFile

OTHER_ALGORITHM = "digest algorithms differ: cannot tell if the content changed"
SAME_SIZE = "same size, different content"
NO_DIGEST_BEFORE = "no digest recorded before: cannot tell if the content changed"
NO_DIGEST_AFTER = "no digest recorded any more: cannot tell if the content changed"
OTHER_SIZE = "same digest, but another size is recorded"

_DATA_RULES: tuple[Rule[DataFact], ...] = (
    lambda facts: occurrences((fact.path, fact.source) for fact in facts),
    lambda facts: occurrences(fact.path for fact in facts),
    lambda facts: [fact.digest for fact in facts],
)
_TEXT_RULES: tuple[Rule[EnvironmentFile], ...] = (
    lambda files: occurrences(file.path for file in files),
    lambda files: [file.text or None for file in files],
)


def data_changes(base: Sequence[DataFact], head: Sequence[DataFact]) -> tuple[tuple[DataChange, ...], int]:
    """The changed data paths, and how many did not change. A digest that moved to another path is a renamed file."""
    changes, unchanged = [], 0
    for pair in pair_by(_DATA_RULES, base, head):
        before = base[pair.before] if pair.before is not None else None
        after = head[pair.after] if pair.after is not None else None
        change = _data_change(before, after)
        if change is None:
            unchanged += 1
        else:
            changes.append(change)
    return tuple(sorted(changes, key=lambda change: (change.path, change.before_path, change.kind))), unchanged


def environment_changes(
    base: Sequence[EnvironmentFile], head: Sequence[EnvironmentFile]
) -> tuple[tuple[TextChange, ...], int]:
    """The changed environment files, and how many did not change."""
    changes, unchanged = [], 0
    for pair in pair_by(_TEXT_RULES, base, head):
        before = base[pair.before] if pair.before is not None else None
        after = head[pair.after] if pair.after is not None else None
        change = _text_change(before, after)
        if change is None:
            unchanged += 1
        else:
            changes.append(change)
    return tuple(sorted(changes, key=lambda change: (change.path, change.before_path, change.kind))), unchanged


def _data_change(before: DataFact | None, after: DataFact | None) -> DataChange | None:
    if before is None or after is None:
        kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED
        there = after or before
        return DataChange(there.path if there else "", kind, before, after)
    note = _data_note(before, after)
    if before.path != after.path:
        return DataChange(after.path, ChangeKind.RENAMED, before, after, before.path, note)
    if before.digest == after.digest and before.size == after.size:
        return None
    return DataChange(after.path, ChangeKind.CHANGED, before, after, "", note)


def _data_note(before: DataFact, after: DataFact) -> str:
    same_size = before.size == after.size
    if before.digest == after.digest:
        return "" if same_size or before.digest is None else OTHER_SIZE
    if before.digest is None:
        return NO_DIGEST_BEFORE
    if after.digest is None:
        return NO_DIGEST_AFTER
    if before.digest.algorithm != after.digest.algorithm:
        return OTHER_ALGORITHM
    return SAME_SIZE if same_size and before.size is not None else ""


def _text_change(before: EnvironmentFile | None, after: EnvironmentFile | None) -> TextChange | None:
    if before is None or after is None:
        kind = ChangeKind.ADDED if before is None else ChangeKind.REMOVED
        path = after.path if after else before.path if before else ""
        return TextChange(
            path, kind, unified_text(before.text if before else "", after.text if after else "", path=path)
        )
    if before.path != after.path:
        return TextChange(after.path, ChangeKind.RENAMED, (), before.path)
    if before.text == after.text:
        return None
    return TextChange(after.path, ChangeKind.CHANGED, unified_text(before.text, after.text, path=after.path))
