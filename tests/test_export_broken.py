"""The trail of a repository that somebody broke: it is told all the same, by the schema, and says what is wrong."""

from __future__ import annotations

import base64
import io
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reviewtui.export.json_lines import schema, write
from reviewtui.project import Project
from tests.command import POLICY
from tests.many_releases import many_releases
from tests.model_repository import ModelRepository
from tests.notes_by_hand import write_notes

jsonschema = pytest.importorskip("jsonschema")

REVIEWS = "refs/notes/reviewtui/reviews"
TAG = "refs/tags/churn@v1.2.0"


@pytest.fixture(scope="module")
def three_releases(tmp_path_factory: pytest.TempPathFactory) -> ModelRepository:
    repository = ModelRepository(tmp_path_factory.mktemp("broken") / "models")
    many_releases(repository, 3)
    return repository


@pytest.fixture
def story(three_releases: ModelRepository, tmp_path: Path) -> ModelRepository:
    shutil.copytree(three_releases.path, tmp_path / "models", symlinks=True)
    other = object.__new__(ModelRepository)
    other.path, other.now, other.people = tmp_path / "models", three_releases.now, {}
    told(other.path)  # What this clone has seen, it remembers.
    return other


def told(path: Path) -> list[dict[str, Any]]:
    """Every line of the trail, each of which meets the schema."""
    project, out = Project.open(path), io.BytesIO()
    try:
        write(project.audit_trail(), out)
    finally:
        project.repository.close()
    validator = jsonschema.Draft202012Validator(json.loads(schema()))
    lines = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [error.message for line in lines for error in validator.iter_errors(line)] == []
    return lines


def reasons(lines: list[dict[str, Any]], *kinds: str) -> str:
    return " ".join(each.get("reason", "") for each in lines if each.get("event") in kinds or not kinds)


def note_of(story: ModelRepository, number: int) -> tuple[str, bytes]:
    commit = story.git("rev-parse", f"refs/tags/churn@v1.{number}.0^{{commit}}")
    return commit, story.git("notes", f"--ref={REVIEWS}", "show", commit).encode() + b"\n"


def a_blob_for_notes(story: ModelRepository) -> None:
    story.git("update-ref", REVIEWS, story.git("hash-object", "-w", "--stdin", input=b"nothing"))


def deleted_notes(story: ModelRepository) -> None:
    story.git("update-ref", "-d", REVIEWS)


def another_history(story: ModelRepository) -> None:
    commit, note = note_of(story, 3)
    write_notes(story, REVIEWS, {commit: note})


def strange_entries(story: ModelRepository) -> None:
    commit, note = note_of(story, 1)
    blob = story.git("hash-object", "-w", "--stdin", input=b"x")
    entries: dict[str, bytes | str] = {commit: note, "README": b"x", "0" * 40: f"120000 {blob}"}
    write_notes(story, REVIEWS, entries, parent=story.git("rev-parse", REVIEWS))


def a_forged_line(story: ModelRepository) -> None:
    commit, note = note_of(story, 2)
    envelope = json.loads(note.split(b"\n")[0])
    sound = base64.b64decode(envelope["signatures"][0]["sig"])
    envelope["signatures"][0]["sig"] = base64.b64encode(sound[:-1] + bytes([sound[-1] ^ 1])).decode()
    forged = json.dumps(envelope, separators=(",", ":")).encode()
    write_notes(story, REVIEWS, {commit: note + forged + b"\n"}, parent=story.git("rev-parse", REVIEWS))


def a_line_without_end(story: ModelRepository) -> None:
    commit, note = note_of(story, 2)
    write_notes(story, REVIEWS, {commit: note + b"x" * (1 << 20)}, parent=story.git("rev-parse", REVIEWS))


def a_note_of_nothing(story: ModelRepository) -> None:
    _, note = note_of(story, 2)
    write_notes(story, REVIEWS, {"1" * 40: note}, parent=story.git("rev-parse", REVIEWS))


def a_moved_tag(story: ModelRepository) -> None:
    story.git("update-ref", TAG, story.git("rev-parse", "refs/tags/churn@v1.1.0"))


def a_deleted_tag(story: ModelRepository) -> None:
    story.git("update-ref", "-d", TAG)


def an_unreadable_policy(story: ModelRepository) -> None:
    story.settings(policy="version: [\n", allowed_signers="")


def no_settings(story: ModelRepository) -> None:
    story.commit_files({".reviewtui/policy.yaml": None, ".reviewtui/allowed_signers": None})


def other_keys(story: ModelRepository) -> None:
    story.settings(policy={**POLICY, "version": 2}, allowed_signers="not a line\n")


def a_replacement(story: ModelRepository) -> None:
    story.git("replace", "refs/tags/churn@v1.2.0^{commit}", "refs/tags/churn@v1.1.0^{commit}")


@pytest.mark.parametrize(
    ("broken", "said"),
    [
        (a_blob_for_notes, "wrong-target"),
        (deleted_notes, "record-removed"),
        (another_history, "non-fast-forward"),
        (strange_entries, "malformed"),
        (a_forged_line, "bad-signature"),
        (a_line_without_end, "over-limit"),
        (a_note_of_nothing, "subject-commit-mismatch"),
        (a_moved_tag, "tag-name-mismatch"),
        (a_deleted_tag, "tag-deleted"),
        (an_unreadable_policy, "error"),
        (no_settings, ""),
        (other_keys, "signers: "),
        (a_replacement, "replaced-object"),
    ],
)
def test_what_was_broken_is_told_and_nothing_else_is_lost(
    story: ModelRepository, broken: Callable[[ModelRepository], None], said: str
) -> None:
    before = told(story.path)
    assert len([each for each in before if each.get("event") == "approve"]) == 9
    verify = Project.open(story.path)
    verify.verify()
    verify.repository.close()
    broken(story)
    after = told(story.path)
    assert said in reasons(after)
    ids = {each["record"] for each in after if each.get("event") == "approve"}
    assert ids >= {each["record"] for each in before if each.get("event") == "approve"}


@pytest.mark.parametrize("shape", ["empty", "bare", "sha256", "shallow"])
def test_repositories_of_other_shapes_are_told(shape: str, story: ModelRepository, tmp_path: Path) -> None:
    place = tmp_path / shape
    if shape == "empty":
        subprocess.run(("git", "init", "-q", str(place)), check=True)
    elif shape == "bare":
        subprocess.run(("git", "clone", "-q", "--mirror", str(story.path), str(place)), check=True)
        assert told(place)[1:] == told(story.path)[1:]
    elif shape == "sha256":
        many_releases(ModelRepository(place, object_format="sha256"), 2)
        assert reasons(told(place), "released", "gate") == " " * 3
    else:
        subprocess.run(("git", "clone", "-q", "--depth=1", f"file://{story.path}", str(place)), check=True)
        assert "incomplete: the clone is shallow" in reasons(told(place))
    assert told(place)[0]["type"] == "header"
