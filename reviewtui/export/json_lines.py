"""A trail as JSON Lines: a header, a line an event, and an end with a digest (trail.schema.json is its schema).

The text is exact: nothing is cleaned or cut. Characters that could do something to a terminal, or hide or turn the text
around them, are written as JSON escapes, so that a reader of JSON gets them back and nobody else meets them.
"""

from __future__ import annotations

import hashlib
import json
from importlib.resources import files
from typing import Any, Protocol

from reviewtui.display import escape_unsafe
from reviewtui.policy.decision import Finding
from reviewtui.remarks import Remark
from reviewtui.trail import AuditTrail, TrailEvent, TrailHeader

Json = dict[str, Any]


class Output(Protocol):
    """Where bytes go: a file opened for bytes."""

    def write(self, data: bytes, /) -> object: ...


def write(trail: AuditTrail, out: Output) -> None:
    """Write every line; the last one tells how many events there were, and the digest of all bytes before it."""
    digest, count = hashlib.sha256(), 0
    head = _line(header_json(trail.header))
    out.write(head)
    digest.update(head)
    for event in trail.events:
        line = _line(event_json(event))
        out.write(line)
        digest.update(line)
        count += 1
    out.write(_line({"type": "end", "events": count, "digest": f"sha256:{digest.hexdigest()}"}))


def schema() -> bytes:
    """The JSON Schema that every line meets."""
    return files("reviewtui.export").joinpath("trail.schema.json").read_bytes()


def header_json(header: TrailHeader) -> Json:
    """The first line."""
    return {
        "type": "header",
        "format": header.format,
        "repository": header.repository,
        "object_format": header.object_format,
        "trusted": {"ref": header.trusted_ref, "commit": header.trusted_commit},
        "policy": header.policy,
        "notes": [{"ref": each.ref, "commit": each.commit, "commits": each.commits} for each in header.notes],
        "as_of": header.as_of,
        "scope": {
            "model": header.scope.model,
            "since": header.scope.since,
            "until": header.scope.until,
            "release": header.scope.release,
        },
        "tool": header.tool,
        "unproven": list(header.unproven),
    }


def event_json(event: TrailEvent) -> Json:
    """One event; every key is always there."""
    return {
        "type": "event",
        "at": event.at,
        "event": event.event,
        "name": event.name,
        "model": event.model,
        "version": event.version,
        "kind": event.kind,
        "actor": event.actor,
        "commit": event.commit,
        "tree": event.tree,
        "ref": event.ref,
        "tag": event.tag,
        "base": {"version": event.base.version, "commit": event.base.commit} if event.base else None,
        "digests": dict(event.digests),
        "record": event.record,
        "verdict": event.verdict,
        "counted": event.counted,
        "reason": event.reason,
        "comment": event.comment,
        "remarks": [_remark(each) for each in event.remarks],
        "key": event.key,
        "principals": list(event.principals),
        "policy": event.policy,
        "policy_version": event.policy_version,
        "policy_before": event.policy_before,
        "policy_version_before": event.policy_version_before,
        "notes_ref": event.notes_ref,
        "note": event.note,
        "note_position": event.note_position,
        "line": event.line,
        "records": list(event.records),
        "findings": [_finding(each) for each in event.findings],
        "detail": event.detail,
    }


def _remark(remark: Remark) -> Json:
    return {"category": remark.category, "key": remark.key, "text": remark.text}


def _finding(finding: Finding) -> Json:
    return {
        "rule": finding.rule,
        "state": finding.state.value,
        "reason": finding.reason,
        "warning": finding.warning,
        "counted": list(finding.counted),
        "ignored": [{"id": each.id, "reason": each.reason} for each in finding.ignored],
    }


def _line(value: Json) -> bytes:
    # Control characters stand inside strings alone, so that the escapes may be put in afterwards.
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return escape_unsafe(text).encode("utf-8") + b"\n"
