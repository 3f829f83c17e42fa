"""Notes: appended by many at once, read strictly, united without loss."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewtui.errors import GitError
from reviewtui.git.notes import MAX_LINE_BYTES, Notes
from reviewtui.git.notes_tree import MAX_NOTE_BYTES, split_lines
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.repository import Repository
from tests.model_repository import ModelRepository

REF = RefName("refs/notes/reviewtui/reviews")
ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(params=["sha1", "sha256"])
def story(tmp_path: Path, request: pytest.FixtureRequest) -> ModelRepository:
    return ModelRepository(tmp_path / "r", bare=True, object_format=request.param)


@pytest.fixture
def commit(story: ModelRepository) -> ObjectId:
    return ObjectId(story.commit_files({"a": "1"}))


@pytest.fixture
def notes(story: ModelRepository, commit: ObjectId) -> Iterator[Notes]:
    repository = Repository.open(story.path)
    yield Notes(repository, REF)
    repository.close()


def _write(story: ModelRepository, files: dict[str, bytes | str], *, parent: str = "") -> str:
    """A notes commit that holds exactly these: bytes are files, a string is "mode type id"."""
    index = {"GIT_INDEX_FILE": str(story.path / "scratch-index")}
    story.git("read-tree", "--empty", env=index)
    lines = []
    stored = {
        content: story.git("hash-object", "-w", "--stdin", input=content)
        for content in set(files.values())
        if isinstance(content, bytes)
    }
    for path, content in files.items():
        about = content if isinstance(content, str) else f"100644 {stored[content]}"
        lines.append(f"{about}\t{path}\n")
    story.git("update-index", "--index-info", input="".join(lines).encode(), env=index)
    tree = story.git("write-tree", "--missing-ok", env=index)
    made = story.git("commit-tree", tree, *(("-p", parent) if parent else ()), "-m", "by hand")
    story.git("update-ref", REF, made)
    return made


def _nested(commit: str, depth: int) -> str:
    pairs = [commit[2 * number : 2 * number + 2] for number in range(depth)]
    return "/".join([*pairs, commit[2 * depth :]])


def test_what_is_appended_is_read_by_us_and_by_git(story: ModelRepository, notes: Notes, commit: ObjectId) -> None:
    assert notes.tip() is None
    assert notes.lines(commit) == ()
    assert notes.read().lines == {}
    first = notes.append(commit, b"b")
    second = notes.append(commit, b"a")
    assert notes.tip() == second != first
    assert notes.lines(commit) == (b"a", b"b")
    assert story.git("notes", f"--ref={REF}", "show", commit) == "a\nb"
    assert story.git("log", "-1", "--format=%an <%ae>", REF) == "Robin Example <robin@example.com>"
    assert story.git("rev-list", "--count", REF) == "2"
    assert notes.append(commit, b"a") == second
    story.git("fsck", "--strict")


def test_an_append_takes_the_same_few_processes_whatever_is_there(
    story: ModelRepository, notes: Notes, commit: ObjectId
) -> None:
    notes.append(commit, b"warm")
    before = notes.repository.git.processes_started
    notes.append(commit, b"few")
    few = notes.repository.git.processes_started - before
    _write(story, {_nested(f"{number:0{len(commit)}x}"[::-1], 1): b"x\n" for number in range(3000)})
    before = notes.repository.git.processes_started
    notes.append(commit, b"many")
    assert notes.repository.git.processes_started - before <= few + 1
    assert len(notes.read().lines) == 3001


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_a_note_stays_where_it_is_and_others_keep_their_bytes(
    story: ModelRepository, notes: Notes, commit: ObjectId, depth: int
) -> None:
    other = "ab" + commit[2:]
    _write(story, {_nested(commit, depth): b"old\n", _nested(other, 1): b"odd\r\n\n\xff no end", "README": b"hello"})
    notes.append(commit, b"new")
    assert story.git("show", f"{REF}:{_nested(commit, depth)}") == "new\nold"
    assert story.git("show", f"{REF}:{_nested(other, 1)}").encode("utf-8", "surrogateescape") == b"odd\r\n\n\xff no end"
    assert story.git("show", f"{REF}:README") == "hello"
    assert notes.lines(ObjectId(other)) == (b"odd\r", b"\xff no end")


@pytest.mark.parametrize("depth", [1, 2])
def test_a_new_note_goes_where_its_neighbours_are(
    story: ModelRepository, notes: Notes, commit: ObjectId, depth: int
) -> None:
    sibling = commit[:4] + "0" * (len(commit) - 4)
    _write(story, {_nested(sibling, depth): b"x\n"})
    notes.append(commit, b"y")
    assert _nested(commit, depth) in story.git("ls-tree", "-r", "--name-only", REF).split("\n")


def test_a_crowded_directory_gets_subdirectories_for_what_is_new(
    story: ModelRepository, notes: Notes, commit: ObjectId
) -> None:
    _write(story, {f"{number:0{len(commit)}x}"[::-1]: b"x\n" for number in range(300)})
    notes.append(commit, b"y")
    assert story.git("show", f"{REF}:{_nested(commit, 1)}") == "y"
    assert story.git("notes", f"--ref={REF}", "show", commit) == "y"
    assert len(notes.read().lines) == 301


def test_flat_and_nested_entries_are_one_note_and_become_one(
    story: ModelRepository, notes: Notes, commit: ObjectId
) -> None:
    _write(story, {commit: b"flat\nboth\n", _nested(commit, 1): b"nested\nboth\n"})
    assert notes.lines(commit) == (b"both", b"flat", b"nested")
    assert notes.read().lines == {commit: (b"both", b"flat", b"nested")}
    notes.append(commit, b"new")
    assert story.git("ls-tree", "-r", "--name-only", REF) == _nested(commit, 1)
    assert notes.lines(commit) == (b"both", b"flat", b"nested", b"new")
    assert [change.removed for change in notes.history()] == [(), ()]


def test_what_is_no_note_is_a_problem_with_a_name(story: ModelRepository, notes: Notes, commit: ObjectId) -> None:
    blob = story.git("hash-object", "-w", "--stdin", input=b"x\n")
    ids = ["a" * (len(commit) - 1) + digit for digit in "0123456"]
    huge = b"x" * 100 + b"\n" + b"y" * MAX_NOTE_BYTES
    _write(
        story,
        {
            commit: b"good\n",
            ids[0].upper(): b"upper case\n",
            ids[1]: f"120000 {blob}",
            ids[2]: f"160000 {commit}",
            f"{ids[3]}/below": b"sub-tree\n",
            "README.md": b"no note\n",
            ids[4][:10]: b"short\n",
            ids[5]: huge,
            ids[6]: f"100755 {blob}",
            "\u202e": b"x",
        },
    )
    content = notes.read()
    assert content.lines[commit] == (b"good",)
    assert {oid for oid, lines in content.lines.items() if lines} == {commit}
    assert len(content.problems) == 9
    assert any("over-limit" in problem.problem for problem in content.problems)
    for wrong in (ids[1], ids[2], ids[5], ids[6]):
        with pytest.raises(GitError):
            notes.append(ObjectId(wrong), b"x")
    assert notes.append(commit, b"more")


def test_a_note_whose_bytes_are_missing_is_never_an_empty_note(
    story: ModelRepository, notes: Notes, commit: ObjectId
) -> None:
    missing = "12" * (len(commit) // 2)
    _write(story, {commit: f"100644 {missing}"})
    assert "missing" in notes.read().problems[0].problem
    with pytest.raises(GitError):
        notes.lines(commit)
    with pytest.raises(GitError):
        notes.append(commit, b"x")


def test_a_ref_that_leads_to_no_commit_is_a_problem(story: ModelRepository, notes: Notes, commit: ObjectId) -> None:
    story.git("update-ref", REF, story.git("rev-parse", f"{commit}^{{tree}}"))
    assert "not a commit" in notes.read().problems[0].problem
    (story.path / REF).write_text("12" * (len(commit) // 2) + "\n")
    assert "missing" in notes.read().problems[0].problem
    with pytest.raises(GitError):
        notes.append(commit, b"x")


def test_only_a_line_feed_ends_a_line() -> None:
    data = "a\u2028b\u0085c\x0bd\x1ce\rf\0g\n\nh".encode()
    assert split_lines(data) == {"a\u2028b\u0085c\x0bd\x1ce\rf\0g".encode(), b"h"}


@pytest.mark.parametrize("line", [b"", b"a\nb", b"a\r", b"a\0", b"\xff", b"x" * (MAX_LINE_BYTES + 1)])
def test_what_is_no_line_is_not_appended(notes: Notes, commit: ObjectId, line: bytes) -> None:
    with pytest.raises(GitError):
        notes.append(commit, line)
    assert notes.tip() is None


def test_a_note_does_not_grow_beyond_its_limit(story: ModelRepository, notes: Notes, commit: ObjectId) -> None:
    _write(story, {commit: b"y" * (MAX_NOTE_BYTES - 10) + b"\n"})
    with pytest.raises(GitError, match="would grow"):
        notes.append(commit, b"x" * 20)


_WRITER = """
import pathlib, sys
from reviewtui.git.notes import Notes
from reviewtui.git.repository import Repository
path, ref, name, *commits = sys.argv[1:]
notes = Notes(Repository.open(pathlib.Path(path)), ref)
for number in range(50):
    notes.append(commits[number % len(commits)], f"{name}-{number}".encode())
    print(number, flush=True)
