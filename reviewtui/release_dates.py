"""When was a release made? Its tag's date is a claim; what else is known bounds it.

Laws
1. A tag is no older than the commit, the records and the policy that it names: else its date is false.
2. That a tag by a key which is not trusted any more is older than the end of that trust is its own word. A checkpoint
   that saw it in time proves it; one that did not, though the key was trusted then, speaks against it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime

from reviewtui.checkpoint_audit import CheckpointAudit, moment_text
from reviewtui.checkpoints import CLOCK_SKEW, Checkpoint
from reviewtui.git.objects import ObjectId, RefName, TagObject
from reviewtui.signing.scheme import SignatureStatus, Verification
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.values import dataclass

TrustAt = Callable[[int], TrustFiles]
"""A time → the keys that the trusted branch trusted then."""


@dataclass(frozen=True, slots=True)
class DatedTag:
    """What is known of when a tag was made: `flaws` speak against its date, `since` for it; where it is `unproven`,
    nothing but the tag itself does."""

    flaws: tuple[str, ...] = ()
    since: tuple[str, ...] = ()
    unproven: bool = False


def dating_flaws(
    tagged: int | None, *, commit: int, records: Mapping[str, int] | None = None, policy: int = 0
) -> Iterator[str]:
    """Why a tag's date cannot be true (law 1). `records` are the times of those that it names, `policy` that from which
    its policy was in force."""
    if tagged is None:
        return
    bounds = [("its commit", commit), ("its policy", policy), *(records or {}).items()]
    for name, bound in bounds:
        if tagged < bound - CLOCK_SKEW:
            yield f"back-dated: The tag says {moment_text(tagged)}; {name} is of {moment_text(bound)}."
            return


def bear_witness(
    ref: RefName,
    target: ObjectId,
    tag: TagObject,
    *,
    now: Verification,
    checkpoints: CheckpointAudit,
    trust_at: TrustAt,
) -> DatedTag:
    """What the checkpoints say of a tag whose key is not trusted any more (law 2), as `now`, its verification, says."""
    if now.status is SignatureStatus.GOOD:
        return DatedTag()

    def trusted(checkpoint: Checkpoint) -> bool:
        moment = datetime.fromtimestamp(checkpoint.at, UTC)
        signers = TrustedSigners.load(trust_at(checkpoint.at), now=moment)
        found = signers.verify_armored(tag.payload, tag.signature or b"", namespace="git")
        return found.status is SignatureStatus.GOOD

    seen = checkpoints.first_naming(ref, target, besides=now.keyid)
    if seen is not None and trusted(seen):
        return DatedTag(since=(f"It was made before that: {_told(seen)} saw it in time.",))
    unaware = checkpoints.first_unaware(ref, since=tag.tagged or 0, besides=now.keyid, fits=trusted)
    if unaware is not None:
        flaw = f"back-dated: The tag says {moment_text(tag.tagged or 0)}, its key is not trusted any more, and"
        return DatedTag((f"{flaw} {_told(unaware)} did not see it.",))
    return DatedTag(since=("Nothing but the tag's own date says that it was made before that.",), unproven=True)


def _told(checkpoint: Checkpoint) -> str:
    return f"the checkpoint of {checkpoint.principal} of {moment_text(checkpoint.at)}"
