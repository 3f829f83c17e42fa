"""AllowedSigners: OpenSSH's allowed_signers file, with a problem for each line that cannot be taken at its word.

ssh-keygen skips a line it cannot read; here each such line is a problem, because it may be the one that was to name a
person who can veto. A key's principals are exact names in ASCII: a wildcard would let its holder take any name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime

from reviewtui.patterns import pattern
from reviewtui.signing.key_options import KeyOptions, MalformedOptionsError, parse_options
from reviewtui.signing.patterns import WILDCARDS
from reviewtui.signing.ssh_keys import SshPublicKey, decode_key, parse_public_key
from reviewtui.signing.wire import MalformedWireError, WireReader
from reviewtui.values import dataclass

ALLOWED_SIGNERS_PATH = ".reviewtui/allowed_signers"
FILE_LIMIT = 1024 * 1024
_LINE_LIMIT = 16 * 1024
_PRINCIPAL = pattern(r"[!-~]+")
_KEY_TYPE = pattern(rb"(?:ssh|ecdsa|sk|rsa|x509|webauthn|spki)-[\x21-\x7e]+")
_BLANK = b" \t\r"


@dataclass(frozen=True, slots=True)
class TrustProblem:
    """Something in the trust files that closes the gate.

    `kind`: bad-line, pattern, weak-key, shared-key, look-alike, unreadable, tool-missing. `line` counts from 1; 0 is
    the whole file.
    `principals` are the names concerned: a shared key of one person with aliases is for the policy to forgive.
    """

    path: str
    line: int
    kind: str
    problem: str
    principals: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"{self.path}:{self.line}" if self.line else self.path
        return f"{where}: {self.problem}"


@dataclass(frozen=True, slots=True)
class AllowedSigner:
    """One line: who may sign with which key, for what and when."""

    line: int
    principals: tuple[str, ...]
    options: KeyOptions
    key: SshPublicKey

    def validity(self, now: datetime) -> str:
        """Empty while the line is in force; else not-yet-valid-key or expired-key. Both ends belong to it."""
        moment = int(now.timestamp())
        if self.options.valid_after is not None and moment < self.options.valid_after:
            return "not-yet-valid-key"
        if self.options.valid_before is not None and moment > self.options.valid_before:
            return "expired-key"
        return ""


class AllowedSigners:
    """All lines that can be used, and what is wrong with the others."""

    def __init__(self, signers: Iterable[AllowedSigner], problems: Iterable[TrustProblem]) -> None:
        self.signers = tuple(signers)
        self.problems = tuple(problems)
        self._by_key: dict[tuple[bytes, bool], tuple[AllowedSigner, ...]] = {}
        for signer in self.signers:
            place = (signer.key.blob, signer.options.authority)
            self._by_key[place] = (*self._by_key.get(place, ()), signer)

    @classmethod
    def parse(cls, data: bytes, *, path: str = ALLOWED_SIGNERS_PATH) -> AllowedSigners:
        """Reads the file. Nothing is raised: what is wrong is a problem."""
        if len(data) > FILE_LIMIT:
            return cls((), (TrustProblem(path, 0, "unreadable", "The file is larger than 1 MiB."),))
        signers: list[AllowedSigner] = []
        problems: list[TrustProblem] = []
        for number, raw in enumerate(data.split(b"\n"), start=1):
            try:
                signer = _parse_line(raw, number)
            except _BadLineError as error:
                problems.append(TrustProblem(path, number, error.kind, str(error)))
            else:
                if signer is not None:
                    signers.append(signer)
        problems += _shared_keys(signers, path)
        problems += _look_alikes(signers, path)
        return cls(signers, sorted(problems, key=lambda each: each.line))

    def lines_of(self, key: SshPublicKey) -> tuple[AllowedSigner, ...]:
        """The lines that name this very key as a signer's own."""
        return self._by_key.get((key.blob, False), ())

    def authorities(self, key: SshPublicKey) -> tuple[AllowedSigner, ...]:
        """The lines that trust this key to certify others."""
        return self._by_key.get((key.blob, True), ())

    def fingerprints(self) -> dict[str, tuple[str, ...]]:
        """Every listed key, and the principals it is listed for. Authorities are no signers."""
        found: dict[str, tuple[str, ...]] = {}
        for signer in self.signers:
            if not signer.options.authority:
                names = (*found.get(signer.key.fingerprint, ()), *signer.principals)
                found[signer.key.fingerprint] = tuple(dict.fromkeys(names))
        return found


