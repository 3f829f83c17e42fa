"""ViewState: how a repository was looked at last, kept between runs in $XDG_STATE_HOME/reviewtui/views.json.

Nothing in it is trusted or needed: what cannot be read is as good as missing, and the file may be deleted at any time.
"""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields  # noqa: TID251 (it asks for fields, which costs as much)
from pathlib import Path
from typing import Any

_MOST_BYTES = 1024 * 1024
_REPOSITORIES_KEPT = 200
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class ViewState:
    """`tab` is a tab of the home screen by its title, `version` the one under the cursor, `theme` the one chosen in
    the app. "" where nothing is known."""

    tab: str = ""
    version: str = ""
    filter: str = ""
    theme: str = ""
    split: bool = True
    metric: str = ""
    preview: int = 0


@dataclass(frozen=True, slots=True)
class ViewStore:
    """The file, and the repository (its directory) whose state is meant."""

    file: Path
    repository: str

    def load(self) -> ViewState:
        """How the repository was looked at last."""
        return _state(self._read().get(self.repository))

    def save(self, state: ViewState) -> None:
        """Keep a state. Where the file cannot be written, nothing is kept."""
        kept = self._read()
        kept.pop(self.repository, None)
        kept[self.repository] = asdict(state)
        for name in list(kept)[:-_REPOSITORIES_KEPT]:
            del kept[name]
        try:
            self.file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile("w", dir=self.file.parent, delete=False, encoding="utf-8") as written:
                json.dump(kept, written, indent=1)
            os.replace(written.name, self.file)
        except OSError:
            return

    def _read(self) -> dict[str, Any]:
        try:
            with self.file.open("rb") as opened:
                found = json.loads(opened.read(_MOST_BYTES))
        except (OSError, ValueError, RecursionError):
            return {}
        return found if isinstance(found, dict) else {}


def view_store(environment: Mapping[str, str], repository: Path) -> ViewStore | None:
    """Where the state of a repository is kept; None where the person has no home."""
    base = environment.get("XDG_STATE_HOME", "")
    home = environment.get("HOME", "")
    if base.startswith("/"):
        folder = Path(base)
    elif home.startswith("/"):
        folder = Path(home) / ".local" / "state"
    else:
        return None
    return ViewStore(folder / "reviewtui" / "views.json", str(repository))


def _state(found: object) -> ViewState:
    """A state out of whatever the file holds: what has another type, or is too long, is left out."""
    if not isinstance(found, dict):
        return ViewState()
    kept: dict[str, Any] = {}
    for each in fields(ViewState):
        value = found.get(each.name)
        if type(value) is type(each.default) and not (isinstance(value, str) and len(value) > _LONGEST):
            kept[each.name] = value
    return ViewState(**kept)
