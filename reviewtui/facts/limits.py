"""How much of one file is read, so that no file can take the reader down."""

from __future__ import annotations

MAX_DOCUMENT_BYTES = 8 * 1024 * 1024
MAX_TEXT_BYTES = 1024 * 1024
MAX_DEPTH = 64
MAX_DIGITS = 100
"""A longer whole number is kept as text: nobody means it as a number, and int() refuses at 4,300 digits."""
NODE_WEIGHT = 40
MAX_WEIGHT = 6 * 1024 * 1024
"""NODE_WEIGHT for each node of a YAML file and one for each character of a scalar, aliases expanded."""
MAX_VALUES = 100_000
MAX_KEY_CHARACTERS = 32 * 1024 * 1024
MAX_DATA_FACTS = 100_000
MAX_FILES_LISTED = 200_000


class UnparsableError(ValueError):
    """A file cannot be read; the message is one sentence that says why."""
