"""The bundle, and verify.py over it: what is sound is proved, and what somebody changed is found."""

from __future__ import annotations

import ast
import base64
import functools
import hashlib
import json
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from reviewtui.export.bundle import PROGRAMS
from tests.bundled import PROGRAM, Bundle, CheckedOnce, Told, export_bundle, load_verifier, verify, wrong
from tests.command import churn_repository, reviewtui
from tests.model_repository import ModelRepository
from tests.test_readme import run_shell, snippet

REVIEWS = "refs/notes/reviewtui/reviews"


def story_of(path: Path) -> ModelRepository:
    """A release 1.1.0 by two approvals; then a candidate 1.2.0 that was approved once, and rejected."""
    story = churn_repository(path)
    told = (
        ("dana", "comment", "churn@1.1.0", "Which split is this?"),
        ("dana", "approve", "churn@1.1.0", "Good: ✓"),
        ("lin", "approve", "churn@1.1.0", "Fine."),
        ("lin", "release", "churn@1.1.0", ""),
        ("dana", "approve", "churn@1.2.0", "Better still."),
        ("risk", "reject", "churn@1.2.0", "Not with this data."),
        ("dana", "comment", "churn@1.2.0", "What is wrong with it?"),
    )
    story.commit_version(
        "churn", "1.2.0", metrics={"accuracy": 0.95, "loss": 0.2}, start="refs/heads/model/churn/v1.1.0"
    )
    for name, verb, version, comment in told:
        words = ("-m", comment) if comment else ()
        done = reviewtui(story.path, verb, version, *words, "--yes", person=story.person(name))
        assert done.status == 0, done.err
    return story


