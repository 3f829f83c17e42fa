"""KeyOptions: the options of a line in allowed_signers (ssh-keygen(1), ALLOWED SIGNERS)."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime

from reviewtui.patterns import pattern
from reviewtui.values import dataclass

_OPTION = pattern(r'(?P<name>[A-Za-z-]+)(?:=(?P<value>"(?:\\"|\\(?!")|[^"\\])*"))?(?P<end>,|$)')
_TIMESTAMP = pattern(r"(\d{8})(?:(\d{4})(\d{2})?)?(Z|UTC)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class KeyOptions:
    """`namespaces` is a pattern list, None: any namespace. Times are seconds since 1970, None: without end."""

    authority: bool = False
    namespaces: str | None = None
    valid_after: int | None = None
    valid_before: int | None = None


class MalformedOptionsError(ValueError):
    """The options of a line cannot be read."""


def parse_options(text: bytes) -> KeyOptions:
    """Reads the options as OpenSSH does: names in any case, values in quotes, each at most once.

    Raises: MalformedOptionsError.
    """
    if not text:
        return KeyOptions()
    if not text.isascii():
        raise MalformedOptionsError("An option is not in ASCII.")
    if not (options := text.decode("ascii")).isprintable():
        raise MalformedOptionsError("An option holds a control character.")
    values = _split(options)
    after = _moment(values.get("valid-after"))
    before = _moment(values.get("valid-before"))
    if after is not None and before is not None and before <= after:
        raise MalformedOptionsError("valid-before is not later than valid-after.")
    return KeyOptions("cert-authority" in values, values.get("namespaces"), after, before)


def parse_moment(text: str) -> int:
    """Seconds since 1970 of YYYYMMDD[HHMM[SS]][Z]; local time unless it ends with Z.

    Raises: MalformedOptionsError.
    """
    found = _TIMESTAMP.fullmatch(text)
    if found is None:
        raise MalformedOptionsError(f"{text or 'An empty text'} is no time: YYYYMMDD[HHMM[SS]][Z].")
    day, clock, seconds, zone = found.groups()
    try:
        moment = datetime.strptime(day + (clock or "0000") + (seconds or "00"), "%Y%m%d%H%M%S")
        if zone:
            return int(moment.replace(tzinfo=UTC).timestamp())
        # OpenSSH reads local times as standard time, the whole year round.
        return int(time.mktime((*moment.timetuple()[:8], 0)))
    except (ValueError, OverflowError) as error:
        raise MalformedOptionsError(f"{text} is no time.") from error


def _split(text: str) -> dict[str, str]:
    values: dict[str, str] = {}
    at = 0
    while at < len(text):
        found = _OPTION.match(text, at)
        if found is None or (found["end"] and found.end() == len(text)):
            raise MalformedOptionsError("The options cannot be read; each value stands in quotation marks.")
        name = found["name"].lower()
        if name in values:
            raise MalformedOptionsError(f"The option {name} stands twice.")
        if name not in ("cert-authority", "namespaces", "valid-after", "valid-before"):
            raise MalformedOptionsError(f"The option {name} is unknown.")
        if (found["value"] is None) != (name == "cert-authority"):
            raise MalformedOptionsError(f"The option {name} has no value, or one too many.")
        values[name] = (found["value"] or '""')[1:-1].replace('\\"', '"')
        at = found.end()
    return values


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    moment = parse_moment(text)
    if moment < 0:
        raise MalformedOptionsError(f"{text} lies before 1970.")
    return moment
