"""Odd refs and odd repositories: shown or explained, never fatal."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.counting import git_processes
from tests.model_repository import ModelRepository
from tests.real.asking import ask


def told(path: Path, number: int = 1) -> ModelRepository:
    repository = ModelRepository(path)
    for each in range(1, number + 1):
        repository.commit_files({"params.yaml": f"lr: 0.{each}\n", "metrics.json": f'{{"accuracy": 0.{each}}}\n'})
    return repository


def listed(path: Path) -> dict[str, dict[str, Any]]:
    return {row["name"]: row for row in ask(path, "list", "--json").json}


def test_a_branch_and_a_tag_of_one_name_are_told_apart_by_their_full_names(tmp_path: Path) -> None:
    repository = told(tmp_path / "toy")
    repository.tag("v1.0.0")
    released = repository.git("rev-parse", "main")
    repository.commit_files({"params.yaml": "lr: 0.9\n"}, branch="v1.0.0")
    assert listed(repository.path)["toy@1.0.0"]["commit"] == released
    shown = ask(repository.path, "show", "refs/tags/v1.0.0", "--json").json
    assert shown["facts"]["config"] == {"lr": 0.1}
    assert ask(repository.path, "show", "1.0.0", "--json").json["commit"] == released


def test_one_commit_may_be_many_versions(tmp_path: Path) -> None:
    repository = told(tmp_path / "toy")
    for name in ("churn@v1.0.0", "churn@v1.1.0", "fraud@v3.0.0"):
        repository.tag(name, message=name)
    rows = listed(repository.path)
    assert set(rows) == {"churn@1.0.0", "churn@1.1.0", "fraud@3.0.0"}
    assert len({row["commit"] for row in rows.values()}) == 1
    changes = ask(repository.path, "diff", "churn@1.1.0", "--json").json
    assert (changes["base"]["name"], changes["config"], changes["metrics"]) == ("churn@1.0.0", [], [])


def test_nested_tags_are_followed_and_tags_of_files_are_explained(tmp_path: Path) -> None:
    repository = told(tmp_path / "toy")
    repository.tag("inner", message="inner")
    repository.tag("v1.0.0", "inner", message="outer")
    repository.tag("v2.0.0", "main:params.yaml", message="a file")
    repository.tag("v3.0.0", "main^{tree}")
    answer = ask(repository.path, "list", "--json")
    assert [row["name"] for row in answer.json] == ["toy@1.0.0"]
    assert ask(repository.path, "show", "v1.0.0", "--json").json["commit"] == repository.git("rev-parse", "main")
    said = ask(repository.path, "list").err
    assert "refs/tags/v2.0.0: It leads to a blob" in said
    assert "refs/tags/v3.0.0: It leads to a tree" in said


def test_a_repository_of_sha256_is_read_like_any_other(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "toy", object_format="sha256")
    repository.commit_files({"params.yaml": "lr: 0.1\n"})
    repository.tag("v1.0.0", message="first")
    repository.commit_files({"params.yaml": "lr: 0.2\n"})
    repository.tag("v1.1.0", message="second")
    changes = ask(repository.path, "diff", "v1.1.0", "--json").json
    assert [(c["key"], c["before"], c["after"]) for c in changes["config"]] == [("lr", 0.1, 0.2)]
    assert len(changes["head"]["commit"]) == 64
    assert ask(repository.path, "gate", "v1.1.0", "--json").status == 1


@pytest.mark.parametrize("bare", [False, True])
def test_an_empty_repository_has_no_versions(tmp_path: Path, bare: bool) -> None:
    repository = ModelRepository(tmp_path / "empty", bare=bare)
    assert ask(repository.path, "list", "--json").json == []
    assert ask(repository.path, "list").status == 0
    assert ask(repository.path, "show", "v1.0.0").status == 2


@pytest.mark.parametrize("depth", [1, 2])
@pytest.mark.parametrize("tagged", [False, True])
def test_a_shallow_clone_is_shown_as_far_as_it_reaches(tmp_path: Path, depth: int, tagged: bool) -> None:
    repository = told(tmp_path / "toy", 4)
    if tagged:
        repository.tag("v1.3.0", "main~1", message="third")
        repository.tag("v1.4.0", message="fourth")
    clone = tmp_path / "clone"
    repository.git("clone", "--quiet", "--bare", "--depth", str(depth), f"file://{repository.path}", str(clone))
    rows = ask(clone, "list", "--json").json
    assert rows
    for row in rows:
        shown = ask(clone, "show", row["ref"] or row["commit"], "--json").json
        assert shown["facts"]["metrics"]
        difference = ask(clone, "diff", row["ref"] or row["commit"], "--json").json
        assert difference["base"]["name"] or "this clone is shallow" in difference["base_reason"]
        assert ask(clone, "gate", row["ref"] or row["commit"], "--json").status == 1


def test_refs_without_objects_do_not_hide_the_others(tmp_path: Path) -> None:
    repository = told(tmp_path / "toy")
    repository.tag("v1.0.0", message="whole")
    (repository.path / ".git/refs/tags/v2.0.0").write_text("1" * 40 + "\n")
    assert list(listed(repository.path)) == ["toy@1.0.0"]
    assert "refs/tags/v2.0.0" in ask(repository.path, "list").err


def test_names_that_look_like_versions_and_are_none_are_explained(tmp_path: Path) -> None:
    repository = told(tmp_path / "toy")
    for name in ("churn@v1.0.0", "churn@vlatest", "stable", "10-bigrams-experiment", "2026-assessment-year"):
        repository.tag(name)
    names = set(listed(repository.path))
    assert "churn@1.0.0" in names
    assert not any("stable" in name or "bigrams" in name for name in names)
    assert "refs/tags/churn@vlatest" in ask(repository.path, "list").err


def test_a_thousand_commits_without_a_tag_are_listed_by_as_many_processes_as_ten(tmp_path: Path) -> None:
    counts = []
    for number in (10, 1000):
        repository = ModelRepository(tmp_path / f"seq-{number}")
        repository.many_tags(number, model="seq")
        repository.git("config", "reviewtui.unrelated", "1")
        tags = repository.git("for-each-ref", "--format=delete %(refname)", "refs/tags")
        repository.git("update-ref", "--stdin", input=tags.encode() + b"\n")
        processes, answer = git_processes(repository.path, "list", "--json", trace=tmp_path / "trace")
        assert len(answer.json) == number
        counts.append(processes)
    assert counts[0] == counts[1]


def test_commits_of_a_model_at_the_root_are_read_in_bulk(tmp_path: Path) -> None:
    few, many = told(tmp_path / "few", 3), told(tmp_path / "many", 12)
    counts = [git_processes(each.path, "list", "--json", trace=tmp_path / "trace")[0] for each in (few, many)]
    assert counts[0] == counts[1]
    assert len(ask(many.path, "list", "--json").json) == 12
