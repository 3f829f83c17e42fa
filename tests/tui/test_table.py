"""LineTable: what is not in sight costs nothing."""

from __future__ import annotations

from typing import ClassVar

from textual.app import App, ComposeResult

from reviewtui.tui.rows import haystacks, matching, rows_of
from reviewtui.tui.widgets.columns import Column, laid_out
from reviewtui.tui.widgets.table import LineTable
from reviewtui.tui.widgets.toned import TONE_CLASSES
from tests.tui.story import version

MANY = 40_000
COLUMNS = (
    Column("NAME", 10, fills=True),
    Column("AGE", 5, right=True, keep=90),
    Column("NOTES", 20, fills=True, keep=50),
)


class TableApp(App[None]):
    COMPONENT_CLASSES: ClassVar[set[str]] = TONE_CLASSES

    def __init__(self, rows: list[str]) -> None:
        super().__init__()
        self.rows = rows
        self.opened: list[str | None] = []

    def compose(self) -> ComposeResult:
        yield LineTable[str](COLUMNS, lambda row: ((row, "strong"), ("1d", "dim"), (f"about {row}", "")), key=str)

    def on_mount(self) -> None:
        self.table.fill(self.rows, empty=("No rows.",))
        self.table.focus()

    @property
    def table(self) -> LineTable[str]:
        return self.query_one(LineTable)

    def on_line_table_opened(self, message: LineTable.Opened) -> None:
        self.opened.append(message.table.current)


async def test_forty_thousand_rows_cost_only_the_rows_in_sight() -> None:
    app = TableApp([f"row {number}" for number in range(MANY)])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert 0 < app.table.rows_drawn <= 24
        await pilot.press("end")
        assert app.table.current == f"row {MANY - 1}"
        assert app.table.rows_drawn <= 3 * 24
        app.table.fill(app.rows, shown=range(0, MANY, 2))
        await pilot.pause()
        assert app.table.rows_drawn <= 5 * 24


async def test_moving_by_one_row_draws_no_more_than_two_rows_again() -> None:
    app = TableApp([f"row {number}" for number in range(100)])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j")
        drawn = app.table.rows_drawn
        await pilot.press("j")
        assert app.table.rows_drawn - drawn <= 2


async def test_the_keys_of_vim_and_the_arrows_move_alike() -> None:
    app = TableApp([f"row {number}" for number in range(100)])
    async with app.run_test(size=(80, 24)) as pilot:
        for keys, row in (
            (("j", "down"), 2),
            (("k",), 1),
            (("up",), 0),
            (("up",), 0),
            (("pagedown",), 22),
            (("pageup",), 0),
            (("ctrl+d",), 12),
            (("ctrl+u",), 0),
            (("G",), 99),
            (("down",), 99),
            (("g",), 0),
            (("end",), 99),
            (("home",), 0),
        ):
            await pilot.press(*keys)
            assert app.table.cursor == row, keys


async def test_a_click_selects_and_a_double_click_or_enter_opens() -> None:
    app = TableApp([f"row {number}" for number in range(100)])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.click(LineTable, offset=(5, 4))
        assert app.table.current == "row 3"
        assert app.opened == []
        await pilot.double_click(LineTable, offset=(5, 6))
        assert app.opened == ["row 5"]
        await pilot.press("enter")
        assert app.opened == ["row 5", "row 5"]


async def test_a_click_on_the_titles_or_below_the_rows_selects_nothing() -> None:
    app = TableApp(["one", "two"])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("j")
        await pilot.double_click(LineTable, offset=(5, 0))
        await pilot.double_click(LineTable, offset=(5, 20))
        assert (app.table.current, app.opened) == ("two", [])


async def test_the_cursor_stays_on_its_item_when_the_rows_change() -> None:
    app = TableApp([f"row {number}" for number in range(100)])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.press("G")
        app.table.fill(list(reversed(app.rows)))
        await pilot.pause()
        assert (app.table.current, app.table.cursor) == ("row 99", 0)
        app.table.fill(["other"])
        assert app.table.current == "other"
        app.table.fill([], empty=("Nothing.",))
        assert app.table.current is None
        await pilot.press("j", "k", "G", "enter")
        assert app.opened == [None]


async def test_every_row_is_as_wide_as_the_table_whatever_it_holds() -> None:
    rows = ["plain", "漢字" * 40, "x" * 5000, "\x1b[31mred", "e\u0301\u0301\u0301\u0301", "a\tb\nc", ""]
    app = TableApp(rows)
    for width in (20, 80, 200):
        async with app.run_test(size=(width, 24)) as pilot:
            await pilot.pause()
            assert {app.table.render_line(y).cell_length for y in range(24)} == {app.table.size.width}
        app = TableApp(rows)


class WatchedTable(LineTable[str]):
    """Looks at its rows when it hears of a new width: before anything else does, and after it was laid out."""

    def on_resize(self) -> None:
        self.widths = {self.render_line(y).cell_length for y in range(self.size.height)}


class WatchedApp(TableApp):
    def compose(self) -> ComposeResult:
        yield WatchedTable(COLUMNS, lambda row: ((row, "strong"), ("1d", "dim"), (f"about {row}", "")), key=str)


async def test_what_is_painted_before_the_table_hears_of_its_new_width_has_that_width() -> None:
    app = WatchedApp(["one", "two"])
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.table.refresh()
        await pilot.pause()
        app.table.styles.width = 40
        await pilot.pause()
        assert (app.table.size.width, app.query_one(WatchedTable).widths) == (40, {40})


def test_a_filter_is_an_and_of_substrings() -> None:
    rows = rows_of([version("churn@1.0.0", author="Dana"), version("ranker@2.0.0", author="Bob", subject="churn copy")])
    texts = haystacks(rows)
    assert matching(texts, "churn") == [0, 1]
    assert matching(texts, "CHURN dana") == [0]
    assert matching(texts, "model:churn") == [0]
    assert matching(texts, "author:bob copy") == [1]
    assert matching(texts, "model:churn author:bob") == []
    assert matching(texts, "") == [0, 1]


def test_no_text_of_the_repository_can_pass_for_a_field_of_the_filter() -> None:
    rows = rows_of([version("churn@1.0.0", subject="state:approved \0state:approved")])
    assert matching(haystacks(rows), "state:approved") == []


def test_columns_of_one_title_each_keep_their_own_cells() -> None:
    twins = (Column("KEY", 8), Column("1.4.0", 10, fills=True), Column("1.4.0", 10, fills=True))
    assert [place for place, _, _ in laid_out(twins, 60)] == [0, 1, 2]
