"""Small invented repositories of the kinds that are found in the wild, each told as its tools would write it."""

from __future__ import annotations

import json
from pathlib import Path

import yaml

from tests.model_repository import ModelRepository

OID = "{:064x}"


def pointer(number: int, size: int) -> str:
    """A Git LFS pointer."""
    return f"version https://git-lfs.github.com/spec/v1\noid sha256:{OID.format(number)}\nsize {size}\n"


def card(accuracy: float) -> str:
    """A model card with one result in its model-index."""
    result = {
        "task": {"type": "text-classification"},
        "dataset": {"name": "emotion", "type": "emotion", "split": "validation"},
        "metrics": [{"type": "accuracy", "value": accuracy, "verified": True}],
    }
    front = {"license": "mit", "base_model": "tiny/base", "model-index": [{"name": "mood", "results": [result]}]}
    return f"---\n{yaml.safe_dump(front, sort_keys=False)}---\n# Mood\n\nWhat it is.\n"


def hub(path: Path) -> ModelRepository:
    """A model as a hub keeps it: no tags, weights as LFS pointers, a card; the last of three commits is text alone."""
    repository = ModelRepository(path)
    config = {"model_type": "tiny", "hidden_size": 32, "id2label": {"0": "joy", "1": "anger"}}
    attributes = "*.bin filter=lfs diff=lfs merge=lfs -text\n"
    repository.commit_files({
        "config.json": json.dumps(config),
        "README.md": card(0.90),
        ".gitattributes": attributes,
        "pytorch_model.bin": pointer(1, 5000),
    })
    repository.commit_files({
        "config.json": json.dumps({**config, "hidden_size": 64}),
        "README.md": card(0.92),
        "pytorch_model.bin": pointer(2, 5000),
    })
    repository.commit_files({"README.md": card(0.92) + "\nMore words.\n"})
    return repository


def mlflow(path: Path) -> ModelRepository:
    """Models as MLflow logs them: a folder each with MLmodel, its environment and its weights."""
    repository = ModelRepository(path)
    for run in ("a", "b"):
        signature = json.dumps([{"name": "age", "type": "long"}, {"name": "sex", "type": run}])
        model = {
            "artifact_path": "model",
            "flavors": {"python_function": {"loader_module": "mlflow.sklearn", "python_version": "3.9.1"}},
            "mlflow_version": "2.1.1",
            "model_uuid": run * 8,
            "run_id": run * 16,
            "signature": {"inputs": signature, "outputs": None},
            "utc_time_created": "2026-01-02 03:04:05.678",
        }
        repository.commit_files({
            "model/MLmodel": yaml.safe_dump(model),
            "model/conda.yaml": "channels: [conda-forge]\ndependencies: [python=3.9.1]\nname: mlflow-env\n",
            "model/requirements.txt": "scikit-learn==1.2.0\n",
            "model/model.pkl": f"weights {run}\n",
            "src/train.py": f"# {run}\n",
        })
    return repository


def plain(path: Path) -> ModelRepository:
    """params.yaml and metrics.json at the top, versions as lightweight tags."""
    repository = ModelRepository(path)
    for number in (1, 2, 10):
        repository.commit_files({
            "params.yaml": f"seed: 1\nlr: 0.{number}\n",
            "metrics.json": json.dumps({"val_acc": 0.5 + number / 100, "loss": 1 / number}),
            "SHA256SUMS": f"{OID.format(number)}  weights.bin\n",
        })
        repository.tag(f"v1.{number}.0")
    return repository


def language(path: Path, *, versions: int = 3) -> ModelRepository:
    """Many language models, meta/NAME-X.Y.Z.json each, tagged NAME-X.Y.Z; the newest tag of one is before its file."""
    repository = ModelRepository(path)
    for number in range(versions):
        for name in ("en_core_sm", "de_core_lg"):
            meta = {
                "lang": name[:2],
                "name": name[3:],
                "version": f"2.{number}.0",
                "performance": {"ents_f": (80 + number) / 100, "speed": 1000.5},
                "vectors": {"width": 300 + number},
            }
            late = name == "de_core_lg" and number == versions - 1
            if late:
                repository.tag(f"{name}-2.{number}.0", message="release")
            repository.commit_files({f"meta/{name}-2.{number}.0.json": json.dumps(meta)})
            if not late:
                repository.tag(f"{name}-2.{number}.0", message="release")
    return repository


OLD_LOCK = """\
train:
  cmd: python train.py
  deps:
  - path: data/train.csv
    md5: 11111111111111111111111111111111
  params:
    params.yaml:
      train.lr: 0.1
  outs:
  - path: model.pkl
    md5: {digest}
    size: 77
"""
PIPELINE = """\
stages:
  train:
    cmd: python train.py
    deps: [data/train.csv]
    params: [train.lr]
    outs: [model.pkl]
    metrics: [scores.json: {cache: false}]
"""
CONFLICT = "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> theirs\n"


def pipeline(path: Path) -> ModelRepository:
    """A DVC pipeline: a lock of the old schema, one of the new, one with conflict markers that somebody committed."""
    repository = ModelRepository(path)
    base = {"dvc.yaml": PIPELINE, "params.yaml": "train: {lr: 0.1}\n", "scores.json": '{"auc": 0.8}\n'}
    old = OLD_LOCK.format(digest="2" * 32)
    repository.commit_files({**base, "dvc.lock": old})
    repository.tag("v1.0.0", message="old schema")
    new = yaml.safe_load(OLD_LOCK.format(digest="3" * 32))
    lock = yaml.safe_dump({"schema": "2.0", "stages": new})
    repository.commit_files({"dvc.lock": lock, "scores.json": '{"auc": 0.9}\n'})
    repository.tag("v1.1.0", message="new schema")
    repository.commit_files({"dvc.lock": CONFLICT + old})
    repository.tag("v1.2.0", message="somebody was in a hurry")
    return repository
