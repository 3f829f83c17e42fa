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
    base_metrics (rows; None: no base), makers {kind: addresses}, signers (the text of allowed_signers), releaser,
    released (when). `counted` takes the ids of the records that count."""

    def __init__(self, **values):
        super().__init__(counted=set(), **values)


def refusals(policy, version, records):
    """Yields what the policy does not allow about a release. The rules are those of README, "Settings and policy".

    `records` are those whose signature and bindings hold, each id once.
    """
    people = {name: about or {} for name, about in (policy.get("people") or {}).items()}
    known = {alias.lower(): name for name in people for alias in (name, *people[name].get("aliases", ()))}

    def person(name):
        return known.get(name.lower(), name.lower())

    def able(who, rule):
        return not rule.get("roles") or bool({*rule["roles"]} & {*people.get(who, {}).get("roles", ())})

    def makers(kinds):
        return {person(name) for kind in kinds for name in version.makers[kind]}

    standing = [
        one
        for one in sorted(records, key=lambda each: (-each.seq, each.id))
        if not any(
            person(other.reviewer) == person(one.reviewer) and _ends(other, one, version.commit) for other in records
        )
    ]
    rule = policy.get("overrides")
    overrides = [
        one
        for one in standing
        if one.verdict == "override"
        and one.comment.strip()
        and rule
        and able(person(one.reviewer), rule)
        and person(one.reviewer) not in makers(MAKERS)
        and not _stale(one, version, {})
        and one.brought <= version.released + 300
        and version.released < one.brought + int(rule["max_age"][:-1]) * SECONDS[rule["max_age"][-1]]
    ]
    unmet = [f"rejected by {one.reviewer}" for one in standing if one.verdict == "reject"]
    names = {}
    for who, *words in (row.split() for row in version.signers.splitlines() if row.strip()[:1] not in ("", "#")):
        key = next((word for word in words if word.startswith("AAAA")), "")
        names.setdefault(who, key)
        shared = any(names[other] == key and person(other) != person(who) for other in names)
        if shared or (set(who) & set("*?!,") and "cert-authority" not in words[0]):
            yield f"the key of {who} speaks for several people"
    entries = [
        each
        for each in policy.get("releases") or ()
        if any(fnmatch.fnmatchcase(version.model, pattern) for pattern in each["models"])
    ]
    for entry in entries:
        excluded, votes = makers(entry.get("exclude", MAKERS)), {}
        for one in standing:
            if one.verdict == "approve" and person(one.reviewer) not in excluded and not _stale(one, version, entry):
                votes.setdefault(person(one.reviewer), one)
        rules, metrics = entry.get("approvals") or (), entry.get("metrics") or {}
        seats = {who: {at for at, rule in enumerate(rules) if able(who, rule)} for who in votes}
        version.counted.update(one.id for who, one in votes.items() if seats[who] or not rules)
        unmet += [f"too few approvals by {rules[at].get('roles', 'anyone')}" for at in _short(rules, seats)]
        for name, limits in metrics.items():
            unmet += [f"metric {name}: {why}" for why in _metric(name, limits, version.metrics, version.base_metrics)]
        if not rules and all(_measured(name, version.metrics) is None for name in metrics):
            yield "nothing that an entry asks for applies"
        yield from (f"{key} is asked for, and not judged" for key in ("pipeline", "data", "feedback") if key in entry)
        if "submitter" in entry.get("exclude", ()) and not version.makers["submitter"]:
            yield "who submitted it cannot be told, and is to be excluded"
        strangers = {*version.makers["author"], *version.makers["coauthor"]} - names.keys()
        if entry.get("unknown_author") == "block" and any(each.lower() not in known for each in strangers):
            yield "somebody whom the policy does not know wrote a part of it"
    if not able(person(version.releaser), policy.get("releasers") or {}):
        yield f"{version.releaser} may not release"
    version.counted.update(one.id for one in overrides)
    yield from () if overrides else unmet
    yield from () if entries else (f"no entry of the policy is about {version.model}",)


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
