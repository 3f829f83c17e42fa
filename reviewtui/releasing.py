"""From an open gate to the message of a release tag; and who may not make it, or not again."""

from __future__ import annotations

from collections.abc import Iterable

from reviewtui.authoring import release_summary
from reviewtui.catalog import ModelVersion, VersionKind, is_read_back, tag_name
from reviewtui.errors import ReleaseRefusedError, UsageError
from reviewtui.git.objects import Ref
from reviewtui.judging import Judge
from reviewtui.policy.changes import POLICY_MODEL
from reviewtui.policy.decision import Decision, FindingState
from reviewtui.policy.model import Policy
from reviewtui.release import TAG_PREFIX, release_message, releaser_finding
from reviewtui.review import ReviewSubject
from reviewtui.settings import Settings
from reviewtui.signing.scheme import Verification


def tag_message(
    judge: Judge, version: ModelVersion, decision: Decision, *, subject: ReviewSubject, refs: Iterable[Ref]
) -> bytes:
    """What the tag will say: the summary of the difference, and each record that it rests on.

    People are named as the branches and tags name them.
    """
    base = judge.library.base_of(version).version
    return release_message(
        subject,
        summary=release_summary(judge.library.compare(base, version), base, decision),
        approvals=judge.counted_approvals(version, decision),
        overrides=judge.standing_overrides(version, decision),
        names={ref.creator.email: ref.creator.name for ref in refs if ref.creator is not None},
    )


def refuse_unless_free(
    version: ModelVersion, tag: str, decision: Decision, *, refs: Iterable[Ref], settings: Settings
) -> None:
    """Raises: ReleaseRefusedError where the version is released, its tag's name is taken, or would name no version;
    UsageError for a change of the settings, which has no tag."""
    if version.model == POLICY_MODEL:
        raise UsageError(
            f"{version.name} is a change of the settings: it is not released, but pushed to the trusted branch.",
            hint=f"reviewtui gate {version.name} says whether it may be.",
        )
    taken = next((ref for ref in refs if ref.name == f"{TAG_PREFIX}{tag}"), None)
    if version.kind is VersionKind.RELEASE or taken is not None:
        name = taken.name if taken else version.ref
        raise ReleaseRefusedError(
            f"{version.name} is released already, as {name}; a release tag is never moved.", decision=decision
        )
    if not is_read_back(settings.tags[0], version.model, version.version):
        digit = version.version[:1].isdigit()
        why = f"{settings.tags[0]} does not read it back" if digit else "a version begins with a digit"
        branch = tag_name(settings.branches[0], version.model, "1.0.0") if settings.branches else ""
        name_it = f"Give the commit a version first, and have that reviewed: git branch {branch} {version.commit[:10]}"
        raise ReleaseRefusedError(
            f"The tag {tag} would name no version: {why}.",
            decision=decision,
            hint=name_it if branch and version.kind is VersionKind.COMMIT else "",
        )


def refuse_unless_releaser(policy: Policy | None, expected: Verification, decision: Decision) -> None:
    """`expected` is what the signer's signatures are going to be worth.

    Raises: ReleaseRefusedError where the key's holder is none of the policy's releasers."""
    if policy is None:
        return
    if expected.reason and expected.detail:
        words = f"{expected.reason}: {expected.detail[0].upper()}{expected.detail[1:]}."
        raise ReleaseRefusedError(words, decision=decision)
    finding = releaser_finding(policy, expected.principals)
    if finding.state is not FindingState.MET:
        raise ReleaseRefusedError(finding.reason, decision=decision)
