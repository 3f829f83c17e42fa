"""NamesBindings: every binding of ours has a name, by which a person's settings file can give it other keys."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from textual.binding import Binding

from reviewtui.values import replace

_WORDS = re.compile(r"[a-z0-9]+")
_HUMPS = re.compile(r"(?<=[a-z])(?=[A-Z])")


class NamesBindings:
    """Gives each binding of a class an id as the class is made: the class's short name, a dot, what the key does."""

    def __init_subclass__(cls, **options: Any) -> None:
        declared = cls.__dict__.get("BINDINGS")
        if declared:
            cls.BINDINGS = [  # type: ignore[attr-defined]
                replace(each, id=binding_name(cls, each)) if isinstance(each, Binding) and each.id is None else each
                for each in declared
            ]
        super().__init_subclass__(**options)


def binding_name(owner: type[Any], binding: Binding) -> str:
    """The name of a binding, such as version.next-change."""
    short = re.sub(r"(Screen|Dialog|App)$", "", owner.__name__)
    words = "-".join(_HUMPS.split(short)).lower()
    return f"{words}.{'-'.join(_WORDS.findall(binding.description.lower())[:6])}"


def with_keys(binding: Binding, keys: Mapping[str, str]) -> Binding:
    """The binding with the keys that a person's settings give it."""
    chosen = keys.get(binding.id or "")
    return replace(binding, key=chosen, key_display=None) if chosen else binding
