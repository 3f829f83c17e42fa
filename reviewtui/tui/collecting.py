"""The garbage collector, kept out of the way of the keys.

A collection of all objects walks through every version that was read, and nothing moves while it does: 40,000 versions
cost a quarter of a second each time. What is read is values without cycles, which are freed without a collector.

1. While a question is answered in a worker, nothing is collected.
2. What a large answer leaves behind is taken out of the collector's sight.
3. A collection comes after thousands of new objects, not hundreds: one key that opens a screen makes tens of thousands.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator
from contextlib import contextmanager

MANY = 20_000
"""More new objects than this are taken out of sight: they are a list of versions and not a page."""

LESS_OFTEN = (10_000, 20, 50)
"""New objects before the youngest are looked at, and how many such looks before the older and the oldest are. Python
(up to 3.13) looks after 700: a sixth of all work in the app's tests went into that."""

_lock = threading.Lock()
_answering = 0


@contextmanager
def no_collection() -> Iterator[None]:
    """Collect nothing meanwhile, and never again what became of many new objects."""
    global _answering  # noqa: PLW0603 - the collector is the process's own, and so is how many keep it still
    with _lock:
        _answering += 1
        gc.disable()
    try:
        yield
    finally:
        with _lock:
            _answering -= 1
            if gc.get_count()[0] > MANY:
                gc.freeze()
            if not _answering:
                gc.enable()


def forget_what_is_there() -> None:
    """Take all that was loaded so far out of the collector's sight, and from now on look less often: modules and style
    sheets stay to the end."""
    gc.freeze()
    gc.set_threshold(*LESS_OFTEN)
