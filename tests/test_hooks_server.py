"""The server's hook, over real pushes: what may happen to release tags, to records, and to the trusted branch."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from reviewtui.git.objects import ObjectId
from reviewtui.git.repository import Repository
from reviewtui.git.turns import _receives
from reviewtui.policy_change import policy_change_subject, policy_change_version
from reviewtui.review import Review, Verdict, encode_review
from reviewtui.settings import load_settings
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature
from tests.attacks.scene import BRANCH, IDENTITY, POLICY, REVIEWS, TAG, Scene
from tests.command import reviewtui
from tests.model_repository import ModelRepository
from tests.served import NOTES, Server, approved_release, copied, served_scene

_BUILT: dict[str, Scene] = {}


@pytest.fixture
def server(hermetic_git: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Server:
    """The candidate lacks one approval, here and on the server."""
    if "scene" not in _BUILT:
        _BUILT["scene"] = served_scene(tmp_path_factory.mktemp("served"))
    return copied(_BUILT["scene"], tmp_path)


# Releases.


def test_a_release_and_its_approvals_come_in_one_push(server: Server) -> None:
    approved_release(server.scene)
    said = server.accepts(f"refs/tags/{TAG}", NOTES)
    assert "the gate allows it" in said
    assert f"refs/tags/{TAG}" in server.refs()


def test_a_tag_without_enough_approvals_is_refused_in_the_words_of_the_gate(server: Server) -> None:
    server.scene.tag()
    findings = reviewtui(server.scene.path, "gate", "churn@1.1.0", "--json").json["findings"]
    (reason,) = [finding["reason"] for finding in findings if finding["state"] == "unmet"]
    server.refuses(reason, f"refs/tags/{TAG}")


def test_a_release_whose_records_stayed_at_home_says_so(server: Server) -> None:
    server.git("update-ref", "-d", REVIEWS)
    approved_release(server.scene)
    server.refuses("reviewtui sync", f"refs/tags/{TAG}")
    server.accepts(f"refs/tags/{TAG}", NOTES)


def test_a_veto_that_only_the_server_has_blocks_the_release(server: Server) -> None:
    other = server.scene.copy(server.path.parent / "other")
    approved_release(server.scene)
    other.record("risk", "reject")
    subprocess.run(("git", "push", "-q", str(server.path), NOTES), cwd=other.path, check=True)
    server.refuses("Rejected by risk@example.com", f"refs/tags/{TAG}")


def test_a_record_that_does_not_count_is_listed_with_its_reason(server: Server) -> None:
    server.scene.put(server.scene.signed("lin", server.scene.review("lin")), beside=server.scene.tip("main"))
    server.scene.record("mallory")
    server.scene.tag()
    said = server.refuses("not counted: unknown-key", f"refs/tags/{TAG}", NOTES)
    assert "sha256:" in said


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (("--no-sign", TAG), "lightweight-tag"),
        (("-a", "--no-sign", "-m", "churn 1.1.0", TAG), "unsigned-tag"),
        (("-s", "-m", "churn 1.1.0", TAG), "no-trailers"),
    ],
)
def test_a_tag_by_hand_is_refused(server: Server, words: tuple[str, ...], reason: str) -> None:
    server.scene.record("lin")
    server.scene.git("tag", *words, BRANCH, env=server.scene.person("dana").environment)
    server.refuses(reason, f"refs/tags/{TAG}", NOTES)


@pytest.mark.parametrize(("who", "reason"), [("mallory", "unknown-key"), ("risk", "no-role")])
def test_only_a_releaser_makes_the_tag(server: Server, who: str, reason: str) -> None:
    lin = server.scene.record("lin")
    server.scene.tag(who=who, message=server.scene.release_message(lin))
    server.refuses(reason, f"refs/tags/{TAG}", NOTES)


def test_a_tag_object_under_another_name_is_refused(server: Server) -> None:
    approved_release(server.scene)
    said = server.refuses("tag-name-mismatch", f"refs/tags/{TAG}:refs/tags/churn@v9.9.9", NOTES)
    assert "bad-trailers" in said


@pytest.mark.parametrize("spec", ["{tag}", "{commit}^{{tree}}", "{commit}:models/churn/params.yaml"])
def test_a_tag_of_anything_but_a_commit_is_refused(server: Server, spec: str) -> None:
    approved_release(server.scene)
    target = server.scene.git("rev-parse", spec.format(tag=f"refs/tags/{TAG}", commit=server.scene.tip()))
    message = server.scene.release_message()
    made = server.scene.tag("outer", message=message, target=target)
    raw = server.scene.git("cat-file", "tag", made).replace("tag outer", f"tag {TAG}")
    made = server.scene.git("hash-object", "-t", "tag", "-w", "--literally", "--stdin", input=raw.encode() + b"\n")
    server.scene.git("update-ref", f"refs/tags/{TAG}", made)
    server.refuses("wrong-target", f"refs/tags/{TAG}", NOTES)


def test_a_tag_that_claims_what_does_not_count_is_refused(server: Server) -> None:
    server.scene.record("lin")
    rejected = server.scene.record("dana", "comment", seq=2)
    unknown = "sha256:" + "7" * 64
    server.scene.tag(message=server.scene.release_message(rejected, unknown))
    said = server.refuses(f"unknown-record: {unknown}", f"refs/tags/{TAG}", NOTES)
    assert "uncounted-record" in said or rejected not in said


def test_a_release_tag_is_never_moved_or_deleted(server: Server) -> None:
    approved_release(server.scene)
    server.accepts(f"refs/tags/{TAG}", NOTES)
    server.scene.tag()
    server.refuses("tag-moved", "--force", f"refs/tags/{TAG}")
    server.refuses("tag-deleted", "--delete", f"refs/tags/{TAG}")
    server.refuses("tag-deleted", "--delete", "refs/tags/churn@v1.0.0")


def test_a_release_stays_where_the_patterns_of_names_have_changed(server: Server) -> None:
    message = server.scene.release_message()
    server.scene.tag("rel/1.1.0", message=message)
    server.git("fetch", "-q", str(server.scene.path), "refs/tags/rel/1.1.0:refs/tags/rel/1.1.0")
    server.refuses("tag-deleted", "--delete", "refs/tags/rel/1.1.0")


def test_a_push_of_hundreds_of_bad_tags_is_refused_in_few_words(server: Server) -> None:
    names = [f"churn@v7.{number}.0" for number in range(300)]
    lines = "".join(f"create refs/tags/{name} {server.scene.commit}\n" for name in names)
    server.scene.git("update-ref", "--stdin", input=lines.encode())
    said = server.refuses("more reasons", "--tags")
    assert said.count("remote: ") < 100


def test_a_second_tag_of_a_released_version_is_refused(server: Server) -> None:
    approved_release(server.scene)
    server.accepts(f"refs/tags/{TAG}", NOTES)
    message = server.scene.release_message()
    server.scene.amend({"models/churn/params.yaml": "train:\n  lr: 9\n"})
    server.scene.tag("churn@1.1.0", message=message)
    server.refuses("bad-name: The release of churn@1.1.0 is named churn@v1.1.0", "refs/tags/churn@1.1.0")


@pytest.mark.parametrize(
    "name",
    ["Churn@v1.1.0", "churn@V1.1.0", "churn@v1.1.0\u200b", "churn@v１.1.0", "churn@vnext", "CHURN@v1.0.0", "churn@v.x"],
)  # fmt: skip
def test_a_tag_that_looks_like_a_release_is_refused(server: Server, name: str) -> None:
    server.scene.git("update-ref", f"refs/tags/{name}", server.scene.tip())
    server.refuses("look-alike", f"refs/tags/{name}")


@pytest.mark.parametrize("name", ["nightly", "docs/today", "churn-notes", "experiments/lin"])
def test_other_tags_are_free(server: Server, name: str) -> None:
    server.scene.git("tag", "--no-sign", name, BRANCH)
    server.accepts(f"refs/tags/{name}")
    server.accepts("--delete", f"refs/tags/{name}")


def test_candidates_are_pushed_rewound_and_deleted_freely(server: Server) -> None:
    server.scene.amend({"models/churn/params.yaml": "train:\n  lr: 9\n"})
    assert "reviewtui" not in server.accepts(BRANCH).replace(str(server.path), "")
    server.accepts("--force", f"{server.scene.commit}:refs/heads/{BRANCH}")
    server.accepts("--delete", f"refs/heads/{BRANCH}")


def test_a_tag_that_an_administrator_vouches_for_is_not_judged(server: Server) -> None:
    server.scene.git("tag", "--no-sign", "churn@v0.9.0", "main")
    server.refuses("lightweight-tag", "refs/tags/churn@v0.9.0")
    (server.path / "reviewtui").mkdir(exist_ok=True)
    listed = server.scene.git("rev-parse", "refs/tags/churn@v0.9.0")
    (server.path / "reviewtui" / "older-tags").write_text(f"{listed} refs/tags/churn@v0.9.0\n")
    server.accepts("refs/tags/churn@v0.9.0")


def test_a_server_with_a_cut_history_releases_nothing(server: Server) -> None:
    approved_release(server.scene)
    (server.path / "shallow").write_text(server.git("rev-parse", "main~1") + "\n")
    server.refuses("history is cut off", f"refs/tags/{TAG}", NOTES)


def test_a_release_is_taken_back_by_a_releaser_alone_and_for_good(server: Server) -> None:
    name = "churn@v1.0.0!"
    server.scene.git("tag", "--no-sign", "-a", "-m", "x", name, "churn@v1.0.0^{}")
    server.refuses("unsigned-tag", f"refs/tags/{name}")
    for who, reason in (("risk", "no-role"), ("mallory", "unknown-key"), ("dana", "")):
        environment = server.scene.person(who).environment
        server.scene.git("tag", "-f", "-s", "-m", "x", name, "churn@v1.0.0^{}", env=environment)
        if reason:
            server.refuses(reason, f"refs/tags/{name}")
    server.accepts(f"refs/tags/{name}")
    server.refuses("tag-deleted", "--delete", f"refs/tags/{name}")


@pytest.mark.parametrize(
    "ref",
    [
        *("refs/Tags/churn@v3.0.0", "refs/heads/MAIN", "refs/notes/Reviewtui/reviews"),
        *("refs/heads/ma\u200cin", "refs/heads/ｍain", "refs/ta\u2060gs/churn@v3.0.0"),
        *("refs/notes/review\u200dtui/reviews", "refs/notes/reviewtui/review\u017f"),
    ],
)
def test_a_name_that_is_a_guarded_one_on_some_disks_is_refused(server: Server, ref: str) -> None:
    server.refuses("bad-name" if "notes" in ref else "look-alike", f"main:{ref}")


# Records.


def test_an_earlier_rejection_of_the_version_is_found_by_the_index_and_without_it(server: Server) -> None:
    scene = server.scene
    scene.record("risk", "reject")
    server.accepts(NOTES)
    scene.amend({"models/churn/params.yaml": "train:\n  lr: 0.04\n"})
    records = [scene.record("dana", seq=2), scene.record("lin", seq=2)]
    scene.tag(message=scene.release_message(*records))
    words = (BRANCH, f"refs/tags/{TAG}", NOTES)
    server.refuses("Rejected by risk@example.com", *words)
    index = server.path / "reviewtui" / "records.sqlite"
    assert index.is_file()
    for damage in (b"", b"no database" * 1000):
        index.write_bytes(damage)
        server.refuses("Rejected by risk@example.com", *words)
    index.unlink()
    index.mkdir()
    server.refuses("Rejected by risk@example.com", *words)


def test_an_index_of_an_older_version_is_made_anew(server: Server) -> None:
    index = server.path / "reviewtui" / "records.sqlite"
    index.parent.mkdir(exist_ok=True)
    index.unlink(missing_ok=True)
    with contextlib.closing(sqlite3.connect(index)) as older:
        older.execute("CREATE TABLE state (key TEXT PRIMARY KEY, value TEXT NOT NULL)")
        older.execute("CREATE TABLE record (annotated TEXT, id TEXT, model TEXT, version TEXT, prev TEXT)")
        older.execute("INSERT INTO state VALUES ('format', '1')")
        older.commit()
    approved_release(server.scene)
    server.accepts(f"refs/tags/{TAG}", NOTES)
    with contextlib.closing(sqlite3.connect(index)) as made:
        assert made.execute("SELECT count(*) FROM record").fetchone() == (1,), "what was there before the push"
        assert made.execute("SELECT value FROM state WHERE key='format'").fetchone() == ("3",)


def test_a_broken_chain_about_another_version_closes_the_gate(server: Server) -> None:
    approved_release(server.scene)
    commit = server.scene.repository.commit_version("fraud", "2.1.0", params={"lr": 0.3})
    review = server.scene.review("lin", of="fraud@2.1.0", seq=7, prev="sha256:" + "5" * 64)
    server.scene.put(server.scene.signed("lin", review), beside=commit)
    server.refuses("broken-chain", f"refs/tags/{TAG}", NOTES)


def removed(scene: Scene, *, again: bool = False) -> None:
    before = scene.note(scene.commit)
    scene.write_notes({scene.commit: None})
    if again:
        scene.write_notes({scene.commit: before})


def test_a_fast_forward_that_removes_a_record_is_refused(server: Server) -> None:
    removed(server.scene)
    said = server.refuses("record-removed", NOTES)
    assert "reviewtui sync" in said


def test_a_record_that_is_removed_and_put_back_is_refused(server: Server) -> None:
    removed(server.scene, again=True)
    server.refuses("record-removed", NOTES)


def test_a_record_with_one_byte_changed_is_refused(server: Server) -> None:
    note = server.scene.note(server.scene.commit)
    server.scene.write_notes({server.scene.commit: note.replace(b'"sig"', b'"siG"', 1)})
    server.refuses("record-removed", NOTES)


def unsigned(payload: str) -> bytes:
    """A line of the right shape, by nobody."""
    return Envelope(payload.encode(), PAYLOAD_TYPE, (Signature("SHA256:none", b"none"),)).to_line()


def test_a_note_may_move_into_a_directory_and_gain_lines(server: Server) -> None:
    commit = server.scene.commit
    note = server.scene.note(commit)
    server.scene.write_notes({commit: None, f"{commit[:2]}/{commit[2:]}": note})
    server.accepts(NOTES)
    server.scene.write_notes({f"{commit[:2]}/{commit[2:]}": unsigned("another") + b"\n" + note})
    server.accepts(NOTES)


def test_records_are_never_rewound_deleted_or_replaced(server: Server) -> None:
    server.refuses("record-removed: Records are never deleted", "--delete", REVIEWS)
    server.scene.record("lin")
    server.accepts(NOTES)
    first = server.scene.git("rev-list", "--max-parents=0", REVIEWS)
    server.refuses("non-fast-forward", "--force", f"{first}:{REVIEWS}")
    other = server.scene.write_notes({server.scene.commit: b"x\n"}, ref="refs/notes/other", parents=("",))
    server.refuses("non-fast-forward", "--force", f"{other}:{REVIEWS}")


@pytest.mark.parametrize("kind", ["blob", "tree", "tag"])
def test_a_notes_ref_leads_to_a_commit(server: Server, kind: str) -> None:
    if kind == "tag":
        target = server.scene.tag("plain", target=server.scene.git("rev-parse", REVIEWS))
    else:
        target = server.scene.git("rev-parse", "main^{tree}" if kind == "tree" else "main:.reviewtui/policy.yaml")
    server.refuses("wrong-target", f"{target}:refs/notes/reviewtui/pipeline")


@pytest.mark.parametrize(
    ("path", "content"),
    [("README", b"hello\n"), ("ab/cd", b"hello\n"), ("{upper}", b"hello\n"), ("{other}", ("120000", "{blob}"))],
)
def test_what_is_no_note_is_refused(server: Server, path: str, content: bytes | tuple[str, str]) -> None:
    scene = server.scene
    place = path.format(upper=scene.commit.upper(), other=scene.tip("main"))
    if isinstance(content, tuple):
        content = (content[0], scene.git("rev-parse", "main:.reviewtui/policy.yaml"))
    scene.write_notes({place: content})
    server.refuses("malformed", NOTES)


def test_a_line_that_is_no_record_is_refused_and_one_that_is_there_already_stays(server: Server) -> None:
    """Lines are never removed again; a note full of short ones would keep everybody's gate busy for minutes."""
    scene = server.scene
    tip = scene.notes_tip()
    scene.put(b"no record")
    scene.put(b"{}")
    server.refuses("malformed: 1 of the note of", NOTES)
    # From before the hook, and brought here by a merge of both sides.
    server.git("fetch", "-q", str(scene.path), f"{REVIEWS}:{REVIEWS}")
    there = scene.notes_tip()
    scene.git("update-ref", REVIEWS, tip)
    scene.record("risk", "comment", comment="Hm.", seq=9)
    ours = scene.notes_tip()
    both = scene.note(scene.commit) + b"no record\n{}\n"
    scene.write_notes({scene.commit: both}, parents=(ours, there))
    server.accepts(NOTES)


