"""Texts that a stranger might put where the app shows them."""

from __future__ import annotations

CORPUS = (
    "\x1b]0;PWNTITLE\x1b\\",
    "\x1b[2J\x1b[H\x1b[31mred\x1b[0m",
    "\x1b]52;c;cHduZWQ=\x07",
    "\x9b31mC1\x9c",
    "\x00nul\x08\x08\x08back",
    "line\r\nbreak\rreturn\vvertical\fform",
    "tab\tbed",
    "[@click=app.quit]see details[/]",
    "[bold]not bold[/bold]",
    "a[/nope]b",
    "a[/]b",
    "[",
    "[[[",
    "data[train].csv",
    "$name [$x]",
    "approve\u202eevorppa\u202c",
    "\u2066isolated\u2069\u200e\u200f\u061c",
    "zero\u200bwidth\u200djoin\ufeffer",
    "tag\U000e0041\U000e0042s",
    "漢字カタカナ" * 30,
    "👨‍👩‍👧‍👦🇩🇪" * 20,
    "Z̸̡̨͈̱̝͔̥̩̜̐̏̿̈́a̷̗̓l̴̰͝g̶͔̀o̴̭͝",
    "x" * 100_000,
    "word " * 20_000,
    "\n" * 500,
    "\ud800lone surrogate",
    "",
    " ",
    "-rf --option",
    "null",
)

FORBIDDEN = frozenset(
    [chr(code) for code in (*range(0x20), *range(0x7F, 0xA0))]
    + list("\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")
)
"""What must never reach a terminal."""
