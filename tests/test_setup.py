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
    assert "commit them to main to put them in force" in again.err
    assert "init --commit" in reviewtui(repository.path, "doctor", person=dana).out
    done = reviewtui(repository.path, "init", "--yes", "--commit", person=dana)
    assert done.status == 0 and "Committed." in done.err
    assert repository.git("status", "--porcelain") == ""
    settled = reviewtui(repository.path, "init", "--yes", "--commit", person=dana)
    assert "The settings are there already. reviewtui doctor says what else is missing." in settled.err


@pytest.mark.parametrize("words", [("--yes",), ("--yes", "--commit")])
def test_the_second_person_comes_before_the_settings_are_in_force(tmp_path: Path, words: tuple[str, ...]) -> None:
    """With one person in force, nobody is left who could approve the change that adds a second one."""
    repository = ModelRepository(tmp_path / "models")
    repository.commit_files({"params.yaml": "a: 1\n"})
    repository.git("reset", "--quiet", "--hard")
    said = reviewtui(repository.path, "init", *words, person=repository.person("dana")).err
    in_force = said.index("Then push the branch" if "--commit" in words else "Then commit them to main")
    assert said.index("Add a second person") < said.index("add a second person") < in_force


def test_where_a_clone_checked_out_no_branch_nothing_is_written_anew(tmp_path: Path) -> None:
    """`git init --bare` names a HEAD of its own, and whoever clones it is left without the branch that others use."""
    server, clone = tmp_path / "server.git", tmp_path / "clone"
    first = ModelRepository(tmp_path / "models")
    first.commit_files({"params.yaml": "a: 1\n"})
    first.git("init", "--quiet", "--bare", "--initial-branch=trunk", str(server))
    first.git("push", "--quiet", str(server), "main")
    first.git("clone", "--quiet", str(server), str(clone))
    lin = first.person("lin")
    refused = reviewtui(clone, "init", "--yes", person=lin)
    assert (refused.status, refused.err.count("git switch main")) == (2, 1)
    assert not (clone / ".reviewtui").exists()
    assert "git switch main\n" in reviewtui(clone, "doctor", person=lin).out
    first.git("-C", str(clone), "switch", "--quiet", "main")
    assert reviewtui(clone, "init", "--yes", person=lin).status == 0


def test_wrong_settings_are_said_with_their_place_once(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "models")
    repository.commit_files({"params.yaml": "a: 1\n", ".reviewtui/config.yaml": "models: {}\nnonsense: 1\n"})
    said = reviewtui(repository.path, "list").err
    assert said.count(".reviewtui/config.yaml") == 1
    assert "line 2" in said
