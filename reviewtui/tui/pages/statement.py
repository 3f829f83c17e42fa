"""The bytes that are about to be signed, shown to the byte."""

from __future__ import annotations

import hashlib

from rich.cells import cell_len, chop_cells

from reviewtui.display import clean, holds_controls
from reviewtui.tui.widgets.line import Line, line, wrapped


def statement_lines(content: bytes, width: int) -> list[Line]:
    """Every byte of the statement as text: long lines go on after a ↪, controls are made visible and are said.

    What is no UTF-8 is shown as its escapes, never left out.
    """
    text = content.decode("utf-8", errors="backslashreplace")
    body = text.removesuffix("\n")
    lines: list[Line] = []
    for row in body.split("\n"):
        for index, piece in enumerate(wrap_exactly(row, width - 3)):
            lines.append(line((" ↪ " if index else "   ", "dim"), piece))
    if not text.endswith("\n"):
        lines.append(line(("   (no line end)", "dim")))
    if holds_controls(text):
        lines.append(line((" ! It holds control characters, shown as ␛ or �.", "warn")))
    return lines


def statement_head(content: bytes) -> list[Line]:
    """How many bytes, and their digest."""
    digest = hashlib.sha256(content).hexdigest()
    return [line((f" Exactly these {len(content):,} bytes are signed", "heading")), line((f" sha256 {digest}", "dim"))]


def tag_head(message: bytes, width: int) -> list[Line]:
    """How many bytes the tag's message has, and what Git signs beside them."""
    return [
        line((f" Exactly these {len(message):,} bytes are signed, as the tag's message", "heading")),
        *wrapped(
            "Git adds the commit, the tag's name, your name and the time, and signs the whole.",
            width,
            indent=" ",
            tone="dim",
        ),
    ]


def wrap_exactly(row: str, width: int) -> list[str]:
    """A cleaned row in pieces that, put together again, are the row: no blank is dropped."""
    shown = clean(row)
    return chop_cells(shown, max(width, 8)) if cell_len(shown) > width else [shown]
