"""However many versions there are, and however many of them were reviewed, the same git processes are started."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from reviewtui.project import Project
from reviewtui.review import Verdict
from tests.command import POLICY
from tests.counting import git_processes
from tests.model_repository import ModelRepository, PersonWithKey, told_once

MOST = 14
"""The most git processes that a command may start, in a repository with settings, records and overrides."""

VERBS = ("list", "show", "diff", "gate", "reviews")


@dataclass(frozen=True, slots=True)
class Pair:
    """The same story, short and long."""

    small: ModelRepository
    large: ModelRepository


@contextmanager
def acting_as(person: PersonWithKey) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in person.environment.items():
            patch.setenv(name, value)
        yield


def story(path: Path, *, releases: int, candidates: int) -> ModelRepository:
    """Releases from before, then candidates: each is approved, every second is rejected and overridden, too."""
    repository = ModelRepository(path)
    dana, lin = repository.person("dana"), repository.person("lin")
    repository.many_tags(releases)
    config = {"repository": "git.example.com/ml/churn", "models": {"churn": {"path": "models/churn"}}}
    policy = {**POLICY, "overrides": {"roles": ["data-science"], "max_age": "24h"}}
    repository.settings(config=config, policy=policy)
    names = []
    for number in range(candidates):
        version = f"2.{number}.0"
        names.append(f"churn@{version}")
        repository.commit_version("churn", version, params={"lr": number}, metrics={"accuracy": 0.91})
    review(repository, dana, [(name, Verdict.APPROVE) for name in names])
    review(repository, lin, [(name, verdict) for name in names[::2] for verdict in (Verdict.REJECT, Verdict.OVERRIDE)])
    return repository


def review(repository: ModelRepository, person: PersonWithKey, verdicts: Sequence[tuple[str, Verdict]]) -> None:
    with acting_as(person):
        project = Project.open(repository.path)
        for name, verdict in verdicts:
            project.record_review(project.prepare_review(project.find(name), verdict, f"{verdict.value}!"))
        project.repository.close()


@pytest.fixture
def pair(tmp_path: Path) -> Pair:
    return Pair(
        small=told_once("ten", tmp_path / "small", lambda place: story(place, releases=8, candidates=2)),
        large=told_once("a thousand", tmp_path / "large", lambda place: story(place, releases=994, candidates=6)),
    )


def test_as_many_git_processes_for_a_thousand_versions_as_for_ten(pair: Pair, tmp_path: Path) -> None:
    for verb in VERBS:
        words = (verb,) if verb == "list" else (verb, "churn@2.0.0")
        few, answer = git_processes(pair.small.path, *words, "--json", trace=tmp_path / "trace")
        assert answer.status in (0, 1), answer.err
        many, answer = git_processes(pair.large.path, *words, "--json", trace=tmp_path / "trace")
        assert answer.status in (0, 1), answer.err
        assert few == many, words
        print(verb, len(few), *few)
        assert len(few) <= MOST


def test_a_release_with_records_among_many_costs_no_process_of_its_own(pair: Pair, tmp_path: Path) -> None:
    counts = []
    for repository, releases in ((pair.small, 2), (pair.large, 6)):
        for number in range(releases):
            repository.tag(f"churn@v2.{number}.0", f"model/churn/v2.{number}.0", message="Released by hand.")
        processes, answer = git_processes(repository.path, "list", "--json", trace=tmp_path / "trace")
        counts.append(processes)
        states = {row["name"]: row["state"] for row in answer.json}
        assert states["churn@2.1.0"] == "released-unreviewed"
    assert counts[0] == counts[1]
