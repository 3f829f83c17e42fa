"""Our verifier and ssh-keygen must agree, on generated and mutated signatures, keys and signer files.

REVIEWTUI_DIFFERENTIAL_CASES raises the number of random cases; REVIEWTUI_DIFFERENTIAL_SEED changes them.
"""

from __future__ import annotations

import base64
import os
import random
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewtui.signing.armor import MalformedArmorError, SignatureScheme, armor, dearmor
from reviewtui.signing.differences import DIFFERENCES
from reviewtui.signing.in_process import InProcessCheck
from reviewtui.signing.scheme import SignatureStatus
from reviewtui.signing.ssh_keys import WeakAlgorithmError
from reviewtui.signing.sshsig import parse_sshsig
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.signing.wire import MalformedWireError, wire_mpint, wire_string
from tests import ssh_material as make

CASES = int(os.environ.get("REVIEWTUI_DIFFERENTIAL_CASES", "240"))
SEED = int(os.environ.get("REVIEWTUI_DIFFERENTIAL_SEED", "20260301"))
MESSAGE = b"DSSEv1 1 a 2 {}"
NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SUMMER = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)
DANA = "dana@example.com"
KEYS = make.every_kind()


def _ssh_keygen(*arguments: str | Path) -> bool:
    command = ["ssh-keygen", *map(str, arguments)]
    return subprocess.run(command, input=MESSAGE, capture_output=True, check=False).returncode == 0


def _ssh_keygen_accepts(folder: Path, block: bytes, *, namespace: str = "reviewtui") -> bool:
    (folder / "sig").write_bytes(block)
    return _ssh_keygen("-Y", "check-novalidate", "-n", namespace, "-s", folder / "sig")


def _we_accept(block: bytes, *, namespace: str = "reviewtui") -> bool:
    try:
        signature = parse_sshsig(dearmor(block).raw)
    except (MalformedArmorError, MalformedWireError, WeakAlgorithmError):
        return False
    sound = InProcessCheck().is_valid(signature, MESSAGE)
    return sound and signature.namespace == namespace and not signature.key.weakness


def _in_parallel(folder: Path, count: int, judge: Callable[[Path, int], object]) -> list[object]:
    """Each case in a folder of its own, two at a time: the cost is ssh-keygen's start."""

    def run(at: int) -> object:
        case = folder / str(at)
        case.mkdir()
        return judge(case, at)

    with ThreadPoolExecutor(max_workers=os.cpu_count()) as workers:
        return list(workers.map(run, range(count)))


def _mutated(choice: random.Random, blob: bytes) -> bytes:
    data = bytearray(blob)
    for _ in range(choice.choice((1, 1, 1, 2, 3))):
        at = choice.randrange(len(data))
        match choice.randrange(5):
            case 0:
                data[at] ^= 1 << choice.randrange(8)
            case 1:
                data[at] = choice.choice((0, 1, 0x7F, 0x80, 0xFF))
            case 2:
                del data[at : at + choice.randrange(1, 5)]
            case 3:
                data[at:at] = bytes(choice.choices(range(256), k=choice.randrange(1, 5)))
            case _:
                other = choice.randrange(len(data))
                data[at : at + 4], data[other : other + 4] = data[other : other + 4], data[at : at + 4]
        if not data:
            return b"S"
    return bytes(data)


def test_mutated_signatures_are_judged_as_ssh_keygen_does(tmp_path: Path) -> None:
    choice = random.Random(SEED)
    blobs = []
    for at in range(CASES):
        blob = make.sshsig(KEYS[at % len(KEYS)], MESSAGE, hash_name=choice.choice((b"sha512", b"sha256")))
        blobs.append(blob if at % 10 == 0 else _mutated(choice, blob))

    def judge(folder: Path, at: int) -> tuple[bool, bool]:
        block = armor(SignatureScheme.SSH, blobs[at])
        return _we_accept(block), _ssh_keygen_accepts(folder, block)

    verdicts = _in_parallel(tmp_path, CASES, judge)
    apart = [blobs[at].hex() for at, (ours, theirs) in enumerate(verdicts) if ours != theirs]  # type: ignore[misc]
    assert [each for each in apart if not _is_known(bytes.fromhex(each))] == []
    assert sum(ours for ours, _ in verdicts) >= CASES // 10  # type: ignore[misc]


def _is_known(blob: bytes) -> bool:
    """Whether a mutation landed on one of the named differences that ssh-keygen does not look at."""
    try:
        parse_sshsig(blob)
    except MalformedWireError as error:
        return any(word in str(error) for word in ("version", "reserved", "shortest form", "not positive"))
    except WeakAlgorithmError:
        return True
    return False


