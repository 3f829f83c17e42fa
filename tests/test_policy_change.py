"""A change of the settings is reviewed like a version, by the settings before it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.command import POLICY, churn_repository, reviewtui
from tests.model_repository import ModelRepository, told_once

STRICT = {**POLICY, "policy_changes": {"approvals": [{"count": 1, "roles": ["risk"]}]}}


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    return told_once("new rules", tmp_path / "models", with_new_rules)


def with_new_rules(path: Path) -> ModelRepository:
    story = churn_repository(path, policy=STRICT)
    new = {**STRICT, "version": 2, "releasers": {"roles": ["risk"]}}
    story.commit_files({".reviewtui/policy.yaml": yaml.safe_dump(new)}, message="Risk releases", branch="new-rules")
    return story


def test_a_change_is_approved_by_whom_the_policy_before_it_asks(story: ModelRepository) -> None:
    gate = reviewtui(story.path, "gate", ".reviewtui@new-rules", "--json")
    assert (gate.status, gate.json["name"]) == (1, ".reviewtui@2")
    wrong = reviewtui(story.path, "approve", ".reviewtui@2", "-m", "fine", "--yes", person=story.person("dana"))
    assert wrong.status == 0, wrong.err
    assert reviewtui(story.path, "gate", ".reviewtui@2").status == 1
    right = reviewtui(story.path, "approve", ".reviewtui@new-rules", "-m", "fine", "--yes", person=story.person("risk"))
    assert right.status == 0, right.err
    gate = reviewtui(story.path, "gate", ".reviewtui@2", "--json")
    assert gate.status == 0, gate.out
    released = reviewtui(story.path, "release", ".reviewtui@2", "--yes", person=story.person("risk"))
    assert (released.status, released.out) == (2, ""), "no tag is shown that could never be made"
    assert "pushed to the trusted branch" in released.err
    records = reviewtui(story.path, "reviews", ".reviewtui@2", "--json").json["records"]
    fates = {record["reviewer"]: record["reason"] for record in records}
    assert fates == {"dana@example.com": "no-role", "risk@example.com": ""}


def test_what_a_change_changes_is_shown_against_the_settings_in_force(story: ModelRepository) -> None:
    shown = reviewtui(story.path, "diff", ".reviewtui@new-rules")
    assert shown.status == 0, shown.err
    assert "the settings in force, of refs/heads/main" in shown.out
    marked = [line for line in shown.out.splitlines() if line.startswith(("+", "-"))]
    assert "-version: 1" in marked and "+version: 2" in marked and "+++ .reviewtui/policy.yaml" in marked
    assert not [line for line in marked if "config.yaml" in line], "it is the same on both sides"
    told = reviewtui(story.path, "diff", ".reviewtui@new-rules", "--json").json
    assert [each["path"] for each in told["settings"]] == [".reviewtui/policy.yaml"]
    assert reviewtui(story.path, "diff", ".reviewtui@main").out.endswith("  nothing differs\n")
    assert "CONFIG (none)" in reviewtui(story.path, "show", ".reviewtui@new-rules").out, "a record binds no facts"


def test_a_change_without_a_higher_version_is_refused(story: ModelRepository) -> None:
    policy = yaml.safe_dump({**STRICT, "releasers": {"roles": ["risk"]}})
    story.commit_files({".reviewtui/policy.yaml": policy}, message="The same number", branch="same-number")
    answer = reviewtui(story.path, "gate", ".reviewtui@same-number", "--json")
    assert answer.status == 1
    assert "policy-version" in answer.out


def test_what_is_no_change_of_the_settings_is_answered_with_those_there_are(story: ModelRepository) -> None:
    answer = reviewtui(story.path, "gate", ".reviewtui@7")
    assert answer.status == 2
    assert ".reviewtui@" in answer.err
