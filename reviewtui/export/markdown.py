"""The trail as Markdown (CommonMark with tables), in which no text of a repository is markup."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import BinaryIO

from reviewtui.display import clean
from reviewtui.export.blocks import Block, Contents, Difference, Grid, Heading, Listing, Pairs, Paragraph, Plot
from reviewtui.export.plots import description_text
from reviewtui.export.report import Facts, report
from reviewtui.trail import AuditTrail

_PUNCTUATION = re.compile(r"([!-/:-@\[-`{-~])")
_HARMLESS = re.compile(r"\\([-,;:.()'\"%?=/])")
_OPENS_LIST = re.compile(r"([-+=]|[0-9]+(?=[.)]))")
_LINK = re.compile(r"(?i)(www)(\.)|(:)(//)")
_FENCE = re.compile(r"`{3,}")


def write(trail: AuditTrail, out: BinaryIO, facts: Facts) -> None:
    """Write the report, block by block."""
    for block in report(trail, facts):
        text = "\n".join(_lines(block))
        out.write(f"{text}\n\n".encode("utf-8", "backslashreplace"))


def escaped(text: str) -> str:
    """Text in which every sign that Markdown could take for its own is a sign: each may have a backslash before it."""
    marked = _PUNCTUATION.sub(r"\\\1", clean(text))
    plain = _LINK.sub(r"\1\3\\\2\4", _HARMLESS.sub(r"\1", marked).strip())
    opening = _OPENS_LIST.match(plain)
    if opening is None:
        return plain
    word = opening[0]
    return f"{word}\\{plain[len(word) :]}" if word.isdigit() else f"\\{plain}"


def _lines(block: Block) -> Iterator[str]:
    match block:
        case Heading():
            if block.anchor:
                yield f'<a id="{block.anchor}"></a>\n'
            yield f"{'#' * block.level} {escaped(block.text)}"
        case Paragraph():
            yield f"**{escaped(block.text)}**" if block.tone else escaped(block.text)
        case Listing():
            yield from (f"- {escaped(item)}" for item in block.items)
        case Contents():
            yield from (f"{'  ' * (level - 1)}- [{escaped(text)}](#{anchor})" for level, text, anchor in block.entries)
        case Pairs():
            yield from _table(("", ""), block.rows)
        case Grid():
            yield from _table(block.header, block.rows)
        case Difference():
            yield from _fenced(block)
        case Plot():
            yield f"- {escaped(block.series.key)}: {escaped(description_text(block.series))}"


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    yield "| " + " | ".join(escaped(title) for title in header) + " |"
    yield "|" + "---|" * len(header)
    for cells in rows:
        yield "| " + " | ".join("<br>".join(escaped(line) for line in cell.split("\n")) for cell in cells) + " |"


def _fenced(block: Difference) -> Iterator[str]:
    longest = max((len(run) for line in block.lines for run in _FENCE.findall(line)), default=2)
    fence = "`" * (longest + 1)
    yield f"#### {escaped(block.path)}\n"
    yield f"{fence}diff"
    yield from (clean(line) for line in block.lines)
    yield fence
