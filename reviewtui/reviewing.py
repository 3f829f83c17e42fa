"""From a verdict to the very bytes that are signed for it, with what its reviewer should know before."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from reviewtui.authoring import PreparedReview, base_warning, effect_of, warnings_before_verdict, write_review
from reviewtui.catalog import ModelVersion, is_read_back, tag_name
from reviewtui.errors import UsageError
from reviewtui.git.objects import RefName
from reviewtui.judging import Judge
from reviewtui.policy.changes import POLICY_MODEL
from reviewtui.review import NEEDS_COMMENT, Review, ReviewSubject, Verdict, record_id
from reviewtui.signing.scheme import SignatureStatus, Signer, Verification
from reviewtui.verification import VerifiedReview


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
    expected = judge.trust.expected(signer)
    warnings = warnings_before_verdict(
        judge.decision(version),
        verdict,
        expected=expected,
        reviewer=reviewer,
        exclusion=judge.exclusion(version, reviewer),
        standing=any(entry.reviewer == reviewer and entry.has_verdict for entry in judge.entries(version)),
    )
    warnings = (*base_warning(chosen, own, verdict), *warnings, *_name_warning(judge, version, verdict))
    return PreparedReview(
        version,
        review,
        payload,
        signer.describe(),
        notes_ref,
        signer.may_prompt,
        warnings,
        chosen,
        _effect(judge, version, review, record_id(payload), expected=expected),
    )


def _effect(judge: Judge, version: ModelVersion, review: Review, identity: str, *, expected: Verification) -> str:
    counts = expected.status is SignatureStatus.GOOD and review.reviewer in expected.principals
    if version.model == POLICY_MODEL or review.verdict is Verdict.COMMENT or not counts:
        return ""
    made = VerifiedReview(identity, review, review.reviewer, expected.keyid, expected.principals)
    return effect_of(judge.decision_after(version, made))


def _name_warning(judge: Judge, version: ModelVersion, verdict: Verdict) -> Iterator[str]:
    """Before approvals are gathered it should be known that there will be no release of that name."""
    tag = judge.library.settings.tags[0]
    if verdict is not Verdict.APPROVE or version.model == POLICY_MODEL:
        return
    if not is_read_back(tag, version.model, version.version):
        name = tag_name(tag, version.model, version.version)
        yield f"{version.name} can be reviewed, but not released: the tag {name} would name no version."
