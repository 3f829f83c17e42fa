"""What history says in figures: which release was in force when, how long a release took, and who reviewed how much.

All of it is counted from the events of `history`; times are what commits, tags and records claim.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence

from reviewtui.catalog import version_order
from reviewtui.history import RELEASED, HistoryEvent, seconds_of
from reviewtui.overview import VersionStatus
from reviewtui.values import dataclass

VERDICTS = ("approve", "reject", "comment", "withdraw", "override")
_GONE = ("deregistered", "deprecated")


@dataclass(frozen=True, slots=True)
class ReleaseRow:
    """One release: when, on whose word, seconds from its commit to its tag; `in_force`: the latest of its model then.

    `stages` are those that were assigned to it at that time; `gone` is the event that took it back, "" for none.
    """

    event: HistoryEvent
    in_force: bool
    stages: tuple[str, ...] = ()
    gone: str = ""


@dataclass(frozen=True, slots=True)
class Spread:
    """Durations in seconds: how many there are, their median and the longest; None where there are none."""

    count: int
    median: float | None
    longest: int | None

    @classmethod
    def of(cls, durations: Iterable[int]) -> Spread:
        """The spread of some durations."""
        known = sorted(durations)
        return cls(len(known), statistics.median(known) if known else None, known[-1] if known else None)


@dataclass(frozen=True, slots=True)
class ReviewLoad:
    """One model in figures.

    `lead` is from a release's commit to its tag; `first_verdict` from a version's commit to the first verdict on it.
    `reviewers` are (person, verdict → how many), the busiest first; `waiting` are the candidates that wait.
    """

    model: str
    versions: int
    releases: int
    unreviewed_releases: int
    rejected_versions: int
    lead: Spread
    first_verdict: Spread
    reviewers: tuple[tuple[str, tuple[tuple[str, int], ...]], ...]
    waiting: tuple[str, ...]


def releases_as_of(events: Iterable[HistoryEvent], moment: str = "") -> tuple[ReleaseRow, ...]:
    """The releases that there were at a time (RFC 3339 in UTC; "" now), newest first.

    In force is the newest release of a model that was not taken back by then.
    """
    told = sorted((each for each in events if not moment or each.at <= moment), key=lambda each: each.at)
    stages: dict[tuple[str, str], str] = {}
    gone: dict[str, str] = {}
    for event in told:
        stage = event.detail.removeprefix("stage ")
        if event.event == "stage-assigned":
            stages[event.model, stage] = event.name
        elif event.event == "stage-unassigned" and stages.get((event.model, stage)) == event.name:
            del stages[event.model, stage]
        elif event.event in _GONE:
            gone[event.name] = event.event
    rows: list[ReleaseRow] = []
    taken: set[str] = set()
    for event in reversed([each for each in told if each.event in RELEASED]):
        taken_back = gone.get(event.name, "") or gone.get(event.model, "")
        in_force = not taken_back and event.model not in taken
        taken |= {event.model} if in_force else set()
        held = tuple(sorted(stage for (_, stage), name in stages.items() if name == event.name))
        rows.append(ReleaseRow(event, in_force, held, taken_back))
    return tuple(rows)


def review_load(statuses: Sequence[VersionStatus], events: Sequence[HistoryEvent]) -> tuple[ReviewLoad, ...]:
    """The figures of each model, by name."""
    models = sorted({status.version.model for status in statuses})
    return tuple(
        _load(
            model,
            [status for status in statuses if status.version.model == model],
            [event for event in events if event.model == model],
        )
        for model in models
    )


def _load(model: str, statuses: Sequence[VersionStatus], events: Sequence[HistoryEvent]) -> ReviewLoad:
    verdicts = [event for event in events if event.event in VERDICTS]
    people: dict[str, dict[str, int]] = {}
    for event in verdicts:
        counts = people.setdefault(event.actor, {})
        counts[event.event] = counts.get(event.event, 0) + 1
    busiest = sorted(people.items(), key=lambda item: (-sum(item[1].values()), item[0]))
    return ReviewLoad(
        model,
        versions=len({status.version.name for status in statuses}),
        releases=sum(event.event == "released" for event in events),
        unreviewed_releases=sum(event.event == "released-unreviewed" for event in events),
        rejected_versions=len({event.name for event in verdicts if event.event == "reject"}),
        lead=Spread.of(event.lead for event in events if event.event == "released" and event.lead is not None),
        first_verdict=Spread.of(_waits(events)),
        reviewers=tuple((person, tuple(sorted(counts.items()))) for person, counts in busiest),
        waiting=_waiting(statuses),
    )


def _waiting(statuses: Sequence[VersionStatus]) -> tuple[str, ...]:
    """The candidates of a model that wait, the oldest version first."""
    waiting = [
        each.version
        for each in statuses
        if each.state in ("unreviewed", "in-review", "stale") and each.version.kind.value == "candidate"
    ]
    return tuple(each.name for each in sorted(waiting, key=lambda each: (version_order(each.version), each.name)))


def _waits(events: Sequence[HistoryEvent]) -> Iterable[int]:
    """Seconds from each version's commit to the first approval or rejection of it."""
    made: dict[str, float] = {}
    judged: dict[str, float] = {}
    for event in sorted(events, key=lambda each: each.at):
        at = seconds_of(event.at)
        if at is None:
            continue
        if event.event == "candidate" or (event.event in RELEASED and event.lead is not None):
            made.setdefault(event.name, at - (event.lead or 0))
        elif event.event in ("approve", "reject"):
            judged.setdefault(event.name, at)
    return (max(0, int(judged[name] - made[name])) for name in judged if name in made)
