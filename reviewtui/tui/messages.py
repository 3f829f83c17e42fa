"""The messages that a worker thread posts back to the screen that asked."""

from __future__ import annotations

from textual.message import Message

from reviewtui.errors import ReviewTuiError


class Answer(Message):
    """A question to the project was answered. An answer of an older generation is dropped."""

    def __init__(self, topic: str, generation: int, value: object) -> None:
        super().__init__()
        self.topic = topic
        self.generation = generation
        self.value = value


class Refusal(Message):
    """A question to the project ended in an error that the user may see."""

    def __init__(self, topic: str, generation: int, error: ReviewTuiError) -> None:
        super().__init__()
        self.topic = topic
        self.generation = generation
        self.error = error


class RecordsChanged(Message):
    """A verdict or a release was recorded: what was read of the project is out of date."""
