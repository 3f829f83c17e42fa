"""Which files of a tree hold what: by settings' globs where they are given, else by the names that tools write."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping

from reviewtui.facts.checksums import MANIFEST_NAME
from reviewtui.facts.data import CODE_ENDINGS, DATA_ENDINGS, DATA_NAMES
from reviewtui.facts.documents import is_document
from reviewtui.facts.environment import ENVIRONMENT_NAME, LAST_RESORT, ROOT_NAMES
from reviewtui.facts.globs import is_literal, matches
from reviewtui.facts.model import FactSources
from reviewtui.facts.reading import TreeReader, joined, parent
from reviewtui.git.objects import Tree, TreeEntry
from reviewtui.patterns import pattern
from reviewtui.values import dataclass, field

_PARAMS = pattern(r"(?:params|hyperparameters|hparams)\.(?:ya?ml|json|toml)|[\w.-]+\.params\.(?:ya?ml|json)|MLmodel")
_WORDS_OF_ROOT_CONFIG = """
    config.yaml config.yml config.json config.toml model.yaml generation_config.json adapter_config.json
    preprocessor_config.json processor_config.json tokenizer_config.json special_tokens_map.json model_args.json
    training_args.json README.md meta.json
"""
_ROOT_CONFIG = frozenset(_WORDS_OF_ROOT_CONFIG.split())
_CONFIG_DIRECTORY = pattern(r"(?:config|configs|conf)/(?:[^/]+/)*[^/]+\.(?:ya?ml|json|toml)")
_METRICS = pattern(
    r"(?:.*/)?(?:metrics\.(?:json|ya?ml|toml)|metrics/[^/]+\.(?:json|ya?ml|toml)|(?:eval|all|test|train|predict)_results\.json|"
    r"\.eval_results/[^/]+\.ya?ml|(?:evaluation|scores|test_metrics|eval_metrics)\.(?:json|ya?ml))"
)
_SKIPPED = frozenset(("tests", "test", "docs", "doc", "examples", "node_modules", "site-packages", "venv"))
_ROOT_FILES = ("dvc.yaml", "dvc.lock", "MLmodel")
_WEIGHTS = DATA_ENDINGS - {".csv", ".tsv", ".zip", ".gz"}


@dataclass(frozen=True, slots=True)
class FoundFiles:
    """The files of a version, by what they hold. `pipelines` are directories with a dvc.yaml or a dvc.lock.

    `metas` are those that hold configuration and metrics both, each below keys of its own, as spaCy's meta.json does.
    `labels` are the paths below which the facts of a version's own file are listed.
    """

    config: tuple[str, ...]
    metrics: tuple[str, ...]
    data: tuple[TreeEntry, ...]
    environment: tuple[str, ...]
    pipelines: tuple[str, ...]
    metas: frozenset[str] = frozenset()
    labels: Mapping[str, str] = field(default_factory=dict)
    metrics_are_named: bool = False


def discover(reader: TreeReader, sources: FactSources) -> FoundFiles:
    """The files that settings name; where they leave a category out, those with well-known names."""
    root = joined(".", sources.path) or "."
    entries = [(entry, _relative(entry.path, root)) for entry in reader.files(root)]
    seen = [(entry, path) for entry, path in entries if not _is_skipped(path)]
    for entry in (e for e, _ in seen if e.mode == "160000"):
        reader.not_followed(entry)  # Weights and data may stand there: that another commit does is for the reviewer.
    described = (e.path for e, p in seen if sources.own and _stem(p) == sources.own and is_document(p))
    own = {path: _labelled(path, sources) for path in described}
    config = _named(entries, sources.config) or tuple(e.path for e, p in seen if _is_config(p) or e.path in own)
    metrics = _named(entries, sources.metrics) or tuple(e.path for e, p in seen if _is_metrics(p) or e.path in own)
    pipelines = {parent(e.path) for e, p in seen if posixpath.basename(p) in ("dvc.yaml", "dvc.lock")}
    if sources.data is None:
        data = tuple(e for e, p in seen if _is_data(reader, e, p))
    else:
        names = set(_named(entries, sources.data) or ())
        data = tuple(e for e, _ in entries if e.path in names and posixpath.basename(e.path) != "dvc.lock")
    return FoundFiles(
        config if sources.config is None else _named(entries, sources.config) or (),
        metrics
        if sources.metrics is None
        else _expected(root, sources.metrics, _named(entries, sources.metrics) or ()),
        data,
        _environment(reader, root, seen) if sources.environment is None else _named(entries, sources.environment) or (),
        tuple(sorted(pipelines)),
        frozenset({*own} | {path for path in config if posixpath.basename(path) == "meta.json"}),
        own,
        sources.metrics is not None,
    )


def discover_models(tree: Tree, repository_name: str) -> tuple[tuple[str, str], ...]:
    """(name, path) of each model of a repository that has neither settings nor tags with names.

    A directory with a pipeline, an MLmodel, or params beside metrics is a model; the root, where it is one, alone.
    """
    found: dict[str, set[str]] = {}
    for entry in TreeReader(tree).files("."):
        if entry.is_file and not _is_skipped(entry.path):
            found.setdefault(parent(entry.path), set()).add(posixpath.basename(entry.path))
    roots = [directory for directory, names in found.items() if _is_model(names)]
    if "." in roots or not roots:
        return ((repository_name, "."),)
    roots = [d for d in sorted(roots) if not any(d.startswith(other + "/") for other in roots)]
    names = [posixpath.basename(directory) for directory in roots]
    return tuple((n if names.count(n) == 1 else d, d) for n, d in zip(names, roots, strict=True))


def model_path(tree: Tree, model: str) -> str:
    """The directory of a model that is known by the name of its tags alone; "." where none bears its name.

    One below models/, model/ or pipelines/, or at the root, goes before all others. Elsewhere it must be one of several
    that each hold a model: what stands in the only one is found from the root, too.
    """
    for path in (f"models/{model}", f"model/{model}", f"pipelines/{model}", model):
        normal = joined(".", path)
        entry = tree.entry(normal) if normal and "://" not in normal else None
        if entry is not None and entry.is_tree and _holds_model(tree, entry.path):
            return entry.path
    several = dict(discover_models(tree, ""))
    return several.get(model, ".") if len(several) > 1 else "."


def _holds_model(tree: Tree, directory: str) -> bool:
    return any(entry.is_file and (_is_config(p) or _is_metrics(p) or posixpath.basename(p) in _ROOT_FILES)
               for entry in tree.files(directory) if (p := _relative(entry.path, directory)))  # fmt: skip


def _is_model(names: set[str]) -> bool:
    weights = any(posixpath.splitext(name)[1] in _WEIGHTS for name in names)
    params = any(_PARAMS.fullmatch(name) for name in names)
    metrics = any(_METRICS.fullmatch(name) for name in names)
    return bool(names & set(_ROOT_FILES)) or (weights and "config.json" in names) or (params and metrics)


def _named(entries: list[tuple[TreeEntry, str]], patterns: tuple[str, ...] | None) -> tuple[str, ...] | None:
    if patterns is None:
        return None
    return tuple(entry.path for entry, path in entries if any(matches(pattern, path) for pattern in patterns))


def _expected(root: str, patterns: tuple[str, ...], found: tuple[str, ...]) -> tuple[str, ...]:
    """A literal name is expected even where the tree lacks it: a lock may know its digest."""
    literal = [path for pattern in patterns if is_literal(pattern) and (path := joined(root, pattern))]
    return tuple(sorted({*found, *literal}))


def _stem(path: str) -> str:
    return posixpath.splitext(posixpath.basename(path))[0]


def _labelled(path: str, sources: FactSources) -> str:
    directory, name = posixpath.split(path)
    return posixpath.join(directory, sources.own_label + name[len(sources.own) :])


def _is_skipped(path: str) -> bool:
    parts = path.split("/")[:-1]
    return any(part in _SKIPPED or (part.startswith(".") and part != ".eval_results") for part in parts)


def _is_config(path: str) -> bool:
    return path in _ROOT_CONFIG or _CONFIG_DIRECTORY.fullmatch(path) is not None or (
        _PARAMS.fullmatch(posixpath.basename(path)) is not None)  # fmt: skip


def _is_metrics(path: str) -> bool:
    return path in ("README.md", "meta.json") or _METRICS.fullmatch(path) is not None


def _is_data(reader: TreeReader, entry: TreeEntry, path: str) -> bool:
    name = posixpath.basename(path)
    ending = posixpath.splitext(name)[1].lower()
    if ending in DATA_ENDINGS or ending == ".dvc" or name in DATA_NAMES or MANIFEST_NAME.match(name):
        return True
    if ending in CODE_ENDINGS or name.startswith(".") or not entry.is_file:
        return False
    if is_document(name) and not path.endswith(".json"):
        return False
    return reader.pointer(entry) is not None


def _environment(reader: TreeReader, root: str, entries: list[tuple[TreeEntry, str]]) -> tuple[str, ...]:
    found = [entry.path for entry, path in entries if ENVIRONMENT_NAME.match(posixpath.basename(path))]
    if not found and root != ".":
        found = [name for name in ROOT_NAMES if reader.tree.entry(name)]
    if not found:
        found = [p for p in (joined(root, LAST_RESORT), LAST_RESORT) if p and reader.tree.entry(p)][:1]
    return tuple(found)


def _relative(path: str, root: str) -> str:
    return path if root == "." else path[len(root) + 1 :]
