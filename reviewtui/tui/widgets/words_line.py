"""WordsLine: where a filter or a search is typed. What was pasted into it is shown, never obeyed."""

from __future__ import annotations

from textual.widgets import Input

from reviewtui.display import clean


class WordsLine(Input):
    """A line of text without a control in it: Textual's own would hand them to the terminal."""

    def validate_value(self, value: str) -> str:
        return clean(value)
