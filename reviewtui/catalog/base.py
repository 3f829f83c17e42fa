"""Which version another one is compared with, where nobody says.

1. Of the releases of the same model that precede the version in version order, the highest that is an ancestor of it.
2. Where none is an ancestor, the highest that precedes it.
3. For a version that is named by its commit, which has no place in version order: the highest release that is an
   ancestor of it, else the commit version before it.
4. A deregistered release is never a base; where one would have been, the reason says so.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from itertools import islice

from reviewtui.catalog.model import BaseChoice, ModelVersion, VersionCatalog, VersionKind
from reviewtui.catalog.order import version_order
from reviewtui.git.objects import ObjectId
from reviewtui.values import dataclass

_NOTHING = "no earlier release: everything is new"


def choose_base(version: ModelVersion, catalog: VersionCatalog, ancestors: Container[ObjectId]) -> BaseChoice:
    """The base of a version, and why that one.

    `ancestors` are those commits of the model's versions that the version's commit descends from, or is.
    """
    rows = catalog.of_model(version.model)
    if version.is_named_by_commit:
        return _base_of_commit(version, rows, ancestors)
    lower = _Releases(rows, _first_below(rows, version.version))
    base, skipped = _first_standing(row for row in lower if row.commit in ancestors)
    if base is not None:
        return BaseChoice(base, _latest(base, version) + _beside(skipped))
    base, beside = _first_standing(iter(lower))
    if base is not None:
        return BaseChoice(base, f"{_latest(base, version)}; it is not an ancestor{_beside(skipped or beside)}")
    return BaseChoice(None, _NOTHING + _beside(skipped or beside))


def _base_of_commit(version: ModelVersion, rows: Sequence[ModelVersion], ancestors: Container[ObjectId]) -> BaseChoice:
    behind = (row for row in _Releases(rows, 0) if row.commit in ancestors and row.commit != version.commit)
    base, skipped = _first_standing(behind)
    if base is not None:
        return BaseChoice(base, _latest(base, version) + _beside(skipped))
    commits = [row for row in rows if row.kind is VersionKind.COMMIT]
    places = [at for at, row in enumerate(commits) if row.commit == version.commit]
    older = commits[places[0] + 1 :] if places else [row for row in commits if row.commit in ancestors]
    if not older:
        return BaseChoice(None, _NOTHING + _beside(skipped))
    return BaseChoice(older[0], f"{older[0].name}, the commit before {version.version}; there is no earlier release")


@dataclass(frozen=True, slots=True)
class _Releases:
    """The releases among rows from a place on, walked only as far as they are asked for."""

    rows: Sequence[ModelVersion]
    first: int

    def __iter__(self) -> Iterator[ModelVersion]:
        return (row for row in islice(self.rows, self.first, None) if row.kind is VersionKind.RELEASE)


def _first_standing(releases: Iterator[ModelVersion]) -> tuple[ModelVersion | None, ModelVersion | None]:
    """The first release that is not deregistered, and the first of those passed over on the way."""
    skipped = None
    for row in releases:
        if not row.deregistered:
            return row, skipped
        skipped = skipped or row
    return None, skipped


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


def _latest(base: ModelVersion, version: ModelVersion) -> str:
    return f"{base.name}, the latest release before {version.version}"


def _beside(skipped: ModelVersion | None) -> str:
    return f"; {skipped.name} is passed over: it was deregistered" if skipped else ""
