#!/usr/bin/env python3
"""Verifies an audit bundle of reviewtui with Python's standard library, git and ssh-keygen (gpg, gpgsm) alone.

    python3 -I verify.py [BUNDLE.tar | DIRECTORY] [--signers FILE] [--exporter SHA256:FINGERPRINT]

--signers: the keys that you trust (OpenSSH's allowed_signers), in place of those that the bundle's settings name.
--exporter: the key that must have signed the bundle.
Exit status 0: all that can be proved is; 1: something is wrong; 2: something cannot be checked with what is here.

This is the argument, step by step. Its parts: verify_git.py (files and history), verify_keys.py (who signed),
verify_reading.py (what records and tags say), verify_facts.py (what files say), verify_release.py and verify_policy.py
(a release judged again), verify_checkpoints.py (what was seen earlier), verify_trail.py and
verify_events.py (what the export tells).
Take all of it from a place that you trust, not out of the bundle: a forger would bring along his own.
"""

import argparse
import collections
import shutil
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True  # A file that MANIFEST does not list would be found.
sys.path.append(str(Path(__file__).resolve().parent))  # `python3 -I` leaves it out.

from verify_checkpoints import Checkpoints
from verify_git import History
from verify_keys import Keys, Unchecked
from verify_reading import Unreadable, read_record, strict_json
from verify_release import Releases
from verify_trail import KINDS, Trail

VERDICTS = ("SOUND: all that can be proved is.", "WRONG: see below.", "NOT CHECKED: not all of it can be, here.")
EXPORTED = ("refs/heads/", "refs/tags/", "refs/reviewtui/seen/", "refs/bundle/")
ALARMING = ("bad-signature", "malformed: perhaps", "reviewer-key", "broken-chain")
UNPROVED = (
    "That nobody's last records were taken away before the export, unless a checkpoint in it saw them. No chain shows "
    "that; an earlier bundle would.",
    "That the repository had no tags and branches but those in the bundle, and no branch a second tip.",
    "That report.html says what trail.jsonl says: it is the exporter's word. So are, in both: alarms and remarks; that "
    "something came after a release; which model a branch is of; as_of, tool and unproven.",
    "What trail.jsonl tells of every event as reason, detail, remarks and principals; of a gate as findings; of a tag "
    "without records, or a commit without a ref: which version it is, and who made it; of a line that is no record: "
    "what it is about, and its key; whether a record counted that no release claims.",
    "That no file holds facts of a release but those that the facts which people signed are of, and no file more of "
    "them, but for the numbers of metrics in JSON or TOML. What DVC and checksum lists say of sizes.",
    "That changes of the settings were approved as the settings before asked: what trail.jsonl says of that.",
    "Times: whoever made commits, tags and records chose theirs. What was in force when rests on them.",
    "Who holds a key. Without --signers the keys are those that the bundle itself names.",
)