def test_a_record_or_a_note_over_the_limit_is_refused(server: Server) -> None:
    server.scene.write_notes({server.scene.tip("main"): b"x" * (64 * 1024 + 1) + b"\n"})
    server.refuses("over-limit", NOTES)
    server.scene.write_notes(
        {server.scene.tip("main"): b"\n".join(b"%060d" % n for n in range(80_000))},
        parents=(server.scene.git("rev-parse", f"{REVIEWS}~1"),),
    )
    server.refuses("over-limit", "--force", NOTES)


def test_a_note_over_the_limit_is_refused_by_the_same_words_as_the_gate_is_closed_by(server: Server) -> None:
    note = b"\n".join(b"%060d" % number for number in range(80_000))
    server.scene.write_notes({server.scene.tip("main"): note})
    said = f"over-limit: {len(note)} bytes, at most 4194304 are read"
    server.refuses(said, NOTES)
    gate = reviewtui(server.scene.path, "gate", "churn@1.1.0")
    assert gate.status != 0
    assert said in gate.out + gate.err


def test_a_push_of_too_many_changes_of_notes_is_refused_and_the_limit_can_be_raised(server: Server) -> None:
    for number in range(5):
        server.scene.put(unsigned(f"line {number}"))
    server.git("config", "reviewtui.maxNoteChanges", "4")
    server.refuses("over-limit: The push brings more than 4 commits or changes of notes; push them in smaller", NOTES)
    server.accepts(f"{REVIEWS}~1:{REVIEWS}")
    server.git("config", "reviewtui.maxNoteChanges", "nonsense")
    server.accepts(NOTES)


