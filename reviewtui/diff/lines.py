"""Two texts, line against line: which lines stand beside each other, and which words of them differ.

Lines that are there once on both sides are anchors; between two of them difflib decides, where it can in bounded time.
So the cost grows with the length of the texts, whatever is in them.
"""

from __future__ import annotations

import difflib
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import pairwise

from reviewtui.patterns import pattern
from reviewtui.values import dataclass

LONGEST_COMPARED = 1_000
"""Characters of a line that are looked at word by word; a longer one is said to differ from its first difference on."""
_MOST_TOKENS = 300
_MOST_MATCHES = 60_000
_MOST_WEIGHED = 80
"""Lines of one change whose likeness is weighed, to pair them; in a larger one they are paired in their order."""
_ALIKE = 0.5
_TOKEN = pattern(r"\w+|\s+|[^\w\s]")

Span = tuple[str, bool]
"""A piece of a line, and whether it differs from the other side."""


@dataclass(frozen=True, slots=True)
class LinePair:
    """The numbers (from 0) of two lines side by side; None where a side has none. `same`: nothing differs."""

    old: int | None
    new: int | None
    same: bool = False


def text_lines(text: str) -> tuple[str, ...]:
    """The lines of a text, without their ends; a last line that nothing ends is a line, too."""
    lines = text.split("\n")
    return tuple(lines[:-1] if lines[-1] == "" else lines)


def pair_lines(before: Sequence[str], after: Sequence[str], *, ignore_space: bool = False) -> tuple[LinePair, ...]:
    """Every line of both sides, in order. `ignore_space`: lines that differ in white space alone are the same."""
    old = [_packed(line) for line in before] if ignore_space else before
    new = [_packed(line) for line in after] if ignore_space else after
    pairs: list[LinePair] = []
    at, to = 0, 0
    for start, match, length in (*_matches(old, new), (len(old), len(new), 0)):
        pairs += _changed(old, new, range(at, start), range(to, match))
        pairs += [LinePair(start + step, match + step, same=True) for step in range(length)]
        at, to = start + length, match + length
    return tuple(pairs)


def _packed(line: str) -> str:
    return "".join(line.split())


def _matches(old: Sequence[str], new: Sequence[str]) -> Iterator[tuple[int, int, int]]:
    """(first old line, first new line, how many) of each run of equal lines, in order."""
    found: list[tuple[int, int, int]] = []
    pending = [(0, len(old), 0, len(new))]
    while pending:
        first, last, to_first, to_last = pending.pop()
        head = _common(old, new, first, last, to_first, to_last, step=1)
        if head:
            found.append((first, to_first, head))
        first, to_first = first + head, to_first + head
        tail = _common(old, new, first, last, to_first, to_last, step=-1)
        if tail:
            found.append((last - tail, to_last - tail, tail))
        last, to_last = last - tail, to_last - tail
        if first == last or to_first == to_last:
            continue
        anchors = _anchors(old, new, first, last, to_first, to_last)
        if not anchors:
            found += _by_difflib(old, new, first, last, to_first, to_last)
            continue
        edges = [(first - 1, to_first - 1), *anchors, (last, to_last)]
        found += [(one, other, 1) for one, other in anchors]
        pending += [
            (one + 1, after, other + 1, to_after)
            for (one, other), (after, to_after) in pairwise(edges)
        ]
    return iter(sorted(found))


def _common(
    old: Sequence[str], new: Sequence[str], first: int, last: int, to_first: int, to_last: int, *, step: int
) -> int:
    most, count = min(last - first, to_last - to_first), 0
    if step > 0:
        while count < most and old[first + count] == new[to_first + count]:
            count += 1
    else:
        while count < most and old[last - 1 - count] == new[to_last - 1 - count]:
            count += 1
    return count


