"""build_demo(): an empty directory → the sample repository, reviewed and released by the project's own verbs."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from reviewtui.demo.import_stream import STAGING, import_stream
from reviewtui.demo.people import Desks, MakeKey
from reviewtui.demo.story import VISITOR, Committed, Event, Released, Reviewed, TaggedByHand, tell_story
from reviewtui.errors import UsageError
from reviewtui.git.objects import ObjectId, Person
from reviewtui.git.process import Git, git_version
from reviewtui.git.repository import Repository
from reviewtui.project import Project
from reviewtui.signing.configured import configured_signer
from reviewtui.signing.scheme import Signer
from reviewtui.signing.throwaway import create_throwaway_key

KEYS = "demo-keys"
"""The folder below .git that holds everybody's keys; it also tells a sample repository from any other."""


def build_demo(directory: Path, *, now: datetime | None = None, make_key: MakeKey = create_throwaway_key) -> Path:
    """Builds the sample repository in a directory that is new or empty; gives its absolute path.

    Everything is dated back from `now`; two builds for the same moment differ in their keys alone, and in what names
    those: not at all, where `make_key` makes the same ones. Nothing outside the directory is written, and the user's
    own configuration of Git is neither changed nor heeded.
    Raises: UsageError; GitError; SigningError.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    place = _empty_directory(directory)
    try:
        _build(place, moment, make_key)
    except BaseException:
        # Half a story would be in the way of the next attempt. Files are checked out last: there is only .git yet.
        shutil.rmtree(place / ".git", ignore_errors=True)
        raise
    return place


def _build(place: Path, moment: datetime, make_key: MakeKey) -> None:
    nobody = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}
    git = Git(place, environment=nobody)
    git_version(git.program)
    git.run("init", "--quiet", "--template=", "--initial-branch=main", "--object-format=sha1")
    desks = Desks.furnished(place / ".git" / KEYS, make_key)
    events = tell_story(moment, allowed_signers=desks.allowed_signers())
    _Replay(place, desks, start=moment).tell(events)
    _invite_visitor(Git(place, environment=desks.environment(VISITOR, at=moment)), desks)


def _empty_directory(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        empty = not any(directory.iterdir())
    except OSError as error:
        raise UsageError(f"{directory} cannot be made: {error.strerror}.") from error
    if (directory / ".git" / KEYS).is_dir():
        raise UsageError(
            f"{directory} holds a sample repository already.", hint=f"Open it with: reviewtui -C {directory}"
        )
    if not empty:
        raise UsageError(f"{directory} is not empty.", hint="Name a new folder: reviewtui demo DIR")
    return directory.absolute()


class _Replay:
    """The story told once more in one open repository, each event by the person who acts and at its own time."""

    def __init__(self, place: Path, desks: Desks, *, start: datetime) -> None:
        self._desks = desks
        self._who = VISITOR
        self._at = start
        self._git = Git(place, environment=desks.environment(VISITOR, at=start))
        repository = Repository.open(place, environment=self._git.extra_environment)
        self._repository = repository
        self._project = Project(repository, signer=self._signer, clock=lambda: self._at)

    def tell(self, events: Sequence[Event]) -> None:
        """Brings in all commits at once; then branches move, people review and release, in order."""
        commits = iter(self._imported(events))
        moves: dict[str, ObjectId | None] = {}
        for event in events:
            match event:
                case Committed():
                    moves |= {event.branch: next(commits)} | ({event.merged: None} if event.merged else {})
                case Reviewed():
                    project = self._seen_by(event.reviewer, event.at, moves)
                    version = project.find(event.version)
                    project.record_review(project.prepare_review(version, event.verdict, event.comment))
                case Released():
                    project = self._seen_by(event.releaser, event.at, moves)
                    project.release(project.prepare_release(project.find(event.version)))
                case TaggedByHand():
                    pass  # its tag came with the commits
        self._seen_by(VISITOR, events[-1].at, moves)
        self._repository.close()

    def _seen_by(self, who: Person, at: datetime, moves: dict[str, ObjectId | None]) -> Project:
        """The project as this person finds it, once the branches that wait to be moved are."""
        self._who, self._at = who, at
        environment = self._desks.environment(who, at=at)
        self._git.extra_environment.update(environment)
        self._repository.git.extra_environment.update(environment)
        lines = [
            f"update refs/heads/{branch} {commit}\n" if commit else f"delete refs/heads/{branch}\n"
            for branch, commit in moves.items()
        ]
        moves.clear()
        if lines:
            self._git.run("update-ref", "--stdin", input="".join(lines).encode())
        self._project.reload()
        return self._project

    def _signer(self) -> Signer:
        return configured_signer(self._desks.settings(self._who).get, directory=self._desks.folder)

    def _imported(self, events: Sequence[Event]) -> list[ObjectId]:
        """The ids of all commits, in the order of the story. The import's own refs are gone afterwards."""
        marks = self._desks.folder / "marks"
        self._git.run("fast-import", "--quiet", f"--export-marks={marks}", input=import_stream(events))
        lines = sorted(marks.read_text(encoding="ascii").splitlines(), key=lambda line: int(line[1:].split()[0]))
        marks.unlink()
        staged = {event.branch for event in events if isinstance(event, Committed)}
        deletions = "".join(f"delete {STAGING}{branch}\n" for branch in staged)
        self._git.run("update-ref", "--stdin", input=deletions.encode())
        return [ObjectId(line.split()[1]) for line in lines]


def _invite_visitor(git: Git, desks: Desks) -> None:
    """Checks out main, and gives the repository the visitor's name and key."""
    git.run("reset", "--quiet", "--hard", "refs/heads/main")
    for key, value in desks.settings(VISITOR).items():
        git.run("config", "--local", key, value)
