"""Which fact of the base became which fact of the head.

1. The same file and key.
2. The same key in another file, where only one fact on each side has it.
3. A key of the same words, where only one on each side has them: val_acc, val.acc and valAcc are one. Words are split
   at . _ - / : and blanks and where a capital begins; letter case says nothing.
4. The same last part of the key and an equal value, where only one on each side has both: train.lr → optimizer.lr.

Each rule pairs only what the rules before it left. Two plausible partners are no pair: they stay removed and added.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass

from reviewtui.facts.model import Fact, Value

_SEPARATORS = re.compile(r"[._\-/:\s]+")
_CAPITAL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class Pair:
    """Places of a fact in the base and in the head; None where it is missing."""

    before: int | None
    after: int | None


def pair_facts(base: Sequence[Fact], head: Sequence[Fact]) -> list[Pair]:
    """Every fact of both sides, once."""
    rules: tuple[Callable[[Sequence[Fact]], list[Hashable]], ...] = (
        _places,
        lambda facts: [fact.key for fact in facts],
        lambda facts: [_words(fact.key) for fact in facts],
        lambda facts: [_last_and_value(fact) for fact in facts],
    )
    return pair_by([(rule(base), rule(head)) for rule in rules])


def pair_by(rules: Iterable[tuple[Sequence[Hashable], Sequence[Hashable]]]) -> list[Pair]:
    """Pairs what has the same mark on both sides, and on each only once; rule by rule, each on what is left.

    A rule is a mark for each item of the base, and for each of the head; None marks nothing. All rules mark the same
    items, in the same order.
    """
    rules = list(rules)
    left, right = list(range(len(rules[0][0]))), list(range(len(rules[0][1])))
    pairs: list[Pair] = []
    for before_marks, after_marks in rules:
        before_counts = Counter(before_marks[at] for at in left)
        after_counts = Counter(after_marks[at] for at in right)
        sole = {after_marks[at]: at for at in right if after_counts[after_marks[at]] == 1}
        found = [
            (at, sole[mark])
            for at in left
            if (mark := before_marks[at]) is not None and before_counts[mark] == 1 and mark in sole
        ]
        pairs.extend(Pair(at, partner) for at, partner in found)
        left = _without(left, {at for at, _ in found})
        right = _without(right, {partner for _, partner in found})
    return [*pairs, *(Pair(at, None) for at in left), *(Pair(None, at) for at in right)]


def occurrences(marks: Iterable[Hashable]) -> list[Hashable]:
    """Each mark with how often it came before, so that repeated ones stay apart and keep their order."""
    seen: Counter[Hashable] = Counter()
    numbered: list[Hashable] = []
    for mark in marks:
        numbered.append((mark, seen[mark]))
        seen[mark] += 1
    return numbered


def _places(facts: Sequence[Fact]) -> list[Hashable]:
    return occurrences((fact.file, fact.key) for fact in facts)


def _words(key: str) -> Hashable:
    words = tuple(word.casefold() for part in _SEPARATORS.split(key) if part for word in _CAPITAL.split(part) if word)
    return words or None


def _last_and_value(fact: Fact) -> Hashable:
    last = _words(fact.key.rpartition(".")[2])
    # The place in a list names nothing: betas.0 and sizes.0 are not one key.
    if last is None or (isinstance(last, tuple) and all(word.isdigit() for word in last)):
        return None
    return (last, _value_mark(fact.value))


def _value_mark(value: Value) -> Hashable:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return ("number", value)
    return (type(value).__name__, json.dumps(value, sort_keys=True) if isinstance(value, dict | list) else value)


def _without(places: list[int], gone: set[int]) -> list[int]:
    return [at for at in places if at not in gone] if gone else places
