"""What each event of an export must say, key by key, for verify.py.

Every key is compared but WORDS; whatever is not said to be otherwise must be empty. What an event tells of itself, and
nothing here can know, is taken over by `own`: these keys, and WORDS, are what UNPROVED of verify.py names.
"""

import re

from verify_reading import maker, moment

WORDS = ("reason", "detail", "remarks", "principals")
HEARSAY = ("alarm", "remark")
REGISTRY = ("stage-assigned", "stage-unassigned", "deregistered", "deprecated", "created")
EMPTY = {
    "type": "event", "at": "", "event": "", "name": "", "model": "", "version": "", "kind": "", "actor": "",
    "commit": "", "tree": "", "ref": "", "tag": "", "base": None, "digests": {}, "record": "", "verdict": "",
    "counted": None, "comment": "", "key": "", "policy": "", "policy_version": None, "policy_before": "",
    "policy_version_before": None, "notes_ref": "", "note": "", "note_position": 0, "line": "", "records": [],
    "findings": [],
}  # fmt: skip


def own(event, *keys):
    """What an event tells of itself under these keys."""
    return {key: event[key] for key in keys}


class Expected:
    """What events must say; `of` is the Verification that asks, `positions` {notes ref: {commit: place}}."""

    def __init__(self, of, positions, events):
        self.of, self.history, self.positions = of, of.history, positions
        self.policy_versions = {policy: self.policy_version(policy) for _, policy, _ in of.epochs if policy}
        people = (of.releases.ties.settings(of.branch["commit"], "policy.yaml").get("people") or {}).items()
        self.person = {alias: name for name, about in people for alias in (about or {}).get("aliases", ())}
        self.called, self.standing = {}, {}
        for event in events:  # A record speaks of the version that it names, else of one at its commit.
            if event["event"] in ("candidate", "commit", "released", "released-unreviewed"):
                place = (event["ref"], event["kind"])
                self.called.setdefault(event["name"], []).append(place)
                self.standing.setdefault(event["commit"], []).append(place)

    def policy_version(self, policy):
        """The version of a policy, as its blob says it; None where it does not say it in one line of its own."""
        found = re.findall(rb"^version: *([0-9]+) *(?:#.*)?\r?$", self.history.show(policy)[1], re.MULTILINE)
        return int(found[0]) if len(found) == 1 else None

    def of_event(self, event, line):
        """What an event must say; None where there is no such thing. `line` is the Record that it tells, if any."""
        kind, ref = event["event"], event["ref"]
        if kind in HEARSAY:
            return {**event, "line": ""}
        named = event["name"] == (f"{event['model']}@{event['version']}" if event["version"] else event["model"])
        if not named or (event["line"] and line is None):
            return None
        must = {**EMPTY, "event": kind, **own(event, "name", "model", "version", "commit", "ref")}
        if line is not None:
            return must | (self.of_review(event, line) if line.kind == "reviews" else self.of_other(event, line))
        if ref.startswith("refs/tags/"):
            tag = self.of.releases.tags.get(ref)
            found = tag and (self.of_release(event, tag) if tag.claimed is not None else self.of_tag(event, tag))
        else:
            found = {"policy": self.of_policy, "candidate": self.of_proposal, "commit": self.of_proposal}.get(kind)
            found = found and found(event)
        return must | found if found else None

    def of_proposal(self, event):
        """Of a candidate, or a commit that is a version of its own."""
        commit = event["commit"]
        tree, (at, who) = self.history.tree(commit), (self.made(commit, "committer")[0], self.made(commit)[1])
        has_branch = event["ref"].startswith("refs/heads/")
        if not tree or has_branch != (event["event"] == "candidate"):
            return None
        if event["version"] not in (event["ref"] or commit):
            return None
        who = event["actor"] if who is None else who
        return {"kind": event["event"], "tree": tree, "at": at, "actor": who}

    def of_line(self, event, one):
        """Of any line of a note: where it stands, and which commit of the notes' history brought it there."""
        ref = f"refs/notes/reviewtui/{one.kind}"
        note = event["note"] if event["note"] in one.notes else one.notes[0]
        must = {"record": one.id, "line": one.text, "commit": one.note, "at": moment(one.brought)}
        return must | {"notes_ref": ref, "note": note, "note_position": self.positions[ref].get(note, 0)}

    def of_other(self, event, one):
        """Of a line of the pipeline's, the data's or the feedback's notes, which nothing here judges."""
        at = event["at"] if one.name is not None else moment(one.brought)
        return {**self.of_line(event, one), "event": "record", "ref": "", "at": at}

    def of_review(self, event, one):
        """Of a record of a review, or a line that cannot be read as one."""
        here = self.called.get(event["name"]) or self.standing.get(one.note) or [("", None)]
        whole = not any(self.of.trail[0]["scope"].values())  # Else what it speaks of may be left out.
        place, of_settings = (event["ref"], event["kind"]), event["model"] == ".reviewtui"
        fitting = [kind for ref, kind in here if ref == place[0]]
        if of_settings != (place[1] == "policy") or (whole and not of_settings and not {None, place[1]} & {*fitting}):
            place = here[0]
        must = {**self.of_line(event, one), "ref": place[0], "kind": place[1], "key": event["key"]}
        if one.name is None:
            return {**must, "event": "unreadable", "counted": False}
        must |= {"counted": event["counted"], **one.told}
        return {**must, **self.under("policy", must["policy"], event)}

    def of_policy(self, event):
        """Of a change of the settings."""
        epochs = self.of.epochs
        at = next((at for at, (_, _, commit) in enumerate(epochs) if commit == event["commit"]), None)
        if at is None:
            return None
        must = own(event, "counted", "records", "findings")
        must |= self.under("policy", epochs[at][1], event)
        must |= self.under("policy_before", epochs[at + 1][1] if at + 1 < len(epochs) else "", event)
        must |= {"model": ".reviewtui", "version": str(must["policy_version"] or 0), "kind": "policy", "ref": ""}
        commit = event["commit"]
        return must | {
            "at": moment(epochs[at][0]), "tree": self.history.tree(commit), "actor": self.made(commit)[2]
        }  # fmt: skip

    def under(self, key, policy, event):
        """A policy and its version; one that cannot be read has none, and the export may know that it cannot."""
        of_version = key.replace("policy", "policy_version")
        told, version = event[of_version], self.policy_versions.get(policy)
        free = told is None or (version is None and policy in self.policy_versions)
        return {key: policy, of_version: told if free else version}

    def of_tag(self, event, tag):
        """Of a tag that carries no record of a review: a release of another kind, or a registry's."""
        kind, ref = event["event"], event["ref"]
        target = self.of.refs[ref]
        at = self.made(target, "committer" if target == tag.commit else "tagger")[0]
        must = {"commit": tag.commit, "at": at, **own(event, "actor")}
        if kind in REGISTRY and (ref.endswith(("@deprecated", "@created")) or {*"#!"} & {*ref}):
            return must
        if kind != "released-unreviewed" or event["version"] not in ref:
            return None
        tree = self.history.tree(tag.commit)
        return {**must, "kind": "release", "tag": target if target != tag.commit else "", "tree": tree}

    def of_release(self, event, tag):
        """Of a release tag: its gate, itself, and what came after."""
        kind = event["event"]
        must = {"name": tag.name, "model": tag.model, "version": tag.version, "kind": "release"}
        must |= {"commit": tag.commit, "tag": self.of.refs[event["ref"]]}
        if kind.endswith("-after-release"):
            return self.of_later(event, tag, must)
        if kind not in ("gate", "released"):
            return None
        must |= {"base": {"version": tag.base_version, "commit": tag.base} if tag.base else None, "digests": tag.facts}
        must |= {"at": moment(tag.at), "tree": self.history.tree(tag.commit), **self.under("policy", tag.policy, event)}
        sound = tag.allowed if kind == "gate" else tag.sound
        must["counted"] = event["counted"] if sound is None else sound
        if kind == "released":
            key, who = (tag.key, tag.releaser) if tag.releaser else (event["key"], event["actor"])
            return {**must, "key": key, "actor": who, "records": tag.claimed}
        if tag.allowed and not self.agrees(event, tag):
            return None
        return {**must, **own(event, "findings", "records")}

    def of_later(self, event, tag, must):
        """Of what came after a release: an approval that was taken back, a rejection, or a key that is trusted no more.

        That it came is the export's word; whose doing it was, and when, stands in a record.
        """
        about, records = self.of.releases.about.get(tag.name, ()), event["records"]
        times = {one.at for one in about if event["actor"] in (one.reviewer, self.person.get(one.reviewer))}
        given = {one.id: one.reviewer for one in about if one.id in tag.claimed}
        sound = {
            "withdrawn-after-release": len(records) == 1 and event["actor"] in ("", given.get(records[0])),
            "rejected-after-release": not records and bool(times),
            "key-after-release": not records and not event["actor"],
        }.get(event["event"], False)
        if not sound or event["at"] not in {"", *times}:
            return None
        key = "" if event["actor"] or event["event"] == "rejected-after-release" else event["key"]
        return {**must, **own(event, "at", "actor", "records"), "key": key}

    def agrees(self, event, tag):
        """Whether the findings of a gate rest on nothing but records that counted, and refuse nothing."""
        counted = {each for finding in event["findings"] for each in finding["counted"]}
        refused = [each for each in event["findings"] if each["state"] in ("unmet", "error") and not each["warning"]]
        return counted <= {*event["records"]} <= {*tag.counted} and not refused

    def made(self, name, role="author"):
        """(when, whose name, whose address) of a commit or tag; None for a name that is not plain UTF-8."""
        return maker(self.history.show(name)[1], role)
