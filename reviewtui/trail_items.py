"""Item: one thing that is going to be told, and its place among the others; Agenda: the places of all, in order."""

from __future__ import annotations

from collections.abc import Iterator

from reviewtui.catalog import ModelVersion, RegistryEvent, VersionKind
from reviewtui.git.objects import ObjectId
from reviewtui.history import time_text
from reviewtui.past_releases import Epoch
from reviewtui.policy.changes import POLICY_MODEL
from reviewtui.records import RecordedLine
from reviewtui.review import record_id
from reviewtui.signing.envelope import Envelope, MalformedEnvelopeError
from reviewtui.spill import Spill
from reviewtui.statement import MalformedRecordError, decode_statement
from reviewtui.trail_index import NotedLine
from reviewtui.values import dataclass

_SETTINGS, _PROPOSED, _RECORDED, _RELEASED = range(4)
"""Of one second: first the rules, then what was proposed, what was said of it, and what became of it."""

_FAMILY = "urn:reviewtui:"

Order = tuple[bool, str, int, str, str, str]

Source = tuple[int, int, int]
"""Where a thing can be found again: what it is, its number among those, and the number of a part of it."""


class Agenda:
    """Where everything is found that will be told, in the order in which it will; in a temporary file."""

    def __init__(self) -> None:
        self._spill = Spill(
            "CREATE TABLE items (late INTEGER, at BLOB, place INTEGER, name BLOB, tie BLOB, last BLOB,"
            " what INTEGER, number INTEGER, part INTEGER)"
        )

    def add(self, order: Order, source: Source) -> None:
        """Put one thing in its place; of two with the same place the first stays the first."""
        late, at, place, name, tie, last = order
        texts = (_bytes(at), place, _bytes(name), _bytes(tie), _bytes(last))
        self._spill.run("INSERT INTO items VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", late, *texts, *source)

    def sources(self) -> Iterator[Source]:
        """Every thing, in order."""
        order = "late, at, place, name, tie, last, rowid"
        return (
            (what, number, part)
            for what, number, part in self._spill.rows(f"SELECT what, number, part FROM items ORDER BY {order}")
        )


def _bytes(text: str) -> bytes:
    """Text as bytes that have the same order. Names of refs may hold halves of characters."""
    return text.encode("utf-8", "surrogatepass")


@dataclass(frozen=True, slots=True)
class Item:
    """What is told is one of `line`, `other`, `registry`, `epoch`, or else `version` itself. `ref` is a notes ref."""

    order: Order
    model: str
    name: str
    version: ModelVersion | None = None
    line: NotedLine | None = None
    other: NotedLine | None = None
    registry: RegistryEvent | None = None
    epoch: Epoch | None = None
    ref: str = ""


def version_item(version: ModelVersion, *, public_ref: str) -> Item:
    """A candidate, a commit or a release."""
    place = _RELEASED if version.kind is VersionKind.RELEASE else _PROPOSED
    order = _order(time_text(version.created), place, version.name, public_ref, version.commit)
    return Item(order, version.model, version.name, version)


def line_item(line: NotedLine, version: ModelVersion | None, *, ref: str) -> Item:
    """A recorded line."""
    name = "@".join(line.about) if line.about else version.name if version is not None else ""
    model = line.about[0] if line.about else version.model if version is not None else ""
    order = _order(line.at or time_text(line.time), _RECORDED, name, line.id, line.commit + line.digest.hex())
    return Item(order, model, name, version, line, ref=ref)


def other_item(line: NotedLine, *, ref: str) -> Item:
    """A line of the pipeline's, the data's or the feedback's notes."""
    name = "@".join(line.about) if line.about else ""
    place = line.id + line.commit + line.digest.hex()
    order = _order(line.at or time_text(line.time), _PROPOSED, name, ref, place)
    return Item(order, line.about[0] if line.about else "", name, other=line, ref=ref)


def registry_item(event: RegistryEvent) -> Item:
    """A tag of a registry's grammar that is no version."""
    name = f"{event.model}@{event.version}" if event.version else event.model
    order = _order(time_text(event.created), _RELEASED, name, event.ref, event.commit)
    return Item(order, event.model, name, registry=event)


def change_item(version: ModelVersion, epoch: Epoch) -> Item:
    """A change of the settings."""
    order = _order(time_text(epoch.since), _SETTINGS, version.name, version.commit, "")
    return Item(order, POLICY_MODEL, version.name, version, epoch=epoch)


def other_line(commit: ObjectId, line: bytes) -> RecordedLine:
    """A line of a notes ref that holds no reviews: its id, and the version that it says it is about."""
    try:
        payload = Envelope.from_line(line).payload
    except MalformedEnvelopeError:
        return RecordedLine(commit, line, record_id(line), None)
    try:
        model, at, version = decode_statement(payload, family=_FAMILY).name.rpartition("@")
    except MalformedRecordError:
        return RecordedLine(commit, line, record_id(payload), None)
    return RecordedLine(commit, line, record_id(payload), None, (model, version) if at else None)


def _order(at: str, place: int, name: str, tie: str, last: str) -> Order:
    return not at, at, place, name, tie, last
