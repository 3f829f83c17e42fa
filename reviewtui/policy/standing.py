"""Standing: what each person's records come to, for one version.

Laws
1. Per person, the latest record decides (highest seq; among equals a rejection wins). Comments decide nothing.
2. A rejection holds for every commit of the version. It ends by a later approval or withdrawal of the same principal;
   one of the very commit that is judged does not end by the approval of another commit.
3. Sequence numbers of two principals of one person are two chains. Where their order matters to a veto, it stands.
4. A withdrawal leaves no verdict: what is older does not come back.
5. Copies of one record count once.
"""

from __future__ import annotations

from collections.abc import Iterable

from reviewtui.git.objects import ObjectId
from reviewtui.policy.people import People
from reviewtui.review import Verdict
from reviewtui.values import dataclass
from reviewtui.verification import VerifiedReview

_ENDING = (Verdict.REJECT, Verdict.WITHDRAW)


@dataclass(frozen=True, slots=True)
class Standing:
    """One person: the approvals and overrides that nothing later of the same person took back, newest first, and the
    veto that stands."""

    person: str
    approvals: tuple[VerifiedReview, ...] = ()
    overrides: tuple[VerifiedReview, ...] = ()
    veto: VerifiedReview | None = None


@dataclass(frozen=True, slots=True)
class Standings:
    """Everybody's standing, by person; and the fate of each record: "" where it stands, else the reason."""

    persons: tuple[Standing, ...]
    fates: tuple[tuple[str, str], ...]


def stand(reviews: Iterable[VerifiedReview], *, commit: ObjectId, people: People) -> Standings:
    """What the records of a version come to, for its commit `commit`. Their order does not matter."""
    unique: dict[str, VerifiedReview] = {}
    fates: list[tuple[str, str]] = []
    for review in sorted(set(reviews), key=lambda each: (each.id, each.line, each.keyid)):
        if review.id in unique:
            fates.append((review.id, "duplicate"))
        else:
            unique[review.id] = review
    by_person: dict[str, list[VerifiedReview]] = {}
    for review in sorted(unique.values(), key=_newest_first):
        by_person.setdefault(people.of(review.principal), []).append(review)
    persons = []
    for person, records in sorted(by_person.items()):
        fate = {record.id: _fate(record, records, commit) for record in records}
        fates.extend(fate.items())
        persons.append(_standing(person, [record for record in records if not fate[record.id]]))
    return Standings(tuple(persons), tuple(sorted(fates)))


def _newest_first(review: VerifiedReview) -> tuple[int, bool, str]:
    return (-review.review.seq, review.review.verdict is not Verdict.REJECT, review.id)


def _standing(person: str, records: list[VerifiedReview]) -> Standing:
    def of(verdict: Verdict) -> tuple[VerifiedReview, ...]:
        return tuple(record for record in records if record.review.verdict is verdict)

    return Standing(person, of(Verdict.APPROVE), of(Verdict.OVERRIDE), next(iter(of(Verdict.REJECT)), None))


def _fate(record: VerifiedReview, records: list[VerifiedReview], commit: ObjectId) -> str:
    match record.review.verdict:
        case Verdict.COMMENT:
            return ""
        case Verdict.REJECT:
            return _fate_of_rejection(record, records, commit)
        case Verdict.WITHDRAW:
            later = [each for each in records if _is_verdict(each) and each.review.seq > record.review.seq]
            return "superseded" if later else ""
        case _:
            return _fate_of_help(record, records)


def _fate_of_rejection(rejection: VerifiedReview, records: list[VerifiedReview], commit: ObjectId) -> str:
    chain = [each for each in records if each.principal.lower() == rejection.principal.lower()]
    for each in chain:
        if each.review.seq <= rejection.review.seq:
            continue
        if each.review.verdict is Verdict.WITHDRAW:
            return "withdrawn"
        elsewhere = rejection.review.subject.commit == commit and each.review.subject.commit != commit
        if each.review.verdict is Verdict.APPROVE and not elsewhere:
            return "superseded"
    return ""


def _fate_of_help(help_: VerifiedReview, records: list[VerifiedReview]) -> str:
    """An approval or an override ends by a rejection or withdrawal with the same number, or a higher one."""
    endings = [each for each in records if each.review.verdict in _ENDING and each.review.seq >= help_.review.seq]
    if not endings:
        return ""
    first = min(endings, key=lambda each: (each.review.seq, each.review.verdict is not Verdict.REJECT))
    return "superseded" if first.review.verdict is Verdict.REJECT else "withdrawn"


def _is_verdict(review: VerifiedReview) -> bool:
    return review.review.verdict is not Verdict.COMMENT
