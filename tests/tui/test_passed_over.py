"""Refs that look like versions and are none are told, and listed with their reasons; J goes through what waits."""

from __future__ import annotations

import pytest

from reviewtui.catalog import PassedOverRef, VersionCatalog
from reviewtui.git.objects import RefName
from reviewtui.tui.passed_over import PassedOverDialog
from tests.tui.corpus import CORPUS, FORBIDDEN
from tests.tui.driving import notice, opened, press, screen_text
from tests.tui.story import StoryProject, story


class WithOthers(StoryProject):
    reason = "It names no model, and there are several: churn, ranker."

    @property
    def catalog(self) -> VersionCatalog:
        return VersionCatalog(self.versions, (PassedOverRef(RefName("refs/tags/v1.0.0"), self.reason),))


async def test_how_many_were_passed_over_is_said_and_o_lists_them() -> None:
    async with opened(WithOthers(versions=story().versions, states=story().states), size=(80, 24)) as pilot:
        await press(pilot, "2")
        assert "1 ref passed over: o lists it" in screen_text(pilot)
        await press(pilot, "3")
        assert "passed over" not in screen_text(pilot)
        await press(pilot, "o")
        assert isinstance(pilot.app.screen, PassedOverDialog)
        text = " ".join(screen_text(pilot).split())
        assert "refs/tags/v1.0.0" in text
        assert "It names no model" in text
        await press(pilot, "y", "a")
        assert "refs/tags/v1.0.0\tIt names" in pilot.app.clipboard


async def test_the_list_of_them_stands_in_the_middle() -> None:
    async with opened(WithOthers(versions=story().versions, states=story().states), size=(200, 60)) as pilot:
        await press(pilot, "2", "o")
        box = pilot.app.screen.query_one("#dialog").region
        assert box.x == 200 - box.right > 0


async def test_where_none_was_passed_over_o_says_so() -> None:
    async with opened() as pilot:
        await press(pilot, "2")
        assert "passed over" not in screen_text(pilot)
        await press(pilot, "o")
        assert "is one" in notice(pilot)


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: repr(text[:12]))
async def test_a_hostile_ref_is_harmless(text: str) -> None:
    async with opened() as pilot:
        pilot.app.push_screen(PassedOverDialog([PassedOverRef(RefName(text), text)]))
        await press(pilot, "j")
        assert not FORBIDDEN & set(screen_text(pilot).replace("\n", ""))


async def test_capital_j_goes_to_the_next_version_that_waits_for_me() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "g")
        pane = pilot.app.screen.active_pane
        waiting = [item for item in pane.table.shown_items() if pane.waits_for_me(item)]
        assert len(waiting) > 1
        pane.table.go_to(pane.key_of(waiting[0]))
        await press(pilot, "J")
        assert pane.table.current == waiting[1]
        await press(pilot, "K")
        assert pane.table.current == waiting[0]
        pane.table.go_to(pane.key_of(waiting[-1]))
        await press(pilot, "J")
        assert "waits for you" in notice(pilot)
