"""The facts of a version: config, metrics, data and environment, and what the reviewer must be told."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewtui.errors import MalformedFileError
from reviewtui.facts.extraction import extract_facts
from reviewtui.facts.metrics import known_direction
from reviewtui.facts.model import DataDigest, FactSources
from reviewtui.facts.reading import ParseCache
from reviewtui.git.objects import TreeEntry
from tests.facts_tree import MemoryTree, facts_of, problems_of

POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:" + "a" * 64 + "\nsize 123456\n"
MD5 = "0123456789abcdef0123456789abcdef"
DVC_YAML = """
stages:
  train:
    cmd: python train.py
    deps: [train.py, data/in.csv]
    params: [lr]
    outs: ["${dir}/model.pkl"]
    metrics: [metrics.json: {cache: false}]
"""
DVC_LOCK = f"""
schema: '2.0'
stages:
  train:
    deps:
    - {{path: train.py, md5: {MD5}, size: 3}}
    - {{path: data/in.csv, hash: md5, md5: {MD5}, size: 10}}
    params: {{params.yaml: {{lr: 0.1}}}}
    outs:
    - {{path: models//model.pkl, md5: {"b" * 32}, size: 20}}
    - {{path: data/parts, md5: {"c" * 32}.dir, size: 30, nfiles: 4}}
    - {{path: metrics.json, md5: {"d" * 32}, size: 9}}
"""


def test_a_dvc_pipeline_gives_params_metrics_and_data_without_its_code() -> None:
    facts = facts_of(
        {
            "dvc.yaml": DVC_YAML,
            "dvc.lock": DVC_LOCK,
            "params.yaml": "lr: 1e-1\n",
            "metrics.json": '{"acc": 0.9, "ok": true}',
            "train.py": "x = 1",
        }
    )
    assert [(f.file, f.key, f.value) for f in facts.config] == [("params.yaml", "lr", 0.1)]
    assert [(f.file, f.key, f.value) for f in facts.metrics] == [("metrics.json", "acc", 0.9)]
    assert [(d.path, d.size, d.files) for d in facts.data] == [
        ("data/in.csv", 10, None),
        ("data/parts", 30, 4),
        ("models/model.pkl", 20, None),
    ]
    assert facts.problems == ()


def test_metrics_that_only_a_lock_knows_are_said_and_bound_by_their_hash() -> None:
    facts = facts_of({"dvc.yaml": DVC_YAML, "dvc.lock": DVC_LOCK, "params.yaml": "lr: 0.1\n"})
    assert facts.metrics == ()
    assert "not in Git (md5 " + "d" * 32 in problems_of(facts)["metrics.json"]
    assert ("metrics.json", "metrics, not in Git") in [(d.path, d.note) for d in facts.data]


def test_a_lock_that_was_resolved_with_other_params_is_a_problem() -> None:
    facts = facts_of({"dvc.lock": DVC_LOCK, "params.yaml": "lr: 0.2\n"})
    assert problems_of(facts)["dvc.lock"] == "dvc.lock was resolved with lr = 0.1, params.yaml says 0.2."
    assert [f.value for f in facts.config] == [0.2]


@pytest.mark.parametrize("params", [None, "<<<<<<< a\nlr: 1\n=======\nlr: 2\n>>>>>>> b\n"])
def test_where_params_cannot_be_read_the_lock_s_are_the_config(params: str | None) -> None:
    facts = facts_of({"dvc.lock": DVC_LOCK, **({"params.yaml": params} if params else {})})
    assert [(f.file, f.key, f.value) for f in facts.config] == [("params.yaml", "lr", 0.1)]
    assert "params.yaml" in problems_of(facts)


def test_a_lock_without_schema_is_read() -> None:
    lock = f"train:\n  cmd: x\n  outs:\n  - path: m.pkl\n    md5: {MD5}\n"
    assert [d.path for d in facts_of({"dvc.lock": lock}).data] == ["m.pkl"]


def test_a_broken_lock_hides_nothing_else() -> None:
    facts = facts_of(
        {"dvc.lock": "<<<<<<< a\n=======\n>>>>>>> b\n", "params.yaml": "a: 1", "metrics.json": '{"f1": 1}'}
    )
    assert "conflict markers" in problems_of(facts)["dvc.lock"]
    assert len(facts.config) == len(facts.metrics) == 1


def test_nan_and_infinity_are_left_out_of_metrics_and_named() -> None:
    facts = facts_of({"metrics.json": '{"loss": NaN, "f1": [0.5, Infinity], "big": 1e400, "acc": 1}'})
    assert [f.key for f in facts.metrics] == ["f1.0", "acc"]
    assert all(name in problems_of(facts)["metrics.json"] for name in ("loss is NaN", "f1.1 is inf", "big is inf"))


def test_a_number_that_is_written_as_text_is_left_out_of_metrics_and_named() -> None:
    values = {"acc": "0.95", "share": "88 %", "gap": "NaN", "model": "xgb", "day": "2026-01-05", "v": "1.0.2"}
    facts = facts_of({"metrics.json": json.dumps(values)})
    assert facts.metrics == ()
    assert [problem.problem.split()[0] for problem in facts.problems] == ["acc", "gap", "share"]


def test_paths_that_escape_are_problems_and_never_followed() -> None:
    lock = f"schema: '2.0'\nstages: {{s: {{outs: [{{path: ../../etc/passwd, md5: {MD5}}}, {{path: /x, md5: {MD5}}}]}}}}"
    facts = facts_of({"dvc.lock": lock, "SHA256SUMS": f"{'e' * 64}  ../../x\n{'f' * 64} *w.bin\n"})
    assert [d.path for d in facts.data] == ["w.bin"]
    assert all("outside of the repository" in text for text in problems_of(facts).values())
    assert len(facts.problems) == 3


def test_symbolic_links_are_not_followed() -> None:
    tree = MemoryTree({"params.yaml": "/etc/passwd"}, modes={"params.yaml": "120000"})
    facts = extract_facts(tree, FactSources())
    assert facts.config == ()
    assert "symbolic link" in problems_of(facts)["params.yaml"]
    assert tree.reads == 0


def test_a_submodule_is_said_with_its_commit_whatever_it_may_hold() -> None:
    files = {"data": "one", "w.bin": "two", "tests/fixture": "three"}
    tree = MemoryTree(files, modes=dict.fromkeys(files, "160000"))
    found = problems_of(extract_facts(tree, FactSources()))
    assert sorted(found) == ["data", "w.bin"]
    entry = tree.entry("data")
    assert entry is not None
    assert found["data"] == f"This is a submodule at {entry.object_id}, which is not followed."


def test_lfs_pointers_are_known_by_their_content() -> None:
    facts = facts_of(
        {"pytorch_model_bin": POINTER, "w.safetensors": POINTER.replace("git-lfs", "hawser"), "LICENSE": "x"}
    )
    assert {(d.path, d.size) for d in facts.data} == {("pytorch_model_bin", 123456), ("w.safetensors", 123456)}
    assert {d.digest for d in facts.data} == {DataDigest("sha256", "a" * 64)}


def test_metrics_that_are_an_lfs_pointer_are_said_not_to_be_in_git() -> None:
    assert "content is not in Git" in problems_of(facts_of({"metrics.json": POINTER}))["metrics.json"]


def test_weights_in_git_are_known_by_their_blob() -> None:
    (fact,) = facts_of({"model.pkl": b"\x80\x04."}).data
    assert fact.digest is not None
    assert (fact.digest.algorithm, fact.size) == ("git", 3)


def test_a_directory_without_a_digest_of_its_own_is_known_by_its_files() -> None:
    files = f"files: [{{relpath: a/b.csv, md5: {MD5}, size: 5}}, {{relpath: c.csv, cloud: {{s3: {{version_id: Q}}}}}}]"
    facts = facts_of(
        {
            "data/raw.dvc": f"outs: [{{path: raw, hash: md5, remote: s3, {files}}}]",
            "dvc.lock": f"schema: '2.0'\nstages: {{s: {{outs: [{{path: out, {files}}}, {{path: ../up, {files}}}]}}}}",
        }
    )
    assert [(d.path, d.digest) for d in facts.data] == [
        ("data/raw/a/b.csv", DataDigest("md5", MD5)),
        ("data/raw/c.csv", DataDigest("version_id", "Q")),
        ("out/a/b.csv", DataDigest("md5", MD5)),
        ("out/c.csv", DataDigest("version_id", "Q")),
    ]
    assert "outside of the repository" in problems_of(facts)["dvc.lock"]
    (whole,) = facts_of({"d.dvc": f"outs: [{{path: d, md5: {MD5}.dir, {files}}}]"}).data
    assert (whole.path, whole.digest) == ("d", DataDigest("md5", f"{MD5}.dir"))


def test_weights_that_a_partial_clone_lacks_are_known_by_their_blob_all_the_same() -> None:
    class Partial(MemoryTree):
        def size(self, entry: TreeEntry) -> int:
            raise MalformedFileError(entry.path, self.commit, "its content is missing from this clone")

    tree = Partial({"model.pkl": b"\x80\x04."})
    facts = extract_facts(tree, FactSources())
    entry = tree.entry("model.pkl")
    assert entry is not None
    assert [(d.path, d.digest, d.size) for d in facts.data] == [("model.pkl", DataDigest("git", entry.object_id), None)]
    assert "missing" in problems_of(facts)["model.pkl"]


def test_two_digests_for_one_path_are_a_problem() -> None:
    lock = f"schema: '2.0'\nstages: {{s: {{deps: [{{path: a.csv, md5: {MD5}}}]}}}}"
    facts = facts_of({"dvc.lock": lock, "a.csv.dvc": f"outs: [{{path: a.csv, md5: {'9' * 32}}}]"})
    assert len(facts.data) == 2
    assert "Two different digests" in problems_of(facts)["a.csv"]


def test_an_import_says_where_it_came_from_without_credentials() -> None:
    origin = "{path: d.csv, repo: {url: 'https://u:secret@h/r', rev_lock: abc}}"
    dvc = f"deps: [{origin}]\nouts: [{{path: d.csv, md5: {MD5}}}]"
    (fact,) = facts_of({"d.csv.dvc": dvc}).data
    assert fact.note == "imported from https://h/r, d.csv, at abc"


def test_a_model_card_gives_config_and_metrics() -> None:
    card = """---
license: mit
base_model: a/b
model-index:
- results:
  - dataset: {type: squad_v2, config: squad_v2, split: validation}
    metrics: [{type: f1, value: 82.9}, {type: f1, value: 82.9}, {type: em, value: high}]
---
# Card
"""
    evaluation = "- {dataset: {id: x/y, task_id: t}, value: 0.5}\n"
    facts = facts_of({"README.md": card, ".eval_results/a.yaml": evaluation})
    assert {f.key: f.value for f in facts.metrics} == {"squad_v2/validation.f1": 82.9, "x/y/t": 0.5}
    assert {f.key: f.value for f in facts.config} == {"license": "mit", "base_model": "a/b"}
    assert "squad_v2/validation.em is text" in problems_of(facts)["README.md"]


def test_the_signature_of_an_mlmodel_is_read_out_of_its_text() -> None:
    text = 'flavors: {}\nsignature:\n  inputs: \'[{"name": "x"}]\'\n'
    assert {f.key: f.value for f in facts_of({"MLmodel": text}).config}["signature.inputs"] == [{"name": "x"}]


def test_settings_choose_the_files() -> None:
    files = {
        "m/a/params.yaml": "x: 1",
        "m/conf/z.yaml": "y: 2",
        "m/req.txt": "a==1",
        "m/score.json": '{"f1": 1}',
        "params.yaml": "q: 1",
    }
    facts = facts_of(
        files, path="m", config=("conf/*.yaml",), metrics=("score.json",), environment=("req.txt",), data=()
    )
    assert [f.key for f in facts.config] == ["y"]
    assert [f.file for f in facts.metrics] == ["m/score.json"]
    assert [e.path for e in facts.environment] == ["m/req.txt"]
    assert facts.data == ()


def test_a_blob_is_parsed_once_for_all_versions() -> None:
    cache = ParseCache()
    tree = MemoryTree({"params.yaml": "a: 1"})
    first = extract_facts(tree, FactSources(), cache=cache)
    reads = tree.reads
    assert extract_facts(tree, FactSources(), cache=cache) == first
    assert tree.reads == reads


def test_the_digest_changes_with_a_name_and_not_with_the_layout() -> None:
    one, two, three = (facts_of({"params.yaml": t}).digests() for t in ("a: {b: 1}", "# c\na:\n  b: 1\n", "a: {c: 1}"))
    assert one == two
    assert one["config"] != three["config"]


@given(
    st.dictionaries(
        st.sampled_from(
            [
                "params.yaml",
                "metrics.json",
                "dvc.lock",
                "dvc.yaml",
                "a.dvc",
                "README.md",
                "SHA256SUMS",
                "MLmodel",
                "meta.json",
                "requirements.txt",
                "w.bin",
                ".eval_results/x.yaml",
            ]
        ),
        st.binary(max_size=60) | st.text("{}[]:,- \n\"'ab1.outsmd5path$stages&*<", max_size=80).map(str.encode),
        max_size=6,
    )
)
@settings(deadline=None, max_examples=200)
def test_no_content_of_a_tree_raises(files: dict[str, bytes]) -> None:
    facts_of(files).digests()


@pytest.mark.parametrize(
    ("key", "direction"),
    [
        ("val.acc", "higher"),
        ("test/roc_auc", "higher"),
        ("latency_ms_p95", "lower"),
        ("f1.de", "higher"),
        ("eval_loss", "lower"),
        ("accuracy_loss", ""),
        ("mean_error", ""),
        ("epoch", ""),
        ("rmse.std", ""),
        ("squad_v2/validation.total", ""),
    ],
)
def test_the_direction_of_a_metric_is_known_or_said_to_be_unknown(key: str, direction: str) -> None:
    assert known_direction(key) == direction


BUNDLE = Path(__file__).parents[2] / "shared" / "data" / "bank-customer-churn.bundle"


@pytest.mark.skipif(not BUNDLE.exists(), reason="the real repositories are not beside this one")
def test_every_commit_of_a_real_repository_equals_an_independent_reading(tmp_path: Path) -> None:
    import yaml

    from reviewtui.git.repository import Repository

    def git(*words: str) -> str:
        return subprocess.run(["git", *words], check=True, capture_output=True, text=True).stdout

    directory = str(tmp_path / "r.git")
    git("clone", "-q", "--mirror", str(BUNDLE), directory)
    repository = Repository.open(Path(directory))
    for commit in git("-C", directory, "rev-list", "--all").split():
        facts = extract_facts(repository.tree(repository.resolve(commit)), FactSources())
        names = git("-C", directory, "ls-tree", "-r", "--name-only", commit).split("\n")
        if "metrics.json" in names:
            metrics = json.loads(git("-C", directory, "show", f"{commit}:metrics.json"))
            assert {f.key: f.value for f in facts.metrics if f.file == "metrics.json"} == metrics
        if "dvc.lock" in names:
            lock = yaml.safe_load(git("-C", directory, "show", f"{commit}:dvc.lock"))
            md5s = {o["md5"] for s in lock["stages"].values() for o in s.get("outs", ()) if o["path"] != "metrics.json"}
            assert md5s <= {d.digest.value for d in facts.data if d.digest}, commit
