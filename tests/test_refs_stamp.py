"""The stamp of the refs: it changes with any of them, and not because somebody looked."""

from __future__ import annotations

from pathlib import Path

from reviewtui.git.repository import Repository
from reviewtui.project import Project
from tests.command import churn_repository, reviewtui
from tests.model_repository import ModelRepository


def test_the_stamp_changes_with_every_kind_of_ref_and_with_the_configuration(tmp_path: Path) -> None:
    story = ModelRepository(tmp_path / "models")
    story.commit_files({"params.yaml": "lr: 1\n"})
    repository = Repository.open(story.path)
    seen = [repository.stamp()]
    for change in (
        ("branch", "model/a/v1"), ("tag", "v1"),
        ("notes", "--ref=refs/notes/reviewtui/reviews", "add", "-m", "x", "main"),
        ("config", "user.signingkey", "none"), ("pack-refs", "--all"), ("branch", "-D", "model/a/v1"),
        ("update-ref", "refs/remotes/origin/model/a/v2", "main"), ("symbolic-ref", "HEAD", "refs/heads/other"),
    ):  # fmt: skip
        story.git(*change)
        seen.append(repository.stamp())
        assert seen[-1] == repository.stamp()
    assert len(set(seen)) == len(seen)
    repository.close()


def test_looking_changes_no_stamp_and_starts_no_process(tmp_path: Path) -> None:
    story = churn_repository(tmp_path / "models")
    assert reviewtui(story.path, "approve", "churn@1.1.0", "-m", "ok", "--yes", person=story.person("lin")).status == 0
    project = Project.open(story.path)
    before, started = project.repository.stamp(), project.repository.git.processes_started
    assert project.repository.git.processes_started == started
    project.overview()
    project.history()
    project.reload()
    project.overview()
    assert project.repository.stamp() == before
    project.repository.close()


def test_a_reftable_repository_and_one_whose_refs_are_gone_have_a_stamp(tmp_path: Path) -> None:
    from reviewtui.git.stamp import refs_stamp

    (tmp_path / "reftable").mkdir()
    (tmp_path / "reftable" / "tables.list").write_text("one\n")
    first = refs_stamp(tmp_path, tmp_path)
    (tmp_path / "reftable" / "tables.list").write_text("one\ntwo\n")
    assert refs_stamp(tmp_path, tmp_path) != first
    assert refs_stamp(tmp_path / "nowhere", tmp_path / "nowhere")
