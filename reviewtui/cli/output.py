"""All of stdout: JSON, and text in aligned columns that stays readable in a pipe."""

from __future__ import annotations

import json
import os
import sys
import time
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from reviewtui import display
from reviewtui.display import clean

# Whoever has a value to print has loaded its type; nobody else pays for it.
if TYPE_CHECKING:
    from reviewtui.catalog import BaseChoice, ModelVersion
    from reviewtui.diff import ChangeKind, MetricChange, VersionDiff
    from reviewtui.facts.model import Problem, VersionFacts
    from reviewtui.history import HistoryEvent
    from reviewtui.policy.decision import Decision
    from reviewtui.project import ReviewEntry, VersionStatus

_VALUE_WIDTH = 40
_COLORS = {"good": "32", "bad": "31", "warn": "33", "dim": "2", "bold": "1", "add": "32", "remove": "31"}
_STATE_COLORS = {"approved": "good", "released": "good", "rejected": "bad", "stale": "warn", "in-review": "warn"}
_KIND_COLORS = {"added": "add", "removed": "remove", "changed": "warn", "renamed": "warn"}
_VERDICT_COLORS = {"better": "good", "worse": "bad"}
_EVENT_COLORS = {"approve": "good", "reject": "bad", "override": "warn", "released": "good", "policy": "warn"}
_FINDING_COLORS = {"met": "good", "unmet": "bad", "error": "bad", "overridden": "warn", "not-applicable": "dim"}


