"""CommitTree: the files of one commit, read on demand; what trees share is read once."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator, Mapping

from reviewtui.errors import GitError, MalformedFileError
from reviewtui.git.catfile import CatFile, Info
from reviewtui.git.objects import ObjectId, TreeEntry
from reviewtui.git.parsing import MalformedObjectError, parse_tree
from reviewtui.values import dataclass

MAX_TREE_BYTES = 32 << 20
MAX_FILES = 500_000
"""How many files of one commit are listed; a tree that repeats itself could have more than there are atoms."""
MAX_DEPTH = 128
_KEPT_ENTRIES = 1_000_000
_KEPT_SIZES = 200_000

Entries = Mapping[str, tuple[str, ObjectId]]
"""{name: (mode, object id)} in the order of the tree."""


class TreeStore:
    """Tree objects and blob sizes, remembered by object id across all commits, within bounds."""

    def __init__(self, cat_file: CatFile, *, id_bytes: int) -> None:
        self.cat_file = cat_file
        self._id_bytes = id_bytes
        self._lock = threading.Lock()
        self._trees: dict[str, Entries] = {}
        self._kept = 0
        self._infos: dict[ObjectId, Info] = {}
        self._roots: dict[ObjectId, ObjectId] = {}

    def forget(self) -> None:
        """Let go of everything: for who walks through more versions than should be remembered."""
        with self._lock:
            self._trees.clear()
            self._infos.clear()
            self._roots.clear()
            self._kept = 0

    def root(self, commit: ObjectId) -> ObjectId:
        """The id of a commit's tree. Raises: MalformedFileError."""
        if commit not in self._roots:
            info = self.cat_file.info(f"{commit}^{{tree}}")
            if info is None:
                raise MalformedFileError("the tree", commit, "it is missing from this clone")
            self._roots[commit] = info[0]
        return self._roots[commit]

    def load_roots(self, commits: Iterable[ObjectId]) -> None:
        """Learns the trees of many commits in one go, and reads them."""
        specs = {f"{commit}^{{tree}}": commit for commit in commits if commit not in self._roots}
        for spec, info in self.cat_file.infos(specs).items():
            if info is not None:
                self._roots[specs[spec]] = info[0]
        self.load_trees(self._roots[commit] for commit in specs.values() if commit in self._roots)

    def load_directories(self, commits: Iterable[ObjectId], path: str) -> None:
        """Reads the directories on the way to a path, and the one at it, for many commits: one go a level."""
        wanted = tuple(commits)
        self.load_roots(wanted)
        trees = {self._roots[commit] for commit in wanted if commit in self._roots}
        for name in (part for part in path.split("/") if part and part != "."):
            entries = [self._trees[tree].get(name, ("", tree)) for tree in trees if tree in self._trees]
            trees = {tree for mode, tree in entries if mode in ("40000", "040000")}
            self.load_trees(trees)

    def load_trees(self, ids: Iterable[ObjectId]) -> None:
        """Reads many trees in one go. What is missing or malformed is found out where it is asked for."""
        wanted = [each for each in dict.fromkeys(ids) if each not in self._trees]
        for each, data in self.cat_file.read_many(wanted, limit=MAX_TREE_BYTES).items():
            try:
                self._keep(each, data)
            except MalformedObjectError:
                continue

    def entries(self, tree: ObjectId, *, commit: ObjectId, path: str) -> Entries:
        """The entries of one tree object. Raises: MalformedFileError."""
        kept = self._trees.get(tree)
        if kept is not None:
            return kept
        try:
            kind, data = self.cat_file.read(tree, limit=MAX_TREE_BYTES)
            if kind != "tree":
                raise MalformedFileError(path or "the tree", commit, f"it is a {kind}, not a directory")
            return self._keep(tree, data)
        except (MalformedObjectError, GitError) as error:
            raise MalformedFileError(path or "the tree", commit, f"the directory cannot be read: {error}") from error

    def info(self, blob: ObjectId) -> Info | None:
        """Id, type and size of a blob, or None where it is missing."""
        known = self._infos.get(blob)
        if known is None:
            self.load_infos((blob,))
            known = self._infos.get(blob)
        return known

    def load_infos(self, blobs: Iterable[ObjectId]) -> None:
        """Learns the sizes of many blobs in one go."""
        wanted = [blob for blob in blobs if blob not in self._infos]
        with self._lock:
            if len(self._infos) + len(wanted) > _KEPT_SIZES:
                self._infos.clear()
        for spec, info in self.cat_file.infos(wanted).items():
            if info is not None:
                self._infos[ObjectId(spec)] = info

    def _keep(self, tree: str, data: bytes) -> Entries:
        parsed = parse_tree(data, id_bytes=self._id_bytes)
        entries = {name: (mode, object_id) for name, mode, object_id in parsed}
        if len(entries) != len(parsed):
            raise MalformedObjectError("two entries have one name")
        with self._lock:
            self._kept += len(entries) + 1
            if self._kept > _KEPT_ENTRIES:
                self._trees.clear()
                self._kept = len(entries) + 1
            self._trees[tree] = entries
        return entries


