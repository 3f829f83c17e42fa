"""What verify.py finds beyond the bytes: tags that lie, histories that were shortened, keys of every kind; and where it
runs."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import yaml

from tests.attacks.scene import CANDIDATE, TAG, build_scene
from tests.bundled import Bundle, CheckedOnce, Told, export_bundle, load_verifier, verify, verify_alone, wrong
from tests.command import Answer, reviewtui
from tests.model_repository import ModelRepository
from tests.test_export_bundle import REVIEWS, story_of, without
from tests.test_freshness import claimed_checkpoint, revoke
from tests.test_x509_walk import Lin, lin, trust

__all__ = ["lin"]

NEEDS_GPGSM = pytest.mark.skipif(shutil.which("gpgsm") is None, reason="gpgsm is not installed.")


@functools.cache
def told_once(place: Path) -> tuple[ModelRepository, Path]:
    """The story, which nobody changes, and its bundle."""
    story = story_of(place / "models")
    return story, export_bundle(story.path, place / "bundle.tar", person=story.person("dana"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("story")


@pytest.fixture
def story(place: Path, tmp_path: Path) -> ModelRepository:
    """A copy that a test may change; the people are the same."""
    copy, original = tmp_path / "copy" / "models", told_once(place)[0]
    shutil.copytree(original.path, copy)
    repository = object.__new__(ModelRepository)
    repository.path, repository.now, repository.people = copy, original.now, original.people
    return repository


@pytest.fixture
def unpacked(place: Path, tmp_path: Path) -> Bundle:
    return Bundle(told_once(place)[1], tmp_path / "bundle")


def faults_of(story: ModelRepository, archive: Path) -> list[str]:
    return wrong(verify(export_bundle(story.path, archive, person=story.person("dana"))))


def test_it_runs_where_there_is_nothing_but_git_and_ssh_keygen(unpacked: Bundle, tmp_path: Path) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "ssh-keygen"):
        (programs / name).symlink_to(str(shutil.which(name)))
    before = sorted(unpacked.place.rglob("*"))
    for each in (*before, unpacked.place):
        each.chmod(0o555)
    answer = verify_alone(unpacked.place, PATH=str(programs))
    assert (answer.status, wrong(answer), answer.err) == (0, [], "")
    assert answer.out.startswith("SOUND: ")
    assert sorted(unpacked.place.rglob("*")) == before


def test_what_is_not_here_cannot_be_checked(tmp_path: Path) -> None:
    (tmp_path / "none").mkdir()
    for answer in (verify_alone(tmp_path / "absent"), verify_alone(tmp_path, PATH=str(tmp_path / "none"))):
        assert answer.status == 2
        assert answer.out.startswith("NOT CHECKED: ")


def test_a_history_that_was_shortened_after_a_checkpoint_is_found(story: ModelRepository, tmp_path: Path) -> None:
    """The same removal goes unnoticed where nobody made one: test_export_bundle."""
    assert reviewtui(story.path, "checkpoint", "--yes", person=story.person("lin")).status == 0
    assert faults_of(story, tmp_path / "sound.tar") == []
    without(story, "Not with this data.", rewritten=True)
    for ref in story.git("for-each-ref", "--format=%(refname)", "refs/reviewtui/seen").split():
        story.git("update-ref", "-d", ref)
    faults = faults_of(story, tmp_path / "shortened.tar")
    assert any(each.startswith(REVIEWS) and "lin@example.com saw" in each for each in faults), faults


def test_a_tag_that_is_gone_since_a_checkpoint_is_found(story: ModelRepository, tmp_path: Path) -> None:
    assert reviewtui(story.path, "checkpoint", "--yes", person=story.person("lin")).status == 0
    story.git("tag", "-d", "churn@v1.1.0")
    for ref in story.git("for-each-ref", "--format=%(refname)", "refs/reviewtui/seen/tags").split():
        story.git("update-ref", "-d", ref)
    faults = faults_of(story, tmp_path / "bundle.tar")
    assert any(each.startswith("refs/tags/churn@v1.1.0") and "saw" in each for each in faults), faults


def test_lines_that_are_no_records_are_listed_and_told(story: ModelRepository, tmp_path: Path) -> None:
    commit = story.git("rev-parse", "churn@v1.1.0^{commit}")
    for kind in ("pipeline", "data", "feedback"):
        story.git("notes", f"--ref=refs/notes/reviewtui/{kind}", "add", "-m", '{"x": 1}\nzwei \x01 ü', commit)
    (tmp_path / "long").write_text("x" * 70_000 + "\n")
    story.git("notes", f"--ref={REVIEWS}", "append", "-F", str(tmp_path / "long"), commit)
    answer = verify(export_bundle(story.path, tmp_path / "bundle.tar", person=story.person("dana")))
    assert (answer.status, wrong(answer)) == (0, [])
    assert "malformed: nobody signed it" in answer.out.split("To know:")[1].split("Not proved:")[0]


def test_a_history_of_notes_with_two_sides_is_told_as_it_is(story: ModelRepository, tmp_path: Path) -> None:
    other = tmp_path / "other"
    story.git("clone", "-q", "--mirror", ".", str(other))
    for path, who in ((story.path, "lin"), (other, "risk")):
        done = reviewtui(path, "comment", "churn@1.2.0", "-m", "Both at once.", "--yes", person=story.person(who))
        assert done.status == 0, done.err
    story.git("fetch", "-q", str(other), f"{REVIEWS}:refs/notes/theirs")
    story.git("notes", f"--ref={REVIEWS}", "merge", "-q", "-s", "cat_sort_uniq", "refs/notes/theirs")
    assert faults_of(story, tmp_path / "bundle.tar") == []


TRAILERS: dict[str, tuple[str, str, str, str]] = {
    "a reviewer who did not review": (
        "<dana@example.com>", "<eve@example.com>", "", "it names eve@example.com as reviewer",
    ),
    "another model": ("Model: churn", "Model: other", "", "its trailers speak of other@1.1.0"),
    "another base": ("\nBase: 1.0.0 ", "\nBase: 1.1.0 ", "", "its base is not what churn@v1.1.0 names"),
    "other facts": ("Facts-Data: sha256:", "Facts-Data: sha256:0", "", "churn@v1.1.0"),
    "an early date": ("", "", "2020-01-01T00:00:00+00:00", "back-dated"),
}  # fmt: skip
"""{lie: (what the tag says, what it is made to say, when, what is said of it)}."""


@pytest.mark.parametrize("lie", TRAILERS)
def test_a_release_tag_that_lies_is_found(story: ModelRepository, tmp_path: Path, lie: str) -> None:
    before, after, at, said = TRAILERS[lie]
    message = story.git("cat-file", "tag", "churn@v1.1.0").split("\n\n", 1)[1].split("-----BEGIN")[0]
    assert before in message
    (tmp_path / "message").write_text(message.replace(before, after, 1) if before else message)
    dates = {"GIT_COMMITTER_DATE": at} if at else {}
    words = ("-f", "-s", "--cleanup=verbatim", "-F", str(tmp_path / "message"), "churn@v1.1.0", "churn@v1.1.0^{commit}")
    story.git("tag", *words, env={**story.person("lin").environment, **dates})
    faults = [each for each in faults_of(story, tmp_path / "bundle.tar") if each.startswith("refs/tags/churn@v1.1.0")]
    assert any(said in each for each in faults), faults


def test_a_release_by_too_few_reviewers_of_those_that_it_names_is_found(story: ModelRepository, tmp_path: Path) -> None:
    text = story.git("cat-file", "tag", "churn@v1.1.0").split("\n\n", 1)[1].split("-----BEGIN")[0]
    lines = text.split("\n")
    records = [each for each in lines if each.startswith("Review-Record: ")]
    (tmp_path / "message").write_text("\n".join(each for each in lines if each != records[0]))
    words = ("-f", "-s", "--cleanup=verbatim", "-F", str(tmp_path / "message"), "churn@v1.1.0", "churn@v1.1.0^{commit}")
    story.git("tag", *words, env=dict(story.person("lin").environment))
    faults = faults_of(story, tmp_path / "bundle.tar")
    assert any("the approvals of 1 persons, and 2 are asked for" in each for each in faults), faults


def test_a_release_by_a_policy_that_another_had_replaced_is_named(story: ModelRepository, tmp_path: Path) -> None:
    """Its times are claims, of whoever made the change and of whoever released: neither proves the order."""
    policy = yaml.safe_load(story.git("show", "main:.reviewtui/policy.yaml"))
    story.settings(policy={**policy, "version": 2})
    answer = verify(export_bundle(story.path, tmp_path / "bundle.tar", person=story.person("dana")))
    assert wrong(answer) == []
    assert "That refs/tags/churn@v1.1.0 was made while its policy was in force" in answer.out.split("Not proved:")[1]


def event(told: Told, kind: str) -> dict[str, Any]:
    return next(each for each in told if each.get("event") == kind)


LIES: dict[str, tuple[Callable[[Told], object], str]] = {
    "the tree of a candidate": (lambda told: event(told, "candidate").update(tree="0" * 40), "tells tree of candidate"),
    "the tip of a candidate": (lambda told: event(told, "candidate").update(commit="0" * 40), "tells it of candidate"),
    "another commit for a candidate": (
        lambda told: event(told, "candidate").update(
            commit=event(told, "released-unreviewed")["commit"], tree=event(told, "released-unreviewed")["tree"]
        ),
        "leaves refs/heads/model/churn/",
    ),
    "a candidate less": (lambda told: told.remove(event(told, "candidate")), "leaves refs/heads/model/churn/"),
    "a gate less": (lambda told: told.remove(event(told, "gate")), "leaves gate refs/tags/churn@v1.1.0 out"),
    "the policy before": (lambda told: event(told, "policy").update(policy_before="0" * 40), "tells policy_before"),
    "when a policy came": (lambda told: event(told, "policy").update(at="2020-01-01T00:00:00Z"), "tells at of policy"),
    "which notes commit brought it": (lambda told: event(told, "approve").update(note="0" * 40), "tells note of"),
    "who signed": (lambda told: event(told, "approve").update(key="SHA256:" + "A" * 43), "tells key of approve"),
    "that an approval did not count": (lambda told: event(told, "approve").update(counted=False), "tells counted"),
    "when it was released": (lambda told: event(told, "released").update(at="2020-01-01T00:00:00Z"), "at of released"),
    "what a release rests on": (lambda told: event(told, "released").update(records=[]), "tells records of released"),
    "a release that was not reviewed": (
        lambda told: event(told, "released-unreviewed").update(ref="refs/tags/churn@v1.1.0"), "tells",
    ),
    "a kind that there is not": (lambda told: event(told, "candidate").update(event="archived"), "it of archived"),
    "who released": (lambda told: event(told, "released").update(actor="eve@example.com"), "tells actor of released"),
    "who proposed": (lambda told: event(told, "candidate").update(actor="Eve"), "tells actor of candidate"),
    "when it was proposed": (lambda told: event(told, "candidate").update(at="2020-01-01T00:00:00Z"), "tells at of"),
    "another version": (lambda told: event(told, "approve").update(name="churn@9.9.9"), "tells it of approve"),
    "another place in the notes": (lambda told: event(told, "approve").update(note_position=9), "tells note_position"),
    "a policy for a candidate": (lambda told: event(told, "candidate").update(policy="0" * 40), "tells policy of"),
    "a gate that rests on nothing that counted": (
        lambda told: event(told, "gate")["findings"][0].update(counted=["sha256:" + "0" * 64]), "tells it of gate",
    ),
    "a gate that a finding closes": (
        lambda told: event(told, "gate")["findings"][0].update(state="unmet"), "tells it of gate",
    ),
    "a record twice": (lambda told: told.insert(-1, event(told, "approve")), "twice"),
    "another order": (lambda told: told.__setitem__(slice(1, -1), told[-2:0:-1]), "in its order"),
    "an alarm in the place of a tag": (
        lambda told: event(told, "released-unreviewed").update(event="alarm"), "leaves refs/tags/churn@v1.0.0 out",
    ),
    "a tag of another kind": (
        lambda told: event(told, "released-unreviewed").update(event="deprecated"), "tells it of deprecated",
    ),
    "another repository": (lambda told: told[0].update(repository="elsewhere"), "is not about this repository"),
    "one kind of notes less": (lambda told: told[0]["notes"].pop(), "tells refs/notes/reviewtui/feedback"),
    "the tip of the notes": (lambda told: told[0]["notes"][0].update(commit="0" * 40), "tells refs/notes/reviewtui"),
}  # fmt: skip
"""What an exporter with a trusted key may tell otherwise, beyond what test_export_bundle tries."""


@functools.cache
def checked_once(place: Path) -> CheckedOnce:
    return CheckedOnce(told_once(place)[1])


@pytest.mark.parametrize("lie", LIES)
def test_an_exporter_who_tells_an_event_otherwise_is_found(place: Path, lie: str) -> None:
    change, words = LIES[lie]
    faults = checked_once(place).faults(change)
    assert any(words in each for each in faults), faults


WORDS = {"reason", "detail", "remarks", "principals"}
OWN = {
    ("gate", "findings"), ("policy", "findings"), ("policy", "records"), ("policy", "counted"),
    ("released-unreviewed", "actor"), ("approve", "counted"), ("comment", "counted"), ("reject", "counted"),
}  # fmt: skip
"""What is the exporter's word in any event, and in which ones: the README, and verify.py itself, name no less."""


