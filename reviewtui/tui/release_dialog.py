"""The dialog that makes a release: the gate, the tag's name, and exactly the message that is signed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical

from reviewtui.catalog import ModelVersion
from reviewtui.errors import ReleaseRefusedError, ReviewTuiError
from reviewtui.git.objects import ObjectId
from reviewtui.tui.asking import Dialog
from reviewtui.tui.pages.gate import decision_lines, finding_look
from reviewtui.tui.pages.statement import statement_lines, tag_head
from reviewtui.tui.widgets.line import BLANK, Line, labelled, line
from reviewtui.tui.widgets.strips import TitleLine
from reviewtui.tui.widgets.text_view import TextView

if TYPE_CHECKING:
    from reviewtui.policy.decision import Decision
    from reviewtui.project import PreparedRelease


class ReleaseDialog(Dialog[str]):
    """Gives the sentence that says which tag was made, or None."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "sign", "Sign and tag", key_display="^s", priority=True, id="release.sign"),
        Binding("question_mark", "app.help", "Help", key_display="?", id="release.help"),
    ]

    def __init__(self, version: ModelVersion) -> None:
        super().__init__()
        self._version = version
        self._prepared: PreparedRelease | None = None
        self._decision: Decision | None = None
        self._refusal: ReviewTuiError | None = None
        self._signing = False
        self._reviewers: dict[str, str] = {}

    def compose_body(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield TitleLine(id="title")
            yield TextView(id="statement")

    def on_mount(self) -> None:
        self.query_one(TextView).focus()
        version = self._version
        self.ask(
            "reviewers",
            lambda: {entry.id: entry.reviewer for entry in self.project.reviews(version)},
            then=self._are_reviewers,
        )
        self.ask(
            "prepare", lambda: self.project.prepare_release(version), then=self._is_prepared, busy="asking the gate"
        )
        self._show()

    def _is_prepared(self, prepared: PreparedRelease) -> None:
        self._prepared, self._decision = prepared, prepared.decision
        self._show()

    def _are_reviewers(self, reviewers: dict[str, str]) -> None:
        self._reviewers = reviewers
        self._show()

    def refused(self, topic: str, error: ReviewTuiError) -> None:
        self._signing = self.review_app.signing = False
        self._refusal = error
        if isinstance(error, ReleaseRefusedError) and error.decision is not None:
            self._decision = error.decision
        self.say_error(error)
        self._show()

    def _show(self) -> None:
        closed = self._refusal is not None or (self._decision is not None and not self._decision.allowed)
        ways = "esc closes " if closed else "^s signs · esc cancels "
        self.query_one(TitleLine).show([(" Release ", "heading"), (self._version.name, "strong")], [(ways, "dim")])
        self.query_one(TextView).show(self._lines)
        self.refresh_keys()

    def _lines(self, width: int) -> Sequence[Line]:
        lines: list[Line] = []
        if self._decision is None:
            text = "Nothing can be signed: see below." if self._refusal else "Asking the gate …"
            return [BLANK, line(("  " + text, "dim"))]
        prepared = self._prepared
        if prepared is not None:
            lines += labelled("Tag", prepared.tag, width, tone="strong")
            lines += labelled("Commit", self._version.commit, width)
            lines += labelled("Key", prepared.signer_description, width)
            lines += labelled("Pushes", "nothing: the tag stays in this clone until P pushes it", width)
            lines += [*_gate_in_short(prepared.decision, width), BLANK]
        if prepared is not None and prepared.decision.allowed:
            lines += [*tag_head(prepared.message, width), *statement_lines(prepared.message, width), BLANK]
        return [*lines, *decision_lines(self._decision, width, reviewers=self._reviewers)]

    def why_not(self, action: str) -> str:
        if action != "sign":
            return ""
        if self._signing:
            return "It is being signed."
        if self._decision is not None and not self._decision.allowed:
            return "The gate is closed; what is unmet stands above."
        if self._refusal is not None:
            return f"{self._refusal.message} {self._refusal.hint}".strip()
        if self._prepared is None:
            return "The gate is still being asked."
        return ""

    def action_sign(self) -> None:
        reason, prepared = self.why_not("sign"), self._prepared
        if reason or prepared is None:
            self.say_why_not(reason)
            return
        self._signing = True
        self.say("Signing with your key; a hardware key may want to be touched.")
        self.sign(lambda: self.project.release(prepared), may_prompt=prepared.may_prompt, then=self._is_released)

    def _is_released(self, tag: ObjectId) -> None:
        prepared = self._prepared
        name = prepared.tag if prepared is not None else ""
        self.review_app.tags_made.append(name)
        self.dismiss(f"Released {self._version.name}: signed tag {name} {tag[:12]}, in this clone. P pushes it.")

    def action_cancel(self) -> None:
        if self._signing:
            self.say_why_not("It is being signed; that cannot be stopped half-way.")
        else:
            self.dismiss(None)


def _gate_in_short(decision: Decision, width: int) -> list[Line]:
    """What the gate says, above the message; what it rests on stands below it."""
    if not decision.allowed:
        return []
    states = {finding_look(finding)[1] for finding in decision.findings}
    text = "open, with warnings or an override:" if "warn" in states else "open:"
    return labelled(
        "Gate", f"{text} each requirement stands below the message", width, tone="warn" if "warn" in states else "good"
    )
