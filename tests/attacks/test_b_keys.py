"""B. Keys and identity: a signature by the wrong key, or in the wrong name."""

from __future__ import annotations

import base64
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from reviewtui.review import Review, encode_review, record_id
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature, pre_authentication_encoding
from reviewtui.signing.ssh import ssh_signer
from tests import ssh_material
from tests.attacks.doors import (
    all_ignored,
    closed,
    closed_at_every_door,
    command,
    fates_of,
    findings_of,
    ignored,
    open_at_every_door,
    opened,
)
from tests.attacks.scene import TRUSTED, Scene
from tests.ssh_material import Key, certificate, sshsig

OTHERS = tuple(name for name in TRUSTED if name != "lin")


def put_signed_by(scene: Scene, key: Key, review: Review, **special: object) -> str:
    """A record whose signature is made by a key of the tests' own, right or special."""
    payload = encode_review(review)
    blob = sshsig(key, pre_authentication_encoding(PAYLOAD_TYPE, payload), **special)  # type: ignore[arg-type]
    scene.put(Envelope(payload, PAYLOAD_TYPE, (Signature(key.fingerprint, blob),)).to_line())
    return record_id(payload)


def listed(name: str, key: Key, options: str = "") -> str:
    """A line of allowed_signers."""
    return f"{name}@example.com {options}{' ' if options else ''}{key.line.decode()}\n"


def test_016_a_key_that_nobody_trusts_does_not_count(scene: Scene) -> None:
    ignored(scene, scene.record("mallory", reviewer="lin@example.com"), "unknown-key")


def test_017_a_revoked_key_does_not_count(scene: Scene) -> None:
    record = scene.record("lin")
    opened(scene)
    scene.settings(files={".reviewtui/revoked_keys": scene.person("lin").public_key + "\n"})
    ignored(scene, record, "revoked-key", lacks="risk")


def test_018_an_expired_key_does_not_count_whatever_time_the_record_claims(scene: Scene) -> None:
    scene.settings(signers=scene.signers(lin='valid-before="20260101Z"'))
    review = replace(scene.review("lin"), at="2025-12-01T00:00:00Z")
    scene.put(scene.signed("lin", review), date=1_764_547_200)
    ignored(scene, record_id(encode_review(review)), "expired-key", lacks="risk")


def test_019_a_key_that_is_not_valid_yet_does_not_count(scene: Scene) -> None:
    scene.settings(signers=scene.signers(lin='valid-after="20990101Z"'))
    review = replace(scene.review("lin"), at="2099-12-01T00:00:00Z")
    scene.put(scene.signed("lin", review))
    ignored(scene, record_id(encode_review(review)), "not-yet-valid-key", lacks="risk")


def test_020_a_trusted_key_does_not_speak_for_somebody_else(scene: Scene) -> None:
    forged = scene.record("risk", reviewer="lin@example.com")
    ignored(scene, forged, "reviewer-key-mismatch: the key is risk@example.com's")


def test_021_one_person_with_two_keys_counts_once(scene: Scene) -> None:
    second = ssh_material.ed25519(21)
    scene.settings(signers=scene.signers() + listed("dana", second))
    put_signed_by(scene, second, scene.review("dana", seq=2))
    closed_at_every_door(scene, "1 of 2")
    scene.record("lin")
    opened(scene)


def test_022_two_people_with_one_key_close_the_gate(scene: Scene) -> None:
    shared = f"risk@example.com {scene.person('lin').public_key}\n"
    scene.settings(signers=scene.signers("dana", "lin", "robin", "boss") + shared)
    scene.record("lin")
    scene.record("lin", reviewer="risk@example.com")
    closed_at_every_door(scene, "is listed for more than one principal: lin@example.com, risk@example.com")


def test_023_a_line_for_several_names_or_for_any_name_closes_the_gate(scene: Scene) -> None:
    scene.record("lin")
    for names in ("*@example.com", "!dana@example.com,*@*", "lin?@example.com", "lin@example.com,risk@example.com"):
        scene.settings(signers=scene.signers("dana", "robin") + f"{names} {scene.person('lin').public_key}\n")
        closed(scene, ".reviewtui/allowed_signers:3: ")
        assert findings_of(scene)["signers"]["state"] == "error"
    closed_at_every_door(scene, ".reviewtui/allowed_signers:3: ")


def test_024_a_key_that_is_trusted_for_git_only_does_not_count(scene: Scene) -> None:
    scene.settings(signers=scene.signers(lin='namespaces="git"'))
    ignored(scene, scene.record("lin"), "wrong-namespace", lacks="risk")


