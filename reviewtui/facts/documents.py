"""YAML, JSON and TOML bytes → values under dotted keys, safely: nothing raises but says why it could not be read.

Mappings become dotted keys; a list stays whole, as one value; an empty mapping is a value. A key that has dots itself
and meets a nested key of the same spelling is written in quotes, so that both stay visible.
"""

from __future__ import annotations

import datetime
import json
import math
import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from reviewtui.facts.limits import (
    MAX_DEPTH,
    MAX_DIGITS,
    MAX_DOCUMENT_BYTES,
    MAX_KEY_CHARACTERS,
    MAX_TEXT_BYTES,
    MAX_VALUES,
    UnparsableError,
)
from reviewtui.facts.model import Value
from reviewtui.facts.yaml_values import read_yaml_value
from reviewtui.patterns import pattern
from reviewtui.values import dataclass

ROOT_KEY = "."
"""The key of a document that is no mapping, but one list or one value."""

_YAML_NAMES = frozenset(("MLmodel", "dvc.lock"))
_CONFLICT = (pattern(r"^<{7}(?: |$)", re.MULTILINE), pattern(r"^>{7}(?: |$)", re.MULTILINE))
_JSON_BRACKETS = pattern(r'"(?:[^"\\]++|\\.)*+"?|[\[\]{}]', re.DOTALL)
_TOML_BRACKETS = pattern(
    r'"""(?:[^"\\]++|\\.|"(?!""))*+(?:""")?|' + r"'''(?:[^']++|'(?!''))*+(?:''')?|"
    r'"(?:[^"\\\n]++|\\.)*+"?|' + r"'[^'\n]*+'?|#[^\n]*+|[\[\]{}]",
    re.DOTALL,
)
_LONG_TOML_KEY = pattern(r"(?<![\w\"'-])(?:[\w\"'-]++[ \t]*+\.[ \t]*+){" + str(MAX_DEPTH) + "}")
_SURROGATE_ESCAPE = pattern(r"\\u[dD][89abAB]|\\u[dD][c-fC-F]")
_BYTE_ORDER_MARKS = (
    (b"\xff\xfe\x00\x00", "UTF-32"), (b"\x00\x00\xfe\xff", "UTF-32"), (b"\xff\xfe", "UTF-16"), (b"\xfe\xff", "UTF-16"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Document:
    """A file as a value and as pairs of dotted key and value. Where it could not be read, `readable` is False.

    `problems` are sentences: why the file is unreadable, or what a reader of its values must know.
    """

    value: Value = None
    values: tuple[tuple[str, Value], ...] = ()
    problems: tuple[str, ...] = ()
    readable: bool = True


def parse_document(name: str, data: bytes) -> Document:
    """The document that a file of this name holds; the kind goes by the name's ending. Never raises."""
    try:
        return _document(name, data)
    except UnparsableError as error:
        return Document(problems=(str(error),), readable=False)


def is_document(name: str) -> bool:
    """Whether a file of this name is read as a document."""
    path = PurePosixPath(name)
    return path.suffix.lower() in _READERS or path.name in _YAML_NAMES or path.suffix == ".dvc"


def decode_text(data: bytes) -> tuple[str, tuple[str, ...]]:
    """Strict UTF-8 text without its byte order mark, and what a reader must know.

    Raises: UnparsableError.
    """
    for mark, encoding in _BYTE_ORDER_MARKS:
        if data.startswith(mark):
            raise UnparsableError(f"The file is {encoding}; only UTF-8 is read.")
    if b"\0" in data:
        raise UnparsableError("The file holds NUL bytes: it is binary, or not UTF-8.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnparsableError(f"The file is not UTF-8: byte 0x{data[error.start]:02X} in line {line}.") from None
    marked = data.startswith(b"\xef\xbb\xbf")
    return text, ("The file starts with a byte order mark.",) if marked else ()


def refuse_conflict_markers(text: str) -> None:
    """Raises: UnparsableError where the text holds the markers of a merge that was committed half done."""
    starts = [pattern.search(text) for pattern in _CONFLICT]
    if all(starts) and starts[0]:
        line = text.count("\n", 0, starts[0].start()) + 1
        raise UnparsableError(f"The file holds committed conflict markers (line {line}).")


def flatten(value: Value) -> tuple[tuple[tuple[str, Value], ...], tuple[str, ...]]:
    """A value as pairs of dotted key and value, and a sentence for each key that is spelled twice.

    Raises: UnparsableError where there are too many, or too long keys.
    """
    if not isinstance(value, dict):
        return (((ROOT_KEY, value),) if value is not None else ()), ()
    found: dict[str, Value] = {}
    problems = []
    characters = 0
    for parts, leaf in _leaves(value):
        key = ".".join(parts)
        characters += len(key)
        if len(found) >= MAX_VALUES or characters > MAX_KEY_CHARACTERS:
            raise UnparsableError(f"The file holds more than {MAX_VALUES:,} values.")
        if key in found:
            problems.append(f"The key {key} is there with dots in its name and as nested keys; both are listed.")
            key = _quoted(parts, taken=found)
        found[key] = leaf
    return tuple(found.items()), tuple(problems)


def _leaves(value: dict[str, Value], parts: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Value]]:
    if len(parts) > MAX_DEPTH:
        raise UnparsableError(f"The file is nested more than {MAX_DEPTH} levels deep.")
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield from _leaves(item, (*parts, key))
        else:
            yield (*parts, key), item


def _quoted(parts: tuple[str, ...], *, taken: dict[str, Value]) -> str:
    key = ".".join(json.dumps(part, ensure_ascii=False) if "." in part or not part else part for part in parts)
    number = 2
    spelled = key
    while spelled in taken:
        spelled = f"{key}#{number}"
        number += 1
    return spelled


def _document(name: str, data: bytes) -> Document:
    if len(data) > MAX_DOCUMENT_BYTES:
        raise UnparsableError(f"The file has {len(data):,} bytes; {MAX_DOCUMENT_BYTES:,} are the limit.")
    path = PurePosixPath(name)
    reader = read_yaml_value if path.name in _YAML_NAMES or path.suffix == ".dvc" else _READERS.get(path.suffix.lower())
    if reader is None:
        kind = "Python" if path.suffix == ".py" else f"{path.suffix or path.name} files"
        raise UnparsableError(f"Not read: {kind}. YAML, JSON and TOML are.")
    text, notes = decode_text(data)
    refuse_conflict_markers(text)
    value, remarks = reader(text)
    values, collisions = flatten(value)
    return Document(value, values, (*notes, *remarks, *collisions))


def _read_json(text: str) -> tuple[Value, tuple[str, ...]]:
    _refuse_depth(text, _JSON_BRACKETS)
    problems: list[str] = []

    def whole_number(digits: str) -> int | str:
        if len(digits) <= MAX_DIGITS:
            return int(digits)
        problems.append(f"A number of {len(digits)} digits is kept as text.")
        return digits

    if not text.strip():
        raise UnparsableError("The file is empty.")
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_int=whole_number)
    except json.JSONDecodeError as error:
        raise UnparsableError(f"This is not JSON: {error.msg} (line {error.lineno}).") from None
    if _SURROGATE_ESCAPE.search(text):
        _refuse_surrogates(value)
    return value, tuple(problems)


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UnparsableError(f"The key {key[:80]!r} is there twice.")
        found[key] = value
    return found


def _refuse_surrogates(value: Value) -> None:
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise UnparsableError("The file holds half of a surrogate pair.") from None


def _read_toml(text: str) -> tuple[Value, tuple[str, ...]]:
    if len(text) > MAX_TEXT_BYTES:
        # tomllib is slow, and quadratic for some inputs; nobody writes megabytes of TOML by hand.
        raise UnparsableError(f"The file has more than {MAX_TEXT_BYTES:,} characters, the limit for TOML.")
    _refuse_depth(text, _TOML_BRACKETS)
    if _LONG_TOML_KEY.search(text):
        raise UnparsableError(f"The file is nested more than {MAX_DEPTH} levels deep.")
    import tomllib  # Its patterns cost as much as all that is read of most versions.

    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise UnparsableError(f"This is not TOML: {str(error).rstrip('.')}.") from None
    except ValueError:
        # tomllib hands a number of more than 4,300 digits, or a date that is none, to int() and date().
        raise UnparsableError("This is not TOML: a number or a date is out of range.") from None
    problems: list[str] = []
    return _plain(value, problems, 0), tuple(problems)


def _plain(value: Any, problems: list[str], depth: int) -> Value:
    if depth > MAX_DEPTH:
        raise UnparsableError(f"The file is nested more than {MAX_DEPTH} levels deep.")
    if isinstance(value, dict):
        return {key: _plain(item, problems, depth + 1) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, problems, depth + 1) for item in value]
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    if type(value) is int and not -(10**MAX_DIGITS) < value < 10**MAX_DIGITS:
        problems.append(f"A number of more than {MAX_DIGITS} digits is kept as text.")
        return hex(value)
    return value


def _refuse_depth(text: str, brackets: re.Pattern[str]) -> None:
    depth = 0
    for match in brackets.finditer(text):
        if match[0] in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise UnparsableError(f"The file is nested more than {MAX_DEPTH} levels deep.")
        elif match[0] in "]}":
            depth -= 1


_READERS = {".yaml": read_yaml_value, ".yml": read_yaml_value, ".json": _read_json, ".toml": _read_toml}


def is_finite(value: Value) -> bool:
    """Whether a value is a number other than NaN and the infinities. A boolean is no number."""
    return type(value) is int or (type(value) is float and math.isfinite(value))
