"""One change as lines: side by side where both values fit, one above the other where they do not."""

from __future__ import annotations

from collections.abc import Hashable, Iterable

from rich.cells import cell_len

from reviewtui.diff import ChangeKind
from reviewtui.display import CHANGE_MARKS
from reviewtui.tui.widgets.line import Line, Part, Tone, fit, line, wrap

KIND_TONES: dict[str, Tone] = {"added": "added", "removed": "removed", "changed": "changed", "renamed": "changed"}


def key_width(keys: Iterable[str], width: int) -> int:
    """How wide the column of keys is: as wide as the longest, at most two fifths of the page."""
    longest = max((cell_len(key) for key in keys), default=0)
    return max(8, min(longest, width * 2 // 5))


def change_lines(
    key: str,
    kind: ChangeKind | None,
    before: str,
    after: str,
    *,
    keys: int,
    width: int,
    after_tone: Tone = "",
    about: Hashable = None,
) -> list[Line]:
    """A changed (or, without a kind, an unchanged) value: mark, key, before → after."""
    mark = CHANGE_MARKS[kind.value] if kind else " "
    tone: Tone = KIND_TONES[kind.value] if kind else "dim"
    values = _values(kind, before, after)
    room = width - keys - 5
    if cell_len(key) <= keys and sum(cell_len(text) for text, _ in values) <= room:
        shown: list[Part] = [(f" {mark} ", tone), (fit(key, keys) + "  ", "strong" if kind else "dim")]
        texts: list[Part] = [(text, after_tone or own) for text, own in values]
        return [line(*shown, *texts, stop=kind is not None, about=about)]
    lines = []
    changed = kind is not None
    for index, piece in enumerate(wrap(key, width - 4)):
        is_stop = changed and index == 0
        lines.append(line((f" {mark} " if index == 0 else "   ", tone), (piece, "strong"), stop=is_stop, about=about))
    if changed and kind is not ChangeKind.ADDED:
        lines += side_lines(before, width, mark="-", tone="removed")
    if kind is not ChangeKind.REMOVED:
        lines += side_lines(after, width, mark="+" if changed else " ", tone="added" if changed else "dim")
    return lines


def side_lines(text: str, width: int, *, mark: str, tone: Tone) -> list[Line]:
    """A value on lines of its own: the mark says which side it is of, for whoever sees no colour."""
    first, *rest = wrap(text, width - 5)
    return [line((f"   {mark} {first}", tone)), *[line((f"     {piece}", tone)) for piece in rest]]


def _values(kind: ChangeKind | None, before: str, after: str) -> list[tuple[str, Tone]]:
    if kind is None:
        return [(after, "dim")]
    if kind is ChangeKind.ADDED:
        return [(after, "added")]
    if kind is ChangeKind.REMOVED:
        return [(before, "removed")]
    if before == after:
        return [(after, "")]
    return [(before, "removed"), ("  →  ", "dim"), (after, "added")]


def unchanged_line(count: int, noun: str, *, whole: bool) -> Line:
    """How many things are the same, and the key that shows or folds them."""
    what = f"{count:,} unchanged {noun}{'' if count == 1 else 's'}"
    return line((f" ⋯ {what}  ({'f folds' if whole else 'f shows'} {'it' if count == 1 else 'them'})", "dim"))
