"""The border between list and preview moves with keys and mouse, and stays where it was put."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewtui.tui.app import ReviewApp
from reviewtui.tui.resizing import PreviewBox
from reviewtui.tui.view_state import ViewStore
from tests.tui.driving import notice, opened, press, settled
from tests.tui.story import story


@pytest.mark.parametrize(("size", "side"), [((160, 36), "width"), ((80, 36), "height")])
async def test_keys_move_the_border(size: tuple[int, int], side: str) -> None:
    async with opened(size=size) as pilot:
        box = pilot.app.screen.active_pane.query_one(PreviewBox)
        before = getattr(box.region, side)
        await press(pilot, "less_than_sign")
        larger = getattr(box.region, side)
        assert larger > before
        await press(pilot, "greater_than_sign", "greater_than_sign")
        assert getattr(box.region, side) < larger
        for _ in range(20):
            await press(pilot, "greater_than_sign")
        assert "20 %" in notice(pilot)


async def test_the_border_is_dragged_with_the_mouse_and_kept_between_runs(tmp_path: Path) -> None:
    store, shown = ViewStore(tmp_path / "views.json", "/repository"), story()
    async with ReviewApp(lambda: shown, views=store).run_test(size=(200, 36)) as pilot:
        await settled(pilot)
        box = pilot.app.screen.active_pane.query_one(PreviewBox)
        await pilot.mouse_down(box, offset=(0, 5))
        await pilot.hover(pilot.app.screen, offset=(100, 10))
        await pilot.mouse_up(pilot.app.screen, offset=(100, 10))
        await settled(pilot)
        assert box.region.x == 100
        await press(pilot, "q")
    assert store.load().preview == 50
    async with ReviewApp(lambda: shown, views=store).run_test(size=(200, 36)) as pilot:
        await settled(pilot)
        assert pilot.app.screen.active_pane.query_one(PreviewBox).region.x == 100


async def test_where_there_is_no_room_for_a_preview_the_keys_say_so() -> None:
    async with opened(size=(80, 20)) as pilot:
        await press(pilot, "less_than_sign")
        assert "no room" in notice(pilot)
