"""Refs: read by one for-each-ref; a repository with broken objects is read by a longer way, not refused."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Sequence

from reviewtui.errors import GitCommandError
from reviewtui.git.catfile import CatFile
from reviewtui.git.objects import ObjectId, Person, Ref, RefName
from reviewtui.git.parsing import MalformedObjectError, parse_commit, parse_tag
from reviewtui.git.process import Git
from reviewtui.patterns import pattern

BROWSED = ("refs/heads", "refs/tags", "refs/remotes")
MAX_NESTING = 16
MAX_TAG_BYTES = 1 << 20

_SEPARATOR = "%00"
_FIELDS = (
    "%(refname)",
    "%(objectname)",
    "%(objecttype)",
    "%(*objectname)",
    "%(*objecttype)",
    "%(symref)",
    "%(creatordate:unix)",
    "%(if)%(author)%(then)%(author)%(else)%(tagger)%(end)",
    "%(contents:subject)",
    "%(if)%(contents:signature)%(then)1%(end)",
)
_BARE_FIELDS = ("%(refname)", "%(objectname)", "%(symref)")
_PERSON = pattern(r"(.*?) ?<([^>]*)>")


def read_refs(git: Git, below: Sequence[str] = BROWSED) -> tuple[Ref, ...]:
    """Every ref below the given places, in the order of their names."""
    try:
        rows = list(_rows(git, _FIELDS, below))
    except GitCommandError:
        return _read_with_broken_objects(git, below)
    nested = {row[1] for row in rows if row[4] == "tag"}
    peeled = peel_tags(git.cat_file, (ObjectId(each) for each in nested)) if nested else {}
    people: dict[str, Person | None] = {}
    return tuple(_ref(row, peeled, people) for row in rows)


def peel_tags(cat_file: CatFile, tags: Iterable[ObjectId]) -> dict[ObjectId, tuple[ObjectId, str]]:
    """Where each tag leads to in the end, and that object's type ("missing" where it is not there)."""
    ends = {tag: tag for tag in tags}
    kinds: dict[ObjectId, str] = dict.fromkeys(ends, "tag")
    for _ in range(MAX_NESTING):
        open_ends = {end for tag, end in ends.items() if kinds[tag] == "tag"}
        if not open_ends:
            break
        targets: dict[ObjectId, tuple[ObjectId, str]] = {each: (each, "missing") for each in open_ends}
        for spec, (_, kind, data) in cat_file.objects(open_ends, limit=MAX_TAG_BYTES).items():
            targets[ObjectId(spec)] = _target(ObjectId(spec), kind, data)
        for tag, end in ends.items():
            if kinds[tag] == "tag":
                ends[tag], kinds[tag] = targets[end]
    infos = cat_file.infos({end for tag, end in ends.items() if kinds[tag] not in ("tag", "missing")})
    return {tag: (end, kinds[tag] if infos.get(end) else "missing") for tag, end in ends.items()}


def is_ref_name(name: str) -> bool:
    """Whether git check-ref-format would take it for a full ref name."""
    parts = name.split("/")
    return (
        len(parts) > 1
        and all(part and not part.startswith(".") and not part.endswith((".lock", ".")) for part in parts)
        and not re.search(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{", name)
    )


def _rows(git: Git, fields: Sequence[str], below: Sequence[str]) -> Iterator[list[str]]:
    layout = _SEPARATOR.join((*fields, ""))
    printed = git.run("for-each-ref", f"--format={layout}", *below).decode("utf-8", "surrogateescape")
    cells = printed.split("\0")
    for start in range(0, len(cells) - len(fields), len(fields)):
        row = cells[start : start + len(fields)]
        row[0] = row[0].lstrip("\n")
        yield row


def _ref(row: list[str], peeled: dict[ObjectId, tuple[ObjectId, str]], people: dict[str, Person | None]) -> Ref:
    """`people` are those that were met: a few people make many thousands of refs."""
    name, object_id, kind, target, target_kind, symref, created, creator, subject, signed = row
    end, end_kind = ObjectId(target or object_id), target_kind or kind
    if ObjectId(object_id) in peeled:
        end, end_kind = peeled[ObjectId(object_id)]
    who = creator[: creator.find(">", creator.find("<")) + 1]
    if who not in people:
        found = _PERSON.match(who)
        people[who] = Person(found[1], found[2]) if found else None
    return Ref(
        name=RefName(name),
        object_id=ObjectId(object_id),
        object_type=sys.intern(kind),
        commit=end if end_kind == "commit" else None,
        peeled_type=sys.intern(end_kind),
        created=int(created) if created.removeprefix("-").isdigit() else None,
        creator=people[who],
        subject=subject,
        symbolic_target=symref,
        signed=bool(signed) and kind == "tag",
    )


def _read_with_broken_objects(git: Git, below: Sequence[str]) -> tuple[Ref, ...]:
    rows = list(_rows(git, _BARE_FIELDS, below))
    objects = git.cat_file.objects({row[1] for row in rows}, limit=MAX_TAG_BYTES)
    tags = [ObjectId(spec) for spec, (_, kind, _) in objects.items() if kind == "tag"]
    peeled = peel_tags(git.cat_file, tags)
    infos = git.cat_file.infos({row[1] for row in rows})
    refs = []
    for name, object_id, symref in rows:
        info = infos[object_id]
        kind = info[1] if info else "missing"
        end, end_kind = peeled.get(ObjectId(object_id), (ObjectId(object_id), kind))
        created, creator, subject, signed = _told(
            ObjectId(object_id), kind, objects[object_id][2] if object_id in objects else b""
        )
        refs.append(
            Ref(
                name=RefName(name),
                object_id=ObjectId(object_id),
                object_type=kind,
                commit=end if end_kind == "commit" else None,
                peeled_type=end_kind,
                created=created,
                creator=creator,
                subject=subject,
                symbolic_target=symref,
                signed=signed,
            )
        )
    return tuple(refs)


def _told(object_id: ObjectId, kind: str, data: bytes) -> tuple[int | None, Person | None, str, bool]:
    try:
        if kind == "commit":
            commit = parse_commit(object_id, data)
            return commit.committed, commit.author, commit.subject, False
        if kind == "tag":
            tag = parse_tag(object_id, data)
            return tag.tagged, tag.tagger, tag.message.partition("\n")[0], tag.signature is not None
    except MalformedObjectError:
        pass  # What cannot be read tells nothing of itself; the ref is shown all the same.
    return None, None, "", False


def _target(tag: ObjectId, kind: str, data: bytes) -> tuple[ObjectId, str]:
    if kind != "tag":
        return tag, kind
    try:
        parsed = parse_tag(tag, data)
    except MalformedObjectError:
        return tag, "missing"
    return parsed.target, parsed.target_type
