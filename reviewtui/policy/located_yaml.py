"""YAML as typed values that know their line, for files in which a mistake must be found and never guessed around.

Only what settings need is read: mappings, lists and scalars. Aliases, tags, duplicate keys and a second document are
refused, and a scalar has the type that its reader asks for: `NO` is never a boolean, `010` never eight.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from decimal import Decimal
from typing import Any, NoReturn

import yaml

from reviewtui.errors import SettingsError
from reviewtui.facts.yaml_events import MalformedYamlError, yaml_events
from reviewtui.patterns import pattern
from reviewtui.values import dataclass, field

MAX_BYTES = 256 * 1024
MAX_NODES = 20_000
MAX_DEPTH = 16

_INTEGER = pattern(r"[+-]?\d{1,9}\Z", re.ASCII)
_NUMBER = pattern(r"[+-]?(\d{1,18}(\.\d{0,18})?|\.\d{1,18})([eE][+-]?\d{1,2})?\Z", re.ASCII)
_SURROGATE = pattern("[\ud800-\udfff]")
_NULLS = ("", "~", "null", "Null", "NULL")


@dataclass(frozen=True, slots=True)
class Node:
    """One value of a file: what it is, and where it stands.

    `scalar` is the text of a scalar (`plain` where it is not quoted), `items` those of a list, `pairs` those of a
    mapping. `where` is the way to it, such as releases[0].approvals.
    """

    file: str
    line: int
    where: str
    scalar: str | None = None
    plain: bool = False
    items: tuple[Node, ...] | None = None
    pairs: dict[str, Node] | None = field(default=None, hash=False)

    def fail(self, problem: str) -> NoReturn:
        """Raise SettingsError with file, line and key."""
        raise SettingsError(f"{self.file}, line {self.line}: {self.where + ': ' if self.where else ''}{problem}")

    @property
    def is_null(self) -> bool:
        return self.scalar is not None and self.plain and self.scalar in _NULLS

    def mapping(self, allowed: Collection[str] | None = None) -> dict[str, Node]:
        """The pairs of a mapping, whose keys must be among `allowed` (None: any)."""
        if self.pairs is None:
            self.fail("This must be a mapping of keys to values.")
        for key, value in self.pairs.items():
            if allowed is not None and key not in allowed:
                value.fail(f"The key {key!r} is not known here.{_suggestion(key, allowed)}")
        return self.pairs

    def sequence(self, *, empty: bool = True) -> tuple[Node, ...]:
        """The items of a list."""
        if self.items is None:
            self.fail("This must be a list.")
        if not self.items and not empty:
            self.fail("This list must not be empty.")
        return self.items

    def text(self) -> str:
        """A scalar as it is written; not null, not empty."""
        if self.scalar is None or self.is_null or not self.scalar.strip():
            self.fail("This must be a text.")
        return self.scalar

    def texts(self, *, empty: bool = True) -> tuple[str, ...]:
        """A list of texts, none of them twice."""
        found = tuple(item.text() for item in self.sequence(empty=empty))
        for index, text in enumerate(found):
            if text in found[:index]:
                self.sequence()[index].fail(f"{text!r} is listed twice.")
        return found

    def choices(self, allowed: Collection[str], *, empty: bool = True) -> tuple[str, ...]:
        """A list of words out of a closed set."""
        for item in self.sequence():
            item.choice(allowed)
        return self.texts(empty=empty)

    def choice(self, allowed: Collection[str]) -> str:
        """One word out of a closed set."""
        word = self.text()
        if word not in allowed:
            self.fail(f"{word!r} is not one of {', '.join(allowed)}.")
        return word

    def integer(self, *, least: int) -> int:
        """A whole number, unquoted, not below `least`."""
        if self.scalar is None or not self.plain or not _INTEGER.match(self.scalar):
            self.fail("This must be a whole number, without quotes.")
        if int(self.scalar) < least:
            self.fail(f"This must be {least} or more.")
        return int(self.scalar)

    def number(self) -> Decimal:
        """A number, exactly as it is written."""
        if self.scalar is None or not self.plain or not _NUMBER.match(self.scalar):
            self.fail("This must be a number, without quotes.")
        return Decimal(self.scalar)

    def boolean(self) -> bool:
        """true or false, unquoted, and in no other spelling."""
        if self.scalar is None or not self.plain or self.scalar not in ("true", "false"):
            self.fail("This must be true or false.")
        return self.scalar == "true"


def read_yaml(data: bytes, *, file: str) -> Node:
    """The one document of a file. An empty file is a null scalar.

    Raises: SettingsError, with file and line.
    """
    if len(data) > MAX_BYTES:
        raise SettingsError(f"{file}: The file has {len(data)} bytes; {MAX_BYTES} are the limit.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SettingsError(f"{file}, line {line}: The file is not UTF-8.") from None
    try:
        return _Builder(file, yaml_events(text)).document()
    except MalformedYamlError as error:
        raise SettingsError(f"{file}, line {error.line or 1}: This is not YAML: {error.problem}.") from None


class _Builder:
    """Builds nodes out of parser events; depth and number are counted before anything is kept."""

    def __init__(self, file: str, events: Iterator[Any]) -> None:
        self._file = file
        self._events = events
        self._count = 0

    def document(self) -> Node:
        root: Node | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    self._node(event, "").fail("A second document is not read; remove it.")
                root = self._value(next(self._events), "", 0)
        return root or Node(self._file, 1, "", scalar="", plain=True)

    def _value(self, event: Any, where: str, depth: int) -> Node:
        self._count += 1
        at = self._node(event, where)
        if self._count > MAX_NODES or depth > MAX_DEPTH:
            at.fail("The file is too large or nested too deeply.")
        if isinstance(event, yaml.AliasEvent):
            at.fail("Aliases are not read here; write the value out.")
        if event.tag is not None:
            at.fail("Tags are not read here.")
        if isinstance(event, yaml.ScalarEvent):
            if not event.value.isascii() and _SURROGATE.search(event.value):
                at.fail("The text holds half of a surrogate pair.")
            return Node(self._file, at.line, where, scalar=event.value, plain=bool(event.implicit[0]))
        if isinstance(event, yaml.SequenceStartEvent):
            return Node(self._file, at.line, where, items=tuple(self._items(where, depth)))
        return Node(self._file, at.line, where, pairs=dict(self._pairs(where, depth)))

    def _items(self, where: str, depth: int) -> Iterator[Node]:
        index = 0
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            yield self._value(event, f"{where}[{index}]", depth + 1)
            index += 1

    def _pairs(self, where: str, depth: int) -> Iterator[tuple[str, Node]]:
        seen: set[str] = set()
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            key = self._value(event, where, depth + 1)
            if key.scalar is None or not key.scalar:
                key.fail("A key must be a plain text.")
            if key.scalar in seen:
                key.fail(f"The key {key.scalar!r} is there twice.")
            seen.add(key.scalar)
            value = self._value(next(self._events), f"{where}.{key.scalar}" if where else key.scalar, depth + 1)
            # The line of a pair is its key's line: that is where an editor should jump to.
            yield key.scalar, Node(
                self._file, key.line, value.where, value.scalar, value.plain, value.items, value.pairs
            )

    def _node(self, event: Any, where: str) -> Node:
        return Node(self._file, event.start_mark.line + 1, where)


def _suggestion(key: str, allowed: Collection[str]) -> str:
    import difflib  # Only a key that is not known needs it.

    near = difflib.get_close_matches(key, list(allowed), n=1)
    return f" Did you mean {near[0]!r}?" if near else f" Known are: {', '.join(allowed)}."
