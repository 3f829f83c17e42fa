"""The sample repository: every state it promises, and a visitor who can act at once."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewtui.demo import build_demo
from reviewtui.errors import GitMissingError, SigningError, SigningToolMissingError, UsageError
from reviewtui.project import Project
from reviewtui.review import Verdict

NOW = datetime(2026, 11, 22, 19, 10, tzinfo=UTC)

STATES = {
    "churn@1.0.0": "released-unreviewed",
    "churn@1.1.0": "released-unreviewed",
    "churn@1.2.0": "released",
    "churn@1.3.0": "released",
    "churn@1.4.0": "in-review",
    "churn@2.0.0-rc.1": "rejected",
    "support-intent@0.8.0": "released-unreviewed",
    "support-intent@0.9.0": "released",
    "support-intent@0.9.1": "stale",
    "support-intent@0.10.0": "in-review",
    "support-intent@0.11.0": "unreviewed",
}


def git(directory: Path, *arguments: str) -> str:
    done = subprocess.run(("git", *arguments), cwd=directory, capture_output=True, check=True, text=True)
    return done.stdout


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One sample repository for the tests that only look; its builder meets no configuration of the user."""
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("nobody")
        patch.setenv("HOME", str(home))
        patch.setenv("GIT_CONFIG_GLOBAL", str(home / "none"))
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        for name in ("GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL", "EMAIL"):
            patch.delenv(name, raising=False)
        return build_demo(tmp_path_factory.mktemp("place") / "demo", now=NOW)


def test_it_has_a_version_in_every_promised_state(demo: Path) -> None:
    assert {status.version.name: status.state for status in Project.open(demo).overview()} == STATES


def test_the_waiting_candidate_has_one_approval_of_two(demo: Path) -> None:
    project = Project.open(demo)
    status = project.status(project.find("churn@1.4.0"))
    assert (status.approvals, status.required) == (1, 2)
    open_findings = [f for f in project.gate(status.version).findings if f.state in ("unmet", "error")]
    assert [("dana@example.com" in finding.unblock) for finding in open_findings] == [True]


def test_the_regressed_candidate_has_all_its_approvals_and_one_unmet_metric(demo: Path) -> None:
    project = Project.open(demo)
    version = project.find("support-intent@0.10.0")
    decision = project.gate(version)
    assert (decision.approvals, decision.required) == (2, 2)
    unmet = [finding for finding in decision.findings if finding.state == "unmet"]
    assert len(unmet) == 1
    assert "f1.cancel_contract" in unmet[0].rule + unmet[0].reason
    fates = {entry.reviewer: entry.reason for entry in project.reviews(version) if entry.verdict == "approve"}
    assert fates["jonas@example.com"] == "author"


def test_the_vetoed_candidate_says_who_and_why(demo: Path) -> None:
    project = Project.open(demo)
    version = project.find("churn@2.0.0-rc.1")
    assert project.gate(version).vetoed_by == ("sam@example.com",)
    assert any("Postcode" in entry.comment for entry in project.reviews(version))


def test_the_stale_candidate_lost_its_approvals_to_a_change_of_data(demo: Path) -> None:
    project = Project.open(demo)
    version = project.find("support-intent@0.9.1")
    entries = project.reviews(version)
    assert [(entry.verdict, entry.counted) for entry in entries] == [("approve", False)] * 2
    assert all(entry.reason.startswith(("facts-changed", "subject-commit-mismatch")) for entry in entries)
    changed = git(demo, "diff", "--name-only", entries[0].commit, version.commit).splitlines()
    assert changed == ["models/support-intent/data/labels.csv.dvc"]


def test_one_metric_is_renamed_and_one_file_keeps_its_size(demo: Path) -> None:
    project = Project.open(demo)
    waiting = project.find("churn@1.4.0")
    base = project.base_of(waiting).version
    assert base is not None
    assert base.name == "churn@1.3.0"
    renamed = [(c.before_key, c.key) for c in project.compare(base, waiting).metrics if c.kind == "renamed"]
    assert renamed == [("val_acc", "val.acc")]
    patch = project.find("support-intent@0.9.1")
    data = project.compare(project.base_of(patch).version, patch).data
    weights = next(change for change in data if change.path.endswith("model.safetensors"))
    assert weights.before is not None
    assert weights.after is not None
    assert weights.before.size == weights.after.size


def test_no_file_of_any_version_has_a_problem(demo: Path) -> None:
    project = Project.open(demo)
    for version in project.catalog.versions:
        facts = project.facts(version)
        assert facts.problems == ()
        assert facts.config
        assert facts.metrics
        assert facts.data


def test_main_is_checked_out_and_clean(demo: Path) -> None:
    assert git(demo, "status", "--porcelain=v1", "--branch").splitlines() == ["## main"]
    assert (demo / "models/churn/params.yaml").is_file()
    assert (demo / ".reviewtui/policy.yaml").is_file()
    assert git(demo, "for-each-ref", "refs/reviewtui-demo") == ""
    assert git(demo, "fsck", "--strict") == ""


def test_releases_verify_with_git_alone(demo: Path) -> None:
    for tag in ("churn@v1.2.0", "churn@v1.3.0", "support-intent@v0.9.0"):
        git(demo, "tag", "-v", tag)


