"""Line: one row of cells with tones; the only door through which a stranger's text reaches the screen."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from itertools import zip_longest
from typing import Literal, get_args

from rich.cells import cell_len, chop_cells, set_cell_size

from reviewtui.display import clean
from reviewtui.values import dataclass

Plain = Literal["dim", "strong", "good", "bad", "warn", "accent", "heading", "added", "removed", "changed"]
Syntax = Literal["syntax-key", "syntax-string", "syntax-number", "syntax-comment"]
Ground = Literal["old-line", "new-line", "old-word", "new-word"]
Tone = Literal["", Plain, Syntax, Ground]
Part = str | tuple[str, Tone]

TONES: tuple[Tone, ...] = (*get_args(Plain), *get_args(Syntax), *get_args(Ground))

_LONGEST_LINE = 20_000
"""Characters of one line that are kept; what is cut off is said."""

LONGEST_VALUE = 2_000
"""Characters of one value, name or reason that are kept where it is wrapped."""

WHOLE_COMMENT = 70_000
"""More characters than the comment of any record has."""


@dataclass(frozen=True, slots=True)
class Line:
    """Text in spans, each with a tone. A `stop` is where next and previous change halt.

    `grounds` are tones that lie under the spans', in the same order (none: nothing lies under them). `about` says what
    the line is about, to whoever asks for more of it.
    """

    spans: tuple[tuple[str, Tone], ...] = ()
    stop: bool = False
    grounds: tuple[Tone, ...] = ()
    about: Hashable = None

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.spans)


def line(*parts: Part, stop: bool = False, about: Hashable = None) -> Line:
    """A line of the given parts, each a text or (text, tone), made harmless by `clean`."""
    return Line(tuple(span for span in map(_span, parts) if span[0]), stop, about=about)


def grounded_line(*parts: tuple[str, Tone, Tone], about: Hashable = None) -> Line:
    """A line of (text, tone, tone under it), made harmless by `clean`."""
    kept = [(_harmless(text), tone, ground) for text, tone, ground in parts if text]
    return Line(tuple((text, tone) for text, tone, _ in kept), False, tuple(ground for _, _, ground in kept), about)


def _span(part: Part) -> tuple[str, Tone]:
    if isinstance(part, str):
        return _harmless(part), ""
    return _harmless(part[0]), part[1]


def _harmless(text: str) -> str:
    return clean(_cut(text, _LONGEST_LINE))


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}… ({len(text) - most:,} more characters)"


BLANK = Line()


def heading(title: str, note: str = "") -> Line:
    """A section's title, with a quiet note after it."""
    return line((title, "heading"), (f"   {note}" if note else "", "dim"))


def fit(text: str, width: int, *, right: bool = False) -> str:
    """The cleaned text in exactly `width` cells: cut with an ellipsis, or filled with blanks."""
    if width <= 0:
        return ""
    text = clean(text if len(text) <= 4 * width else text[: 4 * width])
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…"
    blanks = " " * (width - length)
    return blanks + text if right else text + blanks


def fit_key(text: str, width: int) -> str:
    """A dotted key in exactly `width` cells: what is too long loses its middle, for keys differ at their ends."""
    text = clean(text if len(text) <= LONGEST_VALUE else text[:LONGEST_VALUE])
    if cell_len(text) <= width or width < 8:
        return fit(text, width)
    head = set_cell_size(text, (width - 1) // 3).rstrip()
    tail = text[-width:]
    while cell_len(head) + 1 + cell_len(tail) > width:
        tail = tail[1:]
    return fit(f"{head}…{tail}", width)


def wrap(text: str, width: int, *, most: int = LONGEST_VALUE) -> list[str]:
    """The cleaned text broken into lines of at most `width` cells, at blanks where there are any.

    What is longer than `most` characters is cut, and that is said: no value may make a page slow.
    """
    width = max(width, 8)
    text = _cut(text, most)
    lines: list[str] = []
    for paragraph in clean(text, keep_newlines=True).split("\n"):
        lines.extend(_wrap_paragraph(paragraph, width))
    return lines


def wrapped(text: str, width: int, *, indent: str = "", tone: Tone = "", most: int = LONGEST_VALUE) -> list[Line]:
    """`wrap`, as lines with an indent and one tone."""
    return [Line(((indent, ""), (piece, tone))) for piece in wrap(text, width - len(indent), most=most)]


def labelled(label: str, text: str, width: int, *, tone: Tone = "") -> list[Line]:
    """A quiet label, and the text beside it, however many lines it takes."""
    first, *rest = wrap(text, width - _LABEL - 1)
    blank = " " * (_LABEL + 1)
    return [line((f" {label:<{_LABEL}}", "dim"), (first, tone)), *[line(blank, (piece, tone)) for piece in rest]]


_LABEL = 8


def _wrap_paragraph(paragraph: str, width: int) -> Iterable[str]:
    current, used = "", 0
    for word in paragraph.split(" "):
        length = cell_len(word)
        if current and used + 1 + length > width:
            yield current
            current, used = "", 0
        if length > width:
            *whole, rest = chop_cells(word, width)
            yield from whole
            word, length = rest, cell_len(rest)
        current, used = (f"{current} {word}", used + 1 + length) if current else (word, length)
    yield current


def beside(left: Sequence[Line], right: Sequence[Line], start: int) -> list[Line]:
    """Two columns in one, the right one from the cell `start` on. A row halts where either does, and is about what
    the right one is about, else the left one."""
    rows = []
    for one, other in zip_longest(left, right, fillvalue=Line()):
        gap = " " * (start - cell_len(one.text)) if other.spans else ""
        about = one.about if other.about is None else other.about
        rows.append(Line((*one.spans, (gap, ""), *other.spans), one.stop or other.stop, about=about))
    return rows
