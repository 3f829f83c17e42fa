"""Refs → VersionCatalog.

1. Each ref is named by the first pattern that fits it (`reading`).
2. A name without a model belongs to the only declared model; among several, to the one named as the repository. Where
   none is declared, to the only model that other refs name with @ or /, else to one named as the repository.
3. Refs that name one version at one commit are one version; at different commits each is shown, with a note.
4. GTO's deregistrations, deprecations and stages are put on the versions they are about (`gto`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from operator import attrgetter

from reviewtui.catalog.gto import Moment, current_stages, deprecated_models, in_order
from reviewtui.catalog.model import (
    ModelVersion,
    PassedOverRef,
    RegistryAction,
    RegistryEvent,
    VersionCatalog,
    VersionKind,
)
from reviewtui.catalog.naming import DEFAULT_BRANCHES, DEFAULT_TAGS
from reviewtui.catalog.order import version_order
from reviewtui.catalog.reading import NamedRef, RefReader
from reviewtui.git.objects import ObjectId, Ref, RefName
from reviewtui.values import replace

_Key = tuple[str, str]


def build_catalog(
    refs: Iterable[Ref],
    *,
    tag_patterns: Sequence[str] = DEFAULT_TAGS,
    branch_patterns: Sequence[str] = DEFAULT_BRANCHES,
    models: Sequence[str] = (),
    repository_name: str = "model",
    remotes: Sequence[str] = (),
) -> VersionCatalog:
    """The versions that refs name.

    `models` are the declared ones; `remotes` the configured remotes, needed only where the name of one holds a slash.

    Raises: SettingsError where a pattern cannot name a version.
    """
    reader = RefReader(tag_patterns, branch_patterns, remotes)
    reader.read(refs)
    named, homeless = _with_models(reader.named, models=models, repository_name=repository_name)
    rows = _newest_first(_with_lookalikes(_rows(named, _deregistered(named, reader.events))))
    events, about_nothing = _located(reader.events, rows)
    rows = _with_registry_words(rows, events)
    passed_over = sorted([*reader.passed_over, *homeless, *about_nothing], key=lambda passed: passed.ref)
    return VersionCatalog(tuple(rows), tuple(passed_over), tuple(events))


def _newest_first(rows: list[ModelVersion]) -> list[ModelVersion]:
    # Sorting is stable: rows of one version stay as `_folded` has them, releases first.
    rows.sort(key=lambda row: version_order(row.version), reverse=True)
    rows.sort(key=attrgetter("model"))
    return rows


def _with_models(
    named: Sequence[NamedRef], *, models: Sequence[str], repository_name: str
) -> tuple[list[NamedRef], list[PassedOverRef]]:
    known = models or sorted({item.model for item in named if item.model and item.explicit})
    fallback = repository_name if not models or repository_name in models else ""
    home = known[0] if len(known) == 1 else fallback
    reason = f"It names no model, and there are several: {', '.join(known)}."
    homeless = [] if home else [PassedOverRef(item.ref.name, reason) for item in named if not item.model]
    return [item if item.model else _at_home(item, home) for item in named if item.model or home], homeless


def _at_home(item: NamedRef, home: str) -> NamedRef:
    return NamedRef(item.ref, item.commit, home, item.version, item.kind, item.rank, item.counter, item.explicit)


def _deregistered(named: Sequence[NamedRef], events: Sequence[RegistryEvent]) -> frozenset[RefName]:
    withdrawals: dict[_Key, list[RegistryEvent]] = {}
    for event in events:
        if event.action is RegistryAction.DEREGISTER:
            withdrawals.setdefault((event.model, event.version), []).append(event)
    if not withdrawals:
        return frozenset()
    registrations: dict[_Key, list[NamedRef]] = {}
    for item in named:
        if item.kind is VersionKind.RELEASE and (item.model, item.version) in withdrawals:
            registrations.setdefault((item.model, item.version), []).append(item)
    gone: set[RefName] = set()
    for key, items in registrations.items():
        moments = [Moment(event.counter, event.created) for event in withdrawals[key]]
        order = in_order([*moments, *(Moment(item.counter, item.ref.created) for item in items)])
        last = max(place for place, at in enumerate(order) if at < len(moments))
        gone.update(items[at - len(moments)].ref.name for at in order[:last] if at >= len(moments))
    return frozenset(gone)


def _rows(named: Sequence[NamedRef], gone: frozenset[RefName]) -> list[ModelVersion]:
    versions: dict[_Key, list[NamedRef]] = {}
    for item in named:
        versions.setdefault((item.model, item.version), []).append(item)
    rows: list[ModelVersion] = []
    for items in versions.values():
        if len(items) == 1:
            rows.append(_row(items, gone))
        else:
            rows.extend(_folded(items, gone))
    return rows


def _folded(items: list[NamedRef], gone: frozenset[RefName]) -> list[ModelVersion]:
    places: dict[ObjectId, list[NamedRef]] = {}
    for item in sorted(items, key=_precedence):
        places.setdefault(item.commit, []).append(item)
    rows = [_row(place, gone) for place in places.values()]
    if len(rows) == 1:
        return rows
    return [replace(row, note=_differs(row, [other for other in rows if other is not row])) for row in rows]


def _precedence(item: NamedRef) -> tuple[bool, bool, int, bool, int, str]:
    return (
        item.kind is not VersionKind.RELEASE,
        item.ref.name.startswith("refs/remotes/"),
        item.rank,
        item.counter is not None,
        -(item.counter or 0),
        item.ref.name,
    )


def _row(items: Sequence[NamedRef], gone: frozenset[RefName]) -> ModelVersion:
    first, ref = items[0], items[0].ref
    releases = [item for item in items if item.kind is VersionKind.RELEASE] if gone else []
    withdrawn = bool(releases) and all(item.ref.name in gone for item in releases)
    return ModelVersion(
        model=first.model,
        version=first.version,
        kind=first.kind,
        ref=ref.name,
        commit=first.commit,
        tag=ref.object_id if ref.object_type == "tag" else None,
        other_refs=tuple(item.ref.name for item in items[1:]) if len(items) > 1 else (),
        created=ref.created,
        author=ref.creator.name if ref.creator else "",
        subject=ref.subject,
        note="deregistered" if withdrawn else "",
        deregistered=withdrawn,
    )


def _with_lookalikes(rows: list[ModelVersion]) -> list[ModelVersion]:
    names = {row.name for row in rows}
    if len({name.lower() for name in names}) == len(names):
        return rows
    alike: dict[str, set[str]] = {}
    for name in names:
        alike.setdefault(name.lower(), set()).add(name)
    return [
        replace(row, note=_joined(row.note, *(f"written almost like {name}" for name in sorted(others))))
        if (others := alike[row.name.lower()] - {row.name})
        else row
        for row in rows
    ]


def _differs(row: ModelVersion, others: Sequence[ModelVersion]) -> str:
    refs = ", ".join(other.ref for other in others)
    return _joined(row.note, f"differs on {refs}")


def _located(
    events: Sequence[RegistryEvent], rows: Sequence[ModelVersion]
) -> tuple[list[RegistryEvent], list[PassedOverRef]]:
    if not events:
        return [], []
    known = {(row.model, row.version) for row in rows}
    versions_at: dict[tuple[str, ObjectId], str] = {}
    # A stage is the newest release's where one commit carries several versions.
    for row in sorted(rows, key=lambda row: row.kind is not VersionKind.RELEASE):
        versions_at.setdefault((row.model, row.commit), row.version)
    located, nowhere = [], []
    for event in events:
        version = event.version or versions_at.get((event.model, event.commit), "")
        located.append(replace(event, version=version) if event.stage else event)
        if event.stage and not version:
            reason = f"It sets stage {event.stage} of {event.model} on a commit that is no version of it."
            nowhere.append(PassedOverRef(event.ref, reason))
        elif event.action is RegistryAction.DEREGISTER and (event.model, event.version) not in known:
            reason = f"It deregisters {event.model}@{event.version}, which no tag registers."
            nowhere.append(PassedOverRef(event.ref, reason))
    return located, nowhere


def _with_registry_words(rows: list[ModelVersion], events: Sequence[RegistryEvent]) -> list[ModelVersion]:
    if not events:
        return rows
    stages, deprecated = current_stages(events), deprecated_models(events)
    staged = {(event.model, event.version, event.commit) for event in events if event.stage}
    return [
        replace(
            row,
            stages=stages.get((row.model, row.commit), ()) if (row.model, row.version, row.commit) in staged else (),
            note=_joined(row.note, "model deprecated" if row.model in deprecated else ""),
        )
        for row in rows
    ]


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
