"""What a policy allows, for verify.py: README, "Settings and policy". Values in, values out; no file, no program.

A policy is read with every scalar as text, just as it is written: `count: 2` is "2" here.
"""

import decimal
import fnmatch
from decimal import Decimal
from types import SimpleNamespace

from verify_reading import CATEGORIES, Unreadable

MAKERS = ("author", "committer", "coauthor")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
decimal.getcontext().prec = 1000


class Version(SimpleNamespace):
    """A release: model, commit, tree, base (commit or None), policy (blob id), facts {category: digest}, metrics and
    base_metrics (rows; None: no base), makers {kind: addresses}, signers (the text of allowed_signers), revoked (the
    digest of revoked_keys), releaser, released (when). `counted` takes the ids of the records that count."""

    def __init__(self, **values):
        super().__init__(counted=set(), **values)


class People:
    """Who is one person, and with which roles, as a policy has it; and whose keys are trusted."""

    def __init__(self, policy, signers):
        self.people = {name: about or {} for name, about in (policy.get("people") or {}).items()}
        self.known = {each.lower(): name for name in self.people for each in (name, *self._aliases(name))}
        rows = [row.split() for row in signers.splitlines() if row.strip()[:1] not in ("", "#")]
        self.keys = [(row[0], next((word for word in row if word.startswith("AAAA")), ""))
                     for row in rows if "cert-authority" not in row[1].split(",")]  # fmt: skip

    def _aliases(self, name):
        return self.people[name].get("aliases", ())

    def of(self, name):
        return self.known.get(name.lower(), name.lower())

    def able(self, person, rule):
        return not rule.get("roles") or bool({*rule["roles"]} & {*self.people.get(person, {}).get("roles", ())})

    def shared_keys(self):
        """The names that share a key with another person, or that are patterns."""
        whose = {}
        for name, key in self.keys:
            whose.setdefault(key, set()).add(self.of(name))
        return sorted(name for name, key in self.keys if len(whose[key]) > 1 or {*name} & {*"*?!,"})


def refusals(policy, version, records):
    """Yields what the policy does not allow about a release. The rules are those of README, "Settings and policy".

    `records` are those whose signature and bindings hold, each id once.
    """
    people = People(policy, version.signers)
    standing = [one for one in sorted(records, key=lambda each: (-each.seq, each.id))
                if not any(people.of(other.reviewer) == people.of(one.reviewer) and _ends(other, one, version.commit)
                           for other in records)]  # fmt: skip
    overrides = [one for one in standing if _overrides(one, policy.get("overrides"), version, people)]
    version.counted.update(one.id for one in overrides)
    unmet = [f"rejected by {one.reviewer}" for one in standing if one.verdict == "reject"]
    entries = [each for each in policy.get("releases") or ()
               if any(fnmatch.fnmatchcase(version.model, pattern) for pattern in each["models"])]  # fmt: skip
    for entry in entries:
        unmet += _unmet(entry, version, standing, people)
        yield from _errors(entry, version, people)
    yield from () if overrides else unmet
    yield from () if entries else (f"no entry of the policy is about {version.model}",)
    yield from (f"the key of {name} speaks for several people" for name in people.shared_keys())
    if policy.get("revoked_keys", version.revoked) != version.revoked:
        yield "the list of revoked keys is not the one that the policy pins"
    if not people.able(people.of(version.releaser), policy.get("releasers") or {}):
        yield f"{version.releaser} may not release"


def _unmet(entry, version, standing, people):
    """Yields what an override could make up for: approvals that are missing, metrics that are out of bounds."""
    excluded, votes = _makers(entry.get("exclude", MAKERS), version, people), {}
    for one in standing:
        if one.verdict == "approve" and people.of(one.reviewer) not in excluded and not _stale(one, version, entry):
            votes.setdefault(people.of(one.reviewer), one)
    rules = entry.get("approvals") or ()
    seats = {who: {at for at, rule in enumerate(rules) if people.able(who, rule)} for who in votes}
    version.counted.update(one.id for who, one in votes.items() if seats[who] or not rules)
    yield from (f"too few approvals by {rules[at].get('roles', 'anyone')}" for at in _short(rules, seats))
    for name, limits in (entry.get("metrics") or {}).items():
        yield from (f"metric {name}: {why}" for why in _metric(name, limits, version.metrics, version.base_metrics))


