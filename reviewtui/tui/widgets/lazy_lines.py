"""LazyLines: lines of a long text, each made when it comes into sight."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import overload

from reviewtui.tui.widgets.line import Line

_KEPT = 2_000


class LazyLines(Sequence[Line]):
    """`make(y)` is asked once for each line in sight. What would need all lines is said beforehand.

    `stops` are the lines where next and previous change halt; `searched` gives, for each line, the text in one case
    that a search looks at; `sideways` scrolls by so many cells, where the lines do that themselves.
    """

    def __init__(
        self,
        count: int,
        make: Callable[[int], Line],
        *,
        stops: Sequence[int],
        width: int,
        searched: Callable[[], Sequence[str]],
        sideways: Callable[[int], None],
    ) -> None:
        self._count = count
        self._make = make
        self._made: dict[int, Line] = {}
        self.stops = list(stops)
        self.width = width
        self.searched = searched
        self.sideways = sideways

    def __len__(self) -> int:
        return self._count

    def holding(self, words: str) -> list[int]:
        """The lines that hold some words, which are in one case."""
        return [y for y, text in enumerate(self.searched()) if words in text]

    @overload
    def __getitem__(self, index: int) -> Line: ...
    @overload
    def __getitem__(self, index: slice) -> list[Line]: ...
    def __getitem__(self, index: int | slice) -> Line | list[Line]:
        if isinstance(index, slice):
            return [self[y] for y in range(*index.indices(self._count))]
        if not -self._count <= index < self._count:
            raise IndexError(index)
        y = index % self._count
        made = self._made.get(y)
        if made is None:
            if len(self._made) >= _KEPT:
                self._made.clear()
            made = self._made[y] = self._make(y)
        return made
