"""A verdict names the base that was on show, and says what the gate makes of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reviewtui.project import Project
from reviewtui.review import Verdict
from reviewtui.tui.sign_dialog import SignDialog
from reviewtui.tui.widgets.text_view import TextView
from tests.command import churn_repository
from tests.tui.driving import notice, opened, press, screen_text, until
from tests.tui.story import story


def shown_statement(pilot: object) -> str:
    return "\n".join(made.text for made in pilot.app.screen.query_one(TextView).lines)  # type: ignore[attr-defined]


async def test_the_statement_names_the_base_that_was_chosen_and_one_key_takes_the_gates() -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "2", "enter", "b", "slash", *"1.41.0", "enter")
        await until(pilot, lambda: "fraud-net@1.41.0  chosen by you" in screen_text(pilot))
        await press(pilot, "a")
        await until(pilot, lambda: "Exactly these" in screen_text(pilot))
        assert '"base": "fraud-net@1.41.0"' in shown_statement(pilot)
        assert "^g takes the gate's" in screen_text(pilot)
        await press(pilot, "ctrl+g")
        await until(pilot, lambda: "Exactly these" in screen_text(pilot) and '"base"' not in shown_statement(pilot))
        assert "gate's own base" in notice(pilot)
        await press(pilot, "ctrl+g")
        await until(pilot, lambda: "already" in notice(pilot))
        await press(pilot, "ctrl+s")
        await until(pilot, lambda: bool(project.recorded))
    assert [each.chosen_base for each in project.recorded] == [None]


async def test_what_is_signed_from_the_list_names_the_gates_base() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "a")
        assert isinstance(pilot.app.screen, SignDialog)
        assert "takes the gate's" not in screen_text(pilot)


def test_an_approval_against_another_base_is_foretold_not_to_count_and_does_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = churn_repository(tmp_path / "models")
    for name, value in repository.person("dana").environment.items():
        monkeypatch.setenv(name, value)
    project = Project.open(repository.path)
    version = project.find("churn@1.1.0")
    own = project.base_of(version).version
    assert own is not None
    earlier = project.find(f"churn@{repository.git('rev-parse', 'main')}")
    assert earlier.commit != own.commit
    prepared = project.prepare_review(version, Verdict.APPROVE, "", base=earlier)
    assert prepared.chosen_base == earlier
    assert json.loads(prepared.payload)["predicate"]["base"]["commit"] == earlier.commit
    assert prepared.warnings[0].startswith("base-changed: ")
    assert own.name in prepared.warnings[0]
    assert "will not count" in prepared.warnings[0]
    project.record_review(prepared)
    (entry,) = project.reviews(project.find("churn@1.1.0"))
    assert not entry.counted
    assert entry.reason.startswith("base-changed")

    same = project.prepare_review(project.find("churn@1.1.0"), Verdict.APPROVE, "", base=own)
    assert same.chosen_base is None
    assert not [each for each in same.warnings if each.startswith("base-changed")]
    rejection = project.prepare_review(project.find("churn@1.1.0"), Verdict.REJECT, "No.", base=earlier)
    assert not [each for each in rejection.warnings if each.startswith("base-changed")]