def test_a_push_of_many_notes_commits_that_change_nothing_is_refused_as_well(server: Server) -> None:
    tip = server.scene.notes_tip()
    tree = server.scene.git("rev-parse", f"{tip}^{{tree}}")
    for _ in range(5):
        tip = server.scene.git("commit-tree", tree, "-p", tip, "-m", "nothing")
    server.scene.git("update-ref", REVIEWS, tip)
    server.git("config", "reviewtui.maxNoteChanges", "4")
    server.refuses("over-limit: The push brings more than 4 commits", NOTES)


@pytest.mark.parametrize("ref", ["refs/notes/reviewtui", "refs/notes/reviewtui/Reviews", "refs/notes/reviewtui/a/b"])
def test_a_notes_ref_that_could_stand_in_the_way_is_refused(server: Server, ref: str) -> None:
    server.refuses("bad-name", f"{REVIEWS}:{ref}")


def test_other_notes_are_free(server: Server) -> None:
    server.accepts(f"{REVIEWS}:refs/notes/commits")
    server.accepts("--delete", "refs/notes/commits")


def test_replacements_are_refused(server: Server) -> None:
    server.refuses("never replaced", f"main:refs/replace/{server.scene.commit}")


@pytest.mark.parametrize("ref", ["refs/rep\u200blace/{}", "refs/REPLACE/{}", "refs/review\u200btui/seen/reviews"])
def test_what_is_a_guarded_place_on_some_disks_is_refused_as_such(server: Server, ref: str) -> None:
    reason = "never replaced" if "tui" not in ref else "neither sent nor received"
    server.refuses(reason, f"main:{ref.format(server.scene.commit)}")


