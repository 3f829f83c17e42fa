"""The home screen: what waits for review, and all versions."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container

from reviewtui.catalog import ModelVersion
from reviewtui.display import clean
from reviewtui.errors import ReviewTuiError
from reviewtui.review import Verdict
from reviewtui.tui.asking import Asks
from reviewtui.tui.messages import RecordsChanged
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.reading import ProjectSummary, read_summary, read_version
from reviewtui.tui.rows import (
    QUEUE_COLUMNS,
    SORTS,
    VERSION_COLUMNS,
    VersionRow,
    haystacks,
    queue_cells,
    queue_of,
    rows_of,
    rows_with_state,
    version_cells,
)
from reviewtui.tui.versions_pane import VersionsPane
from reviewtui.tui.widgets.line import Part
from reviewtui.tui.widgets.strips import NoticeLine, Tab, TabLine, TitleLine
from reviewtui.tui.widgets.table import LineTable

PREVIEW_BESIDE, PREVIEW_BELOW = 110, 24
"""From this width the preview stands beside the list; below it, from this height, under the list."""

Rows = tuple[tuple[VersionRow, ...], tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class HomeTab:
    """A tab of the home screen: its title, and the widget that shows it. More tabs are more entries of TABS."""

    title: str
    pane: Callable[[], VersionsPane]


TABS = (
    HomeTab("Queue", lambda: VersionsPane(QUEUE_COLUMNS, queue_cells, sorts=("newest", "name"), name="queue")),
    HomeTab("Versions", lambda: VersionsPane(VERSION_COLUMNS, version_cells, sorts=SORTS, name="versions")),
)


class HomeScreen(Asks[None]):
    """Lists with a preview; everything else is opened from here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", key_display="⏎"),
        Binding("a", "verdict('approve')", "Approve"),
        Binding("x", "verdict('reject')", "Reject"),
        Binding("slash", "filter", "Filter", key_display="/"),
        Binding("question_mark", "app.help", "Help", key_display="?"),
        Binding("s", "sort", "Sort"),
        Binding("R", "release", "Release"),
        Binding("y", "copy", "Copy id"),
        Binding("r", "reload", "Reload"),
        Binding("ctrl+p", "app.command_palette", "Palette", key_display="^p"),
        Binding("q", "quit", "Quit"),
        Binding("m", "verdict('comment')", "Comment", show=False),
        Binding("w", "verdict('withdraw')", "Withdraw your verdict", show=False),
        Binding("1", "tab(0)", "Queue: what waits for review", show=False),
        Binding("2", "tab(1)", "Versions: all of them", show=False),
        Binding("escape", "back", "Clear the filter, or the message", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._active = 0
        self._chosen_by_user = False
        self._summary: ProjectSummary | None = None
        self._loaded = False
        self._panes = tuple(tab.pane() for tab in TABS)

    def compose_body(self) -> ComposeResult:
        yield TitleLine(id="title")
        yield TabLine(id="tabs")
        with Container(id="panes"):
            yield from self._panes

    def on_mount(self) -> None:
        self.query_one(TitleLine).show([(" reviewtui", "heading")])
        self._show_tab(0)
        self.open_project()

    # Reading

    def open_project(self) -> None:
        """Open the project, in a worker; then read it."""

        def opened(project: ProjectLike) -> None:
            self.review_app.opened = project
            self.read()

        self.ask("open", self.review_app.open_project, then=opened, busy="opening the repository")

    def read(self) -> None:
        """Read the summary, then the versions, then their states: each is shown as soon as it is there."""
        self.ask("summary", lambda: read_summary(self.project), then=self._show_summary)
        if not self._loaded:
            self.ask("catalog", lambda: _with_texts(rows_of(self.project.catalog.versions)), then=self._show_rows)
        self.read_states()

    def read_states(self) -> None:
        """Read the state of every version."""
        self.ask(
            "overview",
            lambda: _with_texts(rows_with_state(self.project.overview())),
            then=self._show_states,
            busy="reading states",
        )

    def _show_summary(self, summary: ProjectSummary) -> None:
        self._summary = summary
        branch = summary.branch
        left: list[Part] = [(" reviewtui  ", "heading"), (summary.name, "strong")]
        if branch is not None and branch.commit is not None:
            short = branch.name.removeprefix("refs/heads/").removeprefix("refs/remotes/")
            left += [("  trusted ", "dim"), short, (f"@{branch.commit[:8]}", "dim")]
        else:
            left += [("  no trusted branch", "warn")]
        key: Part = ("✗ no signing key  ", "warn") if summary.no_signer else ("✓ key  ", "good")
        right: list[Part] = [key, (summary.reviewer or "no user.email", "" if summary.reviewer else "warn"), " "]
        self.query_one(TitleLine).show(left, right)
        self.review_app.no_signer = summary.no_signer
        self.refresh_keys()
        if summary.problems:
            self.say(f"{summary.problems[0]}", tone="warn", mark="!")
        elif not summary.has_settings:
            self.say(
                "No .reviewtui/ in the trusted branch: browse and review freely; releasing needs `reviewtui init`.",
                mark="·",
            )

    def _show_rows(self, rows: Rows) -> None:
        if not self.waits_for("overview"):
            return
        self._fill(rows, waiting=())

    def _show_states(self, rows: Rows) -> None:
        self._loaded = True
        waiting = queue_of(rows[0], self._summary.reviewer if self._summary else "")
        self._fill(rows, waiting=waiting)
        if not waiting and not self._chosen_by_user and rows[0]:
            self._show_tab(1)

    def _fill(self, rows: Rows, *, waiting: tuple[VersionRow, ...]) -> None:
        queue, versions = self._pane(0), self._pane(1)
        queue.now = versions.now = time.time()
        queue.me = self._summary.reviewer if self._summary else ""
        unread = ("Reading what waits …",) if self.waits_for("overview") else _EMPTY_QUEUE
        queue.fill(waiting, None, empty=unread)
        versions.fill(*rows, empty=_NO_VERSIONS)
        self._show_counts()

    def refused(self, topic: str, error: ReviewTuiError) -> None:
        if topic == "preview":
            self.active_pane.show_preview_error(f"{error.message} {error.hint}".strip())
            return
        self.say_error(error)
        if topic == "open":
            for index in range(len(TABS)):
                self._pane(index).fill(
                    (), (), empty=(clean(error.message), clean(error.hint), "r tries again · q leaves")
                )

    @on(RecordsChanged)
    def _records_changed(self) -> None:
        self.read_states()

    # Tabs

    def _pane(self, index: int) -> VersionsPane:
        return self._panes[index]

    @property
    def active_pane(self) -> VersionsPane:
        return self._pane(self._active)

    def _show_tab(self, index: int) -> None:
        self._active = index
        for number in range(len(TABS)):
            self._pane(number).display = number == index
        self.active_pane.table.focus()
        self.active_pane.refresh_preview()
        self._show_counts()
        self.refresh_keys()

    def _show_counts(self) -> None:
        counts = [f"{self._pane(number).total:,}" if self._pane(number).total else "" for number in range(len(TABS))]
        self.query_one(TabLine).show(
            [Tab(tab.title, count) for tab, count in zip(TABS, counts, strict=True)], self._active
        )

    @on(TabLine.Chosen)
    def _tab_clicked(self, message: TabLine.Chosen) -> None:
        self.action_tab(message.index)

    def action_tab(self, index: int) -> None:
        self._chosen_by_user = True
        self._show_tab(index)

    def on_resize(self) -> None:
        size = self.app.size
        self.set_class(size.width >= PREVIEW_BESIDE, "-beside")
        self.set_class(size.width < PREVIEW_BESIDE and size.height >= PREVIEW_BELOW, "-below")
        self.active_pane.refresh_preview()

    # Rows

    @property
    def version(self) -> ModelVersion | None:
        """The version under the cursor."""
        row = self.active_pane.table.current
        return row.version if row else None

    @on(VersionsPane.FilterChanged)
    def _rows_changed(self) -> None:
        pane = self.active_pane
        words = f"filter {pane.words} · {pane.table.count:,} of {pane.total:,}" if pane.words else ""
        sort = f"sorted by {pane.sort}" if pane.sort else ""
        said = " · ".join(part for part in (words, sort) if part)
        self.query_one(NoticeLine).rest((said, "accent"))

    @on(VersionsPane.PreviewWanted)
    def _read_preview(self, message: VersionsPane.PreviewWanted) -> None:
        row = message.pane.table.current
        if row is None or self.review_app.opened is None:
            return
        version = row.version
        self.ask("preview", lambda: read_version(self.project, version), then=message.pane.show_preview)

    @on(LineTable.Opened)
    def _row_opened(self) -> None:
        self.action_open()

    # Actions

    def why_not(self, action: str) -> str:
        if action in ("app.help", "app.command_palette", "quit", "reload") or action.startswith("tab"):
            return ""
        if self.review_app.opened is None:
            return "The repository is not open yet."
        if action in ("filter", "sort"):
            return "" if self.active_pane.total else "There is no row."
        if self.version is None:
            return "No version is selected."
        return self.review_app.no_signer if action.startswith(("verdict", "release")) else ""

    def _may(self, action: str) -> bool:
        reason = self.why_not(action)
        if reason:
            self.say_why_not(reason)
        return not reason

    def action_open(self) -> None:
        if self._may("open") and (version := self.version) is not None:
            from reviewtui.tui.version import VersionScreen

            others = tuple(row.version for row in self.active_pane.table.shown_items())
            self.say("")
            self.app.push_screen(VersionScreen(version, others), self._returned)

    def _returned(self, version: ModelVersion | None) -> None:
        """Put the cursor on the version that was looked at last."""
        if version is not None:
            self.active_pane.table.go_to(f"{version.name} {version.ref}")
        self.active_pane.refresh_preview()

    def action_verdict(self, verdict: str) -> None:
        if self._may("verdict") and (version := self.version) is not None:
            from reviewtui.tui.sign_dialog import SignDialog

            unseen = f"You have not opened {version.name}: what you sign covers all of it."
            self.app.push_screen(SignDialog(version, Verdict(verdict), warnings=(unseen,)), self._recorded)

    def action_release(self) -> None:
        if self._may("release") and (version := self.version) is not None:
            from reviewtui.tui.release_dialog import ReleaseDialog

            self.app.push_screen(ReleaseDialog(version), self._recorded)

    def _recorded(self, said: str | None) -> None:
        if said:
            self.say_done(said)
            self.read_states()
            self.active_pane.refresh_preview()

    def action_filter(self) -> None:
        if self._may("filter"):
            self.active_pane.start_filter()

    def action_sort(self) -> None:
        if self._may("sort"):
            sort = self.active_pane.next_sort()
            self.say(f"Sorted by {sort}." if sort else "In the catalog's order.")

    def action_copy(self) -> None:
        if self._may("copy") and (version := self.version) is not None:
            self.app.copy_to_clipboard(version.commit)
            self.say_done(f"Copied the commit of {version.name}: {version.commit}")

    def action_reload(self) -> None:
        if self.review_app.opened is None:
            self.open_project()
            return
        self.say("")
        self.ask("reload", self.project.reload, then=lambda _: self.read(), busy="reading the repository again")

    def action_back(self) -> None:
        if not self.active_pane.clear_filter():
            self.say("")

    async def action_quit(self) -> None:
        await self.app.run_action("quit")


_EMPTY_QUEUE = (
    "Nothing waits for review.",
    "Candidates are branches such as model/NAME/vVERSION; they appear here until they are released. "
    "2 shows all versions.",
)
_NO_VERSIONS = (
    "No versions were found.",
    "Releases are tags such as churn@v1.4.0 or v1.4.0; candidates are branches such as model/churn/v1.5.0. "
    "Other patterns can be set: `reviewtui init` writes .reviewtui/config.yaml.",
)


def _with_texts(rows: tuple[VersionRow, ...]) -> Rows:
    """The rows with what a filter searches, made beside the event loop."""
    return rows, haystacks(rows)
