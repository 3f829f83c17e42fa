"""The dialog that signs a verdict: comment, warnings, and exactly the bytes that are signed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.timer import Timer
from textual.widgets import TextArea

from reviewtui.catalog import ModelVersion
from reviewtui.display import clean
from reviewtui.errors import ReviewTuiError
from reviewtui.review import NEEDS_COMMENT, Verdict
from reviewtui.tui.asking import Dialog
from reviewtui.tui.outside import edit_text, editor_command
from reviewtui.tui.pages.statement import statement_head, statement_lines
from reviewtui.tui.widgets.line import BLANK, Line, labelled, line
from reviewtui.tui.widgets.strips import TitleLine
from reviewtui.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from reviewtui.project import PreparedReview, Receipt

_DEEDS = {
    Verdict.APPROVE: "Approve",
    Verdict.REJECT: "Reject (blocks the release)",
    Verdict.COMMENT: "Comment on",
    Verdict.WITHDRAW: "Withdraw your verdict on",
    Verdict.OVERRIDE: "Override for",
}
_REST_BEFORE_PREPARING = 0.25
"""Seconds without a key after which the statement is written anew."""


class SignDialog(Dialog[str]):
    """Gives the sentence that says what was recorded, or None.

    The statement on show was prepared with the comment on show, and that very object is handed to the signer; while
    the comment is being typed there is none, and nothing can be signed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "sign", "Sign and record", key_display="^s", priority=True, id="sign.sign"),
        Binding("ctrl+o", "edit", "Comment in $EDITOR", key_display="^o", priority=True, id="sign.editor"),
        Binding("ctrl+g", "own_base", "The gate's base", key_display="^g", priority=True, id="sign.gate-base"),
        Binding("tab", "app.focus_next", "Comment / statement", key_display="tab", id="sign.focus-next"),
        Binding("f1", "app.help", "Help", key_display="f1", id="sign.help"),
    ]

    def __init__(
        self,
        version: ModelVersion,
        verdict: Verdict,
        *,
        warnings: tuple[str, ...] = (),
        base: ModelVersion | None = None,
    ) -> None:
        """`base` is the one that the reviewer chose to compare with: the statement names it."""
        super().__init__()
        self.version = version
        self._base = base
        self.verdict = verdict
        self._warnings = warnings
        self._prepared: PreparedReview | None = None
        self._refusal: ReviewTuiError | None = None
        self._rest: Timer | None = None
        self._signing = False

    def compose_body(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield TitleLine(id="title")
            comment = TextArea(self._draft, id="comment", soft_wrap=True, show_line_numbers=False, tab_behavior="focus")
            comment.placeholder = (
                "Comment: signed and kept with the record." if not self._needs_comment else "Why? This is signed, too."
            )
            yield comment
            yield TextView(id="statement")

    def on_mount(self) -> None:
        deed = _DEEDS[self.verdict]
        self.query_one(TitleLine).show(
            [(f" {deed} ", "heading"), (self.version.name, "strong")], [("^s signs · esc cancels ", "dim")]
        )
        comment = self.query_one(TextArea)
        comment.focus()
        comment.move_cursor(comment.document.end)
        self._prepare()

    @property
    def _needs_comment(self) -> bool:
        return self.verdict in NEEDS_COMMENT

    @property
    def _draft_key(self) -> tuple[str, str]:
        return f"{self.version.name} {self.version.commit}", self.verdict.value

    @property
    def _draft(self) -> str:
        return self.review_app.drafts.get(self._draft_key, "")

    # The statement

    @on(TextArea.Changed)
    def _comment_changed(self) -> None:
        self.review_app.drafts[self._draft_key] = self.query_one(TextArea).text
        self._prepared = self._refusal = None
        self._show_statement()
        if self._rest is not None:
            self._rest.stop()
        self._rest = self.set_timer(_REST_BEFORE_PREPARING, self._prepare)

    def _prepare(self) -> None:
        version, verdict, comment = self.version, self.verdict, self.query_one(TextArea).text.strip()
        base = self._base
        self._prepared = self._refusal = None
        if self._needs_comment and not comment:
            self.forget("prepare")
            self._show_statement()
            return
        self.ask(
            "prepare",
            lambda: self.project.prepare_review(version, verdict, comment, base=base),
            then=self._is_prepared,
            busy="preparing",
        )

    def _is_prepared(self, prepared: PreparedReview) -> None:
        if not self._signing:
            self._prepared = prepared
            self._show_statement()

    def refused(self, topic: str, error: ReviewTuiError) -> None:
        self._signing = self.review_app.signing = False
        self._refusal = error
        self._prepared = None
        self.query_one(TextArea).disabled = False
        self.say_error(error)
        self._show_statement()
        if topic == "sign":
            self._prepare()

    def _show_statement(self) -> None:
        self.query_one(TextView).show(self._lines, keep_position=True)
        self.refresh_keys()

    def _lines(self, width: int) -> Sequence[Line]:
        prepared = self._prepared
        if prepared is None:
            text = "Nothing can be signed: see below." if self._refusal else self.why_not("sign")
            return [BLANK, line(("  " + text, "dim"))]
        lines: list[Line] = []
        for warning in dict.fromkeys((*self._warnings, *prepared.warnings)):
            lines += labelled("!", warning, width, tone="warn")
        if prepared.chosen_base is not None:
            lines += labelled("Base", f"{prepared.chosen_base.name}, as you chose; ^g takes the gate's", width)
        if prepared.effect:
            lines += labelled("After", prepared.effect, width)
        lines += labelled("Key", prepared.signer_description, width)
        lines += labelled("Stored", f"{prepared.notes_ref}, in this clone until P pushes it", width)
        lines += [BLANK, *statement_head(prepared.payload)]
        return [*lines, *statement_lines(prepared.payload, width)]

    def action_edit(self) -> None:
        """Write the comment in the user's own editor."""
        command = editor_command(os.environ, chosen=self.review_app.preferences.editor)
        reason = self.why_not("edit")
        if not command:
            reason = "No editor was found: set $EDITOR."
        elif not self.review_app.can_suspend:
            reason = "This terminal cannot be given to another program."
        if reason:
            self.say_why_not(reason)
            return
        comment = self.query_one(TextArea)
        below = (f"{_DEEDS[self.verdict]} {clean(self.version.name)}.", "This line and all below it are cut off.")
        try:
            comment.text = edit_text(self.app, command, text=comment.text, below=below)
        except ReviewTuiError as error:
            self.say_error(error)
            return
        comment.move_cursor(comment.document.end)
        self.say("The comment is as you left it; ^s signs it.", mark="·")

    # Signing

    def why_not(self, action: str) -> str:
        if action == "own_base" and self._base is None:
            return "The statement names the gate's own base already."
        if action not in ("sign", "own_base", "edit"):
            return ""
        if self._signing:
            return "It is being signed."
        if action != "sign":
            return ""
        if self._refusal is not None:
            return f"{self._refusal.message} {self._refusal.hint}".strip()
        if self._needs_comment and not self.query_one(TextArea).text.strip():
            return "Write a comment first: the record is nothing without it."
        if self._prepared is None:
            return "The statement is being written."
        return ""

    def action_own_base(self) -> None:
        """Name the base that the gate compares with, instead of the one that was looked at."""
        if reason := self.why_not("own_base"):
            self.say_why_not(reason)
            return
        self._base = None
        self.say("The statement names the gate's own base now.")
        self._prepare()

    def action_sign(self) -> None:
        reason, prepared = self.why_not("sign"), self._prepared
        if reason or prepared is None:
            self.say_why_not(reason)
            return
        self._signing = True
        self.query_one(TextArea).disabled = True
        self.say("Signing with your key; a hardware key may want to be touched.")
        self.sign(lambda: self.project.record_review(prepared), may_prompt=prepared.may_prompt, then=self._is_recorded)

    def _is_recorded(self, receipt: Receipt) -> None:
        self.review_app.drafts.pop(self._draft_key, None)
        short = receipt.id.removeprefix("sha256:")[:12]
        self.dismiss(f"Recorded: {self.verdict.value} {self.version.name}, record {short}.")

    def action_cancel(self) -> None:
        if self._signing:
            self.say_why_not("It is being signed; that cannot be stopped half-way.")
        else:
            self.dismiss(None)
