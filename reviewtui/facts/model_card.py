"""Hugging Face model cards: the front matter of README.md, `model-index`, and `.eval_results/*.yaml`.

A result of `model-index` has the key DATASET[/CONFIG][/SPLIT].METRIC, where DATASET is the dataset's type (else its
name), CONFIG is left out where it is the dataset's own name or "default", and METRIC is the metric's type. A result of
`.eval_results` has the key DATASET[/TASK]. A key that is there twice with another value ends in #2, #3 ….
"""

from __future__ import annotations

import re
from typing import Any

from reviewtui.facts.documents import parse_document
from reviewtui.facts.model import Value
from reviewtui.patterns import pattern

CARD_KEYS = ("license", "base_model", "datasets", "language", "library_name", "pipeline_tag", "model_name", "tags")
"""The keys of the front matter that are configuration."""

_FRONT = pattern(r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$", re.DOTALL | re.MULTILINE)


def read_card(text: str) -> tuple[dict[str, Value], list[tuple[str, Value]], tuple[str, ...]]:
    """The configuration of a card, the values of its metrics by key (numbers or not), and its problems."""
    match = _FRONT.match(text.replace("\r\n", "\n"))
    if match is None:
        return {}, [], ()
    document = parse_document("front-matter.yaml", match[1].encode())
    root = document.value
    if not isinstance(root, dict):
        return {}, [], tuple(f"Front matter: {problem}" for problem in document.problems)
    config = {key: root[key] for key in CARD_KEYS if root.get(key) is not None}
    problems = tuple(f"Front matter: {problem}" for problem in document.problems)
    return config, _unique(_model_index(root.get("model-index"))), problems


def evaluation_results(root: Value) -> list[tuple[str, Value]]:
    """The values of an `.eval_results` file by key."""
    found = []
    for result in _mappings(root):
        dataset = _mapping(result.get("dataset"))
        parts = [str(part) for part in (dataset.get("id"), dataset.get("task_id")) if part]
        found.append(("/".join(parts) or "result", result.get("value")))
    return _unique(found)


def _model_index(index: Value) -> list[tuple[str, Value]]:
    found = []
    for model in _mappings(index):
        for result in _mappings(model.get("results")):
            dataset = _dataset(_mapping(result.get("dataset")))
            for metric in _mappings(result.get("metrics")):
                name = metric.get("type") or metric.get("name") or "metric"
                found.append((f"{dataset}.{name}" if dataset else str(name), metric.get("value")))
    return found


def _dataset(dataset: dict[str, Any]) -> str:
    name = dataset.get("type") or dataset.get("name") or ""
    config = dataset.get("config")
    parts = [name, config if config not in (name, dataset.get("name"), "default") else "", dataset.get("split")]
    return "/".join(str(part) for part in parts if part)


def _unique(found: list[tuple[str, Value]]) -> list[tuple[str, Value]]:
    """Keys made different; a result that says the same twice is kept once."""
    values: dict[str, list[Value]] = {}
    for key, value in found:
        seen = values.setdefault(key, [])
        if value not in seen:
            seen.append(value)
    return [
        (key if number == 1 else f"{key}#{number}", value)
        for key, seen in values.items()
        for number, value in enumerate(seen, 1)
    ]


def _mapping(value: Value) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Value) -> list[dict[str, Any]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []
