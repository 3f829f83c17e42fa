"""The mouse on text: the wheel scrolls it, and ctrl+c copies what was highlighted, on pages and in dialogs."""

from __future__ import annotations

import pytest
from textual import events
from textual.pilot import Pilot
from textual.widgets import TextArea

from reviewtui.tui.widgets.table import LineTable
from reviewtui.tui.widgets.text_view import TextView
from tests.tui.driving import notice, opened, press, screen_text

Cell = tuple[int, int]


def place_of(pilot: Pilot[int], text: str) -> Cell:
    """The cell of the screen on which a text begins."""
    for y, row in enumerate(screen_text(pilot).splitlines()):
        if text in row:
            return row.index(text), y
    raise AssertionError(f"{text!r} is not on the screen:\n{screen_text(pilot)}")


async def drag(pilot: Pilot[int], start: Cell, end: Cell) -> None:
    screen = pilot.app.screen
    await pilot.mouse_down(screen, offset=start)
    await pilot.hover(screen, offset=end)
    await pilot.mouse_up(screen, offset=end)


async def click(pilot: Pilot[int], cell: Cell, *, times: int) -> None:
    """Click on what is seen on a cell of the screen."""
    view = pilot.app.screen.query_one(TextView)
    offset = (cell[0] - view.region.x, cell[1] - view.region.y)
    await pilot.click(view, offset=offset, times=times)


@pytest.mark.parametrize(
    ("size", "keys"), [((120, 24), ("enter",)), ((120, 36), ("2",)), ((80, 24), ("question_mark",))]
)
async def test_the_wheel_scrolls_and_a_scrollbar_shows_that_there_is_more(
    size: tuple[int, int], keys: tuple[str, ...]
) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, *keys)
        view = next(each for each in pilot.app.screen.query(TextView) if each.region.area)
        assert view.show_vertical_scrollbar is (len(view.lines) > view.region.height)
        if view.show_vertical_scrollbar:
            await pilot._post_mouse_events([events.MouseScrollDown], view, offset=(5, 5), button=0)
            await pilot.pause()
            assert view.scroll_y > 0


async def test_a_page_is_laid_out_as_wide_with_a_scrollbar_as_without() -> None:
    async with opened(size=(120, 24)) as pilot:
        await press(pilot, "enter", "2")
        view = pilot.app.screen.query_one(TextView)
        assert not view.show_vertical_scrollbar
        width = view.line_width
        await press(pilot, "1")
        assert view.show_vertical_scrollbar
        assert view.line_width == width == 118


async def test_what_is_dragged_over_on_a_page_is_copied_and_that_is_said() -> None:
    async with opened() as pilot:
        await press(pilot, "enter", "2")
        x, y = place_of(pilot, "train.lr")
        await drag(pilot, (x, y), (x + len("train.lr"), y))
        await press(pilot, "ctrl+c")
        assert pilot.app.clipboard == "train.lr"
        assert notice(pilot) == "Copied 8 characters."


async def test_lines_are_copied_without_the_blanks_that_fill_them() -> None:
    async with opened() as pilot:
        await press(pilot, "enter", "8")
        await drag(pilot, (40, 4), (110, 8))
        await press(pilot, "ctrl+c")
        lines = pilot.app.clipboard.split("\n")
        assert len(lines) == 5
        assert all(line == line.rstrip() for line in lines)


async def test_where_nothing_is_selected_ctrl_c_copies_nothing() -> None:
    async with opened() as pilot:
        await press(pilot, "enter", "ctrl+c")
        assert (pilot.app.clipboard, notice(pilot)) == ("", "ctrl+q leaves the app.")


async def test_a_blank_last_line_can_be_selected() -> None:
    async with opened(size=(120, 60)) as pilot:
        await press(pilot, "enter", "1", "end")
        view = pilot.app.screen.query_one(TextView)
        assert not view.lines[-1].text
        y = view.content_region.y + len(view.lines) - 1 - round(view.scroll_y)
        await drag(pilot, (3, y), (9, y))
        await press(pilot, "ctrl+c")
        assert pilot.app.clipboard == ""


async def test_in_a_dialog_too_ctrl_c_copies_what_is_selected() -> None:
    async with opened() as pilot:
        await press(pilot, "enter", "a")
        assert isinstance(pilot.app.focused, TextArea)
        x, y = place_of(pilot, "Exactly these")
        await drag(pilot, (x, y), (x + len("Exactly"), y))
        await press(pilot, "ctrl+c")
        assert pilot.app.clipboard == "Exactly"


async def test_a_double_click_selects_a_word_and_a_triple_click_the_line() -> None:
    async with opened() as pilot:
        await press(pilot, "enter")
        x, y = place_of(pilot, "refs/")
        await click(pilot, (x + 7, y), times=2)
        await press(pilot, "ctrl+c")
        ref = pilot.app.clipboard
        assert ref.startswith("refs/")
        assert not ref.split(" ")[1:]
        await click(pilot, (x + 7, y), times=3)
        await press(pilot, "ctrl+c")
        assert pilot.app.clipboard.split() == ["ref", ref]


async def test_a_double_click_takes_no_quotes_with_a_word() -> None:
    async with opened() as pilot:
        await press(pilot, "enter", "a")
        x, y = place_of(pilot, "https:")
        await click(pilot, (x, y), times=2)
        await press(pilot, "ctrl+c")
        assert pilot.app.clipboard == "https://in-toto.io/Statement/v1"


async def test_a_click_on_a_change_means_that_change() -> None:
    async with opened() as pilot:
        await press(pilot, "enter", "2")
        await click(pilot, place_of(pilot, "train.lr"), times=1)
        view = pilot.app.screen.query_one(TextView)
        assert view.current is not None
        assert "train.lr" in view.current.text
        assert view.stop >= 0
        await press(pilot, "M")
        assert pilot.app.screen.query_one(TextArea).text.startswith("[config:train.lr]")


async def test_what_is_said_can_be_copied_and_a_selection_that_reaches_it_holds_no_name_of_a_widget() -> None:
    async with opened() as pilot:
        await press(pilot, "enter", "2")
        pilot.app.screen.say("One thing is said here.")
        await pilot.pause()
        x, y = place_of(pilot, "One thing")
        await drag(pilot, (x, y), (x + len("One thing"), y))
        await press(pilot, "ctrl+c")
        assert pilot.app.clipboard == "One thing"
        pilot.app.screen.say("One thing is said here.")
        await drag(pilot, place_of(pilot, "train.lr"), (x + len("One thing"), y))
        await press(pilot, "ctrl+c")
        assert pilot.app.clipboard.startswith("train.lr")
        assert pilot.app.clipboard.endswith("One thing")
        assert "#" not in pilot.app.clipboard


async def test_what_is_drawn_and_no_text_is_not_copied() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "t")
        await drag(pilot, (20, 5), (60, 12))
        await press(pilot, "ctrl+c")
        assert (pilot.app.clipboard, notice(pilot)) == ("", "ctrl+q leaves the app.")


async def test_what_a_scrollbar_leaves_free_has_the_colour_of_the_page() -> None:
    async with opened() as pilot:
        await press(pilot, "2")
        for kind in (TextView, LineTable):
            each = pilot.app.screen.query(kind).first()
            assert each.styles.scrollbar_background == each.styles.background
