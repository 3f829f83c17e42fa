"""ModelContent: what one version of a sample model holds, and the files that say so."""

from __future__ import annotations

import copy
import hashlib
import json
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import yaml

from reviewtui.values import dataclass, replace

_DUMPER = getattr(yaml, "CSafeDumper", yaml.SafeDumper)

DaysAgo = Callable[[int], date]
"""The calendar day so many days before the sample repository is built."""


@dataclass(frozen=True, slots=True)
class DataFile:
    """A data file or directory that Git holds no bytes of. `label` stands for its content: the digests are of it."""

    label: str
    size: int
    files: int | None = None

    @property
    def md5(self) -> str:
        """DVC's digest; a directory's ends in .dir."""
        return hashlib.md5(self.label.encode(), usedforsecurity=False).hexdigest() + (".dir" if self.files else "")

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.label.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Stage:
    """A stage of a DVC pipeline. `params` are the top-level keys of params.yaml that it reads."""

    name: str
    command: str
    deps: tuple[str, ...]
    params: tuple[str, ...]
    outs: tuple[str, ...] = ()
    metrics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ModelContent:
    """One version of a model. Paths are relative to the model's directory.

    `pointers` are files kept by Git LFS, `imports` those with a .dvc file of their own, `outputs` what the pipeline
    makes; `plain` are ordinary text files.
    """

    params: Mapping[str, Any]
    metrics: Mapping[str, Any]
    requirements: tuple[str, ...]
    plain: Mapping[str, str]
    imports: Mapping[str, DataFile]
    outputs: Mapping[str, DataFile]
    pointers: Mapping[str, DataFile]
    stages: tuple[Stage, ...] = ()

    def files(self) -> dict[str, str]:
        """The text of every file by its path."""
        texts = dict(self.plain)
        texts["params.yaml"] = _yaml(self.params)
        texts["metrics.json"] = json.dumps(self.metrics, indent=2) + "\n"
        texts["requirements.txt"] = "".join(f"{line}\n" for line in self.requirements)
        texts |= {f"{path}.dvc": _dvc_file(path, data) for path, data in self.imports.items()}
        texts |= {path: _lfs_pointer(data) for path, data in self.pointers.items()}
        if self.stages:
            texts["dvc.yaml"] = _yaml({"stages": {stage.name: _stage(stage) for stage in self.stages}})
            texts["dvc.lock"] = _lock(self, texts)
        return texts


def changed(
    content: ModelContent,
    *,
    params: Mapping[str, Any] | None = None,
    metrics: Mapping[str, Any] | None = None,
    data: Mapping[str, DataFile] | None = None,
    requirements: Mapping[str, str] | None = None,
    plain: Mapping[str, str] | None = None,
) -> ModelContent:
    """The content with some values exchanged: by dotted key (None takes the key away), by path, by package."""
    data = data or {}
    pins = dict(line.split("==") for line in content.requirements) | dict(requirements or {})
    return replace(
        content,
        params=_with_values(content.params, params or {}),
        metrics=_with_values(content.metrics, metrics or {}),
        requirements=tuple(f"{package}=={version}" for package, version in sorted(pins.items())),
        plain=dict(content.plain) | dict(plain or {}),
        imports={path: data.get(path, old) for path, old in content.imports.items()},
        outputs={path: data.get(path, old) for path, old in content.outputs.items()},
        pointers={path: data.get(path, old) for path, old in content.pointers.items()},
    )


def month_end(day: date) -> str:
    """The last day of the month before, as data snapshots are named."""
    return (day.replace(day=1) - timedelta(days=1)).isoformat()


def _with_values(values: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    result: dict[str, Any] = copy.deepcopy(dict(values))
    for dotted, value in changes.items():
        *parents, last = dotted.split(".")
        section = result
        for parent in parents:
            section = section.setdefault(parent, {})
        if value is None:
            del section[last]
        else:
            section[last] = value
    return result


def _yaml(value: object) -> str:
    text: str = yaml.dump(value, Dumper=_DUMPER, sort_keys=False, default_flow_style=False, width=110)
    return text


def _stage(stage: Stage) -> dict[str, object]:
    written: dict[str, object] = {"cmd": stage.command, "deps": list(stage.deps), "params": list(stage.params)}
    if stage.outs:
        written["outs"] = list(stage.outs)
    if stage.metrics:
        written["metrics"] = [{path: {"cache": False}} for path in stage.metrics]
    return written


def _lock(content: ModelContent, texts: Mapping[str, str]) -> str:
    """dvc.lock, schema 2.0: files that are in Git by their real digest, all else by the digest of its label."""
    known = dict(content.imports) | dict(content.outputs)

    def entry(path: str) -> dict[str, object]:
        if path in texts:
            data = texts[path].encode()
            return {"path": path, "hash": "md5", "md5": DataFile(texts[path], 0).md5, "size": len(data)}
        file = known[path]
        files = {"nfiles": file.files} if file.files else {}
        return {"path": path, "hash": "md5", "md5": file.md5, "size": file.size, **files}

    stages: dict[str, object] = {}
    for stage in content.stages:
        stages[stage.name] = {
            "cmd": stage.command,
            "deps": [entry(path) for path in stage.deps],
            # Copies: the YAML writer would turn a list that it meets twice into an alias.
            "params": {"params.yaml": {key: copy.deepcopy(content.params[key]) for key in stage.params}},
            "outs": [entry(path) for path in (*stage.outs, *stage.metrics)],
        }
    return _yaml({"schema": "2.0", "stages": stages})


def _dvc_file(path: str, data: DataFile) -> str:
    files = {"nfiles": data.files} if data.files else {}
    out = {"md5": data.md5, "size": data.size, **files, "hash": "md5", "path": path.rpartition("/")[2]}
    return _yaml({"outs": [out]})


def _lfs_pointer(data: DataFile) -> str:
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{data.sha256}\nsize {data.size}\n"
