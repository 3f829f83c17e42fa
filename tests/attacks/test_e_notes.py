"""E. The integrity of the notes: a veto that somebody wants gone."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reviewtui.git.notes import Notes
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.repository import Repository
from reviewtui.review import record_id
from reviewtui.signing.envelope import Envelope
from tests.attacks.doors import (
    closed,
    closed_at_every_door,
    command,
    command_door,
    fates_of,
    findings_of,
    opened,
    state_of,
)
from tests.attacks.pushes import ALL_NOTES, Server
from tests.attacks.scene import BRANCH, REVIEWS, Scene


@pytest.fixture
def vetoed(scene: Scene) -> Scene:
    """Lin rejected; Risk approved: but for the veto the gate would be open. This clone has seen it all."""
    scene.record("risk")
    scene.record("lin", "reject", comment="Leak!")
    closed(scene, "Rejected by lin@example.com: Leak!")
    return scene


def alarmed(scene: Scene, word: str) -> None:
    """The veto still stands for a clone that has seen it, and the alarm is loud."""
    closed(scene, "Rejected by lin@example.com: Leak!")
    closed(scene, f"{REVIEWS}: {word}")
    assert state_of(scene) == "rejected"
    verified = command(scene.path, "verify")
    assert verified.status == 1
    assert word in verified.out + verified.err


def without_veto(scene: Scene) -> bytes:
    """The note of the candidate without Lin's line."""
    (veto,) = [each for each in fates_of(scene) if each in _rejections(scene)]
    lines = scene.note(scene.commit).splitlines(keepends=True)
    return b"".join(line for line in lines if record_id(Envelope.from_line(line[:-1]).payload) != veto)


def _rejections(scene: Scene) -> set[str]:
    records = command(scene.path, "reviews", "churn@1.1.0", "--json").json["records"]
    return {record["id"] for record in records if record["verdict"] == "reject"}


def test_057_notes_pushed_by_force_lose_no_veto(vetoed: Scene) -> None:
    server = Server(vetoed)
    vetoed.git("update-ref", REVIEWS, vetoed.git("rev-parse", f"{REVIEWS}~1"))
    server.refuses(f"+{ALL_NOTES}", reason="non-fast-forward")
    alarmed(vetoed, "non-fast-forward")


def test_058_a_commit_that_removes_a_note_removes_no_veto(vetoed: Scene) -> None:
    server = Server(vetoed)
    vetoed.git("notes", f"--ref={REVIEWS}", "remove", vetoed.commit)
    server.refuses(ALL_NOTES, reason="record-removed")
    alarmed(vetoed, "record-removed")


def test_058_a_clone_that_never_saw_the_veto_finds_it_in_the_history(vetoed: Scene) -> None:
    vetoed.write_notes({vetoed.commit: without_veto(vetoed)})
    vetoed.git("update-ref", "-d", "refs/reviewtui/seen/reviews")
    alarmed(vetoed, "record-removed")


@pytest.mark.parametrize("edit", ["one byte", "wrapped"])
def test_059_an_edited_line_is_a_removed_line(vetoed: Scene, edit: str) -> None:
    server = Server(vetoed)
    note = vetoed.note(vetoed.commit)
    changed = note.replace(b'"sig":"U', b'"sig":"V', 3) if edit == "one byte" else note.replace(b'{"', b'{ "')
    assert changed != note
    vetoed.write_notes({vetoed.commit: changed})
    server.refuses(ALL_NOTES, reason="record-removed")
    alarmed(vetoed, "record-removed")


def test_059_the_order_of_lines_means_nothing(vetoed: Scene) -> None:
    server = Server(vetoed)
    note = vetoed.note(vetoed.commit)
    vetoed.write_notes({vetoed.commit: b"".join(sorted(note.splitlines(keepends=True), reverse=True)) + b"\n\n"})
    before = command_door(vetoed).text
    server.accepts(ALL_NOTES)
    assert command_door(vetoed).text == before


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_060_a_note_in_another_place_is_the_same_note(vetoed: Scene, depth: int) -> None:
    server = Server(vetoed)
    before = command_door(vetoed).text
    pairs = [vetoed.commit[2 * number : 2 * number + 2] for number in range(depth)]
    nested = "/".join([*pairs, vetoed.commit[2 * depth :]])
    note = vetoed.note(vetoed.commit)
    first, rest = note.split(b"\n", 1)
    vetoed.write_notes({vetoed.commit: first + b"\n", nested: rest})
    assert command_door(vetoed).text == before
    vetoed.write_notes({vetoed.commit: None, nested: note})
    assert command_door(vetoed).text == before
    server.accepts(ALL_NOTES)


