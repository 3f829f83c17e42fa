"""What checkpoints say of a release.

That a tag by a key which is not trusted any more is older than the end of that trust, is its own word. A checkpoint
that saw it in time proves it; one that did not, though the key was trusted then, speaks against it.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from reviewtui.checkpoint_audit import CheckpointAudit
from reviewtui.checkpoints import Checkpoint
from reviewtui.git.objects import ObjectId, RefName, TagObject
from reviewtui.release import moment_text
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


def bear_witness(
    ref: RefName,
    target: ObjectId,
    tag: TagObject,
    *,
    now: Verification,
    checkpoints: CheckpointAudit,
    trust_at: TrustAt,
) -> DatedTag:
    """What the checkpoints say of a tag whose key is not trusted any more, as `now`, its verification, says."""
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
