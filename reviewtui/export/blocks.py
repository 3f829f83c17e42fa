"""The blocks of a report: what Markdown and HTML both can show. Their texts are raw; whoever writes them escapes."""

from __future__ import annotations

from reviewtui.metric_trend import Series
from reviewtui.values import dataclass


@dataclass(frozen=True, slots=True)
class Heading:
    """A heading of level 1 to 4. `anchor` is what the contents lead to."""

    level: int
    text: str
    anchor: str = ""


@dataclass(frozen=True, slots=True)
class Paragraph:
    """Sentences. `tone` is good, bad, warn or ""; the words say the same."""

    text: str
    tone: str = ""


@dataclass(frozen=True, slots=True)
class Listing:
    """A list of sentences."""

    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """The table of contents: (level, text, anchor) each."""

    entries: tuple[tuple[int, str, str], ...]


@dataclass(frozen=True, slots=True)
class Pairs:
    """Labels with their values; a value with several lines stands in as many."""

    rows: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Grid:
    """A table. `tones` gives each row good, bad, warn, dim or ""; `codes` are the columns that hold ids or values."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    tones: tuple[str, ...] = ()
    codes: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Difference:
    """A unified difference of one file."""

    path: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Plot:
    """The course of one metric of one model."""

    model: str
    series: Series


Block = Heading | Paragraph | Listing | Contents | Pairs | Grid | Difference | Plot
