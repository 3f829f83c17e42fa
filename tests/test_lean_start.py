"""A list of versions, a hook and the version itself load what they need, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.attacks.scene import BRANCH, REVIEWS, TAG
from tests.model_repository import ModelRepository
from tests.served import Server, approved_release, served_scene

HEAVY = ("textual", "rich", "git", "deepdiff", "cryptography", "yaml", "reviewtui.facts", "reviewtui.diff")
COSTLY = ("dataclasses", "inspect", "tempfile", "shutil", "importlib.util", "logging", "argparse")
"""Modules of the standard library that cost milliseconds and that no hook needs; reviewtui.values has the first."""

SAY = (
    "import sys; from reviewtui.__main__ import main; main({words!r}); "
    "sys.stderr.write('\\n' + ' '.join(sorted(sys.modules)))"
)


def loaded(*words: str, input: str = "", directory: Path | None = None) -> set[str]:
    program = SAY.format(words=list(words))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        (sys.executable, "-c", program), input=input, cwd=directory, env=environment, capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    return set(done.stderr.rpartition("\n")[2].split())


def test_a_list_of_named_versions_loads_no_heavy_package(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "toy")
    repository.many_tags(3)
    modules = loaded("-C", str(repository.path), "list", "--json")
    assert not sorted(modules & {*HEAVY, "dataclasses", "inspect"})


def test_the_version_is_told_without_loading_any_command() -> None:
    assert not {name for name in loaded("--version") if name.startswith(("reviewtui.cli", "argparse", "yaml"))}


@pytest.fixture
def server(tmp_path: Path) -> Server:
    return Server(served_scene(tmp_path), tmp_path / "server.git")


def test_a_hook_that_judges_a_release_loads_nothing_that_it_does_not_need(server: Server) -> None:
    approved_release(server.scene)
    server.git("fetch", "-q", str(server.scene.path), f"{TAG}:refs/fetched/tag", f"{REVIEWS}:refs/fetched/notes")
    old, tag, notes = (server.git("rev-parse", each) for each in (REVIEWS, "refs/fetched/tag", "refs/fetched/notes"))
    lines = f"{'0' * 40} {tag} refs/tags/{TAG}\n{old} {notes} {REVIEWS}\n"
    modules = loaded("hook", "pre-receive", input=lines, directory=server.path)
    assert {"reviewtui.enforcement.tag_rules", "cryptography", "yaml"} <= modules, "it judged"
    spared = ("diff", "policy_change", "enforcement.settings_rules", "git.remotes", "authoring", "signing.keygen")
    needless = {"textual", "rich", "git", "deepdiff", *COSTLY, *(f"reviewtui.{name}" for name in spared)}
    assert not sorted(modules & needless)


def test_a_hook_that_sees_only_a_candidate_reads_neither_settings_nor_facts(server: Server) -> None:
    tip = server.git("rev-parse", f"refs/heads/{BRANCH}")
    modules = loaded("hook", "pre-receive", input=f"{tip} {tip} refs/heads/{BRANCH}\n", directory=server.path)
    assert not sorted(modules & {*HEAVY, *COSTLY, "sqlite3"})
