"""The values of the catalog: a version of a model, a ref that is none, and all of them together."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from enum import StrEnum

from reviewtui.git.objects import ObjectId, RefName
from reviewtui.values import dataclass


@dataclass(frozen=True, slots=True)
class ModelLocation:
    """A model, and the directory that holds its files ("." for the whole tree)."""

    name: str
    path: str = "."


SHORT_HASH = 7
"""Digits of the hash that a commit is named by, at least."""


class VersionKind(StrEnum):
    """Where a version comes from: a release tag, a candidate branch, or a commit alone."""

    RELEASE = "release"
    CANDIDATE = "candidate"
    COMMIT = "commit"


@dataclass(frozen=True, slots=True)
class ModelVersion:
    """One version of one model: a commit with a name.

    `version` is written without a leading v. `ref` is the full ref name ("" for a commit). `tag` is the id of the tag
    object of an annotated tag. `other_refs` are further refs that name the same version at the same commit.
    `created` is seconds since 1970, claimed. `stages` are GTO's current stages; `note` is said in the list
    ("differs on refs/remotes/origin/…", "deregistered"). A deregistered version is shown, but never a base.
    """

    model: str
    version: str
    kind: VersionKind
    ref: RefName
    commit: ObjectId
    tag: ObjectId | None = None
    other_refs: tuple[RefName, ...] = ()
    created: int | None = None
    author: str = ""
    subject: str = ""
    stages: tuple[str, ...] = ()
    note: str = ""
    deregistered: bool = False

    @property
    def name(self) -> str:
        """MODEL@VERSION."""
        return f"{self.model}@{self.version}"

    @property
    def is_named_by_commit(self) -> bool:
        """Whether it is named by the hash of its own commit, as a commit alone is, and a release of such a one."""
        is_hash = len(self.version) >= SHORT_HASH and self.commit.startswith(self.version)
        return is_hash or self.kind is VersionKind.COMMIT

    @property
    def refs(self) -> tuple[RefName, ...]:
        """Every ref that names this version at this commit; none for a commit alone."""
        return (self.ref, *self.other_refs) if self.ref else self.other_refs


@dataclass(frozen=True, slots=True)
class PassedOverRef:
    """A ref that looks like a version and is none, with the reason."""

    ref: RefName
    reason: str


class RegistryAction(StrEnum):
    """What a tag of GTO's grammar says, beside naming a version."""

    ASSIGN = "assign"
    UNASSIGN = "unassign"
    DEREGISTER = "deregister"
    DEPRECATE = "deprecate"
    CREATE = "create"


@dataclass(frozen=True, slots=True)
class RegistryEvent:
    """One GTO tag that is no version: a stage given or taken, a version or a model withdrawn.

    `version` is the version it is about: the one at the tag's commit for a stage ("" where there is none).
    """

    ref: RefName
    model: str
    action: RegistryAction
    commit: ObjectId
    stage: str = ""
    version: str = ""
    counter: int | None = None
    created: int | None = None
    author: str = ""


@dataclass(frozen=True, slots=True)
class VersionCatalog:
    """All versions, grouped by model (by name), within a model newest version first and commits last."""

    versions: tuple[ModelVersion, ...]
    passed_over: tuple[PassedOverRef, ...] = ()
    events: tuple[RegistryEvent, ...] = ()

    @property
    def models(self) -> tuple[str, ...]:
        """The names of the models that have a version."""
        return tuple(dict.fromkeys(version.model for version in self.versions))

    def of_model(self, model: str) -> tuple[ModelVersion, ...]:
        """The versions of one model, newest first."""
        first = bisect_left(self.versions, model, key=lambda version: version.model)
        return self.versions[first : bisect_right(self.versions, model, lo=first, key=lambda version: version.model)]


@dataclass(frozen=True, slots=True)
class BaseChoice:
    """The version another one is compared with, and why that one, in words. None: everything is new."""

    version: ModelVersion | None
    reason: str
