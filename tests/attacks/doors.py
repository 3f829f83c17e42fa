"""Doors: every way by which a version could be let through, asked the same question.

A door is a function: a scene → Answer. What each one says must hold the same reason, so a test names the reason once:
`closed_at_every_door(scene, "subject-commit-mismatch")`. A new door is one more line in DOORS.

The command is asked for the gate. The hooks are asked about a push of the release tag that the command refuses to make:
signed by a releaser, with all trailers, claiming every record there is. All run in this process, because starting an
interpreter takes longer than judging; real pushes through real hooks are in pushes.py.
"""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reviewtui.__main__ import main
from tests.attacks.scene import CANDIDATE, Scene
from tests.command import Answer as CommandAnswer
from tests.model_repository import PersonWithKey


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether a door let the version through, and all that it said."""

    is_open: bool
    text: str


def command(
    directory: Path, *words: str, person: PersonWithKey | None = None, env: Mapping[str, str] | None = None
) -> CommandAnswer:
    """`reviewtui -C directory words…` in this process: the same code as the installed command, without its start."""
    out, err = _captured(), _captured()
    changes = {**(person.environment if person else {}), **(env or {})}
    # The command lets a closed pipe end it, which must not end the tests.
    before = signal.getsignal(signal.SIGPIPE)
    with _environment(changes), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        stdin, sys.stdin = sys.stdin, io.StringIO()
        try:
            status = main(["-C", str(directory), *words])
        finally:
            sys.stdin = stdin
            signal.signal(signal.SIGPIPE, before)
    return CommandAnswer(status, _text(out), _text(err))


def command_door(scene: Scene, version: str = CANDIDATE) -> Answer:
    """`reviewtui gate`, as a person reads it."""
    answer = command(scene.path, "gate", version)
    return Answer(answer.status == 0, answer.out + answer.err)


def local_hook_door(scene: Scene, version: str = CANDIDATE) -> Answer:
    """The clone's pre-push hook, asked about a push of a forged release tag."""
    tag, made = forged_tag(scene, version)
    try:
        return run_hook("pre-push", scene.path, f"refs/tags/{tag} {made} refs/tags/{tag} {'0' * 40}\n")
    finally:
        scene.git("update-ref", "-d", f"refs/tags/{tag}")


def server_hook_door(scene: Scene, version: str = CANDIDATE) -> Answer:
    """The pre-receive hook of a server that has all of the scene, asked about the same push."""
    tag, made = forged_tag(scene, version)
    scene.git("update-ref", "-d", f"refs/tags/{tag}")
    with tempfile.TemporaryDirectory(dir=scene.path.parent) as place:
        server = Path(place, "server.git")
        shutil.copytree(scene.path / ".git", server, symlinks=True)
        scene.git("config", "--file", str(server / "config"), "core.bare", "true")
        return run_hook("pre-receive", server, f"{'0' * 40} {made} refs/tags/{tag}\n", env={"GIT_DIR": "."})


def forged_tag(scene: Scene, version: str) -> tuple[str, str]:
    """A signed release tag that claims every approval there is, whether it counts or not: its name, and its object."""
    claimed = claims_of(scene, version)
    model, _, number = version.partition("@")
    tag = f"{model}@v{number}"
    message = scene.release_message(*claimed, of=version)
    return tag, scene.tag(tag, message=message, target=scene.subject(version).commit)


def claims_of(scene: Scene, version: str) -> list[str]:
    """The approvals that count; where fewer than two do, everything that might be taken for one."""
    answer = command(scene.path, "reviews", version, "--json")
    records = answer.json["records"] if answer.status == 0 else []
    counted = [each["id"] for each in records if each["counted"] and each["verdict"] == "approve"]
    every = [each["id"] for each in records if each["verdict"] in ("approve", "override", "")]
    return counted if len(counted) > 1 else list(dict.fromkeys(every))


