"""The tabs of a version's screen."""

from __future__ import annotations

from collections.abc import Callable

from reviewtui.tui.pages.config import config_page
from reviewtui.tui.pages.data import data_page
from reviewtui.tui.pages.environment import environment_page
from reviewtui.tui.pages.gate import gate_page
from reviewtui.tui.pages.metrics import metrics_page
from reviewtui.tui.pages.reviews import reviews_page
from reviewtui.tui.pages.summary import summary_lines
from reviewtui.tui.reading import VersionView
from reviewtui.tui.widgets.line import Line
from reviewtui.values import dataclass


@dataclass(frozen=True, slots=True)
class Page:
    """A tab: its title, its lines, and how many things in it are to be looked at."""

    title: str
    lines: Callable[..., list[Line]]
    count: Callable[[VersionView], int]
    is_change: bool = True
    short: str = ""
    more: Callable[[VersionView], int] = lambda view: 0
    """How much there is to lay out beside those things."""


PAGES = (
    Page("Summary", summary_lines, lambda view: 0, is_change=False, short="Sum"),
    Page("Config", config_page, lambda view: len(view.diff.config), short="Cfg"),
    Page("Metrics", metrics_page, lambda view: len(view.diff.metrics), short="Met"),
    Page("Data", data_page, lambda view: len(view.diff.data)),
    Page(
        "Environment",
        environment_page,
        lambda view: len(view.diff.environment),
        short="Env",
        more=lambda view: sum(len(change.lines) for change in view.diff.environment),
    ),
    Page("Reviews", reviews_page, lambda view: len(view.reviews), is_change=False, short="Rev"),
    Page("Gate", gate_page, lambda view: 0, is_change=False),
    Page("Text", lambda view, width, *, whole=False: [], lambda view: 0, is_change=False),
)
TEXT_TAB = len(PAGES) - 1
"""The tab that TextTab draws."""
