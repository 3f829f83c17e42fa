"""E. Chains: a veto that whoever rewrites the notes spoils rather than removes, for a clone that never saw it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest

from reviewtui.review import encode_review, record_id
from reviewtui.signing.envelope import Envelope
from tests.attacks.doors import closed, closed_at_every_door, command, opened
from tests.attacks.scene import REVIEWS, Scene

MIGHT = "A record that might be a rejection cannot be relied on: lin@example.com"
Spoil = Callable[[Scene, bytes], bytes]


def flipped(_scene: Scene, line: bytes) -> bytes:
    """The same record with its signature broken."""
    envelope = Envelope.from_line(line)
    (signature,) = envelope.signatures
    broken = signature.sig[:-1] + bytes((signature.sig[-1] ^ 1,))
    return replace(envelope, signatures=(replace(signature, sig=broken),)).to_line()


def of_another_type(_scene: Scene, line: bytes) -> bytes:
    """The same payload in an envelope that says it is none of ours."""
    return replace(Envelope.from_line(line), payload_type="text/plain").to_line()


def signed_by(name: str) -> Spoil:
    """The same payload with the signature of somebody else."""
    return lambda scene, line: scene.signed(name, Envelope.from_line(line).payload)


def rewritten(scene: Scene, files: Mapping[str, bytes]) -> None:
    """Notes with another history, in a clone that remembers none."""
    scene.git("update-ref", "-d", REVIEWS)
    scene.git("update-ref", "-d", "refs/reviewtui/seen/reviews")
    scene.write_notes(files, parents=())


def rejected(scene: Scene) -> tuple[bytes, bytes]:
    """The note before Lin's rejection, and the line of the rejection."""
    scene.record("risk")
    before = scene.note(scene.commit)
    scene.record("lin", "reject", comment="Leak!")
    (line,) = set(scene.note(scene.commit).splitlines()) - set(before.splitlines())
    return before, line


def followed(scene: Scene, line: bytes, *, seq: int = 2) -> bytes:
    """Lin's next record, about something else."""
    prev = record_id(Envelope.from_line(line).payload)
    return scene.signed("lin", scene.review("lin", "comment", of="fraud@2.0.0", seq=seq, prev=prev, comment="Later."))


@pytest.mark.parametrize(
    "spoil",
    [flipped, of_another_type, signed_by("robin"), signed_by("mallory")],
    ids=["flipped", "another-type", "anothers-key", "unknown-key"],
)
def test_068_a_veto_whose_signature_was_spoilt_is_held_to_by_the_next_record(scene: Scene, spoil: Spoil) -> None:
    before, veto = rejected(scene)
    later = followed(scene, veto)
    rewritten(scene, {scene.commit: b"\n".join((before.rstrip(b"\n"), spoil(scene, veto), later, b""))})
    closed_at_every_door(scene, MIGHT)
    scene.record("lin", seq=3, prev=record_id(Envelope.from_line(later).payload))
    opened(scene)


def test_068_it_is_held_to_over_records_that_were_spoilt_as_well(scene: Scene) -> None:
    before, veto = rejected(scene)
    second = followed(scene, veto)
    third = followed(scene, second, seq=3)
    lines = (before.rstrip(b"\n"), flipped(scene, veto), flipped(scene, second), third, b"")
    rewritten(scene, {scene.commit: b"\n".join(lines)})
    closed_at_every_door(scene, MIGHT)


def test_068_a_withdrawal_that_was_spoilt_brings_no_approval_back(scene: Scene) -> None:
    approval = scene.record("lin")
    before = scene.note(scene.commit)
    scene.record("lin", "withdraw", seq=2, prev=approval)
    (line,) = set(scene.note(scene.commit).splitlines()) - set(before.splitlines())
    later = followed(scene, line, seq=3)
    rewritten(scene, {scene.commit: b"\n".join((before.rstrip(b"\n"), flipped(scene, line), later, b""))})
    closed_at_every_door(scene, MIGHT)


def test_what_the_same_chain_took_back_closes_nothing(scene: Scene) -> None:
    """Lin has a new key, and the old one is trusted no more: what it signed was settled long ago."""
    before, veto = rejected(scene)
    withdrawal = scene.review("lin", "withdraw", seq=2, prev=record_id(Envelope.from_line(veto).payload))
    second = scene.signed("lin", withdrawal)
    third = followed(scene, second, seq=3)
    lines = (before.rstrip(b"\n"), flipped(scene, veto), flipped(scene, second), third, b"")
    rewritten(scene, {scene.commit: b"\n".join(lines)})
    opened(scene)


def test_068_the_next_record_may_stand_beside_another_commit(scene: Scene) -> None:
    """Where the server's index has to look, too."""
    before, veto = rejected(scene)
    prev = record_id(Envelope.from_line(veto).payload)
    about = scene.review("lin", "comment", of="churn@1.0.0", seq=2, prev=prev, comment="Later.")
    note = b"\n".join((before.rstrip(b"\n"), flipped(scene, veto), b""))
    rewritten(scene, {scene.commit: note, about.subject.commit: scene.signed("lin", about) + b"\n"})
    closed_at_every_door(scene, MIGHT)


def test_068_an_older_withdrawal_takes_no_veto_back(scene: Scene) -> None:
    scene.record("risk")
    before = scene.note(scene.commit)
    first = scene.signed("lin", scene.review("lin", "withdraw"))
    rejection = scene.review("lin", "reject", seq=2, prev=record_id(Envelope.from_line(first).payload))
    second = scene.signed("lin", rejection)
    third = followed(scene, second, seq=3)
    lines = (before.rstrip(b"\n"), flipped(scene, first), flipped(scene, second), third, b"")
    rewritten(scene, {scene.commit: b"\n".join(lines)})
    closed(scene, MIGHT)


def test_nobody_is_held_to_a_record_that_somebody_else_names(scene: Scene) -> None:
    before, veto = rejected(scene)
    prev = record_id(Envelope.from_line(veto).payload)
    named = scene.signed("robin", scene.review("robin", "comment", seq=2, prev=prev, comment="Whose?"))
    rewritten(scene, {scene.commit: b"\n".join((before.rstrip(b"\n"), flipped(scene, veto), named, b""))})
    opened(scene)


def test_068_a_veto_in_a_newer_format_that_was_moved_leaves_a_gap(scene: Scene) -> None:
    scene.record("risk")
    before = scene.note(scene.commit)
    payload = encode_review(scene.review("lin", "reject")).replace(b"review:v1", b"review:v2")
    veto = scene.signed("lin", payload)
    later = followed(scene, veto)
    beside_main = {scene.tip("main"): veto + b"\n"}
    rewritten(scene, {scene.commit: before + later + b"\n", **beside_main})
    closed_at_every_door(scene, "broken-chain")
    rewritten(scene, {scene.commit: before + later + b"\n" + veto + b"\n"})
    closed(scene, "A record that might be a rejection")


def test_068_a_payload_that_stands_bare_in_a_note_is_no_record(scene: Scene) -> None:
    """A line that is no envelope has the digest of its own bytes as its id, and a payload may be one line."""
    scene.record("risk")
    before = scene.note(scene.commit)
    payload = encode_review(scene.review("lin", "reject"))
    bare = b" ".join(each.strip() for each in payload.splitlines())
    later = followed(scene, scene.signed("lin", bare))
    rewritten(scene, {scene.commit: before + later + b"\n" + bare + b"\n"})
    closed_at_every_door(scene, "broken-chain")
    assert command(scene.path, "verify").status == 1
