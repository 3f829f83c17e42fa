"""B. Keys and identity, for whose SSH key an authority certified: the same reasons at every door."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from reviewtui.review import Review, encode_review, record_id
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature, pre_authentication_encoding
from tests import ssh_material as make
from tests.attacks.doors import command, ignored, open_at_every_door, opened
from tests.attacks.scene import CANDIDATE, Scene
from tests.certified import ssh_keygen

AUTHORITY, HOLDER = make.ed25519(71), make.ed25519(72)
OTHERS = ("dana", "risk", "robin", "boss")
LINE = f"*@example.com cert-authority {AUTHORITY.line.decode()}\n"
IN_2026 = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp())
IN_2098 = int(datetime(2098, 1, 1, tzinfo=UTC).timestamp())


def trust(scene: Scene, line: str = LINE, *, revoked: bytes | None = None) -> None:
    """Lin has no key of her own any more; an authority has a line."""
    files: dict[str, str | bytes | None] = {".reviewtui/revoked_keys": revoked}
    scene.settings(signers=scene.signers(*OTHERS) + line, files=files)


def put(scene: Scene, review: Review, **certificate: object) -> str:
    """A record that Lin's key signed with such a certificate."""
    blob = make.certificate(HOLDER, AUTHORITY, principals=(b"lin@example.com",), **certificate)  # type: ignore[arg-type]
    payload = encode_review(review)
    raw = make.sshsig(HOLDER, pre_authentication_encoding(PAYLOAD_TYPE, payload), key_blob=blob)
    scene.put(Envelope(payload, PAYLOAD_TYPE, (Signature(HOLDER.fingerprint, raw),)).to_line())
    return record_id(payload)


def test_016_a_certificate_of_a_trusted_authority_counts_at_every_door(scene: Scene) -> None:
    trust(scene)
    put(scene, scene.review("lin"))
    open_at_every_door(scene)


@pytest.mark.parametrize("how", ["serial: 1\n", "id: dana\n"])
def test_017_a_certificate_that_a_list_revokes_does_not_count(scene: Scene, tmp_path: Path, how: str) -> None:
    trust(scene)
    record = put(scene, scene.review("lin"))
    opened(scene)
    (tmp_path / "authority.pub").write_bytes(AUTHORITY.line)
    (tmp_path / "list").write_text(how)
    ssh_keygen("-k", "-f", tmp_path / "krl", "-s", tmp_path / "authority.pub", tmp_path / "list")
    trust(scene, revoked=(tmp_path / "krl").read_bytes())
    ignored(scene, record, "revoked-key", lacks="risk")


def test_017_the_certificates_of_a_revoked_authority_do_not_count(scene: Scene) -> None:
    trust(scene, revoked=AUTHORITY.line)
    ignored(scene, put(scene, scene.review("lin")), "revoked-key", lacks="risk")


def test_018_an_expired_certificate_does_not_count_whatever_time_the_record_claims(scene: Scene) -> None:
    trust(scene)
    review = replace(scene.review("lin"), at="2025-12-01T00:00:00Z")
    ignored(scene, put(scene, review, valid_before=IN_2026), "expired-key", lacks="risk")


def test_019_a_certificate_that_is_not_valid_yet_does_not_count(scene: Scene) -> None:
    trust(scene)
    ignored(scene, put(scene, scene.review("lin"), valid_after=IN_2098), "not-yet-valid-key", lacks="risk")


def test_027_a_hosts_certificate_does_not_count(scene: Scene) -> None:
    trust(scene)
    ignored(scene, put(scene, scene.review("lin"), kind=2), "unknown-key", lacks="risk")


def test_027_a_certificate_for_names_that_its_authority_may_not_give_does_not_count(scene: Scene) -> None:
    trust(scene, LINE.replace("*@example.com", "!lin@example.com,*@example.com"))
    ignored(scene, put(scene, scene.review("lin")), "unknown-key", lacks="risk")


def test_027_a_certificate_that_its_authority_did_not_sign_does_not_count(scene: Scene) -> None:
    trust(scene)
    ignored(scene, put(scene, scene.review("lin"), damaged=True), "bad-signature", lacks="risk")


def test_027_only_whom_an_authority_may_certify_could_unblock(scene: Scene) -> None:
    two = {"count": 2, "roles": ["data-science"]}
    people = {name: {"roles": ["data-science"]} for name in ("dana@example.com", "lin@example.com")}
    for pattern, possible in (("lin@example.com", True), ("robin@example.com", False), ("*@example.com", True)):
        line = LINE.replace("*@example.com", pattern)
        policy = {**scene.entry(approvals=[two]), "people": people}
        scene.settings(policy=policy, signers=scene.signers("dana") + line)
        gate, check = command(scene.path, "gate", CANDIDATE), command(scene.path, "policy", "check")
        assert ("could unblock: lin@example.com" in gate.out) is possible
        assert ("Impossible: 2 asked for" in check.out) is not possible
