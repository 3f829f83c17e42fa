"""The metrics of many versions in one go: the same as one by one, and as many processes for fifty as for five."""

from __future__ import annotations

from pathlib import Path

from reviewtui.project import Project
from tests.model_repository import ModelRepository


def history(directory: Path, count: int) -> Project:
    repository = ModelRepository(directory)
    for number in range(count):
        metrics = f'{{"auc": {0.5 + number / 100}, "name": "x"}}'
        repository.commit_files({"metrics.json": metrics, "params.yaml": "a: 1\n"})
        repository.tag(f"v1.{number}.0", message="one")
    return Project.open(repository.path)


def test_the_metrics_in_one_go_are_those_of_the_facts(tmp_path: Path) -> None:
    project = history(tmp_path / "few", 4)
    versions = project.catalog.versions
    assert project.metric_history(versions) == tuple(project.facts(each).metrics for each in versions)


def test_as_many_processes_for_fifty_versions_as_for_five(tmp_path: Path) -> None:
    counts = []
    for number in (5, 50):
        project = history(tmp_path / str(number), number)
        found = project.metric_history(project.catalog.versions)
        assert len({metrics[0].value for metrics in found}) == number
        counts.append(project.repository.git.processes_started)
    assert counts[0] == counts[1]
