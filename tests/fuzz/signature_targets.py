"""What may be done to the readers of records, signatures and keys."""

# ruff: noqa: PT017 (a target states its laws on what was raised, too; it runs without pytest)
from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache

from reviewtui.git.objects import ObjectId
from reviewtui.review import decode_review, encode_review
from reviewtui.signing.allowed_signers import AllowedSigners
from reviewtui.signing.armor import MalformedArmorError, armor, dearmor
from reviewtui.signing.certificates import parse_certificate
from reviewtui.signing.cms import parse_cms
from reviewtui.signing.der import MalformedDerError
from reviewtui.signing.envelope import Envelope, MalformedEnvelopeError, Signature
from reviewtui.signing.in_process import InProcessCheck
from reviewtui.signing.patterns import matches_pattern_list
from reviewtui.signing.revoked import RevokedKeys, UnreadableRevocationsError
from reviewtui.signing.scheme import SignatureStatus, Verification
from reviewtui.signing.ssh_keys import KeySignature, WeakAlgorithmError, parse_key_text, parse_public_key
from reviewtui.signing.sshsig import MAGIC, parse_sshsig
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.signing.wire import MalformedWireError, wire_mpint, wire_string
from reviewtui.signing.x509_certificates import parse_x509
from reviewtui.statement import MalformedRecordError, strict_json
from reviewtui.verification import VerificationContext, VerifiedReview, verify_review
from tests.fuzz import seeds

NOW = datetime(2026, 3, 1, tzinfo=UTC)
_RECORD_REASONS = frozenset(("malformed", "unsupported-version", "over-limit", "bad-subject"))
_LINE_REASONS = _RECORD_REASONS | frozenset(
    ("subject-commit-mismatch", "subject-model-mismatch", "subject-version-mismatch", "repository-mismatch",
     "bad-signature", "wrong-namespace", "unknown-key", "weak-key", "revoked-key", "expired-key",
     "not-yet-valid-key", "reviewer-key-mismatch", "broken-chain")
)  # fmt: skip


def envelope(data: bytes) -> None:
    """A line of a note → Envelope; what is written from it is read back the same, and is one ASCII word."""
    try:
        found = Envelope.from_line(data)
    except MalformedEnvelopeError as error:
        assert error.reason in ("malformed", "over-limit")
        return
    line = found.to_line()
    assert Envelope.from_line(line) == found
    assert line.isascii() and not line.split()[1:] and len(line) <= len(data)
    kind = len(found.payload_type)
    head = b"DSSEv1 %d %b %d " % (kind, found.payload_type.encode(), len(found.payload))
    assert found.signed_bytes() == head + found.payload
    for junk in (b" ", b"\n", b"x", b"}"):
        assert not _is_envelope(line + junk) and not _is_envelope(junk + line)


def record(data: bytes) -> None:
    """A line, whoever signed it: a documented reason. The same bytes as a payload that a trusted key signed: too."""
    commit = ObjectId(seeds.COMMIT)
    stranger = VerificationContext(seeds.REPOSITORY, TrustedSigners.load(TrustFiles(), now=NOW), frozenset())
    judged = verify_review(data, commit=commit, model="churn", version=None, context=stranger)
    assert not isinstance(judged, VerifiedReview) and judged.reason.partition(":")[0] in _LINE_REASONS
    signed = Envelope(data, "application/vnd.in-toto+json", (Signature("SHA256:dana", b"s"),)).to_line()
    trusted = VerificationContext(seeds.REPOSITORY, _EverySignatureIsDanas(), frozenset())
    judged = verify_review(signed, commit=commit, model="churn", version="1.4.0", context=trusted)
    if isinstance(judged, VerifiedReview):
        subject = judged.review.subject
        assert (subject.commit, subject.model, subject.repository) == (commit, "churn", seeds.REPOSITORY)
        assert judged.principal == judged.review.reviewer == "dana@example.com"
    else:
        assert judged.reason.partition(":")[0] in _LINE_REASONS
        judged.reason.encode("utf-8")


def statement(data: bytes) -> None:
    """A payload → Review; reading what is written from it gives the same; no value that another reader has not."""
    try:
        assert strict_json(data) == json.loads(data.decode("utf-8"))
        review = decode_review(data)
    except MalformedRecordError as error:
        assert error.reason in _RECORD_REASONS
        assert all(isinstance(each, str) for pair in error.claims.items() for each in pair)
        return
    try:
        payload = encode_review(review)
    except MalformedRecordError as error:
        assert error.reason == "over-limit"
        return
    assert decode_review(payload) == review


