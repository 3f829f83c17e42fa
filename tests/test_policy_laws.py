"""What must hold of every decision."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from reviewtui.policy.decision import Decision
from reviewtui.policy.matching import match
from reviewtui.verification import VerifiedReview
from tests.recorded import (
    COMMIT,
    EARLIER,
    ONE_EACH,
    PEOPLE,
    TWO_OF_ANYONE,
    a_review,
    decide,
    judged,
    verified,
)

PERSONS = ("dana", "lee", "risk", "both", "boss", "avery", "stranger", "dana@old.example.com")
RECORDS = st.lists(
    st.builds(
        verified,
        st.sampled_from(PERSONS),
        st.sampled_from(["approve", "approve", "reject", "withdraw", "comment", "override"]),
        st.integers(1, 4),
        comment=st.sampled_from(["", "Go."]),
        commit=st.sampled_from([COMMIT, COMMIT, EARLIER]),
    ),
    max_size=8,
)
POLICIES = st.sampled_from(
    [
        TWO_OF_ANYONE,
        ONE_EACH,
        ONE_EACH + "  carry: [data]\n",
        ONE_EACH + "  exclude: []\n",
        ONE_EACH + "- {models: ['ch*'], approvals: [{count: 2, roles: [risk]}, {count: 1, distinct: false}]}\n",
        PEOPLE + "- {models: ['*'], approvals: [{count: 2, roles: [science]}, {count: 1, roles: [science, risk]}]}\n",
    ]
)


def split(records: list[VerifiedReview]) -> tuple[list[VerifiedReview], list[VerifiedReview], dict[str, int]]:
    here = [each for each in records if each.review.subject.commit == COMMIT]
    elsewhere = [each for each in records if each.review.subject.commit != COMMIT]
    return here, elsewhere, {each.id: 999_000 for each in records}


def decided(policy: str, records: list[VerifiedReview]) -> Decision:
    here, elsewhere, times = split(records)
    return decide(policy, *here, earlier=elsewhere, recorded_at=times)


@settings(max_examples=150, deadline=None)
@given(POLICIES, RECORDS, st.randoms(use_true_random=False))
def test_order_and_duplication_of_records_change_no_decision(
    policy: str, records: list[VerifiedReview], chance: random.Random
) -> None:
    shuffled = [*records, *records[: chance.randint(0, len(records))]]
    chance.shuffle(shuffled)
    assert decided(policy, shuffled) == decided(policy, records)


def test_unverified_lines_in_any_order_and_number_change_no_decision() -> None:
    lines = [
        judged(b"garbage", signer="eve@example.com"),
        judged(a_review("eve", "reject")),
        judged(a_review("dana", model="other")),
        judged(a_review("dana"), signer="lee@example.com"),
    ]
    votes = [verified("dana"), verified("lee")]
    decision = decide(TWO_OF_ANYONE, *votes, *lines)
    assert decision.allowed
    assert decide(TWO_OF_ANYONE, *lines[::-1], *votes, *lines) == decision
    assert {each.id for each in lines} <= {identity for identity, reason in decision.standing if reason}


def test_many_people_are_no_reason_to_think_long() -> None:
    people = "".join(f"  p{number}@example.com: {{roles: [r{number % 3}, s{number % 5}]}}\n" for number in range(200))
    asked = ", ".join(f"{{count: 3, roles: [{role}]}}" for role in ("r0", "s1", "r2"))
    policy = f"version: 1\npeople:\n{people}releases:\n- models: ['*']\n  approvals: [{asked}]\n"
    decision = decide(policy)
    assert len(decision.unblock) == decision.required == 9
    assert decide(policy, *(verified(name) for name in decision.unblock)).allowed


@settings(max_examples=200, deadline=None)
@given(POLICIES, RECORDS, st.sampled_from(PERSONS), st.integers(1, 5), st.sampled_from([COMMIT, EARLIER]))
def test_one_more_approval_never_turns_allowed_into_refused(
    policy: str, records: list[VerifiedReview], who: str, seq: int, commit: str
) -> None:
    more = verified(who, "approve", seq, commit=commit)
    before, after = decided(policy, records), decided(policy, [*records, more])
    assert after.allowed or not before.allowed


@settings(max_examples=100, deadline=None)
@given(POLICIES, RECORDS, st.sampled_from(PERSONS))
def test_one_more_rejection_never_turns_refused_into_allowed(
    policy: str, records: list[VerifiedReview], who: str
) -> None:
    after = decided(policy, [*records, verified(who, "reject", 9)])
    assert decided(policy, records).allowed or not after.allowed


@settings(max_examples=100, deadline=None)
@given(POLICIES, RECORDS)
def test_whoever_is_said_to_unblock_does(policy: str, records: list[VerifiedReview]) -> None:
    plain = [each for each in records if each.review.verdict != "override"]
    decision = decided(policy, plain)
    if decision.unblock and decision.unblock != ("boss@example.com",):
        aliases = ["dana@old.example.com"] if "dana@example.com" in decision.unblock else []
        votes = [verified(name, "approve", 9) for name in (*decision.unblock, *aliases)]
        assert decided(policy, [*plain, *votes]).allowed


@given(
    st.lists(st.integers(0, 3), max_size=4),
    st.dictionaries(st.sampled_from("abcdefg"), st.frozensets(st.integers(0, 3)), max_size=6),
)
def test_a_matching_is_as_large_as_any_other(counts: list[int], fits: dict[str, frozenset[int]]) -> None:
    found = match(counts, fits)
    assert all(seat in fits[person] for person, seat in found.items())
    assert all(list(found.values()).count(seat) <= count for seat, count in enumerate(counts))
    # König's form of Hall's theorem: the least, over sets of requirements, of the seats outside plus the persons in.
    subsets = [{i for i in range(len(counts)) if bits >> i & 1} for bits in range(1 << len(counts))]
    best = min(
        sum(count for i, count in enumerate(counts) if i not in chosen)
        + sum(1 for able in fits.values() if able & chosen)
        for chosen in subsets
    )
    assert len(found) == best
