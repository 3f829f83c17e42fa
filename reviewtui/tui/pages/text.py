"""The text tab: whole files side by side or one above the other, unchanged parts folded, words that differ marked.

What is costly (which line stands beside which) is worked out once, beside the event loop; lines are drawn when they
come into sight.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field  # noqa: TID251 (cached properties need a __dict__)
from functools import cached_property
from itertools import groupby
from typing import NamedTuple

from rich.cells import cell_len, set_cell_size

from reviewtui.diff import ChangeKind, TextPair
from reviewtui.diff.lines import LinePair, changed_words, pair_lines, text_lines
from reviewtui.display import CHANGE_MARKS, clean, holds_controls, plural
from reviewtui.remarks import Remark
from reviewtui.tui.highlighting import Highlight, highlighter
from reviewtui.tui.widgets.lazy_lines import LazyLines
from reviewtui.tui.widgets.line import Line, Tone, grounded_line, line

LONGEST_SHOWN = 4_000
"""Characters of a line that can be scrolled to."""

Span = tuple[str, Tone, Tone]
Words = tuple[tuple[str, bool], ...]


@dataclass(frozen=True)
class FileDiff:
    """One file: its lines on both sides, and which stands beside which."""

    pair: TextPair
    old: tuple[str, ...]
    new: tuple[str, ...]
    rows: tuple[LinePair, ...]

    @cached_property
    def runs(self) -> tuple[tuple[int, int, bool], ...]:
        """(first row, how many, whether they are the same) of each run."""
        return tuple(_runs(self.rows))

    @cached_property
    def counts(self) -> tuple[int, int]:
        """(lines added, lines removed)."""
        changed = [row for row in self.rows if not row.same]
        return sum(row.new is not None for row in changed), sum(row.old is not None for row in changed)

    @cached_property
    def holds_controls(self) -> bool:
        """Whether either side holds a character that is shown as another one."""
        return holds_controls(self.pair.before) or holds_controls(self.pair.after)

    @cached_property
    def folded(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The lines of both sides as a search looks at them, in one case."""
        return tuple(map(str.casefold, self.old)), tuple(map(str.casefold, self.new))

    @cached_property
    def highlight(self) -> Highlight:
        return highlighter(self.pair.path)

    @property
    def only_line_end(self) -> bool:
        """Whether the only difference is the end of the last line, or white space that is not looked at."""
        return not any(self.counts)


@dataclass(frozen=True, slots=True)
class Layout:
    """How the text is laid out. `context` is how many unchanged lines stay beside a change; `left` how many cells of
    each line are scrolled away."""

    split: bool = True
    whole: bool = False
    context: int = 3
    left: int = 0


class Entry(NamedTuple):
    """One line on the screen. `kind`: head, note, gap, both, old, new, said; `row` is a row of the file, how many
    rows, or which of the remarks on the line above."""

    kind: str
    file: int
    row: int = 0


@dataclass(frozen=True, slots=True)
class AboutText:
    """What a line of the text tab is about: the file, the number of its line (from 1) on each side, and the texts."""

    path: str
    old_line: int | None
    new_line: int | None
    before: str
    after: str


def file_diffs(pairs: Sequence[TextPair], *, ignore_space: bool) -> tuple[FileDiff, ...]:
    """Work out the lines of every file; runs in a worker."""
    found = []
    for pair in pairs:
        old, new = text_lines(pair.before), text_lines(pair.after)
        diff = FileDiff(pair, old, new, pair_lines(old, new, ignore_space=ignore_space))
        # What every drawing asks for is found out here, beside the event loop.
        _ = diff.runs, diff.counts, diff.holds_controls, diff.folded, diff.highlight("key: 1")
        found.append(diff)
    return tuple(found)


