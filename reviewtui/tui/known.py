"""Known: what was read of versions because a filter asked for it."""

from __future__ import annotations

from reviewtui.values import dataclass, field


@dataclass(slots=True)
class Known:
    """What was read of versions for filters; of one reading of the repository.

    `metrics` by commit; `changes`: the case-folded keys that differ from the base, a line each, by name and commit;
    `bad`: the names of the versions with an unsound record (None: not read yet).
    """

    metrics: dict[str, dict[str, float]] = field(default_factory=dict)
    changes: dict[tuple[str, str], str] = field(default_factory=dict)
    bad: frozenset[str] | None = None