def test_what_a_clone_remembers_stays_in_it(server: Server) -> None:
    assert reviewtui(server.scene.path, "list").status == 0
    seen = "refs/reviewtui/seen/reviews"
    assert server.scene.git("for-each-ref", seen)
    server.refuses("neither sent nor received", "--mirror")
    server.refuses("neither sent nor received", f"{seen}:{seen}")
    server.refuses("neither sent nor received", f"{REVIEWS}:refs/ReviewTui/seen/reviews")
    server.git("update-ref", seen, server.git("rev-parse", REVIEWS))
    server.refuses("neither sent nor received", "--delete", seen)


# The trusted branch.


def policy_record(server: Server, who: str, verdict: str = "approve") -> None:
    """A review of the settings at the tip of main, as their version."""
    scene = server.scene
    repository = Repository.open(scene.path)
    commit = ObjectId(scene.tip("main"))
    version = policy_change_version(commit, load_settings(repository.tree(commit)))
    subject = policy_change_subject(repository, version, identity=IDENTITY, policy=None)
    repository.close()
    review = Review(
        subject, Verdict(verdict), "Read.", scene.person(who).email, 1, None, "2026-01-06T10:00:00Z", "reviewtui"
    )
    scene.put(scene.signed(who, encode_review(review)), beside=commit)


