"""Server: a bare repository with the pre-receive hook, and real pushes to it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.attacks.scene import BRANCH, REVIEWS, TAG, Scene, build_scene
from tests.command import reviewtui
from tests.model_repository import ModelRepository, PersonWithKey

NOTES = f"{REVIEWS}:{REVIEWS}"


@dataclass(frozen=True, slots=True)
class Pushed:
    """How a push ended, and all that was said."""

    ok: bool
    text: str


class Server:
    """A bare repository that a scene's repository pushes to."""

    def __init__(self, scene: Scene, path: Path) -> None:
        self.scene = scene
        self.path = path

    def push(self, *words: str, who: PersonWithKey | None = None, env: Mapping[str, str] | None = None) -> Pushed:
        """A push by `git push SERVER words…`."""
        return push(self.scene.path, str(self.path), *words, who=who, env=env)

    def refs(self) -> str:
        """Every ref with its value, one a line."""
        return self.git("for-each-ref", "--format=%(objectname) %(refname)")

    def git(self, *words: str, input: bytes | None = None) -> str:
        done = subprocess.run(("git", *words), cwd=self.path, input=input or b"", capture_output=True, check=True)
        return done.stdout.decode().rstrip("\n")

    def refuses(self, reason: str, *words: str, who: PersonWithKey | None = None) -> str:
        """The push is refused for this reason, nothing has changed, and nobody is shown a traceback."""
        before = self.refs()
        pushed = self.push(*words, who=who)
        assert not pushed.ok, pushed.text
        assert reason in pushed.text, pushed.text
        assert "Traceback" not in pushed.text
        assert "crashed" not in pushed.text
        assert self.refs() == before
        return pushed.text

    def accepts(self, *words: str) -> str:
        """The push is accepted."""
        pushed = self.push(*words)
        assert pushed.ok, pushed.text
        return pushed.text


def push(
    directory: Path, *words: str, who: PersonWithKey | None = None, env: Mapping[str, str] | None = None
) -> Pushed:
    """`git push words…` in a directory."""
    environment = {**os.environ, **(who.environment if who else {}), **(env or {})}
    done = subprocess.run(("git", "push", *words), cwd=directory, env=environment, capture_output=True, check=False)
    return Pushed(done.returncode == 0, (done.stdout + done.stderr).decode("utf-8", "replace"))


def served_scene(place: Path) -> Scene:
    """A scene and its server, built once: the branches, the tag from before, Dana's approval, and the hook."""
    scene = build_scene(place)
    ModelRepository(place / "server.git", bare=True)
    Server(scene, place / "server.git").accepts("main", BRANCH, "refs/tags/churn@v1.0.0", NOTES)
    answer = reviewtui(place, "hooks", "install", "--server", str(place / "server.git"))
    assert answer.status == 0, answer.err
    return scene


def copied(built: Scene, place: Path) -> Server:
    """A scene and its server, copied."""
    scene = built.copy(place)
    shutil.copytree(built.path.parent / "server.git", place / "server.git", symlinks=True)
    return Server(scene, place / "server.git")


def approved_release(scene: Scene) -> None:
    """Lin approves, too, and Dana makes the tag with reviewtui release."""
    scene.record("lin")
    answer = reviewtui(scene.path, "release", "churn@1.1.0", "--yes", person=scene.person("dana"))
    assert answer.status == 0, answer.err
    assert scene.git("tag", "--list", TAG) == TAG
