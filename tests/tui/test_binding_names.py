"""The names of bindings, which people write into their own config.yaml: each is said where it is made, and stays."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from reviewtui.tui.help_screen import sections

NAMES = Path(__file__).parent / "binding_names.txt"
"""Every name that was ever given. A new binding adds one; none is taken away or changed."""
TEXTUALS_OWN = {"ctrl+p", "tab,shift+tab"}


def names() -> list[str]:
    bindings = [binding for _, found in sections() for binding in found]
    assert [each.key for each in bindings if not each.id and each.key not in TEXTUALS_OWN] == []
    return [binding.id for binding in bindings if binding.id]


def test_every_binding_has_a_name_of_its_own() -> None:
    assert [name for name, count in Counter(names()).items() if count > 1] == []


def test_no_name_was_changed() -> None:
    assert sorted(names()) == NAMES.read_text().splitlines()
