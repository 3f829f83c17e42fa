"""Discovery: which directories are models, where nobody has said so."""

from __future__ import annotations

from reviewtui.facts.discovery import discover_models, model_path
from reviewtui.facts.globs import matches
from tests.facts_tree import MemoryTree, facts_of


def test_each_directory_with_a_pipeline_is_a_model() -> None:
    tree = MemoryTree({"pipelines/train/dvc.yaml": "", "pipelines/predict/dvc.lock": "", "README.md": ""})
    assert discover_models(tree, "r") == (("predict", "pipelines/predict"), ("train", "pipelines/train"))


def test_a_root_that_is_a_model_is_the_only_one() -> None:
    tree = MemoryTree({"dvc.yaml": "", "models/a/params.yaml": "", "models/a/metrics.json": ""})
    assert discover_models(tree, "r") == (("r", "."),)


def test_a_repository_in_which_nothing_is_found_is_one_model() -> None:
    assert discover_models(MemoryTree({"x.py": ""}), "r") == (("r", "."),)


def test_models_of_one_name_are_told_apart_by_their_directories() -> None:
    tree = MemoryTree({"a/m/MLmodel": "", "b/m/MLmodel": ""})
    assert discover_models(tree, "r") == (("a/m", "a/m"), ("b/m", "b/m"))


def test_a_model_known_by_its_tags_is_found_by_its_directory() -> None:
    tree = MemoryTree({"models/churn/params.yaml": "", "intent/metrics.json": "", "other/x.py": ""})
    assert [model_path(tree, name) for name in ("churn", "intent", "other", "../x")] == [
        "models/churn",
        "intent",
        ".",
        ".",
    ]


def test_one_of_several_models_is_found_wherever_its_directory_is() -> None:
    files = {"projects/churn/params.yaml": "", "projects/churn/metrics.json": "", "params.yaml": ""}
    assert model_path(MemoryTree(files), "churn") == "."
    files |= {"projects/fraud/dvc.yaml": "stages: {s: {metrics: [m.json]}}", "projects/fraud/m.json": '{"acc": 1}'}
    tree = MemoryTree(files)
    assert [model_path(tree, name) for name in ("churn", "fraud", "other")] == ["projects/churn", "projects/fraud", "."]
    assert model_path(MemoryTree({**files, "metrics.json": ""}), "churn") == "."


def test_metrics_that_a_pipeline_names_hide_those_of_its_own_directory_alone() -> None:
    pipeline = {"a/dvc.yaml": "stages: {s: {metrics: [m.json]}}", "a/m.json": '{"acc": 1}'}
    others = {"a/metrics.json": '{"x": 1}', "b/metrics.json": '{"f1": 1}', "ab/metrics.json": '{"auc": 1}'}
    facts = facts_of({**pipeline, **others})
    assert [(fact.file, fact.key) for fact in facts.metrics] == [
        ("a/m.json", "acc"),
        ("ab/metrics.json", "auc"),
        ("b/metrics.json", "f1"),
    ]


def test_one_star_stays_within_a_directory_and_two_do_not() -> None:
    assert matches("conf/*.yaml", "conf/a.yaml")
    assert not matches("conf/*.yaml", "conf/b/a.yaml")
    assert matches("conf/**/*.yaml", "conf/a.yaml")
    assert matches("**/params.yaml", "a/b/params.yaml")
    assert matches("data/", "data/a/b")
    assert not matches("[z-a]", "b")
