"""The garbage collector, kept out of the way of the keys.

A collection of all objects walks through every version that was read, and nothing moves while it does: 40,000 versions
cost a quarter of a second each time. What is read is values without cycles, which are freed without a collector.

1. While a question is answered in a worker, nothing is collected.
2. What a large answer leaves behind is taken out of the collector's sight, but only at home: a screen that is open by
   then, and closed later, would stay for ever.
3. What closed screens leave behind is collected while no key is pressed. Python would do it whenever so many objects
   are new, in the middle of a key, and twenty screens at once take a tenth of a second.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

MANY = 20_000
"""More new objects than this are taken out of sight: they are a list of versions and not a page."""

LESS_OFTEN = (10_000, 1_000, 1_000)
"""New objects before the youngest are looked at all the same, which takes some milliseconds; and how many such looks
before the older and the oldest are, which never comes: they are looked at while no key is pressed. Python (up to 3.13)
has 700, 10 and 10."""

REST = 0.25
"""Seconds without a key until garbage is collected: longer than between two keys of who types, shorter than a look."""

_lock = threading.Lock()
_answering = 0


@contextmanager
def no_collection(*, at_home: Callable[[], bool]) -> Iterator[None]:
    """Collect nothing meanwhile, and, at home, never again what became of many new objects."""
    global _answering  # noqa: PLW0603 - the collector is the process's own, and so is how many keep it still
    with _lock:
        _answering += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _answering -= 1
            if gc.get_count()[0] > MANY and at_home():
                gc.freeze()
            if not _answering:
                gc.enable()


def forget_what_is_there() -> None:
    """Take all that was loaded so far out of the collector's sight, and from now on look less often: modules and style
    sheets stay to the end."""
    gc.freeze()
    gc.set_threshold(*LESS_OFTEN)


class CollectsAtRest:
    """Law 3. `call_later` and `time` are the event loop's; `depth`: how many screens are open, with the home screen."""

    def __init__(
        self,
        call_later: Callable[[float, Callable[[], None]], object],
        time: Callable[[], float],
        depth: Callable[[], int],
    ) -> None:
        self._call_later = call_later
        self._time = time
        self._depth = depth
        self._deepest = 1
        self._touched = 0.0
        self._is_waiting = False
        self._is_first = True

    def touched(self) -> None:
        """A key, or the mouse: the rest begins anew."""
        self._touched = self._time()
        self._deepest = max(self._deepest, self._depth())
        if not self._is_waiting:
            self._wait(REST)

    def _wait(self, seconds: float) -> None:
        self._is_waiting = True
        self._call_later(seconds, self._look)

    def _look(self) -> None:
        self._is_waiting = False
        rested, depth = self._time() - self._touched, self._depth()
        if rested < REST or _answering:
            self._wait(max(REST - rested, REST / 2))
            return
        if self._is_first and depth == 1:
            # The home screen stays to the end, too: a collection then looks at what was opened since.
            self._is_first = False
            gc.freeze()
        elif depth < self._deepest:
            gc.collect()
        else:
            gc.collect(1)  # Nothing was closed: who types slowly does not wait for a look at everything.
        self._deepest = depth