def test_060_a_note_under_a_name_in_upper_case_is_none_and_is_said_to_be_none(scene: Scene) -> None:
    server = Server(scene)
    line = scene.signed("lin", scene.review("lin"))
    scene.write_notes({scene.commit.upper(): line + b"\n"})
    assert "1 of 2" in command_door(scene).text
    closed_at_every_door(scene, "1 of 2")
    assert "malformed" in command_door(scene).text
    server.refuses(ALL_NOTES, reason="malformed")


@pytest.mark.parametrize("kind", ["a link", "a submodule", "executable", "a file of another name", "a directory"])
def test_061_what_is_no_plain_note_is_refused_and_said(scene: Scene, kind: str) -> None:
    server = Server(scene)
    scene.record("lin")
    note = scene.note(scene.commit)
    blob = scene.git("rev-parse", f"{REVIEWS}:{scene.commit}")
    other = scene.tip("main")
    files: dict[str, dict[str, bytes | tuple[str, str] | None]] = {
        "a link": {other: ("120000", blob)},
        "a submodule": {other: ("160000", other)},
        "executable": {other: ("100755", blob)},
        "a file of another name": {"README": note},
        "a directory": {f"{other}/x": note},
    }
    scene.write_notes(files[kind])
    server.refuses(ALL_NOTES, reason="malformed" if kind != "executable" else "mode 100755")
    answer = command_door(scene)
    assert "no plain file" in answer.text or "it is no note" in answer.text
    # It never was a note, so no veto is lost with it: an alarm, and not an error.
    assert findings_of(scene)["integrity"]["warning"] is True
    verified = command(scene.path, "verify")
    assert verified.status == 1


def test_061_a_link_in_place_of_a_note_hides_no_veto(vetoed: Scene) -> None:
    blob = vetoed.git("hash-object", "-w", "--stdin", input=b"elsewhere")
    vetoed.write_notes({vetoed.commit: ("120000", blob)})
    alarmed(vetoed, "record-removed")


def test_062_deleted_notes_are_refused_and_remembered(vetoed: Scene) -> None:
    server = Server(vetoed)
    server.refuses(f":{REVIEWS}", reason="record-removed")
    vetoed.git("update-ref", "-d", REVIEWS)
    alarmed(vetoed, "record-removed")


def test_062_notes_with_another_history_are_refused_and_remembered(vetoed: Scene) -> None:
    server = Server(vetoed)
    vetoed.write_notes({vetoed.commit: without_veto(vetoed)}, parents=())
    server.refuses(f"+{ALL_NOTES}", reason="non-fast-forward")
    alarmed(vetoed, "non-fast-forward")


@pytest.mark.parametrize("kind", ["tree", "blob", "tag"])
def test_063_notes_that_lead_to_no_commit_are_refused_and_close_the_gate(vetoed: Scene, kind: str) -> None:
    server = Server(vetoed)
    vetoed.git("tag", "-a", "-m", "x", "elsewhere", REVIEWS)
    target = {"tree": f"{REVIEWS}^{{tree}}", "blob": f"{REVIEWS}:{vetoed.commit}", "tag": "refs/tags/elsewhere"}[kind]
    vetoed.git("update-ref", REVIEWS, vetoed.git("rev-parse", target))
    server.refuses(f"+{ALL_NOTES}", reason="wrong-target")
    closed(vetoed, "wrong-target")
    assert findings_of(vetoed)["notes"]["state"] == "error"


def test_064_history_that_was_cut_off_is_never_no_rejection(vetoed: Scene, tmp_path: Path) -> None:
    vetoed.write_notes({vetoed.commit: without_veto(vetoed)})
    shallow = tmp_path / "shallow"
    subprocess.run(("git", "clone", "-q", f"file://{vetoed.path}", shallow), check=True)
    fetched = (ALL_NOTES, f"{BRANCH}:{BRANCH}")
    subprocess.run(("git", "fetch", "-q", "--depth=1", "origin", *fetched), cwd=shallow, check=True)
    answer = command(shallow, "gate", "churn@1.1.0")
    assert answer.status != 0
    assert "incomplete" in answer.out + answer.err


