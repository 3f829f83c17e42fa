"""D. Votes and policy: a veto that others lift, a rule that asks for nothing, a policy that the candidate brings."""

from __future__ import annotations

import time
from typing import Any

import pytest

from reviewtui.review import encode_review, record_id
from tests.attacks.doors import (
    all_ignored,
    closed,
    closed_at_every_door,
    command,
    fates_of,
    findings_of,
    ignored,
    opened,
    state_of,
)
from tests.attacks.scene import BRANCH, CANDIDATE, POLICY, REVIEWS, TAG, Scene

APPROVALS = "approvals: 2 of data-science or risk"


def test_043_the_approval_of_others_does_not_lift_a_rejection(scene: Scene) -> None:
    scene.record("lin", "reject", comment="Wrong month.")
    scene.record("risk")
    scene.record("boss")
    assert state_of(scene) == "rejected"
    closed_at_every_door(scene, "Rejected by lin@example.com: Wrong month.")
    assert findings_of(scene)["veto"]["unblock"] == ["lin@example.com"]


def test_044_nobody_else_withdraws_a_rejection(scene: Scene) -> None:
    veto = scene.record("lin", "reject")
    scene.record("risk")
    own = scene.record("boss", "withdraw", seq=9, prev=None)
    forged = scene.record("risk", "withdraw", reviewer="lin@example.com", seq=2, prev=veto)
    fates = fates_of(scene)
    assert fates[forged].startswith("reviewer-key-mismatch")
    assert fates[own] == "" and fates[veto] == ""
    closed_at_every_door(scene, "Rejected by lin@example.com")


def test_044_a_stranger_does_not_withdraw_a_rejection(scene: Scene) -> None:
    veto = scene.record("lin", "reject")
    scene.record("risk")
    forged = scene.record("mallory", "withdraw", reviewer="lin@example.com", seq=2, prev=veto)
    assert fates_of(scene)[forged].startswith("unknown-key")
    closed_at_every_door(scene, "Rejected by lin@example.com")


def test_045_a_withdrawn_rejection_does_not_bring_back_the_approval_before_it(scene: Scene) -> None:
    first = scene.record("lin", seq=1)
    veto = scene.record("lin", "reject", seq=2, prev=first)
    scene.record("lin", "withdraw", seq=3, prev=veto)
    assert fates_of(scene)[first] == "superseded"
    assert fates_of(scene)[veto] == "withdrawn"
    closed_at_every_door(scene, "1 of 2")
    scene.record("lin", seq=4)
    opened(scene)


def _approvals(*rules: object) -> dict[str, Any]:
    return {"releases": [{"models": ["*"], "approvals": list(rules)}]}


BROKEN: dict[str, dict[str, Any] | str] = {
    "a count of 0": _approvals({"count": 0}),
    "a negative count": _approvals({"count": -1}),
    "a count that is text": _approvals({"count": "two"}),
    "a count that is true": _approvals({"count": True}),
    "a count beyond all people": _approvals({"count": 40, "roles": ["risk"]}),
    "no rule at all": _approvals(),
    "an unknown rule": _approvals({"count": 1, "rolls": ["risk"]}),
    "an unknown top key": {"relaeses": []},
    "an entry that asks for nothing": {"releases": [{"models": ["*"]}]},
    "no entries": {"releases": []},
    "no version": {"version": None},
    "a key twice": "version: 1\nreleases: []\nreleases:\n- models: ['*']\n  approvals: [{count: 1}]\n",
    "an empty file": "",
    "a list": "- 1\n",
    "no YAML": "releases: [",
    "an alias bomb": "a: &a [x,x]\nb: &b [*a,*a]\nversion: 1\n",
    "deeply nested": "[" * 5000,
    "a merge key": "version: 1\nbase: &b {count: 0}\nreleases: [{models: ['*'], approvals: [{<<: *b}]}]\n",
}


@pytest.mark.parametrize("name", BROKEN)
def test_046_a_policy_that_cannot_be_meant_closes_the_gate(scene: Scene, name: str) -> None:
    scene.record("lin")
    change = BROKEN[name]
    scene.settings(policy=change if isinstance(change, str) else scene.policy(**change))
    assert "error" in {finding["state"] for finding in findings_of(scene).values()}
    special = {"a count beyond all people": "Impossible: 40 persons", "no entries": "No entry"}
    reason = special.get(name, ".reviewtui/policy.yaml")
    closed(scene, reason)
    assert command(scene.path, "list").status == 0


@pytest.mark.parametrize("name", ["a count of 0", "no entries", "no YAML"])
def test_046_nor_do_the_hooks_pass_what_such_a_policy_leaves_open(scene: Scene, name: str) -> None:
    scene.record("lin")
    change = BROKEN[name]
    scene.settings(policy=change if isinstance(change, str) else scene.policy(**change))
    closed_at_every_door(scene, "No entry" if name == "no entries" else ".reviewtui/policy.yaml")


