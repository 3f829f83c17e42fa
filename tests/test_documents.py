"""Documents: whatever the bytes are, they give values or a sentence."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reviewtui.facts.documents import parse_document
from reviewtui.facts.yaml_values import plain_scalar

NAMES = ("a.yaml", "a.json", "a.toml", "MLmodel", "a.dvc", "a.py")
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(
    st.sampled_from(NAMES), st.binary(max_size=300) | st.text(max_size=200).map(lambda t: t.encode("utf-8", "replace"))
)
@settings(deadline=None)
def test_any_bytes_give_values_or_a_problem(name: str, data: bytes) -> None:
    document = parse_document(name, data)
    assert document.readable or (document.problems and not document.values)
    json.dumps(document.values, ensure_ascii=False).encode("utf-8")


@given(st.text(alphabet="[]{}:,-&*!|>'\"#%@`? \n\tab01.~<=", max_size=80))
@settings(deadline=None, max_examples=300)
def test_any_punctuation_gives_values_or_a_problem(text: str) -> None:
    for name in NAMES:
        assert parse_document(name, text.encode()).problems is not None


@given(json_values)
@settings(deadline=None)
def test_a_json_value_is_read_as_the_standard_library_reads_it(value: object) -> None:
    assert parse_document("a.json", json.dumps(value).encode()).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1e-3", 0.001),
        ("1.0e-3", 0.001),
        (".5", 0.5),
        ("1e5", 1e5),
        ("NO", "NO"),
        ("on", "on"),
        ("yes", "yes"),
        ("true", True),
        ("010", 10),
        ("0o10", 8),
        ("0x1F", 31),
        ("1:30", "1:30"),
        ("1_000", 1000),
        ("~", None),
        ("", None),
        ("2026-01-01", "2026-01-01"),
        (".inf", math.inf),
        ("1.2.3", "1.2.3"),
        ("-", "-"),
        ("+1", 1),
    ],
)
def test_scalars_are_read_by_yaml_1_2(text: str, value: object) -> None:
    assert plain_scalar(text) == value
    assert type(plain_scalar(text)) is type(value)


@pytest.mark.parametrize(
    ("name", "data", "words"),
    [
        ("a.yaml", b"<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> b\n", "conflict markers (line 1)"),
        ("a.json", b'{"a": 1, "a": 2}', "'a' is there twice"),
        ("a.yaml", b"a: 1\nb: 2\na: 3\n", "'a' is there twice (line 3)"),
        ("a.yaml", b"1: x\n'1': y\n", "there twice"),
        ("a.yaml", "a: 1".encode("utf-16"), "UTF-16"),
        ("a.yaml", "a: é".encode("latin-1"), "byte 0xE9 in line 1"),
        ("a.json", b"[" * 100_000, "levels deep"),
        ("a.yaml", b"[" * 100_000, "levels deep"),
        ("a.toml", b"a = " + b"[" * 100_000, "levels deep"),
        ("a.toml", b"a" * 1_000_000, "not TOML"),
        ("a.toml", b"a." * 100_000 + b"b = 1", "levels deep"),
        ("a.yaml", b"? [a, b]\n: 1\n", "A key is a list"),
        ("a.yaml", b"a: !!python/object/apply:os.system [id]\n", "tag"),
        ("a.yaml", b"a: &x [*x]\n", "stands inside of what it names"),
        ("a.yaml", b"a: 1\n---\nb: 2\n", "more than one YAML document"),
        ("a.json", b'{"a": "\\ud800"}', "surrogate"),
        ("a.json", b" " * (8 * 1024 * 1024 + 1), "are the limit"),
        ("a.json", b"", "empty"),
        ("a.py", b"a = 1", "Not read: Python"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(name: str, data: bytes, words: str) -> None:
    document = parse_document(name, data)
    assert not document.readable
    assert words in document.problems[0]


def test_aliases_are_read_and_a_bomb_of_them_is_not() -> None:
    assert parse_document("a.yaml", b"a: &x {b: 1}\nc: *x\n").values == (("a.b", 1), ("c.b", 1))
    bomb = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 20)
    )
    assert "aliases are expanded" in parse_document("a.yaml", bomb.encode()).problems[0]


def test_merge_keys_give_way_to_the_keys_beside_them() -> None:
    document = parse_document("a.yaml", b"base: &b {x: 1, y: 2}\nt:\n  y: 3\n  <<: *b\n")
    assert dict(document.values) == {"base.x": 1, "base.y": 2, "t.y": 3, "t.x": 1}


def test_keys_that_are_no_text_become_text_and_are_said() -> None:
    document = parse_document("a.yaml", b"1: a\ntrue: b\n")
    assert dict(document.values) == {"1": "a", "true": "b"}
    assert len(document.problems) == 2


def test_a_key_with_dots_and_a_nested_key_of_the_same_spelling_stay_both_visible() -> None:
    document = parse_document("a.json", b'{"a.b": 1, "a": {"b": 2}}')
    assert sorted(value for _, value in document.values) == [1, 2]
    assert len({key for key, _ in document.values}) == 2
    assert "both are listed" in document.problems[0]


def test_a_number_of_five_thousand_digits_is_kept_as_text() -> None:
    for name, data in (("a.json", b'{"a": %s}'), ("a.yaml", b"a: %s")):
        document = parse_document(name, data % (b"9" * 5000))
        assert document.values[0][1] == "9" * 5000
        assert "5000 digits" in document.problems[0]


def test_a_byte_order_mark_is_tolerated_and_said() -> None:
    document = parse_document("a.json", b'\xef\xbb\xbf{"a": 1}')
    assert document.values == (("a", 1),)
    assert document.problems == ("The file starts with a byte order mark.",)


def test_toml_dates_are_iso_text() -> None:
    assert parse_document("a.toml", b"d = 2026-01-02\n").values == (("d", "2026-01-02"),)


def test_an_empty_mapping_is_a_value_and_a_list_stays_whole() -> None:
    assert parse_document("a.yaml", b"a: {}\nb: [1, {c: 2}]\n").values == (("a", {}), ("b", [1, {"c": 2}]))
