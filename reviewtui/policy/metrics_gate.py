"""Metric rules of a policy → a Finding each, in exact decimal arithmetic.

Gain is candidate − base where higher is better, base − candidate where lower is; relative gain is gain / |base|. No
base: change rules are skipped, and say so. Base 0: relative rules are undefined, and warn. What is no finite number is
missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Context, Decimal, localcontext

from reviewtui.facts.model import Fact, Value, VersionFacts, display_keys
from reviewtui.policy.decision import Finding, FindingState
from reviewtui.policy.rules import ChangeLimit, MetricRule
from reviewtui.values import dataclass

_EXACT = Context(prec=1000)


@dataclass(frozen=True, slots=True)
class _Reading:
    """A metric as found: its value, or why there is none. `ambiguous` lists the keys among which none was chosen."""

    value: Decimal | None
    problem: str = ""
    ambiguous: tuple[str, ...] = ()


def metric_finding(rule: MetricRule, facts: VersionFacts, base: VersionFacts | None) -> Finding:
    """Whether one metric satisfies its rule."""
    name = f"metric {rule.metric}"
    candidate = _read(rule.metric, facts)
    if candidate.ambiguous:
        reason = f"{rule.metric} is in more than one file; name one of {', '.join(candidate.ambiguous)}."
        return Finding(name, FindingState.ERROR, reason)
    if candidate.value is None:
        return _missing(name, rule, candidate.problem)
    before = _read(rule.metric, base) if base is not None else _Reading(None, "there is no base")
    with localcontext(_EXACT):
        checks = [*_bounds(rule, candidate.value), *_changes(rule, candidate.value, before)]
    return _finding(name, rule, checks, candidate.value)


@dataclass(frozen=True, slots=True)
class _Check:
    """One rule judged: True met, False not, None skipped or (`warn`) undefined."""

    met: bool | None
    words: str
    warn: bool = False


def _finding(name: str, rule: MetricRule, checks: list[_Check], value: Decimal) -> Finding:
    failed = [check.words for check in checks if check.met is False]
    if failed:
        reason = f"{_plain(value)}: {'; '.join(failed)}."
        return Finding(name, FindingState.UNMET, reason, warning=rule.severity == "warn")
    notes = [check.words for check in checks if check.met is None]
    met = any(check.met for check in checks)
    reason = f"{_plain(value)}: {'; '.join([*(check.words for check in checks if check.met), *notes])}."
    state = FindingState.MET if met else FindingState.NOT_APPLICABLE
    return Finding(name, state, reason, warning=any(check.warn for check in checks))


def _missing(name: str, rule: MetricRule, problem: str) -> Finding:
    state = FindingState.NOT_APPLICABLE if rule.on_missing == "skip" else FindingState.UNMET
    warning = rule.on_missing == "warn" or (rule.on_missing == "fail" and rule.severity == "warn")
    return Finding(name, state, f"Missing: {problem}.", warning=warning)


def _read(metric: str, facts: VersionFacts) -> _Reading:
    found = [(key, fact) for key, fact in _named(facts.metrics) if metric in (key, fact.key)]
    exact = [(key, fact) for key, fact in found if key == metric]
    if len(exact) != 1 and len(found) > 1:
        return _Reading(None, ambiguous=tuple(sorted(key for key, _ in found)))
    if not found:
        unread = f" ({len(facts.problems)} files could not be read)" if facts.problems else ""
        return _Reading(None, f"{metric} is not among the metrics{unread}")
    value = _decimal((exact or found)[0][1].value)
    return _Reading(value, "" if value is not None else f"{metric} is not a finite number")


def _named(metrics: tuple[Fact, ...]) -> Iterator[tuple[str, Fact]]:
    return zip(display_keys(metrics), metrics, strict=True)


def _decimal(value: Value) -> Decimal | None:
    """The number exactly as it was written (repr of a float gives the shortest text that reads back the same)."""
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return None
    if isinstance(value, int) and value.bit_length() > 1024:
        return None
    number = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    return number if number.is_finite() and abs(number.adjusted()) <= 400 else None


def _bounds(rule: MetricRule, value: Decimal) -> Iterator[_Check]:
    if rule.minimum is not None:
        met = value >= rule.minimum
        yield _Check(met, f"{'at least' if met else 'below'} {_plain(rule.minimum)}")
    if rule.maximum is not None:
        met = value <= rule.maximum
        yield _Check(met, f"{'at most' if met else 'above'} {_plain(rule.maximum)}")


def _changes(rule: MetricRule, value: Decimal, before: _Reading) -> Iterator[_Check]:
    limits = (
        ("regression", rule.max_regression),
        ("improvement", rule.min_improvement),
        ("suspicious improvement", rule.suspicious_improvement),
    )
    for kind, limit in limits:
        if limit is None:
            continue
        if before.value is None:
            yield _Check(None, f"{kind} skipped: {_why(before)}")
            continue
        gain = value - before.value if rule.better == "higher" else before.value - value
        yield from _change(kind, limit, gain, before.value)


def _why(before: _Reading) -> str:
    return f"in the base, {before.problem}" if before.problem != "there is no base" else before.problem


def _change(kind: str, limit: ChangeLimit, gain: Decimal, base: Decimal) -> Iterator[_Check]:
    if limit.absolute is not None:
        yield _judge(kind, gain, limit.absolute, _plain(limit.absolute))
    if limit.relative is not None:
        if base == 0:
            yield _Check(None, f"relative {kind} is undefined: the base is 0", warn=True)
        else:
            # gain / |base| against the limit, without the division that would have to round.
            share = f" ({_plain(round(abs(gain) / abs(base) * 100, 1))} %)"
            yield _judge(kind, gain, limit.relative * abs(base), f"{_plain(limit.relative * 100)} %", share=share)


def _judge(kind: str, gain: Decimal, limit: Decimal, shown: str, *, share: str = "") -> _Check:
    change = f"{'better' if gain > 0 else 'worse' if gain < 0 else 'changed'} by {_plain(abs(gain))}{share}"
    if kind == "regression":
        return _Check(-gain <= limit, f"{change}, {shown} worse is allowed")
    if kind == "improvement":
        return _Check(gain >= limit, f"{change}, {shown} better is needed")
    return _Check(gain <= limit, f"{'' if gain <= limit else f'{change}, '}more than {shown} better is suspicious")


def _plain(number: Decimal) -> str:
    if abs(number.adjusted()) > 15:
        return f"{number:.6e}"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