def test_046_no_policy_at_all_closes_the_gate(scene: Scene) -> None:
    scene.record("lin")
    scene.settings(files={".reviewtui/policy.yaml": None}, policy=POLICY)
    scene.repository.commit_files({".reviewtui/policy.yaml": None})
    closed_at_every_door(scene, "There is no policy in the trusted branch")


def test_047_a_model_that_no_entry_is_about_cannot_be_released(scene: Scene) -> None:
    scene.record("lin")
    for models in (["fraud"], ["Churn"], ["churn-*"], ["[!c]*"]):
        scene.settings(policy=scene.entry(models=models))
        closed(scene, "No entry of the policy's releases is about churn.")
    closed_at_every_door(scene, "No entry of the policy's releases is about churn.")
    assert findings_of(scene)["policy"]["state"] == "error"


def test_048_every_entry_that_matches_must_be_met(scene: Scene) -> None:
    strict = {"models": ["ch*"], "approvals": [{"count": 1, "roles": ["risk"]}]}
    scene.settings(policy=scene.policy(releases=[*POLICY["releases"], strict]))
    scene.record("lin")
    closed_at_every_door(scene, "approvals: 1 of risk")
    scene.record("risk")
    opened(scene)


def test_049_a_policy_weakened_by_the_candidate_has_no_effect(scene: Scene) -> None:
    scene.repository.settings(
        config={"repository": "x"}, policy=scene.entry(approvals=[{"count": 1}]), branch=BRANCH, allowed_signers=""
    )
    scene.record("dana", seq=2)
    closed_at_every_door(scene, "1 of 2")
    scene.record("lin")
    opened(scene)


def test_049_nor_has_a_policy_in_the_working_tree_or_the_environment(scene: Scene) -> None:
    (scene.path / ".reviewtui").mkdir()
    (scene.path / ".reviewtui" / "policy.yaml").write_text(
        "version: 9\nreleases: [{models: ['*'], approvals: [{count: 1}]}]\n"
    )
    closed_at_every_door(scene, "1 of 2")


def test_050_a_key_that_the_candidate_adds_is_not_trusted(scene: Scene) -> None:
    lines = scene.signers() + f"eve@example.com {scene.person('mallory').public_key}\n"
    scene.repository.settings(policy=POLICY, allowed_signers=lines, branch=BRANCH)
    scene.record("dana", seq=2)
    ignored(scene, scene.record("mallory", reviewer="eve@example.com"), "unknown-key")


def test_053_a_new_principal_decides_on_what_is_open_and_changes_no_release(scene: Scene) -> None:
    """There is no order between a record and the policy: what is open is judged by whoever is trusted now."""
    late = scene.record("mallory")
    assert fates_of(scene)[late].startswith("unknown-key")
    closed_at_every_door(scene, "unknown-key")
    before = state_of(scene, version="churn@1.0.0")
    people = {**POLICY["people"], "mallory@example.com": {"roles": ["risk"]}}
    scene.settings(policy=scene.policy(version=2, people=people), signers=scene.signers(*scene.repository.people))
    assert fates_of(scene)[late] == ""
    assert state_of(scene, version="churn@1.0.0") == before == "released-unreviewed"


def test_054_an_approval_under_an_older_policy_is_said_to_be_one(scene: Scene) -> None:
    scene.record("lin")
    scene.settings(policy=scene.policy(version=2))
    opened(scene)
    assert "Some of it under an earlier policy." in findings_of(scene)[APPROVALS]["reason"]


def test_054_an_approval_under_an_older_policy_is_stale_where_the_policy_says_so(scene: Scene) -> None:
    lin = scene.record("lin")
    scene.settings(policy=scene.entry(rebind_on_policy_change=True))
    assert fates_of(scene)[lin] == "policy-changed"
    closed_at_every_door(scene, "policy-changed")


NOW = int(time.time())
BAD_OVERRIDES = {
    "without a reason": ({"comment": " "}, "boss", NOW, "malformed"),
    "by another role": ({}, "lin", NOW, "no-role"),
    "that has ended": ({"comment": "Go!"}, "boss", NOW - 25 * 3600, "withdrawn: the override ended"),
    "from the future": ({"comment": "Go?"}, "boss", NOW + 3600, "withdrawn: the override is dated in the future"),
    "of another commit": ({"commit": "1" * 40}, "boss", NOW, "subject-commit-mismatch"),
    "by a stranger": ({}, "mallory", NOW, "unknown-key"),
}


def test_055_an_override_that_should_not_stand_does_not(scene: Scene) -> None:
    fates = {}
    for change, who, date, reason in BAD_OVERRIDES.values():
        review = scene.review(who, "override", **change)
        scene.put(scene.signed(who, review), date=date)
        fates[record_id(encode_review(review))] = reason
    assert len(fates) == len(BAD_OVERRIDES)
    all_ignored(scene, fates)


