"""X.509: signatures are judged by gpgsm and by the certificates of the repository alone."""

from __future__ import annotations

import base64
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from reviewtui.signing.armor import SignatureScheme, armor
from reviewtui.signing.cms import parse_cms
from reviewtui.signing.der import MalformedDerError
from reviewtui.signing.scheme import SignatureStatus, Verification
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.signing.x509_certificates import certificates_of_pem, parse_x509
from tests.x509_material import Holder, certificate_of, certified, rsa_key, signed

if shutil.which("gpgsm") is None or shutil.which("gpg-agent") is None:
    pytest.skip("gpgsm is not installed", allow_module_level=True)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
MESSAGE = b"DSSEv1 1 a 2 {}\n"
DANA = "dana@example.com"


@cache
def root() -> Holder:
    return certified("Root", authority=True, key=rsa_key(2048))


@cache
def between() -> Holder:
    return certified("Between", by=root(), authority=True)


@cache
def dana() -> Holder:
    return certified("Dana", by=root(), emails=(DANA,))


def trusting(*files: bytes | Holder, revoked: bytes | None = None, now: datetime = NOW) -> TrustedSigners:
    data = tuple(each.pem if isinstance(each, Holder) else each for each in files)
    return TrustedSigners.load(TrustFiles(x509=data, x509_revoked=revoked), now=now)


def judged(trusted: TrustedSigners, signature: bytes, message: bytes = MESSAGE) -> Verification:
    return trusted.verify(message, signature, keyid="")


def test_who_is_certified_by_a_trusted_authority_speaks_for_the_address_in_the_certificate() -> None:
    trusted = trusting(root())
    assert trusted.problems == ()
    assert trusted.fingerprints() == {}
    assert trusted.known_principals() is None
    lin = certified("Lin", by=between(), emails=("lin@example.com",), key=rsa_key(3072))
    for holder, brought, email in ((dana(), (), DANA), (lin, (between(),), "lin@example.com")):
        found = trusted.verify(MESSAGE, signed(holder, MESSAGE, *brought), keyid=holder.keyid)
        assert (found.reason, found.principals, found.keyid) == ("", (email,), holder.keyid)
    assert judged(trusting(root(), between()), signed(lin, MESSAGE)).principals == ("lin@example.com",)
    assert judged(trusting(root().pem + between().pem), signed(lin, MESSAGE)).principals == ("lin@example.com",)


def test_a_listed_certificate_needs_no_authority() -> None:
    own = certified("Own", emails=("own@example.com",))
    trusted = trusting(dana(), own)
    assert trusted.problems == ()
    assert trusted.known_principals() == {DANA, "own@example.com"}
    assert trusted.fingerprints() == {dana().keyid: (DANA,), own.keyid: ("own@example.com",)}
    assert judged(trusted, signed(dana(), MESSAGE)).principals == (DANA,)
    assert judged(trusted, signed(own, MESSAGE)).principals == ("own@example.com",)


def test_somebodys_own_certificate_makes_them_no_authority() -> None:
    mallory = certified("Mallory", emails=("mallory@example.com",), authority=True)
    forged = certified("Dana", by=mallory, emails=(DANA,))
    trusted = trusting(mallory)
    assert judged(trusted, signed(mallory, MESSAGE)).principals == ("mallory@example.com",)
    found = judged(trusted, signed(forged, MESSAGE))
    assert found.reason == "unknown-key"
    assert "as a person's alone" in found.detail
    assert trusted.known_principals() == {"mallory@example.com"}


def test_an_authority_that_is_not_in_the_folder_certifies_nobody() -> None:
    other = certified("Root", authority=True)  # of the same name
    forged = certified("Dana", by=other, emails=(DANA,))
    for trusted in (trusting(root()), trusting(certified("Other", authority=True)), trusting(between()), trusting()):
        for signature in (signed(forged, MESSAGE), signed(forged, MESSAGE, other), signed(forged, MESSAGE, root())):
            found = judged(trusted, signature)
            assert found.status is not SignatureStatus.GOOD
            assert found.reason in ("unknown-key", "bad-signature")
    assert judged(trusting(root()), signed(forged, MESSAGE)).reason == "unknown-key"


