"""Comparing many versions, and the trend of a metric: key by key, at three sizes."""

from __future__ import annotations

import itertools
import threading
import time
from collections.abc import Sequence
from dataclasses import replace

import pytest

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.facts.model import Fact
from reviewtui.metric_trend import Bounds, series_of
from reviewtui.tui.compare_screen import CompareScreen
from reviewtui.tui.home import HomeScreen
from reviewtui.tui.trend_screen import MetricDialog, TrendScreen
from reviewtui.tui.version import VersionScreen
from reviewtui.tui.widgets.plot import Bound, Plot, Sample
from reviewtui.tui.widgets.table import LineTable
from tests.tui.corpus import CORPUS, FORBIDDEN
from tests.tui.driving import SIZES, notice, opened, press, screen_text, settled, until
from tests.tui.story import VERSIONS, StoryProject, oid, story, version

WORST = "".join(text for text in CORPUS if len(text) < 400 and "\ud800" not in text)

# Compare


@pytest.mark.parametrize("size", SIZES)
async def test_marked_versions_are_compared_and_the_first_mark_is_the_base(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, "2", "j", "space", "g", "space", "G", "space", "c")
        assert isinstance(pilot.app.screen, CompareScreen)
        text = screen_text(pilot)
        for words in ("3 versions", "base fraud-net@1.41.3", "CONFIG", "train.lr", "METRICS", "best", "worst"):
            assert words in text, words
        assert "seed" not in text
        await press(pilot, "f")
        assert "seed" in screen_text(pilot)


async def test_one_mark_and_the_cursor_are_enough_and_none_says_what_to_do() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "c")
        assert "space" in notice(pilot)
        await press(pilot, "space", "c")
        assert isinstance(pilot.app.screen, CompareScreen)
        assert "2 versions" in screen_text(pilot)


async def test_a_mark_is_seen_taken_away_and_kept_to_eight() -> None:
    many = tuple(version(f"churn@1.{n}.0") for n in range(12))
    async with opened(story(versions=many)) as pilot:
        await press(pilot, "2", "space", "k")
        assert "»" in screen_text(pilot)
        await press(pilot, "space")
        assert "»" not in screen_text(pilot)
        await press(pilot, "g", *["space"] * 9)
        assert "8 versions are marked" in notice(pilot)


async def test_the_base_the_order_and_the_values_can_be_changed() -> None:
    async with opened(size=(200, 60)) as pilot:
        await press(pilot, "2", "space", "space", "space", "space", "c")
        screen = pilot.app.screen
        await press(pilot, "l", "b")
        assert screen._comparison.versions[0].version == VERSIONS[2]
        await press(pilot, "d")
        assert "deltas from the base" in screen_text(pilot)
        table = screen.query_one(LineTable)
        while table.current.row is None or table.current.row.key != "auc":
            await press(pilot, "j")
        await press(pilot, "s")
        assert screen._comparison.versions[0].version == VERSIONS[2]
        values = [next(f.value for f in each.facts.metrics if f.key == "auc") for each in screen._comparison.versions]
        assert values[1:] == sorted(values[1:], reverse=True)
        await press(pilot, "space", "space", "space")
        assert "least" in notice(pilot)
        await press(pilot, "y", "r")
        assert pilot.app.clipboard.startswith("auc\t")


async def test_every_column_can_be_reached_at_80_columns() -> None:
    async with opened(size=(80, 24)) as pilot:
        await press(pilot, "2", *["space"] * 7, "c")
        seen = set()
        for _ in range(7):
            seen |= {each.version for each in VERSIONS if f"▸{each.version}" in screen_text(pilot) or
                     f"▸{each.name[:6]}" in screen_text(pilot)}  # fmt: skip
            await press(pilot, "l")
        assert VERSIONS[-1].name in notice(pilot)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, VersionScreen)
        await press(pilot, "q", "t")
        assert isinstance(pilot.app.screen, TrendScreen)


async def test_a_hostile_repository_is_compared_harmlessly() -> None:
    bad = replace(version("churn@1.0.0"), version=WORST, author=WORST, model=WORST)
    async with opened(story(versions=(bad, version("churn@0.9.0")), text=WORST), size=(200, 60)) as pilot:
        await press(pilot, "2", "space", "c")
        assert isinstance(pilot.app.screen, CompareScreen)
        for key in ("f", "d", "l", "b", "t"):
            await press(pilot, key)
            assert not FORBIDDEN & set(screen_text(pilot).replace("\n", ""))


