"""The story of the demo: its numbers agree with each other, and its files with themselves."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, date, datetime, timedelta

import pytest
import yaml

from reviewtui.demo.churn import churn_versions
from reviewtui.demo.content import ModelContent
from reviewtui.demo.import_stream import import_stream
from reviewtui.demo.story import Committed, Released, Reviewed, tell_story
from reviewtui.demo.support_intent import support_intent_versions

TODAY = date(2026, 11, 22)
NOW = datetime(2026, 11, 22, 19, 10, tzinfo=UTC)
CHURN = churn_versions(lambda days: TODAY - timedelta(days=days))
SUPPORT = support_intent_versions(lambda days: TODAY - timedelta(days=days))
ALL = {f"{model}@{name}": content for model, of in (("churn", CHURN), ("si", SUPPORT)) for name, content in of.items()}


@pytest.mark.parametrize("content", CHURN.values(), ids=CHURN.keys())
def test_f1_of_churn_is_the_harmonic_mean_of_its_precision_and_recall(content: ModelContent) -> None:
    precision, recall = content.metrics["precision"]["churned"], content.metrics["recall"]["churned"]
    assert content.metrics["f1"]["churned"] == pytest.approx(2 * precision * recall / (precision + recall), abs=6e-5)


@pytest.mark.parametrize("content", SUPPORT.values(), ids=SUPPORT.keys())
def test_macro_f1_is_the_mean_of_the_classes(content: ModelContent) -> None:
    classes = [content.metrics["f1"][label] for label in content.params["model"]["labels"]]
    assert content.metrics["f1"]["macro"] == pytest.approx(sum(classes) / len(classes), abs=6e-5)


@pytest.mark.parametrize("content", ALL.values(), ids=ALL.keys())
def test_every_version_has_twenty_parameters_or_more_and_files_that_parse(content: ModelContent) -> None:
    files = content.files()
    assert yaml.safe_load(files["params.yaml"]) == content.params
    assert json.loads(files["metrics.json"]) == content.metrics
    assert sum(len(section) for section in content.params.values()) >= 20


@pytest.mark.parametrize("content", CHURN.values(), ids=CHURN.keys())
def test_the_lock_holds_the_true_digest_of_each_file_that_is_in_git(content: ModelContent) -> None:
    files = content.files()
    stages = yaml.safe_load(files["dvc.lock"])["stages"]
    entries = [entry for stage in stages.values() for entry in (*stage["deps"], *stage["outs"])]
    for entry in entries:
        if entry["path"] in files:
            text = files[entry["path"]].encode()
            assert (entry["md5"], entry["size"]) == (hashlib.md5(text).hexdigest(), len(text))
    assert {entry["path"] for entry in entries} >= {"data/customers", "train.py", "metrics.json"}
    assert "&id" not in files["dvc.lock"]


def test_relabelled_data_has_the_same_size_and_another_digest() -> None:
    before, after = (SUPPORT[name].imports["data/labels.csv"] for name in ("0.9.1 as submitted", "0.9.1"))
    assert before.size == after.size
    assert before.md5 != after.md5


def test_the_story_is_told_in_order_and_ends_before_now() -> None:
    for hour in (0, 7, 12, 23):
        events = tell_story(NOW.replace(hour=hour), allowed_signers="x\n")
        times = [event.at for event in events]
        assert times == sorted(times)
        assert times[-1] < NOW.replace(hour=hour)


@pytest.mark.parametrize("hour", range(0, 24, 5))
def test_nobody_reviews_or_releases_what_is_not_there_yet(hour: int) -> None:
    branches: set[str] = set()
    for event in tell_story(NOW.replace(hour=hour, minute=1), allowed_signers="x\n"):
        if isinstance(event, Committed):
            branches = (branches | {event.branch}) - {event.merged}
        elif isinstance(event, Reviewed | Released):
            assert "model/" + event.version.replace("@", "/v") in branches


def test_the_same_moment_gives_the_same_stream() -> None:
    one, other = (import_stream(tell_story(NOW, allowed_signers="x\n")) for _ in range(2))
    assert one == other
