"""VersionLibrary: what one repository holds, read on demand: its versions, their facts, their bases."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import cached_property

from reviewtui.catalog import (
    BaseChoice,
    ModelVersion,
    VersionCatalog,
    VersionKind,
    build_catalog,
    choose_base,
    commit_version,
    commit_versions,
    find_version,
    with_versions,
)
from reviewtui.diff import ChangeKind, TextChange, VersionDiff, diff_facts, unified_text
from reviewtui.errors import UnknownRevisionError, UnknownVersionError
from reviewtui.facts.discovery import discover_models, model_path
from reviewtui.facts.extraction import extract_facts
from reviewtui.facts.model import FactSources, VersionFacts
from reviewtui.facts.reading import ParseCache
from reviewtui.git.graph import CommitGraph
from reviewtui.git.history import Ancestry
from reviewtui.git.objects import CommitInfo, ObjectId, Ref, TreeEntry
from reviewtui.git.repository import Repository
from reviewtui.review import BaseVersion, ReviewSubject
from reviewtui.settings import DIRECTORY, Settings

_FACTS_KEPT = 512
_TEXT_LIMIT = 1024 * 1024


class VersionLibrary:
    """The versions of one repository as one reading of its refs gives them."""

    def __init__(self, repository: Repository, refs: tuple[Ref, ...], settings: Settings) -> None:
        self.repository = repository
        self.refs = refs
        self.settings = settings
        self._facts: dict[tuple[ObjectId, str], VersionFacts] = {}
        self._fact_cache = ParseCache()
        self._ancestors: dict[ObjectId, frozenset[ObjectId]] = {}
        self._paths: dict[str, str] = {}
        self._graph = CommitGraph({})

    @cached_property
    def catalog(self) -> VersionCatalog:
        """Every version that a ref names; for models that no ref names, the commits of the current branch."""
        named = build_catalog(
            self.refs,
            tag_patterns=self.settings.tags,
            branch_patterns=self.settings.branches,
            models=tuple(self.settings.models),
            repository_name=self.repository.name,
        )
        head = self.repository.head()
        if head is None:
            return named
        unnamed = self._models_without_refs(named, head)
        versions = [version for model, path in unnamed for version in self._commits_of(model, path, head)]
        return with_versions(named, versions) if versions else named

    def _models_without_refs(self, named: VersionCatalog, head: ObjectId) -> tuple[tuple[str, str], ...]:
        if self.settings.models:
            declared = self.settings.models.items()
            return tuple((name, each.sources.path) for name, each in declared if name not in named.models)
        if named.versions:
            return ()
        found = discover_models(self.repository.tree(head), self.repository.name)
        self._paths = dict(found)
        return tuple(found)

    def _commits_of(self, model: str, path: str, head: ObjectId) -> tuple[ModelVersion, ...]:
        paths = self._files_of(model, path, head)
        commits = self.repository.commits_changing(head, paths)
        if not paths:
            commits = tuple(info for info in commits if self._changes_more_than_settings(info))
        return commit_versions(model, commits)

    def _changes_more_than_settings(self, info: CommitInfo) -> bool:
        return all(self._top(info.object_id) != self._top(parent) for parent in info.parents)

    def _top(self, commit: ObjectId) -> tuple[TreeEntry, ...]:
        """The top directory without reviewtui's own settings, which are no part of any model."""
        return tuple(entry for entry in self.repository.tree(commit).children() if entry.path != DIRECTORY)

    def _files_of(self, model: str, path: str, head: ObjectId) -> list[str]:
        """The model's folder, and what its facts are read from outside of it. The root: every file."""
        if path == ".":
            return []
        facts = extract_facts(self.repository.tree(head), self._sources(model, head), cache=self._fact_cache)
        outside = {file for _, files in facts.files for file in files if not file.startswith(f"{path}/")}
        return [path, *sorted(outside)]

    def find(self, name: str) -> ModelVersion:
        """The version that a name means; a commit is a version, too. Raises: UnknownVersionError."""
        try:
            return find_version(self.catalog, name)
        except UnknownVersionError as unknown:
            commit = self._find_commit(name)
            if commit is None:
                raise
            model = self._model_of(name, unknown)
            return commit_version(model, commit)

    def _find_commit(self, name: str) -> CommitInfo | None:
        revision = name.rpartition("@")[2] if "@" in name else name
        try:
            commit = self.repository.resolve(revision)
        except UnknownRevisionError:
            return None
        return self.repository.commits([commit]).get(commit)

    def _model_of(self, name: str, unknown: UnknownVersionError) -> str:
        models = tuple(self.settings.models) or self.catalog.models or (self.repository.name,)
        asked = name.rpartition("@")[0] if "@" in name else ""
        if asked in models:
            return asked
        if asked:
            raise unknown
        if len(models) == 1:
            return models[0]
        candidates = tuple(f"{model}@{name}" for model in models)
        raise UnknownVersionError(
            f"{name} is a commit, and this repository holds {len(models)} models.",
            candidates=candidates,
            hint="Write MODEL@COMMIT.",
        )

    def model_paths(self) -> tuple[tuple[str, str], ...]:
        """Every model with the folder that its newest version keeps it in."""
        newest = {version.model: version for version in reversed(self.catalog.versions)}
        return tuple((name, self._sources(name, version.commit).path) for name, version in sorted(newest.items()))

    def versions_of(self, model: str) -> tuple[ModelVersion, ...]:
        """The versions of one model. Raises: UnknownVersionError where there is no such model."""
        versions = self.catalog.of_model(model)
        if not versions and model not in self.settings.models:
            models = self.catalog.models
            nearest = tuple(difflib.get_close_matches(model, models, n=3)) or models[:8]
            raise UnknownVersionError(f"There is no model {model} here.", candidates=nearest)
        return versions

    def again(self, version: ModelVersion) -> ModelVersion:
        """The same version in a newer reading; a ref is followed, a commit stays. Raises: UnknownVersionError."""
        if version.kind is VersionKind.COMMIT:
            return version
        return self.find(version.ref)

    def text_changes(self, base: ModelVersion | None, head: ModelVersion) -> tuple[TextChange, ...]:
        """The files that facts were read from, of both sides, as text against text; what did not change is left out."""
        before, after = self._texts(base) if base is not None else {}, self._texts(head)
        changes = []
        for path in sorted(before.keys() | after.keys()):
            old, new = before.get(path), after.get(path)
            if old == new:
                continue
            kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
            changes.append(TextChange(path, kind, unified_text(old or "", new or "", path=path)))
        return tuple(changes)

    def _texts(self, version: ModelVersion) -> dict[str, str]:
        tree = self.repository.tree(version.commit)
        names = {file for _, files in self.facts(version).files for file in files}
        texts = {}
        for name in names:
            entry = tree.entry(name)
            if entry is not None and entry.is_file and tree.size(entry) <= _TEXT_LIMIT:
                texts[name] = tree.read(entry, limit=_TEXT_LIMIT).decode("utf-8", "backslashreplace")
        return texts

    def facts(self, version: ModelVersion) -> VersionFacts:
        """All facts of a version; kept, because screens ask again."""
        key = (version.commit, version.model)
        if key not in self._facts:
            if len(self._facts) >= _FACTS_KEPT:
                self._facts.pop(next(iter(self._facts)))
            tree = self.repository.tree(version.commit)
            sources = self._sources(version.model, version.commit)
            self._facts[key] = extract_facts(tree, sources, cache=self._fact_cache)
        return self._facts[key]

    def _sources(self, model: str, commit: ObjectId) -> FactSources:
        declared = self.settings.models.get(model)
        if declared is not None:
            return declared.sources
        path = self._paths.get(model)
        return FactSources(path=path if path is not None else model_path(self.repository.tree(commit), model))

    def base_of(self, version: ModelVersion) -> BaseChoice:
        """The version it is compared with where nobody says, and why that one."""
        self.load_ancestry([version])
        return choose_base(version, self.catalog, self._ancestors[version.commit])

    def load_graph(self, versions: Iterable[ModelVersion]) -> None:
        """Learn the history of many versions at once, in one process."""
        tips = {version.commit for version in versions}
        if not all(tip in self._graph for tip in tips):
            self._graph = self.repository.graph(tips)

    def load_ancestry(self, versions: Iterable[ModelVersion]) -> None:
        """Learn for many versions at once, in one process, which others they descend from."""
        missing = [version for version in versions if version.commit not in self._ancestors]
        if not missing:
            return
        among = {other.commit for model in {v.model for v in missing} for other in self.catalog.of_model(model)}
        ancestry: Ancestry = self.repository.ancestry([version.commit for version in missing], among=among)
        for version in missing:
            self._ancestors[version.commit] = ancestry.ancestors(version.commit)

    def compare(self, base: ModelVersion | None, head: ModelVersion) -> VersionDiff:
        """What differs between two versions."""
        before = self.facts(base) if base is not None else None
        return diff_facts(before, self.facts(head), directions=self._directions(head.model))

    def _directions(self, model: str) -> dict[str, str]:
        policy = self.settings.policy
        return policy.directions(model) if policy is not None else {}

    def subject(self, version: ModelVersion, base: ModelVersion | None, *, identity: str) -> ReviewSubject:
        """What a review made now would be bound to."""
        commit = self.repository.commits([version.commit])[version.commit]
        return ReviewSubject(
            repository=identity,
            model=version.model,
            version=version.version,
            commit=version.commit,
            tree=commit.tree,
            base=_base_version(base),
            facts=tuple(self.facts(version).digests().items()),
            policy=self.settings.policy_blob,
        )

    def contributions(self, version: ModelVersion, base: ModelVersion | None) -> tuple[CommitInfo, ...]:
        """The version's own commit, then every other since the base that touches the model's path."""
        self.load_graph([version])
        since = self._graph.between(base.commit if base else None, version.commit)
        infos = self.repository.commits([version.commit, *since])
        parents = self.repository.commits({parent for info in infos.values() for parent in info.parents})
        path = self._sources(version.model, version.commit).path
        known = {**parents, **infos}
        touching = [
            info for info in infos.values() if info.object_id != version.commit and self._touches(info, path, known)
        ]
        return (infos[version.commit], *touching)

    def _touches(self, info: CommitInfo, path: str, known: dict[ObjectId, CommitInfo]) -> bool:
        own = self._entry_id(info.object_id, path)
        others = [self._entry_id(parent, path) for parent in info.parents if parent in known]
        return all(own != other for other in others)

    def _entry_id(self, commit: ObjectId, path: str) -> ObjectId | None:
        tree = self.repository.tree(commit)
        if path == ".":
            return tree.root
        entry = tree.entry(path)
        return entry.object_id if entry else None


def _base_version(base: ModelVersion | None) -> BaseVersion | None:
    if base is None:
        return None
    return BaseVersion("" if base.kind is VersionKind.COMMIT else base.version, base.commit)
