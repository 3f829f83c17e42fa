"""Configuration and metrics: changes by key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal

from reviewtui.diff.model import Change, ChangeKind, MetricChange, MetricVerdict
from reviewtui.diff.pairing import pair_facts
from reviewtui.diff.structure import structure_details
from reviewtui.diff.values import MOST_LEAVES, difference, number, ratio, same_value, weight
from reviewtui.facts.metrics import known_direction
from reviewtui.facts.model import Fact, Value, display_keys
from reviewtui.values import dataclass

_MOST_WEIGHED = 20 * MOST_LEAVES
_DIRECTIONS = ("higher", "lower")


@dataclass(frozen=True, slots=True)
class _FactChange:
    """A fact on both sides, None where it is missing, each with the key it is shown by."""

    kind: ChangeKind
    before: Fact | None
    after: Fact | None
    before_key: str
    after_key: str

    @property
    def key(self) -> str:
        return self.after_key or self.before_key

    @property
    def old_key(self) -> str:
        return self.before_key if self.kind is ChangeKind.RENAMED else ""

    @property
    def file(self) -> str:
        return (self.after or self.before or Fact("", "", None)).file

    @property
    def values(self) -> tuple[Value, Value]:
        return self.before.value if self.before else None, self.after.value if self.after else None


def config_changes(base: Sequence[Fact], head: Sequence[Fact]) -> tuple[tuple[Change, ...], int]:
    """The changed keys, and how many did not change."""
    changes, weighed = [], 0
    found, unchanged = _changes(base, head)
    for change in found:
        before, after = change.values
        weighed += weight(before) + weight(after)
        details: tuple[str, ...] = ()
        if change.before and change.after and weighed <= _MOST_WEIGHED:
            details = structure_details(before, after)
        changes.append(Change(change.key, change.kind, before, after, change.file, change.old_key, details))
    return tuple(changes), unchanged


def metric_changes(
    base: Sequence[Fact], head: Sequence[Fact], *, directions: Mapping[str, str]
) -> tuple[tuple[MetricChange, ...], int]:
    """The changed metrics, and how many did not change. `directions` ("higher" or "lower") go before the known ones."""
    found, unchanged = _changes(base, head)
    return tuple(_metric_change(change, directions) for change in found), unchanged


def _metric_change(change: _FactChange, directions: Mapping[str, str]) -> MetricChange:
    before, after = change.values
    direction = _direction(change, directions)
    old, new = number(before), number(after)
    delta = difference(old, new) if old is not None and new is not None else None
    return MetricChange(
        key=change.key,
        kind=change.kind,
        before=before,
        after=after,
        file=change.file,
        before_key=change.old_key,
        delta=delta,
        relative=ratio(delta, old) if delta is not None and old is not None else None,
        verdict=_verdict(delta, direction),
        direction=direction,
    )


def _direction(change: _FactChange, directions: Mapping[str, str]) -> str:
    facts = [fact for fact in (change.after, change.before) if fact]
    shown = [key for key in (change.after_key, change.before_key) if key]
    for key in (*shown, *(f"{fact.file}:{fact.key}" for fact in facts), *(fact.key for fact in facts)):
        if directions.get(key) in _DIRECTIONS:
            return directions[key]
    return next((known for fact in facts if (known := known_direction(fact.key))), "")


def _verdict(delta: Decimal | None, direction: str) -> MetricVerdict:
    if delta is None:
        return MetricVerdict.UNKNOWN
    if not delta:
        return MetricVerdict.SAME
    if direction not in _DIRECTIONS:
        return MetricVerdict.UNKNOWN
    return MetricVerdict.BETTER if (delta > 0) == (direction == "higher") else MetricVerdict.WORSE


def _changes(base: Sequence[Fact], head: Sequence[Fact]) -> tuple[list[_FactChange], int]:
    # Keys are qualified over both sides together, so that a key reads the same on both.
    shown = display_keys((*base, *head))
    changes, unchanged = [], 0
    for pair in pair_facts(base, head):
        before = base[pair.before] if pair.before is not None else None
        after = head[pair.after] if pair.after is not None else None
        kind = _kind(before, after)
        if kind is None:
            unchanged += 1
            continue
        before_key = shown[pair.before] if pair.before is not None else ""
        after_key = shown[len(base) + pair.after] if pair.after is not None else ""
        changes.append(_FactChange(kind, before, after, before_key, after_key))
    return sorted(changes, key=lambda change: (change.key, change.file, change.kind)), unchanged


def _kind(before: Fact | None, after: Fact | None) -> ChangeKind | None:
    if before is None:
        return ChangeKind.ADDED
    if after is None:
        return ChangeKind.REMOVED
    if (before.file, before.key) != (after.file, after.key):
        return ChangeKind.RENAMED
    return None if same_value(before.value, after.value) else ChangeKind.CHANGED
