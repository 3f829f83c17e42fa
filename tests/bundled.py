"""Bundle: an exported bundle, unpacked, so that a test can play the auditor, the forger, and the exporter who lies."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import tarfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from reviewtui.export import bundle
from tests.command import Answer, reviewtui
from tests.model_repository import ModelRepository, PersonWithKey

Told = list[dict[str, Any]]
"""The lines of a trail."""
PROGRAM = Path(bundle.__file__).with_name("verifier") / "verify.py"


def export_bundle(directory: Path, archive: Path, *, person: PersonWithKey) -> Path:
    """The bundle of a repository, exported and signed by a person."""
    done = reviewtui(directory, "export", "--format", "bundle", "-o", str(archive), person=person)
    assert done.status == 0, done.err
    return archive


@cache
def load_verifier() -> ModuleType:
    """verify.py of this checkout, which finds its parts beside itself."""
    spec = importlib.util.spec_from_file_location("verify", PROGRAM)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    written, path = sys.dont_write_bytecode, [*sys.path]
    try:
        spec.loader.exec_module(module)
    finally:
        sys.dont_write_bytecode, sys.path[:] = written, path
    return module


def verify(place: Path, *words: str) -> Answer:
    """What verify.py says, the one of this checkout, in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = load_verifier().main([str(place), *words])
    return Answer(status, out.getvalue(), err.getvalue())


def verify_alone(place: Path, *words: str, **environment: str) -> Answer:
    """What it says in a process of its own that has nothing but PATH, and no packages."""
    done = subprocess.run(
        (sys.executable, "-I", "-S", str(PROGRAM), str(place), *words),
        env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    return Answer(done.returncode, done.stdout, done.stderr)


def wrong(answer: Answer) -> list[str]:
    """The faults that it lists."""
    lines = [line.strip() for line in answer.out.split("WRONG:\n")[1].splitlines()]
    return [] if lines == ["none"] else lines


def retold(trail: Told, change: Callable[[Told], object]) -> str:
    """The lines of a trail as somebody tells it otherwise, with care: its last line fits."""
    change(trail)
    lines = "".join(json.dumps(each) + "\n" for each in trail[:-1])
    trail[-1] |= {"events": len(trail) - 2, "digest": f"sha256:{hashlib.sha256(lines.encode()).hexdigest()}"}
    return f"{lines}{json.dumps(trail[-1])}\n"


class CheckedOnce:
    """A sound bundle that verify.py has checked; a trail that tells otherwise is compared with what it found."""

    def __init__(self, archive: Path) -> None:
        self._found = load_verifier().Verification(archive)
        self._found.run()
        self.sound: bytes = self._found.files["trail.jsonl"]

    def faults(self, change: Callable[[Told], object]) -> list[str]:
        """What is wrong with a trail, where nothing else is."""
        found, trail = self._found, [json.loads(line) for line in self.sound.splitlines()]
        found.files["trail.jsonl"] = retold(trail, change).encode()
        found.trail, found.wrong = [json.loads(line) for line in found.files["trail.jsonl"].splitlines()], []
        try:
            found.check_trail()
        except (KeyError, TypeError) as error:  # As verify.py itself: whatever a forger came up with is a fault.
            found.wrong.append(f"no {error}")
        return list(found.wrong)


class Bundle:
    """An unpacked bundle that can be changed and signed again."""

    def __init__(self, archive: Path, place: Path) -> None:
        self.place = place
        with tarfile.open(archive) as tar:
            tar.extractall(place, filter="data")

    def sign(self, person: PersonWithKey) -> None:
        """List every file again, and sign the list."""
        names = sorted(each.relative_to(self.place).as_posix() for each in self.place.rglob("*") if each.is_file())
        names = [name for name in names if not name.startswith("MANIFEST")]
        lines = [f"{hashlib.sha256((self.place / name).read_bytes()).hexdigest()}  {name}\n" for name in names]
        (self.place / "MANIFEST").write_text("".join(lines))
        (self.place / "MANIFEST.sig").unlink(missing_ok=True)
        words = ("ssh-keygen", "-q", "-Y", "sign", "-n", "reviewtui", "-f", str(person.private_key), "MANIFEST")
        subprocess.run(words, cwd=self.place, check=True, capture_output=True)

    def trail(self) -> list[dict[str, Any]]:
        """The lines of the trail."""
        return [json.loads(line) for line in (self.place / "trail.jsonl").read_text().splitlines()]

    def tell(self, change: Callable[[list[dict[str, Any]]], object]) -> None:
        """Change the trail, and its last line with it."""
        (self.place / "trail.jsonl").write_text(retold(self.trail(), change))

    def rewrite(self, name: str, change: Callable[[Any], object]) -> None:
        """Change a JSON file."""
        value = json.loads((self.place / name).read_text())
        change(value)
        (self.place / name).write_text(json.dumps(value))

    def history(self, change: Callable[[ModelRepository], object]) -> None:
        """Change the Git history, and bundle it anew."""
        clone = self.place.with_name(f"{self.place.name}-history")
        words = ("git", "clone", "-q", "--mirror", str(self.place / "repository.bundle"), str(clone))
        subprocess.run(words, check=True, capture_output=True)
        repository = object.__new__(ModelRepository)
        repository.path, repository.now, repository.people = clone, 2_000_000_000, {}
        change(repository)
        (self.place / "repository.bundle").unlink()
        repository.git("bundle", "create", "-q", str(self.place / "repository.bundle"), "--all")