def test_a_change_of_the_policy_needs_the_approvals_of_the_policy_before(server: Server) -> None:
    changed = server.scene.policy(version=2)
    changed["policy_changes"] = {"approvals": [{"count": 1, "roles": ["data-science"]}]}
    server.scene.settings(policy=changed)
    said = server.refuses("approvals: 1 of release-manager", "main")
    assert ".reviewtui@2" in said
    assert "boss@example.com" in said
    policy_record(server, "dana")
    server.refuses("approvals: 1 of release-manager", "main", NOTES)
    policy_record(server, "boss")
    assert "in force from now on" in server.accepts("main", NOTES)


def test_a_rejection_keeps_a_policy_out(server: Server) -> None:
    server.scene.settings(policy=server.scene.policy(version=2))
    policy_record(server, "boss")
    policy_record(server, "risk", "reject")
    server.refuses("Rejected by risk@example.com", "main", NOTES)


@pytest.mark.parametrize(("version", "reason"), [(1, "policy-version-unchanged"), (0, "")])
def test_the_version_of_the_policy_grows_with_every_change(server: Server, version: int, reason: str) -> None:
    server.scene.settings(policy=server.scene.policy(version=version or 5))
    if not version:
        policy_record(server, "boss")
        server.accepts("main", NOTES)
        server.scene.settings(policy=server.scene.policy(version=4))
        reason = "policy-version-decreased"
    else:
        server.scene.settings(policy=POLICY, signers="")
    policy_record(server, "boss")
    server.refuses(reason, "main", NOTES)


