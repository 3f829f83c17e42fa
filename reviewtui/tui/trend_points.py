"""What a trend asks for: the versions of a model, oldest first, and the bounds that the policy sets to its metrics."""

from __future__ import annotations

from reviewtui.catalog import ModelVersion
from reviewtui.metric_trend import Bounds, bounds_of, oldest_first
from reviewtui.tui.project_like import ProjectLike

SLICE = 200
"""Versions that are read in one go; between two slices others may ask the project, and the reading may be stopped."""


def read_versions(project: ProjectLike, model: str) -> tuple[tuple[ModelVersion, ...], Bounds]:
    """The versions of a model, oldest first, and the bounds of its metrics; runs in a worker."""
    return oldest_first(project.catalog.of_model(model)), bounds_of(project.settings.policy, model)