_NAMES = (DANA, DANA, DANA, "risk@example.com", "dana@example.com,risk@example.com", "*@example.com",
"d?na@example.com",
          "!dana@example.com,*", '"dana@example.com"', "#dana@example.com", "DANA@example.com", "")  # fmt: skip
_OPTIONS = ("", "", "", 'namespaces="reviewtui"', 'namespaces="git"', 'namespaces="git,review*"',
            'namespaces="!reviewtui,*"',
            'NAMESPACES="*"', "namespaces=reviewtui", 'valid-after="20250101"', 'valid-after="20270101Z"',
            'valid-before="20260301"', 'valid-before="20260302Z"', 'valid-before="202603011200Z"',
            'valid-before="20260301115959Z"', 'valid-after="20260301120001Z"', 'valid-after="2026"',
            'valid-before="20261301"',
            'valid-after="20250101",valid-before="20270101"', 'valid-after="20270101",valid-before="20250101"',
            "cert-authority", "cert-authority,", 'cert-authority,namespaces="reviewtui"', "nonsense", 'a="b c"',
            'namespaces="a b,reviewtui"', 'namespaces="reviewtui', 'namespaces="reviewtui\\"',
            'namespaces="x",namespaces="y"',
            'valid-before="20260302UTC"', ",", "no-pty", 'valid-before="202603010700"', 'valid-after="202603010700"',
            'valid-before="202607010700"', 'valid-before="202607010659"', 'valid-after="202607010700"',
            'valid-after="202607010800"', 'valid-before="202607011200"', 'valid-after="20260701120000"')  # fmt: skip


def _random_line(choice: random.Random, keys: list[make.Key]) -> bytes:
    key = choice.choice(keys).line
    match choice.randrange(14):
        case 0:
            key = key[: choice.randrange(len(key))]
        case 1:
            key = key.replace(b"ssh-", b"ssh-x", 1)
        case 2:
            key += b" a comment \xc3\xa9"
        case 3:
            key = key.replace(b" ", b"\t ")
    blank = choice.choice((b" ", b" ", b"\t", b"  "))
    words = [choice.choice(_NAMES).encode(), choice.choice(_OPTIONS).encode(), key]
    return choice.choice((b"", b"", b" ")) + blank.join(filter(None, words)) + choice.choice((b"", b"", b"\r", b" "))


