"""A. Replay and binding: a genuine approval, put where it was not given."""

from __future__ import annotations

import subprocess

import pytest

from reviewtui.review import encode_review, record_id
from tests.attacks.doors import (
    all_ignored,
    closed_at_every_door,
    command,
    fates_of,
    findings_of,
    ignored,
    opened,
    state_of,
)
from tests.attacks.scene import BRANCH, REVIEWS, Scene, pointer

PARAMS = "models/churn/params.yaml"
METRICS = "models/churn/metrics.json"


def test_001_an_approval_copied_to_another_commit_is_ignored(scene: Scene) -> None:
    elsewhere = scene.tip("main")
    copied = scene.record("lin", beside=scene.commit, commit=elsewhere)
    ignored(scene, copied, "subject-commit-mismatch")


def test_002_an_approval_of_another_model_of_the_same_commit_is_ignored(scene: Scene) -> None:
    assert scene.tip("model/fraud/v2.0.0") == scene.commit
    other = scene.record("lin", of="fraud@2.0.0")
    ignored(scene, other, "subject-model-mismatch")


def test_002_an_approval_of_another_version_of_the_same_commit_is_ignored(scene: Scene) -> None:
    scene.git("branch", "model/churn/v1.1.1", scene.commit)
    other = scene.record("lin", of="churn@1.1.1")
    ignored(scene, other, "subject-version-mismatch")


def test_003_an_approval_from_a_fork_is_ignored(scene: Scene) -> None:
    foreign = scene.record("lin", repository="git.example.com/fork/churn")
    ignored(scene, foreign, "repository-mismatch")


def test_003_a_repository_that_calls_itself_by_another_name_takes_nothing_over(scene: Scene) -> None:
    scene.record("lin")
    scene.settings(config={"repository": "git.example.com/copy", "models": {"churn": {"path": "models/churn"}}})
    closed_at_every_door(scene, "repository-mismatch")


def test_004_an_approval_that_was_limited_to_a_stage_does_not_count_for_all(scene: Scene) -> None:
    """There are no approvals by stage here: one that insists on its stage is not understood, so it does not count."""
    staged = scene.altered("lin", {"stage": "staging", "critical": ["stage"]})
    ignored(scene, staged, "unsupported-version")


def test_005_a_commit_after_the_approvals_makes_them_stale(scene: Scene) -> None:
    scene.record("lin")
    opened(scene)
    scene.amend({METRICS: '{"accuracy": 0.93, "loss": 0.1}\n'})
    assert state_of(scene) == "stale"
    closed_at_every_door(scene, "facts-changed: metrics")


def test_006_the_same_files_in_another_commit_are_stale_and_said_to_be_the_same(scene: Scene) -> None:
    scene.record("lin")
    tree = scene.git("rev-parse", f"{scene.commit}^{{tree}}")
    parent = scene.git("rev-parse", f"{scene.commit}^")
    scene.git("update-ref", f"refs/heads/{BRANCH}", scene.git("commit-tree", tree, "-p", parent, "-m", "same"))
    closed_at_every_door(scene, "subject-commit-mismatch")
    assert set(fates_of(scene).values()) == {
        f"subject-commit-mismatch: it is about the earlier commit {scene.commit[:10]}, with the same facts"
    }
    assert state_of(scene) == "stale"


def test_007_an_approval_against_another_base_is_stale(scene: Scene) -> None:
    approved = scene.record("lin")
    scene.repository.tag("churn@v1.0.5", scene.git("rev-parse", "main"), message="churn 1.0.5")
    assert fates_of(scene)[approved].startswith("base-changed: it was compared with 1.0.0, now with 1.0.5")
    closed_at_every_door(scene, "base-changed")


def test_008_whoever_put_something_in_and_took_it_out_again_is_an_author(scene: Scene) -> None:
    before = scene.git("show", f"{scene.commit}:{PARAMS}") + "\n"
    scene.amend({PARAMS: "train:\n  lr: 9\n"}, who="lin")
    scene.amend({PARAMS: before}, who="robin")
    scene.record("dana", seq=2)
    own = scene.record("lin")
    assert scene.git("diff", "--stat", scene.commit, scene.tip()) == ""
    ignored(scene, own, "author", lacks="risk")


def test_009_a_metric_edited_after_the_approval_keeps_it_only_where_metrics_may_change(scene: Scene) -> None:
    scene.settings(policy=scene.entry(carry=["config", "data", "environment"]))
    bound = scene.record("lin", seq=1)
    scene.amend({METRICS: '{"accuracy": 0.99, "loss": 0.29}\n'})
    assert fates_of(scene)[bound] == ""
    opened(scene)
    scene.settings(policy=scene.entry(carry=["config", "metrics", "data", "environment"]))
    assert fates_of(scene)[bound] == "facts-changed: metrics"
    closed_at_every_door(scene, "facts-changed: metrics")


