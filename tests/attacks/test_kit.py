"""The attacks prove nothing unless an honest approval opens every door, and its lack is all that closes them."""

from __future__ import annotations

from tests.attacks.doors import closed_at_every_door, open_at_every_door, state_of
from tests.attacks.scene import Scene


def test_one_honest_approval_is_all_that_is_missing(scene: Scene) -> None:
    closed_at_every_door(scene, "1 of 2")
    scene.record("lin")
    open_at_every_door(scene)
    assert state_of(scene) == "approved"
