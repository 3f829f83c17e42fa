"""The data tab: each data path whose digest changed, with digests, sizes and file counts."""

from __future__ import annotations

from reviewtui.diff import DataChange
from reviewtui.display import CHANGE_MARKS, data_text
from reviewtui.facts.model import DataFact
from reviewtui.remarks import remarks_by_key
from reviewtui.tui.pages.layout import KIND_TONES, side_lines, unchanged_line
from reviewtui.tui.pages.remarks import AboutFact, other_remarks, remark_lines
from reviewtui.tui.reading import VersionView
from reviewtui.tui.widgets.line import BLANK, Line, Tone, line, wrap, wrapped


def data_page(view: VersionView, width: int, *, whole: bool = False) -> list[Line]:
    """The whole tab."""
    if not view.facts.data and not view.diff.data:
        return [BLANK, *wrapped("No data or weights are recorded in this version.", width, indent="  ", tone="dim")]
    lines = data_lines(view, width) or [line(("   No data changed.", "dim"))]
    lines += other_remarks(view, "data", {change.path for change in view.diff.data}, width)
    changed = {change.path for change in view.diff.data}
    same = [fact for fact in view.facts.data if fact.path not in changed]
    if same:
        lines += [BLANK, unchanged_line(len(same), "path", whole=whole)]
    if whole:
        for fact in same:
            lines += [line(("   ", "dim"), (fact.path, "dim")), *_fact_lines(fact, width, " ", "dim")]
    return lines


def data_lines(view: VersionView, width: int, *, most: int | None = None) -> list[Line]:
    """The changes alone, or the first few of them."""
    remarks = remarks_by_key(view.reviews)
    lines: list[Line] = []
    for change in view.diff.data[:most]:
        lines += [*_change_lines(change, width), *remark_lines(remarks, "data", change.path, width)]
    return lines


def _change_lines(change: DataChange, width: int) -> list[Line]:
    name = f"{change.before_path} → {change.path}" if change.before_path else change.path
    note = f"   {change.note}" if change.note else ""
    first, *rest = wrap(name, width - 4)
    below = bool(note) and (bool(rest) or len(first) + len(note) > width - 4)
    mark = (f" {CHANGE_MARKS[change.kind.value]} ", KIND_TONES[change.kind.value])
    there = change.after or change.before
    source = there.source if there else ""
    about = AboutFact("data", change.path, source, data_text(change.before), data_text(change.after))
    lines = [line(mark, (first, "strong"), ("" if below else note, "warn"), stop=True, about=about)]
    lines += [line("   ", (piece, "strong")) for piece in rest]
    lines += wrapped(change.note, width, indent="   ", tone="warn") if below else []
    lines += _fact_lines(change.before, width, "-", "removed") + _fact_lines(change.after, width, "+", "added")
    return lines


def _fact_lines(fact: DataFact | None, width: int, mark: str, tone: Tone) -> list[Line]:
    return [] if fact is None else side_lines(data_text(fact), width, mark=mark, tone=tone)
