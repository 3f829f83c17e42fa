"""Remarks inside a signed comment: found where they begin, whatever their key."""

from __future__ import annotations

from types import SimpleNamespace

from hypothesis import given
from hypothesis import strategies as st

from reviewtui.remarks import CATEGORIES, remark_head, remarks_by_key, remarks_of


@given(st.sampled_from(CATEGORIES), st.text(min_size=1, max_size=30), st.text(max_size=30))
def test_what_is_written_under_a_head_is_read_at_its_key(category: str, key: str, text: str) -> None:
    said = text.replace("\n", " ")
    (remark,) = remarks_of(remark_head(category, key) + said)
    assert (remark.category, remark.key, remark.text) == (category, key, said.strip())


def test_a_remark_goes_on_until_the_next_and_what_stands_before_is_none() -> None:
    found = remarks_of("Looks good.\n[config:lr] Too high?\nWe had 0.1 before.\n[data:train.csv] Which snapshot?")
    assert [(each.key, each.text) for each in found] == [
        ("lr", "Too high?\nWe had 0.1 before."),
        ("train.csv", "Which snapshot?"),
    ]


def test_brackets_of_other_kinds_are_plain_words() -> None:
    assert remarks_of("[note] hi\n[config] lr\n  [config:lr] indented\n[config:] nothing") == ()


def test_a_record_that_does_not_count_says_so_with_its_remark() -> None:
    entry = SimpleNamespace(reviewer="m", comment="[config:lr] no", at="", counted=False, reason="unknown-key")
    assert remarks_by_key([entry])["config", "lr"][0].reason == "unknown-key"
