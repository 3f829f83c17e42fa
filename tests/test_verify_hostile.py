"""verify.py before archives, histories and records that somebody made in order to mislead it, or to stop it."""

from __future__ import annotations

import base64
import json
import resource
import shutil
import tarfile
from pathlib import Path
from typing import Any

import pytest

from tests.bundled import Bundle, export_bundle, verify, wrong
from tests.command import reviewtui
from tests.model_repository import ModelRepository
from tests.test_export_bundle import REVIEWS
from tests.test_verify_bundle import place, story, told_once

__all__ = ["place", "story"]

MEMBERS: dict[str, dict[str, Any]] = {
    "a link in the place of a file": {"name": "trail.jsonl", "type": tarfile.LNKTYPE, "linkname": "report.html"},
    "a symbolic link": {"name": "link", "type": tarfile.SYMTYPE, "linkname": "/etc/passwd"},
    "a folder outside": {"name": "../outside", "type": tarfile.DIRTYPE},
    "a pipe": {"name": "pipe", "type": tarfile.FIFOTYPE},
    "nothing but holes": {
        "name": "holes", "pax_headers": {"GNU.sparse.size": str(1 << 27), "GNU.sparse.map": "0,0"}
    },
}  # fmt: skip


@pytest.mark.parametrize("member", MEMBERS)
def test_what_is_no_plain_file_is_found_and_not_read(place: Path, tmp_path: Path, member: str) -> None:
    """A tar that follows a link hands out other files than those that were checked; holes would fill the memory."""
    hostile, entry = tmp_path / "hostile.tar", tarfile.TarInfo()
    shutil.copy(told_once(place)[1], hostile)
    for name, value in MEMBERS[member].items():
        setattr(entry, name, value)
    with tarfile.open(hostile, "a", format=tarfile.PAX_FORMAT) as tar:
        tar.addfile(entry)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    faults = wrong(verify(hostile))
    assert faults == [f"{entry.name}: it is missing, or not the file that MANIFEST lists"]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 1 << 16


@pytest.mark.parametrize("ref", ["refs/replace/", "refs/notes/reviewtui/more/"])
def test_a_ref_that_no_export_makes_is_found(place: Path, tmp_path: Path, ref: str) -> None:
    """A replaced commit shows another history to whoever clones the bundle than the one that was checked."""
    story, archive = told_once(place)
    unpacked = Bundle(archive, tmp_path / "bundle")

    def replace(repository: ModelRepository) -> None:
        tip = repository.git("rev-parse", REVIEWS)
        repository.git("update-ref", f"{ref}{tip}", repository.git("rev-parse", f"{REVIEWS}~2"))

    unpacked.history(replace)
    unpacked.sign(story.person("dana"))
    assert any(each.startswith(ref) for each in wrong(verify(unpacked.place)))


def test_a_branch_that_went_on_after_its_review_is_in_the_bundle_as_it_stands(
    story: ModelRepository, tmp_path: Path
) -> None:
    """Records name the branch, and the commit at which it stood."""
    story.now = 2_000_000_000  # After the records.
    story.commit_version("churn", "1.2.0", metrics={"accuracy": 0.96}, start="refs/heads/model/churn/v1.2.0")
    archive = export_bundle(story.path, tmp_path / "bundle.tar", person=story.person("dana"))
    assert wrong(verify(archive)) == []
    unpacked = Bundle(archive, tmp_path / "bundle")
    heads = story.git("bundle", "list-heads", str(unpacked.place / "repository.bundle"))
    assert f"{story.git('rev-parse', 'model/churn/v1.2.0')} refs/heads/model/churn/v1.2.0" in heads


SHAPES: dict[str, dict[str, Any]] = {
    "a reviewer with a NUL": {"reviewer": "da\0na@example.com"},
    "a reviewer who is a number": {"reviewer": 5},
    "half a character": {"reviewer": "\ud800@example.com"},
    "a base without a commit": {"base": {}},
    "facts without digests": {"facts": {}},
    "a number that is none": {"seq": float("nan")},
}


def test_a_record_of_another_shape_is_named_and_hides_nothing_else(story: ModelRepository, tmp_path: Path) -> None:
    """Whoever may push notes could stop the verification of all else by one line."""
    commit = story.git("rev-parse", "model/churn/v1.2.0")
    lines = story.git("notes", f"--ref={REVIEWS}", "show", commit).splitlines()
    envelope = json.loads(lines[0])
    for shape in SHAPES.values():
        statement = json.loads(base64.b64decode(envelope["payload"]))
        statement["predicate"] |= shape
        payload = base64.b64encode(json.dumps(statement).encode()).decode()
        lines.append(json.dumps({**envelope, "payload": payload}, separators=(",", ":")))
    (tmp_path / "note").write_text("".join(f"{line}\n" for line in lines))
    blob = story.git("hash-object", "-w", str(tmp_path / "note"))
    story.git("notes", f"--ref={REVIEWS}", "add", "-f", "-C", blob, commit)
    assert reviewtui(story.path, "verify").status == 1
    answer = verify(export_bundle(story.path, tmp_path / "bundle.tar", person=story.person("dana")))
    faults = wrong(answer)
    assert len(faults) == len(SHAPES), faults
    assert all(each.startswith("record sha256:") and each.endswith(": bad-signature") for each in faults), faults
    assert "1 releases judged again" in answer.out


def test_a_tag_of_a_year_that_no_calendar_holds_is_told_without_one(story: ModelRepository, tmp_path: Path) -> None:
    commit = story.git("rev-parse", "churn@v1.0.0^{commit}")
    head = f"object {commit}\ntype commit\ntag churn@v0.9.0\ntagger A <a@example.com> 253402300800 +0000\n\nOld.\n"
    tag = story.git("hash-object", "-t", "tag", "-w", "--stdin", input=head.encode())
    story.git("update-ref", "refs/tags/churn@v0.9.0", tag)
    answer = verify(export_bundle(story.path, tmp_path / "bundle.tar", person=story.person("dana")))
    assert (answer.status, wrong(answer)) == (0, [])
