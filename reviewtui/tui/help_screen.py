"""The help: every key of every screen, made from the bindings themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.screen import Screen
from textual.widget import Widget

from reviewtui.tui.asking import Dialog, HelpedDialog
from reviewtui.tui.named_bindings import with_keys
from reviewtui.tui.preferences import LONG_NAMES
from reviewtui.tui.widgets.line import BLANK, Line, fit, heading, line, wrap
from reviewtui.tui.widgets.strips import TitleLine
from reviewtui.tui.widgets.table import LineTable
from reviewtui.tui.widgets.text_view import TextView

_NAMES = {
    "question_mark": "?",
    "slash": "/",
    "colon": ":",
    "comma": ",",
    "escape": "esc",
    "pagedown": "PgDn",
    "pageup": "PgUp",
    "up": "↑",
    "down": "↓",
    "left": "←",
    "right": "→",
    "enter": "Enter",
    "home": "Home",
    "end": "End",
    "tab": "Tab",
    "shift+tab": "shift+Tab",
    "space": "Space",
}
_SHORT = {name: key for key, name in LONG_NAMES.items()}
_NAMES_FROM = 110
"""Columns from which each binding's name stands beside it, for config.yaml."""
_NAME = 24
"""The cells of the longest of them."""
_FILTER = (
    "Filter (/): every word must occur, in any order. Versions: state:in-review model:churn author:dana reviewer:bob "
    "kind:candidate stage:prod. Audit: reviewer: verdict:reject model: version: reason:unknown-key key:. "
    "Timeline: event:released by: model:. Releases: is:current model: reviewer: stage:. In each of them: "
    "since:2026-09-01 since:30d metric:auc>0.93 changed:lr (a key that differs from the base) bad:yes (a record is "
    "unsound)."
)
_MARKS = (
    "Marks: ○ unreviewed · ◐ in review · ✓ approved · ✗ rejected · ~ stale: what was approved has changed since · "
    "● released · ◌ released without review."
)


class HelpScreen(Dialog[None]):
    """All keys; those of the screen it was called from first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,question_mark", "cancel", "Close", key_display="q", show=False, id="help.cancel")
    ]

    LEAVING = "Close"

    def __init__(self, caller: type[Screen[Any]]) -> None:
        super().__init__()
        self._caller = caller

    def compose_body(self) -> ComposeResult:
        yield TitleLine(id="title")
        yield TextView(id="help")

    def on_mount(self) -> None:
        self.query_one(TitleLine).show([(" Keys", "heading")], [("esc closes ", "dim")])
        view = self.query_one(TextView)
        view.show(self._lines)
        view.focus()

    def _lines(self, width: int) -> Sequence[Line]:
        lines: list[Line] = [BLANK]
        shown = sections(self._caller)
        widest = max(len(binding.description) for _, bindings in shown for binding in bindings)
        for title, bindings in shown:
            lines.append(heading(f" {title}"))
            for binding in (with_keys(each, self.review_app.preferences.keys) for each in bindings):
                named = width >= _NAMES_FROM and binding.id
                room = min(widest, width - 22 - _NAME) if named else max(width - 22, 12)
                first, *rest = wrap(binding.description, room)
                name = f"{' ' * (room - len(first))}  {binding.id}" if named else ""
                lines.append(line(("   " + fit(key_names(binding), 17), "accent"), first, (name, "dim")))
                lines += [line(" " * 20, piece) for piece in rest]
            lines.append(BLANK)
        for paragraph in (_FILTER, _MARKS):
            lines += [line(" ", (piece, "dim")) for piece in wrap(paragraph, width - 2)]
            lines.append(BLANK)
        return lines


def sections(caller: type[Screen[Any]] | None = None) -> list[tuple[str, list[Binding]]]:
    """(where, bindings) for everything that has keys; the caller's own screen first."""
    from reviewtui.tui.app import ReviewApp
    from reviewtui.tui.base_dialog import BaseDialog
    from reviewtui.tui.bytes_dialog import BytesDialog
    from reviewtui.tui.closer_look import CloserLook
    from reviewtui.tui.compare_screen import CompareScreen
    from reviewtui.tui.copying import Copies
    from reviewtui.tui.home import HomeScreen
    from reviewtui.tui.marking import MarksVersions
    from reviewtui.tui.menu import Menu
    from reviewtui.tui.passed_over import PassedOverDialog, TellsOfPassedOver
    from reviewtui.tui.push_dialog import PushDialog, PushesRecords
    from reviewtui.tui.record_dialog import RecordDialog
    from reviewtui.tui.release_dialog import ReleaseDialog
    from reviewtui.tui.resizing import ResizesPreview
    from reviewtui.tui.searching import Searches
    from reviewtui.tui.settings_screen import SettingsScreen
    from reviewtui.tui.sign_dialog import SignDialog
    from reviewtui.tui.since_verdict import KnowsMyVerdict
    from reviewtui.tui.sorting import SortsRows
    from reviewtui.tui.text_tab import TextTab
    from reviewtui.tui.timeline import TimelineTable
    from reviewtui.tui.trend_screen import MetricDialog, TrendScreen
    from reviewtui.tui.version import VersionScreen
    from reviewtui.tui.widgets.plot import Plot

    named: list[tuple[str, type[Widget] | type[ReviewApp]]] = [
        ("Home", HomeScreen),
        ("Home: marks, comparison, trend", MarksVersions),
        ("Home: order", SortsRows),
        ("Home: the preview", ResizesPreview),
        ("Copy menu: home, version, compare, record", Copies),
        ("A menu", Menu),
        ("Compare", CompareScreen),
        ("Trend of a metric", TrendScreen),
        ("Trend: the line", Plot),
        ("Choose a metric", MetricDialog),
        ("Version", VersionScreen),
        ("Version: search", Searches),
        ("Version: since your last verdict", KnowsMyVerdict),
        ("Version: the change under the cursor", CloserLook),
        ("Version: the tab Text", TextTab),
        ("Bytes", BytesDialog),
        ("Sign a verdict", SignDialog),
        ("Release", ReleaseDialog),
        ("Home: refs that are no versions", TellsOfPassedOver),
        ("Refs that are no versions", PassedOverDialog),
        ("Home and version: push", PushesRecords),
        ("Push", PushDialog),
        ("Choose a base", BaseDialog),
        ("Settings and policy", SettingsScreen),
        ("A record of the audit", RecordDialog),
        ("Timeline", TimelineTable),
        ("Every dialog", Dialog),
        ("Every dialog in which nothing is written", HelpedDialog),
        ("Help", HelpScreen),
        ("Lists", LineTable),
        ("Text", TextView),
        ("Everywhere", ReviewApp),
    ]
    found = [(title, list(own_bindings(owner))) for title, owner in named]
    found[-1][1].append(Binding("ctrl+p", "command_palette", "Command palette"))
    found[-1][1].append(Binding("tab,shift+tab", "focus", "Next or previous pane"))
    titles = {owner: title for title, owner in named}
    first = titles.get(caller, "") if caller is not None else ""
    found.sort(key=lambda section: section[0] != first)
    return found


def own_bindings(owner: type[Any]) -> Iterator[Binding]:
    """The bindings that a class declares itself."""
    for binding in owner.BINDINGS:
        if isinstance(binding, Binding):
            yield binding


def key_names(binding: Binding) -> str:
    """The keys of a binding as a person writes them."""
    return " ".join(_NAMES.get(key) or _SHORT.get(key, key) for key in binding.key.split(","))
