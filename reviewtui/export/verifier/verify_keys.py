"""Who signed what, as ssh-keygen, gpg and gpgsm say, and when; for verify.py."""

import base64
import hashlib
import re
import shutil
import tempfile
import time
from pathlib import Path

ARMOR = (b"-----BEGIN SSH SIGNATURE-----\n", b"-----END SSH SIGNATURE-----\n")
OF_GPGSM = ("--no-options", "--no-autostart", "--disable-dirmngr", "--disable-crl-checks", "--no-common-certs-import")
GOOD = re.compile(r"^Good .* key (SHA256:\S+)")


class Unchecked(Exception):  # noqa: N818 (it is no error)
    """What takes a program that is not here."""


class Keys:
    """Whose keys are whose in a history (verify_git.History); `own` is what the auditor has for allowed_signers."""

    def __init__(self, history, own=None):
        self.history, self.own, self._folders, self._said = history, own, {}, {}

    def trusted(self, commit):
        """A folder with the keys that the settings of a commit name (or the auditor's own signers), for programs."""
        show, rows = self.history.show, self.history.git("ls-tree", "-r", "-z", commit, ".reviewtui/").split("\0")
        held = tuple(row.partition("\t")[::2] for row in rows if row and not row.endswith(".yaml"))
        if held not in self._folders:
            place = self._folders[held] = Path(tempfile.mkdtemp(dir=self.history.place))
            for name in ("allowed_signers", "revoked_keys"):
                (place / name).write_bytes(show(f"{commit}:.reviewtui/{name}")[1])
            if self.own is not None:
                (place / "allowed_signers").write_bytes(self.own)
            for _, path in held:
                folder, data = path.split("/")[1], show(f"{commit}:{path}")[1]
                if path == ".reviewtui/x509/revoked":
                    (place / "revoked").write_bytes(data)
                elif folder in ("openpgp", "x509"):
                    program = ("gpg",) if folder == "openpgp" else ("gpgsm", *OF_GPGSM)
                    self._gnupg(*program, "--homedir", str(place), "--import", data=data)
            if any(path.endswith(".pem") for _, path in held):
                text = self._gnupg("gpgsm", *OF_GPGSM, "--homedir", str(place), "--with-colons", "--list-keys")
                (place / "certificates").write_text(text)
        return self._folders[held]

    def signed_by(self, message, block, keys, *, namespace, at, name=""):
        """(who, key); "" for who where no trusted key signed, both "" where nobody at all signed these very bytes.

        `block` is armored, or a raw signature; `at` the time at which the key must be in force. Raises: Unchecked.
        """
        is_ssh = block.startswith((b"SSHSIG", b"-----BEGIN SSH"))
        signers = (keys / "allowed_signers").read_bytes()
        timed = not is_ssh or b"valid-" in signers or b"cert-authority" in signers
        asked = (hashlib.sha256(message).digest(), block, keys, namespace, name, at if timed else 0)
        if asked not in self._said:
            program = "ssh-keygen" if is_ssh else "gpg"
            if block.startswith((b"\x30", b"-----BEGIN SIGNED")):
                program = "gpgsm"
            if not shutil.which(program):
                raise Unchecked(f"that takes {program}, which is not here")
            if block.startswith(b"SSHSIG"):
                block = base64.encodebytes(block).join(ARMOR)
            (self.history.place / "message").write_bytes(message)
            (self.history.place / "signature").write_bytes(block)
            ask = {"ssh-keygen": self._by_ssh, "gpgsm": self._by_x509, "gpg": self._by_openpgp}[program]
            self._said[asked] = ask(keys, at, message=message, namespace=namespace, name=name)
        return self._said[asked]

    def _by_ssh(self, keys, at, *, message, namespace, name):
        moment = time.strftime("verify-time=%Y%m%d%H%M%S", time.gmtime(at))
        about = ("-s", f"{self.history.place}/signature", "-O", moment)
        known = (*about, "-f", f"{keys}/allowed_signers", "-r", f"{keys}/revoked_keys")

        def ask(*words):
            return self.history.run("ssh-keygen", "-Y", *words, data=message, strict=False)

        for number in range(2):
            who = ask("find-principals", *known).split("\n")[0] if number else name
            good = GOOD.search(ask("verify", "-I", who, "-n", namespace, *known)) if who else None
            if good:
                return who, good[1]
        good = GOOD.search(ask("check-novalidate", "-n", namespace, *about[:2]))
        return "", good[1] if good else ""

    def _by_openpgp(self, keys, at, **_):
        words = ("gpg", "--trust-model=always", f"--faked-system-time={at}!", "--homedir", str(keys))
        said = self._gnupg(*words, "--verify", *self._files())
        good = re.findall(r"^\[GNUPG:\] GOODSIG \S+ .*?([^ <]+@[^ >\n]+)>?$", said, re.MULTILINE)
        valid = re.findall(r"^\[GNUPG:\] VALIDSIG .* (\S+)$", said, re.MULTILINE)
        if len(good) == len(valid) == 1:
            return good[0], f"openpgp:{valid[0]}"
        return "", "an unknown OpenPGP key" if "NO_PUBKEY" in said else ""

    def _by_x509(self, keys, at, **_):
        """Which of the people whose own certificates the settings hold; authorities are not followed."""
        words = ("gpgsm", *OF_GPGSM, f"--faked-system-time={at}", "--homedir", str(keys))
        said = self._gnupg(*words, "--verify", *self._files())
        valid = re.findall(r"^\[GNUPG:\] VALIDSIG (\S+)", said, re.MULTILINE)
        if len(valid) != 1 or "[GNUPG:] GOODSIG" not in said:
            return "", ""
        held = (keys / "certificates").read_text().split("\ncrt:") if (keys / "certificates").exists() else ()
        text = "\n".join(each for each in held if f":{valid[0]}:" in each)
        names = {*re.findall(r"^uid:.*?<([^<>]+@[^<>]+)>:", text, re.MULTILINE)}
        ends = re.findall(r":(\d{8}T\d{6})(?=:)", text)
        if len(names) != 1 or len(ends) != 2:
            raise Unchecked("whether an authority vouches for its certificate, `reviewtui verify` tells")
        prints = {*re.findall(r"^fp[r2]:+([^:]+)", text, re.MULTILINE)}
        revoked = (keys / "revoked").read_text().split() if (keys / "revoked").exists() else ["none"]
        in_force = ends[0] <= time.strftime("%Y%m%dT%H%M%S", time.gmtime(at)) < ends[1]
        # A list of the revoked that is empty revokes them all.
        return names.pop() if in_force and revoked and not prints & {*revoked} else "", f"x509:{valid[0]}"

    def _gnupg(self, *words, data=b""):
        if not shutil.which(words[0]):
            return ""  # Whoever signed with it is Unchecked.
        return self.history.run(*words[:1], "--batch", "--status-fd=1", *words[1:], data=data, strict=False)

    def _files(self):
        return f"{self.history.place}/signature", f"{self.history.place}/message"
