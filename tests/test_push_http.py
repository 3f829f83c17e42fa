"""Real pushes over HTTP with passwords: the hook judges them as it does those over a path."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.attacks.scene import TAG, Scene
from tests.command import reviewtui
from tests.network import PASSWORD, apache, nginx
from tests.served import NOTES, Server, approved_release, copied, push, served_scene

_BUILT: dict[str, Scene] = {}
WebServer = Callable[..., AbstractContextManager[str]]


@pytest.fixture(params=[apache, nginx], ids=["apache", "nginx"])
def web_server(request: pytest.FixtureRequest) -> WebServer:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture
def served(
    hermetic_git: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, web_server: WebServer
) -> Iterator[tuple[Server, str]]:
    """A server whose candidate lacks one approval, and where it is on the web."""
    if "scene" not in _BUILT:
        _BUILT["scene"] = served_scene(tmp_path_factory.mktemp("served"))
    server = copied(_BUILT["scene"], tmp_path)
    folder = tmp_path / "web"
    folder.mkdir()
    with web_server(folder, tmp_path, users=("dana", "lin")) as host:
        yield server, host


def _url(host: str, user: str = "dana", password: str = PASSWORD) -> str:
    login = f"{user}:{password.replace(' ', '%20')}@" if user else ""
    return f"http://{login}{host}/git/server.git"


def _git(directory: Path, words: Sequence[str]) -> str:
    done = subprocess.run(("git", *words), cwd=directory, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def test_only_who_has_a_password_may_push_and_fetch(served: tuple[Server, str]) -> None:
    server, host = served
    before = server.refs()
    for user, password in (("", ""), ("dana", "wrong"), ("mallory", PASSWORD)):
        pushed = push(server.scene.path, _url(host, user, password), "main:refs/heads/other")
        assert not pushed.ok
        assert "could not read" in pushed.text or "Authentication failed" in pushed.text
    assert server.refs() == before
    pushed = push(server.scene.path, _url(host), "main:refs/heads/other")
    assert pushed.ok, pushed.text
    assert _git(server.scene.path, ("ls-remote", _url(host), "refs/heads/other")).split()[0] in server.refs()


def test_the_gate_stands_at_the_web_server_too(served: tuple[Server, str]) -> None:
    server, host = served
    server.scene.tag()
    before = server.refs()
    (finding,) = (
        each
        for each in reviewtui(server.scene.path, "gate", "churn@1.1.0", "--json").json["findings"]
        if each["state"] == "unmet"
    )
    refused = push(server.scene.path, _url(host), f"refs/tags/{TAG}")
    assert not refused.ok
    assert finding["reason"] in refused.text
    assert "Traceback" not in refused.text
    assert server.refs() == before
    server.scene.git("tag", "--delete", TAG)
    approved_release(server.scene)
    accepted = push(server.scene.path, "--atomic", _url(host), f"refs/tags/{TAG}", NOTES)
    assert accepted.ok, accepted.text
    assert "the gate allows it" in accepted.text
    assert f"refs/tags/{TAG}" in server.refs()


def test_records_are_synced_over_the_web(served: tuple[Server, str]) -> None:
    server, host = served
    clone = server.path.parent / "clone"
    _git(server.path.parent, ("clone", "-q", _url(host, "lin"), str(clone)))
    assert reviewtui(clone, "sync").status == 0
    answer = reviewtui(clone, "approve", "churn@1.1.0", "-m", "Good.", "--yes", person=server.scene.person("lin"))
    assert answer.status == 0, answer.err
    sent = reviewtui(clone, "sync")
    assert sent.status == 0, sent.err
    server.scene.git("remote", "add", "web", _url(host))
    received = reviewtui(server.scene.path, "sync", "web")
    assert received.status == 0, received.err
    assert reviewtui(server.scene.path, "gate", "churn@1.1.0").status == 0
    assert PASSWORD.replace(" ", "%20") not in sent.err + received.err
