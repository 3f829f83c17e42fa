"""Two VersionFacts → VersionDiff, category by category."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from reviewtui.diff.files import data_changes, environment_changes
from reviewtui.diff.keys import config_changes, metric_changes
from reviewtui.diff.model import VersionDiff
from reviewtui.facts.model import Fact, Problem, VersionFacts

_NONE_SAID: Mapping[str, str] = MappingProxyType({})


def diff_facts(
    base: VersionFacts | None, head: VersionFacts, *, directions: Mapping[str, str] = _NONE_SAID
) -> VersionDiff:
    """What differs between a base and a head; without a base, everything is added.

    What stands in a file that cannot be read on the other side was not removed or added: it is not compared, and that
    is said. `directions` says which metrics are better "higher" or "lower", by the key that is shown, by file:key or by
    dotted key; where it is silent, the table of well-known names answers.
    """
    before = base or VersionFacts(head.commit)
    unread = (_unread(before), _unread(head))
    config, same_config = config_changes(_without(before.config, unread[1]), _without(head.config, unread[0]))
    metrics, same_metrics = metric_changes(
        _without(before.metrics, unread[1]), _without(head.metrics, unread[0]), directions=directions
    )
    data, same_data = data_changes(before.data, head.data)
    environment, same_environment = environment_changes(before.environment, head.environment)
    return VersionDiff(
        config=config,
        metrics=metrics,
        data=data,
        environment=environment,
        problems=(
            *head.problems,
            *(Problem(found.path, f"in the base: {found.problem}") for found in before.problems),
            *_not_compared(before, unread[1], where="the base"),
            *_not_compared(head, unread[0], where="this version"),
        ),
        unchanged=(
            ("config", same_config),
            ("metrics", same_metrics),
            ("data", same_data),
            ("environment", same_environment),
        ),
    )


def _unread(facts: VersionFacts) -> frozenset[str]:
    """The files that are there and gave nothing, because they cannot be read."""
    told = {fact.file for fact in (*facts.config, *facts.metrics)}
    return frozenset(problem.path for problem in facts.problems) - told


def _without(facts: tuple[Fact, ...], unread: frozenset[str]) -> tuple[Fact, ...]:
    return tuple(fact for fact in facts if fact.file not in unread)


def _not_compared(facts: VersionFacts, unread: frozenset[str], *, where: str) -> Iterator[Problem]:
    """Words for the values of one side whose file the other side could not read."""
    counts = Counter(fact.file for fact in (*facts.config, *facts.metrics) if fact.file in unread)
    for file, count in sorted(counts.items()):
        yield Problem(file, f"{count} value{'' if count == 1 else 's'} of {where} cannot be compared with anything")
