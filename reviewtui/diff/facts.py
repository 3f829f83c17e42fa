"""Two VersionFacts → VersionDiff, category by category."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from reviewtui.diff.files import data_changes, environment_changes
from reviewtui.diff.keys import config_changes, metric_changes
from reviewtui.diff.model import VersionDiff
from reviewtui.facts.model import Problem, VersionFacts

_NONE_SAID: Mapping[str, str] = MappingProxyType({})


def diff_facts(
    base: VersionFacts | None, head: VersionFacts, *, directions: Mapping[str, str] = _NONE_SAID
) -> VersionDiff:
    """What differs between a base and a head; without a base, everything is added.

    `directions` says which metrics are better "higher" or "lower", by the key that is shown, by file:key or by dotted
    key; where it is silent, the table of well-known names answers.
    """
    before = base or VersionFacts(head.commit)
    config, same_config = config_changes(before.config, head.config)
    metrics, same_metrics = metric_changes(before.metrics, head.metrics, directions=directions)
    data, same_data = data_changes(before.data, head.data)
    environment, same_environment = environment_changes(before.environment, head.environment)
    return VersionDiff(
        config=config,
        metrics=metrics,
        data=data,
        environment=environment,
        problems=(*head.problems, *(Problem(found.path, f"in the base: {found.problem}") for found in before.problems)),
        unchanged=(
            ("config", same_config),
            ("metrics", same_metrics),
            ("data", same_data),
            ("environment", same_environment),
        ),
    )
