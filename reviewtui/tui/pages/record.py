"""An event in full; and a record in full: what was signed beside what is here, and why it counts or does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewtui.display import shorten
from reviewtui.history import HistoryEvent, time_text
from reviewtui.tui.widgets.line import BLANK, WHOLE_COMMENT, Line, Part, Tone, fit, line, wrapped

if TYPE_CHECKING:
    from reviewtui.review import ReviewSubject
    from reviewtui.tui.reading import RecordView

_LABEL = 11
_WHOLE_FROM = 74
"""From this width ids are shown whole; a narrower page is a preview, and Enter shows all of them."""


def event_lines(event: HistoryEvent, width: int) -> list[Line]:
    """Everything that is known of an event."""
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
    if meaning := MEANINGS.get(entry.reason.partition(":")[0]):
        lines += wrapped(meaning, width, tone="dim")
    if entry.comment:
        lines += [BLANK, *wrapped(f"“{entry.comment}”", width, most=WHOLE_COMMENT)]
    lines += [BLANK, *_row("reviewer", entry.reviewer or "cannot be read", width)]
    lines += _row("key", entry.keyid or "none", width)
    whose = ", ".join(record.principals) or "nobody whom the trusted branch names"
    lines += _row("key of", whose, width, tone="" if record.principals else "warn")
    lines += _row("said at", entry.at or "cannot be read", width)
    lines += _row("noted at", time_text(record.noted) or "unknown", width)
    lines += _row("note", _id(record.note or "the commit that brought it is not known", width), width)
    lines += _row("record", _id(entry.id, width), width)
    return [*lines, BLANK, *_bindings(view, width)]


def _bindings(view: RecordView, width: int) -> list[Line]:
    claim = view.record.claim
    if claim is None:
        return [line(("What it claims cannot be read.", "warn"))]
    signed = _subject_rows(claim.subject)
    actual = dict(_subject_rows(view.actual)) if view.actual is not None else {}
    differing = [name for name, value in signed if actual.get(name, value) != value]
    note = "names a version that is not here now"
    if actual and differing:
        note = f"is no longer what is here: {', '.join(differing)}"
    elif actual:
        note = "is what is here now, all of it"
    lines = wrapped(f"WHAT WAS SIGNED {note}", width, tone="warn" if differing else "good" if actual else "dim")
    for name, value in sorted(signed, key=lambda pair: pair[0] not in differing):
        differs = name in differing
        lines += _row(name, _id(value, width), width, tone="removed" if differs else "", mark="≠" if differs else " ")
        if differs:
            lines += _row("is now", _id(actual[name], width), width, tone="added", mark=" ")
    return lines


def _id(text: str, width: int) -> str:
    return text if width >= _WHOLE_FROM else shorten(text, max(width - _LABEL - 4, 12))


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
    if " " not in text and width - len(indent) < len(text) < width:
        # An id stands whole on a line of its own, so that a double click copies it.
        return [line(prefix), line(" ", (text, tone))]
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
