"""The dialog that shows the bytes of a value or a line: every byte, and the name of every character that hides."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from reviewtui.display import holds_controls
from reviewtui.tui.asking import HelpedDialog
from reviewtui.tui.widgets.line import BLANK, Line, heading, line, wrap
from reviewtui.tui.widgets.strips import TitleLine
from reviewtui.tui.widgets.text_view import TextView

_MOST_BYTES = 4_096
_MOST_NAMED = 200


class BytesDialog(HelpedDialog[None]):
    """Shows texts, each under a title."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("q,i", "cancel", "Close", key_display="q", show=False, id="bytes.cancel")
    ]

    LEAVING = "Close"

    def __init__(self, title: str, texts: Sequence[tuple[str, str]]) -> None:
        super().__init__()
        self._shown_title = title
        self._texts = tuple(texts)

    def compose_body(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield TitleLine(id="title")
            yield TextView()

    def on_mount(self) -> None:
        self.query_one(TitleLine).show(
            [(" Bytes of ", "heading"), (self._shown_title, "strong")], [("esc closes ", "dim")]
        )
        view = self.query_one(TextView)
        view.show(lambda width: [made for title, text in self._texts for made in byte_lines(title, text, width)])
        view.focus()


def byte_lines(title: str, text: str, width: int) -> list[Line]:
    """A text as its bytes in UTF-8, and each character in it that cannot be seen."""
    content = text.encode("utf-8", "surrogatepass")
    lines = [heading(f" {title}", f"{len(text):,} characters, {len(content):,} bytes in UTF-8")]
    lines += [line(("   " + row, ""), ("  " + shown, "dim")) for row, shown in _dump(content[:_MOST_BYTES], width)]
    if len(content) > _MOST_BYTES:
        lines.append(line((f"   … {len(content) - _MOST_BYTES:,} more bytes", "dim")))
    hidden = list(_hidden(text))
    for place, name in hidden[:_MOST_NAMED]:
        first, *rest = wrap(name, width - 20)
        lines.append(line((f"   ! character {place + 1:<5,} ", "warn"), first))
        lines += [line(" " * 20, piece) for piece in rest]
    if len(hidden) > _MOST_NAMED:
        lines.append(line((f"   … and {len(hidden) - _MOST_NAMED:,} more", "warn")))
    if not hidden:
        lines.append(line(("   Nothing in it hides.", "dim")))
    return [*lines, BLANK]


def _dump(content: bytes, width: int) -> Iterator[tuple[str, str]]:
    per_row = 16 if width >= 76 else 8
    for start in range(0, len(content), per_row):
        row = content[start : start + per_row]
        shown = "".join(chr(byte) if 0x20 <= byte < 0x7F else "·" for byte in row)
        yield f"{start:05x}  {row.hex(' '):<{3 * per_row}}", shown


def _hidden(text: str) -> Iterator[tuple[int, str]]:
    for place, character in enumerate(text):
        if (
            (not character.isascii() and not character.isprintable())
            or holds_controls(character)
            or character in "\t\n"
        ):
            yield place, f"U+{ord(character):04X} {unicodedata.name(character, _control_name(character))}"


def _control_name(character: str) -> str:
    names = {"\t": "TAB", "\n": "LINE FEED", "\r": "CARRIAGE RETURN", "\x1b": "ESCAPE", "\0": "NUL", "\x07": "BELL"}
    return names.get(character, "control" if unicodedata.category(character) == "Cc" else "without a name")
