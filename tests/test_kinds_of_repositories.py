"""Repositories of every kind that is found in the wild are listed, shown and compared, whatever is odd about them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import kinds
from tests.model_repository import ModelRepository
from tests.real.asking import ask, successive, word


def rows(repository: ModelRepository) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(repository.path, "list", "--json").json
    return found


def shown(repository: ModelRepository, name: str) -> Any:
    return ask(repository.path, "show", name, "--json").json


def compared(repository: ModelRepository, *names: str) -> Any:
    return ask(repository.path, "diff", *names, "--json").json


def test_a_model_of_a_hub_has_its_commits_as_versions(tmp_path: Path) -> None:
    repository = kinds.hub(tmp_path / "mood")
    listed = rows(repository)
    assert [(row["model"], row["kind"], row["ref"]) for row in listed] == [("mood", "commit", "")] * 3
    facts = shown(repository, listed[1]["name"])["facts"]
    assert facts["config"]["hidden_size"] == 64
    assert list(facts["metrics"].values()) == [0.92]
    changes = compared(repository, listed[1]["name"])
    assert changes["base"]["commit"] == listed[2]["commit"]
    assert [(c["key"], c["before"], c["after"]) for c in changes["config"]] == [("hidden_size", 32, 64)]
    assert [(c["delta"], c["verdict"]) for c in changes["metrics"]] == [(0.02, "better")]
    weights = changes["data"][0]
    assert (weights["path"], weights["after"]["digest"]) == ("pytorch_model.bin", kinds.OID.format(2))
    assert "same size" in weights["note"]
    assert compared(repository, listed[0]["name"])["config"] == []


def test_a_model_that_mlflow_logged_is_shown_with_its_signature(tmp_path: Path) -> None:
    repository = kinds.mlflow(tmp_path / "runs")
    listed = rows(repository)
    assert len(listed) == 2
    version = shown(repository, listed[0]["name"])
    assert version["facts"]["config"]["mlflow_version"] == "2.1.1"
    assert "scikit-learn==1.2.0\n" in version["facts"]["environment"].values()
    assert any(fact["path"].endswith("model.pkl") for fact in version["facts"]["data"])
    changed = {change["key"] for change in compared(repository, listed[0]["name"])["config"]}
    assert "run_id" in changed
    assert any(key.startswith("signature.inputs") for key in changed)


def test_plain_params_and_metrics_at_lightweight_tags(tmp_path: Path) -> None:
    repository = kinds.plain(tmp_path / "toy")
    assert [row["name"] for row in rows(repository)] == ["toy@1.10.0", "toy@1.2.0", "toy@1.1.0"]
    changes = compared(repository, "1.10.0")
    assert changes["base"]["name"] == "toy@1.2.0"
    verdicts = {change["key"]: (change["delta"], change["verdict"]) for change in changes["metrics"]}
    assert verdicts["val_acc"] == (0.08, "better")
    assert verdicts["loss"][1] == "better"
    assert [change["path"] for change in changes["data"]] == ["weights.bin"]


def test_language_models_are_told_apart_by_the_names_of_their_tags(tmp_path: Path) -> None:
    repository = kinds.language(tmp_path / "models")
    listed = rows(repository)
    assert {row["model"] for row in listed} == {"en_core_sm", "de_core_lg"}
    assert len(listed) == 6
    english = shown(repository, "en_core_sm@2.2.0")
    assert english["facts"]["metrics"]["performance.ents_f"] == 0.82
    assert english["facts"]["config"]["vectors.width"] == 302
    changes = compared(repository, "en_core_sm@2.2.0")
    assert changes["base"]["name"] == "en_core_sm@2.1.0"
    assert [(c["key"], c["before"], c["after"]) for c in changes["metrics"]] == [("performance.ents_f", 0.81, 0.82)]
    assert {c["key"]: c["change"] for c in changes["config"]} == {"version": "changed", "vectors.width": "changed"}


def test_metrics_that_came_after_the_tag_are_not_taken_from_another_version(tmp_path: Path) -> None:
    repository = kinds.language(tmp_path / "models")
    late = shown(repository, "de_core_lg@2.2.0")
    assert late["facts"]["metrics"] == {}
    assert late["facts"]["config"] == {}


def test_locks_of_both_schemas_are_compared_and_a_broken_one_is_said(tmp_path: Path) -> None:
    repository = kinds.pipeline(tmp_path / "pipeline")
    changes = compared(repository, "v1.1.0")
    assert [(c["path"], c["before"]["digest"], c["after"]["digest"]) for c in changes["data"]] == [
        ("model.pkl", "2" * 32, "3" * 32)
    ]
    assert [(c["key"], c["delta"]) for c in changes["metrics"]] == [("auc", 0.1)]
    assert changes["problems"] == []
    broken = shown(repository, "v1.2.0")
    assert [(p["path"], "conflict" in p["problem"]) for p in broken["problems"]] == [("dvc.lock", True)]
    assert broken["facts"]["metrics"] == {"auc": 0.9}
    assert compared(repository, "v1.2.0")["problems"]


@pytest.mark.parametrize("kind", [kinds.hub, kinds.mlflow, kinds.plain, kinds.language, kinds.pipeline])
def test_every_two_successive_versions_of_every_kind_are_compared(tmp_path: Path, kind: Any) -> None:
    repository = kind(tmp_path / "model")
    listed = rows(repository)
    for older, newer in successive(listed):
        changes = compared(repository, word(older), word(newer))
        assert (changes["base"]["commit"], changes["head"]["commit"]) == (older["commit"], newer["commit"])
        backwards = compared(repository, word(newer), word(older))
        assert len(backwards["metrics"]) == len(changes["metrics"])
