"""The audit trail: every kind of event, each with what it rests on; the same bytes wherever it is told."""

from __future__ import annotations

import cProfile
import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from reviewtui.git.repository import Repository
from reviewtui.project import Project
from reviewtui.review import Verdict
from reviewtui.trail import EVENTS, TrailEvent, TrailScope
from tests.command import POLICY, churn_repository, reviewtui
from tests.model_repository import ModelRepository
from tests.notes_by_hand import write_notes
from tests.test_process_counts import acting_as

NAME = "churn@1.1.0"
TAG = "refs/tags/churn@v1.1.0"
REVIEWS = "refs/notes/reviewtui/reviews"
LATER = {"GIT_COMMITTER_DATE": "2040-06-01T09:00:00+00:00", "GIT_AUTHOR_DATE": "2040-06-01T09:00:00+00:00"}


@pytest.fixture(scope="module")
def released_once(tmp_path_factory: pytest.TempPathFactory) -> ModelRepository:
    """Approved by two, and released."""
    repository = churn_repository(tmp_path_factory.mktemp("trail") / "models")
    for name, hours in (("dana", -2), ("lin", -1)):
        act_in(repository, "approve", name, hours=hours)
    released = reviewtui(repository.path, "release", NAME, "--yes", person=repository.person("lin"))
    assert released.status == 0, released.err
    return repository


@pytest.fixture
def story(released_once: ModelRepository, tmp_path: Path) -> ModelRepository:
    """The same, for one test alone."""
    shutil.copytree(released_once.path, tmp_path / "models", symlinks=True)
    other = object.__new__(ModelRepository)
    other.path, other.now, other.people = tmp_path / "models", released_once.now, dict(released_once.people)
    return other


def act(story: ModelRepository, verdict: str, name: str, *, env: dict[str, str] | None = None) -> None:
    words = (verdict, NAME, "-m", f"{verdict} it", "--yes")
    answer = reviewtui(story.path, *words, person=story.person(name), env=env)
    assert answer.status == 0, answer.err


def act_in(
    story: ModelRepository, verdict: str, name: str, *, hours: int, env: Mapping[str, str] | None = None
) -> None:
    """The same in so many hours: two that happen within a second have no order of their own."""
    with acting_as(story.person(name)), pytest.MonkeyPatch.context() as patch:
        for key, value in (env or {}).items():
            patch.setenv(key, value)
        project = Project.open(story.path)
        moment = datetime.now(UTC) + timedelta(hours=hours)
        then = Project(project.repository, signer=project.signer, clock=lambda: moment)
        then.record_review(then.prepare_review(then.find(NAME), Verdict(verdict), f"{verdict} it"))
        project.repository.close()


def told(path: Path, **scope: str) -> list[TrailEvent]:
    project = Project.open(path)
    try:
        return list(project.audit_trail(TrailScope(**scope)).events)
    finally:
        project.repository.close()


def kinds(events: list[TrailEvent], name: str = "") -> list[str]:
    return [event.event for event in events if name in ("", event.name)]


def only(events: list[TrailEvent], kind: str) -> TrailEvent:
    (found,) = [event for event in events if event.event == kind]
    return found


def test_a_release_is_told_from_its_settings_to_its_tag(story: ModelRepository) -> None:
    events = told(story.path)
    assert kinds(events) == ["released-unreviewed", "policy", "candidate", "approve", "approve", "gate", "released"]
    assert set(kinds(events)) <= EVENTS.keys()
    assert [event.at for event in events] == sorted(event.at for event in events)


def test_an_event_names_what_it_rests_on(story: ModelRepository) -> None:
    events = told(story.path)
    commit = story.git("rev-parse", "refs/heads/model/churn/v1.1.0")
    approvals = [event for event in events if event.event == "approve"]
    for number, event in enumerate(approvals, start=1):
        assert (event.commit, event.tree) == (commit, story.git("rev-parse", f"{commit}^{{tree}}"))
        assert event.key.startswith("SHA256:") and event.principals == (event.actor,)
        assert event.note_position == number and event.notes_ref == REVIEWS
        assert event.note == story.git("rev-parse", f"{REVIEWS}~{2 - number}")
        assert event.line in story.git("show", f"{REVIEWS}:{commit}").split("\n")
        assert (event.counted, event.reason, event.policy_version) == (True, "", 1)
    released = only(events, "released")
    assert released.tag == story.git("rev-parse", TAG) and released.ref == TAG
    assert released.actor == "lin@example.com" and released.counted is True
    assert set(released.records) == {event.record for event in approvals}
    assert released.policy == story.git("rev-parse", "main:.reviewtui/policy.yaml")
    assert dict(released.digests).keys() == {"config", "metrics", "data", "environment"}
    assert released.base is not None and released.base.version == "1.0.0"
    gate = only(events, "gate")
    assert gate.counted is True and any(each.rule.startswith("approvals") for each in gate.findings)
    assert set(gate.records) >= {event.record for event in approvals}


