"""The first tab: is the gate open, what changed, what got worse, what is missing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from reviewtui.diff import ChangeKind, MetricVerdict
from reviewtui.display import CHANGE_MARKS, FINDING_MARKS, STATE_MARKS, approvals_text, plural
from reviewtui.policy.decision import FindingState
from reviewtui.tui.pages.config import config_lines
from reviewtui.tui.pages.data import data_lines
from reviewtui.tui.pages.gate import finding_head
from reviewtui.tui.pages.layout import KIND_TONES
from reviewtui.tui.pages.metrics import metric_lines
from reviewtui.tui.pages.reviews import review_head
from reviewtui.tui.reading import VersionView
from reviewtui.tui.rows import STATE_TONES
from reviewtui.tui.since_verdict import since_lines
from reviewtui.tui.widgets.line import BLANK, Line, Tone, beside, heading, line, wrap, wrapped

_TWO_COLUMNS, _BETWEEN = 150, 4
"""Cells from which what is judged and what changed stand beside each other; and the cells between them."""
_NO_VETO = {"veto": "no veto"}
"""What is met where nobody rejects: by its name alone, it would seem that somebody does."""
_AT_MOST = 8
"""How many changes of a kind the overview lists."""


def summary_lines(view: VersionView, width: int, *, whole: bool = False) -> list[Line]:
    """The overview of a version."""
    half = (width - _BETWEEN) // 2 if width >= _TWO_COLUMNS else width
    since = [*since_lines(view.since, view.version, half), BLANK] if view.since is not None else []
    identity = [*_identity(view, half), BLANK, *since]
    if half == width:
        return [*identity, *overview_lines(view, width)]
    judged = _spaced([_gate(view, half), _problems(view, half), _reviews(view, half)])
    changed = [_metrics(view, half), _config(view, half), _data(view, half), _environment(view)]
    return beside([*identity, *judged], _spaced(changed), half + _BETWEEN)


def overview_lines(view: VersionView, width: int) -> list[Line]:
    """Gate, problems, changes, reviews: also what the home screen's preview shows."""
    sections = [_gate(view, width), _problems(view, width), _metrics(view, width), _config(view, width)]
    sections += [_data(view, width), _environment(view), _reviews(view, width)]
    return _spaced(sections)


def _spaced(sections: list[list[Line]]) -> list[Line]:
    """The sections that have anything, each with a blank line after it."""
    return [one for section in sections if section for one in (*section, BLANK)]


def _identity(view: VersionView, width: int) -> list[Line]:
    version, state = view.version, view.status.state
    made = (
        "" if version.created is None else datetime.fromtimestamp(version.created, UTC).strftime("%Y-%m-%d %H:%M UTC")
    )
    who = " · ".join(part for part in (version.author, made) if part)
    approvals = approvals_text(view.status.approvals, view.status.required)
    lines = [
        line(
            (f"{STATE_MARKS.get(state, '·')} {state}", STATE_TONES.get(state, "")),
            (f"   {approvals} approved" if approvals else "", ""),
            ("   " + " · ".join(version.stages) if version.stages else "", "accent"),
        ),
        *wrapped(version.subject, width, tone="strong"),
        line((who, "dim")),
        line(("commit ", "dim"), version.commit),
    ]
    if version.ref:
        lines.append(line(("ref    ", "dim"), version.ref))
    lines += [line(("       ", "dim"), ref) for ref in version.other_refs]
    if version.note:
        lines += wrapped(version.note, width, tone="warn")
    base = view.base.name if view.base else "no base"
    lines += wrapped(
        f"Compared with {base}: {view.base_reason or 'the first version'}.".replace("..", "."), width, tone="dim"
    )
    return lines


def _gate(view: VersionView, width: int) -> list[Line]:
    verdict: tuple[str, Tone] = ("✓ open", "good") if view.gate.allowed else ("✗ closed", "bad")
    lines = [line(("GATE  ", "heading"), verdict)]
    quiet = (FindingState.MET, FindingState.NOT_APPLICABLE)
    for finding in view.gate.findings:
        if finding.state not in quiet:
            lines += finding_head(finding, width)
    for state, word in zip(quiet, ("met", "does not apply"), strict=True):
        rules = [_NO_VETO.get(each.rule, each.rule) for each in view.gate.findings if each.state is state]
        if rules:
            first, *rest = wrap(f"{word}: {', '.join(rules)}", width - 4)
            tone: Tone = "good" if state is FindingState.MET else "dim"
            lines.append(line((f" {FINDING_MARKS[state.value]} ", tone), (first, "dim")))
            lines += [line("   ", (piece, "dim")) for piece in rest]
    return lines


def _problems(view: VersionView, width: int) -> list[Line]:
    problems = dict.fromkeys((*view.facts.problems, *view.diff.problems))
    if not problems:
        return []
    lines = [heading("PROBLEMS", plural(len(problems), "file"))]
    for problem in problems:
        lines += wrapped(f"! {problem.path}: {problem.problem}", width, indent=" ", tone="warn")
    return lines


def _metrics(view: VersionView, width: int) -> list[Line]:
    changes = view.diff.metrics
    there = (ChangeKind.ADDED, ChangeKind.REMOVED)
    counts = Counter((c.kind if c.kind in there else c.verdict).value for c in changes)
    words = (MetricVerdict.WORSE, MetricVerdict.BETTER, MetricVerdict.UNKNOWN, *there)
    said = [f"{counts[word.value]} {word.value}" for word in words if counts[word.value]]
    if not changes:
        return [heading("METRICS", _none(view, "metrics", len(view.facts.metrics)))]
    return [heading("METRICS", " · ".join(said)), *metric_lines(view, width, most=_AT_MOST), *_more(changes)]


def _config(view: VersionView, width: int) -> list[Line]:
    if not view.diff.config:
        return [heading("CONFIG", _none(view, "config", len(view.facts.config)))]
    changes = view.diff.config
    lines = config_lines(view, width, most=_AT_MOST)
    return [heading("CONFIG", f"{plural(len(changes), 'key')} changed"), *lines, *_more(changes)]


def _data(view: VersionView, width: int) -> list[Line]:
    if not view.diff.data:
        return [heading("DATA", _none(view, "data", len(view.facts.data)))]
    changes = view.diff.data
    lines = data_lines(view, width, most=_AT_MOST)
    return [heading("DATA", f"{plural(len(changes), 'path')} changed"), *lines, *_more(changes)]


def _environment(view: VersionView) -> list[Line]:
    changes = view.diff.environment
    if not changes:
        return []
    lines = [heading("ENVIRONMENT", f"{plural(len(changes), 'file')} changed")]
    return lines + [
        line((f" {CHANGE_MARKS[c.kind.value]} ", KIND_TONES[c.kind.value]), (c.path, "strong"), stop=True)
        for c in changes
    ]


def _none(view: VersionView, category: str, there: int) -> str:
    if there == 0:
        return f"no {category} in this version"
    return "nothing changed" if view.base else "no base to compare with"


def _reviews(view: VersionView, width: int) -> list[Line]:
    if not view.reviews:
        return [heading("REVIEWS", "none yet")]
    lines = [heading("REVIEWS", plural(len(view.reviews), "record"))]
    for entry in view.reviews:
        lines += review_head(entry, width)
        if entry.comment:
            lines += wrapped(f"“{entry.comment.splitlines()[0]}”", width, indent="   ", tone="dim")
    return lines


def _more(changes: Sequence[object]) -> list[Line]:
    """How many more changes there are than are shown."""
    more = len(changes) - _AT_MOST
    return [line((f"   … {plural(more, 'more change')}", "dim"))] if more > 0 else []
