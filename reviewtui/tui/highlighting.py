"""The syntax of one line as tones, by Pygments, which is loaded when the first such line comes into sight."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import TYPE_CHECKING

from reviewtui.tui.widgets.line import Tone

if TYPE_CHECKING:
    from pygments.lexer import Lexer

LONGEST_HIGHLIGHTED = 400
"""Characters of a line that are coloured; the rest of a longer one stays plain."""

Highlight = Callable[[str], list[tuple[str, Tone]]]
"""A line → its pieces, each with a tone; together they are the line."""


def highlighter(path: str) -> Highlight:
    """What colours the lines of a file with this name."""
    lexer = _lexer(path.rpartition("/")[2])

    def highlight(text: str) -> list[tuple[str, Tone]]:
        head, rest = text[:LONGEST_HIGHLIGHTED], text[LONGEST_HIGHLIGHTED:]
        pieces = _pieces(lexer, head) if lexer is not None else [(head, _plain())]
        return [*pieces, (rest, _plain())] if rest else pieces

    return highlight


def _plain() -> Tone:
    return ""


@lru_cache(maxsize=64)
def _lexer(name: str) -> Lexer | None:
    from pygments.lexers import get_lexer_for_filename
    from pygments.util import ClassNotFound

    known = {".lock": "x.yaml", ".dvc": "x.yaml", "MLmodel": "x.yaml"}
    alias = next((other for ending, other in known.items() if name.endswith(ending)), name)
    try:
        lexer: Lexer = get_lexer_for_filename(alias, stripnl=False, ensurenl=False)
    except (ClassNotFound, ValueError):
        return None
    return lexer


def _pieces(lexer: Lexer, text: str) -> list[tuple[str, Tone]]:
    pieces = [(piece, _tone_of(str(kind))) for kind, piece in lexer.get_tokens(text) if piece]
    # A lexer may add or drop a character of what it cannot read; then the line is shown as it is.
    return pieces if "".join(piece for piece, _ in pieces) == text else [(text, _plain())]


@lru_cache(maxsize=512)
def _tone_of(kind: str) -> Tone:
    tones: tuple[tuple[str, Tone], ...] = (
        ("Token.Comment", "syntax-comment"),
        ("Token.Literal.String", "syntax-string"),
        ("Token.Literal.Number", "syntax-number"),
        ("Token.Literal.Scalar", "syntax-string"),
        ("Token.Name.Tag", "syntax-key"),
        ("Token.Name.Attribute", "syntax-key"),
        ("Token.Keyword", "syntax-number"),
        ("Token.Name.Builtin", "syntax-number"),
    )
    return next((tone for prefix, tone in tones if kind.startswith(prefix)), "")