def another(value: Any) -> Any:
    """A value of the same kind, where there is one."""
    if isinstance(value, dict):
        return {**value, "data": "sha256:" + "0" * 64}
    if isinstance(value, list):
        return [*value, "sha256:" + "0" * 64]
    return {bool: not value, int: 9, str: f"{value}0", type(None): 9}[type(value)]


def test_every_key_of_every_kind_of_event_is_compared_but_those_that_are_named(place: Path) -> None:
    checked, unnoticed = checked_once(place), set()
    trail = [json.loads(line) for line in checked.sound.splitlines()]
    for number, told in enumerate(trail[1:-1], start=1):
        for key in told:
            if not checked.faults(functools.partial(tell_another, number, key)):
                unnoticed.add((told["event"], key))
            assert checked.faults(functools.partial(leave_out, number, key)), (told["event"], key)
    kinds = {told["event"] for told in trail[1:-1]}
    assert unnoticed <= {(kind, key) for kind in kinds for key in WORDS} | OWN, unnoticed
    assert {(kind, "detail") for kind in kinds} <= unnoticed, "the test would notice"


def tell_another(number: int, key: str, trail: Told) -> None:
    trail[number][key] = another(trail[number][key])


def leave_out(number: int, key: str, trail: Told) -> None:
    del trail[number][key]


