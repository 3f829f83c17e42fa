"""Policy, as values: who the people are, and what a release, an override and a change of the policy need."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Iterable
from decimal import Decimal

from reviewtui.values import dataclass, field

EXCLUDABLE = ("author", "committer", "coauthor", "submitter")
DEFAULT_EXCLUDE = ("author", "committer", "coauthor")


@dataclass(frozen=True, slots=True)
class PolicyPerson:
    """One person: a principal, the roles, and every other address of the same person."""

    principal: str
    roles: frozenset[str] = frozenset()
    aliases: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ApprovalRule:
    """`count` persons, each with at least one of `roles` (none named: anyone whose key is trusted).

    `distinct` persons fill one requirement of an entry only.
    """

    count: int
    roles: tuple[str, ...] = ()
    distinct: bool = True

    @property
    def name(self) -> str:
        """The rule as findings name it."""
        return f"approvals: {self.count}" + (f" of {' or '.join(self.roles)}" if self.roles else "")


def required_persons(rules: Iterable[ApprovalRule]) -> int:
    """How many persons these rules need at least: one fills one of them, unless distinct: false."""
    counts = [(rule.count, rule.distinct) for rule in rules]
    together = sum(count for count, distinct in counts if distinct)
    return max([together, *(count for count, distinct in counts if not distinct)])


@dataclass(frozen=True, slots=True)
class ChangeLimit:
    """A limit to a change: absolute, relative to the base, or both (then both must hold)."""

    absolute: Decimal | None = None
    relative: Decimal | None = None


@dataclass(frozen=True, slots=True)
class MetricRule:
    """What one metric must satisfy. `better` is higher, lower or "" (then no change rule is there)."""

    metric: str
    better: str = ""
    minimum: Decimal | None = None
    maximum: Decimal | None = None
    max_regression: ChangeLimit | None = None
    min_improvement: ChangeLimit | None = None
    suspicious_improvement: ChangeLimit | None = None
    on_missing: str = "fail"
    severity: str = "block"


@dataclass(frozen=True, slots=True)
class PipelineRule:
    """Stages that must have passed, by records of these principals."""

    require: tuple[str, ...]
    signed_by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DataRule:
    """Data must have recorded digests, or have been re-hashed in each of these places."""

    require_recorded: bool = False
    verified_in: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FeedbackRule:
    """Open feedback of these severities blocks."""

    block_on: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReleaseRule:
    """One entry of `releases`; `line` is where it stands."""

    models: tuple[str, ...]
    approvals: tuple[ApprovalRule, ...] = ()
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE
    carry: tuple[str, ...] = ()
    metrics: tuple[MetricRule, ...] = ()
    pipeline: PipelineRule | None = None
    data: DataRule | None = None
    feedback: FeedbackRule | None = None
    block_unknown_author: bool = False
    rebind_on_policy_change: bool = False
    line: int = 0

    def matches(self, model: str) -> bool:
        """Whether the entry is about a model; globs respect case on every system."""
        return any(fnmatch.fnmatchcase(model, pattern) for pattern in self.models)


@dataclass(frozen=True, slots=True)
class OverrideRule:
    """Who may override, and for how many seconds after it was recorded."""

    roles: tuple[str, ...]
    max_age: int


@dataclass(frozen=True, slots=True)
class PolicyChangeRule:
    """What a change below .reviewtui/ needs."""

    approvals: tuple[ApprovalRule, ...]
    exclude: tuple[str, ...] = DEFAULT_EXCLUDE


@dataclass(frozen=True, slots=True)
class Policy:
    """The whole policy. `releaser_roles` is None where anyone whose key is trusted may make the tag.

    `revoked_keys` pins the file of that name by its digest ("" where it does not): a list that was emptied or removed
    revokes nobody, and looks no different from one that was never needed.
    """

    version: int
    people: tuple[PolicyPerson, ...] = ()
    releases: tuple[ReleaseRule, ...] = ()
    releaser_roles: tuple[str, ...] | None = None
    overrides: OverrideRule | None = None
    policy_changes: PolicyChangeRule | None = None
    revoked_keys: str = ""
    _persons: dict[str, PolicyPerson] = field(default_factory=dict, init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        for person in self.people:
            for name in (person.principal, *person.aliases):
                self._persons.setdefault(name.lower(), person)

    def person(self, name: str) -> str:
        """The one name of whoever is meant: a principal of `people`, by itself or by alias, else the name itself.

        Case is folded, because mail systems do not tell Dana@ from dana@ and two votes must not come of it.
        """
        known = self._persons.get(name.lower())
        return known.principal if known else name.lower()

    def is_one_person(self, names: Collection[str]) -> bool:
        """Whether these are addresses of one and the same person."""
        return len({self.person(name) for name in names}) == 1

    def knows(self, name: str) -> bool:
        """Whether `people` lists a name, as principal or alias."""
        return name.lower() in self._persons

    def roles_of(self, name: str) -> frozenset[str]:
        """The roles of a person, by principal or alias."""
        known = self._persons.get(name.lower())
        return known.roles if known else frozenset()

    def people_with(self, roles: tuple[str, ...]) -> tuple[str, ...]:
        """The principals that have at least one of the roles, in order."""
        return tuple(sorted(person.principal for person in self.people if person.roles & set(roles)))

    def rules_for(self, model: str) -> tuple[ReleaseRule, ...]:
        """Every entry that is about a model; all of them must be met."""
        return tuple(rule for rule in self.releases if rule.matches(model))

    def required_persons(self, model: str) -> int:
        """The persons needed for any version of a model: of its entries, the one that needs most."""
        return max((required_persons(rule.approvals) for rule in self.rules_for(model)), default=0)

    def directions(self, model: str) -> dict[str, str]:
        """{metric: "higher" | "lower"} as the entries about a model say."""
        metrics = [metric for rule in self.rules_for(model) for metric in rule.metrics]
        return {metric.metric: metric.better for metric in metrics if metric.better}
