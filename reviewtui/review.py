"""Review, and the signed statement that carries it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, NoReturn

from reviewtui.facts.model import CATEGORIES
from reviewtui.git.objects import ObjectId
from reviewtui.patterns import pattern
from reviewtui.statement import (
    MalformedRecordError,
    Statement,
    decode_statement,
    encode_statement,
    is_object_id,
    unchecked_claims,
)
from reviewtui.values import dataclass

PREDICATE_TYPE = "urn:reviewtui:review:v1"
PREDICATE_FAMILY = "urn:reviewtui:review:"
MAX_COMMENT_BYTES = 16 * 1024
MAX_NAME_BYTES = 1024
MAX_SEQ = 10**15

__all__ = [
    "MAX_COMMENT_BYTES",
    "PREDICATE_TYPE",
    "BaseVersion",
    "MalformedRecordError",
    "Review",
    "ReviewSubject",
    "Verdict",
    "decode_review",
    "encode_review",
    "is_principal",
    "record_id",
]


class Verdict(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    COMMENT = "comment"
    WITHDRAW = "withdraw"
    OVERRIDE = "override"


NEEDS_COMMENT = (Verdict.REJECT, Verdict.COMMENT, Verdict.OVERRIDE)
"""The verdicts that say nothing without words."""


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


def encode_review(review: Review) -> bytes:
    """The statement that is signed, and shown to the person who signs it.

    Raises: MalformedRecordError where a reader would refuse it, so that nothing unreadable is ever signed.
    """
    payload = encode_statement(_statement(review))
    if decode_review(payload) != review:
        raise MalformedRecordError("malformed", "the review would not be read back as it was written")
    return payload


@lru_cache(maxsize=256)
def decode_review(payload: bytes) -> Review:
    """The review that a payload carries. The last ones are kept: a release is judged as of then, and as of now.

    Unknown keys are passed over, unless the predicate's `critical` list names them.
    Raises: MalformedRecordError.
    """
    statement = decode_statement(payload, family=PREDICATE_FAMILY)
    if statement.predicate_type != PREDICATE_TYPE:
        _refuse(statement, "unsupported-version", "a newer reviewtui is needed to read this record")
    _refuse_critical(statement)
    subject = _read_subject(statement)
    return _read_review(statement, subject)


def record_id(payload: bytes) -> str:
    """sha256:… over the payload, whoever signed it and however it is wrapped."""
    return "sha256:" + hashlib.sha256(payload).hexdigest()


def is_principal(name: object) -> bool:
    """Whether it can name a person: an e-mail address in printable ASCII, so that no two look alike."""
    return isinstance(name, str) and len(name) <= MAX_PRINCIPAL and _PRINCIPAL.match(name) is not None


MAX_PRINCIPAL = 254
_PRINCIPAL = pattern(r"[A-Za-z0-9._%+\-/=~$&'^{}|]+@[A-Za-z0-9]([A-Za-z0-9.\-]*[A-Za-z0-9])?\Z")
_RECORD_ID = pattern(r"sha256:[0-9a-f]{64}\Z")
_TIME = pattern(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?(Z|\+00:00)\Z", re.ASCII)
_VERDICTS = {verdict.value: verdict for verdict in Verdict}
_SUBJECT_KEYS = ("repository", "model", "version", "commit", "tree", "base", "facts", "policy")
_KNOWN_KEYS = frozenset((*_SUBJECT_KEYS, "verdict", "comment", "reviewer", "seq", "prev", "at", "tool", "critical"))


def _statement(review: Review) -> Statement:
    subject = review.subject
    base = {"version": subject.base.version, "commit": subject.base.commit} if subject.base else None
    predicate = {
        "repository": subject.repository,
        "model": subject.model,
        "version": subject.version,
        "commit": subject.commit,
        "tree": subject.tree,
        "base": base,
        "facts": dict(subject.facts),
        "policy": subject.policy,
        "verdict": review.verdict.value,
        "comment": review.comment,
        "reviewer": review.reviewer,
        "seq": review.seq,
        "prev": review.prev,
        "at": review.at,
        "tool": review.tool,
    }
    return Statement(subject.name, subject.commit, PREDICATE_TYPE, predicate)


def _refuse(statement: Statement, reason: str, detail: str) -> NoReturn:
    raise MalformedRecordError(reason, detail, claims=unchecked_claims(statement))


def _refuse_critical(statement: Statement) -> None:
    critical = statement.predicate.get("critical", [])
    if not isinstance(critical, list) or not all(isinstance(name, str) for name in critical):
        _refuse(statement, "malformed", "critical is no list of keys")
    if not _KNOWN_KEYS.issuperset(critical):
        _refuse(statement, "unsupported-version", "a key that must be understood is not known here")


def _read_subject(statement: Statement) -> ReviewSubject:
    predicate = statement.predicate
    subject = ReviewSubject(
        repository=_text(statement, "repository"),
        model=_text(statement, "model", empty=False),
        version=_text(statement, "version", empty=False),
        commit=_object_id(statement, predicate.get("commit"), "commit"),
        tree=_object_id(statement, predicate.get("tree"), "tree"),
        base=_read_base(statement),
        facts=_read_facts(statement),
        policy=None if _null(statement, "policy") else _object_id(statement, predicate["policy"], "policy"),
    )
    if subject.commit != statement.commit or subject.name != statement.name:
        _refuse(statement, "bad-subject", "subject and predicate name different things")
    return subject


def _read_base(statement: Statement) -> BaseVersion | None:
    if _null(statement, "base"):
        return None
    base = statement.predicate["base"]
    if not isinstance(base, dict) or not isinstance(base.get("version"), str) or _too_long(base["version"]):
        _refuse(statement, "bad-subject", "base is no version with a commit")
    return BaseVersion(base["version"], _object_id(statement, base.get("commit"), "base"))


def _read_facts(statement: Statement) -> tuple[tuple[str, str], ...]:
    facts = statement.predicate.get("facts")
    if not isinstance(facts, Mapping) or not all(_is_record_id(facts.get(category)) for category in CATEGORIES):
        _refuse(statement, "bad-subject", "facts is not one digest for each category")
    return tuple((category, facts[category]) for category in CATEGORIES)


def _read_review(statement: Statement, subject: ReviewSubject) -> Review:
    predicate = statement.predicate
    comment, seq, prev, at = (predicate.get(key) for key in ("comment", "seq", "prev", "at"))
    if not isinstance(comment, str) or len(comment.encode("utf-8")) > MAX_COMMENT_BYTES:
        _refuse(statement, "malformed", "the comment is no text, or too long")
    if not isinstance(seq, int) or isinstance(seq, bool) or not 1 <= seq <= MAX_SEQ:
        _refuse(statement, "malformed", "seq is no positive whole number, or too large")
    if not _null(statement, "prev") and not _is_record_id(prev):
        _refuse(statement, "malformed", "prev is no record id")
    if not isinstance(at, str) or not _TIME.match(at):
        _refuse(statement, "malformed", "at is no time in UTC as RFC 3339 writes it")
    reviewer = predicate.get("reviewer")
    if not isinstance(reviewer, str) or not is_principal(reviewer):
        _refuse(statement, "malformed", "the reviewer is no plain e-mail address")
    return Review(subject, _verdict(statement), comment, reviewer, seq, prev, at, _text(statement, "tool"))


def _verdict(statement: Statement) -> Verdict:
    value: Any = statement.predicate.get("verdict")
    verdict = _VERDICTS.get(value) if isinstance(value, str) else None
    if verdict is None:
        _refuse(statement, "malformed", "the verdict is not known")
    return verdict


def _text(statement: Statement, key: str, *, empty: bool = True) -> str:
    value = statement.predicate.get(key)
    if not isinstance(value, str) or _too_long(value) or not (value or empty):
        _refuse(statement, "malformed", f"{key} is no text, or too long")
    return value


def _too_long(text: str) -> bool:
    return len(text) > MAX_NAME_BYTES or (not text.isascii() and len(text.encode("utf-8")) > MAX_NAME_BYTES)


def _null(statement: Statement, key: str) -> bool:
    if key not in statement.predicate:
        _refuse(statement, "malformed", f"{key} is missing")
    return statement.predicate[key] is None


def _object_id(statement: Statement, value: object, key: str) -> ObjectId:
    if not isinstance(value, str) or not is_object_id(value):
        _refuse(statement, "bad-subject", f"{key} is not a full object id in lower case")
    return ObjectId(value)


def _is_record_id(value: object) -> bool:
    return isinstance(value, str) and _RECORD_ID.match(value) is not None