def test_what_was_taken_back_after_a_release_is_told_right_after_it_happened(story: ModelRepository) -> None:
    act_in(story, "withdraw", "dana", hours=1, env=LATER)
    act_in(story, "reject", "lin", hours=2, env=LATER)
    events = told(story.path)
    told_of = kinds(events)
    assert told_of.count("withdrawn-after-release") == 2 and told_of.count("rejected-after-release") == 1
    assert told_of.index("withdrawn-after-release") == told_of.index("withdraw") + 1
    assert told_of[told_of.index("reject") :] == ["reject", "withdrawn-after-release", "rejected-after-release"]
    assert only(events, "gate").counted is True
    assert [event.counted for event in events if event.event == "approve"] == [True, True]
    withdrawn = next(event for event in events if event.event == "withdrawn-after-release")
    assert withdrawn.records and withdrawn.reason.startswith("approval withdrawn after release")


def test_a_change_of_the_policy_names_both_policies_and_says_who_approved_it(story: ModelRepository) -> None:
    old = story.git("rev-parse", "main:.reviewtui/policy.yaml")
    story.settings(policy={**POLICY, "version": 2})
    first, change = [event for event in told(story.path) if event.event == "policy"]
    assert (first.policy, first.policy_version, first.counted) == (old, 1, None)
    assert "first use" in first.reason
    assert (change.policy_before, change.policy_version_before) == (old, 1)
    assert (change.policy, change.policy_version) == (story.git("rev-parse", "main:.reviewtui/policy.yaml"), 2)
    assert change.counted is False and "policy_changes" in change.reason
    assert change.name == ".reviewtui@2" and change.commit == story.git("rev-parse", "main")


def test_a_line_that_was_taken_away_is_told_and_is_an_alarm(story: ModelRepository) -> None:
    commit = story.git("rev-parse", "refs/heads/model/churn/v1.1.0")
    lines = story.git("show", f"{REVIEWS}:{commit}").encode().split(b"\n")
    write_notes(story, REVIEWS, {commit: lines[0] + b"\n"}, parent=story.git("rev-parse", REVIEWS))
    events = told(story.path)
    assert kinds(events).count("approve") == 2
    assert [event for event in events if event.event == "alarm" and "record-removed" in event.reason]


def test_a_line_that_cannot_be_read_is_told_with_its_bytes(story: ModelRepository) -> None:
    commit = story.git("rev-parse", "refs/heads/model/churn/v1.1.0")
    before = story.git("show", f"{REVIEWS}:{commit}").encode()
    write_notes(
        story, REVIEWS, {commit: before + b"\nno record \xff\x1b[31m\n"}, parent=story.git("rev-parse", REVIEWS)
    )
    event = only(told(story.path), "unreadable")
    assert event.counted is False and event.reason.startswith("malformed")
    assert event.line == "no record \\xff\x1b[31m"


def test_records_of_machines_are_told_as_they_stand(story: ModelRepository) -> None:
    commit = story.git("rev-parse", "refs/heads/model/churn/v1.1.0")
    write_notes(story, "refs/notes/reviewtui/pipeline", {commit: b"build 17 passed\n"})
    event = only(told(story.path), "record")
    assert (event.line, event.commit, event.note_position) == ("build 17 passed", commit, 1)
    assert event.notes_ref == "refs/notes/reviewtui/pipeline" and event.counted is None


