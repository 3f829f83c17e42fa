"""dvc.yaml, dvc.lock and *.dvc → what they say of params, metrics and data, with paths from the repository's root.

dvc.lock holds what was resolved, so templates (`${…}`) of dvc.yaml are only matched against it, never evaluated.
"""

from __future__ import annotations

import re
from typing import Any

from reviewtui.facts.model import DataDigest, Value
from reviewtui.facts.reading import TreeReader, joined, parent
from reviewtui.patterns import pattern
from reviewtui.values import dataclass, field

_HASHES = ("md5", "etag", "checksum", "sha256", "hash_value", "version_id")
_METRIC_ENDINGS = (".json", ".yaml", ".yml", ".toml")
_URL_USER = pattern(r"//[^/@]*@")


@dataclass(frozen=True, slots=True)
class DvcItem:
    """One dependency or output: `role` is dep, out or import."""

    path: str
    digest: DataDigest | None
    size: int | None
    files: int | None
    role: str
    source: str
    note: str = ""


@dataclass(slots=True)
class DvcPipeline:
    """What one dvc.yaml with its dvc.lock says. `params` are resolved values by file; `declared` the files named."""

    path: str
    declared_params: list[str] = field(default_factory=list)
    params: dict[str, dict[str, Value]] = field(default_factory=dict)
    metrics: list[str] = field(default_factory=list)
    names_metrics: bool = False
    items: list[DvcItem] = field(default_factory=list)


def read_pipeline(reader: TreeReader, directory: str) -> DvcPipeline:
    """The pipeline of a directory, of which dvc.yaml, or dvc.lock, or both exist."""
    yaml_path, lock_path = joined(directory, "dvc.yaml") or "", joined(directory, "dvc.lock") or ""
    pipeline = DvcPipeline(lock_path)
    document = reader.document(yaml_path)
    root = document.value if document and isinstance(document.value, dict) else None
    lock = reader.document(lock_path)
    stages = _lock_stages(lock.value if lock else None)
    declared = _stages(root)
    for name, stage in stages.items():
        declaration = declared.get(name, declared.get(name.split("@")[0]))
        if root is not None and declared and declaration is None and "foreach" not in root:
            reader.problem(lock_path, f"The stage {name} is no longer in dvc.yaml; what it holds is left out.")
            continue
        _lock_stage(reader, pipeline, stage, base=_working_directory(directory, declaration))
    _declared(reader, pipeline, root or {}, directory, yaml_path)
    return pipeline


def read_dvc_file(reader: TreeReader, path: str) -> list[DvcItem]:
    """The outputs that one *.dvc file records."""
    document = reader.document(path)
    if document is None or not document.readable:
        return []
    root = document.value
    if not isinstance(root, dict):
        reader.problem(path, "This is not a DVC file: it holds no mapping.")
        return []
    base = joined(parent(path), _text(root.get("wdir")) or ".") or parent(path)
    note = _origin(root.get("deps"))
    return [item for out in _list(root.get("outs")) for item in _items(reader, out, "out", base, path, note)]


def _origin(deps: Value) -> str:
    for dep in _list(deps):
        if isinstance(dep, dict) and isinstance(repo := dep.get("repo"), dict):
            url = _URL_USER.sub("//", _text(repo.get("url")))
            revision = _text(repo.get("rev_lock")) or _text(repo.get("rev"))
            return f"imported from {url}, {_text(dep.get('path'))}, at {revision[:40]}"
        if isinstance(dep, dict) and dep.get("path"):
            return f"imported from {_URL_USER.sub('//', _text(dep.get('path')))}"
    return ""


def _lock_stages(root: Value) -> dict[str, dict[str, Any]]:
    """Both schemas: `stages` below `schema: '2.0'`, and stages at the top level."""
    if not isinstance(root, dict):
        return {}
    stages = root.get("stages") if "schema" in root else root
    return (
        {name: stage for name, stage in stages.items() if isinstance(stage, dict)} if isinstance(stages, dict) else {}
    )


def _stages(root: dict[str, Any] | None) -> dict[str, dict[str, Any]]:
    stages = (root or {}).get("stages")
    found = {}
    for name, stage in stages.items() if isinstance(stages, dict) else ():
        if isinstance(stage, dict):
            found[name] = stage["do"] if isinstance(stage.get("do"), dict) else stage
    return found


def _working_directory(directory: str, stage: dict[str, Any] | None) -> str:
    wdir = _text((stage or {}).get("wdir")) or "."
    return directory if "${" in wdir else joined(directory, wdir) or directory


