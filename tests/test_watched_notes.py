"""Notes read with a memory: nothing that was seen once is taken away in silence, and no way of storing changes it."""

from __future__ import annotations

import random
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewtui.git.notes import Notes
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.repository import Repository
from reviewtui.git.watched_notes import WatchedNotes
from reviewtui.project import Project
from tests.command import churn_repository, reviewtui
from tests.model_repository import ModelRepository
from tests.notes_by_hand import nested, write_notes

REF = RefName("refs/notes/reviewtui/reviews")
SEEN = "refs/reviewtui/seen/reviews"


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    return ModelRepository(tmp_path / "models")


@pytest.fixture
def commit(story: ModelRepository) -> ObjectId:
    return ObjectId(story.commit_files({"params.yaml": "lr: 0.1\n"}))


@pytest.fixture
def watched(story: ModelRepository, commit: ObjectId) -> Iterator[WatchedNotes]:
    repository = Repository.open(story.path)
    yield WatchedNotes(Notes(repository, REF))
    repository.close()


def seen(story: ModelRepository) -> str:
    return story.git("for-each-ref", "--format=%(objectname)", SEEN)


def words(watched: WatchedNotes) -> list[str]:
    return [alarm.reason.partition(":")[0] for alarm in watched.read().alarms]


def test_without_notes_nothing_is_read_and_nothing_remembered(story: ModelRepository, watched: WatchedNotes) -> None:
    content = watched.read()
    assert (content.lines, content.problems, content.alarms, content.memory) == ({}, (), (), "")
    assert seen(story) == ""


def test_a_reading_is_remembered_and_the_next_walks_only_what_is_new(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId
) -> None:
    first = watched.notes.append(commit, b"veto")
    assert watched.read().lines == {commit: (b"veto",)}
    assert seen(story) == first
    before = watched.notes.repository.git.processes_started
    watched.read()
    assert watched.notes.repository.git.processes_started == before + 1, "one ls-tree, as without a memory"
    second = watched.notes.append(commit, b"yes")
    assert watched.read().lines == {commit: (b"veto", b"yes")}
    assert seen(story) == second


def test_a_line_that_a_fast_forward_removed_still_counts_and_is_an_alarm_every_time(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId
) -> None:
    first = watched.notes.append(commit, b"veto")
    watched.read()
    evil = write_notes(story, REF, {commit: b"yes\n"}, parent=first)
    for _ in range(2):
        content = watched.read()
        assert content.lines == {commit: (b"veto", b"yes")}
        assert content.missing == {commit: frozenset({b"veto"})}
        (alarm,) = content.alarms
        assert alarm.reason.startswith(f"record-removed: 1 line was taken from the note of {commit}")
        assert evil[:10] in alarm.reason
    assert seen(story) == first, "the memory stops before the alarm"


def test_a_removal_is_found_by_the_first_reading_of_a_new_clone(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId
) -> None:
    first = watched.notes.append(commit, b"veto")
    second = watched.notes.append(commit, b"yes")
    write_notes(story, REF, {commit: b"yes\n"}, parent=second)
    content = watched.read()
    assert content.lines == {commit: (b"veto", b"yes")}
    assert words(watched) == ["record-removed"]
    assert seen(story) == second != first


def test_a_note_that_was_removed_whole_still_counts(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId
) -> None:
    watched.notes.append(commit, b"veto")
    story.git("notes", f"--ref={REF}", "remove", commit)
    assert watched.read().lines == {commit: (b"veto",)}
    assert words(watched) == ["record-removed"]


def test_a_line_that_a_merge_dropped_still_counts(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId
) -> None:
    base = watched.notes.append(commit, b"base")
    veto = watched.notes.append(commit, b"veto")
    watched.read()
    side = write_notes(story, REF, {commit: b"base\nside\n"}, parent=base)
    merge = story.git("commit-tree", f"{side}^{{tree}}", "-p", veto, "-p", side, "-m", "evil merge")
    story.git("update-ref", REF, merge)
    assert watched.read().lines == {commit: (b"base", b"side", b"veto")}
    assert words(watched) == ["record-removed"]
    assert seen(story) == veto


@pytest.mark.parametrize("how", ["rewound", "replaced", "deleted"])
def test_a_history_that_does_not_descend_from_what_was_seen_is_an_alarm(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId, how: str
) -> None:
    first = watched.notes.append(commit, b"yes")
    second = watched.notes.append(commit, b"veto")
    watched.read()
    match how:
        case "rewound":
            story.git("update-ref", REF, first)
        case "replaced":
            write_notes(story, REF, {commit: b"yes\n"})
        case "deleted":
            story.git("update-ref", "-d", REF)
    for _ in range(2):
        assert watched.read().lines == {commit: (b"veto", b"yes")}
    assert words(watched) == ["record-removed" if how == "deleted" else "non-fast-forward"]
    assert seen(story) == second
    story.git("reflog", "expire", "--expire=now", "--all")
    story.git("gc", "--quiet", "--prune=now")
    watched.notes.repository.close()
    assert watched.read().lines == {commit: (b"veto", b"yes")}, "the memory keeps the objects"


