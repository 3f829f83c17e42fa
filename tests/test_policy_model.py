"""A policy is read whole or refused, with file, line and key."""

from __future__ import annotations

import contextlib
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.errors import SettingsError
from reviewtui.policy.model import ApprovalRule, ChangeLimit, OverrideRule, Policy, parse_policy

WHOLE = """\
version: 3
people:
  dana@example.com: {roles: [data-science], aliases: [dana@old.example.com]}
  risk@example.com: {roles: [risk]}
releases:
  - models: ["*"]
    approvals:
      - {count: 2, roles: [data-science, ml-engineering]}
      - {count: 1, roles: [risk], distinct: false}
    exclude: [author, committer, coauthor, submitter]
    carry: [data]
    pipeline: {require: [build, test], signed_by: [ci@example.com]}
    metrics:
      accuracy: {better: higher, min: 0.90, max_regression: {abs: 0.005}, suspicious_improvement: {abs: 0.05}}
      f1.de: {better: higher, max_regression: {rel: 1e-2}, on_missing: skip, severity: warn}
    data: {require: recorded}
    feedback: {block_on: [high]}
releasers: {roles: [data-science]}
overrides: {roles: [release-manager], max_age: 24h}
policy_changes: {approvals: [{count: 1, roles: [release-manager]}]}
"""


def problem(text: str | bytes) -> str:
    with pytest.raises(SettingsError) as caught:
        parse_policy(text if isinstance(text, bytes) else text.encode())
    assert caught.value.message.startswith(".reviewtui/policy.yaml")
    return caught.value.message


def entry(text: str) -> str:
    return f"version: 1\nreleases:\n- models: ['*']\n  {text}\n"


def test_the_policy_of_the_format_is_read_whole() -> None:
    policy = parse_policy(WHOLE.encode())
    (rule,) = policy.releases
    assert policy.version == 3
    assert rule.approvals[0] == ApprovalRule(2, ("data-science", "ml-engineering"))
    assert rule.approvals[1].distinct is False
    assert [each.name for each in rule.approvals] == [
        "approvals: 2 of data-science or ml-engineering",
        "approvals: 1 of risk",
    ]
    assert rule.metrics[0].minimum == Decimal("0.90")
    assert rule.metrics[0].max_regression == ChangeLimit(Decimal("0.005"))
    assert rule.metrics[1].max_regression == ChangeLimit(None, Decimal("0.01"))
    assert rule.pipeline is not None
    assert rule.carry == ("data",)
    assert rule.line == 6
    assert policy.releaser_roles == ("data-science",)
    assert policy.overrides == OverrideRule(("release-manager",), 86400)
    assert policy.policy_changes is not None
    assert policy.directions("churn") == {"accuracy": "higher", "f1.de": "higher"}


def test_a_person_is_known_by_every_alias_and_in_any_case() -> None:
    policy = parse_policy(WHOLE.encode())
    assert policy.person("Dana@Old.Example.com") == policy.person("dana@example.com") == "dana@example.com"
    assert policy.roles_of("dana@old.example.com") == {"data-science"}
    assert policy.person("New@example.com") == "new@example.com"
    assert policy.roles_of("new@example.com") == frozenset()


def test_who_made_the_version_is_excluded_unless_the_entry_says_otherwise() -> None:
    assert parse_policy(entry("approvals: [{count: 1}]").encode()).releases[0].exclude == (
        "author",
        "committer",
        "coauthor",
    )
    text = entry("approvals: [{count: 1}]\n  exclude: []")
    assert parse_policy(text.encode()).releases[0].exclude == ()


def test_models_are_globs_that_respect_case() -> None:
    (rule,) = parse_policy(b"version: 1\nreleases:\n- {models: ['churn*', intent], approvals: [{count: 1}]}").releases
    assert [rule.matches(name) for name in ("churn", "churn-eu", "intent", "Churn", "intents")] == [
        True, True, True, False, False,
    ]  # fmt: skip


