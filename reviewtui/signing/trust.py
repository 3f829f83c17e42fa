"""TrustedSigners: which principal a key speaks for, and so what a signature is worth.

Judging an SSH signature, step by step; the first that fails gives the reason:
1. It can be read, and the keyid that stands beside it is its key's           → bad-signature
2. Its namespace is the one that was asked for                                → wrong-namespace
3. Neither its key nor its algorithm (nor its authority's) is weak            → weak-key
4. A record is hashed with SHA-512, and the key really signed the message     → bad-signature
5. Neither key nor certificate nor authority is revoked; an unreadable list of
   revocations revokes all                                                    → revoked-key
6. A line of allowed_signers names the key, or an authority that certified it → unknown-key
7. That line allows the namespace                                             → wrong-namespace
8. That line (and the certificate) is in force now, whatever time the signer
   claims                                                                     → not-yet-valid-key, expired-key
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from reviewtui.signing.allowed_signers import AllowedSigner, AllowedSigners, TrustProblem
from reviewtui.signing.armor import MalformedArmorError, SignatureScheme, dearmor
from reviewtui.signing.certificates import SshCertificate
from reviewtui.signing.patterns import matches_pattern_list
from reviewtui.signing.revoked import REVOKED_KEYS_PATH, RevokedKeys, UnreadableRevocationsError
from reviewtui.signing.scheme import NAMESPACE, SignatureStatus, Signer, Verification
from reviewtui.signing.ssh_authorities import Certified, judge_certificate, names_spelt_out
from reviewtui.signing.ssh_keys import USER_PRESENT, USER_VERIFIED, SshPublicKey, WeakAlgorithmError
from reviewtui.signing.sshsig import MAGIC, SshCheck, SshSignature, default_check, parse_sshsig
from reviewtui.signing.wire import MalformedWireError
from reviewtui.values import dataclass, replace

if TYPE_CHECKING:
    from reviewtui.signing.openpgp_trust import OpenPgpKeys
    from reviewtui.signing.x509_trust import X509Keys

_X509_PREFIX = "x509:"
_TIME_REASONS = {"not-yet-valid-key": "the key is not valid yet", "expired-key": "the key has expired"}


@dataclass(frozen=True, slots=True)
class TrustFiles:
    """The bytes of the files below .reviewtui/ that say whom to trust; None or empty where there is none."""

    allowed_signers: bytes | None = None
    revoked_keys: bytes | None = None
    openpgp: tuple[bytes, ...] = ()
    x509: tuple[bytes, ...] = ()
    x509_revoked: bytes | None = None


class TrustedSigners:
    """A Verifier: whom the trusted branch trusts, judged at one moment."""

    def __init__(
        self, allowed: AllowedSigners, revoked: RevokedKeys | None, *, now: datetime, check: SshCheck | None = None
    ) -> None:
        """`revoked` None: the list cannot be read, and revokes all. `check` does the arithmetic of SSH signatures."""
        self._allowed = allowed
        self._revoked = revoked
        self._now = now
        self._check = check if check is not None else default_check()
        self._fingerprints = allowed.fingerprints()
        self._openpgp: OpenPgpKeys | None = None
        self._x509: X509Keys | None = None
        self._certified: dict[str, tuple[str, ...]] = {}
        self.problems: tuple[TrustProblem, ...] = allowed.problems

    @classmethod
    def load(cls, files: TrustFiles, *, now: datetime, check: SshCheck | None = None) -> TrustedSigners:
        """Reads the trust files. Nothing is raised: what is wrong with them is in `problems`, which close the gate."""
        allowed = AllowedSigners.parse(files.allowed_signers or b"")
        revoked: RevokedKeys | None = RevokedKeys()
        problems: list[TrustProblem] = []
        if files.revoked_keys is not None:
            try:
                revoked = RevokedKeys.parse(files.revoked_keys)
            except UnreadableRevocationsError as error:
                revoked = None
                text = f"The list of revoked keys cannot be used: {error}."
                problems.append(TrustProblem(REVOKED_KEYS_PATH, 0, "unreadable", text))
        trusted = cls(allowed, revoked, now=now, check=check)
        trusted.problems += tuple(problems)
        if files.openpgp:
            # A hook that meets SSH signatures alone never pays for the modules that start gpg.
            from reviewtui.signing.openpgp_trust import OpenPgpKeys

            trusted.add_openpgp(OpenPgpKeys(files.openpgp, now=now))
        if files.x509 or files.x509_revoked is not None:
            from reviewtui.signing.x509_trust import X509Keys

            trusted.add_x509(X509Keys(files.x509, revoked=files.x509_revoked, now=now))
        return trusted

    def add_openpgp(self, keys: OpenPgpKeys) -> None:
        """Trusts these keys too."""
        self._openpgp = keys
        self.problems += keys.problems
        self._fingerprints = {**self._fingerprints, **keys.fingerprints()}

    def add_x509(self, keys: X509Keys) -> None:
        """Trusts these certificates too."""
        self._x509 = keys
        self.problems += keys.problems
        self._fingerprints = {**self._fingerprints, **keys.fingerprints()}

    def verify(self, message: bytes, signature: bytes, *, keyid: str, namespace: str = NAMESPACE) -> Verification:
        """What a raw signature over a message is worth. An empty keyid (a tag has none) fits every key."""
        if signature.startswith(MAGIC):
            return self._verify_ssh(message, signature, keyid=keyid, namespace=namespace)
        if keyid.startswith(_X509_PREFIX) or _is_x509(signature):
            if self._x509 is None:
                return _unknown(keyid, "no X.509 certificates are trusted here")
            return self._x509.verify(message, signature, keyid=keyid)
        if self._openpgp is None:
            return _unknown(keyid, "no OpenPGP keys are trusted here")
        return self._openpgp.verify(message, signature, keyid=keyid)

    def verify_armored(self, message: bytes, block: bytes, *, namespace: str = "git") -> Verification:
        """The same for the text block at the end of a tag, or in the header of a commit."""
        try:
            found = dearmor(block)
        except MalformedArmorError as error:
            return _bad("", "bad-signature", str(error))
        is_x509 = found.scheme is SignatureScheme.X509
        if (found.scheme is SignatureScheme.SSH) != found.raw.startswith(MAGIC) or is_x509 != _is_x509(found.raw):
            return _bad("", "bad-signature", "the block holds another signature than it says")
        return self.verify(message, found.raw, keyid="", namespace=namespace)

    def known_principals(self) -> frozenset[str] | None:
        """Everybody who has a key, or whom a trusted authority may give one; None where that may be anybody."""
        if self._x509 is not None and self._x509.trusts_authorities:
            return None
        if names_spelt_out(self._authority_lines()) is None:
            return None
        return frozenset(name for names in self.holders().values() for name in names)

    def holders(self) -> Mapping[str, tuple[str, ...]]:
        """Every listed key's fingerprint and its principals; and every SSH authority's, with the names (no patterns)
        that it may certify."""
        found = dict(self._fingerprints)
        for line in self._authority_lines():
            names = (*found.get(line.key.fingerprint, ()), *(names_spelt_out((line,)) or ()))
            found[line.key.fingerprint] = tuple(dict.fromkeys(names))
        return found

    def authorities(self) -> tuple[tuple[str, str], ...]:
        """Each that may certify others: its fingerprint, and the list of patterns that whom it certifies must fit."""
        found = [(line.key.fingerprint, ",".join(line.principals)) for line in self._authority_lines()]
        return (*found, *((each, "*") for each in (self._x509.authorities() if self._x509 is not None else ())))

    def principals_of(self, keyid: str) -> tuple[str, ...]:
        """The exact names that a key is listed for, whatever else its lines say; or that its certificate names, once an
        authority's certificate was seen to sign."""
        listed = self.fingerprints().get(keyid, ()) or self._certified.get(keyid, ())
        return listed or (self._x509.certified(keyid) if self._x509 else ())

    def principals_of_signer(self, signer: Signer) -> tuple[str, ...]:
        """Whom the user's own key is going to speak for, before it has signed anything."""
        expected = self.expected(signer)
        return expected.principals if expected.status is SignatureStatus.GOOD else ()

    def expected(self, signer: Signer) -> Verification:
        """What records by the user's own key are going to be worth, as far as that can be told before it has signed."""
        if signer.certificate is not None:
            return self._expected_of(signer.certificate)
        names = self.fingerprints().get(signer.keyid, ())
        if not names and self._x509 is not None and signer.keyid.startswith(_X509_PREFIX):
            names = self._x509.certified(signer.keyid) or self._x509.would_certify(signer.public_key().encode())
        if not names:
            return _unknown(signer.keyid, "")
        return Verification(SignatureStatus.GOOD, signer.keyid, names)

    def fingerprints(self) -> Mapping[str, tuple[str, ...]]:
        """Every listed key's fingerprint, and the principals it is listed for. Authorities are no signers."""
        return self._fingerprints

    def _verify_ssh(self, message: bytes, blob: bytes, *, keyid: str, namespace: str) -> Verification:
        try:
            signature = parse_sshsig(blob)  # 1
        except WeakAlgorithmError as error:
            return _bad(keyid, "weak-key", str(error))
        except MalformedWireError as error:
            return _bad(keyid, "bad-signature", str(error))
        reason, detail = self._flaw(signature, message, keyid=keyid, namespace=namespace)
        if reason:
            return _judged(signature, SignatureStatus.BAD, reason, detail)
        if signature.certificate is not None:
            return self._judge_certificate(signature, signature.certificate)
        return self._judge_key(signature)

    def _flaw(self, signature: SshSignature, message: bytes, *, keyid: str, namespace: str) -> tuple[str, str]:
        if keyid and keyid != signature.key.fingerprint:  # 1
            return "bad-signature", f"it was made by {signature.key.fingerprint}"
        if signature.namespace != namespace:  # 2
            return "wrong-namespace", f"it was made for {signature.namespace}"
        weakness = _weakness(signature.key, signature.certificate)
        if weakness:  # 3
            return "weak-key", weakness
        if namespace == NAMESPACE and signature.hash_algorithm != "sha512":  # 4
            return "bad-signature", f"a record is hashed with sha512, not {signature.hash_algorithm}"
        if not self._check.is_valid(signature, message):
            return "bad-signature", "the key did not sign this"
        return self._revocation(signature.key, signature.certificate)

    def _revocation(self, key: SshPublicKey, certificate: SshCertificate | None) -> tuple[str, str]:
        if self._revoked is None:  # 5
            return "revoked-key", f"{REVOKED_KEYS_PATH} cannot be read"
        return ("revoked-key", "") if self._revoked.holds(key, certificate) else ("", "")

    def _judge_key(self, signature: SshSignature) -> Verification:
        lines = self._allowed.lines_of(signature.key)
        if not lines:  # 6
            return _judged(signature, SignatureStatus.UNKNOWN_KEY, "unknown-key", "the key is no allowed signer's")
        return self._judge_lines(signature, lines, self.fingerprints()[signature.key.fingerprint])

    def _judge_lines(
        self, signature: SshSignature, lines: tuple[AllowedSigner, ...], principals: tuple[str, ...]
    ) -> Verification:
        reason, detail = self._flaw_of_lines(lines, signature.namespace)
        if reason:
            return _judged(signature, SignatureStatus.BAD, reason, detail, principals)
        in_force = [line for line in lines if _allows(line, signature.namespace) and not line.validity(self._now)]
        names = dict.fromkeys(name for line in in_force for name in line.principals if name in principals)
        return _judged(signature, SignatureStatus.GOOD, "", "", tuple(names))

    def _flaw_of_lines(self, lines: tuple[AllowedSigner, ...], namespace: str) -> tuple[str, str]:
        lines = tuple(line for line in lines if _allows(line, namespace))
        if not lines:  # 7
            return "wrong-namespace", f"the key is not allowed to sign for {namespace}"
        validities = [line.validity(self._now) for line in lines]
        if "" not in validities:  # 8
            return validities[0], _TIME_REASONS[validities[0]]
        return "", ""

    def _judge_certificate(self, signature: SshSignature, certificate: SshCertificate) -> Verification:
        found = self._certified_by_lines(certificate, signature.namespace)
        if found.reason:  # 6, 7, 8
            return _judged(signature, _status(found.reason), found.reason, found.detail, found.names)
        keyid = signature.key.fingerprint
        self._certified[keyid] = tuple(dict.fromkeys((*self._certified.get(keyid, ()), *found.names)))
        detail = f"certified by {certificate.authority.fingerprint}"
        return _judged(signature, SignatureStatus.GOOD, "", detail, found.names)

    def _certified_by_lines(self, certificate: SshCertificate, namespace: str) -> Certified:
        found = judge_certificate(certificate, self._allowed.authorities(certificate.authority), now=self._now)
        if found.reason:
            return found
        reason, detail = self._flaw_of_lines(found.lines, namespace)
        return replace(found, reason=reason, detail=detail)

    def _expected_of(self, certificate: SshCertificate) -> Verification:
        """Whether its authority signed it is left out: the program that signs reads no certificate that nobody did."""
        keyid, weakness = certificate.key.fingerprint, _weakness(certificate.key, certificate)
        reason, detail = ("weak-key", weakness) if weakness else self._revocation(certificate.key, certificate)
        found = Certified() if reason else self._certified_by_lines(certificate, NAMESPACE)
        reason, detail = reason or found.reason, detail or found.detail
        if reason == "revoked-key":
            detail = detail or "the key, its certificate or the authority is revoked"
        return Verification(_status(reason), keyid, found.names, reason, detail, certificate.key.type)

    def _authority_lines(self) -> Iterator[AllowedSigner]:
        return (line for line in self._allowed.signers if line.options.authority)


