"""The scene that each attack starts from: built once, copied for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.attacks.scene import Scene, build_scene

_BUILT: dict[str, Scene] = {}


@pytest.fixture
def base_scene(hermetic_git: Path, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    """The one that is copied. It is built inside the first test's hermetic environment."""
    if "base" not in _BUILT:
        _BUILT["base"] = build_scene(tmp_path_factory.mktemp("scene"))
    return _BUILT["base"]


@pytest.fixture
def scene(base_scene: Scene, tmp_path: Path) -> Scene:
    """A candidate that Dana approved, and that lacks one more approval."""
    return base_scene.copy(tmp_path)