class _BadLineError(ValueError):
    def __init__(self, problem: str, *, kind: str = "bad-line") -> None:
        super().__init__(problem)
        self.kind = kind


def _parse_line(raw: bytes, number: int) -> AllowedSigner | None:
    line = raw.strip(_BLANK)
    if not line or line.startswith(b"#"):
        return None
    if len(line) > _LINE_LIMIT:
        raise _BadLineError("The line is too long.")
    names, rest = _principals_field(line)
    options_text, key_text = _options_and_key(rest)
    try:
        options = parse_options(options_text)
    except MalformedOptionsError as error:
        raise _BadLineError(str(error)) from error
    principals = _principals(names, authority=options.authority)
    return AllowedSigner(number, principals, options, _key(key_text))


def _principals_field(line: bytes) -> tuple[bytes, bytes]:
    if line.startswith(b'"'):
        names, quote, rest = line[1:].partition(b'"')
        if not quote:
            raise _BadLineError("A quotation mark is never closed.")
    else:
        names, *after = re.split(rb"[ \t\r]+", line, maxsplit=1)
        rest = after[0] if after else b""
    rest = rest.lstrip(_BLANK)
    if not rest:
        raise _BadLineError("The line has no key.")
    return names, rest


def _options_and_key(rest: bytes) -> tuple[bytes, bytes]:
    if _KEY_TYPE.match(rest):
        return b"", rest
    quoted = False
    for at, byte in enumerate(rest):
        if byte == 0x22 and rest[at - 1 : at] != b"\\":
            quoted = not quoted
        elif byte in b" \t" and not quoted:
            return rest[:at], rest[at:].lstrip(_BLANK)
    raise _BadLineError("A quotation mark is never closed." if quoted else "The line has no key.")


def _principals(field: bytes, *, authority: bool) -> tuple[str, ...]:
    if not field.isascii():
        raise _BadLineError("A principal is not in ASCII.", kind="pattern")
    names = field.decode("ascii").split(",")
    for name in names:
        if not _PRINCIPAL.fullmatch(name):
            raise _BadLineError("A principal is empty, or holds white space or control characters.")
        if WILDCARDS & set(name) and not authority:
            # A certificate names its holder itself, so an authority's line may be a pattern.
            raise _BadLineError(f"The principal {name} is a pattern; principals must be exact.", kind="pattern")
    return tuple(dict.fromkeys(names))


def _key(text: bytes) -> SshPublicKey:
    words = text.split(None, 2)
    if len(words) < 2:
        raise _BadLineError("The line has no key.")
    try:
        blob = decode_key(words[1])
        if WireReader(blob).string() != words[0]:
            raise _BadLineError("The key is not of the type that stands before it.")
        key = parse_public_key(blob)
    except MalformedWireError as error:
        raise _BadLineError(f"The key cannot be read: {error}.") from error
    if key.weakness:
        raise _BadLineError(f"The key is too weak: {key.weakness}.", kind="weak-key")
    return key


def _shared_keys(signers: list[AllowedSigner], path: str) -> Iterator[TrustProblem]:
    holders: dict[bytes, tuple[str, ...]] = {}
    for signer in signers:
        if signer.options.authority:
            continue
        before = holders.get(signer.key.blob, ())
        names = tuple(dict.fromkeys((*before, *signer.principals)))
        holders[signer.key.blob] = names
        if len(names) > 1 and names != before:
            text = f"The key {signer.key.fingerprint} is listed for more than one principal: {', '.join(names)}."
            yield TrustProblem(path, signer.line, "shared-key", text, names)


def _look_alikes(signers: list[AllowedSigner], path: str) -> Iterator[TrustProblem]:
    spellings: dict[str, str] = {}
    for signer in signers:
        for name in signer.principals:
            known = spellings.setdefault(name.lower(), name)
            if known != name:
                text = f"{known} and {name} differ in upper and lower case only."
                yield TrustProblem(path, signer.line, "look-alike", text, (known, name))