@pytest.mark.parametrize(
    ("who", "reason"), [("dana@old.example.com", ""), ("lin@example.com", "more than one principal")]
)
def test_a_key_may_stand_under_every_address_of_its_owner_and_under_no_other(
    server: Server, who: str, reason: str
) -> None:
    scene = server.scene
    signers = f"{scene.signers()}{who} {scene.person('dana').public_key}\n"
    scene.settings(policy=scene.policy(version=2), signers=signers)
    policy_record(server, "boss")
    if reason:
        server.refuses(reason, "main", NOTES)
    else:
        server.accepts("main", NOTES)


def test_a_new_key_in_the_settings_has_no_say_in_its_own_push(server: Server) -> None:
    scene = server.scene
    scene.settings(signers=scene.signers() + f"boss@example.com {scene.person('mallory').public_key}\n")
    server.refuses("policy-version-unchanged", "main")


def test_a_weaker_policy_and_its_release_in_one_push_are_judged_by_the_old_one(server: Server) -> None:
    scene = server.scene
    scene.settings(policy={**scene.entry(approvals=[{"count": 1, "roles": ["data-science"]}]), "version": 2})
    policy_record(server, "boss")
    dana = scene.git("notes", "--ref", REVIEWS, "list", scene.commit)
    assert dana
    scene.tag()
    server.refuses("2 of data-science or risk: 1 of 2", "main", f"refs/tags/{TAG}", NOTES)


def test_a_push_that_leaves_the_settings_alone_needs_nothing(server: Server) -> None:
    server.scene.repository.commit_files({"README.md": "hello\n"})
    assert "remote:" not in server.accepts("main")


def test_the_trusted_branch_is_never_rewound_or_deleted(server: Server) -> None:
    server.git("config", "receive.denyDeleteCurrent", "ignore")
    server.refuses("trusted-branch", "--force", "main~1:refs/heads/main")
    server.refuses("trusted-branch", "--delete", "refs/heads/main")


def test_no_push_makes_another_branch_the_trusted_one(server: Server) -> None:
    server.git("config", "--unset", "reviewtui.trustedBranch")
    server.git("symbolic-ref", "HEAD", "refs/heads/trunk")
    server.refuses("in place of refs/heads/main", "main~1:refs/heads/trunk")


def test_the_account_that_pushes_cannot_say_which_branch_is_trusted(server: Server) -> None:
    server.git("config", "--unset", "reviewtui.trustedBranch")
    server.git("config", "--global", "reviewtui.trustedBranch", "main")
    assert reviewtui(server.path, "hooks", "install", "--server", str(server.path)).status == 0
    server.git("config", "--global", "reviewtui.trustedBranch", "elsewhere")
    server.refuses("trusted-branch", "--force", "main~1:refs/heads/main")


@pytest.mark.parametrize("alias", ["refs/heads/alias", "refs/tags/alias", "refs/other/alias"])
def test_a_push_to_an_alias_of_the_trusted_branch_is_a_push_to_it(server: Server, alias: str) -> None:
    server.git("symbolic-ref", alias, "refs/heads/main")
    server.scene.settings(policy=server.scene.policy(version=2))
    server.refuses("approvals: 1 of release-manager", f"+main:{alias}")


def test_a_push_to_an_alias_of_the_records_is_a_push_to_them(server: Server) -> None:
    server.git("symbolic-ref", "refs/notes/reviewtui/alias", REVIEWS)
    server.refuses("record-removed", ":refs/notes/reviewtui/alias")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("policy.yaml", "version: x\n"),
        ("policy.yaml", None),
        ("config.yaml", "modells: {}\n"),
        ("allowed_signers", "dana@example.com nonsense\n"),
    ],
)
def test_settings_that_would_close_every_gate_are_refused(server: Server, name: str, text: str | None) -> None:
    server.scene.repository.commit_files({f".reviewtui/{name}": text})
    server.refuses("refs/heads/main", "main")


def test_the_first_settings_are_trusted_on_first_use_and_said_so(server: Server, tmp_path: Path) -> None:
    empty = ModelRepository(tmp_path / "empty.git", bare=True)
    assert reviewtui(tmp_path, "hooks", "install", "--server", str(empty.path)).status == 0
    fresh = Server(server.scene, empty.path)
    fresh.refuses("no-policy", "refs/tags/churn@v1.0.0")
    said = fresh.accepts("main", BRANCH)
    assert "trusted on first use" in said
    assert "policy version 1, 5 trusted keys" in said


def test_broken_first_settings_are_refused(server: Server, tmp_path: Path) -> None:
    empty = ModelRepository(tmp_path / "empty.git", bare=True)
    assert reviewtui(tmp_path, "hooks", "install", "--server", str(empty.path)).status == 0
    server.scene.repository.commit_files({".reviewtui/policy.yaml": "version: x\n"})
    Server(server.scene, empty.path).refuses("policy.yaml", "main")


