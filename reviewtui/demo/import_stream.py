"""The commits and early tags of the story as one stream for `git fast-import`, with a mark for each commit."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from reviewtui.demo.story import Committed, Event, TaggedByHand
from reviewtui.git.objects import Person

STAGING = "refs/reviewtui-demo/"
"""Where the import keeps its branches, until the story moves the real ones commit by commit."""


def import_stream(events: Sequence[Event]) -> bytes:
    """The stream. The n-th commit of the story has mark n, counted from 1."""
    tips: dict[str, int] = {}
    parts: list[bytes] = []
    mark = 0
    for event in events:
        match event:
            case Committed():
                mark += 1
                parent = tips.get(event.branch, tips.get("main"))
                parts.append(_commit(event, mark, [tip for tip in (parent, tips.get(event.merged)) if tip]))
                tips[event.branch] = mark
            case TaggedByHand():
                parts.append(_tag(event, tips["main"]))
            case _:
                pass
    return b"".join(parts)


def _commit(event: Committed, mark: int, parents: list[int]) -> bytes:
    head = [
        f"commit {STAGING}{event.branch}",
        f"mark :{mark}",
        f"author {_stamp(event.author, event.at)}",
        f"committer {_stamp(event.author, event.at)}",
    ]
    links = [f"{word} :{parent}" for word, parent in zip(("from", "merge"), parents, strict=False)]
    files = b"".join(f"M 100644 inline {path}\n".encode() + _data(text) for path, text in event.files.items())
    return _lines(head) + _data(event.message + "\n") + _lines(links) + files + b"\n"


def _tag(event: TaggedByHand, mark: int) -> bytes:
    head = [f"tag {event.name}", f"from :{mark}", f"tagger {_stamp(event.tagger, event.at)}"]
    return _lines(head) + _data(event.message + "\n")


def _stamp(person: Person, at: datetime) -> str:
    return f"{person.name} <{person.email}> {int(at.timestamp())} +0000"


def _data(text: str) -> bytes:
    content = text.encode()
    return b"data %d\n%s\n" % (len(content), content)


def _lines(lines: list[str]) -> bytes:
    return "".join(f"{line}\n" for line in lines).encode()
