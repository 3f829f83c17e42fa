"""X509Keys: the certificates of .reviewtui/x509/, and what a signature by one of them, or certified by one, is worth.

A certificate there with an e-mail address is that person's, and certifies nobody: whoever makes a certificate for
themselves must not thereby become an authority. One without is an authority's, or it is of no use.

Judging a signature, step by step; the first that fails gives the reason:
1. It can be read, it has the one spelling, and what it brings is certificates   → bad-signature, weak-key (its hash)
2. Its signer's certificate is in it or in the folder                            → unknown-key
3. The keyid that stands beside it is that certificate's, and nothing that it
   brings goes unused                                                            → bad-signature
4. Neither that certificate nor any that may have certified it is weak           → weak-key
5. gpgsm says that this certificate really signed the message                    → bad-signature
6. Neither that certificate nor one that may have certified it is revoked        → revoked-key
7. It is a person's of the folder, or gpgsm finds that an authority of the folder
   certified it; it is made for signing; it names one e-mail address             → unknown-key
8. It is in force now, and so are those that certified it                        → not-yet-valid-key, expired-key
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import datetime

from reviewtui.patterns import pattern
from reviewtui.signing.allowed_signers import TrustProblem
from reviewtui.signing.cms import CmsSignature, parse_cms
from reviewtui.signing.der import MalformedDerError
from reviewtui.signing.gnupg import StatusLine, judge
from reviewtui.signing.gpgsm import GpgsmHome
from reviewtui.signing.scheme import SignatureStatus, Verification
from reviewtui.signing.x509_certificates import X509Certificate, certificates_of_pem, parse_x509
from reviewtui.values import dataclass

X509_PATH = ".reviewtui/x509"
REVOKED_PATH = f"{X509_PATH}/revoked"
KEYID_PREFIX = "x509:"
_TOO_YOUNG = "102"
_REVOKED_LINE = pattern(r"(?:x509:)?([0-9A-F]{40}|[0-9A-F]{64})")
_TIME = {"not-yet-valid-key": "the certificate is not valid yet", "expired-key": "the certificate has expired"}


@dataclass(frozen=True, slots=True)
class _Case:
    """One signature with the certificates it is about; `ancestry` are all that may have certified the signer's."""

    cms: CmsSignature
    signer: X509Certificate
    brought: tuple[X509Certificate, ...]
    ancestry: tuple[X509Certificate, ...]


