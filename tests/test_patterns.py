"""A pattern is what `re.compile` would make of it, whenever that is."""

from __future__ import annotations

import importlib
import pkgutil
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import reviewtui
from reviewtui.patterns import pattern

_WORD = r"(?P<first>[a-c]+)-?(\d*)"


@given(st.text("abcd-12 ", max_size=8))
def test_it_finds_what_a_compiled_one_finds(text: str) -> None:
    ours, theirs = pattern(_WORD), re.compile(_WORD)
    for _ in range(2):
        assert ours.findall(text) == theirs.findall(text)
        assert ours.sub(r"<\2>", text) == theirs.sub(r"<\2>", text)
        found, expected = ours.fullmatch(text), theirs.fullmatch(text)
        assert (found and found.groupdict()) == (expected and expected.groupdict())
    assert ours.pattern == _WORD


def test_flags_and_bytes_are_handed_on() -> None:
    assert pattern("A", re.IGNORECASE).match("a")
    assert pattern(rb"\d+").sub(b"", b"a1b2") == b"ab"


def test_a_pattern_knows_nothing_that_no_pattern_knows() -> None:
    with pytest.raises(AttributeError):
        pattern("a").nothing  # type: ignore[attr-defined]  # noqa: B018


def test_every_pattern_of_the_package_can_be_compiled() -> None:
    seen = 0
    for module in pkgutil.walk_packages(reviewtui.__path__, "reviewtui."):
        if module.name.startswith(("reviewtui.__main__", "reviewtui.export")):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            for each in value if isinstance(value, tuple) else (value,):
                if type(each).__name__ == "_Uncompiled":
                    assert each.fullmatch is not None
                    seen += 1
    assert seen > 50
