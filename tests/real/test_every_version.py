"""Every version of every real repository is listed, shown and compared; what is broken in it is said."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml

from tests.command import reviewtui
from tests.model_repository import ModelRepository
from tests.real.asking import BUNDLES, ask, git, git_files, git_show, successive, word
from tests.real.conftest import Bundle

LISTED = {"name", "model", "version", "kind", "ref", "commit", "state", "approvals", "required"}
SHOWN = (LISTED - {"approvals", "required"}) | {"facts", "digests", "problems"}
COMPARED = {"base", "head", "config", "metrics", "data", "environment", "problems"}
STATES = {"unreviewed", "in-review", "approved", "rejected", "stale", "released", "released-unreviewed"}
DOCUMENTS = (".yaml", ".yml", ".json", ".lock", ".dvc")

CONFLICT = b"<<<<<<< HEAD\nlr: 0.1\n=======\nlr: 0.2\n>>>>>>> other\n"


@pytest.fixture(params=BUNDLES)
def repository(request: pytest.FixtureRequest, bundle: Bundle) -> Path:
    return bundle(request.param)


@pytest.mark.slow
def test_every_version_is_shown_and_compared(repository: Path) -> None:
    rows = ask(repository, "list", "--json").json
    assert rows
    for row in rows:
        assert row.keys() >= LISTED
        assert row["state"] in STATES
        place = row["ref"] or row["commit"]
        assert git(repository, "rev-parse", f"{place}^{{commit}}").decode().strip() == row["commit"]
        _check_shown(repository, row, ask(repository, "show", word(row), "--json").json)
    for older, newer in successive(rows):
        _check_compared(older, newer, ask(repository, "diff", word(older), word(newer), "--json").json)


def _check_shown(repository: Path, row: dict[str, Any], shown: dict[str, Any]) -> None:
    assert shown.keys() >= SHOWN
    assert shown["commit"] == row["commit"]
    assert shown["facts"].keys() == {"config", "metrics", "data", "environment"} == shown["digests"].keys()
    assert all(isinstance(value, int | float) for value in shown["facts"]["metrics"].values())
    for fact in shown["facts"]["data"]:
        assert fact.keys() >= {"path", "algorithm", "digest", "size"}
    read = {path for files in shown["files"].values() for path in files}
    assert read <= set(git_files(repository, row["commit"]))
    told = {problem["path"] for problem in shown["problems"]}
    for path in read:
        if path.endswith(DOCUMENTS) and _is_broken(git_show(repository, row["commit"], path), path):
            assert path in told


def _is_broken(data: bytes | None, path: str) -> bool:
    try:
        json.loads(data or b"null") if path.endswith(".json") else yaml.safe_load(data or b"")
    except (ValueError, yaml.YAMLError):
        return True
    return False


def _check_compared(older: dict[str, Any], newer: dict[str, Any], changes: dict[str, Any]) -> None:
    assert changes.keys() >= COMPARED
    assert (changes["base"]["commit"], changes["head"]["commit"]) == (older["commit"], newer["commit"])
    for change in (*changes["config"], *changes["metrics"]):
        assert change.keys() >= {"key", "change", "before", "after"}
        assert change["change"] in ("added", "removed", "changed", "renamed")
    for change in changes["metrics"]:
        assert change.keys() >= {"delta", "relative", "verdict"}
        assert change["verdict"] in ("better", "worse", "same", "unknown")
    for change in changes["data"]:
        sides = [side for side in (change["before"], change["after"]) if side is not None]
        assert sides
        assert all(side.keys() >= {"algorithm", "digest", "size"} for side in sides)


@pytest.mark.parametrize("name", ["bank-customer-churn", "roberta-base-squad2"])
def test_a_process_of_its_own_says_the_same(bundle: Bundle, name: str) -> None:
    repository = bundle(name)
    listed = reviewtui(repository, "list", "--json")
    assert (listed.status, listed.err) == (0, "")
    assert listed.json == ask(repository, "list", "--json").json
    newest = word(listed.json[0])
    for words in (("show", newest), ("diff", newest), ("gate", newest), ("reviews", newest)):
        answer = reviewtui(repository, *words, "--json")
        assert answer.status == (1 if words[0] == "gate" else 0), answer.err
        assert isinstance(answer.json, dict)


def test_a_file_that_somebody_breaks_is_a_problem_and_the_rest_is_shown(repository: Path, tmp_path: Path) -> None:
    newest = ask(repository, "list", "--json").json[0]
    whole = ask(repository, "show", word(newest), "--json").json
    read = {path for files in whole["files"].values() for path in files}
    victims = sorted(path for path in read if path.endswith(DOCUMENTS) and PurePosixPath(path).name != "vocab.json")
    assert victims
    copy = ModelRepository(tmp_path / "broken", bare=True)
    copy.git("fetch", "--quiet", str(repository), f"{newest['commit']}:refs/heads/main", env={"GIT_CONFIG_GLOBAL": ""})
    for victim in victims:
        commit = copy.commit_files({victim: CONFLICT}, branch=f"broken-{victims.index(victim)}", start=newest["commit"])
        copy.git("update-ref", f"refs/tags/{newest['model']}@v9.9.{victims.index(victim)}", commit)
        shown = ask(copy.path, "show", f"{newest['model']}@9.9.{victims.index(victim)}", "--json").json
        assert victim in {problem["path"] for problem in shown["problems"]}
        assert shown["facts"]["environment"] == whole["facts"]["environment"]
        assert any("conflict" in problem["problem"] for problem in shown["problems"])
