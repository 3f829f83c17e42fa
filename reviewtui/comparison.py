"""Many versions side by side: a row for each key, a cell for each version, and where a metric is best and worst.

1. A row differs where its cells are not all the same; being missing is a value of its own.
2. The first version is the base: the deltas of a row are against its cell.
3. Best and worst are said only where a direction is known and the numbers differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from enum import Enum
from typing import TypeVar

from reviewtui.catalog import ModelVersion
from reviewtui.diff.values import difference, number, ratio, same_value
from reviewtui.display import data_text, delta_text, number_text, relative_text, value_text
from reviewtui.facts.metrics import known_direction
from reviewtui.facts.model import DataFact, Fact, Value, VersionFacts, display_keys
from reviewtui.overview import VersionStatus
from reviewtui.values import dataclass, replace

LEAST, MOST = 2, 8
"""How many versions the app compares at once. The command takes any number from LEAST on."""

CATEGORIES = ("config", "metrics", "data", "review")

T = TypeVar("T")


class Missing(Enum):
    """The cell of a version that does not have the key."""

    MISSING = "—"


MISSING = Missing.MISSING


@dataclass(frozen=True, slots=True)
class Compared:
    """One version as it is compared: its facts, and where it stands."""

    status: VersionStatus
    facts: VersionFacts

    @property
    def version(self) -> ModelVersion:
        return self.status.version


@dataclass(frozen=True, slots=True)
class Row:
    """One key over all versions. `cells` are values, data facts or MISSING; `best` and `worst` are columns."""

    category: str
    key: str
    file: str
    cells: tuple[Value | DataFact | Missing, ...]
    direction: str = ""
    best: frozenset[int] = frozenset()
    worst: frozenset[int] = frozenset()

    @property
    def differs(self) -> bool:
        """Whether any version has another cell than the base."""
        return any(not _same(self.cells[0], cell) for cell in self.cells[1:])

    def delta(self, column: int) -> tuple[Decimal | None, Decimal | None]:
        """How far a cell is from the base's: absolutely, and relative to it. None where that cannot be said."""
        base, own = _number(self.cells[0]), _number(self.cells[column])
        if base is None or own is None:
            return None, None
        delta = difference(base, own)
        return delta, ratio(delta, base) if delta is not None else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Versions and rows; the rows stand by category, then by key, in the order of CATEGORIES."""

    versions: tuple[Compared, ...]
    rows: tuple[Row, ...]

    def differing(self) -> tuple[Row, ...]:
        """The rows in which the versions differ."""
        return tuple(row for row in self.rows if row.differs)

    def unchanged(self) -> int:
        """How many rows are the same in all versions."""
        return sum(not row.differs for row in self.rows)

    def reordered(self, columns: Sequence[int]) -> Comparison:
        """The same versions in another order, or fewer of them. What is best among them is found again."""
        rows = (replace(row, cells=tuple(row.cells[column] for column in columns)) for row in self.rows)
        return Comparison(tuple(self.versions[column] for column in columns), tuple(map(_with_extremes, rows)))

    def sorted_by(self, row: Row) -> Comparison:
        """The base, then the others by a row's numbers, the best (else the largest) first, those without one last."""

        def rank(column: int) -> tuple[bool, float]:
            value = _number(row.cells[column])
            sign = 1 if row.direction == "lower" else -1
            return value is None, sign * float(value) if value is not None else 0.0

        return self.reordered([0, *sorted(range(1, len(self.versions)), key=rank)])


def compare_versions(versions: Sequence[Compared], *, directions: Mapping[str, str]) -> Comparison:
    """Every key of every version, side by side. `directions` ("higher" or "lower") go before the well-known ones."""
    config = _fact_rows("config", [each.facts.config for each in versions])
    metrics = [
        replace(row, direction=_direction(row, directions))
        for row in _fact_rows("metrics", [each.facts.metrics for each in versions])
    ]
    data = _data_rows([each.facts.data for each in versions])
    rows = [*config, *map(_with_extremes, metrics), *data, *_review_rows(versions)]
    return Comparison(tuple(versions), tuple(rows))


