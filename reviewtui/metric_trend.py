"""The course of each metric over the versions of a model, oldest first, with the policy's bounds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from reviewtui.catalog import ModelVersion
from reviewtui.diff.values import number
from reviewtui.facts.metrics import known_direction
from reviewtui.facts.model import display_keys
from reviewtui.policy.model import Policy
from reviewtui.values import dataclass

if TYPE_CHECKING:
    from reviewtui.facts.model import Fact

Metrics = Mapping[tuple[str, str], tuple["Fact", ...]]
"""{(commit, model): metrics}"""


@dataclass(frozen=True, slots=True)
class Point:
    """One version's value of a metric; `delta` is from the version before it."""

    version: ModelVersion
    value: float
    delta: float | None


@dataclass(frozen=True, slots=True)
class Series:
    """One metric over the versions that have it. `direction` is higher, lower or ""; bounds are the policy's."""

    key: str
    points: tuple[Point, ...]
    direction: str = ""
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the policy says of a model's metrics: {metric: (min, max)}, and which way each is better."""

    limits: Mapping[str, tuple[float | None, float | None]]
    directions: Mapping[str, str]


def bounds_of(policy: Policy | None, model: str) -> Bounds:
    """What a policy says of a model's metrics; nothing without one."""
    limits: dict[str, tuple[float | None, float | None]] = {}
    for rule in (each for release in policy.rules_for(model) for each in release.metrics) if policy else ():
        least = None if rule.minimum is None else float(rule.minimum)
        most = None if rule.maximum is None else float(rule.maximum)
        limits[rule.metric] = (least, most)
    return Bounds(limits, policy.directions(model) if policy else {})


def oldest_first(versions: Sequence[ModelVersion]) -> tuple[ModelVersion, ...]:
    """The versions of a model by age; those that are the same age stand as the catalog has them: by version."""
    by_version = tuple(reversed(versions))
    return tuple(sorted(by_version, key=lambda version: version.created or 0))


def series_of(versions: Sequence[ModelVersion], metrics: Metrics, bounds: Bounds) -> tuple[Series, ...]:
    """Every metric that any version has, those that most versions have first."""
    facts = [(version, fact) for version in versions for fact in metrics.get((version.commit, version.model), ())]
    names = display_keys(tuple(fact for _, fact in facts))
    found: dict[str, list[Point]] = {}
    dotted: dict[str, str] = {}
    for (version, fact), name in zip(facts, names, strict=True):
        exact = number(fact.value)
        if exact is None or abs(exact) > 1e300:
            continue
        points = found.setdefault(name, [])
        dotted[name] = fact.key
        value = float(exact)
        points.append(Point(version, value, value - points[-1].value if points else None))
    made = []
    for name, points in found.items():
        least, most = bounds.limits.get(name) or bounds.limits.get(dotted[name]) or (None, None)
        direction = bounds.directions.get(name) or bounds.directions.get(dotted[name]) or known_direction(dotted[name])
        made.append(Series(name, tuple(points), direction, least, most))
    bound = set(bounds.limits)
    return tuple(sorted(made, key=lambda one: (-len(one.points), dotted[one.key] not in bound, one.key)))