def _errors(entry, version, people):
    """Yields what nothing can make up for."""
    rules, metrics = entry.get("approvals") or (), entry.get("metrics") or {}
    for rule in rules:
        holders = people.people if rule.get("roles") else {people.of(name) for name, _ in people.keys}
        if sum(people.able(who, rule) for who in holders) < int(rule["count"]):
            yield f"{rule['count']} approvals are asked for, and there are not as many people"
    if not rules and all(_measured(name, version.metrics) is None for name in metrics):
        yield "nothing that an entry asks for applies"
    yield from (f"{key} is asked for, and not judged" for key in ("pipeline", "data", "feedback") if key in entry)
    if "submitter" in entry.get("exclude", ()) and not version.makers["submitter"]:
        yield "who submitted it cannot be told, and is to be excluded"
    strangers = {*version.makers["author"], *version.makers["coauthor"]} - {name for name, _ in people.keys}
    if entry.get("unknown_author") == "block" and any(each.lower() not in people.known for each in strangers):
        yield "somebody whom the policy does not know wrote a part of it"


def _makers(kinds, version, people):
    return {people.of(name) for kind in kinds for name in version.makers[kind]}


def _overrides(one, rule, version, people):
    """Whether a record overrides what is unmet: by role, with a reason, in time, and by nobody who made the version."""
    person, able = people.of(one.reviewer), one.verdict == "override" and one.comment.strip() and rule
    if not able or not people.able(person, rule) or person in _makers(MAKERS, version, people):
        return False
    ends = one.brought + int(rule["max_age"][:-1]) * SECONDS[rule["max_age"][-1]]
    return not _stale(one, version, {}) and one.brought <= version.released + 300 and version.released < ends


def _ends(later, one, commit):
    """Whether a record of the same person takes another back."""
    if one.verdict == "reject":
        elsewhere = one.commit == commit != later.commit
        ending = later.verdict == "withdraw" or (later.verdict == "approve" and not elsewhere)
        return later.seq > one.seq and ending and later.reviewer.lower() == one.reviewer.lower()
    return one.verdict in ("approve", "override") and later.seq >= one.seq and later.verdict in ("reject", "withdraw")


def _stale(one, version, entry):
    """Whether what was reviewed is no longer what was released."""
    carry, here = entry.get("carry") or (), one.commit == version.commit
    held = carry if carry and not here else CATEGORIES
    return (
        (one.tree != version.tree if here else not carry)
        or any(one.facts[category] != version.facts[category] for category in held)
        or (one.base["commit"] if one.base else None) != version.base
        or (entry.get("rebind_on_policy_change") == "true" and one.policy != version.policy)
    )


def _short(rules, seats):
    """Yields the rules that are short of persons. One person fills one of them, unless it says distinct: false."""
    taken = {}

    def seat(place, tried):
        for who in sorted(seats):
            if who not in tried and place[0] in seats[who]:
                tried.add(who)
                if who not in taken or seat(taken[who], tried):  # Whoever sits there gives way where that helps.
                    taken[who] = place
                    return True
        return False

    for at, rule in enumerate(rules):
        shared = rule.get("distinct") == "false"
        places = range(int(rule["count"]))
        filled = sum(at in able for able in seats.values()) if shared else sum(seat((at, n), set()) for n in places)
        if filled < len(places):
            yield at


def _metric(name, limits, rows, base_rows):
    """What is wrong with a metric, in exact arithmetic; nothing where the policy only warns."""
    value, before = _measured(name, rows), None if base_rows is None else _measured(name, base_rows)
    if value is None:
        wrong = ["it is missing"] if limits.get("on_missing", "fail") == "fail" else []
    else:
        wrong = [f"below {limits['min']}"] if "min" in limits and value < Decimal(limits["min"]) else []
        wrong += [f"above {limits['max']}"] if "max" in limits and value > Decimal(limits["max"]) else []
    for kind in ("max_regression", "min_improvement", "suspicious_improvement"):
        for unit, number in limits.get(kind, {}).items():
            if None in (value, before) or (unit == "rel" and before == 0):
                continue  # Without a base, or relative to nothing, no change can be judged.
            gain = value - before if limits["better"] == "higher" else before - value
            limit = Decimal(number) * (abs(before) if unit == "rel" else 1)
            met = {"max_regression": -gain <= limit, "min_improvement": gain >= limit}.get(kind, gain <= limit)
            wrong += [] if met else [f"{kind} {unit} {number}, and it is better by {gain}"]
    return wrong if limits.get("severity") != "warn" else []


def _measured(name, rows):
    """The one number that a metric's name means: its key, or FILE:KEY where several files have that key."""
    keys = [key for _, key, _ in rows]
    found = [value for file, key, value in rows if name == (key if keys.count(key) == 1 else f"{file}:{key}")]
    if not found and name in keys:
        raise Unreadable(f"the metric {name} is in several files")
    is_number = bool(found) and isinstance(found[0], (int, Decimal)) and not isinstance(found[0], bool)
    return Decimal(found[0]) if is_number else None
