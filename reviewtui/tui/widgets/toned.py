"""Toned: lines of tones → strips of segments, with each tone's style looked up once."""

from __future__ import annotations

from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
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

    def notify_style_update(self) -> None:
        self.__dict__.pop("_tone_styles", None)
        super().notify_style_update()
