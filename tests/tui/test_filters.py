"""What a filter finds in each list, also what has to be read for it; and what it says where it cannot be understood."""

from __future__ import annotations

import threading

import pytest
from textual.pilot import Pilot

from reviewtui.tui.filters import haystack, loosened, matching, parse_filter
from tests.tui.driving import notice, opened, press, screen_text, settled, until
from tests.tui.story import STATES, StoryProject, story, version

EVERY_TAB = ("1", "2", "3", "4", "5")


async def filtered(pilot: Pilot[int], words: str) -> None:
    """Put a filter into force, and wait for what it reads."""
    pilot.app.screen.active_pane.set_filter(words)
    await pilot.pause()
    await settled(pilot)


@pytest.mark.parametrize("tab", EVERY_TAB)
async def test_metric_changed_and_bad_work_in_every_tab(tab: str) -> None:
    async with opened() as pilot:
        await press(pilot, tab)
        pane = pilot.app.screen.active_pane
        for words, found in (("metric:auc>0", True), ("metric:auc>9", False), ("changed:train.lr", True),
                             ("changed:nothing.such", False), ("since:2001-01-01", True)):  # fmt: skip
            await filtered(pilot, words)
            assert not pane.filter.complaint
            assert bool(pane.table.count) is found, words
        await filtered(pilot, "bad:no")
        assert pane.table.count
        assert not pane.filter.complaint


async def test_bad_yes_shows_the_versions_with_an_unsound_record() -> None:
    async with opened() as pilot:
        await press(pilot, "2")
        await filtered(pilot, "bad:yes")
        names = {record.name for record in pilot.app.screen.project.trail() if record.is_bad}
        shown = {each.name for each in pilot.app.screen.active_pane.versions}
        assert shown
        assert shown == names & {each.name for each in pilot.app.screen.project.versions}


@pytest.mark.parametrize("tab", EVERY_TAB)
async def test_a_filter_that_finds_nothing_says_so_in_a_sentence_and_escape_clears_it(tab: str) -> None:
    async with opened() as pilot:
        await press(pilot, tab, "slash", *"zzzz", "enter")
        pane = pilot.app.screen.active_pane
        assert pane.table.count == 0
        text = screen_text(pilot)
        assert f"No {pane.NOUN} matches “zzzz”." in text
        assert "Esc clears the filter." in text
        await press(pilot, "escape")
        assert pane.table.count


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("metric:auc", "metric: takes a metric and a bound"),
        ("since:soon", "since: takes a date"),
        ("bad:perhaps", "bad: takes yes or no"),
        ("state:aproved", "state: is never aproved; it is one of"),
        ("kind:branch", "kind: is never branch"),
        ("colour:red", "colour: is no filter of this list"),
    ],
)
async def test_a_mistake_in_a_filter_is_said_in_a_sentence(words: str, said: str) -> None:
    async with opened() as pilot:
        await press(pilot, "2", "slash")
        await filtered(pilot, words)
        assert said in notice(pilot)
        await press(pilot, "escape")
        assert said not in notice(pilot)


def test_an_unfinished_value_is_no_mistake() -> None:
    assert parse_filter("state:in", ("state",), now=0, values={"state": ("in-review",)}).complaint == ""
    assert parse_filter("bad:", ("bad",), now=0).complaint == ""
    assert parse_filter("changed:LR bad:no", ("changed", "bad"), now=0).changed == ("lr",)


class SlowProject(StoryProject):
    go: threading.Event

    def compare(self, base: object, head: object) -> object:  # type: ignore[override]
        self.go.wait(5)
        return super().compare(base, head)  # type: ignore[arg-type]


async def test_escape_stops_what_a_filter_reads_and_says_so() -> None:
    versions = tuple(version(f"churn@1.{n}.0", days=n) for n in range(60))
    project = SlowProject(versions=versions, states=dict.fromkeys((v.name for v in versions), STATES["churn@0.8.9"]))
    project.go = threading.Event()
    project.go.set()
    async with opened(project) as pilot:
        await press(pilot, "2")
        project.go.clear()
        await pilot.press("slash", *"changed:lr", "enter")
        await until(pilot, lambda: "esc stops" in screen_text(pilot))
        assert "Reading what the filter asks for" in screen_text(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: "Stopped" in notice(pilot))
        project.go.set()
        await settled(pilot)
        pane = pilot.app.screen.active_pane
        assert pane.words == "changed:lr"
        await press(pilot, "escape")
        assert pane.words == ""


async def test_many_versions_are_compared_slice_by_slice() -> None:
    versions = tuple(version(f"churn@1.{n}.0", days=n) for n in range(40))
    project = story(versions=versions)
    async with opened(project) as pilot:
        await press(pilot, "2")
        await filtered(pilot, "changed:train.lr")
        assert pilot.app.screen.active_pane.table.count == 40


async def test_a_word_that_stands_nowhere_finds_names_by_its_letters_and_that_is_said() -> None:
    async with opened() as pilot:
        await press(pilot, "2")
        pane = pilot.app.screen.active_pane
        all_of_them = pane.table.count
        await filtered(pilot, "chrn")
        assert {each.model for each in pane.versions} == {"churn"}
        assert 0 < pane.table.count < all_of_them
        assert "“chrn” stands nowhere: names with its letters in this order." in notice(pilot)
        await filtered(pilot, "nrhc")
        assert pane.table.count == 0
        await filtered(pilot, "churn")
        assert "stands nowhere" not in notice(pilot)


def test_the_letters_of_a_word_must_stand_in_the_name_alone() -> None:
    texts = tuple(haystack(f"{name} approved dana", (("model", name),)) for name in ("churn@1.4.0", "support@2.0.0"))
    assert matching(texts, loosened(texts, parse_filter("chdana", (), now=0))) == []
    assert matching(texts, loosened(texts, parse_filter("c140 dana", (), now=0))) == [0]
