"""The published signatures of ../shared/data/sigvectors verify or fail as their INDEX.md says."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewtui.signing.armor import MalformedArmorError, SignatureScheme, dearmor
from reviewtui.signing.certificates import parse_certificate
from reviewtui.signing.differences import DIFFERENCES
from reviewtui.signing.envelope import pre_authentication_encoding
from reviewtui.signing.in_process import InProcessCheck
from reviewtui.signing.scheme import SignatureStatus
from reviewtui.signing.ssh_keys import WeakAlgorithmError, parse_key_text
from reviewtui.signing.sshsig import parse_sshsig
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.signing.wire import MalformedWireError

VECTORS = Path(__file__).resolve().parents[2] / "shared" / "data" / "sigvectors"
if not VECTORS.is_dir():
    pytest.skip("the published signatures are not beside this repository", allow_module_level=True)

NOW = datetime(2026, 3, 1, tzinfo=UTC)
_INDEX = (VECTORS / "INDEX.md").read_text(encoding="utf-8")
_ROW = re.compile(r"\| [\w-]+ \| ([\w.-]+) \| `([^`]+)` \| `([^`]+)` \| `([^`]+)` \| (\w+) \| ([^|]+) \|")
ROWS = {row[0]: row for row in _ROW.findall(_INDEX)}
_SIGNERS = re.compile(r"\| (openssh-portable-[\w-]+) \| ([^|]+) \| (GOOD|no) \| \[([^]]*)\] \|")
SIGNERS = {row[0]: row for row in _SIGNERS.findall(_INDEX)}
REFUSED = {"dsa": "dsa", "sshsig_dsa_1024": "dsa", "ecdsa_sk_webauthn": "webauthn"}


def test_the_index_is_read_whole() -> None:
    assert len(ROWS) == 31
    assert len(SIGNERS) == 10


@pytest.mark.parametrize("name", ROWS)
def test_a_published_signature_verifies_as_the_index_says(name: str) -> None:
    _, message_path, signature_path, namespace, theirs, ours = ROWS[name]
    message = (VECTORS / message_path).read_bytes()
    block = (VECTORS / signature_path).read_bytes()
    assert theirs == "GOOD"
    found = TrustedSigners.load(TrustFiles(), now=NOW).verify_armored(message, block, namespace=namespace)
    if ours.startswith("ok"):
        assert found.reason == "unknown-key", found
        words = ours.split()
        assert found.algorithm == words[1]
        if "flags=" in ours:
            flags = int(words[2].removeprefix("flags="), 16)
            assert (found.user_present, found.user_verified) == (bool(flags & 1), bool(flags & 4))
            assert found.counter == int(words[3].removeprefix("ctr="))
        changed = TrustedSigners.load(TrustFiles(), now=NOW).verify_armored(message + b"x", block, namespace=namespace)
        assert changed.reason == "bad-signature"
    else:
        difference = next(each for each in DIFFERENCES if each.name == REFUSED[name])
        assert found.reason == difference.reason


def test_the_example_printed_in_the_protocol_itself_is_refused() -> None:
    block = (VECTORS / "openssh-protocol-doc" / "example.sig").read_bytes()
    with pytest.raises((MalformedWireError, MalformedArmorError)):
        parse_sshsig(dearmor(block).raw)


@pytest.mark.parametrize("name", SIGNERS)
def test_opensshs_own_signers_are_named_as_the_index_says(name: str) -> None:
    folder = VECTORS / "git-objects"
    allowed = (folder / "openssh.allowed_signers").read_bytes()
    trusted = TrustedSigners.load(TrustFiles(allowed), now=NOW)
    assert trusted.problems == ()
    found = trusted.verify_armored((folder / f"{name}.payload").read_bytes(), (folder / f"{name}.sig").read_bytes())
    expected = tuple(re.findall(r"'([^']+)'", SIGNERS[name][3]))
    assert found.principals == expected
    assert found.status is (SignatureStatus.GOOD if expected else SignatureStatus.UNKNOWN_KEY)


def test_a_git_object_is_what_its_name_says() -> None:
    for path in (VECTORS / "git-objects").glob("*-commit-*.object"):
        data = path.read_bytes()
        digest = hashlib.sha1(b"commit %d\0" % len(data) + data).hexdigest()
        assert digest.startswith(path.stem.rsplit("-", 1)[1])


@pytest.mark.parametrize("path", sorted((VECTORS / "rustcrypto").glob("*-cert*.pub")), ids=lambda path: path.stem)
def test_a_published_certificate_was_signed_by_its_authority(path: Path) -> None:
    blob, _ = parse_key_text(path.read_bytes())
    try:
        certificate = parse_certificate(blob)
    except WeakAlgorithmError:
        pytest.fail("no published certificate is signed with a broken hash")
    check = InProcessCheck()
    signed = check.has_signed(certificate.authority, certificate.signature, certificate.covered)
    assert signed == ("badsig" not in path.name)


def test_the_vector_of_dsses_own_protocol() -> None:
    vector = json.loads((VECTORS / "dsse" / "protocol-vector.json").read_text(encoding="utf-8"))
    encoded = pre_authentication_encoding(vector["payloadType"], vector["payload"].encode())
    assert encoded == vector["pae"].encode()


@pytest.mark.parametrize("tag", ["v2.39.5", "v2.9.5"])
def test_gits_own_tags_verify_by_their_maintainers_key(tag: str) -> None:
    folder = VECTORS / "git-pgp"
    trusted = TrustedSigners.load(TrustFiles(openpgp=((folder / "junio-gpg-pub.asc").read_bytes(),)), now=NOW)
    payload, block = (folder / f"{tag}.payload").read_bytes(), (folder / f"{tag}.asc").read_bytes()
    assert dearmor(block).scheme is SignatureScheme.OPENPGP
    found = trusted.verify_armored(payload, block)
    changed = trusted.verify_armored(payload + b"x", block)
    assert changed.reason == "bad-signature"
    assert "gitster@pobox.com" in found.principals
