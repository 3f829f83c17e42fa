"""The filter language: words that must all occur, fields, dates and metrics; what it cannot do it says.

1. Bare words are substrings, in any order; letters count alike in upper and lower case. One that stands nowhere finds
   the names that have its letters in this order, and that is said.
2. `field:word` looks in one field only; `since:2026-09-01` and `since:30d` at the time; `metric:auc>0.93` at a metric;
   `changed:lr` at the keys that differ from the base; `bad:yes` at whether a record is unsound.
3. A prefix that is none of a list's own is searched as plain text, and that is said.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache

from reviewtui.values import dataclass, replace

Metrics = Callable[[str], Sequence[Sequence[float]]]
"""A metric's name → for each item its values (several where several metrics end in this name); empty: not read yet."""

_PREFIX = re.compile(r"([a-z]{2,12}):(\S*)\Z")
_METRIC = re.compile(r"([^<>=]+)(<=|>=|<|>|=)(-?[0-9]+(?:\.[0-9]*)?(?:e-?[0-9]{1,3})?)\Z")
_AGO = re.compile(r"([0-9]{1,5})([hdwmy])\Z")
_SINCE = "since: takes a date such as 2026-09-01, or an age such as 30d."
_BOUND = "metric: takes a metric and a bound, such as metric:auc>0.93."
_YES_OR_NO = "bad: takes yes or no."
_ANYTHING: Mapping[str, Sequence[str]] = {}
_COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge, "=": operator.eq,
}  # fmt: skip
_LOOSE = range(3, 33)
"""How many letters a word has that names are likened to."""
_SECONDS = {"h": 3600, "d": 86_400, "w": 604_800, "m": 2_629_800, "y": 31_557_600}


@dataclass(frozen=True, slots=True)
class Filter:
    """A filter, taken apart. `complaint` says in a sentence what cannot be done as asked; "" where all can."""

    needles: tuple[str, ...] = ()
    since: float | None = None
    metrics: tuple[tuple[str, str, float], ...] = ()
    changed: tuple[str, ...] = ()
    bad: str = ""
    complaint: str = ""
    loose: tuple[re.Pattern[str], ...] = ()


def parse_filter(
    words: str, fields: Sequence[str], *, now: float, values: Mapping[str, Sequence[str]] = _ANYTHING
) -> Filter:
    """Take a filter apart. `fields` are the prefixes of the list, without the colon; `values` what some of them can
    be."""
    needles: list[str] = []
    metrics: list[tuple[str, str, float]] = []
    changed: list[str] = []
    complaints: list[str] = []
    since: float | None = None
    bad = ""
    for word in words.casefold().split():
        prefix, value = _prefixed(word)
        if not prefix or (prefix in fields and not value):
            needles += [] if prefix else [word]
        elif prefix not in fields:
            needles.append(word)
            there = ", ".join(f"{field}:" for field in fields)
            complaints.append(f"{prefix}: is no filter of this list and is searched as it stands; there are {there}.")
        elif prefix == "since":
            since = _moment(value, now)
            complaints += [] if since is not None else [_SINCE]
        elif prefix == "metric":
            found = _METRIC.match(value)
            metrics += [(found[1], found[2], float(found[3]))] if found else []
            complaints += [] if found else [_BOUND]
        elif prefix == "changed":
            changed.append(value)
        elif prefix == "bad":
            bad = value if value in ("yes", "no") else bad
            complaints += [] if value in ("yes", "no") else [_YES_OR_NO]
        else:
            needles.append(f"\0{word}")
            known = values.get(prefix, ())
            if known and not any(each.startswith(value) for each in known):
                complaints.append(f"{prefix}: is never {value}; it is one of {', '.join(known)}.")
    said = " ".join(dict.fromkeys(complaints))
    return Filter(tuple(needles), since, tuple(metrics), tuple(changed), bad, said)


def loosened(texts: tuple[str, ...], asked: Filter) -> Filter:
    """What to try where a filter lets nothing through: its bare words that stand in none of these haystacks are taken
    by their letters, where that finds something."""
    for needle in asked.needles:
        if len(needle) not in _LOOSE or needle[0] == "\0" or any(needle in text for text in texts):
            continue
        if _letters_in_order(needle, "\n").search(_names(texts)):
            asked = replace(
                asked,
                needles=tuple(each for each in asked.needles if each != needle),
                loose=(*asked.loose, _letters_in_order(needle)),
                complaint=f"{asked.complaint} “{needle}” stands nowhere: names with its letters in this order.".strip(),
            )
    return asked


def matching(
    texts: Sequence[str], asked: Filter, *, times: Sequence[float | None] = (), metrics: Metrics = lambda name: ()
) -> list[int]:
    """The numbers of the haystacks that a filter lets through."""
    found: list[int] = list(range(len(texts)))
    for needle in asked.needles:
        found = [index for index in found if needle in texts[index]]
    for pattern in asked.loose:
        found = [index for index in found if pattern.match(texts[index])]
    if asked.since is not None and times:
        since = asked.since
        found = [index for index in found if (times[index] or 0) >= since]
    for name, sign, bound in asked.metrics:
        values, compare = metrics(name), _COMPARE[sign]
        met = [index for index in found for each in values[index] if compare(each, bound)] if values else []
        found = list(dict.fromkeys(met))
    return found


def haystack(words: str, fields: Sequence[tuple[str, str]]) -> str:
    """The case-folded text that a filter searches: words, the name first, then the fields, each begun by a NUL.

    It is never shown, so it is not cleaned; only NUL is kept out of what the repository says.
    """
    parts = [words, *(f"{field}:{value}" for field, value in fields)]
    text = "\0".join(parts)
    if text.count("\0") != len(parts) - 1:
        text = "\0".join(part.replace("\0", " ") for part in parts)
    return text.casefold()


@lru_cache(maxsize=64)
def _letters_in_order(word: str, before: str = "") -> re.Pattern[str]:
    """What matches a haystack whose first word, the name, has these letters in this order. It never goes back."""
    return re.compile(before + "".join(rf"[^\s\x00{re.escape(letter)}]*+{re.escape(letter)}" for letter in word))


@lru_cache(maxsize=2)
def _names(texts: tuple[str, ...]) -> str:
    """The first words of these haystacks, a line each: one search goes through 40,000 of them within a key's time."""
    return "\n".join(["", *[text.partition(" ")[0] for text in texts]])


def _prefixed(word: str) -> tuple[str, str]:
    found = _PREFIX.match(word)
    return (found[1], found[2]) if found else ("", word)


def _moment(value: str, now: float) -> float | None:
    if ago := _AGO.match(value):
        return now - int(ago[1]) * _SECONDS[ago[2]]
    for form in ("%Y-%m-%d", "%Y-%m", "%Y"):
        try:
            return datetime.strptime(value, form).replace(tzinfo=UTC).timestamp()
        except (ValueError, OverflowError):
            continue
    return None


def values_of(metrics: Mapping[str, float], name: str) -> tuple[float, ...]:
    """The values of the metrics that are named like this, or whose last part is."""
    return tuple([value for key, value in metrics.items() if _is_named(key, name)])


@lru_cache(maxsize=4096)
def _is_named(key: str, name: str) -> bool:
    folded = key.casefold()
    return folded == name or folded.rpartition(".")[2] == name
