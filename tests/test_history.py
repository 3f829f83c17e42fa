"""What happened: every record once, counted or not; releases, stages and the policy between them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from reviewtui.project import Project
from tests.command import POLICY, churn_repository, reviewtui
from tests.counting import git_processes
from tests.model_repository import ModelRepository, told_once
from tests.test_process_counts import Pair, pair  # noqa: F401 (a fixture)

AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")


@pytest.fixture
def told(tmp_path: Path) -> ModelRepository:
    """A rejection, its withdrawal, two approvals, a release; a stage; and a candidate of a model without a release."""
    return told_once("told in test_history", tmp_path / "models", telling)


def telling(path: Path) -> ModelRepository:
    story = churn_repository(path)
    for name, verdict in (
        ("lin", "reject"), ("lin", "withdraw"), ("dana", "approve"), ("lin", "approve"), ("risk", "comment"),
    ):  # fmt: skip
        answer = reviewtui(
            story.path, verdict, "churn@1.1.0", "-m", f"{verdict}, says {name}.", "--yes", person=story.person(name)
        )
        assert answer.status == 0, answer.err
    assert reviewtui(story.path, "release", "churn@1.1.0", "--yes", person=story.person("dana")).status == 0
    story.tag("churn#prod#1", "churn@v1.1.0^{commit}", message="To production.")
    story.commit_version("fraud", "0.1.0", params={"lr": 1}, metrics={"auc": 0.9})
    return story


def test_history_has_the_keys_of_the_contract_newest_first(told: ModelRepository) -> None:
    events = reviewtui(told.path, "history", "--json").json
    assert all({"at", "event", "name", "actor", "commit", "ref", "detail"} <= event.keys() for event in events)
    assert all(AT.match(event["at"]) for event in events)
    assert [event["at"] for event in events] == sorted((event["at"] for event in events), reverse=True)


def test_history_tells_versions_verdicts_releases_stages_and_the_policy(told: ModelRepository) -> None:
    events = reviewtui(told.path, "history", "--json").json
    kinds = [event["event"] for event in events]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "candidate": 1, "released": 1, "released-unreviewed": 1, "stage-assigned": 1, "policy": 1,
        "approve": 2, "reject": 1, "withdraw": 1, "comment": 1,
    }  # fmt: skip
    by_kind = {event["event"]: event for event in events}
    assert by_kind["reject"]["counted"] is False
    assert by_kind["reject"]["detail"] == "does not count: superseded; reject, says lin."
    assert by_kind["released"]["approved_by"] == ["dana@example.com", "lin@example.com"]
    assert by_kind["released"]["ref"] == "refs/tags/churn@v1.1.0"
    assert by_kind["stage-assigned"]["name"] == "churn@1.1.0"
    assert by_kind["stage-assigned"]["detail"] == "stage prod"
    assert by_kind["policy"]["actor"]


def test_history_of_one_model_holds_no_other(told: ModelRepository) -> None:
    events = reviewtui(told.path, "history", "fraud", "--json").json
    assert {event["name"] for event in events if event["event"] != "policy"} == {"fraud@0.1.0"}
    unknown = reviewtui(told.path, "history", "nothing")
    assert unknown.status != 0
    assert "churn" in unknown.err


def test_the_text_of_history_is_one_line_an_event(told: ModelRepository) -> None:
    lines = reviewtui(told.path, "history").out.splitlines()
    assert len(lines) == 1 + len(reviewtui(told.path, "history", "--json").json)
    assert lines[0].split() == ["WHEN", "(UTC)", "EVENT", "VERSION", "BY", "DETAIL"]


def test_a_record_is_told_once_also_where_no_ref_names_its_version_any_more(told: ModelRepository) -> None:
    before = told.git("rev-parse", "model/churn/v1.1.0")
    told.git("update-ref", "-d", "refs/heads/model/churn/v1.1.0")
    told.git("update-ref", "-d", "refs/tags/churn@v1.1.0")
    project = Project.open(told.path)
    records = project.trail()
    assert len(records) == 5
    assert {record.name for record in records} == {"churn@1.1.0"}
    assert all(record.version is not None and record.version.commit == before for record in records)
    assert [record.entry.counted for record in records].count(True) >= 2
    project.repository.close()


def test_a_line_that_is_no_record_is_told_as_unreadable_at_the_time_of_its_note(told: ModelRepository) -> None:
    commit = told.git("rev-parse", "model/churn/v1.1.0")
    told.git("notes", "--ref=refs/notes/reviewtui/reviews", "append", "-m", "no record at all", commit)
    events = reviewtui(told.path, "history", "--json").json
    (unreadable,) = [event for event in events if event["event"] == "unreadable"]
    assert unreadable["reason"].startswith("malformed")
    assert AT.match(unreadable["at"])
    assert unreadable["commit"] == commit


def test_a_record_of_a_commit_that_is_not_here_is_told_and_does_not_count(told: ModelRepository) -> None:
    note = told.git("notes", "--ref=refs/notes/reviewtui/reviews", "list").split()
    told.git("update-ref", "refs/notes/reviewtui/stray", "refs/notes/reviewtui/reviews")
    missing = "1" * 40
    tree = told.git("mktree", input=f"100644 blob {note[0]}\t{missing}\n".encode())
    commit = told.git("commit-tree", tree, "-p", "refs/notes/reviewtui/reviews", "-m", "stray")
    told.git("update-ref", "refs/notes/reviewtui/reviews", commit)
    project = Project.open(told.path)
    strays = [record for record in project.trail() if record.entry.commit == missing]
    assert len(strays) == 5
    assert not any(record.entry.counted for record in strays)
    assert all(record.is_bad for record in strays)
    project.repository.close()


def test_every_record_names_the_notes_commit_that_brought_it(told: ModelRepository) -> None:
    project = Project.open(told.path)
    notes = [record.note for record in project.trail()]
    assert None not in notes
    assert len(set(notes)) == 5
    project.repository.close()


def test_the_last_verdict_on_another_commit_is_found_by_person(told: ModelRepository) -> None:
    told.commit_version("churn", "1.2.0", params={"lr": 3}, metrics={"accuracy": 0.93})
    project = Project.open(told.path)
    later = project.find("churn@1.2.0")
    verdict = project.last_verdict(later, "lin@example.com")
    assert verdict is not None
    assert verdict.review.verdict == "approve"
    assert project.last_verdict(later, "risk@example.com") is None
    assert project.last_verdict(project.find("churn@1.1.0"), "lin@example.com") is None
    project.repository.close()


def test_an_approval_of_a_change_of_the_settings_is_told_with_its_fate(tmp_path: Path) -> None:
    policy = {**POLICY, "policy_changes": {"approvals": [{"count": 1, "roles": ["risk"]}]}}
    story = churn_repository(tmp_path / "models", policy=policy)
    grown = story.git("show", "main:.reviewtui/policy.yaml").replace("version: 1", "version: 2")
    story.commit_files({".reviewtui/policy.yaml": grown}, branch="new-policy")
    words = ("approve", ".reviewtui@new-policy", "-m", "ok", "--yes")
    assert reviewtui(story.path, *words, person=story.person("risk")).status == 0
    (approval,) = [each for each in reviewtui(story.path, "history", "--json").json if each["event"] == "approve"]
    assert (approval["actor"], approval["counted"]) == ("risk@example.com", True)
    assert approval["name"].startswith(".reviewtui@")


def test_history_in_a_repository_without_anything_is_empty(tmp_path: Path) -> None:
    empty = ModelRepository(tmp_path / "empty")
    assert reviewtui(empty.path, "history", "--json").json == []


def test_as_many_git_processes_for_a_long_history_as_for_a_short_one(pair: Pair, tmp_path: Path) -> None:  # noqa: F811
    few, answer = git_processes(pair.small.path, "history", "--json", trace=tmp_path / "trace")
    assert answer.status == 0, answer.err
    many, answer = git_processes(pair.large.path, "history", "--json", trace=tmp_path / "trace")
    assert answer.status == 0, answer.err
    assert few == many
    assert len(few) <= 14
