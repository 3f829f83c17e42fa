"""An event in full; and a record in full: what was signed beside what is here, and why it counts or does not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reviewtui.history import AuditRecord, HistoryEvent, time_text
from reviewtui.tui.widgets.line import BLANK, WHOLE_COMMENT, Line, Part, Tone, fit, heading, line, wrapped

if TYPE_CHECKING:
    from reviewtui.review import ReviewSubject

_LABEL = 10


@dataclass(frozen=True, slots=True)
class RecordView:
    """A record, and what a review of the same version would be bound to now (None: there is no such version)."""

    record: AuditRecord
    actual: ReviewSubject | None


def event_lines(event: HistoryEvent, width: int) -> list[Line]:
    """Everything that is known of an event."""
    if event.record is not None:
        return record_lines(RecordView(event.record, None), width)
    lines = _row("when", event.at or "unknown", width)
    if event.actor:
        lines += _row("by", event.actor, width)
    if event.approved_by:
        lines += _row("approved", ", ".join(event.approved_by), width, tone="good")
    if event.lead is not None:
        lines += _row("lead", f"{event.lead / 86_400:.1f} days from the commit to the tag", width)
    if event.ref:
        lines += _row("ref", event.ref, width)
    lines += _row("commit", event.commit, width)
    return [*lines, BLANK, *wrapped(event.detail, width, tone="strong")]


def record_lines(view: RecordView, width: int) -> list[Line]:
    """Why a record counts or does not, and what it binds."""
    record, entry = view.record, view.record.entry
    fate: tuple[str, Tone] = ("✓ counts", "good") if entry.counted else (f"✗ does not count: {entry.reason}", "warn")
    lines = wrapped(fate[0], width, tone=fate[1])
    lines += wrapped(f"{MEANINGS.get(entry.reason.partition(':')[0], '')}", width, tone="dim") if entry.reason else []
    if entry.comment:
        lines += [BLANK, *wrapped(f"“{entry.comment}”", width, most=WHOLE_COMMENT)]
    lines += [BLANK, *_bindings(view, width), BLANK]
    lines += _row("reviewer", entry.reviewer or "cannot be read", width)
    lines += _row("key", entry.keyid or "none", width)
    whose = ", ".join(record.principals) or "nobody that the trusted branch names"
    lines += _row("key of", whose, width, tone="" if record.principals else "warn")
    lines += _row("said at", entry.at or "cannot be read", width)
    lines += _row("noted at", time_text(record.noted) or "unknown", width)
    lines += _row("note", record.note or "the commit that brought it is not known", width)
    return lines + _row("record", entry.id, width)


def _bindings(view: RecordView, width: int) -> list[Line]:
    claim = view.record.claim
    if claim is None:
        return [line(("What it claims cannot be read.", "warn"))]
    signed, actual = dict(_subject_rows(claim.subject)), dict(_subject_rows(view.actual)) if view.actual else {}
    lines = [heading("SIGNED", "" if actual else "there is nothing here now to compare it with")]
    for name, value in signed.items():
        now = actual.get(name)
        differs = now is not None and now != value
        lines += _row(name, value, width, tone="removed" if differs else "", mark="≠" if differs else " ")
        if differs and now is not None:
            lines += _row("  is now", now, width, tone="added", mark=" ")
    if actual and all(actual.get(name) == value for name, value in signed.items()):
        lines.append(line((" = all of it is what is here now", "good")))
    return lines


def _subject_rows(subject: ReviewSubject) -> list[tuple[str, str]]:
    base = f"{subject.base.version} {subject.base.commit}".strip() if subject.base else "none"
    return [
        ("version", f"{subject.model}@{subject.version}"),
        ("commit", subject.commit),
        ("tree", subject.tree),
        ("base", base),
        *((category, digest) for category, digest in subject.facts),
        ("policy", subject.policy or "none"),
        ("repository", subject.repository),
    ]


def _row(label: str, text: str, width: int, *, tone: Tone = "", mark: str = "") -> list[Line]:
    prefix: Part = (f"{mark}{' ' if mark else ''}{fit(label, _LABEL)} ", "dim")
    indent = " " * (len(mark) + (1 if mark else 0) + _LABEL + 1)
    first, *rest = wrapped(text, width, indent=indent, tone=tone)
    return [line(prefix, *first.spans[1:]), *rest]


MEANINGS = {
    "malformed": "It is no record that can be read.",
    "unsupported-version": "A newer reviewtui wrote it.",
    "over-limit": "It is larger than a record may be.",
    "bad-subject": "What it says it is about contradicts itself.",
    "subject-commit-mismatch": "It was signed for another commit than the one it stands beside.",
    "subject-model-mismatch": "It was signed for another model.",
    "subject-version-mismatch": "It was signed for another version.",
    "repository-mismatch": "It was signed for another repository.",
    "bad-signature": "The signature does not fit the bytes that are stored: they were changed, or never signed.",
    "wrong-namespace": "The signature was made for something else.",
    "unknown-key": "Nobody whom the trusted branch names has this key.",
    "weak-key": "The key is too weak to be believed.",
    "revoked-key": "The key was revoked.",
    "expired-key": "The key was no longer valid.",
    "not-yet-valid-key": "The key was not valid yet.",
    "reviewer-key-mismatch": "Somebody else's key signed it than the reviewer's it names.",
    "broken-chain": "The reviewer's record before it is missing; it might have been a rejection.",
    "duplicate": "The same record stands there twice; one counts.",
    "superseded": "The reviewer has said something newer.",
    "withdrawn": "The reviewer took it back.",
    "author": "Whoever made a part of the version does not review it.",
    "no-role": "The reviewer has none of the roles that the policy asks for.",
    "facts-changed": "What was reviewed has changed since.",
    "base-changed": "It was reviewed against another base.",
    "policy-changed": "It was reviewed under another policy.",
}
"""Each reason of the record format, in a sentence."""
