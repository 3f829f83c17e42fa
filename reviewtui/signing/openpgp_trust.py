"""OpenPgpKeys: the OpenPGP keys of .reviewtui/openpgp/, in a keyring of their own that is gone when they are.

The user's keyring is never read: what somebody once imported must not become somebody who may approve. The principal of
a key is the e-mail address of its user id.
"""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime
from pathlib import Path

from reviewtui.errors import SigningError
from reviewtui.patterns import pattern
from reviewtui.signing.allowed_signers import TrustProblem
from reviewtui.signing.gnupg import judge, status_lines
from reviewtui.signing.keygen import VERIFY_TIMEOUT, Outcome, run_program
from reviewtui.signing.scheme import SignatureStatus, Verification
from reviewtui.signing.ssh_keys import RSA_SMALLEST
from reviewtui.values import dataclass, field

OPENPGP_PATH = ".reviewtui/openpgp"
KEYID_PREFIX = "openpgp:"
_FILE_LIMIT = 1024 * 1024
_BEGIN = b"-----BEGIN PGP PUBLIC KEY BLOCK-----"
_SIGNATURE_TAG = 2
_RSA, _DSA = ("1", "2", "3"), "17"
_UNUSABLE = "ri"  # validity of a user id: revoked, invalid
_ADDRESS = pattern(r"(?:.*<)?([!-;=?-~]+@[!-;=?-~]+?)>?")


@dataclass(slots=True)
class _Listed:
    """A key as gpg lists it. `subkeys` are the weaknesses of its subkeys, by fingerprint."""

    fingerprint: str = ""
    principals: tuple[str, ...] = ()
    weakness: str = ""
    subkeys: dict[str, str] = field(default_factory=dict)


class OpenPgpKeys:
    """Verifies OpenPGP signatures by the keys it was given, judged at one moment."""

    def __init__(self, files: tuple[bytes, ...], *, now: datetime, program: str = "gpg") -> None:
        self._now = now
        self._program = shutil.which(program)
        self._home: tempfile.TemporaryDirectory[str] | None = None
        self._keys: dict[str, _Listed] = {}
        problems: list[TrustProblem] = []
        if files and self._program is None:
            problems.append(_problem(0, "tool-missing", "gpg is not installed, so these keys cannot be used."))
        elif files:
            self._home = tempfile.TemporaryDirectory(prefix="reviewtui-gpg-")
            # GnuPG 2.4 keeps a new home's keys in a daemon unless its common.conf is there and says nothing.
            Path(self._home.name, "common.conf").touch()
            try:
                problems += [problem for at, data in enumerate(files, 1) if (problem := self._import(data, at))]
                problems += self._list()
            except SigningError as error:
                problems.append(_problem(0, "unreadable", error.message))
        self.problems = tuple(problems)

    def fingerprints(self) -> dict[str, tuple[str, ...]]:
        """Every key's id in a record, and the principals it speaks for."""
        return {KEYID_PREFIX + each.fingerprint: each.principals for each in self._keys.values() if not each.weakness}

    def verify(self, message: bytes, signature: bytes, *, keyid: str) -> Verification:
        """What an OpenPGP signature over a message is worth."""
        if not _is_one_signature(signature):
            return _judged(keyid, "bad-signature", "it is not one OpenPGP signature and nothing else")
        if not self._keys or self._home is None:
            return _judged(keyid, "unknown-key", f"no key of {OPENPGP_PATH} can be used")
        path = Path(self._home.name, "signature")
        path.write_bytes(signature)
        outcome = self._gpg("--ignore-time-conflict", "--verify", "--", str(path), "-", message=message)
        finding = judge(status_lines(outcome.output.decode("utf-8", "replace")))
        key = self._keys.get(finding.primary)
        made_by = KEYID_PREFIX + finding.primary if finding.primary else keyid
        if finding.reason:
            return _judged(made_by, finding.reason, finding.detail, key.principals if key else ())
        if keyid not in ("", made_by, KEYID_PREFIX + finding.fingerprint):
            return _judged(made_by, "bad-signature", f"it was made by {made_by}")
        if key is None:
            return _judged(made_by, "unknown-key", "the key is not among the trusted keys")
        # A strong key may have given its name to a weak one.
        if weakness := key.weakness or key.subkeys.get(finding.fingerprint, ""):
            return _judged(made_by, "weak-key", weakness)
        if not key.principals:
            return _judged(made_by, "unknown-key", "the key has no user id with an e-mail address that is in force")
        return Verification(SignatureStatus.GOOD, made_by, key.principals, algorithm="openpgp")

    def _import(self, data: bytes, number: int) -> TrustProblem | None:
        if len(data) > _FILE_LIMIT:
            return _problem(number, "unreadable", "The file is larger than 1 MiB.")
        if not data.lstrip().startswith(_BEGIN):
            return _problem(number, "unreadable", "The file is no armored OpenPGP public key.")
        outcome = self._gpg("--import", message=data)
        imported = {line.fields[1] for line in status_lines(outcome.output.decode("utf-8", "replace"))
                    if line.keyword == "IMPORT_OK" and len(line.fields) > 1}  # fmt: skip
        if outcome.status != 0 or not imported:
            return _problem(number, "unreadable", "gpg cannot read the keys in the file.")
        return None

    def _list(self) -> list[TrustProblem]:
        listing = self._gpg("--with-colons", "--fixed-list-mode", "--list-keys").output.decode("utf-8", "replace")
        problems = []
        for key in _listed_keys(listing):
            self._keys[key.fingerprint] = key
            if key.weakness:
                text = f"The key {key.fingerprint} is too weak: {key.weakness}."
                problems.append(_problem(0, "weak-key", text))
            if len(key.principals) > 1:
                text = f"The key {key.fingerprint} has more than one principal: {', '.join(key.principals)}."
                problems.append(_problem(0, "shared-key", text, key.principals))
        return problems

    def _gpg(self, *arguments: str, message: bytes = b"") -> Outcome:
        assert self._program is not None
        assert self._home is not None
        command = (
            self._program, "--homedir", self._home.name, "--no-options", "--batch", "--no-tty", "--no-autostart",
            "--status-fd=1", "--trust-model=always", "--no-auto-check-trustdb", "--display-charset=utf-8",
            f"--faked-system-time={int(self._now.timestamp())}!", *arguments,
        )  # fmt: skip
        return run_program(command, message=message, timeout=VERIFY_TIMEOUT)


