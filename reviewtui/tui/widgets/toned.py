"""Toned: lines of tones → strips of segments, with each tone's style looked up once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.selection import Selection
from textual.strip import Strip
from textual.widget import Widget

from reviewtui.tui.widgets.line import TONES, Line, Tone

TONE_CLASSES = {f"tone--{tone}" for tone in TONES}
"""What an app that shows such widgets has as its component classes: Textual styles a widget's own again and again."""


class Toned(Widget):
    """A widget that draws in tones. How each of them looks, the app's component classes `tone--NAME` say."""

    _tone_styles: dict[tuple[str, str, bool], Style]

    def tone_style(self, tone: Tone, *, over: str = "", alone: bool = False) -> Style:
        """The style of a tone, over a component class (such as the cursor's) or over the widget itself.

        `alone`: what the tone itself says, to be laid over another one.
        """
        cache = self.__dict__.setdefault("_tone_styles", {})
        style: Style | None = cache.get((tone, over, alone))
        if style is None:
            below = self.get_component_rich_style(over) if over else self.rich_style
            style = Style() if alone else below
            if tone:
                own = self.app.get_component_styles(f"tone--{tone}").partial_rich_style
                style += own.without_color if over and below.reverse else own
            cache[tone, over, alone] = style
        return style

    def grounded_strip(self, line: Line, *, over: str = "") -> Strip:
        """The spans of a line, each over the tone that lies under it."""
        if not line.grounds:
            return self.toned_strip(line.spans, over=over)
        # The ground of a whole line gives way to the cursor's; that of a word stays.
        segments = [
            Segment(
                text,
                self.tone_style("" if over and ground.endswith("-line") else ground, over=over)
                + self.tone_style(tone, over=over, alone=True),
            )
            for (text, tone), ground in zip(line.spans, line.grounds, strict=True)
        ]
        return Strip(segments)

    def toned_strip(self, spans: Iterable[tuple[str, Tone]], *, over: str = "") -> Strip:
        """The spans as one strip of their natural length."""
        return Strip([Segment(text, self.tone_style(tone, over=over)) for text, tone in spans if text])

    def with_selection(self, strip: Strip, text: str, row: int) -> Strip:
        """The strip of a row, highlighted as far as its text is selected."""
        selection = self.text_selection
        span = selection.get_span(row) if selection is not None else None
        if span is None:
            return strip
        start, end = span
        first = cell_len(text[:start])
        last = strip.cell_length if end == -1 else cell_len(text[:end])
        style = self.screen.get_component_rich_style("screen--selection")
        return Strip.join([strip.crop(0, first), strip.crop(first, last).apply_style(style), strip.crop(last)])

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        # Without an own one, a widget would give its name for its text.
        return None

    def selection_updated(self, selection: Selection | None) -> None:
        self.refresh()

    def notify_style_update(self) -> None:
        self.__dict__.pop("_tone_styles", None)
        super().notify_style_update()


def selected_text(selection: Selection, rows: int, text_of: Callable[[int], str]) -> str:
    """What is selected of so many rows, without the blanks that fill them; only the rows that it reaches are made."""
    first = selection.start.y if selection.start is not None else 0
    last = selection.end.y if selection.end is not None else rows - 1
    texts = []
    for row in range(max(first, 0), min(last + 1, rows)):
        start, end = selection.get_span(row) or (0, 0)
        texts.append(text_of(row)[start : None if end == -1 else end].rstrip())
    return "\n".join(texts)
