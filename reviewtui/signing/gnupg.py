"""What GnuPG says on its status channel (its doc/DETAILS), and what that makes of one signature.

Exit statuses are not enough: gpg ends with 0 for a signature by a revoked key.
"""

from __future__ import annotations

from reviewtui.values import dataclass

_PREFIX = "[GNUPG:] "
_BROKEN_HASHES = {"1": "MD5", "2": "SHA-1", "3": "RIPEMD-160"}
_DSA = "17"
_FLAWS = {
    "REVKEYSIG": ("revoked-key", "the key is revoked"),
    "EXPKEYSIG": ("expired-key", "the key has expired"),
    "EXPSIG": ("bad-signature", "the signature itself has expired"),
    "BADSIG": ("bad-signature", "the key did not sign this"),
}


@dataclass(frozen=True, slots=True)
class StatusLine:
    """One status: its keyword and its fields."""

    keyword: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignatureFinding:
    """What was found of one signature. `reason` is empty where it is good; fingerprints where they are known.

    `primary` is the fingerprint of the key as a whole, `fingerprint` that of the part which signed.
    """

    reason: str
    detail: str = ""
    fingerprint: str = ""
    primary: str = ""


def status_lines(text: str) -> tuple[StatusLine, ...]:
    """The status lines among everything a GnuPG program wrote."""
    found = []
    for line in text.split("\n"):
        if line.startswith(_PREFIX):
            keyword, *fields = line.removeprefix(_PREFIX).rstrip("\r").split(" ")
            found.append(StatusLine(keyword, tuple(fields)))
    return tuple(found)


def judge(lines: tuple[StatusLine, ...]) -> SignatureFinding:
    """What the status of a verification says of the one signature it must be about.

    Good is exactly one GOODSIG and one VALIDSIG, over a binary document, by nothing weak, with no word against it.
    """
    by_keyword: dict[str, list[StatusLine]] = {}
    for line in lines:
        by_keyword.setdefault(line.keyword, []).append(line)
    valid = by_keyword.get("VALIDSIG", [])
    fingerprint, primary = _fingerprints(valid)
    if len(valid) > 1 or len(by_keyword.get("NEWSIG", [])) > 1:
        return SignatureFinding("bad-signature", "there is more than one signature")
    for keyword, (reason, detail) in _FLAWS.items():
        if keyword in by_keyword:
            return SignatureFinding(reason, detail, fingerprint, primary)
    if "NO_PUBKEY" in by_keyword:
        return SignatureFinding("unknown-key", "the key is not among the trusted keys")
    if len(by_keyword.get("GOODSIG", [])) != 1 or len(valid) != 1:
        return SignatureFinding("bad-signature", "the signature cannot be verified", fingerprint, primary)
    reason, detail = _weakness(valid[0].fields)
    return SignatureFinding(reason, detail, fingerprint, primary)


def _fingerprints(valid: list[StatusLine]) -> tuple[str, str]:
    if len(valid) != 1 or not valid[0].fields:
        return "", ""
    fields = valid[0].fields
    return fields[0], fields[9] if len(fields) > 9 else fields[0]


def _weakness(fields: tuple[str, ...]) -> tuple[str, str]:
    if len(fields) < 9:
        return "bad-signature", "the signature cannot be verified"
    algorithm, digest, kind = fields[6], fields[7], fields[8]
    if digest in _BROKEN_HASHES:
        return "weak-key", f"the signature is over {_BROKEN_HASHES[digest]}"
    if algorithm == _DSA:
        return "weak-key", "DSA is broken"
    if kind != "00":
        return "bad-signature", "the signature is not over a binary document"
    return "", ""
