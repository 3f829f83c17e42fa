"""X.509 as tests need it: authorities, people's certificates and detached signatures, each sound or with one flaw."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import pkcs7
from cryptography.x509.oid import NameOID

START, END = datetime(2020, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC)
_DER = serialization.Encoding.DER
_DETACHED = [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary]


@dataclass(frozen=True, slots=True)
class Holder:
    """A certificate and its private key."""

    certificate: x509.Certificate
    key: Any

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(_DER)

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA1()).hex().upper()

    @property
    def keyid(self) -> str:
        return f"x509:{self.fingerprint}"


@cache
def rsa_key(bits: int) -> Any:
    return rsa.generate_private_key(public_exponent=65537, key_size=bits)


def certified(
    name: str,
    *,
    by: Holder | None = None,
    emails: tuple[str, ...] = (),
    subject_email: str = "",
    authority: bool = False,
    signs: bool = True,
    key: Any = None,
    valid: tuple[datetime, datetime] = (START, END),
    serial: int = 0,
) -> Holder:
    """A new certificate, certified by an authority or by itself."""
    own = key or ec.generate_private_key(ec.SECP256R1())
    parts = [x509.NameAttribute(NameOID.COMMON_NAME, name)]
    parts += [x509.NameAttribute(NameOID.EMAIL_ADDRESS, subject_email)] if subject_email else []
    subject = x509.Name(parts)
    return certificate_of(
        own.public_key(), subject, key=own, by=by, emails=emails, authority=authority, signs=signs, valid=valid,
        serial=serial,
    )  # fmt: skip


def certificate_of(
    public: Any,
    subject: x509.Name,
    *,
    key: Any = None,
    by: Holder | None = None,
    emails: tuple[str, ...] = (),
    authority: bool = False,
    signs: bool = True,
    valid: tuple[datetime, datetime] = (START, END),
    serial: int = 0,
) -> Holder:
    """A certificate for a public key that somebody else may hold."""
    usage = dict.fromkeys(
        ("content_commitment", "data_encipherment", "key_agreement", "encipher_only", "decipher_only"), False
    )
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(by.certificate.subject if by else subject)
        .public_key(public)
        .serial_number(serial or x509.random_serial_number())
        .not_valid_before(valid[0])
        .not_valid_after(valid[1])
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(
            x509.KeyUsage(
                digital_signature=signs,
                key_encipherment=not signs,
                key_cert_sign=authority,
                crl_sign=authority,
                **usage,
            ),
            critical=True,
        )
    )
    if emails:
        builder = builder.add_extension(
            x509.SubjectAlternativeName([x509.RFC822Name(e) for e in emails]), critical=False
        )
    return Holder(builder.sign(by.key if by else key, hashes.SHA256()), key)


def signed(holder: Holder, message: bytes, *brought: Holder, algorithm: Any = None) -> bytes:
    """A detached signature that brings the signer's certificate and others."""
    builder = pkcs7.PKCS7SignatureBuilder().set_data(message)
    builder = builder.add_signer(holder.certificate, holder.key, algorithm or hashes.SHA256())
    for each in brought:
        builder = builder.add_certificate(each.certificate)
    return builder.sign(_DER, _DETACHED)
