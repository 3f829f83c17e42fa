"""The hooks of a clone: where they stand, what they leave alone, and what they say before the server would."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.attacks.scene import BRANCH, REVIEWS, TAG, Scene
from tests.command import reviewtui
from tests.model_repository import ModelRepository
from tests.served import Server, approved_release, copied, push, served_scene

_BUILT: dict[str, Scene] = {}


@pytest.fixture
def server(hermetic_git: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Server:
    """A clone and its server, which has no hook here: what is refused is refused by the clone."""
    if "scene" not in _BUILT:
        _BUILT["scene"] = served_scene(tmp_path_factory.mktemp("served"))
    found = copied(_BUILT["scene"], tmp_path)
    (found.path / "hooks" / "pre-receive").unlink()
    return found


@pytest.fixture
def scene(server: Server) -> Scene:
    return server.scene


def install(path: Path, *words: str) -> str:
    answer = reviewtui(path, "hooks", "install", *words)
    assert answer.status == 0, answer.err
    return answer.out


def git(path: Path, *words: str, env: Mapping[str, str] | None = None) -> tuple[int, str]:
    """Exit status and all that git says."""
    done = subprocess.run(
        ("git", *words), cwd=path, env={**os.environ, **(env or {})}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout + done.stderr


def hook(path: Path, name: str, content: str | bytes, *, mode: int = 0o755) -> Path:
    """A hook of the user's own."""
    file = path / ".git" / "hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    file.chmod(mode)
    return file


# Where they stand.


def test_installing_twice_is_installing_once_and_uninstalling_leaves_nothing(scene: Scene) -> None:
    hooks = scene.path / ".git" / "hooks"
    before = sorted(hooks.iterdir()) if hooks.exists() else []
    assert install(scene.path, "--strict").count(": installed") == 2
    written = {file: file.read_bytes() for file in hooks.iterdir()}
    assert install(scene.path, "--strict").count("was there already") == 2
    assert {file: file.read_bytes() for file in hooks.iterdir()} == written
    status = reviewtui(scene.path, "hooks", "status", "--json")
    assert [row["state"] for row in status.json] == ["installed", "installed"]
    assert reviewtui(scene.path, "hooks", "uninstall").status == 0
    assert sorted(hooks.iterdir()) == before
    assert reviewtui(scene.path, "hooks", "status").status == 1
    assert "No hook" in reviewtui(scene.path, "hooks", "uninstall").err


@pytest.mark.parametrize(
    "own",
    [
        "#!/bin/sh\nexit 0\n",
        "#!/usr/bin/env bash\nset -eu\ncat > seen\nexit 0",
        "#!/bin/sh -e\n\ncat > seen\n",
        "#! /bin/sh\n# caf\udce9 \r\ncat > seen\n",
    ],
)
def test_a_shell_hook_keeps_working_and_cannot_skip_ours(server: Server, own: str) -> None:
    scene = server.scene
    content = own.encode("utf-8", "surrogateescape")
    file = hook(scene.path, "pre-push", content)
    install(scene.path)
    scene.tag()
    refused = server.push(f"refs/tags/{TAG}")
    assert not refused.ok
    assert "1 of 2" in refused.text
    assert not (scene.path / "seen").exists()
    server.accepts("main:refs/heads/copy")
    if "seen" in own:
        seen = (scene.path / "seen").read_text()
        assert seen.split() == ["refs/heads/main", scene.tip("main"), "refs/heads/copy", "0" * 40]
    assert reviewtui(scene.path, "hooks", "uninstall").status == 0
    assert file.read_bytes() == content


def test_a_hook_in_another_language_is_run_by_ours_and_given_back(server: Server) -> None:
    scene = server.scene
    own = "#!/usr/bin/env python3\nimport sys\nopen('seen', 'w').write(sys.stdin.read() + sys.argv[1])\nsys.exit(7)\n"
    file = hook(scene.path, "pre-push", own, mode=0o700)
    install(scene.path)
    assert not server.push("main:refs/heads/copy").ok, "the user's own hook refuses"
    assert (scene.path / "seen").read_text().endswith(f"\n{server.path}")
    assert reviewtui(scene.path, "hooks", "uninstall").status == 0
    assert file.read_text() == own
    assert file.stat().st_mode & 0o777 == 0o700
    assert not file.with_name("pre-push.user").exists()


def test_a_hook_that_was_switched_off_stays_off(server: Server) -> None:
    file = hook(server.scene.path, "pre-push", "#!/bin/sh\nexit 1\n", mode=0o644)
    install(server.scene.path)
    server.accepts("main:refs/heads/copy")
    assert reviewtui(server.scene.path, "hooks", "uninstall").status == 0
    assert file.stat().st_mode & 0o777 == 0o644


