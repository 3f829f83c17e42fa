"""What a version descends from, asked for one version: the same as for all at once, without reading all history."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewtui.git.repository import Repository
from reviewtui.project import Project
from tests.model_repository import ModelRepository


@pytest.fixture
def branched(tmp_path: Path) -> ModelRepository:
    """Releases in a row, candidates from the last and from an early one, and one that shares no history."""
    repository = ModelRepository(tmp_path / "models")
    repository.many_tags(6)
    repository.commit_version("churn", "1.9.0", params={"lr": 1})
    repository.commit_version("churn", "1.9.1", params={"lr": 2}, start="refs/tags/churn@v1.2.0")
    repository.commit_version("churn", "1.4.5", params={"lr": 3}, start="refs/tags/churn@v1.2.0")
    return repository


def test_the_base_of_one_version_is_the_one_that_all_together_give(branched: ModelRepository) -> None:
    alone, together = Project.open(branched.path), Project.open(branched.path)
    together.library.load_for_judging(together.catalog.versions)
    for version in together.catalog.versions:
        assert alone.base_of(version) == together.base_of(version), version.name
        base = alone.base_of(version).version
        assert alone.library.contributions(version, base) == together.library.contributions(version, base)


def test_a_version_that_descends_from_no_near_release_gets_the_highest_it_descends_from(
    branched: ModelRepository,
) -> None:
    project = Project.open(branched.path)
    base = project.base_of(project.find("churn@1.9.1")).version
    assert base is not None
    assert base.version == "1.2.0"


def test_the_near_release_is_found_without_a_list_of_all_ancestors(
    branched: ModelRepository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Repository, "ancestors", None)
    project = Project.open(branched.path)
    base = project.base_of(project.find("churn@1.9.0")).version
    assert base is not None
    assert base.version == "1.6.0"


def test_a_commit_descends_from_itself_and_from_nothing_unknown(branched: ModelRepository) -> None:
    repository = Repository.open(branched.path)
    head = repository.resolve("refs/tags/churn@v1.6.0")
    early = repository.resolve("refs/tags/churn@v1.1.0")
    assert repository.descends(head, head)
    assert repository.descends(head, early)
    assert not repository.descends(early, head)
    assert not repository.descends(head, type(head)("1" * 40))
    assert early in repository.ancestors(head)


@pytest.mark.parametrize(("head", "base"), [("1.9.1", "1.9.0"), ("1.9.0", "1.9.1")])
def test_what_lies_between_two_branches_is_the_same_however_history_was_read(
    branched: ModelRepository, head: str, base: str
) -> None:
    repository = Repository.open(branched.path)
    one, other = (repository.resolve(f"refs/heads/model/churn/v{version}") for version in (head, base))
    wanted = repository.git.run("rev-list", "--topo-order", f"{other}..{one}").decode().split()
    assert list(repository.graph([one], beyond=other).between(other, one)) == wanted
    assert list(repository.graph([one, other]).between(other, one)) == wanted
    assert list(repository.lineage([one, other], among=[other])[0].between(other, one)) == wanted