def run_hook(name: str, directory: Path, lines: str, *, env: Mapping[str, str] | None = None) -> Answer:
    """A hook as Git runs it: in the repository's directory, with lines about refs on its standard input."""
    out, err = _captured(), _captured()
    before = Path.cwd()
    stdin, sys.stdin = sys.stdin, io.TextIOWrapper(io.BytesIO(lines.encode()))
    try:
        os.chdir(directory)
        with _environment(env or {}), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(["hook", name])
    finally:
        os.chdir(before)
        sys.stdin = stdin
    return Answer(status == 0, _text(out) + _text(err))


Door = Callable[[Scene, str], Answer]
DOORS: tuple[Door, ...] = (command_door, local_hook_door, server_hook_door)


def closed_at_every_door(scene: Scene, *reasons: str, version: str = CANDIDATE) -> None:
    """No door lets the version through, and each says why in the same words."""
    for door in DOORS:
        answer = door(scene, version)
        assert not answer.is_open, f"{door.__name__} is open:\n{answer.text}"
        for reason in reasons:
            assert reason in answer.text, f"{door.__name__} does not say {reason!r}:\n{answer.text}"
        assert "crashed" not in answer.text, answer.text


def closed(scene: Scene, reason: str, *, version: str = CANDIDATE) -> None:
    """The command does not let the version through, and says why: enough where every door is asked about the like."""
    answer = command_door(scene, version)
    assert not answer.is_open, answer.text
    assert reason in answer.text, f"{reason!r} is not said:\n{answer.text}"


def opened(scene: Scene, *, version: str = CANDIDATE) -> None:
    """The command lets the version through."""
    answer = command_door(scene, version)
    assert answer.is_open, answer.text


def open_at_every_door(scene: Scene, *, version: str = CANDIDATE) -> None:
    """Every door lets the version through."""
    for door in DOORS:
        answer = door(scene, version)
        assert answer.is_open, f"{door.__name__} is closed:\n{answer.text}"


def ignored(scene: Scene, identity: str, reason: str, *, version: str = CANDIDATE, lacks: str = "lin") -> None:
    """The record does not count: it is listed with its reason, every door stays closed for want of an approval and
    names it; and the genuine approval of `lacks` is all that was missing."""
    all_ignored(scene, {identity: reason}, version=version, lacks=lacks)


def all_ignored(scene: Scene, fates: Mapping[str, str], *, version: str = CANDIDATE, lacks: str = "lin") -> None:
    """The same for several records of one scene: {record id: how its reason begins}."""
    found = fates_of(scene, version=version)
    assert {identity: found[identity][: len(reason)] for identity, reason in fates.items()} == fates
    closed_at_every_door(scene, *dict.fromkeys(fates.values()), version=version)
    if lacks:
        scene.record(lacks, of=version, seq=9)
        opened(scene, version=version)


def fates_of(scene: Scene, *, version: str = CANDIDATE) -> dict[str, str]:
    """{record id: "" where it counts, else the reason} as `reviewtui reviews --json` says."""
    answer = command(scene.path, "reviews", version, "--json")
    assert answer.status == 0, answer.err
    return {record["id"]: record["reason"] for record in answer.json["records"]}


def findings_of(scene: Scene, *, version: str = CANDIDATE) -> dict[str, dict[str, Any]]:
    """{rule: finding} as `reviewtui gate --json` says."""
    return {finding["rule"]: finding for finding in command(scene.path, "gate", version, "--json").json["findings"]}


def state_of(scene: Scene, *, version: str = CANDIDATE) -> str:
    """The state of a version in `reviewtui list`."""
    rows = command(scene.path, "list", "--json").json
    return next(str(row["state"]) for row in rows if row["name"] == version)


def _captured() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="backslashreplace", write_through=True)


def _text(stream: io.TextIOWrapper) -> str:
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode("utf-8")


@contextlib.contextmanager
def _environment(changes: Mapping[str, str]) -> Iterator[None]:
    before = dict(os.environ)
    os.environ.update(changes)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
