"""The environment tab: the unified difference of each file that describes the environment."""

from __future__ import annotations

from reviewtui.display import CHANGE_MARKS, holds_controls
from reviewtui.remarks import remarks_by_key
from reviewtui.tui.pages.layout import KIND_TONES, unchanged_line
from reviewtui.tui.pages.remarks import AboutFact, remark_lines
from reviewtui.tui.reading import VersionView
from reviewtui.tui.widgets.line import BLANK, Line, Tone, line, wrapped


def environment_page(view: VersionView, width: int, *, whole: bool = False) -> list[Line]:
    """The whole tab. Lines are not wrapped: h and l scroll sideways."""
    if not view.facts.environment and not view.diff.environment:
        return [BLANK, *wrapped("No file that describes the environment was found.", width, indent="  ", tone="dim")]
    remarks = remarks_by_key(view.reviews)
    lines: list[Line] = []
    for change in view.diff.environment:
        mark: tuple[str, Tone] = (f" {CHANGE_MARKS[change.kind.value]} ", KIND_TONES[change.kind.value])
        about = AboutFact("environment", change.path, change.path, "", "")
        lines += [line(mark, (change.path, "strong"), stop=True, about=about), *text_diff(change.lines)]
        lines += [*remark_lines(remarks, "environment", change.path, width), BLANK]
    if not lines:
        lines = [line(("   No environment file changed.", "dim")), BLANK]
    changed = {change.path for change in view.diff.environment}
    same = [file for file in view.facts.environment if file.path not in changed]
    if same:
        lines.append(unchanged_line(len(same), "file", whole=whole))
    for file in same:
        lines.append(line("   ", (file.path, "dim")))
        if whole:
            lines += [line("     ", (text.expandtabs(4), "dim")) for text in file.text.splitlines()]
    return lines


def text_diff(lines: tuple[str, ...]) -> list[Line]:
    """A unified difference; a line that held controls is marked."""
    return [_diff_line(text) for text in lines]


def _diff_line(text: str) -> Line:
    tone: Tone = ""
    if text.startswith(("+++", "---", "@@")):
        tone = "dim"
    elif text.startswith("+"):
        tone = "added"
    elif text.startswith("-"):
        tone = "removed"
    warning = "  ! holds control characters" if holds_controls(text) else ""
    return line("     ", (text.expandtabs(4), tone), (warning, "warn"))
