"""Whether two values are the same, and how far apart two numbers are, exactly."""

from __future__ import annotations

import math
from collections.abc import Hashable
from decimal import Context, Decimal

from reviewtui.facts.model import Value

# Every difference of two doubles has fewer digits than this, so subtraction never rounds.
_EXACT = Context(prec=1_100, Emin=-999_999, Emax=999_999, traps=[])
_RELATIVE = Context(prec=28, Emin=-999_999, Emax=999_999, traps=[])

MOST_LEAVES = 1_000
"""Larger structures are not looked into: to compare them item by item takes time that grows with the square."""

DEEPEST = 20


def same_value(before: Value, after: Value) -> bool:
    """Whether two JSON values are equal: 1 is 1.0, but True is not 1, and "1" is neither. NaN is itself."""
    pending = [(before, after)]
    while pending:
        one, other = pending.pop()
        if isinstance(one, dict) and isinstance(other, dict):
            if one.keys() != other.keys():
                return False
            pending.extend((one[key], other[key]) for key in one)
        elif isinstance(one, list) and isinstance(other, list):
            if len(one) != len(other):
                return False
            pending.extend(zip(one, other, strict=True))
        elif not _same_scalar(one, other):
            return False
    return True


def equality_mark(value: Value) -> Hashable:
    """What equal values have in common, and different ones do not; None for a structure that is too large."""
    return _mark(value) if weight(value) <= MOST_LEAVES else None


def weight(value: Value) -> int:
    """How many items a value holds at any depth; more than MOST_LEAVES where it is too large or too deep to compare."""
    count, pending = 0, [(value, 0)]
    while pending:
        item, depth = pending.pop()
        count += 1
        if count > MOST_LEAVES or depth > DEEPEST:
            return MOST_LEAVES + 1
        if isinstance(item, dict):
            pending.extend((child, depth + 1) for child in item.values())
        elif isinstance(item, list):
            pending.extend((child, depth + 1) for child in item)
    return count


def number(value: Value) -> Decimal | None:
    """A finite number as written (0.1 is one tenth); None for anything else."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if isinstance(value, int):
        return Decimal(value)
    return Decimal(repr(value)) if math.isfinite(value) else None


def difference(before: Decimal, after: Decimal) -> Decimal:
    """after − before."""
    return _EXACT.subtract(after, before)


def ratio(delta: Decimal, before: Decimal) -> Decimal | None:
    """delta / |before|; None where before is 0."""
    return _RELATIVE.divide(delta, abs(before)) if before else None


def _mark(value: Value) -> Hashable:
    if isinstance(value, dict):
        return ("mapping", frozenset((key, _mark(child)) for key, child in value.items()))
    if isinstance(value, list):
        return ("list", tuple(_mark(child) for child in value))
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ("number", value)
    return (type(value).__name__, value)


def _same_scalar(one: Value, other: Value) -> bool:
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, int | float) and isinstance(other, int | float):
        return one == other or (one != one and other != other)
    return type(one) is type(other) and bool(one == other)
