"""JSON Lines and CSV: every line meets the published schema, every cell is text, a file is whole or not there."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import pty
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.export.csv import COLUMNS, cell
from reviewtui.export.csv import write as write_csv
from reviewtui.export.json_lines import event_json, header_json, schema
from reviewtui.export.json_lines import write as write_lines
from reviewtui.policy.decision import Finding, FindingState, IgnoredRecord
from reviewtui.project import Project
from reviewtui.remarks import Remark
from reviewtui.review import BaseVersion
from reviewtui.trail import EVENTS, AuditTrail, TrailEvent, TrailHeader
from tests.command import churn_repository, reviewtui
from tests.counting import git_processes
from tests.kinds import hub, language, mlflow, pipeline, plain
from tests.many_releases import many_releases
from tests.model_repository import ModelRepository

jsonschema = pytest.importorskip("jsonschema")

DATA = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
HEADER = TrailHeader("git.example.com/ml/churn", "sha1", "refs/heads/main", "a" * 40, "b" * 40, (), "")


@pytest.fixture(scope="module")
def validator() -> Any:
    document = json.loads(schema())
    jsonschema.Draft202012Validator.check_schema(document)
    return jsonschema.Draft202012Validator(document)


def lines_of(trail: AuditTrail) -> bytes:
    out = io.BytesIO()
    write_lines(trail, out)
    return out.getvalue()


def checked(data: bytes, validator: Any) -> list[dict[str, Any]]:
    """Every line, after it was validated; the end tells the truth."""
    *before, last = data.splitlines(keepends=True)
    documents = [json.loads(line) for line in (*before, last)]
    for document in documents:
        errors = [error.message for error in validator.iter_errors(document)]
        assert errors == [], (errors, document)
    assert [each["type"] for each in documents] == ["header", *["event"] * (len(documents) - 2), "end"]
    assert documents[-1]["events"] == len(documents) - 2
    assert documents[-1]["digest"] == f"sha256:{hashlib.sha256(b''.join(before)).hexdigest()}"
    return documents


def trail_of(path: Path) -> bytes:
    project = Project.open(path)
    try:
        return lines_of(project.audit_trail())
    finally:
        project.repository.close()


def test_the_schema_knows_every_kind_of_event_and_every_key(validator: Any) -> None:
    definitions = validator.schema["$defs"]
    event = definitions["event"]
    assert {each["const"]: each["description"] for each in event["properties"]["event"]["oneOf"]} == EVENTS
    assert list(event["properties"]) == list(event["required"]) == list(event_json(TrailEvent("", "remark")))
    header = definitions["header"]
    assert list(header["properties"]) == list(header["required"]) == list(header_json(HEADER))
    assert reviewtui(Path.cwd(), "export", "--schema").out.encode() == schema()


@pytest.mark.parametrize("kind", [hub, language, mlflow, pipeline, plain])
def test_the_trail_of_every_kind_of_repository_meets_the_schema(
    kind: Callable[[Path], ModelRepository], tmp_path: Path, validator: Any
) -> None:
    kind(tmp_path / "repository")
    checked(trail_of(tmp_path / "repository"), validator)


@pytest.mark.parametrize("bundle", sorted(path.name for path in DATA.rglob("*.bundle")) or ["none"])
def test_the_trail_of_a_real_repository_meets_the_schema(bundle: str, tmp_path: Path, validator: Any) -> None:
    found = next(DATA.rglob(bundle), None) if DATA.is_dir() else None
    if found is None:
        pytest.skip("The real repositories are not here.")
    subprocess.run(("git", "clone", "-q", "--no-checkout", str(found), str(tmp_path / "clone")), check=True)
    checked(trail_of(tmp_path / "clone"), validator)


def test_the_trail_of_the_sample_repository_meets_the_schema(tmp_path: Path, validator: Any) -> None:
    from reviewtui.demo import build_demo

    documents = checked(trail_of(build_demo(tmp_path / "demo")), validator)
    kinds = {each.get("event") for each in documents}
    assert kinds >= {"candidate", "approve", "reject", "comment", "gate", "released", "released-unreviewed", "policy"}


TEXT = st.text(st.characters(codec=None), max_size=40)


def events() -> Iterator[TrailEvent]:
    hostile = '=1+1 \x1b[31m\u202e"\r\n\t\ud800\U000e0041,;'
    finding = Finding("approvals", FindingState.MET, hostile, ("sha256:" + "0" * 64,), (IgnoredRecord("", hostile),))
    yield TrailEvent(
        "2026-01-01T00:00:00Z", "approve", name=hostile, base=BaseVersion(hostile, "a" * 40), comment=hostile,
        remarks=(Remark("config", hostile, hostile),), findings=(finding,), line=hostile, principals=(hostile,),
    )  # fmt: skip


def test_hostile_text_comes_back_as_it_was_and_reaches_no_terminal(validator: Any) -> None:
    data = lines_of(AuditTrail(HEADER, events()))
    (event,) = events()
    assert checked(data, validator)[1]["comment"] == event.comment
    assert not [byte for byte in data if byte < 0x20 and byte != 0x0A] and "\u202e" not in data.decode()


@given(TEXT)
def test_any_text_comes_back_from_json_lines(text: str) -> None:
    told = json.loads(lines_of(AuditTrail(HEADER, iter((TrailEvent("", "remark", comment=text),)))).splitlines()[1])
    assert told["comment"].encode("utf-16", "surrogatepass") == text.encode("utf-16", "surrogatepass")


@given(TEXT)
def test_no_cell_is_a_formula_or_holds_a_control_character(text: str) -> None:
    shown = cell(text)
    assert not shown.lstrip().startswith(("=", "+", "-", "@", "＝", "＋", "－", "＠"))
    assert all(character >= " " and character != "\x7f" for character in shown)
    for separator in ",;|":
        for part in shown.split(separator):
            assert not part.lstrip(" \"'").startswith(("=", "+", "@")) or part.lstrip(' "')[0] == "'"


def test_a_row_is_a_line_and_reads_back_by_the_rules_of_rfc_4180() -> None:
    out = io.BytesIO()
    write_csv(AuditTrail(HEADER, events()), out)
    lines = out.getvalue().decode().split("\r\n")
    assert len(lines) == 3 and lines[-1] == ""
    names, row = csv.reader(lines[:2], strict=True)
    assert tuple(names) == COLUMNS and len(row) == len(COLUMNS)
    assert dict(zip(names, row, strict=True))["comment"].startswith("'=1+1 ␛[31m")


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed.")
def test_libreoffice_finds_no_formula(tmp_path: Path) -> None:
    table = tmp_path / "trail.csv"
    with table.open("wb") as out:
        write_csv(AuditTrail(HEADER, events()), out)
    words = ("soffice", "--headless", "--convert-to", "fods", "--outdir", str(tmp_path), str(table))
    subprocess.run(words, check=True, capture_output=True, timeout=120, env={**os.environ, "HOME": str(tmp_path)})
    document = (tmp_path / "trail.fods").read_text(encoding="utf-8")
    assert "=1+1" in document and "table:formula" not in document


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    return churn_repository(tmp_path / "models")


def test_a_file_is_replaced_whole_or_stays_as_it_was(story: ModelRepository, tmp_path: Path) -> None:
    file = tmp_path / "trail.csv"
    file.write_text("before")
    file.chmod(0o640)
    broken = reviewtui(story.path, "export", "nothing", "-o", str(file))
    assert broken.status == 2 and file.read_text() == "before"
    done = reviewtui(story.path, "export", "-o", str(file))
    assert (done.status, done.out) == (0, ""), done.err
    assert file.read_bytes().startswith(b'"at","event"') and file.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir() if each.name.startswith(".")] == []
    nowhere = reviewtui(story.path, "export", "-o", str(tmp_path / "no" / "where.csv"))
    assert nowhere.status == 2 and "cannot be written" in nowhere.err


def test_standard_output_is_the_same_as_a_file(story: ModelRepository, tmp_path: Path) -> None:
    file = tmp_path / "trail.jsonl"
    assert reviewtui(story.path, "export", "-o", str(file)).status == 0
    assert reviewtui(story.path, "export").out.encode() == file.read_bytes()
    assert reviewtui(story.path, "export", "-o", "-").out.encode() == file.read_bytes()


def test_a_terminal_meets_no_control_character(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "hostile")
    repository.commit_files({"metrics.json": "{}"}, message="\x1b]0;owned\x07 \u202eevil\n")
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        (sys.executable, "-m", "reviewtui", "-C", str(repository.path), "export"), stdout=theirs, stdin=theirs
    ) as process:
        os.close(theirs)
        shown = b""
        try:
            while chunk := os.read(ours, 65536):
                shown += chunk
        except OSError:
            pass  # Linux says so where the other end was closed.
        assert process.wait() == 0
    os.close(ours)
    assert b"evil" in shown and b"\x1b" not in shown and "\u202e" not in shown.decode()


def test_an_export_starts_as_many_git_processes_for_many_releases_as_for_few(tmp_path: Path) -> None:
    counts = []
    for count in (3, 150):
        repository = ModelRepository(tmp_path / str(count))
        many_releases(repository, count)
        started, answer = git_processes(repository.path, "export", trace=tmp_path / "trace")
        assert answer.status == 0, answer.err
        assert answer.out.count('"event":"released"') == count and '"counted":false' not in answer.out
        counts.append(sorted(started))
    assert counts[0] == counts[1]
