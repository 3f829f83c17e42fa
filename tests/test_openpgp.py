"""OpenPGP and X.509: signing by the user's GnuPG, verifying by the keys of the repository alone."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reviewtui.errors import NoSigningKeyError, SigningError, SigningToolMissingError
from reviewtui.signing.armor import SignatureScheme, armor, dearmor
from reviewtui.signing.configured import configured_signer
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, sign_payload
from reviewtui.signing.gnupg import judge, status_lines
from reviewtui.signing.openpgp import GpgSigner
from reviewtui.signing.scheme import Signer, Verification
from reviewtui.signing.trust import TrustedSigners, TrustFiles

if shutil.which("gpg") is None:
    pytest.skip("gpg is not installed", allow_module_level=True)

MESSAGE = b"DSSEv1 1 a 2 {}\n"
DANA, RISK = "Dana Ito <dana@example.com>", "Risk Desk <risk@example.com>"


class Keyring:
    """A GNUPGHOME of its own, as a user's."""

    def __init__(self, home: Path) -> None:
        self.home = home

    def gpg(self, *arguments: str, data: bytes = b"") -> bytes:
        command = [
            "gpg",
            "--homedir",
            str(self.home),
            "--batch",
            "--no-tty",
            "-q",
            "--pinentry-mode=loopback",
            *arguments,
        ]
        return subprocess.run(command, input=data, capture_output=True, check=True).stdout

    def make(self, user: str, *, expire: str = "0", passphrase: str = "", kind: str = "ed25519") -> str:
        self.gpg("--passphrase", passphrase, "--quick-gen-key", user, kind, "sign", expire)
        return self.fingerprint(user)

    def fingerprint(self, user: str) -> str:
        lines = self.gpg("--with-colons", "--list-keys", user).decode().split("\n")
        return next(line.split(":")[9] for line in lines if line.startswith("fpr"))

    def public(self, *users: str) -> bytes:
        return self.gpg("--armor", "--export", *users)

    def sign(self, user: str, message: bytes, *options: str) -> bytes:
        return self.gpg(*options, "-u", user, "--detach-sign", data=message)


@pytest.fixture(scope="module")
def made() -> Iterator[Keyring]:
    # GnuPG's sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="gpg-") as folder:
        keyring = Keyring(Path(folder))
        keyring.make(DANA)
        keyring.make(RISK)
        yield keyring
        subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=False)


