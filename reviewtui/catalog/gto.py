"""GTO's grammar of tags beyond NAME@vVERSION: counters, deregistrations, stages, deprecation.

NAME@vVERSION[#N] registers and NAME@vVERSION![#N] deregisters a version; NAME#STAGE[#N] assigns and NAME#STAGE![#N]
unassigns a stage to the version at the tag's commit; NAME@deprecated[#N] and NAME@created[#N] are about the model.
N counts up within a model. Events are ordered by it where each of those compared has one, else by time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from reviewtui.catalog.model import RegistryAction, RegistryEvent
from reviewtui.catalog.naming import LOOSE_VERSION, MODEL
from reviewtui.git.objects import ObjectId
from reviewtui.patterns import pattern
from reviewtui.values import dataclass

_GTO = pattern(
    rf"(?P<model>{MODEL})"
    rf"(?:@v(?P<version>{LOOSE_VERSION})|@(?P<life>deprecated|created)|#(?P<stage>{MODEL}))"
    r"(?P<undo>!)?(?:#(?P<counter>[0-9]{1,18}))?"
)


@dataclass(frozen=True, slots=True)
class GtoTag:
    """A tag's name, taken apart. `action` is None where it registers a version."""

    model: str
    action: RegistryAction | None
    version: str = ""
    stage: str = ""
    counter: int | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """When a tag was made: its counter where it has one, and the time it claims."""

    counter: int | None
    created: int | None


def parse_gto(name: str) -> GtoTag | None:
    """The parts of a tag's short name, or None where it is not of GTO's grammar."""
    found = _GTO.fullmatch(name)
    if found is None or (found["life"] and found["undo"]):
        return None
    counter = int(found["counter"]) if found["counter"] else None
    action = _action(found["version"], found["life"], undone=bool(found["undo"]))
    return GtoTag(found["model"].replace("=", ":"), action, found["version"] or "", found["stage"] or "", counter)


def beyond_plain_version(name: str) -> bool:
    """Whether a tag's short name has what only GTO's grammar has."""
    return "#" in name or "!" in name or name.endswith(("@deprecated", "@created"))


def in_order(moments: Sequence[Moment]) -> list[int]:
    """The positions of moments, earliest first."""
    if all(moment.counter is not None for moment in moments):
        return sorted(range(len(moments)), key=lambda at: (moments[at].counter or 0, moments[at].created or 0))
    return sorted(range(len(moments)), key=lambda at: (moments[at].created or 0, moments[at].counter or 0))


def current_stages(events: Iterable[RegistryEvent]) -> dict[tuple[str, ObjectId], tuple[str, ...]]:
    """The stages that stand, by model and commit.

    A stage belongs to the commit it was last assigned to and not taken from since: taking it from that one gives it
    back to the one before, as GTO has it.
    """
    histories: dict[tuple[str, str], list[RegistryEvent]] = {}
    for event in events:
        if event.stage:
            histories.setdefault((event.model, event.stage), []).append(event)
    standing: dict[tuple[str, ObjectId], list[str]] = {}
    for (model, stage), history in sorted(histories.items()):
        holder = _holder(history)
        if holder is not None:
            standing.setdefault((model, holder), []).append(stage)
    return {key: tuple(stages) for key, stages in standing.items()}


def deprecated_models(events: Iterable[RegistryEvent]) -> frozenset[str]:
    """The models whose latest word on themselves is that they are deprecated."""
    lives: dict[str, list[RegistryEvent]] = {}
    for event in events:
        if event.action in (RegistryAction.DEPRECATE, RegistryAction.CREATE):
            lives.setdefault(event.model, []).append(event)
    return frozenset(
        model
        for model, life in lives.items()
        if life[in_order([Moment(event.counter, event.created) for event in life])[-1]].action
        is RegistryAction.DEPRECATE
    )


def _action(version: str | None, life: str | None, *, undone: bool) -> RegistryAction | None:
    if version:
        return RegistryAction.DEREGISTER if undone else None
    if life:
        return RegistryAction.DEPRECATE if life == "deprecated" else RegistryAction.CREATE
    return RegistryAction.UNASSIGN if undone else RegistryAction.ASSIGN


def _holder(history: Sequence[RegistryEvent]) -> ObjectId | None:
    assigned: dict[ObjectId, None] = {}
    for at in in_order([Moment(event.counter, event.created) for event in history]):
        assigned.pop(history[at].commit, None)
        if history[at].action is RegistryAction.ASSIGN:
            assigned[history[at].commit] = None
    return next(reversed(assigned), None)
