"""What stands between the app and the terminal: the last filter, and the theme that suits it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter
from textual.theme import Theme

_CONTROLS = re.compile("[\x00-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class LastFilter(LineFilter):
    """Drops C0, C1 and bidirectional controls from every line that is drawn, whatever drew it.

    `display.clean` has made them visible long before; this is for the text that forgot to pass through it. What the
    filters `before` it do is done in the same go: each filter costs every line on the screen.
    """

    def __init__(self, before: tuple[LineFilter, ...]) -> None:
        super().__init__()
        self.before = before

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        for each in self.before:
            segments = each.apply(segments, background)
        if not any(_CONTROLS.search(text) for text, _, control in segments if not control):
            return segments
        return [
            segment if segment.control else Segment(_CONTROLS.sub("", segment.text), segment.style)
            for segment in segments
        ]


DARK = Theme(
    name="reviewtui-dark",
    primary="#7aa2d6",
    secondary="#8fb3c9",
    accent="#d9b36c",
    foreground="#d5d9e0",
    background="#16191f",
    surface="#1c2027",
    panel="#262c36",
    success="#8fc48a",
    warning="#e0b45f",
    error="#e58080",
    dark=True,
    variables={
        "dim": "#8b94a3",
        "line": "#323a47",
        "cursor": "#2f3d54",
        "hover": "#222833",
        "old-line": "#33202a",
        "new-line": "#1d2e27",
        "old-word": "#703341",
        "new-word": "#2b5a40",
    },
)

LIGHT = Theme(
    name="reviewtui-light",
    primary="#1f5fa8",
    secondary="#35708c",
    accent="#8a5a00",
    foreground="#22262c",
    background="#fbfbf9",
    surface="#f3f3ef",
    panel="#e6e6e0",
    success="#1f7a33",
    warning="#8f5b00",
    error="#b3261e",
    dark=False,
    variables={
        "dim": "#636a74",
        "line": "#d0d0c8",
        "cursor": "#cfe0f3",
        "hover": "#ecece6",
        "old-line": "#fbe7e6",
        "new-line": "#e2f3e4",
        "old-word": "#f3b9b5",
        "new-word": "#a9dcb1",
    },
)


def extra_colours(theme: Theme) -> dict[str, str]:
    """What the style sheet needs beyond a theme's own colours, for themes that are not ours."""
    if theme.ansi:
        return dict.fromkeys(DARK.variables, "ansi_default")
    return dict((DARK if theme.dark else LIGHT).variables)


def wants_no_colour(environment: Mapping[str, str]) -> bool:
    """Whether NO_COLOR is set (to anything at all; https://no-color.org asks for a non-empty value)."""
    return bool(environment.get("NO_COLOR"))


def suitable_theme(environment: Mapping[str, str]) -> str:
    """The name of the theme to begin with: what TEXTUAL_THEME says; ANSI where no colour is wanted; light where
    COLORFGBG tells of a light background; else dark."""
    if chosen := environment.get("TEXTUAL_THEME"):
        return chosen
    if wants_no_colour(environment):
        return "ansi-dark"
    background = environment.get("COLORFGBG", "").rpartition(";")[2]
    return LIGHT.name if background in ("7", "15") else DARK.name
