"""The audit trail as a report: the decision of each release with its evidence, then everything that happened.

The trail is walked once. What it tells is laid down in a temporary file by version, so that a section can gather what
belongs to one release, and a long trail costs a list of places in that file instead of its events.
"""

from __future__ import annotations

import pickle
import tempfile
from collections.abc import Iterable, Iterator
from typing import Protocol

from reviewtui.diff import TextChange, VersionDiff
from reviewtui.display import plural
from reviewtui.errors import GitError, MalformedFileError
from reviewtui.export.blocks import Block, Contents, Grid, Heading, Listing, Pairs, Paragraph, Plot
from reviewtui.export.release_section import difference_blocks, release_blocks, when
from reviewtui.history import RELEASED
from reviewtui.metric_trend import Series
from reviewtui.review import BaseVersion
from reviewtui.trail import AuditTrail, TrailEvent, TrailHeader

MOST_PLOTS = 8
"""Metrics of one model that are drawn; those that the policy names come first."""
_ROWS = 200
"""Events that are written in one piece."""


class Facts(Protocol):
    """What is asked beside the trail; see release_facts."""

    def difference(
        self, model: str, version: str, commit: str, base: BaseVersion | None
    ) -> tuple[VersionDiff, tuple[TextChange, ...]]: ...
    def trends(self, model: str) -> tuple[Series, ...]: ...


class _Events:
    """The events of a trail, laid down; each can be read again by its place."""

    def __init__(self, events: Iterable[TrailEvent]) -> None:
        self._file = tempfile.TemporaryFile()  # noqa: SIM115 (closed by close)
        self.by_name: dict[str, list[int]] = {}
        self.models: set[str] = set()
        self.releases: list[tuple[str, str]] = []
        self.candidates: dict[str, int] = {}
        self.alarms: list[int] = []
        self.count = 0
        for event in events:
            self._lay_down(event)

    def _lay_down(self, event: TrailEvent) -> None:
        place = self._file.tell()
        pickle.dump(event, self._file, protocol=pickle.HIGHEST_PROTOCOL)
        self.count += 1
        if event.name:
            self.by_name.setdefault(event.name, []).append(place)
        if event.event in RELEASED:
            self.releases.append((event.model, event.name))
            self.models.add(event.model)
        elif event.event == "candidate":
            self.candidates[event.name] = place
            self.models.add(event.model)
        elif event.event == "alarm":
            self.alarms.append(place)

    def at(self, places: Iterable[int]) -> Iterator[TrailEvent]:
        for place in places:
            self._file.seek(place)
            yield pickle.load(self._file)

    def __iter__(self) -> Iterator[TrailEvent]:
        self._file.seek(0)
        for _ in range(self.count):
            yield pickle.load(self._file)

    def waiting(self) -> list[str]:
        released = {name for _, name in self.releases}
        return [name for name in self.candidates if name not in released]

    def close(self) -> None:
        self._file.close()


def report(trail: AuditTrail, facts: Facts) -> Iterator[Block]:
    """The blocks of the report, in order."""
    events = _Events(trail.events)
    try:
        yield from _opening(trail.header, events)
        yield from _alarms(events)
        yield from _plots(events, facts)
        yield from _releases(events, facts)
        yield from _waiting(events)
        yield from _timeline(events)
    finally:
        events.close()


def anchor(name: str) -> str:
    """Where a version's section is, in letters that every reader of links takes."""
    return "version-" + "".join(each if each.isascii() and each.isalnum() else f"-{ord(each):x}-" for each in name)


def _opening(header: TrailHeader, events: _Events) -> Iterator[Block]:
    yield Heading(1, f"Review trail of {header.repository}")
    scope = header.scope
    asked = [f"{word} {value}" for word, value in (
        ("model", scope.model), ("version", scope.release), ("since", scope.since), ("until", scope.until)
    ) if value]  # fmt: skip
    yield Pairs(
        (
            ("Repository", header.repository),
            ("Told of", ", ".join(asked) or "all models, all time"),
            ("Known until", when(header.as_of)),
            ("Settings of", f"{header.trusted_ref} at {header.trusted_commit}" if header.trusted_ref else "no branch"),
            ("Policy", header.policy or "none"),
            *((tip.ref, f"{tip.commit or 'none'} ({plural(tip.commits, 'commit')})") for tip in header.notes),
            ("Written by", header.tool),
            ("Holds", f"{plural(len(events.releases), 'release')}, {plural(events.count, 'event')}, "
                      f"{plural(len(events.alarms), 'alarm')}"),
        )
    )  # fmt: skip
    yield Heading(2, "Contents")
    yield Contents(tuple(_entries(header, events)))
    if header.unproven:
        yield Heading(2, "What this report cannot prove", "unproven")
        yield Listing(header.unproven)


