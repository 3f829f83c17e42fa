"""Columns: how wide the columns of a table are, and which of them there is room for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache

from reviewtui.values import dataclass, replace

ESSENTIAL, HIDDEN = 90, 0


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title and the fewest cells it makes sense in. `wanted` is what its texts take.

    Where there is too little, columns give way in the order of `keep`, the smallest first; those below `ESSENTIAL` do
    so already where others would be cut, and one of `HIDDEN` always does. Those with `fills` take what is left, first
    up to what is wanted, then each up to `most`, the last one all of it.
    """

    title: str
    width: int
    right: bool = False
    fills: bool = False
    most: int = 32
    keep: int = 100
    wanted: int = 0


@lru_cache(256)
def laid_out(columns: tuple[Column, ...], width: int) -> tuple[tuple[int, Column, int], ...]:
    """The columns that there is room for, each with its place among all of them and how many cells it takes."""
    kept = [(place, column) for place, column in enumerate(columns) if column.keep != HIDDEN]
    while (least := min(kept, key=lambda pair: pair[1].keep)) and len(kept) > 1:
        is_essential = least[1].keep >= ESSENTIAL
        needed = sum((column.width if is_essential else max(column.width, column.wanted)) + 1 for _, column in kept)
        if needed <= width:
            break
        kept.remove(least)
    spare = max(width - sum(column.width + 1 for _, column in kept), 0)
    sizes = [column.width for _, column in kept]
    last = max((index for index, (_, column) in enumerate(kept) if column.fills), default=-1)
    most = [column.most if column.fills else 0 for _, column in kept]
    if last >= 0:
        most[last] = width
    spare = _widen(sizes, [column.wanted for _, column in kept], spare)
    # The last column wants no blank after it, but has one where there is room.
    _widen(sizes, most, max(spare - 1, 0))
    return tuple((place, column, size) for (place, column), size in zip(kept, sizes, strict=True))


def wanting(columns: Sequence[Column], title: str, texts: Iterable[str]) -> tuple[Column, ...]:
    """The columns, the one of this title wanting room for the longest text; it is not shown where all are empty."""
    longest = max(map(len, texts), default=0)
    return tuple(
        replace(column, wanted=min(longest, column.most), keep=column.keep if longest else HIDDEN)
        if column.title == title
        else column
        for column in columns
    )


def with_width(columns: Sequence[Column], title: str, longest: int) -> tuple[Column, ...]:
    """The columns, the one of this title as wide as its longest text, within bounds."""
    return tuple(
        replace(column, width=(width := max(12, min(longest, column.most))), most=width + 2)
        if column.title == title
        else column
        for column in columns
    )


def _widen(sizes: list[int], ends: Sequence[int], spare: int) -> int:
    """Make columns as wide as these ends, from the left, as far as there is spare room; gives what is left of it."""
    for index, end in enumerate(ends):
        more = max(min(spare, end - sizes[index]), 0)
        sizes[index] += more
        spare -= more
    return spare
