"""Dimmed: the screen under a dialog, as it is drawn around it. A style is dimmed once, not each segment."""

from __future__ import annotations

from functools import lru_cache

from rich.segment import Segment
from rich.style import Style
from textual.color import Color
from textual.css.styles import RulesMap
from textual.renderables.background_screen import BackgroundScreen
from textual.screen import Screen
from textual.strip import Strip
from textual.style import Style as WidgetStyle
from textual.visual import RenderOptions, Visual

_STYLES_KEPT = 4_096


class Dimmed(Visual):
    """Shows what Textual's own BackgroundScreen shows, which goes through all segments with Rich's console."""

    def __init__(self, below: Screen[object], colour: Color) -> None:
        self._below = below
        self._colour = colour

    def render_strips(self, width: int, height: int | None, style: WidgetStyle, options: RenderOptions) -> list[Strip]:
        colour = self._colour
        return [
            Strip(
                [Segment(text, _dimmed(style, colour), control) for text, style, control in strip], strip.cell_length
            ).crop(0, width)
            for strip in self._below._compositor.render_strips()[:height]
        ]

    def get_optimal_width(self, rules: RulesMap, container_width: int) -> int:
        return container_width

    def get_height(self, rules: RulesMap, width: int) -> int:
        return self._below.size.height


@lru_cache(_STYLES_KEPT)
def _dimmed(style: Style | None, colour: Color) -> Style | None:
    dimmed = [*BackgroundScreen.process_segments([Segment(" ", style)], colour)]
    return dimmed[0].style
