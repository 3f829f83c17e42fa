"""Whom a key speaks for: allowed signers, certificates, revocations, and the moment."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.signing.allowed_signers import AllowedSigners
from reviewtui.signing.armor import SignatureScheme, armor
from reviewtui.signing.key_options import MalformedOptionsError, parse_moment
from reviewtui.signing.keygen import KeygenCheck
from reviewtui.signing.patterns import matches_pattern_list
from reviewtui.signing.revoked import RevokedKeys, UnreadableRevocationsError
from reviewtui.signing.scheme import SignatureStatus, Verification
from reviewtui.signing.ssh_keys import parse_public_key
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from tests import ssh_material as make

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
MESSAGE = b"DSSEv1 28 application/vnd.in-toto+json 2 {}"
DANA, RISK = make.ed25519(1), make.ecdsa(256, 2)
AUTHORITY = make.ed25519(99)


def _load(allowed: bytes, revoked: bytes | None = None, *, now: datetime = NOW) -> TrustedSigners:
    return TrustedSigners.load(TrustFiles(allowed, revoked), now=now)


def _line(key: make.Key, name: bytes = b"dana@example.com", options: bytes = b"") -> bytes:
    return b" ".join(filter(None, (name, options, key.line))) + b"\n"


def _judge(trusted: TrustedSigners, key: make.Key = DANA, **special: object) -> Verification:
    blob = make.sshsig(key, MESSAGE, **special)  # type: ignore[arg-type]
    return trusted.verify(MESSAGE, blob, keyid=key.fingerprint)


def test_a_listed_key_speaks_for_its_principal() -> None:
    trusted = _load(_line(DANA) + _line(RISK, b"risk@example.com"))
    found = _judge(trusted, RISK)
    assert (found.status, found.principals, found.reason) == (SignatureStatus.GOOD, ("risk@example.com",), "")
    assert trusted.principals_of(DANA.fingerprint) == ("dana@example.com",)
    assert set(trusted.fingerprints()) == {DANA.fingerprint, RISK.fingerprint}
    assert trusted.problems == ()


def test_a_strangers_key_is_unknown() -> None:
    for allowed in (b"", _line(DANA)):
        found = _judge(_load(allowed), make.ed25519(5))
        assert (found.status, found.reason) == (SignatureStatus.UNKNOWN_KEY, "unknown-key")


def test_no_allowed_signers_at_all_trust_nobody() -> None:
    trusted = TrustedSigners.load(TrustFiles(), now=NOW)
    assert _judge(trusted).reason == "unknown-key"
    assert trusted.fingerprints() == {}


REASONS = {
    "another message": ("bad-signature", {}, b"another"),
    "another namespace": ("wrong-namespace", {"namespace": b"git"}, MESSAGE),
    "a record over sha256": ("bad-signature", {"hash_name": b"sha256"}, MESSAGE),
    "trailing data": ("bad-signature", {"trailing": b"x"}, MESSAGE),
    "a stranger's key put in": ("bad-signature", {"key_blob": make.ed25519(7).blob}, MESSAGE),
}


@pytest.mark.parametrize("name", REASONS)
def test_each_flaw_has_its_reason(name: str) -> None:
    reason, special, message = REASONS[name]
    blob = make.sshsig(DANA, MESSAGE, **special)  # type: ignore[arg-type]
    assert _load(_line(DANA)).verify(message, blob, keyid=DANA.fingerprint).reason == reason


def test_a_keyid_that_names_another_key_is_a_bad_signature() -> None:
    found = _load(_line(DANA) + _line(RISK, b"risk@x")).verify(
        MESSAGE, make.sshsig(DANA, MESSAGE), keyid=RISK.fingerprint
    )
    assert (found.status, found.reason, found.principals) == (SignatureStatus.BAD, "bad-signature", ())


def test_weak_keys_are_weak_whether_listed_or_not() -> None:
    weak = make.rsa_key(1024)
    for allowed in (b"", _line(weak)):
        assert _judge(_load(allowed), weak).reason == "weak-key"
    assert _judge(_load(_line(make.rsa_key(2048))), make.rsa_key(2048, 1, "ssh-rsa")).reason == "weak-key"
    assert [each.kind for each in _load(_line(weak)).problems] == ["weak-key"]


def test_the_namespaces_of_a_line_are_a_pattern_list() -> None:
    cases = {
        b'"git"': False,
        b'"git,reviewtui"': True,
        b'"review*"': True,
        b'"*,!reviewtui"': False,
        b'"?eviewtui"': True,
    }
    for patterns, allowed in cases.items():
        found = _judge(_load(_line(DANA, options=b"namespaces=" + patterns)))
        assert found.reason == ("" if allowed else "wrong-namespace"), patterns


def test_a_key_on_two_lines_may_do_what_either_allows() -> None:
    trusted = _load(_line(DANA, options=b'namespaces="git"') + _line(DANA, options=b'namespaces="reviewtui"'))
    assert _judge(trusted).status is SignatureStatus.GOOD
    assert trusted.problems == ()


def test_validity_is_judged_now_and_includes_both_ends() -> None:
    window = b'valid-after="20260301120000Z",valid-before="20260301120010Z"'
    expected = {-1: "not-yet-valid-key", 0: "", 10: "", 11: "expired-key"}
    for seconds, reason in expected.items():
        now = datetime.fromtimestamp(NOW.timestamp() + seconds, tz=UTC)
        found = _judge(_load(_line(DANA, options=window), now=now))
        assert found.reason == reason
        assert found.principals == ("dana@example.com",)


def test_an_expired_line_beside_a_valid_one_is_no_matter() -> None:
    assert _judge(_load(_line(DANA, options=b'valid-before="20200101Z"') + _line(DANA))).reason == ""


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()


@pytest.mark.usefixtures("new_york")
def test_a_time_is_local_standard_time_unless_it_ends_with_z() -> None:
    assert parse_moment("20260301Z") == int(datetime(2026, 3, 1, tzinfo=UTC).timestamp())
    assert parse_moment("20260301") - parse_moment("20260301Z") == 5 * 3600
    assert parse_moment("20260701") - parse_moment("20260701Z") == 5 * 3600


@pytest.mark.parametrize("text", ["", "Z", "2026", "202613", "20261301", "20260230", "2026010125", "202601012460",
"x" * 8,
                                  "２０２６０１０１", "20260101z", "+2026010"])  # fmt: skip
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(MalformedOptionsError):
        parse_moment(text)


BAD_LINES = {
    b"dana@example.com": "bad-line",
    b"dana@example.com ssh-ed25519": "bad-line",
    b"dana@example.com ssh-ed25519 !!!": "bad-line",
    b"dana@example.com ssh-rsa " + DANA.line.split()[1]: "bad-line",
    b"dana@example.com " + DANA.line[:-8]: "bad-line",
    b"dana@example.com zz-top " + DANA.line: "bad-line",
    b"dana@example.com namespaces=git " + DANA.line: "bad-line",
    b'dana@example.com namespaces="git ' + DANA.line: "bad-line",
    b'dana@example.com namespaces="git\\" ' + DANA.line: "bad-line",
    b'dana@example.com namespaces="a",namespaces="b" ' + DANA.line: "bad-line",
    b'dana@example.com namespaces="a", ' + DANA.line: "bad-line",
    b'dana@example.com cert-authority="x" ' + DANA.line: "bad-line",
    b'dana@example.com valid-before="soon" ' + DANA.line: "bad-line",
    b'dana@example.com valid-after="20270101Z",valid-before="20260101Z" ' + DANA.line: "bad-line",
    b"dana@example.com, " + DANA.line: "bad-line",
    b'"dana@example.com ' + DANA.line: "bad-line",
    b"dana\x00@example.com " + DANA.line: "bad-line",
    b"*@example.com " + DANA.line: "pattern",
    b"dan?@example.com " + DANA.line: "pattern",
    b"!mallory@example.com,*@example.com " + DANA.line: "pattern",
    "аlice@example.com ".encode() + DANA.line: "pattern",
    b"x" * 20_000: "bad-line",
}


@pytest.mark.parametrize("line", BAD_LINES)
def test_a_line_that_cannot_be_used_is_a_problem_and_the_others_still_count(line: bytes) -> None:
    trusted = _load(b"# who may sign\n\n" + line + b"\n" + _line(RISK, b"risk@example.com"))
    assert [(each.line, each.kind) for each in trusted.problems] == [(3, BAD_LINES[line])]
    assert str(trusted.problems[0]).startswith(".reviewtui/allowed_signers:3: ")
    assert _judge(trusted, RISK).status is SignatureStatus.GOOD
    assert _judge(trusted, DANA).status is not SignatureStatus.GOOD


def test_lines_may_be_indented_quoted_commented_and_end_as_on_windows() -> None:
    spellings = [
        b"  \t" + _line(DANA),
        b'"dana@example.com" ' + DANA.line,
        b"dana@example.com\t" + DANA.line + b" Dana's \xc3\xa9 laptop\r\n",
        b'dana@example.com NAMESPACES="reviewtui",Valid-After="20200101" ' + DANA.line,
    ]
    for spelling in spellings:
        assert _judge(_load(b"\r\n   # note\n" + spelling)).principals == ("dana@example.com",), spelling


def test_a_key_of_two_principals_is_a_problem_that_names_both() -> None:
    for allowed in (_line(DANA, b"dana@x,dora@x"), _line(DANA, b"dana@x") + _line(DANA, b"dora@x")):
        trusted = _load(allowed)
        assert [(each.kind, each.principals) for each in trusted.problems] == [("shared-key", ("dana@x", "dora@x"))]
        assert _judge(trusted).principals == ("dana@x", "dora@x")


def test_principals_that_differ_in_case_only_are_a_problem() -> None:
    assert [each.kind for each in _load(_line(DANA, b"dana@x") + _line(RISK, b"Dana@x")).problems] == ["look-alike"]


def _certified(**special: object) -> bytes:
    return make.certificate(DANA, AUTHORITY, **special)  # type: ignore[arg-type]


def _judge_certificate(allowed: bytes, *, revoked: bytes | None = None, **special: object) -> Verification:
    blob = make.sshsig(DANA, MESSAGE, key_blob=_certified(**special))
    found = _load(allowed, revoked).verify(MESSAGE, blob, keyid=DANA.fingerprint)
    second = TrustedSigners.load(TrustFiles(allowed, revoked), now=NOW, check=KeygenCheck())
    assert second.verify(MESSAGE, blob, keyid=DANA.fingerprint) == found
    return found


TRUSTED_CA = _line(AUTHORITY, b"*@example.com", b"cert-authority")


def test_a_certificate_of_a_trusted_authority_speaks_for_the_name_in_it() -> None:
    found = _judge_certificate(TRUSTED_CA)
    assert (found.status, found.principals) == (SignatureStatus.GOOD, ("dana@example.com",))
    assert found.detail == f"certified by {AUTHORITY.fingerprint}"
    assert _load(TRUSTED_CA).problems == ()
    assert _load(TRUSTED_CA).fingerprints() == {}


CERTIFICATE_FLAWS = {
    "damaged": ("bad-signature", {"damaged": True}),
    "a host's": ("unknown-key", {"kind": 2}),
    "no principal": ("unknown-key", {"principals": ()}),
    "a principal of elsewhere": ("unknown-key", {"principals": (b"dana@elsewhere.com",)}),
    "two principals": ("unknown-key", {"principals": (b"dana@example.com", b"risk@example.com")}),
    "a principal beyond ASCII": ("unknown-key", {"principals": ("dänä@example.com".encode(),)}),
    "critical options": ("unknown-key", {"critical": make.text(b"force-command") + make.text(make.text(b"true"))}),
    "not yet valid": ("not-yet-valid-key", {"valid_after": int(NOW.timestamp()) + 1}),
    "expired at this second": ("expired-key", {"valid_before": int(NOW.timestamp())}),
}


@pytest.mark.parametrize("name", CERTIFICATE_FLAWS)
def test_a_flawed_certificate_does_not_count(name: str) -> None:
    reason, special = CERTIFICATE_FLAWS[name]
    assert _judge_certificate(TRUSTED_CA, **special).reason == reason


def test_a_certificate_of_another_authority_does_not_count() -> None:
    assert _judge_certificate(_line(make.ed25519(98), b"*", b"cert-authority")).reason == "unknown-key"
    assert _judge_certificate(_line(AUTHORITY)).reason == "unknown-key"
    assert _judge_certificate(_line(DANA)).reason == "unknown-key"
    assert _judge(_load(TRUSTED_CA), AUTHORITY).reason == "unknown-key"


def test_an_authoritys_line_limits_namespaces_and_time() -> None:
    for options, reason in ((b'namespaces="git"', "wrong-namespace"), (b'valid-before="20200101Z"', "expired-key")):
        line = _line(AUTHORITY, b"*@example.com", b"cert-authority," + options)
        assert _judge_certificate(line).reason == reason


@pytest.mark.parametrize(
    ("pattern", "known"),
    [
        (b"dana@example.com,lin@example.com", {"dana@example.com", "lin@example.com", "risk@example.com"}),
        (b"dana@example.com,!dana@example.com", {"risk@example.com"}),
        (b"!*", {"risk@example.com"}),
        (b"*@example.com", None),
        (b"dan?@example.com", None),
    ],
)
def test_whoever_an_authority_may_certify_has_a_key_or_may_have_one(pattern: bytes, known: set[str] | None) -> None:
    trusted = _load(_line(AUTHORITY, pattern, b"cert-authority") + _line(RISK, b"risk@example.com"))
    assert trusted.known_principals() == known
    assert trusted.fingerprints() == {RISK.fingerprint: ("risk@example.com",)}
    assert set(trusted.holders()) == {RISK.fingerprint, AUTHORITY.fingerprint}
    assert not any("*" in name or "!" in name for names in trusted.holders().values() for name in names)


def test_a_certified_key_is_known_once_its_certificate_was_seen_to_sign() -> None:
    trusted = _load(TRUSTED_CA)
    blob = make.sshsig(DANA, MESSAGE, key_blob=_certified())
    for seen, message in (((), MESSAGE + b"!"), (("dana@example.com",), MESSAGE)):
        trusted.verify(message, blob, keyid=DANA.fingerprint)
        assert trusted.principals_of(DANA.fingerprint) == seen
    # The plain key stays a stranger's.
    assert _judge(trusted).reason == "unknown-key"


def _ssh_keygen_krl(tmp_path: Path, specification: bytes, *, authority: bytes = b"") -> bytes:
    (tmp_path / "spec").write_bytes(specification)
    command = ["ssh-keygen", "-q", "-k", "-f", str(tmp_path / "krl"), "-z", "1"]
    if authority:
        (tmp_path / "ca.pub").write_bytes(authority)
        command += ["-s", str(tmp_path / "ca.pub")]
    subprocess.run([*command, str(tmp_path / "spec")], check=True, capture_output=True)
    return (tmp_path / "krl").read_bytes()


def test_a_revoked_key_is_revoked_however_the_list_is_written(tmp_path: Path) -> None:
    lists = [DANA.line + b" comment\n", b"# lost\n\n" + RISK.line + b"\n" + DANA.line]
    lists += [_ssh_keygen_krl(tmp_path, kind + DANA.line + b"\n") for kind in (b"key: ", b"sha1: ", b"sha256: ")]
    lists.append(_ssh_keygen_krl(tmp_path, b"hash: " + DANA.fingerprint.encode() + b"\n"))
    for revoked in lists:
        trusted = _load(_line(DANA) + _line(AUTHORITY, b"ca@x"), revoked)
        assert _judge(trusted).reason == "revoked-key"
        assert _judge(trusted, AUTHORITY).status is SignatureStatus.GOOD
        assert trusted.problems == ()


def test_a_strangers_revoked_key_is_revoked_rather_than_unknown() -> None:
    assert _judge(_load(b"", DANA.line)).reason == "revoked-key"


def test_certificates_are_revoked_by_serial_key_id_key_and_authority(tmp_path: Path) -> None:
    everything = {0, 1, 2, 7, 1000007}
    specifications = {
        b"serial: 7\n": {7}, b"serial: 5-9\n": {5, 7, 9}, b"serial: 1\nserial: 3\nserial: 9\n": {1, 3, 9},
        b"serial: 1000000-1000005\nserial: 1000009\n": {1000000, 1000003, 1000009},
        b"id: dana\n": everything, b"key: " + DANA.line + b"\n": everything,
        b"key: " + AUTHORITY.line + b"\n": everything,
    }  # fmt: skip
    for specification, revoked in specifications.items():
        krl = _ssh_keygen_krl(tmp_path, specification, authority=AUTHORITY.line)
        for serial in sorted(revoked | everything):
            found = _judge_certificate(TRUSTED_CA, revoked=krl, serial=serial)
            assert found.reason == ("revoked-key" if serial in revoked else ""), (specification, serial)


def test_a_revocation_list_that_cannot_be_read_or_is_empty_revokes_all(tmp_path: Path) -> None:
    krl = _ssh_keygen_krl(tmp_path, b"key: " + RISK.line + b"\n")
    empty_krl = _ssh_keygen_krl(tmp_path, b"")
    lists = [b"", b"\n", b"# nothing yet\n", b"garbage", b"\0" * 100, empty_krl, krl[:-1], krl[:44], krl + b"\x09",
    b"SSHKRL\n\0",
             krl + b"\x04\0\0\0\0", krl + b"\xff\0\0\0\0", RISK.line + b"\nwhat is this\n", RISK.line[:-9]]  # fmt: skip
    for revoked in lists:
        trusted = _load(_line(DANA), revoked)
        found = _judge(trusted)
        assert (found.status, found.reason) == (SignatureStatus.BAD, "revoked-key")
        assert found.detail == ".reviewtui/revoked_keys cannot be read"
        assert [(each.path, each.kind) for each in trusted.problems] == [(".reviewtui/revoked_keys", "unreadable")]


@given(st.binary(max_size=200))
def test_any_bytes_are_a_revocation_list_or_unreadable(data: bytes) -> None:
    for candidate in (data, b"SSHKRL\n\0\0\0\0\1" + bytes(32) + data):
        try:
            RevokedKeys.parse(candidate)
        except UnreadableRevocationsError:
            continue


@given(st.binary(max_size=300))
def test_any_bytes_are_allowed_signers_or_problems(data: bytes) -> None:
    for candidate in (data, b"dana@x " + data + b" " + DANA.line, _line(DANA, options=data)):
        AllowedSigners.parse(candidate)


def test_a_file_of_a_mebibyte_is_a_problem() -> None:
    assert [each.kind for each in _load(b"#" * (1024 * 1024 + 1)).problems] == ["unreadable"]


def test_a_pattern_full_of_stars_takes_no_time() -> None:
    started = time.monotonic()
    assert not matches_pattern_list("a" * 2000, "*a" * 40 + "b")
    assert time.monotonic() - started < 5


def test_a_tags_own_signature_is_verified_from_its_block() -> None:
    trusted = _load(_line(DANA, options=b'namespaces="git"'))
    for hash_name in (b"sha512", b"sha256"):
        block = armor(SignatureScheme.SSH, make.sshsig(DANA, MESSAGE, namespace=b"git", hash_name=hash_name))
        assert trusted.verify_armored(MESSAGE, block).principals == ("dana@example.com",)
        assert trusted.verify_armored(MESSAGE + b"x", block).reason == "bad-signature"
        assert trusted.verify_armored(MESSAGE, block + b"more\n").reason == "bad-signature"
    record = armor(SignatureScheme.SSH, make.sshsig(DANA, MESSAGE))
    assert trusted.verify_armored(MESSAGE, record).reason == "wrong-namespace"


def test_foreign_signatures_are_unknown_where_no_such_keys_are_trusted() -> None:
    trusted = _load(_line(DANA))
    assert trusted.verify(MESSAGE, b"\x88\x01x", keyid="openpgp:ABC").reason == "unknown-key"
    assert trusted.verify(MESSAGE, b"\x30\x01x", keyid="x509:ABC").reason == "unknown-key"
    assert trusted.verify(MESSAGE, b"", keyid="").reason == "unknown-key"


def test_both_ways_of_arithmetic_judge_alike() -> None:
    allowed = b"".join(_line(key, b"dana@example.com") for key in make.every_kind())
    for key in make.every_kind():
        blob = make.sshsig(key, MESSAGE)
        for message in (MESSAGE, b"x"):
            first, second = (
                TrustedSigners.load(TrustFiles(allowed), now=NOW, check=check).verify(message, blob, keyid="")
                for check in (None, KeygenCheck())
            )
            assert first == second
            assert first.reason == ("" if message == MESSAGE else "bad-signature")


def test_the_words_of_a_hardware_key_are_handed_on() -> None:
    key = make.sk_ed25519(flags=4, counter=3)
    found = _judge(_load(_line(key)), key)
    assert (found.user_present, found.user_verified, found.counter) == (False, True, 3)
    assert _judge(_load(_line(DANA))).counter is None


def test_a_revoked_serial_far_beyond_a_bitmap_is_no_trouble() -> None:
    bits = make.text(AUTHORITY.blob) + make.text(b"")
    bits += b"\x22" + make.text((2**63).to_bytes(8, "big") + make.wire_mpint(5))
    krl = b"SSHKRL\n\0\0\0\0\1" + bytes(24) + make.text(b"") * 2 + b"\x01" + make.text(bits)
    for serial, reason in (
        (2**63, "revoked-key"),
        (2**63 + 1, ""),
        (2**63 + 2, "revoked-key"),
        (2**64 - 1, ""),
        (1, ""),
    ):
        assert _judge_certificate(TRUSTED_CA, revoked=krl, serial=serial).reason == reason


def test_a_key_in_the_file_as_a_certificate_is_a_problem() -> None:
    import base64

    line = b"dana@x ssh-ed25519-cert-v01@openssh.com " + base64.b64encode(_certified())
    assert [each.kind for each in _load(line).problems] == ["weak-key"]
    assert parse_public_key(_certified()).weakness