def _anchors(
    old: Sequence[str], new: Sequence[str], first: int, last: int, to_first: int, to_last: int
) -> list[tuple[int, int]]:
    """The longest run, in order on both sides, of lines that are there once on each."""
    once = {line for line, count in Counter(old[first:last]).items() if count == 1}
    once &= {line for line, count in Counter(new[to_first:to_last]).items() if count == 1}
    places = {new[at]: at for at in range(to_first, to_last) if new[at] in once}
    candidates = [(at, places[old[at]]) for at in range(first, last) if old[at] in once]
    ends: list[int] = []
    chains: list[int] = []
    before: list[int] = []
    for index, (_, to) in enumerate(candidates):
        place = bisect_left(ends, to)
        before.append(chains[place - 1] if place else -1)
        if place == len(ends):
            ends.append(to)
            chains.append(index)
        else:
            ends[place], chains[place] = to, index
    run: list[tuple[int, int]] = []
    index = chains[-1] if chains else -1
    while index >= 0:
        run.append(candidates[index])
        index = before[index]
    return run[::-1]


def _by_difflib(
    old: Sequence[str], new: Sequence[str], first: int, last: int, to_first: int, to_last: int
) -> list[tuple[int, int, int]]:
    counts, others = Counter(old[first:last]), Counter(new[to_first:to_last])
    if sum(counts[line] * count for line, count in others.items()) > _MOST_MATCHES:
        return []
    matcher = difflib.SequenceMatcher(None, old[first:last], new[to_first:to_last], autojunk=False)
    return [(first + a, to_first + b, size) for a, b, size in matcher.get_matching_blocks() if size]


def _changed(old: Sequence[str], new: Sequence[str], removed: range, added: range) -> list[LinePair]:
    """A change as rows: lines that are alike stand beside each other."""
    if not removed or not added:
        return [LinePair(line, None) for line in removed] + [LinePair(None, line) for line in added]
    if len(removed) == len(added) or len(removed) + len(added) > _MOST_WEIGHED:
        least = min(len(removed), len(added))
        rows = [LinePair(one, other) for one, other in zip(removed, added, strict=False)]
        return (
            rows + [LinePair(line, None) for line in removed[least:]] + [LinePair(None, line) for line in added[least:]]
        )
    rows, waiting = [], list(added)
    for line in removed:
        match = next((other for other in waiting if _likeness(old[line], new[other]) >= _ALIKE), None)
        if match is None:
            rows.append(LinePair(line, None))
            continue
        skipped = waiting.index(match)
        rows += [LinePair(None, other) for other in waiting[:skipped]]
        rows.append(LinePair(line, match))
        waiting = waiting[skipped + 1 :]
    return rows + [LinePair(None, other) for other in waiting]


def _likeness(one: str, other: str) -> float:
    first, second = Counter(_tokens(one)), Counter(_tokens(other))
    both, all_tokens = (first & second).total(), first.total() + second.total()
    return 2 * both / all_tokens if all_tokens else 1.0


def _tokens(line: str) -> list[str]:
    return [token for token in _TOKEN.findall(line[:LONGEST_COMPARED])[:_MOST_TOKENS] if not token.isspace()]


def changed_words(before: str, after: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Both lines in spans, each said to differ or not. Lines that have little in common differ as a whole."""
    if len(before) > LONGEST_COMPARED or len(after) > LONGEST_COMPARED:
        return _by_ends(before, after)
    old, new = _TOKEN.findall(before), _TOKEN.findall(after)
    if max(len(old), len(new)) > _MOST_TOKENS:
        return _by_ends(before, after)
    if _likeness(before, after) < _ALIKE / 2:
        return ((before, True),), ((after, True),)
    left: list[Span] = []
    right: list[Span] = []
    for kind, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        left.append(("".join(old[a:b]), kind != "equal"))
        right.append(("".join(new[c:d]), kind != "equal"))
    return tuple(span for span in left if span[0]), tuple(span for span in right if span[0])


def _by_ends(before: str, after: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    most = min(len(before), len(after))
    head = next((at for at in range(most) if before[at] != after[at]), most)
    room = most - head
    tail = next((at for at in range(room) if before[-1 - at] != after[-1 - at]), room)
    return _three(before, head, tail), _three(after, head, tail)


def _three(line: str, head: int, tail: int) -> tuple[Span, ...]:
    end = len(line) - tail
    return tuple(span for span in ((line[:head], False), (line[head:end], True), (line[end:], False)) if span[0])
