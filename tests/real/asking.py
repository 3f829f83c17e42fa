"""ask() runs a command in this very process; git_show() and its kin ask git itself, past all of our own code."""

from __future__ import annotations

import contextlib
import io
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from reviewtui.__main__ import main

BUNDLES = ("articlequality", "bank-customer-churn", "evidently-dvc", "roberta-base-squad2", "rota")


@dataclass(frozen=True, slots=True)
class Said:
    """What a command in this process gave."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        assert self.status == 0, self.err
        return json.loads(self.out)


def ask(repository: Path, *words: str) -> Said:
    """Run `reviewtui -C repository words…` here, without a new interpreter."""
    out, err, pipe = io.StringIO(), io.StringIO(), signal.getsignal(signal.SIGPIPE)
    try:
        with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
            status = main(["-C", str(repository), *words])
    finally:
        signal.signal(signal.SIGPIPE, pipe)
    return Said(status, out.getvalue(), err.getvalue())


def git(repository: Path, *words: str) -> bytes:
    """What git prints."""
    environment = {**os.environ, "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    return subprocess.run(("git", *words), cwd=repository, env=environment, capture_output=True, check=True).stdout


def git_show(repository: Path, commit: str, path: str) -> bytes | None:
    """A file of a commit, or None."""
    if path not in git_files(repository, commit):
        return None
    return git(repository, "cat-file", "blob", f"{commit}:{path}")


def git_files(repository: Path, commit: str) -> list[str]:
    """The paths of a commit's files."""
    return git(repository, "ls-tree", "-r", "-z", "--name-only", commit).decode().rstrip("\0").split("\0")


def successive(rows: list[dict[str, Any]]) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Each two versions of a model that follow one another, the older one first."""
    models = dict.fromkeys(row["model"] for row in rows)
    return [
        pair
        for model in models
        for own in [[row for row in reversed(rows) if row["model"] == model]]
        for pair in pairwise(own)
    ]


def word(row: dict[str, Any]) -> str:
    """How to ask for a listed version: by its ref, which is never ambiguous, or by its name."""
    return str(row["ref"] or row["name"])
