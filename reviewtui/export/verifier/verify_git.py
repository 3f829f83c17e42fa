"""What git, ssh-keygen and gpg say, for verify.py. All of it happens in a folder of our own that is gone afterwards.

The environment is scrubbed: nobody's configuration, hooks, filters or helpers have a say, and nothing is checked out.
"""

import base64
import functools
import os
import re
import subprocess
import tempfile
import time
from pathlib import Path

from verify_reading import Unreadable

_folder = tempfile.TemporaryDirectory(prefix="verify-")
WORK = Path(_folder.name)
SCRUBBED = {
    "PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull, "GIT_NO_REPLACE_OBJECTS": "1", "GIT_ALLOW_PROTOCOL": "file",
}  # fmt: skip


def run(*words, data=b"", strict=True):
    """What a program prints."""
    done = subprocess.run(words, input=data, capture_output=True, env=SCRUBBED, check=False)
    if done.returncode and strict:
        raise Unreadable(f"{words[0]} {words[-1]}: {done.stderr.decode('utf-8', 'replace').strip()[:300]}")
    return done.stdout.decode("utf-8", "surrogateescape")


def git(*words, data=b"", strict=True):
    """What git prints about the repository that fetch() made."""
    return run("git", f"--git-dir={WORK}/git", *words, data=data, strict=strict)


def fetch(bundle):
    """A bundle's history → {ref: object id}. Git computes the id of each object anew, and checks its form."""
    (WORK / "bundle").write_bytes(bundle)
    kind = "sha256" if b"\n@object-format=sha256\n" in bundle[:4096] else "sha1"
    run("git", "init", "-q", "--bare", "--template=", f"--object-format={kind}", f"{WORK}/git")
    git("-c", "fetch.fsckObjects=true", "fetch", "-q", "--no-tags", f"{WORK}/bundle", "+refs/*:refs/*")
    rows = git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
    return dict(row.split(" ") for row in rows)


@functools.lru_cache(maxsize=None)
def _reader():
    """One process that reads objects for as long as we ask; it ends when we do."""
    words = ("git", f"--git-dir={WORK}/git", "cat-file", "--batch")
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=SCRUBBED)


@functools.lru_cache(maxsize=4096)
def show(name):
    """(id, bytes) of an object, which is named by its id or as COMMIT:PATH; ("", b"") where there is none."""
    reader = _reader()
    reader.stdin.write(os.fsencode(name.replace("\n", "?")) + b"\n")
    reader.stdin.flush()
    about = reader.stdout.readline()
    if not re.fullmatch(rb"[0-9a-f]+ [a-z]+ [0-9]+\n", about):
        return "", b""
    object_id, _, size = about.split()
    return object_id.decode(), reader.stdout.read(int(size) + 1)[:-1]


def read_notes(refs, kind):
    """({(commit, line): when it was first brought}, {(commit, line)}) of one kind of notes: ever, and now.

    Every commit of the history is read, and what the exporter's clone remembers of a history that was replaced.
    """
    ref, seen = f"refs/notes/reviewtui/{kind}", f"refs/reviewtui/seen/{kind}"
    words = ("--reverse", "-m", "--root", "--raw", "-r", "--no-abbrev", "--no-renames", "--format=%x01%ct")
    tips, found, when = [each for each in (ref, seen) if each in refs], {}, 0
    for row in git("log", *words, *tips, "--").split("\n") if tips else ():
        if row.startswith("\x01"):
            when = int(row[1:])
        elif row.startswith(":"):
            for line in filter(None, show(row.split()[3])[1].split(b"\n")):
                place = (row.split("\t")[1].replace("/", ""), line)
                found[place] = min(when, found.get(place, when))
    rows = [row.split("\t") for row in git("ls-tree", "-r", ref).splitlines()] if ref in refs else []
    notes = [(path.replace("/", ""), show(about.split()[2])[1].split(b"\n")) for about, path in rows]
    return found, {(commit, line) for commit, lines in notes for line in lines}


