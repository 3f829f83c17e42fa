"""SinceVerdict: what changed since one's own last verdict on a model; D compares with what was looked at then."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.binding import Binding, BindingType

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.display import plural
from reviewtui.errors import SigningError, UnknownVersionError
from reviewtui.tui.asking import Asks
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.widgets.line import Line, heading, wrapped
from reviewtui.values import dataclass

if TYPE_CHECKING:
    from reviewtui.diff import VersionDiff

_DEEDS = {"approve": "approved", "reject": "rejected"}
_CATEGORIES = (("config", "key"), ("metrics", "metric"), ("data", "data path"), ("environment", "environment file"))


@dataclass(frozen=True, slots=True)
class SinceVerdict:
    """One's own last verdict on another commit of the model, and what is different now.

    `name` is the version as the verdict named it; `version` that very commit.
    """

    verdict: str
    at: str
    name: str
    version: ModelVersion
    diff: VersionDiff


def read_since(project: ProjectLike, version: ModelVersion) -> SinceVerdict | None:
    """One's own last verdict on another commit of the version's model; None where there is none, or it is not here.

    What is released already is not asked: one's later verdicts are about later versions.
    """
    released = version.kind is VersionKind.RELEASE
    last = None if released else project.last_verdict(version, whoever_reviews(project))
    if last is None:
        return None
    subject = last.review.subject
    try:
        then = project.find(f"{subject.model}@{subject.commit}")
    except UnknownVersionError:
        return None
    name = f"{subject.model}@{subject.version}"
    return SinceVerdict(last.review.verdict.value, last.review.at, name, then, project.compare(then, version))


def whoever_reviews(project: ProjectLike) -> str:
    """The name that one's own key speaks for; without a key one's address."""
    try:
        return project.reviewer(project.signer())
    except SigningError:
        return project.repository.identity().email


def since_lines(since: SinceVerdict, version: ModelVersion, width: int) -> list[Line]:
    """You approved 1.4.0 …; since then: 2 keys, 1 metric; data identical."""
    same = "an earlier commit of it" if since.name == version.name else since.name
    deed = _DEEDS.get(since.verdict, since.verdict)
    lines = [heading("SINCE YOUR VERDICT", "D compares with what you saw then")]
    lines += wrapped(f"You {deed} {same} ({since.version.commit[:8]}) on {since.at[:10]}.", width, indent=" ")
    counts = [(len(getattr(since.diff, category)), noun) for category, noun in _CATEGORIES]
    changed = [plural(count, noun) for count, noun in counts if count]
    same_still = [category for (category, _), (count, _) in zip(_CATEGORIES, counts, strict=True) if not count]
    if not changed:
        return [*lines, *wrapped("Nothing that you saw then has changed since.", width, indent=" ", tone="good")]
    identical = f"; {', '.join(same_still)} identical" if same_still else ""
    text = f"Since then {', '.join(changed)} changed{_named(since.diff)}{identical}."
    return [*lines, *wrapped(text, width, indent=" ", tone="accent")]


def _named(diff: VersionDiff) -> str:
    keys = [*(change.key for change in diff.config), *(change.key for change in diff.metrics)]
    names = keys + [change.path for change in diff.data]
    return f" ({', '.join(names)})" if 0 < len(names) <= 4 else ""


class KnowsMyVerdict(Asks[ModelVersion]):
    """The part of a version's screen that goes to and fro between its base and what one has judged before."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("D", "since", "Compare with what you judged last", show=False, id="version.since"),
    ]

    _version: ModelVersion
    _base: ModelVersion | None

    def __init__(self) -> None:
        super().__init__()
        self.since: SinceVerdict | None = None

    def read(self) -> None:
        raise NotImplementedError

    def action_since(self) -> None:
        since = self.since
        if since is None:
            self.say_why_not("You have judged no other commit of this model.")
            return
        back = self._base == since.version
        self._base = None if back else since.version
        self.say("Against its own base again." if back else f"Against what you judged last, {since.version.name}.")
        self.read()
