"""Real pushes through gitolite over an sshd on the loopback: its own access rules and our gate, one after the other."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.attacks.scene import BRANCH, REVIEWS, TAG, Scene, build_scene
from tests.command import reviewtui
from tests.network import sshd
from tests.served import NOTES, Pushed, approved_release, push

SHELL = Path("/usr/share/gitolite3/gitolite-shell")
USERS = ("dana", "lin", "mallory")
RULES = """\
@reviewers = dana lin
@releasers = dana
repo models
    RWC   refs/notes/reviewtui/ = @reviewers
    -     refs/notes/           = @all
    RW+CD refs/tags/            = @releasers
    -     refs/tags/            = @all
    RW+CD refs/heads/           = @all
"""

_BUILT: dict[str, Scene] = {}


@dataclass(frozen=True, slots=True)
class Gitolite:
    """A server by gitolite: its home, the environment of its commands, and how each user logs in."""

    scene: Scene
    home: Path
    environment: Mapping[str, str]
    url: str
    logins: Mapping[str, str]

    @property
    def repository(self) -> Path:
        return self.home / "repositories" / "models.git"

    def push(self, user: str, *words: str) -> Pushed:
        """A push by a user of gitolite."""
        return push(self.scene.path, "--atomic", self.url, *words, env={"GIT_SSH_COMMAND": self.logins[user]})

    def refs(self) -> str:
        """Every ref with its value, one a line."""
        words = ("git", "for-each-ref", "--format=%(objectname) %(refname)")
        return subprocess.run(words, cwd=self.repository, capture_output=True, text=True, check=True).stdout

    def refuses(self, user: str, reason: str, *words: str) -> None:
        """The push is refused for this reason, and nothing has changed."""
        before = self.refs()
        pushed = self.push(user, *words)
        assert not pushed.ok, pushed.text
        assert reason in pushed.text, pushed.text
        assert "Traceback" not in pushed.text
        assert self.refs() == before


@pytest.fixture
def gitolite(hermetic_git: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Iterator[Gitolite]:
    """The repository `models` behind gitolite, with our hook; the candidate lacks one approval."""
    program = shutil.which("gitolite")
    if program is None or not SHELL.exists():
        pytest.skip("gitolite is not installed (Debian: gitolite3).")
    if "scene" not in _BUILT:
        _BUILT["scene"] = build_scene(tmp_path_factory.mktemp("gitolite"))
    home = tmp_path / "git"
    home.mkdir(mode=0o700)
    environment = _set_up(program, home)
    keys = {name: _key(home / name) for name in USERS}
    lines = (f'command="{SHELL} {name}",restrict {key}' for name, key in keys.items())
    with sshd(home, client_key="\n".join(lines)) as (host, known_hosts):
        options = f"-F /dev/null -o BatchMode=yes -o IdentitiesOnly=yes -o UserKnownHostsFile={known_hosts}"
        logins = {name: f"ssh {options} -o StrictHostKeyChecking=yes -i {home / name}" for name in USERS}
        server = Gitolite(_BUILT["scene"].copy(tmp_path), home, environment, f"ssh://{host}/models", logins)
        first = server.push("dana", "main", BRANCH, "refs/tags/churn@v1.0.0", NOTES)
        assert first.ok, first.text
        installed = reviewtui(tmp_path, "hooks", "install", "--server", str(server.repository))
        assert installed.status == 0, installed.err
        assert "gitolite" in installed.err
        yield server


def _set_up(program: str, home: Path) -> dict[str, str]:
    environment = {**os.environ, "HOME": str(home)}
    made = _run(environment, program, "setup", "-a", "admin")
    if made.returncode:
        pytest.skip(f"gitolite cannot be set up by this user: {made.stderr.strip().rpartition(chr(10))[2]}")
    (home / ".gitolite" / "conf" / "gitolite.conf").write_text(RULES)
    compiled = _run(environment, program, "compile")
    assert compiled.returncode == 0, compiled.stderr
    return environment


def _run(environment: Mapping[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        words, env=environment, cwd=environment["HOME"], stdin=subprocess.DEVNULL, capture_output=True, text=True,
        check=False,
    )  # fmt: skip


def _key(file: Path) -> str:
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)), check=True)
    return file.with_suffix(".pub").read_text().strip()


def test_the_gate_stands_behind_gitolite_too(gitolite: Gitolite) -> None:
    gitolite.scene.tag()
    findings = reviewtui(gitolite.scene.path, "gate", "churn@1.1.0", "--json").json["findings"]
    (reason,) = [finding["reason"] for finding in findings if finding["state"] == "unmet"]
    gitolite.refuses("dana", reason, f"refs/tags/{TAG}")
    gitolite.scene.git("tag", "--delete", TAG)
    approved_release(gitolite.scene)
    accepted = gitolite.push("dana", f"refs/tags/{TAG}", NOTES)
    assert accepted.ok, accepted.text
    assert "the gate allows it" in accepted.text
    assert f"refs/tags/{TAG}" in gitolite.refs()


def test_the_access_rules_of_gitolite_are_kept(gitolite: Gitolite) -> None:
    approved_release(gitolite.scene)
    gitolite.refuses("mallory", f"{REVIEWS} models mallory DENIED", NOTES)
    assert gitolite.push("lin", NOTES).ok
    gitolite.refuses("lin", f"refs/tags/{TAG} models lin DENIED", f"refs/tags/{TAG}")
    gitolite.refuses("dana", "non-fast-forward", f"+{REVIEWS}~1:{REVIEWS}")
    released = gitolite.push("dana", f"refs/tags/{TAG}")
    assert released.ok, released.text


def test_gitolite_leaves_the_hook_where_it_is(gitolite: Gitolite) -> None:
    again = _run(gitolite.environment, "gitolite", "setup", "--hooks-only")
    assert again.returncode == 0, again.stderr
    status = reviewtui(gitolite.home, "hooks", "status", "--server", str(gitolite.repository))
    assert status.status == 0, status.out
    gitolite.scene.tag()
    gitolite.refuses("dana", "approvals", f"refs/tags/{TAG}")
