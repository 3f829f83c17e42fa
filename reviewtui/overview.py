"""VersionStatus: where a version stands; and what can be said of that without reading a record or a signature."""

from __future__ import annotations

from collections.abc import Container

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.git.objects import ObjectId
from reviewtui.values import dataclass


@dataclass(frozen=True, slots=True)
class VersionStatus:
    """A version, and where it stands: its state, how many persons' approvals count, and how many are needed.

    `waits_for` are the persons who could open the gate together; `vetoed_by` those whose rejection stands; `impasse`
    says why nobody could (see Decision.impasse).
    """

    version: ModelVersion
    state: str
    approvals: int = 0
    required: int = 0
    waits_for: tuple[str, ...] = ()
    vetoed_by: tuple[str, ...] = ()
    impasse: str = ""


def plain_status(version: ModelVersion, *, signed_tags: Container[ObjectId], required: int) -> VersionStatus | None:
    """Where a version without records stands. None: its tag is signed, so that somebody must judge the signature."""
    if version.kind is not VersionKind.RELEASE:
        return VersionStatus(version, "unreviewed", 0, required)
    if version.tag is not None and version.tag in signed_tags:
        return None
    return VersionStatus(version, "released-unreviewed", 0, required)
