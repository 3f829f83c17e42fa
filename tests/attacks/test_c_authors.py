"""C. Author exclusion: nobody approves what is one's own, under whatever name."""

from __future__ import annotations

import pytest

from tests.attacks.doors import closed_at_every_door, command, fates_of, findings_of, ignored, opened
from tests.attacks.scene import BRANCH, POLICY, Scene

PARAMS = "models/churn/params.yaml"


def fixed_up(scene: Scene, *, author: str, committer: str = "", message: str = "fix") -> None:
    """One more commit on the candidate, by anybody; and Dana approves it."""
    scene.repository.commit_files(
        {PARAMS: "train:\n  lr: 0.04\n"}, branch=BRANCH, author=author, committer=committer, message=message
    )
    scene.record("dana", seq=2)


def signed_commit(scene: Scene, who: str, *, author: str) -> None:
    """The candidate again, as a commit that somebody signs and says another wrote."""
    tree, parent = scene.git("rev-parse", f"{scene.commit}^{{tree}}"), scene.git("rev-parse", f"{scene.commit}^")
    claims = {
        "GIT_AUTHOR_NAME": "X",
        "GIT_AUTHOR_EMAIL": author,
        "GIT_COMMITTER_NAME": "X",
        "GIT_COMMITTER_EMAIL": author,
    }
    made = scene.git(
        "commit-tree", "-S", tree, "-p", parent, "-m", "signed", env={**scene.person(who).environment, **claims}
    )
    scene.git("update-ref", f"refs/heads/{BRANCH}", made)
    scene.record("dana", seq=2)


def test_035_an_author_is_not_hidden_in_a_commit_that_cannot_be_read(scene: Scene) -> None:
    """Git walks over it; whoever passed it over would not know who made a part of the version."""
    tree, parent = scene.git("rev-parse", f"{scene.commit}^{{tree}}"), scene.git("rev-parse", f"{scene.commit}^")
    robin, other = (f"{who} <{who}@example.com> 1767700000 +0000" for who in ("robin", "other"))
    text = f"tree {tree}\nparent {parent}\nauthor {robin}\nauthor {other}\ncommitter {robin}\n\nwork\n"
    made = scene.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=text.encode())
    scene.git("update-ref", f"refs/heads/{BRANCH}", made)
    fixed_up(scene, author="Other <other@example.com>")
    scene.record("robin")
    closed_at_every_door(scene, "who made it cannot be read")


def test_035_the_author_does_not_approve_the_own_version(scene: Scene) -> None:
    ignored(scene, scene.record("robin"), "author")


def test_036_an_author_under_an_alias_is_the_author(scene: Scene) -> None:
    people = {**POLICY["people"], "lin@example.com": {"roles": ["data-science"], "aliases": ["lin@home.example"]}}
    scene.settings(policy=scene.policy(people=people))
    fixed_up(scene, author="L <LIN@Home.example>")
    ignored(scene, scene.record("lin"), "author", lacks="risk")


def test_036_an_author_whom_nobody_knows_closes_the_gate_where_the_policy_says_so(scene: Scene) -> None:
    scene.settings(policy=scene.entry(unknown_author="block"))
    fixed_up(scene, author="Ghost <ghost@nowhere.example>")
    scene.record("lin")
    closed_at_every_door(scene, "The policy does not know ghost@nowhere.example, who wrote a part of this version.")
    assert findings_of(scene)["authors"]["state"] == "error"


def test_037_the_author_does_not_approve_what_a_bot_uploaded(scene: Scene) -> None:
    fixed_up(scene, author="Lin <lin@example.com>", committer="Bot <bot@example.com>")
    ignored(scene, scene.record("lin"), "author", lacks="risk")


def test_037_whoever_committed_for_others_does_not_approve_either(scene: Scene) -> None:
    fixed_up(scene, author="Robin <robin@example.com>", committer="Lin <lin@example.com>")
    ignored(scene, scene.record("lin"), "author: committer", lacks="risk")


