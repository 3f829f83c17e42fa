"""A trail as CSV (RFC 4180): one row, and one line of the file, an event; for people with a spreadsheet.

Laws
1. No cell is a formula, however a spreadsheet takes the line apart: wherever a cell, or what a reader of another
   separator would take for one, begins with a character that opens a formula, an apostrophe stands before it. There are
   no negative numbers in a trail: what begins with a minus is text.
2. No cell holds a control character: `display.clean` makes them visible. So no event is more than one line.
3. Every cell is quoted. JSON Lines holds the exact text, and the lines of the records.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from reviewtui.display import clean
from reviewtui.export.json_lines import Output
from reviewtui.facts.model import CATEGORIES
from reviewtui.policy.decision import Finding
from reviewtui.trail import AuditTrail, TrailEvent

COLUMNS = (
    "at", "event", "name", "model", "version", "kind", "actor", "verdict", "counted", "reason", "comment", "detail",
    "findings", "commit", "tree", "ref", "tag", "base_version", "base_commit",
    *(f"{category}_digest" for category in CATEGORIES),
    "record", "records", "key", "principals", "policy", "policy_version", "policy_before", "policy_version_before",
    "notes_ref", "note", "note_position",
)  # fmt: skip

_OPENS_FORMULA = re.compile("(^|[,;|'\"])(\\s*)(?=[=+\\-@＝＋－＠﹢﹣﹦﹫−])")
"""What a spreadsheet may take for the beginning of a cell, before what it may take for a formula, wide forms too."""


def write(trail: AuditTrail, out: Output) -> None:
    """Write the names of the columns, then a row an event."""
    out.write(_row(COLUMNS))
    for event in trail.events:
        out.write(_row(map(cell, _values(event))))


def cell(text: str) -> str:
    """A text that no spreadsheet runs (laws 1 and 2)."""
    return _OPENS_FORMULA.sub("\\1\\2'", clean(text))


def _row(cells: Iterable[str]) -> bytes:
    quoted = ('"' + each.replace('"', '""') + '"' for each in cells)
    return (",".join(quoted) + "\r\n").encode("utf-8", "backslashreplace")


def _values(event: TrailEvent) -> Iterable[str]:
    digests = dict(event.digests)
    yield from (event.at, event.event, event.name, event.model, event.version, event.kind, event.actor, event.verdict)
    yield "" if event.counted is None else "yes" if event.counted else "no"
    yield from (event.reason, event.comment, event.detail, " / ".join(map(_finding, event.findings)))
    yield from (event.commit, event.tree, event.ref, event.tag)
    yield from (event.base.version, event.base.commit) if event.base else ("", "")
    yield from (digests.get(category, "") for category in CATEGORIES)
    yield from (event.record, " ".join(event.records), event.key, " ".join(event.principals))
    yield from (event.policy, _number(event.policy_version), event.policy_before, _number(event.policy_version_before))
    yield from (event.notes_ref, event.note, str(event.note_position) if event.note else "")


def _finding(finding: Finding) -> str:
    return f"{finding.rule} {finding.state.value}: {finding.reason}"


def _number(value: int | None) -> str:
    return "" if value is None else str(value)