def test_024_a_signature_made_for_another_namespace_does_not_count(scene: Scene) -> None:
    review = scene.review("lin")
    scene.put(scene.signed("lin", review, namespace="git"))
    ignored(scene, record_id(encode_review(review)), "wrong-namespace")


def test_025_the_signature_of_a_tag_is_no_approval(scene: Scene) -> None:
    review = scene.review("lin")
    payload = encode_review(review)
    scene.git("tag", "-s", "-m", payload.decode(), "lifted", scene.commit, env=scene.person("lin").environment)
    block = scene.git("cat-file", "tag", "lifted").partition("-----BEGIN SSH SIGNATURE-----\n")[2]
    blob = base64.b64decode("".join(block.partition("\n-----END")[0].split()))
    keyid = ssh_signer(str(scene.person("lin").private_key), directory=scene.path).keyid
    scene.put(Envelope(payload, PAYLOAD_TYPE, (Signature(keyid, blob),)).to_line())
    ignored(scene, record_id(payload), "wrong-namespace")


def test_025_a_signature_over_another_payload_type_is_no_approval(scene: Scene) -> None:
    review = scene.review("lin")
    scene.put(scene.signed("lin", review, payload_type="text/plain"))
    ignored(scene, record_id(encode_review(review)), "malformed")


def test_026_a_weak_key_does_not_count_even_where_it_is_trusted(scene: Scene) -> None:
    weak = ssh_material.rsa_key(1024, 1)
    record = put_signed_by(scene, weak, scene.review("lin"))
    assert fates_of(scene)[record].startswith("weak-key")
    scene.settings(signers=scene.signers(*OTHERS) + listed("lin", weak))
    assert fates_of(scene)[record].startswith("weak-key")
    closed_at_every_door(scene, "weak-key", "The key is too weak")


def test_026_an_unknown_algorithm_does_not_count(scene: Scene) -> None:
    key = Key("ssh-rsa", ssh_material.rsa_key(2048, 1).fields, ssh_material.rsa_key(2048, 1, "ssh-rsa").sign)
    record = put_signed_by(scene, key, scene.review("lin"))
    ignored(scene, record, "weak-key")


def test_027_a_certificate_of_an_authority_that_nobody_trusts_does_not_count(scene: Scene) -> None:
    holder, authority = ssh_material.ed25519(27), ssh_material.ed25519(28)
    blob = certificate(holder, authority, principals=(b"lin@example.com",))
    record = put_signed_by(scene, holder, scene.review("lin"), key_blob=blob)
    ignored(scene, record, "unknown-key")


def test_027_a_certificate_for_somebody_else_does_not_count(scene: Scene) -> None:
    holder, authority = ssh_material.ed25519(27), ssh_material.ed25519(28)
    scene.settings(signers=scene.signers() + f"*@example.com cert-authority {authority.line.decode()}\n")
    blob = certificate(holder, authority, principals=(b"risk@example.com",))
    record = put_signed_by(scene, holder, scene.review("lin"), key_blob=blob)
    ignored(scene, record, "reviewer-key-mismatch")


def test_028_a_list_of_revoked_keys_that_revokes_nothing_closes_the_gate(scene: Scene) -> None:
    scene.record("lin")
    for content in (b"SSHKRL\n\0damaged", b"# nobody\n", b""):
        scene.settings(files={".reviewtui/revoked_keys": content})
        closed(scene, "The list of revoked keys cannot be used")
    closed_at_every_door(scene, "The list of revoked keys cannot be used")


def test_028_a_list_of_revoked_keys_that_the_policy_pins_cannot_be_taken_away(scene: Scene) -> None:
    scene.record("lin")
    scene.settings(policy=scene.policy(revoked_keys="sha256:" + "7" * 64))
    closed_at_every_door(scene, ".reviewtui/revoked_keys: The file is not the one that the policy pins.")


def test_029_a_line_of_allowed_signers_that_cannot_be_read_closes_the_gate(scene: Scene) -> None:
    scene.record("lin")
    scene.settings(signers=scene.signers() + "veto@example.com ssh-ed25519 AAAAgarbage\n")
    closed_at_every_door(scene, ".reviewtui/allowed_signers:6: The key cannot be read")


def test_030_a_key_that_is_listed_twice_is_looked_up_by_all_its_lines(scene: Scene) -> None:
    first = f'lin@example.com namespaces="file" {scene.person("lin").public_key}\n'
    scene.settings(signers=first + scene.signers())
    scene.record("lin")
    open_at_every_door(scene)