def test_a_trail_that_was_cut_is_found_by_its_last_line(unpacked: Bundle, place: Path) -> None:
    trail = unpacked.place / "trail.jsonl"
    lines = trail.read_bytes().split(b"\n")
    trail.unlink()
    trail.write_bytes(b"\n".join([*lines[:-3], *lines[-2:]]))
    unpacked.sign(told_once(place)[0].person("dana"))
    assert any("its last line tells" in each for each in wrong(verify(unpacked.place)))


@pytest.fixture(scope="module")
def reading() -> ModuleType:
    load_verifier()
    return sys.modules["verify_facts"]


CARD = """---
license: mit
model-index:
- name: m
  results:
  - dataset: {type: squad, name: SQuAD, config: plain, split: test}
    metrics: [{type: f1, value: 0.91}, {type: f1, value: 0.89}]
---
# A model
"""
MLMODEL = 'run_id: abc\nsignature:\n  inputs: \'[{"name": "x", "type": "double"}]\'\n  params: null\n'
RESULTS = "- dataset: {id: org/set, task_id: easy}\n  value: 12.5\n"

FILES: dict[str, tuple[str, str, str, str, object, object]] = {
    "a card's metric": ("metrics", "README.md", CARD, "squad/plain/test.f1", 0.91, 0.92),
    "a second result of a card": ("metrics", "README.md", CARD, "squad/plain/test.f1#2", 0.89, 0.9),
    "a card's licence": ("config", "README.md", CARD, "license", "mit", "apache-2.0"),
    "an evaluation": ("metrics", ".eval_results/a.yaml", RESULTS, "org/set/easy", 12.5, 12.6),
    "a signature of MLflow": ("config", "MLmodel", MLMODEL, "signature.inputs.0.type", "double", "long"),
}
"""{what: (category, file, its text, a key, what it says, what it does not say)}."""


