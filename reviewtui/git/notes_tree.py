"""The tree behind a notes ref: where the note of an object is, and how one is put there.

Laws
1. A note's path is the object's id, with a slash after any number of leading pairs of digits; it is a plain file.
2. What two paths hold for one object is one note.
3. Only the trees on the way to a changed note are written anew.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from reviewtui.errors import GitError
from reviewtui.git.catfile import CatFile
from reviewtui.git.objects import ObjectId
from reviewtui.git.process import Git
from reviewtui.git.tree import Entries, TreeStore
from reviewtui.patterns import pattern

MAX_NOTE_BYTES = 4 << 20
MAX_NOTES = 1_000_000
NOTE_MODE = "100644"
CROWDED = 256
"""From so many entries on, a directory is given subdirectories for what is new."""

_PATH = pattern(r"(?:[0-9a-f]{2}/)*[0-9a-f]+\Z")
_PAIR = pattern(r"[0-9a-f]{2}\Z")

Edits = Mapping[str, ObjectId | None]
"""{path: the blob that is there from now on, or None}"""


def annotated_object(path: str, *, digits: int) -> ObjectId | None:
    """The object whose note would be at a path, or None where no note could be (law 1)."""
    joined = path.replace("/", "")
    return ObjectId(joined) if len(joined) == digits and _PATH.match(path) else None


def why_unread(info: tuple[ObjectId, str, int] | None) -> str:
    """Why a note's bytes were not read, in the same words wherever it is met; None: there is no such object."""
    return f"over-limit: {info[2]} bytes, at most {MAX_NOTE_BYTES} are read" if info else "it is missing"


def split_lines(data: bytes) -> frozenset[bytes]:
    """The lines of a note. Only LF ends a line; empty lines mean nothing."""
    return frozenset(line for line in data.split(b"\n") if line)


def join_lines(lines: Iterable[bytes]) -> bytes:
    """A note as it is stored: unique lines, sorted bytewise, each ended by LF."""
    return b"".join(line + b"\n" for line in sorted(set(lines)))


class NotesTree:
    """One state of the notes: the tree of one commit, or none."""

    def __init__(self, store: TreeStore, commit: ObjectId | None) -> None:
        self._store = store
        self.commit = commit

    def find(self, annotated: ObjectId) -> dict[str, ObjectId]:
        """{path: blob} of every place where the object's note is. Raises: GitError where one is no plain file."""
        found: dict[str, ObjectId] = {}
        prefix, rest = "", str(annotated)
        entries = self._root()
        while True:
            mode, blob = entries.get(rest, ("", ObjectId("")))
            if mode and mode != NOTE_MODE:
                raise GitError(f"The note at {prefix}{rest} is no plain file (mode {mode}).")
            if mode:
                found[prefix + rest] = blob
            mode, tree = entries.get(rest[:2], ("", ObjectId("")))
            if len(rest) <= 2 or mode != "40000":
                return found
            entries = self._entries(tree, prefix + rest[:2])
            prefix, rest = f"{prefix}{rest[:2]}/", rest[2:]

    def place_for(self, annotated: ObjectId) -> str:
        """Where a new note goes: as deep as its neighbours are, and deeper where a directory is crowded."""
        prefix, rest = "", str(annotated)
        entries = self._root()
        while len(rest) > 2:
            mode, tree = entries.get(rest[:2], ("", ObjectId("")))
            if mode == "40000":
                entries = self._entries(tree, prefix + rest[:2])
            elif not mode and (len(entries) >= CROWDED or any(_PAIR.match(name) for name in entries)):
                entries = {}
            else:
                break
            prefix, rest = f"{prefix}{rest[:2]}/", rest[2:]
        return prefix + rest

    def lines(self, annotated: ObjectId, cat_file: CatFile) -> frozenset[bytes]:
        """The lines of one note (law 2). Raises: GitError where it cannot be read whole."""
        blobs = self.find(annotated).values()
        return frozenset[bytes]().union(*(split_lines(cat_file.read(blob, limit=MAX_NOTE_BYTES)[1]) for blob in blobs))

    def edited(self, git: Git, edits: Edits) -> ObjectId:
        """The tree after the edits (law 3). As many processes as directories are deep, however many the edits."""
        directories = self._directories(edits)
        for path, blob in edits.items():
            directory, _, name = path.rpartition("/")
            directories[directory].pop(name, None)
            if blob is not None:
                directories[directory][name] = (NOTE_MODE, blob)
        made = ObjectId("")
        for depth in sorted({_depth(path) for path in directories}, reverse=True):
            level = sorted(path for path in directories if _depth(path) == depth)
            for path, tree in zip(level, write_trees(git, [directories[path] for path in level]), strict=True):
                made = tree
                if path:
                    parent, _, name = path.rpartition("/")
                    directories[parent].pop(name, None)
                    if directories[path]:
                        directories[parent][name] = ("40000", tree)
        return made

    def _directories(self, edits: Edits) -> dict[str, dict[str, tuple[str, ObjectId]]]:
        directories = {"": dict(self._root())}
        for path in edits:
            walked = ""
            for name in path.split("/")[:-1]:
                below = f"{walked}/{name}" if walked else name
                if below not in directories:
                    mode, tree = directories[walked].get(name, ("", ObjectId("")))
                    directories[below] = dict(self._entries(tree, below)) if mode == "40000" else {}
                walked = below
        return directories

    def _root(self) -> Entries:
        return self._entries(self._store.root(self.commit), "") if self.commit is not None else {}

    def _entries(self, tree: ObjectId, path: str) -> Entries:
        assert self.commit is not None
        return self._store.entries(tree, commit=self.commit, path=path)


def write_blobs(git: Git, contents: Iterable[bytes]) -> list[ObjectId]:
    """Stores blobs byte for byte, in one process."""
    import tempfile  # Only who writes needs it.

    with tempfile.TemporaryDirectory(prefix="reviewtui-") as directory:
        files = []
        for number, content in enumerate(contents):
            file = Path(directory, str(number))
            file.write_bytes(content)
            files.append(f"{file}\n")
        printed = git.run("hash-object", "-w", "--no-filters", "--stdin-paths", input="".join(files).encode())
    return [ObjectId(line) for line in printed.decode("ascii").split()]


def write_trees(git: Git, trees: Iterable[Entries]) -> list[ObjectId]:
    """Stores tree objects, in one process."""
    parts = []
    for entries in trees:
        for name, (mode, object_id) in entries.items():
            kind = {"40000": "tree", "160000": "commit"}.get(mode, "blob")
            parts.append(f"{mode} {kind} {object_id}\t{name}\0".encode("utf-8", "surrogateescape"))
        parts.append(b"\0")
    printed = git.run("mktree", "-z", "--batch", "--missing", input=b"".join(parts))
    return [ObjectId(line) for line in printed.decode("ascii").split()]


def _depth(path: str) -> int:
    return path.count("/") + 1 if path else 0