# Trend


class Measured(StoryProject):
    """A model whose auc grows with every version; each reading of metrics is noted."""

    def metric_history(self, versions: Sequence[ModelVersion]) -> tuple[tuple[Fact, ...], ...]:
        self.asked.append(f"metrics of {len(versions)}")
        numbers = [int(each.version.split(".")[1]) for each in versions]
        return tuple(
            (Fact("metrics.json", "auc", 0.5 + number / 10_000), Fact("metrics.json", "loss", 1 / (number + 1)))
            for number in numbers
        )


def measured(count: int) -> Measured:
    kinds = {0: VersionKind.RELEASE, 1: VersionKind.CANDIDATE}
    made = tuple(
        version(f"churn@1.{n}.0", days=count - n, kind=kinds[n % 5 > 0], author=f"Dana {n}") for n in range(count)
    )
    return Measured(versions=made[::-1])


@pytest.mark.parametrize("size", SIZES)
async def test_a_trend_reads_out_version_value_date_and_author(size: tuple[int, int]) -> None:
    async with opened(measured(30), size=size) as pilot:
        await press(pilot, "2", "t")
        assert isinstance(pilot.app.screen, TrendScreen)
        text = screen_text(pilot)
        for words in ("Trend", "auc ↑", "30 of 30 versions", "1.29.0", "0.5029", "Dana 29", "┤", "└", "●"):
            assert words in text, words
        assert any("\u2800" < character <= "\u28ff" for character in text)
        await press(pilot, "h")
        assert "Dana 28" in screen_text(pilot)
        assert "+0.0001 ▲ better" in screen_text(pilot)


async def test_t_on_a_metric_of_a_version_draws_that_metric() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter", "3", "n", "n", "t")
        assert isinstance(pilot.app.screen, TrendScreen)
        assert "Trend auc" in screen_text(pilot)


async def test_metric_range_and_table() -> None:
    async with opened(measured(30)) as pilot:
        await press(pilot, "2", "t", "m")
        assert isinstance(pilot.app.screen, MetricDialog)
        await press(pilot, "j", "enter")
        assert "loss ↓" in screen_text(pilot)
        await press(pilot, "left_square_bracket")
        assert "15 of 30 versions" in screen_text(pilot)
        await press(pilot, "right_square_bracket", "T")
        table = pilot.app.screen.query_one(LineTable)
        assert table.count == 30
        assert "▲ better" in screen_text(pilot)
        await press(pilot, "j", "enter")
        assert isinstance(pilot.app.screen, VersionScreen)
        await press(pilot, "q", "q")
        assert isinstance(pilot.app.screen, HomeScreen)
        assert pilot.app.screen.version.version == "1.28.0"


async def test_thousands_of_versions_are_read_in_slices_and_esc_stops() -> None:
    project, go = measured(1000), threading.Event()
    plain, held = project.metric_history, []

    def slow(versions: Sequence[ModelVersion]) -> tuple[tuple[Fact, ...], ...]:
        held.append(len(versions))
        if len(held) == 3:
            go.wait(5)
        return plain(versions)

    project.metric_history = slow  # type: ignore[method-assign]
    async with opened(project) as pilot:
        await press(pilot, "2")
        await pilot.press("t")
        for _ in range(300):
            await pilot.pause(0.01)
            if len(held) == 3:
                break
        await pilot.pause()
        assert "400 of 1,000 versions, esc stops" in screen_text(pilot)
        await pilot.press("escape")
        go.set()
        await settled(pilot)
        assert "Stopped" in notice(pilot)
        assert "400 of 400 versions · 400 of 1,000 read" in screen_text(pilot)


async def test_q_leaves_a_trend_that_is_still_read() -> None:
    project = story()
    go = threading.Event()

    def held(versions: Sequence[ModelVersion]) -> tuple[tuple[Fact, ...], ...]:
        go.wait(5)
        return tuple(() for _ in versions)

    project.metric_history = held  # type: ignore[method-assign]
    async with opened(project) as pilot:
        await press(pilot, "2")
        await pilot.press("t")
        await until(pilot, lambda: isinstance(pilot.app.screen, TrendScreen))
        await pilot.press("q")
        await until(pilot, lambda: not isinstance(pilot.app.screen, TrendScreen))
        go.set()
        await settled(pilot)


