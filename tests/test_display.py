"""Text from a repository, made harmless for a terminal."""

from __future__ import annotations

import sys
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.display import clean, moment_text

MARKS = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) in ("Mn", "Me")]
MOST = 4


def tallest(text: str) -> int:
    """The largest number of marks on one letter."""
    most = height = 0
    for character in text:
        height = (
            height + 1 if unicodedata.category(character) in ("Mn", "Me") or unicodedata.combining(character) else 0
        )
        most = max(most, height)
    return most


@given(st.lists(st.sampled_from([*"aé漢 \n", *MARKS]), max_size=60))
def test_no_marks_of_any_script_are_piled_up(letters: list[str]) -> None:
    made = clean("".join(letters))
    assert tallest(made) <= MOST
    assert clean(made) == made


@pytest.mark.parametrize(
    "mark",
    ["\u0301", "\u0483", "\u0591", "\u064b", "\u0e49", "\u0f71", "\u20dd", "\u302a", "\ua66f", "\U0001e8d0", "\u1039"],
)
def test_a_tower_of_one_mark_is_cut_off_visibly(mark: str) -> None:
    made = clean("a" + mark * 500 + "b")
    assert made[0] == "a" and made.endswith("�b")
    assert len(made) <= 1 + MOST + 2


@pytest.mark.parametrize(
    "text", ["Việt", "e\u0323\u0302", "שׁ\u05bc\u05b0", "เก็บไว้", "བསྒྲུབས", "हिन्दी", "é" * 40, "漢字" * 40]
)
def test_text_of_honest_scripts_stays_as_it_is(text: str) -> None:
    assert clean(text) == text


def test_a_time_of_a_record_is_shown_as_people_read_it_and_what_is_none_as_it_is() -> None:
    assert moment_text("2026-11-19T11:30:59Z") == "2026-11-19 11:30 UTC"
    for other in ("", "yesterday", "2026-11-19", "2026-11-19T11:30:59+01:00"):
        assert moment_text(other) == other