def _listed_keys(listing: str) -> list[_Listed]:
    found: list[_Listed] = []
    part, weakness = "", ""
    for line in listing.split("\n"):
        fields = line.split(":")
        if fields[0] == "pub":
            found.append(_Listed(weakness=_weakness(fields)))
        if fields[0] in ("pub", "sub"):
            part, weakness = fields[0], _weakness(fields)
        elif fields[0] == "fpr" and part == "sub" and found:
            found[-1].subkeys[fields[9]] = weakness
        elif fields[0] == "fpr" and part == "pub" and not found[-1].fingerprint:
            found[-1].fingerprint = fields[9]
        elif fields[0] == "uid" and found and fields[1][:1] not in tuple(_UNUSABLE):
            address = _ADDRESS.fullmatch(fields[9].replace("\\x3a", ":"))
            if address and address[1] not in found[-1].principals:
                found[-1].principals += (address[1],)
    return [key for key in found if key.fingerprint]


def _weakness(fields: list[str]) -> str:
    if fields[3] == _DSA:
        return "DSA is broken"
    if fields[3] in _RSA and fields[2].isdigit() and int(fields[2]) < RSA_SMALLEST:
        return f"RSA with {fields[2]} bits"
    return ""


def _is_one_signature(data: bytes) -> bool:
    """Whether the bytes are one signature packet (RFC 9580 §4.2) to their end."""
    if len(data) < 2 or not data[0] & 0x80:
        return False
    if data[0] & 0x40:
        tag, first = data[0] & 0x3F, data[1]
        if first < 192:
            header, size = 2, first
        elif first < 224 and len(data) > 2:
            header, size = 3, ((first - 192) << 8) + data[2] + 192
        else:
            header, size = 6, int.from_bytes(data[2:6], "big") if first == 255 else -1
    else:
        tag, width = data[0] >> 2 & 0x0F, {0: 1, 1: 2, 2: 4}.get(data[0] & 3, 0)
        header, size = 1 + width, int.from_bytes(data[1 : 1 + width], "big") if width else -1
    return tag == _SIGNATURE_TAG and header + size == len(data)


def _judged(keyid: str, reason: str, detail: str, principals: tuple[str, ...] = ()) -> Verification:
    status = SignatureStatus.UNKNOWN_KEY if reason == "unknown-key" else SignatureStatus.BAD
    return Verification(status, keyid, principals, reason, detail, "openpgp")


def _problem(number: int, kind: str, text: str, principals: tuple[str, ...] = ()) -> TrustProblem:
    path = f"{OPENPGP_PATH} (file {number})" if number else OPENPGP_PATH
    return TrustProblem(path, 0, kind, text, principals)
