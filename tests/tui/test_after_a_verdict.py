"""What stands on the screen after a verdict, a release and a push; and where the cursor is then."""

from __future__ import annotations

from dataclasses import replace

from reviewtui.catalog import VersionKind
from reviewtui.git.objects import RefName
from reviewtui.tui.push_dialog import PushDialog
from tests.tui.driving import notice, opened, press, screen_text, until
from tests.tui.story import OPEN, VERSIONS, StoryProject, oid, story


def release(project: StoryProject, name: str) -> None:
    """The version is a release from now on, as a catalog that was read again has it."""
    versions = tuple(
        replace(each, kind=VersionKind.RELEASE, ref=RefName("refs/tags/churn@v0.8.9"), other_refs=(each.ref,))
        if each.name == name
        else each
        for each in project.versions
    )
    project.versions = versions
    project.states = {**project.states, name: ("released", 2, 2)}


async def test_after_a_release_the_notice_names_the_tag_and_what_is_next() -> None:
    project = story()
    project.decision = OPEN
    async with opened(project) as pilot:
        await press(pilot, "2", "slash", *"churn@0.8.9", "enter", "enter", "R")
        await until(pilot, lambda: "gate is open" in screen_text(pilot))
        release(project, "churn@0.8.9")
        await press(pilot, "ctrl+s")
        assert notice(pilot).startswith("Released churn@0.8.9: signed tag ")
        assert "P pushes it." in notice(pilot)
        assert "R releases it" not in notice(pilot)
        assert "● released" in screen_text(pilot)


async def test_the_cursor_stays_on_a_version_that_was_released_meanwhile() -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "2", "j", "j")
        name = pilot.app.screen.version.name
        release(project, name)
        await press(pilot, "r")
        assert pilot.app.screen.version.name == name
        assert pilot.app.screen.version.kind is VersionKind.RELEASE


async def test_where_a_row_is_gone_the_cursor_stays_in_its_place() -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "1", "j")
        before = pilot.app.screen.active_pane.table.cursor
        gone = pilot.app.screen.version.name
        project.states = {**project.states, gone: ("released", 2, 2)}
        await press(pilot, "r")
        assert pilot.app.screen.version.name != gone
        assert pilot.app.screen.active_pane.table.cursor == before


async def test_a_candidate_that_moved_is_said_and_shown_at_its_new_commit() -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "2", "enter")
        shown = pilot.app.screen._version
        project.versions = tuple(
            replace(each, commit=oid("newer")) if each == shown else each for each in project.versions
        )
        await press(pilot, "r")
        assert "has moved" in notice(pilot)
        assert pilot.app.screen._version.commit == oid("newer")


async def test_after_a_verdict_the_next_version_is_one_key_away() -> None:
    async with opened() as pilot:
        await press(pilot, "1", "enter")
        following = pilot.app.screen._following
        assert following is not None
        await press(pilot, "a")
        await until(pilot, lambda: "Exactly these" in screen_text(pilot))
        await press(pilot, "ctrl+s")
        assert f"J: next, {following.name}." in notice(pilot)
        await press(pilot, "J")
        assert pilot.app.screen._version.name == following.name


async def test_push_says_what_goes_where_and_pushes_records_and_tag() -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "2", "slash", *"kind:release", "enter", "P")
        assert isinstance(pilot.app.screen, PushDialog)
        text = screen_text(pilot)
        assert "origin" in text
        assert "secret" not in text
        await press(pilot, "n")
        assert "backup" in screen_text(pilot)
        await press(pilot, "n", "enter")
        assert "Pushed to origin: 2 records sent, 1 received; tag " in notice(pilot)
    assert project.pushed[0] == "records to origin"
    assert len(project.pushed) == 2


async def test_without_a_remote_push_says_so() -> None:
    async with opened(story(remotes=())) as pilot:
        await press(pilot, "P")
        assert "git remote add origin" in screen_text(pilot)
        await press(pilot, "enter")
        assert "git remote add origin" in notice(pilot)
        await press(pilot, "escape")
        assert VERSIONS[0].name in screen_text(pilot)
