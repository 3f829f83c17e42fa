"""What a reviewer is told before signing that a verdict will come to: it is what the gate says once it is recorded."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewtui.authoring import effect_of
from reviewtui.project import Project
from reviewtui.review import Verdict
from tests.command import POLICY, churn_repository
from tests.model_repository import ModelRepository
from tests.test_process_counts import acting_as

NAME = "churn@1.1.0"
STORY = (
    ("dana", "approve"), ("dana", "comment"), ("lin", "reject"), ("risk", "override"), ("lin", "withdraw"),
    ("lin", "approve"), ("robin", "approve"), ("dana", "withdraw"), ("dana", "reject"),
)  # fmt: skip


def told_and_came(repository: ModelRepository, name: str, verdict: str) -> tuple[str, str]:
    """What was told before, and what the gate then said."""
    with acting_as(repository.person(name)), pytest.MonkeyPatch.context() as patch:
        # An override holds for a day from the commit of the notes that brings it.
        patch.setenv("GIT_COMMITTER_DATE", datetime.now(UTC).isoformat())
        project = Project.open(repository.path)
        prepared = project.prepare_review(project.find(NAME), Verdict(verdict), f"{verdict} it")
        project.record_review(prepared)
        after = effect_of(project.gate(project.find(NAME)))
        project.repository.close()
    return prepared.effect, after


@pytest.fixture
def repository(tmp_path: Path) -> ModelRepository:
    policy = {**POLICY, "overrides": {"roles": ["risk"], "max_age": "24h"}}
    return churn_repository(tmp_path / "models", policy=policy)


def test_what_is_told_before_is_what_the_gate_says_after_each_verdict_of_a_story(repository: ModelRepository) -> None:
    effects = {}
    for number, (name, verdict) in enumerate(STORY):
        told, came = told_and_came(repository, name, verdict)
        if verdict == "comment" or name == "robin":
            assert told == "", "a comment changes nothing, and whose key nobody trusts counts for nothing"
            continue
        assert told == came, (number, name, verdict)
        effects[number] = told
    assert effects[0] == "1 of 2 approvals; the gate is closed by approvals"
    assert effects[2] == "1 of 2 approvals; the gate is closed by approvals, veto"
    assert effects[5] == "2 of 2 approvals; the gate is open"
    assert len(set(effects.values())) > 3


def test_without_a_policy_it_says_what_is_missing(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "models")
    repository.person("dana")
    repository.commit_files({"models/churn/params.yaml": "lr: 0.1\n"})
    repository.tag("churn@v1.1.0", message="churn 1.1.0")
    told, _ = told_and_came(repository, "dana", "approve")
    assert told == "", "nobody's key is trusted here"
