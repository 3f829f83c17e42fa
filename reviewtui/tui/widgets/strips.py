"""The one-line strips: what is open, which tab, what happened, which keys work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import events
from textual.message import Message
from textual.selection import Selection
from textual.strip import Strip

from reviewtui.tui.widgets.line import BLANK, Line, Part, Tone, fit, line, wrap
from reviewtui.tui.widgets.toned import Toned, selected_text
from reviewtui.values import dataclass


class TitleLine(Toned):
    """One line with something at the left and something at the right; the right one gives way last."""

    ALLOW_SELECT = False

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._left = BLANK
        self._right = BLANK

    def show(self, left: Sequence[Part], right: Sequence[Part] = ()) -> None:
        """Show these parts."""
        self._left, self._right = line(*left), line(*right)
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        right = self.toned_strip(self._right.spans)
        most = max(width - self._left_least(), width // 2)
        if right.cell_length > most:
            right = Strip.join([right.crop(0, most - 2), self.toned_strip([("… ", "dim")])])
        left, room = self.toned_strip(self._left.spans), width - right.cell_length
        if left.cell_length >= room > 2 and right.cell_length:
            left = Strip.join([left.crop(0, room - 2), self.toned_strip([("… ", "dim")])])
        return Strip.join([left.adjust_cell_length(room, self.tone_style("")), right])

    def _left_least(self) -> int:
        """How many cells the first two parts at the left want to keep."""
        return sum(cell_len(text) for text, _ in self._left.spans[:2]) + 3


@dataclass(frozen=True, slots=True)
class Tab:
    """A tab's title, and a short one; a number of things in it; a mark for seen (✓) or not yet seen (●)."""

    title: str
    count: str = ""
    mark: str = ""
    short: str = ""


class TabLine(Toned):
    """The tabs, numbered; a click chooses one."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = {"tabs--active"}

    class Chosen(Message):
        """A tab was clicked; `index` counts from 0."""

        def __init__(self, index: int) -> None:
            super().__init__()
            self.index = index

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._tabs: tuple[Tab, ...] = ()
        self._active = 0
        self._spans: list[tuple[int, int]] = []

    def show(self, tabs: Sequence[Tab], active: int) -> None:
        """Show these tabs, one of them active."""
        self._tabs, self._active = tuple(tabs), active
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        shown = next(
            (texts for texts in map(self._texts, range(4)) if sum(map(cell_len, texts)) <= width), self._texts(3)
        )
        strips, self._spans, x = [], [], 0
        for index, text in enumerate(shown):
            over = "tabs--active" if index == self._active else ""
            strips.append(self.toned_strip([(text, "" if over else "dim")], over=over))
            self._spans.append((x, x + cell_len(text)))
            x += cell_len(text)
        return Strip.join(strips).adjust_cell_length(width, self.tone_style(""))

    def _texts(self, brevity: int) -> list[str]:
        """The tabs' texts: in full, with narrow gaps, the others' titles short, at last the active one's alone."""
        texts = []
        for index, tab in enumerate(self._tabs):
            title = tab.title if brevity < 2 or index == self._active else tab.short or tab.title
            if brevity == 3 and index != self._active:
                title = ""
            more = f" {tab.count} {tab.mark}" if brevity < 2 else f" {tab.count}{tab.mark}"
            gap = "  " if brevity == 0 else " "
            text = " ".join(f"{index + 1} {title}{more}".split())
            texts.append(fit_exact(f"{gap}{text}{'' if brevity >= 2 else gap}"))
        return texts

    def on_click(self, event: events.Click) -> None:
        for index, (start, end) in enumerate(self._spans):
            if start <= event.x < end:
                self.post_message(self.Chosen(index))


def fit_exact(text: str) -> str:
    """The text, cleaned, in as many cells as it needs."""
    return fit(text, cell_len(text))