@pytest.mark.parametrize("count", ["0", "-1", "'2'", "two", "1.5", "true", "null", "[2]", "1e1", "0x2", "101", ""])
def test_a_threshold_that_is_no_positive_whole_number_is_an_error(count: str) -> None:
    assert "line 4: releases[0].approvals[0].count" in problem(entry(f"approvals: [{{count: {count}}}]"))


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("version: 1\nrelease: []\n", "line 2: release: The key 'release' is not known here. Did you mean 'releases'?"),
        (entry("approvals: [{count: 1, rolls: [a]}]"), "line 4: releases[0].approvals[0].rolls"),
        (entry("approvals: [{count: 1, roles: []}]"), "approvals[0].roles: This list must not be empty"),
        (entry("approvals: [{roles: [a]}]"), "line 4: releases[0].approvals[0]: The key 'count' is missing"),
        (entry("approvals: []"), "must not be empty"),
        (entry("carry: [config]"), "requires nothing"),
        (entry("approvals: [{count: 1}]\n  carry: [weights]"), "line 5: releases[0].carry[0]"),
        (entry("approvals: [{count: 1}]\n  exclude: [everyone]"), "line 5: releases[0].exclude[0]"),
        ("version: 1\nreleases:\n- approvals: [{count: 1}]\n", "line 3: releases[0]: The key 'models' is missing"),
        ("version: 1\nreleases:\n- {models: [], approvals: [{count: 1}]}\n", "must not be empty"),
        (entry("metrics: {}"), "No metric is named"),
        (entry("metrics: {a: {better: higher}}"), "The metric has no rule"),
        (entry("metrics: {a: {max_regression: {abs: 1}}}"), "Say which direction is better"),
        (entry("metrics: {a: {better: up, min: 1}}"), "'up' is not one of higher, lower"),
        (entry("metrics: {a: {min: 2, max: 1}}"), "min is above max"),
        (entry("metrics: {a: {min: .nan}}"), "must be a number"),
        (entry("metrics: {a: {min: .inf}}"), "must be a number"),
        (entry("metrics: {a: {min: '1'}}"), "must be a number"),
        (entry("metrics: {a: {min: 1e999}}"), "must be a number"),
        (entry("metrics: {a: {better: lower, max_regression: {abs: -1}}}"), "must be 0 or more"),
        (entry("metrics: {a: {better: lower, max_regression: 0.1}}"), "must be a mapping"),
        (entry("pipeline: {signed_by: [a@b]}"), "The key 'require' is missing"),
        (entry("data: {}"), "Give require: recorded"),
        (entry("data: {require: hashes}"), "'hashes' is not one of recorded"),
        (entry("feedback: {block_on: [urgent]}"), "'urgent' is not one of"),
        ("releases: []\n", "The key 'version' is missing"),
        ("version: 0\n", "must be 1 or more"),
        ("version: 1\nversion: 2\n", "line 2: The key 'version' is there twice"),
        ("version: 1\npeople: {dana: {roles: [a]}}\n", "line 2: people.dana"),
        ("version: 1\npeople: {'аlice@example.com': {roles: [a]}}\n", "plain ASCII"),
        ("version: 1\npeople:\n  a@b: {aliases: [c@d]}\n  C@D: {roles: [x]}\n", "line 4: people.C@D: 'C@D' is already"),
        ("version: 1\noverrides: {roles: [a]}\n", "The key 'max_age' is missing"),
        ("version: 1\noverrides: {roles: [a], max_age: forever}\n", "must be a duration"),
        ("version: 1\nreleasers: {}\n", "The key 'roles' is missing"),
        ("version: 1\npolicy_changes: {approvals: []}\n", "must not be empty"),
        ("", "The policy is empty"),
        ("# nothing\n", "The policy is empty"),
        ("- version\n", "must be a mapping"),
        ("version: 1\nreleases: &a [*a]\n", "line 2: releases[0]: Aliases are not read here"),
        ("version: !!int 1\n", "Tags are not read here"),
        ("version: !!python/object/apply:os.system [id]\n", "Tags are not read here"),
        ("version: 1\n---\nversion: 2\n", "A second document"),
        ("version: 1\n\tbad: [\n", "line 2: This is not YAML"),
        ("version: 1\n? [a]\n: 1\n", "A key must be a plain text"),
    ],
)
def test_what_is_wrong_is_said_with_line_and_key(text: str, where: str) -> None:
    assert where in problem(text)


def test_bytes_that_are_no_text_are_an_error_with_a_line() -> None:
    assert "line 2: The file is not UTF-8" in problem(b"version: 1\n# \xff\n")
    assert "line 2: This is not YAML" in problem(b"version: 1\n# \x00\n")


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 5_000, "- " * 50_000, "a:\n" + "  - x\n" * 30_000])
def test_a_file_that_is_too_deep_or_too_long_is_an_error(text: str) -> None:
    assert problem(text)


def test_a_huge_file_is_not_even_parsed() -> None:
    assert "are the limit" in problem(b"#" * 300_000)


@given(st.text(max_size=200) | st.text("{}[]:,-&*!|>'\"\n a1", max_size=80))
def test_no_text_raises_anything_but_a_settings_error(text: str) -> None:
    with contextlib.suppress(SettingsError):
        assert isinstance(parse_policy(text.encode("utf-8", "surrogatepass")), Policy)
