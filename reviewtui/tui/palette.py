"""ScreenCommands: what the palette offers, a line each: the key at the left, then what it does."""

from __future__ import annotations

from textual.app import SystemCommand
from textual.command import DiscoveryHit, Hit, Hits, Provider
from textual.content import Content

from reviewtui.tui.widgets.line import fit

WIDEST = 78
"""The cells of the palette, as the style sheet has it."""
_KEYS, _AROUND = 9, 5
"""Cells for the keys (who binds longer ones sees their beginning), and for what lies around a line."""


class ScreenCommands(Provider):
    """The commands of the present screen, as the app gives them."""

    async def discover(self) -> Hits:
        for command in self._commands():
            yield DiscoveryHit(self._line(command, Content(command.title)), command.callback, text=command.title)

    async def search(self, query: str) -> Hits:
        matcher = self.matcher(query)
        for command in self._commands():
            if (score := matcher.match(command.title)) > 0:
                shown = self._line(command, matcher.highlight(command.title))
                yield Hit(score, shown, command.callback, text=command.title)

    def _commands(self) -> list[SystemCommand]:
        return sorted(self.app.get_system_commands(self.screen), key=lambda command: command.title)

    def _line(self, command: SystemCommand, title: Content) -> Content:
        """The key, and the words beside it, as many as one line has room for."""
        room = min(self.app.size.width, WIDEST) - _KEYS - _AROUND
        return Content.assemble((fit(command.help, _KEYS), "$primary"), title.truncate(room, ellipsis=True))
