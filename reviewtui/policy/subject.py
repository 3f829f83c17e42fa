"""PolicySubject: all that a policy is asked about, as values."""

from __future__ import annotations

from reviewtui.facts.model import VersionFacts
from reviewtui.git.objects import CommitInfo, ObjectId
from reviewtui.review import ReviewSubject
from reviewtui.signing.scheme import Verification
from reviewtui.values import dataclass


@dataclass(frozen=True, slots=True)
class PolicySubject:
    """One version as it stands now.

    `current` is what a review made at this moment would be bound to. `commits` are the commits that made the version:
    the candidate's own first, then each commit between the base and it that touches the model. `submitter` is what the
    signature of the candidate's commit verifies to (None: it carries none). `trusted` are the principals whose keys
    are trusted (None: not known, and then nothing is called impossible for want of a key). `unread` are the files of
    the version that are not read whole, by the earlier commits in which they are others.
    """

    current: ReviewSubject
    facts: VersionFacts
    base_facts: VersionFacts | None = None
    commits: tuple[CommitInfo, ...] = ()
    submitter: Verification | None = None
    trusted: frozenset[str] | None = None
    unread: tuple[tuple[ObjectId, tuple[str, ...]], ...] = ()
