"""What stands between the app and the terminal."""

from __future__ import annotations

import pytest
from rich.segment import Segment
from rich.style import Style
from textual.color import Color

from reviewtui.tui.app import ReviewApp, crash_report
from reviewtui.tui.terminal import LastFilter, suitable_theme
from tests.tui.corpus import CORPUS, FORBIDDEN
from tests.tui.driving import opened, press, screen_text
from tests.tui.story import story


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: repr(text[:12]))
def test_the_last_filter_drops_every_control_and_nothing_else(text: str) -> None:
    control = Segment("\x1b[0m", None, [(1,)])
    filtered = LastFilter(()).apply([Segment(text, Style(bold=True)), control], Color.parse("black"))
    assert filtered[0].text == "".join(character for character in text if character not in FORBIDDEN)
    assert filtered[1] is control


async def test_the_last_filter_is_in_force() -> None:
    async with opened() as pilot:
        assert any(isinstance(each, LastFilter) and each.enabled for each in pilot.app.get_line_filters())


@pytest.mark.parametrize(
    ("environment", "theme"),
    [
        ({}, "reviewtui-dark"),
        ({"COLORFGBG": "15;0"}, "reviewtui-dark"),
        ({"COLORFGBG": "0;15"}, "reviewtui-light"),
        ({"COLORFGBG": "0;default;15"}, "reviewtui-light"),
        ({"NO_COLOR": "1"}, "ansi-dark"),
        ({"NO_COLOR": ""}, "reviewtui-dark"),
        ({"TEXTUAL_THEME": "nord", "NO_COLOR": "1"}, "nord"),
    ],
)
def test_the_theme_suits_the_terminal(environment: dict[str, str], theme: str) -> None:
    assert suitable_theme(environment) == theme


async def test_no_color_means_no_colour_at_all_and_the_cursor_is_still_seen(monkeypatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with opened() as pilot:
        segments = [segment for strip in pilot.app.screen._compositor.render_strips() for segment in strip]
        colours = {c.name for s in segments if s.style for c in (s.style.color, s.style.bgcolor) if c is not None}
        assert colours <= {"default"}
        assert any(segment.style and segment.style.reverse and segment.text.strip() for segment in segments)


async def test_a_theme_of_an_unknown_name_is_no_reason_to_fail(monkeypatch) -> None:
    monkeypatch.setenv("TEXTUAL_THEME", "no-such-theme")
    async with opened() as pilot:
        assert pilot.app.theme == "reviewtui-dark"


@pytest.mark.parametrize("theme", ["reviewtui-light", "ansi-dark", "ansi-light", "nord"])
async def test_every_screen_can_be_drawn_in_every_kind_of_theme(theme: str) -> None:
    async with opened() as pilot:
        pilot.app.theme = theme
        await press(pilot, "1", "2", "enter", "2", "n", "7", "question_mark")
        assert "Keys" in screen_text(pilot)


def test_a_crash_report_holds_no_values_and_no_controls() -> None:
    secret = "a draft of a comment"
    try:
        raise ValueError("evil \x1b[31m words")
    except ValueError as error:
        report = crash_report(error)
    assert secret not in report
    assert "\x1b" not in report
    assert "ValueError: evil ␛[31m words" in report


async def run_to_the_end(app: ReviewApp) -> None:
    async with app.run_test() as pilot:
        await pilot.pause()
        await app.workers.wait_for_complete()


async def test_a_fault_of_our_own_ends_the_app_visibly_and_without_values() -> None:
    def broken() -> None:
        password = "hunter2"
        raise ZeroDivisionError(f"a fault after {len(password)} letters")

    app = ReviewApp(broken)  # type: ignore[arg-type]
    with pytest.raises(Exception, match="fault after 7 letters"):
        await run_to_the_end(app)
    printed = "".join(str(renderable) for renderable in app._exit_renderables)
    assert "hunter2" not in printed
    assert app.return_code == 1


@pytest.mark.parametrize("size", [(59, 24), (80, 15), (20, 5)])
async def test_a_terminal_that_is_too_small_gets_a_sentence(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        assert "60x16" in screen_text(pilot).replace("\n", "")
        await pilot.resize_terminal(80, 24)
        await pilot.pause()
        assert "60x16" not in screen_text(pilot)
        assert "fraud-net@1.42.0" in screen_text(pilot)


async def test_the_smallest_terminal_that_will_do_will_do() -> None:
    async with opened(story(), size=(60, 16)) as pilot:
        await press(pilot, "2", "enter", "3")
        assert "latency_ms_p95" in screen_text(pilot)
        await press(pilot, "a")
        assert "Approve" in screen_text(pilot)
