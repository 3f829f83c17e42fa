"""Doors: every way by which a version could be let through, asked the same question.

A door is a function: a scene → Answer. What each one says must hold the same reason, so a test names the reason once:
`closed_at_every_door(scene, "subject-commit-mismatch")`. A new door is one more line in DOORS.
"""

from __future__ import annotations

import contextlib
import io
import os
import signal
import sys
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


Door = Callable[[Scene, str], Answer]
DOORS: tuple[Door, ...] = (command_door,)


def closed_at_every_door(scene: Scene, reason: str, *, version: str = CANDIDATE) -> None:
    """No door lets the version through, and each says why in the same words."""
    for door in DOORS:
        answer = door(scene, version)
        assert not answer.is_open, f"{door.__name__} is open:\n{answer.text}"
        assert reason in answer.text, f"{door.__name__} does not say {reason!r}:\n{answer.text}"
        assert "Traceback" not in answer.text


def open_at_every_door(scene: Scene, *, version: str = CANDIDATE) -> None:
    """Every door lets the version through."""
    for door in DOORS:
        answer = door(scene, version)
        assert answer.is_open, f"{door.__name__} is closed:\n{answer.text}"


def ignored(scene: Scene, identity: str, reason: str, *, version: str = CANDIDATE, lacks: str = "lin") -> None:
    """The record does not count: it is listed with its reason, every door stays closed for want of an approval and
    names it; and the genuine approval of `lacks` is all that was missing."""
    fates = fates_of(scene, version=version)
    assert fates[identity].startswith(reason), fates
    closed_at_every_door(scene, reason, version=version)
    if lacks:
        scene.record(lacks, of=version, seq=9)
        answer = command_door(scene, version)
        assert answer.is_open, answer.text


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