class X509Keys:
    """Verifies X.509 signatures by the certificates it was given, judged at one moment."""

    def __init__(self, files: tuple[bytes, ...], *, revoked: bytes | None = None, now: datetime) -> None:
        self._now = now
        self._known: dict[bytes, X509Certificate] = {}
        self._home: GpgsmHome | None = None
        self._certified: dict[str, tuple[str, ...]] = {}
        problems: list[TrustProblem] = []
        for number, data in enumerate(files, 1):
            problems += self._read(data, number)
        needed = ("gpgsm", "gpg-agent", "gpg-connect-agent") if self.trusts_authorities else ("gpgsm",)
        self._missing = next((name for name in needed if shutil.which(name) is None), "") if files else ""
        if self._missing:
            text = f"{self._missing} is not installed, so these certificates cannot be used."
            problems.append(TrustProblem(X509_PATH, 0, "tool-missing", text))
        self._revoked: frozenset[str] | None = frozenset()
        if revoked is not None:
            self._revoked = _revocations(revoked)
        if self._revoked is None:
            text = "The list of revoked certificates holds something that is no fingerprint, or nothing."
            problems.append(TrustProblem(REVOKED_PATH, 0, "unreadable", text))
        self.problems = tuple(problems)

    @property
    def trusts_authorities(self) -> bool:
        """Whether somebody may be trusted whose certificate is not among the files."""
        return bool(self.authorities())

    def authorities(self) -> tuple[str, ...]:
        """The key ids of those who may certify anybody."""
        return tuple(_keyid(each) for each in self._known.values() if _is_anchor(each))

    def fingerprints(self) -> dict[str, tuple[str, ...]]:
        """Every person's key id in a record, and the principals it speaks for. Authorities are no signers."""
        return {_keyid(each): each.emails for each in self._known.values() if each.emails and not each.key_weakness}

    def certified(self, keyid: str) -> tuple[str, ...]:
        """The principal of a certificate that was verified here before."""
        return self._certified.get(keyid, ())

    def would_certify(self, pem: bytes) -> tuple[str, ...]:
        """Whom the first of these certificates speaks for if it is what it says: nothing is verified."""
        try:
            found = [parse_x509(each) for each in certificates_of_pem(pem)]
        except MalformedDerError:
            return ()
        ancestry = _ancestry(found[0], tuple({each.der: each for each in (*self._known.values(), *found)}.values()))
        is_certified = any(_is_anchor(each) and each.der in self._known for each in ancestry)
        return found[0].emails if is_certified and len(found[0].emails) == 1 else ()

    def verify(self, message: bytes, signature: bytes, *, keyid: str) -> Verification:
        """What an X.509 signature over a message is worth. Raises: SigningError where gpgsm cannot be asked."""
        try:
            cms = parse_cms(signature)  # 1
            brought = tuple(parse_x509(each) for each in cms.certificates)
        except MalformedDerError as error:
            return _judged(keyid, "bad-signature", f"it is not one detached X.509 signature: {error}")
        if cms.weakness:
            return _judged(keyid, "weak-key", cms.weakness)
        if not self._known or self._missing:
            return _judged(keyid, "unknown-key", f"no certificate of {X509_PATH} can be used")
        every = tuple({each.der: each for each in (*self._known.values(), *brought)}.values())
        signers = [each for each in every if (each.issuer, each.serial) == (cms.issuer, cms.serial)]
        if not signers:  # 2
            return _judged(keyid, "unknown-key", "its certificate is neither in it nor among the trusted ones")
        case = _Case(cms, signers[0], brought, _ancestry(signers[0], every))
        reason, detail = self._flaw(case, keyid) if len(signers) == 1 else _TWO_SIGNERS
        if not reason:
            said = self._gpgsm().verify(message, signature, now=self._now)
            reason, detail = self._finding(case, said)
        if reason:
            return _judged(_keyid(case.signer), reason, detail)
        self._certified[_keyid(case.signer)] = case.signer.emails
        return Verification(SignatureStatus.GOOD, _keyid(case.signer), case.signer.emails, algorithm="x509")

    def _flaw(self, case: _Case, keyid: str) -> tuple[str, str]:
        made_by = _keyid(case.signer)
        if keyid not in ("", made_by):  # 3
            return "bad-signature", f"it was made by {made_by}"
        strangers = [each for each in case.brought if each.der not in self._known and each is not case.signer]
        if any(not _is_the_only_one(each, case.ancestry) for each in strangers):
            return "bad-signature", "it brings a certificate that nothing needs"
        if case.signer.key_weakness:  # 4
            return "weak-key", case.signer.key_weakness
        for each in (case.signer, *case.ancestry):
            # What a folder's own certificate says of itself is trusted as the folder is.
            weakness = each.key_weakness or (each.signature_weakness if each.der not in self._known else "")
            if weakness:
                return "weak-key", f"{each.name or each.fingerprint}: {weakness}"
        return "", ""

    def _finding(self, case: _Case, said: tuple[StatusLine, ...]) -> tuple[str, str]:
        finding = judge(said)
        by_keyword = {line.keyword: line for line in said}
        if finding.reason not in ("", "expired-key"):  # 5
            return finding.reason, finding.detail
        if finding.fingerprint != case.signer.fingerprint or by_keyword.keys() & {"BADSIG", "ERRSIG"}:
            return "bad-signature", "another certificate signed it, or none"
        if self._is_revoked((case.signer, *case.ancestry)):  # 6
            return "revoked-key", "" if self._revoked is not None else f"{REVOKED_PATH} cannot be read"
        certified = "TRUST_FULLY" in by_keyword and any(
            _is_anchor(each) and each.der in self._known for each in case.ancestry
        )
        is_listed = case.signer.der in self._known and bool(case.signer.emails)
        if is_listed or certified:  # 7
            return self._finding_of_known(case, said, certified=certified, expired=bool(finding.reason))
        return self._finding_of_stranger(case, by_keyword)

    def _finding_of_known(
        self, case: _Case, said: tuple[StatusLine, ...], *, certified: bool, expired: bool
    ) -> tuple[str, str]:
        if any(line.keyword == "ERROR" for line in said):
            return "unknown-key", "its certificate is not made for signing"
        if len(case.signer.emails) != 1:
            names = ", ".join(case.signer.emails) or "none"
            return "unknown-key", f"its certificate must name one e-mail address, and names {names}"
        if not certified and any(each.der not in self._known and each is not case.signer for each in case.brought):
            return "bad-signature", f"it brings a certificate that no authority of {X509_PATH} vouches for"
        reason = case.signer.validity(self._now)  # 8
        if not reason and expired and not (case.signer.der in self._known and case.signer.emails):
            return "expired-key", "a certificate that certified it has expired"
        return reason, _TIME.get(reason, "")

    def _finding_of_stranger(self, case: _Case, by_keyword: dict[str, StatusLine]) -> tuple[str, str]:
        roots = [each for each in case.ancestry if each.is_root]
        undefined = by_keyword.get("TRUST_UNDEFINED")
        is_young = undefined is not None and undefined.fields[:1] == (_TOO_YOUNG,)
        if is_young and any(_is_anchor(each) and each.der in self._known for each in roots):
            return "not-yet-valid-key", "it, or a certificate that certified it, is not valid yet"
        if any(each.emails and each.der in self._known for each in roots):
            detail = "its authority's certificate names an e-mail address, so it is trusted as a person's alone"
            return "unknown-key", detail
        return "unknown-key", f"no authority of {X509_PATH} certifies it"

    def _is_revoked(self, certificates: Iterable[X509Certificate]) -> bool:
        revoked = self._revoked
        return revoked is None or any(
            each.fingerprint in revoked or each.sha256.upper() in revoked for each in certificates
        )

    def _gpgsm(self) -> GpgsmHome:
        if self._home is None:
            known = self._known.values()
            anchors = [each.fingerprint for each in known if _is_anchor(each)]
            self._home = GpgsmHome([each.der for each in known], authorities=anchors)
        return self._home

    def _read(self, data: bytes, number: int) -> list[TrustProblem]:
        path = f"{X509_PATH} (file {number})"
        try:
            found = [parse_x509(der) for der in certificates_of_pem(data)]
        except MalformedDerError as error:
            text = f"The file is no file of certificates in PEM format: {error}."
            return [TrustProblem(path, 0, "unreadable", text)]
        self._known |= {each.der: each for each in found}
        return [problem for each in found if (problem := _problem(path, each))]


