"""SSH's binary encoding (RFC 4251 §5), read strictly: what is too long, too short or written two ways is refused."""

from __future__ import annotations

_VISIBLE = bytes(range(0x21, 0x7F))


class MalformedWireError(ValueError):
    """The bytes are not what SSH's encoding allows."""


class WireReader:
    """Reads one value after the other from bytes. Every method raises MalformedWireError."""

    __slots__ = ("_data", "_position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._position = 0

    @property
    def position(self) -> int:
        """How many bytes were read."""
        return self._position

    @property
    def at_end(self) -> bool:
        return self._position == len(self._data)

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        end = self._position + count
        if end > len(self._data):
            raise MalformedWireError("it ends too early")
        taken = self._data[self._position : end]
        self._position = end
        return taken

    def u8(self) -> int:
        return self.take(1)[0]

    def u32(self) -> int:
        return int.from_bytes(self.take(4), "big")

    def u64(self) -> int:
        return int.from_bytes(self.take(8), "big")

    def string(self) -> bytes:
        """A string with its length before it."""
        return self.take(self.u32())

    def name(self) -> str:
        """A string that names an algorithm: printable ASCII."""
        raw = self.string()
        if not 0 < len(raw) <= 128 or raw.translate(None, _VISIBLE):
            raise MalformedWireError("an algorithm's name is not printable ASCII")
        return raw.decode("ascii")

    def mpint(self) -> int:
        """A positive integer in its one shortest form (a second spelling would give the key a second fingerprint)."""
        raw = self.string()
        if not raw or raw[0] & 0x80:
            raise MalformedWireError("an integer is not positive")
        if raw[0] == 0 and (len(raw) == 1 or not raw[1] & 0x80):
            raise MalformedWireError("an integer is not in its shortest form")
        return int.from_bytes(raw, "big")

    def end(self) -> None:
        """Nothing may follow."""
        if not self.at_end:
            raise MalformedWireError("data follows its end")


def wire_string(value: bytes) -> bytes:
    """A string with its length before it."""
    return len(value).to_bytes(4, "big") + value


def wire_mpint(value: int) -> bytes:
    """A positive integer in its shortest form."""
    return wire_string(value.to_bytes(value.bit_length() // 8 + 1, "big"))
