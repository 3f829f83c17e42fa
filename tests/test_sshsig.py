"""SSHSIG: what is read, what is refused, and that no bit can be changed."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewtui.signing.armor import MalformedArmorError, SignatureScheme, armor, dearmor
from reviewtui.signing.in_process import InProcessCheck
from reviewtui.signing.keygen import KeygenCheck
from reviewtui.signing.ssh_keys import (
    WeakAlgorithmError,
    fingerprint_of,
    parse_key_text,
    parse_public_key,
)
from reviewtui.signing.sshsig import SshCheck, parse_sshsig
from reviewtui.signing.wire import MalformedWireError, WireReader, wire_mpint, wire_string
from tests import ssh_material as make

MESSAGE = b"DSSEv1 1 a 2 {}"
CHECKS: list[SshCheck] = [InProcessCheck(), KeygenCheck()]


@pytest.mark.parametrize("check", CHECKS, ids=["in-process", "ssh-keygen"])
@pytest.mark.parametrize("at", range(9))
def test_every_kind_of_key_verifies_its_own_message_and_no_other(at: int, check: SshCheck) -> None:
    signature = parse_sshsig(make.sshsig(make.every_kind()[at], MESSAGE))
    assert check.is_valid(signature, MESSAGE)
    assert not check.is_valid(signature, MESSAGE + b" ")


def test_the_flags_and_the_counter_of_a_hardware_key_are_read() -> None:
    for key in (make.sk_ed25519(flags=5, counter=77), make.sk_ecdsa(flags=5, counter=77)):
        signature = parse_sshsig(make.sshsig(key, MESSAGE)).signature
        assert (signature.flags, signature.counter) == (5, 77)


KEY = make.ed25519()
SPECIAL = {
    "another magic": {"magic": b"SSHSIH"},
    "version 0": {"version": 0},
    "version 2": {"version": 2},
    "a reserved field": {"reserved": b"x"},
    "trailing data": {"trailing": b"\0"},
    "SHA-1": {"hash_name": b"sha1"},
    "MD5": {"hash_name": b"md5"},
    "SHA-384": {"hash_name": b"sha384"},
    "no hash": {"hash_name": b""},
    "no namespace": {"namespace": b""},
    "a namespace with NUL": {"namespace": b"reviewtui\0"},
    "a namespace beyond ASCII": {"namespace": b"reviewtu\xef"},
    "a key with trailing data": {"key_blob": KEY.blob + b"\0"},
    "a short key": {"key_blob": KEY.blob[:-1]},
    "no key": {"key_blob": b""},
    "another key's type": {"key_blob": make.ecdsa().blob},
}


@pytest.mark.parametrize("name", SPECIAL)
def test_a_signature_that_is_out_of_the_ordinary_is_refused(name: str) -> None:
    with pytest.raises(MalformedWireError):
        parse_sshsig(make.sshsig(KEY, MESSAGE, **SPECIAL[name]))  # type: ignore[arg-type]


def test_a_signature_over_a_reserved_field_is_not_valid() -> None:
    signature = parse_sshsig(make.sshsig(KEY, MESSAGE, signed_reserved=b"x"))
    assert not InProcessCheck().is_valid(signature, MESSAGE)


def test_rsa_over_sha_1_is_weak() -> None:
    with pytest.raises(WeakAlgorithmError):
        parse_sshsig(make.sshsig(make.rsa_key(2048, 1, "ssh-rsa"), MESSAGE))


def test_weak_keys_say_why() -> None:
    assert parse_public_key(make.rsa_key(1024).blob).weakness == "RSA with 1024 bits"
    dsa = wire_string(b"ssh-dss") + wire_mpint(5) * 4
    assert parse_public_key(dsa).weakness == "DSA is broken"
    assert "not accepted" in parse_public_key(wire_string(b"ssh-kyber") + b"junk").weakness
    for exponent in (1, 2, 65536):
        blob = wire_string(b"ssh-rsa") + wire_mpint(exponent) + wire_mpint(2**2048 - 1)
        assert parse_public_key(blob).weakness


def test_points_of_small_order_are_weak() -> None:
    prime = 2**255 - 19
    d = -121665 * pow(121666, -1, prime) % prime
    found = set()
    for y in (0, 1, prime - 1, *_order_eight(prime, d)):
        assert _multiplied_by_eight(y, prime, d) == (0, 1)
        found.add(y)
        for sign in (0, 1 << 255):
            blob = wire_string(b"ssh-ed25519") + wire_string((y | sign).to_bytes(32, "little"))
            assert parse_public_key(blob).weakness, y
    assert len(found) == 5
    assert not parse_public_key(KEY.blob).weakness


def _order_eight(prime: int, d: int) -> list[int]:
    """The y of the points whose double has y = 0: d·y⁴ + 2y² − 1 = 0 on −x² + y² = 1 + d·x²·y²."""
    root = _square_root(1 + d, prime)
    found = []
    for sign in (1, -1):
        square = (-1 + sign * root) * pow(d, -1, prime) % prime
        y = _square_root(square, prime)
        if y is not None:
            found += [y, prime - y]
    return found


def _square_root(value: int, prime: int) -> int | None:
    root = pow(value, (prime + 3) // 8, prime)
    if (root * root - value) % prime:
        root = root * pow(2, (prime - 1) // 4, prime) % prime
    return root if root is not None and (root * root - value) % prime == 0 else None


def _multiplied_by_eight(y: int, prime: int, d: int) -> tuple[int, int]:
    x = _square_root((y * y - 1) * pow(d * y * y + 1, -1, prime) % prime, prime)
    assert x is not None
    for _ in range(3):
        product = d * x * x * y * y % prime
        x, y = (
            2 * x * y * pow(1 + product, -1, prime) % prime,
            (y * y + x * x) * pow(1 - product, -1, prime) % prime,
        )
    return x, y


def test_an_integer_with_a_second_spelling_is_refused() -> None:
    for raw in (b"", b"\0", b"\0\x01", b"\x80"):
        with pytest.raises(MalformedWireError):
            WireReader(wire_string(raw)).mpint()
    assert WireReader(wire_mpint(128)).mpint() == 128


BLOBS = [make.sshsig(key, MESSAGE) for key in make.every_kind()]


@settings(max_examples=300)
@given(st.sampled_from(BLOBS), st.data())
def test_one_flipped_bit_is_never_good(blob: bytes, data: st.DataObject) -> None:
    bit = data.draw(st.integers(0, len(blob) * 8 - 1))
    flipped = bytearray(blob)
    flipped[bit // 8] ^= 1 << bit % 8
    original = parse_sshsig(blob)
    try:
        signature = parse_sshsig(bytes(flipped))
    except (MalformedWireError, WeakAlgorithmError):
        return
    if signature.namespace == original.namespace:
        assert signature.key.weakness or not InProcessCheck().is_valid(signature, MESSAGE)


@settings(max_examples=200)
@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for read in (parse_sshsig, parse_public_key, parse_key_text, dearmor):
        for candidate in (data, b"SSHSIG\0\0\0\1" + data, wire_string(b"ssh-rsa") + data):
            try:
                read(candidate)
            except (MalformedWireError, WeakAlgorithmError, MalformedArmorError):
                continue


@settings(max_examples=60)
@given(st.sampled_from(BLOBS), st.data())
def test_a_signature_cut_short_or_drawn_out_is_refused(blob: bytes, data: st.DataObject) -> None:
    with pytest.raises((MalformedWireError, WeakAlgorithmError)):
        parse_sshsig(blob[: data.draw(st.integers(0, len(blob) - 1))])
    with pytest.raises(MalformedWireError):
        parse_sshsig(blob + data.draw(st.binary(min_size=1, max_size=9)))


@given(st.binary(min_size=1, max_size=500), st.sampled_from(SignatureScheme))
def test_what_was_armored_is_the_same_dearmored(raw: bytes, scheme: SignatureScheme) -> None:
    found = dearmor(armor(scheme, raw))
    assert (found.scheme, found.raw) == (scheme, raw)


BLOCK = armor(SignatureScheme.SSH, BLOBS[0])


@pytest.mark.parametrize(
    "block",
    [
        b"",
        b"x" + BLOCK,
        b"\n" + BLOCK,
        BLOCK + b"\n",
        BLOCK + b"Release notes\n",
        BLOCK + BLOCK,
        BLOCK.replace(b"\n", b"\r\n"),
        BLOCK.replace(b"END SSH", b"END PGP"),
        BLOCK[:-30],
        BLOCK.replace(b"-----END SSH SIGNATURE-----", b""),
        BLOCK.replace(b"\n", b"\n!", 1),
        BLOCK.replace(b"\n", b"\n\n", 1),
        b"-----BEGIN SSH SIGNATURE-----\n-----END SSH SIGNATURE-----\n",
        armor(SignatureScheme.OPENPGP, b"abc").replace(b"YWJj", b"YWJk"),
        armor(SignatureScheme.OPENPGP, b"abc").replace(b"\n\n", b"\n"),
    ],
)
def test_a_block_with_anything_around_it_or_in_it_is_refused(block: bytes) -> None:
    with pytest.raises(MalformedArmorError):
        dearmor(block)


def test_the_fingerprint_is_that_of_ssh_keygen(tmp_path: object) -> None:
    for key in make.every_kind():
        said = subprocess.run(["ssh-keygen", "-l", "-f", "-"], input=key.line, capture_output=True, check=True).stdout
        assert said.split()[1].decode() == fingerprint_of(key.blob) == key.fingerprint


def test_reading_signatures_imports_no_cryptography() -> None:
    program = (
        "import sys, reviewtui.signing.trust, reviewtui.signing.configured, reviewtui.signing.envelope\n"
        "from reviewtui.signing.sshsig import parse_sshsig\n"
        "parse_sshsig(bytes.fromhex(sys.argv[1]))\n"
        "print(any(name.split('.')[0] == 'cryptography' for name in sys.modules))"
    )
    said = subprocess.run([sys.executable, "-c", program, BLOBS[0].hex()], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
