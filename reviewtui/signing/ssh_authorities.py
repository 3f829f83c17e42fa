"""For whom an SSH certificate speaks, by the lines of allowed_signers that trust its authority."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from reviewtui.signing.allowed_signers import AllowedSigner
from reviewtui.signing.certificates import USER_CERTIFICATE, SshCertificate
from reviewtui.signing.patterns import WILDCARDS, matches_pattern_list
from reviewtui.values import dataclass


@dataclass(frozen=True, slots=True)
class Certified:
    """`names` is the one principal, whom `lines` trust the authority for; or a `reason` why there is none.

    Where the certificate alone is not in force, `names` says whose it is, beside the reason.
    """

    names: tuple[str, ...] = ()
    lines: tuple[AllowedSigner, ...] = ()
    reason: str = ""
    detail: str = ""


def judge_certificate(certificate: SshCertificate, lines: tuple[AllowedSigner, ...], *, now: datetime) -> Certified:
    """Whether it is for signing, names one principal that the authority's `lines` fit, and is in force now.

    Whether its authority really signed it, and who is revoked, is for the caller to ask.
    """
    flaw = "no line trusts its authority" if not lines else _flaw(certificate)
    names = tuple(name for name in _names(certificate) if any(_fits(line, name) for line in lines))
    if not flaw and not names:
        flaw = "its authority is not trusted for the names in the certificate"
    if not flaw and len(names) > 1:
        flaw = f"its certificate names more than one principal: {', '.join(names)}"
    if flaw:
        return Certified(reason="unknown-key", detail=flaw)
    lines = tuple(line for line in lines if _fits(line, names[0]))
    moment = int(now.timestamp())
    if certificate.valid_after <= moment < certificate.valid_before:
        return Certified(names, lines)
    reason = "not-yet-valid-key" if moment < certificate.valid_after else "expired-key"
    return Certified(names, lines, reason, "the certificate is not in force")


def is_for_signing(certificate: SshCertificate) -> bool:
    """Whether an authority that is trusted could make it count, as far as its purpose goes."""
    return not _flaw(certificate)


def names_spelt_out(lines: Iterable[AllowedSigner]) -> tuple[str, ...] | None:
    """Everybody whom authorities' lines let them certify; None where a pattern of a line fits any number of names."""
    found: dict[str, None] = {}
    for line in lines:
        wanted = [name for name in line.principals if not name.startswith("!")]
        if any(WILDCARDS & set(name) for name in wanted):
            return None
        found |= dict.fromkeys(name for name in wanted if _fits(line, name))
    return tuple(found)


def _flaw(certificate: SshCertificate) -> str:
    if certificate.kind != USER_CERTIFICATE:
        return "its certificate is a host's"
    if certificate.critical_options:
        return "its certificate has critical options, which mean nothing to a signature"
    return ""


def _names(certificate: SshCertificate) -> tuple[str, ...]:
    words = (raw.decode("ascii", "replace") for raw in certificate.principals)
    return tuple(dict.fromkeys(word for word in words if word.isascii() and word.isprintable() and " " not in word))


def _fits(line: AllowedSigner, name: str) -> bool:
    return matches_pattern_list(name, ",".join(line.principals))
