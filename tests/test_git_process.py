"""Git and CatFile: the environment, the errors, and many objects through few processes."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from reviewtui.errors import GitCommandError, GitError, NotARepositoryError, UnknownRevisionError
from reviewtui.git.process import Git, command_error, scrubbed_environment
from tests.model_repository import ModelRepository


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    return ModelRepository(tmp_path / "r", bare=True)


@pytest.fixture(params=[1, 2])
def readers(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many processes read objects: one, or two as with an old git."""
    if request.param == 2:
        monkeypatch.setattr("reviewtui.git.catfile.BATCH_COMMAND_SINCE", (99, 0))
    return int(request.param)


@pytest.fixture
def git(story: ModelRepository) -> Iterator[Git]:
    git = Git(story.path)
    yield git
    git.close()


def test_the_environment_cannot_lead_git_elsewhere(git: Git, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_NAMESPACE", "GIT_CONFIG_PARAMETERS", "GIT_NOTES_REF"):
        monkeypatch.setenv(name, "/nowhere")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "broken")
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Kept")
    assert git.run("rev-parse", "--is-bare-repository") == b"true\n"
    environment = scrubbed_environment()
    assert environment["GIT_AUTHOR_NAME"] == "Kept"
    assert environment["GIT_NO_REPLACE_OBJECTS"] == "1"
    assert "GIT_DIR" not in environment


def test_only_what_talks_to_remotes_may_fetch() -> None:
    assert scrubbed_environment()["GIT_ALLOW_PROTOCOL"] == "none"
    assert "GIT_ALLOW_PROTOCOL" not in scrubbed_environment(online=True)


def test_a_failure_carries_gits_own_words(git: Git) -> None:
    with pytest.raises(GitCommandError, match="git rev-parse failed: ") as caught:
        git.run("rev-parse", "--verify", "refs/heads/none")
    assert caught.value.status == 128


def test_a_directory_that_is_no_repository_is_said_to_be_none(tmp_path: Path) -> None:
    place = tmp_path / "plain"
    place.mkdir()
    with pytest.raises(NotARepositoryError):
        Git(place).run("rev-parse", "--git-dir")
    with pytest.raises(NotARepositoryError):
        Git(tmp_path / "absent").run("rev-parse", "--git-dir")


def test_dubious_ownership_comes_with_the_line_that_mends_it() -> None:
    said = (
        b"fatal: detected dubious ownership in repository at '/srv/r'\nTo add an exception:\n\n"
        b"\tgit config --global --add safe.directory /srv/r\n"
    )
    error = command_error(("rev-parse",), 128, said)
    assert isinstance(error, NotARepositoryError)
    assert error.hint == "git config --global --add safe.directory /srv/r"


def test_replace_refs_replace_nothing(git: Git, story: ModelRepository) -> None:
    story.commit_files({"a": "good"})
    good, evil = (story.git("hash-object", "-w", "--stdin", input=each) for each in (b"good", b"evil"))
    story.git("replace", good, evil)
    assert git.cat_file.read(good, limit=10) == ("blob", b"good")


def test_thousands_of_objects_need_no_more_processes_and_no_side_waits(
    git: Git, story: ModelRepository, readers: int
) -> None:
    texts = [os.urandom(16).hex() * (1 + number % 700) for number in range(3000)]
    stream = b"".join(
        b"blob\nmark :%d\ndata %d\n%s\n" % (number, len(text), text.encode()) for number, text in enumerate(texts, 1)
    )
    marks = story.path / "marks"
    story.git("fast-import", "--quiet", f"--export-marks={marks}", input=stream)
    by_mark = dict(line.split() for line in marks.read_text().splitlines())
    ids = [by_mark[f":{number}"] for number in range(1, len(texts) + 1)]
    before = git.processes_started
    found = git.cat_file.read_many(ids)
    assert [found[each].decode() for each in ids] == texts
    assert git.processes_started == before + readers
    small = git.cat_file.read_many(ids, limit=32)
    assert set(small.values()) == {text.encode() for text in texts if len(text) == 32}
    assert git.processes_started == before + readers


@pytest.mark.usefixtures("readers")
def test_missing_large_and_ambiguous_objects_are_told_apart(git: Git, story: ModelRepository) -> None:
    blob = story.git("hash-object", "-w", "--stdin", input=b"12345")
    assert git.cat_file.info(blob) == (blob, "blob", 5)
    assert git.cat_file.info("0" * 40) is None
    with pytest.raises(UnknownRevisionError, match="missing"):
        git.cat_file.read("0" * 40, limit=10)
    with pytest.raises(GitError, match="5 bytes; at most 4"):
        git.cat_file.read(blob, limit=4)
    assert git.cat_file.info("") is None
    assert git.cat_file.info(" HEAD") is None
    for spec in ("a\nb", "x" * 5000):
        with pytest.raises(UnknownRevisionError):
            git.cat_file.info(spec)
    assert git.cat_file.info("--batch-all-objects") is None


@pytest.mark.usefixtures("readers")
def test_a_reader_that_died_is_replaced(git: Git, story: ModelRepository) -> None:
    blob = story.git("hash-object", "-w", "--stdin", input=b"12345")
    assert git.cat_file.read(blob, limit=9) == ("blob", b"12345")
    git.close()
    assert git.cat_file.read(blob, limit=9) == ("blob", b"12345")


@pytest.mark.usefixtures("readers")
def test_a_corrupt_object_is_an_error_and_the_rest_still_works(git: Git, story: ModelRepository) -> None:
    good, bad = (story.git("hash-object", "-w", "--stdin", input=each) for each in (b"good", b"bad"))
    file = story.path / "objects" / bad[:2] / bad[2:]
    file.chmod(0o644)
    file.write_bytes(b"junk")
    with pytest.raises(GitError):
        git.cat_file.read(bad, limit=10)
    assert git.cat_file.read(good, limit=10) == ("blob", b"good")


def test_a_stream_that_is_closed_early_ends_its_process(git: Git, story: ModelRepository) -> None:
    story.commit_files({f"f{number}": "x" for number in range(500)})
    stream = git.stream("ls-tree", "-r", "-z", "--name-only", "main")
    assert next(stream) == b"f0"
    stream.close()  # type: ignore[attr-defined]
    with pytest.raises(GitCommandError):
        list(git.stream("ls-tree", "-z", "nowhere"))


def test_a_name_with_a_nul_byte_is_an_error_of_ours(git: Git) -> None:
    with pytest.raises(GitError, match="NUL"):
        git.run("rev-parse", "a\0b")
