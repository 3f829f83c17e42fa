"""D. Votes and policy: the settings changed by a push to the trusted branch that does not look like a change."""

from __future__ import annotations

from tests.attacks.doors import closed, command
from tests.attacks.pushes import Server
from tests.attacks.scene import Scene
from tests.attacks.trees import entries_of, raw_tree


def weakened(scene: Scene) -> str:
    """A commit on main whose policy asks for one approval of anybody."""
    return scene.settings(policy=scene.policy(version=2, releases=[{"models": ["*"], "approvals": [{"count": 1}]}]))


def test_049_settings_that_become_a_submodule_with_the_same_id_are_a_change(scene: Scene) -> None:
    """Then there would be none, and the next push would be trusted on first use."""
    server = Server(scene)
    listed = entries_of(scene, "main")
    entries = [("160000" if name == ".reviewtui" else mode, name, each) for mode, name, each in listed]
    commit = scene.git("commit-tree", raw_tree(scene, entries), "-p", "main", "-m", "Looks the same")
    server.refuses(f"{commit}:refs/heads/main", reason="main: ")
    # Where it came another way, nothing is trusted any more, and nothing is open.
    server.git("config", "--local", "reviewtui.hookTimeout", "120")
    scene.git("update-ref", "refs/heads/main", commit)
    closed(scene, ".reviewtui: This must be a directory")
    seized = Server(scene, "seized.git")
    scene.settings(signers=f"eve@example.com {scene.person('mallory').public_key}\n")
    seized.refuses("main", reason="whoever runs this server must mend them")


def test_050_settings_that_come_and_go_in_one_push_were_never_in_force(scene: Scene) -> None:
    """A tag may name any policy that the trusted branch had: what nobody approved must not be among them."""
    server = Server(scene)
    before = scene.git("rev-parse", "main")
    weakened(scene)
    commit = scene.git("commit-tree", f"{before}^{{tree}}", "-p", "main", "-m", "As before")
    server.refuses(f"{commit}:refs/heads/main", reason="were never approved")
    for _ in range(9):
        commit = scene.git("commit-tree", f"{before}^{{tree}}", "-p", commit, "-m", "Still as before")
    server.refuses(f"{commit}:refs/heads/main", reason="were never approved")


def test_051_a_merge_that_swaps_its_parents_takes_no_policy_out_of_force(scene: Scene) -> None:
    start = scene.git("rev-parse", "main")
    scene.settings(policy=scene.policy(version=2))
    scene.settings(policy=scene.policy(version=3))
    server = Server(scene)
    side = scene.git("commit-tree", f"{start}^{{tree}}", "-p", start, "-m", "Work")
    swapped = scene.git("commit-tree", "main^{tree}", "-p", side, "-p", "main", "-m", "Merge")
    server.refuses(f"{swapped}:refs/heads/main", reason="would leave out a state of .reviewtui/ that was in force")
    merged = scene.git("commit-tree", "main^{tree}", "-p", "main", "-p", side, "-m", "Merge")
    server.accepts(f"{merged}:refs/heads/main")
    scene.git("update-ref", "refs/heads/main", merged)
    late = scene.git("commit-tree", "main^{tree}", "-p", merged, "-m", "Work")
    again = scene.git("commit-tree", "main^{tree}", "-p", late, "-p", "main", "-m", "Merge")
    server.accepts(f"{again}:refs/heads/main")
    assert command(scene.path, "verify").status == 0
