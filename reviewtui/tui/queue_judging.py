"""JudgesQueue: what a version without any record waits for: the gate is asked after all else was shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reviewtui.tui.asking import Asks
from reviewtui.tui.rows import VersionRow

if TYPE_CHECKING:
    from reviewtui.policy.decision import Decision

MOST, AT_ONCE = 60, 4
"""How many versions of a queue are judged beforehand; and how many in one go, for no key waits for more."""


class JudgesQueue(Asks[None]):
    """The part of the home screen that asks the gate about what waits."""

    is_queue_settled = False
    """Whether the rows have found their order once: until then the first of them is whichever comes to be the first."""

    def judge_queue(self, waiting: tuple[VersionRow, ...]) -> None:
        """Ask the gate about the first rows that were not judged yet, a few at a time."""
        todo = [row for row in waiting[:MOST] if not row.judged and row.state != "approved"][:AT_ONCE]
        if not todo:
            self.is_queue_settled = True
            return

        def judged(decisions: list[Decision]) -> None:
            said = {id(row): row.judged_by(decision) for row, decision in zip(todo, decisions, strict=True)}
            rows = tuple(said.get(id(row), row) for row in waiting)
            self.queue_judged(rows)
            self.judge_queue(rows)

        self.ask("gates", lambda: [self.project.gate(row.version) for row in todo], then=judged)

    def queue_judged(self, waiting: tuple[VersionRow, ...]) -> None:
        """Show what the rows wait for."""
        raise NotImplementedError
