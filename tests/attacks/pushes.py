"""Pushes: real `git push` through real hooks, from a clone to a bare repository."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.doors import command
from tests.attacks.scene import REVIEWS, Scene

_SERVERS: dict[str, bytes] = {}


@dataclass(frozen=True, slots=True)
class Pushed:
    """How a push ended, and all that the person who pushed could read."""

    accepted: bool
    text: str


class Server:
    """A bare repository that has what the scene had when it was made, with the hook installed, as `origin`."""

    def __init__(self, scene: Scene, name: str = "server.git", *, enforcing: bool = True) -> None:
        self.scene = scene
        self.path = scene.path.parent / name
        shutil.copytree(scene.path / ".git", self.path, symlinks=True)
        shutil.rmtree(self.path / "hooks", ignore_errors=True)
        self.git("config", "core.bare", "true")
        self.git("config", "reviewtui.trustedBranch", "refs/heads/main")
        if enforcing:
            self._install()
        scene.git("config", "remote.origin.url", str(self.path))
        scene.git("config", "remote.origin.fetch", "+refs/heads/*:refs/remotes/origin/*")

    def _install(self) -> None:
        if not _SERVERS:
            answer = command(self.scene.path, "hooks", "install", "--server", str(self.path))
            assert answer.status == 0, answer.err
            _SERVERS["pre-receive"] = (self.path / "hooks" / "pre-receive").read_bytes()
        (self.path / "hooks").mkdir(exist_ok=True)
        (self.path / "hooks" / "pre-receive").write_bytes(_SERVERS["pre-receive"])
        (self.path / "hooks" / "pre-receive").chmod(0o755)

    def git(self, *words: str) -> str:
        """What git prints in the server's repository."""
        done = subprocess.run(("git", *words), cwd=self.path, capture_output=True, text=True, check=True)
        return done.stdout.removesuffix("\n")

    def ref(self, name: str) -> str:
        """The object of a ref there, or ""."""
        return self.git("for-each-ref", "--format=%(objectname)", name)

    def refuses(self, *refspecs: str, reason: str, options: tuple[str, ...] = ("--no-verify",)) -> Pushed:
        """The push is refused with a reason, and no ref of the server has moved."""
        before = self.git("for-each-ref")
        pushed = push(self.scene, *refspecs, options=options)
        assert not pushed.accepted, pushed.text
        assert reason in pushed.text, f"{reason!r} is not said:\n{pushed.text}"
        assert "crashed" not in pushed.text, pushed.text
        assert self.git("for-each-ref") == before
        return pushed

    def accepts(self, *refspecs: str, options: tuple[str, ...] = ("--no-verify",)) -> Pushed:
        """The push goes through."""
        pushed = push(self.scene, *refspecs, options=options)
        assert pushed.accepted, pushed.text
        return pushed


def push(
    scene: Scene,
    *refspecs: str,
    options: tuple[str, ...] = ("--no-verify",),
    env: Mapping[str, str] | None = None,
) -> Pushed:
    """`git push origin …`, where nothing else is said as somebody who wants no hook of a clone."""
    words = ("git", "push", *options, "origin", *refspecs)
    done = subprocess.run(
        words, cwd=scene.path, capture_output=True, text=True, check=False, env={**os.environ, **(env or {})}
    )
    return Pushed(done.returncode == 0, done.stdout + done.stderr)


def install_local_hooks(scene: Scene, *, strict: bool = False) -> Path:
    """The clone's own hooks; gives their folder."""
    answer = command(scene.path, "hooks", "install", *(("--strict",) if strict else ()))
    assert answer.status == 0, answer.err
    return scene.path / ".git" / "hooks"


ALL_NOTES = f"{REVIEWS}:{REVIEWS}"