@pytest.fixture
def keyring(made: Keyring, monkeypatch: pytest.MonkeyPatch) -> Keyring:
    monkeypatch.setenv("GNUPGHOME", str(made.home))
    for name in ("GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    return made


def _signer(**config: str) -> Signer:
    return configured_signer({name.replace("_", "."): value for name, value in config.items()}.get, directory=Path("/"))


def _trusted(*files: bytes, now: datetime | None = None) -> TrustedSigners:
    return TrustedSigners.load(TrustFiles(openpgp=files), now=now or datetime.now(UTC) + timedelta(seconds=2))


def _judge(trusted: TrustedSigners, signature: bytes, message: bytes = MESSAGE) -> Verification:
    return trusted.verify(message, signature, keyid="")


def test_what_gpg_signed_speaks_for_the_address_of_its_key(keyring: Keyring) -> None:
    fingerprint = keyring.fingerprint(DANA)
    trusted = _trusted(keyring.public(DANA), keyring.public(RISK))
    assert trusted.problems == ()
    assert trusted.fingerprints()[f"openpgp:{fingerprint}"] == ("dana@example.com",)
    for selector in (fingerprint, fingerprint[-16:], "dana@example.com", DANA):
        signer = _signer(user_signingkey=selector)
        assert signer.keyid == f"openpgp:{fingerprint}"
        envelope = sign_payload(PAYLOAD_TYPE, b"{}\n", signer=signer, verifier=trusted)
        assert Envelope.from_line(envelope.to_line()) == envelope
        found = trusted.verify(envelope.signed_bytes(), envelope.signatures[0].sig, keyid=envelope.signatures[0].keyid)
        assert (found.reason, found.principals) == ("", ("dana@example.com",))
    assert fingerprint in signer.describe()
    assert "Dana Ito" in signer.describe()
    assert _trusted(signer.public_key().encode()).fingerprints() == {signer.keyid: ("dana@example.com",)}


def test_without_a_signing_key_the_committers_is_taken(keyring: Keyring) -> None:
    signer = _signer(user_name="Risk Desk", user_email="risk@example.com", gpg_program="gpg")
    assert signer.keyid == f"openpgp:{keyring.fingerprint(RISK)}"
    for config in ({}, {"user_name": "Nobody", "user_email": "nobody@example.com"}, {"user_signingkey": "0xDEADBEEF"}):
        with pytest.raises(NoSigningKeyError) as caught:
            _signer(**config)
        assert "git config --global gpg.format ssh" in caught.value.hint


def test_an_armored_signature_of_a_tag_is_verified_too(keyring: Keyring) -> None:
    raw = keyring.sign(DANA, MESSAGE)
    trusted = _trusted(keyring.public(DANA))
    assert trusted.verify_armored(MESSAGE, armor(SignatureScheme.OPENPGP, raw)).principals == ("dana@example.com",)
    block = keyring.gpg("--armor", "-u", DANA, "--detach-sign", data=MESSAGE)
    assert trusted.verify_armored(MESSAGE, block).principals == ("dana@example.com",)
    assert trusted.verify_armored(MESSAGE, block + b"more\n").reason == "bad-signature"


def test_each_flaw_has_its_reason(keyring: Keyring) -> None:
    raw = keyring.sign(DANA, MESSAGE)
    trusted = _trusted(keyring.public(DANA))
    assert _judge(trusted, raw, b"another").reason == "bad-signature"
    assert _judge(trusted, raw + b"\0").reason == "bad-signature"
    assert _judge(trusted, raw + raw).reason == "bad-signature"
    assert _judge(trusted, raw[:-1]).reason == "bad-signature"
    assert _judge(trusted, keyring.gpg("-u", DANA, "--sign", data=MESSAGE)).reason == "bad-signature"
    assert _judge(trusted, keyring.sign(DANA, MESSAGE, "--textmode")).reason == "bad-signature"
    assert _judge(trusted, keyring.sign(DANA, MESSAGE, "--digest-algo=SHA1")).reason == "weak-key"
    assert _judge(trusted, keyring.sign(RISK, MESSAGE)).reason == "unknown-key"
    assert trusted.verify(MESSAGE, raw, keyid="openpgp:" + "0" * 40).reason == "bad-signature"
    assert trusted.verify(MESSAGE, raw, keyid="SHA256:x").reason == "bad-signature"


def test_a_flipped_bit_is_never_good(keyring: Keyring) -> None:
    raw = keyring.sign(DANA, MESSAGE)
    trusted = _trusted(keyring.public(DANA))
    for at in range(0, len(raw), 9):
        flipped = bytearray(raw)
        flipped[at] ^= 1 << at % 8
        # The part of a packet that is not hashed may change; what is verified then is the same signature.
        found = _judge(trusted, bytes(flipped))
        assert found.reason or found.principals == ("dana@example.com",)
        assert _judge(trusted, bytes(flipped), MESSAGE + b"x").reason


def test_the_users_own_keyring_makes_nobody_trusted(keyring: Keyring) -> None:
    assert _judge(_trusted(), keyring.sign(DANA, MESSAGE)).reason == "unknown-key"
    assert _judge(_trusted(keyring.public(RISK)), keyring.sign(DANA, MESSAGE)).reason == "unknown-key"


def test_a_key_is_judged_now(keyring: Keyring) -> None:
    keyring.make("Short Lived <short@example.com>", expire="1d")
    raw = keyring.sign("short@example.com", MESSAGE)
    public = keyring.public("short@example.com")
    assert _judge(_trusted(public), raw).principals == ("short@example.com",)
    assert _judge(_trusted(public, now=datetime.now(UTC) + timedelta(days=3)), raw).reason == "expired-key"


def test_a_revoked_key_is_revoked(keyring: Keyring) -> None:
    fingerprint = keyring.make("Lost Key <lost@example.com>")
    raw = keyring.sign("lost@example.com", MESSAGE)
    prepared = (keyring.home / "openpgp-revocs.d" / f"{fingerprint}.rev").read_bytes()
    public = keyring.public("lost@example.com")
    assert _judge(_trusted(public), raw).reason == ""
    revocation = prepared[prepared.index(b":-----BEGIN") + 1 :]
    keyring.gpg("--import", data=revocation)
    assert _judge(_trusted(keyring.public("lost@example.com")), raw).reason == "revoked-key"


def test_a_weak_key_is_weak(keyring: Keyring) -> None:
    keyring.make("Weak Key <weak@example.com>", kind="rsa1024")
    trusted = _trusted(keyring.public("weak@example.com"))
    assert [each.kind for each in trusted.problems] == ["weak-key"]
    assert _judge(trusted, keyring.sign("weak@example.com", MESSAGE)).reason == "weak-key"


def test_a_weak_subkey_of_a_strong_key_is_weak(keyring: Keyring) -> None:
    key = keyring.make("Sub <sub@example.com>")
    for kind in ("rsa1024", "rsa2048"):
        keyring.gpg("--passphrase", "", "--quick-add-key", key, kind, "sign")
    lines = keyring.gpg("--with-colons", "--list-keys", "sub@example.com").decode().split("\n")
    weak, strong = [line.split(":")[9] for line in lines if line.startswith("fpr")][1:]
    trusted = _trusted(keyring.public("sub@example.com"))
    assert trusted.problems == ()
    judged = [_judge(trusted, keyring.sign(f"{each}!", MESSAGE)) for each in (weak, strong)]
    assert [each.reason for each in judged] == ["weak-key", ""]
    assert judged[0].detail == "RSA with 1024 bits"


def test_a_key_with_two_addresses_is_a_problem_that_names_both(keyring: Keyring) -> None:
    keyring.make("Two <two@example.com>")
    keyring.gpg("--quick-add-uid", "two@example.com", "Too <too@example.com>")
    trusted = _trusted(keyring.public("two@example.com"))
    assert [each.kind for each in trusted.problems] == ["shared-key"]
    assert set(trusted.problems[0].principals) == {"two@example.com", "too@example.com"}


def test_a_file_that_is_no_public_key_is_a_problem_and_the_others_still_count(keyring: Keyring) -> None:
    good = keyring.public(DANA)
    files = [b"", b"junk", good[:200], good.replace(b"PUBLIC", b"PRIVATE"), b"x" * (1024 * 1024 + 1)]
    trusted = _trusted(*files, good)
    assert [each.kind for each in trusted.problems] == ["unreadable"] * len(files)
    assert _judge(trusted, keyring.sign(DANA, MESSAGE)).reason == ""


def test_keys_without_gpg_to_read_them_are_a_problem(monkeypatch: pytest.MonkeyPatch, made: Keyring) -> None:
    public, raw = made.public(DANA), made.sign(DANA, MESSAGE)
    monkeypatch.setenv("PATH", "/nonexistent")
    trusted = _trusted(public)
    assert [each.kind for each in trusted.problems] == ["tool-missing"]
    assert _judge(trusted, raw).reason == "unknown-key"
    with pytest.raises(SigningToolMissingError, match=r"^gpg is not installed\.$"):
        _signer(user_signingkey="dana@example.com")


def test_the_temporary_keyring_goes_with_its_owner(
    keyring: Keyring, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    trusted = _trusted(keyring.public(DANA))
    assert len(list(tmp_path.iterdir())) == 1
    del trusted
    assert list(tmp_path.iterdir()) == []


def test_a_signer_that_signs_by_another_key_is_found_out(keyring: Keyring) -> None:
    other = keyring.fingerprint(RISK)
    signer = _signer(user_signingkey=DANA)
    assert isinstance(signer, GpgSigner)
    lying = GpgSigner(signer.scheme, other, DANA, DANA, signer.program)
    with pytest.raises(SigningError, match="another key"):
        lying.sign(MESSAGE)
    with pytest.raises(SigningError, match="could not sign"):
        GpgSigner(signer.scheme, other, "nobody@example.com", "", signer.program).sign(MESSAGE)


def test_a_key_in_the_open_asks_nothing_and_one_with_a_passphrase_may(keyring: Keyring) -> None:
    assert not _signer(user_signingkey=DANA).may_prompt
    keyring.make("Locked <locked@example.com>", passphrase="secret")
    subprocess.run(["gpgconf", "--homedir", str(keyring.home), "--kill", "gpg-agent"], check=True)
    assert _signer(user_signingkey="locked@example.com").may_prompt


VALID = "[GNUPG:] VALIDSIG AAAA 2026-01-01 1 0 4 0 22 8 00 AAAA"
GOOD = "[GNUPG:] GOODSIG AAAA Dana"


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["[GNUPG:] NEWSIG", GOOD, VALID], ""),
        ([], "bad-signature"),
        ([GOOD], "bad-signature"),
        ([VALID], "bad-signature"),
        ([GOOD, GOOD, VALID], "bad-signature"),
        ([GOOD, VALID, VALID], "bad-signature"),
        (["[GNUPG:] NEWSIG", "[GNUPG:] NEWSIG", GOOD, VALID], "bad-signature"),
        ([GOOD, VALID, "[GNUPG:] REVKEYSIG AAAA Dana"], "revoked-key"),
        ([GOOD, VALID, "[GNUPG:] EXPKEYSIG AAAA Dana"], "expired-key"),
        ([GOOD, VALID, "[GNUPG:] EXPSIG AAAA Dana"], "bad-signature"),
        ([GOOD, VALID, "[GNUPG:] BADSIG AAAA Dana"], "bad-signature"),
        ([GOOD, "[GNUPG:] VALIDSIG AAAA"], "bad-signature"),
        ([GOOD, VALID.replace(" 22 8 ", " 22 2 ")], "weak-key"),
        ([GOOD, VALID.replace(" 22 8 ", " 17 8 ")], "weak-key"),
        ([GOOD, VALID.replace(" 00 ", " 01 ")], "bad-signature"),
        (["gpg: " + GOOD, " " + VALID], "bad-signature"),
    ],
)
def test_only_one_good_and_valid_signature_without_a_word_against_it_is_good(lines: list[str], reason: str) -> None:
    assert judge(status_lines("\n".join(lines))).reason == reason