def sshsig(data: bytes) -> None:
    """An SSHSIG blob: what was read, written again, is the very same bytes; and it signs no other message."""
    try:
        found = parse_sshsig(data)
    except (MalformedWireError, WeakAlgorithmError):
        return
    certificate = found.certificate
    if certificate is not None:
        key_blob = certificate.covered + wire_string(_encoded(certificate.signature))
    else:
        key_blob = found.key.blob
    head = MAGIC + (1).to_bytes(4, "big") + wire_string(key_blob) + wire_string(found.namespace.encode())
    head += wire_string(b"") + wire_string(found.hash_algorithm.encode())
    if found.key.weakness or (certificate and certificate.authority.weakness):
        assert not InProcessCheck().is_valid(found, b"another message")
        return
    assert _same_but_for_rsa_padding(data, head + wire_string(_encoded(found.signature)), found.signature)
    assert not InProcessCheck().is_valid(found, b"another message")


def certificate(data: bytes) -> None:
    """A certificate or key in SSH's encoding, read to its last byte."""
    try:
        key = parse_public_key(data)
        assert key.blob == data and (key.weakness or _encoded_key(data) == data)
    except MalformedWireError:
        pass
    try:
        found = parse_certificate(data)
    except (MalformedWireError, WeakAlgorithmError):
        return
    assert data.startswith(found.covered) and len(found.principals) <= 256
    if not found.authority.weakness:
        written = found.covered + wire_string(_encoded(found.signature))
        assert _same_but_for_rsa_padding(data, written, found.signature)
    assert isinstance(InProcessCheck().has_signed(found.authority, found.signature, found.covered), bool)


def armored(data: bytes) -> None:
    """A block of a signature; and its key as text."""
    try:
        found = dearmor(data)
    except MalformedArmorError:
        pass
    else:
        assert dearmor(armor(found.scheme, found.raw)) == found or not found.raw
        trusted = TrustedSigners.load(TrustFiles(), now=NOW)
        assert trusted.verify_armored(b"another message", data).status is not SignatureStatus.GOOD
    try:
        blob, _ = parse_key_text(data)
        assert blob
    except MalformedWireError:
        pass


def verdict(data: bytes) -> None:
    """A sound signature that is altered, as the bytes say where, is never GOOD; what is refused stays refused."""
    if not data:
        return
    blobs = seeds.signatures()
    genuine = blobs[data[0] % len(blobs)]
    altered = _altered(genuine, data[1:])
    found = _trusting().verify(seeds.MESSAGE, altered, keyid="")
    assert (found.status is SignatureStatus.GOOD) == (altered == genuine)
    assert (found.reason == "") == (altered == genuine) and found == _trusting().verify(
        seeds.MESSAGE, altered, keyid=""
    )
    other = _altered(seeds.MESSAGE, data[1:])
    if other != seeds.MESSAGE:
        assert _trusting().verify(other, genuine, keyid="").reason == "bad-signature"


def allowed_signers(data: bytes) -> None:
    """Nothing is raised; a line says alone what it says among others; a refused line names nobody."""
    found = AllowedSigners.parse(data)
    lines = data.split(b"\n")
    for signer in found.signers:
        assert signer.principals and not signer.key.weakness
        again = AllowedSigners.parse(lines[signer.line - 1]).signers
        assert [(each.principals, each.key) for each in again] == [(signer.principals, signer.key)]
        assert signer in found.lines_of(signer.key) + found.authorities(signer.key)
        assert signer.validity(NOW) in ("", "not-yet-valid-key", "expired-key")
    for problem in found.problems:
        assert 0 <= problem.line <= len(lines)
        assert str(problem).isprintable()
    trusted = TrustedSigners.load(TrustFiles(data), now=NOW)
    trusted.verify(seeds.MESSAGE, seeds.signatures()[0], keyid="")
    known, held = trusted.known_principals(), {name for names in trusted.holders().values() for name in names}
    assert known is None or known == held
    assert all(matches_pattern_list(name, name) for name in held)
    assert bool(trusted.authorities()) is any(each.options.authority for each in found.signers)


