"""Whether what somebody approved is still what stands there."""

from __future__ import annotations

from reviewtui.facts.model import CATEGORIES
from reviewtui.git.objects import ObjectId
from reviewtui.review import ReviewSubject
from reviewtui.values import dataclass


@dataclass(frozen=True, slots=True)
class Binding:
    """What an approval is held against: the version as it is now, the categories that let an approval of an earlier
    commit still count (none: never), and whether a new policy asks for a new approval.

    `unread` are the files, by earlier commit, that are others there and that no digest of facts holds whole.
    """

    current: ReviewSubject
    carry: tuple[str, ...] = ()
    rebind_on_policy_change: bool = False
    unread: tuple[tuple[ObjectId, tuple[str, ...]], ...] = ()


def staleness(reviewed: ReviewSubject, binding: Binding) -> str:
    """Why a review of `reviewed` does not hold for the version as it is now; "" where it does.

    1. Of the same commit, every category of facts must be the same. Of an earlier commit of the same version, those
       that carry; and where none does, it never counts, whatever changed. What cannot be read whole is in no
       digest, so that it carries only as the very same file.
    2. The base that it was compared with must be the same commit.
    3. The policy may have changed since, unless the policy says otherwise.
    """
    current = binding.current
    # 1.
    same_commit = reviewed.commit == current.commit
    if same_commit and reviewed.tree != current.tree:
        return "bad-subject: the tree is not that of the commit"
    before, now = dict(reviewed.facts), dict(current.facts)
    held = binding.carry if binding.carry and not same_commit else CATEGORIES
    changed = [category for category in CATEGORIES if category in held and before.get(category) != now.get(category)]
    if changed:
        return f"facts-changed: {', '.join(changed)}"
    if not same_commit and not binding.carry:
        return f"subject-commit-mismatch: it is about the earlier commit {reviewed.commit[:10]}, with the same facts"
    unread = () if same_commit else dict(binding.unread).get(reviewed.commit, ())
    if unread:
        named = ", ".join(category for category in CATEGORIES if category in held)
        return f"facts-changed: {named} may have: {unread[0]} cannot be read whole, and was another file"
    # 2.
    if (reviewed.base.commit if reviewed.base else None) != (current.base.commit if current.base else None):
        return f"base-changed: it was compared with {_base(reviewed)}, now with {_base(current)}"
    # 3.
    if binding.rebind_on_policy_change and reviewed.policy != current.policy:
        return "policy-changed"
    return ""


def _base(subject: ReviewSubject) -> str:
    if subject.base is None:
        return "nothing"
    return subject.base.version or subject.base.commit[:10]
