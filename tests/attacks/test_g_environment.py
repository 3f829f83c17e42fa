"""G. Hooks and environment: the check is passed by, deceived, or made to fall over."""

from __future__ import annotations

import fcntl
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.attacks.doors import closed, command, command_door, opened
from tests.attacks.pushes import ALL_NOTES, Server, install_local_hooks, push
from tests.attacks.scene import BRANCH, REVIEWS, TAG, Scene

PUSH_TAG = f"refs/tags/{TAG}"


def decoy(folder: Path, name: str, marker: Path) -> Path:
    """A program that leaves a mark when somebody starts it."""
    folder.mkdir(exist_ok=True)
    program = folder / name
    program.write_text(f"#!/bin/sh\ntouch '{marker}'\nexit 0\n")
    program.chmod(0o755)
    return program


@pytest.mark.parametrize("way", ["--no-verify", "core.hooksPath", "no hook"])
def test_084_whoever_passes_by_the_hooks_of_a_clone_meets_the_servers(scene: Scene, way: str) -> None:
    server = Server(scene)
    if way != "no hook":
        install_local_hooks(scene)
    scene.tag(message=scene.release_message())
    if way == "core.hooksPath":
        scene.git("config", "core.hooksPath", "/dev/null")
    options = ("--no-verify",) if way == "--no-verify" else ()
    pushed = server.refuses(PUSH_TAG, reason="1 of 2", options=options)
    assert "remote: reviewtui:" in pushed.text


def test_085_a_server_that_enforces_nothing_is_told_apart(scene: Scene) -> None:
    server = Server(scene, enforcing=False)
    status = command(scene.path, "hooks", "status", "--server", str(server.path))
    assert status.status == 1
    assert "not installed" in status.out
    scene.tag(message=scene.release_message())
    server.accepts(PUSH_TAG)
    # What slipped through is found by everybody's verify.
    verified = command(scene.path, "verify")
    assert verified.status == 1
    assert "gate-closed" in verified.out


def test_086_a_push_certificate_earns_no_trust(scene: Scene) -> None:
    """Nothing here reads GIT_PUSH_CERT: who pushed decides nothing, only what was signed does."""
    server = Server(scene)
    scene.tag(message=scene.release_message())
    server.git("config", "receive.certNonceSeed", "seed")
    env = {**scene.person("mallory").environment}
    pushed = push(scene, PUSH_TAG, options=("--no-verify", "--signed=if-asked"), env=env)
    assert not pushed.accepted
    assert "1 of 2" in pushed.text