def makers(base, head, places, keys):
    """{kind: addresses} of whoever made the head, or a commit since the base that touches one of the places."""
    rows = [row.split() for row in git("rev-list", "--parents", head, *([f"^{base}"] if base else [])).splitlines()]
    names = [f"{commit}:{place}" for row in rows for commit in row for place in places]
    ids = git("cat-file", "--batch-check=%(objectname)", data=os.fsencode("".join(f"{name}\n" for name in names)))
    at = {name: "" if found.endswith(" missing") else found for name, found in zip(names, ids.split("\n"))}

    def touches(commit, *parents):
        return any(all(at[f"{commit}:{place}"] != at[f"{one}:{place}"] for one in parents) for place in places)

    chosen = [head, *(row[0] for row in rows if row[0] != head and touches(*row))]
    text = git("log", "--no-walk", "--stdin", "--format=%x01%ae%x02%ce%x02%B", data="\n".join(chosen).encode())
    author, committer, messages = zip(*(each.split("\x02", 2) for each in text.split("\x01")[1:]))
    partners = [each for one in messages for each in re.findall(r"(?im)^co-authored-by:.*?<([^<>\n]*)>", one)]
    signers = f"gpg.ssh.allowedSignersFile={keys}/allowed_signers"
    said = git("-c", signers, "log", "-1", "--format=%G?%GS", head, "--").strip()
    return {"author": author, "committer": committer, "coauthor": partners, "submitter": [said[1:]] * (said[0] == "G")}


@functools.lru_cache(maxsize=None)
def trusted(commit, own):
    """A folder with the keys that the settings of a commit name (or `own` signers instead), for ssh-keygen and gpg."""
    place = Path(tempfile.mkdtemp(dir=WORK))
    (place / "allowed_signers").write_bytes(own or show(f"{commit}:.reviewtui/allowed_signers")[1])
    (place / "revoked_keys").write_bytes(show(f"{commit}:.reviewtui/revoked_keys")[1])
    for path in git("ls-tree", "-r", "-z", "--name-only", commit, ".reviewtui/openpgp/").split("\0")[:-1]:
        key = show(f"{commit}:{path}")[1]
        run("gpg", "-q", "--batch", "--homedir", str(place), "--import", data=key, strict=False)
    return place


def signed_by(message, block, keys, *, namespace, at, name=""):
    """(who, key); "" for who where no trusted key signed, both "" where nobody at all signed these very bytes.

    `block` is armored, or a raw SSH or OpenPGP signature; `at` the time at which the key must be in force.
    """
    if block.startswith(b"SSHSIG"):
        block = b"-----BEGIN SSH SIGNATURE-----\n" + base64.encodebytes(block) + b"-----END SSH SIGNATURE-----\n"
    (WORK / "message").write_bytes(message)
    (WORK / "signature").write_bytes(block)
    if block.startswith((b"\x30", b"-----BEGIN SIGNED MESSAGE")):
        return "", "an X.509 certificate, which is not checked here"
    if not block.startswith(b"-----BEGIN SSH"):
        return _signed_by_gpg(keys, at)
    ask = functools.partial(run, "ssh-keygen", "-Y", data=message, strict=False)
    moment = time.strftime("verify-time=%Y%m%d%H%M%S", time.gmtime(at))
    about = ("-s", f"{WORK}/signature", "-f", f"{keys}/allowed_signers", "-r", f"{keys}/revoked_keys", "-O", moment)
    for each in filter(None, (name, ask("find-principals", *about).split("\n")[0])):
        good = re.search(r"^Good .* key (SHA256:\S+)", ask("verify", "-I", each, "-n", namespace, *about))
        if good:
            return each, good[1]
    good = re.search(r"^Good .* key (SHA256:\S+)", ask("check-novalidate", "-n", namespace, *about[:2]))
    return "", good[1] if good else ""


def _signed_by_gpg(keys, at):
    words = ("--batch", "--status-fd=1", "--trust-model=always", f"--faked-system-time={at}!", "--homedir", str(keys))
    said = run("gpg", *words, "--verify", f"{WORK}/signature", f"{WORK}/message", strict=False)
    good = re.findall(r"^\[GNUPG:\] GOODSIG \S+ .*?([^ <]+@[^ >\n]+)>?$", said, re.MULTILINE)
    valid = re.findall(r"^\[GNUPG:\] VALIDSIG .* (\S+)$", said, re.MULTILINE)
    if len(good) == len(valid) == 1:
        return good[0], f"openpgp:{valid[0]}"
    return "", "an unknown OpenPGP key" if "NO_PUBKEY" in said else ""
