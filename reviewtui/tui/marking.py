"""MarksVersions: the home screen's marks, what is done with them, and how the screen was left last time."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from textual.binding import Binding, BindingType

from reviewtui.catalog import ModelVersion
from reviewtui.comparison import LEAST, MOST
from reviewtui.tui.asking import Asks
from reviewtui.tui.list_pane import ListPane
from reviewtui.tui.tabs import TABS
from reviewtui.values import replace


class MarksVersions(Asks[None]):
    """Marked versions are compared; the cursor's model has a trend."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "mark", "Mark: the version, or take its mark away", id="home.mark"),
        Binding("J", "next_waiting(1)", "Next version that waits for you", show=False, id="home.next-waiting"),
        Binding("K", "next_waiting(-1)", "Previous version that waits for you", show=False, id="home.previous-waiting"),
        Binding("c", "compare", "Compare: the marked versions; the first mark is the base", id="home.compare"),
        Binding("t", "trend", "Trend: of a metric over the versions of this model", id="home.trend"),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._marks: list[ModelVersion] = []
        self._restored = False

    @property
    def active_pane(self) -> ListPane[Any]:
        """The list on show."""
        raise NotImplementedError

    def action_tab(self, index: int) -> None:
        raise NotImplementedError

    def _show_marks(self) -> None:
        for pane in self.query(ListPane):
            pane.table.mark({f"{each.name} {each.ref}" for each in self._marks})
        names = ", ".join(each.name for each in self._marks)
        more = "c compares them." if len(self._marks) >= LEAST else "c compares it with the one under the cursor."
        self.say(f"Marked: {names}. {more}" if names else "Nothing is marked.")

    def action_mark(self) -> None:
        version = self.active_pane.version
        if version is None:
            self.say_why_not("No version is selected.")
        elif version in self._marks:
            self._marks.remove(version)
            self._show_marks()
        elif len(self._marks) == MOST:
            self.say_why_not(f"{MOST} versions are marked; the command compare takes more.")
        else:
            self._marks.append(version)
            self._show_marks()
            self.active_pane.table.action_move(1)

    def action_next_waiting(self, by: int) -> None:
        pane = self.active_pane
        items, here = pane.table.shown_items(), pane.table.cursor
        others = items[here + 1 :] if by > 0 else items[:here][::-1]
        found = next((item for item in others if pane.waits_for_me(item)), None)
        if found is None:
            self.say_why_not(f"Nothing {'below' if by > 0 else 'above'} waits for you.")
        else:
            self.say("")
            pane.table.go_to(pane.key_of(found))

    def action_compare(self) -> None:
        chosen, here = list(self._marks), self.active_pane.version
        if len(chosen) < LEAST and here is not None and here not in chosen:
            chosen.append(here)
        if len(chosen) < LEAST:
            self.say_why_not("Mark two to eight versions with space; or one, and put the cursor on another.")
            return
        from reviewtui.tui.compare_screen import CompareScreen

        self.say("")
        self.app.push_screen(CompareScreen(tuple(chosen)), self._compared)

    def _compared(self, version: ModelVersion | None) -> None:
        if version is not None:
            self.active_pane.go_to_version(version)

    def action_trend(self) -> None:
        version = self.active_pane.version
        if version is None:
            self.say_why_not("No version is selected.")
            return
        from reviewtui.tui.trend_screen import TrendScreen

        self.say("")
        self.app.push_screen(TrendScreen(version), self._compared)

    # How the screen was left

    def restore_view(self) -> None:
        """Once the versions are there for the first time: go where the app was left."""
        if self._restored:
            return
        self._restored = True
        problems = (*self.review_app.preferences.problems, *unknown_keys(self.review_app.preferences.keys))
        if problems:
            more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
            self.say(f"{problems[0]}{more}", tone="warn", mark="!")
        state = self.review_app.view_state
        index = next((number for number, tab in enumerate(TABS) if tab.title == state.tab), None)
        if index is None:
            return
        self.action_tab(index)
        if state.filter:
            self.active_pane.set_filter(state.filter)
        if state.version:
            self.active_pane.table.go_to(state.version)

    def remember_view(self, tab: int) -> None:
        """Note where the app is left."""
        here = self.active_pane.version
        self.review_app.view_state = replace(
            self.review_app.view_state,
            tab=TABS[tab].title,
            version=f"{here.name} {here.ref}" if here is not None else "",
            filter=self.active_pane.words,
        )


def unknown_keys(keys: Mapping[str, str]) -> tuple[str, ...]:
    """What a person's keymap names and nothing has."""
    if not keys:
        return ()
    from reviewtui.tui.help_screen import sections

    known = {binding.id or "" for _, bindings in sections() for binding in bindings}
    return tuple(
        f"config.yaml, keys.{name}: nothing has this name; ? lists the names." for name in keys if name not in known
    )