@pytest.mark.parametrize("how", ["rewound", "replaced", "deleted", "removed"])
def test_mending_puts_every_line_back_and_then_the_alarm_ends(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId, how: str
) -> None:
    first = watched.notes.append(commit, b"yes")
    second = watched.notes.append(commit, b"veto")
    watched.read()
    match how:
        case "rewound":
            story.git("update-ref", REF, first)
        case "replaced":
            write_notes(story, REF, {commit: b"yes\n"})
        case "deleted":
            story.git("update-ref", "-d", REF)
        case "removed":
            write_notes(story, REF, {commit: b"yes\n"}, parent=second)
    assert len(watched.mend().alarms) == 1
    assert watched.notes.lines(commit) == (b"veto", b"yes")
    content = watched.read()
    assert (content.alarms, content.missing) == ((), {})
    assert seen(story) == watched.notes.tip()
    told = [alarm.reason for alarm in watched.read(whole=True).restored]
    assert [reason.endswith("and put back since.") for reason in told] == ([True] if how == "removed" else [])


def test_entries_that_are_no_notes_are_alarms_and_lose_no_record(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId
) -> None:
    first = watched.notes.append(commit, b"veto")
    watched.read()
    blob = story.git("hash-object", "-w", "--stdin", input=b"x\n")
    entries: dict[str, bytes | str] = {commit: f"120000 {blob}", "README": b"hello\n", commit.upper()[:-1] + "f": b"a"}
    write_notes(story, REF, entries, parent=first)
    content = watched.read()
    assert content.lines == {commit: (b"veto",)}
    assert sorted(words(watched)) == ["malformed", "malformed", "malformed", "record-removed"]
    assert content.problems == ()


@pytest.mark.parametrize("kind", ["tree", "blob", "tag"])
def test_a_notes_ref_that_leads_to_no_commit_is_a_problem_and_an_alarm(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId, kind: str
) -> None:
    watched.notes.append(commit, b"veto")
    watched.read()
    target = {"tree": f"{commit}^{{tree}}", "blob": f"{commit}:params.yaml", "tag": "refs/tags/one"}[kind]
    story.tag("one", message="one")
    story.git("update-ref", REF, story.git("rev-parse", target))
    content = watched.read()
    assert content.lines == {commit: (b"veto",)}
    assert f"points to a {kind}" in content.problems[0].problem
    assert "wrong-target" in words(watched)


def test_a_shallow_history_is_incomplete(story: ModelRepository, watched: WatchedNotes, tmp_path: Path) -> None:
    commit = ObjectId(story.git("rev-parse", "main"))
    watched.notes.append(commit, b"veto")
    watched.notes.append(commit, b"yes")
    place = tmp_path / "shallow"
    subprocess.run(("git", "clone", "-q", "--depth=1", f"file://{story.path}", str(place)), check=True)
    fetch = ("git", "fetch", "-q", "--depth=1", "origin", f"{REF}:{REF}")
    subprocess.run(fetch, cwd=place, check=True)
    cut = WatchedNotes(Notes(Repository.open(place), REF))
    content = cut.read()
    assert content.lines == {commit: (b"veto", b"yes")}
    assert "shallow" in content.problems[0].problem
    assert cut.seen() is None
    subprocess.run(("git", "fetch", "-q", "--unshallow", "origin", f"{REF}:{REF}"), cwd=place, check=True)
    assert cut.read().problems == ()
    cut.notes.repository.close()


def test_a_code_history_that_is_shallow_does_not_make_the_notes_incomplete(
    story: ModelRepository, watched: WatchedNotes, tmp_path: Path
) -> None:
    commit = ObjectId(story.commit_files({"a": "b"}))
    watched.notes.append(commit, b"veto")
    watched.notes.append(commit, b"yes")
    place = tmp_path / "shallow"
    subprocess.run(("git", "clone", "-q", "--depth=1", f"file://{story.path}", str(place)), check=True)
    subprocess.run(("git", "fetch", "-q", "origin", f"{REF}:{REF}"), cwd=place, check=True)
    repository = Repository.open(place)
    assert repository.is_shallow
    assert WatchedNotes(Notes(repository, REF)).read().problems == ()
    repository.close()


def test_missing_objects_are_incomplete_never_an_empty_note(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId
) -> None:
    first = watched.notes.append(commit, b"veto")
    blob = story.git("rev-parse", f"{first}:{commit}")
    write_notes(story, REF, {commit: b"yes\n"}, parent=first)
    watched.notes.repository.close()
    (story.path / ".git" / "objects" / blob[:2] / blob[2:]).unlink()
    content = watched.read()
    assert any(problem.problem.startswith("incomplete") for problem in content.problems)
    assert seen(story) == ""


def test_where_nothing_may_be_written_the_reading_is_the_same_and_says_so(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId
) -> None:
    watched.notes.append(commit, b"veto")
    (story.path / ".git" / "refs" / "reviewtui").write_text("in the way")
    content = watched.read()
    assert content.lines == {commit: (b"veto",)}
    assert content.memory.startswith("What was read is not remembered")