def revoked(data: bytes) -> None:
    """A KRL or a list: it is read whole, or it revokes every key."""
    genuine = seeds.signatures()[0]
    trusted = TrustedSigners.load(TrustFiles(seeds.signers(), data), now=NOW)
    judged = trusted.verify(seeds.MESSAGE, genuine, keyid="")
    try:
        found = RevokedKeys.parse(data)
    except UnreadableRevocationsError as error:
        assert judged.reason == "revoked-key" and trusted.problems and str(error)
        return
    assert judged.reason in ("", "revoked-key")
    signature = parse_sshsig(seeds.signatures()[-1])
    assert isinstance(found.holds(signature.key, signature.certificate), bool)
    assert all(found.holds(parse_public_key(blob)) for blob in found.blobs)


def x509_signature(data: bytes) -> None:
    """A CMS signature, or a certificate: read to its last byte, or refused before anybody asks gpgsm."""
    try:
        found = parse_cms(data)
    except MalformedDerError:
        judged = TrustedSigners.load(TrustFiles(x509=(seeds.x509_pem(),)), now=NOW).verify(b"", data, keyid="x509:0")
        assert judged.reason == "bad-signature"
    else:
        for junk in (b"\0", b"0"):
            assert not _is_cms(data + junk)
        assert all(each in data for each in (*found.certificates, found.issuer))
    try:
        certificate = parse_x509(data)
    except MalformedDerError:
        return
    assert certificate.der == data and certificate.subject in data
    assert all(each.isascii() and each.isprintable() and "@" in each for each in certificate.emails)
    assert certificate.name.isprintable() and certificate.validity(NOW) in ("", "not-yet-valid-key", "expired-key")


def x509_file(data: bytes) -> None:
    """A file of certificates, and the list of revoked ones: nothing is raised; what cannot be read is said."""
    trusted = TrustedSigners.load(TrustFiles(x509=(data,), x509_revoked=data), now=NOW)
    assert trusted.problems and all(str(each).isprintable() for each in trusted.problems)
    assert all(len(names) and keyid.startswith("x509:") for keyid, names in trusted.fingerprints().items())


class _EverySignatureIsDanas:
    """Trusts whatever it is handed, so that the bytes behind a signature are reached."""

    def verify(self, message: bytes, signature: bytes, *, keyid: str, namespace: str = "reviewtui") -> Verification:
        return Verification(SignatureStatus.GOOD, keyid, ("dana@example.com",))

    def principals_of(self, keyid: str) -> tuple[str, ...]:
        return ("dana@example.com",)


@cache
def _trusting() -> TrustedSigners:
    return TrustedSigners.load(TrustFiles(seeds.signers()), now=NOW)


def _is_envelope(line: bytes) -> bool:
    try:
        Envelope.from_line(line)
    except MalformedEnvelopeError:
        return False
    return True


def _is_cms(data: bytes) -> bool:
    try:
        parse_cms(data)
    except MalformedDerError:
        return False
    return True


def _encoded(signature: KeySignature) -> bytes:
    inner = signature.value if signature.pair == (0, 0) else b"".join(map(wire_mpint, signature.pair))
    words = b"" if signature.flags is None else bytes([signature.flags]) + (signature.counter or 0).to_bytes(4, "big")
    return wire_string(signature.algorithm.encode()) + wire_string(inner) + words


def _same_but_for_rsa_padding(data: bytes, written: bytes, signature: KeySignature) -> bool:
    """OpenSSH too takes an RSA signature without its leading zeros for the same."""
    return written == data or (signature.algorithm.startswith("rsa-") and signature.value[0] == 0)


def _encoded_key(blob: bytes) -> bytes:
    key = parse_public_key(blob)
    head = wire_string(key.type.encode())
    if key.type == "ssh-rsa":
        return head + b"".join(map(wire_mpint, key.numbers))
    curve = b"" if "25519" in key.type else wire_string(b"nistp%d" % {65: 256, 97: 384, 133: 521}[len(key.point)])
    return head + curve + wire_string(key.point) + (wire_string(key.application) if key.is_hardware else b"")


def _altered(genuine: bytes, orders: bytes) -> bytes:
    """Each four bytes are an order: what to do, where (two bytes), with which byte."""
    changed = bytearray(genuine)
    for at in range(0, min(len(orders), 64) - 3, 4):
        what, place, value = (
            orders[at] % 4,
            int.from_bytes(orders[at + 1 : at + 3], "big") % (len(changed) + 1),
            orders[at + 3],
        )
        if what == 0:
            changed[place : place + 1] = bytes([changed[place] ^ value]) if place < len(changed) else b""
        elif what == 1:
            changed[place:place] = bytes([value])
        elif what == 2:
            del changed[place : place + 1 + value % 4]
        else:
            changed[place : place + 4] = value.to_bytes(4, "big")
    return bytes(changed)
