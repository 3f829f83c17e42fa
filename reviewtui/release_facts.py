"""ReleaseFacts: what a report shows of the versions beside the trail: what a release changed, and how metrics moved."""

from __future__ import annotations

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.diff import TextChange, VersionDiff
from reviewtui.errors import GitError
from reviewtui.facts.model import Fact
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.library import VersionLibrary
from reviewtui.metric_history import metrics_of
from reviewtui.metric_trend import Series, bounds_of, oldest_first, series_of
from reviewtui.review import BaseVersion

_TOGETHER = 64
"""Releases whose trees are remembered together: the base of one is often the one before."""


class ReleaseFacts:
    """Reads one release at a time, so that a report's length costs no memory."""

    def __init__(self, library: VersionLibrary) -> None:
        self._library = library
        self._read = 0

    def difference(
        self, model: str, version: str, commit: str, base: BaseVersion | None
    ) -> tuple[VersionDiff, tuple[TextChange, ...]]:
        """What a version changed against its base, as facts and as text. Raises: GitError, MalformedFileError."""
        self._read += 1
        if self._read % _TOGETHER == 0:
            self._library.repository.tree_store.forget()
        head = ModelVersion(model, version, VersionKind.RELEASE, RefName(""), ObjectId(commit))
        before = None
        if base is not None:
            kind = VersionKind.RELEASE if base.version else VersionKind.COMMIT
            before = ModelVersion(model, base.version, kind, RefName(""), ObjectId(base.commit))
            if not self._library.repository.commits([before.commit]):
                raise GitError(f"The base {base.commit[:10]} is missing.")
        return self._library.compare(before, head), self._library.text_changes(before, head)

    def trends(self, model: str) -> tuple[Series, ...]:
        """The course of each metric over a model's versions, oldest first. Raises: GitError, MalformedFileError."""
        versions = oldest_first(self._library.catalog.of_model(model))
        read = metrics_of(self._library.files, versions)
        self._library.repository.tree_store.forget()
        metrics: dict[tuple[str, str], tuple[Fact, ...]] = {
            (version.commit, version.model): facts for version, facts in zip(versions, read, strict=True)
        }
        return series_of(versions, metrics, bounds_of(self._library.settings.policy, model))
