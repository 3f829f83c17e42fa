#!/usr/bin/env python3
"""Verifies an audit bundle of reviewtui with Python's standard library, git and ssh-keygen (gpg for OpenPGP) alone.

    python3 verify.py [BUNDLE.tar | DIRECTORY] [--signers FILE] [--exporter SHA256:FINGERPRINT]

--signers: the keys that you trust (OpenSSH's allowed_signers), in place of those that the bundle's settings name.
--exporter: the key that must have signed the bundle. Exit status 0: all that can be proved is; 1: something is wrong.

verify_git.py asks the programs, verify_reading.py reads records and files, verify_policy.py knows the policy's rules.
Take the four from a place that you trust, not out of the bundle: a forger would bring along his own.
"""

import argparse
import collections
import hashlib
import sys
import tarfile
import time
from pathlib import Path

sys.dont_write_bytecode = True  # A file that MANIFEST does not list would be found.

from verify_git import fetch, git, makers, read_notes, show, signed_by, trusted
from verify_policy import Version, refusals
from verify_reading import CATEGORIES, Unreadable, contradictions, model_path, raw_yaml
from verify_reading import read_record, read_tag, stands, strict_json

NOW, files, faults, listed, proved = int(time.time()), {}, [], [], collections.Counter()
unproved = [
    "That nobody's last records were taken away before the export: no chain shows that. An earlier bundle would.",
    "That the repository had no tags and branches but those in the bundle.",
    "That report.html says what trail.jsonl says: it is the exporter's word.",
    "Times: whoever made commits, tags and records chose theirs. What was in force when rests on them.",
    "Who holds a key. Without --signers the keys are those that the bundle itself names.",
]


def load(place):
    """1. Every file is the one that MANIFEST lists, and there is no other. Nothing is unpacked; no name is a path."""
    if place.is_dir():
        found = (path for path in place.rglob("*") if path.is_file())
        files.update((path.relative_to(place).as_posix(), path.read_bytes()) for path in found)
    else:
        with tarfile.open(place, "r:") as tar:
            files.update((each.name, tar.extractfile(each).read()) for each in tar if each.isreg())
    told = dict(reversed(line.split("  ", 1)) for line in files["MANIFEST"].decode("ascii").splitlines())
    for name in sorted({*files, *told} - {"MANIFEST", "MANIFEST.sig"}):
        if hashlib.sha256(files.get(name, b"")).hexdigest() != told.get(name):
            faults.append(f"{name}: it is missing, or not the file that MANIFEST lists")
    proved["files are as MANIFEST lists them"] = len(told)


def check_exporter(keys, wanted):
    """2. Somebody whom the auditor, or the settings, trust signed MANIFEST, and so every file."""
    who, key = signed_by(files["MANIFEST"], files["MANIFEST.sig"], keys, namespace="reviewtui", at=NOW)
    if not key or key != (wanted or key) or not (who or wanted):
        faults.append(f"MANIFEST.sig: signed by {who or 'nobody who is trusted'} with {key or 'no key at all'}")
    listed.append(f"The bundle is signed by {who or 'somebody unnamed'}, {key}.")


def flaw(one, known, keys, at, repository):
    """3. Why a record does not count; "" where its signature holds, and all that it names is what Git holds."""
    who, key = signed_by(one.signed, one.signature, keys, namespace="reviewtui", at=at, name=one.reviewer)
    if not (key and who and one.name):
        return "bad-signature" if not key else f"malformed: by {who}, whom it may bind" if who else "unknown-key"
    head, base = show(one.commit)[1], one.base is None or show(one.base["commit"])[0]
    reasons = {
        "reviewer-key-mismatch": who != one.reviewer,
        "broken-chain": one.prev is not None and one.prev not in known,
        "subject-commit-mismatch": one.note != one.commit,
        "repository-mismatch": one.repository != repository,
        "missing: its commit or its base": not (head and base),
        "bad-subject": not head.startswith(f"tree {one.tree}\n".encode()),
    }
    return next((reason for reason, found in reasons.items() if found), "")


def facts(digest):
    """The rows of one category of facts, by the digest that people signed."""
    text = files.get(f"facts/{digest[7:]}.txt", b"")
    if hashlib.sha256(text).hexdigest() != digest[7:]:
        raise Unreadable(f"the facts {digest} are not in the bundle, or not those that were signed")
    return [strict_json(row) for row in text.splitlines()]


def tie(commit, category, rows):
    """4. The facts that people signed are what the commit's files say, wherever something here can read the files."""
    for path in sorted({row[0] for row in rows}):
        told, (blob, data) = {row[1]: row[2:] for row in rows if row[0] == path}, show(f"{commit}:{path}")
        try:
            good = stands(category, told, path=path, blob=blob, data=data)
            if not good and category == "data":  # DVC and lists of checksums record digests of other files.
                good = all(git("grep", "-IilF", digest or ".", commit, strict=False) for digest, _ in told.values())
            if not good:
                faults.append(f"{path} of {commit[:10]} does not say what people signed as its {category}")
            proved[f"{category} facts are what Git holds"] += len(told)
        except (ValueError, RecursionError) as error:
            unproved.append(f"That the {category} of {path} in {commit[:10]} are what Git holds: {error}.")


def settings(commit, name):
    """A file of the settings by the bundle's JSON of it; that it says what the YAML in Git says takes PyYAML."""
    blob, data = show(f"{commit}:.reviewtui/{name}")
    said = strict_json(files[f"settings/{blob}.json"]) if blob else {}
    try:
        if blob and raw_yaml(data) != said:
            faults.append(f"settings/{blob}.json is not what .reviewtui/{name} of {commit[:10]} says")
    except Unreadable as error:
        unproved.append(f"That settings/{blob}.json is what .reviewtui/{name} of {commit[:10]} says: {error}.")
    return said or {}


