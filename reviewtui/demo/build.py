"""build_demo(): an empty directory → the sample repository, reviewed and released by the project's own verbs."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from reviewtui.demo.import_stream import STAGING, import_stream
from reviewtui.demo.people import Desks
from reviewtui.demo.story import VISITOR, Committed, Event, Released, Reviewed, TaggedByHand, tell_story
from reviewtui.errors import UsageError
from reviewtui.git.objects import ObjectId, Person
from reviewtui.git.process import Git

if TYPE_CHECKING:
    from reviewtui.project import Project


def build_demo(directory: Path, *, now: datetime | None = None) -> Path:
    """Builds the sample repository in a directory that is new or empty; gives its absolute path.

    Everything is dated back from `now`; two builds for the same moment differ in their keys alone. Nothing outside the
    directory is written, and the user's own configuration of Git is neither changed nor heeded.
    Raises: UsageError; GitError; SigningError.
    """
    moment = (now or datetime.now(UTC)).astimezone(UTC).replace(microsecond=0)
    place = _empty_directory(directory)
    keys = place / ".git" / "demo-keys"
    Git(place, environment={"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}).run(
        "init", "--quiet", "--template=", "--initial-branch=main", "--object-format=sha1"
    )
    desks = Desks.furnished(keys)
    replay = _Replay(place, desks)
    replay.tell(tell_story(moment, allowed_signers=desks.allowed_signers()))
    _invite_visitor(replay.git(VISITOR, moment), desks)
    return place


def _empty_directory(directory: Path) -> Path:
    try:
        directory.mkdir(parents=True, exist_ok=True)
        empty = not any(directory.iterdir())
    except OSError as error:
        raise UsageError(f"{directory} cannot be made: {error.strerror}.") from error
    if not empty:
        raise UsageError(f"{directory} is not empty.", hint="Name a new folder: reviewtui demo DIR")
    return directory.absolute()


@dataclass(frozen=True, slots=True)
class _Replay:
    """The story told once more, event by event, each by the person who acts."""

    place: Path
    desks: Desks

    def git(self, who: Person, at: datetime) -> Git:
        return Git(self.place, environment=self.desks.environment(who, at=at))

    def tell(self, events: Sequence[Event]) -> None:
        """Brings in all commits at once, then moves the branches, reviews and releases in order."""
        commits = iter(self._imported(events))
        moves: dict[str, ObjectId | None] = {}
        for event in events:
            match event:
                case Committed():
                    moves |= {event.branch: next(commits)} | ({event.merged: None} if event.merged else {})
                case Reviewed(at=at, reviewer=who):
                    self._move(moves, who, at)
                    moves = {}
                    project = self._project(who, at)
                    version = project.find(event.version)
                    project.record_review(project.prepare_review(version, event.verdict, event.comment))
                case Released(at=at, releaser=who):
                    self._move(moves, who, at)
                    moves = {}
                    project = self._project(who, at)
                    project.release(project.prepare_release(project.find(event.version)))
                case TaggedByHand():
                    pass  # its tag came with the commits
        self._move(moves, VISITOR, events[-1].at)

    def _project(self, who: Person, at: datetime) -> Project:
        raise NotImplementedError

    def _imported(self, events: Sequence[Event]) -> list[ObjectId]:
        """The ids of all commits, in the order of the story. The import's own refs are gone afterwards."""
        git = self.git(VISITOR, events[-1].at)
        marks = self.desks.folder / "marks"
        git.run("fast-import", "--quiet", f"--export-marks={marks}", input=import_stream(events))
        lines = sorted(marks.read_text(encoding="ascii").splitlines(), key=lambda line: int(line[1:].split()[0]))
        marks.unlink()
        staged = {event.branch for event in events if isinstance(event, Committed)}
        git.run("update-ref", "--stdin", input="".join(f"delete {STAGING}{branch}\n" for branch in staged).encode())
        return [ObjectId(line.split()[1]) for line in lines]

    def _move(self, moves: Mapping[str, ObjectId | None], who: Person, at: datetime) -> None:
        """Sets branches to commits, or ends them."""
        lines = [
            f"update refs/heads/{branch} {commit}\n" if commit else f"delete refs/heads/{branch}\n"
            for branch, commit in moves.items()
        ]
        if lines:
            self.git(who, at).run("update-ref", "--stdin", input="".join(lines).encode())


def _invite_visitor(git: Git, desks: Desks) -> None:
    """Checks out main, and gives the repository the visitor's name and key."""
    git.run("reset", "--quiet", "--hard", "refs/heads/main")
    for key, value in desks.settings(VISITOR).items():
        git.run("config", "--local", key, value)
