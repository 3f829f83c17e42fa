"""The copy menu, the sort menu, and the mouse on a table's titles and on the key line."""

from __future__ import annotations

import pytest

from reviewtui.tui.menu import Choice, CopyMenu, Menu, copy_said
from reviewtui.tui.widgets.strips import KeyLine
from reviewtui.tui.widgets.table import LineTable
from tests.tui.corpus import CORPUS, FORBIDDEN
from tests.tui.driving import notice, opened, press, screen_text
from tests.tui.story import VERSIONS, story

# Copy


async def test_y_offers_what_can_be_copied_and_a_letter_copies_it() -> None:
    async with opened() as pilot:
        await press(pilot, "y")
        assert isinstance(pilot.app.screen, CopyMenu)
        text = screen_text(pilot)
        for words in ("name", "commit", "full ref", "subject", "row as text"):
            assert words in text
        assert "tag" not in [choice.words for choice in pilot.app.screen._choices]
        await press(pilot, "c")
        assert pilot.app.clipboard == VERSIONS[0].commit
        assert VERSIONS[0].commit in notice(pilot)


async def test_the_menu_shows_no_mark_for_the_tabs_between_the_cells_of_a_row() -> None:
    async with opened() as pilot:
        await press(pilot, "y")
        assert "\t" in pilot.app.screen._choices[-1].value
        assert "␉" not in screen_text(pilot)


async def test_y_twice_copies_the_name_and_enter_what_is_under_the_cursor() -> None:
    async with opened() as pilot:
        await press(pilot, "y", "y")
        assert pilot.app.clipboard == VERSIONS[0].name
        await press(pilot, "y", "G", "enter")
        assert pilot.app.clipboard.startswith(f"{VERSIONS[0].name}\t")


async def test_on_a_version_the_change_under_the_cursor_and_the_base_can_be_copied() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter", "2", "n", "y", "r")
        assert "train.lr" in pilot.app.clipboard
        await press(pilot, "y")
        words = [choice.words for choice in pilot.app.screen._choices]
        assert {"commit of the base", "record ids"} <= set(words)


async def test_in_the_audit_the_signed_payload_can_be_copied_where_it_can_be_read() -> None:
    async with opened() as pilot:
        await press(pilot, "4", "y")
        words = [choice.words for choice in pilot.app.screen._choices]
        assert {"record id", "notes commit"} <= set(words)
        await press(pilot, "i")
        assert pilot.app.clipboard.startswith("sha256:")


async def test_where_there_is_no_row_nothing_can_be_copied() -> None:
    async with opened(story(versions=())) as pilot:
        await press(pilot, "2", "y")
        assert "nothing to copy" in notice(pilot)


def test_what_is_too_long_for_a_clipboard_is_not_sent() -> None:
    assert copy_said(Choice("p", "signed payload", "x" * 2_000_000)) == ""
    assert copy_said(Choice("p", "signed payload", "a\nb")) == "Copied the signed payload: 3 characters"


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: repr(text[:12]))
async def test_a_hostile_choice_is_harmless(text: str) -> None:
    async with opened() as pilot:
        pilot.app.push_screen(Menu(text, [Choice("a", text, text), Choice("b", "other", "")]))
        await press(pilot, "j", "k")
        assert not FORBIDDEN & set(screen_text(pilot).replace("\n", ""))


# Sort


async def test_s_offers_the_orders_and_the_cursor_stays_on_its_version() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "G")
        kept = pilot.app.screen.version
        for letter, sort in (("n", "newest"), ("s", "state"), ("p", "approvals"), ("u", "")):
            await press(pilot, "s", letter)
            assert pilot.app.screen.active_pane.sort == sort
            assert pilot.app.screen.version == kept
        await press(pilot, "s", "n")
        first = [item.version for item in pilot.app.screen.active_pane.table.shown_items()]
        await press(pilot, "s", "o")
        assert [item.version for item in pilot.app.screen.active_pane.table.shown_items()] == first[::-1]
        assert "Sorted by newest, the other way round." in notice(pilot)
        await press(pilot, "s", "escape")
        assert pilot.app.screen.active_pane.sort == "newest"


async def test_a_list_with_one_order_says_so() -> None:
    async with opened() as pilot:
        await press(pilot, "3", "s")
        assert "one order" in notice(pilot)


async def test_a_click_on_a_title_sorts_by_it_and_a_second_one_turns_it_round() -> None:
    async with opened() as pilot:
        await press(pilot, "2")
        pane = pilot.app.screen.active_pane
        await pilot.click(pane.table, offset=(3, 0))
        assert (pane.sort, pane.is_turned) == ("name", False)
        await pilot.click(pane.table, offset=(3, 0))
        assert (pane.sort, pane.is_turned) == ("name", True)


async def test_a_click_on_a_title_of_the_matrix_chooses_its_column() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "space", "space", "space", "c")
        screen = pilot.app.screen
        table = screen.query_one(LineTable)
        await pilot.click(table, offset=(screen_text(pilot).splitlines()[1].index(" base"), 0))
        assert "column 1 of 3" in notice(pilot)


# The key line


@pytest.mark.parametrize("width", [60, 72, 80, 100, 120])
async def test_help_and_the_way_out_are_shown_at_every_width(width: int) -> None:
    async with opened(size=(width, 24)) as pilot:
        assert "? Help  q Quit" in screen_text(pilot).splitlines()[-1]
        await press(pilot, "2", "enter")
        assert "? Help  q Back" in screen_text(pilot).splitlines()[-1]
        await press(pilot, "a")
        assert "esc Cancel" in screen_text(pilot).splitlines()[-1]


@pytest.mark.parametrize(
    ("keys", "word"), [(("question_mark",), "Close"), (("4", "enter"), "Close"), (("s",), "Cancel")]
)
async def test_esc_closes_where_there_is_nothing_to_cancel(keys: tuple[str, ...], word: str) -> None:
    async with opened() as pilot:
        await press(pilot, *keys)
        assert screen_text(pilot).rstrip().endswith(f"esc {word}")


async def test_in_the_help_the_names_of_the_bindings_stand_in_one_column() -> None:
    async with opened() as pilot:
        await press(pilot, "question_mark")
        rows = screen_text(pilot).splitlines()
        assert (
            len({row.index(name) for row in rows for name in ("home.open", "home.undo", "home.compare") if name in row})
            == 1
        )


async def test_a_click_on_a_key_of_the_key_line_does_what_the_key_does() -> None:
    async with opened(size=(80, 24)) as pilot:
        keys = pilot.app.screen.query_one(KeyLine)
        x = screen_text(pilot).splitlines()[-1].index("? Help")
        await pilot.click(keys, offset=(x, 0))
        await press(pilot)
        assert "Keys" in screen_text(pilot)
