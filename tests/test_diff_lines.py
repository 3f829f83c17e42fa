"""Lines side by side and words that differ: nothing is lost, whatever the texts."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from reviewtui.diff.lines import changed_words, pair_lines, text_lines

LINES = st.lists(st.sampled_from(["a", "b", "c: 1", "c: 2", "", "d e f", "d e g"]), max_size=14)


@given(LINES, LINES)
def test_every_line_of_both_sides_is_there_once_and_in_order(before: list[str], after: list[str]) -> None:
    rows = pair_lines(before, after)
    assert [row.old for row in rows if row.old is not None] == list(range(len(before)))
    assert [row.new for row in rows if row.new is not None] == list(range(len(after)))
    for row in rows:
        if row.same:
            assert row.old is not None and row.new is not None
            assert before[row.old] == after[row.new]


@given(LINES)
def test_a_text_does_not_differ_from_itself(lines: list[str]) -> None:
    assert all(row.same for row in pair_lines(lines, lines))


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_spans_of_a_line_are_the_line(before: str, after: str) -> None:
    old, new = changed_words(before, after)
    assert "".join(text for text, _ in old) == before
    assert "".join(text for text, _ in new) == after
    assert "".join(text for text, changed in old if not changed) == "".join(t for t, changed in new if not changed)


def test_one_word_is_marked_and_not_the_line() -> None:
    assert changed_words("lr: 0.001 # x", "lr: 0.0007 # x")[1] == (("lr: 0.", False), ("0007", True), (" # x", False))


def test_lines_that_are_alike_stand_beside_each_other() -> None:
    rows = pair_lines(["lr: 0.1", "epochs: 3"], ["seed: 7 9 9 1", "lr: 0.2", "epochs: 4"])
    assert [(row.old, row.new) for row in rows] == [(None, 0), (0, 1), (1, 2)]


def test_white_space_may_be_passed_over() -> None:
    assert not pair_lines(["a: 1"], ["a:  1"])[0].same
    assert pair_lines(["a: 1"], ["  a:1 "], ignore_space=True)[0].same


def test_a_line_ends_at_a_line_feed_and_nowhere_else() -> None:
    assert text_lines("a\r\nb\x0bc\u2028d") == ("a\r", "b\x0bc\u2028d")
    assert text_lines("") == ()
    assert text_lines("a\n\n") == ("a", "")


def test_texts_made_to_be_slow_are_not() -> None:
    started = time.perf_counter()
    pair_lines(["x"] * 10_000, ["x"] * 9_000 + ["y"] * 1_000)
    pair_lines(["a", "b"] * 5_000, ["b", "a", "a"] * 3_000)
    pair_lines([f"k{n}: {n}" for n in range(10_000)], [f"k{n}: {n + n % 7}" for n in range(10_000)])
    changed_words("ab" * 500_000, "ab" * 400_000 + "c")
    assert time.perf_counter() - started < 5
