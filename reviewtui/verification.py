"""A recorded line → VerifiedReview, or UnverifiedReview with the reason why it does not count."""

from __future__ import annotations

from collections.abc import Container

from reviewtui.git.objects import ObjectId
from reviewtui.review import MalformedRecordError, Review, decode_review, record_id
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, MalformedEnvelopeError
from reviewtui.signing.scheme import SignatureStatus, Verification, Verifier
from reviewtui.values import dataclass

_HARMLESS_CLAIMS = ("approve", "comment", "override")


@dataclass(frozen=True, slots=True)
class VerifiedReview:
    """A review whose signature, binding and person were checked.

    `id` is sha256:… of the payload; `keyid` the fingerprint of the key that signed; `principal` the trusted name, and
    `principals` every name that the trusted signers give this key. `line` tells two copies of one record apart.
    """

    id: str
    review: Review
    principal: str
    keyid: str
    principals: tuple[str, ...] = ()
    line: bytes = b""


@dataclass(frozen=True, slots=True)
class UnverifiedReview:
    """A recorded line that does not count. `review` is what it claims, where it could be read at all.

    `reason` is one of the reasons of the record format, where there is more to say followed by ": " and words.
    `principal` is whoever's trusted key signed it all the same ("" for nobody). `may_be_veto`: somebody trusted signed
    it for this version, and what cannot be read of it, or before it, might be a rejection: the gate must close.
    """

    id: str
    reason: str
    line: bytes
    review: Review | None = None
    keyid: str = ""
    principal: str = ""
    may_be_veto: bool = False


RecordedReview = VerifiedReview | UnverifiedReview


@dataclass(frozen=True, slots=True)
class VerificationContext:
    """What a line is judged by.

    `repository` is this repository's identity. `known_records` holds the ids of every record in the whole history of
    the notes; None: the chain is not judged.
    """

    repository: str
    verifier: Verifier
    known_records: Container[str] | None = None


def verify_review(
    line: bytes, *, commit: ObjectId, model: str | None, version: str | None, context: VerificationContext
) -> RecordedReview:
    """Judge one line of the note of `commit` (`model` and `version` None: any).

    1. Envelope: the line is a DSSE envelope of our payload type, within the limits.
    2. Signature: a trusted key, in our namespace, made it over the very bytes that are stored.
    3. Statement: the payload is a review that this version can read.
    4. Principal: the reviewer it names is one that the key speaks for.
    5. Binding: commit, model, version and repository are the ones that the record stands beside.
    6. Chain: the reviewer's previous record is somewhere in the history of the notes.
    """
    # 1. A line over the limit is never a record, so nobody's veto is lost with it: no writer can store one so large.
    try:
        envelope = Envelope.from_line(line)
    except MalformedEnvelopeError as error:
        return UnverifiedReview(record_id(line), f"{error.reason}: {error}", line)
    identity = record_id(envelope.payload)
    if envelope.payload_type != PAYLOAD_TYPE:
        return UnverifiedReview(identity, "malformed: the payload is of another type", line)
    # 3. is read before 2. is judged, so that a record which does not count still shows what it claims.
    review, malformed = _decoded(envelope.payload)
    # 2.
    signature = _best_signature(envelope, review, context.verifier)
    if signature.status is not SignatureStatus.GOOD:
        reason = _with(signature.reason or "bad-signature", signature.detail)
        return UnverifiedReview(identity, reason, line, review, signature.keyid, _speaker(signature, review))
    signer = _speaker(signature, review)
    # 3.
    if review is None:
        doubtful = _may_be_veto(malformed, commit=commit, model=model, version=version, context=context)
        return UnverifiedReview(identity, str(malformed), line, None, signature.keyid, signer, doubtful)
    # 4.
    if review.reviewer not in signature.principals:
        reason = f"reviewer-key-mismatch: the key is {signer}'s"
        return UnverifiedReview(identity, reason, line, review, signature.keyid, signer)
    # 5.
    mismatch = _mismatch(review, commit=commit, model=model, version=version, repository=context.repository)
    if mismatch:
        return UnverifiedReview(identity, mismatch, line, review, signature.keyid, signer)
    # 6. What is missing might be a veto, whatever the record itself says.
    if context.known_records is not None and review.prev is not None and review.prev not in context.known_records:
        reason = f"broken-chain: {review.prev} is nowhere in the notes"
        return UnverifiedReview(identity, reason, line, review, signature.keyid, signer, may_be_veto=True)
    return VerifiedReview(identity, review, review.reviewer, signature.keyid, signature.principals, line)


def _decoded(payload: bytes) -> tuple[Review | None, MalformedRecordError]:
    try:
        return decode_review(payload), MalformedRecordError("malformed", "")
    except MalformedRecordError as error:
        return None, error


def _best_signature(envelope: Envelope, review: Review | None, verifier: Verifier) -> Verification:
    """The signature that speaks best for the record: of several, one by the reviewer's own key."""
    message = envelope.signed_bytes()
    results = [verifier.verify(message, each.sig, keyid=each.keyid) for each in envelope.signatures]

    def rank(result: Verification) -> tuple[bool, bool]:
        good = result.status is SignatureStatus.GOOD
        return (not (good and review is not None and review.reviewer in result.principals), not good)

    return min(results, key=rank)


def _speaker(signature: Verification, review: Review | None) -> str:
    if review is not None and review.reviewer in signature.principals:
        return review.reviewer
    return signature.principals[0] if signature.principals else ""


def _mismatch(review: Review, *, commit: ObjectId, model: str | None, version: str | None, repository: str) -> str:
    subject = review.subject
    if subject.commit != commit:
        return "subject-commit-mismatch"
    if model is not None and subject.model != model:
        return f"subject-model-mismatch: it is about {subject.model}"
    if version is not None and subject.version != version:
        return f"subject-version-mismatch: it is about {subject.version}"
    if subject.repository != repository:
        return f"repository-mismatch: it is about {subject.repository or 'a repository without a name'}"
    return ""


def _may_be_veto(
    malformed: MalformedRecordError,
    *,
    commit: ObjectId,
    model: str | None,
    version: str | None,
    context: VerificationContext,
) -> bool:
    """Whether a trusted person's record that cannot be read might take a release back.

    It might, unless what can be read says that it is about something else, or that it only ever helps: an approval, a
    comment, an override. A withdrawal is none of these, because it takes an approval back.
    """
    claims = malformed.claims
    expected = (("commit", commit), ("model", model), ("version", version), ("repository", context.repository))
    elsewhere = any(value is not None and claims.get(key, value) != value for key, value in expected)
    # A short or upper-case id names the commit in another way, and is no proof that another commit is meant.
    if malformed.reason == "bad-subject":
        elsewhere = any(claims.get(key, value) != value for key, value in expected[1:3] if value is not None)
    return not elsewhere and claims.get("kind") != "other" and claims.get("verdict") not in _HARMLESS_CLAIMS


def _with(reason: str, detail: str) -> str:
    return f"{reason}: {detail}" if detail else reason