_TWO_SIGNERS = ("bad-signature", "two certificates have the issuer and number of its signer's")


def _problem(path: str, certificate: X509Certificate) -> TrustProblem | None:
    name, emails = f"The certificate {certificate.fingerprint}", certificate.emails
    if certificate.key_weakness:
        return TrustProblem(path, 0, "weak-key", f"{name} is too weak: {certificate.key_weakness}.")
    if not certificate.is_root and certificate.signature_weakness and not emails:
        return TrustProblem(path, 0, "weak-key", f"{name} is too weak: {certificate.signature_weakness}.")
    if len(emails) > 1:
        text = f"{name} has more than one principal: {', '.join(emails)}."
        return TrustProblem(path, 0, "shared-key", text, emails)
    if not emails and not certificate.is_authority:
        return TrustProblem(path, 0, "unreadable", f"{name} names no e-mail address, and is no authority's.")
    return None


def _is_anchor(certificate: X509Certificate) -> bool:
    """Whether a certificate of the folder is an authority's that stands by itself."""
    return certificate.is_root and certificate.is_authority and not certificate.emails and not certificate.key_weakness


def _ancestry(signer: X509Certificate, every: tuple[X509Certificate, ...]) -> tuple[X509Certificate, ...]:
    """Every certificate whose name is that of an issuer, up to the roots: those that certified it, and look-alikes."""
    found: dict[bytes, X509Certificate] = {}
    issuers = {signer.issuer}
    while True:
        more = [each for each in every if each.subject in issuers and each.der not in found and each is not signer]
        if not more:
            return tuple(found.values())
        found |= {each.der: each for each in more}
        issuers |= {each.issuer for each in more}


def _is_the_only_one(certificate: X509Certificate, ancestry: tuple[X509Certificate, ...]) -> bool:
    """Whether it is needed, and no other could stand for it: then what gpgsm verified is this one."""
    return [each for each in ancestry if each.subject == certificate.subject] == [certificate]


def _revocations(data: bytes) -> frozenset[str] | None:
    """The fingerprints, one a line; None where a line is none, or where there is none at all: then all are revoked."""
    lines = [line.strip() for line in data.decode("utf-8", "replace").split("\n")]
    found = [_REVOKED_LINE.fullmatch(line) for line in lines if line and not line.startswith("#")]
    if not found or None in found:
        return None
    return frozenset(match[1] for match in found if match)


def _keyid(certificate: X509Certificate) -> str:
    return KEYID_PREFIX + certificate.fingerprint


def _judged(keyid: str, reason: str, detail: str) -> Verification:
    status = SignatureStatus.UNKNOWN_KEY if reason == "unknown-key" else SignatureStatus.BAD
    return Verification(status, keyid, (), reason, detail, "x509")
