"""The screen of one version against its base, in tabs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from reviewtui.catalog import ModelVersion
from reviewtui.display import STATE_MARKS, approvals_text
from reviewtui.errors import ReviewTuiError
from reviewtui.review import Verdict
from reviewtui.tui.copying import Copies, entry_choices, version_choices
from reviewtui.tui.laying_out import LaysOut
from reviewtui.tui.menu import Choice
from reviewtui.tui.messages import RecordsChanged
from reviewtui.tui.push_dialog import PushesRecords
from reviewtui.tui.reading import VersionView, as_now, read_version
from reviewtui.tui.rows import STATE_TONES
from reviewtui.tui.searching import Searches
from reviewtui.tui.since_verdict import KnowsMyVerdict, read_since
from reviewtui.tui.text_tab import FILE_COLUMNS, TextTab, file_cells
from reviewtui.tui.undo import OffersUndo
from reviewtui.tui.version_tabs import PAGES, TEXT_TAB
from reviewtui.tui.widgets.line import Line, Part
from reviewtui.tui.widgets.plain import PlainBox
from reviewtui.tui.widgets.strips import Tab, TabLine, TitleLine, empty_page
from reviewtui.tui.widgets.table import LineTable
from reviewtui.tui.widgets.text_view import TextView
from reviewtui.values import replace


class VersionScreen(
    OffersUndo[ModelVersion],
    Searches[ModelVersion],
    Copies[ModelVersion],
    PushesRecords[ModelVersion],
    KnowsMyVerdict,
    LaysOut[ModelVersion],
    TextTab,
):
    """Left with q, it gives the version that was looked at last."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "change(1)", "Next change", key_display="n", id="version.next-change"),
        Binding("a", "verdict('approve')", "Approve", id="version.approve"),
        Binding("x", "verdict('reject')", "Reject", id="version.reject"),
        Binding("m", "verdict('comment')", "Comment", id="version.comment"),
        Binding("b", "base", "Base", id="version.base"),
        Binding("question_mark", "app.help", "Help", key_display="?", id="version.help"),
        Binding("q,escape", "back", "Back", key_display="q", id="version.back"),
        Binding("R", "release", "Release", id="version.release"),
        Binding("f", "fold", "Unchanged", id="version.fold"),
        Binding("J", "version(1)", "Next version", id="version.next-version"),
        Binding("r", "reload", "Reload", id="version.reload"),
        Binding("N", "change(-1)", "Previous change", show=False, id="version.previous-change"),
        Binding("K", "version(-1)", "Previous version", show=False, id="version.previous-version"),
        Binding("w", "verdict('withdraw')", "Withdraw your verdict", show=False, id="version.withdraw"),
        Binding("u", "undo", "Take the verdict just recorded back", show=False, id="version.undo"),
        Binding("colon", "app.command_palette", "Command palette", show=False, id="version.palette-prompt"),
        *[
            Binding(str(number), f"tab({number - 1})", page.title, show=False, id=f"version.{page.title.lower()}")
            for number, page in enumerate(PAGES, 1)
        ],
    ]

    def __init__(self, version: ModelVersion, others: tuple[ModelVersion, ...] = ()) -> None:
        super().__init__()
        self._version = version
        self._others = others or (version,)
        self._placed: tuple[ModelVersion, tuple[ModelVersion, ...], int | None] | None = None
        """The version and the list for which the place was looked up last, and that place."""
        self._base: ModelVersion | None = None
        self._view: VersionView | None = None
        self._active = 0
        self._whole = False
        self._recorded_last = ""

    def compose_body(self) -> ComposeResult:
        yield TitleLine(id="title")
        yield TabLine(id="tabs")
        with PlainBox(id="body"):
            yield LineTable(FILE_COLUMNS, file_cells, key=lambda diff: diff.pair.path, id="files")
            yield TextView(id="page")
        yield self.search_line()

    def on_mount(self) -> None:
        self.query_one(TextView).focus()
        self.query_one("#files").display = False
        self._show_title()
        self._show_tabs()
        self.call_after_refresh(self.read)

    def on_resize(self) -> None:
        super().on_resize()
        self.arrange_files()
        if self.on_text_tab:
            self._again()

    @property
    def on_text_tab(self) -> bool:
        return self._active == TEXT_TAB

    def _again(self) -> None:
        self._show_page(keep_position=True)

    def show_laid_out(self) -> None:
        self._again()

    # Reading

    def read(self) -> None:
        """Read the version and its base; a version that was read before may have been released since, or have moved."""
        shown, base, again = self._version, self._base, self._view is not None

        def read() -> VersionView:
            version = as_now(self.project, shown) if again else shown
            return replace(read_version(self.project, version, base=base), since=read_since(self.project, version))

        self.ask("version", read, then=self._show, busy=f"reading {shown.name}")

    def _show(self, view: VersionView) -> None:
        again = self._view is not None and self._view.version.commit == view.version.commit
        if self._version.commit != view.version.commit:
            self.forget_texts()
            self.say(
                f"{view.version.name} has moved: it is commit {view.version.commit[:8]} now.", tone="warn", mark="!"
            )
        place = self._place
        if place is not None:
            self._others = (*self._others[:place], view.version, *self._others[place + 1 :])
        self._version, self._view, self.since = view.version, view, view.since
        self._show_title()
        self._show_page(keep_position=again)
        if self._recorded_last:
            self.say_done(f"{self._recorded_last} {_standing(view)}".strip())
            self._recorded_last = ""

    def refused(self, topic: str, error: ReviewTuiError) -> None:
        self.say_error(error)
        if topic == "version":
            self._view = None
            self.query_one(TextView).show(empty_page(error.message, error.hint))

    # Showing

    @property
    def seen(self) -> set[int]:
        """The tabs of this version, against this base, that were opened."""
        base = self._view.base if self._view else self._base
        return self.review_app.seen.setdefault((self._version.commit, base.commit if base else ""), set())

    def _show_title(self) -> None:
        view, version = self._view, self._version
        left: list[Part] = [(f" {version.name}", "strong")]
        right: list[Part] = []
        if view is not None:
            base = view.base.name if view.base else "nothing"
            left += [("  ⟵ ", "dim"), base, (f"  {view.base_reason}", "dim")]
            state = view.status.state
            right = [
                (f"{approvals_text(view.status.approvals, view.status.required)} ", ""),
                (f" {STATE_MARKS.get(state, '·')} {state} ", STATE_TONES.get(state, "")),
            ]
        self.query_one(TitleLine).show(left, right)

    def _show_tabs(self) -> None:
        tabs = []
        for index, page in enumerate(PAGES):
            count = page.count(self._view) if self._view else 0
            mark = "" if not (count and page.is_change) else "✓" if index in self.seen else "●"
            if page.title == "Gate" and self._view is not None:
                mark = "✓" if self._view.gate.allowed else "✗"
            tabs.append(Tab(page.title, str(count) if count else "", mark, page.short))
        self.query_one(TabLine).show(tabs, self._active)

    def _show_page(self, *, keep_position: bool = False) -> None:
        view = self._view
        if view is None:
            return
        self.seen.add(self._active)
        page, whole = PAGES[self._active], self._whole
        self.arrange_files()
        if self.on_text_tab:
            self.forget("layout")
            self.show_texts(view, whole=whole, keep_position=keep_position)
        else:
            facts = page.count(view) + page.more(view)
            facts += len(view.facts.config) + len(view.facts.data) if whole else 0

            def build(width: int) -> Sequence[Line]:
                return self.laid_out(
                    (view, page, whole), lambda width: page.lines(view, width, whole=whole), facts=facts, width=width
                )

            self.query_one(TextView).show(build, keep_position=keep_position)
        self._show_tabs()
        self.refresh_keys()

    @on(TabLine.Chosen)
    def _tab_clicked(self, message: TabLine.Chosen) -> None:
        self.action_tab(message.index)

    def unseen_tabs(self) -> tuple[str, ...]:
        """The tabs with changes that were not opened, each with its count."""
        view = self._view
        if view is None:
            return ()
        return tuple(
            f"{page.title} ({page.count(view)})"
            for index, page in enumerate(PAGES)
            if page.is_change and page.count(view) and index not in self.seen
        )

    # Actions

    def why_not(self, action: str) -> str:
        if action.startswith(("verdict", "change", "fold", "base", "release", "search")) and self._view is None:
            return (
                f"{self._version.name} is still being read."
                if self.waits_for("version")
                else "There is nothing to show."
            )
        if action.startswith(("verdict", "release")) and self.review_app.no_signer:
            return self.review_app.no_signer
        if action.startswith("version(") and len(self._others) < 2:
            return "The list holds no other version."
        return ""

    def _may(self, action: str) -> bool:
        reason = self.why_not(action)
        if reason:
            self.say_why_not(reason)
        return not reason

    def action_tab(self, index: int) -> None:
        self._active = index
        self.query_one(TextView).focus()
        self._show_page()
        self._show_tabs()

    def action_change(self, by: int) -> None:
        if not self._may("change"):
            return
        page = self.query_one(TextView)
        if self.step_when_laid_out(by) or page.step(by):
            return
        for index in range(self._active + by, len(PAGES) if by > 0 else -1, by):
            self.action_tab(index)
            if self.step_when_laid_out(by) or page.step(by):
                return
        self.say("No further change." if by > 0 else "No earlier change.")

    def action_fold(self) -> None:
        if self._may("fold"):
            self._whole = not self._whole
            self._show_page(keep_position=True)
            self.say("Everything is shown." if self._whole else "Only what changed is shown.")

    def action_version(self, by: int) -> None:
        if not self._may("version("):
            return
        here = self._place or 0
        if not 0 <= here + by < len(self._others):
            self.say_why_not("This is the last one of the list." if by > 0 else "This is the first one of the list.")
            return
        self._version, self._base, self._view, self.since = self._others[here + by], None, None, None
        self.forget_texts()
        self.say("")
        self._show_title()
        self._show_tabs()
        self.query_one(TextView).show(lambda width: ())
        self.read()

    @property
    def _place(self) -> int | None:
        """Where the version stands in the list."""
        here = self._version
        if self._placed is None or self._placed[0] is not here or self._placed[1] is not self._others:
            # To compare 40,000 versions field by field takes longer than a key may.
            same = (at for at, each in enumerate(self._others) if each.commit == here.commit and each.ref == here.ref)
            place = next((at for at in same if self._others[at].name == here.name), None)
            self._placed = (here, self._others, place)
        return self._placed[2]

    @property
    def _following(self) -> ModelVersion | None:
        """The next version of the list."""
        here = self._place or 0
        return self._others[here + 1] if here + 1 < len(self._others) else None

    def action_base(self) -> None:
        view = self._view
        if not self._may("base") or view is None:
            return
        from reviewtui.tui.base_dialog import BaseDialog

        self.app.push_screen(BaseDialog(self._version, view.base), self._base_chosen)

    def _base_chosen(self, base: ModelVersion | None) -> None:
        if base is not None:
            self._base = base
            self.read()

    def action_verdict(self, verdict: str) -> None:
        view = self._view
        if not self._may("verdict") or view is None:
            return
        from reviewtui.tui.sign_dialog import SignDialog

        warnings = []
        if verdict != Verdict.WITHDRAW and (unseen := self.unseen_tabs()):
            warnings.append(f"You have not opened: {', '.join(unseen)}. What you sign covers them all the same.")
        self.sign_verdict(SignDialog(self._version, Verdict(verdict), warnings=tuple(warnings), base=self._base))

    def action_release(self) -> None:
        if self._may("release"):
            from reviewtui.tui.release_dialog import ReleaseDialog

            self.app.push_screen(ReleaseDialog(self._version), self.released)

    def recorded(self, said: str | None) -> None:
        if said:
            following = self._following
            self._recorded_last = f"{said} J: next, {following.name}." if following is not None else said
            self.say_done(said)
            self.review_app.post_to_home(RecordsChanged())
            self.read()

    def pushed(self, said: str | None) -> None:
        if said:
            self.say_done(said)
            self.review_app.post_to_home(RecordsChanged())
            self.read()

    @property
    def version_meant(self) -> ModelVersion | None:
        return self._version

    def copy_choices(self) -> Sequence[Choice]:
        view, current = self._view, self.query_one(TextView).current
        choices = version_choices(self._version)
        if view is not None and view.base is not None:
            choices.append(Choice("b", "commit of the base", view.base.commit))
        here = current.text.strip() if current is not None else ""
        return [*choices, Choice("r", "change as text", here), *entry_choices(view.reviews if view else ())]

    def action_reload(self) -> None:
        self.say("")
        self.ask("reload", self.project.reload, then=lambda _: self.read(), busy="reading the repository again")

    def action_back(self) -> None:
        if not self.end_search():
            self.dismiss(self._version)


def _standing(view: VersionView) -> str:
    """What a verdict has led to, in a sentence."""
    if view.status.state.startswith("released"):
        return ""
    needed = f"{view.status.approvals} of {view.status.required} approvals; " if view.status.required else ""
    return f"{needed}the gate is {'open: R releases it' if view.gate.allowed else 'closed'}."
