"""reviewtui sync: whatever a remote forgets and whoever writes at once, nobody's record is lost."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import churn_repository, reviewtui
from tests.model_repository import ModelRepository, PersonWithKey
from tests.notes_by_hand import write_notes

ROOT = Path(__file__).resolve().parent.parent
REF = "refs/notes/reviewtui/reviews"
NAME = "churn@1.1.0"


class Team:
    """A server, and clones of it, each for one reviewer."""

    def __init__(self, place: Path) -> None:
        self.origin = churn_repository(place / "origin")
        self.server = place / "server.git"
        subprocess.run(("git", "clone", "-q", "--bare", str(self.origin.path), str(self.server)), check=True)
        self.place = place

    def clone(self, name: str) -> Path:
        place = self.place / name
        subprocess.run(("git", "clone", "-q", str(self.server), str(place)), check=True)
        return place

    def person(self, name: str) -> PersonWithKey:
        return self.origin.person(name)

    def git(self, *words: str, at: Path | None = None) -> str:
        done = subprocess.run(("git", *words), cwd=at or self.server, capture_output=True, text=True, check=True)
        return done.stdout.strip()


@pytest.fixture
def team(tmp_path: Path) -> Team:
    return Team(tmp_path)


def say(place: Path, verdict: str, person: PersonWithKey, *, why: str = "because") -> None:
    answer = reviewtui(place, verdict, NAME, "-m", why, "--yes", person=person)
    assert answer.status == 0, answer.err


def verdicts(place: Path) -> list[tuple[str, str]]:
    records = reviewtui(place, "reviews", NAME, "--json").json["records"]
    return sorted((record["reviewer"].partition("@")[0], record["verdict"]) for record in records)


def test_two_clones_end_with_the_records_of_both(team: Team) -> None:
    one, two = team.clone("one"), team.clone("two")
    say(one, "approve", team.person("dana"))
    say(two, "reject", team.person("lin"))
    first = reviewtui(one, "sync", "--json")
    assert first.status == 0, first.err
    (ref,) = first.json["refs"]
    assert (ref["ref"], ref["received"], ref["sent"], ref["alarms"]) == (REF, 0, 1, [])
    second = reviewtui(two, "sync")
    assert (second.status, second.out) == (0, "")
    assert "1 received, 1 sent" in second.err
    assert reviewtui(one, "sync", "--json").json["refs"][0]["received"] == 1
    assert verdicts(one) == verdicts(two) == [("dana", "approve"), ("lin", "reject")]
    again = reviewtui(two, "sync", "--json").json["refs"][0]
    assert (again["received"], again["sent"]) == (0, 0)


def test_without_records_there_is_nothing_to_do(team: Team) -> None:
    answer = reviewtui(team.clone("one"), "sync", "--json")
    assert (answer.status, answer.json["refs"]) == (0, [])
    assert reviewtui(team.clone("two"), "sync", "nowhere").status == 3


def test_all_four_notes_refs_are_united(team: Team) -> None:
    one, two = team.clone("one"), team.clone("two")
    commit = team.git("rev-parse", "main")
    for name in ("pipeline", "data", "feedback"):
        team.git("notes", f"--ref=reviewtui/{name}", "add", "-m", name, commit, at=one)
    assert reviewtui(one, "sync").status == reviewtui(two, "sync").status == 0
    for name in ("pipeline", "data", "feedback"):
        assert team.git("notes", f"--ref=reviewtui/{name}", "show", commit, at=two) == name


@pytest.mark.parametrize("how", ["dropped by a fast-forward", "replaced", "deleted", "rewound"])
def test_a_veto_that_the_server_dropped_is_an_alarm_and_is_put_back_everywhere(team: Team, how: str) -> None:
    one = team.clone("one")
    say(one, "approve", team.person("dana"))
    assert reviewtui(one, "sync").status == 0
    say(one, "reject", team.person("lin"), why="wrong month")
    assert reviewtui(one, "sync").status == 0
    tip = team.git("rev-parse", REF)
    commit = team.git("rev-parse", "refs/heads/model/churn/v1.1.0")
    server = ModelRepository.__new__(ModelRepository)
    server.path = team.server
    approval = team.git("show", f"{tip}~1:{commit}").encode() + b"\n"
    match how:
        case "dropped by a fast-forward":
            write_notes(server, REF, {commit: approval}, parent=tip)
        case "replaced":
            write_notes(server, REF, {commit: approval})
        case "deleted":
            team.git("update-ref", "-d", REF)
        case "rewound":
            team.git("update-ref", REF, f"{tip}~1")
    answer = reviewtui(one, "sync")
    assert answer.status == 1, answer.err
    assert "ALARM" in answer.err
    expected = [("dana", "approve"), ("lin", "reject")]
    assert verdicts(one) == expected
    two = team.clone("two")
    assert reviewtui(two, "sync").status == 0, "what is back is there for everybody"
    assert verdicts(two) == expected
    assert reviewtui(one, "sync").status == 0, "the alarm was said"


def test_a_veto_that_was_dropped_here_is_seen_by_the_gate_and_put_back(team: Team) -> None:
    one = team.clone("one")
    say(one, "reject", team.person("lin"))
    assert reviewtui(one, "list").status == 0
    team.git("update-ref", "-d", REF, at=one)
    gate = reviewtui(one, "gate", NAME, "--json")
    assert gate.status == 1
    findings = {finding["rule"]: finding for finding in gate.json["findings"]}
    assert findings["veto"]["state"] == "unmet"
    assert findings["integrity"]["warning"] is True
    assert findings["integrity"]["reason"].startswith(f"{REF}: record-removed")
    assert reviewtui(one, "sync").status == 1
    assert verdicts(one) == [("lin", "reject")]


def test_a_server_that_refuses_is_said_and_nothing_is_lost(team: Team) -> None:
    one = team.clone("one")
    hook = team.server / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    say(one, "approve", team.person("dana"))
    answer = reviewtui(one, "sync")
    assert answer.status == 3
    assert "pre-receive hook declined" in answer.err
    assert verdicts(one) == [("dana", "approve")]


def test_a_release_that_is_pushed_hears_a_rejection_that_waits_at_the_remote(team: Team) -> None:
    one, two = team.clone("one"), team.clone("two")
    for name in ("dana", "risk"):
        say(one, "approve", team.person(name))
    say(two, "reject", team.person("lin"))
    assert reviewtui(two, "sync").status == 0
    refused = reviewtui(one, "release", NAME, "--push", "--yes", person=team.person("dana"))
    assert refused.status == 1
    assert "Rejected by lin@example.com" in refused.out
    assert team.git("tag", "--list", "churn@v1.1.0", at=one) == ""
    say(two, "withdraw", team.person("lin"))
    assert reviewtui(two, "sync").status == reviewtui(one, "sync").status == 0
    released = reviewtui(one, "release", NAME, "--push", "--yes", person=team.person("dana"))
    assert released.status == 0, released.err
    assert team.git("tag", "--list", "churn@v1.1.0") == "churn@v1.1.0"
    assert set(team.git("for-each-ref", "--format=%(refname)", "refs/notes").splitlines()) == {REF}


CLONES = 20


@pytest.mark.slow
def test_twenty_clones_that_write_and_sync_at_once_lose_nothing(team: Team) -> None:
    """Nearly linear is: at most one merge for each sync, however often it met others and was tried again."""
    clones = [team.clone(f"clone{number}") for number in range(CLONES)]
    commit = team.git("rev-parse", "main")
    code = (
        "import pathlib, sys\n"
        "from reviewtui.git.notes import Notes\n"
        "from reviewtui.git.notes_sync import sync_notes\n"
        "from reviewtui.git.repository import Repository\n"
        "repository = Repository.open(pathlib.Path(sys.argv[1]))\n"
        "for number in range(2):\n"
        "    Notes(repository, sys.argv[2]).append(sys.argv[3], f'{sys.argv[4]}-{number}'.encode())\n"
        "    assert not [each.alarms for each in sync_notes(repository, 'origin') if each.alarms]\n"
        "repository.close()\n"
    )
    writers = [
        subprocess.Popen((sys.executable, "-c", code, str(place), REF, commit, str(number)), cwd=ROOT)
        for number, place in enumerate(clones)
    ]
    assert [writer.wait(timeout=240) for writer in writers] == [0] * CLONES
    found = team.git("notes", f"--ref={REF}", "show", commit).splitlines()
    records = [f"{each}-{number}" for each in range(CLONES) for number in range(2)]
    assert sorted(found) == sorted(records)
    merges = int(team.git("rev-list", "--count", "--merges", REF))
    assert merges <= len(records), "one sync each"
    commits = int(team.git("rev-list", "--count", REF))
    assert commits == len(records) + merges, "nothing but appends and those merges"


_STEPS = ("hash-object", "mktree", "commit-tree", "update-ref", "fetch", "push")


@pytest.mark.parametrize("step", _STEPS)
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_kill_at_any_step_leaves_the_record_there_or_not_and_never_half(team: Team, step: str, when: str) -> None:
    """A git of our own on the PATH kills the whole process group at one step, before or after it is done."""
    one, other = team.clone("one"), team.clone("other")
    commit = team.git("rev-parse", "main")
    team.git("notes", f"--ref={REF}", "add", "-m", "from the other", commit, at=other)
    assert reviewtui(other, "sync").status == 0
    directory = team.place / "bin"
    directory.mkdir()
    real = subprocess.run(("sh", "-c", "command -v git"), capture_output=True, text=True, check=True).stdout.strip()
    run = f'"{real}" "$@"' if when == "after" else ":"
    script = f'#!/bin/sh\nfor word; do if [ "$word" = {step} ]; then {run}; kill -9 -$(cat "$PGID_FILE"); fi; done\n'
    (directory / "git").write_text(script + f'exec "{real}" "$@"\n')
    (directory / "git").chmod(0o755)
    code = (
        "import os, pathlib, sys\n"
        "os.setpgid(0, 0); pathlib.Path(os.environ['PGID_FILE']).write_text(str(os.getpid()))\n"
        "from reviewtui.git.notes import Notes\n"
        "from reviewtui.git.notes_sync import sync_notes\n"
        "from reviewtui.git.repository import Repository\n"
        "repository = Repository.open(pathlib.Path(sys.argv[1]))\n"
        "Notes(repository, sys.argv[2]).append(sys.argv[3], b'mine')\n"
        "sync_notes(repository, 'origin')\n"
    )
    environment = {
        **os.environ,
        "PATH": f"{directory}:{os.environ['PATH']}",
        "PGID_FILE": str(team.place / "pgid"),
    }
    words = (sys.executable, "-c", code, str(one), REF, commit)
    killed = subprocess.run(words, cwd=ROOT, env=environment, check=False, timeout=120)
    assert killed.returncode == -signal.SIGKILL
    for place in (one, team.server):
        team.git("fsck", "--strict", "--no-dangling", at=place)
    for place in (one, team.server):
        for lock in place.rglob("*.lock"):
            lock.unlink()
    synced = reviewtui(one, "sync")
    assert synced.status == 0, synced.err
    lines = set(team.git("notes", f"--ref={REF}", "show", commit).splitlines())
    assert lines in ({"from the other"}, {"from the other", "mine"})
    assert ("mine" in lines) == (step in ("fetch", "push") or (step == "update-ref" and when == "after"))
