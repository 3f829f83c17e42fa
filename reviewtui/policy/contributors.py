"""Contributors: who made a version, by what its commits claim and by the key that signed the candidate."""

from __future__ import annotations

from collections.abc import Iterable

from reviewtui.git.objects import CommitInfo
from reviewtui.policy.decision import Finding, FindingState
from reviewtui.policy.people import People
from reviewtui.policy.rules import Policy, ReleaseRule
from reviewtui.policy.subject import PolicySubject
from reviewtui.signing.scheme import SignatureStatus


def contributors(subject: PolicySubject, kinds: Iterable[str], people: People) -> dict[str, str]:
    """{person: reason} for each who made the version, in one of the kinds author, committer, coauthor, submitter."""
    found: dict[str, str] = {}
    for kind in sorted(kinds):
        for name in _names(subject, kind):
            reason = "author" if kind == "author" else f"author: {kind}"
            found.setdefault(people.of(name), reason)
    return found


def contributor_findings(rule: ReleaseRule, subject: PolicySubject, policy: Policy) -> tuple[Finding, ...]:
    """What keeps the exclusion itself from being judged: an unsigned candidate, an author nobody knows."""
    findings = []
    if "submitter" in rule.exclude and not _is_good(subject):
        detail = subject.submitter.reason if subject.submitter else "the commit carries no signature"
        reason = f"The policy excludes the submitter, and who that is cannot be told: {detail}."
        findings.append(Finding("submitter", FindingState.ERROR, reason))
    if rule.block_unknown_author:
        trusted = {name.lower() for name in subject.trusted or ()}
        emails = {email for commit in subject.commits for email in (commit.author.email, *_co_authors(commit))}
        strangers = sorted(email for email in emails if not policy.knows(email) and email.lower() not in trusted)
        if strangers:
            reason = f"The policy does not know {', '.join(strangers)}, who wrote a part of this version."
            findings.append(Finding("authors", FindingState.ERROR, reason))
    return tuple(findings)


def authorship_is_claimed(rule: ReleaseRule) -> bool:
    """Whether exclusion rests on nothing but the addresses that commits carry, which anyone may write."""
    return bool(rule.exclude) and "submitter" not in rule.exclude


def _names(subject: PolicySubject, kind: str) -> tuple[str, ...]:
    match kind:
        case "author":
            return tuple(commit.author.email for commit in subject.commits)
        case "committer":
            return tuple(commit.committer.email for commit in subject.commits)
        case "coauthor":
            return tuple(email for commit in subject.commits for email in _co_authors(commit))
        case _:
            return subject.submitter.principals if subject.submitter and _is_good(subject) else ()


def _co_authors(commit: CommitInfo) -> tuple[str, ...]:
    return tuple(person.email for person in commit.co_authors)


def _is_good(subject: PolicySubject) -> bool:
    return subject.submitter is not None and subject.submitter.status is SignatureStatus.GOOD