def test_the_keys_are_for_nobody_else(demo: Path) -> None:
    keys = demo / ".git/demo-keys"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in keys.iterdir() if path.suffix == ""} <= {0o600, 0o644}
    assert stat.S_IMODE((keys / "dana").stat().st_mode) == 0o600


def test_the_visitor_can_approve_and_release_at_once(tmp_path: Path) -> None:
    directory = build_demo(tmp_path / "demo")
    project = Project.open(directory)
    version = project.find("churn@1.4.0")
    project.record_review(project.prepare_review(version, Verdict.APPROVE, "ok"))
    version = project.find("churn@1.4.0")
    project.release(project.prepare_release(version))
    assert project.status(project.find("churn@1.4.0")).state == "released"
    git(directory, "tag", "-v", "churn@v1.4.0")


def test_a_hostile_configuration_of_the_user_does_not_disturb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hooks = tmp_path / "hooks"
    hooks.mkdir()
    for name in ("reference-transaction", "post-checkout", "pre-commit"):
        (hooks / name).write_text("#!/bin/sh\nexit 1\n")
        (hooks / name).chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(
        f"[core]\n\thooksPath = {hooks}\n\tautocrlf = true\n"
        "[commit]\n\tgpgsign = true\n[tag]\n\tgpgsign = true\n[gpg]\n\tformat = openpgp\n\tprogram = false\n"
        f"[init]\n\ttemplateDir = {hooks}\n\tdefaultBranch = trunk\n[user]\n\tname = Somebody\n\temail = some@body\n"
    )
    before = config.read_bytes()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody Else")
    directory = build_demo(tmp_path / "demo", now=NOW)
    assert config.read_bytes() == before
    assert git(directory, "status", "--porcelain=v1", "--branch").splitlines() == ["## main"]
    people = set(git(directory, "log", "--all", "--format=%an <%ae>%n%cn <%ce>").splitlines())
    assert all(person.endswith("@example.com>") for person in people)
    assert Project.open(directory).find("churn@1.3.0").kind == "release"


def test_two_builds_for_one_moment_differ_in_their_keys_alone(demo: Path, tmp_path: Path) -> None:
    other = build_demo(tmp_path / 'a folder, "quoted" \\ and [odd]', now=NOW)
    assert _told(demo) == _told(other)


def _told(directory: Path) -> list[str]:
    """Refs, dates, people, words and files; of .reviewtui/ the names alone, and nothing of the clone's own memory."""
    told = ("refs/heads", "refs/tags", "refs/notes")
    refs = git(directory, "for-each-ref", "--format=%(refname) %(*objecttype)%(objecttype) %(creatordate:unix)", *told)
    log = git(directory, "log", "--branches", "--tags", "--topo-order", "--format=%an %at %cn %ct %s%n%b")
    trees = [
        line
        for ref in git(directory, "for-each-ref", "--format=%(refname)", "refs/heads", "refs/tags").split()
        for line in git(directory, "ls-tree", "-r", ref).splitlines()
        if "allowed_signers" not in line
    ]
    return [*refs.splitlines(), *log.splitlines(), *trees]


def test_a_directory_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("do not touch")
    with pytest.raises(UsageError, match=r"is not empty\.$"):
        build_demo(tmp_path)
    assert os.listdir(tmp_path) == ["precious"]


def test_a_second_build_in_the_same_place_is_refused_and_says_how_to_open_the_first(demo: Path) -> None:
    with pytest.raises(UsageError, match=r"holds a sample repository already\.$") as refusal:
        build_demo(demo)
    assert refusal.value.hint == f"Open it with: reviewtui -C {demo}"


def test_a_file_in_the_way_is_refused_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    with pytest.raises(UsageError, match="cannot be made"):
        build_demo(tmp_path / "taken" / "demo")


def test_a_build_that_fails_leaves_an_empty_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = shutil.which("git")
    assert found is not None
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "git").symlink_to(found)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    with pytest.raises(SigningToolMissingError, match=r"^ssh-keygen is not installed\.$"):
        build_demo(tmp_path / "demo", now=NOW)
    assert os.listdir(tmp_path / "demo") == []


def _script(file: Path, body: str) -> None:
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def test_tools_that_are_too_old_are_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tools, place = tmp_path / "bin", tmp_path / "demo"
    tools.mkdir()
    monkeypatch.setenv("PATH", f"{tools}:{os.environ['PATH']}")
    _script(tools / "ssh-keygen", "exit 0")
    _script(tools / "ssh", "echo 'OpenSSH_9.9p1' >&2")
    with pytest.raises(SigningError, match="could not make a key"):
        build_demo(place)
    _script(tools / "ssh", "echo 'OpenSSH_8.0p1' >&2")
    with pytest.raises(SigningToolMissingError, match=r"^OpenSSH 8\.0 is too old"):
        build_demo(place)
    (tmp_path / "git").mkdir()
    _script(tmp_path / "git" / "git", "echo git version 2.30.1")
    monkeypatch.setenv("PATH", f"{tmp_path / 'git'}:{os.environ['PATH']}")
    with pytest.raises(GitMissingError, match=r"this is git version 2\.30\.1\.$"):
        build_demo(place)
    assert not [*place.iterdir()]
