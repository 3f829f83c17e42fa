"""Orders: the rows of a list in each order that was asked for, with what a filter searches in them.

To sort 40,000 rows takes a good part of the time that a key may take, and more where each of them is asked for its key
by itself: so an order is made once, of keys that are there before it begins.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

Item = TypeVar("Item")
SortKeys = Callable[[Sequence[Item], str], Sequence[Any]]
"""For each row what it is sorted by, in the order of a name."""


class Orders(Generic[Item]):
    """`texts` are what a filter searches, for each of the `items`."""

    def __init__(self, items: tuple[Item, ...], texts: tuple[str, ...], keys: SortKeys[Item]) -> None:
        self.items = items
        self._texts = texts
        self._keys = keys
        self._places: dict[str, list[int]] = {}

    def rows(self, sort: str, *, turned: bool) -> tuple[tuple[Item, ...], tuple[str, ...]]:
        """Items and texts by `sort` ("": as they came), or that the other way round."""
        if not sort:
            return (self.items[::-1], self._texts[::-1]) if turned else (self.items, self._texts)
        if sort not in self._places:
            of_place = self._keys(self.items, sort).__getitem__
            self._places[sort] = sorted(range(len(self.items)), key=of_place)
        places = self._places[sort][::-1] if turned else self._places[sort]
        return tuple(map(self.items.__getitem__, places)), tuple(map(self._texts.__getitem__, places))
