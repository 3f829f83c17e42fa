"""DIFFERENCES: every point in which a signature that ssh-keygen accepts is refused here, and why.

A differential test against ssh-keygen allows no other; the README prints this table.
"""

from __future__ import annotations

from reviewtui.values import dataclass


@dataclass(frozen=True, slots=True)
class Difference:
    """One point in which we are stricter. `reason` is the reason given, "" where a trust file has a problem instead."""

    name: str
    what: str
    why: str
    reason: str = "bad-signature"


DIFFERENCES = (
    Difference("dsa", "DSA keys", "1,024 bits and SHA-1 are broken; OpenSSH 10 dropped them", "weak-key"),
    Difference(
        "small-rsa", "RSA keys below 2,048 bits, or with an exponent below 3", "they can be factored", "weak-key"
    ),
    Difference("small-order", "Ed25519 points of small order", "anybody can sign by them", "weak-key"),
    Difference("sha1-authority", "certificates signed with RSA over SHA-1", "collisions can be made", "weak-key"),
    Difference("webauthn", "signatures made by a web browser's token", "what the browser adds is not checked here"),
    Difference("version-0", "SSHSIG version 0", "it does not exist"),
    Difference("reserved", "a reserved field that is not empty", "it is not signed: a second spelling"),
    Difference("integers", "integers not in their shortest form", "a second spelling, with another fingerprint"),
    Difference("ed25519-s", "Ed25519 signatures with S beyond the group's order", "a second spelling of a signature"),
    Difference("armor", "text after a signature block, or blanks in it", "a second spelling"),
    Difference("record-hash", "records over SHA-256 (Git's own signatures may be)", "the record's format says SHA-512"),
    Difference("keyid", "a record whose keyid names another key", "what is shown must be what signed"),
    Difference("certificate-options", "certificates with critical options", "they limit logins", "unknown-key"),
    Difference("certificate-names", "certificates for several principals", "one key, one principal", "unknown-key"),
    Difference("bad-lines", "a line of allowed_signers that cannot be read", "it may name who can veto", ""),
    Difference("patterns", "principals that are patterns (but for authorities)", "their holder takes any name", ""),
    Difference("shared-keys", "one key for several principals", "one person, one vote", ""),
    Difference(
        "short-types", "key types by nickname (RSA, ED25519), or certificates as keys, in the files", "unusual", ""
    ),
    Difference("impossible-dates", "dates such as 30 February", "OpenSSH reads the second of March", ""),
    Difference(
        "empty-revocations", "a list of revoked keys that revokes nothing", "somebody emptied it", "revoked-key"
    ),
)


def differences_table() -> str:
    """The table as the README prints it, in Markdown; every line ends with LF."""
    rows = [
        f"| {each.what} | {each.why} | {f'`{each.reason}`' if each.reason else 'closes the gate'} |"
        for each in DIFFERENCES
    ]
    return "\n".join(("| refused here | because | reason |", "|---|---|---|", *rows)) + "\n"
