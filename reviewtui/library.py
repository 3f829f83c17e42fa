"""VersionLibrary: what one repository holds, read on demand: its versions, their facts, their bases."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from functools import cached_property
from typing import TYPE_CHECKING

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
from reviewtui.errors import GitError, MalformedFileError, UnknownRevisionError, UnknownVersionError
from reviewtui.git.graph import CommitGraph
from reviewtui.git.history import Ancestry, AskedAncestors
from reviewtui.git.objects import CommitInfo, ObjectId, Ref, TagObject, TreeEntry
from reviewtui.git.repository import Repository
from reviewtui.settings import DIRECTORY, Settings

if TYPE_CHECKING:
    from reviewtui.diff import TextChange, VersionDiff
    from reviewtui.facts.model import VersionFacts
    from reviewtui.facts.reading import ParseCache
    from reviewtui.review import BaseVersion, ReviewSubject
    from reviewtui.version_files import VersionFiles

_CUT_OFF = "none is known: this clone is shallow, and what lies before its cut is missing (git fetch --unshallow)"


class VersionLibrary:
    """The versions of one repository as one reading of its refs gives them."""

    def __init__(
        self,
        repository: Repository,
        refs: tuple[Ref, ...],
        settings: Settings,
        *,
        parsed: ParseCache | None = None,
        graph: CommitGraph | None = None,
    ) -> None:
        """`parsed` are the files that an earlier reading took apart, by blob: a blob never changes. `graph` is history
        that was read already."""
        self.repository = repository
        self._parsed = parsed
        self.refs = refs
        self.settings = settings
        self._ancestors: dict[ObjectId, frozenset[ObjectId]] = {}
        self._asked: dict[ObjectId, AskedAncestors] = {}
        self._commits: dict[str, VersionCatalog] = {}
        self.graph = graph or CommitGraph({})
        self._tags: dict[ObjectId, TagObject | None] = {}
        self._pinned: dict[tuple[str, str, ObjectId], BaseChoice] = {}

    @cached_property
    def files(self) -> VersionFiles:
        """The readers of files. Loaded when they are needed: a list of versions that have names needs none."""
        from reviewtui.version_files import VersionFiles

        return VersionFiles(self.repository, self.settings, cache=self._parsed)

    @property
    def parsed(self) -> ParseCache | None:
        """What this reading took apart, for the next one."""
        return self.files.cache if "files" in self.__dict__ else self._parsed

    @cached_property
    def named(self) -> VersionCatalog:
        """Every version that a ref names."""
        return build_catalog(
            self.refs,
            tag_patterns=self.settings.tags,
            branch_patterns=self.settings.branches,
            models=tuple(self.settings.models),
            repository_name=self.repository.name,
        )

    @cached_property
    def catalog(self) -> VersionCatalog:
        """Every version that a ref names; for models that no ref names, the commits of the current branch."""
        named = self.named
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
        return self.files.discover(head)

    def _commits_of(self, model: str, path: str, head: ObjectId) -> tuple[ModelVersion, ...]:
        paths = self.files.places(model, path, head)
        commits = self.repository.commits_changing(head, paths)
        if not paths:
            parents = self.repository.commits({parent for info in commits for parent in info.parents})
            self.repository.trees({info.object_id for info in commits} | parents.keys())
            commits = tuple(info for info in commits if self._changes_more_than_settings(info, parents))
        return commit_versions(model, commits)

    def _changes_more_than_settings(self, info: CommitInfo, known: Container[ObjectId]) -> bool:
        # A parent that a shallow clone lacks is no reason to hide the commit.
        return all(parent not in known or self._top(info.object_id) != self._top(parent) for parent in info.parents)

    def _top(self, commit: ObjectId) -> tuple[TreeEntry, ...]:
        """The top directory without reviewtui's own settings, which are no part of any model."""
        return tuple(entry for entry in self.repository.tree(commit).children() if entry.path != DIRECTORY)

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
        return tuple((name, self.files.sources(name, version.commit).path) for name, version in sorted(newest.items()))

    def versions_of(self, model: str) -> tuple[ModelVersion, ...]:
        """The versions of one model. Raises: UnknownVersionError where there is no such model."""
        versions = self.catalog.of_model(model)
        if not versions and model not in self.settings.models:
            models = self.catalog.models
            import difflib

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
        return self.files.text_changes(base, head)

    def facts(self, version: ModelVersion) -> VersionFacts:
        """All facts of a version; kept, because screens ask again."""
        return self.files.facts(version)

    def unread_since(self, commit: ObjectId, version: ModelVersion) -> tuple[str, ...]:
        """The files of a version that are not read whole, and that are others in an earlier commit of it, or may be."""
        paths = sorted({each.path for each in self.facts(version).problems})
        return tuple(path for path in paths if not self._is_same_file(path, commit, version.commit))

    def _is_same_file(self, path: str, *commits: ObjectId) -> bool:
        try:
            return len({self._entry_id(commit, path) for commit in commits}) == 1
        except (GitError, MalformedFileError):
            return False

    def base_of(self, version: ModelVersion) -> BaseChoice:
        """The version it is compared with where nobody says, and why that one."""
        pinned = self._pinned.get((version.model, version.version, version.commit))
        if pinned is not None:
            return pinned
        ancestors = self._ancestors.get(version.commit)
        released_commit = version.kind is VersionKind.RELEASE and version.is_named_by_commit
        catalog = self._with_commits(version.model) if released_commit else self._catalog_of(version.model)
        choice = choose_base(version, catalog, ancestors or self._ancestors_asked(version.commit))
        if choice.version is None and self.repository.is_shallow:
            return BaseChoice(None, _CUT_OFF)
        return choice

    def _ancestors_asked(self, commit: ObjectId) -> AskedAncestors:
        if commit not in self._asked:
            self._asked[commit] = AskedAncestors(self.repository, commit)
        return self._asked[commit]

    def pin_base(self, version: ModelVersion, base: ModelVersion | None) -> None:
        """From now on a version's base is this one: what a release was compared with stays what it was."""
        self._pinned[version.model, version.version, version.commit] = BaseChoice(base, "as its release tag says")

    def load_for_judging(self, versions: Sequence[ModelVersion]) -> None:
        """Learn at once, for many versions, what the judging of each would ask Git for one by one."""
        tips = {version.commit for version in versions}
        if all(tip in self.graph for tip in tips):
            self.load_ancestry(versions)
        elif tips:
            self.graph, ancestry = self.repository.lineage(tips, among=self._relatives(versions))
            self._ancestors |= {tip: ancestry.ancestors(tip) for tip in tips}

    def load_graph(self, versions: Iterable[ModelVersion]) -> None:
        """Learn the history of many versions at once, in one process."""
        tips = {version.commit for version in versions}
        if not all(tip in self.graph for tip in tips):
            self.graph = self.repository.graph(tips)

    def load_ancestry(self, versions: Iterable[ModelVersion]) -> None:
        """Learn for many versions at once, in one process, which others they descend from."""
        missing = [version for version in versions if version.commit not in self._ancestors]
        if not missing:
            return
        tips = {version.commit for version in missing}
        ancestry: Ancestry = self.repository.ancestry(tips, among=self._relatives(missing))
        self._ancestors |= {tip: ancestry.ancestors(tip) for tip in tips}

    def _relatives(self, versions: Iterable[ModelVersion]) -> set[ObjectId]:
        """The commits of every version of the same models."""
        models = {version.model for version in versions}
        return {other.commit for model in models for other in self._catalog_of(model).of_model(model)}

    def _catalog_of(self, model: str) -> VersionCatalog:
        """The catalog as far as one model goes: where refs name it, commits without a name are none of its versions."""
        return self.named if self.named.of_model(model) else self.catalog

    def _with_commits(self, model: str) -> VersionCatalog:
        """The catalog as it was before a release gave a commit of the model its name: with its commits."""
        if model not in self._commits:
            head = self.repository.head()
            found = self._commits_of(model, self.files.sources(model, head).path, head) if head is not None else ()
            self._commits[model] = with_versions(self.named, found)
        return self._commits[model]

    def load_files(self, versions: Iterable[ModelVersion]) -> None:
        """Read the commits of many versions, their parents, and the directories that their facts are in, at once."""
        wanted = tuple(versions)
        infos = self.repository.commits({version.commit for version in wanted})
        self.repository.commits({parent for info in infos.values() for parent in info.parents})
        places: dict[str, list[ObjectId]] = {}
        for version in wanted:
            declared = self.settings.models.get(version.model)
            if declared is not None and version.commit in infos:
                places.setdefault(declared.sources.path, []).append(version.commit)
        for path, commits in places.items():
            self.repository.trees(commits, paths=[path])

    def load_tags(self, versions: Iterable[ModelVersion]) -> None:
        """Read the tag objects of many versions at once."""
        missing = [version.tag for version in versions if version.tag is not None and version.tag not in self._tags]
        if missing:
            self._tags |= dict.fromkeys(missing) | self.repository.tags(missing)

    def tag_of(self, version: ModelVersion) -> TagObject | None:
        """The tag object that names a release; None where the tag is lightweight, or its object cannot be read."""
        if version.tag is None:
            return None
        self.load_tags([version])
        return self._tags[version.tag]

    def compare(self, base: ModelVersion | None, head: ModelVersion) -> VersionDiff:
        """What differs between two versions."""
        return self.files.compare(base, head)

    def subject(self, version: ModelVersion, base: ModelVersion | None, *, identity: str) -> ReviewSubject:
        """What a review made now would be bound to."""
        from reviewtui.review import ReviewSubject

        commit = self.repository.commit(version.commit)
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
        """The version's own commit, then every other since the base that touches the model's path, or what its facts
        are read from elsewhere. Raises: MalformedFileError where one cannot be read, so that no author is hidden."""
        graph, beyond = self.graph, base.commit if base else None
        if version.commit not in graph:
            graph = self.repository.graph([version.commit], beyond=beyond)
        since = graph.between(beyond, version.commit)
        infos = self.repository.commits([version.commit, *since])
        for commit in (version.commit, *since):
            if commit not in infos:
                raise MalformedFileError("the commit", commit, "who made it cannot be read")
        parents = self.repository.commits({parent for info in infos.values() for parent in info.parents})
        places = self._places_of(version)
        known = {**parents, **infos}
        touching = [
            info
            for info in infos.values()
            if info.object_id != version.commit and any(self._touches(info, path, known) for path in places)
        ]
        return (infos[version.commit], *touching)

    def _places_of(self, version: ModelVersion) -> list[str]:
        path = self.files.sources(version.model, version.commit).path
        read = {file for _, files in self.facts(version).files for file in files}
        return [path] if path == "." else [path, *sorted(file for file in read if not file.startswith(f"{path}/"))]

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
    from reviewtui.review import BaseVersion

    if base is None:
        return None
    return BaseVersion("" if base.kind is VersionKind.COMMIT else base.version, base.commit)
