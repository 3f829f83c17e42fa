"""OffersUndo: a screen on which a verdict that was just recorded can be taken back with one key."""

from __future__ import annotations

import time
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from reviewtui.catalog import ModelVersion
from reviewtui.review import Verdict
from reviewtui.tui.asking import Asks
from reviewtui.values import dataclass

if TYPE_CHECKING:
    from reviewtui.tui.sign_dialog import SignDialog

Result = TypeVar("Result")

SECONDS_TO_UNDO = 30.0


@dataclass(frozen=True, slots=True)
class RecordedVerdict:
    """The verdict that was recorded last, and until when u takes it back."""

    version: ModelVersion
    verdict: Verdict
    until: float


class OffersUndo(Asks[Result]):
    """A record is never deleted: to undo a verdict is to withdraw it."""

    def recorded(self, said: str | None) -> None:
        """A verdict or a release was recorded; `said` tells of it (None: it was not)."""
        raise NotImplementedError

    def released(self, said: str | None) -> None:
        """A release was made; there is nothing of it to be taken back."""
        if said:
            self.review_app.last_verdict = None
        self.recorded(said)

    def sign_verdict(self, dialog: SignDialog) -> None:
        """Open the dialog that signs a verdict; what it records can be taken back for a while."""
        self.app.push_screen(dialog, partial(self._signed, dialog.version, dialog.verdict))

    def _signed(self, version: ModelVersion, verdict: Verdict, said: str | None) -> None:
        if not said:
            self.recorded(None)
            return
        offered = verdict in (Verdict.APPROVE, Verdict.REJECT)
        until = time.monotonic() + SECONDS_TO_UNDO
        self.review_app.last_verdict = RecordedVerdict(version, verdict, until) if offered else None
        self.recorded(f"{said} u takes it back." if offered else said)

    def action_undo(self) -> None:
        last = self.review_app.last_verdict
        if last is None or time.monotonic() > last.until:
            self.say_why_not("No verdict was recorded just now; w withdraws your verdict on this version.")
            return
        from reviewtui.tui.sign_dialog import SignDialog

        self.sign_verdict(SignDialog(last.version, Verdict.WITHDRAW, warnings=(f"Takes back: {last.verdict.value}.",)))