class Printer:
    """Writes to stdout, in colour only on a terminal that wants it."""

    def __init__(self, *, color: bool) -> None:
        wanted = "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"
        self.color = color and wanted and sys.stdout.isatty()

    def line(self, text: str = "") -> None:
        sys.stdout.write(text.rstrip() + "\n")

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{_COLORS[style]}m{text}\x1b[0m" if self.color and style and text else text

    def table(
        self,
        rows: Sequence[Sequence[str]],
        *,
        styles: Sequence[str] = (),
        indent: str = "",
        below: Sequence[Sequence[str]] = (),
    ) -> None:
        """Rows in columns, two spaces apart; `styles` colours whole rows, `below` are lines under each of them."""
        if not rows:
            return
        widths = [max(cell_width(row[i]) for row in rows) for i in range(len(rows[0]))]
        for number, row in enumerate(rows):
            cells = [cell + " " * (width - cell_width(cell)) for cell, width in zip(row, widths, strict=True)]
            text = (indent + "  ".join(cells)).rstrip()
            self.line(self.paint(text, styles[number] if styles else ""))
            for line in below[number] if below else ():
                self.line(self.paint(f"{indent}     {line}", "dim"))


def cell_width(text: str) -> int:
    """How many terminal cells a text takes."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def print_json(value: Any) -> None:
    """Print JSON in pure ASCII, so that no terminal reads a stranger's text as a command.

    A list has one line for each item: `grep` finds an item whole.
    """
    if isinstance(value, list) and value:
        encode = json.JSONEncoder(allow_nan=False).encode
        rows = ",\n".join([f"  {encode(item)}" for item in value])
        sys.stdout.write(f"[\n{rows}\n]\n")
    else:
        sys.stdout.write(json.dumps(value, indent=2, allow_nan=False) + "\n")


def print_versions(printer: Printer, statuses: Iterable[VersionStatus]) -> None:
    """The table of `list`."""
    now = time.time()
    rows = [["", "VERSION", "KIND", "STATE", "APPROVALS", "AGE", "AUTHOR", "REF"]]
    styles = ["dim"]
    for status in statuses:
        version = status.version
        stages = f" #{' #'.join(version.stages)}" if version.stages else ""
        note = f" ({version.note})" if version.note else ""
        rows.append(
            [
                display.STATE_MARKS[status.state],
                clean(version.name),
                version.kind.value,
                status.state,
                display.approvals_text(status.approvals, status.required),
                display.age_text(version.created, now),
                clean(version.author),
                clean((version.ref or version.commit[:10]) + stages + note),
            ]
        )
        styles.append(_STATE_COLORS.get(status.state, ""))
    printer.table(rows, styles=styles)


def print_facts(printer: Printer, status: VersionStatus, facts: VersionFacts) -> None:
    """The text of `show`."""
    from reviewtui.facts.model import display_keys

    version = status.version
    printer.line(printer.paint(f"{clean(version.name)}  {version.kind.value}", "bold"))
    printer.table(
        [
            ["state", status.state],
            ["approvals", display.approvals_text(status.approvals, status.required) or "0"],
            ["ref", clean(version.ref) or "(a commit alone)"],
            ["commit", version.commit],
        ],
        indent="  ",
    )
    for title, category in (("CONFIG", facts.config), ("METRICS", facts.metrics)):
        _heading(printer, title, len(category))
        text = display.number_text if title == "METRICS" else display.value_text
        printer.table(
            [[clean(key), text(f.value)] for key, f in zip(display_keys(category), category, strict=True)], indent="  "
        )
    _heading(printer, "DATA", len(facts.data))
    printer.table([[clean(fact.path), display.data_text(fact)] for fact in facts.data], indent="  ")
    _heading(printer, "ENVIRONMENT", len(facts.environment))
    for file in facts.environment:
        printer.line(f"  {clean(file.path)}")
        for line in file.text.rstrip("\n").split("\n"):
            printer.line(f"    {clean(line)}")
    print_problems(printer, facts.problems)


def _heading(printer: Printer, title: str, count: int) -> None:
    printer.line()
    printer.line(printer.paint(f"{title} ({count})" if count else f"{title} (none)", "bold"))


def print_problems(printer: Printer, problems: tuple[Problem, ...]) -> None:
    """The files that could not be read, and what the reader must know of others."""
    if not problems:
        return
    _heading(printer, "PROBLEMS", len(problems))
    for problem in problems:
        printer.line(printer.paint(f"  ! {clean(problem.path)}: {clean(problem.problem)}", "warn"))


def print_sides(printer: Printer, *, base: BaseChoice, head: ModelVersion) -> None:
    """What is compared with what, and why."""
    before = clean(base.version.name) if base.version else "nothing"
    printer.line(printer.paint(f"{clean(head.name)}  against  {before}", "bold"))
    printer.line(f"  base: {clean(base.reason)}")


def print_diff(printer: Printer, *, base: BaseChoice, head: ModelVersion, diff: VersionDiff) -> None:
    """The text of `diff`: only what changed."""
    print_sides(printer, base=base, head=head)
    unchanged = dict(diff.unchanged)
    _change_heading(printer, "CONFIG", len(diff.config), unchanged.get("config", 0))
    printer.table(
        [
            [
                display.CHANGE_MARKS[c.kind],
                _key(c.key, c.before_key),
                _before(c.kind, display.shorten(display.value_text(c.before), _VALUE_WIDTH)),
                "→",
                _after(c.kind, display.shorten(display.value_text(c.after), _VALUE_WIDTH)),
            ]
            for c in diff.config
        ],
        styles=[_KIND_COLORS[c.kind] for c in diff.config],
        indent="  ",
        below=[[clean(detail) for detail in c.details] for c in diff.config],
    )
    _change_heading(printer, "METRICS", len(diff.metrics), unchanged.get("metrics", 0))
    printer.table(
        [_metric_row(change) for change in diff.metrics],
        styles=[_VERDICT_COLORS.get(change.verdict, "") for change in diff.metrics],
        indent="  ",
    )
    _change_heading(printer, "DATA", len(diff.data), unchanged.get("data", 0))
    printer.table(
        [
            [
                display.CHANGE_MARKS[c.kind],
                _key(c.path, c.before_path),
                display.data_text(c.before),
                "→",
                display.data_text(c.after),
                clean(c.note),
            ]
            for c in diff.data
        ],
        styles=[_KIND_COLORS[c.kind] for c in diff.data],
        indent="  ",
    )
    _change_heading(printer, "ENVIRONMENT", len(diff.environment), unchanged.get("environment", 0))
    for change in diff.environment:
        printer.line(f"  {display.CHANGE_MARKS[change.kind]} {clean(change.path)}")
        print_unified(printer, change.lines, indent="    ")
    print_problems(printer, diff.problems)


def print_unified(printer: Printer, lines: Iterable[str], *, indent: str = "") -> None:
    """A unified difference, coloured by its marks."""
    for line in lines:
        style = {"+": "add", "-": "remove", "@": "dim"}.get(line[:1], "")
        printer.line(printer.paint(indent + clean(line), style))


def _change_heading(printer: Printer, title: str, changed: int, unchanged: int) -> None:
    printer.line()
    printer.line(printer.paint(f"{title}  {changed} changed, {unchanged} unchanged", "bold"))


def _key(key: str, before_key: str) -> str:
    return clean(f"{before_key} > {key}" if before_key else key)


def _before(kind: ChangeKind, text: str) -> str:
    return "—" if kind == "added" else text


def _after(kind: ChangeKind, text: str) -> str:
    return "—" if kind == "removed" else text


def _metric_row(change: MetricChange) -> list[str]:
    arrow = {"higher": "↑", "lower": "↓"}.get(change.direction, " ")
    return [
        display.CHANGE_MARKS[change.kind],
        f"{_key(change.key, change.before_key)} {arrow}".rstrip(),
        display.number_text(change.before),
        "→",
        display.number_text(change.after),
        display.delta_text(change.delta),
        display.relative_text(change.relative),
        change.verdict.value if change.kind in ("changed", "renamed") else change.kind.value,
    ]


def print_reviews(printer: Printer, version: ModelVersion, entries: tuple[ReviewEntry, ...]) -> None:
    """The text of `reviews`: each record, whether it counts, and why not."""
    printer.line(printer.paint(clean(version.name), "bold"))
    if not entries:
        printer.line("  no records")
    for entry in entries:
        mark = display.VERDICT_MARKS.get(entry.verdict, "?") if entry.counted else "·"
        fate = "counts" if entry.counted else f"does not count: {entry.reason}"
        verdict, reviewer = clean(entry.verdict) or "unreadable", clean(entry.reviewer) or "nobody"
        printer.line(printer.paint(f"  {mark} {verdict} by {reviewer}, {fate}", "" if entry.counted else "dim"))
        if entry.comment:
            printer.line(f"      “{clean(entry.comment)}”")
        printer.line(printer.paint(f"      {clean(entry.at)}  {clean(entry.keyid)}  {entry.id}", "dim"))


def print_history(printer: Printer, events: Iterable[HistoryEvent]) -> None:
    """The text of `history`: a line for each event."""
    rows, styles = [["WHEN (UTC)", "EVENT", "VERSION", "BY", "DETAIL"]], ["dim"]
    for event in events:
        detail = display.shorten(clean(event.detail), _VALUE_WIDTH * 2)
        when = clean(event.at[:16].replace("T", " "))
        rows.append([when or "unknown", event.event, clean(event.name), clean(event.actor), detail])
        counts = event.record is None or event.record.entry.counted
        styles.append(_EVENT_COLORS.get(event.event, "") if counts else "dim")
    printer.table(rows, styles=styles)


def print_decision(
    printer: Printer, version: ModelVersion, decision: Decision, *, reviewers: Mapping[str, str]
) -> None:
    """The text of `gate`: every finding with its reason, and who could unblock it. `reviewers` by record id."""
    answer = "allowed" if decision.allowed else "refused"
    printer.line(printer.paint(f"{clean(version.name)}  {answer}", "good" if decision.allowed else "bad"))
    for finding in decision.findings:
        mark = display.FINDING_MARKS[finding.state]
        state = "warning" if finding.warning and finding.state != "met" else finding.state.value
        text = f"  {mark} {state:<14}  {clean(finding.rule)}: {clean(finding.reason)}"
        printer.line(printer.paint(text, _FINDING_COLORS[finding.state]))
        if finding.unblock:
            printer.line(f"      could unblock: {clean(', '.join(finding.unblock))}")
        for record in finding.ignored:
            words = (clean(record.reason), clean(reviewers.get(record.id, "")), record.id)
            printer.line(printer.paint(f"      not counted: {'  '.join(filter(None, words))}", "dim"))


def print_exact(content: bytes) -> None:
    """The very bytes; on a terminal, with controls made visible."""
    if sys.stdout.isatty():
        sys.stdout.write(clean(content.decode("utf-8", "backslashreplace"), keep_newlines=True))
    else:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
    sys.stdout.flush()
