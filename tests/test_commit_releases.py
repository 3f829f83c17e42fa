"""Releases of commits that nothing had named before: what they are compared with, and which of them can be released."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewtui.catalog import ModelVersion, VersionCatalog, VersionKind, choose_base, commit_versions, with_versions
from reviewtui.git.objects import CommitInfo, ObjectId, Person, RefName
from tests.command import Answer, reviewtui
from tests.model_repository import ModelRepository
from tests.served import NOTES, push

COMMITS = 12
POLICY = {
    "version": 1,
    "people": {f"{name}@example.com": {"roles": ["risk"]} for name in ("dana", "lin", "risk")},
    "releases": [{"models": ["*"], "approvals": [{"count": 2, "roles": ["risk"]}], "exclude": ["author"]}],
    "releasers": {"roles": ["risk"]},
}


@pytest.fixture
def unnamed(tmp_path: Path) -> ModelRepository:
    """A dozen commits of one model, no tag and no candidate, settings, and three reviewers; commits by Robin."""
    repository = ModelRepository(tmp_path / "models")
    for name in ("dana", "lin", "risk"):
        repository.person(name)
    for number in range(COMMITS):
        repository.commit_files({"models/churn/params.yaml": f"lr: {number}\n"})
    repository.settings(
        config={"repository": "git.example.com/ml/churn", "models": {"churn": {"path": "models/churn"}}}, policy=POLICY
    )
    return repository


def listed(repository: ModelRepository) -> list[dict[str, str]]:
    found: list[dict[str, str]] = reviewtui(repository.path, "list", "--json").json
    return found


def commit_named(repository: ModelRepository, *, digit: bool) -> tuple[str, str]:
    """The name of a commit whose hash begins with a digit, or with a letter; and the full id of the one before it."""
    rows = listed(repository)
    assert [row["kind"] for row in rows] == ["commit"] * COMMITS
    found = (at for at, row in enumerate(rows[:-1]) if row["version"][0].isdigit() is digit)
    at = next(found)
    return rows[at]["name"], rows[at + 1]["commit"]


def approve(repository: ModelRepository, name: str) -> Answer:
    for person in ("dana", "lin"):
        answer = reviewtui(repository.path, "approve", name, "-m", "ok", "--yes", person=repository.person(person))
        assert answer.status == 0, answer.err
    return answer


def test_a_released_commit_keeps_the_base_that_its_approvals_were_given_on(unnamed: ModelRepository) -> None:
    name, before = commit_named(unnamed, digit=True)
    assert "can be reviewed, but not released" not in approve(unnamed, name).err
    released = reviewtui(unnamed.path, "release", name, "--yes", person=unnamed.person("lin"))
    assert released.status == 0, released.err
    (row,) = listed(unnamed)
    assert (row["name"], row["state"], row["approvals"], row["required"]) == (name, "released", 2, 2)
    records = reviewtui(unnamed.path, "reviews", name, "--json").json["records"]
    assert [(each["counted"], each["reason"]) for each in records] == [(True, ""), (True, "")]
    assert reviewtui(unnamed.path, "diff", name, "--json").json["base"]["commit"] == before
    assert reviewtui(unnamed.path, "verify").status == 0


def test_a_server_takes_the_release_of_a_commit(unnamed: ModelRepository, tmp_path: Path) -> None:
    ModelRepository(tmp_path / "server.git", bare=True)
    server = tmp_path / "server.git"
    unnamed.git("push", "-q", str(server), "main")
    answer = reviewtui(unnamed.path, "hooks", "install", "--server", str(server))
    assert answer.status == 0, answer.err
    name, _ = commit_named(unnamed, digit=True)
    approve(unnamed, name)
    assert reviewtui(unnamed.path, "release", name, "--yes", person=unnamed.person("lin")).status == 0
    tag = unnamed.git("tag", "--list")
    pushed = push(unnamed.path, str(server), f"refs/tags/{tag}", NOTES)
    assert pushed.ok, pushed.text
    assert "the gate allows it" in pushed.text


def test_a_commit_whose_tag_would_name_no_version_is_not_released_and_it_is_said_before(
    unnamed: ModelRepository,
) -> None:
    name, _ = commit_named(unnamed, digit=False)
    model, _, version = name.partition("@")
    assert f"{name} can be reviewed, but not released: the tag {model}@v{version} would name no version." in approve(
        unnamed, name
    ).err.replace("\n", " ")
    refused = reviewtui(unnamed.path, "release", name, "--yes", person=unnamed.person("lin"))
    assert refused.status == 1
    assert "would name no version: a version begins with a digit." in refused.err
    assert f"git branch model/churn/v1.0.0 {version}" in refused.err
    assert unnamed.git("tag", "--list") == ""


def test_a_release_that_is_named_by_its_commit_has_no_place_among_versions() -> None:
    """Its base is the release behind it, whatever their names would say of their order."""

    def release(version: str, commit: str) -> ModelVersion:
        return ModelVersion(
            "churn", version, VersionKind.RELEASE, RefName(f"refs/tags/churn@v{version}"), ObjectId(commit)
        )

    older, newer = release("9" * 7, "9" * 40), release("1" * 7, "1" * 40)
    catalog = VersionCatalog((older, newer))
    assert choose_base(newer, catalog, frozenset({older.commit, newer.commit})).version == older
    alone = with_versions(VersionCatalog((newer,)), commit_versions("churn", [_commit("1" * 40), _commit("5" * 40)]))
    base = choose_base(newer, alone, frozenset({newer.commit})).version
    assert base is not None
    assert (base.kind, base.commit) == (VersionKind.COMMIT, "5" * 40)
    numbered = release("1.0.0", "2" * 40)
    assert not numbered.is_named_by_commit
    assert choose_base(numbered, VersionCatalog((numbered,)), frozenset()).version is None


def _commit(commit: str) -> CommitInfo:
    nobody = Person("", "")
    return CommitInfo(ObjectId(commit), ObjectId("0" * 40), (), nobody, 0, nobody, 0, "one")
