"""The whole walk through the app alone, on a real repository with real keys, down to `git tag -v`."""

from __future__ import annotations

import subprocess
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from textual.pilot import Pilot

from reviewtui.project import Project
from reviewtui.tui.app import ReviewApp
from reviewtui.tui.widgets.text_view import TextView
from tests.command import churn_repository
from tests.model_repository import ModelRepository, PersonWithKey
from tests.tui.driving import notice, press, screen_text, settled, until

NAME = "churn@1.1.0"


@pytest.fixture
def repository(tmp_path: Path) -> ModelRepository:
    return churn_repository(tmp_path / "models")


@asynccontextmanager
async def opened_by(
    repository: ModelRepository, person: PersonWithKey, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pilot[int]]:
    for name, value in person.environment.items():
        monkeypatch.setenv(name, value)
    app = ReviewApp(lambda: Project.open(repository.path))
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert person.email in screen_text(pilot)
        await press(pilot, "1")
        assert app.screen.version.name == NAME
        await press(pilot, "enter")
        yield pilot


async def give(pilot: Pilot[int], key: str, comment: str) -> None:
    await press(pilot, key)
    await pilot.press(*comment)
    await until(pilot, lambda: "Exactly these" in screen_text(pilot) and pilot.app.screen.why_not("sign") == "")
    await press(pilot, "ctrl+s")
    assert "Recorded" in notice(pilot)


@pytest.mark.slow
async def test_two_reviewers_a_refusal_a_veto_its_withdrawal_and_a_release(
    repository: ModelRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    dana, lin = repository.person("dana"), repository.person("lin")

    async with opened_by(repository, dana, monkeypatch) as pilot:
        await give(pilot, "a", "Recall is up.")
        assert "1 of 2 approvals" in notice(pilot)
        await press(pilot, "R")
        assert "1 of 2" in screen_text(pilot)
        assert "lin@example.com" in screen_text(pilot)
        await press(pilot, "ctrl+s")
        assert "gate is closed" in notice(pilot)
        assert repository.git("tag", "--list", "churn@v1.1.0") == ""

    async with opened_by(repository, lin, monkeypatch) as pilot:
        await give(pilot, "x", "The data is from the wrong month.")
        assert "✗ rejected" in screen_text(pilot)
        await press(pilot, "7")
        assert "wrong month" in screen_text(pilot)
        await give(pilot, "w", "I misread it.")
        assert "✗ rejected" not in screen_text(pilot)
        await give(pilot, "a", "Fine now.")
        assert "the gate is open" in notice(pilot)
        await press(pilot, "R")
        message = "\n".join(made.text for made in pilot.app.screen.query_one(TextView).lines)
        assert message.count("Reviewed-by: ") == 2
        assert message.index("Gate") < message.index("are signed") < message.index("The gate is open")
        await press(pilot, "ctrl+s")
        assert "Released churn@1.1.0: signed tag churn@v1.1.0" in notice(pilot)
        await press(pilot, "q")
        assert "Nothing waits for review." in screen_text(pilot) or "● released" in screen_text(pilot)

    signers = repository.path / "signers"
    signers.write_text(repository.git("show", "main:.reviewtui/allowed_signers") + "\n")
    command = ("git", "-c", f"gpg.ssh.allowedSignersFile={signers}", "tag", "-v", "churn@v1.1.0")
    verified = subprocess.run(command, cwd=repository.path, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stderr
    assert 'Good "git" signature for lin@example.com' in verified.stderr
    assert verified.stdout.count("Review-Record: sha256:") == 2