def _lock_stage(reader: TreeReader, pipeline: DvcPipeline, stage: dict[str, Any], *, base: str) -> None:
    for role, entries in (("dep", stage.get("deps")), ("out", stage.get("outs"))):
        for entry in _list(entries):
            pipeline.items += _items(reader, entry, role, base, pipeline.path)
    params = stage.get("params")
    for name, values in params.items() if isinstance(params, dict) else ():
        path = joined(base, name)
        if path is None:
            reader.problem(pipeline.path, f"The params file {name[:200]!r} lies outside of the repository.")
        elif isinstance(values, dict):
            pipeline.params.setdefault(path, {}).update(values)


def _items(reader: TreeReader, entry: Value, role: str, base: str, source: str, note: str = "") -> list[DvcItem]:
    """What one entry records: itself, or each of its files where a directory has no digest of its own.

    A remote with versions of its own keeps the files of a directory one by one (`files`, each with its `relpath`).
    """
    files = entry.get("files") if isinstance(entry, dict) else None
    if not isinstance(files, list) or not files or _digest(entry):
        item = _item(reader, entry, role, base, source, note)
        return [item] if item else []
    directory = joined(base, _text(entry.get("path")))
    if directory is None:
        reader.problem(source, f"The path {_text(entry.get('path'))[:200]!r} lies outside of the repository.")
        return []
    named = [{**file, "path": file.get("relpath")} if isinstance(file, dict) else file for file in files]
    return [item for file in named if (item := _item(reader, file, role, directory, source, note))]


def _digest(entry: dict[str, Any]) -> DataDigest | None:
    """The digest of an entry; else what the store that holds it calls it."""
    clouds = entry.get("cloud")
    stores = [store for _, store in sorted(clouds.items())] if isinstance(clouds, dict) else []
    for said in (entry, *stores):
        for algorithm in _HASHES if isinstance(said, dict) else ():
            if isinstance(said.get(algorithm), str | int):
                value = str(said[algorithm])
                return DataDigest(algorithm, value if algorithm == "version_id" else value.lower())
    return None


def _item(reader: TreeReader, entry: Value, role: str, base: str, source: str, note: str = "") -> DvcItem | None:
    if not isinstance(entry, dict) or not isinstance(entry.get("path"), str):
        reader.problem(source, "An entry names no path.")
        return None
    path = joined(base, entry["path"])
    if path is None:
        reader.problem(source, f"The path {entry['path'][:200]!r} lies outside of the repository.")
        return None
    whole = (_whole(entry.get("size")), _whole(entry.get("nfiles")))
    return DvcItem(path, _digest(entry), *whole, role, source, note)


def _declared(reader: TreeReader, pipeline: DvcPipeline, root: dict[str, Any], directory: str, yaml_path: str) -> None:
    named = [(directory, "metrics", root.get("metrics")), (directory, "params", root.get("params"))]
    for stage in _stages(root).values():
        base = _working_directory(directory, stage)
        named += [(base, "metrics", stage.get("metrics")), (base, "params", stage.get("params"))]
    for base, kind, entries in named:
        for entry in _list(entries):
            pipeline.names_metrics |= kind == "metrics"
            for name in entry if isinstance(entry, dict) else [entry]:
                _name(reader, pipeline, (base, kind, name, yaml_path), whole=base == directory)


def _name(reader: TreeReader, pipeline: DvcPipeline, named: tuple[str, str, Any, str], *, whole: bool) -> None:
    base, kind, name, yaml_path = named
    if not isinstance(name, str) or (kind == "params" and "." not in name.rpartition("/")[2][1:] and "${" not in name):
        return
    found = pipeline.metrics if kind == "metrics" else pipeline.declared_params
    if "${" in name:
        pattern = re.compile(".+?".join(re.escape(part) for part in re.split(r"\$\{[^}]*\}", name)))
        paths = [item.path for item in pipeline.items if item.role == "out" and item.path.endswith(_METRIC_ENDINGS)]
        paths = paths if kind == "metrics" else []
        resolved = [
            path for path in (*paths, *(pipeline.params if kind == "params" else ())) if pattern.fullmatch(path)
        ]
        if not resolved and kind == "metrics":
            reader.problem(yaml_path, f"The metrics file {name[:200]} is templated, and dvc.lock does not resolve it.")
        found += resolved
        return
    path = joined(base, name)
    if path is None:
        reader.problem(yaml_path, f"The path {name[:200]!r} lies outside of the repository.")
    elif kind == "metrics" or name.endswith((".yaml", ".yml", ".json", ".toml", ".py")):
        found.append(path)


def _list(value: Value) -> list[Any]:
    return value if isinstance(value, list) else [value] if isinstance(value, str | dict) else []


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""


def _whole(value: Value) -> int | None:
    return value if type(value) is int and value >= 0 else None
