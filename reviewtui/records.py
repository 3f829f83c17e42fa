"""The recorded lines of one notes ref, and which version each of them speaks of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Set
from typing import TYPE_CHECKING

from reviewtui.git.objects import ObjectId
from reviewtui.values import dataclass, field

if TYPE_CHECKING:
    from reviewtui.catalog import ModelVersion
    from reviewtui.git.notes import NotesProblem
    from reviewtui.git.watched_notes import NotesAlarm
    from reviewtui.review import Review

REVIEWS_REF = "refs/notes/reviewtui/reviews"
SEEN_REVIEWS_REF = "refs/reviewtui/seen/reviews"


@dataclass(frozen=True, slots=True)
class RecordedLine:
    """One line of the note beside `commit`. `claim` is what it says of itself, unverified; None: it cannot be read.

    `about` is the model and version that it claims to speak of, as far as even an unreadable record says so.
    `is_placed`: it is a record, and stands beside the commit it speaks of. One that does not says nothing there: nor
    does it mend its author's chain, and neither does a line that is no record at all.
    """

    commit: ObjectId
    line: bytes
    id: str
    claim: Review | None
    about: tuple[str, str] | None = None
    is_placed: bool = True


@dataclass(frozen=True, slots=True)
class Records:
    """Every recorded line, by the commit it stands beside and by the version it claims to speak of.

    `dangling` are those whose predecessor in their reviewer's chain is not among them. `problems` close every gate;
    `alarms` are shown with every decision: what was taken away is counted all the same.
    """

    by_commit: Mapping[ObjectId, tuple[RecordedLine, ...]] = field(default_factory=dict)
    by_version: Mapping[tuple[str, str], tuple[RecordedLine, ...]] = field(default_factory=dict)
    ids: Set[str] = frozenset()
    dangling: tuple[RecordedLine, ...] = ()
    problems: tuple[NotesProblem, ...] = ()
    alarms: tuple[NotesAlarm, ...] = ()

    def beside(self, commit: ObjectId) -> tuple[RecordedLine, ...]:
        """The lines of a commit's note."""
        return self.by_commit.get(commit, ())

    def elsewhere(self, model: str, version: str, *, than: ObjectId) -> tuple[RecordedLine, ...]:
        """The lines that claim to speak of a version, and stand beside another commit than its present one."""
        return tuple(line for line in self.by_version.get((model, version), ()) if line.commit != than)

    def concern(self, version: ModelVersion) -> bool:
        """Whether any line stands beside a version's commit, or claims to speak of the version."""
        return version.commit in self.by_commit or (version.model, version.version) in self.by_version

    def reviewers_of(self, version: ModelVersion) -> tuple[str, ...]:
        """Whoever the lines about a version, or beside its commit, claim as reviewer."""
        lines = (*self.beside(version.commit), *self.elsewhere(version.model, version.version, than=version.commit))
        return tuple(sorted({line.claim.reviewer for line in lines if line.claim is not None}))

    def of(self, reviewer: str) -> tuple[RecordedLine, ...]:
        """The lines that claim to be a reviewer's, the highest sequence number first."""
        own = [
            (line.claim.seq, line.id, line)
            for lines in self.by_commit.values()
            for line in lines
            if line.claim is not None and line.claim.reviewer == reviewer
        ]
        return tuple(line for _, _, line in sorted(own, key=lambda each: each[:2], reverse=True))


def read_records(
    notes: Mapping[ObjectId, Iterable[bytes]],
    *,
    problems: tuple[NotesProblem, ...] = (),
    alarms: tuple[NotesAlarm, ...] = (),
) -> Records:
    """Take every line of the notes apart, as far as it can be read."""
    by_commit = {commit: tuple(recorded_line(commit, line) for line in lines) for commit, lines in notes.items()}
    by_version: dict[tuple[str, str], list[RecordedLine]] = {}
    for lines in by_commit.values():
        for line in lines:
            if line.about is not None:
                by_version.setdefault(line.about, []).append(line)
    every = [line for lines in by_commit.values() for line in lines]
    ids = frozenset(line.id for line in every if line.is_placed)
    return Records(
        by_commit,
        {name: tuple(lines) for name, lines in by_version.items()},
        ids,
        tuple(line for line in every if line.claim and line.claim.prev is not None and line.claim.prev not in ids),
        problems,
        alarms,
    )


def recorded_line(commit: ObjectId, line: bytes) -> RecordedLine:
    """One line of the note beside a commit, taken apart as far as it can be read."""
    # Loaded here: most repositories that are listed hold no records.
    from reviewtui.review import MalformedRecordError, decode_review, record_id
    from reviewtui.signing.envelope import Envelope, MalformedEnvelopeError

    try:
        payload = Envelope.from_line(line).payload
    except MalformedEnvelopeError:
        return RecordedLine(commit, line, record_id(line), None, is_placed=False)
    try:
        claim = decode_review(payload)
    except MalformedRecordError as error:
        # A commit that is named in another way than by its full id is not known to be another.
        is_placed = error.reason == "bad-subject" or error.claims.get("commit", commit) == commit
        return RecordedLine(commit, line, record_id(payload), None, _named(error.claims), is_placed)
    about = (claim.subject.model, claim.subject.version)
    return RecordedLine(commit, line, record_id(payload), claim, about, claim.subject.commit == commit)


def _named(claims: Mapping[str, str]) -> tuple[str, str] | None:
    model, version = claims.get("model"), claims.get("version")
    return None if model is None or version is None else (model, version)
