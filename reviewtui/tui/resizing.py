"""ResizesPreview: the border between a list and its preview, moved with < and > or dragged; kept between runs."""

from __future__ import annotations

from typing import ClassVar

from textual import events, on
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.message import Message

from reviewtui.tui.asking import Asks
from reviewtui.values import replace

PREVIEW_BESIDE, PREVIEW_BELOW = 110, 24
"""From this width the preview stands beside the list; below it, from this height, under the list."""
LEAST, MOST, STEP = 20, 70, 5
"""Hundredths of the screen that a preview may take."""
LIST_LEAST = 66
"""Columns that a list keeps beside its preview, as the style sheet has it."""


class PreviewBox(Vertical):
    """A preview; its border can be dragged."""

    class Dragged(Message):
        """The border was dragged to this place of the screen."""

        def __init__(self, x: int, y: int) -> None:
            super().__init__()
            self.x = x
            self.y = y

    def on_mouse_down(self, event: events.MouseDown) -> None:
        if self.region.x == event.screen_x or self.region.y == event.screen_y:
            self.capture_mouse()
            event.stop()

    def on_mouse_move(self, event: events.MouseMove) -> None:
        if self.app.mouse_captured is self:
            self.post_message(self.Dragged(event.screen_x, event.screen_y))

    def on_mouse_up(self) -> None:
        self.release_mouse()


class ResizesPreview(Asks[None]):
    """The part of the home screen that knows how large the previews are."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("less_than_sign", "preview(5)", "Larger preview", key_display="<", show=False, id="home.wider"),
        Binding("greater_than_sign", "preview(-5)", "Smaller preview", key_display=">", show=False, id="home.narrower"),
    ]

    def make_room(self) -> None:
        """Put the previews where there is room. What is mounted by then is styled anew: it is known before that."""
        size = self.app.size
        self.set_class(size.width >= PREVIEW_BESIDE, "-beside")
        self.set_class(size.width < PREVIEW_BESIDE and size.height >= PREVIEW_BELOW, "-below")

    def arrange_previews(self) -> None:
        """Give the previews what they were given; 0: what suits each tab."""
        share, size = self.review_app.view_state.preview, self.app.size
        wide = max(min(round(share * size.width / 100), size.width - LIST_LEAST), 1)
        high = max(round(share * size.height / 100), 4)
        for box in self.query(PreviewBox):
            box.styles.width = wide if share and self.has_class("-beside") else None
            box.styles.height = high if share and self.has_class("-below") else None

    def action_preview(self, by: int) -> None:
        boxes = [box for box in self.query(PreviewBox) if box.display and box.region.area]
        if not boxes:
            self.say_why_not("There is no room for a preview.")
            return
        size, region = self.app.size, boxes[0].region
        beside = self.has_class("-beside")
        present = round(100 * (region.width / size.width if beside else region.height / size.height))
        self._take(round((present + by) / STEP) * STEP)

    @on(PreviewBox.Dragged)
    def _dragged(self, message: PreviewBox.Dragged) -> None:
        message.stop()
        size = self.app.size
        beside = self.has_class("-beside")
        self._take(round(100 * ((size.width - message.x) / size.width if beside else 1 - message.y / size.height)))

    def _take(self, share: int) -> None:
        share = max(LEAST, min(share, MOST))
        self.review_app.view_state = replace(self.review_app.view_state, preview=share)
        self.arrange_previews()
        self.say(f"The preview takes {share} % of the screen.")
