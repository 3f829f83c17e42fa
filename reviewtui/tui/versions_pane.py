"""VersionsPane: what the tabs Queue and Versions show: versions, and a preview of the one under the cursor."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, ClassVar, cast

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.display import STATE_MARKS
from reviewtui.tui.list_pane import ListPane, Question
from reviewtui.tui.pages.summary import overview_lines
from reviewtui.tui.reading import VersionView, read_version
from reviewtui.tui.rows import FIELDS, TITLE_SORTS, VersionRow, haystacks, longest_name, sort_keys
from reviewtui.tui.widgets.columns import Column, wanting, with_width
from reviewtui.tui.widgets.line import Line, wrapped
from reviewtui.tui.widgets.table import Cell
from reviewtui.values import replace

CellsOf = Callable[[VersionRow, float, str], Sequence[Cell]]


class VersionsPane(ListPane[VersionRow]):
    """A table of versions."""

    FIELDS: ClassVar[tuple[str, ...]] = FIELDS
    VALUES: ClassVar[dict[str, tuple[str, ...]]] = {"state": tuple(STATE_MARKS), "kind": tuple(VersionKind)}
    TITLE_SORTS: ClassVar[dict[str, str]] = TITLE_SORTS
    NOUN = "version"
    PLACEHOLDER = "words, state:… model:… reviewer:… since:30d metric:auc>0.9 changed:lr bad:yes"

    def __init__(self, columns: Sequence[Column], cells: CellsOf, *, sorts: tuple[str, ...], name: str) -> None:
        super().__init__(columns, name=name)
        self._row_cells = cells
        self.SORTS = sorts  # type: ignore[misc]

    def cells(self, item: VersionRow) -> Sequence[Cell]:
        if self.table.is_narrow and item.impasse:
            item = replace(item, impasse=item.impasse.partition(" ")[0].rstrip(":"))
        return self._row_cells(item, self.now, self.me)

    def key_of(self, item: VersionRow) -> str:
        return f"{item.version.name} {item.version.ref}"

    def alike_of(self, item: VersionRow) -> str:
        return item.version.name

    def waits_for_me(self, item: VersionRow) -> bool:
        return bool(self.me) and self.me in item.people

    def haystacks_of(self, items: Sequence[VersionRow]) -> tuple[str, ...]:
        return haystacks(items)

    def time_of(self, item: VersionRow) -> float | None:
        return item.version.created

    def sort_keys(self, items: Sequence[VersionRow], sort: str) -> Sequence[Any]:
        return sort_keys(items, sort)

    def version_of(self, item: VersionRow) -> ModelVersion | None:
        return item.version

    def columns_for(self, items: Sequence[VersionRow]) -> tuple[Column, ...]:
        columns = with_width(self._columns, "VERSION", longest_name([row.version for row in items]))
        return wanting(columns, "AUTHOR", {row.version.author for row in items})

    def _versions_of(self, items: Iterable[VersionRow]) -> tuple[ModelVersion, ...]:
        return tuple([item.version for item in items])

    def question(self, item: VersionRow) -> Question | None:
        return lambda project: read_version(project, item.version)

    def preview(self, item: VersionRow, answer: object, width: int) -> list[Line]:
        return preview_lines(cast("VersionView", answer), width)

    def preview_title(self, item: VersionRow, answer: object) -> tuple[str, str]:
        view = cast("VersionView", answer)
        return view.version.name, f"against {view.base.name}" if view.base else "no base"


def preview_lines(view: VersionView, width: int) -> list[Line]:
    """The subject, and the overview."""
    return [*wrapped(view.version.subject, width, tone="strong"), *overview_lines(view, width)]
