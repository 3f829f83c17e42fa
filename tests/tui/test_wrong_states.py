"""What the app says of a repository that is not as it should be, and what is to be done about it."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from reviewtui.project import Project
from reviewtui.tui.app import ReviewApp
from reviewtui.tui.home import HomeScreen
from tests.tui.driving import notice, opened, press, screen_text, settled
from tests.tui.story import story


async def test_an_empty_repository_without_anybodys_name_says_both(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "nobody").write_text("[user]\n\tuseConfigOnly = true\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "nobody"))
    subprocess.run(("git", "init", "-q", "-b", "main", "empty"), cwd=tmp_path, check=True)
    app = ReviewApp(lambda: Project.open(tmp_path / "empty"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        text = screen_text(pilot)
        assert "empty" in text
        assert "set user.name and user.email" in text
        assert "This repository has no commit yet." in text
        await press(pilot, "a")
        assert notice(pilot)


async def test_states_that_were_read_before_the_summary_are_shown_by_it(tmp_path: Path) -> None:
    subprocess.run(("git", "init", "-q", "-b", "main", "empty"), cwd=tmp_path, check=True)
    app = ReviewApp(lambda: Project.open(tmp_path / "empty"))
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        home = app.screen
        assert isinstance(home, HomeScreen)
        summary, home._summary = home._summary, None
        assert summary is not None
        home._show_states((((), ()), ""))
        await settled(pilot)
        assert "Nothing waits for review." in screen_text(pilot)
        home._show_summary(summary)
        await settled(pilot)
        assert "This repository has no commit yet." in screen_text(pilot)


async def test_a_shallow_and_a_partial_clone_say_what_brings_the_rest() -> None:
    project = story()
    project.is_shallow = project.is_partial = True
    async with opened(project) as pilot:
        assert "git fetch --unshallow" in notice(pilot)
        assert "git fetch --refetch --no-filter origin" in notice(pilot)


async def test_a_clone_without_records_says_how_they_come() -> None:
    project = story()
    project.has_records = False
    async with opened(project) as pilot:
        assert "P unites its records with those of origin." in notice(pilot)
    alone = replace(project, remotes=())
    async with opened(alone) as pilot:
        assert notice(pilot) == ""


async def test_records_that_were_fetched_and_not_united_are_told_of() -> None:
    async with opened(replace(story(), apart=("backup", "origin"))) as pilot:
        assert "Records of backup and origin that git fetch brought do not count yet." in notice(pilot)


async def test_a_terminal_that_is_too_small_says_how_small_it_is() -> None:
    async with opened(size=(59, 15)) as pilot:
        assert "this terminal has 59x15" in " ".join(screen_text(pilot).split())
        await pilot.resize_terminal(80, 24)
        await settled(pilot)
        assert "1 Queue" in screen_text(pilot)