@functools.cache
def _told_once(place: Path) -> tuple[ModelRepository, Path]:
    story = story_of(place / "models")
    return story, export_bundle(story.path, place / "bundle.tar", person=story.person("dana"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("story")


@pytest.fixture(scope="module")
def verifier() -> ModuleType:
    """verify.py, loaded as it loads its parts: from its own folder."""
    return load_verifier()


@pytest.fixture
def story(place: Path) -> ModelRepository:
    """Told by the first test that asks; nobody changes it."""
    return _told_once(place)[0]


@pytest.fixture
def archive(place: Path) -> Path:
    return _told_once(place)[1]


@pytest.fixture
def unpacked(archive: Path, tmp_path: Path) -> Bundle:
    return Bundle(archive, tmp_path / "bundle")


def test_a_sound_bundle_is_proved(archive: Path, story: ModelRepository) -> None:
    answer = verify(archive)
    assert answer.status == 0, answer.out
    assert wrong(answer) == []
    for proved in ("6 records whose signature", "1 releases judged again", "metrics facts are what Git holds"):
        assert proved in answer.out
    assert "signed by dana@example.com" in answer.out
    assert "churn@v1.0.0 carries no record of a review" in answer.out


def test_it_is_proved_as_a_folder_by_the_programs_that_lie_in_it(unpacked: Bundle) -> None:
    for _ in range(2):
        done = subprocess.run((sys.executable, "verify.py"), cwd=unpacked.place, capture_output=True, check=False)
        assert done.returncode == 0, done.stdout


def test_without_pyyaml_it_says_what_it_could_not_tie(archive: Path) -> None:
    driver = (
        f"import runpy, sys; sys.path.insert(0, {str(PROGRAM.parent)!r}); sys.argv[1:] = [{str(archive)!r}];"
        f" runpy.run_path({str(PROGRAM)!r}, run_name='__main__')"
    )
    done = subprocess.run((sys.executable, "-S", "-c", driver), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    untied = done.stdout.split("Not proved:")[1]
    assert "That the config of models/churn/params.yaml" in untied
    assert "PyYAML is not installed" in untied
    assert "metrics facts are what Git holds" in done.stdout


def test_every_listed_file_can_be_checked_with_sha256sum_and_ssh_keygen(unpacked: Bundle) -> None:
    subprocess.run(("sha256sum", "-c", "--quiet", "--strict", "MANIFEST"), cwd=unpacked.place, check=True)
    words = ("ssh-keygen", "-Y", "check-novalidate", "-n", "reviewtui", "-s", "MANIFEST.sig")
    manifest = (unpacked.place / "MANIFEST").read_bytes()
    subprocess.run(words, input=manifest, cwd=unpacked.place, check=True, capture_output=True)
    for file in (unpacked.place / "facts").glob("*.txt"):
        assert hashlib.sha256(file.read_bytes()).hexdigest() == file.stem


def test_git_reads_the_bundle(unpacked: Bundle, tmp_path: Path) -> None:
    words = ("git", "clone", "-q", "--mirror", str(unpacked.place / "repository.bundle"), str(tmp_path / "clone"))
    subprocess.run(words, check=True, capture_output=True)
    subprocess.run(("git", "fsck", "--strict", "--full"), cwd=tmp_path / "clone", check=True, capture_output=True)
    subprocess.run(("git", "log", "-1", "churn@v1.1.0"), cwd=tmp_path / "clone", check=True, capture_output=True)


def test_the_same_repository_gives_the_same_bytes_however_it_is_packed(story: ModelRepository, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "models"
    shutil.copytree(story.path, copy)
    first = export_bundle(copy, tmp_path / "first.tar", person=story.person("dana")).read_bytes()
    subprocess.run(("git", "repack", "-q", "-a", "-d", "-f", "--depth=1"), cwd=copy, check=True, capture_output=True)
    subprocess.run(("git", "pack-refs", "--all"), cwd=copy, check=True)
    assert export_bundle(copy, tmp_path / "second.tar", person=story.person("dana")).read_bytes() == first


def test_verify_is_short_and_needs_nothing_but_the_standard_library() -> None:
    own = {name.removesuffix(".py") for name in PROGRAMS}
    for name in PROGRAMS:
        text = PROGRAM.with_name(name).read_text("utf-8")
        assert len(text.splitlines()) < 200, name
        imports = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {alias.name for node in imports if isinstance(node, ast.Import) for alias in node.names}
        names |= {str(node.module) for node in imports if isinstance(node, ast.ImportFrom)}
        assert names - own - {"yaml"} <= sys.stdlib_module_names, name


def test_programs_run_on_older_pythons() -> None:
    for name in PROGRAMS:
        ast.parse(PROGRAM.with_name(name).read_text("utf-8"), feature_version=(3, 9))


def test_a_bundle_needs_a_signature(story: ModelRepository, tmp_path: Path) -> None:
    done = reviewtui(story.path, "export", "--format", "bundle", "-o", str(tmp_path / "b.tar"))
    assert done.status == 4
    assert "git config" in done.err
    assert not (tmp_path / "b.tar").exists()


def test_a_clone_without_the_whole_history_makes_no_bundle(story: ModelRepository, tmp_path: Path) -> None:
    words = ("git", "clone", "-q", "--depth=1", f"file://{story.path}", str(tmp_path / "clone"))
    subprocess.run(words, check=True, capture_output=True)
    done = reviewtui(tmp_path / "clone", "export", "-o", str(tmp_path / "b.tar"), person=story.person("dana"))
    assert done.status == 3
    assert "whole history" in done.err


def test_the_exporters_key_can_be_asked_for(archive: Path, story: ModelRepository) -> None:
    words = ("ssh-keygen", "-l", "-f", f"{story.person('dana').private_key}.pub")
    fingerprint = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[1]
    assert verify(archive, "--exporter", fingerprint).status == 0
    assert "MANIFEST.sig" in wrong(verify(archive, "--exporter", "SHA256:" + "A" * 43))[0]


def test_an_auditor_who_brings_keys_trusts_nobody_else(archive: Path, story: ModelRepository, tmp_path: Path) -> None:
    people = [story.person(name) for name in ("dana", "lin", "risk")]
    rows = [f"{person.email} {person.public_key}\n" for person in people]
    own = tmp_path / "signers"
    own.write_text("".join(rows))
    assert verify(archive, "--signers", str(own)).status == 0
    own.write_text(rows[0] + rows[2])
    assert any("signed by no key" in each for each in wrong(verify(archive, "--signers", str(own))))


def test_nothing_leads_out_of_a_hostile_archive(archive: Path, tmp_path: Path) -> None:
    hostile, outside = tmp_path / "hostile.tar", tmp_path / "outside"
    shutil.copy(archive, hostile)
    with tarfile.open(hostile, "a") as tar:
        for name in (str(outside), "../outside", "facts/../../outside"):
            entry = tarfile.TarInfo(name)
            entry.size = PROGRAM.stat().st_size
            with PROGRAM.open("rb") as file:
                tar.addfile(entry, file)
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    answer = verify(hostile)
    assert answer.status == 1
    assert sum("not the file that MANIFEST lists" in each for each in wrong(answer)) == 4
    assert not outside.exists()


def test_any_changed_byte_of_any_file_is_found(unpacked: Bundle, verifier: ModuleType) -> None:
    """One bit at many places of every file in turn; what is signed over Git is a matter of other tests."""
    whole = verifier.Verification(unpacked.place)
    whole.run()
    missed = []
    for path in sorted(each for each in unpacked.place.rglob("*") if each.is_file()):
        data = path.read_bytes()
        for at in range(0, len(data), max(1, len(data) // 64)):
            path.write_bytes(data[:at] + bytes([data[at] ^ 1 << at % 8]) + data[at + 1 :])
            whole.wrong = []
            try:
                whole.check_files()
                if path.name.startswith("MANIFEST"):
                    whole.check_manifest()
            except ValueError:
                continue
            if not whole.wrong:
                missed.append((path.name, data[at], path.read_bytes()[at]))
        path.write_bytes(data)
    whole.history.close()
    # What does not matter: how the lines of the armour are broken.
    assert {name for name, *_ in missed} <= {"MANIFEST.sig"}
    assert all(before == 10 or after in b"\n\r \t" for _, before, after in missed), missed


@pytest.mark.parametrize("name", ["trail.jsonl", "report.html", "facts/INDEX.json", "verify.py", "repository.bundle"])
def test_a_file_that_is_left_out_or_put_in_is_found(unpacked: Bundle, name: str) -> None:
    (unpacked.place / name).rename(unpacked.place / "facts" / "other")
    faults = wrong(verify(unpacked.place))
    assert any(each.startswith(name) for each in faults)
    assert any(each.startswith("facts/other") for each in faults)


def test_a_manifest_that_a_stranger_made_anew_is_found(unpacked: Bundle, tmp_path: Path) -> None:
    stranger = ModelRepository(tmp_path / "elsewhere").person("eve")
    unpacked.tell(lambda told: told[1].update(comment="Something else."))
    unpacked.sign(stranger)
    assert any("nobody who is trusted" in each for each in wrong(verify(unpacked.place)))


def event(told: Told, kind: str, number: int = 0) -> dict[str, Any]:
    return [each for each in told if each.get("event") == kind][number]


LIES: dict[str, tuple[Callable[[Told], object], str]] = {
    "a comment": (lambda told: event(told, "reject").update(comment="Fine."), "tells comment of reject"),
    "a verdict": (lambda told: event(told, "reject").update(verdict="comment"), "tells verdict of reject"),
    "a base": (lambda told: event(told, "approve").update(base=None), "tells base of approve"),
    "a digest": (
        lambda told: event(told, "approve")["digests"].update(data="sha256:" + "0" * 64),
        "tells digests of approve",
    ),
    "a record more": (
        lambda told: told.insert(2, event(told, "approve") | {"record": "sha256:" + "0" * 64}),
        "tells record of approve",
    ),
    "a record less": (lambda told: told.remove(event(told, "reject")), "leaves the record sha256:"),
    "another tag": (lambda told: event(told, "released").update(tag="0" * 40), "tells tag of released"),
    "a release less": (lambda told: told.remove(event(told, "released")), "leaves released refs/tags/churn@v1.1.0 out"),
    "a policy less": (lambda told: told.remove(event(told, "policy")), " out"),
    "a gate that refused": (lambda told: event(told, "gate").update(counted=False), "tells counted of gate"),
    "another branch": (lambda told: told[0]["trusted"].update(commit="0" * 40), ""),
}
"""What an exporter with a trusted key may tell otherwise."""


@functools.cache
def checked_once(archive: Path) -> CheckedOnce:
    return CheckedOnce(archive)


@pytest.mark.parametrize("lie", [lie for lie in LIES if lie != "another branch"])
def test_an_exporter_who_tells_otherwise_than_git_is_found(archive: Path, lie: str) -> None:
    change, words = LIES[lie]
    checked = checked_once(archive)
    assert checked.faults(lambda told: None) == []
    assert any(words in each for each in checked.faults(change))


@pytest.mark.parametrize("lie", ["a comment", "another branch"])
def test_an_exporter_who_tells_otherwise_and_signs_it_is_found(
    unpacked: Bundle, story: ModelRepository, lie: str
) -> None:
    change, words = LIES[lie]
    unpacked.tell(change)
    unpacked.sign(story.person("dana"))
    answer = verify(unpacked.place)
    assert answer.status == 1
    assert any(words in each for each in wrong(answer)), answer.out


def test_facts_that_were_changed_are_found(unpacked: Bundle, story: ModelRepository) -> None:
    files = [each for each in (unpacked.place / "facts").glob("*.txt") if b'"accuracy"' in each.read_bytes()]
    assert len(files) >= 2
    for file in files:
        file.write_bytes(file.read_bytes().replace(b'"accuracy",0.9', b'"accuracy",0.99'))
    unpacked.sign(story.person("dana"))
    assert any("not those that were signed" in each for each in wrong(verify(unpacked.place)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (b'["models/churn/metrics.json","accuracy",0.5]\n', "does not say what people signed as its metrics"),
        (b'["models/churn/metrics.json","loss",0.3]\n', "has a metric that is left out: accuracy"),
        (b"", "has metrics, and the bundle tells none"),
    ],
    ids=["another number", "one left out", "none at all"],
)
def test_other_facts_for_the_base_are_found(unpacked: Bundle, story: ModelRepository, text: bytes, said: str) -> None:
    """The base's metrics decide on a regression, and no signature is over them."""

    def change(index: dict[str, Any]) -> None:
        (base,) = [key for key in index if key.startswith("churn@1.0.0 ")]
        index[base]["metrics"] = "sha256:" + hashlib.sha256(text).hexdigest()
        (unpacked.place / "facts" / f"{hashlib.sha256(text).hexdigest()}.txt").write_bytes(text)

    unpacked.rewrite("facts/INDEX.json", change)
    unpacked.sign(story.person("dana"))
    assert any(said in each for each in wrong(verify(unpacked.place)))


def test_a_policy_that_says_less_than_the_one_in_git_is_found(unpacked: Bundle, story: ModelRepository) -> None:
    (policy,) = [each for each in (unpacked.place / "settings").glob("*.json") if "people" in each.read_text()]
    name = policy.relative_to(unpacked.place).as_posix()
    unpacked.rewrite(name, lambda value: value["releases"][0].update(approvals=[{"count": "1"}]))
    unpacked.sign(story.person("dana"))
    assert any(f"{name} is not what" in each for each in wrong(verify(unpacked.place)))


def note_of(repository: ModelRepository, comment: str) -> tuple[str, str]:
    """The commit and the line of a record, by its comment."""
    for row in repository.git("notes", f"--ref={REVIEWS}", "list").splitlines():
        blob, commit = row.split()
        for line in repository.git("cat-file", "blob", blob).splitlines():
            if comment.encode() in base64.b64decode(json.loads(line)["payload"]):
                return commit, line
    raise AssertionError(comment)


def without(repository: ModelRepository, comment: str, *, rewritten: bool) -> None:
    """Take a record out of the notes: by a commit more, or by a history that never had it."""
    commit, line = note_of(repository, comment)
    lines = repository.git("notes", f"--ref={REVIEWS}", "show", commit).splitlines()
    rest = "".join(f"{each}\n" for each in lines if each != line)
    blob = repository.git("hash-object", "-w", "--stdin", input=rest.encode())
    eve = {f"GIT_{who}_{what}": "eve@example.com" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    repository.git("notes", f"--ref={REVIEWS}", "add", "-f", "-C", blob, commit, env=eve)
    if rewritten:
        tree = repository.git("rev-parse", f"{REVIEWS}^{{tree}}")
        made = repository.git("commit-tree", "-m", "Notes", tree, env=eve)
        repository.git("update-ref", REVIEWS, made)


def test_a_record_that_a_later_commit_took_away_is_found(unpacked: Bundle, story: ModelRepository) -> None:
    unpacked.history(lambda repository: without(repository, "Not with this data.", rewritten=False))
    unpacked.sign(story.person("dana"))
    assert any("a line was taken from the note of" in each for each in wrong(verify(unpacked.place)))


def retold(unpacked: Bundle, story: ModelRepository, comment: str) -> None:
    """The perfect forgery: history and trail as if a record had never been, signed by somebody who is trusted."""
    tips = []

    def forget(repository: ModelRepository) -> None:
        without(repository, comment, rewritten=True)
        tips.append(repository.git("rev-parse", REVIEWS))

    def tell(told: Told) -> None:
        told[:] = [each for each in told if each.get("comment") != comment]
        next(each for each in told[0]["notes"] if each["ref"] == REVIEWS).update(commit=tips[0], commits=1)
        for each in told[1:-1]:
            each.update(note=tips[0] if each["note"] else "", note_position=int(bool(each["note"])))

    unpacked.history(forget)
    unpacked.tell(tell)
    unpacked.sign(story.person("dana"))


def test_a_record_out_of_the_middle_of_a_chain_is_missed_in_a_rewritten_history(
    unpacked: Bundle, story: ModelRepository
) -> None:
    retold(unpacked, story, "Better still.")
    assert any("broken-chain" in each for each in wrong(verify(unpacked.place)))


def test_the_last_record_of_a_person_leaves_no_gap_and_that_is_said(unpacked: Bundle, story: ModelRepository) -> None:
    retold(unpacked, story, "Not with this data.")
    answer = verify(unpacked.place)
    assert not any("sha256:" in each or "record" in each for each in wrong(answer)), answer.out
    assert "nobody's last records were taken away before the export" in answer.out.split("Not proved:")[1]


def test_what_the_exporters_clone_remembers_comes_to_light(story: ModelRepository, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "models"
    shutil.copytree(story.path, copy)
    assert reviewtui(copy, "verify", person=story.person("dana")).status == 0
    repository = object.__new__(ModelRepository)
    repository.path = copy
    without(repository, "Not with this data.", rewritten=True)
    archive = export_bundle(copy, tmp_path / "bundle.tar", person=story.person("dana"))
    assert any("a line was taken from the note of" in each for each in wrong(verify(archive)))


def test_a_release_tag_that_was_swapped_or_made_by_a_stranger_is_found(
    unpacked: Bundle, story: ModelRepository, tmp_path: Path
) -> None:
    eve = ModelRepository(tmp_path / "elsewhere").person("eve")

    def forge(repository: ModelRepository) -> None:
        message = repository.git(
            "for-each-ref", "--format=%(contents:subject)%0a%0a%(contents:body)", "refs/tags/churn@v1.1.0"
        )
        (repository.path / "message").write_text(message.split("-----BEGIN")[0])
        candidate = repository.git("rev-parse", "refs/heads/model/churn/v1.2.0")
        words = ("tag", "-f", "-s", "--cleanup=verbatim", "-F", "message", "churn@v1.1.0", candidate)
        repository.git(*words, env=dict(eve.environment))

    unpacked.history(forge)
    unpacked.sign(story.person("dana"))
    faults = wrong(verify(unpacked.place))
    assert any("signed by no key that was trusted" in each for each in faults)
    assert any("of released refs/tags/churn@v1.1.0 otherwise" in each for each in faults)


def test_a_releaser_who_goes_around_the_gate_is_found(story: ModelRepository, tmp_path: Path) -> None:
    copy = tmp_path / "copy" / "models"
    shutil.copytree(story.path, copy)
    repository = object.__new__(ModelRepository)
    repository.path, repository.now = copy, story.now
    message = repository.git("cat-file", "tag", "churn@v1.1.0").split("\n\n", 1)[1].split("-----BEGIN")[0]
    (tmp_path / "message").write_text(message.replace("1.1.0", "1.2.0"))
    words = (
        "-s",
        "--cleanup=verbatim",
        "-F",
        str(tmp_path / "message"),
        "churn@v1.2.0",
        "refs/heads/model/churn/v1.2.0",
    )
    repository.git("tag", *words, env=dict(story.person("lin").environment))
    archive = export_bundle(copy, tmp_path / "bundle.tar", person=story.person("dana"))
    faults = [each for each in wrong(verify(archive)) if "churn@v1.2.0" in each]
    assert any("which does not count" in each for each in faults)
    assert any("rejected by risk@example.com" in each for each in faults)
    assert any("too few approvals" in each for each in faults)


def test_a_bundle_verifies_by_the_commands_of_the_readme(archive: Path, story: ModelRepository, tmp_path: Path) -> None:
    shutil.copy(archive, tmp_path / "audit.tar")
    words = ("ssh-keygen", "-l", "-f", f"{story.person('dana').private_key}.pub")
    fingerprint = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[1]
    variables = {"programs": str(PROGRAM.parent), "fingerprint": fingerprint}
    done = run_shell(snippet("verify-bundle"), tmp_path, **variables)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 releases judged again" in done.stdout