@dataclass(frozen=True)
class TextPage:
    """All files in one layout."""

    files: tuple[FileDiff, ...]
    layout: Layout
    remarks: Mapping[tuple[str, str], tuple[Remark, ...]] = field(default_factory=dict)
    entries: tuple[Entry, ...] = field(init=False)

    def __post_init__(self) -> None:
        entries: list[Entry] = []
        for number in range(len(self.files)):
            entries += self._entries_of(number) if self.remarks else self._plain_entries_of(number)
        object.__setattr__(self, "entries", tuple(entries))

    def is_split(self, number: int) -> bool:
        """Whether a file's sides stand beside each other: one that has but one side takes all of the width."""
        return self.layout.split and self.files[number].pair.kind not in (ChangeKind.ADDED, ChangeKind.REMOVED)

    def heads(self) -> list[int]:
        """Where each file begins."""
        return [y for y, entry in enumerate(self.entries) if entry.kind == "head"]

    def lines(self, width: int, *, sideways: Callable[[int], None]) -> LazyLines:
        """The page for a width."""
        drawing = Drawing(self, width)
        return LazyLines(
            len(self.entries),
            drawing.line,
            stops=self._stops,
            width=width,
            searched=lambda: self._searched,
            sideways=sideways,
        )

    def _entries_of(self, number: int) -> Iterator[Entry]:
        for entry in self._plain_entries_of(number):
            yield entry
            yield from self._said_of(entry)

    def _said_of(self, entry: Entry) -> Iterator[Entry]:
        """A line for each remark on the line of an entry."""
        if self.remarks and entry.kind in ("both", "old", "new"):
            yield from (Entry("said", entry.file, each) for each in range(len(self.remarks_on(entry))))

    def remarks_on(self, entry: Entry) -> tuple[Remark, ...]:
        """The remarks on what an entry shows."""
        diff = self.files[entry.file]
        row = diff.rows[entry.row]
        old = "" if row.old is None or entry.kind == "new" else f"{diff.pair.path}:-{row.old + 1}"
        new = "" if row.new is None or entry.kind == "old" else f"{diff.pair.path}:{row.new + 1}"
        return tuple(each for key in (old, new) if key for each in self.remarks.get(("text", key), ()))

    def _plain_entries_of(self, number: int) -> list[Entry]:
        # Keys wait for this: whole runs are put in at once, not line by line.
        diff, layout = self.files[number], self.layout
        entries = [Entry("head", number)]
        if diff.only_line_end:
            entries.append(Entry("note", number))
        shown = _shown_rows(diff, layout.context) if not layout.whole else None
        for start, length, same in diff.runs:
            rows = range(start, start + length)
            if same and shown is not None:
                entries += _unchanged(number, start, length, shown)
            elif same or self.is_split(number):
                entries += [Entry("both", number, row) for row in rows]
            else:
                entries += [Entry("old", number, row) for row in rows if diff.rows[row].old is not None]
                entries += [Entry("new", number, row) for row in rows if diff.rows[row].new is not None]
        return entries

    @cached_property
    def _stops(self) -> list[int]:
        stops, inside = [], False
        rows = [diff.rows for diff in self.files]
        for y, (kind, file, row) in enumerate(self.entries):
            changed = kind in ("old", "new") or (kind == "both" and not rows[file][row].same)
            if changed and not inside:
                stops.append(y)
            inside = changed
        return stops

    @cached_property
    def _searched(self) -> list[str]:
        """What a search looks at, for each entry: made once, and each letter of a search then goes through it."""
        return [self._searched_of(entry) for entry in self.entries]

    def _searched_of(self, entry: Entry) -> str:
        kind, file, number = entry
        diff = self.files[file]
        if kind not in ("both", "old", "new"):
            return diff.pair.path.casefold() if kind == "head" else ""
        row, (old, new) = diff.rows[number], diff.folded
        before = old[row.old] if row.old is not None and kind != "new" else ""
        after = new[row.new] if row.new is not None and kind != "old" else ""
        return f"{before}\n{after}"


def _runs(rows: Sequence[LinePair]) -> Iterator[tuple[int, int, bool]]:
    start = 0
    for same, run in groupby(row.same for row in rows):
        length = sum(1 for _ in run)
        yield start, length, same
        start += length


def _shown_rows(diff: FileDiff, context: int) -> bytearray:
    """For each row, whether it stands near enough to a change to be shown."""
    shown = bytearray(len(diff.rows))
    for start, length, same in diff.runs:
        if not same:
            first, last = max(start - context, 0), min(start + length + context, len(shown))
            shown[first:last] = b"\1" * (last - first)
    return shown


def _unchanged(number: int, start: int, length: int, shown: bytearray) -> Iterator[Entry]:
    row, end = start, start + length
    while row < end:
        if shown[row]:
            yield Entry("both", number, row)
            row += 1
            continue
        until = shown.find(1, row, end)
        until = end if until < 0 else until
        # A fold of one line would be as long as the line.
        yield Entry("gap", number, until - row) if until - row > 1 else Entry("both", number, row)
        row = until


