"""The reviews tab: every record of the version, counted or not, each with its reason."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from reviewtui.display import VERDICT_MARKS, moment_text
from reviewtui.tui.reading import VersionView
from reviewtui.tui.widgets.line import BLANK, WHOLE_COMMENT, Line, Tone, line, wrapped
from reviewtui.values import replace

if TYPE_CHECKING:
    from reviewtui.project import ReviewEntry

_TONES: dict[str, Tone] = {"approve": "good", "reject": "bad", "comment": "", "withdraw": "dim", "override": "warn"}


def reviews_page(view: VersionView, width: int, *, whole: bool = False) -> list[Line]:
    """The whole tab."""
    if not view.reviews:
        return [
            BLANK,
            *wrapped("No review is recorded for this version.", width, indent="  "),
            BLANK,
            *wrapped(
                "a approves, x rejects, m comments. Each is signed with your own key.", width, indent="  ", tone="dim"
            ),
        ]
    lines: list[Line] = []
    for entry in view.reviews:
        lines += [*review_head(entry, width), *_body(entry, width), BLANK]
    return lines


def review_head(entry: ReviewEntry, width: int) -> list[Line]:
    """Who said what, when, and whether it counts."""
    verdict = str(entry.verdict)
    tone: Tone = _TONES.get(verdict, "") if entry.counted else "dim"
    counts: tuple[str, Tone] = ("counts", "good") if entry.counted else (f"does not count: {entry.reason}", "warn")
    lines = [
        line(
            (f" {VERDICT_MARKS.get(verdict, '·')} ", tone),
            (entry.reviewer or "unknown", "strong" if entry.counted else "dim"),
            (f" {verdict}", tone),
            (f"   {moment_text(entry.at)}", "dim"),
            stop=True,
        )
    ]
    if cell_len(lines[0].text) + cell_len(counts[0]) + 3 <= width:
        return [replace(lines[0], spans=(*lines[0].spans, *line("   ", counts).spans))]
    return lines + wrapped(counts[0], width, indent="   ", tone=counts[1])


def _body(entry: ReviewEntry, width: int) -> list[Line]:
    lines = wrapped(entry.comment, width, indent="   ", most=WHOLE_COMMENT) if entry.comment else []
    lines.append(line(("   ", "dim"), (entry.id, "dim")))
    if entry.keyid:
        lines.append(line(("   key ", "dim"), (entry.keyid, "dim")))
    return lines
