"""E. The integrity of the notes: trees and commits that Git takes in one way, and that could be read in another."""

from __future__ import annotations

import pytest

from tests.attacks.doors import closed, closed_at_every_door, command, fates_of, opened
from tests.attacks.pushes import ALL_NOTES, Server
from tests.attacks.scene import REVIEWS, TAG, Scene
from tests.attacks.trees import put_notes, raw_tree

PUSH_TAG = f"refs/tags/{TAG}"


def blob(scene: Scene, content: bytes) -> str:
    return scene.git("hash-object", "-w", "--stdin", input=content)


def test_060_a_directory_whose_mode_is_spelled_oddly_hides_no_veto(scene: Scene) -> None:
    """Git takes 040000 for 40000, and shows no difference between the two."""
    scene.record("lin")
    counted = [each for each, reason in fates_of(scene).items() if not reason]
    approvals = scene.note(scene.commit)
    scene.record("risk", "reject", comment="Stop!")
    veto = scene.note(scene.commit).replace(approvals, b"") or scene.note(scene.commit)
    lines = [line for line in veto.splitlines(keepends=True) if line not in approvals.splitlines(keepends=True)]
    server = Server(scene)
    pair, rest = scene.commit[:2], scene.commit[2:]
    below = raw_tree(scene, [("100644", rest, blob(scene, b"".join(lines)))])
    both = [("100644", scene.commit, blob(scene, approvals)), ("040000", pair, below)]
    put_notes(scene, raw_tree(scene, sorted(both, key=lambda each: each[1] + "/" * (each[0] == "040000"))))
    closed_at_every_door(scene, "Rejected by risk@example.com: Stop!")
    scene.tag(message=scene.release_message(*counted))
    server.refuses(ALL_NOTES, PUSH_TAG, reason="Rejected by risk@example.com: Stop!")
    server.accepts(ALL_NOTES)
    server.refuses(PUSH_TAG, reason="Rejected by risk@example.com: Stop!")
    # Who writes into such a directory takes nothing out of it.
    scene.git("update-ref", "-d", PUSH_TAG)
    said = command(scene.path, "comment", "churn@1.1.0", "-m", "Hm.", "--yes", person=scene.person("boss"))
    assert said.status == 0, said.err
    closed(scene, "Rejected by risk@example.com: Stop!")
    assert command(scene.path, "verify").status == 0


def test_060_a_note_whose_mode_is_spelled_oddly_is_a_note(scene: Scene) -> None:
    scene.record("lin")
    server = Server(scene)
    put_notes(scene, raw_tree(scene, [("100664", scene.commit, blob(scene, scene.note(scene.commit)))]))
    opened(scene)
    server.accepts(ALL_NOTES)
    released = command(scene.path, "release", "churn@1.1.0", "--yes", person=scene.person("dana"))
    assert released.status == 0, released.err
    server.accepts(PUSH_TAG)


def test_061_two_notes_under_one_name_are_refused(scene: Scene) -> None:
    """Once they were in, nobody could read the notes by name again: every gate would be closed for ever."""
    scene.record("lin")
    scene.record("risk", "reject", comment="Stop!")
    server = Server(scene)
    note = scene.note(scene.commit)
    first = note.splitlines(keepends=True)[0]
    twice = [("100644", scene.commit, blob(scene, note)), ("100644", scene.commit, blob(scene, first))]
    put_notes(scene, raw_tree(scene, twice))
    server.refuses(ALL_NOTES, reason="two entries have one name")
    closed(scene, "Rejected by risk@example.com: Stop!")


def test_062_a_commit_that_names_its_parent_too_late_descends_from_nothing(scene: Scene) -> None:
    """Git takes for a parent only what follows the tree; whoever takes more sees a history that is not there."""
    before = scene.git("rev-parse", f"{scene.notes_tip()}^{{tree}}")
    scene.record("risk", "reject", comment="Stop!")
    server = Server(scene)
    for ref, tree, reason in (
        (REVIEWS, before, "non-fast-forward"),
        ("refs/heads/main", scene.git("rev-parse", "main^{tree}"), "only ever moves forward"),
    ):
        person = "Eve <eve@example.com> 1767700000 +0000"
        text = f"tree {tree}\nauthor {person}\nparent {server.ref(ref)}\ncommitter {person}\n\nmore\n"
        made = scene.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=text.encode())
        server.refuses(f"+{made}:{ref}", reason=reason)


@pytest.mark.parametrize("shown", ["off", "first-parent", "combined"])
def test_058_how_git_is_told_to_show_merges_hides_no_veto_that_one_drops(scene: Scene, shown: str) -> None:
    before = scene.notes_tip()
    approvals = scene.note(scene.commit)
    scene.record("risk", "reject", comment="Stop!")
    vetoed = scene.notes_tip()
    server = Server(scene)
    for place in (server.git, scene.git):
        place("config", "log.diffMerges", shown)
    scene.write_notes({scene.commit: approvals}, parents=(before, vetoed))
    server.refuses(ALL_NOTES, reason="record-removed")
    closed(scene, "Rejected by risk@example.com: Stop!")
    closed(scene, "record-removed")


def test_058_a_removal_is_seen_from_a_subdirectory_whatever_is_shown_there(scene: Scene) -> None:
    approvals = scene.note(scene.commit)
    scene.record("risk", "reject", comment="Stop!")
    scene.write_notes({scene.commit: approvals})
    scene.git("config", "diff.relative", "true")
    below = scene.path / "below"
    below.mkdir(exist_ok=True)
    answer = command(below, "gate", "churn@1.1.0")
    assert "Rejected by risk@example.com: Stop!" in answer.out, answer.out