def test_a_hook_that_is_a_link_is_kept_as_a_link(server: Server, tmp_path: Path) -> None:
    target = tmp_path / "managed"
    target.write_text("#!/bin/sh\ncat > seen\n")
    target.chmod(0o755)
    file = hook(server.scene.path, "pre-push", "")
    file.unlink()
    file.symlink_to(target)
    install(server.scene.path)
    server.accepts("main:refs/heads/copy")
    assert "refs/heads/copy" in (server.scene.path / "seen").read_text()
    assert reviewtui(server.scene.path, "hooks", "uninstall").status == 0
    assert file.readlink() == target
    assert target.read_text() == "#!/bin/sh\ncat > seen\n"


def test_what_the_user_adds_to_our_file_stays(scene: Scene) -> None:
    install(scene.path)
    file = scene.path / ".git" / "hooks" / "pre-push"
    file.write_text(file.read_text() + "echo mine\n")
    assert install(scene.path).count("was there already") == 1
    assert reviewtui(scene.path, "hooks", "uninstall").status == 0
    assert file.read_text() == "#!/bin/sh\necho mine\n"


def test_lines_of_an_older_version_are_replaced(scene: Scene) -> None:
    install(scene.path)
    file = scene.path / ".git" / "hooks" / "pre-push"
    file.write_text(file.read_text().replace("reviewtui_status=0\n", "reviewtui_status=00\n"))
    assert reviewtui(scene.path, "hooks", "status", "--json").json[0]["state"] == "outdated"
    assert install(scene.path).count(": installed") == 1
    assert reviewtui(scene.path, "hooks", "status").status == 0


def test_a_hook_that_was_half_edited_is_left_alone(scene: Scene) -> None:
    install(scene.path)
    file = scene.path / ".git" / "hooks" / "pre-push"
    file.write_text(file.read_text().replace("# <<< reviewtui <<<\n", ""))
    answer = reviewtui(scene.path, "hooks", "install")
    assert answer.status == 3
    assert "by hand" in answer.err


@pytest.mark.parametrize("place", [".husky", "/elsewhere"])
def test_the_folder_that_git_uses_is_the_one(server: Server, tmp_path: Path, place: str) -> None:
    scene = server.scene
    folder = tmp_path / place.removeprefix("/") if place.startswith("/") else scene.path / place
    scene.git("config", "core.hooksPath", str(folder) if place.startswith("/") else place)
    assert install(scene.path).startswith(str(folder / "pre-push"))
    scene.tag()
    assert "1 of 2" in server.push(f"refs/tags/{TAG}").text


def test_a_worktree_shares_the_hooks(scene: Scene, tmp_path: Path) -> None:
    scene.git("worktree", "add", "-q", str(tmp_path / "tree"), BRANCH)
    assert install(tmp_path / "tree", "--strict").startswith(str(scene.path / ".git" / "hooks" / "pre-push"))
    status, said = git(tmp_path / "tree", "tag", "--no-sign", TAG)
    assert status != 0
    assert "lightweight-tag" in said


# Before a push.


def test_a_push_that_the_server_would_refuse_is_refused_here(server: Server) -> None:
    install(server.scene.path)
    server.scene.tag()
    assert "1 of 2" in server.push(f"refs/tags/{TAG}").text
    assert server.push("--no-verify", f"refs/tags/{TAG}").ok


def test_records_that_would_be_lost_are_kept_here(server: Server) -> None:
    install(server.scene.path)
    server.scene.write_notes({server.scene.commit: None})
    refused = server.push(f"{REVIEWS}:{REVIEWS}")
    assert not refused.ok
    assert "record-removed" in refused.text


def test_an_approved_release_is_pushed_with_its_records(server: Server) -> None:
    install(server.scene.path, "--strict")
    approved_release(server.scene)
    server.accepts(f"refs/tags/{TAG}", f"{REVIEWS}:{REVIEWS}")


def test_an_unreviewed_policy_is_refused_here(server: Server) -> None:
    server.scene.git("remote", "add", "origin", str(server.path))
    server.scene.git("fetch", "-q", "origin")
    install(server.scene.path)
    server.scene.settings(policy=server.scene.policy(version=2))
    refused = server.push("main")
    assert not refused.ok
    assert "approvals: 1 of release-manager" in refused.text


def test_a_repository_without_settings_is_left_alone(tmp_path: Path) -> None:
    plain = ModelRepository(tmp_path / "plain")
    plain.commit_files({"a": "b\n"})
    bare = ModelRepository(tmp_path / "plain.git", bare=True)
    install(plain.path, "--strict")
    assert git(plain.path, "tag", "--no-sign", "v1.0.0") == (0, "")
    assert push(plain.path, str(bare.path), "main", "v1.0.0").ok


def test_a_missing_checker_is_said_and_can_be_passed_by(server: Server) -> None:
    install(server.scene.path)
    file = server.scene.path / ".git" / "hooks" / "pre-push"
    file.write_text(file.read_text().replace("run_hook", "no_such_hook"))
    refused = server.push("main:refs/heads/copy")
    assert not refused.ok
    assert "cannot import" in refused.text or "--no-verify" in refused.text