class Verification:
    """One bundle, and what came of checking it."""

    def __init__(self, place, signers=None, exporter=None):
        self.place, self.exporter, self.time = Path(place), exporter, int(time.time())
        self.history, self.proved = History(), collections.Counter()
        self.keys = Keys(self.history, Path(signers).read_bytes() if signers else None)
        self.wrong, self.unchecked, self.unproved, self.listed = [], [], list(UNPROVED), []

    def run(self):
        """All of it, in order."""
        self.check_files()
        self.history.fetch()
        self.trail, self.refs = [strict_json(row) for row in self.files["trail.jsonl"].splitlines()], self.history.refs
        notes = {f"refs/notes/reviewtui/{kind}" for kind in KINDS}
        strange = sorted(ref for ref in {*self.refs} - notes if not ref.startswith(EXPORTED))
        self.wrong += [f"{ref}: no export makes such a ref, and it may show to others what is not checked here"
                       for ref in strange]  # fmt: skip
        self.branch = self.trail[0]["trusted"]
        tip = self.branch["commit"]
        if not tip or self.refs.get(self.branch["ref"]) != tip:
            raise Unreadable("there is no trusted branch, or not where the export says; so nothing can be judged")
        rows = self.history.git("log", "--first-parent", "--format=%ct %H", tip, "--", ".reviewtui").splitlines()
        self.epochs = [(int(at), self.history.policy(commit), commit) for at, commit in map(str.split, rows)]
        self.now, self.releases = self.keys.trusted(tip), Releases(self)
        self.listed.append(f"What is in force stands in {self.branch['ref']} at {tip}.")
        self.identity = self.releases.ties.settings(tip, "config.yaml").get("repository", self.trail[0]["repository"])
        self.check_manifest()
        self.check_notes()
        self.checkpoints.check()
        self.releases.check()
        self.check_trail()

    def check_files(self):
        """1. Every file is the one that MANIFEST lists, and there is no other."""
        self.files, found = self.history.load(self.place)
        told = dict(reversed(line.split("  ", 1)) for line in self.files["MANIFEST"].decode("ascii").splitlines())
        for name in sorted({*found, *told} - {"MANIFEST", "MANIFEST.sig"}):
            if found.get(name) != told.get(name):
                self.wrong.append(f"{name}: it is missing, or not the file that MANIFEST lists")
        self.proved["files are as MANIFEST lists them"] = len(told)

    def check_manifest(self):
        """2. Somebody whom the auditor, or the settings, trust signed MANIFEST, and so every file."""
        manifest, signature = self.files["MANIFEST"], self.files["MANIFEST.sig"]
        who, key = self.keys.signed_by(manifest, signature, self.now, namespace="reviewtui", at=self.time)
        if not key or key != (self.exporter or key) or not (who or self.exporter):
            self.wrong.append(f"MANIFEST.sig: signed by {who or 'nobody who is trusted'} with {key or 'no key at all'}")
        self.listed.append(f"The bundle is signed by {who or 'somebody unnamed'}, {key}.")

    def check_notes(self):
        """3. Every line that was ever brought is still there; every record is signed, and bound to what Git holds."""
        self.held, self.checkpoints = {}, Checkpoints(self)
        for kind in KINDS:
            lines, now = self.history.notes(kind)
            lost = sorted(note for note, _ in lines.keys() - now)
            self.wrong += [f"{kind}: a line was taken from the note of {note}" for note in lost]
            read = [read_record(kind, *place, brought) for place, brought in sorted(lines.items())]
            self.held.update(((kind, one.note, one.text), one) for one in read)
        moved = [ref for ref in self.refs if ref.startswith("refs/reviewtui/seen/tags/")]
        self.wrong += [f"{ref}: the tag was moved or deleted" for ref in moved]
        self.records = [one for one in self.held.values() if one.kind == "reviews"]
        # A record beside another commit than its own says nothing there, and mends no chain.
        self.known = {one.id for one in self.records if one.name is None or one.note == one.commit}
        for one in self.records:
            try:
                reason = self.flaw(one, self.now, self.time, self.identity)
            except Unchecked as error:
                self.unchecked.append(f"record {one.id}: its signature: {error}")
                continue
            self.proved["records whose signature and bindings were checked"] += 1
            if reason.startswith(ALARMING):
                one.told["counted"] = False
                self.wrong.append(f"record {one.id}: {reason}")
            elif reason:
                self.listed.append(f"record {one.id}: {reason}")
            else:
                self.checkpoints.take(one)

    def flaw(self, one, keys, at, repository):
        """Why a record does not count; "" where its signature holds, and all that it names is what Git holds."""
        about = {"namespace": "reviewtui", "at": at, "name": one.reviewer}
        found = [self.keys.signed_by(one.signed, each, keys, **about) for each in one.signatures]
        who, key = max(found, key=lambda each: (each[0] == one.reviewer, each), default=("", ""))
        if not one.signatures:
            return "malformed: nobody signed it"
        if not key:
            return "bad-signature"
        if not who:
            return "unknown-key"
        if not one.name:
            return f"malformed: {'it helps only' if one.helps else 'perhaps a rejection'}, by {who}"
        one.told["key"] = key
        head, base = self.history.show(one.commit)[1], one.base is None or self.history.show(one.base["commit"])[0]
        reasons = {
            "reviewer-key-mismatch": who != one.reviewer,
            "subject-commit-mismatch": one.note != one.commit,
            "repository-mismatch": one.repository != repository,
            "broken-chain": one.prev is not None and one.prev not in self.known,
            "missing: its commit or its base": not (head and base),
            "bad-subject": not head.startswith(f"tree {one.tree}\n".encode()),
        }
        return next((reason for reason, found in reasons.items() if found), "")

    def check_trail(self):
        """7. The export tells all of that, and nothing else."""
        Trail(self).check()


def main(words=None):
    """Verify, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", nargs="?", default=Path(__file__).resolve().parent, type=Path)
    parser.add_argument("--signers")
    parser.add_argument("--exporter")
    options = parser.parse_args(words)
    missing = [name for name in ("git", "ssh-keygen") if not shutil.which(name)]
    if missing or not options.bundle.exists() or not Path(options.signers or "/").exists():
        print(f"NOT CHECKED: {missing[0] if missing else options.bundle} is not here.")
        return 2
    found = Verification(options.bundle, options.signers, options.exporter)
    try:
        found.run()
    except Exception as error:  # noqa: BLE001 (whatever a forger came up with, it is a fault)
        found.wrong.append(f"This cannot be read as a bundle: {type(error).__name__}: {error}")
    finally:
        found.history.close()
    done = [f"{count} {what}" for what, count in found.proved.items()]
    status = 1 if found.wrong else 2 if found.unchecked else 0
    print(VERDICTS[status])
    lists = (done, found.listed, found.unproved, found.unchecked or ["none"], found.wrong or ["none"])
    for title, rows in zip(("Proved", "To know", "Not proved", "Not checked", "WRONG"), lists):
        print(f"{title}:", *(f"  {row[1:400].rstrip(row[0])}" for row in dict.fromkeys(map(ascii, rows))), sep="\n")
    return status


if __name__ == "__main__":
    sys.exit(main())