def test_038_a_forged_authors_name_does_not_let_the_submitter_approve(scene: Scene) -> None:
    scene.settings(policy=scene.entry(exclude=["author", "submitter"]))
    signed_commit(scene, "lin", author="nobody@example.com")
    ignored(scene, scene.record("lin"), "author: submitter", lacks="risk")


@pytest.mark.parametrize("signed_by", ["", "mallory"])
def test_038_a_submitter_who_cannot_be_told_closes_the_gate(scene: Scene, signed_by: str) -> None:
    scene.settings(policy=scene.entry(exclude=["author", "submitter"]))
    if signed_by:
        signed_commit(scene, signed_by, author="nobody@example.com")
    scene.record("lin", seq=5)
    reason = "unknown-key" if signed_by else "the commit carries no signature"
    closed_at_every_door(scene, f"The policy excludes the submitter, and who that is cannot be told: {reason}.")


def test_038_without_the_submitter_the_gate_says_that_authorship_is_claimed(scene: Scene) -> None:
    scene.record("lin")
    opened(scene)
    assert "Authorship is only claimed." in findings_of(scene)["approvals: 2 of data-science or risk"]["reason"]


CO_AUTHORS = (
    "Co-authored-by: Lin <lin@example.com>",
    "co-authored-BY: L <LIN@example.com>",
    "  Co-authored-by : Lin<lin@example.com>\r",
)


@pytest.mark.parametrize("trailer", CO_AUTHORS)
def test_039_a_co_author_does_not_approve(scene: Scene, trailer: str) -> None:
    fixed_up(scene, author="Robin <robin@example.com>", message=f"fix\n\n{trailer}\n")
    record = scene.record("lin")
    assert fates_of(scene)[record] == "author: coauthor"
    closed_at_every_door(scene, "author: coauthor")


def test_039_a_reviewer_who_pushed_a_fix_does_not_approve(scene: Scene) -> None:
    fixed_up(scene, author="Lin <lin@example.com>")
    scene.amend({PARAMS: "train:\n  lr: 0.03\n"}, who="robin")
    scene.record("dana", seq=3)
    ignored(scene, scene.record("lin"), "author", lacks="risk")


def test_040_a_gate_that_only_the_author_could_open_stays_closed_and_says_so(scene: Scene) -> None:
    people = {name: POLICY["people"][name] for name in ("dana@example.com", "robin@example.com")}
    scene.settings(policy=scene.policy(people=people))
    scene.record("robin")
    closed_at_every_door(scene, "Impossible: only 1 person")
    assert findings_of(scene)["approvals: 2 of data-science or risk"]["unblock"] == []


def test_041_the_authors_own_rejection_counts(scene: Scene) -> None:
    scene.record("lin")
    opened(scene)
    veto = scene.record("robin", "reject", comment="I found a leak.")
    assert fates_of(scene)[veto] == ""
    closed_at_every_door(scene, "Rejected by robin@example.com: I found a leak.")


def test_042_a_robot_and_its_owner_are_one_person(scene: Scene) -> None:
    bot = scene.repository.person("dana-bot")
    scene.settings(signers=scene.signers() + f"{bot.email} {bot.public_key}\n")
    scene.record("dana-bot")
    closed_at_every_door(scene, "1 of 2")
    scene.record("lin")
    opened(scene)


def test_039_whoever_changed_what_the_facts_are_read_from_elsewhere_is_an_author(scene: Scene) -> None:
    pipeline = "stages:\n  train:\n    cmd: x\n    metrics:\n    - ../../shared/scores.json\n"
    scene.amend({"models/churn/dvc.yaml": pipeline, "shared/scores.json": '{"accuracy": 0.93, "recall": 0.5}\n'})
    scene.amend({"shared/scores.json": '{"accuracy": 0.93, "recall": 0.99}\n'}, who="lin")
    scene.amend({PARAMS: "train:\n  lr: 0.03\n"})
    facts = command(scene.path, "show", "churn@1.1.0", "--json").json["facts"]
    assert 0.99 in facts["metrics"].values()
    scene.record("dana", seq=2)
    ignored(scene, scene.record("lin"), "author", lacks="risk")
