"""Garbage is collected while nobody presses a key, and never while a question is answered."""

from __future__ import annotations

import gc
import heapq
import weakref
from collections.abc import Callable, Iterator

import pytest

from reviewtui.tui.collecting import MANY, REST, CollectsAtRest, no_collection


class Loop:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0
        self._waiting: list[tuple[float, int, Callable[[], None]]] = []

    def time(self) -> float:
        return self.now

    def call_later(self, seconds: float, work: Callable[[], None]) -> None:
        heapq.heappush(self._waiting, (self.now + seconds, len(self._waiting), work))

    def pass_(self, seconds: float) -> None:
        until = self.now + seconds
        while self._waiting and self._waiting[0][0] <= until:
            self.now, _, work = heapq.heappop(self._waiting)
            work()
        self.now = until

    @property
    def is_idle(self) -> bool:
        return not self._waiting


class Closed:
    """What a closed screen is: it holds itself."""

    def __init__(self) -> None:
        self.itself = self


@pytest.fixture(autouse=True)
def _no_other_collection() -> Iterator[None]:
    """Python's own, by the number of objects, would come at any time; and nothing stays frozen for the other tests."""
    before = gc.get_threshold()
    gc.collect()
    gc.set_threshold(1_000_000)
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


@pytest.fixture
def loop() -> Loop:
    return Loop()


def collector(loop: Loop, *depths: int) -> CollectsAtRest:
    """With so many screens open, each time that it asks; the last one stays."""
    left = list(depths or (2,))
    return CollectsAtRest(loop.call_later, loop.time, lambda: left.pop(0) if len(left) > 1 else left[0])


def close_a_screen() -> weakref.ref[Closed]:
    return weakref.ref(Closed())


def test_what_was_closed_is_freed_once_the_keys_rest(loop: Loop) -> None:
    rest = collector(loop)
    gone = close_a_screen()
    for _ in range(20):
        rest.touched()
        loop.pass_(REST / 2)
    assert gone() is not None, "a key came each time before the rest"
    loop.pass_(REST)
    assert gone() is None


@pytest.mark.parametrize("depths", [(3, 2), (3, 3)])
def test_what_has_grown_old_is_looked_at_when_a_screen_was_closed(loop: Loop, depths: tuple[int, int]) -> None:
    """And nobody is woken again after that."""
    rest = collector(loop, *depths)
    screen = Closed()
    gc.collect(0)
    gc.collect(1)
    gone = weakref.ref(screen)
    del screen
    rest.touched()
    loop.pass_(REST)
    assert (gone() is None) is (depths == (3, 2))
    assert loop.is_idle


def test_nothing_is_collected_while_a_question_is_answered(loop: Loop) -> None:
    rest = collector(loop)
    gone = close_a_screen()
    rest.touched()
    with no_collection(at_home=lambda: True):
        loop.pass_(10 * REST)
        assert gone() is not None
    loop.pass_(REST)
    assert gone() is None


def test_the_home_screen_is_taken_out_of_sight_once(loop: Loop) -> None:
    rest = collector(loop, 1)
    rest.touched()
    loop.pass_(2 * REST)
    held = gc.get_freeze_count()
    assert held > 0
    gone = close_a_screen()
    rest.touched()
    loop.pass_(2 * REST)
    assert (gone(), gc.get_freeze_count()) == (None, held)


@pytest.mark.parametrize("at_home", [True, False])
def test_a_large_answer_is_taken_out_of_sight_at_home_alone(at_home: bool) -> None:
    before = gc.get_freeze_count()
    with no_collection(at_home=lambda: at_home):
        answer = [[number] for number in range(2 * MANY)]
    assert (gc.get_freeze_count() > before) is at_home
    assert len(answer) == 2 * MANY
