"""reviewtui verify: every release as of its own policy, every record, and what was taken away."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reviewtui.git.notes import Notes
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.repository import Repository
from tests.command import POLICY, Answer, churn_repository, reviewtui
from tests.model_repository import ModelRepository, told_once
from tests.notes_by_hand import write_notes

REF = "refs/notes/reviewtui/reviews"
NAME = "churn@1.1.0"
TAG = "refs/tags/churn@v1.1.0"
LATER = {"GIT_COMMITTER_DATE": "2026-06-01T09:00:00+00:00", "GIT_AUTHOR_DATE": "2026-06-01T09:00:00+00:00"}


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    """Approved by two, and released."""
    return told_once("released in test_verify", tmp_path / "models", released)


def released(path: Path) -> ModelRepository:
    repository = churn_repository(path)
    for name in ("dana", "lin"):
        act(repository, "approve", name)
    answer = reviewtui(repository.path, "release", NAME, "--yes", person=repository.person("lin"))
    assert answer.status == 0, answer.err
    return repository


def act(story: ModelRepository, verdict: str, name: str, *, env: dict[str, str] | None = None) -> None:
    words = (verdict, NAME, "-m", f"{verdict} it", "--yes")
    answer = reviewtui(story.path, *words, person=story.person(name), env=env)
    assert answer.status == 0, answer.err


def verify(story: ModelRepository, *words: str) -> tuple[Answer, dict[str, Any]]:
    answer = reviewtui(story.path, "verify", "--json", *words)
    assert answer.out, answer.err
    report = answer.json
    assert answer.status == (0 if report["ok"] else 1)
    return answer, report


def release_of(report: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in report["releases"] if each["tag"] == TAG)


def alarms(report: dict[str, Any]) -> list[str]:
    return [each["reason"].partition(":")[0] for each in report["problems"] if each["alarm"]]


def test_a_sound_release_verifies_and_an_older_tag_is_left_in_peace(story: ModelRepository) -> None:
    _, report = verify(story)
    assert report["ok"], report
    sound = {"name": NAME, "tag": TAG, "ok": True, "reason": "", "since": [], "unproven": False}
    assert release_of(report) == sound
    old = next(each for each in report["releases"] if each["tag"] == "refs/tags/churn@v1.0.0")
    assert old["ok"] is True
    assert old["reason"].startswith("released-unreviewed")
    assert report["problems"] == []
    text = reviewtui(story.path, "verify")
    assert text.status == 0
    assert "All is well." in text.out
    _, one = verify(story, NAME)
    assert [each["name"] for each in one["releases"]] == [NAME]


def test_a_release_is_judged_by_the_policy_it_was_made_under(story: ModelRepository) -> None:
    stricter = {**POLICY, "version": 2, "releases": [{"models": ["*"], "approvals": [{"count": 3}]}]}
    story.settings(policy=stricter)
    _, report = verify(story)
    assert release_of(report)["ok"], report


def test_a_release_keeps_its_base_when_other_releases_come_between(story: ModelRepository) -> None:
    story.tag("churn@v1.0.5", "refs/tags/churn@v1.0.0^{commit}", message="a fix release, tagged later")
    _, report = verify(story)
    assert release_of(report)["ok"], report


def test_what_came_after_a_release_is_said_and_undoes_nothing(story: ModelRepository) -> None:
    act(story, "withdraw", "dana", env=LATER)
    act(story, "reject", "lin", env=LATER)
    _, report = verify(story)
    assert report["ok"], report
    since = " ".join(release_of(report)["since"])
    assert "approval withdrawn after release" in since
    assert "rejected after release by lin@example.com" in since


def test_a_key_that_was_revoked_after_a_release_is_said_and_undoes_nothing(story: ModelRepository) -> None:
    lin = story.person("lin")
    story.settings(policy={**POLICY, "version": 2}, files={".reviewtui/revoked_keys": lin.public_key + "\n"})
    _, report = verify(story)
    release = release_of(report)
    assert release["ok"], report
    assert any(each.startswith("revoked-key after release") for each in release["since"])
    reasons = {each["reason"].partition(":")[0]: each["alarm"] for each in report["problems"]}
    assert reasons == {"revoked-key": False}


def test_a_revoked_key_releases_nothing_more_under_the_same_policy(story: ModelRepository, tmp_path: Path) -> None:
    lin = story.person("lin")
    story.settings(files={".reviewtui/revoked_keys": lin.public_key + "\n"})
    file = tmp_path / "message"
    file.write_text(story.git("cat-file", "tag", TAG).partition("\n\n")[2].partition("-----BEGIN")[0])
    words = ("tag", "-f", "-s", "--cleanup=verbatim", "-F", str(file), "churn@v1.1.0", f"{TAG}^{{commit}}")
    story.git(*words, env={**lin.environment, **LATER})
    _, report = verify(story)
    assert not release_of(report)["ok"]
    assert "revoked-key" in release_of(report)["reason"]


def test_a_tag_made_around_the_gate_does_not_verify(story: ModelRepository, tmp_path: Path) -> None:
    """The trailers of a sound tag, copied onto a version that nobody approved."""
    message = story.git("cat-file", "tag", TAG).partition("\n\n")[2].partition("-----BEGIN")[0]
    commit = story.commit_version("churn", "1.2.0", params={"lr": 9}, metrics={"accuracy": 0.2})
    forged = tmp_path / "message"
    forged.write_text(message.replace("1.1.0", "1.2.0"))
    lin = story.person("lin")
    words = ("tag", "-s", "--cleanup=verbatim", "-F", str(forged), "churn@v1.2.0", commit)
    story.git(*words, env=lin.environment)
    _, report = verify(story)
    (release,) = [each for each in report["releases"] if each["tag"] == "refs/tags/churn@v1.2.0"]
    assert not release["ok"]
    assert "unknown-record" in release["reason"]
    assert "gate-closed" in release["reason"]
    assert release_of(report)["ok"]


def test_a_tag_signed_by_nobody_who_may_release_does_not_verify(story: ModelRepository, tmp_path: Path) -> None:
    message = story.git("cat-file", "tag", TAG).partition("\n\n")[2].partition("-----BEGIN")[0]
    file = tmp_path / "message"
    file.write_text(message)
    risk = story.person("risk")
    words = ("tag", "-f", "-s", "--cleanup=verbatim", "-F", str(file), "churn@v1.1.0", f"{TAG}^{{commit}}")
    story.git(*words, env=risk.environment)
    _, report = verify(story)
    assert "no-role" in release_of(report)["reason"]
    assert alarms(report) == ["tag-moved"]


def test_a_tag_that_names_a_policy_which_was_never_in_force_does_not_verify(
    story: ModelRepository, tmp_path: Path
) -> None:
    text = story.git("cat-file", "tag", TAG).partition("\n\n")[2].partition("-----BEGIN")[0]
    file = tmp_path / "message"
    side = story.git("hash-object", "-w", "--stdin", input=b"version: 1\n")
    blob = story.git("rev-parse", "main:.reviewtui/policy.yaml")
    file.write_text(text.replace(blob, side))
    lin = story.person("lin")
    words = ("tag", "-f", "-s", "--cleanup=verbatim", "-F", str(file), "churn@v1.1.0", f"{TAG}^{{commit}}")
    story.git(*words, env=lin.environment)
    _, report = verify(story)
    assert release_of(report)["reason"].startswith("unknown-policy")


def test_a_policy_of_a_side_branch_that_was_merged_was_never_in_force(story: ModelRepository, tmp_path: Path) -> None:
    weak = {**POLICY, "version": 2, "releases": [{"models": ["*"], "approvals": [{"count": 1}]}]}
    before = story.git("rev-parse", "main")
    side = story.settings(policy=weak, branch="side")
    back = story.settings(policy=POLICY, branch="side")
    tree = story.git("rev-parse", f"{back}^{{tree}}")
    merge = story.git("commit-tree", tree, "-p", before, "-p", back, "-m", "merge")
    story.git("update-ref", "refs/heads/main", merge)
    text = story.git("cat-file", "tag", TAG).partition("\n\n")[2].partition("-----BEGIN")[0]
    old, new = (story.git("rev-parse", f"{each}:.reviewtui/policy.yaml") for each in (before, side))
    file = tmp_path / "message"
    file.write_text(text.replace(old, new))
    words = ("tag", "-f", "-s", "--cleanup=verbatim", "-F", str(file), "churn@v1.1.0", f"{TAG}^{{commit}}")
    story.git(*words, env=story.person("lin").environment)
    _, report = verify(story)
    assert release_of(report)["reason"].startswith("unknown-policy")


@pytest.mark.parametrize("how", ["moved", "deleted"])
def test_a_release_tag_that_was_moved_or_deleted_is_an_alarm(story: ModelRepository, how: str) -> None:
    if how == "deleted":
        story.git("tag", "-d", "churn@v1.1.0")
    else:
        story.git("tag", "-f", "-a", "-m", "mine now", "churn@v1.1.0", "main")
    _, report = verify(story)
    assert alarms(report) == [f"tag-{how}"]
    (problem,) = [each for each in report["problems"] if each["alarm"]]
    assert problem["where"] == TAG
    subprocess.run(problem["reason"].rpartition(": ")[2].rstrip(").").split(), cwd=story.path, check=True)
    assert alarms(verify(story)[1]) == []


def test_a_tag_written_almost_like_a_release_is_an_alarm(story: ModelRepository) -> None:
    story.git("update-ref", "refs/tags/Churn@V1.1.0", "main")
    _, report = verify(story)
    assert "look-alike" in alarms(report)


def test_a_record_that_was_removed_or_a_history_that_was_replaced_is_an_alarm(story: ModelRepository) -> None:
    commit = story.git("rev-parse", f"{TAG}^{{commit}}")
    tip = story.git("rev-parse", REF)
    write_notes(story, REF, {commit: b"nothing\n"}, parent=tip)
    _, report = verify(story)
    assert "record-removed" in alarms(report)
    assert release_of(report)["ok"], "what was taken away counts still"
    write_notes(story, REF, {commit: b"nothing\n"})
    assert "non-fast-forward" in alarms(verify(story)[1])
    assert reviewtui(story.path, "verify").status == 1


@pytest.fixture
def notes(story: ModelRepository) -> Iterator[Notes]:
    repository = Repository.open(story.path)
    yield Notes(repository, RefName(REF))
    repository.close()


def test_a_record_whose_bytes_were_changed_is_an_alarm_with_its_place(story: ModelRepository, notes: Notes) -> None:
    commit = ObjectId(story.git("rev-parse", f"{TAG}^{{commit}}"))
    line = notes.lines(commit)[0]
    start = line.index(b'"sig":"') + 60
    changed = line[:start] + (b"A" if line[start : start + 1] != b"A" else b"B") + line[start + 1 :]
    notes.append(commit, changed)
    _, report = verify(story)
    assert alarms(report) == ["bad-signature"]
    (problem,) = report["problems"]
    assert commit in problem["where"] and "sha256:" in problem["where"]
    assert release_of(report)["ok"]


def test_what_merely_does_not_count_is_listed_and_no_fault(story: ModelRepository, notes: Notes) -> None:
    other = ModelRepository(story.path.parent / "elsewhere").person("mallory")
    words = ("comment", NAME, "-m", "hello", "--yes")
    assert reviewtui(story.path, *words, person=other).status == 0
    commit = ObjectId(story.git("rev-parse", f"{TAG}^{{commit}}"))
    copied = notes.lines(commit)[0]
    notes.append(ObjectId(story.git("rev-parse", "main")), copied)
    notes.append(ObjectId("12" * 20), b"garbage")
    _, report = verify(story)
    assert report["ok"], report
    reasons = sorted(each["reason"].partition(":")[0] for each in report["problems"])
    assert reasons in (
        ["malformed", "orphaned", "subject-commit-mismatch", "unknown-key"],
        ["malformed", "orphaned", "unknown-key", "unknown-key"],
    )


def test_replace_refs_and_grafts_are_alarms(story: ModelRepository) -> None:
    one, two = story.git("rev-parse", "main"), story.git("rev-parse", "main~1")
    story.git("update-ref", f"refs/replace/{one}", two)
    grafts = story.path / ".git" / "info" / "grafts"
    grafts.parent.mkdir(exist_ok=True)
    grafts.write_text(f"{one}\n")
    _, report = verify(story)
    assert sorted(alarms(report)) == ["grafts", "replaced-object"]
    assert release_of(report)["ok"]


def test_a_shallow_clone_is_never_all_well(story: ModelRepository, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    subprocess.run(("git", "clone", "-q", "--depth=1", f"file://{story.path}", str(cut)), check=True)
    answer, report = verify(ModelRepository(cut))
    assert (answer.status, report["ok"], alarms(report)) == (1, False, ["incomplete"])


def test_a_repository_without_anything_of_ours_verifies(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "plain")
    repository.commit_files({"params.yaml": "lr: 0.1\n"})
    repository.tag("v1.0.0", message="one")
    _, report = verify(repository)
    assert report["ok"] is True
    assert [each["reason"].partition(":")[0] for each in report["releases"]] == ["released-unreviewed"]


def test_verifying_takes_as_many_processes_for_many_releases_as_for_few(tmp_path: Path) -> None:
    from reviewtui.project import Project

    repository = churn_repository(tmp_path / "models")
    counts = []
    for number in range(2, 6):
        name = f"churn@1.{number}.0"
        repository.commit_version("churn", f"1.{number}.0", params={"lr": number}, metrics={"accuracy": 0.92})
        for person in ("dana", "lin"):
            done = reviewtui(repository.path, "approve", name, "--yes", person=repository.person(person))
            assert done.status == 0, done.err
        done = reviewtui(repository.path, "release", name, "--yes", person=repository.person("lin"))
        assert done.status == 0, done.err
        project = Project.open(repository.path)
        assert project.verify().ok
        counts.append(project.repository.git.processes_started)
        project.repository.close()
    assert counts[1] == counts[3]
