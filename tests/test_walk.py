"""The whole walk through the command line alone: two reviewers, a refusal, a veto, its withdrawal, the release."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from tests.command import churn_repository, reviewtui
from tests.model_repository import ModelRepository


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    return churn_repository(tmp_path / "models")


def test_from_a_candidate_to_a_signed_release(story: ModelRepository) -> None:
    dana, lin = story.person("dana"), story.person("lin")
    name = "churn@1.1.0"

    listed = {row["name"]: row for row in reviewtui(story.path, "list", "--json").json}
    assert listed[name]["state"] == "unreviewed"
    assert (listed[name]["approvals"], listed[name]["required"]) == (0, 2)
    assert listed["churn@1.0.0"]["state"] == "released-unreviewed"

    approved = reviewtui(story.path, "approve", name, "-m", "Recall is up.", "--yes", person=dana)
    assert approved.status == 0, approved.err
    assert json.loads(approved.out)["predicate"]["comment"] == "Recall is up."

    refused = reviewtui(story.path, "release", name, "--yes", person=dana)
    assert refused.status == 1
    assert "1 of 2" in refused.out
    assert "lin@example.com" in refused.out
    assert story.git("tag", "--list", "churn@v1.1.0") == ""

    rejected = reviewtui(story.path, "reject", name, "-m", "The data is from the wrong month.", "--yes", person=lin)
    assert rejected.status == 0, rejected.err
    gate = reviewtui(story.path, "gate", name, "--json")
    assert gate.status == 1
    veto = next(finding for finding in gate.json["findings"] if finding["rule"] == "veto")
    assert veto["state"] == "unmet"
    assert "wrong month" in veto["reason"]
    assert reviewtui(story.path, "list", "--json").json[0]["state"] == "rejected"

    withdrawn = reviewtui(story.path, "withdraw", name, "-m", "I misread it.", "--yes", person=lin)
    assert withdrawn.status == 0
    assert "no verdict" not in withdrawn.err
    assert "lin@example.com has no verdict" in reviewtui(story.path, "withdraw", name, "--yes", person=lin).err
    assert reviewtui(story.path, "approve", name, "-m", "Fine now.", "--yes", person=lin).status == 0
    gate = reviewtui(story.path, "gate", name, "--json")
    assert gate.status == 0, gate.out
    assert gate.json["allowed"] is True

    released = reviewtui(story.path, "release", name, "--yes", person=lin)
    assert released.status == 0, released.err
    _assert_tag_verifies(story)
    row = next(row for row in reviewtui(story.path, "list", "--json").json if row["name"] == name)
    assert (row["kind"], row["state"], row["ref"]) == ("release", "released", "refs/tags/churn@v1.1.0")

    again = reviewtui(story.path, "release", name, "--yes", person=lin)
    assert again.status == 1
    assert "released already" in again.err


def _assert_tag_verifies(story: ModelRepository) -> None:
    signers = story.path / "signers"
    signers.write_text(story.git("show", "main:.reviewtui/allowed_signers") + "\n")
    command = ("git", "-c", f"gpg.ssh.allowedSignersFile={signers}", "tag", "-v", "churn@v1.1.0")
    verified = subprocess.run(command, cwd=story.path, capture_output=True, text=True, check=False)
    assert verified.returncode == 0, verified.stderr
    assert 'Good "git" signature for lin@example.com' in verified.stderr
    assert verified.stdout.count("Review-Record: sha256:") == 2
    assert "Reviewed-by: " in verified.stdout


def test_reviews_lists_every_record_with_its_reason(story: ModelRepository) -> None:
    dana, lin = story.person("dana"), story.person("lin")
    stranger = ModelRepository(story.path.parent / "elsewhere").person("mallory")
    for person, verdict in ((dana, "reject"), (dana, "approve"), (stranger, "approve"), (lin, "comment")):
        answer = reviewtui(story.path, verdict, "churn@1.1.0", "-m", f"{verdict}!", "--yes", person=person)
        assert answer.status == 0, answer.err
    records = reviewtui(story.path, "reviews", "churn@1.1.0", "--json").json["records"]
    fates = {(r["reviewer"], r["verdict"]): (r["counted"], r["reason"].partition(":")[0]) for r in records}
    assert fates == {
        ("dana@example.com", "reject"): (False, "superseded"),
        ("dana@example.com", "approve"): (True, ""),
        ("mallory@example.com", "approve"): (False, "unknown-key"),
        ("lin@example.com", "comment"): (True, ""),
    }


def test_a_new_commit_makes_the_approvals_stale(story: ModelRepository) -> None:
    dana = story.person("dana")
    assert reviewtui(story.path, "approve", "churn@1.1.0", "-m", "ok", "--yes", person=dana).status == 0
    story.commit_version("churn", "1.1.0", params={"train": {"lr": 0.5, "depth": 6}})
    rows = {row["name"]: row for row in reviewtui(story.path, "list", "--json").json}
    assert rows["churn@1.1.0"]["state"] == "stale"
    assert rows["churn@1.1.0"]["approvals"] == 0


def test_the_author_cannot_approve(story: ModelRepository) -> None:
    robin = story.person("robin")
    people = {"robin@example.com": {"roles": ["data-science"]}}
    policy = json.loads(json.dumps(churn_policy_with(people)))
    story.settings(policy=policy)
    assert reviewtui(story.path, "approve", "churn@1.1.0", "-m", "mine", "--yes", person=robin).status == 0
    records = reviewtui(story.path, "reviews", "churn@1.1.0", "--json").json["records"]
    assert records[0]["reason"].startswith("author")


def churn_policy_with(people: dict[str, object]) -> dict[str, object]:
    from tests.command import POLICY

    return {**POLICY, "version": 2, "people": {**POLICY["people"], **people}}


def test_without_a_terminal_nothing_is_signed_unless_told_so(story: ModelRepository) -> None:
    answer = reviewtui(story.path, "approve", "churn@1.1.0", "-m", "ok", person=story.person("dana"))
    assert answer.status == 2
    assert "--yes" in answer.err
    assert reviewtui(story.path, "reviews", "churn@1.1.0", "--json").json["records"] == []


def test_a_rejection_needs_a_comment(story: ModelRepository) -> None:
    answer = reviewtui(story.path, "reject", "churn@1.1.0", "--yes", person=story.person("dana"))
    assert answer.status == 2
    assert "comment" in answer.err


def test_an_unknown_version_is_answered_with_the_nearest_names(story: ModelRepository) -> None:
    answer = reviewtui(story.path, "show", "churn@1.1.9")
    assert answer.status == 2
    assert "churn@1.1.0" in answer.err


def test_somebody_without_a_key_is_told_what_to_type(story: ModelRepository) -> None:
    answer = reviewtui(story.path, "approve", "churn@1.1.0", "-m", "ok", "--yes")
    assert answer.status == 4
    assert "git config" in answer.err


def test_a_directory_that_is_no_repository_is_one_sentence(tmp_path: Path) -> None:
    answer = reviewtui(tmp_path, "list")
    assert answer.status == 3
    assert answer.err.count("\n") <= 2
    assert "Traceback" not in answer.err


def test_without_settings_a_repository_can_be_browsed_and_nothing_released(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "plain")
    dana = repository.person("dana")
    repository.commit_version("churn", "1.0.0", params={"lr": 0.1}, metrics={"accuracy": 0.9})
    assert [row["name"] for row in reviewtui(repository.path, "list", "--json").json] == ["churn@1.0.0"]
    assert reviewtui(repository.path, "approve", "churn@1.0.0", "-m", "ok", "--yes", person=dana).status == 0
    refused = reviewtui(repository.path, "release", "churn@1.0.0", "--yes", person=dana)
    assert refused.status == 1
    assert "reviewtui init" in refused.out + refused.err


@pytest.mark.parametrize("key", ["pipeline", "data", "feedback"])
def test_a_rule_that_is_not_evaluated_yet_closes_the_gate(tmp_path: Path, key: str) -> None:
    from tests.command import POLICY

    rule = {"pipeline": {"require": ["test"]}, "data": {"require": "recorded"}, "feedback": {"block_on": ["high"]}}
    entry = {**POLICY["releases"][0], key: rule[key]}
    story = churn_repository(tmp_path / "models", policy={**POLICY, "releases": [entry]})
    for name in ("dana", "lin"):
        assert (
            reviewtui(story.path, "approve", "churn@1.1.0", "-m", "ok", "--yes", person=story.person(name)).status == 0
        )
    gate = reviewtui(story.path, "gate", "churn@1.1.0", "--json")
    assert gate.status == 1
    assert [f["state"] for f in gate.json["findings"] if f["rule"] == key] == ["error"]


def test_a_metrics_file_that_cannot_be_read_is_not_said_to_be_removed(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "broken")
    repository.commit_files({"params.yaml": "lr: 0.1\n", "metrics.json": '{"accuracy": 0.9, "loss": 0.3}\n'})
    repository.tag("v1.0.0", message="one")
    conflict = '<<<<<<< HEAD\n{"accuracy": 0.9}\n=======\n{"accuracy": 0.8}\n>>>>>>> b\n'
    repository.commit_files({"metrics.json": conflict})
    repository.tag("v1.1.0", message="two")
    changes = reviewtui(repository.path, "diff", "1.1.0", "--json").json
    assert changes["metrics"] == []
    said = [problem["problem"] for problem in changes["problems"] if problem["path"] == "metrics.json"]
    assert any("conflict" in text for text in said)
    assert any("2 values of the base cannot be compared" in text for text in said)


def test_where_no_branch_is_trusted_the_gate_says_so_and_what_to_type(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "nobody")
    repository.commit_version("churn", "1.0.0", metrics={"accuracy": 0.9})
    gate = reviewtui(repository.path, "gate", "churn@1.0.0")
    assert gate.status == 1
    assert "git config reviewtui.trustedBranch BRANCH" in gate.out