def _entries(header: TrailHeader, events: _Events) -> Iterator[tuple[int, str, str]]:
    if header.unproven:
        yield 1, "What this report cannot prove", "unproven"
    yield 1, f"Alarms ({len(events.alarms)})", "alarms"
    if events.models:
        yield 1, "Metrics", "metrics"
    yield 1, f"Releases ({len(events.releases)})", "releases"
    for _, name in events.releases:
        yield 2, name, anchor(name)
    waiting = events.waiting()
    yield 1, f"Not released ({len(waiting)})", "waiting"
    for name in waiting:
        yield 2, name, anchor(name)
    yield 1, f"Everything that happened ({events.count})", "timeline"


def _alarms(events: _Events) -> Iterator[Block]:
    yield Heading(2, "Alarms", "alarms")
    if not events.alarms:
        yield Paragraph("None: nothing was found removed, moved, forged or unreadable.", "good")
        return
    rows = [(when(event.at), event.name or event.ref or event.notes_ref, event.reason or event.detail)
            for event in events.at(events.alarms)]  # fmt: skip
    yield Grid("Alarms", ("When", "Where", "What"), tuple(rows), ("bad",) * len(rows))


def _plots(events: _Events, facts: Facts) -> Iterator[Block]:
    if not events.models:
        return
    yield Heading(2, "Metrics", "metrics")
    for model in sorted(events.models):
        # One point is no course.
        yield Heading(3, model)
        try:
            series = [each for each in facts.trends(model) if len(each.points) > 1]
        except (GitError, MalformedFileError) as error:
            yield Paragraph(f"The metrics cannot be told: {error.message}", "bad")
            continue
        if not series:
            yield Paragraph("No metric is known of two versions or more.")
        for each in series[:MOST_PLOTS]:
            yield Plot(model, each)
        if len(series) > MOST_PLOTS:
            left = ", ".join(each.key for each in series[MOST_PLOTS:])
            yield Paragraph(f"Not drawn: {left}.")


def _releases(events: _Events, facts: Facts) -> Iterator[Block]:
    yield Heading(2, "Releases", "releases")
    if not events.releases:
        yield Paragraph("None.")
    for _, name in events.releases:
        told = tuple(events.at(events.by_name[name]))
        yield Heading(3, name, anchor(name))
        yield from release_blocks(told)
        release = next(event for event in told if event.event in RELEASED)
        yield from _difference(release, facts)


def _waiting(events: _Events) -> Iterator[Block]:
    yield Heading(2, "Not released", "waiting")
    waiting = events.waiting()
    if not waiting:
        yield Paragraph("Nothing waits.")
    for name in waiting:
        yield Heading(3, name, anchor(name))
        yield from release_blocks(tuple(events.at(events.by_name[name])))


def _difference(release: TrailEvent, facts: Facts) -> Iterator[Block]:
    yield Heading(4, "What it changed")
    try:
        difference, texts = facts.difference(release.model, release.version, release.commit, release.base)
    except (GitError, MalformedFileError) as error:
        yield Paragraph(f"It cannot be told: {error.message}", "bad")
        return
    base = release.base
    named = f"{base.version or 'the commit'} ({base.commit})" if base else "nothing before it: all of it is new"
    yield Paragraph(f"Against {named}.")
    yield from difference_blocks(difference, texts)


def _timeline(events: _Events) -> Iterator[Block]:
    yield Heading(2, "Everything that happened", "timeline")
    rows: list[tuple[str, ...]] = []
    tones: list[str] = []
    for event in events:
        rows.append(_row(event))
        tones.append(_tone(event))
        if len(rows) == _ROWS:
            yield _piece(rows, tones)
            rows, tones = [], []
    if rows:
        yield _piece(rows, tones)


def _piece(rows: list[tuple[str, ...]], tones: list[str]) -> Grid:
    header = ("When", "Event", "Version", "By", "What", "Rests on")
    return Grid("Everything that happened, oldest first", header, tuple(rows), tuple(tones), frozenset({5}))


def _row(event: TrailEvent) -> tuple[str, ...]:
    fate = "" if event.counted is None else "counts" if event.counted else f"does not count: {event.reason}"
    words = [each for each in (fate, event.comment or event.detail) if each]
    if event.event in ("gate", "policy") and event.counted is not None:
        words = ["allowed" if event.counted else f"refused: {event.reason}", event.detail]
    rests = event.record or event.tag or event.commit
    return when(event.at), event.event, event.name, event.actor, "; ".join(each for each in words if each), rests


def _tone(event: TrailEvent) -> str:
    if event.event == "alarm" or event.event == "reject":
        return "bad"
    if event.event in ("released", "approve") and event.counted is not False:
        return "good"
    return "dim" if event.counted is False else "warn" if event.event == "override" else ""