def test_each_line_is_traced_to_the_commit_that_first_brought_it(
    story: ModelRepository, watched: WatchedNotes, commit: ObjectId
) -> None:
    first = watched.notes.append(commit, b"veto")
    second = watched.notes.append(commit, b"yes")
    watched.read()
    story.git("update-ref", REF, first)
    assert watched.brought() == {(commit, b"veto"): first, (commit, b"yes"): second}


LINES = st.sets(st.sampled_from([b"a", b"b", b"c", b"d"]), max_size=4)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ours=LINES,
    theirs=LINES,
    depths=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    strategy=st.sampled_from(["union", "cat_sort_uniq", "ours", "theirs"]),
    order=st.randoms(use_true_random=False),
)
def test_order_duplication_fan_out_and_merge_strategy_never_change_what_is_read(
    story: ModelRepository,
    watched: WatchedNotes,
    commit: ObjectId,
    ours: set[bytes],
    theirs: set[bytes],
    depths: tuple[int, int],
    strategy: str,
    order: random.Random,
) -> None:
    for ref in (REF, SEEN, "refs/notes/other"):
        story.git("update-ref", "-d", ref)

    def note(lines: set[bytes]) -> bytes:
        shuffled = [*lines, *lines, b"base"]
        order.shuffle(shuffled)
        return b"\n".join(shuffled) + b"\n"

    base = write_notes(story, REF, {commit: b"base\n"})
    write_notes(story, "refs/notes/other", {nested(commit, depths[0]): note(theirs)}, parent=base)
    write_notes(story, REF, {nested(commit, depths[1]): note(ours)}, parent=base)
    if story.git("rev-parse", REF) != story.git("rev-parse", "refs/notes/other"):
        story.git("notes", f"--ref={REF}", "merge", "-q", "-s", strategy, "refs/notes/other")
    assert set(watched.read().lines[commit]) == {b"base", *ours, *theirs}


@pytest.fixture
def reviewed(tmp_path: Path) -> tuple[ModelRepository, ObjectId, list[bytes], str]:
    """A version with signed records: approved, rejected, withdrawn, approved; its lines, and the decision on it."""
    story = churn_repository(tmp_path / "reviewed")
    for verdict, name in (("approve", "dana"), ("reject", "lin"), ("withdraw", "lin"), ("approve", "lin")):
        words = (verdict, "churn@1.1.0", "-m", "because", "--yes")
        answer = reviewtui(story.path, *words, person=story.person(name))
        assert answer.status == 0, answer.err
    commit = ObjectId(story.git("rev-parse", "model/churn/v1.1.0"))
    lines = story.git("notes", f"--ref={REF}", "show", commit).encode().split(b"\n")
    assert len(lines) == 4
    return story, commit, lines, _decision(story)


def _decision(story: ModelRepository) -> str:
    project = Project.open(story.path)
    decision = project.gate(project.find("churn@1.1.0"))
    project.repository.close()
    assert decision.allowed
    return repr(decision)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    sides=st.lists(st.sampled_from(["ours", "theirs", "both"]), min_size=4, max_size=4),
    depths=st.tuples(st.integers(0, 2), st.integers(0, 2)),
    strategy=st.sampled_from(["union", "cat_sort_uniq", "ours", "theirs"]),
    order=st.randoms(use_true_random=False),
)
def test_order_duplication_fan_out_and_merge_strategy_never_change_a_decision(
    reviewed: tuple[ModelRepository, ObjectId, list[bytes], str],
    sides: list[str],
    depths: tuple[int, int],
    strategy: str,
    order: random.Random,
) -> None:
    story, commit, lines, expected = reviewed
    for ref in (REF, SEEN, "refs/notes/other"):
        story.git("update-ref", "-d", ref)
    parts = {
        side: [line for line, place in zip(lines, sides, strict=True) if place in (side, "both")]
        for side in ("ours", "theirs")
    }
    for part in parts.values():
        part += part[:1]
        order.shuffle(part)
    base = write_notes(story, REF, {"ab" * 20: b"another note\n"})
    other = {"ab" * 20: b"another note\n"}
    note = {side: b"\n".join(part) + b"\n" for side, part in parts.items() if part}
    theirs = {nested(commit, depths[0]): note["theirs"]} if "theirs" in note else {}
    ours = {nested(commit, depths[1]): note["ours"]} if "ours" in note else {}
    write_notes(story, "refs/notes/other", {**other, **theirs}, parent=base)
    write_notes(story, REF, {**other, **ours}, parent=base)
    if story.git("rev-parse", REF) != story.git("rev-parse", "refs/notes/other"):
        story.git("notes", f"--ref={REF}", "merge", "-q", "-s", strategy, "refs/notes/other")
    # What a strategy drops is an alarm beside the decision, which is the same.
    assert _decision_without_alarms(story) == expected


def _decision_without_alarms(story: ModelRepository) -> str:
    project = Project.open(story.path)
    decision = project.gate(project.find("churn@1.1.0"))
    project.repository.close()
    findings = tuple(each for each in decision.findings if not (each.rule == "integrity" and each.warning))
    return repr(replace(decision, findings=findings))