def test_what_no_authority_may_certify_is_not_certified() -> None:
    below_a_person = certified("Eve", by=dana(), emails=("eve@example.com",))
    assert judged(trusting(root()), signed(below_a_person, MESSAGE, dana())).reason == "unknown-key"
    for_letters = certified("Dana", by=root(), emails=(DANA,), signs=False)
    assert judged(trusting(root()), signed(for_letters, MESSAGE)).reason == "unknown-key"


def test_each_flaw_has_its_reason() -> None:
    trusted = trusting(root())
    raw = signed(dana(), MESSAGE)
    assert judged(trusted, raw).reason == ""
    assert judged(trusted, raw, b"another").reason == "bad-signature"
    for damaged in (raw + b"\0", raw + raw, raw[:-1], b"0", b"0\x80", signed(dana(), b"other")):
        assert judged(trusted, damaged).reason == "bad-signature"
    for keyid in ("x509:" + "0" * 40, "SHA256:x", dana().keyid.lower()):
        assert trusted.verify(MESSAGE, raw, keyid=keyid).reason == "bad-signature"
    assert judged(trusted, signed(dana(), MESSAGE, certified("Useless"))).reason == "bad-signature"
    assert judged(trusting(dana()), signed(dana(), MESSAGE, between())).reason == "bad-signature"


def test_a_certificate_is_judged_at_the_moment_that_is_asked_about() -> None:
    short = certified("Short", by=root(), emails=(DANA,), valid=(NOW, NOW + timedelta(days=30)))
    raw = signed(short, MESSAGE)
    for files in ((root(),), (short,), (root(), short)):
        for days, reason in ((-1, "not-yet-valid-key"), (1, ""), (31, "expired-key")):
            assert judged(trusting(*files, now=NOW + timedelta(days=days)), raw).reason == reason


def test_who_was_certified_by_an_authority_that_has_expired_is_expired() -> None:
    brief = certified("Brief", by=root(), authority=True, valid=(NOW, NOW + timedelta(days=30)))
    raw = signed(certified("Dana", by=brief, emails=(DANA,)), MESSAGE, brief)
    for days, reason in ((-1, "not-yet-valid-key"), (1, ""), (31, "expired-key")):
        assert judged(trusting(root(), now=NOW + timedelta(days=days)), raw).reason == reason


def test_a_weak_certificate_is_weak_wherever_it_stands() -> None:
    weak = certified("Weak", by=root(), emails=(DANA,), key=rsa_key(1024))
    assert judged(trusting(root()), signed(weak, MESSAGE)).reason == "weak-key"
    assert [each.kind for each in trusting(weak).problems] == ["weak-key"]
    assert judged(trusting(weak), signed(weak, MESSAGE)).reason == "weak-key"
    link = certified("Weak Link", by=root(), authority=True, key=rsa_key(1024))
    raw = signed(certified("Dana", by=link, emails=(DANA,)), MESSAGE, link)
    assert judged(trusting(root()), raw).reason == "weak-key"
    poor = certified("Poor Root", authority=True, key=rsa_key(1024))
    trusted = trusting(poor)
    assert [each.kind for each in trusted.problems] == ["weak-key"]
    assert judged(trusted, signed(certified("Dana", by=poor, emails=(DANA,)), MESSAGE)).reason == "weak-key"


