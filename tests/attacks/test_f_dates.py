"""F. Dates of tags: claims that no clock bears out."""

from __future__ import annotations

import pytest

from reviewtui.signing.armor import SignatureScheme, armor
from reviewtui.signing.ssh import ssh_signer
from tests.attacks.doors import command
from tests.attacks.pushes import ALL_NOTES, Server
from tests.attacks.scene import TAG, Scene
from tests.attacks.test_f_tags import PUSH_TAG, approved, honest_message, not_borne_out

__all__ = ["approved"]


def dated(scene: Scene, date: str) -> None:
    """The honest tag with any date, written past Git, which would not write some."""
    head = f"object {scene.tip()}\ntype commit\ntag {TAG}\ntagger Dana <dana@example.com>{date}\n\n"
    payload = head.encode() + honest_message(scene).rstrip(b"\n") + b"\n"
    signer = ssh_signer(str(scene.person("dana").private_key), directory=scene.path)
    signed = payload + armor(SignatureScheme.SSH, signer.sign(payload, namespace="git"))
    made = scene.git("hash-object", "-t", "tag", "-w", "--stdin", "--literally", input=signed)
    scene.git("update-ref", PUSH_TAG, made)


@pytest.mark.parametrize("date", [" 253402300800 +0000", " 99999999999999999999 +0000", " x", ""])
def test_076_a_tag_of_the_future_or_of_no_time_is_refused_and_does_not_verify(approved: Scene, date: str) -> None:
    """No checkpoint could ever speak against it."""
    server = Server(approved)
    dated(approved, date)
    server.refuses(PUSH_TAG, ALL_NOTES, reason="clock-skew: The tag ")
    not_borne_out(approved, "clock-skew: The tag ")


def test_051_a_release_by_a_policy_that_had_been_replaced_is_told(approved: Scene) -> None:
    message = honest_message(approved)
    approved.settings(policy=approved.policy(version=2))
    approved.later()
    approved.tag(message=message)
    answer = command(approved.path, "verify")
    assert "policy-changed: The commit that replaced its policy is of " in answer.out
