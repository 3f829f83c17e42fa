"""A list of versions loads what it needs, and nothing else."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from tests.model_repository import ModelRepository

HEAVY = ("textual", "rich", "git", "deepdiff", "cryptography", "yaml", "reviewtui.facts", "reviewtui.diff")
SAY = (
    "import sys; from reviewtui.__main__ import main; main({words!r}); "
    "sys.stderr.write(' '.join(sorted(sys.modules)))"
)


def loaded(*words: str) -> set[str]:
    program = SAY.format(words=list(words))
    done = subprocess.run((sys.executable, "-c", program), capture_output=True, text=True, check=True)
    return set(done.stderr.split())


def test_a_list_of_named_versions_loads_no_heavy_package(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "toy")
    repository.many_tags(3)
    assert loaded("-C", str(repository.path), "list", "--json").isdisjoint(HEAVY)


def test_the_version_is_told_without_loading_any_command() -> None:
    assert not {name for name in loaded("--version") if name.startswith(("reviewtui.cli", "argparse", "yaml"))}
