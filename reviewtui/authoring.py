"""What is about to be signed, as the very bytes: a review, or a release tag; and the receipt once it is stored."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from reviewtui import __version__, display
from reviewtui.catalog import ModelVersion
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.policy.decision import Decision, FindingState
from reviewtui.review import Review, ReviewSubject, Verdict, encode_review
from reviewtui.signing.scheme import Verification
from reviewtui.values import dataclass

# A hook asks what a release may be, and never what changed.
if TYPE_CHECKING:
    from reviewtui.diff import MetricVerdict, VersionDiff


@dataclass(frozen=True, slots=True)
class PreparedReview:
    """A review that waits for its signature: `payload` is shown, and is what gets signed.

    `may_prompt`: signing may ask for a passphrase or a touch on the terminal. `chosen_base` is the base that the
    reviewer compared with, where that is another commit than the base of the gate. `effect` is what the gate will say
    of the version once it is recorded; "" where it changes nothing, or cannot be told before.
    """

    version: ModelVersion
    review: Review
    payload: bytes
    signer_description: str
    notes_ref: RefName
    may_prompt: bool = False
    warnings: tuple[str, ...] = ()
    chosen_base: ModelVersion | None = None
    effect: str = ""


@dataclass(frozen=True, slots=True)
class PreparedRelease:
    """A release tag that waits for its signature."""

    version: ModelVersion
    tag: str
    message: bytes
    decision: Decision
    signer_description: str
    may_prompt: bool = False

    @property
    def shown(self) -> tuple[str, bytes, ObjectId]:
        """What a person agrees to: the tag's name, its message, its commit."""
        return self.tag, self.message, self.version.commit


@dataclass(frozen=True, slots=True)
class Receipt:
    """A stored record: its id, and the notes commit that brought it."""

    id: str
    notes_commit: ObjectId


@dataclass(frozen=True, slots=True)
class Link:
    """Where a reviewer's chain ends: the id of a record, and its sequence number."""

    id: str
    seq: int


def write_review(
    subject: ReviewSubject, verdict: Verdict, comment: str, *, reviewer: str, after: Link | None, now: datetime
) -> tuple[Review, bytes]:
    """A review in the reviewer's own chain, and its statement. `after` is the reviewer's latest record, or None."""
    review = Review(
        subject=subject,
        verdict=verdict,
        comment=comment,
        reviewer=reviewer,
        seq=after.seq + 1 if after is not None else 1,
        prev=after.id if after is not None else None,
        at=now.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        tool=f"reviewtui {__version__}",
    )
    return review, encode_review(review)


def reviewer_principal(*, principals: tuple[str, ...], email: str) -> str:
    """Who the signer's key speaks for: the trusted name that is the user's own address, else the first, else the
    address that Git has."""
    if email in principals:
        return email
    return principals[0] if principals else email


def warnings_before_verdict(
    decision: Decision, verdict: Verdict, *, expected: Verification, reviewer: str, exclusion: str, standing: bool
) -> tuple[str, ...]:
    """What a reviewer should know before signing. `expected` is what the signature is going to be worth; `standing`:
    the reviewer has a verdict on the version already."""
    warnings = []
    if reviewer not in expected.principals or expected.reason:
        why = f"{expected.reason}: {expected.detail}" if expected.detail else "No trusted signer has this key"
        warnings.append(f"{why}, so the record of {reviewer} will not count.")
    if verdict is Verdict.WITHDRAW and not standing:
        warnings.append(f"{reviewer} has no verdict on this version, so the withdrawal will change nothing.")
    if verdict is Verdict.APPROVE:
        if exclusion:
            warnings.append(f"{reviewer} made a part of this version ({exclusion}), so the approval will not count.")
        failed = [f for f in decision.findings if f.state in (FindingState.UNMET, FindingState.ERROR)]
        warnings += [f"{f.rule}: {f.reason}" for f in failed if not f.rule.startswith("approvals")]
    return tuple(warnings)


def effect_of(after: Decision) -> str:
    """What a decision comes to, in a line: how many approvals count, and whether the gate is open."""
    closing = [f for f in after.findings if f.state in (FindingState.UNMET, FindingState.ERROR) and not f.warning]
    rules = ", ".join(dict.fromkeys(finding.rule.partition(":")[0] for finding in closing))
    gate = "the gate is open" if after.allowed else f"the gate is closed by {rules}" if rules else "the gate is closed"
    return f"{after.approvals} of {display.plural(after.required, 'approval')}; {gate}" if after.required else gate


def base_warning(chosen: ModelVersion | None, own: ModelVersion | None, verdict: Verdict) -> tuple[str, ...]:
    """What the gate makes of a verdict that compares with another base than its own."""
    if chosen is None or verdict not in (Verdict.APPROVE, Verdict.OVERRIDE):
        return ()
    gate = own.name if own is not None else "nothing"
    word = "approval" if verdict is Verdict.APPROVE else "override"
    return (f"base-changed: it compares with {chosen.name}, the gate with {gate}; so the {word} will not count.",)


def release_summary(diff: VersionDiff, base: ModelVersion | None, decision: Decision) -> tuple[str, ...]:
    """What a person wants to read in the release tag: against what, which metrics moved, how much else changed."""
    against = f"Against {base.name}:" if base is not None else "The first release:"
    metrics = [
        f"  {_renamed(change.before_key, change.key)}: {display.number_text(change.before)} -> "
        f"{display.number_text(change.after)}{_judged(change.verdict)}"
        for change in diff.metrics
    ]
    counts = f"  {display.plural(len(diff.config), 'config change')}, {display.plural(len(diff.data), 'data change')}"
    overridden = [f"OVERRIDDEN: {f.rule}: {f.reason}" for f in decision.findings if f.state is FindingState.OVERRIDDEN]
    return (*overridden, against, *metrics[:_SUMMARY_METRICS], *_rest(len(metrics)), counts)


_SUMMARY_METRICS = 20


def _renamed(before: str, after: str) -> str:
    return f"{before} -> {after}" if before and before != after else after


def _rest(count: int) -> tuple[str, ...]:
    return (f"  and {count - _SUMMARY_METRICS} more metrics",) if count > _SUMMARY_METRICS else ()


def _judged(verdict: MetricVerdict) -> str:
    return f" ({verdict.value})" if verdict in ("better", "worse") else ""
