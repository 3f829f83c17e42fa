"""Which fact of the base became which fact of the head.

1. The same file and key.
2. The same key in another file, where only one fact on each side has it.
3. A key of the same words, where only one on each side has them: val_acc, val.acc and valAcc are one. Words are split
   at . _ - / : and blanks and where a capital begins; letter case says nothing.
4. The same last part of the key and an equal value, where only one on each side has both: train.lr → optimizer.lr.

Each rule pairs only what the rules before it left. Two plausible partners are no pair: they stay removed and added.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import TypeVar

from reviewtui.diff.values import equality_mark
from reviewtui.facts.model import Fact
from reviewtui.patterns import pattern
from reviewtui.values import dataclass

_SEPARATORS = pattern(r"[._\-/:\s]+")
_CAPITAL = pattern(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

Item = TypeVar("Item")
Rule = Callable[[Sequence[Item]], list[Hashable]]
"""Gives each of the items that are left a mark; None marks nothing."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Places of a fact in the base and in the head; None where it is missing."""

    before: int | None
    after: int | None


def pair_facts(base: Sequence[Fact], head: Sequence[Fact]) -> list[Pair]:
    """Every fact of both sides, once."""
    rules: tuple[Rule[Fact], ...] = (
        lambda facts: occurrences((fact.file, fact.key) for fact in facts),
        lambda facts: [fact.key for fact in facts],
        lambda facts: [_words(fact.key) for fact in facts],
        lambda facts: [_last_and_value(fact) for fact in facts],
    )
    return pair_by(rules, base, head)


def pair_by(rules: Iterable[Rule[Item]], base: Sequence[Item], head: Sequence[Item]) -> list[Pair]:
    """Pairs what has the same mark on both sides, and on each only once; rule by rule, each on what is left."""
    left, right = list(range(len(base))), list(range(len(head)))
    pairs: list[Pair] = []
    for rule in rules:
        if not left or not right:
            break
        after_of = _only_ones(right, rule([head[at] for at in right]))
        found = {
            at: after_of[mark]
            for mark, at in _only_ones(left, rule([base[at] for at in left])).items()
            if mark in after_of
        }
        taken = set(found.values())
        pairs.extend(Pair(before, after) for before, after in found.items())
        left = [at for at in left if at not in found]
        right = [at for at in right if at not in taken]
    return [*pairs, *(Pair(at, None) for at in left), *(Pair(None, at) for at in right)]


def occurrences(marks: Iterable[Hashable]) -> list[Hashable]:
    """Each mark with how often it came before, so that repeated ones stay apart and keep their order."""
    seen: Counter[Hashable] = Counter()
    numbered: list[Hashable] = []
    for mark in marks:
        numbered.append((mark, seen[mark]))
        seen[mark] += 1
    return numbered


def _only_ones(places: Sequence[int], marks: Sequence[Hashable]) -> dict[Hashable, int]:
    counts = Counter(marks)
    return {mark: at for at, mark in zip(places, marks, strict=True) if mark is not None and counts[mark] == 1}


def _words(key: str) -> tuple[str, ...] | None:
    words = (word for part in _SEPARATORS.split(key) if part for word in _CAPITAL.split(part))
    return tuple(word.casefold() for word in words if word) or None


def _last_and_value(fact: Fact) -> Hashable:
    last, value = _words(fact.key.rpartition(".")[2]), equality_mark(fact.value)
    # The place in a list names nothing: betas.0 and sizes.0 are not one key.
    if last is None or value is None or all(word.isdigit() for word in last):
        return None
    return (last, value)
