"""Which version another one is compared with, where nobody says.

1. Of the releases of the same model that precede the version in version order, the highest that is an ancestor of it.
2. Where none is an ancestor, the highest that precedes it.
3. For a commit, which has no place in version order: the highest release that is an ancestor of it, else the commit
   version before it.
4. A deregistered release is never a base; where one would have been, the reason says so.
"""

from __future__ import annotations

from collections.abc import Sequence

from reviewtui.catalog.model import BaseChoice, ModelVersion, VersionCatalog, VersionKind
from reviewtui.catalog.order import version_order
from reviewtui.git.objects import ObjectId

_NOTHING = "no earlier release: everything is new"


def choose_base(version: ModelVersion, catalog: VersionCatalog, ancestors: frozenset[ObjectId]) -> BaseChoice:
    """The base of a version, and why that one.

    `ancestors` are those commits of the model's versions that the version's commit descends from, or is.
    """
    rows = catalog.of_model(version.model)
    if version.kind is VersionKind.COMMIT:
        return _base_of_commit(version, rows, ancestors)
    lower = [row for row in rows[_first_below(rows, version.version) :] if row.kind is VersionKind.RELEASE]
    skipped = _skipped(lower, ancestors)
    base = next((row for row in lower if row.commit in ancestors and not row.deregistered), None)
    if base is not None:
        return BaseChoice(base, f"{base.name}, the latest release before {version.version}{_beside(skipped, base)}")
    base = next((row for row in lower if not row.deregistered), None)
    if base is None:
        return BaseChoice(None, _NOTHING + _beside(skipped, None))
    reason = f"{base.name}, the latest release before {version.version}; it is not an ancestor{_beside(skipped, base)}"
    return BaseChoice(base, reason)


def _base_of_commit(version: ModelVersion, rows: Sequence[ModelVersion], ancestors: frozenset[ObjectId]) -> BaseChoice:
    behind = [
        row
        for row in rows
        if row.kind is VersionKind.RELEASE and row.commit in ancestors and row.commit != version.commit
    ]
    skipped = _skipped(behind, ancestors)
    base = next((row for row in behind if not row.deregistered), None)
    if base is not None:
        return BaseChoice(base, f"{base.name}, the latest release before {version.version}{_beside(skipped, base)}")
    commits = [row for row in rows if row.kind is VersionKind.COMMIT]
    places = [at for at, row in enumerate(commits) if row.commit == version.commit]
    older = commits[places[0] + 1 :] if places else [row for row in commits if row.commit in ancestors]
    if not older:
        return BaseChoice(None, _NOTHING)
    return BaseChoice(older[0], f"{older[0].name}, the commit before {version.version}; there is no earlier release")


def _first_below(rows: Sequence[ModelVersion], version: str) -> int:
    """The place of the first row, newest first, whose version precedes `version`; commits come after all others."""
    wanted = version_order(version)
    low, high = 0, len(rows)
    while low < high:
        middle = (low + high) // 2
        row = rows[middle]
        if row.kind is not VersionKind.COMMIT and version_order(row.version) >= wanted:
            low = middle + 1
        else:
            high = middle
    return low


def _skipped(lower: Sequence[ModelVersion], ancestors: frozenset[ObjectId]) -> ModelVersion | None:
    nearest = next((row for row in lower if row.commit in ancestors), None) or next(iter(lower), None)
    return nearest if nearest is not None and nearest.deregistered else None


def _beside(skipped: ModelVersion | None, base: ModelVersion | None) -> str:
    if skipped is None or skipped is base:
        return ""
    return f"; {skipped.name} is passed over: it was deregistered"
