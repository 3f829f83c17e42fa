"""verify_policy.py, by which an auditor judges a release again, says what reviewtui's own rules say."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from decimal import Decimal
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewtui.verification import VerifiedReview
from tests.bundled import PROGRAM
from tests.fake_signing import object_id
from tests.recorded import BASE, COMMIT, EARLIER, PEOPLE, a_subject, decide, facts_of, verified

NOW = 1_000_000
NAMES = ("dana", "lee", "risk", "both", "boss", "avery", "dana@old.example.com", "stranger")

APPROVALS = st.lists(
    st.fixed_dictionaries(
        {"count": st.integers(1, 2)},
        optional={
            "roles": st.lists(st.sampled_from(["science", "risk", "boss"]), min_size=1, max_size=2, unique=True),
            "distinct": st.booleans(),
        },
    ),
    min_size=1,
    max_size=3,
)
NUMBERS = st.sampled_from([0, 1, 0.9, 0.901, 0.896, 0.95, 1.5, -0.2, 0.1])
LIMIT = st.fixed_dictionaries(
    {}, optional={"abs": st.sampled_from([0, 0.005, 0.05]), "rel": st.sampled_from([0.01, 0.1])}
)
METRIC = st.fixed_dictionaries(
    {"better": st.sampled_from(["higher", "lower"]), "max": st.sampled_from([0.95, 2])},
    optional={
        "min": st.sampled_from([0.9, 0.1]),
        "max_regression": LIMIT.filter(bool),
        "min_improvement": LIMIT.filter(bool),
        "suspicious_improvement": LIMIT.filter(bool),
        "on_missing": st.sampled_from(["fail", "warn", "skip"]),
        "severity": st.sampled_from(["block", "warn"]),
    },
)
ENTRY = st.fixed_dictionaries(
    {"models": st.sampled_from([["*"], ["churn"], ["other"], ["ch*"]]), "approvals": APPROVALS},
    optional={
        "exclude": st.lists(st.sampled_from(["author", "committer", "coauthor"]), unique=True),
        "carry": st.lists(st.sampled_from(["config", "metrics", "data"]), unique=True),
        "rebind_on_policy_change": st.booleans(),
        "metrics": st.dictionaries(st.sampled_from(["accuracy", "loss"]), METRIC, min_size=1),
    },
)
SUBJECT = st.fixed_dictionaries(
    {},
    optional={
        "commit": st.just(EARLIER),
        "tree": st.just(object_id("another tree")),
        "base": st.sampled_from([None, BASE]),
        "policy": st.just(object_id("another policy")),
        "facts": st.just(tuple(facts_of(accuracy=0.5).digests().items())),
    },
)
RECORD = st.builds(
    lambda who, verdict, seq, comment, subject: verified(who, verdict, seq, comment=comment, **subject),
    st.sampled_from(NAMES),
    st.sampled_from(["approve", "approve", "approve", "reject", "comment", "withdraw", "override"]),
    st.integers(1, 4),
    st.sampled_from(["", "Why."]),
    st.one_of(st.just({}), SUBJECT),
)


@pytest.fixture(scope="module")
def rules() -> Iterator[ModuleType]:
    """The module as verify.py loads it: from its own folder, where it stands beside its parts."""
    sys.path.insert(0, str(PROGRAM.parent))
    try:
        import verify_policy  # type: ignore[import-not-found]

        yield verify_policy
    finally:
        sys.path.remove(str(PROGRAM.parent))


def as_an_auditor_reads_it(policy: str) -> Any:
    import verify_facts  # type: ignore[import-not-found]

    return verify_facts.raw_yaml(policy.encode())


def as_verify_reads_it(record: VerifiedReview, brought: int) -> Any:
    review, subject = record.review, record.review.subject
    base = {"version": subject.base.version, "commit": subject.base.commit} if subject.base else None
    return SimpleNamespace(
        id=record.id, reviewer=review.reviewer, verdict=review.verdict.value, comment=review.comment, seq=review.seq,
        commit=subject.commit, tree=subject.tree, base=base, policy=subject.policy, facts=dict(subject.facts),
        brought=brought,
    )  # fmt: skip


def rows_of(metrics: dict[str, Any]) -> list[list[Any]]:
    text = facts_of(**metrics).canonical("metrics")
    return [json.loads(line, parse_float=Decimal) for line in text.splitlines()]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    entries=st.lists(ENTRY, min_size=1, max_size=2),
    records=st.lists(RECORD, max_size=6, unique_by=lambda record: record.id),
    metrics=st.dictionaries(st.sampled_from(["accuracy", "loss"]), NUMBERS),
    before=st.one_of(st.none(), st.dictionaries(st.sampled_from(["accuracy", "loss"]), NUMBERS)),
    age=st.sampled_from([0, 3600, 90_000, -200, -400]),
)
def test_both_allow_the_same_releases_and_count_the_same_records(
    rules: ModuleType,
    entries: list[Any],
    records: list[VerifiedReview],
    metrics: dict[str, Any],
    before: dict[str, Any] | None,
    age: int,
) -> None:
    policy = PEOPLE + "".join(f"- {json.dumps(entry)}\n" for entry in entries)
    current = a_subject(facts=tuple(facts_of(accuracy=0.93).digests().items()))
    base_facts = None if before is None else facts_of(**before)
    decision = decide(
        policy, *records, now=NOW, recorded_at={record.id: NOW - age for record in records}, current=current,
        facts=facts_of(**metrics), base_facts=base_facts,
    )  # fmt: skip
    release = SimpleNamespace(
        model="churn", commit=COMMIT, tree=current.tree, base=BASE.commit, policy=current.policy,
        facts=dict(current.facts), metrics=rows_of(metrics), base_metrics=None if before is None else rows_of(before),
        makers={"author": ["avery@example.com"], "committer": ["avery@example.com"], "coauthor": [], "submitter": []},
        holders=[(f"p{number}@example.com", f"AAAA{number}") for number in range(9)], revoked="", moment=NOW,
    )  # fmt: skip
    read = [as_verify_reads_it(record, NOW - age) for record in records]
    gate = rules.Gate(as_an_auditor_reads_it(policy), release, read)
    said = list(gate.refusals())
    assert (not said) == decision.allowed, (said, [f for f in decision.findings if f.state.value != "met"])
    if decision.allowed:
        helping = [record.id for record in records if record.review.verdict.value in ("approve", "override")]
        fates = dict(decision.standing)
        assert {each for each in helping if not fates[each]} == gate.counted.keys()
