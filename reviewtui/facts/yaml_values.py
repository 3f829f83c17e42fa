"""YAML text → plain values, by the rules of YAML 1.2, which DVC reads by too.

So `1e-3` is a number, `NO` and `on` are text, `010` is ten, `1:30` is text, and a date stays the text that was written.
Underscores in numbers and merge keys (`<<`) are read, as ruamel.yaml reads them. The values are built out of parser
events, so that nothing is constructed that was not counted first: depth, size after aliases are expanded, keys.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import yaml

from reviewtui.facts.limits import MAX_DEPTH, MAX_DIGITS, MAX_WEIGHT, NODE_WEIGHT, UnparsableError
from reviewtui.facts.yaml_events import MalformedYamlError, yaml_events
from reviewtui.patterns import pattern
from reviewtui.values import dataclass

_TAG = "tag:yaml.org,2002:"
_NULLS = frozenset(("", "~", "null", "Null", "NULL"))
_BOOLEANS = {"true": True, "True": True, "TRUE": True, "false": False, "False": False, "FALSE": False}
_INTEGER = pattern(r"[-+]?\d[\d_]*\Z", re.ASCII)
_PREFIXED = pattern(r"([-+]?)0(?:b([01_]+)|o([0-7_]+)|x([\da-fA-F_]+))\Z", re.ASCII)
_FLOAT = pattern(
    r"[-+]?(?:\d[\d_]*\.[\d_]*(?:[eE][-+]?\d+)?|\d[\d_]*[eE][-+]?\d+|\.\d[\d_]*(?:[eE][-+]?\d+)?)\Z", re.ASCII
)
_INFINITY = pattern(r"([-+]?)\.(?:inf|Inf|INF)\Z")
_NAN = frozenset((".nan", ".NaN", ".NAN"))
_SURROGATE = pattern("[\ud800-\udfff]")


def read_yaml_value(text: str) -> tuple[Any, tuple[str, ...]]:
    """The one document of a text as a value, and what a reader must know about it.

    Raises: UnparsableError, with one sentence.
    """
    builder = _Builder(yaml_events(text))
    try:
        value = builder.document()
    except MalformedYamlError as error:
        where = f" (line {error.line})" if error.line else ""
        raise UnparsableError(f"This is not YAML: {error.problem}{where}.") from None
    return value, tuple(builder.problems)


def plain_scalar(text: str) -> Any:
    """The value of an unquoted scalar."""
    if text in _NULLS:
        return None
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if text[0] not in "-+.0123456789":
        return text
    return _number(text)


def _number(text: str) -> Any:
    if _INTEGER.match(text):
        digits = text.replace("_", "")
        return int(digits) if len(digits) <= MAX_DIGITS else digits
    if match := _PREFIXED.match(text):
        return _prefixed(text, match)
    if _FLOAT.match(text):
        return float(text.replace("_", ""))
    if match := _INFINITY.match(text):
        return float(match[1] + "inf")
    return float("nan") if text in _NAN else text


def _prefixed(text: str, match: re.Match[str]) -> Any:
    for digits, base in zip(match.groups()[1:], (2, 8, 16), strict=True):
        digits = (digits or "").replace("_", "")
        if digits and len(digits) <= MAX_DIGITS:
            return int(match[1] + digits, base)
    return text


@dataclass(frozen=True, slots=True)
class _Built:
    """A value and its weight: a number per node, and the characters of its scalars, aliases expanded."""

    value: Any
    weight: int


class _Builder:
    """Builds values out of parser events."""

    def __init__(self, events: Iterator[Any]) -> None:
        self._events = events
        self._anchors: dict[str, _Built | None] = {}
        self._weight = 0
        self.problems: list[str] = []

    def document(self) -> Any:
        found: _Built | None = None
        for event in self._events:
            if isinstance(event, yaml.DocumentStartEvent):
                if found is not None:
                    raise UnparsableError("The file holds more than one YAML document.")
                found = self._build(next(self._events), 0)
        return found.value if found else None

    def _build(self, event: Any, depth: int) -> _Built:
        if depth > MAX_DEPTH:
            raise UnparsableError(f"The file is nested more than {MAX_DEPTH} levels deep{_line(event)}.")
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event)
        if event.anchor is not None:
            self._anchors[event.anchor] = None
        before = self._weight
        value = self._value(event, depth)
        built = _Built(value, self._weight - before)
        if event.anchor is not None:
            self._anchors[event.anchor] = built
        return built

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.ScalarEvent):
            self._add(NODE_WEIGHT + len(event.value))
            return self._scalar(event)
        self._add(NODE_WEIGHT)
        if isinstance(event, yaml.SequenceStartEvent):
            _refuse_tag(event, f"{_TAG}seq")
            return self._sequence(depth)
        _refuse_tag(event, f"{_TAG}map")
        return self._mapping(depth)

    def _alias(self, event: Any) -> _Built:
        built = self._anchors.get(event.anchor)
        if built is None:
            reason = "stands inside of what it names" if event.anchor in self._anchors else "names nothing"
            raise UnparsableError(f"The alias *{event.anchor} {reason}{_line(event)}.")
        self._add(built.weight)
        return built

    def _add(self, weight: int) -> None:
        self._weight += weight
        if self._weight > MAX_WEIGHT:
            raise UnparsableError("The file holds too many values, once its aliases are expanded.")

    def _scalar(self, event: Any) -> Any:
        text: str = event.value
        if not text.isascii() and _SURROGATE.search(text):
            raise UnparsableError(f"The file holds half of a surrogate pair{_line(event)}.")
        if event.tag in (None, "!") or (event.tag or "").startswith(_TAG):
            return self._resolved(event, text)
        raise UnparsableError(f"The file uses the tag {event.tag}, which is not read{_line(event)}.")

    def _resolved(self, event: Any, text: str) -> Any:
        kind = (event.tag or "").removeprefix(_TAG)
        if kind in ("!", "str") or (not kind and not event.implicit[0]):
            return text
        value = plain_scalar(text)
        if isinstance(value, str) and len(text) > MAX_DIGITS and _INTEGER.match(text):
            self.problems.append(f"A number of {len(text)} digits is kept as text{_line(event)}.")
        fits = {"int": type(value) is int, "float": type(value) in (int, float), "bool": isinstance(value, bool),
                "null": value is None, "": True}  # fmt: skip
        if not fits.get(kind):
            raise UnparsableError(f"The file uses the tag !!{kind}, which is not read here{_line(event)}.")
        return float(value) if kind == "float" else value

    def _sequence(self, depth: int) -> list[Any]:
        items = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._build(event, depth + 1).value)
        return items

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        merged: list[dict[str, Any]] = []
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            if _is_merge(event):
                merged.extend(self._merged(depth))
                continue
            key = self._key(event, depth)
            if key in found:
                raise UnparsableError(f"The key {_short(key)} is there twice{_line(event)}.")
            found[key] = self._build(next(self._events), depth + 1).value
        for mapping in merged:
            for key, value in mapping.items():
                found.setdefault(key, value)
        return found

    def _merged(self, depth: int) -> list[dict[str, Any]]:
        event = next(self._events)
        value = self._build(event, depth + 1).value
        mappings = value if isinstance(value, list) else [value]
        if not all(isinstance(mapping, dict) for mapping in mappings):
            raise UnparsableError(f"A merge key (<<) must name a mapping{_line(event)}.")
        return mappings

    def _key(self, event: Any, depth: int) -> str:
        value = self._build(event, depth + 1).value
        if isinstance(value, str):
            return value
        if isinstance(value, list | dict):
            raise UnparsableError(f"A key is a list or a mapping{_line(event)}.")
        text = str(event.value) if isinstance(event, yaml.ScalarEvent) and event.value else _text_of(value)
        self.problems.append(f"The key {_short(text)} is no text; it is read as text{_line(event)}.")
        return text


def _is_merge(event: Any) -> bool:
    return isinstance(event, yaml.ScalarEvent) and event.value == "<<" and event.implicit[0] and event.tag is None


def _refuse_tag(event: Any, allowed: str) -> None:
    if event.tag not in (None, "!", allowed):
        raise UnparsableError(f"The file uses the tag {_short(event.tag)}, which is not read{_line(event)}.")


def _text_of(value: Any) -> str:
    return {None: "null", True: "true", False: "false"}.get(value, str(value))


def _short(text: str) -> str:
    return repr(text if len(text) <= 80 else text[:79] + "…")


def _line(event: Any) -> str:
    return f" (line {event.start_mark.line + 1})"