def test_055_an_override_never_carries_over_to_another_commit(scene: Scene) -> None:
    scene.settings(policy=scene.entry(carry=["config", "metrics", "data", "environment"]))
    review = scene.review("boss", "override")
    scene.put(scene.signed("boss", review), date=NOW)
    opened(scene)
    scene.amend({"models/churn/README": "More words.\n"})
    closed_at_every_door(scene, "subject-commit-mismatch: it is about the earlier commit")
    assert fates_of(scene)[record_id(encode_review(review))].startswith("subject-commit-mismatch")


def test_055_nobody_overrides_for_a_version_of_ones_own(scene: Scene) -> None:
    people = {**POLICY["people"], "robin@example.com": {"roles": ["release-manager"]}}
    scene.settings(policy=scene.policy(people=people))
    scene.put(scene.signed("robin", scene.review("robin", "override")), date=NOW)
    closed_at_every_door(scene, "author")


def test_055_no_override_opens_a_gate_that_an_error_closes(scene: Scene) -> None:
    scene.put(scene.signed("boss", scene.review("boss", "override")), date=NOW)
    opened(scene)
    scene.record("lin", "reject", seq=2, prev="sha256:" + "0" * 64)
    closed_at_every_door(scene, "broken-chain")


def test_056_a_version_that_was_overridden_never_looks_approved(scene: Scene) -> None:
    record = scene.review("boss", "override", comment="The fraud team is blind; see INC-7.")
    scene.put(scene.signed("boss", record), date=NOW)
    answer = command(scene.path, "gate", "churn@1.1.0", "--json")
    assert answer.status == 0
    first = answer.json["findings"][0]
    assert (first["rule"], first["state"]) == ("override", "overridden")
    assert "INC-7" in first["reason"]
    assert findings_of(scene)[APPROVALS]["state"] == "overridden"
    released = command(scene.path, "release", "churn@1.1.0", "--yes", person=scene.person("dana"))
    assert released.status == 0, released.err
    message = scene.git("cat-file", "tag", TAG)
    assert "OVERRIDDEN" in message
    assert "\nOverride-Record: sha256:" in message


def test_055_an_override_that_ended_does_not_begin_again_by_another_history(scene: Scene) -> None:
    """Anybody who may push notes could bring an old line once more, by a commit of today that is merged."""
    ours = scene.notes_tip()
    line = scene.signed("boss", scene.review("boss", "override"))
    scene.put(line, date=NOW - 25 * 3600)
    closed(scene, "withdrawn: the override ended")
    old = scene.notes_tip()
    note = scene.note(scene.commit)
    for order in ((0, 1), (1, 0)):
        for parents in ((), (ours,)):
            again = scene.write_notes(
                {scene.commit: line + b"\n"}, ref="refs/notes/again", parents=parents, date=NOW - 60
            )
            sides = (old, again)
            tip = scene.write_notes(
                {scene.commit: note}, ref="refs/notes/merged", parents=(sides[order[0]], sides[order[1]]), date=NOW
            )
            scene.git("update-ref", REVIEWS, tip)
            closed_at_every_door(scene, "withdrawn: the override ended")


def test_055_an_override_that_ended_does_not_begin_again_in_another_spelling(scene: Scene) -> None:
    line = scene.signed("boss", scene.review("boss", "override"))
    scene.put(line, date=NOW - 25 * 3600)
    for spelling in (b'{"again":1,' + line[1:], line[:-1] + b',"zzz":1}'):
        scene.put(spelling, date=NOW - 60)
        closed(scene, "withdrawn: the override ended")
        closed_at_every_door(scene, "1 of 2")


def test_049_a_candidate_that_brings_settings_of_its_own_bears_a_banner_everywhere(scene: Scene) -> None:
    said = "It changes the settings (allowed_signers, policy.yaml): they have no say in this"
    shown = {word: command(scene.path, word, CANDIDATE, "--json") for word in ("show", "diff", "gate")}
    assert all(said not in answer.out for answer in shown.values())
    scene.settings(policy=scene.policy(version=2))
    assert "It changes the settings" not in command(scene.path, "gate", CANDIDATE).out, "it only lags behind"
    weak = scene.git("show", "main:.reviewtui/policy.yaml").replace("count: 2", "count: 1")
    scene.amend({".reviewtui/policy.yaml": weak, ".reviewtui/allowed_signers": "eve@example.com ssh-ed25519 AAAA\n"})
    for word in ("show", "diff", "gate"):
        assert said in command(scene.path, word, CANDIDATE).out, word
    for word in ("show", "diff"):
        problems = command(scene.path, word, CANDIDATE, "--json").json["problems"]
        assert [each["path"] for each in problems if each["problem"].startswith(said)] == [".reviewtui"]
    finding = findings_of(scene)["settings"]
    assert finding["state"] == "unmet" and finding["reason"].startswith(said)
    for name in ("lin", "dana"):
        scene.record(name)
    opened(scene)
