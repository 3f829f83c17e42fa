"""The dialog that pushes: the records, and the release tag where there is one; it says first what goes where."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.display import plural
from reviewtui.errors import ReviewTuiError
from reviewtui.tui.asking import Asks, Dialog
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.widgets.line import BLANK, Line, Tone, labelled
from reviewtui.tui.widgets.strips import KeyHint, TitleLine
from reviewtui.tui.widgets.text_view import TextView
from reviewtui.values import dataclass

if TYPE_CHECKING:
    from reviewtui.git.notes_sync import SyncedNotes

Result = TypeVar("Result")

_TAGS = "refs/tags/"
_SEVERAL = 2
_WIDEST, _BORDER, _FRAME = 110, 3, 4
"""Cells: how wide the dialog is, as the style sheet has it; what border and scrollbar take; border, title and foot."""
_USER = re.compile(r"//[^@/]*@")
_NO_REMOTE = "This repository has no remote: `git remote add origin URL` names one."


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote, by its name and address (without a user's name or password)."""

    name: str
    address: str

    @property
    def may_prompt(self) -> bool:
        """Whether a password may be asked for on the way there."""
        return not self.address.startswith(("/", ".", "file:"))


def read_remotes(project: ProjectLike) -> tuple[Remote, ...]:
    """The remotes, origin first."""
    repository = project.repository
    names = sorted(repository.remotes(), key=lambda name: name != "origin")
    return tuple(Remote(name, _USER.sub("//", repository.config(f"remote.{name}.url") or "")) for name in names)


class PushDialog(Dialog[str]):
    """Gives the sentence that says what was pushed, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "push", "Push", key_display="⏎", id="push.push"),
        Binding("n", "next_remote", "Another remote", id="push.next-remote"),
        Binding("question_mark", "app.help", "Help", key_display="?", id="push.help"),
        Binding("q", "cancel", "Cancel", show=False, id="push.cancel"),
    ]

    def __init__(self, tags: tuple[str, ...]) -> None:
        super().__init__()
        self._tags = tags
        self._remotes: tuple[Remote, ...] | None = None
        self._chosen = 0
        self._pushing = False

    def compose_body(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield TitleLine(id="title")
            yield TextView(id="statement")

    def on_mount(self) -> None:
        self.query_one(TitleLine).show([(" Push ", "heading")], [("⏎ pushes · esc cancels ", "dim")])
        self.query_one(TextView).focus()
        self.ask("remotes", lambda: read_remotes(self.project), then=self._known, busy="reading the remotes")

    def _known(self, remotes: tuple[Remote, ...]) -> None:
        self._remotes = remotes
        if not remotes:
            self.query_one(TitleLine).show([(" Push ", "heading")], [("esc closes ", "dim")])
        self._show()

    @property
    def _remote(self) -> Remote | None:
        return self._remotes[self._chosen] if self._remotes else None

    def _show(self) -> None:
        self.query_one(TextView).show(self._lines)
        self._suit_height()
        self.refresh_keys()

    def on_resize(self) -> None:
        super().on_resize()
        self._suit_height()

    def _suit_height(self) -> None:
        box = self.query_one("#dialog")
        box.styles.height = _FRAME + len(self._lines(min(self.app.size.width, _WIDEST) - _BORDER))

    def key_hints(self) -> Sequence[KeyHint]:
        """Another remote is offered only where there is one."""
        one = self._remotes is not None and len(self._remotes) < _SEVERAL
        return [hint for hint in super().key_hints() if not (one and hint.action == "next_remote")]

    def _lines(self, width: int) -> Sequence[Line]:
        remote = self._remote
        records = "refs/notes/reviewtui/*: united with what is there, then pushed; never by force, no record is lost"
        tone: Tone = "strong" if remote else "warn"
        tags = ", ".join(self._tags) or "none: put the cursor on a release to push its tag"
        return [
            BLANK,
            *labelled("To", f"{remote.name}  {remote.address}" if remote else _NO_REMOTE, width, tone=tone),
            *labelled("Records", records, width),
            *labelled("Tag", tags, width, tone="strong" if self._tags else "dim"),
            *labelled("Else", "nothing: no branch is pushed", width, tone="dim"),
        ]

    def refused(self, topic: str, error: ReviewTuiError) -> None:
        self._pushing = self.review_app.signing = False
        self.say_error(error)
        self.refresh_keys()

    def why_not(self, action: str) -> str:
        if action not in ("push", "next_remote"):
            return ""
        if self._pushing:
            return "It is being pushed."
        if self._remotes is None:
            return "The remotes are still being read."
        if not self._remotes:
            return _NO_REMOTE
        return "There is one remote." if action == "next_remote" and len(self._remotes) == 1 else ""

    def action_next_remote(self) -> None:
        if reason := self.why_not("next_remote"):
            self.say_why_not(reason)
            return
        self._chosen = (self._chosen + 1) % len(self._remotes or ())
        self._show()

    def action_push(self) -> None:
        remote = self._remote
        if (reason := self.why_not("push")) or remote is None:
            self.say_why_not(reason)
            return
        self._pushing = True
        self.say(f"Pushing to {remote.name} …")
        name, tags = remote.name, self._tags

        def push() -> tuple[SyncedNotes, ...]:
            synced = self.project.sync(name)
            for tag in tags:
                self.project.push_tag(tag, remote=name)
            return synced

        def done(synced: tuple[SyncedNotes, ...]) -> None:
            self.dismiss(_said(name, synced, tags))

        self.sign(push, may_prompt=remote.may_prompt, then=done, doing="push")

    def action_cancel(self) -> None:
        if self._pushing:
            self.say_why_not("It is being pushed; that cannot be stopped half-way.")
        else:
            self.dismiss(None)


def _said(remote: str, synced: Sequence[SyncedNotes], tags: Sequence[str]) -> str:
    sent, received = sum(each.sent for each in synced), sum(each.received for each in synced)
    restored = sum(each.restored for each in synced)
    parts = [f"{plural(sent, 'record')} sent, {received:,} received"]
    parts += [f"{restored:,} that had been lost put back"] if restored else []
    parts += [f"tag {', '.join(tags)}"] if tags else []
    return f"Pushed to {remote}: {'; '.join(parts)}."


class PushesRecords(Asks[Result]):
    """A screen from which records and tags are pushed."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("P", "push", "Push: records and release tags; it is said first what goes where", id="any.push"),
    ]

    @property
    def version_meant(self) -> ModelVersion | None:
        """The version whose tag is meant."""
        raise NotImplementedError

    def pushed(self, said: str | None) -> None:
        """Something was pushed; `said` tells of it (None: nothing was)."""
        raise NotImplementedError

    def action_push(self) -> None:
        if self.review_app.opened is None:
            self.say_why_not("The repository is not open yet.")
            return
        version = self.version_meant
        tags = list(self.review_app.tags_made)
        if version is not None and version.kind is VersionKind.RELEASE:
            tags += [ref.removeprefix(_TAGS) for ref in version.refs if ref.startswith(_TAGS)]
        self.app.push_screen(PushDialog(tuple(dict.fromkeys(tags))), self._was_pushed)

    def _was_pushed(self, said: str | None) -> None:
        if said:
            self.review_app.tags_made.clear()
        self.pushed(said)
