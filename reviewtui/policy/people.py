"""People: which principals are one person, so that a person has one vote.

Laws
1. A person is a principal with all aliases; two principals of one key are one person, too.
2. Who is one person does not depend on how anybody votes, only on the policy and on what the trusted signers say of
   the keys; so that no further approval can melt two counted persons into one unless their keys already had.
"""

from __future__ import annotations

from collections.abc import Iterable

from reviewtui.policy.rules import Policy
from reviewtui.verification import VerifiedReview


class People:
    """The persons behind principals and e-mail addresses."""

    def __init__(self, policy: Policy, reviews: Iterable[VerifiedReview]) -> None:
        self._policy = policy
        self._leader: dict[str, str] = {}
        # Sorted, so that the name of a merged person does not depend on the order of the records.
        for names in sorted({(review.principal, *sorted(review.principals)) for review in reviews}):
            for name in names[1:]:
                self._merge(policy.person(names[0]), policy.person(name))

    def of(self, name: str) -> str:
        """The person whom a principal or an e-mail address means, by the name that stands for the person."""
        person = self._policy.person(name)
        while (leader := self._leader.get(person, person)) != person:
            person = leader
        return person

    def roles(self, person: str) -> frozenset[str]:
        """All roles of a person, under whatever name."""
        members = [each.principal for each in self._policy.people if self.of(each.principal) == person]
        return frozenset().union(*(self._policy.roles_of(member) for member in (person, *members)))

    def with_roles(self, roles: tuple[str, ...]) -> frozenset[str]:
        """The persons of the policy that have at least one of the roles."""
        return frozenset(self.of(principal) for principal in self._policy.people_with(roles))

    def _merge(self, one: str, other: str) -> None:
        first, second = sorted((self.of(one), self.of(other)))
        if first != second:
            self._leader[second] = first