def test_the_scope_leaves_out_what_was_not_asked_for(story: ModelRepository) -> None:
    assert kinds(told(story.path, release="churn@v1.1.0")) == [
        "policy",
        "candidate",
        "approve",
        "approve",
        "gate",
        "released",
    ]
    everything = told(story.path)
    half = everything[len(everything) // 2].at
    early, late = told(story.path, until=half), told(story.path, since=half)
    assert [event for event in everything if event.at <= half] == early
    assert [event for event in everything if event.at >= half] == late
    assert told(story.path, model="churn") == everything


@pytest.mark.parametrize(
    "words", [("--since", "yesterday"), ("--since", "2026-11-22T10:00:00"), ("nothing",), ("--release", "churn@9"),
              ("--since", "2026-11-23", "--until", "2026-11-22")],
)  # fmt: skip
def test_a_scope_that_means_nothing_is_a_usage_error(story: ModelRepository, words: tuple[str, ...]) -> None:
    answer = reviewtui(story.path, "export", *words)
    assert (answer.status, answer.out) == (2, "")


def exported(path: Path, *words: str, env: dict[str, str] | None = None) -> bytes:
    answer = reviewtui(path, "export", *words, env=env)
    assert answer.status == 0, answer.err
    return answer.out.encode()


@pytest.mark.parametrize("form", ["jsonl", "csv"])
def test_the_same_state_gives_the_same_bytes_from_a_clone_elsewhere_in_another_zone_and_language(
    story: ModelRepository, tmp_path: Path, form: str
) -> None:
    first = exported(story.path, "--format", form)
    clone = tmp_path / "other" / "place"
    subprocess.run(("git", "clone", "-q", str(story.path), str(clone)), check=True)
    subprocess.run(("git", "fetch", "-q", "origin", "+refs/notes/*:refs/notes/*"), cwd=clone, check=True)
    abroad = {"TZ": "Pacific/Kiritimati", "LC_ALL": "C.UTF-8", "LANG": "tr_TR.UTF-8", "PYTHONHASHSEED": "7"}
    assert exported(clone, "--format", form, env=abroad) == first
    assert exported(story.path, "--format", form) == first


def test_no_clock_has_a_say(story: ModelRepository) -> None:
    def told_at(moment: datetime) -> list[TrailEvent]:
        repository = Repository.open(story.path)
        project = Project(repository, signer=lambda: pytest.fail("Nothing is signed."), clock=lambda: moment)
        try:
            return list(project.audit_trail().events)
        finally:
            repository.close()

    assert told_at(datetime(1999, 1, 1, tzinfo=UTC)) == told_at(datetime(2099, 1, 1, tzinfo=UTC)) == told(story.path)


@pytest.mark.skipif(shutil.which("faketime") is None, reason="faketime is not installed.")
def test_the_day_on_which_it_is_exported_has_no_say(story: ModelRepository) -> None:
    words = ("faketime", "2031-07-01 12:00:00", sys.executable, "-m", "reviewtui", "-C", str(story.path), "export")
    assert subprocess.run(words, capture_output=True, check=True).stdout == exported(story.path)


def json_of(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in exported(path).decode().splitlines()]


def test_the_header_says_what_was_read_and_what_cannot_be_proven(story: ModelRepository) -> None:
    header = json_of(story.path)[0]
    assert header["trusted"] == {"ref": "refs/heads/main", "commit": story.git("rev-parse", "main")}
    assert header["notes"][0] == {"ref": REVIEWS, "commit": story.git("rev-parse", REVIEWS), "commits": 2}
    assert len(header["unproven"]) > 3 and all(each.endswith(".") for each in header["unproven"])


def test_what_thousands_of_tags_of_one_version_cost_grows_as_their_number_does(tmp_path: Path) -> None:
    """A stranger may push any number of tags that name one version."""
    calls = {}
    for count in (50, 200):
        repository = ModelRepository(tmp_path / str(count))
        commit = repository.commit_files({"models/churn/params.yaml": "lr: 1\n"})
        lines = (f"create refs/tags/churn@v1.0.0#{number} {commit}\n" for number in range(1, count + 1))
        repository.git("update-ref", "--stdin", input="".join(lines).encode())
        project = Project.open(repository.path)
        profile = cProfile.Profile()
        events = profile.runcall(lambda project=project: list(project.audit_trail().events))
        assert sum(event.event == "released-unreviewed" for event in events) == count
        calls[count] = sum(each.callcount for each in profile.getstats())
        project.repository.close()
    assert calls[200] < 5 * calls[50], calls
