"""Settings and policy as the gate reads them, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewtui.display import plural
from reviewtui.signing.patterns import matches_pattern_list
from reviewtui.tui.widgets.line import BLANK, Line, Tone, fit, heading, line, wrapped
from reviewtui.values import dataclass

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from reviewtui.git.objects import Ref
    from reviewtui.policy.rules import ApprovalRule, ChangeLimit, MetricRule, Policy, PolicyPerson, ReleaseRule
    from reviewtui.settings import Settings

_LABEL = 14
NO_CHANGE_RULE = (
    "the policy names no approvals for them: where a hook stands guard nothing can change it; where none does, "
    "whoever can push to the branch can"
)


@dataclass(frozen=True, slots=True)
class SettingsView:
    """What is in force. `keys` are {fingerprint: principals}; `trust_problems` are those of the signers' files;
    `authorities` (fingerprint, patterns) of those who may certify others."""

    branch: Ref | None
    identity: str
    settings: Settings
    keys: Mapping[str, tuple[str, ...]]
    trust_problems: tuple[str, ...] = ()
    authorities: tuple[tuple[str, str], ...] = ()


def settings_lines(view: SettingsView, width: int) -> list[Line]:
    """The whole page."""
    settings = view.settings
    lines = [heading(" TRUSTED BRANCH", "where all of this is read from")]
    if view.branch is None:
        text = "There is none: git config reviewtui.trustedBranch NAME names one."
        lines += wrapped(text, width, indent="   ", tone="warn")
    else:
        lines += _row("branch", view.branch.name, width)
        lines += _row("commit", view.branch.commit or "it leads to no commit", width)
    lines += [*_row("identity", f"{view.identity} (signed into every record)", width), BLANK]
    if not settings.exists:
        text = "There is no .reviewtui/ in it: browse and review freely; releasing needs `reviewtui init`."
        return [*lines, *wrapped(text, width, indent=" ", tone="warn")]
    lines += _problems(view, width)
    lines += [*_models(settings, width), BLANK]
    if settings.policy is None:
        lines.append(heading(" POLICY"))
        broken = "The gate is closed: the policy cannot be read."
        why = broken if settings.policy_error else "There is none: nothing can be released."
        lines += wrapped(why, width, indent="   ", tone="bad")
    else:
        lines += [*_policy(settings.policy, settings, width), BLANK]
    people = settings.policy.people if settings.policy is not None else ()
    return [*lines, *_people(people, view, settings, width)]


def _problems(view: SettingsView, width: int) -> list[Line]:
    told = [*(f"{each.path}: {each.problem}" for each in view.settings.problems), *view.trust_problems]
    if not told:
        return []
    lines = [heading(" PROBLEMS", "each closes the gate")]
    for text in dict.fromkeys(told):
        first, *rest = wrapped(text, width, indent="     ", tone="bad")
        lines += [line(("   ! ", "bad"), *first.spans[1:], stop=True), *rest]
    return [*lines, BLANK]


def _models(settings: Settings, width: int) -> list[Line]:
    lines = [heading(" MODELS", plural(len(settings.models), "model") if settings.models else "found by discovery")]
    for name, model in settings.models.items():
        sources = model.sources
        lines += _row(name, sources.path, width, tone="strong")
        for category in ("config", "metrics", "data", "environment"):
            globs = getattr(sources, category)
            if globs:
                lines += _row(f"  {category}", ", ".join(globs), width)
    lines += _row("tags", ", ".join(settings.tags), width)
    return lines + _row("branches", ", ".join(settings.branches), width)


def _policy(policy: Policy, settings: Settings, width: int) -> list[Line]:
    blob = f"version {policy.version} · blob {(settings.policy_blob or '')[:10]}"
    lines = [heading(" POLICY", blob)]
    for rule in policy.releases:
        where = f"   A release of {'any model' if rule.models == ('*',) else ', '.join(rule.models)} needs"
        lines.append(line((where, "strong"), (f"   line {rule.line}" if rule.line else "", "dim"), stop=True))
        for text in rule_in_words(rule):
            first, *rest = wrapped(text, width, indent="       ")
            lines += [line("     · ", *first.spans[1:]), *rest]
    if not policy.releases:
        lines += wrapped("No entry is about any model: nothing can be released.", width, indent="   ", tone="bad")
    who = "anyone whose key is trusted"
    if policy.releaser_roles is not None:
        who = f"people with the role {' or '.join(policy.releaser_roles)}"
    lines += _row("releasers", who, width)
    if policy.overrides is not None:
        roles, hours = " or ".join(policy.overrides.roles), policy.overrides.max_age / 3600
        lines += _row("overrides", f"by the role {roles}, for {hours:g} hours", width)
    else:
        lines += _row("overrides", "nobody may override", width)
    if policy.policy_changes is not None:
        needs = ", ".join(approval_in_words(rule) for rule in policy.policy_changes.approvals)
        lines += _row("policy changes", f"need {needs}", width)
    else:
        lines += _row("policy changes", NO_CHANGE_RULE, width, tone="warn")
    return lines


def rule_in_words(rule: ReleaseRule) -> list[str]:
    """What one entry of the policy asks for, a sentence each."""
    said = [approval_in_words(approval) for approval in rule.approvals]
    if rule.exclude:
        said.append(f"not by the version's own {', '.join(rule.exclude)}")
    if rule.carry:
        said.append(f"approvals of an earlier commit still count while {' and '.join(rule.carry)} stay the same")
    said += [metric_in_words(metric) for metric in rule.metrics]
    if rule.pipeline is not None:
        said.append(f"passed pipeline stages: {', '.join(rule.pipeline.require)}")
    if rule.data is not None:
        verified = f", re-hashed in {', '.join(rule.data.verified_in)}" if rule.data.verified_in else ""
        said.append(f"recorded data{verified}")
    if rule.feedback is not None:
        said.append(f"no open feedback of severity {', '.join(rule.feedback.block_on)}")
    return said


def approval_in_words(rule: ApprovalRule) -> str:
    """2 approvals by data-science or risk."""
    who = f" by people with the role {' or '.join(rule.roles)}" if rule.roles else " by anyone whose key is trusted"
    return f"{plural(rule.count, 'approval')}{who}{'' if rule.distinct else ', who may fill another requirement, too'}"


def metric_in_words(rule: MetricRule) -> str:
    """auc (higher is better): at least 0.93, at most 0.005 worse than the base."""
    said = []
    if rule.minimum is not None:
        said.append(f"at least {rule.minimum}")
    if rule.maximum is not None:
        said.append(f"at most {rule.maximum}")
    if rule.max_regression is not None:
        said.append(f"worse than the base by at most {_limit(rule.max_regression)}")
    if rule.min_improvement is not None:
        said.append(f"better than the base by at least {_limit(rule.min_improvement)}")
    if rule.suspicious_improvement is not None:
        said.append(f"a gain over {_limit(rule.suspicious_improvement)} is suspicious")
    better = f" ({rule.better} is better)" if rule.better else ""
    notes = ["a missing value is let pass"] if rule.on_missing == "skip" else []
    notes += ["only warns"] if rule.severity == "warn" else []
    return f"{rule.metric}{better}: {', '.join([*said, *notes])}"


def _limit(limit: ChangeLimit) -> str:
    said = [str(limit.absolute)] if limit.absolute is not None else []
    said += [f"{limit.relative * 100:f}".rstrip("0").rstrip(".") + " %"] if limit.relative is not None else []
    return " and ".join(said)


def _people(people: Iterable[PolicyPerson], view: SettingsView, settings: Settings, width: int) -> list[Line]:
    """Everybody that the policy names, or that has a key; each with roles and keys; and whoever may certify others."""
    held: dict[str, list[str]] = {}
    policy = settings.policy
    for fingerprint, names in view.keys.items():
        for name in names:
            person = policy.person(name) if policy is not None else name
            held.setdefault(person, []).append(fingerprint)
    lines = [heading(" PEOPLE", plural(len(view.keys), "trusted key"))]
    named = list(people)
    for each in named:
        roles = ", ".join(sorted(each.roles)) or "no role"
        lines.append(line(("   ", ""), (each.principal, "strong"), (f"   {roles}", "accent"), stop=True))
        if each.aliases:
            lines += _row("  also", ", ".join(each.aliases), width)
        for fingerprint in sorted(set(held.get(each.principal, ()))):
            lines += _row("  key", fingerprint, width)
        if each.principal not in held and not _may_be_certified(each, view):
            lines += wrapped("no key: nothing this person signs counts", width, indent="     ", tone="warn")
    for name in sorted(held.keys() - {each.principal for each in named}):
        lines.append(line(("   ", ""), (name, "strong"), ("   in no role of the policy", "dim"), stop=True))
        for fingerprint in sorted(set(held[name])):
            lines += _row("  key", fingerprint, width)
    for fingerprint, patterns in view.authorities:
        lines.append(line(("   ", ""), ("authority", "strong"), (f"   may certify {patterns}", "dim"), stop=True))
        lines += _row("  key", fingerprint, width)
    if not named and not held and not view.authorities:
        lines += wrapped("Nobody: no signature can be trusted.", width, indent="   ", tone="bad")
    return lines


def _may_be_certified(person: PolicyPerson, view: SettingsView) -> bool:
    names = (person.principal, *person.aliases)
    return any(matches_pattern_list(name, patterns) for _, patterns in view.authorities for name in names)


def _row(label: str, text: str, width: int, *, tone: Tone = "") -> list[Line]:
    shown = fit(label, max(_LABEL, min(len(label), width // 3)))
    first, *rest = wrapped(text, width, indent=" " * (len(shown) + 5), tone=tone)
    return [line(("   " + shown + "  ", "dim"), *first.spans[1:]), *rest]
