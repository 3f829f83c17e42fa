"""What may be written in .reviewtui/policy.yaml: its bytes → Policy, or SettingsError with file, line and key."""

from __future__ import annotations

import re

from reviewtui.facts.model import CATEGORIES
from reviewtui.patterns import pattern
from reviewtui.policy.located_yaml import Node, read_yaml
from reviewtui.policy.rules import (
    DEFAULT_EXCLUDE,
    EXCLUDABLE,
    ApprovalRule,
    ChangeLimit,
    DataRule,
    FeedbackRule,
    MetricRule,
    OverrideRule,
    PipelineRule,
    Policy,
    PolicyChangeRule,
    PolicyPerson,
    ReleaseRule,
)
from reviewtui.review import is_principal

__all__ = [
    "POLICY_FILE",
    "ApprovalRule",
    "ChangeLimit",
    "DataRule",
    "FeedbackRule",
    "MetricRule",
    "OverrideRule",
    "PipelineRule",
    "Policy",
    "PolicyChangeRule",
    "PolicyPerson",
    "ReleaseRule",
    "parse_policy",
]

POLICY_FILE = ".reviewtui/policy.yaml"

MAX_COUNT = 100

_TOP = ("version", "people", "releases", "releasers", "overrides", "policy_changes", "revoked_keys")
_RELEASE = (
    "models", "approvals", "exclude", "carry", "metrics", "pipeline", "data", "feedback",
    "unknown_author", "rebind_on_policy_change",
)  # fmt: skip
_REQUIREMENTS = ("approvals", "metrics", "pipeline", "data", "feedback")
_METRIC = (
    "better", "min", "max", "max_regression", "min_improvement", "suspicious_improvement", "on_missing", "severity",
)  # fmt: skip
_CHANGE_RULES = ("max_regression", "min_improvement", "suspicious_improvement")
_SEVERITIES = ("low", "medium", "high", "critical")
_DURATION = pattern(r"([1-9]\d{0,5})([smhdw])\Z", re.ASCII)
_PIN = pattern(r"sha256:[0-9a-f]{64}\Z")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}


def parse_policy(data: bytes, *, name: str = POLICY_FILE) -> Policy:
    """Read a policy. Whatever is not understood is an error: a rule that is passed over would be a rule not met.

    Raises: SettingsError, with file, line and key.
    """
    root = read_yaml(data, file=name)
    if root.is_null:
        root.fail("The policy is empty, and an empty policy allows nothing.")
    keys = root.mapping(_TOP)
    if "version" not in keys:
        root.fail("The key 'version' is missing; it is a whole number that grows with every change.")
    return Policy(
        version=keys["version"].integer(least=1),
        people=_people(keys.get("people")),
        releases=tuple(_release(entry) for entry in keys["releases"].sequence()) if "releases" in keys else (),
        releaser_roles=_releasers(keys.get("releasers")),
        overrides=_overrides(keys.get("overrides")),
        policy_changes=_policy_changes(keys.get("policy_changes")),
        revoked_keys=_pin(keys.get("revoked_keys")),
    )


def _people(node: Node | None) -> tuple[PolicyPerson, ...]:
    if node is None or node.is_null:
        return ()
    people = []
    taken: set[str] = set()
    for principal, entry in node.mapping().items():
        if not is_principal(principal):
            entry.fail("A person is named by an e-mail address in plain ASCII.")
        person = _person(principal, entry)
        for address in (person.principal, *person.aliases):
            if address.lower() in taken:
                entry.fail(f"{address!r} is already somebody here: one address, one person.")
            taken.add(address.lower())
        people.append(person)
    return tuple(people)


def _person(principal: str, entry: Node) -> PolicyPerson:
    if entry.is_null:
        return PolicyPerson(principal)
    keys = entry.mapping(("roles", "aliases"))
    return PolicyPerson(
        principal,
        frozenset(keys["roles"].texts()) if "roles" in keys else frozenset(),
        keys["aliases"].texts() if "aliases" in keys else (),
    )


def _release(entry: Node) -> ReleaseRule:
    keys = entry.mapping(_RELEASE)
    if "models" not in keys:
        entry.fail("The key 'models' is missing; write [\"*\"] for every model.")
    if not any(requirement in keys for requirement in _REQUIREMENTS):
        entry.fail("The entry requires nothing; an empty rule is never met.")
    unknown_author = keys["unknown_author"].choice(("allow", "block")) if "unknown_author" in keys else "allow"
    rebind = keys.get("rebind_on_policy_change")
    return ReleaseRule(
        models=keys["models"].texts(empty=False),
        approvals=_approvals(keys["approvals"]) if "approvals" in keys else (),
        exclude=_exclude(keys.get("exclude")),
        carry=keys["carry"].choices(CATEGORIES) if "carry" in keys else (),
        metrics=_metrics(keys["metrics"]) if "metrics" in keys else (),
        pipeline=_pipeline(keys["pipeline"]) if "pipeline" in keys else None,
        data=_data(keys["data"]) if "data" in keys else None,
        feedback=_feedback(keys["feedback"]) if "feedback" in keys else None,
        block_unknown_author=unknown_author == "block",
        rebind_on_policy_change=rebind.boolean() if rebind else False,
        line=entry.line,
    )


