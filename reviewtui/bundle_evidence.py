"""BundleEvidence: what a verifier is handed beside Git: the facts that people signed, and the settings, as JSON.

All of it can be told from Git; a verifier that reads no YAML, and knows nothing of DVC, is handed it ready. Facts are
named by the digests that signatures vouch for.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.errors import SettingsError
from reviewtui.facts.model import VersionFacts
from reviewtui.git.objects import ObjectId, Ref, RefName
from reviewtui.git.repository import Repository
from reviewtui.library import VersionLibrary
from reviewtui.policy.located_yaml import MAX_BYTES, Node, read_yaml
from reviewtui.policy.model import POLICY_FILE
from reviewtui.release import ReleaseRecord, parse_release_tag
from reviewtui.settings import CONFIG_FILE, DIRECTORY, load_settings
from reviewtui.trail import TrailEvent
from reviewtui.values import dataclass, field

Place = tuple[str, str, ObjectId]
"""A model, a version ("" for a bare commit), and the commit."""


@dataclass(slots=True)
class NamedFacts:
    """The digests that a trail names, by place; and what the release tags among its events say."""

    wanted: dict[Place, set[str]] = field(default_factory=dict)
    tags: dict[Place, ObjectId] = field(default_factory=dict)

    def take(self, event: TrailEvent) -> None:
        """Note down what an event names."""
        if event.commit and event.model:
            place = (event.model, event.version, ObjectId(event.commit))
            self.wanted.setdefault(place, set()).update(digest for _, digest in event.digests)
            if event.event == "released" and event.tag:
                self.tags[place] = ObjectId(event.tag)


class BundleEvidence:
    """Reads versions under the settings that they were judged by."""

    def __init__(self, repository: Repository, refs: tuple[Ref, ...], trusted: ObjectId | None) -> None:
        self._repository = repository
        self._refs = refs
        commits = repository.commits_changing(trusted, [DIRECTORY], first_parent=True) if trusted else ()
        self._policies = {
            each.object_id: load_settings(repository.tree(each.object_id)).policy_blob for each in commits
        }
        self._libraries: dict[ObjectId | None, VersionLibrary] = {}
        self._index: dict[str, Any] = {}

    def settings(self) -> Iterator[tuple[str, bytes]]:
        """(name of a file, bytes): policy.yaml and config.yaml of every change, all scalars as they are written."""
        found: dict[str, bytes] = {}
        for epoch in self._policies:
            tree = self._repository.tree(epoch)
            for path in (POLICY_FILE, CONFIG_FILE):
                entry = tree.entry(path)
                if entry is not None and entry.is_file:
                    name = f"settings/{entry.object_id}.json"
                    found[name] = found.get(name) or _json(_scalars(tree.read(entry, limit=MAX_BYTES), path))
        yield from sorted(found.items())

    def facts(self, named: NamedFacts) -> Iterator[tuple[str, bytes]]:
        """(name of a file, bytes): the canonical text behind each digest, and INDEX.json last."""
        tags = self._repository.tags(named.tags.values())
        for place in sorted({*named.wanted, *named.tags}):
            tag = tags.get(named.tags[place]) if place in named.tags else None
            record = parse_release_tag(tag) if tag is not None else None
            wanted = {*named.wanted.get(place, ()), *(digest for _, digest in (record.facts if record else ()))}
            if wanted and self._repository.commits([place[2]]):
                yield from self._of_place(place, wanted, record)
        yield "facts/INDEX.json", _json(self._index)

    def _of_place(self, place: Place, wanted: set[str], record: ReleaseRecord | None) -> Iterator[tuple[str, bytes]]:
        """The facts of a version, read by one settings after another until nothing that was signed is missing."""
        missing = set(wanted)
        for epoch in self._in_question(record.policy if record else None):
            facts = self._read(place, epoch)
            texts = _texts(facts)
            if missing & texts.keys():
                yield from ((_name(digest), text) for digest, text in texts.items() if digest in missing)
                missing -= texts.keys()
                if record is not None:
                    yield from self._indexed(place, facts, record, epoch)
                    record = None
            if not missing:
                return

    def _indexed(
        self, place: Place, facts: VersionFacts, record: ReleaseRecord, epoch: ObjectId | None
    ) -> Iterator[tuple[str, bytes]]:
        """A release, and the base that it was compared with, each with where its model is kept."""
        self._index[_key(place)] = {**facts.digests(), "places": self._places(place, facts, epoch)}
        number, _, commit = record.base.rpartition(" ")
        base = (place[0], number, ObjectId(commit))
        if commit and self._repository.commits([base[2]]):
            before = self._read(base, epoch)
            self._index[_key(base)] = {**before.digests(), "places": self._places(base, before, epoch)}
            yield from ((_name(digest), text) for digest, text in _texts(before).items())

    def _in_question(self, policy: ObjectId | None) -> Iterable[ObjectId | None]:
        """The settings to read a version by: those with its policy first, then the others, the newest first."""
        own = [epoch for epoch, blob in self._policies.items() if policy is not None and blob == policy]
        return (*own, *(epoch for epoch in self._policies if epoch not in own)) or (None,)

    def _library(self, epoch: ObjectId | None) -> VersionLibrary:
        if epoch not in self._libraries:
            settings = load_settings(self._repository.tree(epoch) if epoch else None)
            parsed = next(iter(self._libraries.values())).parsed if self._libraries else None
            self._libraries[epoch] = VersionLibrary(self._repository, self._refs, settings, parsed=parsed)
        return self._libraries[epoch]

    def _read(self, place: Place, epoch: ObjectId | None) -> VersionFacts:
        model, number, commit = place
        if model == DIRECTORY:
            return VersionFacts(commit)
        kind = VersionKind.RELEASE if number else VersionKind.COMMIT
        return self._library(epoch).facts(ModelVersion(model, number, kind, RefName(""), commit))

    def _places(self, place: Place, facts: VersionFacts, epoch: ObjectId | None) -> list[str]:
        """What a commit must touch to have a part in the version; "" is the root."""
        path = self._library(epoch).files.sources(place[0], place[2]).path
        read = {file for _, files in facts.files for file in files}
        outside = sorted(file for file in read if not file.startswith(f"{path}/"))
        return [""] if path == "." else [path, *outside]


def _texts(facts: VersionFacts) -> Mapping[str, bytes]:
    return {digest: facts.canonical(category) for category, digest in facts.digests().items()}


def _name(digest: str) -> str:
    return f"facts/{digest.removeprefix('sha256:')}.txt"


def _key(place: Place) -> str:
    return f"{place[0]}@{place[1]} {place[2]}"


def _scalars(data: bytes, path: str) -> Any:
    try:
        return _plain(read_yaml(data, file=path))
    except SettingsError:
        return None  # What cannot be read closes every gate; a verifier finds no policy in it either.


def _plain(node: Node) -> Any:
    if node.pairs is not None:
        return {key: _plain(each) for key, each in node.pairs.items()}
    return [_plain(each) for each in node.items] if node.items is not None else node.scalar


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, sort_keys=True).encode("ascii") + b"\n"
