"""Every row of the list of threats has a test that bears its number, or an entry here that says why not."""

from __future__ import annotations

import re
from pathlib import Path

ROWS = range(1, 106)
NOT_APPLICABLE: dict[int, str] = {}
FOLDER = Path(__file__).resolve().parent


def rows_with_tests() -> dict[int, list[str]]:
    """{row: the tests that bear its number}."""
    found: dict[int, list[str]] = {}
    for file in sorted(FOLDER.glob("test_?_*.py")):
        for name in re.findall(r"^def (test_\d{3}\w*)", file.read_text(encoding="utf-8"), re.MULTILINE):
            numbers = re.match(r"test_(\d{3})(?:_and_(\d{3}))?_", name)
            assert numbers, f"{name} does not go on after its number."
            for number in filter(None, numbers.groups()):
                found.setdefault(int(number), []).append(name)
    return found


def test_every_row_has_a_test_or_a_reason_why_not() -> None:
    tested = rows_with_tests()
    assert [row for row in ROWS if row not in tested and row not in NOT_APPLICABLE] == []
    assert [row for row in tested if row not in ROWS] == []


def test_no_row_has_both_and_every_reason_is_a_sentence() -> None:
    assert not rows_with_tests().keys() & NOT_APPLICABLE.keys()
    assert all(reason.endswith(".") and len(reason) > 20 for reason in NOT_APPLICABLE.values())


def test_each_file_holds_the_rows_of_its_letter() -> None:
    letters = {"a": (1, 15), "b": (16, 34), "c": (35, 42), "d": (43, 56), "e": (57, 71), "f": (72, 83), "g": (84, 91)}
    for file in FOLDER.glob("test_?_*.py"):
        low, high = letters.get(file.name[5], (92, 105))
        rows = {int(row) for row in re.findall(r"^def test_(\d{3})", file.read_text(encoding="utf-8"), re.MULTILINE)}
        # Some rows of D and H need a server, and stand with the tags.
        also = {49, 50, 51, 52, 53, 103} if file.name[5] == "f" else set()
        assert all(low <= row <= high for row in rows - also), file.name
