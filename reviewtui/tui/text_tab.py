"""TextTab: the text difference of a version's screen: its layout, its files, and the keys that change them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.binding import Binding, BindingType

from reviewtui.display import CHANGE_MARKS, plural
from reviewtui.remarks import remarks_by_key
from reviewtui.tui.closer_look import CloserLook
from reviewtui.tui.pages.layout import KIND_TONES
from reviewtui.tui.pages.text import FileDiff, Layout, TextPage, file_diffs
from reviewtui.tui.reading import VersionView
from reviewtui.tui.widgets.columns import Column
from reviewtui.tui.widgets.line import BLANK, Line, wrapped
from reviewtui.tui.widgets.table import Cell, LineTable
from reviewtui.tui.widgets.text_view import TextView
from reviewtui.values import replace

SPLIT_FROM = 100
"""Columns of the terminal from which two sides stand beside each other."""
FILES_FROM = 120
"""Columns from which the list of files stands beside the text."""
_MOST_CONTEXT = 50

FILE_COLUMNS = (
    Column("FILE", 12, fills=True, most=200, keep=100),
    Column("+", 4, right=True, keep=90),
    Column("-", 4, right=True, keep=89),
)


def file_cells(diff: FileDiff) -> Sequence[Cell]:
    """The cells of FILE_COLUMNS: the file's name without the folder that all have."""
    added, removed = diff.counts
    kind = diff.pair.kind.value
    name = diff.pair.path.rpartition("/")[2]
    return (f"{CHANGE_MARKS[kind]} {name}", KIND_TONES[kind]), (f"+{added}", "added"), (f"-{removed}", "removed")


class TextTab(CloserLook):
    """The part of a version's screen that knows of the text tab."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(
            "vertical_line",
            "layout",
            "Side by side, or one above the other",
            key_display="|",
            show=False,
            id="text.side-by-side",
        ),
        Binding(
            "left_curly_bracket",
            "context(-1)",
            "Less text around a change",
            key_display="{",
            show=False,
            id="text.less-context",
        ),
        Binding(
            "right_curly_bracket",
            "context(1)",
            "More text around a change",
            key_display="}",
            show=False,
            id="text.more-context",
        ),
        Binding("W", "space", "Ignore white space, or not", show=False, id="text.white-space"),
        Binding(
            "left_square_bracket", "file(-1)", "Previous file", key_display="[", show=False, id="text.previous-file"
        ),
        Binding("right_square_bracket", "file(1)", "Next file", key_display="]", show=False, id="text.next-file"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._files: tuple[FileDiff, ...] | None = None
        self._texts_of: tuple[str, str] = ("", "")
        self._ignore_space = False
        self._more_context = 0
        self._left = 0
        self._text_page: TextPage | None = None

    @property
    def context_lines(self) -> int:
        """How many unchanged lines stay beside a change."""
        return max(0, min(self.review_app.preferences.context + self._more_context, _MOST_CONTEXT))

    @property
    def on_text_tab(self) -> bool:
        """Whether the text tab is the one on show."""
        raise NotImplementedError

    @property
    def is_split(self) -> bool:
        """Whether the two sides stand beside each other."""
        return self.app.size.width >= SPLIT_FROM and self.review_app.view_state.split

    def forget_texts(self) -> None:
        """Another version or base is shown."""
        self._files = self._text_page = None
        self._left = 0

    def show_texts(self, view: VersionView, *, whole: bool, keep_position: bool = False) -> None:
        """Show the text tab; its texts are read when it is first opened."""
        base = view.base
        compared = (view.version.commit, base.commit if base else "")
        if self._files is None or self._texts_of != compared:
            ignore = self._ignore_space
            self.query_one(TextView).show(lambda width: _reading())
            self.ask(
                "texts",
                lambda: (compared, file_diffs(self.project.text_pairs(base, view.version), ignore_space=ignore)),
                then=lambda found: self._texts_read(found, view, whole=whole),
                busy="comparing texts",
            )
            return
        layout = Layout(split=self.is_split, whole=whole, context=self.context_lines, left=self._left)
        said = {place: each for place, each in remarks_by_key(view.reviews).items() if place[0] == "text"}
        self._text_page = page = TextPage(self._files, layout, said)
        if not page.files:
            self.query_one(TextView).show(_nothing)
            return
        self.query_one(TextView).show(
            lambda width: page.lines(width, sideways=self._sideways), keep_position=keep_position
        )

    def _texts_read(
        self, found: tuple[tuple[str, str], tuple[FileDiff, ...]], view: VersionView, *, whole: bool
    ) -> None:
        self._texts_of, self._files = found
        self.query_one("#files", LineTable).fill(self._files)
        self.arrange_files()
        if self.on_text_tab:
            self.show_texts(view, whole=whole)

    def arrange_files(self) -> None:
        """Show the list of files where there is room for it, and more than one."""
        wanted = self.on_text_tab and self.app.size.width >= FILES_FROM and len(self._files or ()) > 1
        self.query_one("#files").display = wanted

    def _again(self) -> None:
        """Draw the tab anew after its layout changed."""
        raise NotImplementedError

    def _may_lay_out(self) -> bool:
        if not self.on_text_tab:
            self.say_why_not("This key is for the Text tab.")
        return self.on_text_tab and self._text_page is not None

    def _sideways(self, by: int) -> None:
        self._left = max(0, self._left + by)
        self._again()

    # Actions

    def action_layout(self) -> None:
        if not self._may_lay_out():
            return
        if self.app.size.width < SPLIT_FROM:
            self.say_why_not(f"Side by side needs {SPLIT_FROM} columns.")
            return
        state = self.review_app.view_state
        self.review_app.view_state = replace(state, split=not state.split)
        self._again()
        self.say("Side by side." if self.is_split else "One above the other.")

    def action_context(self, by: int) -> None:
        if self._may_lay_out():
            before = self.context_lines
            self._more_context += by
            if self.context_lines == before:
                self._more_context -= by
            self._again()
            self.say(f"{plural(self.context_lines, 'unchanged line')} around each change.")

    def action_space(self) -> None:
        if self._may_lay_out():
            self._ignore_space = not self._ignore_space
            self._files = None
            self._again()
            self.say("White space is ignored." if self._ignore_space else "White space counts.")

    def action_file(self, by: int) -> None:
        if not self._may_lay_out() or self._text_page is None:
            return
        view = self.query_one(TextView)
        heads, top = self._text_page.heads(), round(view.scroll_y)
        beyond = [y for y in heads if y > top] if by > 0 else [y for y in reversed(heads) if y < top]
        if beyond:
            view.go_to(beyond[0])
        else:
            self.say("This is the last file." if by > 0 else "This is the first file.")

    @on(LineTable.Highlighted, "#files")
    def _file_chosen(self, message: LineTable.Highlighted) -> None:
        message.stop()
        if self._text_page is not None and message.table.has_focus and message.table.current is not None:
            self.query_one(TextView).go_to(self._text_page.heads()[message.table.cursor])

    @on(LineTable.Opened, "#files")
    def _file_opened(self, message: LineTable.Opened) -> None:
        message.stop()
        self.query_one(TextView).focus()


def _reading() -> list[Line]:
    return [BLANK, *wrapped("Comparing texts …", 60, indent="  ", tone="dim")]


def _nothing(width: int) -> list[Line]:
    return [BLANK, *wrapped("No file that the facts were read from differs.", width, indent="  ", tone="dim")]