def check_release(ref, tag, records, *, known, identity, epochs, own):
    """5. A release tag: who signed it, and whether its policy, as that stood then, allowed it on what it claims."""
    told = read_tag(show(tag)[1])
    if told is None:
        listed.append(f"{ref} carries no record of a review: it was made before, or in another way.")
        return None
    same = [each for each in epochs if each[1] == told.policy]
    if not same or ref != f"refs/tags/{told.tag}":
        raise Unreadable("it bears another name, or the policy that it names was never in force")
    since, _, commit = next((each for each in same if each[0] <= told.at), same[-1])
    config, keys, at = settings(commit, "config.yaml"), trusted(commit, own), min(max(told.at, since), NOW)
    releaser, _ = signed_by(told.signed, told.block, keys, namespace="git", at=at)
    if not releaser:
        raise Unreadable("it is signed by no key that was trusted then")
    there = [one for one in records if one.name == told.name and (one.brought <= at or one.id in told.claimed)]
    sound = {one.id: one for one in there if not flaw(one, known, keys, at, config.get("repository", identity))}
    index = strict_json(files["facts/INDEX.json"])
    before = facts(index[f"{told.base_name} {told.base}"]["metrics"]) if told.base else None
    for category in CATEGORIES:
        tie(told.commit, category, facts(told.facts[category]))
    tie(told.base, "metrics", before or [])
    places = {model_path(config, told.model), *index[f"{told.name} {told.commit}"]["places"]}
    version = Version(
        **vars(told), tree=git("rev-parse", f"{told.commit}^{{tree}}").strip(), metrics=facts(told.facts["metrics"]),
        base_metrics=before, releaser=releaser, released=at, signers=(keys / "allowed_signers").read_text(),
        revoked="sha256:" + hashlib.sha256((keys / "revoked_keys").read_bytes()).hexdigest(),
        makers=makers(told.base, told.commit, sorted(places - {None}), keys),
    )  # fmt: skip
    wrong = [*refusals(settings(commit, "policy.yaml"), version, list(sound.values()))]
    return [*wrong, *(f"it claims {each}, which does not count" for each in sorted(told.claimed - version.counted))]


def verify(options):
    """All of it, in order."""
    load(Path(options.bundle))
    own = Path(options.signers).read_bytes() if options.signers else None
    refs, trail = fetch(files["repository.bundle"]), [strict_json(row) for row in files["trail.jsonl"].splitlines()]
    branch, lines = trail[0]["trusted"], {}
    if not branch["commit"] or refs.get(branch["ref"]) != branch["commit"]:
        raise Unreadable("There is no trusted branch, or it is not where the export says; so nothing can be judged.")
    check_exporter(trusted(branch["commit"], own), options.exporter)
    for kind in ("reviews", "pipeline", "data", "feedback"):
        history, now = read_notes(refs, kind)
        faults.extend(f"{kind}: a line was taken from the note of {note}" for note, _ in sorted(history.keys() - now))
        lines.update(history if kind == "reviews" else {})
    faults.extend(f"{ref}: the tag was moved or deleted" for ref in refs if ref.startswith("refs/reviewtui/seen/tags/"))
    records = [read_record(*place, brought) for place, brought in sorted(lines.items())]
    known = {one.id for one in records}
    identity = settings(branch["commit"], "config.yaml").get("repository", trail[0]["repository"])
    for one in records:
        reason = flaw(one, known, trusted(branch["commit"], own), NOW, identity)
        alarming = reason.startswith(("bad-signature", "malformed: by", "reviewer-key", "broken-chain", "bad-subject"))
        (faults if alarming else listed).extend([f"record {one.id}: {reason}"] if reason else [])
        proved["records whose signature and bindings were checked"] += 1
    rows = git("log", "--first-parent", "--format=%ct %H", branch["commit"], "--", ".reviewtui").splitlines()
    changes = [row.split() for row in rows]
    epochs = [(int(since), show(f"{commit}:.reviewtui/policy.yaml")[0], commit) for since, commit in changes]
    verdicts = {}
    for ref in sorted(ref for ref in refs if ref.startswith("refs/tags/")):
        try:
            wrong = check_release(ref, refs[ref], records, known=known, identity=identity, epochs=epochs, own=own)
        except (LookupError, ValueError) as error:
            wrong = [str(error)]
        faults.extend(f"{ref}: {why}" for why in wrong or ())
        verdicts.update({} if wrong is None else {ref: not wrong})
    proved["releases judged again, each by its own policy"] = len(verdicts)
    faults.extend(contradictions(trail, refs, records, verdicts, [commit for _, _, commit in epochs]))  # 6.


def main():
    """Verify, and say what came of it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("bundle", nargs="?", default=Path(__file__).resolve().parent, type=Path)
    parser.add_argument("--signers")
    parser.add_argument("--exporter")
    try:
        verify(parser.parse_args())
    except Exception as error:  # noqa: BLE001 (whatever a forger came up with, it is a fault)
        faults.append(f"This cannot be read as a bundle: {type(error).__name__}: {error}")
    done = [f"{count} {what}" for what, count in proved.items()]
    for title, rows in zip(("Proved", "To know", "Not proved", "WRONG"), (done, listed, unproved, faults or ["none"])):
        print(f"{title}:", *(f"  {row[1:400].rstrip(row[0])}" for row in dict.fromkeys(map(ascii, rows))), sep="\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
