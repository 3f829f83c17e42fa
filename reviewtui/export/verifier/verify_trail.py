"""What an export tells, compared with what was found; for verify.py.

An event must say what Git and signatures say of it, and nothing beyond that. The words in which it says why (`reason`,
`detail`, `remarks`, `findings` of a refusal) are the exporter's own, and so are alarms and remarks.
"""

import collections
import hashlib

from verify_keys import moment
from verify_reading import maker

KINDS = ("reviews", "pipeline", "data", "feedback")
NOTHING = {
    "tag": "", "base": None, "digests": {}, "record": "", "verdict": "", "comment": "", "key": "", "policy": "",
    "policy_before": "", "notes_ref": "", "note": "", "note_position": 0, "line": "", "records": [], "findings": [],
}  # fmt: skip
HEARSAY = ("alarm", "remark")
REGISTRY = ("stage-assigned", "stage-unassigned", "deregistered", "deprecated", "created")


class Trail:
    """trail.jsonl of a bundle; `of` is the Verification that asks."""

    def __init__(self, of):
        self.of, self.history, self.tags, self.refs = of, of.history, of.releases.tags, of.history.refs
        self.head, *self.events, self.end = of.trail
        self.positions = {f"refs/notes/reviewtui/{kind}": self.history.positions(kind) for kind in KINDS}

    def check(self):
        """7. The export tells all of that, and nothing else."""
        digest = hashlib.sha256(self.of.files["trail.jsonl"][:-1].rpartition(b"\n")[0] + b"\n").hexdigest()
        if (self.end.get("events"), self.end.get("digest")) != (len(self.events), f"sha256:{digest}"):
            self.of.wrong.append("trail.jsonl is not as long, or not the text, that its last line tells")
        self.check_head()
        told, times = collections.Counter(), []
        for event in self.events:
            place = self.place(event)
            must = self.must(event, place)
            differing = ["it"] if must is None else [key for key, value in must.items() if event.get(key) != value]
            what = f"{event['event']} {event['record'] or event['ref'] or event['commit']}"
            self.of.wrong += [f"the export tells {key} of {what} otherwise than Git holds it" for key in differing[:1]]
            self.of.proved["events of the export are what Git holds"] += 1
            times.append((not event["at"], event["at"]))
            told.update(self.subjects(event, place))
        self.of.wrong += [f"the export tells {each} twice" for each, count in told.items() if count > 1]
        if times != sorted(times):
            self.of.wrong.append("the export does not tell what happened in its order")
        if not any(self.head["scope"].values()):
            self.of.wrong += sorted(f"the export leaves {what} out" for each, what in self.needed() if each not in told)

    def check_head(self):
        """What stands above the events."""
        tips = {ref: (self.refs.get(ref, ""), max(places.values(), default=0))
                for ref, places in self.positions.items()}  # fmt: skip
        told = {tip["ref"]: (tip["commit"], tip["commits"]) for tip in self.head["notes"]}
        for ref in sorted({*tips, *told}):
            if tips.get(ref) != told.get(ref):
                self.of.wrong.append(f"the export tells {ref} otherwise than Git holds it")
        policy = self.history.policy(self.of.branch["commit"])
        if (self.head["repository"], self.head["policy"]) != (self.of.identity, policy):
            self.of.wrong.append("the export is not about this repository, or tells another policy than is in force")
        scope = ", ".join(f"{key} {value}" for key, value in self.head["scope"].items() if value)
        if scope:
            self.of.unproved.append(f"That nothing is left out: the export was asked about {scope} alone.")

    def needed(self):
        """Yields (subject, in words) of all that must be told."""
        yield from ((place, f"the record {one.id}") for place, one in self.of.held.items())
        for ref in self.refs:
            # A branch may be elsewhere, too, and stand at another commit there: its own is told in any case.
            if ref.startswith("refs/heads/") and ref != self.of.branch["ref"]:
                yield (ref, self.refs[ref]), ref
        for ref, tag in self.tags.items():
            if tag.claimed is None:
                yield ("tag", ref), ref
                continue
            yield ("released", ref), f"released {ref}"
            if tag.allowed is not None:  # What cannot be judged has no gate.
                yield ("gate", ref), f"gate {ref}"
        yield from ((("policy", commit), f"the policy of {commit}") for _, _, commit in self.of.epochs)

    def place(self, event):
        """Which line of which note an event is about."""
        return (event["notes_ref"].rpartition("/")[2], event["commit"], event["line"]) if event["line"] else None

    def subjects(self, event, place):
        """Yields what an event tells; nothing of it may be told twice."""
        kind, ref, commit = event["event"], event["ref"], event["commit"]
        if place:
            yield place
        elif kind in ("candidate", "commit"):
            yield (ref, commit) if ref else (kind, event["name"], commit)
        elif kind in ("gate", "released", "policy"):
            yield kind, ref or commit
        elif kind in (*REGISTRY, "released-unreviewed"):
            yield "tag", ref

    def must(self, event, place):
        """What an event must say; None where there is no such thing."""
        kind = event["event"]
        if kind in HEARSAY:
            return {"line": ""}
        if event["name"] not in ("", event["model"], f"{event['model']}@{event['version']}"):
            return None
        if place:
            return self.of_record(event, self.of.held.get(place))
        if event["ref"].startswith("refs/tags/"):
            return self.of_tag(event, self.tags.get(event["ref"]))
        if kind == "policy":
            return self.of_policy(event)
        return self.of_proposal(event) if kind in ("candidate", "commit") else None

    def of_proposal(self, event):
        """Of a candidate, or a commit that is a version of its own."""
        commit, tree = event["commit"], self.history.tree(event["commit"])
        if not tree or event["version"] not in (event["ref"] or commit):
            return None
        at, who = self.made(commit, "committer")[0], self.made(commit)[1]
        return {**NOTHING, "tree": tree, "at": at, "actor": event["actor"] if who is None else who}

    def of_record(self, event, one):
        """Of a line of a note."""
        if one is None:
            return None
        note, ref = event["note"] if event["note"] in one.notes else one.notes[0], f"refs/notes/reviewtui/{one.kind}"
        must = {"tag": "", "policy_before": "", "records": [], "findings": [], **one.told}
        must |= {"notes_ref": ref, "note": note, "note_position": self.positions[ref].get(note, 0)}
        judged = {} if one.kind == "reviews" else {"event": "record", "verdict": "", "actor": "", "counted": None}
        return {**must, **judged}

    def of_policy(self, event):
        """Of a change of the settings."""
        places, epochs = [each[2] for each in self.of.epochs], self.of.epochs
        if event["commit"] not in places:
            return None
        at = places.index(event["commit"])
        before = epochs[at + 1][1] if at + 1 < len(epochs) else ""
        must = {**NOTHING, **{key: event[key] for key in ("records", "findings")}, "model": ".reviewtui"}
        must |= {"at": moment(epochs[at][0]), "policy": epochs[at][1], "policy_before": before}
        return {**must, "tree": self.history.tree(event["commit"]), "actor": self.made(event["commit"])[2]}

    def of_tag(self, event, tag):
        """Of a tag that carries no record of a review: a release of another kind, or a registry's."""
        kind, ref = event["event"], event["ref"]
        if tag is None or tag.claimed is not None:
            return self.of_release(event, tag) if tag else None
        if kind in REGISTRY and (ref.endswith(("@deprecated", "@created")) or {*"#!"} & {*ref}):
            return {**NOTHING, "commit": tag.commit}
        if kind != "released-unreviewed" or event["version"] not in ref:
            return None
        own = self.refs[ref] if self.refs[ref] != tag.commit else ""
        return {**NOTHING, "commit": tag.commit, "tag": own, "tree": self.history.tree(tag.commit)}

    def of_release(self, event, tag):
        """Of a release tag: its gate, itself, and what came after."""
        kind, records = event["event"], event["records"]
        must = {**NOTHING, "name": tag.name, "commit": tag.commit, "tag": self.refs[event["ref"]]}
        if kind.endswith("-after-release"):
            about = self.of.releases.about.get(tag.name, ())
            people = {one.reviewer for one in about if one.verdict == "reject" or one.id in records}
            must |= {"records": records, "key": "" if event["actor"] else event["key"]}
            return must if event["actor"] in {"", *people} and {*records} <= {*tag.claimed} else None
        base = {"version": tag.base_version, "commit": tag.base} if tag.base else None
        must |= {"base": base, "digests": tag.facts, "policy": tag.policy, "at": moment(tag.at)}
        good = tag.allowed if kind == "gate" else tag.sound
        must |= {"tree": self.history.tree(tag.commit)} | ({} if good is None else {"counted": good})
        if kind == "released":
            key, who = (tag.key, tag.releaser) if tag.releaser else (event["key"], event["actor"])
            return {**must, "key": key, "actor": who, "records": tag.claimed}
        if kind != "gate" or (tag.allowed and not self.agrees(event, tag)):
            return None
        return {**must, "actor": "", "findings": event["findings"], "records": records}

    def agrees(self, event, tag):
        """Whether the findings of a gate rest on nothing but records that counted, and refuse nothing."""
        counted = {each for finding in event["findings"] for each in finding["counted"]}
        refused = [each for each in event["findings"] if each["state"] in ("unmet", "error") and not each["warning"]]
        return counted <= {*event["records"]} <= {*tag.counted} and not refused

    def made(self, name, role="author"):
        """(when, whose name, whose address) of a commit or tag; None for a name that is not plain UTF-8."""
        return maker(self.history.show(name)[1], role)
