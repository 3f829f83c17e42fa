"""Comments on one key, shown below it; and on keys that this difference does not show, at the page's end."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping

from reviewtui.facts.model import Value
from reviewtui.remarks import Remark, remarks_by_key
from reviewtui.tui.reading import VersionView
from reviewtui.tui.widgets.line import BLANK, Line, heading, line, wrapped
from reviewtui.values import dataclass

RemarksByKey = Mapping[tuple[str, str], tuple[Remark, ...]]


@dataclass(frozen=True, slots=True)
class AboutFact:
    """What a line of a page is about: a key of a category, the file that holds it, and both values
    as raw text, which is not to be shown as it is."""

    category: str
    key: str
    file: str
    before: str
    after: str


def raw_text(value: Value) -> str:
    """A value with every character that it holds: the bytes of this are shown, never the text itself."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)


def remark_lines(remarks: RemarksByKey, category: str, key: str, width: int) -> list[Line]:
    """What was said of a key."""
    return lines_of(remarks.get((category, key), ()), width)


def lines_of(remarks: Iterable[Remark], width: int) -> list[Line]:
    """Remarks, each with its speaker and, where it does not count, why not."""
    lines: list[Line] = []
    for remark in remarks:
        doubt = f"   does not count: {remark.reason}" if remark.reason else ""
        lines.append(line(("     “ ", "accent"), (remark.reviewer or "unknown", "strong"), (doubt, "warn")))
        lines += wrapped(remark.text, width, indent="       ", tone="dim" if remark.reason else "")
    return lines


def other_remarks(view: VersionView, category: str, shown: Collection[str], width: int) -> list[Line]:
    """What was said of keys of a category that are not among those shown."""
    lines: list[Line] = []
    for (of, key), remarks in remarks_by_key(view.reviews).items():
        if of == category and key not in shown:
            lines += [*wrapped(key, width, indent="   ", tone="strong"), *lines_of(remarks, width)]
    return [BLANK, heading("COMMENTS", "on keys that did not change"), *lines] if lines else []
