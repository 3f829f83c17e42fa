"""NoticesChanges: a screen that looks, every few seconds, whether any ref has moved."""

from __future__ import annotations

from typing import TypeVar

from reviewtui.tui.asking import Asks
from reviewtui.tui.widgets.strips import NoticeLine

Result = TypeVar("Result")

SECONDS_BETWEEN_LOOKS = 3.0
CHANGED = "The repository has changed meanwhile; r reads it again."


class NoticesChanges(Asks[Result]):
    """It reads again by itself where nobody is in the middle of something; else the screen on top says so."""

    def __init__(self) -> None:
        super().__init__()
        self.stamp = ""
        """The stamp of the refs that were read last; "" where none were."""

    def look_on(self) -> None:
        """Look from now on."""
        self.set_interval(SECONDS_BETWEEN_LOOKS, self.look_for_changes)

    @property
    def may_reload(self) -> bool:
        """Whether reading again disturbs nobody."""
        raise NotImplementedError

    def reload(self) -> None:
        """Read everything again."""
        raise NotImplementedError

    def look_for_changes(self) -> None:
        """Look, in a worker, unless something is being read anyway."""
        if self.stamp and not self._asked and not self.review_app.signing:
            self.ask("look", self.project.repository.stamp, then=self._looked)

    def _looked(self, stamp: str) -> None:
        if stamp == self.stamp or self.review_app.signing:
            return
        self.stamp = stamp
        screen = self.app.screen
        if self.may_reload:
            if not self.query_one(NoticeLine).text:
                self.say("The repository had changed and was read again.", mark="↻")
            self.reload()
        elif isinstance(screen, Asks):
            screen.say(CHANGED, tone="accent", mark="↻")
