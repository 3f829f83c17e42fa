"""The names of bindings: by them a person's settings file gives a binding other keys. They never change."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding

from reviewtui.values import replace


def with_keys(binding: Binding, keys: Mapping[str, str]) -> Binding:
    """The binding with the keys that a person's settings give it."""
    chosen = keys.get(binding.id or "")
    return replace(binding, key=chosen, key_display=None) if chosen else binding