def test_087_an_environment_that_points_elsewhere_changes_nothing(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = command_door(scene).text
    other = scene.copy(tmp_path / "other")
    other.record("lin")
    opened(other)
    git_dir = str(other.path / ".git")
    hostile = {
        "GIT_DIR": git_dir,
        "GIT_COMMON_DIR": git_dir,
        "GIT_WORK_TREE": str(other.path),
        "GIT_OBJECT_DIRECTORY": f"{git_dir}/objects",
        "GIT_ALTERNATE_OBJECT_DIRECTORIES": f"{git_dir}/objects",
        "GIT_NAMESPACE": "elsewhere",
        "GIT_INDEX_FILE": "/nonexistent",
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "reviewtui.trustedBranch",
        "GIT_CONFIG_VALUE_0": BRANCH,
        "GIT_CONFIG_PARAMETERS": f"'reviewtui.trustedBranch'='{BRANCH}'",
        "GIT_REPLACE_REF_BASE": "refs/heads/",
        "GIT_SHALLOW_FILE": "/nonexistent",
        "GIT_GRAFT_FILE": "/nonexistent",
        "GIT_LITERAL_PATHSPECS": "0",
        "GIT_DEFAULT_HASH": "sha256",
        "LANG": "tr_TR.UTF-8",
    }
    for name, value in hostile.items():
        monkeypatch.setenv(name, value)
    assert command_door(scene).text == before


def test_087_no_program_that_the_repository_names_is_started_to_verify(scene: Scene, tmp_path: Path) -> None:
    server = Server(scene)
    marker = tmp_path / "started"
    program = decoy(tmp_path / "bin", "anything", marker)
    for repository in (scene.path, server.path):
        for key in (
            "core.fsmonitor", "core.pager", "core.editor", "core.sshCommand", "diff.external", "gpg.program",
            "gpg.ssh.program", "core.askPass", "alias.log", "alias.cat-file", "filter.lfs.smudge", "credential.helper",
        ):  # fmt: skip
            subprocess.run(("git", "config", key, str(program)), cwd=repository, check=True)
    scene.git("config", "--unset", "gpg.ssh.program")
    scene.amend({".gitattributes": "* filter=lfs diff=x\n"})
    scene.record("dana", seq=2)
    tip = scene.tip()
    closed(scene, "1 of 2")
    for words in (("show", "churn@1.1.0"), ("diff", "churn@1.1.0", "--text"), ("list",), ("verify",), ("reviews", tip)):
        command(scene.path, *words)
    scene.tag(message=scene.release_message())
    server.accepts(BRANCH, ALL_NOTES)
    server.refuses(PUSH_TAG, reason="1 of 2")
    assert not marker.exists()


def test_087_python_in_the_hook_takes_nothing_from_the_pushers_environment(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(scene)
    scene.tag(message=scene.release_message())
    (tmp_path / "sitecustomize.py").write_text("import os\nos._exit(0)\n")
    (tmp_path / "reviewtui").mkdir()
    (tmp_path / "reviewtui" / "__init__.py").write_text("import os\nos._exit(0)\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    monkeypatch.setenv("PYTHONSTARTUP", str(tmp_path / "sitecustomize.py"))
    server.refuses(PUSH_TAG, reason="1 of 2")


HOSTILE_NAMES = (
    "--output=pwned",
    "-evil",
    "--upload-pack=touch pwned",
    "churn@1.1.0\nx",
    "\0",
    ":/x",
    "HEAD^{/x}",
    "@{-1}",
    "..",
    "",
)


@pytest.mark.parametrize("verb", ["show", "gate", "diff", "reviews", "approve", "release"])
def test_088_no_name_is_taken_for_an_option(scene: Scene, verb: str) -> None:
    for name in HOSTILE_NAMES:
        words = (verb, "--yes", "--", name) if verb in ("approve", "release") else (verb, "--", name)
        answer = command(scene.path, *words, person=scene.person("dana"))
        assert answer.status in (1, 2, 3), (name, answer)
        assert "Traceback" not in answer.err
    assert not list(scene.path.glob("*pwned*"))
    assert not list(Path.cwd().glob("*pwned*"))


def test_088_a_ref_that_is_spelled_like_an_option_does_nothing(scene: Scene) -> None:
    for name in ("--output=pwned", "-evil", "churn@v--upload-pack=x"):
        scene.git("update-ref", f"refs/tags/{name}", scene.commit)
        scene.git("update-ref", f"refs/heads/model/churn/{name}", scene.commit)
    rows = command(scene.path, "list", "--json").json
    for row in rows:
        assert command(scene.path, "show", "--json", "--", row["name"]).status == 0
        assert command(scene.path, "gate", "--", row["name"]).status in (0, 1)
    assert command(scene.path, "verify").status in (0, 1)
    assert not list(scene.path.glob("*pwned*"))


def test_088_a_path_that_is_spelled_like_an_option_does_nothing(scene: Scene) -> None:
    scene.amend({"models/churn/--output=pwned.yaml": "a: 1\n", "models/churn/:(top)x.json": "{}"})
    for words in (("show", "churn@1.1.0"), ("diff", "churn@1.1.0", "--text")):
        assert command(scene.path, *words).status == 0
    assert not list(scene.path.glob("*pwned*"))


def test_089_the_hook_judges_objects_that_wait_in_quarantine_and_moves_no_ref(scene: Scene) -> None:
    server = Server(scene)
    before = server.git("for-each-ref")
    objects = server.git("count-objects")
    scene.record("lin")
    scene.git("tag", TAG, BRANCH)
    server.refuses(ALL_NOTES, PUSH_TAG, reason="lightweight-tag")
    assert server.git("for-each-ref") == before
    assert server.git("count-objects") == objects


@pytest.mark.parametrize("trouble", ["no Python", "a crash", "nowhere to write"])
def test_090_a_hook_that_cannot_run_refuses_in_a_line(scene: Scene, trouble: str) -> None:
    server = Server(scene)
    scene.git("tag", TAG, BRANCH)
    hook = server.path / "hooks" / "pre-receive"
    text = hook.read_bytes()
    if trouble == "no Python":
        hook.write_bytes(text.replace(sys.executable.encode(), b"/nonexistent/python3"))
    elif trouble == "a crash":
        hook.write_bytes(text.replace(b"import run_hook", b"import no_such_hook"))
    else:
        shutil.rmtree(server.path / "reviewtui", ignore_errors=True)
        (server.path / "reviewtui").write_bytes(b"in the way of the folder")
    assert trouble == "nowhere to write" or hook.read_bytes() != text
    server.refuses(PUSH_TAG, reason="reviewtui: ")


def test_090_a_check_that_takes_too_long_refuses(scene: Scene) -> None:
    server = Server(scene)
    server.git("config", "reviewtui.hookTimeout", "1")
    scene.git("tag", TAG, BRANCH)
    (server.path / "reviewtui").mkdir(exist_ok=True)
    # Somebody else's check holds the turn, and never ends.
    with (server.path / "reviewtui" / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server.refuses(PUSH_TAG, reason="the check took too long")
    server.git("config", "--unset", "reviewtui.hookTimeout")
    server.refuses(PUSH_TAG, reason="lightweight-tag")


def test_091_pushes_at_once_are_judged_one_after_another(scene: Scene, tmp_path: Path) -> None:
    """A veto and a release race: whichever came second has seen the first; never do both stand as if alone."""
    scene.record("lin")
    released = command(scene.path, "release", "churn@1.1.0", "--yes", person=scene.person("dana"))
    assert released.status == 0, released.err
    tag = scene.git("rev-parse", PUSH_TAG)
    scene.git("update-ref", "-d", PUSH_TAG)
    server = Server(scene)
    scene.git("update-ref", PUSH_TAG, tag)
    rejecting = scene.copy(tmp_path / "rejecting")
    rejecting.record("risk", "reject", comment="Stop!")
    with ThreadPoolExecutor(2) as both:
        veto = both.submit(push, rejecting, ALL_NOTES)
        release = both.submit(push, scene, PUSH_TAG)
    assert veto.result().accepted, veto.result().text
    log = server.git("for-each-ref", "--format=%(objectname)", REVIEWS)
    assert log == rejecting.notes_tip()
    if not release.result().accepted:
        assert "Rejected by risk@example.com: Stop!" in release.result().text


def test_087_a_push_into_a_namespace_is_not_judged_by_the_refs_outside(scene: Scene) -> None:
    """Git tells a hook the names without the namespace: what is judged would be other refs than what is changed."""
    scene.record("lin")
    server = Server(scene)
    before = server.git("for-each-ref")
    pushed = push(scene, f"{BRANCH}:refs/heads/main", "--force", env={"GIT_NAMESPACE": "elsewhere"})
    assert not pushed.accepted
    assert "The push goes to a Git namespace" in pushed.text, pushed.text
    assert server.git("for-each-ref") == before
