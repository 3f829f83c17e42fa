"""What filters ask of versions beyond their rows: metrics, changed keys, unsound records; read when asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual import on

from reviewtui.catalog import ModelVersion
from reviewtui.tui.asking import Asks
from reviewtui.tui.known import Known
from reviewtui.tui.list_pane import ListPane
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.reading import read_metrics

AT_ONCE = 16
"""How many versions are compared with their bases in one go: no key waits for more."""
TOPIC = "filter"


def read_changes(project: ProjectLike, versions: Sequence[ModelVersion]) -> dict[tuple[str, str], str]:
    """The keys of each version that differ from its base."""
    return {(each.name, each.commit): _changed_keys(project, each) for each in versions}


def _changed_keys(project: ProjectLike, version: ModelVersion) -> str:
    diff = project.compare(project.base_of(version).version, version)
    keys = [key for change in diff.config for key in (change.key, change.before_key) if key]
    keys += [key for change in diff.metrics for key in (change.key, change.before_key) if key]
    paths = [*(change.path for change in diff.data), *(change.path for change in diff.environment)]
    return "\n".join([*keys, *paths]).casefold()


def read_bad(project: ProjectLike) -> frozenset[str]:
    """The names of the versions with an unsound record."""
    return frozenset(record.name for record in project.trail() if record.is_bad)


class AnswersFilters(Asks[None]):
    """The part of the home screen that reads what the filter on show asks for, a slice at a time; Esc stops it."""

    def __init__(self) -> None:
        super().__init__()
        self.known = Known()

    def forget_known(self) -> None:
        """The versions are others now."""
        self.known = Known()
        for pane in self.query(ListPane):
            pane.known = self.known

    def stop_filtering(self) -> bool:
        """Read no further; False where nothing was being read."""
        if not self.waits_for(TOPIC):
            return False
        self.forget(TOPIC)
        self.say("Stopped: the filter tells of what was read so far. r reads again.", mark="·")
        return True

    @on(ListPane.KnowledgeWanted)
    def _read_for_filter(self, message: ListPane.KnowledgeWanted) -> None:
        message.stop()
        if self.waits_for(TOPIC) or self.review_app.opened is None:
            return
        pane, versions, known = message.pane, message.versions, self.known

        def read(then: Any, busy: str) -> None:
            self.ask(TOPIC, then[0], then=lambda found: self._learn(pane, then[1], found), busy=f"{busy}, esc stops")

        if message.what == "metrics":
            read((lambda: read_metrics(self.project, versions), known.metrics.update), "reading metrics")
        elif message.what == "bad":
            read((lambda: read_bad(self.project), self._learn_bad), "checking every record")
        else:
            part = versions[:AT_ONCE]
            words = f"comparing: {len(versions):,} versions to go"
            read((lambda: read_changes(self.project, part), known.changes.update), words)

    def _learn_bad(self, found: frozenset[str]) -> None:
        self.known.bad = found

    def _learn(self, pane: ListPane[Any], keep: Any, found: Any) -> None:
        keep(found)
        pane.apply_filter()
