"""Plain: boxes that are nothing but background. Textual would draw each of their lines, also what others hide."""

from __future__ import annotations

from rich.style import Style
from textual.containers import Container
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget


def plain_lines(widget: Widget, crop: Region) -> list[Strip]:
    """One blank line in the widget's background, as often as it is seen."""
    _, background = widget.background_colors
    strip = Strip.blank(crop.width, Style.from_color(bgcolor=background.rich_color))
    for each in widget.get_line_filters():
        strip = strip.apply_filter(each, background)
    return [strip] * crop.height


class PlainBox(Container):
    """A container without a border."""

    def render_lines(self, crop: Region) -> list[Strip]:
        return plain_lines(self, crop)
