"""Metric rules: exact, and never silent about what could not be judged."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewtui.policy.decision import FindingState
from tests.recorded import (
    decide,
    facts_of,
    finding,
)

METRICS = """\
version: 1
releases:
- models: ['*']
  metrics:
    accuracy: {better: higher, min: 0.8, max_regression: {abs: 0.005}, suspicious_improvement: {abs: 0.05}}
"""


@pytest.mark.parametrize(
    ("before", "after", "state"),
    [
        (0.901, 0.896, "met"),
        (0.901, 0.8959999, "unmet"),
        (0.9, 0.95, "met"),
        (0.9, 0.9500001, "unmet"),
        (0.79, 0.799, "unmet"),
        (0.9, float("nan"), "unmet"),
        (0.9, float("inf"), "unmet"),
        (0.9, None, "unmet"),
        (0.9, "0.9", "unmet"),
        (0.9, True, "unmet"),
        (float("nan"), 0.9, "met"),
    ],
)
def test_metrics_are_judged_in_exact_decimals(before: object, after: object, state: str) -> None:
    decision = decide(METRICS, facts=facts_of(accuracy=after), base_facts=facts_of(accuracy=before))
    assert finding(decision, "metric accuracy").state.value == state


def test_without_a_base_change_rules_are_skipped_and_say_so() -> None:
    found = finding(decide(METRICS), "metric accuracy")
    assert found.state is FindingState.MET
    assert "skipped: there is no base" in found.reason


def one_metric(rule: str, before: object, after: object) -> tuple[str, bool]:
    policy = f"version: 1\nreleases: [{{models: ['*'], metrics: {{loss: {rule}}}}}]"
    facts = [facts_of(loss=value) if value is not None else facts_of() for value in (before, after)]
    found = finding(decide(policy, base_facts=facts[0], facts=facts[1]), "metric loss")
    return found.state.value, found.warning


def test_relative_rules_look_at_the_size_of_the_base_and_warn_where_it_is_zero() -> None:
    rule = "{better: lower, max_regression: {rel: 0.10}}"
    assert one_metric(rule, 10, 11) == ("met", False)
    assert one_metric(rule, 10, 11.01) == ("unmet", False)
    assert one_metric(rule, -10, -9) == ("met", False)
    assert one_metric(rule, -10, -8.99) == ("unmet", False)
    assert one_metric(rule, 0, 5) == ("not-applicable", True)


def test_a_required_improvement_a_warning_and_a_missing_metric() -> None:
    assert one_metric("{better: lower, min_improvement: {rel: 0.01}}", 100, 99) == ("met", False)
    assert one_metric("{better: lower, min_improvement: {rel: 0.01}}", 100, 99.5) == ("unmet", False)
    assert one_metric("{max: 1, severity: warn}", 1, 2) == ("unmet", True)
    assert one_metric("{max: 1, on_missing: warn}", 1, None) == ("unmet", True)
    assert one_metric("{max: 1, on_missing: skip}", 1, None) == ("not-applicable", False)
    assert one_metric("{max: 1}", 1, None) == ("unmet", False)


def test_a_metric_of_two_files_must_be_named_with_its_file() -> None:
    two = facts_of(accuracy=0.9)
    two = replace(two, metrics=(*two.metrics, replace(two.metrics[0], file="eval.json", value=0.1)))
    found = finding(decide(METRICS, facts=two), "metric accuracy")
    assert found.state is FindingState.ERROR
    assert "eval.json:accuracy" in found.reason
    named = METRICS.replace("accuracy:", "'metrics.json:accuracy':")
    assert finding(decide(named, facts=two), "metric metrics.json:accuracy").state is FindingState.MET
