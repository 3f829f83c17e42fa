"""A version's tree → VersionFacts. Nothing in a tree raises: what cannot be read is a Problem, the rest is there."""

from __future__ import annotations

from collections.abc import Mapping, Set

from reviewtui.facts.config import read_config
from reviewtui.facts.data import read_data
from reviewtui.facts.discovery import FoundFiles, discover
from reviewtui.facts.dvc import DvcPipeline, read_pipeline
from reviewtui.facts.environment import read_environment
from reviewtui.facts.metrics import read_metrics
from reviewtui.facts.model import DataFact, Fact, FactSources, VersionFacts
from reviewtui.facts.reading import ParseCache, TreeReader, parent
from reviewtui.git.objects import Tree, TreeEntry
from reviewtui.values import replace


def extract_facts(tree: Tree, sources: FactSources, *, cache: ParseCache | None = None) -> VersionFacts:
    """All facts of one version. A cache that is shared by the versions of a repository parses each blob once."""
    reader = TreeReader(tree, cache)
    found = discover(reader, sources)
    pipelines = [read_pipeline(reader, directory) for directory in found.pipelines]
    metrics_files = _metrics_files(found, pipelines)
    config_files = _config_files(reader, found, pipelines, explicit=sources.config is not None)
    metrics = read_metrics(reader, metrics_files, metas=found.metas)
    _say_absent_metrics(reader, metrics_files, pipelines)
    locked = pipelines if sources.config is None or config_files else []
    config = read_config(reader, config_files, locked, metas=found.metas)
    data = read_data(reader, found.data, pipelines if _reads_locks(sources) else (), metrics=metrics_files)
    environment = read_environment(reader, found.environment)
    return VersionFacts(
        tree.commit,
        config=_labelled(config, found.labels),
        metrics=_labelled(metrics, found.labels),
        data=data,
        environment=environment,
        problems=tuple(sorted(reader.problems, key=lambda problem: (problem.path, problem.problem))),
        files=(
            ("config", tuple(sorted({fact.file for fact in config}))),
            ("metrics", tuple(sorted({fact.file for fact in metrics}))),
            ("data", _data_files(data)),
            ("environment", tuple(file.path for file in environment)),
        ),
    )


def extract_metrics(tree: Tree, sources: FactSources, *, cache: ParseCache | None = None) -> tuple[Fact, ...]:
    """The metrics alone, as `extract_facts` gives them; the files of other categories are not read."""
    reader = TreeReader(tree, cache)
    found = discover(reader, replace(sources, data=(), environment=()))
    pipelines = [read_pipeline(reader, directory) for directory in found.pipelines]
    return _labelled(read_metrics(reader, _metrics_files(found, pipelines), metas=found.metas), found.labels)


def metrics_paths(tree: Tree, sources: FactSources) -> tuple[TreeEntry, ...]:
    """The files that metrics are looked for in, as far as names tell: what is worth reading in one go."""
    found = discover(TreeReader(tree), replace(sources, data=(), environment=()))
    names = {*found.metrics, *(f"{name}/{file}".removeprefix("./") for name in found.pipelines for file in _PIPELINE)}
    entries = (tree.entry(name) for name in sorted(names))
    return tuple(entry for entry in entries if entry is not None and entry.is_file)


_PIPELINE = ("dvc.yaml", "dvc.lock")


def _labelled(facts: tuple[Fact, ...], labels: Mapping[str, str]) -> tuple[Fact, ...]:
    return tuple(replace(fact, file=labels.get(fact.file, fact.file)) for fact in facts) if labels else facts


def _metrics_files(found: FoundFiles, pipelines: list[DvcPipeline]) -> list[str]:
    """Where dvc.yaml names metrics, those are the metrics of its directory; a model card's are besides."""
    naming = {parent(pipeline.path) for pipeline in pipelines if pipeline.names_metrics}
    if found.metrics_are_named or not naming:
        return list(found.metrics)
    others = [path for path in found.metrics if path.endswith("README.md") or not _is_below(path, naming)]
    return sorted({*others, *(path for pipeline in pipelines for path in pipeline.metrics)})


def _is_below(path: str, directories: Set[str]) -> bool:
    return any(directory == "." or path.startswith(f"{directory}/") for directory in directories)


def _config_files(reader: TreeReader, found: FoundFiles, pipelines: list[DvcPipeline], *, explicit: bool) -> list[str]:
    named = [path for path in found.config if path.rpartition("/")[2] not in ("dvc.yaml", "dvc.lock")]
    if explicit:
        return named
    declared = {path for pipeline in pipelines for path in pipeline.declared_params}
    metrics = {*found.metrics} - {path for path in named if path.endswith(".md") or path in found.metas}
    return sorted({*named, *(path for path in declared if reader.tree.entry(path))} - metrics)


def _say_absent_metrics(reader: TreeReader, paths: list[str], pipelines: list[DvcPipeline]) -> None:
    digests = {item.path: item.digest for pipeline in pipelines for item in pipeline.items if item.role == "out"}
    for path in paths:
        if reader.tree.entry(path) is None:
            digest = digests.get(path)
            known = f"({digest.algorithm} {digest.value})" if digest else "and no digest of it is recorded"
            reader.problem(path, f"The metrics file is not in Git {known}.")


def _reads_locks(sources: FactSources) -> bool:
    """Whether locks are data: settings that name data files read a lock only where they name one."""
    return sources.data is None or any("dvc.lock" in pattern or "*" in pattern for pattern in sources.data)


def _data_files(data: tuple[DataFact, ...]) -> tuple[str, ...]:
    return tuple(sorted({fact.source for fact in data if fact.source}))
