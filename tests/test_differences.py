"""The README's table of what is refused here and accepted by ssh-keygen is the one that the code goes by."""

from __future__ import annotations

from pathlib import Path

from reviewtui.signing.differences import DIFFERENCES, differences_table

README = Path(__file__).resolve().parent.parent / "README.md"
BEGIN, END = "<!-- made from reviewtui/signing/differences.py -->\n", "<!-- end -->\n"


def test_the_readme_has_the_very_table() -> None:
    text = README.read_text(encoding="utf-8")
    assert text.count(BEGIN) == 1
    printed = text.partition(BEGIN)[2].partition(END)[0]
    assert printed == differences_table(), f"Put this between the marks:\n{differences_table()}"


def test_every_difference_is_named_once_and_has_a_known_reason() -> None:
    names = [each.name for each in DIFFERENCES]
    assert len(set(names)) == len(names)
    assert {each.reason for each in DIFFERENCES} <= {"", "bad-signature", "weak-key", "unknown-key", "revoked-key"}
    assert all(each.what and each.why and "|" not in each.what + each.why for each in DIFFERENCES)
