"""A recorded line → VerifiedReview, or UnverifiedReview with the reason why it does not count."""

from __future__ import annotations

from dataclasses import dataclass

from reviewtui.review import Review


@dataclass(frozen=True, slots=True)
class VerifiedReview:
    """A review whose signature, binding and person were checked.

    `id` is sha256:… of the payload; `keyid` the fingerprint of the key that signed; `principal` the trusted name.
    """

    id: str
    review: Review
    principal: str
    keyid: str


@dataclass(frozen=True, slots=True)
class UnverifiedReview:
    """A recorded line that does not count. `review` is what it claims, where it could be read at all.

    `reason` is one of the reasons of the record format, where there is more to say followed by ": " and words.
    """

    id: str
    reason: str
    line: bytes
    review: Review | None = None
    keyid: str = ""


RecordedReview = VerifiedReview | UnverifiedReview
