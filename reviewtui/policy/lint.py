"""What is wrong or dangerous in a policy that can be read: rules that nobody can meet, and rules that say too little.

An error is a rule that closes every gate it stands at, whoever approves. A warning is a choice that somebody should
have made on purpose.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reviewtui.policy.located_yaml import Node, read_yaml
from reviewtui.policy.matching import match
from reviewtui.policy.rules import ApprovalRule, Policy, ReleaseRule
from reviewtui.values import dataclass


@dataclass(frozen=True, slots=True)
class PolicyRemark:
    """One finding: where (file, key, line; line 0: the whole file), whether it is an error, and a sentence."""

    file: str
    key: str
    line: int
    is_error: bool
    problem: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}: {self.key + ': ' if self.key else ''}{self.problem}"


def lint_policy(
    policy: Policy, data: bytes, *, name: str, keys: Mapping[str, Sequence[str]], certified: bool = False
) -> list[PolicyRemark]:
    """Every remark, in the order of the lines. `data` is what the policy was read from; `keys` {key: principals};
    `certified`: there is a trusted authority, which may give anybody a key.

    Raises: SettingsError where the data cannot be read.
    """
    lint = _Lint(policy, read_yaml(data, file=name), name, keys, certified=certified)
    remarks = [
        *lint.releases(), *lint.releasers(), *lint.overrides(), *lint.policy_changes(), *lint.people(),
        *lint.unlisted_keys(),
    ]  # fmt: skip
    return sorted(remarks, key=lambda each: (each.line, each.key, each.problem))


class _Lint:
    def __init__(
        self, policy: Policy, root: Node, name: str, keys: Mapping[str, Sequence[str]], *, certified: bool
    ) -> None:
        self._policy = policy
        self._root = root
        self._name = name
        self._principals = sorted({principal for names in keys.values() for principal in names})
        self._holders = {policy.person(principal) for principal in self._principals}
        if certified:
            self._holders |= {person.principal for person in policy.people}

    def releases(self) -> Iterator[PolicyRemark]:
        if not self._policy.releases:
            yield self._error(("releases",), "There is no entry, so nothing can be released.")
        for index, rule in enumerate(self._policy.releases):
            place = ("releases", index)
            yield from self._approvals((*place, "approvals"), rule.approvals)
            yield from self._exclusion(place, rule)
            if rule.carry:
                words = (
                    "An approval still counts after a new commit, if only these are unchanged: code may change unseen."
                )
                yield self._warning((*place, "carry"), words)
            if not rule.approvals and not self._is_covered(rule):
                yield self._warning(place, "No approval is asked for: no person has to look at a version.")

    def _is_covered(self, rule: ReleaseRule) -> bool:
        """Whether other entries ask for approvals of whatever this one is about: all that match must be met."""
        asking = {pattern for other in self._policy.releases if other.approvals for pattern in other.models}
        return "*" in asking or asking.issuperset(rule.models)

    def _exclusion(self, place: tuple[str | int, ...], rule: ReleaseRule) -> Iterator[PolicyRemark]:
        if not rule.approvals:
            return
        if "author" not in rule.exclude:
            yield self._warning((*place, "exclude"), "Whoever made a version may approve it.")
            return
        for index, each in enumerate(rule.approvals):
            if self._able(each) and len(self._able(each)) == each.count:
                words = "Everybody who can approve is needed, so none of them can make a version; add another person."
                yield self._warning((*place, "approvals", index), words)

    def _approvals(self, place: tuple[str | int, ...], rules: Sequence[ApprovalRule]) -> Iterator[PolicyRemark]:
        impossible = False
        for index, rule in enumerate(rules):
            able = self._able(rule)
            named = self._named(rule)
            if len(able) < rule.count:
                impossible = True
                words = f"Impossible: {rule.count} asked for, and {_people(len(able))} can approve"
                keyless = sorted(named - able)
                because = f" ({', '.join(keyless)} without a key in allowed_signers)" if keyless else ""
                yield self._error((*place, index), f"{words}{because}.")
            for role in rule.roles:
                if not self._policy.people_with((role,)):
                    yield self._warning((*place, index, "roles"), f"Nobody has the role {role}.")
            if not rule.roles:
                yield self._warning((*place, index), "No role is named: anyone whose key is trusted may approve.")
        distinct = [rule for rule in rules if rule.distinct]
        if not impossible and len(match([r.count for r in distinct], self._fits(distinct))) < sum(
            rule.count for rule in distinct
        ):
            words = "Impossible together: one person fills one requirement, and there are not enough for all."
            yield self._error(place, words)

    def _fits(self, rules: Sequence[ApprovalRule]) -> dict[str, frozenset[int]]:
        persons = frozenset[str]().union(*(self._able(rule) for rule in rules))
        return {
            person: frozenset(index for index, rule in enumerate(rules) if person in self._able(rule))
            for person in persons
        }

    def releasers(self) -> Iterator[PolicyRemark]:
        roles = self._policy.releaser_roles
        if roles is None:
            yield self._warning((), "There is no releasers: anyone whose key is trusted may make the release tag.")
        elif not self._with_keys(roles):
            words = f"Nobody with the role {' or '.join(roles)} has a key, so nobody can make a release tag."
            yield self._error(("releasers",), words)

    def overrides(self) -> Iterator[PolicyRemark]:
        rule = self._policy.overrides
        if rule is not None and not self._with_keys(rule.roles):
            yield self._warning(("overrides",), f"Nobody with the role {' or '.join(rule.roles)} has a key.")

    def policy_changes(self) -> Iterator[PolicyRemark]:
        rule = self._policy.policy_changes
        if rule is None:
            yield self._warning(
                (), "There is no policy_changes: a server that enforces this lets no change of it pass."
            )
            return
        yield from self._approvals(("policy_changes", "approvals"), rule.approvals)
        for index, each in enumerate(rule.approvals):
            if self._able(each) == self._holders and len(self._holders) == each.count:
                words = "Everybody whose key is trusted is needed, so whoever changes the settings locks all out."
                yield self._warning(("policy_changes", "approvals", index), f"{words} Add another person first.")

    def people(self) -> Iterator[PolicyRemark]:
        used = self._used_roles()
        for person in self._policy.people:
            place = ("people", person.principal)
            if person.principal not in self._holders:
                yield self._warning(place, "No key of this person is in allowed_signers.")
            for role in sorted(person.roles - used):
                yield self._warning(place, f"Nothing asks for the role {role}.")

    def unlisted_keys(self) -> Iterator[PolicyRemark]:
        for principal in self._principals:
            if self._policy.people and not self._policy.knows(principal):
                yield self._warning(("people",), f"{principal} has a trusted key, and is not among the people.")

    def _used_roles(self) -> frozenset[str]:
        rules = [rule for entry in self._policy.releases for rule in entry.approvals]
        rules += self._policy.policy_changes.approvals if self._policy.policy_changes else ()
        others = (self._policy.releaser_roles or (), self._policy.overrides.roles if self._policy.overrides else ())
        return frozenset[str]().union(*(rule.roles for rule in rules), *others)

    def _named(self, rule: ApprovalRule) -> frozenset[str]:
        return frozenset(self._policy.people_with(rule.roles)) if rule.roles else frozenset(self._holders)

    def _able(self, rule: ApprovalRule) -> frozenset[str]:
        return self._named(rule) & self._holders

    def _with_keys(self, roles: tuple[str, ...]) -> frozenset[str]:
        return frozenset(self._policy.people_with(roles)) & self._holders

    def _error(self, place: tuple[str | int, ...], problem: str) -> PolicyRemark:
        return PolicyRemark(self._name, _key(place), self._line(place), True, problem)

    def _warning(self, place: tuple[str | int, ...], problem: str) -> PolicyRemark:
        return PolicyRemark(self._name, _key(place), self._line(place), False, problem)

    def _line(self, place: tuple[str | int, ...]) -> int:
        """The line of a place, or of the nearest that is written down around it."""
        node = self._root
        line = 0
        for step in place:
            below = node.items[step] if isinstance(step, int) and node.items else (node.pairs or {}).get(str(step))
            if below is None:
                break
            node, line = below, below.line
        return line


def _key(place: tuple[str | int, ...]) -> str:
    words = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(words).lstrip(".")


def _people(count: int) -> str:
    return "nobody" if count == 0 else "1 person" if count == 1 else f"{count} persons"
