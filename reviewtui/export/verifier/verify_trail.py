"""What an export tells, compared with what was found; for verify.py.

Everything that happened is told, once, in order, and nothing else. What an event must say of it: verify_events.py.
"""

import collections
import hashlib

from verify_events import EMPTY, REGISTRY, WORDS, Expected

KINDS = ("reviews", "pipeline", "data", "feedback")
FORMAT, SCOPE = "urn:reviewtui:trail:v1", ("model", "since", "until", "release")
HEADER = ("type", "format", "repository", "object_format", "trusted", "policy", "notes", "as_of", "scope", "tool",
          "unproven")  # fmt: skip


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
        told, times, expected = collections.Counter(), [], Expected(self.of, self.positions, self.events)
        for event in self.events:
            place = self.place(event)
            must = expected.of_event(event, self.of.held.get(place))
            differing = ["it"] if must is None else [key for key in EMPTY if not same(event[key], must[key])]
            differing += [key for key in WORDS if key not in event]
            self.unknown(event.keys() - {*EMPTY, *WORDS}, "an event")
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

    def unknown(self, keys, what):
        """Names what a later export may say beyond what is compared here."""
        self.of.unproved += [f"{key} of {what}: nothing here knows what it is." for key in sorted(keys)]

    def check_head(self):
        """What stands above the events."""
        self.unknown(self.head.keys() - {*HEADER}, "the header")
        form = "sha1" if len(self.of.branch["commit"]) == 40 else "sha256"
        shape = {"type": "header", "format": FORMAT, "object_format": form}
        if not all(self.head[key] == value for key, value in shape.items()) or {*self.head["scope"]} != {*SCOPE}:
            self.of.wrong.append("the header of the export is not of the form that is known here, or of this history")
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


def same(told, must):
    """Whether two values are the same; Python takes 1 for True, and 1.0 for both."""
    return type(told) is type(must) and told == must