# The hook itself.


def test_a_check_that_cannot_run_refuses_in_one_line(server: Server) -> None:
    hook = server.path / "hooks" / "pre-receive"
    hook.write_text(hook.read_text().replace(sys.executable, "/nowhere/python"))
    said = server.refuses("the check could not run, so the push is refused", BRANCH, f"main:refs/heads/{'x' * 9}")
    assert said.count("remote: reviewtui") == 1


def test_a_check_that_takes_too_long_refuses(server: Server) -> None:
    server.git("config", "reviewtui.hookTimeout", "1")
    (server.path / "reviewtui").mkdir(exist_ok=True)
    with (server.path / "reviewtui" / "lock").open("ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        server.refuses("took too long", f"{server.scene.tip('main')}:refs/tags/churn@v7.0.0")


def test_a_push_waits_for_the_one_before_it(server: Server) -> None:
    approved_release(server.scene)
    server.git("config", "reviewtui.hookTimeout", "2")
    (server.path / "reviewtui").mkdir(exist_ok=True)
    marker = server.path / "reviewtui" / "pending"
    state = Path(f"/proc/{os.getpid()}/stat")
    started = state.read_text().rpartition(")")[2].split()[19] if state.exists() else ""
    told = {"process": os.getpid(), "started": started, "quarantine": "", "updates": [["refs/heads/late", "1" * 40]]}
    marker.write_text(json.dumps(told))
    server.refuses("took too long", f"refs/tags/{TAG}", NOTES)
    told["updates"] = [["refs/heads/main", server.git("rev-parse", "main")]]
    marker.write_text(json.dumps(told))
    server.accepts(f"refs/tags/{TAG}", NOTES)


def test_a_push_that_never_happened_is_not_waited_for(server: Server) -> None:
    approved_release(server.scene)
    (server.path / "reviewtui").mkdir(exist_ok=True)
    marker = server.path / "reviewtui" / "pending"
    ended = subprocess.Popen(("true",))
    ended.wait()
    lost = [["refs/heads/late", "1" * 40]]
    for told in (
        {"process": ended.pid, "started": "", "quarantine": "", "updates": lost},
        {"process": os.getpid(), "started": "another process with this number", "quarantine": "", "updates": lost},
        {"process": 0, "started": "", "quarantine": "/nowhere", "updates": lost},
        {"process": "half a marker"},
    ):
        marker.write_text(json.dumps(told))
        os.utime(marker, (0, 0))
        server.scene.git("tag", "--no-sign", f"nightly-{len(str(told))}", BRANCH)
        server.accepts(f"refs/tags/nightly-{len(str(told))}")


def test_what_the_hook_keeps_is_open_to_whom_the_repository_is_open_to(server: Server) -> None:
    (server.path / "objects").chmod(0o2775)
    approved_release(server.scene)
    server.accepts(f"refs/tags/{TAG}", NOTES)
    folder = server.path / "reviewtui"
    assert folder.stat().st_mode & 0o7777 == 0o2775
    assert {file.name: file.stat().st_mode & 0o777 for file in folder.iterdir()} == {
        "lock": 0o664, "pending": 0o664, "records.sqlite": 0o664,
    }  # fmt: skip


def test_the_users_own_hook_sees_the_push_as_it_came(server: Server, tmp_path: Path) -> None:
    hook = server.path / "hooks" / "pre-receive"
    assert reviewtui(tmp_path, "hooks", "uninstall", "--server", str(server.path)).status == 0
    assert not hook.exists()
    own = "#!/bin/sh\nexit_early=1\ncat > seen\nexit 0\n"
    hook.write_text(own)
    hook.chmod(0o755)
    assert reviewtui(tmp_path, "hooks", "install", "--server", str(server.path)).status == 0
    server.scene.git("tag", "--no-sign", "nightly", BRANCH)
    server.accepts("refs/tags/nightly", "main:refs/heads/copy")
    seen = (server.path / "seen").read_text()
    assert sorted(line.split()[2] for line in seen.splitlines()) == ["refs/heads/copy", "refs/tags/nightly"]
    assert seen.endswith("\n")
    server.scene.tag()
    server.refuses("1 of 2", f"refs/tags/{TAG}")
    assert reviewtui(tmp_path, "hooks", "uninstall", "--server", str(server.path)).status == 0
    assert hook.read_text() == own


_DISPATCHER = """\
#!/bin/sh
data=$(cat)
for each in $(dirname "$0")/pre-receive.d/*; do
  printf '%s\\n' "$data" | "$each" || exit 1
done
"""


@pytest.mark.parametrize("kind", ["gitlab", "gitea"])
def test_servers_with_folders_of_hooks_get_a_file_in_theirs(server: Server, tmp_path: Path, kind: str) -> None:
    reviewtui(tmp_path, "hooks", "uninstall", "--server", str(server.path))
    folder = server.path / ("custom_hooks" if kind == "gitlab" else "hooks")
    (folder / "pre-receive.d").mkdir(parents=True)
    dispatcher = folder / "pre-receive"
    dispatcher.write_text(_DISPATCHER)
    dispatcher.chmod(0o755)
    if kind == "gitlab":
        (server.path / "hooks").mkdir(exist_ok=True)
        (server.path / "hooks" / "pre-receive").symlink_to(dispatcher)
    answer = reviewtui(tmp_path, "hooks", "install", "--server", str(server.path))
    assert answer.out.split(":")[0] == str(folder / "pre-receive.d" / "reviewtui")
    assert dispatcher.read_text() == _DISPATCHER
    server.scene.tag()
    if kind == "gitlab":
        (folder / "pre-receive").write_text(_DISPATCHER.replace('$(dirname "$0")', str(folder)))
    pushed = server.push(f"refs/tags/{TAG}", env={"GL_ID": "user-7"} if kind == "gitlab" else {})
    assert not pushed.ok
    lines = [line for line in pushed.text.splitlines() if "1 of 2" in line]
    assert lines
    assert all(("GL-HOOK-ERR: reviewtui: " in line) == (kind == "gitlab") for line in lines)
    assert reviewtui(tmp_path, "hooks", "status", "--server", str(server.path)).status == 0
    assert reviewtui(tmp_path, "hooks", "uninstall", "--server", str(server.path)).status == 0
    assert not (folder / "pre-receive.d" / "reviewtui").exists()


def test_gitolite_is_told_apart_by_its_own_hook(server: Server, tmp_path: Path) -> None:
    common = tmp_path / "gitolite" / "hooks" / "common"
    common.mkdir(parents=True)
    (common / "update").write_text("#!/bin/sh\n")
    (server.path / "hooks" / "update").symlink_to(common / "update")
    answer = reviewtui(tmp_path, "hooks", "install", "--server", str(server.path))
    assert "gitolite" in answer.err
    assert "already" in answer.out


def test_many_pushes_at_once_are_all_judged_and_all_land(server: Server, tmp_path: Path) -> None:
    for number in range(4):
        server.scene.git("update-ref", f"refs/tags/nightly-{number}", server.scene.tip())
    processes = [
        subprocess.Popen(
            ("git", "push", "-q", str(server.path), f"refs/tags/nightly-{number}"),
            cwd=server.scene.path, stderr=subprocess.PIPE,
        )
        for number in range(4)
    ]  # fmt: skip
    said = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0] * 4, said


