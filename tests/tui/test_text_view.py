"""TextView, and the lines it shows."""

from __future__ import annotations

from typing import ClassVar

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.app import App, ComposeResult

from reviewtui.diff import ChangeKind
from reviewtui.display import clean
from reviewtui.tui.pages.environment import text_diff
from reviewtui.tui.pages.layout import change_lines
from reviewtui.tui.pages.statement import statement_lines, wrap_exactly
from reviewtui.tui.widgets.line import fit, line, wrap
from reviewtui.tui.widgets.text_view import TextView
from reviewtui.tui.widgets.toned import TONE_CLASSES
from tests.tui.corpus import CORPUS

ANYTHING = st.one_of(st.text(max_size=200), st.sampled_from(CORPUS))


@given(ANYTHING, st.integers(1, 120), st.booleans())
def test_a_fitted_text_is_exactly_as_wide_as_its_column(text: str, width: int, right: bool) -> None:
    assert cell_len(fit(text, width, right=right)) == width


@given(ANYTHING, st.integers(8, 120))
def test_a_wrapped_text_is_nowhere_wider_than_the_page(text: str, width: int) -> None:
    assert all(cell_len(piece) <= width for piece in wrap(text, width))


def test_a_value_that_is_too_long_is_cut_and_that_is_said() -> None:
    assert wrap("x" * 5000, 100)[-1].endswith("… (3,000 more characters)")


@given(ANYTHING, st.integers(8, 120))
def test_a_statement_loses_no_character_when_it_is_wrapped(text: str, width: int) -> None:
    assert "".join(wrap_exactly(text, width)) == clean(text)


@given(ANYTHING)
def test_no_line_ever_holds_what_clean_would_replace(text: str) -> None:
    made = line(text, (text, "bad"))
    assert clean(made.text) == made.text


def test_a_statement_says_that_it_holds_controls_and_that_its_last_line_does_not_end() -> None:
    shown = "\n".join(made.text for made in statement_lines(b'{"comment": "\x1b[2J"}', 60))
    assert "␛[2J" in shown
    assert "control characters" in shown
    assert "no line end" in shown


def test_bytes_that_are_no_text_are_shown_as_escapes() -> None:
    assert "\\xff" in statement_lines(b"\xff\n", 60)[0].text


def test_a_changed_line_that_holds_controls_is_marked() -> None:
    assert "control characters" in text_diff(("+evil\x1b[31m",))[0].text


class TextApp(App[None]):
    COMPONENT_CLASSES: ClassVar[set[str]] = TONE_CLASSES

    def compose(self) -> ComposeResult:
        yield TextView()

    @property
    def view(self) -> TextView:
        return self.query_one(TextView)


async def test_ten_thousand_lines_are_styled_only_where_they_are_seen(monkeypatch) -> None:
    app = TextApp()
    async with app.run_test(size=(80, 24)) as pilot:
        drawn: list[int] = []
        real = TextView.toned_strip
        monkeypatch.setattr(TextView, "toned_strip", lambda self, *a, **k: (drawn.append(1), real(self, *a, **k))[1])
        app.view.show(lambda width: [line(f"line {number}", stop=number % 10 == 0) for number in range(10_000)])
        app.view.focus()
        await pilot.pause()
        await pilot.press("G")
        assert "line 9999" in "".join(segment.text for segment in app.view.render_line(23))
        assert len(drawn) <= 4 * 24


async def test_next_and_previous_walk_the_changes_and_stop_at_the_ends() -> None:
    app = TextApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show(lambda width: [line(f"line {number}", stop=number in (5, 500)) for number in range(1000)])
        await pilot.pause()
        assert [app.view.step(1), app.view.step(1), app.view.step(1)] == [True, True, False]
        assert app.view.scroll_y <= 500 < app.view.scroll_y + 24
        assert [app.view.step(-1), app.view.step(-1)] == [True, False]


async def test_a_search_takes_the_place_of_the_changes_until_it_is_cleared() -> None:
    app = TextApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show(lambda width: [line(f"line {number}", stop=number == 5) for number in range(1000)])
        await pilot.pause()
        assert app.view.search("LINE 99") == 11
        assert app.view.search("") == 1


async def test_the_whole_text_can_be_selected_for_copying() -> None:
    app = TextApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show(lambda width: [line("alpha"), line("beta")])
        await pilot.pause()
        app.view.text_select_all()
        await pilot.pause()
        assert app.screen.get_selected_text() == "alpha\nbeta"
        assert "alpha" in "".join(segment.text for segment in app.view.render_line(0))


async def test_long_lines_scroll_sideways() -> None:
    app = TextApp()
    async with app.run_test(size=(80, 24)) as pilot:
        app.view.show(lambda width: [line("a" * 80 + "b" * 80)])
        app.view.focus()
        await pilot.pause()
        await pilot.press(*["l"] * 20)
        assert "a" not in "".join(segment.text for segment in app.view.render_line(0))
        await pilot.press(*["h"] * 20)
        assert "b" not in "".join(segment.text for segment in app.view.render_line(0))


def test_old_and_new_values_on_lines_of_their_own_are_told_apart_without_colour() -> None:
    old, new = "a long value of before", "a long value that is there now"
    shown = [each.text for each in change_lines("key", ChangeKind.CHANGED, old, new, keys=10, width=40)]
    assert shown == [" ~ key", f"   - {old}", f"   + {new}"]
    assert [each.text for each in change_lines("key", None, "", new, keys=10, width=30)][1].startswith("     a long")
