"""Which version changed a key, and which versions meet a search: questions over the facts of many versions.

1. A version is compared with its base (the latest release before it, by ancestry), not with its neighbour in a list:
   two candidates side by side have nothing from each other.
2. A version that has the key and no base brought it; one whose base has it, and that has it no longer, took it away.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping, Sequence

from reviewtui.catalog import ModelVersion
from reviewtui.diff.values import same_value
from reviewtui.errors import UsageError
from reviewtui.facts.model import Fact, Value, VersionFacts, display_keys
from reviewtui.history import HistoryEvent, time_text
from reviewtui.library import VersionLibrary
from reviewtui.overview import VersionStatus
from reviewtui.project import Project
from reviewtui.search import Facts, parse_search
from reviewtui.values import dataclass


@dataclass(frozen=True, slots=True)
class KeyChange:
    """One version that changed a key. `before` and `after` are () where the key is missing, else (value,).

    `author` is the author of the version's commit, whoever made its tag.
    """

    status: VersionStatus
    base: ModelVersion | None
    category: str
    key: str
    before: tuple[Value, ...]
    after: tuple[Value, ...]
    author: str = ""
    approved_by: tuple[str, ...] = ()

    @property
    def kind(self) -> str:
        """added, removed or changed."""
        return "added" if not self.before else "removed" if not self.after else "changed"


@dataclass(frozen=True, slots=True)
class FoundVersion:
    """A version that meets a search, with the keys that were asked for."""

    status: VersionStatus
    matched: tuple[tuple[str, Value], ...]


def blame(project: Project, model: str, key: str) -> tuple[KeyChange, ...]:
    """The versions of one model that changed a config key or a metric, newest first.

    Raises: UnknownVersionError for the model, UsageError where no version has such a key.
    """
    statuses, library = project.overview(model), project.library
    versions = [status.version for status in statuses]
    _load(library, versions)
    library.load_ancestry(versions)
    approvers = approvers_by_name(project.history(model))
    commits = library.repository.commits({version.commit for version in versions})
    known: dict[tuple[str, str], None] = {}
    found: list[KeyChange] = []
    for status in statuses:
        base = library.base_of(status.version).version
        after = _keyed(library.facts(status.version))
        before = _keyed(library.facts(base)) if base is not None else {}
        known |= dict.fromkeys((*after, *before))
        for place in sorted(_named(key, {**before, **after})):
            old, new = before.get(place, ()), after.get(place, ())
            if not _same(old, new):
                info = commits.get(status.version.commit)
                author = info.author.name if info else ""
                approved = approvers.get(status.version.name, ())
                found.append(KeyChange(status, base, *place, old, new, author, approved))
    if not found and not _named(key, known):
        raise UsageError(f"No version of {model} has a key {key}.", hint=_nearest(key, [name for _, name in known]))
    return tuple(found)


def search(project: Project, expression: str, model: str | None = None) -> tuple[FoundVersion, ...]:
    """The versions that meet an expression, in the order of the list.

    Raises: UsageError where it cannot be read, or asks for a key that no version has; UnknownVersionError.
    """
    asked = parse_search(expression)
    statuses = project.overview(model)
    _load(project.library, [status.version for status in statuses])
    found, missing = [], {*asked.names()}
    for status in statuses:
        facts = searchable(status, project.facts(status.version))
        missing -= asked.known(facts) if missing else set()
        if asked.holds(facts):
            found.append(FoundVersion(status, asked.matched(facts)))
    if missing and statuses:
        named = ", ".join(sorted(missing))
        raise UsageError(f"No version has {named}.", hint="reviewtui show VERSION lists the keys of a version.")
    return tuple(found)


def searchable(status: VersionStatus, facts: VersionFacts) -> Facts:
    """What a search can ask of a version."""
    version = status.version
    return {
        "config": _pairs(facts.config),
        "metrics": _pairs(facts.metrics),
        "environment": [(file.path, file.text) for file in facts.environment],
        "version": [
            ("name", version.name), ("model", version.model), ("version", version.version),
            ("kind", version.kind.value), ("state", status.state), ("author", version.author),
            ("subject", version.subject), ("created", time_text(version.created)), ("commit", version.commit),
            ("approvals", status.approvals), ("stage", list(version.stages)),
        ],
    }  # fmt: skip


def approvers_by_name(events: Iterable[HistoryEvent]) -> dict[str, tuple[str, ...]]:
    """Whose approval each version has: those whom its release tag names, else those whose approval counts now."""
    named: dict[str, tuple[str, ...]] = {}
    counted: dict[str, dict[str, None]] = {}
    for event in events:
        if event.approved_by:
            named[event.name] = event.approved_by
        if event.event == "approve" and event.record is not None and event.record.entry.counted:
            counted.setdefault(event.name, {})[event.actor] = None
    return {name: tuple(people) for name, people in counted.items()} | named


def _load(library: VersionLibrary, versions: Sequence[ModelVersion]) -> None:
    """Read the trees of many versions at once."""
    newest = {version.model: version for version in reversed(versions)}
    paths = sorted({library.files.sources(each.model, each.commit).path for each in newest.values()})
    library.repository.trees([each.commit for each in versions], paths=paths)


def _keyed(facts: VersionFacts) -> dict[tuple[str, str], tuple[Value, ...]]:
    return {
        (category, key): (value,)
        for category, pairs in (("config", _pairs(facts.config)), ("metrics", _pairs(facts.metrics)))
        for key, value in pairs
    }


def _pairs(facts: tuple[Fact, ...]) -> list[tuple[str, Value]]:
    return [(key, fact.value) for key, fact in zip(display_keys(facts), facts, strict=True)]


def _named(key: str, known: Mapping[tuple[str, str], object]) -> list[tuple[str, str]]:
    """The keys that a word means: the very one (also as config.KEY or metrics.KEY), else those that end in it."""
    ending = f".{key}".casefold()
    return list(_exact(key, known)) or [place for place in known if f".{place[1]}".casefold().endswith(ending)]


def _same(before: tuple[Value, ...], after: tuple[Value, ...]) -> bool:
    return len(before) == len(after) and (not before or same_value(before[0], after[0]))


def _nearest(key: str, known: list[str]) -> str:
    nearest = difflib.get_close_matches(key, known, n=3) or known[:8]
    return f"There are: {', '.join(nearest)}." if nearest else ""


def _exact(key: str, known: Mapping[tuple[str, str], object]) -> Iterator[tuple[str, str]]:
    for category, name in known:
        if key in (name, f"{category}.{name}", name.rpartition(":")[2]):
            yield category, name