def cell_words(row: Row, column: int, *, deltas: bool = False) -> tuple[str, str]:
    """A cell as a person reads it: its value, and how it stands to the base and to the others.

    A cell that is the base's is "=". `deltas`: numbers as their difference from the base.
    """
    cell = row.cells[column]
    value = _value_words(row, cell)
    if column and cell is not MISSING and _same(row.cells[0], cell):
        value = "="
    elif column and deltas and row.category != "review":
        delta, relative = row.delta(column)
        value = value if delta is None else f"{delta_text(delta)} {relative_text(relative)}".strip()
    return value, _standing(row, column)


def _value_words(row: Row, cell: Value | DataFact | Missing) -> str:
    if isinstance(cell, Missing):
        return cell.value
    if isinstance(cell, DataFact):
        return data_text(cell)
    return number_text(cell) if row.category == "metrics" else value_text(cell)


def _standing(row: Row, column: int) -> str:
    if row.category == "review":
        return ""
    if row.category == "metrics" and row.direction:
        delta, _ = row.delta(column)
        mark = "" if not delta else "▲" if (delta > 0) == (row.direction == "higher") else "▼"
        word = "best" if column in row.best else "worst" if column in row.worst else ""
        return f"{mark} {word}".strip()
    if not column or _same(row.cells[0], row.cells[column]):
        return ""
    return "+" if row.cells[0] is MISSING else "-" if row.cells[column] is MISSING else "~"


def _fact_rows(category: str, sides: Sequence[Sequence[Fact]]) -> list[Row]:
    everything = tuple(fact for side in sides for fact in side)
    # Keys are qualified over all versions together, so that a key reads the same in every column.
    shown = {(fact.file, fact.key): name for fact, name in zip(everything, display_keys(everything), strict=True)}
    columns = [{(fact.file, fact.key): fact.value for fact in side} for side in sides]
    names = sorted(shown, key=lambda place: (shown[place], place))
    return [
        Row(category, shown[place], place[0], tuple(column.get(place, MISSING) for column in columns))
        for place in names
    ]


def _data_rows(sides: Sequence[Sequence[DataFact]]) -> list[Row]:
    columns = [_first_by(side, lambda fact: fact.path) for side in sides]
    paths = sorted({path for column in columns for path in column})
    return [Row("data", path, "", tuple(column.get(path, MISSING) for column in columns)) for path in paths]


def _first_by(items: Iterable[T], key: Callable[[T], str]) -> dict[str, T]:
    found: dict[str, T] = {}
    for item in items:
        found.setdefault(key(item), item)
    return found


def _review_rows(versions: Sequence[Compared]) -> list[Row]:
    columns: tuple[tuple[str, Callable[[Compared], Value]], ...] = (
        ("state", lambda each: each.status.state),
        ("approvals", lambda each: each.status.approvals),
        ("required", lambda each: each.status.required),
        ("kind", lambda each: each.version.kind.value),
        ("author", lambda each: each.version.author),
    )
    return [Row("review", name, "", tuple(read(each) for each in versions)) for name, read in columns]


def _direction(row: Row, directions: Mapping[str, str]) -> str:
    dotted = row.key.removeprefix(f"{row.file}:")
    for key in (row.key, f"{row.file}:{dotted}", dotted):
        if directions.get(key) in ("higher", "lower"):
            return directions[key]
    return known_direction(dotted)


def _with_extremes(row: Row) -> Row:
    numbers = {column: value for column, cell in enumerate(row.cells) if (value := _number(cell)) is not None}
    if row.direction not in ("higher", "lower") or len(set(numbers.values())) < 2:
        return replace(row, best=frozenset(), worst=frozenset())
    high, low = max(numbers.values()), min(numbers.values())
    best, worst = (high, low) if row.direction == "higher" else (low, high)
    return replace(
        row,
        best=frozenset(column for column, value in numbers.items() if value == best),
        worst=frozenset(column for column, value in numbers.items() if value == worst),
    )


def _number(cell: Value | DataFact | Missing) -> Decimal | None:
    return None if isinstance(cell, DataFact | Missing) else number(cell)


def _same(one: Value | DataFact | Missing, other: Value | DataFact | Missing) -> bool:
    if isinstance(one, Missing) or isinstance(other, Missing):
        return one is other
    if isinstance(one, DataFact) and isinstance(other, DataFact):
        return (one.digest, one.size) == (other.digest, other.size)
    return same_value(one, other)
