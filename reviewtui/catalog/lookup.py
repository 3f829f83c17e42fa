"""A name somebody typed → the one version it means; and commits as versions.

Names are compared as they are, letter case and all: what is only like a name is offered, never taken.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reviewtui.catalog.gto import parse_gto
from reviewtui.catalog.model import SHORT_HASH, ModelVersion, RegistryEvent, VersionCatalog, VersionKind
from reviewtui.errors import UnknownVersionError
from reviewtui.git.objects import CommitInfo, ObjectId, RefName
from reviewtui.values import replace

_SHORTEST_PREFIX = 4
_MOST_COMPARED = 20_000
_MOST_LISTED = 8
_LISTED_HERE = "`reviewtui list` shows them all."


def find_version(catalog: VersionCatalog, name: str) -> ModelVersion:
    """The version that a name means: MODEL@VERSION (v optional), a full or short ref name, a GTO tag name, MODEL#STAGE,
    the hash of a commit that is a version, or VERSION alone where there is one model.

    Raises: UnknownVersionError where none fits, with the nearest names, or several do, with all of them.
    """
    found = _matches(catalog, name)
    if len(found) == 1:
        return found[0]
    if found:
        candidates = _distinct_names(found)
        listed = ", ".join(candidates[:_MOST_LISTED]) + (", …" if len(candidates) > _MOST_LISTED else "")
        raise UnknownVersionError(
            f"{name} names {len(found)} versions: {listed}.", candidates=candidates, hint="Use one of their full names."
        )
    raise _unknown(catalog, name)


def commit_version(model: str, commit: CommitInfo, *, length: int = SHORT_HASH) -> ModelVersion:
    """A commit as a version of a model, named by its short hash."""
    return ModelVersion(
        model=model,
        version=commit.object_id[:length],
        kind=VersionKind.COMMIT,
        ref=RefName(""),
        commit=commit.object_id,
        created=commit.committed,
        author=commit.author.name,
        subject=commit.message.partition("\n")[0],
    )


def commit_versions(model: str, commits: Sequence[CommitInfo]) -> tuple[ModelVersion, ...]:
    """Commits, newest first, as versions of a model.

    A short hash that an older commit has already is lengthened, so that no name changes when commits are added.
    """
    taken: set[str] = set()
    versions = []
    for commit in reversed(commits):
        length = SHORT_HASH
        while commit.object_id[:length] in taken and length < len(commit.object_id):
            length += 1
        taken.add(commit.object_id[:length])
        versions.append(commit_version(model, commit, length=length))
    return tuple(reversed(versions))


def with_versions(catalog: VersionCatalog, versions: Iterable[ModelVersion]) -> VersionCatalog:
    """The catalog with more versions, such as commits, each after those of its model that are there."""
    return replace(catalog, versions=tuple(sorted((*catalog.versions, *versions), key=lambda version: version.model)))


def _matches(catalog: VersionCatalog, name: str) -> list[ModelVersion]:
    refs = _ref_spellings(name)
    model, at, version = name.rpartition("@")
    model, version = model.replace("=", ":"), version.removeprefix("v")
    alone = not at and len(catalog.models) == 1
    found = [
        row
        for row in catalog.versions
        if (row.version == version and (alone or (at and row.model == model)))
        or row.ref in refs
        or (row.other_refs and not refs.isdisjoint(row.other_refs))
        or (row.kind is VersionKind.COMMIT and _abbreviates(version if at else name, row.commit, model, row.model))
    ]
    return found or _by_gto(catalog, name, refs)


def _ref_spellings(name: str) -> frozenset[str]:
    if name.startswith("refs/"):
        return frozenset({name})
    places = ("refs/", "refs/tags/", "refs/heads/", "refs/remotes/")
    return frozenset(place + name for place in places)


def _abbreviates(text: str, commit: ObjectId, model: str, owner: str) -> bool:
    return len(text) >= _SHORTEST_PREFIX and commit.startswith(text) and model in ("", owner)


def _by_gto(catalog: VersionCatalog, name: str, refs: frozenset[str]) -> list[ModelVersion]:
    tag = parse_gto(name)
    about = [event for event in catalog.events if event.ref in refs and event.version]
    if about:
        return [row for row in catalog.versions if any(_is_about(event, row) for event in about)]
    if tag is None or not tag.stage or tag.counter is not None:
        return []
    return [row for row in catalog.of_model(tag.model) if tag.stage in row.stages]


def _is_about(event: RegistryEvent, row: ModelVersion) -> bool:
    return (row.model, row.version) == (event.model, event.version) and (not event.stage or row.commit == event.commit)


def _distinct_names(found: Sequence[ModelVersion]) -> tuple[str, ...]:
    names = [row.name for row in found]
    return tuple((row.ref or row.commit) if names.count(row.name) > 1 else row.name for row in found)


def _unknown(catalog: VersionCatalog, name: str) -> UnknownVersionError:
    if not catalog.versions:
        return UnknownVersionError(f"There is no version {name}: no tag, branch or commit here names one.")
    bare = name.removeprefix("v")
    same = tuple(row.name for row in catalog.versions if row.version == bare)
    if same and "@" not in name:
        perhaps = ", ".join(same[:_MOST_LISTED])
        return UnknownVersionError(
            f"{name} does not say which model: there are {len(catalog.models)}. Perhaps {perhaps}.",
            candidates=same,
            hint="Write MODEL@VERSION.",
        )
    nearest = _nearest(catalog, name)
    perhaps = f" The nearest: {', '.join(nearest)}." if nearest else ""
    return UnknownVersionError(f"There is no version {name}.{perhaps}", candidates=nearest, hint=_LISTED_HERE)


def _nearest(catalog: VersionCatalog, name: str) -> tuple[str, ...]:
    import difflib  # Only a name that is not found needs it.

    model, at, version = name.rpartition("@")
    rows = (catalog.of_model(model) if at else ()) or catalog.versions
    names = [row.name for row in rows[:_MOST_COMPARED]]
    wanted = f"{model}@{version.removeprefix('v')}" if at else name
    near = difflib.get_close_matches(wanted, names, n=5, cutoff=0.6)
    if near or at:
        return tuple(near)
    bare = {row.version: row.name for row in reversed(rows[:_MOST_COMPARED])}
    return tuple(bare[close] for close in difflib.get_close_matches(name.removeprefix("v"), bare, n=5, cutoff=0.6))
