"""The release tag: its message, what its trailers say, and whether it is what it says.

A release tag is annotated and signed, bears its own name, points to the commit, and carries the trailers. The message
is read only as far as the signature covers it; a tag object whose signature does not cover all of it has a flaw.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from reviewtui.errors import UsageError
from reviewtui.facts.model import CATEGORIES
from reviewtui.git.objects import ObjectId, RefName, TagObject
from reviewtui.patterns import pattern
from reviewtui.policy.decision import Decision, Finding, FindingState
from reviewtui.policy.rules import Policy
from reviewtui.review import ReviewSubject, is_principal
from reviewtui.statement import is_object_id
from reviewtui.values import dataclass
from reviewtui.verification import VerifiedReview

MAX_MESSAGE_BYTES = 1024 * 1024
TAG_PREFIX = "refs/tags/"
CLOCK_SKEW = 15 * 60
"""Seconds by which honest clocks may differ."""


@dataclass(frozen=True, slots=True)
class ReleaseRecord:
    """What the trailers of a release tag say.

    `facts` is ((category, "sha256:…"), …). `reviewed_by` are "Name <mail>"; `review_records` and `override_records` ids
    of records. `flaws` are the trailers that cannot be relied on, in words.
    """

    model: str
    version: str
    base: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    policy: ObjectId | None = None
    reviewed_by: tuple[str, ...] = ()
    review_records: tuple[str, ...] = ()
    override_records: tuple[str, ...] = ()
    flaws: tuple[str, ...] = ()


def release_message(
    subject: ReviewSubject,
    *,
    summary: Iterable[str],
    approvals: Iterable[VerifiedReview],
    overrides: Iterable[VerifiedReview] = (),
    names: Mapping[str, str] | None = None,
) -> bytes:
    """The message of the release tag: title, summary, trailers, and one final LF.

    `summary` are the lines that a person wants to read; `names` gives the display name of principals.
    Raises: UsageError where a name would not survive as one line.
    """
    title = f"{_one_line(subject.model)} {_one_line(subject.version)}"
    # A summary line that looks like a trailer is no trailer: those are read from the last paragraph alone.
    body = "\n".join(_unarmoured(_printable(line)) for line in summary).strip("\n")
    trailers = "\n".join(f"{key}: {value}" for key, value in _trailers(subject, approvals, overrides, names or {}))
    return ("\n\n".join(part for part in (title, body, trailers) if part) + "\n").encode("utf-8")


def parse_release_tag(tag: TagObject) -> ReleaseRecord | None:
    """What a tag says of the release; None where it carries no trailers of ours (it was made in another way)."""
    trailers = _read_trailers(tag.message)
    if "Model" not in trailers and "Review-Record" not in trailers:
        return None
    flaws = [
        f"The trailer {key} is there {len(values)} times."
        for key, values in sorted(trailers.items())
        if key not in _REPEATED and len(values) > 1
    ]
    flaws += [f"The trailer {key} is missing." for key in ("Model", "Version") if key not in trailers]
    single = {key: values[0] for key, values in trailers.items()}
    policy = single.get("Policy", "none")
    flaws += _flaws(trailers, single, policy)
    return ReleaseRecord(
        model=single.get("Model", ""),
        version=single.get("Version", ""),
        base="" if single.get("Base", "none") == "none" else single["Base"],
        facts=tuple((category, single[key]) for category, key in _FACTS_KEYS if key in single),
        policy=ObjectId(policy) if is_object_id(policy) else None,
        reviewed_by=tuple(trailers.get("Reviewed-by", ())),
        review_records=tuple(trailers.get("Review-Record", ())),
        override_records=tuple(trailers.get("Override-Record", ())),
        flaws=tuple(flaws),
    )


def check_release_tag(
    tag: TagObject | None, *, ref: RefName, commit: ObjectId, model: str, version: str
) -> tuple[str, ...]:
    """What is wrong with a release tag, apart from its signature and its reviews; empty where nothing is.

    `tag` is None for a lightweight tag. Each problem starts with a word of its own, then a colon and a sentence.
    """
    if tag is None:
        return ("lightweight-tag: The tag is no object, so nothing can be recorded in it or signed.",)
    problems = []
    if f"{TAG_PREFIX}{tag.name}" != ref:
        problems.append(f"tag-name-mismatch: The tag object says {tag.name}, the ref {ref.removeprefix(TAG_PREFIX)}.")
    if tag.target_type != "commit":
        problems.append(f"wrong-target: The tag points to a {tag.target_type}, not to a commit.")
    elif tag.target != commit:
        problems.append(f"wrong-target: The tag points to {tag.target[:10]}, not to {commit[:10]}.")
    if tag.signature is None:
        problems.append("unsigned-tag: The tag carries no signature.")
    if tag.flaw:
        problems.append(f"bad-signature: {tag.flaw}")
    record = parse_release_tag(tag)
    if record is None:
        problems.append("no-trailers: The tag carries none of the trailers that reviewtui release writes.")
    else:
        problems += [f"bad-trailers: {flaw}" for flaw in record.flaws]
        if (record.model, record.version) != (model, version):
            problems.append(f"bad-trailers: They speak of {record.model}@{record.version}.")
    return tuple(problems)


def check_release_record(
    record: ReleaseRecord,
    *,
    subject: ReviewSubject,
    decision: Decision,
    reviewers: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """What a tag claims and is not so: ids that do not count, digests that differ, another base, another policy.

    `reviewers` are the approvals that count and whose they are, {record id: principal}; None: that is not judged.
    """
    fates = dict(sorted(decision.standing, reverse=True))
    problems = [
        f"unknown-record: {identity} is claimed and is not among the records of the version."
        for identity in (*record.review_records, *record.override_records)
        if identity not in fates
    ]
    problems += [
        f"uncounted-record: {identity} is claimed and does not count ({fates[identity]})."
        for identity in (*record.review_records, *record.override_records)
        if fates.get(identity)
    ]
    claimed = dict(record.facts)
    problems += [
        f"facts-changed: {category}" for category, digest in subject.facts if claimed.get(category, digest) != digest
    ]
    problems += [f"bad-trailers: {flaw}" for flaw in _false_trailers(record, subject)]
    if reviewers is not None:
        problems += [f"bad-trailers: {flaw}" for flaw in _false_reviewers(record, decision, reviewers)]
    return tuple(problems)


def _false_trailers(record: ReleaseRecord, subject: ReviewSubject) -> Iterator[str]:
    missing = [key for category, key in _FACTS_KEYS if category not in dict(record.facts)]
    if missing:
        yield f"The trailer {missing[0]} is missing."
    if record.base != _base_text(subject):
        yield f"The trailer Base says {record.base or 'none'}; it is {_base_text(subject) or 'none'}."
    if record.policy != subject.policy:
        yield f"The trailer Policy says {record.policy or 'none'}; in force is {subject.policy or 'none'}."


def _false_reviewers(record: ReleaseRecord, decision: Decision, reviewers: Mapping[str, str]) -> Iterator[str]:
    approved = {reviewers[identity] for identity in record.review_records if identity in reviewers}
    for address in (_address(value) for value in record.reviewed_by):
        if address not in approved:
            yield f"They name {address} as reviewer, and no approval of theirs."
    if len(approved) < decision.required and not decision.overridden_by:
        yield f"They name the approvals of {len(approved)} persons; the gate asks for {decision.required}."


def dating_flaws(
    tagged: int | None, *, commit: int, now: int, records: Mapping[str, int] | None = None, policy: int = 0
) -> Iterator[str]:
    """Why a tag's date cannot be true. `records` are the times of those that it names, `policy` that from which
    its policy was in force."""
    if tagged is None:
        yield "clock-skew: The tag bears no date that can be read."
        return
    if tagged > now + CLOCK_SKEW:
        yield f"clock-skew: The tag says {moment_text(tagged)}, which is yet to come."
    bounds = [("its commit", commit), ("its policy", policy), *(records or {}).items()]
    for name, bound in bounds:
        if tagged < bound - CLOCK_SKEW:
            yield f"back-dated: The tag says {moment_text(tagged)}; {name} is of {moment_text(bound)}."
            return


def moment_text(moment: int) -> str:
    """2026-01-05 09:00 UTC; what no calendar holds, as a number."""
    from datetime import UTC, datetime

    try:
        return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%d %H:%M UTC")
    except (OverflowError, ValueError, OSError):
        return f"{moment} s after 1970"


def releaser_finding(policy: Policy, principals: tuple[str, ...]) -> Finding:
    """Whether whoever's key is going to sign the tag, or did, may make it; `principals` are the key's (none: unknown).

    Raises: nothing; an unknown key is an unmet finding.
    """
    rule = "releaser"
    if not principals:
        return Finding(rule, FindingState.UNMET, "unknown-key: The key that signs the tag is not trusted.")
    if policy.releaser_roles is None:
        return Finding(rule, FindingState.MET, f"Anyone whose key is trusted may release; it is {principals[0]}.")
    able = [name for name in principals if policy.roles_of(name) & set(policy.releaser_roles)]
    wanted = " or ".join(policy.releaser_roles)
    if able:
        return Finding(rule, FindingState.MET, f"{able[0]} has the role {wanted}.")
    could = policy.people_with(policy.releaser_roles)
    reason = f"no-role: {principals[0]} may not release; that takes the role {wanted}."
    return Finding(rule, FindingState.UNMET, reason, unblock=could)


_FACTS_KEYS = tuple((category, f"Facts-{category.capitalize()}") for category in CATEGORIES)
_REPEATED = ("Reviewed-by", "Review-Record", "Override-Record")
_TRAILER = pattern(r"([A-Z][A-Za-z]*(?:-[A-Za-z]+)*): (\S.*)\Z")
_RECORD_ID = pattern(r"sha256:[0-9a-f]{64}\Z")


def _trailers(
    subject: ReviewSubject,
    approvals: Iterable[VerifiedReview],
    overrides: Iterable[VerifiedReview],
    names: Mapping[str, str],
) -> Iterable[tuple[str, str]]:
    yield "Model", _one_line(subject.model)
    yield "Version", _one_line(subject.version)
    yield "Base", _one_line(_base_text(subject)) or "none"
    digests = dict(subject.facts)
    for category, key in _FACTS_KEYS:
        yield key, digests[category]
    yield "Policy", subject.policy or "none"
    counted = sorted(approvals, key=lambda each: (each.principal, each.id))
    for approval in counted:
        yield "Reviewed-by", f"{_display_name(approval.principal, names)} <{approval.principal}>"
    for approval in counted:
        yield "Review-Record", approval.id
    for override in sorted(overrides, key=lambda each: each.id):
        yield "Override-Record", override.id


def _base_text(subject: ReviewSubject) -> str:
    return f"{subject.base.version} {subject.base.commit}".strip() if subject.base else ""


def _address(reviewed_by: str) -> str:
    return reviewed_by.rpartition(" <")[2].removesuffix(">")


def _display_name(principal: str, names: Mapping[str, str]) -> str:
    name = " ".join(_printable(names.get(principal, "")).replace("<", "").replace(">", "").split())
    return name or principal.split("@")[0]


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise UsageError(f"{text!r} cannot stand in a tag: it holds control characters.")
    return text


def _printable(text: str) -> str:
    return "".join(character if character.isprintable() else " " for character in text)


def _unarmoured(line: str) -> str:
    """A reader cuts a tag where a signature seems to begin: no line of the summary may look like that."""
    return f"> {line}" if line.startswith("-----") else line


def _read_trailers(message: str) -> dict[str, list[str]]:
    """The trailers of the last paragraph, which must hold nothing else. Only LF ends a line."""
    paragraph = message.rstrip("\n").rsplit("\n\n", 1)[-1]
    found: dict[str, list[str]] = {}
    if len(message) > MAX_MESSAGE_BYTES or "\n\n" not in message.rstrip("\n"):
        return found
    for line in paragraph.split("\n"):
        match = _TRAILER.match(line)
        if match is None:
            return {}
        found.setdefault(match[1], []).append(match[2].rstrip())
    return found


def _flaws(trailers: Mapping[str, list[str]], single: Mapping[str, str], policy: str) -> list[str]:
    flaws = []
    if policy != "none" and not is_object_id(policy):
        flaws.append("The trailer Policy is not an object id.")
    flaws += [
        f"The trailer {key} is not a digest."
        for _, key in _FACTS_KEYS
        if key in single and not _RECORD_ID.match(single[key])
    ]
    for key in ("Review-Record", "Override-Record"):
        values = trailers.get(key, [])
        if len(set(values)) != len(values) or not all(_RECORD_ID.match(value) for value in values):
            flaws.append(f"A trailer {key} is no record id, or is there twice.")
    if not all(is_principal(_address(value)) for value in trailers.get("Reviewed-by", [])):
        flaws.append("A trailer Reviewed-by is not a name with an address.")
    return flaws
