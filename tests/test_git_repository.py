"""Repository on real repositories."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewtui.errors import GitError, MalformedFileError, NotARepositoryError, UnknownRevisionError
from reviewtui.git.objects import ObjectId, Ref
from reviewtui.git.repository import Repository
from tests.model_repository import ModelRepository


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    return ModelRepository(tmp_path / "churn")


@pytest.fixture
def opened() -> Iterator[list[Repository]]:
    repositories: list[Repository] = []
    yield repositories
    for repository in repositories:
        repository.close()


def _named(repository: Repository) -> dict[str, Ref]:
    return {ref.name: ref for ref in repository.refs()}


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_refs_trees_and_commits_are_read(tmp_path: Path, object_format: str) -> None:
    story = ModelRepository(tmp_path / "r", bare=True, object_format=object_format)
    first = story.commit_files({"params.yaml": "lr: 0.1\n", "a/b/c.txt": "deep"}, message="First\n\nbody")
    story.tag("v1.0.0", message="Release one")
    story.tag("light")
    repository = Repository.open(story.path)
    refs = _named(repository)
    assert repository.object_format == object_format
    assert repository.is_bare
    assert refs["refs/tags/v1.0.0"].is_annotated
    assert refs["refs/tags/v1.0.0"].commit == first == refs["refs/tags/light"].commit
    assert refs["refs/tags/v1.0.0"].subject == "Release one"
    assert not refs["refs/tags/v1.0.0"].signed
    tree = repository.tree(ObjectId(first))
    assert [entry.path for entry in tree.files()] == ["a/b/c.txt", "params.yaml"]
    entry = tree.entry("a/b/c.txt")
    assert entry is not None
    assert tree.read(entry, limit=10) == b"deep"
    with pytest.raises(MalformedFileError, match="has 4 bytes; at most 3"):
        tree.read(entry, limit=3)
    info = repository.commits([ObjectId(first)])[ObjectId(first)]
    assert info.subject == "First"
    assert info.tree == tree.root
    assert repository.resolve("v1.0.0") == first == repository.resolve(first[:8]) == repository.resolve("main")
    repository.close()
