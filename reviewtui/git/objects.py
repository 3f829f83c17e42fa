"""The values Git hands us."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NewType, Protocol

from reviewtui.values import dataclass

ObjectId = NewType("ObjectId", str)
"""A full, lower-case hexadecimal object id (40 digits for SHA-1, 64 for SHA-256)."""

RefName = NewType("RefName", str)
"""A full ref name, such as refs/tags/v1.0.0."""


@dataclass(frozen=True, slots=True)
class Person:
    """A name and an e-mail address as somebody claims them."""

    name: str
    email: str


@dataclass(frozen=True, slots=True)
class Ref:
    """One ref, and what it points to after every tag was peeled.

    `commit` is None where the ref leads to a tree or a blob, or to an object that is missing.
    `created` is the tagger's or committer's own time, in seconds since 1970 (claimed: for display only).
    `creator` is who made what the ref points to: a tag's tagger, a commit's author (claimed as well).
    `signed` says whether the tag object carries a signature, unverified.
    """

    name: RefName
    object_id: ObjectId
    object_type: str
    commit: ObjectId | None
    peeled_type: str
    created: int | None = None
    creator: Person | None = None
    subject: str = ""
    symbolic_target: str = ""
    signed: bool = False

    @property
    def is_annotated(self) -> bool:
        """Whether the ref points to a tag object."""
        return self.object_type == "tag"


@dataclass(frozen=True, slots=True)
class TreeEntry:
    """One entry of a tree: its path from the tree's root, its mode (octal text, such as 100644) and its object."""

    path: str
    mode: str
    object_id: ObjectId

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file (symbolic links and submodules are not)."""
        return self.mode in ("100644", "100755", "100664")

    @property
    def is_tree(self) -> bool:
        return self.mode in ("40000", "040000")


class Tree(Protocol):
    """The files of one commit, read on demand, never checked out."""

    @property
    def commit(self) -> ObjectId: ...

    def files(self, below: str = "") -> Iterator[TreeEntry]:
        """Every entry that is no directory, below a directory ("" for all), in path order."""
        ...

    def entry(self, path: str) -> TreeEntry | None:
        """The entry at a path (a directory, too), or None."""
        ...

    def size(self, entry: TreeEntry) -> int:
        """The size of the entry's blob in bytes."""
        ...

    def read(self, entry: TreeEntry, *, limit: int) -> bytes:
        """The blob's bytes. Raises MalformedFileError where it is larger than `limit` bytes, or missing."""
        ...


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """What a commit says of itself. `co_authors` are the Co-authored-by lines; `payload` is what `signature` covers."""

    object_id: ObjectId
    tree: ObjectId
    parents: tuple[ObjectId, ...]
    author: Person
    authored: int
    committer: Person
    committed: int
    message: str
    co_authors: tuple[Person, ...] = ()
    signature: bytes | None = None
    payload: bytes = b""

    @property
    def subject(self) -> str:
        """The first line of the message."""
        return self.message.lstrip("\n").partition("\n")[0]


@dataclass(frozen=True, slots=True)
class TagObject:
    """An annotated tag, taken apart. `payload` is what the signature covers; `signature` the armoured block.

    `flaw` says why the signature cannot be trusted to cover the object (text after it, two blocks), else "".
    """

    object_id: ObjectId
    name: str
    target: ObjectId
    target_type: str
    tagger: Person | None
    tagged: int | None
    message: str
    payload: bytes
    signature: bytes | None
    flaw: str = ""
