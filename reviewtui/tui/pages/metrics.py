"""The metrics tab: before, after, difference, and better or worse where the direction is known."""

from __future__ import annotations

from rich.cells import cell_len

from reviewtui.diff import ChangeKind, MetricChange, MetricVerdict
from reviewtui.display import CHANGE_MARKS, delta_text, number_text, relative_text
from reviewtui.remarks import remarks_by_key
from reviewtui.tui.pages.gate import finding_look
from reviewtui.tui.pages.layout import KIND_TONES, change_lines, key_width, unchanged_line
from reviewtui.tui.pages.remarks import AboutFact, other_remarks, remark_lines
from reviewtui.tui.reading import VersionView
from reviewtui.tui.widgets.line import BLANK, Line, Part, Tone, fit, fit_key, line, wrapped
from reviewtui.values import dataclass

VERDICT_TONES: dict[MetricVerdict, Tone] = {
    MetricVerdict.BETTER: "good",
    MetricVerdict.WORSE: "bad",
    MetricVerdict.SAME: "dim",
    MetricVerdict.UNKNOWN: "dim",
}
_WORDS = {
    MetricVerdict.BETTER: "▲ better",
    MetricVerdict.WORSE: "▼ worse",
    MetricVerdict.SAME: "= same",
    MetricVerdict.UNKNOWN: "? unknown",
}
_ARROWS = {"higher": "↑", "lower": "↓"}
_WIDEST, _WORD = 16, 9
_ASKED_LEAST = 24
"""Cells in which what the policy asks of a metric can be said."""


def metrics_page(view: VersionView, width: int, *, whole: bool = False) -> list[Line]:
    """The whole tab."""
    if not view.facts.metrics and not view.diff.metrics:
        return [BLANK, *wrapped("No metrics file was found in this version.", width, indent="  ", tone="dim")]
    lines = metric_lines(view, width, titled=True) or [line(("   No metric changed.", "dim"))]
    lines += other_remarks(view, "metrics", {change.key for change in view.diff.metrics}, width)
    changed = {(change.file, change.key) for change in view.diff.metrics}
    same = [fact for fact in view.facts.metrics if (fact.file, fact.key) not in changed]
    if same:
        lines += [BLANK, unchanged_line(len(same), "metric", whole=whole)]
    if same and whole:
        keys = key_width((fact.key for fact in same), width)
        for fact in same:
            lines += change_lines(fact.key, None, "", number_text(fact.value), keys=keys, width=width)
    if any(change.verdict is MetricVerdict.UNKNOWN and change.delta is not None for change in view.diff.metrics):
        lines.append(BLANK)
        lines += wrapped(
            "unknown: neither the policy nor the table of well-known names says whether higher is better.",
            width,
            indent=" ",
            tone="dim",
        )
    return lines


def metric_lines(view: VersionView, width: int, *, titled: bool = False, most: int | None = None) -> list[Line]:
    """The changes alone, or the first few of them: the worse ones first, one line each."""
    changes = sorted(view.diff.metrics, key=lambda change: change.verdict is not MetricVerdict.WORSE)[:most]
    if not changes:
        return []
    base = view.base.version if view.base else "—"
    columns = _Columns.of(changes, (base, view.version.version) if titled else ("", ""), width)
    asked = _asked_of(view, changes) if titled and columns.left(width) > _ASKED_LEAST else {}
    lines = [columns.titles(base, view.version.version, asked=bool(asked))] if titled else []
    remarks = remarks_by_key(view.reviews)
    for change in changes:
        said, tone = asked.get(change.key, ("", ""))
        # A sentence that does not fit is told by its first half, the gate's tab has the whole.
        said = said if cell_len(said) <= columns.left(width) else said.partition("; ")[0]
        beside: Part = (f"  {fit(said, columns.left(width)).rstrip()}" if said else "", tone)
        lines += [columns.line(change, beside), *remark_lines(remarks, "metrics", change.key, width)]
    return lines


def _asked_of(view: VersionView, changes: list[MetricChange]) -> dict[str, tuple[str, Tone]]:
    """What the gate says of each metric that the policy names."""
    found: dict[str, tuple[str, Tone]] = {}
    rules = {f"metric {change.key}": change.key for change in changes}
    for finding in view.gate.findings:
        if finding.rule in rules:
            mark, tone = finding_look(finding)
            asked = finding.reason.partition(": ")[2] or finding.reason
            found[rules[finding.rule]] = (f"{mark} {asked.removesuffix('.')}", tone)
    return found


@dataclass(frozen=True, slots=True)
class _Columns:
    """How wide each column is; the relative change and then the old value give way where the page is narrow."""

    keys: int
    before: int
    after: int
    delta: int
    relative: int

    @classmethod
    def of(cls, changes: list[MetricChange], titles: tuple[str, str], width: int) -> _Columns:
        before = min(max(len(text) for text in (titles[0], *(_before(change) for change in changes))), _WIDEST)
        after = min(max(len(text) for text in (titles[1], *(_after(change) for change in changes))), _WIDEST)
        delta = max(len(delta_text(change.delta)) for change in changes)
        relative = max(len(relative_text(change.relative)) for change in changes)
        keys = max((cell_len(_key(change)) for change in changes), default=0)
        room = width - before - after - delta - 23
        if room - relative - 2 < min(keys, 16):
            relative = 0
        if room < min(keys, 12):
            room, before = room + before + 3, 0
        return cls(max(8, min(keys, room - (relative + 2 if relative else 0))), before, after, delta, relative)

    def left(self, width: int) -> int:
        """The cells beside a line: for what the policy asks."""
        relative = self.relative + 2 if self.relative else 0
        before = self.before + 3 if self.before else 0
        return width - 3 - self.keys - 3 - before - self.after - 2 - self.delta - relative - 2 - _WORD - 4

    def titles(self, base: str, head: str, *, asked: bool) -> Line:
        old = f"{fit(base, self.before, right=True)}   " if self.before else ""
        values = f"{old}{fit(head, self.after, right=True)}"
        change = fit("CHANGE", self.delta + (self.relative + 2 if self.relative else 0), right=True)
        policy = f"  {fit('', _WORD)}  POLICY" if asked else ""
        return line((f"   {fit('METRIC', self.keys)}   {values}  {change}{policy}", "dim"))

    def line(self, change: MetricChange, beside: Part) -> Line:
        tone = VERDICT_TONES[change.verdict]
        word = _WORDS[change.verdict] if change.delta is not None else change.kind.value
        relative = f"  {fit(relative_text(change.relative), self.relative, right=True)}" if self.relative else ""
        return line(
            (f" {CHANGE_MARKS[change.kind.value]} ", KIND_TONES[change.kind.value]),
            (fit_key(_key(change), self.keys), "strong"),
            (f" {_ARROWS.get(change.direction, ' ')} ", "dim"),
            (f"{fit(_before(change), self.before, right=True)} → " if self.before else "", "dim"),
            fit(_after(change), self.after, right=True),
            (f"  {fit(delta_text(change.delta), self.delta, right=True)}{relative}", tone),
            (f"  {fit(word, _WORD) if beside[0] else word}", tone),
            beside,
            stop=True,
            about=AboutFact("metrics", change.key, change.file, _before(change), _after(change)),
        )


def _before(change: MetricChange) -> str:
    return "—" if change.kind is ChangeKind.ADDED else number_text(change.before)


def _after(change: MetricChange) -> str:
    return "—" if change.kind is ChangeKind.REMOVED else number_text(change.after)


def _key(change: MetricChange) -> str:
    return f"{change.before_key} → {change.key}" if change.before_key else change.key
