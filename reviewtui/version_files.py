"""VersionFiles: what the files of versions hold, each version read once, and how two versions differ."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.errors import MalformedFileError
from reviewtui.facts.discovery import discover_models, model_path
from reviewtui.facts.extraction import extract_facts
from reviewtui.facts.model import FactSources, VersionFacts
from reviewtui.facts.reading import ParseCache
from reviewtui.git.objects import ObjectId
from reviewtui.git.repository import Repository
from reviewtui.settings import DIRECTORY, Settings
from reviewtui.values import replace

# A hook reads facts and never compares them: the differences are loaded where they are made.
if TYPE_CHECKING:
    from reviewtui.diff import TextChange, TextPair, VersionDiff

_FACTS_KEPT = 512
_TEXT_LIMIT = 1024 * 1024
BLOB_LIMIT = 32 * 1024 * 1024
"""Bytes of a file that is handed to an editor."""


class VersionFiles:
    """Reads the trees of versions; never a working tree."""

    def __init__(self, repository: Repository, settings: Settings, *, cache: ParseCache | None = None) -> None:
        self.repository = repository
        self.settings = settings
        self._facts: dict[tuple[ObjectId, str, str], VersionFacts] = {}
        self.cache = cache or ParseCache()
        self._discovered: dict[str, str] = {}

    def discover(self, commit: ObjectId) -> tuple[tuple[str, str], ...]:
        """The models that a commit's tree holds, each with its folder, which is remembered for all versions."""
        found = discover_models(self.repository.tree(commit), self.repository.name)
        self._discovered = dict(found)
        return tuple(found)

    def places(self, model: str, path: str, commit: ObjectId) -> list[str]:
        """The model's folder, and what its facts are read from outside of it. The root: every file."""
        if path == ".":
            return []
        facts = extract_facts(self.repository.tree(commit), self.sources(model, commit), cache=self.cache)
        outside = {file for _, files in facts.files for file in files if not file.startswith(f"{path}/")}
        return [path, *sorted(outside)]

    def sources(self, model: str, commit: ObjectId) -> FactSources:
        """Where the files of a model stand: as the settings say, else as discovery found them."""
        declared = self.settings.models.get(model)
        if declared is not None:
            return declared.sources
        path = self._discovered.get(model)
        return FactSources(path=path if path is not None else model_path(self.repository.tree(commit), model))

    def facts(self, version: ModelVersion) -> VersionFacts:
        """All facts of a version; kept, because screens ask again. A change of the settings has none."""
        if version.model == DIRECTORY:
            return VersionFacts(version.commit)
        key = (version.commit, version.model, version.version)
        if key not in self._facts:
            if len(self._facts) >= _FACTS_KEPT:
                self._facts.pop(next(iter(self._facts)))
            tree = self.repository.tree(version.commit)
            self._facts[key] = extract_facts(tree, self.sources_of(version), cache=self.cache)
        return self._facts[key]

    def sources_of(self, version: ModelVersion) -> FactSources:
        """Where the files of a version stand: its model's, and one that is its own alone."""
        sources = self.sources(version.model, version.commit)
        if version.kind is VersionKind.COMMIT:
            return sources
        return replace(sources, own=f"{version.model}-{version.version}", own_label=version.model)

    def compare(self, base: ModelVersion | None, head: ModelVersion) -> VersionDiff:
        """What differs between two versions."""
        from reviewtui.diff import diff_facts

        before = self.facts(base) if base is not None else None
        policy = self.settings.policy
        directions = policy.directions(head.model) if policy is not None else {}
        return diff_facts(before, self.facts(head), directions=directions)

    def text_changes(self, base: ModelVersion | None, head: ModelVersion) -> tuple[TextChange, ...]:
        """The files that facts were read from (of a change of the settings: the settings), of both sides, as text
        against text; what did not change is left out."""
        from reviewtui.diff import TextChange, unified_text

        return tuple(
            TextChange(pair.path, pair.kind, unified_text(pair.before, pair.after, path=pair.path))
            for pair in self.text_pairs(base, head)
        )

    def text_pairs(self, base: ModelVersion | None, head: ModelVersion) -> tuple[TextPair, ...]:
        """The same files whole, in path order."""
        from reviewtui.diff import ChangeKind, TextPair

        before, after = self._texts(base) if base is not None else {}, self._texts(head)
        pairs = []
        for path in sorted(before.keys() | after.keys()):
            old, new = before.get(path), after.get(path)
            if old == new:
                continue
            kind = ChangeKind.ADDED if old is None else ChangeKind.REMOVED if new is None else ChangeKind.CHANGED
            pairs.append(TextPair(path, kind, old or "", new or ""))
        return tuple(pairs)

    def blob(self, version: ModelVersion, path: str) -> bytes:
        """The bytes of one file of a version. Raises: MalformedFileError."""
        tree = self.repository.tree(version.commit)
        entry = tree.entry(path)
        if entry is None or not entry.is_file:
            raise MalformedFileError(path, version.commit, f"{version.name} has no such file")
        return tree.read(entry, limit=BLOB_LIMIT)

    def _texts(self, version: ModelVersion) -> dict[str, str]:
        tree = self.repository.tree(version.commit)
        names = {file for _, files in self.facts(version).files for file in files}
        if version.model == DIRECTORY:
            names = {entry.path for entry in tree.files(DIRECTORY)}
        texts = {}
        for name in names:
            entry = tree.entry(name)
            if entry is not None and entry.is_file and tree.size(entry) <= _TEXT_LIMIT:
                texts[name] = tree.read(entry, limit=_TEXT_LIMIT).decode("utf-8", "backslashreplace")
        return texts