def test_what_is_signed_over_sha1_is_weak(tmp_path: Path) -> None:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    for name, data in (("root", root()), ("dana", certified("Dana", by=root(), emails=(DANA,), key=rsa_key(2048)))):
        (tmp_path / f"{name}.pem").write_bytes(data.pem)
        (tmp_path / f"{name}.key").write_bytes(_private(data))
    (tmp_path / "message").write_bytes(MESSAGE)
    request = "req -new -key dana.key -subj /CN=Old -out old.csr"
    (tmp_path / "extensions").write_text(f"keyUsage=digitalSignature\nsubjectAltName=email:{DANA}\n")
    certify = "x509 -req -sha1 -in old.csr -CA root.pem -CAkey root.key -CAcreateserial -days 9999 -extfile extensions"
    sign = "cms -sign -binary -in message -outform DER -nosmimecap"
    for words in (
        request,
        f"{certify} -out old.pem",
        f"{sign} -md sha1 -signer dana.pem -inkey dana.key -out by-sha1",
        f"{sign} -md sha256 -signer dana.pem -inkey dana.key -out by-sha256",
        f"{sign} -md sha256 -signer old.pem -inkey dana.key -out by-old",
    ):
        subprocess.run(["openssl", *words.split()], cwd=tmp_path, capture_output=True, check=True)
    trusted = trusting(root(), now=datetime.now(UTC) + timedelta(minutes=1))
    assert judged(trusted, (tmp_path / "by-sha1").read_bytes()).detail == "the signature is over SHA-1"
    assert judged(trusted, (tmp_path / "by-sha1").read_bytes()).reason == "weak-key"
    assert judged(trusted, (tmp_path / "by-sha256").read_bytes()).principals == (DANA,)
    assert judged(trusted, (tmp_path / "by-old").read_bytes()).reason == "weak-key"


def test_a_revoked_certificate_is_revoked_and_so_is_whom_a_revoked_authority_certified() -> None:
    raw = signed(certified("Lin", by=between(), emails=("lin@example.com",)), MESSAGE, between())
    ours = signed(dana(), MESSAGE)
    sha256 = dana().certificate.fingerprint(hashes.SHA256()).hex().upper()
    for line in (dana().fingerprint, dana().keyid, sha256, f"# lost\n\n {sha256}\r"):
        trusted = trusting(root(), revoked=f"{line}\n".encode())
        assert trusted.problems == ()
        assert judged(trusted, ours).reason == "revoked-key"
        assert judged(trusted, raw).reason == ""
    trusted = trusting(root(), revoked=between().fingerprint.encode())
    assert (judged(trusted, raw).reason, judged(trusted, ours).reason) == ("revoked-key", "")
    assert judged(trusting(dana(), revoked=dana().keyid.encode()), ours).reason == "revoked-key"


# Every worker makes keys of its own, so no key may be part of a test's name.
@pytest.mark.parametrize(
    "revoked",
    [b"", b"\n# none\n", b"dana@example.com\n", b"00\n", b"\xff", dana().keyid[:-1].encode()],
    ids=["empty", "a remark", "a name", "too short", "no text", "cut off"],
)
def test_a_list_of_revocations_that_cannot_be_read_revokes_all(revoked: bytes) -> None:
    trusted = trusting(root(), revoked=revoked)
    assert [(each.path, each.kind) for each in trusted.problems] == [(".reviewtui/x509/revoked", "unreadable")]
    assert judged(trusted, signed(dana(), MESSAGE)).reason == "revoked-key"


def test_the_alternative_name_speaks_before_the_subject_and_one_certificate_for_one_address() -> None:
    trusted = trusting(root())
    both = certified("Both", by=root(), emails=(DANA,), subject_email="old@example.com")
    assert judged(trusted, signed(both, MESSAGE)).principals == (DANA,)
    subject = certified("Subject", by=root(), subject_email="old@example.com")
    assert judged(trusted, signed(subject, MESSAGE)).principals == ("old@example.com",)
    two = certified("Two", by=root(), emails=("a@example.com", "b@example.com"))
    assert judged(trusted, signed(two, MESSAGE)).reason == "unknown-key"
    assert [(each.kind, each.principals) for each in trusting(two).problems] == [
        ("shared-key", ("a@example.com", "b@example.com"))
    ]
    assert judged(trusting(two), signed(two, MESSAGE)).reason == "unknown-key"
    nameless = certified("Nameless", by=root())
    assert judged(trusted, signed(nameless, MESSAGE)).reason == "unknown-key"
    assert [each.kind for each in trusting(nameless).problems] == ["unreadable"]
    # A name that only looks like an attribute of the subject is a name.
    poser = certified(f"x,1.2.840.113549.1.9.1={DANA}", by=root())
    assert judged(trusted, signed(poser, MESSAGE)).reason == "unknown-key"


