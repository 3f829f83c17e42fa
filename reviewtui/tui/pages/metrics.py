"""The metrics tab: before, after, difference, and better or worse where the direction is known."""

from __future__ import annotations

from reviewtui.diff import ChangeKind, MetricChange, MetricVerdict
from reviewtui.display import CHANGE_MARKS, delta_text, number_text, relative_text
from reviewtui.tui.pages.layout import KIND_TONES, change_lines, key_width, unchanged_line
from reviewtui.tui.reading import VersionView
from reviewtui.tui.widgets.line import BLANK, Line, Tone, fit, line, wrapped

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
_NUMBER = 11


def metrics_page(view: VersionView, width: int, *, whole: bool = False) -> list[Line]:
    """The whole tab."""
    if not view.facts.metrics and not view.diff.metrics:
        return [BLANK, *wrapped("No metrics file was found in this version.", width, indent="  ", tone="dim")]
    lines = metric_lines(view, width, titled=True) or [line(("   No metric changed.", "dim"))]
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


def metric_lines(view: VersionView, width: int, *, titled: bool = False) -> list[Line]:
    """The changes alone, one line each."""
    changes = view.diff.metrics
    keys = max(8, min(key_width((_key(change) for change in changes), width), width - 2 * _NUMBER - 26))
    roomy = width >= keys + 2 * _NUMBER + 38
    lines = [_titles(view, keys, roomy=roomy)] if titled and changes else []
    return lines + [_metric_line(change, keys, roomy=roomy) for change in changes]


def _titles(view: VersionView, keys: int, *, roomy: bool) -> Line:
    base = view.base.version if view.base else "—"
    text = (
        "   "
        + fit("METRIC", keys + 2)
        + fit(base, _NUMBER, right=True)
        + "   "
        + fit(view.version.version, _NUMBER, right=True)
    )
    return line((text + ("   " + fit("CHANGE", 22, right=True) if roomy else ""), "dim"))


def _metric_line(change: MetricChange, keys: int, *, roomy: bool) -> Line:
    arrow = _ARROWS.get(change.direction, " ")
    tone = VERDICT_TONES[change.verdict]
    before = "—" if change.kind is ChangeKind.ADDED else number_text(change.before)
    after = "—" if change.kind is ChangeKind.REMOVED else number_text(change.after)
    by = fit(delta_text(change.delta), 11, right=True) + fit(relative_text(change.relative), 11, right=True)
    verdict = _WORDS[change.verdict] if change.delta is not None else change.kind.value
    return line(
        (f" {CHANGE_MARKS[change.kind.value]} ", KIND_TONES[change.kind.value]),
        (fit(_key(change), keys), "strong"),
        (f" {arrow}", "dim"),
        (fit(before, _NUMBER, right=True), "dim"),
        (" → ", "dim"),
        fit(after, _NUMBER, right=True),
        ("   " + by if roomy else fit(delta_text(change.delta), 10, right=True), tone),
        (f"  {verdict}", tone),
        stop=True,
    )


def _key(change: MetricChange) -> str:
    return f"{change.before_key} → {change.key}" if change.before_key else change.key
