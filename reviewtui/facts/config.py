"""Configuration: params files, Hugging Face and MLflow models, model cards, and the params that dvc.lock resolved."""

from __future__ import annotations

import json
import math
import posixpath
from collections.abc import Container, Iterable

from reviewtui.facts.documents import ROOT_KEY, flatten, parse_document
from reviewtui.facts.dvc import DvcPipeline
from reviewtui.facts.limits import UnparsableError
from reviewtui.facts.model import Fact, Value
from reviewtui.facts.model_card import read_card
from reviewtui.facts.reading import TreeReader

_SHOWN_DIFFERENCES = 5
META_METRICS = ("performance", "accuracy")
"""The keys of a meta.json below which metrics stand; all others are configuration."""


def read_config(
    reader: TreeReader, paths: Iterable[str], pipelines: Iterable[DvcPipeline], *, metas: Container[str] = ()
) -> tuple[Fact, ...]:
    """The facts of these files, and of the params that a lock holds of files that cannot be read."""
    facts: list[Fact] = []
    resolved: dict[str, tuple[str, dict[str, Value]]] = {}
    for pipeline in pipelines:
        for path, values in pipeline.params.items():
            resolved.setdefault(path, (pipeline.path, {}))[1].update(values)
    for path in sorted({*paths, *resolved}):
        pairs = _values(reader, path)
        if pairs is not None and path in metas:
            pairs = [(key, value) for key, value in pairs if key.split(".")[0] not in META_METRICS]
        if path in resolved:
            pairs = _with_lock(reader, path, pairs, *resolved[path])
        facts += [Fact(path, key, _finite(reader, path, key, value)) for key, value in pairs or ()]
    return tuple(facts)


def _values(reader: TreeReader, path: str) -> list[tuple[str, Value]] | None:
    """The values of one file; None where it is absent or unreadable."""
    name = posixpath.basename(path)
    if name.lower().endswith(".md"):
        text = reader.text(path)
        return list(flatten(read_card(text)[0])[0]) if text is not None else None
    document = reader.document(path)
    if document is None or not document.readable:
        return None
    pairs = list(document.values)
    if name == "MLmodel":
        return [pair for key, value in pairs for pair in _signature(key, value)]
    if pairs and pairs[0][0] == ROOT_KEY and not isinstance(document.value, list):
        reader.problem(path, "The file holds one value, and no keys.")
    return pairs


def _signature(key: str, value: Value) -> list[tuple[str, Value]]:
    """MLflow writes the signature as JSON within a text."""
    if not key.startswith("signature.") or not isinstance(value, str):
        return [(key, value)]
    document = parse_document("signature.json", value.encode())
    if not document.readable or not isinstance(document.value, list | dict):
        return [(key, value)]
    return [(key if inner == ROOT_KEY else f"{key}.{inner}", item) for inner, item in document.values]


def _with_lock(
    reader: TreeReader, path: str, values: list[tuple[str, Value]] | None, lock: str, params: dict[str, Value]
) -> list[tuple[str, Value]]:
    try:
        resolved = flatten(params)[0]
    except UnparsableError as error:
        reader.problem(lock, str(error))
        return values or []
    if values is None:
        if reader.tree.entry(path) is None:
            reader.problem(path, f"The file is not in Git; its values are those that {lock} was resolved with.")
        return list(resolved)
    known = dict(values)
    differences = []
    for key, value in resolved:
        if key in known and _json(known[key]) != _json(value):
            differences.append(f"{key} = {_json(value)}, {path} says {_json(known[key])}")
        elif key not in known and value is not None and not _is_mapping_of(known, key, value):
            differences.append(f"{key} = {_json(value)}, {path} has no such key")
    for difference in differences[:_SHOWN_DIFFERENCES]:
        reader.problem(lock, f"{lock} was resolved with {difference}.")
    if len(differences) > _SHOWN_DIFFERENCES:
        reader.problem(lock, f"{len(differences) - _SHOWN_DIFFERENCES} more values differ from those of {path}.")
    return values


def _is_mapping_of(known: dict[str, Value], key: str, value: Value) -> bool:
    return value == {} and any(name.startswith(f"{key}.") for name in known)


def _json(value: Value) -> str:
    text = json.dumps(value, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 200 else text[:199] + "…"


def _finite(reader: TreeReader, path: str, key: str, value: Value) -> Value:
    """A value that JSON can hold: NaN and infinities become text, and are said."""
    if isinstance(value, float) and not math.isfinite(value):
        text = "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
        reader.problem(path, f"{key} is {text}, which is no number; it is listed as text.")
        return text
    if isinstance(value, list):
        return [_finite(reader, path, key, item) for item in value]
    if isinstance(value, dict):
        return {name: _finite(reader, path, key, item) for name, item in value.items()}
    return value