def test_two_certificates_for_one_address_speak_for_one_person() -> None:
    second = certified("Dana", by=root(), emails=(DANA,))
    trusted = trusting(root(), dana(), second)
    assert trusted.problems == ()
    assert {judged(trusted, signed(each, MESSAGE)).principals for each in (dana(), second)} == {(DANA,)}


def test_a_flipped_bit_is_never_good() -> None:
    holder = certified("Lin", by=between(), emails=("lin@example.com",))
    raw = signed(holder, MESSAGE, between())
    for trusted in (trusting(root()), trusting(root(), between(), holder)):
        assert judged(trusted, raw).reason == ""
        for at in range(0, len(raw), 7):
            flipped = bytearray(raw)
            flipped[at] ^= 1 << at % 8
            assert judged(trusted, bytes(flipped)).reason, at
        assert judged(trusted, raw).reason == ""


def test_two_certificates_of_one_issuer_and_number_are_refused() -> None:
    twin = certified("Dana", by=root(), emails=("twin@example.com",), serial=dana().certificate.serial_number)
    assert judged(trusting(root(), twin), signed(dana(), MESSAGE)).reason == "bad-signature"
    assert judged(trusting(root()), signed(dana(), MESSAGE, twin)).reason == "bad-signature"


def test_no_signature_changes_what_the_next_is_worth() -> None:
    trusted = trusting(root())
    lin = certified("Lin", by=between(), emails=("lin@example.com",))
    alone, whole = signed(lin, MESSAGE), signed(lin, MESSAGE, between())
    assert [judged(trusted, each).reason for each in (alone, whole, alone)] == ["unknown-key", "", "unknown-key"]


def test_the_blocks_of_tags_are_verified_too() -> None:
    raw = signed(dana(), MESSAGE)
    trusted = trusting(root())
    block = armor(SignatureScheme.X509, raw)
    assert trusted.verify_armored(MESSAGE, block).principals == (DANA,)
    assert trusted.verify_armored(MESSAGE, block.replace(b"SIGNED MESSAGE", b"PKCS7")).principals == (DANA,)
    assert trusted.verify_armored(MESSAGE, block + b"more\n").reason == "bad-signature"
    assert trusted.verify_armored(MESSAGE, armor(SignatureScheme.OPENPGP, raw)).status is not SignatureStatus.GOOD


def test_a_file_that_holds_no_certificate_is_a_problem_and_the_others_still_count() -> None:
    good = root().pem
    files = [
        b"", b"junk", good[:200], _private(root()), good + _private(root()), good.replace(b"M", b"!", 1),
        good.replace(b"\nMII", b"\nMIA", 1), base64.b64encode(root().der),
    ]  # fmt: skip
    trusted = trusting(*files, b"Issued for tests\n" + root().pem.replace(b"\n", b"\r\n"))
    assert [each.kind for each in trusted.problems] == ["unreadable"] * len(files)
    assert judged(trusted, signed(dana(), MESSAGE)).reason == ""


