"""Real pushes over ssh, to an sshd on the loopback: the hook judges them as it does those over a path."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.attacks.scene import TAG, Scene
from tests.command import reviewtui
from tests.network import Remote, sshd
from tests.served import NOTES, Server, approved_release, copied, push, served_scene

_BUILT: dict[str, Scene] = {}


@pytest.fixture
def served(
    hermetic_git: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path
) -> Iterator[tuple[Server, Remote]]:
    """A server whose candidate lacks one approval, and how it is reached by ssh with a throw-away key."""
    if "scene" not in _BUILT:
        _BUILT["scene"] = served_scene(tmp_path_factory.mktemp("served"))
    server = copied(_BUILT["scene"], tmp_path)
    folder = tmp_path / "ssh"
    folder.mkdir(mode=0o700)
    keys = []
    for name in ("known", "unknown"):
        keys.append(folder / name)
        subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(keys[-1])), check=True)
    with sshd(folder, client_key=keys[0].with_suffix(".pub").read_text().strip()) as (host, known_hosts):
        options = f"-F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile={known_hosts}"
        login, stranger = (f"ssh {options} -o StrictHostKeyChecking=yes -i {key}" for key in keys)
        environment = {"GIT_SSH_COMMAND": login, "STRANGER": stranger}
        yield server, Remote(f"ssh://{host}{server.path}", environment=environment)


def test_only_who_has_a_key_may_push_and_fetch(served: tuple[Server, Remote]) -> None:
    server, remote = served
    before = server.refs()
    stranger = {"GIT_SSH_COMMAND": remote.environment["STRANGER"]}
    refused = push(server.scene.path, remote.url, "main:refs/heads/other", env=stranger)
    assert not refused.ok
    assert "Permission denied" in refused.text
    assert server.refs() == before
    accepted = push(server.scene.path, remote.url, "main:refs/heads/other", env=remote.environment)
    assert accepted.ok, accepted.text
    listed = server.scene.git("ls-remote", remote.url, "refs/heads/other", env=remote.environment)
    assert listed.split()[0] in server.refs()


def test_the_gate_stands_behind_ssh_too(served: tuple[Server, Remote]) -> None:
    server, remote = served
    server.scene.tag()
    before = server.refs()
    (finding,) = (
        each
        for each in reviewtui(server.scene.path, "gate", "churn@1.1.0", "--json").json["findings"]
        if each["state"] == "unmet"
    )
    refused = push(server.scene.path, remote.url, f"refs/tags/{TAG}", env=remote.environment)
    assert not refused.ok
    assert finding["reason"] in refused.text
    assert "Traceback" not in refused.text
    assert server.refs() == before
    server.scene.git("tag", "--delete", TAG)
    approved_release(server.scene)
    accepted = push(server.scene.path, "--atomic", remote.url, f"refs/tags/{TAG}", NOTES, env=remote.environment)
    assert accepted.ok, accepted.text
    assert "the gate allows it" in accepted.text
    assert f"refs/tags/{TAG}" in server.refs()


def test_records_are_synced_over_ssh(served: tuple[Server, Remote]) -> None:
    server, remote = served
    clone = server.path.parent / "clone"
    server.scene.git("clone", "-q", remote.url, str(clone), env=remote.environment)
    assert reviewtui(clone, "sync", env=remote.environment).status == 0
    answer = reviewtui(clone, "approve", "churn@1.1.0", "-m", "Good.", "--yes", person=server.scene.person("lin"))
    assert answer.status == 0, answer.err
    sent = reviewtui(clone, "sync", env=remote.environment)
    assert sent.status == 0, sent.err
    server.scene.git("remote", "add", "far", remote.url)
    received = reviewtui(server.scene.path, "sync", "far", env=remote.environment)
    assert received.status == 0, received.err
    assert reviewtui(server.scene.path, "gate", "churn@1.1.0").status == 0
