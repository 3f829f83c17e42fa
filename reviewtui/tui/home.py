"""The home screen: what waits for review, and all versions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from reviewtui.catalog import ModelVersion
from reviewtui.display import clean
from reviewtui.errors import ReviewTuiError
from reviewtui.review import Verdict
from reviewtui.tui.copying import Copies
from reviewtui.tui.knowing import AnswersFilters
from reviewtui.tui.list_pane import ListPane
from reviewtui.tui.marking import MarksVersions
from reviewtui.tui.menu import Choice
from reviewtui.tui.messages import RecordsChanged
from reviewtui.tui.noticing import NoticesChanges
from reviewtui.tui.opening import NO_COMMIT, load_screens, opening_words, title_parts
from reviewtui.tui.passed_over import TellsOfPassedOver
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.push_dialog import PushesRecords
from reviewtui.tui.queue_judging import JudgesQueue
from reviewtui.tui.reading import ProjectSummary, Rows, read_rows, read_states, read_summary
from reviewtui.tui.resizing import ResizesPreview
from reviewtui.tui.rows import VersionRow, queue_of
from reviewtui.tui.sorting import SortsRows
from reviewtui.tui.tabs import EMPTY_QUEUE, FILLED, NO_VERSIONS, TABS
from reviewtui.tui.undo import OffersUndo
from reviewtui.tui.versions_pane import VersionsPane
from reviewtui.tui.widgets.plain import PlainBox
from reviewtui.tui.widgets.strips import NoticeLine, Tab, TabLine, TitleLine
from reviewtui.tui.widgets.table import LineTable

COMPLAINT = "?"


class HomeScreen(
    OffersUndo[None],
    Copies[None],
    PushesRecords[None],
    NoticesChanges[None],
    AnswersFilters,
    JudgesQueue,
    TellsOfPassedOver,
    SortsRows,
    ResizesPreview,
    MarksVersions,
):
    """Lists with a preview; everything else is opened from here."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "open", "Open", key_display="⏎", id="home.open"),
        Binding("a", "verdict('approve')", "Approve", id="home.approve"),
        Binding("x", "verdict('reject')", "Reject", id="home.reject"),
        Binding("slash", "filter", "Filter", key_display="/", id="home.filter"),
        Binding("question_mark", "app.help", "Help", key_display="?", id="home.help"),
        Binding("R", "release", "Release", id="home.release"),
        Binding("r", "reload", "Reload", id="home.reload"),
        Binding("ctrl+p", "app.command_palette", "Palette", key_display="^p", id="home.palette"),
        Binding("q", "quit", "Quit", id="home.quit"),
        Binding("m", "verdict('comment')", "Comment", show=False, id="home.comment"),
        Binding("w", "verdict('withdraw')", "Withdraw your verdict", show=False, id="home.withdraw"),
        Binding("comma", "settings", "Settings and policy", show=False, id="home.settings"),
        Binding("colon", "app.command_palette", "Command palette", show=False, id="home.palette-prompt"),
        Binding("u", "undo", "Take the verdict just recorded back", show=False, id="home.undo"),
        *[
            Binding(str(n), f"tab({n - 1})", f"{tab.title}: {tab.what}", show=False, id=f"home.{tab.title.lower()}")
            for n, tab in enumerate(TABS, 1)
        ],
        Binding("escape", "back", "Clear the filter, or the message", show=False, id="home.back"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._active = 0
        self._chosen_by_user = False
        self._summary: ProjectSummary | None = None
        self._rows: Rows | None = None
        """The versions with their states, once they were read."""
        self._panes: tuple[ListPane[Any], ...] = tuple(tab.pane() for tab in TABS)
        self._outdated = set(range(FILLED, len(TABS)))
        """The tabs that must be read before they can be shown."""

    def compose_body(self) -> ComposeResult:
        self.make_room()
        yield TitleLine(id="title")
        yield TabLine(id="tabs")
        with PlainBox(id="panes"):
            yield from self._panes

    def on_mount(self) -> None:
        self.query_one(TitleLine).show([(" reviewtui", "heading")])
        self._show_tab(0)
        # The frame is drawn first: reading 40,000 versions holds the interpreter, and nobody should wait for it blind.
        self.call_after_refresh(self.open_project)
        self.look_on()

    # Reading

    def open_project(self) -> None:
        """Open the project, in a worker; then read it."""

        def opened(project: ProjectLike) -> None:
            self.review_app.opened = project
            self.read()

        self.ask("open", self.review_app.open_project, then=opened, busy="opening the repository")

    def read(self) -> None:
        """Read the versions, then the summary, then the states: each is shown as soon as it is there."""
        if self._rows is None:
            self.ask("catalog", lambda: read_rows(self.project), then=self._show_rows)
        self.ask("summary", lambda: read_summary(self.project), then=self._show_summary)
        self.read_states()

    def read_states(self) -> None:
        """Read the state of every version, and whatever the tab on show needs."""
        self._outdated = set(range(FILLED, len(TABS)))
        self.ask("overview", lambda: read_states(self.project), then=self._show_states, busy="reading states")
        self._read_tab()

    def _read_tab(self) -> None:
        """Read the tab on show, where it has not been read since anything changed."""
        index, tab = self._active, TABS[self._active]
        if index not in self._outdated or tab.read is None or self.review_app.opened is None:
            return
        self._outdated.discard(index)
        pane, read = self.active_pane, tab.read
        if not pane.total:
            pane.say_empty(f"Reading the {tab.title.lower()} …")

        def show(answer: object) -> None:
            pane.now = self.review_app.clock()
            pane.take(answer)
            self._show_counts()

        self.ask(f"tab {index}", lambda: read(self.project), then=show, busy=f"reading the {tab.title.lower()}")

    def _show_summary(self, summary: ProjectSummary) -> None:
        self._summary = summary
        if self._rows is not None and not self.waits_for("overview"):
            # Answers come in no order, and who waits for whom depends on who asks.
            self._fill_with_states(self._rows)
        self.query_one(TitleLine).show(*title_parts(summary))
        self.review_app.no_signer = summary.no_signer
        self.refresh_keys()
        text, tone, mark = opening_words(summary)
        if text:
            self.say(text, tone=tone, mark=mark)

    def _show_rows(self, rows: Rows) -> None:
        if not self.waits_for("overview"):
            return
        self._fill(rows, waiting=())

    @property
    def may_reload(self) -> bool:
        return self.app.screen is self and not self.active_pane.is_filtering

    def _show_states(self, answer: tuple[Rows, str]) -> None:
        rows, self.stamp = answer
        if self._rows is None:
            self.run_worker(load_screens, thread=True, group="screens")
        self._rows = rows
        self._fill_with_states(rows)
        self.restore_view()
        self.read_passed_over()

    def _fill_with_states(self, rows: Rows) -> None:
        waiting = queue_of(rows[0], self._summary.reviewer if self._summary else "")
        self._fill(rows, waiting=waiting)
        if not waiting and not self._chosen_by_user and rows[0]:
            self._show_tab(1)
        self.judge_queue(waiting)

    def queue_judged(self, waiting: tuple[VersionRow, ...]) -> None:
        pane = self.query_one("#queue", VersionsPane)
        pane.fill(queue_of(waiting, pane.me), None, empty=EMPTY_QUEUE)
        if not self.is_queue_settled:
            pane.table.rest_on_top()

    def _fill(self, rows: Rows, *, waiting: tuple[VersionRow, ...]) -> None:
        queue, versions = (self.query_one(f"#{name}", VersionsPane) for name in ("queue", "versions"))
        self.forget_known()
        queue.now = versions.now = self.review_app.clock()
        queue.me = versions.me = self._summary.reviewer if self._summary else ""
        has_commits = self._summary is None or self._summary.branch is not None or bool(rows[0])
        unread = ("Reading what waits …",) if self.waits_for("overview") else EMPTY_QUEUE if has_commits else NO_COMMIT
        queue.fill(waiting, None, empty=unread)
        versions.fill(*rows, empty=NO_VERSIONS if has_commits else NO_COMMIT)
        self._show_counts()

    def refused(self, topic: str, error: ReviewTuiError) -> None:
        if topic == "preview":
            self.active_pane.show_preview_error(f"{error.message} {error.hint}".strip())
            return
        if topic == "look":
            return
        self.say_error(error)
        failed = self._panes if topic == "open" else ()
        if topic.startswith("tab "):
            index = int(topic.removeprefix("tab "))
            self._outdated.add(index)
            failed = (self._panes[index],)
        for pane in failed:
            pane.say_empty(clean(error.message), clean(error.hint), "r tries again · q leaves")

    @on(RecordsChanged)
    def _records_changed(self) -> None:
        self.read_states()

    # Tabs

    @property
    def active_pane(self) -> ListPane[Any]:
        return self._panes[self._active]

    def _show_tab(self, index: int) -> None:
        self._active = index
        for number in range(len(TABS)):
            self._panes[number].display = number == index
        self.active_pane.table.focus()
        self.active_pane.refresh_preview()
        self._show_counts()
        self._rows_changed()
        self._read_tab()
        self.refresh_keys()

    def _show_counts(self) -> None:
        counts = [f"{self._panes[number].total:,}" if self._panes[number].total else "" for number in range(len(TABS))]
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
        self.make_room()
        self.arrange_previews()
        self.active_pane.refresh_preview()

    # Rows

    @property
    def version(self) -> ModelVersion | None:
        """The version under the cursor."""
        return self.active_pane.version

    @on(ListPane.FilterChanged)
    def _rows_changed(self) -> None:
        pane = self.active_pane
        words = f"filter {pane.words} · {pane.table.count:,} of {pane.total:,}" if pane.words else ""
        said = " · ".join(part for part in (words, pane.order_said) if part)
        passed = self.passed_over_said if self._active < FILLED else ""
        notice = self.query_one(NoticeLine)
        notice.rest((said, "accent"), (f"{'   ' if said and passed else ''}{passed}", "warn"))
        if pane.filter.complaint:
            self.say(pane.filter.complaint, tone="warn", mark=COMPLAINT)
        elif notice.mark == COMPLAINT:
            self.say("")

    def rest_changed(self) -> None:
        self._rows_changed()

    @on(ListPane.PreviewWanted)
    def _read_preview(self, message: ListPane.PreviewWanted) -> None:
        pane = message.pane
        item = pane.table.current
        question = pane.question(item) if item is not None else None
        if question is None or self.review_app.opened is None:
            return
        key = pane.key_of(item)
        self.ask("preview", lambda: question(self.project), then=lambda answer: pane.show_preview(key, answer))

    @on(LineTable.Opened)
    def _row_opened(self) -> None:
        self.action_open()

    # Actions

    def why_not(self, action: str) -> str:
        if action in ("app.help", "app.command_palette", "quit", "reload") or action.startswith(("tab", "passed")):
            return ""
        if self.review_app.opened is None:
            return "The repository is not open yet."
        if action == "settings" or action == "undo":
            return ""
        if action == "copy":
            return "" if self.active_pane.table.current is not None else "There is no row."
        if action in ("filter", "sort"):
            return "" if self.active_pane.total else "There is no row."
        if self.version is None:
            return "No version is selected." if self.active_pane.table.current is None else "This row is no version's."
        return self.review_app.no_signer if action.startswith(("verdict", "release")) else ""

    def _may(self, action: str) -> bool:
        reason = self.why_not(action)
        if reason:
            self.say_why_not(reason)
        return not reason

    def action_open(self) -> None:
        pane = self.active_pane
        page = pane.page_of(pane.table.current) if pane.table.current is not None else None
        if page is not None:
            self.app.push_screen(page, self._open_version)
        elif self._may("open"):
            self._open_version(self.version)

    def _open_version(self, version: ModelVersion | None) -> None:
        if version is not None:
            from reviewtui.tui.version import VersionScreen

            self.say("")
            self.app.push_screen(VersionScreen(version, self.active_pane.versions), self._returned)

    def _returned(self, version: ModelVersion | None) -> None:
        """Put the cursor on the version that was looked at last, unless it is on one of its rows."""
        if version is not None:
            self.active_pane.go_to_version(version)
        self.active_pane.refresh_preview()

    def action_verdict(self, verdict: str) -> None:
        if self._may("verdict") and (version := self.version) is not None:
            from reviewtui.tui.sign_dialog import SignDialog

            opened = any(commit == version.commit for commit, _ in self.review_app.seen)
            said = f"You sign {version.name} from the list" if opened else f"You have not opened {version.name}"
            warning = f"{said}: what you sign covers all of it."
            warnings = () if verdict == Verdict.WITHDRAW else (warning,)
            self.sign_verdict(SignDialog(version, Verdict(verdict), warnings=warnings))

    def recorded(self, said: str | None) -> None:
        if said:
            self.say_done(said)
            self.read_states()
            self.active_pane.refresh_preview()

    def pushed(self, said: str | None) -> None:
        self.recorded(said)

    @property
    def version_meant(self) -> ModelVersion | None:
        return self.version

    def action_settings(self) -> None:
        if self._may("settings"):
            from reviewtui.tui.settings_screen import SettingsScreen

            self.app.push_screen(SettingsScreen())

    def action_release(self) -> None:
        if self._may("release") and (version := self.version) is not None:
            from reviewtui.tui.release_dialog import ReleaseDialog

            self.app.push_screen(ReleaseDialog(version), self.released)

    def action_filter(self) -> None:
        if self._may("filter"):
            self.active_pane.start_filter()

    def copy_choices(self) -> Sequence[Choice]:
        return self.active_pane.copy_choices()

    def action_reload(self) -> None:
        if self.review_app.opened is None:
            self.open_project()
            return
        self.say("")
        self.reload()

    def reload(self) -> None:
        self.ask("reload", self.project.reload, then=lambda _: self.read(), busy="reading the repository again")

    def action_back(self) -> None:
        if not self.stop_filtering() and not self.active_pane.clear_filter():
            self.say("")

    def remember(self) -> None:
        """Note where the app is left."""
        self.remember_view(self._active)

    async def action_quit(self) -> None:
        await self.app.run_action("quit")
