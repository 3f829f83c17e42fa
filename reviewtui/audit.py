"""What verify finds: each release judged again, each record that is not what it should be, and every alarm.

Laws
1. A release is judged by the policy that its tag names, as that stood on the trusted branch, by the keys that were
   trusted under it, and by the records as they were when the tag was made. What came later is said, and undoes nothing.
2. A release tag without a record of a review, from before or made by another way, is listed as such; it is no fault.
3. A record that merely does not count is listed. One that shows that somebody forged, or that something is missing, is
   an alarm, and so is everything that was taken from the notes or the tags.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from reviewtui.policy.decision import Decision, FindingState
from reviewtui.release import ReleaseRecord, check_release_record
from reviewtui.review import ReviewSubject
from reviewtui.values import dataclass
from reviewtui.verification import RecordedReview, UnverifiedReview

RELEASED_UNREVIEWED = (
    "released-unreviewed: The tag carries no record of a review; it was made before, or by another way."
)
UNKNOWN_POLICY = "unknown-policy: The policy that the tag names was never in force on the trusted branch."
ALARMING = ("bad-signature", "reviewer-key-mismatch", "broken-chain")
"""The reasons that no honest accident gives."""


@dataclass(frozen=True, slots=True)
class ReleaseAudit:
    """What became of one release tag. `reason` is "" where there is nothing to say; `since` is what came later.

    `unproven`: its key is not trusted any more, and only the tag's own date says that it was when the tag was made.
    """

    name: str
    tag: str
    ok: bool
    reason: str = ""
    since: tuple[str, ...] = ()
    unproven: bool = False


@dataclass(frozen=True, slots=True)
class FreshnessDemand:
    """How fresh what is verified must be: nothing that the remote has is missing, and (unless None) the newest
    checkpoint is at most so many seconds old."""

    remote: str
    max_age: int | None = None


@dataclass(frozen=True, slots=True)
class AuditProblem:
    """Something to look at, and where. An `alarm` is a fault; anything else is only listed."""

    where: str
    reason: str
    alarm: bool = True


@dataclass(frozen=True, slots=True)
class AuditReport:
    """All that verify found. `remarks` are what a reader should know, and no fault."""

    releases: tuple[ReleaseAudit, ...] = ()
    problems: tuple[AuditProblem, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return all(each.ok for each in self.releases) and not any(each.alarm for each in self.problems)


def release_flaws(
    record: ReleaseRecord, *, subject: ReviewSubject, decision: Decision, reviewers: Mapping[str, str]
) -> tuple[str, ...]:
    """Why a release should not have been made, by a decision as of then (law 1). `reviewers`: {approval: whose}."""
    closing = (FindingState.UNMET, FindingState.ERROR)
    open_ = [each for each in decision.findings if each.state in closing and not each.warning]
    gate = [f"gate-closed: {each.rule}: {each.reason}" for each in open_]
    return (*check_release_record(record, subject=subject, decision=decision, reviewers=reviewers), *gate)


def changes_since(record: ReleaseRecord, *, then: Decision, now: Decision) -> tuple[str, ...]:
    """What was recorded after a release: approvals that count no more, and rejections."""
    fates = dict(sorted(now.standing, reverse=True))
    gone = [
        f"approval withdrawn after release: {identity} does not count any more ({fates[identity]})."
        for identity in record.review_records
        if fates.get(identity)
    ]
    vetoes = sorted({*now.vetoed_by} - {*then.vetoed_by})
    return (*gone, *(f"rejected after release by {person}." for person in vetoes))


def record_problems(judged: Iterable[tuple[str, RecordedReview]]) -> tuple[AuditProblem, ...]:
    """(where, record) → every record that does not verify, with its reason (law 3)."""
    return tuple(
        AuditProblem(where, each.reason, each.may_be_veto or each.reason.partition(":")[0] in ALARMING)
        for where, each in judged
        if isinstance(each, UnverifiedReview)
    )