def test_031_a_signature_spelled_in_another_way_is_no_second_vote(scene: Scene) -> None:
    line = scene.signed("lin", scene.review("lin"))
    envelope = Envelope.from_line(line)
    (signature,) = envelope.signatures
    longer = replace(envelope, signatures=(replace(signature, sig=signature.sig + b"\0junk"),)).to_line()
    text = base64.b64encode(signature.sig)
    wrapped = line.replace(text, text[:70] + b"\\n" + text[70:])
    spaced = line + b" "
    for spelling in (longer, wrapped, spaced):
        assert spelling != line
        scene.put(spelling)
    fates = {
        record_id(envelope.payload): "bad-signature",
        record_id(wrapped): "malformed",
        record_id(spaced): "malformed",
    }
    all_ignored(scene, fates)


def test_031_two_signatures_over_one_payload_are_one_record(scene: Scene) -> None:
    key = ssh_material.ecdsa(256, 31)
    lines = scene.signers(*OTHERS) + listed("lin", key)
    scene.settings(policy=scene.entry(approvals=[{"count": 3}]), signers=lines)
    review = scene.review("lin")
    for _ in range(3):
        put_signed_by(scene, key, review)
    assert len(scene.note(scene.commit).split(b"\n")) > 4
    closed_at_every_door(scene, "2 of 3")
    records = command(scene.path, "reviews", "churn@1.1.0", "--json").json["records"]
    assert sorted(r["reason"] for r in records if r["reviewer"] == "lin@example.com") == ["", "duplicate", "duplicate"]


def test_032_a_signing_program_that_signs_something_else_is_caught_before_anything_is_stored(
    scene: Scene, tmp_path: Path
) -> None:
    program = tmp_path / "liar"
    program.write_text(
        f"#!{sys.executable}\nimport os, sys\n"
        'words = ["git" if word == "reviewtui" else word for word in sys.argv[1:]]\n'
        'os.execvp("ssh-keygen", ["ssh-keygen", *words])\n'
    )
    program.chmod(0o755)
    before = scene.notes_tip()
    scene.git("config", "gpg.ssh.program", str(program))
    answer = command(scene.path, "approve", "churn@1.1.0", "-m", "x", "--yes", person=scene.person("lin"))
    assert answer.status == 4
    assert "made a signature for git instead of reviewtui" in answer.err
    assert scene.notes_tip() == before


def test_032_a_record_over_another_hash_does_not_count(scene: Scene) -> None:
    key = ssh_material.ed25519(32)
    scene.settings(signers=scene.signers(*OTHERS) + listed("lin", key))
    record = put_signed_by(scene, key, scene.review("lin"), hash_name=b"sha256")
    ignored(scene, record, "bad-signature", lacks="risk")


LOOK_ALIKES = [
    "аlice@example.com",
    "ali\u200bce@example.com",
    "ａlice@example.com",
    "e\u0301lise@example.com",
    "alice @example.com",
]


def test_033_a_name_that_is_not_plain_ascii_is_refused_in_a_record(scene: Scene) -> None:
    all_ignored(scene, {scene.altered("lin", {"reviewer": name}): "malformed" for name in LOOK_ALIKES})


@pytest.mark.parametrize("name", LOOK_ALIKES)
def test_033_a_name_that_is_not_plain_ascii_is_refused_in_the_policy(scene: Scene, name: str) -> None:
    scene.settings(policy=scene.policy(people={**scene.policy()["people"], name: {"roles": ["risk"]}}))
    closed(scene, "A person is named by an e-mail address in plain ASCII.")


def test_033_a_name_in_another_case_is_no_other_person(scene: Scene) -> None:
    scene.settings(signers=scene.signers() + f"Dana@example.com {ssh_material.ed25519(33).line.decode()}\n")
    closed_at_every_door(scene, "differ in upper and lower case only")


def test_034_a_stranger_with_a_known_name_is_shown_with_the_key(scene: Scene) -> None:
    environment = {**scene.person("mallory").environment, "GIT_COMMITTER_NAME": "Lin Example"}
    answer = command(scene.path, "approve", "churn@1.1.0", "-m", "As Lin.", "--yes", "--json", env=environment)
    assert answer.status == 0, answer.err
    assert "No trusted signer has this key" in answer.err
    shown = command(scene.path, "reviews", "churn@1.1.0").out
    signer = ssh_signer(str(scene.person("mallory").private_key), directory=scene.path)
    assert signer.keyid in shown
    assert "Lin Example" not in shown
    subprocess.run(("git", "fsck", "--strict"), cwd=scene.path, check=True, capture_output=True)
