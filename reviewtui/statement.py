"""in-toto Statement v1: written so that a person can read what is signed, read back without any leniency.

A reader accepts any JSON layout, but refuses what two readers could understand differently: duplicate keys, NaN and
infinities, numbers of any length, lone surrogates, bytes that are not UTF-8, nesting without end.
Source of the format: https://github.com/in-toto/attestation/blob/main/spec/v1/statement.md
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from typing import Any, NoReturn

from reviewtui.patterns import pattern
from reviewtui.values import dataclass

STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
MAX_PAYLOAD_BYTES = 46 * 1024
"""The largest payload whose base64, with a signature beside it, still fits the 64 KiB of a record."""

MAX_READ_BYTES = 64 * 1024
MAX_DEPTH = 16
MAX_DIGITS = 18

_STRINGS = pattern(rb'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_BRACKETS = pattern(rb"[\[\]{}]")
_OBJECT_ID = pattern(r"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")


class MalformedRecordError(ValueError):
    """A payload is no record that this version can read.

    `reason` is malformed, unsupported-version, over-limit or bad-subject; `detail` says more, in words. `claims` is
    what could be read all the same: strings out of the predicate and the subject, none of them checked.
    """

    def __init__(self, reason: str, detail: str, *, claims: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{reason}: {detail}" if detail else reason)
        self.reason = reason
        self.detail = detail
        self.claims: dict[str, str] = dict(claims or {})


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement about one commit: its name, the full commit id, the kind of predicate, and the predicate."""

    name: str
    commit: str
    predicate_type: str
    predicate: Mapping[str, Any]


def encode_statement(statement: Statement) -> bytes:
    """The very bytes that are signed: indented JSON in UTF-8 with one final LF.

    Raises: MalformedRecordError where the result would not fit into a record, or is not Unicode.
    """
    document = {
        "_type": STATEMENT_TYPE,
        "subject": [{"name": statement.name, "digest": {"gitCommit": statement.commit}}],
        "predicateType": statement.predicate_type,
        "predicate": statement.predicate,
    }
    try:
        payload = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False).encode("utf-8") + b"\n"
    except UnicodeEncodeError:
        raise MalformedRecordError("malformed", "the text holds half a character (a lone surrogate)") from None
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise MalformedRecordError("over-limit", f"the record has {len(payload)} bytes, {MAX_PAYLOAD_BYTES} fit")
    return payload


def decode_statement(payload: bytes, *, family: str) -> Statement:
    """Read a statement whose predicate type is `family` followed by a version, such as urn:reviewtui:review:v1.

    The version itself is left to the caller, who knows which ones it can read. Raises: MalformedRecordError.
    """
    document = strict_json(payload)
    if not isinstance(document, dict):
        raise MalformedRecordError("malformed", "the payload is no JSON object")
    predicate_type = document.get("predicateType")
    if not isinstance(predicate_type, str) or not isinstance(document.get("_type"), str):
        _refuse(document, "malformed", "the payload is no in-toto statement")
    if not predicate_type.startswith(family):
        _refuse(document, "malformed", "the record is of another kind", kind="other")
    if document["_type"] != STATEMENT_TYPE:
        _refuse(document, "unsupported-version", "the statement's _type is not known")
    predicate = document.get("predicate")
    if not isinstance(predicate, dict):
        _refuse(document, "malformed", "the statement has no predicate")
    name, commit = _subject(document)
    return Statement(name, commit, predicate_type, predicate)


def unchecked_claims(statement: Statement) -> dict[str, str]:
    """What a statement says of itself, for an error that must name it."""
    claims = _predicate_claims(statement.predicate)
    return {**claims, "subject": statement.name, "commit": statement.commit}


def is_object_id(value: object) -> bool:
    """Whether it is a full object id in lower case; abbreviations and ref names are none."""
    return isinstance(value, str) and _OBJECT_ID.match(value) is not None


def strict_json(data: bytes) -> Any:
    """JSON as RFC 8259 has it, without the liberties of Python's reader.

    Raises: MalformedRecordError.
    """
    if len(data) > MAX_READ_BYTES:
        raise MalformedRecordError("over-limit", f"the payload has {len(data)} bytes")
    if not _is_shallow(data):
        raise MalformedRecordError("malformed", "the payload is nested too deeply")
    try:
        value = _DECODER.decode(data.decode("utf-8"))
        # Valid UTF-8 holds no surrogates; only an escape can bring one in.
        if b"\\u" in data:
            json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeDecodeError:
        raise MalformedRecordError("malformed", "the payload is not UTF-8") from None
    except UnicodeEncodeError:
        raise MalformedRecordError("malformed", "the payload holds half a character (a lone surrogate)") from None
    except json.JSONDecodeError as error:
        raise MalformedRecordError("malformed", f"the payload is not JSON: {error.msg}") from None
    return value


def _is_shallow(data: bytes) -> bool:
    if data.count(b"[") + data.count(b"{") <= MAX_DEPTH:
        return True
    depth = 0
    for bracket in _BRACKETS.findall(_STRINGS.sub(b"", data)):
        depth += 1 if bracket in (b"[", b"{") else -1
        if depth > MAX_DEPTH:
            return False
    return True


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedRecordError("malformed", "a key is there twice")
    return found


def _integer(digits: str) -> int:
    if len(digits) > MAX_DIGITS:
        raise MalformedRecordError("malformed", "a number is too long")
    return int(digits)


def _fraction(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        raise MalformedRecordError("malformed", "a number is too large")
    return value


def _no_constant(word: str) -> float:
    raise MalformedRecordError("malformed", f"{word} is no JSON number")


_DECODER = json.JSONDecoder(
    object_pairs_hook=_unique, parse_int=_integer, parse_float=_fraction, parse_constant=_no_constant
)
"""Made once: to make one costs as much as to read a record by it."""


def _subject(document: Mapping[str, Any]) -> tuple[str, str]:
    subject = document.get("subject")
    if not isinstance(subject, list) or len(subject) != 1 or not isinstance(subject[0], dict):
        _refuse(document, "bad-subject", "a record is about exactly one commit")
    name, digest = subject[0].get("name"), subject[0].get("digest")
    commit = digest.get("gitCommit") if isinstance(digest, dict) else None
    if not isinstance(name, str) or not isinstance(commit, str) or not is_object_id(commit):
        _refuse(document, "bad-subject", "the commit is not a full object id in lower case")
    return name, commit


def _refuse(document: Mapping[str, Any], reason: str, detail: str, **more: str) -> NoReturn:
    raise MalformedRecordError(reason, detail, claims={**_claims(document), **more})


def _claims(document: Mapping[str, Any]) -> dict[str, str]:
    predicate = document.get("predicate")
    return _predicate_claims(predicate) if isinstance(predicate, dict) else {}


def _predicate_claims(predicate: Mapping[str, Any]) -> dict[str, str]:
    names = ("repository", "model", "version", "commit", "verdict", "reviewer")
    return {name: predicate[name] for name in names if isinstance(predicate.get(name), str)}
