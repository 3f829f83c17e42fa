"""settings_banner(): what a reader must know of a version that brings a .reviewtui/ of its own."""

from __future__ import annotations

from reviewtui.errors import GitError
from reviewtui.git.objects import ObjectId
from reviewtui.git.repository import Repository
from reviewtui.git.updates import merge_base
from reviewtui.settings import DIRECTORY


def settings_banner(repository: Repository, commit: ObjectId, trusted: ObjectId | None) -> str:
    """What a reader must know of a version that brings settings of its own; "" where it brings none.

    Asked of Git only where the version's settings are not the trusted branch's.
    """
    own = repository.tree(commit).entry(DIRECTORY)
    in_force = repository.tree(trusted).entry(DIRECTORY) if trusted is not None else None
    if own is None or (in_force is not None and own.object_id == in_force.object_id):
        return ""
    try:
        common = merge_base(repository, trusted, commit) if trusted is not None else None
    except GitError:
        common = None
    before = {entry.path: entry.object_id for entry in repository.tree(common).files(DIRECTORY)} if common else {}
    after = {entry.path: entry.object_id for entry in repository.tree(commit).files(DIRECTORY)}
    changed = sorted(path for path in {*before, *after} if before.get(path) != after.get(path))
    if not changed:
        return ""
    names = ", ".join(path.removeprefix(f"{DIRECTORY}/") for path in changed[:5])
    more = f" and {len(changed) - 5} more" if len(changed) > 5 else ""
    return f"It changes the settings ({names}{more}): they have no say in this, and would be in force once merged."
