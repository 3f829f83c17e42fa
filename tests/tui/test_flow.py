"""The walk of a reviewer through the app, key by key."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest

from reviewtui.catalog import ModelVersion
from reviewtui.errors import NoSigningKeyError, NotARepositoryError, RefChangedError, ReviewTuiError
from reviewtui.policy.decision import Decision
from reviewtui.project import VersionStatus
from reviewtui.tui.app import ReviewApp
from reviewtui.tui.base_dialog import BaseDialog
from reviewtui.tui.help_screen import HelpScreen, key_names, own_bindings, sections
from reviewtui.tui.home import HomeScreen
from reviewtui.tui.release_dialog import ReleaseDialog
from reviewtui.tui.sign_dialog import SignDialog
from reviewtui.tui.version import VersionScreen
from reviewtui.tui.version_tabs import PAGES
from reviewtui.tui.versions_pane import VersionsPane
from reviewtui.tui.widgets.strips import KeyLine, TabLine
from reviewtui.tui.widgets.table import LineTable
from reviewtui.tui.widgets.text_view import TextView
from tests.tui.driving import SIZES, notice, opened, press, screen_text, settled, until
from tests.tui.story import NOW, OPEN, STATES, VERSIONS, StoryProject, story, version

# Home


@pytest.mark.parametrize("size", SIZES)
async def test_the_home_screen_shows_repository_branch_reviewer_and_versions(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, "2")
        text = screen_text(pilot)
        for words in (
            "fraud-models",
            "main@",
            "ada@example.com",
            "1 Queue 3",
            "2 Versions 7",
            *(v.name for v in VERSIONS),
        ):
            assert words in text
        for mark, state in (("◐", "in-review"), ("✗", "rejected"), ("~", "stale"), ("●", "released")):
            assert f"{mark} {state}" in text


async def test_the_queue_holds_the_waiting_candidates_those_that_wait_for_me_first() -> None:
    async with opened() as pilot:
        rows = pilot.app.screen.active_pane.table.shown_items()
        assert [row.version.name for row in rows] == ["fraud-net@1.42.0", "churn@0.8.9", "fraud-net@1.41.3"]
        assert "you, bob" in screen_text(pilot)


class SlowGate(StoryProject):
    """Its gate answers once it is let, and then finds that only the row that stood last waits for the reader."""

    def __init__(self) -> None:
        super().__init__(versions=VERSIONS, states=STATES)
        self.may_answer = threading.Event()

    def status(self, version: ModelVersion) -> VersionStatus:
        return replace(super().status(version), waits_for=())

    def gate(self, version: ModelVersion) -> Decision:
        assert self.may_answer.wait(30)
        waits_for = "ada@example.com" if version.name == "fraud-net@1.41.3" else "bob@example.com"
        return replace(self.decision, unblock=(waits_for,))


@pytest.mark.parametrize(("keys", "chosen"), [((), "fraud-net@1.41.3"), (("j",), "churn@0.8.9")])
async def test_the_cursor_rests_on_top_while_the_queue_finds_its_order_unless_it_was_moved(
    keys: tuple[str, ...], chosen: str
) -> None:
    project = SlowGate()
    app = ReviewApp(lambda: project)
    async with app.run_test(size=(120, 36)) as pilot:
        await until(pilot, lambda: "churn@0.8.9" in screen_text(pilot))
        await pilot.press(*keys)
        project.may_answer.set()
        await settled(pilot)
        table = app.screen.active_pane.table
        assert table.shown_items()[0].version.name == "fraud-net@1.41.3"
        assert table.current.version.name == chosen


async def test_an_empty_queue_says_so_and_shows_all_versions_instead() -> None:
    released = tuple(each for each in VERSIONS if STATES[each.name][0].startswith("released"))
    async with opened(story(versions=released)) as pilot:
        assert pilot.app.screen.active_pane.id == "versions"
        await press(pilot, "1")
        assert "Nothing waits for review." in screen_text(pilot)


async def test_a_repository_without_versions_says_what_a_version_is() -> None:
    async with opened(story(versions=())) as pilot:
        await press(pilot, "2")
        assert "No versions were found." in screen_text(pilot)
        await press(pilot, "enter")
        assert "No version is selected." in notice(pilot)
        await press(pilot, "slash")
        assert "no row" in notice(pilot)


async def test_a_repository_without_settings_says_what_cannot_be_done() -> None:
    async with opened(story(has_settings=False)) as pilot:
        assert "reviewtui init" in notice(pilot)


async def test_a_folder_that_is_no_repository_says_so_and_stays_on_screen() -> None:
    def fail() -> None:
        raise NotARepositoryError("/tmp/x is not in a Git repository.", hint="Use -C to name one.")

    app = ReviewApp(fail)  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert "not in a Git repository" in screen_text(pilot)
        assert "Use -C" in screen_text(pilot)
        await press(pilot, "a")
        assert "not open yet" in notice(pilot)


async def test_the_frame_is_painted_before_the_repository_is_open() -> None:
    go = threading.Event()

    def slow() -> object:
        go.wait(5)
        return story()

    app = ReviewApp(slow)  # type: ignore[arg-type]
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        assert "reviewtui" in screen_text(pilot)
        assert "opening the repository" in screen_text(pilot)
        await pilot.press("2")
        assert pilot.app.screen.active_pane.id == "versions"
        go.set()
        await settled(pilot)
        assert "fraud-net@1.42.0" in screen_text(pilot)


@pytest.mark.parametrize(("size", "where"), [((80, 24), "-below"), ((120, 36), "-beside"), ((80, 20), "")])
async def test_the_preview_stands_where_there_is_room(size: tuple[int, int], where: str) -> None:
    async with opened(size=size) as pilot:
        screen = pilot.app.screen
        assert {name for name in ("-below", "-beside") if screen.has_class(name)} == ({where} if where else set())
        if where:
            await until(pilot, lambda: "GATE" in screen_text(pilot))


async def test_the_preview_follows_the_cursor() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "j")
        await until(pilot, lambda: "Smaller batch" in preview_text(pilot))


def preview_text(pilot) -> str:
    return "\n".join(made.text for made in pilot.app.screen.active_pane.query_one(TextView).lines)


async def test_a_filter_narrows_the_list_and_escape_clears_it() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "slash", *"churn state:st")
        assert [row.version.name for row in pilot.app.screen.active_pane.table.shown_items()] == ["churn@0.8.9"]
        await press(pilot, "enter")
        assert pilot.app.focused is pilot.app.screen.active_pane.table
        await press(pilot, "escape")
        assert pilot.app.screen.active_pane.table.count == 7
        await press(pilot, "slash", *"nothing like it")
        assert "No version matches" in screen_text(pilot)


async def test_r_reads_the_repository_again() -> None:
    project = story()
    async with opened(project) as pilot:
        project.versions = (*VERSIONS, version("new@1.0.0"))
        await press(pilot, "r", "2")
        assert project.reloads == 1
        assert "new@1.0.0" in screen_text(pilot)


async def test_tabs_and_key_hints_answer_to_the_mouse() -> None:
    async with opened() as pilot:
        await pilot.click(TabLine, offset=(20, 0))
        assert pilot.app.screen.active_pane.id == "versions"
        await pilot.double_click(pilot.app.screen.active_pane.table, offset=(5, 2))
        await settled(pilot)
        assert isinstance(pilot.app.screen, VersionScreen)
        await pilot.click(TabLine, offset=(18, 0))
        await pilot.click(KeyLine, offset=(2, 0))
        assert pilot.app.screen._active == 1
        assert pilot.app.screen.query_one(TextView).stop == 0


async def test_q_leaves_and_so_does_ctrl_q_but_not_ctrl_c() -> None:
    async with opened() as pilot:
        await pilot.press("ctrl+c")
        assert "ctrl+q" in notice(pilot)
        await press(pilot, "enter", "q")
        assert isinstance(pilot.app.screen, HomeScreen)
        await pilot.press("q")
        assert pilot.app.return_value == 0


# One version


@pytest.mark.parametrize("size", SIZES)
async def test_every_tab_of_a_version_says_what_it_holds(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, "2", "enter")
        for key, words in (
            ("1", "Compared with fraud-net@1.40.0"),
            ("2", "train.lr"),
            ("3", "latency_ms_p95"),
            ("4", "data/train.parquet"),
            ("5", "-numpy==2.3.3"),
            ("6", "does not count: unknown-key"),
            ("7", "Could unblock: bob@example.com"),
        ):
            await press(pilot, key)
            assert words in screen_text(pilot), key


async def test_worse_metrics_come_first_and_are_said_in_words() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter", "3")
        text = screen_text(pilot)
        assert text.index("▼ worse") < text.index("▲ better")


async def test_tabs_with_changes_are_marked_until_they_were_opened() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter")
        assert "2 Config 5 ●" in screen_text(pilot)
        await press(pilot, "2", "1")
        assert "2 Config 5 ✓" in screen_text(pilot)
        assert pilot.app.screen.unseen_tabs() == ("Metrics (3)", "Data (2)", "Environment (1)")


async def test_n_walks_through_all_changes_of_all_tabs_and_back() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter")
        places = []
        while not places or places[-1] != (pilot.app.screen._active, pilot.app.screen.query_one(TextView).stop):
            places.append((pilot.app.screen._active, pilot.app.screen.query_one(TextView).stop))
            await press(pilot, "n")
        assert {tab for tab, _ in places} == set(range(len(PAGES)))
        assert pilot.app.screen.unseen_tabs() == ()
        await press(pilot, "N")
        assert (pilot.app.screen._active, pilot.app.screen.query_one(TextView).stop) == places[-2]


async def test_f_shows_what_did_not_change() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter", "2")
        assert "seed" not in screen_text(pilot)
        await press(pilot, "f")
        assert "1337" in screen_text(pilot)


async def test_capital_j_and_k_go_to_the_neighbours_in_the_list() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter", "J")
        assert "fraud-net@1.41.3" in screen_text(pilot)
        await press(pilot, "K", "K")
        assert "first one of the list" in notice(pilot)
        await press(pilot, "J", "q")
        assert pilot.app.screen.version == VERSIONS[1]


async def test_another_base_can_be_chosen() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter", "b")
        assert isinstance(pilot.app.screen, BaseDialog)
        await press(pilot, "slash", *"1.41.0", "enter")
        assert "fraud-net@1.41.0  chosen by you" in screen_text(pilot)
        await press(pilot, "a")
        await until(pilot, lambda: "Exactly these" in screen_text(pilot))
        assert "fraud-net@1.41.0, as you chose" in screen_text(pilot)


async def test_a_search_finds_lines_and_escape_ends_it() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter", "2", "slash", *"epochs", "enter")
        assert pilot.app.screen.query_one(TextView).stops == 1
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, VersionScreen)
        assert pilot.app.screen.query_one(TextView).stops == 5


async def test_an_answer_that_comes_too_late_is_dropped() -> None:
    async with opened() as pilot:
        screen = pilot.app.screen
        taken: list[str] = []
        held = threading.Event()
        screen.ask("topic", lambda: (held.wait(5), "old")[1], then=taken.append)
        screen.ask("topic", lambda: "new", then=taken.append)
        held.set()
        await settled(pilot)
        assert taken == ["new"]


# Signing


async def ready_to_sign(pilot) -> None:
    await until(pilot, lambda: "Exactly these" in screen_text(pilot) and pilot.app.screen.why_not("sign") == "")


@pytest.mark.parametrize("keys", [("2",), ("2", "enter")])
async def test_who_takes_a_verdict_back_is_not_told_that_it_covers_what_was_not_opened(keys: tuple[str, ...]) -> None:
    async with opened() as pilot:
        await press(pilot, *keys, "a")
        assert "not opened" in screen_text(pilot)
        await press(pilot, "escape", "w")
        await ready_to_sign(pilot)
        assert "not opened" not in screen_text(pilot)


@pytest.mark.parametrize(("key", "verdict"), [("a", "approve"), ("x", "reject"), ("m", "comment"), ("w", "withdraw")])
async def test_what_is_shown_is_what_is_signed_and_only_ctrl_s_signs(key: str, verdict: str) -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "2", "enter", key, *"fine", "enter", *"by me")
        await ready_to_sign(pilot)
        shown = "\n".join(made.text.removeprefix("   ") for made in pilot.app.screen.query_one(TextView).lines)
        assert project.recorded == []
        await press(pilot, "ctrl+s")
        assert isinstance(pilot.app.screen, VersionScreen)
        (recorded,) = project.recorded
        assert f'"verdict": "{verdict}"' in recorded.payload.decode()
        assert recorded.payload.decode().rstrip("\n") in shown
        assert '"comment": "fine\\nby me"' in shown
        assert "Recorded" in notice(pilot)
        assert "c" * 12 in notice(pilot)


async def test_the_dialog_names_key_place_warnings_and_unopened_tabs() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter", "2", "a")
        await ready_to_sign(pilot)
        text = screen_text(pilot)
        for words in (
            "SHA256:mT4",
            "refs/notes/reviewtui/reviews",
            "latency_ms_p95",
            "You have not opened: Metrics (3)",
        ):
            assert words in text
        assert "Config (5)" not in text


async def test_escape_signs_nothing_and_keeps_the_draft() -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "enter", "a", *"half a thought", "escape")
        assert project.recorded == []
        await press(pilot, "a")
        assert "half a thought" in screen_text(pilot)
        await press(pilot, "escape", "x")
        assert "half a thought" not in screen_text(pilot)


async def test_while_the_comment_is_being_typed_nothing_can_be_signed() -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "enter", "a")
        await ready_to_sign(pilot)
        await pilot.press("o", "ctrl+s")
        assert project.recorded == []
        assert "being written" in notice(pilot)


@pytest.mark.parametrize("key", ["x", "m"])
async def test_a_rejection_and_a_comment_need_words(key: str) -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "enter", key, "ctrl+s")
        assert "Write a comment first" in notice(pilot)
        assert project.recorded == []


async def test_without_a_key_the_reason_and_the_remedy_are_said() -> None:
    trouble = NoSigningKeyError("Git has no signing key.", hint="git config user.signingkey ~/.ssh/id_ed25519.pub")
    async with opened(story(signing_trouble=trouble)) as pilot:
        assert "no signing key" in screen_text(pilot)
        await press(pilot, "a")
        assert "git config user.signingkey" in notice(pilot)
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_a_version_that_changed_meanwhile_is_not_signed_and_that_is_said() -> None:
    project = story()

    def moved() -> None:
        raise RefChangedError("churn changed while you looked at it; nothing was signed.")

    project.before_sign = moved
    async with opened(project) as pilot:
        await press(pilot, "enter", "a")
        await ready_to_sign(pilot)
        await press(pilot, "ctrl+s")
        assert project.recorded == []
        assert isinstance(pilot.app.screen, SignDialog)
        assert "nothing was signed" in notice(pilot)
        assert pilot.app.signing is False


async def test_neither_escape_nor_ctrl_q_nor_ctrl_c_interrupts_a_signature() -> None:
    go, project = threading.Event(), story()
    project.before_sign = lambda: go.wait(5)  # type: ignore[assignment, return-value]
    async with opened(project) as pilot:
        await press(pilot, "enter", "a")
        await ready_to_sign(pilot)
        for key in ("ctrl+s", "ctrl+s", "escape", "ctrl+c", "ctrl+q"):
            await pilot.press(key)
        assert pilot.app.return_value is None
        assert isinstance(pilot.app.screen, SignDialog)
        go.set()
        await settled(pilot)
        assert len(project.recorded) == 1
        await pilot.press("ctrl+q")
        assert pilot.app.return_value == 0


async def test_a_passphrase_prompt_gets_the_terminal_and_ctrl_c_spares_the_app(monkeypatch) -> None:
    import contextlib
    import os
    import signal

    project, suspended = story(may_prompt=True), []

    @contextlib.contextmanager
    def suspend(self):
        suspended.append(threading.current_thread() is threading.main_thread())
        yield

    project.before_sign = lambda: os.kill(os.getpid(), signal.SIGINT)
    monkeypatch.setattr(ReviewApp, "suspend", suspend)
    monkeypatch.setattr(ReviewApp, "can_suspend", True)
    async with opened(project) as pilot:
        await press(pilot, "enter", "a")
        await ready_to_sign(pilot)
        await press(pilot, "ctrl+s")
        assert suspended == [True]
        assert len(project.recorded) == 1
        assert isinstance(pilot.app.screen, VersionScreen)


async def test_a_cancelled_passphrase_brings_the_dialog_back(monkeypatch) -> None:
    import contextlib

    project = story(may_prompt=True)

    def cancelled() -> None:
        raise ReviewTuiError("The passphrase was not given.")

    project.before_sign = cancelled
    monkeypatch.setattr(ReviewApp, "suspend", lambda self: contextlib.nullcontext())
    monkeypatch.setattr(ReviewApp, "can_suspend", True)
    async with opened(project) as pilot:
        await press(pilot, "enter", "a")
        await ready_to_sign(pilot)
        await press(pilot, "ctrl+s")
        assert "passphrase" in notice(pilot)
        assert pilot.app.signing is False


# Release


async def test_an_open_gate_releases_what_was_shown() -> None:
    project = story(decision=OPEN)
    async with opened(project) as pilot:
        await press(pilot, "enter", "R")
        text = screen_text(pilot)
        assert "fraud-net@v1.42.0" in text
        assert "Model: fraud-net" in text
        assert "The gate is open" in text
        await press(pilot, "enter")
        assert project.released == []
        await press(pilot, "ctrl+s")
        assert [made.tag for made in project.released] == ["fraud-net@v1.42.0"]
        assert "Released fraud-net@1.42.0" in notice(pilot)


async def test_a_closed_gate_says_why_and_who_could_open_it_and_signs_nothing() -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "enter", "R", "ctrl+s")
        assert project.released == []
        assert "gate is closed" in notice(pilot)
        assert "Could unblock: bob@example.com, linus@example.com" in screen_text(pilot)
        assert isinstance(pilot.app.screen, ReleaseDialog)


# Help and palette


async def test_every_binding_is_in_the_help() -> None:
    async with opened(size=(80, 24)) as pilot:
        await press(pilot, "question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        text = "\n".join(made.text for made in pilot.app.screen.query_one(TextView).lines)
        for owner in (HomeScreen, VersionScreen, SignDialog, ReleaseDialog, BaseDialog, LineTable, TextView, ReviewApp):
            for binding in own_bindings(owner):
                assert binding.description, binding
                assert key_names(binding) in text
                assert binding.description in text
        await press(pilot, "escape")
        assert isinstance(pilot.app.screen, HomeScreen)


def test_the_help_begins_with_the_screen_it_was_called_from() -> None:
    assert sections(VersionScreen)[0][0] == "Version"


def test_every_binding_has_an_action_that_exists() -> None:
    for owner in (
        HomeScreen,
        VersionScreen,
        SignDialog,
        ReleaseDialog,
        BaseDialog,
        HelpScreen,
        LineTable,
        TextView,
        ReviewApp,
    ):
        for binding in own_bindings(owner):
            space, _, name = binding.action.partition("(")[0].rpartition(".")
            target = ReviewApp if space == "app" else owner
            assert hasattr(target, f"action_{name}"), binding


async def test_the_palette_offers_what_the_keys_do() -> None:
    async with opened() as pilot:
        titles = [command.title for command in pilot.app.get_system_commands(pilot.app.screen)]
        assert {"Approve", "Reject", "Withdraw your verdict", "Release", "Theme", "Help", "Quit"} <= set(titles)
        assert len(titles) == len(set(titles))
        await pilot.press("ctrl+p")
        await pilot.pause()
        assert type(pilot.app.screen).__name__ == "CommandPalette"


async def test_the_times_in_the_list_are_ages() -> None:
    async with opened() as pilot:
        pane = pilot.app.screen.query(VersionsPane)[0]
        pane.now = NOW
        pane.table.redraw()
        await pilot.pause()
        assert " 2h" in screen_text(pilot)
