"""What a policy allows, for verify.py: README, "Settings and policy". Values in, values out; no file, no program.

A policy is read with every scalar as text, just as it is written: `count: 2` is "2" here.
"""

import decimal
import fnmatch
import itertools
from decimal import Decimal

from verify_reading import CATEGORIES, Unreadable

MAKERS = ("author", "committer", "coauthor")
MOST_RULES = 12
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
decimal.getcontext().prec = 1000


class Gate:
    """A policy, asked about one release.

    `release` has model, commit, tree, base (a commit or None), policy (blob id), facts {category: digest}, metrics and
    base_metrics (rows; None: no base), makers {kind: addresses}, holders (the names and keys that are trusted), revoked
    (digest of revoked_keys), moment (when it was made). `records` are those whose signature and bindings hold.
    """

    def __init__(self, policy, release, records):
        self.policy, self.release, self.records = policy, release, records
        self.people = {name: about or {} for name, about in (policy.get("people") or {}).items()}
        every = ((name, each) for name in self.people for each in (name, *self.people[name].get("aliases", ())))
        self.names = {each.lower(): name for name, each in every}
        self.standing = [one for one in records if not any(self.ends(later, one) for later in records)]
        self.overrides = [one for one in self.standing if self.overrides_by(one, policy.get("overrides"))]
        self.counted, self.required = {one.id: self.person(one.reviewer) for one in self.overrides}, 0

    def refusals(self):
        """Yields why it should not have been released. `counted` takes {record: person} of those that count."""
        entries = [each for each in self.policy.get("releases") or ()
                   if any(fnmatch.fnmatchcase(self.release.model, pattern) for pattern in each["models"])]  # fmt: skip
        unmet = [f"rejected by {one.reviewer}" for one in self.standing if one.verdict == "reject"]
        for entry in entries:
            asked = [(int(rule["count"]), rule.get("distinct") != "false") for rule in entry.get("approvals") or ()]
            together = sum(count for count, apart in asked if apart)
            self.required = max([self.required, together, *(count for count, apart in asked if not apart)])
            unmet += self.unmet(entry)
            yield from self.errors(entry)
        yield from () if self.overrides else unmet
        yield from () if entries else (f"no entry of the policy is about {self.release.model}",)
        whose = {}
        for name, key in self.release.holders:
            whose.setdefault(key, set()).add(self.person(name))
        shared = (name for name, key in self.release.holders if len(whose[key]) > 1 or {*name} & {*"*?!,"})
        yield from (f"the key of {name} speaks for several people" for name in shared)
        if self.policy.get("revoked_keys", self.release.revoked) != self.release.revoked:
            yield "the list of revoked keys is not the one that the policy pins"

    def person(self, name):
        """The one name of whoever has this address."""
        return self.names.get(name.lower(), name.lower())

    def able(self, person, rule):
        """Whether a person has a role that a rule asks for."""
        return not rule.get("roles") or bool({*rule["roles"]} & {*self.people.get(person, {}).get("roles", ())})

    def made_by(self, kinds):
        """Who had a part in the release."""
        return {self.person(name) for kind in kinds for name in self.release.makers[kind]}

    def ends(self, later, one):
        """Whether a record of the same person takes another back."""
        if self.person(later.reviewer) != self.person(one.reviewer):
            return False
        if one.verdict == "reject":
            elsewhere = one.commit == self.release.commit != later.commit
            ending = later.verdict == "withdraw" or (later.verdict == "approve" and not elsewhere)
            return later.seq > one.seq and ending and later.reviewer.lower() == one.reviewer.lower()
        helps = one.verdict in ("approve", "override")
        return helps and later.seq >= one.seq and later.verdict in ("reject", "withdraw")

    def stale(self, one, entry):
        """Whether what was reviewed is no longer what was released."""
        release, carry, here = self.release, entry.get("carry") or (), one.commit == self.release.commit
        held = CATEGORIES if here or not carry else carry
        return (
            (one.tree != release.tree if here else not carry)
            or any(one.facts[category] != release.facts[category] for category in held)
            or (one.base["commit"] if one.base else None) != release.base
            or (entry.get("rebind_on_policy_change") == "true" and one.policy != release.policy)
        )

    def overrides_by(self, one, rule):
        """Whether a record overrides what is unmet: by role, with a reason, in time, by nobody who had a part in it."""
        person = self.person(one.reviewer)
        if one.verdict != "override" or not one.comment.strip() or not rule or not self.able(person, rule):
            return False
        lasts = int(rule["max_age"][:-1]) * SECONDS[rule["max_age"][-1]]
        in_time = one.brought - 300 <= self.release.moment < one.brought + lasts
        return in_time and person not in self.made_by(MAKERS) and not self.stale(one, {})

    def unmet(self, entry):
        """Yields the requirements of an entry that are not met, and that an override would make up for."""
        excluded, rules = self.made_by(entry.get("exclude", MAKERS)), entry.get("approvals") or ()
        votes = {}
        for one in sorted(self.standing, key=lambda one: (-one.seq, one.id)):
            person = self.person(one.reviewer)
            if one.verdict == "approve" and person not in excluded and not self.stale(one, entry):
                votes.setdefault(person, one.id)
        voters = {who: {at for at, rule in enumerate(rules) if self.able(who, rule)} for who in votes}
        self.counted.update((votes[who], who) for who, fits in voters.items() if fits or not rules)
        # Philip Hall: everybody finds a seat if no rules together ask for more people than could sit on any of them.
        alone = [(at,) for at, rule in enumerate(rules) if rule.get("distinct") == "false"]
        apart = [at for at in range(len(rules)) if (at,) not in alone]
        if len(apart) > MOST_RULES:
            raise Unreadable(f"more than {MOST_RULES} requirements are more than can be weighed here")
        for group in alone + [each for n in range(len(apart)) for each in itertools.combinations(apart, n + 1)]:
            asked = sum(int(rules[at]["count"]) for at in group)
            there = sum(bool(fits & {*group}) for fits in voters.values())
            if asked > there:
                roles = " and ".join(" or ".join(rules[at].get("roles", ["anybody"])) for at in group)
                yield f"too few approvals: {there} of {asked} by {roles}"
        for name, limits in (entry.get("metrics") or {}).items():
            yield from (f"metric {name}: {why}" for why in self.metric(name, limits))

    def errors(self, entry):
        """Yields what nothing can make up for."""
        rules, metrics = entry.get("approvals") or (), entry.get("metrics") or {}
        for rule in rules:
            able = self.people if rule.get("roles") else {self.person(name) for name, _ in self.release.holders}
            if sum(self.able(who, rule) for who in able) < int(rule["count"]):
                yield f"{rule['count']} approvals are asked for, and there are not as many people"
        if not rules and all(measured(name, self.release.metrics) is None for name in metrics):
            yield "nothing that an entry asks for applies"
        yield from (f"{key} is asked for, and not judged" for key in ("pipeline", "data", "feedback") if key in entry)
        if "submitter" in entry.get("exclude", ()) and not self.release.makers["submitter"]:
            yield "who submitted it cannot be told, and is to be excluded"
        known = {*self.names, *(name.lower() for name, _ in self.release.holders)}
        writers = {*self.release.makers["author"], *self.release.makers["coauthor"]}
        if entry.get("unknown_author") == "block" and any(each.lower() not in known for each in writers):
            yield "somebody whom the policy does not know wrote a part of it"

    def metric(self, name, limits):
        """Yields what is wrong with a metric, in exact arithmetic; nothing where the policy only warns."""
        value, before = (measured(name, rows or ()) for rows in (self.release.metrics, self.release.base_metrics))
        if limits.get("severity") == "warn":
            return
        if value is None and limits.get("on_missing", "fail") == "fail":
            yield "it is missing"
        least, most = Decimal(limits.get("min", "-Infinity")), Decimal(limits.get("max", "Infinity"))
        if value is not None and not least <= value <= most:
            yield f"{value} is out of bounds"
        for kind in ("max_regression", "min_improvement", "suspicious_improvement"):
            for unit, number in limits.get(kind, {}).items():
                if None in (value, before) or (unit == "rel" and before == 0):
                    continue  # Without a base, or relative to nothing, no change can be judged.
                gain = value - before if limits["better"] == "higher" else before - value
                limit = Decimal(number) * (abs(before) if unit == "rel" else 1)
                met = {"max_regression": -gain <= limit, "min_improvement": gain >= limit}.get(kind, gain <= limit)
                yield from () if met else (f"{kind} {unit} {number}, and it is better by {gain}",)


def measured(name, rows):
    """The one number that a metric's name means: its key, or FILE:KEY where several files have that key."""
    keys = [key for _, key, _ in rows]
    found = [value for file, key, value in rows if name == (key if keys.count(key) == 1 else f"{file}:{key}")]
    if not found and name in keys:
        raise Unreadable(f"the metric {name} is in several files")
    is_number = bool(found) and isinstance(found[0], (int, Decimal)) and not isinstance(found[0], bool)
    return Decimal(found[0]) if is_number else None


def holders(signers):
    """[(name, key)] of OpenSSH's allowed_signers, without authorities."""
    rows = [row.split() for row in signers.splitlines() if row.strip()[:1] not in ("", "#")]
    return [(row[0], next((word for word in row if word.startswith("AAAA")), "")) for row in rows
            if "cert-authority" not in row[1].split(",")]  # fmt: skip
