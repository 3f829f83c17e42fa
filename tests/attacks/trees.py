"""Tree objects that no Git would write, and that every Git takes in."""

from __future__ import annotations

from collections.abc import Iterable

from tests.attacks.scene import REVIEWS, Scene

Entry = tuple[str, str, str]
"""Mode, name and object id."""


def raw_tree(scene: Scene, entries: Iterable[Entry]) -> str:
    """A tree of these entries, in this order, with these very modes."""
    data = b"".join(f"{mode} {name}\0".encode() + bytes.fromhex(each) for mode, name, each in entries)
    return scene.git("hash-object", "-t", "tree", "-w", "--literally", "--stdin", input=data)


def entries_of(scene: Scene, tree: str) -> list[Entry]:
    """What Git lists of a tree, the modes as it stores them."""
    rows = [line.split("\t") for line in scene.git("ls-tree", tree).split("\n")]
    return [(about.split()[0].lstrip("0"), name, about.split()[2]) for about, name in rows]


def put_notes(scene: Scene, tree: str) -> None:
    """A notes commit with this tree."""
    scene.git("update-ref", REVIEWS, scene.git("commit-tree", tree, "-p", scene.notes_tip(), "-m", "notes"))
