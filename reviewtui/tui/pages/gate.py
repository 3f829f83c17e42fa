"""The gate tab: every requirement of the policy, its state, why, and who could unblock it."""

from __future__ import annotations

from collections.abc import Mapping

from rich.cells import cell_len

from reviewtui.display import FINDING_MARKS
from reviewtui.policy.decision import Decision, Finding, FindingState
from reviewtui.tui.reading import VersionView
from reviewtui.tui.widgets.line import BLANK, Line, Tone, line, wrap, wrapped

_TONES: dict[FindingState, Tone] = {
    FindingState.MET: "good",
    FindingState.UNMET: "bad",
    FindingState.NOT_APPLICABLE: "dim",
    FindingState.OVERRIDDEN: "warn",
    FindingState.ERROR: "bad",
}
_PLAIN = (FindingState.MET, FindingState.UNMET)
"""The states that the mark alone says clearly."""


def gate_page(view: VersionView, width: int, *, whole: bool = False) -> list[Line]:
    """The whole tab."""
    return decision_lines(view.gate, width, reviewers={entry.id: entry.reviewer for entry in view.reviews})


def decision_lines(decision: Decision, width: int, *, reviewers: Mapping[str, str] | None = None) -> list[Line]:
    """The verdict, then every finding in full. `reviewers` by record id, where they are known."""
    if decision.allowed:
        lines = [line((" ✓ The gate is open: ", "good"), "a release may be made (R).")]
    else:
        lines = [line((" ✗ The gate is closed.", "bad"))]
    for finding in decision.findings:
        lines += [BLANK, *finding_head(finding, width), *_records(finding, width, reviewers or {})]
    if not decision.findings:
        lines += [
            BLANK,
            *wrapped("No policy asks for anything, and nothing asked for is nothing allowed.", width, indent="   "),
        ]
    return lines


def finding_look(finding: Finding) -> tuple[str, Tone]:
    """The mark of a finding, and its tone."""
    return ("!", "warn") if _warns(finding) else (FINDING_MARKS[finding.state.value], _TONES[finding.state])


def _warns(finding: Finding) -> bool:
    return finding.warning and finding.state in (FindingState.UNMET, FindingState.ERROR)


def finding_head(finding: Finding, width: int) -> list[Line]:
    """A finding in short: mark, rule, state, reason."""
    mark, tone = finding_look(finding)
    word = "warning" if _warns(finding) else "" if finding.state in _PLAIN else finding.state.value
    rule = f"{finding.rule} ({word})" if word else finding.rule
    stop = tone in ("bad", "warn")
    if cell_len(rule) + cell_len(finding.reason) + 6 <= width:
        return [line((f" {mark} ", tone), (rule, "strong"), f"  {finding.reason}", stop=stop)]
    first, *rest = wrap(rule, width - 4)
    lines = [line((f" {mark} ", tone), (first, "strong"), stop=stop), *[line("   ", (more, "strong")) for more in rest]]
    return lines + (wrapped(finding.reason, width, indent="   ") if finding.reason else [])


def _records(finding: Finding, width: int, reviewers: Mapping[str, str]) -> list[Line]:
    lines: list[Line] = []
    if finding.unblock:
        lines += wrapped(f"Could unblock: {', '.join(finding.unblock)}", width, indent="   ", tone="accent")
    for record in finding.counted:
        lines += wrapped(f"✓ counted: {_by(reviewers, record)}", width, indent="   ", tone="dim")
    for ignored in finding.ignored:
        words = f"· not counted ({ignored.reason}): {_by(reviewers, ignored.id)}"
        lines += wrapped(words, width, indent="   ", tone="dim")
    return lines


def _by(reviewers: Mapping[str, str], record: str) -> str:
    return " ".join(filter(None, (reviewers.get(record, ""), record)))
