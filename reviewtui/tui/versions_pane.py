"""VersionsPane: what the tabs Queue and Versions show: versions, and a preview of the one under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, cast

from textual.message import Message

from reviewtui.catalog import ModelVersion
from reviewtui.tui.filters import values_of
from reviewtui.tui.list_pane import ListPane, Question, with_width
from reviewtui.tui.pages.summary import overview_lines
from reviewtui.tui.reading import VersionView, read_version
from reviewtui.tui.rows import FIELDS, VersionRow, haystacks, sorted_rows
from reviewtui.tui.widgets.line import Line, wrapped
from reviewtui.tui.widgets.table import Cell, Column

CellsOf = Callable[[VersionRow, float, str], Sequence[Cell]]


class VersionsPane(ListPane[VersionRow]):
    """A table of versions."""

    FIELDS: ClassVar[tuple[str, ...]] = (*FIELDS, "since", "metric")
    NOUN = "version"
    PLACEHOLDER = "words, state:… model:… author:… reviewer:… since:30d metric:auc>0.9"

    class MetricsWanted(Message):
        """The filter asks for metrics that were not read yet."""

        def __init__(self, pane: VersionsPane) -> None:
            super().__init__()
            self.pane = pane

    def __init__(self, columns: Sequence[Column], cells: CellsOf, *, sorts: tuple[str, ...], name: str) -> None:
        super().__init__(columns, name=name)
        self._row_cells = cells
        self.SORTS = sorts  # type: ignore[misc]
        self._metrics: dict[str, dict[str, float]] = {}
        self._valued: tuple[Sequence[VersionRow], str, list[tuple[float, ...]]] = ((), "", [])
        """The values of the metric that was filtered by last, for the rows in their order."""

    def cells(self, item: VersionRow) -> Sequence[Cell]:
        return self._row_cells(item, self.now, self.me)

    def key_of(self, item: VersionRow) -> str:
        return f"{item.version.name} {item.version.ref}"

    def alike_of(self, item: VersionRow) -> str:
        return item.version.name

    def haystacks_of(self, items: Sequence[VersionRow]) -> tuple[str, ...]:
        return haystacks(items)

    def time_of(self, item: VersionRow) -> float | None:
        return item.version.created

    def in_order(self, items: Sequence[VersionRow], sort: str) -> Sequence[VersionRow]:
        return sorted_rows(items, sort)

    def version_of(self, item: VersionRow) -> ModelVersion | None:
        return item.version

    def columns_for(self, items: Sequence[VersionRow]) -> tuple[Column, ...]:
        return with_width(self._columns, "VERSION", (row.version.name for row in items))

    def question(self, item: VersionRow) -> Question | None:
        return lambda project: read_version(project, item.version)

    def preview(self, item: VersionRow, answer: object, width: int) -> list[Line]:
        return preview_lines(cast("VersionView", answer), width)

    def preview_title(self, item: VersionRow, answer: object) -> tuple[str, str]:
        view = cast("VersionView", answer)
        return view.version.name, f"against {view.base.name}" if view.base else "no base"

    # Metrics, read when a filter asks for them

    def apply_filter(self) -> None:
        super().apply_filter()
        if self.filter.metrics and self._items and not self._metrics:
            self.post_message(self.MetricsWanted(self))

    def metric_values(self, name: str) -> Sequence[Sequence[float]]:
        if not self._metrics:
            return ()
        if self._valued[0] is not self._ordered or self._valued[1] != name:
            none: dict[str, float] = {}
            found = [values_of(self._metrics.get(item.version.commit, none), name) for item in self._ordered]
            self._valued = (self._ordered, name, found)
        return self._valued[2]

    @property
    def versions_of_all(self) -> tuple[ModelVersion, ...]:
        """The versions of all rows, shown or not."""
        return tuple(item.version for item in self._items)

    def take_metrics(self, metrics: Any) -> None:
        """The metrics of the versions, by commit; the filter is applied again."""
        self._metrics = metrics
        self._valued = ((), "", [])
        self.apply_filter()

    def forget_metrics(self) -> None:
        """The versions are others now."""
        self._metrics = {}


def preview_lines(view: VersionView, width: int) -> list[Line]:
    """The subject, and the overview."""
    return [*wrapped(view.version.subject, width, tone="strong"), *overview_lines(view, width)]
