"""Checkpoint: what stood in the refs at one time, by the word of somebody trusted: a comment of a form of its own.

Its first line is `checkpoint`; each other one is `REF OBJECT`, for the trusted branch, the notes, and every release tag
that no earlier checkpoint names. Being a record, it is signed, chained and kept like any other.

Laws
1. What a checkpoint names was there when it was signed: a history without it has lost something, or hides it.
2. A tag that a checkpoint could have named and does not was not seen by whoever signed it.
3. The time of a checkpoint is its signer's word. One from the future proves nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from reviewtui.errors import UsageError
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.release import CLOCK_SKEW
from reviewtui.review import Verdict
from reviewtui.statement import is_object_id
from reviewtui.values import dataclass
from reviewtui.verification import VerifiedReview

TITLE = "checkpoint"
MOST_TAGS = 300
"""New tags that one checkpoint names; a record of 64 KiB holds no more, and the next one names the rest."""

_TAGS = "refs/tags/"
_AGE = re.compile(r"([1-9][0-9]{0,5})([mhd])\Z")
_UNITS = {"m": 60, "h": 3600, "d": 86400}


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint: who signed it, by which key, when by their own word, and the object of each ref."""

    id: str
    principal: str
    keyid: str
    at: int
    refs: Mapping[RefName, ObjectId]

    @property
    def tags(self) -> dict[RefName, ObjectId]:
        """The release tags that it names."""
        return {name: target for name, target in self.refs.items() if name.startswith(_TAGS)}

    @property
    def branches(self) -> dict[RefName, ObjectId]:
        """All else: the refs that only ever move forward."""
        return {name: target for name, target in self.refs.items() if not name.startswith(_TAGS)}


def checkpoint_text(refs: Mapping[RefName, ObjectId], tags: Mapping[RefName, ObjectId]) -> str:
    """The comment of a checkpoint: all of `refs`, and as many of the new tags as fit."""
    named = {**refs, **dict(sorted(tags.items())[:MOST_TAGS])}
    return "\n".join((TITLE, *(f"{name} {target}" for name, target in sorted(named.items()))))


def read_checkpoint(recorded: VerifiedReview) -> Checkpoint | None:
    """The checkpoint that a record is, or None: any other comment is just a comment."""
    from datetime import datetime

    review = recorded.review
    title, *lines = review.comment.split("\n")
    if review.verdict is not Verdict.COMMENT or title != TITLE:
        return None
    pairs = [line.rpartition(" ") for line in lines if line]
    if not pairs or not all(name.startswith("refs/") and is_object_id(target) for name, _, target in pairs):
        return None
    try:
        at = int(datetime.fromisoformat(review.at).timestamp())
    except (ValueError, OverflowError):
        return None
    refs = {RefName(name): ObjectId(target) for name, _, target in pairs}
    return Checkpoint(recorded.id, recorded.principal, recorded.keyid, at, refs)


def read_checkpoints(recorded: Iterable[VerifiedReview], *, now: int) -> tuple[Checkpoint, ...]:
    """Every checkpoint, the oldest first (law 3)."""
    found = (read_checkpoint(each) for each in recorded)
    honest = [each for each in found if each is not None and each.at <= now + CLOCK_SKEW]
    return tuple(sorted(honest, key=lambda each: (each.at, each.id)))


def parse_age(text: str) -> int:
    """24h, 90m or 7d in seconds. Raises: UsageError."""
    match = _AGE.match(text)
    if match is None:
        raise UsageError(f"{text!r} is no age, such as 24h, 90m or 7d.")
    return int(match[1]) * _UNITS[match[2]]
