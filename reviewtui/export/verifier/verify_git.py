"""The files of a bundle, and what git says of its history; for verify.py.

All of it happens in a folder of our own that is gone afterwards. The environment is scrubbed: nobody's configuration,
hooks, filters or helpers have a say, nothing is checked out, and no program meets a home or a network.
"""

import contextlib
import hashlib
import os
import re
import subprocess
import tarfile
import tempfile
from pathlib import Path

from verify_reading import Unreadable

LARGE = ("repository.bundle", "report.html")
LARGEST = 16 << 20  # Of a larger file the id alone is told: no facts are read from one.


class History:
    """The Git history of a bundle. `refs` is {name: object id}, `place` the folder of our own."""

    def __init__(self):
        self._folder = tempfile.TemporaryDirectory(prefix="verify-")
        self.place, self.refs, self._reader = Path(self._folder.name), {}, None
        self._scrubbed = {
            "PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": str(self.place),
            "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull, "GIT_NO_REPLACE_OBJECTS": "1",
            "GIT_ALLOW_PROTOCOL": "file", "GIT_LITERAL_PATHSPECS": "1",
        }  # fmt: skip

    def close(self):
        """End what was begun."""
        if self._reader is not None:
            self._reader.communicate()
        self._folder.cleanup()

    def run(self, *words, data=b"", strict=True):
        """What a program prints."""
        done = subprocess.run(words, input=data, capture_output=True, env=self._scrubbed, check=False)
        if done.returncode and strict:
            raise Unreadable(f"{words[0]} {words[-1]}: {done.stderr.decode('utf-8', 'replace').strip()[:300]}")
        return done.stdout.decode("utf-8", "surrogateescape")

    def git(self, *words, strict=True):
        """What git prints about the history."""
        return self.run("git", f"--git-dir={self.place}/git", *words, strict=strict)

    def load(self, place):
        """({name: content}, {name: SHA-256}) of a bundle. Nothing is unpacked; what may be large goes to our folder."""
        files, digests = {}, {}
        with contextlib.ExitStack() as stack:
            tar = None if place.is_dir() else stack.enter_context(tarfile.open(place, "r:"))
            if tar is None:
                found = ((path.relative_to(place).as_posix(), path, path.is_file() and not path.is_symlink())
                         for path in place.rglob("*") if path.is_symlink() or not path.is_dir())  # fmt: skip
            else:
                found = ((entry.name, entry, entry.isreg() and not entry.issparse()) for entry in tar)
            for name, each, is_plain in found:
                if not is_plain:  # What unpacks it might follow a link, or find holes where others find nothing.
                    digests[name] = "no plain file"
                    continue
                with each.open("rb") if tar is None else tar.extractfile(each) as file:
                    files[name], digests[name] = self._read(name, file, again=name in digests)
        return files, digests

    def _read(self, name, file, *, again):
        if name not in LARGE:
            content = file.read()
            return content, "twice" if again else hashlib.sha256(content).hexdigest()
        digest = hashlib.sha256()
        with (self.place / name).open("wb") as copy:
            while piece := file.read(1 << 20):
                digest.update(piece)
                copy.write(piece)
        return b"", "twice" if again else digest.hexdigest()

    def fetch(self):
        """Takes in the bundle of our folder. Git computes the id of each object anew, and checks its form."""
        with (self.place / "repository.bundle").open("rb") as file:
            kind = "sha256" if b"\n@object-format=sha256\n" in file.read(4096) else "sha1"
        self.run("git", "init", "-q", "--bare", "--template=", f"--object-format={kind}", f"{self.place}/git")
        fetch = ("-c", "fetch.fsckObjects=true", "fetch", "-q", "--no-tags")
        self.git(*fetch, f"{self.place}/repository.bundle", "+refs/*:refs/*")
        rows = self.git("for-each-ref", "--format=%(refname) %(objectname)").splitlines()
        self.refs = dict(row.split(" ") for row in rows)
        words = ("git", f"--git-dir={self.place}/git", "cat-file", "--batch")
        self._reader = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self._scrubbed)

    def show(self, name):
        """(id, bytes) of an object, which is named by its id or as COMMIT:PATH; ("", b"") where there is none."""
        self._reader.stdin.write(os.fsencode(name.replace("\n", "?")) + b"\n")
        self._reader.stdin.flush()
        about = self._reader.stdout.readline()
        if not re.fullmatch(rb"[0-9a-f]+ [a-z]+ [0-9]+\n", about):
            return "", b""
        object_id, left, data = about.split()[0].decode(), int(about.split()[2]) + 1, b""
        while left:
            data = self._reader.stdout.read(min(left, LARGEST))
            left -= len(data)
        return object_id, data[:-1] if int(about.split()[2]) < LARGEST else b""

    def notes(self, kind):
        """({(commit, line): (when it was brought, by which)}, {(commit, line)}) of one kind of notes: ever, and now.

        Every commit of the history is read, and what the exporter's clone remembers of a history that was replaced.
        """
        ref, found, when, by = f"refs/notes/reviewtui/{kind}", {}, 0, ""
        words = ("--reverse", "-m", "--root", "--raw", "-r", "--no-abbrev", "--no-renames", "--format=%x01%ct %H")
        tips = [each for each in (ref, f"refs/reviewtui/seen/{kind}") if each in self.refs]
        for row in self.git("log", *words, *tips, "--").split("\n") if tips else ():
            if row.startswith("\x01"):
                when, by = int(row[1:].split()[0]), row.split()[1]
            elif row.startswith(":"):
                before, after = ({*self.show(each)[1].split(b"\n")} for each in row.split()[2:4])
                for line in after - before - {b""}:
                    place = (row.split("\t")[1].replace("/", ""), line)
                    since, notes = found.get(place, (when, ()))
                    found[place] = (min(when, since), (*notes, by))
        rows = [row.split("\t") for row in self.git("ls-tree", "-r", ref).splitlines()] if ref in self.refs else []
        notes = [(path.replace("/", ""), self.show(about.split()[2])[1].split(b"\n")) for about, path in rows]
        return found, {(commit, line) for commit, lines in notes for line in lines}

    def positions(self, kind):
        """{commit: place} of the notes' history, from 1: that of the first-parent commit which brought it in."""
        ref, places = f"refs/notes/reviewtui/{kind}", {}
        if ref not in self.refs:
            return places
        parents = {row[:1][0]: row[1:] for row in map(str.split, self.git("rev-list", "--parents", ref).splitlines())}
        for at, tip in enumerate(self.git("rev-list", "--first-parent", "--reverse", ref).split(), 1):
            waiting = [tip]
            while waiting:
                commit = waiting.pop()
                if commit not in places:
                    places[commit] = at
                    waiting += parents[commit]
        return places

    def makers(self, base, head, places, keys):
        """{kind: addresses} of whoever made the head, or a commit since the base that touches one of the places."""
        span, shape = (head, f"^{base}") if base else (head,), "--format=%x01%ae%x02%ce%x02%B"
        walks = [("--full-history", *span, "--", place or ".") for place in places]
        texts = [self.git("log", shape, *words) for words in (("--no-walk", head), ("--max-parents=0", *span), *walks)]
        author, committer, messages = zip(*(each.split("\x02", 2) for each in "".join(texts).split("\x01")[1:]))
        partners = [each for one in messages for each in re.findall(r"(?im)^co-authored-by:.*?<([^<>\n]*)>", one)]
        signers = f"gpg.ssh.allowedSignersFile={keys}/allowed_signers"
        said = self.git("-c", signers, "log", "-1", "--format=%G?%GS", head, "--").strip()
        signer = [said[1:]] * (said[0] == "G")
        return {"author": author, "committer": committer, "coauthor": partners, "submitter": signer}

    def policy(self, commit):
        """The policy of a commit, by its id; "" where there is none."""
        return self.show(f"{commit}:.reviewtui/policy.yaml")[0]

    def tree(self, commit):
        """The tree of a commit; "" where there is no such commit."""
        return self.show(f"{commit}^{{tree}}")[0]
