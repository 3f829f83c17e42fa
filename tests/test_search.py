"""Search: what the grammar means, what it refuses, and that no text makes it run anything."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.errors import UsageError
from reviewtui.facts.model import Value
from reviewtui.search import LONGEST, parse_search

FACTS: dict[str, list[tuple[str, Value]]] = {
    "metrics": [("val.accuracy", 0.91), ("train.accuracy", 0.99), ("eval/f1-score", 0.8), ("loss", 0.25)],
    "config": [
        ("train.lr", 0.001), ("optimizer", "AdamW"), ("augment", False), ("layers", [64, 32]), ("model", "resnet"),
        ("seed", None),
    ],
    "environment": [("requirements.txt", "torch==2.4.1\nnumpy==2.1\n")],
    "version": [("state", "released"), ("model", "churn"), ("created", "2026-05-01T10:00:00Z"), ("approvals", 2)],
}  # fmt: skip


@pytest.mark.parametrize(
    "expression",
    [
        "accuracy>0.9 and lr<=1e-3",
        "val.accuracy = 0.91",
        "0.9 < val.accuracy <= 0.91",
        "metrics.loss < 0.3",
        "optimizer = adamw",
        "optimizer != sgd",
        "'adam' in optimizer",
        '"eval/f1-score" >= 0.8',
        "64 in layers",
        "version.model = churn and config.model = resnet",
        "state = released",
        "version.created > '2026-04-30'",
        "approvals >= 2",
        "'torch==2.4' in 'requirements.txt'",
        "augment = false and seed = null",
        "not augment and accuracy",
        "loss < val.accuracy",
        "(loss > 1 or accuracy > 0.95) and lr",
        "loss > -1",
        "lr = 0.0010",
    ],
)
def test_the_version_meets(expression: str) -> None:
    assert parse_search(expression).holds(FACTS)


@pytest.mark.parametrize(
    "expression",
    [
        "val.accuracy > 0.91",
        "0.92 < val.accuracy < 1",
        "optimizer > 3",
        "accuracy = '0.91'",
        "augment = 0",
        "config.accuracy > 0",
        "version.optimizer = adamw",
        "uracy > 0",
        "128 in layers",
        "seed",
        "'sgd' in optimizer",
        "not lr",
        "version.model = resnet",
    ],
)
def test_the_version_does_not_meet(expression: str) -> None:
    assert not parse_search(expression).holds(FACTS)


@pytest.mark.parametrize(
    "expression",
    [
        "", "accuracy >", "accuracy > f(1)", "__import__('os').system('id')", "[x for x in y]", "lr + 1 > 2",
        "f1-score > 1", "lambda: 1", "lr is None", "a; b", "a := 1", "1 > 0 if a else b", "accuracy > 1j", "a\nb",
        "(" * 400 + ")" * 400, "x" * (LONGEST + 1), "accuracy > b'1'", "f'{a}' = 1", "a.b().c = 1", "\0",
    ],
)  # fmt: skip
def test_what_is_no_comparison_is_refused_in_a_sentence(expression: str) -> None:
    with pytest.raises(UsageError) as refused:
        parse_search(expression)
    assert refused.value.message.endswith(".") and "accuracy>0.9" in (refused.value.hint or "")


def test_what_was_found_is_named_with_its_value() -> None:
    search = parse_search("accuracy > 0.9 and state = released")
    assert search.names() == ("accuracy", "state")
    assert search.matched(FACTS) == (("val.accuracy", 0.91), ("train.accuracy", 0.99), ("version.state", "released"))
    assert search.known(FACTS) == {"accuracy", "state"}
    assert parse_search("nothing > 1").known(FACTS) == set()


@given(st.text(alphabet="ab.1 <>=!()'\"andortin", max_size=40) | st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        search = parse_search(text)
    except UsageError:
        return
    assert search.holds(FACTS) in (True, False)
    assert len(search.matched(FACTS)) >= 0


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
def test_one_of_less_equal_and_greater_holds(value: float, bound: float) -> None:
    facts = {"metrics": [("auc", value)]}
    holding = [sign for sign in ("<", "=", ">") if parse_search(f"auc {sign} {bound!r}").holds(facts)]
    assert len(holding) == 1
