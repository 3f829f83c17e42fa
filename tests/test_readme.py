"""The README is a promise: its commands exist, and what it says an outsider can verify is verified here its way."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from reviewtui.cli.parser import build_parser
from tests.command import churn_repository, reviewtui
from tests.model_repository import ModelRepository, told_once

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")


def snippet(name: str) -> str:
    """The shell lines that follow a marker in the README."""
    found = re.search(rf"<!-- test: {name} -->\n```sh\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no lines marked {name}"
    return found[1]


def run_shell(script: str, directory: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run lines of the README as they stand, with the variables they name."""
    settings = "".join(f"{key}='{value}'\n" for key, value in variables.items())
    return subprocess.run(
        ("sh", "-eu"), input=settings + script, cwd=directory, capture_output=True, text=True, check=False
    )


@pytest.fixture
def reviewed(tmp_path: Path) -> ModelRepository:
    return told_once("reviewed in test_readme", tmp_path / "models", approved_by_two)


def approved_by_two(path: Path) -> ModelRepository:
    story = churn_repository(path)
    for name in ("dana", "lin"):
        assert reviewtui(story.path, "approve", "churn@1.1.0", "-m", "Gut, weiter so: ✓", "--yes",
                         person=story.person(name)).status == 0  # fmt: skip
    return story


def test_every_record_verifies_with_git_base64_and_ssh_keygen(reviewed: ModelRepository) -> None:
    records = reviewtui(reviewed.path, "reviews", "churn@1.1.0", "--json").json
    lines = reviewed.git("notes", "--ref=refs/notes/reviewtui/reviews", "show", records["commit"]).splitlines()
    assert len(lines) == 2
    good = set()
    for number in (1, 2):
        for reviewer in ("dana@example.com", "lin@example.com"):
            done = run_shell(
                snippet("verify-by-hand"), reviewed.path, commit=records["commit"], n=str(number), reviewer=reviewer
            )
            if done.returncode == 0:
                assert f'Good "reviewtui" signature for {reviewer}' in done.stdout
                good.add((number, reviewer))
    assert len(good) == 2
    assert {number for number, _ in good} == {1, 2}


def test_a_changed_payload_does_not_verify_by_hand(reviewed: ModelRepository) -> None:
    records = reviewtui(reviewed.path, "reviews", "churn@1.1.0", "--json").json
    script = snippet("verify-by-hand").replace("cat payload;", "sed s/approve/reject_/ payload;")
    for reviewer in ("dana@example.com", "lin@example.com"):
        assert run_shell(script, reviewed.path, commit=records["commit"], n="1", reviewer=reviewer).returncode != 0


@pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed.")
def test_the_digest_of_metrics_can_be_computed_with_jq_sort_and_sha256sum(tmp_path: Path) -> None:
    metrics = (
        '{"accuracy": 0.9134, "f1": {"de": 0.81, "fr": 0.79}, "steps": 1200, "Überraschung": 0.5, "epochs": [1, 2]}'
    )
    repository = ModelRepository(tmp_path / "digest")
    repository.commit_files({"metrics.json": metrics, "params.yaml": "lr: 0.1\n"})
    repository.tag("v1.0.0", message="one")
    (repository.path / "metrics.json").write_text(metrics)
    shown = reviewtui(repository.path, "show", "1.0.0", "--json").json
    by_hand = run_shell(snippet("digest-by-hand"), repository.path)
    assert by_hand.returncode == 0, by_hand.stderr
    assert shown["digests"]["metrics"] == "sha256:" + by_hand.stdout.split()[0]


def test_every_command_is_in_the_readme_and_every_command_there_exists() -> None:
    parser = build_parser()
    families = next(action for action in parser._actions if action.dest == "==SUPPRESS==" or action.choices)
    commands = set(families.choices or ())
    table = README.split("## Commands")[1].split("Exit status")[0]
    named = set(re.findall(r"`(?:reviewtui )?([a-z]+)\b", table)) - {"reviewtui", "json"}
    assert commands <= named
    for name in re.findall(r"^\$ reviewtui ([a-z]+)", README, re.MULTILINE):
        assert name in commands


def test_the_help_of_every_command_says_what_it_does() -> None:
    parser = build_parser()
    families = next(action for action in parser._actions if action.choices)
    for name, command in (families.choices or {}).items():
        assert command.description and len(command.description) > 20, name
        assert command.epilog and f"reviewtui {name}" in command.epilog, name


def test_how_it_is_built_names_every_module_and_no_other() -> None:
    picture = README.split("## How it is built")[1].split("```")[1]
    named = set(re.findall(r"(?<![.\w])\w+(?=\.py\b|/ )", picture)) - {"verifier"}
    package = Path(__file__).resolve().parent.parent / "reviewtui"
    modules = {file.stem for file in package.glob("*.py")} - {"__init__"}
    assert named == modules | {file.parent.name for file in package.glob("*/__init__.py")}