@dataclass(frozen=True)
class Drawing:
    """Draws the entries of a page for one width."""

    page: TextPage
    width: int

    def line(self, y: int) -> Line:
        """One line of the screen."""
        entry = self.page.entries[y]
        diff = self.page.files[entry.file]
        if entry.kind == "head":
            return self._head(diff)
        if entry.kind == "note":
            return line(("   Nothing but white space or the end of the last line differs.", "dim"))
        if entry.kind == "gap":
            return line((f"   ⋯ {plural(entry.row, 'unchanged line')} (f unfolds) ⋯", "dim"))
        if entry.kind == "said":
            return self._said(y, entry)
        row = diff.rows[entry.row]
        about = AboutText(
            diff.pair.path,
            None if row.old is None or entry.kind == "new" else row.old + 1,
            None if row.new is None or entry.kind == "old" else row.new + 1,
            "" if row.old is None else diff.old[row.old],
            "" if row.new is None else diff.new[row.new],
        )
        split = self.page.is_split(entry.file)
        spans = self._split(diff, row) if split else self._unified(diff, row, entry.kind)
        return grounded_line(*spans, about=about)

    def _said(self, y: int, entry: Entry) -> Line:
        remark = self.page.remarks_on(self.page.entries[y - entry.row - 1])[entry.row]
        doubt = f"  (does not count: {remark.reason})" if remark.reason else ""
        text = remark.text.replace("\n", " ")
        said: Tone = "dim" if remark.reason else ""
        return line(("    “ ", "accent"), (f"{remark.reviewer}: ", "strong"), (text, said), (doubt, "warn"))

    def _head(self, diff: FileDiff) -> Line:
        added, removed = diff.counts
        kind = diff.pair.kind
        notes = {ChangeKind.ADDED: "  a new file", ChangeKind.REMOVED: "  no longer there"}
        return line(
            (f"{CHANGE_MARKS[kind.value]} {diff.pair.path}", "heading"),
            (f"  +{added}", "added"),
            (f" -{removed}", "removed"),
            (notes.get(kind, ""), "dim"),
            ("  ! holds control characters, shown as ␛ or �; i shows the bytes" if diff.holds_controls else "", "warn"),
        )

    def _split(self, diff: FileDiff, row: LinePair) -> list[Span]:
        half = (self.width - 1) // 2
        words = self._words(diff, row)
        left = self._side(diff, row, words[0], half, old=True)
        return [*left, ("│", "dim", ""), *self._side(diff, row, words[1], self.width - half - 1, old=False)]

    def _unified(self, diff: FileDiff, row: LinePair, kind: str) -> list[Span]:
        digits = _digits(diff)
        both, old = kind == "both", kind == "old"
        before = f"{row.old + 1:>{digits}}" if row.old is not None and (both or old) else " " * digits
        words = self._words(diff, row)[0 if old else 1]
        side = self._side(diff, row, words, self.width - digits - 1, old=old)
        if both:
            return [(f"{before} ", "dim", ""), *side]
        if not old:
            return [(" " * (digits + 1), "dim", ""), *side]
        number, mark, *text = side
        return [(f"{before} ", "dim", mark[2]), (" " * digits, "dim", number[2]), mark, *text]

    def _words(self, diff: FileDiff, row: LinePair) -> tuple[Words, Words]:
        old = _shown(diff.old[row.old]) if row.old is not None else ""
        new = _shown(diff.new[row.new]) if row.new is not None else ""
        if row.same or row.old is None or row.new is None:
            return ((old, False),), ((new, False),)
        return changed_words(old, new)

    def _side(self, diff: FileDiff, row: LinePair, words: Words, width: int, *, old: bool) -> list[Span]:
        """The number, the mark and the text of one side, in exactly `width` cells."""
        number = row.old if old else row.new
        digits = _digits(diff)
        if number is None:
            return [("╱" * width, "dim", "")]
        ground: Tone = "" if row.same else "old-line" if old else "new-line"
        word: Tone = "old-word" if old else "new-word"
        mark = " " if row.same else "-" if old else "+"
        tone: Tone = "dim" if row.same else "removed" if old else "added"
        grounds = [(text, word if changed and text.strip() else ground) for text, changed in words]
        text = _fitted(_merged(diff.highlight, grounds), self.page.layout.left, width - digits - 3)
        filled: list[Span] = [
            (f"{number + 1:>{digits}}", "dim", ground),
            (f" {mark} ", tone, ground),
            *text,
        ]
        used = sum(cell_len(piece) for piece, _, _ in filled)
        return [*filled, (" " * (width - used), "", ground)]


def _shown(text: str) -> str:
    """A line as it is shown, made harmless as a whole: cut into words first, piled marks would be parted."""
    return clean(text[:LONGEST_SHOWN].expandtabs(4))


def _digits(diff: FileDiff) -> int:
    return max(3, len(str(max(len(diff.old), len(diff.new)))))


def _merged(highlight: Highlight, grounds: Sequence[tuple[str, Tone]]) -> Iterator[Span]:
    """The pieces of the syntax, cut where the words that differ begin and end."""
    text = "".join(piece for piece, _ in grounds)[:LONGEST_SHOWN]
    edges = iter(grounds)
    room, ground = 0, _NO_TONE
    for piece, tone in highlight(text):
        while piece:
            while room == 0:
                below, ground = next(edges)
                room = len(below)
            part, piece = piece[:room], piece[room:]
            room -= len(part)
            yield part.expandtabs(4) if "\t" in part else part, tone, ground


_NO_TONE: Tone = ""


def _fitted(spans: Iterator[Span], left: int, width: int) -> list[Span]:
    """The spans from the cell `left` on, in at most `width` cells; an ellipsis where more follows."""
    shown: list[Span] = []
    used, skip = 0, left
    for text, tone, ground in spans:
        harmless = clean(text)
        length = cell_len(harmless)
        if skip >= length > 0:
            skip -= length
            continue
        if skip:
            harmless = _without_first(harmless, skip)
            length, skip = cell_len(harmless), 0
        if used + length > width:
            shown.append((set_cell_size(harmless, max(width - used - 1, 0)) + "…" * (width > used), tone, ground))
            return shown
        shown.append((harmless, tone, ground))
        used += length
    return shown


def _without_first(text: str, cells: int) -> str:
    for at in range(len(text)):
        if cell_len(text[:at]) >= cells:
            return text[at:]
    return ""