@pytest.mark.parametrize("what", FILES)
def test_facts_are_tied_to_cards_evaluations_and_models_of_mlflow(reading: ModuleType, what: str) -> None:
    category, path, text, key, true, false = FILES[what]
    for value, holds in ((true, True), (false, False)):
        said = reading.says(category, {key: [value]}, path=f"models/m/{path}", blob="a" * 40, data=text.encode())
        assert said is holds


def test_a_pointer_of_lfs_tells_algorithm_digest_and_size(reading: ModuleType) -> None:
    pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{'b' * 64}\nsize 12345\n".encode()
    facts = {"sha256": ["b" * 64, 12345]}
    lies = ({"md5": facts["sha256"]}, {"sha256": ["c" * 64, 12345]}, {"sha256": ["b" * 64, 1234]})
    for told in (facts, *lies):
        said = reading.says("data", told, path="weights.bin", blob="a" * 40, data=pointer)
        assert said is (told is facts), told


def test_a_tag_by_a_key_that_was_revoked_since_is_dated_by_checkpoints(tmp_path: Path) -> None:
    scene = build_scene(tmp_path)
    scene.record("lin", "approve")
    done = reviewtui(scene.path, "release", CANDIDATE, "--yes", person=scene.person("dana"))
    assert done.status == 0, done.err
    ref, day = f"refs/tags/{TAG}", 86_400
    scene.repository.now = int(scene.git("for-each-ref", "--format=%(taggerdate:unix)", ref)) + 10 * day

    def answer(name: str) -> Answer:
        return verify(export_bundle(scene.path, tmp_path / name, person=scene.person("lin")))

    claimed_checkpoint(scene, "risk", scene.repository.now - 3 * day)
    assert wrong(answer("late.tar")) == [], "a tag may be pushed late"
    revoke(scene, "dana")
    assert any("back-dated: its key is trusted no more" in each for each in wrong(answer("unseen.tar")))
    claimed_checkpoint(scene, "lin", scene.repository.now - 2 * day, [ref])
    found = answer("seen.tar")
    assert wrong(found) == []
    assert f"{ref} was made before the trust in its key ended" not in found.out


