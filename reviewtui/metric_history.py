"""The metrics of many versions, read in one go: whatever their number, the same git processes serve."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reviewtui.catalog import ModelVersion
from reviewtui.errors import MalformedFileError
from reviewtui.facts.extraction import extract_metrics, metrics_paths
from reviewtui.facts.limits import MAX_DOCUMENT_BYTES
from reviewtui.facts.model import Fact
from reviewtui.git.objects import ObjectId, TreeEntry
from reviewtui.git.tree import CommitTree
from reviewtui.values import dataclass
from reviewtui.version_files import VersionFiles


@dataclass(frozen=True, slots=True)
class HeldTree:
    """A tree, some of whose blobs were read before: objects.Tree."""

    tree: CommitTree
    held: Mapping[ObjectId, bytes]

    @property
    def commit(self) -> ObjectId:
        return self.tree.commit

    def files(self, below: str = "") -> Iterator[TreeEntry]:
        return self.tree.files(below)

    def children(self, path: str = "") -> tuple[TreeEntry, ...]:
        return self.tree.children(path)

    def entry(self, path: str) -> TreeEntry | None:
        return self.tree.entry(path)

    def size(self, entry: TreeEntry) -> int:
        return len(self.held[entry.object_id]) if entry.object_id in self.held else self.tree.size(entry)

    def read(self, entry: TreeEntry, *, limit: int) -> bytes:
        data = self.held.get(entry.object_id)
        return data if data is not None and len(data) <= limit else self.tree.read(entry, limit=limit)


def metrics_of(files: VersionFiles, versions: Sequence[ModelVersion]) -> tuple[tuple[Fact, ...], ...]:
    """The metrics of each version, in its place; () where its tree cannot be read."""
    repository = files.repository
    newest = {version.model: version for version in versions}
    paths = sorted({files.sources(version.model, version.commit).path for version in newest.values()})
    trees = dict(zip(versions, repository.trees([each.commit for each in versions], paths=paths), strict=True))
    wanted = {
        entry.object_id: entry for version in versions for entry in _worth_reading(files, version, trees[version])
    }
    held = repository.git.cat_file.read_many(wanted, limit=MAX_DOCUMENT_BYTES)
    known = {ObjectId(spec): data for spec, data in held.items()}
    return tuple(_metrics(files, version, HeldTree(trees[version], known)) for version in versions)


def _worth_reading(files: VersionFiles, version: ModelVersion, tree: CommitTree) -> tuple[TreeEntry, ...]:
    try:
        return metrics_paths(tree, files.sources_of(version))
    except MalformedFileError:
        return ()


def _metrics(files: VersionFiles, version: ModelVersion, tree: HeldTree) -> tuple[Fact, ...]:
    try:
        return extract_metrics(tree, files.sources_of(version), cache=files.cache)
    except MalformedFileError:
        return ()
