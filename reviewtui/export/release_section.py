"""The section of one version in a report: its tag, the decision with its evidence, the records, the differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reviewtui.diff import TextChange, VersionDiff
from reviewtui.display import data_text, delta_text, relative_text, value_text
from reviewtui.export.blocks import Block, Difference, Grid, Heading, Pairs, Paragraph
from reviewtui.trail import TrailEvent

_RECORDS = ("approve", "reject", "comment", "withdraw", "override", "unreadable")
_LATER = ("withdrawn-after-release", "rejected-after-release", "key-after-release")
_STATES = {"met": "good", "unmet": "bad", "error": "bad", "overridden": "warn", "not-applicable": "dim"}


def when(at: str) -> str:
    """A time as a person reads it; it is UTC."""
    return f"{at[:10]} {at[11:19]} UTC" if len(at) == 20 and at.endswith("Z") else at or "unknown"


def release_blocks(told: Sequence[TrailEvent]) -> Iterator[Block]:
    """What the trail tells of one version."""
    yield from _what_it_is(told)
    for gate in (event for event in told if event.event == "gate"):
        yield from _decision(gate)
    yield from _records([event for event in told if event.event in _RECORDS])
    later = [event for event in told if event.event in _LATER]
    if later:
        yield Heading(4, "After the release")
        rows = tuple((when(event.at), event.event, event.actor, event.reason or event.detail) for event in later)
        yield Grid("After the release", ("When", "What", "By", "Why"), rows, ("warn",) * len(rows))


def difference_blocks(difference: VersionDiff, texts: Sequence[TextChange]) -> Iterator[Block]:
    """Every difference, in full."""
    if difference.is_empty:
        yield Paragraph("No fact differs.")
    if difference.metrics:
        rows = [
            (each.key, _side(each.before), _side(each.after),
             f"{delta_text(each.delta)} {relative_text(each.relative)}".strip(),
             each.kind.value if None in (each.before, each.after) else each.verdict.value)
            for each in difference.metrics
        ]  # fmt: skip
        tones = tuple({"better": "good", "worse": "bad"}.get(row[-1], "") for row in rows)
        header = ("Metric", "Before", "After", "Change", "Verdict")
        yield Grid("Metrics", header, tuple(rows), tones, frozenset({0, 1, 2, 3}))
    if difference.config:
        keys = [(each.kind.value, each.key, _side(each.before), _side(each.after)) for each in difference.config]
        yield Grid("Config", ("Change", "Key", "Before", "After"), tuple(keys), (), frozenset({1, 2, 3}))
    if difference.data:
        data = [
            (each.kind.value, each.path, data_text(each.before), data_text(each.after), each.note)
            for each in difference.data
        ]
        yield Grid("Data", ("Change", "Path", "Before", "After", "Note"), tuple(data), (), frozenset({1, 2, 3}))
    if difference.problems:
        problems = tuple((each.path, each.problem) for each in difference.problems)
        yield Grid("Problems", ("File", "Problem"), problems, ("warn",) * len(problems), frozenset({0}))
    for text in texts:
        yield Difference(text.path, text.lines)


def _what_it_is(told: Sequence[TrailEvent]) -> Iterator[Block]:
    release = next((event for event in told if event.event.startswith("released")), None)
    about = release or next((event for event in told if event.event == "candidate"), told[0])
    rows = [("Commit", about.commit), ("Tree", about.tree), ("Ref", about.ref)]
    if release is not None:
        signed = f"{release.key} ({', '.join(release.principals)})" if release.key else ""
        rows = [("Released", f"{when(release.at)} by {release.actor}"), *rows,
                ("Tag object", release.tag), ("Signed with", signed)]  # fmt: skip
    else:
        rows = [("Proposed", f"{when(about.at)} by {about.actor}"), *rows]
    base = about.base
    rows.append(("Base", f"{base.version} {base.commit}".strip() if base else ""))
    rows += [("Policy", about.policy), *((f"Digest of {name}", digest) for name, digest in about.digests)]
    yield Pairs(tuple((label, value) for label, value in rows if value))
    if release is not None and release.event == "released-unreviewed":
        words = "This release carries no record of a review: its tag was made before, or by another way."
        yield Paragraph(words, "warn")


def _decision(gate: TrailEvent) -> Iterator[Block]:
    yield Heading(4, "The decision")
    if gate.counted:
        yield Paragraph("The policy allowed this release, judged again as of then.", "good")
    else:
        yield Paragraph(f"The policy did not allow this release, judged again as of then. {gate.reason}".strip(), "bad")
    rows = tuple(
        (each.state.value + (" (warning)" if each.warning else ""), each.rule, each.reason,
         "\n".join(each.counted), "\n".join(f"{one.id} {one.reason}" for one in each.ignored))
        for each in gate.findings
    )  # fmt: skip
    if rows:
        tones = tuple(_STATES[each.state.value] for each in gate.findings)
        header = ("State", "Rule", "Why", "Rests on", "Does not count")
        yield Grid("Findings", header, rows, tones, frozenset({3, 4}))


def _records(records: Sequence[TrailEvent]) -> Iterator[Block]:
    yield Heading(4, "Records")
    if not records:
        yield Paragraph("No review was recorded.")
        return
    rows = tuple(
        (when(event.at), event.actor, event.event, "counts" if event.counted else f"does not count: {event.reason}",
         event.comment, "\n".join(_rests_on(event)))
        for event in records
    )  # fmt: skip
    tones = tuple(
        "dim" if not event.counted else {"reject": "bad", "approve": "good", "override": "warn"}.get(event.event, "")
        for event in records
    )
    header = ("When", "By", "Verdict", "Fate", "Comment", "Rests on")
    yield Grid("Records", header, rows, tones, frozenset({5}))


def _rests_on(event: TrailEvent) -> Iterator[str]:
    yield event.record
    if event.key:
        yield f"key {event.key}"
    if event.note:
        place = f", {event.note_position} of {event.notes_ref}" if event.note_position else ""
        yield f"notes commit {event.note}{place}"


def _side(value: object) -> str:
    return "" if value is None else value_text(value)
