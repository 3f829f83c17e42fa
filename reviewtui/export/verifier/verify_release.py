"""Release tags, judged again, for verify.py: what each claims, by the settings, keys and records as they were then."""

import contextlib
import hashlib
import re
from types import SimpleNamespace

from verify_checkpoints import SKEW
from verify_facts import Ties
from verify_keys import Unchecked
from verify_policy import Gate, holders
from verify_reading import CATEGORIES, Unreadable, read_tag, strict_json

PATTERNS = (
    "{model}@v{version}",
    "{model}@{version}",
    "{model}/v{version}",
    "{model}-{version}",
    "v{version}",
    "{version}",
)
CALLED_METRICS = re.compile(r"(^|/)(metrics|scores|evaluation|\w+_(results|metrics))[./]")  # Without being declared so.


class Releases:
    """The release tags of a bundle; `of` is the Verification that asks. `tags` is {ref: what it says, and is worth}."""

    def __init__(self, of):
        self.of, self.history, self.ties, self.tags, self.about = of, of.history, Ties(of), {}, {}
        self.signed = None

    def check(self):
        """5. Every release: who signed it, what it claims, and whether its policy, as that stood then, allowed it."""
        for one in self.of.records:
            self.about.setdefault(one.name, []).append(one)
        for ref in sorted(ref for ref in self.history.refs if ref.startswith("refs/tags/")):
            told = self.tags[ref] = SimpleNamespace(commit=self.history.show(f"{ref}^{{commit}}")[0], claimed=None)
            wrong = []
            try:
                told = read_tag(self.history.show(self.history.refs[ref])[1])
                if told is None:
                    self.of.listed.append(f"{ref} carries no record of a review: made before, or in another way.")
                    continue
                self.tags[ref] = told
                wrong.extend(self.flaws(ref, told))
            except Unchecked as error:
                self.of.unchecked.append(f"{ref}: it rests on a signature that is not checked: {error}")
                continue
            except (LookupError, ValueError, AttributeError, TypeError) as error:
                wrong.append(f"it cannot be judged: {error}")
            told.sound = not wrong
            self.of.wrong += [f"{ref}: {why}" for why in wrong]
            self.of.proved["releases judged again, each by its own policy"] += 1

    def flaws(self, ref, told):
        """Yields why a release should not have been made, or is not what it claims."""
        same = [each for each in self.of.epochs if each[1] == told.policy]
        if not told.policy or not same or ref != f"refs/tags/{told.tag}":
            raise Unreadable("it bears another name, or the policy that it names was never in force")
        since, _, commit = next((each for each in same if each[0] <= told.at), same[-1])
        if any(since < each[0] < told.at - SKEW and each[1] != told.policy for each in self.of.epochs):
            self.of.unproved.append(f"That {ref} was made while its policy was in force: another is older than it.")
        config, policy = (self.ties.settings(commit, f"{each}.yaml") for each in ("config", "policy"))
        yield from self.misnamed(told, (*(config.get("tags") or ()), *PATTERNS))
        keys = self.of.keys.trusted(commit)
        at, identity = min(max(told.at, since), self.of.time), config.get("repository", self.of.identity)
        releaser, told.key = self.of.keys.signed_by(told.signed, told.block, keys, namespace="git", at=at)
        told.releaser = releaser
        if not releaser:
            yield "it is signed by no key that was trusted then"
        there = [one for one in self.about.get(told.name, ()) if one.brought <= at or one.id in told.claimed]
        sound = {one.id: one for one in there if not self.of.flaw(one, keys, at, identity)}
        gate = Gate(policy, self.release(told, config, keys, at), [*sound.values()])
        refusals = [*gate.refusals(), *self.doubts(told, sound.values(), keys, at, identity)]
        told.allowed = not refusals
        yield from refusals
        told.counted = [*gate.counted, *(one.id for one in gate.standing if one.verdict == "reject")]
        for each in gate.counted:
            sound[each].told["counted"] = True
        if releaser and not gate.able(gate.person(releaser), policy.get("releasers") or {}):
            yield f"{releaser} may not release"
        yield from (f"it claims {each}, which does not count" for each in told.claimed if each not in gate.counted)
        approving = {sound[each].reviewer for each in told.approvals if each in gate.counted}
        yield from (f"it names {each} as reviewer, and no approval of theirs" for each in {*told.reviewers} - approving)
        if len(approving) < gate.required and not gate.overrides:
            yield f"it names the approvals of {len(approving)} persons, and {gate.required} are asked for"
        made = int(self.history.git("log", "--no-walk", "--format=%ct", told.commit))
        if told.at + SKEW < max(made, same[-1][0], *(one.brought for one in there if one.id in told.claimed)):
            yield "back-dated: its commit, its policy, or a record that it claims is younger than it says"
        yield from self.of.checkpoints.date(ref, told)

    def doubts(self, told, sound, keys, at, identity):
        """Yields the records of trusted people that might be, or hide, a rejection, and were there.

        What a broken chain hides is older than the record that shows it: a later verdict of the same person settles it.
        """
        for one in self.of.records:
            broken = one.name is not None and one.prev is not None and one.prev not in self.of.known
            unreadable = one.name is None and one.note == told.commit and not one.helps
            if not (broken or unreadable) or (one.brought > at and one.id not in told.claimed):
                continue
            reason = self.of.flaw(one, keys, at, identity)
            settled = broken and any(
                each.reviewer == one.reviewer and each.seq > one.seq and each.commit == told.commit
                for each in sound if each.verdict in ("approve", "reject", "withdraw")
            )  # fmt: skip
            if reason.startswith(("broken-chain", "malformed: perhaps")) and not settled:
                yield f"the record {one.id} might be or hide a rejection, and cannot be relied on: {reason}"

    def misnamed(self, told, patterns):
        """Yields what a tag and its trailers name otherwise than each other, or than other tags."""
        fitting = [each for each in patterns if told.tag == named(each, told.model, told.version)]
        if not fitting:
            yield f"its trailers speak of {told.name}"
        for tag in (named(each, told.model, told.base_version) for each in fitting if told.base_version):
            if self.history.show(f"refs/tags/{tag}^{{commit}}")[0] not in ("", told.base):
                yield f"its base is not what {tag} names"

    def release(self, told, config, keys, at):
        """What a policy is asked about, tied to Git."""
        index = strict_json(self.of.files["facts/INDEX.json"])
        base = index[f"{told.model}@{told.base_version} {told.base}"] if told.base else {}
        rows = {category: self.ties.facts(told.facts[category]) for category in CATEGORIES}
        for category, each in rows.items():
            self.ties.tie(told.commit, category, each)
        places, declared = (
            {*index[f"{told.name} {told.commit}"]["places"]},
            (config.get("models") or {}).get(told.model),
        )
        if declared is None:
            self.of.unproved.append(f"That what belongs to {told.name}, which the settings do not say, is in {places}.")
        else:
            path = (declared or {}).get("path", ".").strip("/")
            places.add("" if path == "." else path)
        named = (declared or {}).get("metrics")
        same = {row[0] for row in rows["metrics"] if named or CALLED_METRICS.search(row[0])}
        before = self.ties.metrics_of_base(told.base, base["metrics"], same) if base else None
        files = {row[0] for each in rows.values() for row in each}
        places |= {file for file in files if not any(not each or f"{file}/".startswith(f"{each}/") for each in places)}
        return SimpleNamespace(
            model=told.model, commit=told.commit, tree=self.history.tree(told.commit), base=told.base,
            policy=told.policy, facts=told.facts, metrics=rows["metrics"], base_metrics=before, moment=at,
            makers=self.history.makers(told.base, told.commit, sorted(places), keys),
            holders=holders((keys / "allowed_signers").read_text()),
            revoked="sha256:" + hashlib.sha256((keys / "revoked_keys").read_bytes()).hexdigest(),
        )  # fmt: skip

    def signed_metrics(self):
        """{commit: digests of its metrics} by the release tags; whether they are sound is found of each in its turn."""
        if self.signed is None:
            self.signed = {}
            for ref in (ref for ref in self.history.refs if ref.startswith("refs/tags/")):
                with contextlib.suppress(LookupError, ValueError):
                    tag = read_tag(self.history.show(self.history.refs[ref])[1])
                    if tag is not None:
                        self.signed.setdefault(tag.commit, set()).add(tag.facts["metrics"])
        return self.signed


def named(pattern, model, version):
    """The tag of a version."""
    return pattern.replace("{model}", model).replace("{version}", version)
