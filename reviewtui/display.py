"""Values as the words a person reads, for both faces; and `clean`, which makes a stranger's text harmless."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING

from reviewtui.patterns import pattern

if TYPE_CHECKING:
    from decimal import Decimal

    from reviewtui.facts.model import DataDigest, DataFact, Value

_BIDI = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
_INVISIBLE = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200d\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164"
)
_MORE = "\ufe00-\ufe0e\ufeff\uffa0\ufff0-\ufffb\ud800-\udfff\U00013430-\U0001343f"
_TAGS = "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
_MARK = "[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]"
_UNSAFE = pattern(f"[\x00-\x1f\x7f-\x9f{_BIDI}{_INVISIBLE}{_MORE}{_TAGS}]")
_PILED_MARKS = pattern(f"({_MARK}{{2}}){_MARK}+")
# No letter of ASCII, Latin-1 or the like is a mark; what stands in a run beyond them is looked at one by one.
_BEYOND_LATIN = pattern("[^\x00-\u02ff]{5,}")
_MOST_MARKS = 4
"""On one letter; Hebrew and Tibetan pile as many, and no script needs more."""

STATE_MARKS = {
    "unreviewed": "○",
    "in-review": "◐",
    "approved": "✓",
    "rejected": "✗",
    "stale": "~",
    "released": "●",
    "released-unreviewed": "◌",
}
FINDING_MARKS = {"met": "✓", "unmet": "✗", "not-applicable": "·", "overridden": "!", "error": "E"}
CHANGE_MARKS = {"added": "+", "removed": "-", "changed": "~", "renamed": ">"}
VERDICT_MARKS = {"approve": "✓", "reject": "✗", "comment": "“", "withdraw": "~", "override": "!"}


def clean(text: str, *, keep_newlines: bool = False) -> str:
    """The text with every control, bidirectional and invisible character replaced by one visible cell.

    C0 controls become Unicode's control pictures (ESC is ␛), all else �; of combining marks that are piled on one
    letter, all but the first few become one �. With `keep_newlines`, LF stays and a tab becomes four spaces.
    """
    if not _UNSAFE.search(text):
        return text if text.isascii() else _without_piles(text)

    def visible(match: re.Match[str]) -> str:
        character = match.group()
        if keep_newlines and character == "\n":
            return character
        if keep_newlines and character == "\t":
            return "    "
        code = ord(character)
        if code < 0x20:
            return chr(0x2400 + code)
        return "␡" if code == 0x7F else "�"

    return _without_piles(_UNSAFE.sub(visible, text))


def _without_piles(text: str) -> str:
    """Marks would grow over the lines above and below, whatever script they come from."""
    return _BEYOND_LATIN.sub(_levelled, _PILED_MARKS.sub("\\1�", text))


def _levelled(match: re.Match[str]) -> str:
    import unicodedata

    kept, height = [], 0
    for character in match.group():
        is_mark = unicodedata.category(character) in ("Mn", "Me") or unicodedata.combining(character) != 0
        height = height + 1 if is_mark else 0
        if height <= _MOST_MARKS:
            kept.append(character)
        elif height == _MOST_MARKS + 1:
            kept.append("�")
    return "".join(kept)


def escape_unsafe(text: str) -> str:
    """The same text with what `clean` would replace written as \\uXXXX: for JSON, which is read back as it was."""

    def escaped(match: re.Match[str]) -> str:
        # JSON writes what is beyond four digits as two halves, as UTF-16 does.
        units = match.group().encode("utf-16-be", "surrogatepass")
        return "".join(f"\\u{units[at]:02x}{units[at + 1]:02x}" for at in range(0, len(units), 2))

    return _UNSAFE.sub(escaped, text)


def holds_controls(text: str) -> bool:
    """Whether the text holds anything that `clean` replaces, beside line ends and tabs."""
    return any(match.group() not in "\n\t" for match in _UNSAFE.finditer(text))


def shorten(text: str, width: int) -> str:
    """The text in at most `width` characters, with an ellipsis where it was cut."""
    return text if len(text) <= width else text[: max(width - 1, 0)] + "…"


def value_text(value: Value) -> str:
    """A configuration value as JSON, on one line; a plain string without its quotes where that is unambiguous."""
    if isinstance(value, str):
        return clean(value) if _plain(value) else clean(json.dumps(value, ensure_ascii=False))
    return clean(json.dumps(value, ensure_ascii=False, default=str))


def _plain(value: str) -> bool:
    if value == "" or value != value.strip() or value in ("true", "false", "null"):
        return False
    try:
        float(value)
    except ValueError:
        return value[0] not in '[{"'
    return False


def number_text(value: Value) -> str:
    """A metric as at most six significant digits; integers whole; — where there is none."""
    from decimal import Decimal

    if value is None:
        return "—"
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return value_text(value)
    if isinstance(value, int):
        return str(value) if value.bit_length() < 200 else f"{Decimal(value):.6g}"
    return f"{value:.6g}"


def delta_text(delta: Decimal | None) -> str:
    """A signed difference: +0.0041."""
    if delta is None:
        return ""
    return "0" if delta == 0 else f"{delta:+.4g}" if abs(delta) < 1 else f"{delta:+.6g}"


def relative_text(relative: Decimal | None) -> str:
    """A signed relative change in percent: +5.9 %."""
    if relative is None:
        return ""
    percent = relative * 100
    return f"{percent:+.1f} %" if abs(percent) < 1000 else f"{percent:+.3g} %"


def size_text(size: int | None) -> str:
    """A size in decimal units: 4.1 MB."""
    if size is None:
        return ""
    amount = float(size)
    for unit in ("B", "kB", "MB", "GB", "TB"):
        if amount < 1000 or unit == "TB":
            return f"{int(amount)} B" if unit == "B" else f"{amount:.1f} {unit}"
        amount /= 1000
    return ""


def digest_text(digest: DataDigest | None, *, length: int = 10) -> str:
    """md5 cfa72ff64c…, or "no digest"."""
    if digest is None:
        return "no digest"
    value = clean(digest.value)
    return f"{clean(digest.algorithm)} {shorten(value, length + 1)}"


def data_text(fact: DataFact | None) -> str:
    """One data fact in a few words: digest, size, number of files, note."""
    if fact is None:
        return "—"
    files = "" if fact.files is None else f"{fact.files:,} file{'' if fact.files == 1 else 's'}"
    parts = [digest_text(fact.digest), size_text(fact.size), files, clean(fact.note)]
    return " · ".join(part for part in parts if part)


def moment_text(at: str) -> str:
    """A time as records write it, as people read it: 2026-11-19 11:30 UTC; anything else as it is."""
    is_time = len(at) == 20 and (at[10], at[13], at[16], at[19]) == ("T", ":", ":", "Z")
    return f"{at[:10]} {at[11:16]} UTC" if is_time else at


def age_text(then: int | None, now: float) -> str:
    """How long ago, in the largest whole unit: 3d."""
    if then is None:
        return ""
    seconds = now - then
    if seconds < 0:
        return "future"
    for unit, length in (("y", 31_557_600), ("mo", 2_629_800), ("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return "now"


def span_text(seconds: float | None) -> str:
    """How long something took, in the largest whole unit: 3d; "" where nobody knows."""
    if seconds is None:
        return ""
    for unit, length in (("d", 86_400), ("h", 3_600), ("m", 60)):
        if seconds >= length:
            return f"{int(seconds // length)}{unit}"
    return "<1m"


def approvals_text(approvals: int, required: int) -> str:
    """1/2 ●○, or nothing where no policy asks for any."""
    if required == 0:
        return str(approvals) if approvals else ""
    filled = min(approvals, required)
    dots = "●" * filled + "○" * (required - filled) if required <= 6 else ""
    return f"{approvals}/{required} {dots}".rstrip()


def plural(count: int, noun: str) -> str:
    """1 version, 2 versions."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"