def test_a_repository_with_longer_ids_is_judged_alike(tmp_path: Path) -> None:
    from tests.command import POLICY as PLAIN

    repository = ModelRepository(tmp_path / "long", object_format="sha256")
    people = [repository.person(name) for name in ("dana", "lin")]
    repository.commit_files({"params.yaml": "lr: 0.1\n", "metrics.json": '{"accuracy": 0.95}\n'})
    repository.settings(config={"repository": "long", "models": {"churn": {}}}, policy=PLAIN)
    repository.commit_version("churn", "1.0.0", params={"lr": 0.2}, path=".")
    bare = ModelRepository(tmp_path / "long.git", bare=True, object_format="sha256")
    assert reviewtui(tmp_path, "hooks", "install", "--server", str(bare.path)).status == 0
    server = Server(Scene(repository), bare.path)
    server.accepts("main", "model/churn/v1.0.0")
    for person in people:
        assert reviewtui(repository.path, "approve", "churn@1.0.0", "--yes", person=person).status == 0
    released = reviewtui(repository.path, "release", "churn@1.0.0", "--yes", person=people[0])
    assert released.status == 0, released.err
    server.refuses("0 of 2", "refs/tags/churn@v1.0.0")
    server.accepts("refs/tags/churn@v1.0.0", NOTES)


@pytest.mark.parametrize(
    ("words", "receives"),
    [
        (b"git-receive-pack\0/srv/churn.git\0", True),
        (b"/usr/lib/git-core/git\0receive-pack\0/srv/reviewtui-models.git\0", True),
        (b"sh\0hooks/pre-receive\0/srv/receive-pack.git\0", False),
        (b"git\0push\0receive-pack\0", False),
        (b"", False),
    ],
)
def test_the_process_that_receives_is_known_by_its_own_name_and_not_by_a_path(words: bytes, receives: bool) -> None:
    assert _receives(words) is receives