async def test_what_was_read_once_is_not_read_again() -> None:
    project = measured(300)
    async with opened(project) as pilot:
        await press(pilot, "2", "t", "q", "t")
        assert [asked for asked in project.asked if asked.startswith("metrics")] == ["metrics of 200", "metrics of 100"]


async def test_no_key_takes_long_at_four_thousand_versions() -> None:
    async with opened(measured(4000)) as pilot:
        await press(pilot, "2", "t")
        taken = []
        for key in ("h", "H", "g", "l", "G", "left_square_bracket", "right_square_bracket"):
            started = time.process_time()
            await pilot.press(key)
            await pilot.pause()
            taken.append(time.process_time() - started)
        assert sorted(taken)[len(taken) // 2] < 0.1, taken


async def test_a_model_without_metrics_says_so() -> None:
    project = measured(3)
    project.metric_history = lambda versions: tuple(() for _ in versions)  # type: ignore[method-assign]
    async with opened(project) as pilot:
        await press(pilot, "2", "t", "m")
        assert "No version of this model has a metric." in notice(pilot)


async def test_bounds_are_drawn_where_they_are_near_and_left_out_where_they_are_far() -> None:
    async with opened() as pilot:
        plot = Plot()
        await pilot.app.screen.mount(plot)
        plot.show([Sample(n / 10, str(n)) for n in range(10)], [Bound(0.5, "at least"), Bound(99, "at most")])
        grid = ["".join(text for text, _ in row) for row in plot._grid(60, 20)]
        assert sum("at least 0.5" in row for row in grid) == 1
        assert not any("at most" in row for row in grid)
        plot.show([Sample(1.0, "only")], [])
        assert any(text.strip() for row in plot._grid(60, 20) for text, _ in row)


def test_series_leave_out_what_is_no_number_and_take_both_sides_of_a_delta() -> None:
    versions = [version("m@1.0.0"), version("m@1.1.0"), replace(version("m@1.2.0"), commit=oid("x"))]
    metrics = {
        (versions[0].commit, "m"): (Fact("a.json", "auc", 0.5), Fact("a.json", "huge", 10**400)),
        (versions[1].commit, "m"): (Fact("a.json", "auc", 0.75),),
    }
    (found,) = series_of(versions, metrics, Bounds({"auc": (0.6, None)}, {}))
    assert [(point.value, point.delta) for point in found.points] == [(0.5, None), (0.75, 0.25)]
    assert (found.minimum, found.direction) == (0.6, "higher")


async def test_a_hostile_trend_is_harmless() -> None:
    bad = tuple(replace(version(f"churn@1.{n}.0"), version=f"1.{n}.{WORST}", author=WORST) for n in range(3))
    project = measured(3)
    project.versions = bad
    project.metric_history = lambda versions: tuple((Fact(WORST, WORST, 0.5),) for _ in versions)  # type: ignore[method-assign]
    async with opened(project, size=(200, 60)) as pilot:
        await press(pilot, "2", "t")
        for key in ("h", "T", "m", "escape", "y", "escape"):
            await press(pilot, key)
            assert not FORBIDDEN & set(screen_text(pilot).replace("\n", ""))


@pytest.mark.parametrize(
    ("values", "ticks"),
    [
        ((10.2, 14.6), ["11", "12", "13", "14"]),
        ((0.8712, 0.9152), ["0.87", "0.88", "0.89", "0.90", "0.91"]),
        ((-3.0, 3.0), ["-3", "-2", "-1", "0", "1", "2", "3"]),
        ((0.5, 0.5), ["0.48", "0.49", "0.50", "0.51", "0.52"]),
        ((1_200_000.0, 1_800_000.0), ["1200000", "1300000", "1400000", "1500000", "1600000", "1700000", "1800000"]),
        ((1e-9, 1.0), ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        ((-1e308, 1e308), []),
    ],
)
def test_the_axis_has_round_numbers(values: tuple[float, ...], ticks: list[str]) -> None:
    plot = Plot()
    plot.show([Sample(value, str(value)) for value in values])
    found = plot._ticks(22)
    assert [found[row] for row in sorted(found, reverse=True)] == ticks
    rows = sorted(found)
    assert all(below - above >= 2 for above, below in itertools.pairwise(rows))