# Where a tag is made: --strict.


@pytest.fixture
def strict(scene: Scene) -> Scene:
    install(scene.path, "--strict")
    return scene


def test_an_unapproved_tag_cannot_be_made(strict: Scene) -> None:
    dana = strict.person("dana")
    status, said = git(strict.path, "tag", "-s", "-m", "churn 1.1.0", TAG, BRANCH, env=dana.environment)
    assert status != 0
    assert "1 of 2" in said
    assert git(strict.path, "update-ref", f"refs/tags/{TAG}", BRANCH)[0] != 0
    assert strict.git("tag", "--list", TAG) == ""
    assert git(strict.path, "tag", "--no-sign", "nightly") == (0, "")
    assert git(strict.path, "tag", "-d", "nightly")[0] == 0


def test_a_release_that_the_gate_allows_is_made_and_stays(strict: Scene) -> None:
    approved_release(strict)
    for words in (("tag", "-d", TAG), ("update-ref", "-d", f"refs/tags/{TAG}")):
        status, said = git(strict.path, *words)
        assert status != 0
        assert "tag-deleted" in said
    status, said = git(strict.path, "tag", "--no-sign", "-f", TAG, "main")
    assert status != 0
    assert "tag-moved" in said


@pytest.mark.parametrize(
    "words",
    [
        ("fetch", "-q", "origin"), ("fetch", "-q", "--tags", "origin"), ("pull", "-q", "--tags", "origin", "main"),
        ("-c", "x.y=z", "fetch", "-q", "origin", f"refs/tags/{TAG}:refs/tags/{TAG}"), ("get",), ("remote", "update"),
        ("fetch", "-q", "--all"), ("bring",),
    ],
)  # fmt: skip
def test_a_fetch_that_brings_an_unapproved_tag_never_fails(
    server: Server, tmp_path: Path, words: tuple[str, ...]
) -> None:
    scene = server.scene
    clone = tmp_path / "clone"
    subprocess.run(("git", "clone", "-q", str(server.path), str(clone)), check=True)
    install(clone, "--strict")
    git(clone, "config", "alias.get", "fetch -q origin")
    git(clone, "config", "alias.bring", "!git fetch -q")
    scene.repository.commit_files({"README.md": "hello\n"})
    scene.tag(target=scene.tip("main"))
    server.accepts("main", f"refs/tags/{TAG}")
    status, said = git(clone, *words)
    assert status == 0, said
    assert git(clone, "rev-parse", "--verify", "-q", f"refs/tags/{TAG}")[0] == 0
    if words[0] == "fetch":
        status, said = git(clone, "tag", "--no-sign", "churn@v2.0.0")
        assert status != 0, "what is made here is still judged"


def test_a_fetch_may_prune_tags_and_a_push_may_bring_them(server: Server, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    subprocess.run(("git", "clone", "-q", str(server.path), str(clone)), check=True)
    install(clone, "--strict")
    server.git("update-ref", "-d", "refs/tags/churn@v1.0.0")
    assert git(clone, "fetch", "-q", "--prune", "--prune-tags", "origin")[0] == 0
    assert git(clone, "tag", "--list")[1] == ""
    assert git(server.scene.path, "push", "-q", str(clone), "churn@v1.0.0")[0] == 0


def test_a_commit_starts_no_check(strict: Scene) -> None:
    file = strict.path / ".git" / "hooks" / "reference-transaction"
    file.write_text(file.read_text().replace("run_hook", "no_such_hook"))
    strict.git("checkout", "-q", "main")
    for number in range(20):
        assert git(strict.path, "branch", f"b{number}") == (0, "")
    assert git(strict.path, "commit", "-q", "--allow-empty", "-m", "x") == (0, "")
    assert git(strict.path, "pack-refs", "--all") == (0, "")
    status, said = git(strict.path, "tag", "--no-sign", "nightly")
    assert status == 0
    assert "could not run" in said or "cannot import" in said


def test_the_users_own_transaction_hook_sees_every_line(scene: Scene) -> None:
    own = '#!/bin/sh\n{ echo "== $1"; cat; } >> seen\n'
    file = hook(scene.path, "reference-transaction", own)
    script = "".join(f"create refs/heads/many-{number} {scene.commit}\n" for number in range(40))
    scene.git("update-ref", "--stdin", input=script.encode())
    before = (scene.path / "seen").read_text()
    undo = script.replace("create", "delete").replace(f" {scene.commit}", "")
    scene.git("update-ref", "--stdin", input=undo.encode())
    (scene.path / "seen").unlink()
    install(scene.path, "--strict")
    scene.git("update-ref", "--stdin", input=script.encode())
    assert (scene.path / "seen").read_text() == before
    assert before.count("refs/heads/many-") == 80
    assert reviewtui(scene.path, "hooks", "uninstall").status == 0
    assert file.read_text() == own
