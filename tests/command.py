"""reviewtui() runs the installed command as a person would, in a process of its own."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.forked import run_command
from tests.model_repository import ModelRepository, PersonWithKey, told_once

POLICY: dict[str, Any] = {
    "version": 1,
    "people": {
        "dana@example.com": {"roles": ["data-science"]},
        "lin@example.com": {"roles": ["data-science"]},
        "risk@example.com": {"roles": ["risk"]},
    },
    "releases": [
        {
            "models": ["*"],
            "approvals": [{"count": 2, "roles": ["data-science", "risk"]}],
            "exclude": ["author", "committer", "coauthor"],
            "metrics": {"accuracy": {"better": "higher", "min": 0.9, "max_regression": {"abs": 0.005}}},
        }
    ],
    "releasers": {"roles": ["data-science"]},
}


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command gave: exit status, standard output, standard error."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


def reviewtui(
    directory: Path,
    *words: str,
    person: PersonWithKey | None = None,
    env: Mapping[str, str] | None = None,
    input: str | None = None,
) -> Answer:
    """Run `reviewtui -C directory words…`, as a person where one is given, without a terminal."""
    environment = {**os.environ, **(person.environment if person else {}), **(env or {})}
    return Answer(*run_command(("-C", str(directory), *words), environment=environment, input=input or ""))


def churn_repository(path: Path, *, policy: Mapping[str, Any] | None = None) -> ModelRepository:
    """A model with a release from before reviewtui, settings, three reviewers, and a candidate 1.1.0 by robin."""
    rules = dict(policy or POLICY)
    return told_once(f"churn {json.dumps(rules)}", path, lambda place: _churn_repository(place, rules))


def _churn_repository(path: Path, policy: Mapping[str, Any]) -> ModelRepository:
    repository = ModelRepository(path)
    for name in ("dana", "lin", "risk"):
        repository.person(name)
    repository.commit_files(
        {
            "models/churn/params.yaml": "train:\n  lr: 0.1\n  depth: 6\n",
            "models/churn/metrics.json": '{"accuracy": 0.91, "loss": 0.31}\n',
            "models/churn/data/train.csv.dvc": "outs:\n- md5: 11111111111111111111111111111111\n  size: 1000\n"
            "  hash: md5\n  path: train.csv\n",
        }
    )
    repository.tag("churn@v1.0.0", message="churn 1.0.0")
    repository.settings(
        config={"repository": "git.example.com/ml/churn", "models": {"churn": {"path": "models/churn"}}},
        policy=policy,
    )
    repository.commit_version(
        "churn",
        "1.1.0",
        params={"train": {"lr": 0.05, "depth": 6}},
        metrics={"accuracy": 0.92, "loss": 0.29},
        data={"data/train.csv": "2" * 32},
    )
    return repository
