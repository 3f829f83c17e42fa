"""TreeReader: the files of one version, read within limits; what cannot be read becomes a Problem."""

from __future__ import annotations

import posixpath
import re
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, TypeVar

from reviewtui.errors import MalformedFileError
from reviewtui.facts.documents import Document, decode_text, parse_document, refuse_conflict_markers
from reviewtui.facts.limits import MAX_DOCUMENT_BYTES, MAX_FILES_LISTED, MAX_TEXT_BYTES, UnparsableError
from reviewtui.facts.model import DataDigest, Problem
from reviewtui.git.objects import Tree, TreeEntry
from reviewtui.patterns import pattern

T = TypeVar("T")
_POINTER = pattern(
    rb"version https?://(?:git-lfs|hawser)\.github\.com/spec/v1\n(?:ext-\d-[^\n]*\n)*"
    rb"oid (sha256):([0-9a-f]{64})\nsize (\d{1,18})\n?\Z"
)
_POINTER_SIZES = range(100, 1025)


class ParseCache:
    """What blobs were parsed to, by object id; bounded, and shared by the versions of a repository."""

    def __init__(self, entries: int = 20_000) -> None:
        self._entries = entries
        self._found: OrderedDict[tuple[str, ...], Any] = OrderedDict()
        self._lock = Lock()

    def get(self, key: tuple[str, ...], make: Callable[[], T]) -> T:
        """What was made for this key before, else what `make` gives now."""
        with self._lock:
            if key in self._found:
                self._found.move_to_end(key)
                found: T = self._found[key]
                return found
        made = make()
        with self._lock:
            self._found[key] = made
            while len(self._found) > self._entries:
                self._found.popitem(last=False)
        return made


class TreeReader:
    """Reads files of a tree by path, each blob once. Symbolic links and submodules are never followed."""

    def __init__(self, tree: Tree, cache: ParseCache | None = None) -> None:
        self.tree = tree
        self.problems: dict[Problem, None] = {}
        self._cache = cache or ParseCache()
        self._listings: dict[str, tuple[TreeEntry, ...]] = {}

    def problem(self, path: str, text: str) -> None:
        """Note a problem, once."""
        self.problems.setdefault(Problem(path, text))

    def files(self, directory: str) -> tuple[TreeEntry, ...]:
        """Every entry below a directory ("." for all), in path order."""
        if directory not in self._listings:
            found: list[TreeEntry] = []
            for entry in self.tree.files("" if directory == "." else directory):
                if len(found) == MAX_FILES_LISTED:
                    self.problem(directory, f"Only the first {MAX_FILES_LISTED:,} files are looked at.")
                    break
                found.append(entry)
            self._listings[directory] = tuple(found)
        return self._listings[directory]

    def file(self, path: str) -> TreeEntry | None:
        """The entry of a regular file; a link or a submodule in its place is a problem."""
        entry = self.tree.entry(path)
        if entry is None or entry.is_tree:
            return None
        if entry.is_file:
            return entry
        self.not_followed(entry)
        return None

    def not_followed(self, entry: TreeEntry) -> None:
        """Note that an entry leads elsewhere; a submodule with the commit that it stands at."""
        kinds = {"120000": "a symbolic link", "160000": f"a submodule at {entry.object_id}"}
        self.problem(entry.path, f"This is {kinds.get(entry.mode, f'of mode {entry.mode}')}, which is not followed.")

    def document(self, path: str) -> Document | None:
        """The document at a path; None where there is no file. Its problems are noted."""
        entry = self.file(path)
        if entry is None:
            return None
        document = self._document(entry)
        for text in document.problems:
            self.problem(path, text)
        return document

    def text(self, path: str, *, limit: int = MAX_TEXT_BYTES) -> str | None:
        """The text of a file; None where there is none, or it cannot be read (then a problem is noted)."""
        entry = self.file(path)
        if entry is None:
            return None
        try:
            data = self.read(entry, limit=limit)
            text, notes = decode_text(data)
            refuse_conflict_markers(text)
        except UnparsableError as error:
            self.problem(path, str(error))
            return None
        for note in notes:
            self.problem(path, note)
        return text

    def read(self, entry: TreeEntry, *, limit: int) -> bytes:
        """The bytes of a blob, its size asked first. Raises: UnparsableError."""
        try:
            size = self.size(entry)
            if size > limit:
                raise UnparsableError(f"The file has {size:,} bytes; {limit:,} are the limit.")
            return self.tree.read(entry, limit=limit)
        except MalformedFileError as error:
            raise UnparsableError(error.problem) from None

    def size(self, entry: TreeEntry) -> int:
        """The size of a blob. Raises: MalformedFileError where it is missing."""
        return self._cache.get((entry.object_id, "size"), lambda: self.tree.size(entry))

    def pointer(self, entry: TreeEntry) -> tuple[DataDigest, int] | None:
        """Digest and size that a Git LFS pointer names; None where the file is none."""
        if not entry.is_file:
            return None
        return self._cache.get((entry.object_id, "pointer"), lambda: self._pointer(entry))

    def _pointer(self, entry: TreeEntry) -> tuple[DataDigest, int] | None:
        try:
            if self.size(entry) not in _POINTER_SIZES:
                return None
            match = _POINTER.match(self.tree.read(entry, limit=_POINTER_SIZES.stop))
        except MalformedFileError:
            return None
        return (DataDigest(match[1].decode(), match[2].decode()), int(match[3])) if match else None

    def _document(self, entry: TreeEntry) -> Document:
        name = posixpath.basename(entry.path)
        return self._cache.get((entry.object_id, "document", name), lambda: self._parsed(entry, name))

    def _parsed(self, entry: TreeEntry, name: str) -> Document:
        if pointer := self.pointer(entry):
            text = f"The file is a Git LFS pointer; its content is not in Git (sha256 {pointer[0].value})."
            return Document(problems=(text,), readable=False)
        try:
            return parse_document(name, self.read(entry, limit=MAX_DOCUMENT_BYTES))
        except UnparsableError as error:
            return Document(problems=(str(error),), readable=False)


def joined(directory: str, path: str) -> str | None:
    """A path relative to a directory, from the repository's root; None where it leads out of the repository."""
    if "://" in path:
        return path
    if not path or path.startswith(("/", "~")) or "\0" in path or re.match(r"[A-Za-z]:[\\/]", path):
        return None
    found = posixpath.normpath(posixpath.join("" if directory == "." else directory, path.replace("\\", "/")))
    return None if found == ".." or found.startswith("../") else found


def parent(path: str) -> str:
    """The directory of a path; "." for the root."""
    return posixpath.dirname(path) or "."
