"""DerReader: ASN.1's distinguished encoding (X.690), read strictly: one spelling of a value, every byte accounted for.

GnuPG writes the outermost values of a signature without a length and ends them by two zeros: `enter` takes that where
it is allowed, and nothing else does.
"""

from __future__ import annotations

INTEGER, BIT_STRING, OCTET_STRING, NULL, OBJECT_ID, BOOLEAN = 0x02, 0x03, 0x04, 0x05, 0x06, 0x01
UTF8_STRING, IA5_STRING, UTC_TIME, GENERALIZED_TIME = 0x0C, 0x16, 0x17, 0x18
SEQUENCE, SET = 0x30, 0x31
_OPEN = -1
_LONGEST_LENGTH = 4


class MalformedDerError(ValueError):
    """The bytes are not what they should be."""


def check_ecdsa_value(value: bytes) -> None:
    """An ECDSA signature is two positive numbers, spelled in one way (RFC 3279 §2.2.3). Raises: MalformedDerError."""
    reader = DerReader(value)
    pair = reader.inside(SEQUENCE)
    reader.end()
    pair.positive()
    pair.positive()
    pair.end()


class DerReader:
    """Reads values one after another. Raises MalformedDerError."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def at_end(self) -> bool:
        return self._at == len(self._data)

    def next_tag(self) -> int:
        """The tag of the value that comes next; -1 where none does."""
        return self._data[self._at] if self._at < len(self._data) else -1

    def take(self, tag: int) -> bytes:
        """The content of the next value, which must bear this tag."""
        size = self._head(tag)
        self._at += size
        return self._data[self._at - size : self._at]

    def whole(self, tag: int) -> bytes:
        """The same with its tag and length, as it stands."""
        start = self._at
        size = self._head(tag)
        self._at += size
        return self._data[start : self._at]

    def inside(self, tag: int) -> DerReader:
        """A reader of what the next value holds."""
        return DerReader(self.take(tag))

    def enter(self, tag: int) -> int:
        """Steps into a value that may be open-ended; what comes back is for `leave`."""
        if self._data[self._at : self._at + 2] == bytes([tag, 0x80]):
            self._at += 2
            return _OPEN
        size = self._head(tag)
        return self._at + size

    def leave(self, end: int) -> None:
        """Steps out of it: its last byte must have been read."""
        if end == _OPEN:
            if self._data[self._at : self._at + 2] != b"\0\0":
                raise MalformedDerError("a value does not end where it should")
            self._at += 2
        elif self._at != end:
            raise MalformedDerError("a value is not as long as it says")

    def expect(self, tag: int, content: bytes) -> None:
        """The next value must be this one."""
        if self.take(tag) != content:
            raise MalformedDerError("a value is not the one that belongs here")

    def positive(self) -> bytes:
        """A positive number in its shortest form."""
        number = self.take(INTEGER)
        if not number or number[0] & 0x80 or (number[0] == 0 and (len(number) == 1 or not number[1] & 0x80)):
            raise MalformedDerError("a number is not in its shortest form")
        return number

    def end(self) -> None:
        if not self.at_end:
            raise MalformedDerError("there is more than belongs there")

    def _head(self, tag: int) -> int:
        data, at = self._data, self._at
        if data[at : at + 1] != bytes([tag]) or at + 1 >= len(data):
            raise MalformedDerError("a value is missing, or of another kind")
        size, at = data[at + 1], at + 2
        if size >= 0x80:
            width = size & 0x7F
            size = int.from_bytes(data[at : at + width], "big")
            # A length has one spelling: no leading zero, and no long form for what fits the short one.
            if not 0 < width <= _LONGEST_LENGTH or size < 0x80 or size >> 8 * (width - 1) == 0:
                raise MalformedDerError("a length is not in its shortest form")
            at += width
        if at + size > len(data):
            raise MalformedDerError("a value is cut short")
        self._at = at
        return size