class NoticeLine(Toned):
    """What happened last, in a sentence; and what is being read. An error stays until something else happens."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self._lines: list[str] = []
        self._tone: Tone = ""
        self._mark = ""
        self._text = ""
        self._busy = ""
        self._height = 1
        self._resting: Sequence[Part] = ()

    @property
    def text(self) -> str:
        """The sentence on show ("" where there is none)."""
        return self._text

    @property
    def mark(self) -> str:
        """The mark of the sentence on show."""
        return self._mark if self._text else ""

    def say(self, text: str, *, tone: Tone = "", mark: str = "") -> None:
        """Show a sentence until the next one; "" takes it away."""
        self._text, self._tone, self._mark = text, tone, mark
        self._fold()

    def show_busy(self, what: str) -> None:
        """Say at the right what is being waited for; "" when nothing is."""
        if what != self._busy:
            self._busy = what
            self._fold()

    def rest(self, *parts: Part) -> None:
        """What to show where there is no sentence."""
        self._resting = parts
        self.refresh()

    def _fold(self) -> None:
        room = self.size.width - 2 - len(self._mark) - (len(self._busy) + 5 if self._busy else 0)
        self._lines = wrap(self._text, room) if self._text else []
        height = max(1, min(len(self._lines), 4))
        if height != self._height:
            self._height = height
            self.styles.height = height
        self.refresh()

    def on_resize(self) -> None:
        room = self.size.width - 2 - len(self._mark) - (len(self._busy) + 5 if self._busy else 0)
        if self._text and wrap(self._text, room) != self._lines:
            self._fold()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        spans = list(line(*self._resting).spans) if y == 0 and not self._lines else []
        if y < len(self._lines):
            mark = f"{self._mark} " if self._mark else ""
            spans = [(mark if y == 0 else " " * len(mark), self._tone), (self._lines[y], self._tone)]
        strip = self.toned_strip([(" ", ""), *spans])
        if y == 0 and self._busy:
            busy = self.toned_strip(line((f"◐ {self._busy} ", "accent")).spans)
            strip = Strip.join([strip.adjust_cell_length(max(width - busy.cell_length, 0), self.tone_style("")), busy])
        strip = self.with_selection(strip.adjust_cell_length(width, self.tone_style("")), strip.text, y)
        return strip.apply_offsets(0, y)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        return selected_text(selection, self._height, lambda y: self.render_line(y).text), "\n"


@dataclass(frozen=True, slots=True)
class KeyHint:
    """A key, what it does, and why it cannot be done now ("" where it can)."""

    key: str
    words: str
    action: str
    why_not: str = ""


class KeyLine(Toned):
    """The keys of the present screen; those that can do nothing now are dimmed, and answer with the reason."""

    ALLOW_SELECT = False

    class Pressed(Message):
        """A hint was clicked."""

        def __init__(self, action: str) -> None:
            super().__init__()
            self.action = action

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id)
        self.hints: Callable[[], Sequence[KeyHint]] = tuple
        self._spans: list[tuple[int, int, str]] = []

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        spans: list[tuple[str, Tone]] = [(" ", "")]
        x, self._spans = 1, []
        for hint in _fitting(self.hints(), width):
            length = _length(hint)
            self._spans.append((x, x + length - 2, hint.action))
            spans += [
                (hint.key, "dim" if hint.why_not else "accent"),
                (f" {hint.words}  ", "dim" if hint.why_not else ""),
            ]
            x += length
        return self.toned_strip(spans).adjust_cell_length(width, self.tone_style(""))

    def on_click(self, event: events.Click) -> None:
        for start, end, action in self._spans:
            if start <= event.x < end:
                self.post_message(self.Pressed(action))


_WAYS_OUT = ("app.help", "quit", "back", "cancel")
"""The actions whose keys are shown at any width, at the end of the line."""


def _length(hint: KeyHint) -> int:
    return cell_len(hint.key) + cell_len(hint.words) + 3


def _fitting(hints: Sequence[KeyHint], width: int) -> list[KeyHint]:
    """The hints that there is room for, in their order; help and the way out are always among them, at the end."""
    last = sorted((hint for hint in hints if hint.action in _WAYS_OUT), key=lambda hint: hint.action != "app.help")
    room = width + 1 - sum(map(_length, last))
    shown: list[KeyHint] = []
    for hint in hints:
        if hint.action not in _WAYS_OUT and _length(hint) <= room:
            shown.append(hint)
            room -= _length(hint)
    return [*shown, *last]


def empty_page(*paragraphs: str) -> Callable[[int], list[Line]]:
    """A page that says why there is nothing, and what can be done."""

    def build(width: int) -> list[Line]:
        lines = [BLANK]
        for index, paragraph in enumerate(paragraphs):
            tone: Tone = "dim" if index else ""
            lines += [line("  ", (piece, tone)) for piece in wrap(paragraph, width - 4)]
            lines.append(BLANK)
        return lines

    return build
