"""The screen that shows how a metric went over the versions of a model: as a line, or as a table."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.display import number_text, plural
from reviewtui.metric_trend import Bounds, Point, Series, series_of
from reviewtui.tui.asking import Asks, HelpedDialog
from reviewtui.tui.trend_points import SLICE, read_versions
from reviewtui.tui.widgets.columns import Column
from reviewtui.tui.widgets.line import Tone
from reviewtui.tui.widgets.plot import Bound, Plot, Sample
from reviewtui.tui.widgets.strips import NoticeLine, TitleLine
from reviewtui.tui.widgets.table import Cell, LineTable
from reviewtui.values import replace

_MARKS = {VersionKind.RELEASE: "●", VersionKind.CANDIDATE: "○", VersionKind.COMMIT: ""}
_FEWEST = 5
"""Versions that the narrowest range shows."""

POINT_COLUMNS = (
    Column("VERSION", 16, fills=True, keep=100),
    Column("VALUE", 12, right=True, keep=99),
    Column("CHANGE", 12, right=True, keep=98),
    Column("", 9, keep=97),
    Column("DATE", 10, keep=96),
    Column("AUTHOR", 16, keep=80),
    Column("KIND", 10, keep=85),
)
METRIC_COLUMNS = (
    Column("METRIC", 24, fills=True, most=60, keep=100),
    Column("VERSIONS", 8, right=True, keep=90),
    Column("NEWEST", 12, right=True, keep=95),
    Column("BOUNDS", 18, keep=80),
)


class TrendScreen(Asks[ModelVersion]):
    """Left with q, it gives the version under the cursor."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("m", "metric", "Metric", id="trend.metric"),
        Binding("left_square_bracket", "range(-1)", "Shorter range", key_display="[", id="trend.shorter-range"),
        Binding("right_square_bracket", "range(1)", "Longer range", key_display="]", id="trend.longer-range"),
        Binding("T", "table", "Table / line", id="trend.table"),
        Binding("enter", "open", "Open", key_display="⏎", id="trend.open"),
        Binding("y", "copy", "Copy the values", id="trend.copy"),
        Binding("question_mark", "app.help", "Help", key_display="?", id="trend.help"),
        Binding("q", "back", "Back", id="trend.back"),
        Binding("escape", "stop", "Stop reading; back when all is read", show=False, id="trend.stop"),
    ]

    def __init__(self, version: ModelVersion, *, metric: str = "") -> None:
        super().__init__()
        self._start = version
        self._metric = metric
        self._versions: tuple[ModelVersion, ...] = ()
        self._bounds = Bounds({}, {})
        self._read = 0
        self._stopped = False
        self._series: tuple[Series, ...] = ()
        self._range = 0
        self._as_table = False

    def compose_body(self) -> ComposeResult:
        yield TitleLine(id="title")
        yield Plot()
        yield LineTable(POINT_COLUMNS, self._cells, key=lambda point: f"{point.version.name} {point.version.ref}")

    def on_mount(self) -> None:
        self.query_one(LineTable).display = False
        self.query_one(Plot).focus()
        self._metric = self._metric or self.review_app.view_state.metric
        self._show_title()
        model = self._start.model
        self.ask("versions", lambda: read_versions(self.project, model), then=self._known, busy="reading versions")

    # Reading

    def _known(self, found: tuple[tuple[ModelVersion, ...], Bounds]) -> None:
        self._versions, self._bounds = found
        self._read_on()

    def _read_on(self) -> None:
        """Read the next slice of versions; what was read before is kept for as long as the app runs."""
        kept = self.review_app.metrics_read
        missing = [each for each in self._versions if (each.commit, each.model) not in kept]
        self._read = len(self._versions) - len(missing)
        if not missing or self._stopped:
            self._find_series()
            return
        part, total = missing[:SLICE], len(self._versions)

        def read(found: Sequence[tuple[object, ...]]) -> None:
            for version, metrics in zip(part, found, strict=True):
                kept[version.commit, version.model] = metrics  # type: ignore[assignment]
            self._read_on()

        busy = f"metrics of {self._read:,} of {total:,} versions"
        if total > SLICE:
            busy += ", esc stops"
        self.ask("metrics", lambda: self.project.metric_history(part), then=read, busy=busy)

    def _find_series(self) -> None:
        versions, kept, bounds = self._versions, dict(self.review_app.metrics_read), self._bounds
        self.ask("series", lambda: series_of(versions, kept, bounds), then=self._show_series, busy="arranging")

    def _show_series(self, series: tuple[Series, ...]) -> None:
        self._series = series
        self._range = self._range or len(self._versions)
        if series and self._metric not in {one.key for one in series}:
            self._metric = series[0].key
        self._show()

    # Showing

    @property
    def series(self) -> Series | None:
        """The metric on show."""
        return next((one for one in self._series if one.key == self._metric), None)

    @property
    def points(self) -> tuple[Point, ...]:
        """The points of the present range."""
        return self.series.points[-self._range :] if self.series else ()

    @property
    def point(self) -> Point | None:
        """The point under the cursor."""
        if self._as_table:
            return self.query_one(LineTable).current
        points, cursor = self.points, self.query_one(Plot).cursor
        return points[cursor] if cursor < len(points) else None

    def _show_title(self) -> None:
        series = self.series
        arrow = {"higher": " ↑", "lower": " ↓"}.get(series.direction, "") if series else ""
        count = f"{len(self.points):,} of {len(series.points):,} versions" if series else ""
        unread = "" if self._read == len(self._versions) else f" · {self._read:,} of {len(self._versions):,} read"
        self.query_one(TitleLine).show(
            [(" Trend ", "heading"), (f"{self._metric}{arrow}", "strong"), (f"  {self._start.model}", "dim")],
            [(f"{count}{unread}  ● release  ○ candidate ", "dim")],
        )

    def _show(self, *, keep: ModelVersion | None = None) -> None:
        series, points = self.series, self.points
        plot, table = self.query_one(Plot), self.query_one(LineTable)
        plot.display, table.display = not self._as_table, self._as_table
        (table if self._as_table else plot).focus()
        wanted = keep or self._start
        cursor = next((n for n, point in enumerate(points) if point.version == wanted), None)
        bounds = [] if series is None else [(series.minimum, "at least"), (series.maximum, "at most")]
        plot.show(
            [Sample(point.value, point.version.version, _MARKS[point.version.kind]) for point in points],
            [Bound(value, name) for value, name in bounds if value is not None],
            cursor=cursor,
        )
        table.fill(tuple(reversed(points)), empty=("No version has a metric that was read.",))
        if cursor is not None:
            table.go_to(f"{wanted.name} {wanted.ref}")
        self._show_title()
        self._read_out()
        self.refresh_keys()

    @on(Plot.Moved)
    def _moved(self) -> None:
        self.say("")
        self._read_out()

    @on(LineTable.Highlighted)
    def _read_out(self) -> None:
        point = self.point
        notice = self.query_one(NoticeLine)
        if point is None:
            no_metric = "No version of this model has a metric." if not self.waits_for("metrics") else ""
            notice.rest((no_metric, "dim"))
            return
        version, change = point.version, _change_words(point, self.series)
        notice.rest(
            (version.version, "strong"),
            (f"  {self._metric} ", "dim"),
            (number_text(point.value), "strong"),
            (f"  {change}" if change else "", "dim"),
            (f"  {_date(version)}  {version.author}", "dim"),
            (f"  {_MARKS[version.kind]} {version.kind.value}", "dim"),
        )

    def _cells(self, point: Point) -> Sequence[Cell]:
        version = point.version
        change = "" if point.delta is None else f"{point.delta:+.4g}"
        word = _better(point, self.series)
        tone: Tone = "good" if word.startswith("▲") else "bad" if word else ""
        return (
            (f"{_MARKS[version.kind] or '·'} {version.name}", "strong"),
            (number_text(point.value), ""),
            (change, "dim"),
            (word, tone),
            (_date(version), "dim"),
            (version.author, ""),
            (version.kind.value, "dim"),
        )

    # Actions

    def why_not(self, action: str) -> str:
        if action.startswith(("app.", "back", "stop")):
            return ""
        if not self._series:
            busy = any(map(self.waits_for, ("versions", "metrics", "series")))
            return "The metrics are still being read." if busy else "No version of this model has a metric."
        return ""

    def _may(self, action: str) -> bool:
        if reason := self.why_not(action):
            self.say_why_not(reason)
        return not reason

    def action_metric(self) -> None:
        if self._may("metric"):
            self.app.push_screen(MetricDialog(self._series, self._metric), self._metric_chosen)

    def _metric_chosen(self, key: str | None) -> None:
        if key is not None:
            keep = self.point.version if self.point else None
            self._metric = key
            self.review_app.view_state = replace(self.review_app.view_state, metric=key)
            self._show(keep=keep)

    def action_range(self, by: int) -> None:
        series = self.series
        if not self._may("range") or series is None:
            return
        keep = self.point.version if self.point else None
        total = len(series.points)
        present = min(self._range, total)
        self._range = max(min(_FEWEST, total), present // 2) if by < 0 else min(present * 2, total)
        self._show(keep=keep)
        self.say(f"The newest {plural(len(self.points), 'version')}.")

    def action_table(self) -> None:
        if self._may("table"):
            keep = self.point.version if self.point else None
            self._as_table = not self._as_table
            self._show(keep=keep)

    @on(LineTable.Opened)
    def action_open(self) -> None:
        point = self.point
        if self._may("open") and point is not None:
            from reviewtui.tui.version import VersionScreen

            versions = tuple(each.version for each in reversed(self.points))
            self.say("")
            self.app.push_screen(VersionScreen(point.version, versions))

    def action_copy(self) -> None:
        if self._may("copy"):
            rows = (f"{point.version.name}\t{point.value!r}\t{_date(point.version)}" for point in self.points)
            self.app.copy_to_clipboard("\n".join(rows))
            self.say_done(f"Copied {plural(len(self.points), 'value')} of {self._metric}.")

    def action_stop(self) -> None:
        if self.waits_for("metrics"):
            self._stopped = True
            self.forget("metrics")
            self._find_series()
            self.say(f"Stopped: the metrics of {self._read:,} of {len(self._versions):,} versions were read.")
            return
        self.action_back()

    def action_back(self) -> None:
        self.dismiss(self.point.version if self.point else None)


class MetricDialog(HelpedDialog[str]):
    """Gives the chosen metric, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "choose", "Show it", key_display="⏎", id="metrics.choose"),
        Binding("q", "cancel", "Cancel", show=False, id="metrics.cancel"),
    ]

    def __init__(self, series: tuple[Series, ...], present: str) -> None:
        super().__init__()
        self._series = series
        self._present = present

    def compose_body(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield TitleLine(id="title")
            yield LineTable(METRIC_COLUMNS, _metric_cells, key=lambda series: series.key)

    def on_mount(self) -> None:
        self.query_one(TitleLine).show([(" Which metric?", "heading")], [("esc closes ", "dim")])
        table = self.query_one(LineTable)
        table.fill(self._series)
        table.go_to(self._present)
        table.focus()

    @on(LineTable.Opened)
    def action_choose(self) -> None:
        chosen = self.query_one(LineTable).current
        if chosen is not None:
            self.dismiss(chosen.key)


def _metric_cells(series: Series) -> Sequence[Cell]:
    arrow = {"higher": " ↑", "lower": " ↓"}.get(series.direction, "")
    least = "" if series.minimum is None else f"at least {series.minimum:.6g}"
    most = "" if series.maximum is None else f"at most {series.maximum:.6g}"
    newest = number_text(series.points[-1].value)
    return (
        (series.key + arrow, "strong"),
        (str(len(series.points)), "dim"),
        (newest, ""),
        (f"{least} {most}".strip(), "warn"),
    )


def _better(point: Point, series: Series | None) -> str:
    if series is None or not point.delta or series.direction not in ("higher", "lower"):
        return ""
    return "▲ better" if (point.delta > 0) == (series.direction == "higher") else "▼ worse"


def _change_words(point: Point, series: Series | None) -> str:
    if point.delta is None:
        return ""
    return f"{point.delta:+.4g} {_better(point, series)}".strip()


def _date(version: ModelVersion) -> str:
    return "" if version.created is None else datetime.fromtimestamp(version.created, UTC).strftime("%Y-%m-%d")
