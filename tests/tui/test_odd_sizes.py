"""Things of odd sizes: very long lines and names, very many keys, metrics and models. The app stays usable."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace

import pytest

from reviewtui.diff import Change, ChangeKind, MetricChange, TextPair, VersionDiff
from reviewtui.tui.pages.config import config_page
from reviewtui.tui.pages.metrics import metrics_page
from reviewtui.tui.pages.reviews import reviews_page
from reviewtui.tui.pages.text import Layout, TextPage, file_diffs
from reviewtui.tui.reading import read_version
from reviewtui.tui.version import VersionScreen
from reviewtui.tui.widgets.text_view import TextView
from tests.tui.driving import opened, press, screen_text, settled, until
from tests.tui.story import StoryProject, diff_values, entry, story, version

SECONDS = 5.0
"""Far more than any of this takes, and far less than it would take if its cost grew with the square of the size."""


class OddProject(StoryProject):
    """Its difference and its texts are what a test makes them."""

    difference: VersionDiff = diff_values()
    texts: tuple[TextPair, ...] = ()

    def compare(self, base: object, head: object) -> VersionDiff:
        return self.difference

    def text_pairs(self, base: object, head: object) -> tuple[TextPair, ...]:
        return self.texts


def odd_project(*, difference: VersionDiff | None = None, texts: tuple[TextPair, ...] = ()) -> OddProject:
    told = story()
    project = OddProject(versions=told.versions, states=told.states)
    project.difference, project.texts = difference or diff_values(), texts
    return project


def work(deed: Callable[[], object]) -> float:
    """The seconds that the processor works for it."""
    before = time.process_time()
    deed()
    return time.process_time() - before


@pytest.mark.parametrize("sides", [("a" * 1_000_000, "b" * 1_000_000), ("", "漢" * 300_000), ("x y " * 250_000, "")])
async def test_a_line_of_a_million_characters_is_shown_cut_and_scrolled_sideways(sides: tuple[str, str]) -> None:
    before, after = sides
    pair = TextPair("weights.txt", ChangeKind.CHANGED, f"{before}\nend\n", f"{after}\nend\n")
    async with opened(odd_project(texts=(pair,))) as pilot:
        begun = time.process_time()
        await press(pilot, "2", "enter", "8", "l", "l", "vertical_line", "n", "h", "f")
        assert time.process_time() - begun < SECONDS
        assert "weights.txt" in screen_text(pilot)


@pytest.mark.slow
def test_fifty_thousand_changed_keys_are_one_page_that_is_made_once() -> None:
    changes = tuple(Change(f"layer{n // 100}.w{n}", ChangeKind.CHANGED, n, n + 1, "params.yaml") for n in range(50_000))
    project = odd_project(difference=VersionDiff(config=changes))
    view = read_version(project, project.versions[0])
    lines = config_page(view, 110)
    assert len(lines) >= 50_000
    assert work(lambda: config_page(view, 110)) < SECONDS


async def test_three_hundred_metrics_can_be_walked_and_searched() -> None:
    metrics = tuple(
        MetricChange(f"auc.segment_{n:03}", ChangeKind.CHANGED, 0.5, 0.6, "metrics.json") for n in range(300)
    )
    project = odd_project(difference=VersionDiff(metrics=metrics))
    view = read_version(project, project.versions[0])
    assert sum(line.stop for line in metrics_page(view, 110)) == 300
    async with opened(project) as pilot:
        await press(pilot, "2", "enter", "3", "G", "slash", *"_299", "enter")
        assert "segment_299" in screen_text(pilot)


async def test_a_thousand_models_are_found_by_their_names() -> None:
    versions = tuple(version(f"model-{n:04}@1.0.0", days=n) for n in range(1_000))
    async with opened(story(versions=versions, states={})) as pilot:
        await press(pilot, "2", "slash", *"model:model-0999", "enter")
        assert "model-0999@1.0.0" in screen_text(pilot)
        await press(pilot, "escape", "G", "g", "enter")
        assert isinstance(pilot.app.screen, VersionScreen)


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_version_name_of_three_hundred_characters_leaves_room_for_all_else(size: tuple[int, int]) -> None:
    named = replace(version("churn@1.0.0"), version="1." + "0" * 300)
    project = story(versions=(named, version("churn@0.9.0")), states={named.name: ("in-review", 1, 2)})
    async with opened(project, size=size) as pilot:
        await press(pilot, "2", "home")
        assert "in-review" in screen_text(pilot)
        await press(pilot, "enter")
        assert "in-review" in screen_text(pilot)
        await press(pilot, "q", "a", "escape", "R", "escape")
        assert "churn@0.9.0" in screen_text(pilot)


async def test_a_comment_of_sixty_kibibytes_is_read_to_its_end() -> None:
    comment = "The learning rate was discussed. " * 1_850 + "THE END"
    project = story()
    view = replace(read_version(project, project.versions[0]), reviews=(entry("bob@example.com", "approve", comment),))
    assert len(comment) > 60_000
    assert work(lambda: reviews_page(view, 110)) < SECONDS
    assert any("THE END" in line.text for line in reviews_page(view, 110))
    async with opened(project) as pilot:
        await press(pilot, "2", "enter", "6")
        pilot.app.screen.query_one(TextView).show(lambda width: reviews_page(view, width))
        await press(pilot, "G")
        assert "THE END" in screen_text(pilot)


def test_a_text_of_many_short_changes_is_laid_out_in_a_moment() -> None:
    before, after = ("".join(f"{n}: {n * side}\n" for n in range(20_000)) for side in (1, 2))
    files = file_diffs([TextPair("p.yaml", ChangeKind.CHANGED, before, after)], ignore_space=False)
    assert work(lambda: TextPage(files, Layout()).lines(120, sideways=lambda by: None).holding("199")) < SECONDS


async def test_a_long_page_is_laid_out_beside_the_keys_and_walked_when_it_is_there() -> None:
    changes = tuple(Change(f"w{n:04}", ChangeKind.CHANGED, n, n + 1, "params.yaml") for n in range(2_000))
    metrics = tuple(MetricChange(f"auc{n:03}", ChangeKind.CHANGED, 0.5, 0.6, "metrics.json") for n in range(300))
    async with opened(odd_project(difference=VersionDiff(config=changes, metrics=metrics))) as pilot:
        await press(pilot, "2", "enter")
        with pilot.app.project_lock:  # Who answers questions is busy with something else.
            await pilot.press("2", "n")
            screen, page = pilot.app.screen, pilot.app.screen.query_one(TextView)
            await until(pilot, lambda: "Laying out 2,000 facts" in screen_text(pilot))
            assert isinstance(screen, VersionScreen) and screen.waits_for("layout") and page.stops == 0
        await until(pilot, lambda: page.stops == 2_000)
        assert page.stop == 0
        await press(pilot, "G")
        assert "w1999" in screen_text(pilot)
        before = page.lines
        await press(pilot, "1", "2")
        assert page.lines is before
        with pilot.app.project_lock:
            await pilot.press("3")
            await until(pilot, lambda: screen.waits_for("layout"))
            await pilot.press("2")
            await until(pilot, lambda: page.lines is before)
            assert not screen.waits_for("layout")
        await settled(pilot)
        assert page.lines is before