def test_certificates_without_gpgsm_are_a_problem(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    trusted = trusting(root())
    assert [(each.kind, each.problem) for each in trusted.problems] == [
        ("tool-missing", "gpgsm is not installed, so these certificates cannot be used.")
    ]
    assert judged(trusted, signed(dana(), MESSAGE)).reason == "unknown-key"


def test_what_is_read_of_a_certificate_is_what_another_reader_finds() -> None:
    valid = (datetime(1999, 12, 31, 23, 59, 59, tzinfo=UTC), datetime(2050, 6, 1, tzinfo=UTC))
    for holder in (root(), between(), dana(), certified("É", by=root(), subject_email="e@example.com", valid=valid)):
        found, other = parse_x509(holder.der), holder.certificate
        assert certificates_of_pem(holder.pem) == (found.der,)
        assert (found.issuer, found.subject) == (other.issuer.public_bytes(), other.subject.public_bytes())
        assert int.from_bytes(found.serial, "big") == other.serial_number
        assert (found.not_before, found.not_after) == (other.not_valid_before_utc, other.not_valid_after_utc)
        assert found.name == other.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value
        constraints = other.extensions.get_extension_for_class(x509.BasicConstraints).value
        assert (found.is_authority, found.fingerprint) == (constraints.ca, holder.fingerprint)


def test_the_agent_and_its_home_go_with_their_owner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_short_path = Path("/tmp") / f"reviewtui-test-{os.getpid()}"
    with_short_path.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(with_short_path))
    try:
        trusted = trusting(root())
        assert list(with_short_path.iterdir()) == []
        assert judged(trusted, signed(dana(), MESSAGE)).reason == ""
        (home,) = with_short_path.iterdir()
        assert _agents(home)
        del trusted
        assert list(with_short_path.iterdir()) == []
        assert not _agents(home)
    finally:
        shutil.rmtree(with_short_path)


_KILLED = """
import os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from reviewtui.signing.trust import TrustedSigners, TrustFiles
root, message, signature = (Path(name).read_bytes() for name in sys.argv[1:])
trusted = TrustedSigners.load(TrustFiles(x509=(root,)), now=datetime(2026, 3, 1, tzinfo=UTC))
assert trusted.verify(message, signature, keyid="").reason == ""
print(trusted._x509._home._home, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_the_agent_ends_even_where_its_owner_is_killed(tmp_path: Path) -> None:
    for name, data in (("root", root().pem), ("message", MESSAGE), ("signature", signed(dana(), MESSAGE))):
        (tmp_path / name).write_bytes(data)
    command = [sys.executable, "-c", _KILLED, *(str(tmp_path / name) for name in ("root", "message", "signature"))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == -signal.SIGKILL, done.stderr
    home = Path(done.stdout.strip())
    try:
        for process in _agents(home):
            _wait_for_the_end_of(process)
        assert not _agents(home)
    finally:
        shutil.rmtree(home)


def test_nothing_is_loaded_where_no_x509_is(tmp_path: Path) -> None:
    code = (
        "import sys; from datetime import UTC, datetime;"
        "from reviewtui.signing.trust import TrustedSigners, TrustFiles;"
        "TrustedSigners.load(TrustFiles(b''), now=datetime.now(UTC)).verify(b'', b'0', keyid='x509:0');"
        "print(*sys.modules)"
    )
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert "x509" not in loaded
    assert "gpgsm" not in loaded


def test_a_certificate_for_a_key_that_another_holds_does_not_verify() -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Eve")])
    stolen = certificate_of(dana().key.public_key(), name, key=key, by=root(), emails=("eve@example.com",))
    raw = signed(dana(), MESSAGE)
    swapped = raw.replace(dana().der, stolen.der)
    assert judged(trusting(root()), swapped).reason == "bad-signature"


def test_the_reader_of_signatures_takes_nothing_unsigned_that_it_does_not_expect() -> None:
    raw = signed(dana(), MESSAGE)
    assert parse_cms(raw).certificates == (dana().der,)
    open_ended = b"0\x80" + raw[4:] + b"\0\0"
    assert parse_cms(open_ended) == parse_cms(raw)
    for damaged in (b"0\x80" + raw[4:], open_ended + b"\0", raw.replace(b"\xa0\x82", b"\xa1\x82", 1)):
        with pytest.raises(MalformedDerError):
            parse_cms(damaged)


def _private(holder: Holder) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    data: bytes = holder.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return data


def _agents(home: Path) -> list[int]:
    """The processes that were started with this home."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if str(home).encode() in words and b"gpg-agent" in words[0]:
            found.append(int(folder.name))
    return found


def _wait_for_the_end_of(process: int) -> None:
    try:
        descriptor = os.pidfd_open(process)
    except ProcessLookupError:
        return
    import select

    assert select.select([descriptor], [], [], 30)[0], "gpg-agent outlived its owner by half a minute"
    os.close(descriptor)
