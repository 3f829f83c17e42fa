"""Signing as the user's Git does, by real keys, a real ssh-keygen and a real agent."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewtui.errors import NoSigningKeyError, SigningError, SigningToolMissingError
from reviewtui.signing.configured import configured_signer
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, sign_payload
from reviewtui.signing.scheme import Signer
from reviewtui.signing.ssh import SshSigner
from reviewtui.signing.sshsig import parse_sshsig
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from tests.certified import Authority, make_authority

NOW = datetime(2026, 3, 1, tzinfo=UTC)
# A first line that ssh-keygen would take for a passphrase if it were given on standard input.
MESSAGE = b"secret\nDSSEv1 and more\x00\xff\n"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("SSH_AUTH_SOCK", "SSH_ASKPASS", "SSH_ASKPASS_REQUIRE", "DISPLAY", "GIT_COMMITTER_EMAIL"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    (folder / ".ssh").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    return folder


def _make_key(path: Path, *, kind: str = "ed25519", bits: str = "", passphrase: str = "", extra: str = "") -> Path:
    command = ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-C", "dana@laptop", "-f", str(path)]
    subprocess.run(command + (["-b", bits] if bits else []) + extra.split(), check=True, capture_output=True)
    return path


def _public(path: Path) -> Path:
    return path.with_name(path.name + ".pub")


def _signer(directory: Path, **config: str) -> Signer:
    values = {"gpg.format": "ssh"} | {name.replace("_", "."): value for name, value in config.items()}
    return configured_signer(values.get, directory=directory)


def _proves_itself(signer: Signer, public: Path) -> None:
    trusted = TrustedSigners.load(TrustFiles(b"dana@example.com " + public.read_bytes()), now=NOW)
    for namespace in ("reviewtui", "git"):
        raw = signer.sign(MESSAGE, namespace=namespace)
        found = trusted.verify(MESSAGE, raw, keyid=signer.keyid, namespace=namespace)
        assert found.principals == ("dana@example.com",), found
    envelope = sign_payload(PAYLOAD_TYPE, b"{}\n", signer=signer, verifier=trusted)
    assert Envelope.from_line(envelope.to_line()) == envelope


@pytest.mark.parametrize(("kind", "bits"), [("ed25519", ""), ("ecdsa", "256"), ("ecdsa", "521"), ("rsa", "2048")])
def test_every_kind_of_key_file_signs(tmp_path: Path, kind: str, bits: str) -> None:
    key = _make_key(tmp_path / "key", kind=kind, bits=bits)
    signer = _signer(tmp_path, user_signingkey=str(key))
    _proves_itself(signer, _public(key))
    assert not signer.may_prompt
    assert signer.public_key().split() == _public(key).read_text().split()[:2]
    assert signer.keyid in signer.describe()
    assert "dana@laptop" in signer.describe()
    assert str(key) in signer.describe()


def test_the_public_file_the_tilde_and_a_relative_path_name_the_same_key(home: Path) -> None:
    key = _make_key(home / ".ssh" / "id_ed25519")
    for name in (str(_public(key)), "~/.ssh/id_ed25519", "~/.ssh/id_ed25519.pub", ".ssh/id_ed25519"):
        _proves_itself(_signer(home, user_signingkey=name), _public(key))


def test_a_private_key_needs_no_public_file_beside_it(tmp_path: Path) -> None:
    key = _make_key(tmp_path / "key")
    public = _public(key).rename(tmp_path / "elsewhere")
    _proves_itself(_signer(tmp_path, user_signingkey=str(key)), public)


def test_a_pem_key_needs_its_public_file(tmp_path: Path) -> None:
    key = _make_key(tmp_path / "key", kind="rsa", bits="2048", extra="-m PEM")
    _proves_itself(_signer(tmp_path, user_signingkey=str(key)), _public(key))
    _public(key).unlink()
    with pytest.raises(NoSigningKeyError, match="ssh-keygen -y"):
        _signer(tmp_path, user_signingkey=str(key))


@pytest.fixture
def agent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    socket = Path(tempfile.gettempdir()) / f"agent-{os.getpid()}-{id(tmp_path)}"
    said = subprocess.run(["ssh-agent", "-s", "-a", str(socket)], capture_output=True, text=True, check=True).stdout
    process = int(said.split("SSH_AGENT_PID=")[1].split(";")[0])
    monkeypatch.setenv("SSH_AUTH_SOCK", str(socket))
    yield
    os.kill(process, signal.SIGTERM)
    socket.unlink(missing_ok=True)


def _ssh_add(*words: str | Path) -> None:
    subprocess.run(["ssh-add", "-q", *map(str, words)], check=True, capture_output=True)


def _into_agent(key: Path) -> bytes:
    _ssh_add(key)
    key.unlink()
    return _public(key).read_bytes()


@pytest.mark.usefixtures("agent")
def test_a_key_in_the_agent_alone_signs_however_it_is_named(tmp_path: Path) -> None:
    key = _make_key(tmp_path / "key")
    line = _into_agent(key).decode().strip()
    for name in (str(_public(key)), line, f"key::{line}", " ".join(line.split()[:2])):
        signer = _signer(tmp_path, user_signingkey=name)
        _proves_itself(signer, _public(key))
        assert "in the ssh-agent" in signer.describe()
        assert not signer.may_prompt
    ecdsa = _make_key(tmp_path / "ecdsa", kind="ecdsa")
    line = _into_agent(ecdsa).decode().strip()
    _proves_itself(_signer(tmp_path, user_signingkey=f"key::{line}"), _public(ecdsa))


@pytest.mark.usefixtures("agent")
def test_the_default_key_command_is_asked_where_no_key_is_set(tmp_path: Path) -> None:
    key = _make_key(tmp_path / "a key")
    _into_agent(key)
    _proves_itself(_signer(tmp_path, gpg_ssh_defaultkeycommand="ssh-add -L"), _public(key))
    _proves_itself(_signer(tmp_path, gpg_ssh_defaultkeycommand="cat 'a key.pub'"), _public(key))
    for command in ("true", "false", "echo ecdsa-sha2-nistp256 AAAA", "echo 'open", " "):
        with pytest.raises(NoSigningKeyError):
            _signer(tmp_path, gpg_ssh_defaultkeycommand=command)
    with pytest.raises(SigningToolMissingError):
        _signer(tmp_path, gpg_ssh_defaultkeycommand="no-such-command")


def test_a_key_with_a_passphrase_asks_for_it_and_never_reads_it_from_the_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = _make_key(tmp_path / "key", passphrase="secret")
    for name in (str(key), str(_public(key))):
        signer = _signer(tmp_path, user_signingkey=name)
        assert signer.may_prompt
        assert "asks for its passphrase" in signer.describe()
    monkeypatch.setenv("SSH_ASKPASS_REQUIRE", "force")
    monkeypatch.setenv("SSH_ASKPASS", shutil.which("false") or "false")
    with pytest.raises(SigningError) as caught:
        signer.sign(MESSAGE)
    assert "ssh-add" in caught.value.hint
    askpass = tmp_path / "askpass"
    askpass.write_text("#!/bin/sh\necho secret\n")
    askpass.chmod(0o755)
    monkeypatch.setenv("SSH_ASKPASS", str(askpass))
    _proves_itself(signer, _public(key))


@pytest.fixture
def certified(tmp_path: Path) -> Authority:
    """A key, and its certificate beside it."""
    authority = make_authority(tmp_path)
    authority.certify(_make_key(tmp_path / "key"), "dana@example.com")
    return authority


def _trusting(authority: Authority) -> TrustedSigners:
    return TrustedSigners.load(TrustFiles(authority.line().encode()), now=datetime.now(UTC))


def test_a_key_certified_by_an_authority_signs_with_its_certificate(tmp_path: Path, certified: Authority) -> None:
    signer, trusted = _signer(tmp_path, user_signingkey=str(tmp_path / "key-cert.pub")), _trusting(certified)
    assert trusted.principals_of_signer(signer) == ("dana@example.com",)
    assert trusted.principals_of(signer.keyid) == ()
    raw = signer.sign(MESSAGE)
    assert parse_sshsig(raw).certificate == signer.certificate
    found = trusted.verify(MESSAGE, raw, keyid=signer.keyid)
    assert found.principals == trusted.principals_of(signer.keyid) == ("dana@example.com",)
    assert "certified by SHA256:" in signer.describe()


def test_a_certificate_beside_the_key_is_not_what_signs_and_so_is_not_promised(
    tmp_path: Path, certified: Authority
) -> None:
    trusted = _trusting(certified)
    for name in ("key", "key.pub"):
        signer = _signer(tmp_path, user_signingkey=str(tmp_path / name))
        assert parse_sshsig(signer.sign(MESSAGE)).certificate is signer.certificate is None
        assert trusted.principals_of_signer(signer) == ()
        assert isinstance(signer, SshSigner)
        assert signer.unused == tmp_path / "key-cert.pub"
    # But the public half beside a private key is what signs, whatever it holds.
    shutil.copy(tmp_path / "key-cert.pub", tmp_path / "key.pub")
    signer = _signer(tmp_path, user_signingkey=str(tmp_path / "key"))
    assert parse_sshsig(signer.sign(MESSAGE)).certificate == signer.certificate is not None
    assert trusted.principals_of_signer(signer) == ("dana@example.com",)


@pytest.mark.usefixtures("agent")
def test_an_agent_signs_with_a_certificate_only_where_it_holds_it(tmp_path: Path, certified: Authority) -> None:
    lone = tmp_path / "lone"
    lone.mkdir()
    (lone / "key-cert.pub").write_bytes((tmp_path / "key-cert.pub").read_bytes())
    _ssh_add(tmp_path / "key")  # which finds the certificate beside it
    literal = (lone / "key-cert.pub").read_text()
    for named in (str(lone / "key-cert.pub"), literal, f"key::{literal}"):
        signer = _signer(tmp_path, user_signingkey=named)
        assert "in the ssh-agent" in signer.describe()
        assert parse_sshsig(signer.sign(MESSAGE)).certificate == signer.certificate is not None
        assert _trusting(certified).principals_of_signer(signer) == ("dana@example.com",)
    _ssh_add("-D")
    (tmp_path / "key-cert.pub").rename(tmp_path / "away")
    _ssh_add(tmp_path / "key")
    with pytest.raises(NoSigningKeyError):
        _signer(tmp_path, user_signingkey=str(lone / "key-cert.pub"))
    # ssh-keygen asks an agent that has the key, although it has not its certificate.
    (tmp_path / "away").rename(tmp_path / "key-cert.pub")
    with pytest.raises(SigningError, match="refused") as caught:
        _signer(tmp_path, user_signingkey=str(tmp_path / "key-cert.pub")).sign(MESSAGE)
    assert caught.value.hint == f"Load the key and its certificate into the ssh-agent with: ssh-add {tmp_path / 'key'}"


def test_without_a_key_the_hint_is_what_to_type(tmp_path: Path, home: Path) -> None:
    with pytest.raises(NoSigningKeyError) as caught:
        _signer(tmp_path)
    assert caught.value.hint.split("\n") == [
        "ssh-keygen -t ed25519",
        "git config --global gpg.format ssh",
        "git config --global user.signingkey ~/.ssh/id_ed25519.pub",
    ]
    _make_key(home / ".ssh" / "id_ecdsa", kind="ecdsa")
    with pytest.raises(NoSigningKeyError) as caught:
        _signer(tmp_path)
    assert caught.value.hint.split("\n")[-1] == "git config --global user.signingkey ~/.ssh/id_ecdsa.pub"
    assert "ssh-keygen" not in caught.value.hint


def test_an_empty_signing_key_is_to_be_unset(tmp_path: Path) -> None:
    with pytest.raises(NoSigningKeyError) as caught:
        _signer(tmp_path, user_signingkey="", gpg_ssh_defaultkeycommand="ssh-add -L")
    assert caught.value.hint.startswith("git config --global --unset user.signingkey\n")


def test_what_is_no_key_is_told_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "junk").write_bytes(b"\xff\xfejunk")
    (tmp_path / "large").write_bytes(b"x" * 70_000)
    (tmp_path / "empty").write_bytes(b"")
    orphan = _make_key(tmp_path / "orphan")
    orphan.unlink()
    for name in ("absent", "junk", "large", "empty", ".", "orphan.pub", "key::nonsense", "ssh-ed25519 AAAA"):
        with pytest.raises(NoSigningKeyError) as caught:
            _signer(tmp_path, user_signingkey=name)
        assert caught.value.message.endswith("."), name


def test_a_weak_key_is_refused_before_it_signs(tmp_path: Path) -> None:
    key = _make_key(tmp_path / "key", kind="rsa", bits="1024")
    with pytest.raises(SigningError, match="RSA with 1024 bits"):
        _signer(tmp_path, user_signingkey=str(key))


def _script(path: Path, text: str) -> str:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return str(path)


def test_another_program_signs_where_git_names_one(tmp_path: Path) -> None:
    key = _make_key(tmp_path / "key")
    program = _script(tmp_path / "my-signer", 'exec ssh-keygen "$@"')
    signer = _signer(tmp_path, user_signingkey=str(key), gpg_ssh_program=program)
    _proves_itself(signer, _public(key))


def test_a_program_that_signs_something_else_is_found_out(tmp_path: Path) -> None:
    key, other = _make_key(tmp_path / "key"), _make_key(tmp_path / "other")
    for at, (said, body) in enumerate({
        "for evil instead of reviewtui": 'shift 4; exec ssh-keygen -Y sign -n evil "$@"',
        "by another key": f'for last; do :; done; exec ssh-keygen -Y sign -n reviewtui -f {other} "$last"',
        "over sha256 instead of sha512": 'exec ssh-keygen "$1" "$2" -O hashalg=sha256 "$3" "$4" "$5" "$6" "$7"',
        "does not verify": 'for last; do :; done; echo more >> "$last"; exec ssh-keygen "$@"',
        "cannot be used": 'for last; do :; done; echo junk > "$last.sig"',
        "could not sign": "exit 0",
        "no thank you": "echo no thank you >&2; exit 1",
    }.items()):  # fmt: skip
        program = _script(tmp_path / f"signer{at}", body)
        signer = _signer(tmp_path, user_signingkey=str(key), gpg_ssh_program=program)
        with pytest.raises(SigningError, match=said):
            signer.sign(MESSAGE)


def test_a_missing_or_old_openssh_is_told_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = _make_key(tmp_path / "key")
    signer = _signer(tmp_path, user_signingkey=str(key))
    empty = tmp_path / "bin"
    empty.mkdir()
    monkeypatch.setenv("PATH", str(empty))
    with pytest.raises(SigningToolMissingError, match=r"^ssh-keygen is not installed\.$"):
        signer.sign(MESSAGE)
    _script(empty / "ssh-keygen", "exit 0")
    _script(empty / "ssh", "echo 'OpenSSH_8.8p1 Debian, OpenSSL' >&2")
    with pytest.raises(SigningToolMissingError, match=r"^OpenSSH 8\.8 is too old to sign records\.$") as caught:
        signer.sign(MESSAGE)
    assert "8.9" in caught.value.hint


def test_an_unknown_format_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(SigningError, match=r"^gpg\.format is minisign; Git knows openpgp, x509 and ssh\.$"):
        _signer(tmp_path, gpg_format="minisign")


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    key = _make_key(tmp_path / "key")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    _signer(tmp_path, user_signingkey=str(key)).sign(MESSAGE)
    assert list(scratch.iterdir()) == []
