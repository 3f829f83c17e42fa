"""The tabs of the home screen."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reviewtui.tui.audit_pane import AuditPane, read_audit
from reviewtui.tui.list_pane import ListPane
from reviewtui.tui.project_like import ProjectLike
from reviewtui.tui.releases_pane import ReleasesPane, read_releases
from reviewtui.tui.rows import QUEUE_COLUMNS, SORTS, VERSION_COLUMNS, queue_cells, version_cells
from reviewtui.tui.timeline import TimelinePane, read_timeline
from reviewtui.tui.versions_pane import VersionsPane
from reviewtui.values import dataclass


@dataclass(frozen=True, slots=True)
class HomeTab:
    """A tab of the home screen: its title, the widget that shows it, and what is read for it when it is first shown.

    The first two are filled with the versions and their states, which are read anyway. More tabs are more entries.
    """

    title: str
    what: str
    pane: Callable[[], ListPane[Any]]
    read: Callable[[ProjectLike], object] | None = None


TABS = (
    HomeTab("Queue", "what waits for review", lambda: VersionsPane(
        QUEUE_COLUMNS, queue_cells, sorts=SORTS, name="queue")),
    HomeTab("Versions", "all of them", lambda: VersionsPane(
        VERSION_COLUMNS, version_cells, sorts=SORTS, name="versions")),
    HomeTab("Timeline", "what happened, release by release", TimelinePane, read_timeline),
    HomeTab("Audit", "every record, and whether it counts", AuditPane, read_audit),
    HomeTab("Releases", "on whose word; what is next", ReleasesPane, read_releases),
)  # fmt: skip

FILLED = 2
"""The tabs that are filled with the versions and their states."""

EMPTY_QUEUE = (
    "Nothing waits for review.",
    "Candidates are branches such as model/NAME/vVERSION; they appear here until they are released. "
    "2 shows all versions.",
)
NO_VERSIONS = (
    "No versions were found.",
    "Releases are tags such as churn@v1.4.0 or v1.4.0; candidates are branches such as model/churn/v1.5.0. "
    "Other patterns can be set: `reviewtui init` writes .reviewtui/config.yaml.",
)
