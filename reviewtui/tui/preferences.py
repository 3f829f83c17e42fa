"""Preferences: what a person's own settings file says of the app; a mistake in it is said, and costs only itself.

The file is $XDG_CONFIG_HOME/reviewtui/config.yaml (~/.config/reviewtui/config.yaml). It says how the app looks and
which keys it listens to, and nothing about trust.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from reviewtui.errors import SettingsError
from reviewtui.values import dataclass, field, replace

if TYPE_CHECKING:
    from reviewtui.policy.located_yaml import Node

_KEYS = ("theme", "split", "context", "editor", "pager", "keys")
_KEY_NAME = re.compile(r"[A-Za-z0-9_+^/?.,:;<>=!@#$%&*()\[\]{}|~`'\"\\-]{1,40}\Z")


@dataclass(frozen=True, slots=True)
class Preferences:
    """What the file says; "" and None where it says nothing. `problems` are its mistakes, each with file and line.

    `keys` are {name of a binding: keys, separated by commas}.
    """

    theme: str = ""
    split: bool | None = None
    context: int = 3
    editor: str = ""
    pager: str = ""
    keys: Mapping[str, str] = field(default_factory=dict)
    problems: tuple[str, ...] = ()


def preferences_file(environment: Mapping[str, str]) -> Path | None:
    """Where the file is, be it there or not; None where the person has no home."""
    base = environment.get("XDG_CONFIG_HOME", "")
    if base.startswith("/"):
        return Path(base) / "reviewtui" / "config.yaml"
    home = environment.get("HOME", "")
    return Path(home) / ".config" / "reviewtui" / "config.yaml" if home.startswith("/") else None


def load_preferences(environment: Mapping[str, str]) -> Preferences:
    """Read the file. Nothing in it is fatal."""
    file = preferences_file(environment)
    if file is None:
        return Preferences()
    try:
        with file.open("rb") as opened:
            data = opened.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return Preferences()
    except OSError as error:
        return Preferences(problems=(f"{file}: It cannot be read: {error.strerror}.",))
    return parse_preferences(data, name=str(file))


_MOST_BYTES = 64 * 1024


def parse_preferences(data: bytes, *, name: str) -> Preferences:
    """The content of the file; each key stands for itself, so that a mistake in one costs only that one."""
    from reviewtui.policy.located_yaml import read_yaml

    try:
        root = read_yaml(data, file=name)
        pairs = {} if root.is_null else root.mapping()
    except SettingsError as error:
        return Preferences(problems=(error.message,))
    found = Preferences()
    problems: list[str] = []
    for key, node in pairs.items():
        try:
            found = _with(found, key, node, problems)
        except SettingsError as error:
            problems.append(error.message)
    return replace(found, problems=tuple(problems))


def _with(found: Preferences, key: str, node: Node, problems: list[str]) -> Preferences:
    if key not in _KEYS:
        node.fail(f"The key is not known here. Known are: {', '.join(_KEYS)}.")
    match key:
        case "theme":
            return replace(found, theme=node.text())
        case "split":
            return replace(found, split=node.boolean())
        case "context":
            return replace(found, context=min(node.integer(least=0), 50))
        case "editor":
            return replace(found, editor=node.text())
        case "pager":
            return replace(found, pager=node.text())
    return replace(found, keys=_keys(node, problems))


def _keys(node: Node, problems: list[str]) -> dict[str, str]:
    keys = {}
    for name, value in node.mapping().items():
        try:
            keys[name] = ",".join(map(_key(value), value.text().split()))
        except SettingsError as error:
            problems.append(error.message)
    return keys


def _key(node: Node) -> Callable[[str], str]:
    def checked(key: str) -> str:
        if not _KEY_NAME.match(key):
            node.fail(f"{key!r} is no name of a key; write a, A, ctrl+a, f5, space or enter.")
        return LONG_NAMES.get(key, key)

    return checked


LONG_NAMES = {
    "?": "question_mark", "/": "slash", "|": "vertical_line", "{": "left_curly_bracket", "}": "right_curly_bracket",
    "[": "left_square_bracket", "]": "right_square_bracket", ":": "colon", ",": "comma", ".": "full_stop",
    "esc": "escape", "PgDn": "pagedown", "PgUp": "pageup", "<": "less_than_sign", ">": "greater_than_sign",
    "!": "exclamation_mark", "-": "minus", "+": "plus", "=": "equals_sign", ";": "semicolon", "*": "asterisk",
}  # fmt: skip
