"""The bundles of ../shared/data, cloned bare once."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.real.asking import git

Bundle = Callable[[str], Path]


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory, shared_data: Path) -> Bundle:
    """bundle(name) is the bare clone of one real repository."""
    place = tmp_path_factory.mktemp("real")

    def clone(name: str) -> Path:
        source, target = shared_data / f"{name}.bundle", place / f"{name}.git"
        if not source.is_file():
            pytest.skip(f"The bundle {name} is not here.")
        if not target.is_dir():
            git(place, "clone", "--quiet", "--mirror", str(source), str(target))
        return target

    return clone
