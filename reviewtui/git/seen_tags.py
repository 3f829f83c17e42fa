"""The clone's memory of release tags: a ref of our own for each, so that one that was moved or deleted is noticed."""

from __future__ import annotations

from collections.abc import Mapping

from reviewtui.errors import GitCommandError
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.repository import Repository

SEEN_TAGS = "refs/reviewtui/seen/tags/"

_TAGS = "refs/tags/"


def seen_tags(repository: Repository) -> dict[RefName, ObjectId]:
    """{full name of a tag: the object that this clone saw it lead to}."""
    return {
        RefName(_TAGS + name.removeprefix(SEEN_TAGS)): object_id
        for name, object_id in refs_below(repository, SEEN_TAGS.rstrip("/")).items()
    }


def refs_below(repository: Repository, prefix: str) -> dict[RefName, ObjectId]:
    """{full name: object} of all refs below a place, in one git process; the objects themselves are not looked at."""
    printed = repository.git.run("for-each-ref", "--format=%(objectname) %(refname)", prefix)
    pairs = (line.partition(" ") for line in printed.decode("utf-8", "surrogateescape").split("\n") if line)
    return {RefName(name): ObjectId(object_id) for object_id, _, name in pairs}


def remember_tags(repository: Repository, tags: Mapping[RefName, ObjectId]) -> str:
    """Remembers tags that were not seen before. Gives why they could not be, or ""."""
    names = sorted(tags)
    absent = "0" * repository.id_digits
    lines = [f"update {SEEN_TAGS}{name.removeprefix(_TAGS)}\0{tags[name]}\0{absent}\0" for name in names]
    if not lines:
        return ""
    try:
        data = "".join(lines).encode("utf-8", "surrogateescape")
        repository.git.run("update-ref", "-m", "reviewtui: seen", "-z", "--stdin", input=data)
    except GitCommandError as error:
        return f"The release tags are not remembered: {error.message}."
    return ""