@pytest.fixture
def x509(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    if shutil.which("gpgsm") is None:
        pytest.skip("gpgsm is not installed")
    with tempfile.TemporaryDirectory(prefix="gpgsm-") as folder:
        monkeypatch.setenv("GNUPGHOME", folder)
        Path(folder, "gpgsm.conf").write_text("disable-crl-checks\n")
        key = b"Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign\n"
        request = key + b"Serial: random\nName-DN: CN=Dana\nName-Email: dana@example.com\n"
        command = [
            "gpgsm",
            "--batch",
            "--pinentry-mode=loopback",
            "--passphrase-fd=0",
            "--gen-key",
            "-o",
            f"{folder}/c",
        ]
        (Path(folder) / "request").write_bytes(request)
        subprocess.run([*command, f"{folder}/request"], input=b"\n", capture_output=True, check=True)
        subprocess.run(["gpgsm", "-q", "--batch", "--import", f"{folder}/c"], capture_output=True, check=True)
        listing = subprocess.run(["gpgsm", "--with-colons", "-k"], capture_output=True, text=True, check=True).stdout
        fingerprint = next(line.split(":")[9] for line in listing.split("\n") if line.startswith("fpr"))
        Path(folder, "trustlist.txt").write_text(f"{fingerprint} S relax\n")
        subprocess.run(["gpgconf", "--kill", "gpg-agent"], check=False)
        yield fingerprint
        subprocess.run(["gpgconf", "--kill", "all"], check=False)


def test_gpgsm_signs_and_its_certificate_is_nobodys_here(x509: str) -> None:
    signer = _signer(gpg_format="x509", user_signingkey=x509)
    assert signer.keyid == f"x509:{x509}"
    assert signer.describe().startswith("X.509 key ")
    raw = signer.sign(MESSAGE)
    assert dearmor(armor(SignatureScheme.X509, raw)).raw == raw
    found = _trusted().verify(MESSAGE, raw, keyid=signer.keyid)
    assert found.reason == "unknown-key"
