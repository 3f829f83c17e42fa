"""The jobs that the README gives for hosts without server hooks: valid for their hosts, and their lines really run."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Mapping
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.command import POLICY, churn_repository, reviewtui
from tests.conftest import FIXED_DATE
from tests.model_repository import ModelRepository, PersonWithKey

README = (Path(__file__).resolve().parent.parent / "README.md").read_text(encoding="utf-8")
SCHEMAS = {"gitlab-ci": "vendor.gitlab-ci", "github-workflow": "vendor.github-workflows"}
TAG = "refs/tags/churn@v1.1.0"
BOT = "release-bot"


def _example(name: str) -> str:
    found = re.search(rf"<!-- test: {name} -->\n```yaml\n(.*?)```", README, re.DOTALL)
    assert found, f"the README has no file marked {name}"
    return found[1]


class Host:
    """A bare repository on a host without hooks, the bot's key, and a job's fresh clone."""

    def __init__(self, place: Path, story: ModelRepository) -> None:
        self.place = place
        self.story = story
        self.origin = place / "origin.git"
        self.bot = story.person(BOT)
        subprocess.run(("git", "clone", "-q", "--bare", str(story.path), str(self.origin)), check=True)
        story.git("remote", "add", "origin", str(self.origin))

    def person(self, name: str) -> PersonWithKey:
        return self.story.person(name)

    def approve(self, *names: str) -> None:
        """Reviewers approve in a clone of their own, and sync."""
        for name in names:
            answer = reviewtui(
                self.story.path, "approve", "churn@1.1.0", "-m", "Good.", "--yes", person=self.person(name)
            )
            assert answer.status == 0, answer.err
        assert reviewtui(self.story.path, "sync").status == 0

    def tags(self) -> str:
        listed = subprocess.run(("git", "tag", "--list"), cwd=self.origin, capture_output=True, text=True, check=True)
        return listed.stdout

    def run(self, name: str, version: str = "churn@1.1.0") -> subprocess.CompletedProcess[str]:
        """One run of the job, as its host runs it: a shallow, detached clone, and the lines of the file as they are."""
        work = self.place / f"job-{len(list(self.place.glob('job-*')))}"
        clone = ("git", "clone", "-q", "--single-branch", "--no-tags", f"file://{self.origin}", str(work))
        subprocess.run(clone, check=True)
        subprocess.run(("git", "checkout", "-q", "--detach"), cwd=work, check=True)
        bin_folder = self.place / "bin"
        bin_folder.mkdir(exist_ok=True)
        program = bin_folder / "reviewtui"
        root = Path(__file__).resolve().parent.parent
        program.write_text(f'#!/bin/sh\nPYTHONPATH="{root}" exec "{sys.executable}" -m reviewtui "$@"\n')
        program.chmod(0o755)
        lines, variables = (_gitlab, _github)[name == "github-workflow"](self, work, version)
        # The job runs after the records were made, as jobs do: a tag from before them is back-dated.
        later = {"GIT_COMMITTER_DATE": (datetime.fromisoformat(FIXED_DATE) + timedelta(hours=1)).isoformat()}
        environment = {**os.environ, **later, **variables, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
        return subprocess.run(
            ("bash", "-eo", "pipefail"),
            input=lines,
            cwd=work,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )


def _gitlab(host: Host, work: Path, version: str) -> tuple[str, Mapping[str, str]]:
    job = yaml.safe_load(_example("gitlab-ci"))["release"]
    variables = {
        "CI_PROJECT_DIR": str(work),
        "CI_DEFAULT_BRANCH": "main",
        "RELEASE_KEY": str(host.bot.private_key),
        "RELEASE_URL": f"file://{host.origin}",
        "VERSION": version,
    }
    assert {"RELEASE_URL", "GIT_DEPTH"} <= set(job["variables"])
    return "\n".join(job["script"]) + "\n", variables


def _github(host: Host, work: Path, version: str) -> tuple[str, Mapping[str, str]]:
    steps = yaml.safe_load(_example("github-workflow"))["jobs"]["release"]["steps"]
    (step,) = (each for each in steps if each.get("name") == "Gate, then tag")
    given = {
        "${{ inputs.version }}": version,
        "${{ github.event.repository.default_branch }}": "main",
        "${{ secrets.RELEASE_KEY }}": host.bot.private_key.read_text(),
    }
    temporary = host.place / "runner-temp"
    temporary.mkdir(exist_ok=True)
    return step["run"], {**{key: given[value] for key, value in step["env"].items()}, "RUNNER_TEMP": str(temporary)}


@pytest.fixture(params=SCHEMAS)
def job(request: pytest.FixtureRequest) -> str:
    return str(request.param)


_BUILT: list[ModelRepository] = []


@pytest.fixture
def host(hermetic_git: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Host:
    """A story that is told once, on a host of its own for each test."""
    if not _BUILT:
        people = {**POLICY["people"], "release-bot@example.com": {"roles": ["release-bot"]}}
        policy = {**POLICY, "people": people, "releasers": {"roles": ["release-bot"]}}
        _BUILT.append(churn_repository(tmp_path_factory.mktemp("told") / "models", policy=policy))
        _BUILT[0].person(BOT)
        _BUILT[0].settings()
    shutil.copytree(_BUILT[0].path, tmp_path / "models", symlinks=True)
    story = object.__new__(ModelRepository)
    story.path, story.now, story.people = tmp_path / "models", _BUILT[0].now, dict(_BUILT[0].people)
    return Host(tmp_path, story)


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_file_is_valid_for_its_host(name: str, tmp_path: Path) -> None:
    if find_spec("check_jsonschema") is None:
        pytest.skip("check-jsonschema is not installed (pip install '.[dev]').")
    file = tmp_path / "file.yml"
    file.write_text(_example(name))
    command = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", SCHEMAS[name], str(file))
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_without_approvals_the_job_fails_and_there_is_no_tag(host: Host, job: str) -> None:
    host.approve("dana")
    before = host.tags()
    done = host.run(job)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 of 2" in done.stdout + done.stderr
    assert host.tags() == before


def test_with_the_approvals_the_bot_makes_the_tag(host: Host, job: str) -> None:
    host.approve("dana", "lin")
    done = host.run(job)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "churn@v1.1.0" in host.tags()
    said: Any = subprocess.run(
        ("git", "cat-file", "tag", TAG), cwd=host.origin, capture_output=True, text=True, check=True
    ).stdout
    assert said.count("Review-Record: ") == 2
    assert "tagger Release bot <release-bot@example.com>" in said
    verified = reviewtui(host.origin, "verify")
    assert verified.status == 0, verified.out + verified.err
    host.run(job)
    again: Any = subprocess.run(
        ("git", "cat-file", "tag", TAG), cwd=host.origin, capture_output=True, text=True, check=True
    ).stdout
    assert again == said, "a second run leaves the release as it is"


def test_a_veto_closes_the_job_whoever_asks(host: Host, job: str) -> None:
    host.approve("dana", "lin")
    answer = reviewtui(
        host.story.path, "reject", "churn@1.1.0", "-m", "Wrong month.", "--yes", person=host.person("risk")
    )
    assert answer.status == 0, answer.err
    assert reviewtui(host.story.path, "sync").status == 0
    before = host.tags()
    assert host.run(job).returncode == 1
    assert host.tags() == before


def test_no_version_that_somebody_types_is_more_than_a_name(host: Host, job: str) -> None:
    host.approve("dana", "lin")
    before = host.tags()
    for version in ("--help", "$(touch pwned)", ""):
        assert host.run(job, version).returncode != 0
    assert host.tags() == before
    assert list(host.place.rglob("pwned")) == []
