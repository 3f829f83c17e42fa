"""Bundles of many kinds of repositories: whatever reviewtui allowed and verifies, verify.py proves as well."""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from reviewtui.review import Verdict
from tests.bundled import Bundle, export_bundle, verify, wrong
from tests.command import POLICY, reviewtui
from tests.model_repository import ModelRepository, told_once
from tests.test_openpgp import Keyring
from tests.test_process_counts import review

CONFIG: dict[str, Any] = {"repository": "git.example.com/ml/churn", "models": {"churn": {"path": "models/churn"}}}
POINTER = "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n"


def a_story(path: Path, *, policy: dict[str, Any] = POLICY, object_format: str = "sha1") -> ModelRepository:
    """A base without settings, the settings, and a candidate 1.1.0 with facts in many formats."""
    name = f"kinds {object_format} {json.dumps(policy)}"
    return told_once(name, path, lambda place: _a_story(place, policy, object_format))


def released(path: Path) -> ModelRepository:
    """The story with 1.1.0 approved by two and released."""

    def tell(place: Path) -> ModelRepository:
        story = a_story(place)
        act(story, *RELEASED)
        return story

    return told_once("kinds released", path, tell)


def _a_story(path: Path, policy: dict[str, Any], object_format: str) -> ModelRepository:
    story = ModelRepository(path, object_format=object_format)
    for name in ("dana", "lin", "risk"):
        story.person(name)
    story.commit_version("churn", "1.0.0", metrics={"accuracy": 0.91}, params={"lr": 0.1})
    story.tag("churn@v1.0.0", "refs/heads/model/churn/v1.0.0", message="churn 1.0.0")
    story.settings(config=CONFIG, policy=policy)
    story.commit_version(
        "churn", "1.1.0", start="refs/heads/main",
        params={"train": {"lr": 0.10, "big": 1e-05, "names": ["a", "b"], "on": True, "none": None, "text": "1.10"}},
        metrics={"accuracy": 0.93, "f1": {"de": 0.5, "all": [0.1, 0.2]}, "steps": 12},
        data={"data/train.csv": "2" * 32},
        files={
            "models/churn/conf/model.toml": "[model]\ndepth = 3\nwhen = 2026-01-05\nratio = 0.50\n",
            "models/churn/conf/extra.yaml": "hex: 0x1F\nplain: no\ntime: 12:30\nsci: 1e3\ninf: .inf\nold: 010\n",
            "models/churn/model.bin": POINTER.format("ab" * 32),
            "models/churn/small.onnx": b"\x00\x01weights",
            "models/churn/requirements.txt": "numpy==2.1\n# Kommentar: ü\n",
        },
    )  # fmt: skip
    return story


def act(story: ModelRepository, *told: tuple[str, ...], at: str = "") -> None:
    """What people do, one after another; `at` is when Git says that they did."""
    dates = {"GIT_AUTHOR_DATE": at, "GIT_COMMITTER_DATE": at} if at else {}
    for name, verb, version, *comment in told:
        words = ("-m", *comment) if comment else ()
        done = reviewtui(story.path, verb, version, *words, "--yes", person=story.person(name), env=dates)
        assert done.status == 0, done.err


RELEASED = (
    ("dana", "approve", "churn@1.1.0", "Good."),
    ("lin", "approve", "churn@1.1.0", "Fine."),
    ("lin", "release", "churn@1.1.0"),
)


def prove(story: ModelRepository, archive: Path, *, releases: int = 1) -> str:
    assert reviewtui(story.path, "verify").status == 0
    answer = verify(export_bundle(story.path, archive, person=story.person("dana")))
    assert wrong(answer) == []
    assert answer.status == 0
    assert f"{releases} releases judged again" in answer.out
    return answer.out


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_facts_of_every_format_are_tied_to_git(tmp_path: Path, object_format: str) -> None:
    story = a_story(tmp_path / "models", object_format=object_format)
    act(story, *RELEASED)
    out = prove(story, tmp_path / "bundle.tar")
    for category in ("config", "metrics", "data", "environment"):
        assert f" {category} facts are what Git holds" in out
    assert "Git holds:" not in out.split("Not proved:")[1]


def test_a_bare_repository_gives_the_same_bundle_as_its_clone(tmp_path: Path) -> None:
    story = released(tmp_path / "models")
    story.git("clone", "-q", "--mirror", ".", str(tmp_path / "mirror"))
    first = export_bundle(story.path, tmp_path / "first.tar", person=story.person("dana"))
    second = export_bundle(tmp_path / "mirror", tmp_path / "second.tar", person=story.person("dana"))
    assert first.read_bytes() == second.read_bytes()


