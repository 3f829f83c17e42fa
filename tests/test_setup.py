"""What `reviewtui init` writes is what the settings then read."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import reviewtui
from tests.model_repository import ModelRepository


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        ("git@git.example.com:ml/churn.git", "git.example.com/ml/churn"),
        ("../churn.git", "churn"),
        ("/srv/my models/größe.git", "srv/my-models/gr-e"),
        ("", "models"),
    ],
)
def test_the_settings_that_init_writes_can_be_read(tmp_path: Path, origin: str, name: str) -> None:
    repository = ModelRepository(tmp_path / "models")
    repository.commit_files({"params.yaml": "a: 1\n"})
    repository.git("reset", "--quiet", "--hard")
    if origin:
        repository.git("remote", "add", "origin", origin)
    dana = repository.person("dana")
    done = reviewtui(repository.path, "init", "--yes", "--commit", person=dana)
    assert done.status == 0, done.err
    assert f"repository: {name}\n" in (repository.path / ".reviewtui" / "config.yaml").read_text()
    gate = reviewtui(repository.path, "gate", "HEAD", "--json")
    assert [finding["rule"] for finding in gate.json["findings"]] == ["approvals: 1 of reviewer", "veto"]
    assert "settings" not in reviewtui(repository.path, "list").err


def test_init_asks_before_it_adds_to_the_config_of_git(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "models")
    repository.commit_files({"params.yaml": "a: 1\n"})
    repository.git("reset", "--quiet", "--hard")
    dana = repository.person("dana")
    assert reviewtui(repository.path, "init", "--yes", person=dana).status == 0
    repository.git("remote", "add", "origin", "../churn.git")
    asked = reviewtui(repository.path, "init", person=dana)
    assert asked.status == 2
    assert "no terminal to ask on" in asked.err
    assert "refs/notes" not in (repository.path / ".git" / "config").read_text()
    done = reviewtui(repository.path, "init", "--yes", person=dana)
    assert "Git's config was added to" in done.err
    assert "refs/notes" in (repository.path / ".git" / "config").read_text()


def test_files_that_init_wrote_earlier_and_nobody_committed_are_committed_when_asked(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "models")
    repository.commit_files({"params.yaml": "a: 1\n"})
    repository.git("reset", "--quiet", "--hard")
    dana = repository.person("dana")
    assert reviewtui(repository.path, "init", "--yes", person=dana).status == 0
    again = reviewtui(repository.path, "init", "--yes", person=dana)
    assert "Commit them to main to put them in force" in again.err
    assert "init --commit" in reviewtui(repository.path, "doctor", person=dana).out
    done = reviewtui(repository.path, "init", "--yes", "--commit", person=dana)
    assert done.status == 0 and "Committed." in done.err
    assert repository.git("status", "--porcelain") == ""
    settled = reviewtui(repository.path, "init", "--yes", "--commit", person=dana)
    assert "The settings are there already." in settled.err


def test_wrong_settings_are_said_with_their_place_once(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "models")
    repository.commit_files({"params.yaml": "a: 1\n", ".reviewtui/config.yaml": "models: {}\nnonsense: 1\n"})
    said = reviewtui(repository.path, "list").err
    assert said.count(".reviewtui/config.yaml") == 1
    assert "line 2" in said