def test_064_a_note_whose_bytes_are_missing_is_never_no_rejection(vetoed: Scene) -> None:
    blob = vetoed.git("rev-parse", f"{REVIEWS}:{vetoed.commit}")
    vetoed.git("update-ref", "-d", "refs/reviewtui/seen/reviews")
    for pack in (vetoed.path / ".git" / "objects" / "pack").glob("*.pack"):
        moved = pack.with_suffix(".moved")
        pack.rename(moved)
        pack.with_suffix(".idx").unlink()
        vetoed.git("unpack-objects", "-q", input=moved.read_bytes())
    (vetoed.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    closed(vetoed, "missing")
    assert findings_of(vetoed)["notes"]["state"] == "error"


def test_065_notes_that_git_prunes_with_their_commit_are_remembered(vetoed: Scene) -> None:
    server = Server(vetoed)
    vetoed.git("update-ref", "-d", f"refs/heads/{BRANCH}")
    vetoed.git("update-ref", "-d", "refs/heads/model/fraud/v2.0.0")
    vetoed.git("reflog", "expire", "--expire=now", "--all")
    vetoed.git("prune", "--expire=now")
    vetoed.git("repack", "-adq")
    vetoed.git("prune", "--expire=now")
    vetoed.git("notes", f"--ref={REVIEWS}", "prune")
    if vetoed.note(vetoed.commit):
        pytest.skip("this Git keeps the commit")
    server.refuses(ALL_NOTES, reason="record-removed")


def test_067_what_one_side_deleted_comes_back_by_uniting(vetoed: Scene) -> None:
    """Git's own cat_sort_uniq would take the deletion; what is united here only ever grows."""
    ours = vetoed.notes_tip()
    note = vetoed.note(vetoed.commit)
    theirs = vetoed.write_notes({vetoed.commit: without_veto(vetoed)})
    vetoed.git("update-ref", REVIEWS, ours)
    repository = Repository.open(vetoed.path)
    Notes(repository, RefName(REVIEWS)).unite(ObjectId(theirs))
    repository.close()
    assert set(vetoed.note(vetoed.commit).splitlines()) == set(note.splitlines())
    closed(vetoed, "Rejected by lin@example.com")


def test_070_replaced_objects_are_refused_and_change_nothing(vetoed: Scene) -> None:
    server = Server(vetoed)
    before = command_door(vetoed).text
    clean = vetoed.git("hash-object", "-w", "--stdin", input=without_veto(vetoed))
    vetoed.git("replace", vetoed.git("rev-parse", f"{REVIEWS}:{vetoed.commit}"), clean)
    weak_policy = b"version: 9\nreleases: [{models: ['*'], approvals: [{count: 1}]}]\n"
    weak = vetoed.git("hash-object", "-w", "--stdin", input=weak_policy)
    vetoed.git("replace", vetoed.git("rev-parse", "main:.reviewtui/policy.yaml"), weak)
    (vetoed.path / ".git" / "info").mkdir(exist_ok=True)
    (vetoed.path / ".git" / "info" / "grafts").write_text(f"{vetoed.notes_tip()}\n")
    assert command_door(vetoed).text == before
    server.refuses("refs/replace/*:refs/replace/*", reason="Objects are never replaced")
    server.refuses(f"{vetoed.commit}:refs/Replace/{vetoed.commit}", reason="Objects are never replaced")


def test_071_notes_elsewhere_are_none_of_ours(vetoed: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    before = command_door(vetoed).text
    vetoed.write_notes({vetoed.commit: without_veto(vetoed)}, ref="refs/notes/other", parents=())
    vetoed.git("config", "core.notesRef", "refs/notes/other")
    vetoed.git("config", "notes.displayRef", "refs/notes/other")
    monkeypatch.setenv("GIT_NOTES_REF", "refs/notes/other")
    monkeypatch.setenv("GIT_NOTES_DISPLAY_REF", "refs/notes/other")
    assert command_door(vetoed).text == before


def test_a_broken_chain_closes_the_gate(scene: Scene) -> None:
    scene.record("lin", seq=5, prev="sha256:" + "0" * 64)
    closed_at_every_door(scene, "broken-chain")


def test_an_approval_that_skips_ones_own_rejection_does_not_hide_it(scene: Scene) -> None:
    veto = scene.record("lin", "reject", seq=7)
    scene.record("lin", seq=3)
    scene.record("risk")
    assert fates_of(scene)[veto] == ""
    closed_at_every_door(scene, "Rejected by lin@example.com")
    scene.record("lin", seq=8, prev=veto)
    opened(scene)


def test_066_many_clones_that_write_at_once_lose_nothing(scene: Scene, tmp_path: Path) -> None:
    server = Server(scene)
    clones = [scene.copy(tmp_path / name) for name in ("lin", "risk", "boss")]
    for clone, name in zip(clones, ("lin", "risk", "boss"), strict=True):
        clone.record(name)
    for clone in (*clones, *clones):
        synced = command(clone.path, "sync")
        assert synced.status == 0, synced.err
    notes = {clone.note(clone.commit) for clone in clones}
    assert len(notes) == 1
    assert len(notes.pop().splitlines()) == 4
    # Whoever brings what is new writes one commit, and whoever has met others one more to unite both.
    assert int(server.git("rev-list", "--count", REVIEWS)) <= 1 + 2 * len(clones)


def test_068_what_an_administrator_took_away_is_noticed_and_put_back(vetoed: Scene) -> None:
    server = Server(vetoed)
    assert command(vetoed.path, "sync").status == 0
    server.git("update-ref", REVIEWS, server.git("rev-parse", f"{REVIEWS}~1"))
    assert command(vetoed.path, "verify").status == 0
    command(vetoed.path, "sync")
    closed(vetoed, "Rejected by lin@example.com: Leak!")
    server_note = server.git("show", f"{REVIEWS}:{vetoed.commit}")
    assert len(server_note.splitlines()) == 3


def test_068_a_veto_that_was_moved_beside_another_commit_leaves_a_gap_in_its_chain(scene: Scene) -> None:
    """By whoever rewrites the server's notes, for a clone that never saw them: the line is there, and says nothing."""
    scene.record("risk")
    approvals = scene.note(scene.commit)
    veto = scene.record("lin", "reject", comment="Leak!")
    (line,) = set(scene.note(scene.commit).splitlines(keepends=True)) - set(approvals.splitlines(keepends=True))
    later = scene.signed("lin", scene.review("lin", "comment", of="fraud@2.0.0", seq=2, prev=veto, comment="Later."))
    scene.git("update-ref", "-d", REVIEWS)
    scene.git("update-ref", "-d", "refs/reviewtui/seen/reviews")
    scene.write_notes({scene.commit: approvals + later + b"\n", scene.tip("main"): line}, parents=())
    closed_at_every_door(scene, "broken-chain")
    assert command(scene.path, "verify").status == 1


def test_069_a_server_that_hides_the_newest_veto_deceives_none_who_has_seen_it(vetoed: Scene) -> None:
    """Whoever never saw it cannot know; the README says so. Whoever did, keeps it."""
    server = Server(vetoed)
    server.git("update-ref", REVIEWS, server.git("rev-parse", f"{REVIEWS}~1"))
    vetoed.git("fetch", "-q", "origin", f"+{ALL_NOTES}")
    alarmed(vetoed, "non-fast-forward")


def test_a_branch_that_is_named_like_the_notes_is_none(vetoed: Scene) -> None:
    """Git takes refs/heads/refs/notes/… for refs/notes/… where the latter is not there."""
    tip = vetoed.notes_tip()
    note = vetoed.write_notes({vetoed.commit: without_veto(vetoed)}, ref=f"refs/heads/{REVIEWS}", parents=())
    assert note
    vetoed.git("update-ref", "refs/tags/refs/reviewtui/seen/reviews", note)
    vetoed.git("update-ref", "-d", REVIEWS)
    closed(vetoed, "Rejected by lin@example.com: Leak!")
    vetoed.git("update-ref", "-d", "refs/reviewtui/seen/reviews")
    assert fates_of(vetoed) == {}
    vetoed.git("update-ref", REVIEWS, tip)
    closed(vetoed, "Rejected by lin@example.com: Leak!")


def test_069_a_server_that_is_frozen_for_all_is_found_out_by_the_checkpoint_that_is_overdue(vetoed: Scene) -> None:
    Server(vetoed)
    assert command(vetoed.path, "verify", "--require-fresh").status == 0
    answer = command(vetoed.path, "verify", "--require-fresh", "24h")
    assert answer.status == 1
    assert "stale: There is no checkpoint that holds" in answer.out