def test_what_came_after_a_release_undoes_nothing(tmp_path: Path) -> None:
    story = released(tmp_path / "models")
    act(story, ("dana", "withdraw", "churn@1.1.0", "On second thoughts."), at="2026-04-01T09:00:00+00:00")
    people = {name: roles for name, roles in POLICY["people"].items() if not name.startswith("lin")}
    signers = "".join(f"{story.person(name).email} {story.person(name).public_key}\n" for name in ("dana", "risk"))
    story.now = int(datetime(2026, 5, 1, tzinfo=UTC).timestamp())
    story.settings(config=CONFIG, policy={**POLICY, "version": 2, "people": people}, allowed_signers=signers)
    prove(story, tmp_path / "bundle.tar")


def test_a_base_whose_metrics_nobody_can_read_is_no_fault(tmp_path: Path) -> None:
    story = a_story(tmp_path / "models")
    story.commit_files({"models/churn/metrics.json": '{"accuracy": 0.9, "accuracy": 0.95}\n'})
    story.tag("churn@v1.0.1", "main")
    story.commit_version("churn", "1.1.1", metrics={"accuracy": 0.93}, start="refs/heads/main")
    act(story, ("dana", "approve", "churn@1.1.1", "Fine."), ("lin", "approve", "churn@1.1.1", "Fine."))
    act(story, ("dana", "release", "churn@1.1.1"))
    prove(story, tmp_path / "bundle.tar")


def test_a_release_by_an_override_is_proved(tmp_path: Path) -> None:
    policy = {**POLICY, "overrides": {"roles": ["risk"], "max_age": "5200w"}}
    story = a_story(tmp_path / "models", policy=policy)
    act(story, ("lin", "reject", "churn@1.1.0", "No."))
    review(story, story.person("risk"), [("churn@1.1.0", Verdict.OVERRIDE)])
    act(story, ("dana", "release", "churn@1.1.0"))
    prove(story, tmp_path / "bundle.tar")


@pytest.mark.skipif(shutil.which("gpg") is None, reason="gpg is not installed.")
def test_a_record_signed_by_openpgp_is_proved(tmp_path: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="gpg-") as home:
        keyring = Keyring(Path(home))
        fingerprint = keyring.make("Risk Desk <risk@example.com>")
        story = a_story(tmp_path / "models")
        story.settings(
            allowed_signers="".join(f"{story.person(n).email} {story.person(n).public_key}\n" for n in ("dana", "lin")),
            files={".reviewtui/openpgp/risk.asc": keyring.public("risk@example.com")},
        )
        user = f"[user]\n\tname = Risk\n\temail = risk@example.com\n\tsigningkey = {fingerprint}\n"
        (tmp_path / "risk").write_text(f"[gpg]\n\tformat = openpgp\n{user}")
        env = {"GNUPGHOME": home, "GIT_CONFIG_GLOBAL": str(tmp_path / "risk")}
        done = reviewtui(story.path, "approve", "churn@1.1.0", "-m", "Allowed.", "--yes", env=env)
        subprocess.run(["gpgconf", "--homedir", home, "--kill", "all"], check=False)
        assert done.status == 0, done.err
    # The key is younger than the date that tests give to Git.
    act(story, RELEASED[0], RELEASED[2], at=datetime.now(UTC).isoformat(timespec="seconds"))
    prove(story, tmp_path / "bundle.tar")


def test_records_beside_a_commit_that_no_branch_leads_to_are_in_the_bundle(tmp_path: Path) -> None:
    story = a_story(tmp_path / "models")
    act(story, RELEASED[0])
    orphan = story.git("rev-parse", "refs/heads/model/churn/v1.1.0")
    story.git("update-ref", "-d", "refs/heads/model/churn/v1.1.0")
    archive = export_bundle(story.path, tmp_path / "bundle.tar", person=story.person("dana"))
    answer = verify(archive)
    assert answer.status == 0, answer.out
    heads = (Bundle(archive, tmp_path / "bundle").place / "repository.bundle").read_bytes().partition(b"\n\n")[0]
    assert f"{orphan} refs/bundle/{orphan}".encode() in heads


