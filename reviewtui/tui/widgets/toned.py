"""Toned: lines of tones → strips of segments, with each tone's style looked up once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip
from textual.widget import Widget

from reviewtui.tui.widgets.line import TONES, Tone


class Toned(Widget):
    """A widget whose component classes `tone--NAME` say how each tone looks."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {f"tone--{tone}" for tone in TONES}

    _tone_styles: dict[tuple[str, str], Style]

    def tone_style(self, tone: Tone, *, over: str = "") -> Style:
        """The style of a tone, over a component class (such as the cursor's) or over the widget itself."""
        cache = self.__dict__.setdefault("_tone_styles", {})
        style: Style | None = cache.get((tone, over))
        if style is None:
            style = self.get_component_rich_style(over) if over else self.rich_style
            if tone:
                own = self.get_component_rich_style(f"tone--{tone}", partial=True)
                style += own.without_color if over and style.reverse else own
            cache[tone, over] = style
        return style

    def toned_strip(self, spans: Iterable[tuple[str, Tone]], *, over: str = "") -> Strip:
        """The spans as one strip of their natural length."""
        return Strip([Segment(text, self.tone_style(tone, over=over)) for text, tone in spans if text])

    def notify_style_update(self) -> None:
        self.__dict__.pop("_tone_styles", None)
        super().notify_style_update()
