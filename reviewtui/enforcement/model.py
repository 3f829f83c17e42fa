"""The values of enforcement: what is asked of a push, and what the answer is."""

from __future__ import annotations

from collections.abc import Mapping

from reviewtui.git.objects import ObjectId, Ref, RefName
from reviewtui.git.repository import Repository
from reviewtui.git.updates import RefUpdate
from reviewtui.policy.decision import Decision, Finding, FindingState
from reviewtui.settings import Settings
from reviewtui.values import dataclass, field

NOTES_PREFIX = "refs/notes/reviewtui"
TAG_PREFIX = "refs/tags/"
MOST_DETAILS = 20


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why one ref may not be changed so: the ref, the reason as it is said everywhere, and what to do about it.

    `details` are the records that did not count, each with its reason.
    """

    ref: RefName
    reason: str
    hint: str = ""
    details: tuple[str, ...] = ()


def plain_name(ref: str) -> str:
    """A name as the disks take it that tell neither letter case nor invisible or compatible characters apart."""
    if ref.isascii():
        return ref.lower()
    from reviewtui.catalog.naming import folded

    return folded(ref)


def configured_limit(repository: Repository, key: str, usual: int) -> int:
    """A limit as Git's configuration has it, where that is a whole number above zero; else the usual one."""
    told = repository.config(key) or ""
    return int(told) if told.isascii() and told.isdecimal() and len(told) < 10 and int(told) > 0 else usual


def refusals_of(ref: RefName, decision: Decision, *, hint: str = "") -> tuple[Refusal, ...]:
    """A refusal for each finding that keeps the gate closed."""
    closing = (FindingState.UNMET, FindingState.ERROR)
    return tuple(
        Refusal(ref, f"{finding.rule}: {finding.reason}", hint, _uncounted(finding))
        for finding in decision.findings
        if finding.state in closing and not finding.warning
    )


def _uncounted(finding: Finding) -> tuple[str, ...]:
    lines = [f"not counted: {record.reason}  {record.id}" for record in finding.ignored]
    left_out = len(lines) - MOST_DETAILS
    return tuple(lines) if left_out <= 0 else (*lines[:MOST_DETAILS], f"and {left_out} more records do not count")


@dataclass(frozen=True, slots=True)
class Judgement:
    """What a push comes to. It is allowed where there are no refusals; `remarks` are said in either case."""

    refusals: tuple[Refusal, ...] = ()
    remarks: tuple[str, ...] = ()

    @property
    def allowed(self) -> bool:
        return not self.refusals

    def __add__(self, other: Judgement) -> Judgement:
        return Judgement((*self.refusals, *other.refusals), (*self.remarks, *other.remarks))


@dataclass(frozen=True, slots=True)
class PushScene:
    """One push before it happens: the repository with every object that it brings, and both sides of its refs.

    `settings` are those of the trusted branch as it was (`trusted`, at `trusted_commit`, None where there was none).
    `before` and `after` are all refs; `updates` the changes, with symbolic refs followed. `notes` is the tip of each
    notes ref as it will be. `older_tags` are the tags that an administrator vouches for: {ref: object}.
    """

    repository: Repository
    settings: Settings
    trusted: RefName | None
    trusted_commit: ObjectId | None
    updates: tuple[RefUpdate, ...]
    before: tuple[Ref, ...]
    after: tuple[Ref, ...]
    notes: Mapping[RefName, ObjectId | None]
    older_tags: Mapping[RefName, ObjectId] = field(default_factory=dict)

    def below(self, prefix: str) -> tuple[RefUpdate, ...]:
        """The updates of refs that begin with a prefix."""
        return tuple(update for update in self.updates if update.ref.startswith(prefix))
