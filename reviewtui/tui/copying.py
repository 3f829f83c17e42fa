"""Copies: a screen with a copy menu on y; and what can be copied of a version, a record, a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import Binding, BindingType

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.tui.asking import Asks
from reviewtui.tui.menu import Choice, CopyMenu, copy_said
from reviewtui.tui.widgets.table import Cell

if TYPE_CHECKING:
    from reviewtui.history import AuditRecord
    from reviewtui.judging import ReviewEntry

Result = TypeVar("Result")


class Copies(Asks[Result]):
    """y opens the menu, a letter copies; y once more copies the first."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", id="any.copy"),
    ]

    def copy_choices(self) -> Sequence[Choice]:
        """What can be copied now; the first is the most wanted."""
        raise NotImplementedError

    def action_copy(self) -> None:
        choices = [choice for choice in self.copy_choices() if choice.value]
        if not choices:
            self.say_why_not("There is nothing to copy.")
            return
        self.app.push_screen(CopyMenu(choices), self._copy)

    def _copy(self, choice: Choice | None) -> None:
        if choice is None:
            return
        if not (said := copy_said(choice)):
            self.say_why_not("That is too long for a terminal's clipboard.")
            return
        self.app.copy_to_clipboard(choice.value)
        self.say_done(said)


def version_choices(version: ModelVersion) -> list[Choice]:
    """A version's id, commit and refs."""
    tag = version.ref.removeprefix("refs/tags/") if version.kind is VersionKind.RELEASE else ""
    return [
        Choice("y", "name", version.name),
        Choice("c", "commit", version.commit),
        Choice("t", "tag", tag),
        Choice("f", "full ref", version.ref),
        Choice("s", "subject", version.subject),
    ]


def record_choices(record: AuditRecord) -> list[Choice]:
    """A record's id, and the statement that was signed, as it was signed."""
    return [
        Choice("i", "record id", record.entry.id),
        Choice("p", "signed payload", payload_text(record.line)),
        Choice("l", "line of the note", record.line.decode("utf-8", "replace")),
        Choice("n", "notes commit", record.note or ""),
        Choice("f", "fingerprint of the key", record.entry.keyid),
    ]


def entry_choices(entries: Sequence[ReviewEntry]) -> list[Choice]:
    """The ids of a version's records."""
    ids = "\n".join(entry.id for entry in entries)
    return [Choice("i", "record ids", ids)]


def row_choice(cells: Sequence[Cell]) -> Choice:
    """A row as text, its cells apart by tabs."""
    return Choice("r", "row as text", "\t".join(text.strip() for text, _ in cells))


def payload_text(line: bytes) -> str:
    """The bytes that a recorded line signs, as text; "" where they cannot be read."""
    from reviewtui.signing.envelope import Envelope, MalformedEnvelopeError

    try:
        return Envelope.from_line(line).payload.decode("utf-8")
    except (MalformedEnvelopeError, UnicodeDecodeError):
        return ""