def _approvals(node: Node) -> tuple[ApprovalRule, ...]:
    return tuple(_approval(entry) for entry in node.sequence(empty=False))


def _approval(entry: Node) -> ApprovalRule:
    keys = entry.mapping(("count", "roles", "distinct"))
    if "count" not in keys:
        entry.fail("The key 'count' is missing.")
    if keys["count"].integer(least=1) > MAX_COUNT:
        keys["count"].fail(f"No more than {MAX_COUNT} persons can be asked for.")
    return ApprovalRule(
        count=keys["count"].integer(least=1),
        roles=keys["roles"].texts(empty=False) if "roles" in keys else (),
        distinct=keys["distinct"].boolean() if "distinct" in keys else True,
    )


def _exclude(node: Node | None) -> tuple[str, ...]:
    return DEFAULT_EXCLUDE if node is None else node.choices(EXCLUDABLE)


def _metrics(node: Node) -> tuple[MetricRule, ...]:
    if not node.mapping():
        node.fail("No metric is named; an empty rule is never met.")
    return tuple(_metric(name, entry) for name, entry in node.mapping().items())


def _metric(name: str, entry: Node) -> MetricRule:
    keys = entry.mapping(_METRIC)
    rule = MetricRule(
        metric=name,
        better=keys["better"].choice(("higher", "lower")) if "better" in keys else "",
        minimum=keys["min"].number() if "min" in keys else None,
        maximum=keys["max"].number() if "max" in keys else None,
        max_regression=_limit(keys.get("max_regression")),
        min_improvement=_limit(keys.get("min_improvement")),
        suspicious_improvement=_limit(keys.get("suspicious_improvement")),
        on_missing=keys["on_missing"].choice(("fail", "warn", "skip")) if "on_missing" in keys else "fail",
        severity=keys["severity"].choice(("block", "warn")) if "severity" in keys else "block",
    )
    for change_rule in _CHANGE_RULES:
        if change_rule in keys and not rule.better:
            keys[change_rule].fail("Say which direction is better: better: higher, or better: lower.")
    if rule.minimum is not None and rule.maximum is not None and rule.minimum > rule.maximum:
        keys["min"].fail("min is above max: no value can meet both.")
    if not any(key in keys for key in ("min", "max", *_CHANGE_RULES)):
        entry.fail("The metric has no rule; give min, max, max_regression, min_improvement or suspicious_improvement.")
    return rule


def _limit(node: Node | None) -> ChangeLimit | None:
    if node is None:
        return None
    keys = node.mapping(("abs", "rel"))
    if not keys:
        node.fail("Give abs, rel or both.")
    for value in keys.values():
        if value.number() < 0:
            value.fail("A limit to a change must be 0 or more.")
    return ChangeLimit(
        absolute=keys["abs"].number() if "abs" in keys else None,
        relative=keys["rel"].number() if "rel" in keys else None,
    )


def _pipeline(node: Node) -> PipelineRule:
    keys = node.mapping(("require", "signed_by"))
    if "require" not in keys:
        node.fail("The key 'require' is missing: the stages that must have passed.")
    return PipelineRule(
        require=keys["require"].texts(empty=False),
        signed_by=keys["signed_by"].texts(empty=False) if "signed_by" in keys else (),
    )


def _data(node: Node) -> DataRule:
    keys = node.mapping(("require", "verified_in"))
    if not keys:
        node.fail("Give require: recorded, or verified_in.")
    return DataRule(
        require_recorded="require" in keys and keys["require"].choice(("recorded",)) == "recorded",
        verified_in=keys["verified_in"].texts(empty=False) if "verified_in" in keys else (),
    )


def _feedback(node: Node) -> FeedbackRule:
    keys = node.mapping(("block_on",))
    if "block_on" not in keys:
        node.fail("The key 'block_on' is missing.")
    return FeedbackRule(keys["block_on"].choices(_SEVERITIES, empty=False))


def _releasers(node: Node | None) -> tuple[str, ...] | None:
    if node is None:
        return None
    keys = node.mapping(("roles",))
    if "roles" not in keys:
        node.fail("The key 'roles' is missing; leave releasers out to let anyone whose key is trusted make the tag.")
    return keys["roles"].texts(empty=False)


def _overrides(node: Node | None) -> OverrideRule | None:
    if node is None:
        return None
    keys = node.mapping(("roles", "max_age"))
    for key in ("roles", "max_age"):
        if key not in keys:
            node.fail(f"The key {key!r} is missing: an override has a role, and an end.")
    match = _DURATION.match(keys["max_age"].text())
    if match is None:
        keys["max_age"].fail("This must be a duration, such as 24h, 90m or 7d.")
    return OverrideRule(keys["roles"].texts(empty=False), int(match[1]) * _UNITS[match[2]])


def _policy_changes(node: Node | None) -> PolicyChangeRule | None:
    if node is None:
        return None
    keys = node.mapping(("approvals", "exclude"))
    if "approvals" not in keys:
        node.fail("The key 'approvals' is missing.")
    return PolicyChangeRule(_approvals(keys["approvals"]), _exclude(keys.get("exclude")))


def _pin(node: Node | None) -> str:
    if node is None:
        return ""
    if not _PIN.match(node.text()):
        node.fail("This must be sha256: and the digest of .reviewtui/revoked_keys in lower case.")
    return node.text()