def test_010_other_data_behind_the_same_file_list_is_stale(scene: Scene) -> None:
    scene.settings(policy=scene.entry(carry=["config", "metrics", "data", "environment"]))
    scene.record("lin")
    scene.amend({"models/churn/data/train.csv.dvc": pointer("train.csv", "4")})
    closed_at_every_door(scene, "facts-changed: data")


def test_010_what_no_digest_holds_carries_only_as_the_very_same_file(scene: Scene) -> None:
    """A file that nobody can read has no facts, before and after: that the digests are equal says nothing of it."""
    scene.settings(policy=scene.entry(carry=["config", "metrics", "data", "environment"]))
    odd = "models/churn/conf/params.yaml"
    scene.amend({odd: "lr: {\n"})
    bound = [scene.record(name, seq=2) for name in ("dana", "lin")]
    opened(scene)
    scene.amend({"models/churn/README": "More words.\n"})
    opened(scene)
    scene.amend({odd: "lr: {9\n"})
    reason = f"facts-changed: config, metrics, data, environment may have: {odd} cannot be read whole"
    assert {fates_of(scene)[each][: len(reason)] for each in bound} == {reason}
    closed_at_every_door(scene, reason)


@pytest.mark.parametrize("way", ["pointers", "weights in Git"])
def test_011_files_that_swapped_names_are_other_data(scene: Scene, way: str) -> None:
    scene.settings(policy=scene.entry(carry=["config", "metrics", "data", "environment"]))
    if way == "weights in Git":
        scene.amend({"models/churn/weights/a.bin": b"one", "models/churn/weights/b.bin": b"two"})
    for number, name in enumerate(("dana", "lin"), start=2):
        scene.record(name, seq=number)
    opened(scene)
    if way == "weights in Git":
        scene.amend({"models/churn/weights/a.bin": b"two", "models/churn/weights/b.bin": b"one"})
    else:
        train, test = pointer("train.csv", "3"), pointer("test.csv", "2")
        scene.amend({"models/churn/data/train.csv.dvc": train, "models/churn/data/test.csv.dvc": test})
    closed_at_every_door(scene, "facts-changed: data")


def test_012_notes_that_git_copies_along_with_an_amended_commit_do_not_count(scene: Scene) -> None:
    lin = scene.record("lin")
    scene.git("worktree", "add", "--quiet", str(scene.path.parent / "tree"), BRANCH)
    words = ("-c", "notes.rewriteRef=refs/notes/reviewtui/*", "-c", "notes.rewriteMode=concatenate")
    subprocess.run(
        ("git", *words, "commit", "--quiet", "--amend", "--no-edit", "--reset-author", "--date=now"),
        cwd=scene.path.parent / "tree", check=True, env={**scene.person("robin").environment, **_dates()},
    )  # fmt: skip
    assert scene.tip() != scene.commit
    assert scene.note(scene.tip()) == scene.note(scene.commit)
    assert fates_of(scene)[lin].startswith("subject-commit-mismatch")
    closed_at_every_door(scene, "subject-commit-mismatch")


def _dates() -> dict[str, str]:
    return {"GIT_COMMITTER_DATE": "2026-02-01T00:00:00Z", "GIT_CONFIG_NOSYSTEM": "1"}


def test_013_an_old_approval_sent_again_after_a_rejection_stays_superseded(scene: Scene) -> None:
    approval = scene.review("lin")
    line = scene.signed("lin", approval)
    scene.put(line)
    opened(scene)
    identity = record_id(encode_review(approval))
    scene.record("lin", "reject", seq=2, prev=identity)
    # Last in the file, by a later commit of the notes, and there twice.
    scene.put(line)
    scene.put(line)
    assert fates_of(scene)[identity] == "superseded"
    closed_at_every_door(scene, "Rejected by lin@example.com")
    assert state_of(scene) == "rejected"


def test_014_one_line_many_times_is_one_vote(scene: Scene) -> None:
    note = scene.note(scene.commit)
    nested = f"{scene.commit[:2]}/{scene.commit[2:]}"
    scene.write_notes({scene.commit: note * 3, nested: note})
    closed_at_every_door(scene, "1 of 2")
    assert len(fates_of(scene)) == 1


def test_015_a_subject_that_is_no_full_id_in_lower_case_is_bad(scene: Scene) -> None:
    spellings = {
        "abbreviated": scene.commit[:12],
        "upper case": scene.commit.upper(),
        "of another hash": scene.commit + "0" * 24,
        "a ref": f"refs/heads/{BRANCH}",
        "with a line end": scene.commit + "\n",
        "another's": scene.tip("main"),
        "empty": "",
        "no text": None,
    }
    records = [scene.altered("lin", {"commit": name}) for name in spellings.values()]
    all_ignored(scene, dict.fromkeys(records, "bad-subject"))


def test_the_record_that_is_counted_is_named(scene: Scene) -> None:
    lin = scene.record("lin")
    finding = findings_of(scene)["approvals: 2 of data-science or risk"]
    assert lin in finding["counted"]
    assert command(scene.path, "gate", "churn@1.1.0").status == 0
    assert scene.git("for-each-ref", "--format=%(refname)", "refs/notes") == REVIEWS