@pytest.fixture(params=["UTC", "America/New_York"])
def zone(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Times without a Z are local: to ssh-keygen by its environment, to us by the C library's."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", request.param)
        time.tzset()
        yield request.param
    time.tzset()


def test_random_signer_files_are_read_as_ssh_keygen_does(tmp_path: Path, zone: str) -> None:
    choice = random.Random(f"{SEED} {zone}")
    keys = [make.ed25519(1), make.ecdsa(256, 1), make.sk_ed25519(1), make.ed25519(2)]
    files = [
        b"\n".join(_random_line(choice, keys) for _ in range(choice.randrange(1, 4))) + b"\n" for _ in range(CASES // 2)
    ]
    signer = keys[0]
    plain = make.sshsig(signer, MESSAGE)
    by_authority = make.sshsig(make.ed25519(3), MESSAGE, key_blob=make.certificate(make.ed25519(3), signer))

    def judge(folder: Path, at: int) -> tuple[bool, bool, bool]:
        blob, now = (by_authority if at % 3 == 0 else plain), (NOW, SUMMER)[at % 2]
        (folder / "allowed").write_bytes(files[at])
        (folder / "sig").write_bytes(armor(SignatureScheme.SSH, blob))
        theirs = _ssh_keygen(
            "-Y", "verify", "-n", "reviewtui", "-I", DANA, "-f", folder / "allowed", "-s", folder / "sig",
            f"-Overify-time={now:%Y%m%d%H%M%S}Z",
        )  # fmt: skip
        trusted = TrustedSigners.load(TrustFiles(files[at]), now=now)
        found = trusted.verify(MESSAGE, blob, keyid="")
        ours = found.status is SignatureStatus.GOOD and DANA in found.principals
        return ours, theirs, any(each.kind == "pattern" for each in trusted.problems)

    verdicts = _in_parallel(tmp_path, CASES // 2, judge)
    apart = [files[at] for at, (ours, theirs, patterns) in enumerate(verdicts)  # type: ignore[misc]
             if ours != theirs and not (theirs and patterns)]  # fmt: skip
    assert apart == []
    assert any(ours for ours, _, _ in verdicts)  # type: ignore[misc]


def test_random_revocation_lists_are_read_as_ssh_keygen_does(tmp_path: Path) -> None:
    choice = random.Random(SEED + 2)
    keys = [make.ed25519(seed) for seed in (1, 2, 3)]
    authority = make.ed25519(99)
    (tmp_path / "ca.pub").write_bytes(authority.line)

    def specification() -> bytes:
        low = choice.randrange(1, 60)
        lines = [
            b"serial: %d-%d" % (low, low + choice.randrange(1, 9)), b"serial: %d" % choice.randrange(1, 60),
            b"id: dana", b"id: risk", *(kind + key.line for key in keys for kind in (b"key: ", b"sha1: ", b"sha256: ")),
        ]  # fmt: skip
        return b"\n".join(choice.sample(lines, choice.randrange(1, 5))) + b"\n"

    count = CASES // 6
    cases = [(specification(), choice.choice(keys), choice.randrange(0, 70)) for _ in range(count)]

    def judge(folder: Path, at: int) -> tuple[bool, bool]:
        text, key, serial = cases[at]
        (folder / "spec").write_bytes(text)
        assert _ssh_keygen("-q", "-k", "-f", folder / "krl", "-s", tmp_path / "ca.pub", folder / "spec")
        blob = make.certificate(key, authority, serial=serial) if serial % 2 else key.blob
        name = b"ssh-ed25519-cert-v01@openssh.com" if serial % 2 else b"ssh-ed25519"
        (folder / "key.pub").write_bytes(name + b" " + base64.b64encode(blob))
        theirs = _ssh_keygen("-Q", "-f", folder / "krl", folder / "key.pub")
        allowed = f"{DANA} cert-authority ".encode() + authority.line + f"\n{DANA} ".encode() + key.line
        trusted = TrustedSigners.load(TrustFiles(allowed, (folder / "krl").read_bytes()), now=NOW)
        found = trusted.verify(MESSAGE, make.sshsig(key, MESSAGE, key_blob=blob), keyid="")
        assert found.reason in ("", "revoked-key")
        return not found.reason, theirs

    verdicts = _in_parallel(tmp_path, count, judge)
    assert [cases[at] for at, (ours, theirs) in enumerate(verdicts) if ours != theirs] == []  # type: ignore[misc]
    assert {ours for ours, _ in verdicts} == {True, False}  # type: ignore[misc]


_ORDER = 2**252 + 27742317777372353535851937790883648493


def _large_s() -> bytes:
    key = make.ed25519(1)

    def sign(data: bytes) -> bytes:
        value = key.sign(data)[-64:]
        s = int.from_bytes(value[32:], "little") + _ORDER
        return wire_string(b"ssh-ed25519") + wire_string(value[:32] + s.to_bytes(32, "little"))

    return make.sshsig(make.Key(key.type, key.fields, sign), MESSAGE)


def _long_integer() -> bytes:
    key = make.rsa_key(2048, 1)
    exponent = wire_mpint(65537)
    modulus = key.fields[len(exponent) + 4 :]
    longer = wire_string(b"ssh-rsa") + exponent + wire_string(b"\0" + modulus)
    return make.sshsig(key, MESSAGE, key_blob=longer)


def _sha1_certificate() -> bytes:
    key, authority = make.ed25519(1), make.rsa_key(2048, 1, "ssh-rsa")
    return make.sshsig(key, MESSAGE, key_blob=make.certificate(key, authority))


STRICTER: dict[str, bytes] = {
    "small-rsa": make.sshsig(make.rsa_key(1024), MESSAGE),
    "version-0": make.sshsig(KEYS[0], MESSAGE, version=0),
    "reserved": make.sshsig(KEYS[0], MESSAGE, reserved=b"x"),
    "ed25519-s": _large_s(),
    "integers": _long_integer(),
    "sha1-authority": _sha1_certificate(),
}


@pytest.mark.parametrize("name", STRICTER)
def test_we_refuse_what_ssh_keygen_accepts_where_the_table_says_so(name: str, tmp_path: Path) -> None:
    difference = next(each for each in DIFFERENCES if each.name == name)
    blob = STRICTER[name]
    assert _ssh_keygen_accepts(tmp_path, armor(SignatureScheme.SSH, blob)), difference.what
    allowed = f"{DANA} ".encode() + KEYS[0].line
    assert TrustedSigners.load(TrustFiles(allowed), now=NOW).verify(MESSAGE, blob, keyid="").reason == difference.reason


def test_other_layouts_of_a_block_are_accepted_by_ssh_keygen_alone(tmp_path: Path) -> None:
    block = armor(SignatureScheme.SSH, make.sshsig(KEYS[0], MESSAGE))
    others = [block + b"text after it\n", block.replace(b"\nU1", b"\nU 1"), re.sub(rb"(?m)^(U)", rb" \1", block)]
    assert _we_accept(block)
    for other in others:
        assert _ssh_keygen_accepts(tmp_path, other)
        assert not _we_accept(other)


def test_every_difference_has_a_name_of_its_own_and_says_why() -> None:
    assert len({each.name for each in DIFFERENCES}) == len(DIFFERENCES)
    assert all(each.what and each.why for each in DIFFERENCES)
