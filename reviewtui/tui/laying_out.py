"""LaysOut: a version's long pages, laid out in a worker: a thousand changes take longer than a key may."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from reviewtui.tui.asking import Asks
from reviewtui.tui.widgets.line import BLANK, Line, line
from reviewtui.tui.widgets.text_view import TextView

Result = TypeVar("Result")

AT_ONCE = 150
"""How many facts are laid out while the key waits; they take some 15 ms."""


class LaysOut(Asks[Result]):
    """The part of a version's screen that keeps the one long page it has laid out."""

    _page_of: tuple[object, ...] = ()
    _width = -1
    _laid_out: Sequence[Line] = ()
    _step_then = 0
    """Which way to go to the next change as soon as the page is there; 0: stay."""

    def laid_out(
        self, of: tuple[object, ...], make: Callable[[int], list[Line]], *, facts: int, width: int
    ) -> Sequence[Line]:
        """The lines of a page, or what stands in for them until they are made. `of` tells the page from all others."""
        self._step_then = 0
        is_same = [*map(id, of)] == [*map(id, self._page_of)]
        if facts <= AT_ONCE or (is_same and self._width == width):
            self.forget("layout")  # Whatever was asked for is no longer on show.
            return make(width) if facts <= AT_ONCE else self._laid_out

        def keep(lines: list[Line]) -> None:
            self._page_of, self._width, self._laid_out = of, width, lines
            by = self._step_then
            self.show_laid_out()
            if by:
                self.query_one(TextView).step(by)

        self.ask("layout", lambda: make(width), then=keep, busy=f"laying out {facts:,} facts")
        return self._laid_out if is_same else [BLANK, line((f"   Laying out {facts:,} facts …", "dim"))]

    def show_laid_out(self) -> None:
        """Show the present page again: it is there now."""
        raise NotImplementedError

    def step_when_laid_out(self, by: int) -> bool:
        """Go to the next change once the page is there; False where nothing is being laid out."""
        if self.waits_for("layout"):
            self._step_then = by
        return self.waits_for("layout")
