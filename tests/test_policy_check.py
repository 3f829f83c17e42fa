"""reviewtui policy check: what is wrong with a policy, at which line, and what it would change."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from reviewtui.policy.lint import PolicyRemark, lint_policy
from reviewtui.policy.model import parse_policy
from tests.command import POLICY, churn_repository, reviewtui
from tests.model_repository import ModelRepository

KEYS = {"k1": ("dana@example.com",), "k2": ("lin@example.com",), "k3": ("risk@example.com",)}
HEAD = """\
version: 1
people:
  dana@example.com: {roles: [science]}
  lin@example.com: {roles: [science]}
  risk@example.com: {roles: [risk]}
"""
SOUND = (
    HEAD
    + """\
releases:
- models: ["*"]
  approvals:
  - {count: 1, roles: [science]}
releasers: {roles: [risk]}
policy_changes: {approvals: [{count: 1, roles: [risk]}]}
"""
)


def lint(text: str, keys: dict[str, tuple[str, ...]] = KEYS) -> list[PolicyRemark]:
    data = text.encode()
    return lint_policy(parse_policy(data), data, name="policy.yaml", keys=keys)


def problems(text: str, keys: dict[str, tuple[str, ...]] = KEYS, *, errors: bool = True) -> list[tuple[int, str]]:
    return [(each.line, each.problem) for each in lint(text, keys) if each.is_error is errors]


def test_a_sound_policy_has_no_errors() -> None:
    assert problems(SOUND) == []


def test_where_an_authority_is_trusted_nobody_is_without_a_key() -> None:
    data = SOUND.encode()
    assert "Impossible" in problems(SOUND, {})[0][1]
    assert not [
        each for each in lint_policy(parse_policy(data), data, name="x", keys={}, certified=True) if each.is_error
    ]


@pytest.mark.parametrize(
    ("before", "after", "line", "words"),
    [
        ("{count: 1, roles: [science]}", "{count: 3, roles: [science]}", 9, "Impossible: 3 asked for, and 2 persons"),
        ("{count: 1, roles: [science]}", "{count: 1, roles: [boss]}", 9, "nobody can approve"),
        ("releasers: {roles: [risk]}", "releasers: {roles: [boss]}", 10, "nobody can make a release tag"),
        ("[{count: 1, roles: [risk]}]", "[{count: 2, roles: [risk]}]", 11, "Impossible"),
        (
            "  - {count: 1, roles: [science]}\n",
            "  - {count: 2, roles: [science]}\n  - {count: 2, roles: [science, risk]}\n",
            8,
            "Impossible together",
        ),
    ],
)
def test_a_rule_that_nobody_can_meet_is_an_error_with_its_line(before: str, after: str, line: int, words: str) -> None:
    assert before in SOUND
    ((found, problem),) = problems(SOUND.replace(before, after))
    assert found == line
    assert words in problem


def test_people_without_keys_cannot_approve_and_are_named() -> None:
    ((line, problem),) = problems(SOUND.replace("count: 1, roles: [science]", "count: 2, roles: [science]"),
                                  {k: v for k, v in KEYS.items() if k != "k2"})  # fmt: skip
    assert (line, "lin@example.com without a key" in problem) == (9, True)


def test_an_entry_without_approvals_is_fine_where_another_asks_for_them() -> None:
    entry = "- models: [churn]\n  metrics: {accuracy: {min: 0.9}}\n"
    covered = SOUND.replace("releasers:", entry + "releasers:")
    assert not [each for _, each in problems(covered, errors=False) if "No approval" in each]
    alone = covered.replace('models: ["*"]', "models: [other]")
    assert [line for line, each in problems(alone, errors=False) if "No approval" in each] == [10]


def test_settings_that_nobody_could_ever_change_again_are_told_of() -> None:
    alone = "version: 1\npeople:\n  dana@example.com: {roles: [science]}\n" + SOUND.partition(HEAD)[2].replace(
        "risk", "science"
    )
    said = [
        line for line, each in problems(alone, {"k1": ("dana@example.com",)}, errors=False) if "locks all out" in each
    ]
    assert said == [9]
    assert not [each for _, each in problems(SOUND, errors=False) if "locks all out" in each]


def test_without_entries_nothing_can_be_released() -> None:
    assert "nothing can be released" in problems(HEAD)[0][1]


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("  approvals:\n", "  exclude: [committer]\n  approvals:\n", "may approve it"),
        ("  approvals:\n", "  carry: [data]\n  approvals:\n", "code may change unseen"),
        ("{count: 1, roles: [science]}", "{count: 1}", "anyone whose key is trusted may approve"),
        ("{count: 1, roles: [science]}", "{count: 1, roles: [science, boss]}", "Nobody has the role boss"),
        ("{count: 1, roles: [science]}", "{count: 2, roles: [science]}", "none of them can make a version"),
        ("releasers: {roles: [risk]}\n", "", "anyone whose key is trusted may make"),
        ("policy_changes: {approvals: [{count: 1, roles: [risk]}]}\n", "", "lets no change of it pass"),
        ("dana@example.com: {roles: [science]}", "dana@example.com: {roles: [science, spare]}", "asks for the role"),
        ("people:\n", "people:\n  kim@example.com: {roles: [risk]}\n", "No key of this person"),
        ("  risk@example.com: {roles: [risk]}\n", "  lea@example.com: {roles: [risk]}\n", "not among the people"),
    ],
)
def test_what_somebody_should_have_chosen_on_purpose_is_a_warning(before: str, after: str, words: str) -> None:
    assert before in SOUND
    assert any(words in problem for _, problem in problems(SOUND.replace(before, after, 1), errors=False))


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    return churn_repository(tmp_path / "models")


def proposal(tmp_path: Path, **changes: Any) -> str:
    file = tmp_path / "proposed.yaml"
    file.write_text(yaml.safe_dump({**POLICY, "version": 2, **changes}, sort_keys=False))
    return str(file)


def test_what_would_change_is_said_for_every_version(story: ModelRepository, tmp_path: Path) -> None:
    answer = reviewtui(story.path, "approve", "churn@1.1.0", "--yes", person=story.person("dana"))
    assert answer.status == 0, answer.err
    rule = {"models": ["*"], "approvals": [{"count": 1, "roles": ["data-science"]}]}
    file = proposal(tmp_path, releases=[rule])
    check = reviewtui(story.path, "policy", "check", file, "--json")
    assert check.status == 0, check.out + check.err
    versions = {each["name"]: each for each in check.json["versions"]}
    assert versions["churn@1.1.0"] == {
        "name": "churn@1.1.0",
        "before": {"state": "in-review", "allowed": False},
        "after": {"state": "approved", "allowed": True},
        "changes": True,
    }
    assert versions["churn@1.0.0"]["changes"] is False
    text = reviewtui(story.path, "policy", "check", file)
    assert "1 version of 2 would be judged otherwise." in text.out
    assert "in-review, gate closed" in text.out


def test_the_policy_in_force_is_checked_where_no_file_is_named(story: ModelRepository) -> None:
    check = reviewtui(story.path, "policy", "check", "--json")
    assert check.status == 0, check.out
    assert check.json["file"] == ".reviewtui/policy.yaml"
    assert not any(each["changes"] for each in check.json["versions"])


def test_the_working_tree_comes_before_the_trusted_branch(story: ModelRepository) -> None:
    file = story.path / ".reviewtui" / "policy.yaml"
    file.parent.mkdir()
    file.write_text("version: 2\nreleases:\n- models: ['*']\n  aprovals: []\n")
    check = reviewtui(story.path, "policy", "check", "--json")
    assert check.status == 2
    (problem,) = check.json["problems"]
    assert (problem["file"], problem["line"], problem["key"]) == (".reviewtui/policy.yaml", 4, "releases[0].aprovals")
    assert "'approvals'" in problem["problem"]


def test_a_policy_whose_version_does_not_grow_is_an_error(story: ModelRepository, tmp_path: Path) -> None:
    check = reviewtui(story.path, "policy", "check", proposal(tmp_path, version=1, releasers={"roles": ["risk"]}))
    assert check.status == 1
    assert "policy-version-unchanged" in check.out


def test_bad_signers_beside_the_policy_are_errors_with_their_line(story: ModelRepository, tmp_path: Path) -> None:
    file = proposal(tmp_path)
    key = story.person("dana").public_key
    signers = f"dana@example.com {key}\n*@example.com {key}\nnonsense\n"
    (tmp_path / "allowed_signers").write_text(signers)
    check = reviewtui(story.path, "policy", "check", file, "--json")
    assert check.status == 1
    found = {(each["line"], each["key"]) for each in check.json["problems"] if "allowed_signers" in each["file"]}
    assert {(2, "pattern"), (3, "bad-line")} <= found


def test_a_key_that_one_person_has_under_two_addresses_is_no_error(story: ModelRepository, tmp_path: Path) -> None:
    people = {**POLICY["people"], "dana@example.com": {"roles": ["data-science"], "aliases": ["dana@old.example.com"]}}
    lines = [f"{name}@example.com {story.person(name).public_key}" for name in ("dana", "lin", "risk")]
    lines.append(f"dana@old.example.com {story.person('dana').public_key}")
    (tmp_path / "allowed_signers").write_text("\n".join(lines) + "\n")
    check = reviewtui(story.path, "policy", "check", proposal(tmp_path, people=people), "--json")
    assert check.status == 0, check.out
    story.settings(policy={**POLICY, "version": 2, "people": people}, allowed_signers="\n".join(lines) + "\n")
    gate = reviewtui(story.path, "gate", "churn@1.1.0", "--json")
    assert not [each for each in gate.json["findings"] if each["rule"] == "signers"]


def test_without_a_policy_there_is_nothing_to_check(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "plain")
    repository.commit_files({"params.yaml": "lr: 1\n"})
    answer = reviewtui(repository.path, "policy", "check")
    assert answer.status == 2
    assert "reviewtui init" in answer.err
    assert reviewtui(repository.path, "policy", "check", "nowhere.yaml").status == 2