def test_a_tag_by_a_key_that_was_revoked_since_rests_on_its_own_word_without_any(tmp_path: Path) -> None:
    scene = build_scene(tmp_path)
    scene.record("lin", "approve")
    done = reviewtui(scene.path, "release", CANDIDATE, "--yes", person=scene.person("dana"))
    assert done.status == 0, done.err
    scene.repository.now += 10 * 86_400
    revoke(scene, "dana")
    found = verify(export_bundle(scene.path, tmp_path / "bundle.tar", person=scene.person("lin")))
    assert (found.status, wrong(found)) == (0, [])
    assert f"That refs/tags/{TAG} was made before the trust in its key ended" in found.out


def lins_release(tmp_path: Path, lin: Lin, *, authority: bool) -> tuple[Path, Path]:
    """A bundle whose release Lin approved and signed with a certificate; and the folder that holds it."""
    scene = build_scene(tmp_path)
    trust(scene, lin.root, *(() if authority else (lin.own,)))
    later = lin.environment | {"GIT_COMMITTER_DATE": f"{scene.repository.now} +0000"}
    for words in (("approve", CANDIDATE, "-m", "Good."), ("release", CANDIDATE)):
        done = reviewtui(scene.path, *words, "--yes", env=later)
        assert done.status == 0, done.err
    return export_bundle(scene.path, tmp_path / "bundle.tar", person=scene.person("dana")), scene.path


