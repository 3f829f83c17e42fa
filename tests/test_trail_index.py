"""The index of a notes ref, and the temporary file that it keeps its rows in."""

from __future__ import annotations

import contextlib
import os
import random
import resource
import tracemalloc
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from reviewtui.errors import ReviewTuiError
from reviewtui.git.notes import Notes
from reviewtui.git.objects import RefName
from reviewtui.git.repository import Repository
from reviewtui.git.watched_notes import WatchedNotes
from reviewtui.spill import Spill
from reviewtui.trail_index import NotesIndex, line_digest
from reviewtui.trail_items import Agenda, other_line
from tests.model_repository import AUTHOR, START, ModelRepository

REF = "refs/notes/reviewtui/pipeline"
ODD = ["", "a", "a\x00b", "é", "\ud800", "\udcff", "\uffff", "\U0001f600", "z", "Z"]
"""Names in ways that sort differently as bytes, as UTF-16 and as numbers of characters."""


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    return ModelRepository(tmp_path / "models")


def history(story: ModelRepository, parents: Sequence[Sequence[int]], *, times: Sequence[int]) -> list[str]:
    """A notes commit for each tuple of numbers of its parents, each with a line of its own; the last is the tip."""
    beside = story.commit_files({"params.yaml": "lr: 0.1\n"})
    stream: list[str] = []
    for number, above in enumerate(parents):
        lines = "".join(f"line {each}\n" for each in range(number + 1))
        stream += [f"commit refs/notes/made/{number}\nmark :{number + 1}\n"]
        stream += [f"committer {AUTHOR} {times[number]} +0000\ndata 0\n"]
        stream += [
            f"{word} :{each + 1}\n" for word, each in zip(("from", *["merge"] * len(above)), above, strict=False)
        ]
        stream += [f"N inline {beside}\ndata {len(lines)}\n{lines}\n"]
    story.git("fast-import", "--quiet", "--date-format=raw", input="".join(stream).encode())
    made = [story.git("rev-parse", f"refs/notes/made/{number}") for number in range(len(parents))]
    story.git("update-ref", REF, made[-1])
    return made


def index_of(repository: Repository) -> NotesIndex:
    return NotesIndex(WatchedNotes(Notes(repository, RefName(REF))), take=other_line)


@pytest.mark.parametrize("seed", range(6))
def test_a_position_is_that_of_the_first_commit_of_the_own_history_that_has_it(
    story: ModelRepository, seed: int
) -> None:
    """Of any shape of history: git itself is asked which commits each commit of the first-parent history has."""
    chosen = random.Random(seed)
    shape = [[], *(chosen.sample(range(each), min(each, chosen.choice((1, 1, 2, 3)))) for each in range(1, 24))]
    history(story, shape, times=[START + chosen.randrange(1000) for _ in shape])
    expected: dict[str, int] = {}
    own = story.git("rev-list", "--first-parent", "--reverse", REF).split("\n")
    for position, commit in enumerate(own, start=1):
        for reached in story.git("rev-list", commit).split("\n"):
            expected.setdefault(reached, position)
    index = index_of(Repository.open(story.path))
    found = {line.note: line.position for line in index.lines()}
    assert found and found == {note: expected[note] for note in found}
    assert index.length == len(own)


def test_a_line_is_as_old_as_the_oldest_commit_that_brought_it(story: ModelRepository) -> None:
    times = [START + 500, START + 300, START + 100, START + 400]
    made = history(story, [[], [0], [], [1, 2]], times=times)
    lines = {line.digest: line for line in index_of(Repository.open(story.path)).lines()}
    first, third = lines[line_digest(b"line 0")], lines[line_digest(b"line 2")]
    assert first.time == START + 100, "the other side brought it, too"
    assert first.note in (made[0], made[2])
    assert third.time == START + 100
    assert (lines[line_digest(b"line 3")].time, lines[line_digest(b"line 3")].position) == (START + 400, 3)


def test_a_line_is_found_again_by_its_number(story: ModelRepository) -> None:
    history(story, [[], [0], [1]], times=[START, START, START])
    index = index_of(Repository.open(story.path))
    every = list(index.lines())
    assert [index.line(line.number) for line in every] == every
    assert len(every) == 3


def test_the_index_holds_nothing_for_each_line(tmp_path: Path) -> None:
    """Ids, names and times of the lines are in a file: thousands more of them take no room in memory."""
    held = {}
    for count in (1000, 5000):
        story = ModelRepository(tmp_path / str(count))
        beside = story.commit_files({"params.yaml": "lr: 0.1\n"})
        lines = "".join(f"line {number}\n" for number in range(count)).encode()
        story.git("notes", "--ref", REF, "add", "-F", "-", beside, input=lines)
        repository = Repository.open(story.path)
        index_of(repository)  # Once, so that what is loaded and remembered for the next one is not counted.
        tracemalloc.start()
        index = index_of(repository)
        held[count] = tracemalloc.get_traced_memory()[0]
        tracemalloc.stop()
        assert sum(1 for _ in index.lines()) == count
        repository.close()
    assert held[5000] - held[1000] < 10 * 4000, held


def test_names_of_every_kind_are_in_the_order_of_their_characters() -> None:
    agenda = Agenda()
    orders = [(False, "", 0, name, tie, "") for name in ODD for tie in reversed(ODD)]
    for number, order in enumerate(orders):
        agenda.add(order, (0, number, 0))
    assert [number for _, number, _ in agenda.sources()] == sorted(range(len(orders)), key=lambda each: orders[each])


def test_what_has_no_time_comes_last_and_what_came_first_stays_first() -> None:
    agenda = Agenda()
    for number, late in enumerate((True, False, False, True)):
        agenda.add((late, "", 0, "", "", ""), (1, number, 7))
    assert list(agenda.sources()) == [(1, 1, 7), (1, 2, 7), (1, 0, 7), (1, 3, 7)]


def _fill() -> None:
    spill = Spill("CREATE TABLE rows (text TEXT)", held=64)
    for _ in range(1000):
        spill.run("INSERT INTO rows VALUES (?)", "x" * 1000)


def _in_little_room(work: Callable[[], None]) -> str:
    """What a child process that may write no large file meets."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = b"nothing was wrong"
        try:
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            work()
        except ReviewTuiError as error:
            said = f"{error.message} {error.hint}".encode()
        except BaseException as error:  # noqa: BLE001 (a forked child must never run on into the tests)
            said = repr(error).encode()
        finally:
            os.write(writing, said)
            os._exit(0)
    os.waitpid(child, 0)
    return os.read(reading, 10_000).decode()


def test_without_room_for_the_file_one_sentence_says_so() -> None:
    _fill()
    said = _in_little_room(_fill)
    assert said.startswith("The temporary file of a long list cannot be used: ")
    assert said.endswith("TMPDIR names a folder with more room.")


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="This system does not show what is open.")
def test_the_file_has_no_name_and_ends_with_its_reader() -> None:
    before = opened()
    spill = Spill("CREATE TABLE rows (text TEXT)", held=64)
    spill.run_many("INSERT INTO rows VALUES (?)", (("x" * 1000,) for _ in range(1000)))
    files = opened() - before
    assert files, "it is on disk by now"
    assert not any(Path(name).exists() for name in files)
    del spill
    assert not opened() & files


def opened() -> set[str]:
    """What this process has open."""
    found = set()
    for name in os.listdir("/proc/self/fd"):
        with contextlib.suppress(FileNotFoundError):
            found.add(os.readlink(f"/proc/self/fd/{name}"))
    return found
