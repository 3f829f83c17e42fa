"""Data: digests of data and weights as DVC, Git LFS, checksum manifests, git-annex and Git itself record them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from reviewtui.errors import MalformedFileError
from reviewtui.facts.checksums import MANIFEST_NAME, read_checksums
from reviewtui.facts.dvc import DvcItem, DvcPipeline, read_dvc_file
from reviewtui.facts.limits import MAX_DATA_FACTS, MAX_TEXT_BYTES
from reviewtui.facts.model import DataDigest, DataFact
from reviewtui.facts.reading import TreeReader, joined, parent
from reviewtui.git.objects import TreeEntry
from reviewtui.patterns import pattern

_WORDS_OF_DATA_ENDINGS = """
    .pkl .pickle .joblib .bin .pt .pth .ckpt .onnx .safetensors .h5 .hdf5 .keras .pb .tflite .mlmodel .gguf
    .ggml .model .ubj .cbm .lgb .xgb .bst .npy .npz .msgpack .parquet .feather .arrow .orc .avro .csv .tsv
    .jsonl .ndjson .zip .tar .tgz .gz .bz2 .xz .zst .7z .db .sqlite .mat .rds .rdata .dill .skops .pmml
    .caffemodel .engine .pdparams .weights .mar .tfrecord .wav .flac .vec .spm .marisa
"""
DATA_ENDINGS = frozenset(_WORDS_OF_DATA_ENDINGS.split())
"""Endings of weights and data that Git itself holds."""
DATA_NAMES = frozenset(("vocab.json", "vocab.txt", "merges.txt", "tokenizer.json", "spiece.model"))
_WORDS_OF_CODE_ENDINGS = """
    .py .pyx .ipynb .sh .bash .r .jl .scala .java .go .rs .c .h .cc .cpp .hpp .cu .js .ts .css .html .htm .md
    .rst .sql .cfg .ini .mlem .gitignore .gitattributes .svg
"""
CODE_ENDINGS = frozenset(_WORDS_OF_CODE_ENDINGS.split())
_ANNEX = pattern(r"(?:.*/)?annex/objects/(?:.*/)?([A-Z0-9_]+?)E?-s(\d{1,18})(?:-[^/-]+)*--([0-9a-f]+)[^/]*\Z")


def read_data(
    reader: TreeReader, entries: Iterable[TreeEntry], pipelines: Iterable[DvcPipeline], *, metrics: Iterable[str]
) -> tuple[DataFact, ...]:
    """The data that these files hold or record, sorted by path. Metrics files are data only where Git lacks them."""
    facts: list[DataFact] = []
    metrics = frozenset(metrics)
    for entry in entries:
        facts += _of_entry(reader, entry, metrics)
        if len(facts) > MAX_DATA_FACTS:
            reader.problem(entry.path, f"More than {MAX_DATA_FACTS:,} data files are recorded; the rest is left out.")
            break
    for pipeline in pipelines:
        facts += [fact for item in pipeline.items if (fact := _of_item(reader, item, metrics))]
    return _united(reader, facts)


def _of_entry(reader: TreeReader, entry: TreeEntry, metrics: frozenset[str]) -> list[DataFact]:
    path = entry.path
    name = posixpath.basename(path)
    if entry.mode == "120000":
        return _of_link(reader, entry)
    if not entry.is_file:
        return []
    if pointer := reader.pointer(entry):
        return [DataFact(path, pointer[0], pointer[1], source=path, note="Git LFS")]
    if name.endswith(".dvc"):
        items = read_dvc_file(reader, path)
        return [fact for item in items if (fact := _of_item(reader, item, metrics))]
    if MANIFEST_NAME.match(name):
        return _of_manifest(reader, path)
    size = None
    try:
        size = reader.size(entry)
    except MalformedFileError as error:
        reader.problem(path, error.problem)  # Its id stands in the tree all the same.
    return [DataFact(path, DataDigest("git", entry.object_id), size, source=path)]


def _of_manifest(reader: TreeReader, path: str) -> list[DataFact]:
    text = reader.text(path, limit=8 * MAX_TEXT_BYTES)
    pairs, bad = read_checksums(posixpath.basename(path), text or "")
    if bad:
        reader.problem(path, f"{len(bad)} lines are no checksums, the first of them line {bad[0]}.")
    facts = []
    for written, digest in pairs:
        found = joined(parent(path), written)
        if found is None:
            reader.problem(path, f"The path {written[:200]!r} lies outside of the repository.")
        else:
            facts.append(DataFact(found, digest, source=path))
    return facts


def _of_link(reader: TreeReader, entry: TreeEntry) -> list[DataFact]:
    """A git-annex key stands in the link's own text; where the link leads is never looked at."""
    try:
        target = reader.tree.read(entry, limit=4096).decode("ascii", "replace")
    except MalformedFileError:
        target = ""
    match = _ANNEX.match(target)
    if match is None:
        reader.not_followed(entry)
        return []
    digest = DataDigest(match[1].lower(), match[3])
    return [DataFact(entry.path, digest, int(match[2]), source=entry.path, note="git-annex")]


def _of_item(reader: TreeReader, item: DvcItem, metrics: frozenset[str]) -> DataFact | None:
    note = item.note
    if item.path in metrics:
        if reader.tree.entry(item.path) is not None:
            return None
        note = "metrics, not in Git"
    elif item.role == "dep" and _is_code(reader, item.path):
        return None
    return DataFact(item.path, item.digest, item.size, item.files, item.source, note)


def _is_code(reader: TreeReader, path: str) -> bool:
    """Whether a dependency is source: the commit holds it, or its name says so. What holds data is none."""
    ending = posixpath.splitext(path)[1].lower()
    if ending in CODE_ENDINGS:
        return True
    entry = reader.tree.entry(path)
    if entry is None or ending in DATA_ENDINGS:
        return False
    if entry.is_tree:
        return any(posixpath.splitext(found.path)[1].lower() in CODE_ENDINGS - {".gitignore"}
                   for found in reader.files(path) if not found.path.endswith((".gitignore", ".md")))  # fmt: skip
    return entry.is_file and reader.pointer(entry) is None


def _united(reader: TreeReader, facts: list[DataFact]) -> tuple[DataFact, ...]:
    """One fact for a path and a digest. A file's own blob id says nothing beside a recorded digest."""
    by_path: dict[str, list[DataFact]] = {}
    for fact in facts:
        by_path.setdefault(fact.path, []).append(fact)
    found = []
    for path in sorted(by_path):
        same = by_path[path]
        recorded = [fact for fact in same if fact.digest and fact.digest.algorithm != "git"] or same
        unique: dict[DataDigest | None, DataFact] = {}
        for fact in recorded:
            if fact.digest not in unique or (unique[fact.digest].size is None and fact.size is not None):
                unique[fact.digest] = fact
        if len({digest.value for digest in unique if digest}) > len({digest.algorithm for digest in unique if digest}):
            sources = ", ".join(sorted({fact.source for fact in unique.values()}))
            reader.problem(path, f"Two different digests are recorded for this path (in {sources}).")
        found += [unique[digest] for digest in sorted(unique, key=str)]
    return tuple(found)
