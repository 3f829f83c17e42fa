"""bank-customer-churn: what is compared equals what params.yaml, dvc.lock and metrics.json hold, read here by hand."""

from __future__ import annotations

import json
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.real.asking import ask, git, git_show
from tests.real.conftest import Bundle

Values = dict[str, Any]


@pytest.fixture
def repository(bundle: Bundle) -> Path:
    return bundle("bank-customer-churn")


def registered(repository: Path) -> dict[str, list[tuple[str, str]]]:
    """{model: [(tag, commit), oldest version first]}, out of the names of the tags alone."""
    found: dict[str, dict[tuple[int, ...], tuple[str, str]]] = {}
    listed = git(repository, "for-each-ref", "--format=%(refname:strip=2) %(*objectname)", "refs/tags").decode()
    for line in listed.splitlines():
        tag, commit = line.split()
        model, at, version = tag.partition("@v")
        if at:
            numbers = tuple(int(part) for part in version.partition("#")[0].split("."))
            found.setdefault(model, {})[numbers] = (tag, commit)
    return {model: [tags[numbers] for numbers in sorted(tags)] for model, tags in found.items()}


def pairs(repository: Path) -> list[tuple[tuple[str, str], tuple[str, str]]]:
    return [pair for tags in registered(repository).values() for pair in pairwise(tags)]


def flat(value: Any, prefix: str = "") -> Values:
    if isinstance(value, dict) and value:
        return {k: v for name, item in value.items() for k, v in flat(item, f"{prefix}{name}.").items()}
    return {prefix.removesuffix("."): value}


def params(repository: Path, commit: str) -> Values:
    return flat(yaml.safe_load(git_show(repository, commit, "params.yaml") or b""))


def metrics(repository: Path, commit: str) -> Values:
    return flat(json.loads(git_show(repository, commit, "metrics.json") or b"{}", parse_float=Decimal))


def lock(repository: Path, commit: str) -> Values:
    found: Values = yaml.safe_load(git_show(repository, commit, "dvc.lock") or b"")["stages"]
    return found


def data(repository: Path, commit: str) -> Values:
    """{path: (md5, size)} of whatever dvc.lock and the .dvc files record, but for source code and Git's own metrics."""
    stages = lock(repository, commit).values()
    items = [item for stage in stages for key in ("deps", "outs") for item in stage.get(key, ())]
    pointer = yaml.safe_load(git_show(repository, commit, "data/Churn_Modelling.csv.dvc") or b"outs: []")
    items += [{**item, "path": f"data/{item['path']}"} for item in pointer["outs"]]
    wanted = (item for item in items if not item["path"].endswith(".py") and item["path"] != "metrics.json")
    return {item["path"]: (item["md5"], item["size"]) for item in wanted}


def differing(before: Values, after: Values) -> Values:
    """{key: (before, after)} of what differs; None stands for absent."""
    keys = before.keys() | after.keys()
    return {key: (before.get(key), after.get(key)) for key in keys if before.get(key) != after.get(key)}


def said(changes: list[Values], name: str) -> Values:
    """What diff says, in the same form; a renamed key is one that went and one that came."""
    found: Values = {}
    for change in changes:
        if change["change"] == "renamed":
            found[change[f"before_{name}"]] = (change["before"], None)
            found[change[name]] = (None, change["after"])
        else:
            found[change[name]] = (change["before"], change["after"])
    return found


def test_the_tags_give_five_pairs_of_three_models(repository: Path) -> None:
    assert {model: len(tags) for model, tags in registered(repository).items()} == {
        "lightgbm-model": 4,
        "randomforest-model": 2,
        "xgboost-model": 2,
    }
    listed = ask(repository, "list", "--json").json
    own = [(tag, commit) for tags in registered(repository).values() for tag, commit in tags]
    assert {(row["ref"].removeprefix("refs/tags/"), row["commit"]) for row in listed} == set(own)


def test_params_differ_as_params_yaml_says(repository: Path) -> None:
    for (before, old), (after, new) in pairs(repository):
        changes = ask(repository, "diff", before, after, "--json").json["config"]
        assert said(changes, "key") == differing(params(repository, old), params(repository, new)), after


def test_the_lock_was_made_with_these_params(repository: Path) -> None:
    for tags in registered(repository).values():
        for tag, commit in tags:
            config = ask(repository, "show", tag, "--json").json["facts"]["config"]
            for stage in lock(repository, commit).values():
                values = flat(stage.get("params", {}).get("params.yaml", {}))
                assert {key: config.get(key) for key in values} == values, tag


def test_metrics_differ_as_metrics_json_says(repository: Path) -> None:
    for (before, old), (after, new) in pairs(repository):
        changes = ask(repository, "diff", before, after, "--json").json["metrics"]
        expected = differing(metrics(repository, old), metrics(repository, new))
        assert set(said(changes, "key")) == set(expected), after
        for change in changes:
            first, second = expected[change["key"]]
            assert (change["before"], change["after"]) == (float(first), float(second))
            assert change["delta"] == float(second - first)
            assert change["relative"] == pytest.approx(float((second - first) / abs(first)), rel=1e-12)
            assert change["verdict"] == ("better" if second > first else "worse")


def test_data_differs_as_dvc_lock_says(repository: Path) -> None:
    for (before, old), (after, new) in pairs(repository):
        changes = ask(repository, "diff", before, after, "--json").json["data"]
        for change in changes:
            for side in ("before", "after"):
                found = change[side]
                change[side] = (found["digest"], found["size"]) if found else None
                assert found is None or found["algorithm"] == "md5"
        assert said(changes, "path") == differing(data(repository, old), data(repository, new)), after


def test_the_base_of_each_version_is_the_one_before(repository: Path) -> None:
    for (_, old), (after, _) in pairs(repository):
        assert ask(repository, "diff", after, "--json").json["base"]["commit"] == old
    for tags in registered(repository).values():
        first = ask(repository, "diff", tags[0][0], "--json").json
        assert first["base"]["commit"] is None
        assert {change["change"] for change in first["data"]} == {"added"}
