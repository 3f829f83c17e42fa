"""The values of a difference: a change of a key, a metric, a data path or a text, and all of them together."""

from __future__ import annotations

from decimal import Decimal
from enum import StrEnum

from reviewtui.facts.model import DataFact, Problem, Value
from reviewtui.values import dataclass


class ChangeKind(StrEnum):
    """What became of a fact. Renamed: it is there under another key, in another file or at another path."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    RENAMED = "renamed"


class MetricVerdict(StrEnum):
    """What a metric's change means; unknown where no direction is known, or where a side has no number."""

    BETTER = "better"
    WORSE = "worse"
    SAME = "same"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Change:
    """One configuration key. `before_key` is the old key of a renamed one; `details` are the item-level changes of a
    list or mapping, each in words."""

    key: str
    kind: ChangeKind
    before: Value
    after: Value
    file: str = ""
    before_key: str = ""
    details: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MetricChange:
    """One metric. `delta` is after − before; `relative` is delta / |before| (None where before is 0 or missing)."""

    key: str
    kind: ChangeKind
    before: Value
    after: Value
    file: str = ""
    before_key: str = ""
    delta: Decimal | None = None
    relative: Decimal | None = None
    verdict: MetricVerdict = MetricVerdict.UNKNOWN
    direction: str = ""


@dataclass(frozen=True, slots=True)
class DataChange:
    """One data path. `before_path` is the old path of a renamed one; `note` such as "same size, different content"."""

    path: str
    kind: ChangeKind
    before: DataFact | None
    after: DataFact | None
    before_path: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class TextChange:
    """One text file (environment, or a raw file): its unified difference, a line each without line ends.

    `before_path` is the old path of a renamed one, whose text is the same.
    """

    path: str
    kind: ChangeKind
    lines: tuple[str, ...] = ()
    before_path: str = ""


@dataclass(frozen=True, slots=True)
class TextPair:
    """One text file that differs, whole on both sides ("" where it is not there)."""

    path: str
    kind: ChangeKind
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class VersionDiff:
    """Everything that differs between a base and a head. Unchanged facts are counted by category, not listed.

    `problems` are those of both sides; those of the base begin with "in the base: ".
    """

    config: tuple[Change, ...] = ()
    metrics: tuple[MetricChange, ...] = ()
    data: tuple[DataChange, ...] = ()
    environment: tuple[TextChange, ...] = ()
    problems: tuple[Problem, ...] = ()
    unchanged: tuple[tuple[str, int], ...] = ()

    @property
    def is_empty(self) -> bool:
        """Whether no fact differs."""
        return not (self.config or self.metrics or self.data or self.environment)
