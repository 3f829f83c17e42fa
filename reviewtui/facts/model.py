"""VersionFacts: what a version is made of, as values; and the digest of each category.

The canonical content of a category is text: one line a fact, each a compact JSON array in ASCII, each ended by LF,
sorted bytewise. Config and metrics: [file, key, value]. Data: [path, algorithm, digest, size]. Environment:
[file, line number, line]. The category's digest is SHA-256 over that text.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from reviewtui.git.objects import ObjectId
from reviewtui.values import dataclass

CATEGORIES = ("config", "metrics", "data", "environment")

Value = Any
"""A JSON value: None, bool, int, float, str, or a list or dict of them."""


@dataclass(frozen=True, slots=True)
class FactSources:
    """Which files hold what: globs below `path`. None: discovery decides; an empty tuple: nothing.

    `own` is the name of a file that describes this very version alone, without its ending: some repositories keep one
    for each version, such as meta/tiny-2.1.0.json. Its facts are listed below `own_label`, as of meta/tiny.json, and
    so can be compared with those of another version.
    """

    path: str = "."
    config: tuple[str, ...] | None = None
    metrics: tuple[str, ...] | None = None
    data: tuple[str, ...] | None = None
    environment: tuple[str, ...] | None = None
    own: str = ""
    own_label: str = ""


@dataclass(frozen=True, slots=True)
class Fact:
    """One configuration value or metric: the file that holds it, its dotted key, its value."""

    file: str
    key: str
    value: Value


@dataclass(frozen=True, slots=True)
class DataDigest:
    """A content digest: the algorithm (md5, sha256, git, etag …) and its value in lower case."""

    algorithm: str
    value: str


@dataclass(frozen=True, slots=True)
class DataFact:
    """One data file or directory: its digest where one is recorded, size in bytes, number of files if a directory.

    `source` is the file that records it (dvc.lock, a pointer itself, …); `note` says more, such as "not in Git".
    """

    path: str
    digest: DataDigest | None
    size: int | None = None
    files: int | None = None
    source: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class EnvironmentFile:
    """A file that describes the environment, as raw text."""

    path: str
    object_id: ObjectId
    text: str


@dataclass(frozen=True, slots=True)
class Problem:
    """A file that could not be read, or holds something the reviewer must know."""

    path: str
    problem: str


@dataclass(frozen=True, slots=True)
class VersionFacts:
    """All facts of one version. `files` names, per category, the files that were read."""

    commit: ObjectId
    config: tuple[Fact, ...] = ()
    metrics: tuple[Fact, ...] = ()
    data: tuple[DataFact, ...] = ()
    environment: tuple[EnvironmentFile, ...] = ()
    problems: tuple[Problem, ...] = ()
    files: tuple[tuple[str, tuple[str, ...]], ...] = ()

    def digests(self) -> dict[str, str]:
        """{category: "sha256:…"} for each of CATEGORIES."""
        return {category: _digest(self.canonical(category)) for category in CATEGORIES}

    def canonical(self, category: str) -> bytes:
        """The canonical content of a category, to the byte."""
        lines = sorted({_line(row) for row in self._rows(category)})
        return b"".join(lines)

    def _rows(self, category: str) -> list[list[Value]]:
        if category == "data":
            return [
                [f.path, f.digest.algorithm if f.digest else None, f.digest.value if f.digest else None, f.size]
                for f in self.data
            ]
        if category == "environment":
            return [
                [file.path, number, line]
                for file in self.environment
                for number, line in enumerate(file.text.split("\n"), 1)
            ]
        return [[f.file, f.key, f.value] for f in (self.config if category == "config" else self.metrics)]


def _line(row: list[Value]) -> bytes:
    return json.dumps(row, ensure_ascii=True, separators=(",", ":"), sort_keys=True).encode("ascii") + b"\n"


def _digest(content: bytes) -> str:
    return "sha256:" + hashlib.sha256(content).hexdigest()


def display_keys(facts: tuple[Fact, ...]) -> list[str]:
    """A key for each fact: its dotted key where one file alone has it, else file:key."""
    owners: dict[str, set[str]] = {}
    for fact in facts:
        owners.setdefault(fact.key, set()).add(fact.file)
    return [fact.key if len(owners[fact.key]) == 1 else f"{fact.file}:{fact.key}" for fact in facts]