notes.repository.close()
"""


def _writer(story: ModelRepository, name: str, commits: list[str]) -> subprocess.Popen[bytes]:
    words = (sys.executable, "-c", _WRITER, str(story.path), REF, name, *commits)
    return subprocess.Popen(words, cwd=ROOT, stdout=subprocess.PIPE)


def test_two_processes_at_once_lose_nothing(story: ModelRepository, notes: Notes, commit: ObjectId) -> None:
    commits = [commit, *(story.commit_files({"a": str(number)}) for number in range(4))]
    writers = [_writer(story, name, commits) for name in ("one", "two")]
    for writer in writers:
        writer.communicate(timeout=120)
        assert writer.returncode == 0
    content = notes.read()
    found = {line for lines in content.lines.values() for line in lines}
    assert found == {f"{name}-{number}".encode() for name in ("one", "two") for number in range(50)}
    assert story.git("rev-list", "--count", REF) == "100"
    assert content.problems == ()


def test_a_writer_killed_at_any_moment_leaves_a_valid_repository(
    story: ModelRepository, notes: Notes, commit: ObjectId
) -> None:
    for round_ in range(4):
        writer = _writer(story, f"round{round_}", [commit])
        assert writer.stdout
        told = [writer.stdout.readline() for _ in range(round_ + 1)]
        os.kill(writer.pid, signal.SIGKILL)
        writer.communicate()
        lines = set(notes.lines(commit))
        assert {f"round{round_}-{int(number)}".encode() for number in told} <= lines
    story.git("fsck", "--connectivity-only")
    assert notes.append(commit, b"after")


def test_history_tells_what_every_commit_added_and_removed(
    story: ModelRepository, notes: Notes, commit: ObjectId
) -> None:
    first = notes.append(commit, b"veto")
    second = notes.append(commit, b"yes")
    third = _write(story, {_nested(commit, 1): b"veto\nyes\n"}, parent=second)
    fourth = _write(story, {commit: b"yes\nmore\n"}, parent=third)
    told = [(change.commit, change.added, change.removed) for change in notes.history()]
    assert told == [
        (first, (b"veto",), ()),
        (second, (b"yes",), ()),
        (fourth, (b"more",), (b"veto",)),
    ]
    assert [change.commit for change in notes.history(second)] == [fourth]
    assert notes.contains(first)


def test_history_sees_a_line_that_a_merge_dropped(story: ModelRepository, notes: Notes, commit: ObjectId) -> None:
    base = notes.append(commit, b"base")
    veto = notes.append(commit, b"veto")
    side = _write(story, {commit: b"base\nside\n"}, parent=base)
    tree = story.git("rev-parse", f"{side}^{{tree}}")
    merge = story.git("commit-tree", tree, "-p", veto, "-p", side, "-m", "evil merge")
    story.git("update-ref", REF, merge)
    assert (merge, (b"veto",)) in [(change.commit, change.removed) for change in notes.history()]


def test_history_names_what_stands_where_a_note_should_be(
    story: ModelRepository, notes: Notes, commit: ObjectId
) -> None:
    first = notes.append(commit, b"veto")
    blob = story.git("hash-object", "-w", "--stdin", input=b"x\n")
    _write(story, {commit: f"120000 {blob}"}, parent=first)
    (_, change) = notes.history()
    assert change.problem == "it is no plain file (mode 120000)"
    assert change.removed == (b"veto",)


@pytest.fixture
def clones(story: ModelRepository, commit: ObjectId, tmp_path: Path) -> Iterator[list[Notes]]:
    found = []
    for number in range(3):
        place = tmp_path / f"clone{number}"
        subprocess.run(("git", "clone", "-q", str(story.path), str(place)), check=True)
        found.append(Notes(Repository.open(place), REF))
    yield found
    for each in found:
        each.repository.close()


def test_clones_that_sync_end_with_every_line_of_all(
    story: ModelRepository, notes: Notes, clones: list[Notes], commit: ObjectId
) -> None:
    for number, clone in enumerate(clones):
        clone.append(commit, b"from %d" % number)
    results = [clone.sync("origin") for clone in clones]
    assert [(result.received, result.sent) for result in results] == [(0, 1), (1, 1), (2, 1)]
    for clone in clones:
        clone.sync("origin")
        assert clone.lines(commit) == (b"from 0", b"from 1", b"from 2") == notes.lines(commit)
    assert len({clone.tip() for clone in clones}) == 1
    again = clones[0].sync("origin")
    assert (again.received, again.sent, again.tries) == (0, 0, 1)


def test_a_line_that_one_side_deleted_comes_back(story: ModelRepository, clones: list[Notes], commit: ObjectId) -> None:
    other = ObjectId("ab" + commit[2:])
    clones[0].append(commit, b"veto")
    base = clones[0].append(other, b"untouched")
    clones[0].sync("origin")
    clones[1].sync("origin")
    _write(story, {commit: b"yes\n"}, parent=base)
    clones[1].sync("origin")
    clones[1].sync("origin")
    assert clones[1].lines(commit) == (b"veto", b"yes")
    assert clones[1].lines(other) == (b"untouched",)
    assert story.git("notes", f"--ref={REF}", "show", commit) == "veto\nyes"


def test_unrelated_histories_are_united_too(story: ModelRepository, clones: list[Notes], commit: ObjectId) -> None:
    clones[0].append(commit, b"mine")
    _write(story, {_nested(commit, 2): b"theirs\n"})
    clones[0].sync("origin")
    assert clones[0].lines(commit) == (b"mine", b"theirs")
    assert story.git("notes", f"--ref={REF}", "show", commit) == "mine\ntheirs"


def test_a_refused_push_is_tried_again_with_what_came_meanwhile(
    story: ModelRepository, notes: Notes, clones: list[Notes], commit: ObjectId
) -> None:
    clones[0].append(commit, b"a")
    clones[0].sync("origin")
    tip = clones[1].append(commit, b"b")
    assert not clones[1].push("origin", tip)
    assert clones[1].sync("origin").received == 1
    hook = story.path / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not today' >&2\nexit 1\n")
    hook.chmod(0o755)
    clones[2].append(commit, b"c")
    with pytest.raises(GitError, match="pre-receive hook declined"):
        clones[2].sync("origin")


def test_clones_that_sync_at_once_lose_nothing(
    story: ModelRepository, notes: Notes, clones: list[Notes], commit: ObjectId
) -> None:
    code = (
        "import pathlib, sys; from reviewtui.git.notes import Notes; from reviewtui.git.repository import Repository\n"
        "notes = Notes(Repository.open(pathlib.Path(sys.argv[1])), sys.argv[2])\n"
        "for number in range(5):\n"
        "    notes.append(sys.argv[3], f'{sys.argv[4]}-{number}'.encode()); notes.sync('origin')\n"
        "notes.repository.close()"
    )
    writers = [
        subprocess.Popen(
            (sys.executable, "-c", code, str(each.repository.work_tree), REF, commit, str(number)), cwd=ROOT
        )
        for number, each in enumerate(clones)
    ]
    assert [writer.wait(timeout=120) for writer in writers] == [0, 0, 0]
    assert set(notes.lines(commit)) == {b"%d-%d" % (each, number) for each in range(3) for number in range(5)}
    assert [change.removed for change in notes.history() if change.removed] == []