def test_a_repository_without_settings_makes_a_bundle_by_a_key_that_must_be_named(tmp_path: Path) -> None:
    story = ModelRepository(tmp_path / "models")
    dana = story.person("dana")
    story.commit_files({"models/churn/metrics.json": '{"accuracy": 0.91}'})
    story.tag("churn@v1.0.0", message="churn 1.0.0")
    archive = export_bundle(story.path, tmp_path / "bundle.tar", person=dana)
    assert "nobody who is trusted" in wrong(verify(archive))[0]
    words = ("ssh-keygen", "-l", "-f", f"{dana.private_key}.pub")
    fingerprint = subprocess.run(words, capture_output=True, text=True, check=True).stdout.split()[1]
    answer = verify(archive, "--exporter", fingerprint)
    assert (answer.status, wrong(answer)) == (0, [])


def test_a_repository_without_a_trusted_branch_proves_nothing(tmp_path: Path) -> None:
    story = ModelRepository(tmp_path / "models")
    story.commit_version("churn", "1.0.0", metrics={"accuracy": 0.91})
    archive = export_bundle(story.path, tmp_path / "bundle.tar", person=story.person("dana"))
    assert "no trusted branch" in wrong(verify(archive))[0]


def test_a_part_of_the_trail_is_not_taken_for_all_of_it(tmp_path: Path) -> None:
    story = released(tmp_path / "models")
    words = ("--format", "bundle", "-o", str(tmp_path / "part.tar"), "--until", "2020-01-01")
    assert reviewtui(story.path, "export", *words, person=story.person("dana")).status == 0
    answer = verify(tmp_path / "part.tar")
    assert answer.status == 0, answer.out
    assert "1 releases judged again" in answer.out
    assert "nothing is left out: the export was asked about until 2020-01-01" in answer.out.split("Not proved:")[1]


REAL = ("articlequality", "bank-customer-churn", "evidently-dvc", "roberta-base-squad2", "rota")


@pytest.mark.parametrize("name", REAL)
def test_a_release_in_a_real_repository_is_proved(shared_data: Path, tmp_path: Path, name: str) -> None:
    if not (shared_data / f"{name}.bundle").exists():
        pytest.skip(f"{name}.bundle is not here.")
    story = ModelRepository(tmp_path / "models")
    dana = story.person("dana")
    story.git(
        "fetch",
        "-q",
        "--update-head-ok",
        str(shared_data / f"{name}.bundle"),
        "HEAD:refs/heads/main",
        "+refs/tags/*:refs/tags/*",
    )
    candidate = story.git("rev-parse", "refs/heads/main")
    story.now = int(story.git("log", "-1", "--format=%ct", "main"))
    entry = {"models": ["*"], "approvals": [{"count": 1, "roles": ["science"]}], "exclude": []}
    story.settings(
        config={"repository": f"example/{name}", "tags": ["m@{version}"], "models": {"m": {}}},
        policy={"version": 1, "people": {dana.email: {"roles": ["science"]}}, "releases": [entry]},
    )
    story.git("update-ref", "refs/heads/model/m/v9.9.9", candidate)
    act(story, ("dana", "approve", "m@9.9.9", "It runs."), ("dana", "release", "m@9.9.9"))
    answer = verify(export_bundle(story.path, tmp_path / "bundle.tar", person=dana))
    assert (answer.status, wrong(answer)) == (0, [])
    assert "1 releases judged again" in answer.out


SHAPES: dict[str, tuple[str, str]] = {
    "no trail": ("trail.jsonl", ""),
    "a trail of lists": ("trail.jsonl", "[]\n[]\n[]\n"),
    "a header alone": ("trail.jsonl", '{"type": "header"}\n'),
    "a key twice": ("trail.jsonl", '{"trusted": {}, "trusted": {}}\n'),
    "deep nesting": ("trail.jsonl", "[" * 100_000 + "\n"),
    "an index of numbers": ("facts/INDEX.json", "17"),
    "no history": ("repository.bundle", ""),
    "another history": ("repository.bundle", "# v2 git bundle\n" + "0" * 40 + " refs/heads/main\n\nPACK"),
    "an option for a ref": ("repository.bundle", "# v2 git bundle\n" + "0" * 40 + " --upload-pack=touch x\n\n"),
}
"""{what: (file, content)}: what a forger with a trusted key may put in the place of a file."""


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_no_bundle_at_all_is_said_to_be_none(tmp_path: Path, shape: str) -> None:
    story = released(tmp_path / "models")
    forged = Bundle(export_bundle(story.path, tmp_path / "b.tar", person=story.person("dana")), tmp_path / "bundle")
    name, content = SHAPES[shape]
    (forged.place / name).unlink()
    (forged.place / name).write_text(content)
    forged.sign(story.person("dana"))
    answer = verify(forged.place)
    assert answer.status == 1
    assert wrong(answer)
    assert "Traceback" not in answer.err