@NEEDS_GPGSM
def test_a_record_and_a_tag_by_a_persons_certificate_are_proved_or_said_to_be_unchecked(
    tmp_path: Path, lin: Lin
) -> None:
    archive, _ = lins_release(tmp_path, lin, authority=False)
    answer = verify(archive)
    assert (answer.status, wrong(answer)) == (0, []), answer.out
    assert "1 releases judged again" in answer.out
    programs = tmp_path / "programs"
    programs.mkdir()
    for name in ("git", "ssh-keygen"):
        (programs / name).symlink_to(str(shutil.which(name)))
    answer = verify_alone(archive, PATH=str(programs))
    assert (answer.status, wrong(answer)) == (2, []), answer.out
    unchecked = answer.out.split("Not checked:")[1].split("WRONG:")[0]
    assert "record sha256:" in unchecked
    assert "refs/tags/churn@v1.1.0" in unchecked
    assert "gpgsm, which is not here" in unchecked


@NEEDS_GPGSM
def test_a_certificate_that_only_an_authority_vouches_for_is_said_to_be_unchecked(tmp_path: Path, lin: Lin) -> None:
    archive, _ = lins_release(tmp_path, lin, authority=True)
    answer = verify(archive)
    assert (answer.status, wrong(answer)) == (2, []), answer.out
    assert "whether an authority vouches" in answer.out


def test_a_release_beside_a_record_that_may_hide_a_rejection_is_found_also_when_its_key_is_gone(tmp_path: Path) -> None:
    """The record that it follows stands beside another commit than its own, and so mends no chain."""
    scene = build_scene(tmp_path)
    astray = scene.record("lin", "comment", beside=scene.tip("main"))
    hiding = scene.record("lin", "comment", seq=2, prev=astray)
    approvals = scene.git("notes", "--ref", REVIEWS, "show", scene.tip()).splitlines()
    dana = next(each for each in map(statement_id, approvals) if each != hiding)
    message = scene.release_message(dana, scene.record("risk"))
    scene.tag(message=message.replace(b"Reviewed-by: Dana", b"Reviewed-by: Risk <risk@example.com>\nReviewed-by: Dana"))
    scene.settings(policy=scene.policy(version=2), signers=scene.signers("dana", "risk"))
    (release,) = (each for each in reviewtui(scene.path, "verify", "--json").json["releases"] if not each["ok"])
    assert "gate-closed: integrity" in release["reason"]
    archive = export_bundle(scene.path, tmp_path / "bundle.tar", person=scene.person("dana"))
    faults = wrong(verify(archive))
    assert len(faults) == 1, faults
    assert faults[0].startswith(f"refs/tags/{TAG}: the record {hiding} might be or hide a rejection")
    gate = event(Bundle(archive, tmp_path / "unpacked").trail(), "gate")
    assert not gate["counted"] and "integrity" in gate["reason"]


def statement_id(line: str) -> str:
    payload = base64.b64decode(json.loads(line)["payload"])
    return f"sha256:{hashlib.sha256(payload).hexdigest()}"
