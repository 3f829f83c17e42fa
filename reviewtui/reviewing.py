"""From a verdict to the very bytes that are signed for it, with what its reviewer should know before."""

from __future__ import annotations

from datetime import datetime

from reviewtui.authoring import PreparedReview, base_warning, warnings_before_verdict, write_review
from reviewtui.catalog import ModelVersion
from reviewtui.errors import UsageError
from reviewtui.git.objects import RefName
from reviewtui.judging import Judge
from reviewtui.review import NEEDS_COMMENT, ReviewSubject, Verdict
from reviewtui.signing.scheme import Signer


def refuse_without_comment(verdict: Verdict, comment: str) -> None:
    """Raises: UsageError where the verdict says nothing without words, and there are none."""
    if verdict in NEEDS_COMMENT and not comment.strip():
        raise UsageError(f"{verdict.value} needs a comment.", hint='Give it with -m "why".')


def chosen_base(base: ModelVersion | None, *, own: ModelVersion | None) -> ModelVersion | None:
    """The base that a reviewer chose, where it is another than the version's own."""
    return base if own is None or (base is not None and base.commit != own.commit) else None


def prepare(
    judge: Judge,
    subject: ReviewSubject,
    version: ModelVersion,
    verdict: Verdict,
    comment: str,
    *,
    signer: Signer,
    reviewer: str,
    base: tuple[ModelVersion | None, ModelVersion | None],
    notes_ref: RefName,
    now: datetime,
) -> PreparedReview:
    """The statement of a verdict on a subject; nothing is written. `base` is (the chosen one, the version's own)."""
    chosen, own = base
    after = judge.chain_end(reviewer, signer.keyid)
    review, payload = write_review(subject, verdict, comment, reviewer=reviewer, after=after, now=now)
    warnings = warnings_before_verdict(
        judge.decision(version),
        verdict,
        expected=judge.trust.expected(signer),
        reviewer=reviewer,
        exclusion=judge.exclusion(version, reviewer),
        standing=any(entry.reviewer == reviewer and entry.has_verdict for entry in judge.entries(version)),
    )
    warnings = (*base_warning(chosen, own, verdict), *warnings)
    return PreparedReview(version, review, payload, signer.describe(), notes_ref, signer.may_prompt, warnings, chosen)
