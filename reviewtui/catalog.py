"""Refs → VersionCatalog: which models there are, and which versions of each."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewtui.git.objects import ObjectId, RefName


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
    ("differs on refs/remotes/origin/…", "deprecated").
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

    @property
    def name(self) -> str:
        """MODEL@VERSION."""
        return f"{self.model}@{self.version}"


@dataclass(frozen=True, slots=True)
class PassedOverRef:
    """A ref that looks like a version and is none, with the reason."""

    ref: RefName
    reason: str


@dataclass(frozen=True, slots=True)
class VersionCatalog:
    """All versions, grouped by model (by name), within a model newest version first."""

    versions: tuple[ModelVersion, ...]
    passed_over: tuple[PassedOverRef, ...] = ()
