"""reviewtui doctor: every usual gap is found, and the command that it gives mends it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.command import POLICY, churn_repository, reviewtui
from tests.conftest import SigningKey
from tests.model_repository import ModelRepository, PersonWithKey


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    return churn_repository(tmp_path / "models")


def doctor(story: ModelRepository, *words: str, person: PersonWithKey | None = None) -> dict[str, list[dict[str, str]]]:
    """{name of a check: its findings}; the exit status is held against them."""
    answer = reviewtui(story.path, "doctor", "--json", *words, person=person)
    assert answer.out, answer.err
    checks: dict[str, list[dict[str, Any]]] = {}
    for check in answer.json["checks"]:
        checks.setdefault(check["name"], []).append(check)
    is_ill = any(each["state"] == "ill" for found in checks.values() for each in found)
    assert (answer.status, answer.json["ok"]) == ((1, False) if is_ill else (0, True))
    return checks


def ill(checks: dict[str, list[dict[str, str]]], name: str) -> dict[str, str]:
    (found,) = [each for each in checks.get(name, []) if each["state"] == "ill"]
    return found


def mend(story: ModelRepository, check: dict[str, str], person: PersonWithKey | None = None) -> None:
    """Types what doctor says, as it stands."""
    command = check["mend"]
    if command.startswith("reviewtui "):
        answer = reviewtui(story.path, *command.split()[1:], person=person)
        assert answer.status == 0, answer.err
        return
    env = {**os.environ, **(person.environment if person else {})}
    subprocess.run(command, shell=True, cwd=story.path, check=True, env=env)  # noqa: S602


def test_all_is_well_after_everything_was_mended(story: ModelRepository) -> None:
    dana = story.person("dana")
    first = doctor(story, person=dana)
    assert ill(first, "hooks")["mend"] == "reviewtui hooks install"
    mend(story, ill(first, "hooks"), dana)
    well = doctor(story, person=dana)
    assert not [each for found in well.values() for each in found if each["state"] == "ill"]
    assert "dana@example.com" in well["trusted key"][0]["message"]
    text = reviewtui(story.path, "doctor", person=dana)
    assert text.status == 0
    assert "✓ hooks" in text.out


def test_no_identity_is_found_and_mended(story: ModelRepository, hermetic_git: Path) -> None:
    (hermetic_git / ".gitconfig").write_text("[user]\n\tname = Somebody\n")
    found = ill(doctor(story), "identity")
    assert found["mend"] == "git config --global user.email you@example.com"
    mend(story, found)
    assert doctor(story)["identity"][0]["state"] == "well"


def test_no_signing_key_is_told_what_to_type(story: ModelRepository, hermetic_git: Path) -> None:
    subprocess.run(("git", "config", "--global", "gpg.format", "ssh"), check=True)
    found = ill(doctor(story), "signing key")
    assert "user.signingkey" in found["mend"]


def test_a_key_that_cannot_sign_is_found_by_signing_with_it(story: ModelRepository) -> None:
    dana = story.person("dana")
    assert doctor(story, person=dana)["signing key"][0]["state"] == "well"
    words = ("ssh-keygen", "-q", "-p", "-P", "", "-N", "a passphrase", "-f", str(dana.private_key))
    subprocess.run(words, check=True)
    assert "does not sign" in ill(doctor(story, person=dana), "signing key")["message"]
    dana.private_key.unlink()
    assert ill(doctor(story, person=dana), "signing key")["message"]


def test_a_key_that_nobody_trusts_is_given_the_very_line_to_add(story: ModelRepository) -> None:
    newcomer = story.person("kim")
    found = ill(doctor(story, person=newcomer), "trusted key")
    story.git("checkout", "-q", "main", "--force")
    mend(story, found)
    story.git("commit", "-q", "-a", "-m", "trust kim")
    assert doctor(story, person=newcomer)["trusted key"][0]["state"] == "well"


def test_git_itself_verifies_a_release_after_what_doctor_says_was_typed(story: ModelRepository) -> None:
    dana = story.person("dana")
    for name in ("dana", "lin"):
        said = reviewtui(story.path, "approve", "churn@1.1.0", "-m", "Good.", "--yes", person=story.person(name))
        assert said.status == 0, said.err
    released = reviewtui(story.path, "release", "churn@1.1.0", "--yes", person=dana)
    assert released.status == 0, released.err
    verify = ("git", "tag", "-v", "churn@v1.1.0")
    assert subprocess.run(verify, cwd=story.path, capture_output=True, check=False).returncode != 0
    (found,) = doctor(story)["git tag -v"]
    assert found["state"] == "notice"
    mend(story, found)
    verified = subprocess.run(verify, cwd=story.path, capture_output=True, text=True, check=True)
    assert "Good \"git\" signature for dana@example.com" in verified.stderr
    assert doctor(story)["git tag -v"][0]["state"] == "well"
    story.settings(policy={**POLICY, "version": 2}, allowed_signers=f"dana@example.com {dana.public_key}\n")
    (stale,) = doctor(story)["git tag -v"]
    assert "no longer" in stale["message"]
    mend(story, stale)
    assert doctor(story)["git tag -v"][0]["state"] == "well"


def test_without_settings_init_is_the_way(tmp_path: Path, signing_key: object) -> None:
    repository = ModelRepository(tmp_path / "plain")
    repository.commit_files({"params.yaml": "lr: 1\n", "metrics.json": '{"a": 1}\n'})
    repository.git("checkout", "-q", "main", "--force")
    found = ill(doctor(repository), "settings")
    assert found["mend"] == "reviewtui init --commit"


def test_a_policy_that_cannot_be_read_is_found_with_its_line(story: ModelRepository) -> None:
    story.settings(policy="version: 1\nnonsense: 2\n")
    found = ill(doctor(story), "settings")
    assert "line 2" in found["message"]


def test_rules_that_nobody_can_meet_and_bad_signers_are_found(story: ModelRepository) -> None:
    rule = {"models": ["*"], "approvals": [{"count": 5, "roles": ["risk"]}]}
    key = story.person("dana").public_key
    signers = f'dana@example.com valid-before="20300101" {key}\n*@example.com {key}\n'
    story.settings(policy={**POLICY, "version": 2, "releases": [rule]}, allowed_signers=signers)
    checks = doctor(story)
    assert any("Impossible" in each["message"] for each in checks["policy"] if each["state"] == "ill")
    signer = [each for each in checks["allowed signers"] if each["state"] == "ill"]
    assert any("pattern" in each["message"] for each in signer)
    (moment,) = [each for each in signer if "time zone" in each["message"]]
    story.git("checkout", "-q", "main", "--force")
    mend(story, moment)
    assert 'valid-before="20300101Z"' in (story.path / ".reviewtui" / "allowed_signers").read_text()


@pytest.fixture
def clone(story: ModelRepository, tmp_path: Path) -> ModelRepository:
    server = tmp_path / "server.git"
    subprocess.run(("git", "clone", "-q", "--bare", str(story.path), str(server)), check=True)
    subprocess.run(("git", "clone", "-q", str(server), str(tmp_path / "clone")), check=True)
    found = ModelRepository.__new__(ModelRepository)
    found.path = tmp_path / "clone"
    return found


def test_a_clone_is_told_to_fetch_the_records(clone: ModelRepository) -> None:
    clone.git("remote", "rename", "origin", "team's;origin")  # Git allows it, and a shell takes it apart.
    found = ill(doctor(clone), "notes refspec")
    mend(clone, found)
    assert doctor(clone)["notes refspec"][0]["state"] == "well"


def test_a_trusted_branch_that_others_took_further_is_found(clone: ModelRepository, story: ModelRepository) -> None:
    clone.git("symbolic-ref", "--delete", "refs/remotes/origin/HEAD")
    clone.git("switch", "-q", "main")
    assert [each["state"] for each in doctor(clone)["trusted branch"]] == ["well"]
    story.settings(policy={**POLICY, "version": 2})
    story.git("push", "-q", str(clone.path.parent / "server.git"), "main")
    clone.git("fetch", "-q")
    clone.git("switch", "-q", "-c", "elsewhere")
    (found,) = [each for each in doctor(clone)["trusted branch"] if each["state"] == "notice"]
    assert "refs/remotes/origin/main is ahead" in found["message"]
    mend(clone, found)
    assert [each["state"] for each in doctor(clone)["trusted branch"]] == ["well"]


def test_a_refspec_that_overwrites_records_or_the_memory_is_found_and_taken_out(clone: ModelRepository) -> None:
    mend(clone, ill(doctor(clone), "notes refspec"))
    for spec in ("+refs/notes/*:refs/notes/*", "+refs/reviewtui/*:refs/reviewtui/*"):
        clone.git("config", "--add", "remote.origin.fetch", spec)
        found = ill(doctor(clone), "notes refspec")
        assert "overwrite" in found["message"]
        mend(clone, found)
    assert clone.git("config", "--get-all", "remote.origin.fetch").count("\n") == 1


def test_hooks_that_are_passed_by_are_found(clone: ModelRepository) -> None:
    clone.git("config", "core.hooksPath", "/dev/null")
    found = ill(doctor(clone), "hooks")
    assert found["mend"] == "git config --local --unset core.hooksPath"
    mend(clone, found)
    mend(clone, ill(doctor(clone), "hooks"))
    assert doctor(clone)["hooks"][0]["state"] == "well"


def test_a_hook_that_git_may_not_execute_is_none(clone: ModelRepository, tmp_path: Path) -> None:
    """Git says nothing of it: every push would go through, with a hook in place."""
    mend(clone, ill(doctor(clone), "hooks"))
    hook, server = clone.path / ".git" / "hooks" / "pre-push", tmp_path / "server.git"
    assert reviewtui(clone.path, "hooks", "install", "--server", str(server)).status == 0
    for file in (hook, server / "hooks" / "pre-receive"):
        file.chmod(0o644)
    found = ill(doctor(clone), "hooks")
    assert "not executable" in found["message"]
    mend(clone, found)
    assert hook.stat().st_mode & 0o777 == 0o755
    assert doctor(clone)["hooks"][0]["state"] == "well"
    status = reviewtui(clone.path, "hooks", "status", "--server", str(server))
    assert status.status == 1
    assert "not executable" in status.out


def test_a_signing_key_that_is_not_there_is_replaced_where_it_is_set(
    clone: ModelRepository, signing_key: SigningKey
) -> None:
    clone.git("config", "user.signingkey", "/nonexistent.pub")
    home = signing_key.private.parent / ".ssh"
    home.mkdir(exist_ok=True)
    for suffix in ("", ".pub"):
        shutil.copy(f"{signing_key.private}{suffix}", home / f"id_ed25519{suffix}")
    mend(clone, ill(doctor(clone), "signing key"))
    assert doctor(clone)["signing key"][0]["state"] == "well"


def test_a_server_that_enforces_nothing_is_found_by_asking_it(clone: ModelRepository, tmp_path: Path) -> None:
    assert doctor(clone)["server"][0]["mend"] == "reviewtui doctor --probe-server"
    found = ill(doctor(clone, "--probe-server"), "server")
    assert "does not enforce" in found["message"]
    server = tmp_path / "server.git"
    refs = subprocess.run(("git", "for-each-ref", "refs/notes"), cwd=server, capture_output=True, check=True)
    assert refs.stdout == b"", "the probe is taken away again"
    installed = reviewtui(clone.path, "hooks", "install", "--server", str(server))
    assert installed.status == 0, installed.err
    assert doctor(clone, "--probe-server")["server"][0]["state"] == "well"


def test_a_server_is_asked_also_where_the_hook_of_this_clone_would_refuse_first(clone: ModelRepository) -> None:
    mend(clone, ill(doctor(clone), "hooks"))
    assert "does not enforce" in ill(doctor(clone, "--probe-server"), "server")["message"]


def test_records_that_were_fetched_and_not_united_are_told_of(clone: ModelRepository, story: ModelRepository) -> None:
    mend(clone, ill(doctor(clone), "notes refspec"))
    story.git("remote", "add", "origin", str(clone.path.parent / "server.git"))
    lin = story.person("lin")
    assert reviewtui(story.path, "reject", "churn@1.1.0", "-m", "No.", "--yes", person=lin).status == 0
    assert reviewtui(story.path, "sync").status == 0
    assert "do not count" not in reviewtui(clone.path, "gate", "churn@1.1.0").err
    clone.git("fetch", "-q")
    (found,) = [each for each in doctor(clone)["notes"] if each["state"] == "notice"]
    for command in ("gate", "reviews", "release"):
        assert "reviewtui sync origin unites them" in reviewtui(clone.path, command, "churn@1.1.0").err
    mend(clone, found)
    assert [each["state"] for each in doctor(clone)["notes"]] == ["well"]
    assert "do not count" not in reviewtui(clone.path, "gate", "churn@1.1.0").err


def test_a_server_is_asked_for_its_own_hook_alone(clone: ModelRepository, tmp_path: Path) -> None:
    server = ModelRepository.__new__(ModelRepository)
    server.path = tmp_path / "server.git"
    checks = doctor(server)
    assert "signing key" not in checks
    mend(server, ill(checks, "hooks"))
    assert doctor(server)["hooks"][0]["state"] == "well"


def test_what_was_taken_from_the_records_is_found(story: ModelRepository) -> None:
    dana = story.person("dana")
    assert reviewtui(story.path, "reject", "churn@1.1.0", "-m", "no", "--yes", person=dana).status == 0
    assert reviewtui(story.path, "list").status == 0
    story.git("update-ref", "-d", "refs/notes/reviewtui/reviews")
    assert "record-removed" in ill(doctor(story), "notes")["message"]


def test_a_shallow_clone_is_told_so(story: ModelRepository, tmp_path: Path) -> None:
    place = tmp_path / "shallow"
    subprocess.run(("git", "clone", "-q", "--depth=1", f"file://{story.path}", str(place)), check=True)
    shallow = ModelRepository.__new__(ModelRepository)
    shallow.path = place
    assert doctor(shallow)["history"][0]["mend"] == "git fetch --unshallow"
