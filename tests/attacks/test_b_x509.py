"""B. Keys and identity, for who signs by an X.509 certificate: the same reasons at every door."""

from __future__ import annotations

import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from reviewtui.review import Review, encode_review, record_id
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature, pre_authentication_encoding
from tests.attacks.doors import closed_at_every_door, fates_of, ignored, open_at_every_door, opened
from tests.attacks.scene import Scene
from tests.x509_material import START, Holder, certified, rsa_key, signed

if shutil.which("gpgsm") is None or shutil.which("gpg-agent") is None:
    pytest.skip("gpgsm is not installed", allow_module_level=True)

LIN = ("lin@example.com",)
OTHERS = ("dana", "risk", "robin", "boss")


def trust(scene: Scene, *holders: Holder, revoked: bytes | None = None) -> None:
    """Lin has no SSH key any more; these certificates are in the folder."""
    files: dict[str, str | bytes | None] = {
        f".reviewtui/x509/{number}.pem": holder.pem for number, holder in enumerate(holders)
    }
    scene.settings(signers=scene.signers(*OTHERS), files=files | {".reviewtui/x509/revoked": revoked})


def put_signed_by(scene: Scene, holder: Holder, review: Review, *brought: Holder) -> str:
    """A record that this certificate's key signed."""
    payload = encode_review(review)
    raw = signed(holder, pre_authentication_encoding(PAYLOAD_TYPE, payload), *brought)
    scene.put(Envelope(payload, PAYLOAD_TYPE, (Signature(holder.keyid, raw),)).to_line())
    return record_id(payload)


def test_016_a_certificate_of_an_authority_in_the_folder_counts_and_no_other(scene: Scene) -> None:
    root = certified("Root", authority=True)
    trust(scene, root)
    other = certified("Lin", by=certified("Root", authority=True), emails=LIN)
    ignored(scene, put_signed_by(scene, other, scene.review("lin")), "unknown-key", lacks="")
    put_signed_by(scene, certified("Lin", by=root, emails=LIN), scene.review("lin", seq=2))
    open_at_every_door(scene)


def test_016_without_certificates_in_the_folder_none_counts(scene: Scene) -> None:
    ignored(scene, put_signed_by(scene, certified("Lin", emails=LIN), scene.review("lin")), "unknown-key")


def test_017_a_revoked_certificate_does_not_count(scene: Scene) -> None:
    root = certified("Root", authority=True)
    lin = certified("Lin", by=root, emails=LIN)
    record = put_signed_by(scene, lin, scene.review("lin"))
    trust(scene, root)
    opened(scene)
    trust(scene, root, revoked=f"{lin.keyid}\n".encode())
    ignored(scene, record, "revoked-key", lacks="risk")


def test_018_an_expired_certificate_does_not_count_whatever_time_the_record_claims(scene: Scene) -> None:
    lin = certified("Lin", emails=LIN, valid=(START, datetime(2026, 1, 1, tzinfo=UTC)))
    trust(scene, lin)
    review = replace(scene.review("lin"), at="2025-12-01T00:00:00Z")
    ignored(scene, put_signed_by(scene, lin, review), "expired-key", lacks="risk")


def test_019_a_certificate_that_is_not_valid_yet_does_not_count(scene: Scene) -> None:
    root = certified("Root", authority=True)
    valid = (datetime(2098, 1, 1, tzinfo=UTC), datetime(2099, 1, 1, tzinfo=UTC))
    trust(scene, root)
    lin = certified("Lin", by=root, emails=LIN, valid=valid)
    ignored(scene, put_signed_by(scene, lin, scene.review("lin")), "not-yet-valid-key", lacks="risk")


def test_020_somebodys_own_certificate_does_not_speak_for_somebody_else(scene: Scene) -> None:
    risk = certified("Risk", emails=("risk@example.com",), authority=True)
    trust(scene, risk)
    forged = put_signed_by(scene, risk, scene.review("risk", reviewer="lin@example.com"))
    assert fates_of(scene)[forged].startswith("reviewer-key-mismatch")
    made_by_it = put_signed_by(scene, certified("Lin", by=risk, emails=LIN), scene.review("lin", seq=2))
    assert fates_of(scene)[made_by_it].startswith("unknown-key")
    closed_at_every_door(scene, "reviewer-key-mismatch", "unknown-key")


def test_021_one_person_with_two_certificates_and_a_key_counts_once(scene: Scene) -> None:
    root = certified("Root", authority=True)
    trust(scene, root)
    for seq in (2, 3):
        put_signed_by(scene, certified("Dana", by=root, emails=("dana@example.com",)), scene.review("dana", seq=seq))
    closed_at_every_door(scene, "1 of 2")


def test_026_a_weak_certificate_does_not_count(scene: Scene) -> None:
    root = certified("Root", authority=True)
    trust(scene, root)
    lin = certified("Lin", by=root, emails=LIN, key=rsa_key(1024))
    ignored(scene, put_signed_by(scene, lin, scene.review("lin")), "weak-key", lacks="risk")


def test_029_a_file_that_holds_no_certificate_closes_the_gate(scene: Scene) -> None:
    scene.record("lin")
    scene.settings(files={".reviewtui/x509/lin.pem": b"-----BEGIN CERTIFICATE-----\n"})
    closed_at_every_door(scene, "The file is no file of certificates in PEM format")


def test_031_a_second_spelling_of_a_signature_does_not_count(scene: Scene) -> None:
    lin = certified("Lin", emails=LIN)
    trust(scene, lin)
    payload = encode_review(scene.review("lin"))
    raw = signed(lin, pre_authentication_encoding(PAYLOAD_TYPE, payload))
    for spoilt in (raw + b"\0", signed(lin, pre_authentication_encoding(PAYLOAD_TYPE, payload), certified("X"))):
        scene.put(Envelope(payload, PAYLOAD_TYPE, (Signature(lin.keyid, spoilt),)).to_line())
    assert fates_of(scene)[record_id(payload)].startswith("bad-signature")
    closed_at_every_door(scene, "bad-signature")
