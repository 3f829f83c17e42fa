"""Values → the JSON of the contract: every key that other tools may rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence
    from decimal import Decimal

    from reviewtui.catalog import BaseChoice, ModelVersion
    from reviewtui.diff import Change, DataChange, MetricChange, TextChange, VersionDiff
    from reviewtui.facts.model import DataFact, Problem, VersionFacts
    from reviewtui.history import HistoryEvent
    from reviewtui.policy.decision import Decision
    from reviewtui.project import ReviewEntry, VersionStatus

Json = dict[str, Any]


def version_json(status: VersionStatus) -> Json:
    """One row of `list`."""
    version = status.version
    return {
        **_identity(version),
        "state": status.state,
        "approvals": status.approvals,
        "required": status.required,
        "created": version.created,
        "author": version.author,
        "stages": list(version.stages),
        "other_refs": list(version.other_refs),
        "note": version.note,
    }


def _identity(version: ModelVersion) -> Json:
    return {
        "name": version.name,
        "model": version.model,
        "version": version.version,
        "kind": version.kind.value,
        "ref": version.ref,
        "commit": version.commit,
    }


def show_json(status: VersionStatus, facts: VersionFacts) -> Json:
    """The whole of `show`."""
    from reviewtui.facts.model import display_keys

    return {
        **version_json(status),
        "facts": {
            "config": dict(zip(display_keys(facts.config), (f.value for f in facts.config), strict=True)),
            "metrics": dict(zip(display_keys(facts.metrics), (f.value for f in facts.metrics), strict=True)),
            "data": [_data_json(fact) for fact in facts.data],
            "environment": {file.path: file.text for file in facts.environment},
        },
        "digests": facts.digests(),
        "files": {category: list(files) for category, files in facts.files},
        "problems": problems_json(facts.problems),
    }


def problems_json(problems: tuple[Problem, ...]) -> list[Json]:
    """Problems, as they stand in every command that reads files."""
    return [{"path": problem.path, "problem": problem.problem} for problem in problems]


def _data_json(fact: DataFact) -> Json:
    return {"path": fact.path, **_digest_json(fact), "source": fact.source, "note": fact.note}


def _digest_json(fact: DataFact) -> Json:
    return {
        "algorithm": fact.digest.algorithm if fact.digest else None,
        "digest": fact.digest.value if fact.digest else None,
        "size": fact.size,
        "files": fact.files,
    }


def diff_json(base: BaseChoice, head: ModelVersion, diff: VersionDiff) -> Json:
    """The whole of `diff`."""
    chosen = base.version
    return {
        "base": {"name": chosen.name, "commit": chosen.commit} if chosen else {"name": None, "commit": None},
        "base_reason": base.reason,
        "head": {"name": head.name, "commit": head.commit},
        "config": [_change_json(change) for change in diff.config],
        "metrics": [_metric_json(change) for change in diff.metrics],
        "data": [_data_change_json(change) for change in diff.data],
        "environment": [_text_json(change) for change in diff.environment],
        "problems": problems_json(diff.problems),
        "unchanged": dict(diff.unchanged),
    }


def settings_json(changes: Sequence[TextChange]) -> Json:
    """What `diff` tells of a change of the settings beside the rest."""
    return {"settings": [_text_json(change) for change in changes]}


def _change_json(change: Change | MetricChange) -> Json:
    return {
        "key": change.key,
        "change": change.kind.value,
        "before": change.before,
        "after": change.after,
        "file": change.file,
        "before_key": change.before_key or None,
        "details": list(getattr(change, "details", ())),
    }


def _metric_json(change: MetricChange) -> Json:
    return {
        **_change_json(change),
        "delta": _number(change.delta),
        "relative": _number(change.relative),
        "verdict": change.verdict.value,
        "direction": change.direction or None,
    }


def _number(value: Decimal | None) -> float | int | None:
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() and abs(value) < 2**53 else float(value)


def _data_change_json(change: DataChange) -> Json:
    return {
        "path": change.path,
        "change": change.kind.value,
        "before": _digest_json(change.before) if change.before else None,
        "after": _digest_json(change.after) if change.after else None,
        "before_path": change.before_path or None,
        "note": change.note,
    }


def _text_json(change: TextChange) -> Json:
    return {"path": change.path, "change": change.kind.value, "lines": list(change.lines)}


def reviews_json(version: ModelVersion, entries: tuple[ReviewEntry, ...]) -> Json:
    """The whole of `reviews`."""
    return {
        "name": version.name,
        "commit": version.commit,
        "records": [
            {
                "id": entry.id,
                "reviewer": entry.reviewer,
                "verdict": entry.verdict,
                "comment": entry.comment,
                "at": entry.at,
                "counted": entry.counted,
                "reason": entry.reason,
                "keyid": entry.keyid,
                "commit": entry.commit,
            }
            for entry in entries
        ],
    }


def event_json(event: HistoryEvent) -> Json:
    """One item of `history`."""
    form: Json = {
        "at": event.at,
        "event": event.event,
        "name": event.name,
        "actor": event.actor,
        "commit": event.commit,
        "ref": event.ref,
        "detail": event.detail,
    }
    if event.record is not None:
        entry = event.record.entry
        form |= {"record": entry.id, "counted": entry.counted, "reason": entry.reason, "keyid": entry.keyid}
    if event.approved_by:
        form["approved_by"] = list(event.approved_by)
    return form


def gate_json(version: ModelVersion, decision: Decision) -> Json:
    """The whole of `gate`."""
    return {
        "name": version.name,
        "commit": version.commit,
        "allowed": decision.allowed,
        "approvals": decision.approvals,
        "required": decision.required,
        "findings": [
            {
                "rule": finding.rule,
                "state": finding.state.value,
                "reason": finding.reason,
                "counted": list(finding.counted),
                "ignored": [{"id": record.id, "reason": record.reason} for record in finding.ignored],
                "unblock": list(finding.unblock),
                "warning": finding.warning,
            }
            for finding in decision.findings
        ],
    }
