"""Search over versions: an expression such as `accuracy>0.9 and lr<1e-3`, taken apart and asked of one version.

The grammar is that of Python's comparisons, read by Python's own parser and never run: comparisons (also chained, as
in 0.9 < auc <= 0.95) with < <= > >= = == != in, joined by and, or, not and parentheses.

1. A name is a key: a metric's or a config value's, whole or its last parts (lr is train.lr). config., metrics.,
   environment. before it looks there alone, version. at the version itself (state, kind, author, created …), and so
   does a name that no fact has. Where several keys end in the name, one of them is enough.
2. Right of = and != a bare word is a word (state = released); right of < it is a key. A key that is no name is put in
   quotes: "eval/f1-score" > 0.8.
3. A comparison with a key that the version lacks, or with a value of another type, does not hold. A name alone holds
   where the key is there and is not false, null, 0 or empty.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal

from reviewtui.diff.values import number, same_value
from reviewtui.errors import UsageError
from reviewtui.facts.model import Value
from reviewtui.patterns import pattern
from reviewtui.values import dataclass

LONGEST = 1_000
NAMESPACES = ("config", "metrics", "environment", "version")
EXAMPLE = "Write it such as: accuracy>0.9 and lr<1e-3"

Facts = Mapping[str, Sequence[tuple[str, Value]]]
"""namespace → the (key, value) pairs that a version has there."""

_SINGLE = pattern(r"(?<![<>=!])=(?!=)")
_QUOTED = pattern(r"(\"[^\"\\]*\"|'[^'\\]*')")
_ORDER: dict[type[ast.cmpop], Callable[..., bool]] = {
    ast.Lt: operator.lt, ast.LtE: operator.le, ast.Gt: operator.gt, ast.GtE: operator.ge,
}  # fmt: skip
_WORDS: dict[str, Value] = {"true": True, "false": False, "null": None}


@dataclass(frozen=True, slots=True)
class _Key:
    """A key as it was asked for."""

    namespace: str
    name: str


@dataclass(frozen=True, slots=True)
class Search:
    """An expression, taken apart."""

    text: str
    _tree: ast.expr

    def names(self) -> tuple[str, ...]:
        """The keys that the expression asks for, in its order."""
        return tuple(dict.fromkeys(_key_text(key) for key in _keys_in(self._tree)))

    def known(self, facts: Facts) -> set[str]:
        """Those of the names that a version has."""
        return {_key_text(key) for key in _keys_in(self._tree) if _values(key, facts)}

    def holds(self, facts: Facts) -> bool:
        """Whether a version meets the expression."""
        return _holds(self._tree, facts)

    def matched(self, facts: Facts) -> tuple[tuple[str, Value], ...]:
        """The keys of a version that the expression asks for, each with its value."""
        found = [pair for key in _keys_in(self._tree) for pair in _values(key, facts)]
        return tuple({name: (name, value) for name, value in found}.values())


def parse_search(text: str) -> Search:
    """Take an expression apart. Raises: UsageError, which says what cannot be read."""
    if len(text) > LONGEST:
        raise UsageError(f"The search is longer than {LONGEST} characters.", hint=EXAMPLE)
    try:
        with warnings.catch_warnings(action="ignore"):
            tree = ast.parse(_python(text).strip(), mode="eval").body
        _check(tree)
    except (SyntaxError, RecursionError, MemoryError, ValueError) as error:
        said = error.msg if isinstance(error, SyntaxError) and isinstance(error.__cause__, _UnreadableError) else ""
        raise UsageError(
            f"This search cannot be read{': ' + said if said else ''}.",
            hint=f"{EXAMPLE} (a key with other signs than letters, digits, _ and . in quotes).",
        ) from error
    return Search(text, tree)


class _UnreadableError(Exception):
    """What the grammar does not know."""


def _python(text: str) -> str:
    """A single = is ==, but not within quotes."""
    parts = _QUOTED.split(text)
    return "".join(part if number % 2 else _SINGLE.sub("==", part) for number, part in enumerate(parts))


def _refuse(what: str) -> SyntaxError:
    error = SyntaxError(what)
    error.__cause__ = _UnreadableError()
    return error


def _check(node: ast.expr) -> None:
    """Let through what the grammar knows. Raises: SyntaxError."""
    match node:
        case ast.BoolOp(values=values):
            for each in values:
                _check(each)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check(operand)
        case ast.Compare(left=left, ops=ops, comparators=comparators):
            for each in (left, *comparators):
                _check_operand(each)
            unknown = [each for each in ops if not isinstance(each, (*_ORDER, ast.Eq, ast.NotEq, ast.In, ast.NotIn))]
            if unknown:
                raise _refuse("is compares nothing here; write = or !=")
        case _:
            if _key_of(node) is None:
                raise _refuse(f"{ast.unparse(node)} is no comparison")


def _check_operand(node: ast.expr) -> None:
    if _key_of(node) is None and not _is_constant(node):
        raise _refuse(f"{ast.unparse(node)} is neither a key nor a value")


def _is_constant(node: ast.expr) -> bool:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, (ast.USub, ast.UAdd)):
        return isinstance(node.operand, ast.Constant) and type(node.operand.value) in (int, float)
    return isinstance(node, ast.Constant) and (node.value is None or type(node.value) in (int, float, str, bool))


def _constant(node: ast.expr) -> Value:
    if isinstance(node, ast.UnaryOp):
        value = _constant(node.operand)
        return -value if isinstance(node.op, ast.USub) else value
    return node.value if isinstance(node, ast.Constant) else None


def _key_of(node: ast.expr) -> _Key | None:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        return None
    if not parts:
        return _Key("", node.id)
    rest = ".".join(reversed(parts))
    return _Key(node.id, rest) if node.id in NAMESPACES else _Key("", f"{node.id}.{rest}")


def _key_text(key: _Key) -> str:
    return f"{key.namespace}.{key.name}" if key.namespace else key.name


def _sides(node: ast.Compare) -> list[tuple[_Key | Value, ast.cmpop, _Key | Value]]:
    """Each comparison of a chain: a key or a value on either side (laws 1 and 2)."""
    operands = [node.left, *node.comparators]
    return [
        (_side(left, op, is_left=True), op, _side(right, op, is_left=False))
        for left, op, right in zip(operands, node.ops, operands[1:], strict=False)
    ]


def _side(node: ast.expr, op: ast.cmpop, *, is_left: bool) -> _Key | Value:
    contains = isinstance(op, (ast.In, ast.NotIn))
    names_key = is_left != contains
    key = _key_of(node)
    if key is None:
        value = _constant(node)
        return _Key("", value) if names_key and isinstance(value, str) else value
    if not names_key and (contains or isinstance(op, (ast.Eq, ast.NotEq))):
        word = _key_text(key)
        return _WORDS.get(word, word)
    return key


def _keys_in(node: ast.expr) -> list[_Key]:
    match node:
        case ast.BoolOp(values=values):
            return [key for each in values for key in _keys_in(each)]
        case ast.UnaryOp(operand=operand):
            return _keys_in(operand)
        case ast.Compare():
            return [side for left, _, right in _sides(node) for side in (left, right) if isinstance(side, _Key)]
    key = _key_of(node)
    return [key] if key is not None else []


def _holds(node: ast.expr, facts: Facts) -> bool:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_holds(each, facts) for each in values)
        case ast.BoolOp(values=values):
            return any(_holds(each, facts) for each in values)
        case ast.UnaryOp(operand=operand):
            return not _holds(operand, facts)
        case ast.Compare():
            return all(_compare(left, op, right, facts) for left, op, right in _sides(node))
    key = _key_of(node)
    return key is not None and any(value not in (None, False, 0, "") for _, value in _values(key, facts))


def _compare(left: _Key | Value, op: ast.cmpop, right: _Key | Value, facts: Facts) -> bool:
    lefts = [value for _, value in _values(left, facts)] if isinstance(left, _Key) else [left]
    rights = [value for _, value in _values(right, facts)] if isinstance(right, _Key) else [right]
    return any(_meets(one, op, other) for one in lefts for other in rights)


def _meets(one: Value, op: ast.cmpop, other: Value) -> bool:
    match op:
        case ast.Eq():
            return _same(one, other)
        case ast.NotEq():
            return not _same(one, other)
        case ast.In():
            return _contains(other, one)
        case ast.NotIn():
            return not _contains(other, one)
    left, right = number(one), number(other)
    ordered: tuple[Decimal, Decimal] | tuple[str, str]
    if left is not None and right is not None:
        ordered = (left, right)
    elif isinstance(one, str) and isinstance(other, str):
        ordered = (one, other)
    else:
        return False
    return _ORDER[type(op)](*ordered)


def _same(one: Value, other: Value) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return one.casefold() == other.casefold()
    return same_value(one, other)


def _contains(whole: Value, part: Value) -> bool:
    if isinstance(whole, list):
        return any(_same(each, part) for each in whole)
    return isinstance(whole, str) and str(part).casefold() in whole.casefold()


def _values(key: _Key, facts: Facts) -> list[tuple[str, Value]]:
    """The keys that a name means in a version: the very one, else those that end in it (law 1)."""
    if key.namespace == "version":
        return [(f"version.{name}", value) for name, value in facts.get("version", ()) if name == key.name]
    spaces = (key.namespace,) if key.namespace else ("metrics", "config", "environment")
    pairs = [pair for space in spaces for pair in facts.get(space, ())]
    ending = f".{key.name}".casefold()
    found = [pair for pair in pairs if pair[0] == key.name] or [
        pair for pair in pairs if f".{pair[0]}".casefold().endswith(ending)
    ]
    if not found and not key.namespace:
        return _values(_Key("version", key.name), facts)
    return found