@dataclass(frozen=True, slots=True)
class CommitTree:
    """The files of one commit: objects.Tree."""

    commit: ObjectId
    store: TreeStore

    @property
    def root(self) -> ObjectId:
        """The id of the commit's tree."""
        return self.store.root(self.commit)

    def files(self, below: str = "") -> Iterator[TreeEntry]:
        """Every entry that is no directory, below a directory ("" for all), in path order.

        Raises: MalformedFileError where a directory cannot be read, or there is no end of them.
        """
        start = self._directory(below)
        if start is None:
            return
        stack = [iter(self._listed(start, below.strip("/")))]
        count = 0
        while stack:
            entry = next(stack[-1], None)
            if entry is None:
                stack.pop()
            elif entry.is_tree:
                if len(stack) >= MAX_DEPTH:
                    raise MalformedFileError(entry.path[:200], self.commit, f"more than {MAX_DEPTH} directories deep")
                stack.append(iter(self._listed(entry.object_id, entry.path)))
            else:
                count += 1
                if count > MAX_FILES:
                    raise MalformedFileError(below or "the tree", self.commit, f"more than {MAX_FILES} files")
                yield entry

    def children(self, path: str = "") -> tuple[TreeEntry, ...]:
        """The entries of one directory, or none where there is no such directory. Raises: MalformedFileError."""
        tree = self._directory(path)
        return self._listed(tree, path.strip("/")) if tree is not None else ()

    def entry(self, path: str) -> TreeEntry | None:
        """The entry at a path (a directory, too), or None. Raises: MalformedFileError where the way cannot be read."""
        *directories, name = path.split("/")
        tree = self._directory("/".join(directories))
        if tree is None or not name:
            return None
        found = self.store.entries(tree, commit=self.commit, path="/".join(directories)).get(name)
        return TreeEntry(path, *found) if found else None

    def size(self, entry: TreeEntry) -> int:
        """The size of the entry's blob in bytes. Raises: MalformedFileError where it is missing."""
        return self._info(entry)[2]

    def read(self, entry: TreeEntry, *, limit: int) -> bytes:
        """The blob's bytes. Raises: MalformedFileError where it is larger than `limit` bytes, missing, or no blob."""
        object_id, kind, size = self._info(entry)
        if kind != "blob":
            raise MalformedFileError(entry.path, self.commit, f"it is a {kind}, not a file")
        if size > limit:
            raise MalformedFileError(entry.path, self.commit, f"it has {size} bytes; at most {limit} are read")
        data = self.store.cat_file.known_objects((object_id,))
        if object_id not in data:
            raise MalformedFileError(entry.path, self.commit, "its content is missing from this clone")
        return data[object_id][2]

    def read_many(self, entries: Iterable[TreeEntry], *, limit: int) -> dict[ObjectId, bytes]:
        """The bytes of many blobs at once, by object id. Those that are missing or too large are left out."""
        wanted = {entry.object_id for entry in entries if entry.is_file}
        return {ObjectId(spec): data for spec, data in self.store.cat_file.read_many(wanted, limit=limit).items()}

    def _info(self, entry: TreeEntry) -> Info:
        if entry.mode == "160000":
            raise MalformedFileError(entry.path, self.commit, "it is a submodule; its content is in another repository")
        info = self.store.info(entry.object_id)
        if info is None:
            raise MalformedFileError(entry.path, self.commit, "its content is missing from this clone")
        return info

    def _directory(self, path: str) -> ObjectId | None:
        tree = self.root
        walked: list[str] = []
        for name in (part for part in path.split("/") if part and part != "."):
            found = self.store.entries(tree, commit=self.commit, path="/".join(walked)).get(name)
            if found is None or found[0] not in ("40000", "040000"):
                return None
            tree = found[1]
            walked.append(name)
        return tree

    def _listed(self, tree: ObjectId, path: str) -> tuple[TreeEntry, ...]:
        prefix = f"{path}/" if path and path != "." else ""
        entries = self.store.entries(tree, commit=self.commit, path=path)
        return tuple(TreeEntry(prefix + name, mode, object_id) for name, (mode, object_id) in entries.items())
