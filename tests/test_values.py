"""Values behave as the standard library's dataclasses do, whoever made their methods."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import pickle
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reviewtui
from reviewtui import values


def point(dataclass: Callable[..., Any], field: Callable[..., Any]) -> Any:
    """The same class, by either."""

    @dataclass(frozen=True, slots=True)
    class Point:
        """A place with words."""

        across: int
        down: int = 0
        words: Mapping[str, int] = field(default_factory=dict)

        @property
        def sum(self) -> int:
            return self.across + self.down

    return Point


Ours = point(values.dataclass, values.field)
Theirs = point(dataclasses.dataclass, dataclasses.field)


@values.dataclass(frozen=True, slots=True)
class Kept:
    """At the top of a module, where pickle finds it."""

    name: str
    size: int = 0


@values.dataclass(slots=True)
class Growing:
    """Not frozen."""

    names: list[str] = values.field(default_factory=list)


@given(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3), st.integers(0, 3))
def test_values_are_equal_and_shown_as_the_standard_librarys(a: int, b: int, c: int, d: int) -> None:
    mine, other = Ours(a, b, words={}), Ours(across=c, down=d)
    theirs, others = Theirs(a, b, words={}), Theirs(across=c, down=d)
    assert (mine == other) == (theirs == others)
    assert repr(mine) == repr(theirs)
    assert mine.sum == theirs.sum
    assert (mine != theirs) and mine != (a, b, {})
    assert values.replace(mine, down=d) == dataclasses.replace(mine, down=d) == Ours(a, d)


@given(st.text(max_size=2), st.integers(0, 3), st.text(max_size=2), st.integers(0, 3))
def test_equal_values_are_one_key(a: str, b: int, c: str, d: int) -> None:
    assert (len({Kept(a, b), Kept(c, d)}) == 1) == ((a, b) == (c, d))


def test_a_frozen_value_stays_as_it_is() -> None:
    value = Kept("a")
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'name'"):
        value.name = "b"  # type: ignore[misc]
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot delete field 'name'"):
        del value.name
    with pytest.raises(AttributeError):
        value.other = 1  # type: ignore[attr-defined]


def test_a_value_that_changes_is_no_key() -> None:
    value = Growing()
    value.names.append("a")
    value.names = [*value.names, "b"]
    assert value == Growing(["a", "b"]) and Growing() == Growing([])
    with pytest.raises(TypeError, match="unhashable"):
        hash(value)


@pytest.mark.parametrize("wrong", [(), (1, 2, {}, 4)])
def test_too_few_and_too_many_arguments_are_refused(wrong: tuple[Any, ...]) -> None:
    for cls in (Ours, Theirs):
        with pytest.raises(TypeError, match=r"__init__\(\)"):
            cls(*wrong)
    with pytest.raises(TypeError, match="unexpected keyword"):
        Ours(1, height=2)


def test_values_are_copied_pickled_and_matched() -> None:
    value = Kept("a", 1)
    assert copy.copy(value) == copy.deepcopy(value) == pickle.loads(pickle.dumps(value)) == value
    match value:
        case Kept(name, size):
            assert (name, size) == ("a", 1)
    assert not hasattr(value, "__dict__")


def test_the_standard_library_knows_them_as_its_own() -> None:
    assert dataclasses.is_dataclass(Ours)
    assert dataclasses.asdict(Ours(1)) == {"across": 1, "down": 0, "words": {}}
    assert [each.name for each in dataclasses.fields(Kept)] == ["name", "size"]


def test_every_class_of_the_package_is_one_that_the_standard_library_would_make_too() -> None:
    seen = 0
    for module in pkgutil.walk_packages(reviewtui.__path__, "reviewtui."):
        if module.name.startswith(("reviewtui.__main__", "reviewtui.export.verify")):
            continue
        for name, cls in vars(importlib.import_module(module.name)).items():
            if isinstance(cls, type) and cls.__module__ == module.name and dataclasses.is_dataclass(cls):
                fields = dataclasses.fields(cls)
                assert tuple(each.name for each in fields if each.init) == cls.__match_args__, name
                assert all(base is object for base in cls.__bases__), name
                seen += 1
    assert seen > 100
