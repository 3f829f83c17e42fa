"""The tabs Timeline, Audit and Releases, and the settings: what they show, at three sizes, and what keys do there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewtui.catalog import VersionKind
from reviewtui.display import clean, span_text
from reviewtui.errors import ReviewTuiError
from reviewtui.history import HistoryEvent
from reviewtui.tui.help_screen import own_bindings
from reviewtui.tui.home import HomeScreen
from reviewtui.tui.pages.record import event_lines, record_lines
from reviewtui.tui.pages.settings import SettingsView, settings_lines
from reviewtui.tui.reading import RecordView
from reviewtui.tui.record_dialog import RecordDialog
from reviewtui.tui.settings_screen import SettingsScreen, read_settings
from reviewtui.tui.sign_dialog import SignDialog
from reviewtui.tui.since_verdict import KnowsMyVerdict
from reviewtui.tui.timeline import TimelineTable, grouped_by_release
from reviewtui.tui.version import VersionScreen
from tests.tui.corpus import CORPUS, FORBIDDEN
from tests.tui.driving import SIZES, notice, opened, press, screen_text, settled, until
from tests.tui.story import OPEN, VERSIONS, StoryProject, story
from tests.tui.trail import history_of, settings_values, subject_of, trail_of

# Timeline


@pytest.mark.parametrize("size", SIZES)
async def test_the_timeline_tells_releases_with_what_led_to_them(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, "3")
        text = screen_text(pilot)
        for words in ("3 Timeline", "unreleased", "grouped by release", "approve"):
            assert words in text
        await press(pilot, "slash", *"event:released", "enter")
        text = screen_text(pilot)
        for words in ("● released", "fraud-net@1.41.0", "3d", "✓ bob, dana"):
            assert words in text


async def test_g_puts_the_timeline_in_one_row_and_back() -> None:
    async with opened() as pilot:
        await press(pilot, "3")
        rows = pilot.app.screen.active_pane.total
        await press(pilot, "g")
        assert "unreleased" not in screen_text(pilot)
        assert pilot.app.screen.active_pane.total < rows
        await press(pilot, "g")
        assert pilot.app.screen.active_pane.total == rows


async def test_enter_on_the_timeline_opens_the_version_and_a_head_says_that_it_is_none() -> None:
    async with opened() as pilot:
        await press(pilot, "3", "home", "enter")
        assert isinstance(pilot.app.screen, HomeScreen)
        assert "no version" in notice(pilot)
        await press(pilot, "j", "j", "enter")
        assert isinstance(pilot.app.screen, VersionScreen)


def test_a_release_stands_over_what_happened_since_the_one_before() -> None:
    events = history_of(VERSIONS, trail_of(VERSIONS))
    rows = grouped_by_release(events)
    assert sorted((row.event for row in rows if row.event), key=repr) == sorted(events, key=repr)
    heads = [row for row in rows if row.is_head]
    assert sum(row.count for row in heads) == sum(row.inside for row in rows)
    for place, row in enumerate(rows):
        if row.inside:
            head = next(each for each in reversed(rows[:place]) if each.is_head)
            assert head.model == row.model
    waiting = [row.model for row in heads if row.event is None]
    assert waiting == list(dict.fromkeys(waiting))


def test_leads_are_told_in_the_largest_whole_unit() -> None:
    assert [span_text(seconds) for seconds in (None, 5, 60, 7200, 86_400 * 3)] == ["", "<1m", "1m", "2h", "3d"]


# Audit


@pytest.mark.parametrize("size", SIZES)
async def test_the_audit_lists_every_record_with_its_fate(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, "4")
        text = screen_text(pilot)
        assert "4 Audit 5" in text
        for words in ("✓ counts", "✗ unknown-key", "· superseded", "✗ malformed", "mallory@"):
            assert words in text


async def test_the_details_say_what_was_signed_and_what_is_here_now() -> None:
    async with opened(size=(200, 60)) as pilot:
        await press(pilot, "4", "slash", *"reason:facts", "enter")
        await until(pilot, lambda: "WHAT WAS SIGNED" in screen_text(pilot))
        text = screen_text(pilot)
        assert "is no longer what is here: " in text
        assert "metrics" in text.partition("is no longer what is here: ")[2][:60]
        assert "≠ metrics" in text
        assert "is now" in text


async def test_enter_on_a_record_shows_it_whole_and_enter_again_opens_its_version() -> None:
    async with opened(size=(80, 24)) as pilot:
        await press(pilot, "4", "home", "enter")
        assert isinstance(pilot.app.screen, RecordDialog)
        assert "reviewer" in screen_text(pilot)
        await press(pilot, "y", "i")
        assert "sha256:" in notice(pilot)
        await press(pilot, "enter")
        assert isinstance(pilot.app.screen, VersionScreen)
        await press(pilot, "q")
        assert isinstance(pilot.app.screen, HomeScreen)


@pytest.mark.parametrize("size", SIZES)
async def test_a_record_stands_in_the_middle_over_the_list_it_is_of(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, "4", "enter")
        box = pilot.app.screen.query_one("#dialog").region
        assert (box.x, box.right) == (size[0] - box.right, size[0] - box.x)
        assert box.x == 0 or " revi" in screen_text(pilot)


async def test_the_audit_is_filtered_by_its_own_words() -> None:
    async with opened() as pilot:
        await press(pilot, "4")
        pane = pilot.app.screen.active_pane
        for words, count in (
            ("reviewer:bob", 2), ("bad:yes", 2), ("verdict:reject", 1), ("bad:no reviewer:bob", 2),
            ("since:1990-01-01", 5), ("since:2100", 0), ("reason:unknown-key", 1), ("model:fraud-net", 3),
            ("SAYS linus", 1), ("nothing-such", 0),
        ):  # fmt: skip
            pane.set_filter(words)
            await pilot.pause()
            assert pane.table.count == count, words


# Releases


@pytest.mark.parametrize("size", SIZES)
async def test_releases_say_what_is_current_what_is_next_and_what_one_could_go_back_to(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, "5")
        text = screen_text(pilot)
        for words in ("▲ next", "● current", "↶ rollback", "bob, dana", "✗ approvals"):
            assert words in text


async def test_a_candidate_whose_gate_is_open_says_so_among_the_releases() -> None:
    async with opened(story(decision=OPEN), size=(200, 60)) as pilot:
        await press(pilot, "5")
        assert "the gate is open: R releases it" in screen_text(pilot)


# Settings


@pytest.mark.parametrize("size", SIZES)
async def test_the_settings_are_shown_as_the_gate_reads_them(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, "comma")
        assert isinstance(pilot.app.screen, SettingsScreen)
        lines = " ".join(" ".join(made.text for made in pilot.app.screen.query_one("#page").lines).split())
        for words in (
            "refs/heads/main", "git.example.com/ml/fraud", "params.yaml, conf/*.yaml", "A release of any model needs",
            "2 approvals by people with the role data-science", "by the role release-manager, for 24 hours",
            "bob@example.com", "SHA256:9fKq3XJ2mT4Qe0", "allowed_signers, line 3",
            "worse than the base by at most 0.005",
        ):  # fmt: skip
            assert words in lines
        await press(pilot, "n", "q")
        assert isinstance(pilot.app.screen, HomeScreen)


async def test_without_settings_the_screen_says_what_to_do() -> None:
    async with opened(story(has_settings=False)) as pilot:
        await press(pilot, "comma")
        assert "reviewtui init" in screen_text(pilot)


def test_a_problem_of_the_settings_is_said_with_its_line() -> None:
    view = SettingsView(None, "here", settings_values("x"), {}, ())
    text = "\n".join(made.text for made in settings_lines(view, 100))
    assert ".reviewtui/policy.yaml: line 12: x is no key." in text
    assert "no key: nothing this person signs counts" in text
    assert "git config reviewtui.trustedBranch" in text


def test_whom_a_trusted_authority_may_certify_is_not_said_to_be_without_a_key() -> None:
    for patterns, warned in (("*", False), ("*@elsewhere.example", True)):
        view = SettingsView(None, "here", settings_values("x"), {}, (), (("SHA256:abc", patterns),))
        text = "\n".join(made.text for made in settings_lines(view, 100))
        assert f"may certify {patterns}" in text
        assert ("no key: nothing this person signs counts" in text) is warned, text


# Empty, failing, hostile


@pytest.mark.parametrize("size", SIZES)
async def test_tabs_of_an_empty_repository_say_what_will_stand_there(size: tuple[int, int]) -> None:
    async with opened(StoryProject(), size=size) as pilot:
        for key, words in (
            ("3", "Nothing has happened here yet"), ("4", "Nothing is recorded yet"), ("5", "Nothing is released"),
        ):  # fmt: skip
            await press(pilot, key)
            assert words in screen_text(pilot)


async def test_a_tab_that_cannot_be_read_says_why_and_is_read_again() -> None:
    project = story()
    async with opened(project) as pilot:
        project.trail_trouble = ReviewTuiError("The notes cannot be read.", hint="git fsck says more.")
        await press(pilot, "4")
        assert "The notes cannot be read." in screen_text(pilot)
        assert "git fsck" in screen_text(pilot)
        project.trail_trouble = None
        await press(pilot, "r")
        assert "✓ counts" in screen_text(pilot)


def test_events_records_and_settings_show_the_corpus_harmlessly() -> None:
    for text in CORPUS:
        version = replace(VERSIONS[0], version=text or "v", author=text, subject=text)
        records = trail_of((version,), text=text)
        events = history_of((version,), records)
        told = HistoryEvent(text, text, text, text, text, text, text, approved_by=(text,))
        settings = SettingsView(None, text, settings_values(text), {text: (text,)}, (text,), ((text, text),))
        for width in (10, 60, 100):
            lines = [line for event in (*events, told) for line in event_lines(event, width)]
            for record in records:
                lines += record_lines(RecordView(record, subject_of(version, text=text)), width)
            lines += settings_lines(settings, width)
            assert all(clean(line.text) == line.text for line in lines)


@pytest.mark.parametrize("size", [(80, 24), (200, 60)])
async def test_no_new_screen_lets_a_control_through(size: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    from reviewtui.tui.app import ReviewApp

    worst = "".join(text for text in CORPUS if len(text) < 400 and "\ud800" not in text)
    bad = replace(VERSIONS[0], version=worst, author=worst, subject=worst, stages=(worst,), note=worst)
    released = replace(bad, kind=VersionKind.RELEASE)
    monkeypatch.setattr(ReviewApp, "get_line_filters", lambda self: [])
    project = story(versions=(bad, released), text=worst, reviewed_before=True)
    async with opened(project, size=size) as pilot:
        for key in ("3", "g", "G", "4", "G", "enter", "escape", "5", "comma", "n", "q", "2", "enter", "D"):
            await press(pilot, key)
            await pilot.pause(0.1)
            await settled(pilot)
            assert not FORBIDDEN & set(screen_text(pilot).replace("\n", "")), key


# The filter of versions


async def test_versions_are_filtered_by_reviewer_date_and_metric() -> None:
    async with opened() as pilot:
        await press(pilot, "2")
        pane = pilot.app.screen.active_pane
        for words, count in (("reviewer:bob", 1), ("state:stale", 1), ("since:1990-01-01", 7), ("since:2100-01-01", 0)):
            pane.set_filter(words)
            await pilot.pause()
            assert pane.table.count == count, words
        pane.set_filter("metric:auc>0")
        await settled(pilot)
        assert pane.table.count == 7
        pane.set_filter("metric:auc>2")
        await settled(pilot)
        assert pane.table.count == 0


async def test_a_prefix_that_is_none_is_searched_and_that_is_said() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "slash", *"colour:red")
        assert "colour: is no filter of this list" in notice(pilot)
        assert "state:" in notice(pilot)
        await press(pilot, "escape")
        assert notice(pilot) == ""


# Noticing, undoing, since


async def test_a_moved_ref_is_noticed_and_read_again_where_nobody_is_disturbed() -> None:
    project = story()
    async with opened(project) as pilot:
        home = pilot.app.screen
        home.look_for_changes()
        await settled(pilot)
        assert project.reloads == 0
        project.stamp = "moved"
        home.look_for_changes()
        await settled(pilot)
        assert project.reloads == 1
        assert "was read again" in notice(pilot)
        await press(pilot, "enter")
        project.stamp = "moved again"
        home.look_for_changes()
        await settled(pilot)
        assert project.reloads == 1
        assert "changed meanwhile" in notice(pilot)
        await press(pilot, "r")
        assert project.reloads == 2


async def test_a_verdict_can_be_taken_back_with_one_key_right_after() -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "enter", "u")
        assert "No verdict was recorded just now" in notice(pilot)
        await press(pilot, "a")
        await until(pilot, lambda: "Exactly these" in screen_text(pilot))
        await press(pilot, "ctrl+s")
        assert "u takes it back" in notice(pilot)
        assert "J: next" in notice(pilot)
        await press(pilot, "u")
        assert isinstance(pilot.app.screen, SignDialog)
        await until(pilot, lambda: "Exactly these" in screen_text(pilot))
        assert '"withdraw"' in screen_text(pilot)
        await press(pilot, "ctrl+s")
        assert len(project.recorded) == 2
        assert "u takes it back" not in notice(pilot)


async def test_the_summary_says_what_changed_since_ones_own_verdict_and_d_compares_with_it() -> None:
    async with opened(story(reviewed_before=True)) as pilot:
        await press(pilot, "enter")
        text = screen_text(pilot)
        assert "SINCE YOUR VERDICT" in text
        assert "You approved an earlier commit of it" in text
        await press(pilot, "D")
        assert "Against what you judged last" in notice(pilot)
        assert "chosen by you" in screen_text(pilot)
        await press(pilot, "D")
        assert "chosen by you" not in screen_text(pilot)


async def test_who_judged_nothing_else_is_told_so() -> None:
    async with opened() as pilot:
        await press(pilot, "enter", "D")
        assert "You have judged no other commit" in notice(pilot)


async def test_a_colon_opens_the_palette() -> None:
    async with opened() as pilot:
        await pilot.press("colon")
        await pilot.pause()
        assert type(pilot.app.screen).__name__ == "CommandPalette"


def test_settings_are_read_with_the_keys_that_are_trusted() -> None:
    view = read_settings(story())
    assert view.identity == "git.example.com/ml/fraud"
    assert "SHA256:9fKq3XJ2mT4Qe0" in view.keys


async def test_the_help_has_every_key_of_the_new_screens_and_every_one_does_something() -> None:
    async with opened(size=(80, 24)) as pilot:
        await press(pilot, "question_mark")
        text = " ".join(" ".join(made.text for made in pilot.app.screen.query_one("#help").lines).split())
        for owner in (HomeScreen, SettingsScreen, RecordDialog, TimelineTable, KnowsMyVerdict):
            for binding in own_bindings(owner):
                assert binding.description in text, binding
                space, _, name = binding.action.partition("(")[0].rpartition(".")
                assert hasattr(type(pilot.app) if space == "app" else owner, f"action_{name}"), binding
        for prefix in ("reviewer:", "since:", "metric:", "bad:yes", "event:released", "is:current"):
            assert prefix in text
