"""Waits of the app's tests: Textual's own wait for an idle process, in finer steps, and to the end of what is drawn."""

from __future__ import annotations

import asyncio
import time

import pytest
from textual._context import active_app

from screenshots.scenes import has_to_draw

_STEP = 0.004
_IDLE = _STEP / 20
_LATE = _STEP * 2
_TEXTUALS_STEP = 0.02


@pytest.fixture(autouse=True)
def finer_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """A key costs six of these waits, each of at least one step: 20 ms are Textual's, and most of a test's time."""
    for module in ("app", "pilot"):
        monkeypatch.setattr(f"textual.{module}.wait_for_idle", wait_for_idle)


async def wait_for_idle(min_sleep: float = _TEXTUALS_STEP, max_sleep: float = 1) -> None:
    """Wait until the process did next to nothing for one step, as textual._wait.wait_for_idle does, and more:

    1. A screen draws, and calls back who waits for that, 60 times a second: until then it looks idle, and is not.
    2. A process that is kept from running looks idle, too: a step that ended late is no proof, unless it is as long as
       Textual's own.
    """
    begun = time.monotonic()
    while (waited := time.monotonic() - begun) < max_sleep:
        used = time.process_time()
        await asyncio.sleep(_STEP)
        used, step = time.process_time() - used, time.monotonic() - begun - waited
        is_proof = step < _LATE or max(step, waited) >= _TEXTUALS_STEP
        app = active_app.get(None)
        if waited + step > min_sleep and used < _IDLE and is_proof and not (app and has_to_draw(app)):
            return
