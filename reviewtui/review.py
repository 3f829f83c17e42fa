"""Review, and the signed statement that carries it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from reviewtui.git.objects import ObjectId


class Verdict(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    COMMENT = "comment"
    WITHDRAW = "withdraw"
    OVERRIDE = "override"


@dataclass(frozen=True, slots=True)
class BaseVersion:
    """The version that the reviewed one was compared with. `version` is empty where the base is a bare commit."""

    version: str
    commit: ObjectId


@dataclass(frozen=True, slots=True)
class ReviewSubject:
    """What was looked at, to the byte: a verdict on anything else is stale.

    `facts` is ((category, "sha256:…"), …) in the order of facts.model.CATEGORIES.
    `policy` is the blob id of the policy that was in force, or None.
    """

    repository: str
    model: str
    version: str
    commit: ObjectId
    tree: ObjectId
    base: BaseVersion | None
    facts: tuple[tuple[str, str], ...]
    policy: ObjectId | None

    @property
    def name(self) -> str:
        return f"{self.model}@{self.version}"


@dataclass(frozen=True, slots=True)
class Review:
    """One person's verdict. `prev` is the id of this reviewer's previous record; `at` is RFC 3339, UTC."""

    subject: ReviewSubject
    verdict: Verdict
    comment: str
    reviewer: str
    seq: int
    prev: str | None
    at: str
    tool: str