def _status(reason: str) -> SignatureStatus:
    if not reason:
        return SignatureStatus.GOOD
    return SignatureStatus.UNKNOWN_KEY if reason == "unknown-key" else SignatureStatus.BAD


def _weakness(key: SshPublicKey, certificate: SshCertificate | None) -> str:
    return key.weakness or (certificate.authority.weakness if certificate is not None else "")


def _is_x509(signature: bytes) -> bool:
    """Whether it begins as every CMS signature does, and no OpenPGP signature."""
    return signature[:1] == b"\x30"


def _allows(line: AllowedSigner, namespace: str) -> bool:
    return line.options.namespaces is None or matches_pattern_list(namespace, line.options.namespaces)


def _bad(keyid: str, reason: str, detail: str) -> Verification:
    return Verification(SignatureStatus.BAD, keyid, reason=reason, detail=detail)


def _unknown(keyid: str, detail: str) -> Verification:
    return Verification(SignatureStatus.UNKNOWN_KEY, keyid, reason="unknown-key", detail=detail)


def _judged(
    signature: SshSignature, status: SignatureStatus, reason: str, detail: str, principals: tuple[str, ...] = ()
) -> Verification:
    flags = signature.signature.flags
    return Verification(
        status,
        signature.key.fingerprint,
        principals,
        reason,
        detail,
        signature.key.type,
        user_present=None if flags is None else bool(flags & USER_PRESENT),
        user_verified=None if flags is None else bool(flags & USER_VERIFIED),
        counter=signature.signature.counter,
    )
