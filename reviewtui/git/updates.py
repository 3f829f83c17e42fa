"""RefUpdate: what a push or a transaction is about to do to a ref, and the questions that a hook asks Git about it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from functools import lru_cache

from reviewtui.errors import GitError
from reviewtui.git.notes_tree import NOTE_MODE, annotated_object
from reviewtui.git.objects import ObjectId, Ref, RefName
from reviewtui.git.refs import peel_tags
from reviewtui.git.repository import Repository
from reviewtui.patterns import pattern
from reviewtui.values import dataclass

MAX_UPDATES = 100_000
_NEAR = 8
_GONE = "000000"

_ID = pattern(r"[0-9a-f]{40}(?:[0-9a-f]{24})?\Z")
_HANDED_ON = ("GIT_OBJECT_DIRECTORY", "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_QUARANTINE_PATH", "GIT_WORK_TREE")


@dataclass(frozen=True, slots=True)
class RefUpdate:
    """One ref, its value before and after; None where there is none."""

    ref: RefName
    old: ObjectId | None
    new: ObjectId | None


def parse_updates(data: bytes) -> tuple[RefUpdate, ...]:
    """The lines `old new ref` that Git writes to pre-receive and reference-transaction. Raises: GitError."""
    lines = [line for line in data.decode("utf-8", "surrogateescape").split("\n") if line]
    if len(lines) > MAX_UPDATES:
        raise GitError(f"{len(lines)} refs are changed at once; at most {MAX_UPDATES} are judged together.")
    updates = []
    for line in lines:
        old, _, rest = line.partition(" ")
        new, _, ref = rest.partition(" ")
        updates.append(RefUpdate(RefName(ref), parse_value(old), parse_value(new)))
    return tuple(updates)


def parse_pushed(data: bytes) -> tuple[RefUpdate, ...]:
    """The lines `local-ref local-id remote-ref remote-id` that Git writes to pre-push. Raises: GitError."""
    updates = []
    for line in data.decode("utf-8", "surrogateescape").split("\n"):
        if line:
            # A local name may be any expression, with spaces in it; the other three hold none.
            words = line.rsplit(" ", 3)
            if len(words) != 4:
                raise GitError("Git described the push in words that are not understood.")
            updates.append(RefUpdate(RefName(words[2]), parse_value(words[3]), parse_value(words[1])))
    return tuple(updates)


def parse_value(word: str) -> ObjectId | None:
    """A full object id; None for the one of zeros. Raises: GitError."""
    if not _ID.match(word):
        raise GitError(f"{word[:80]!r} is no object id, so what happens to the ref cannot be judged.")
    return ObjectId(word) if word.strip("0") else None


def hook_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """What a hook must hand on so that Git sees the repository, and the objects that wait in quarantine."""
    handed = {name: environment[name] for name in _HANDED_ON if environment.get(name)}
    if environment.get("GIT_DIR"):
        handed["GIT_DIR"] = os.path.abspath(environment["GIT_DIR"])
    return handed


def refs_after(refs: Iterable[Ref], updates: Iterable[RefUpdate], repository: Repository) -> tuple[Ref, ...]:
    """The refs as they will be once the updates are done."""
    changed = {update.ref: update for update in updates}
    arriving = [update for update in changed.values() if update.new is not None]
    kept = [ref for ref in refs if ref.name not in changed]
    return tuple(sorted([*kept, *_described(arriving, repository)], key=lambda ref: ref.name))


def _described(updates: list[RefUpdate], repository: Repository) -> list[Ref]:
    cat_file = repository.git.cat_file
    ids = [update.new for update in updates if update.new is not None]
    infos = cat_file.infos(ids)
    tags = repository.tags(ids)
    peeled = peel_tags(cat_file, [each for each in ids if (info := infos.get(each)) and info[1] == "tag"])
    described = []
    for ref, object_id in zip((update.ref for update in updates), ids, strict=True):
        info, tag = infos.get(object_id), tags.get(object_id)
        kind = info[1] if info else "missing"
        end, end_kind = peeled.get(object_id, (object_id, kind))
        described.append(
            Ref(
                name=ref,
                object_id=object_id,
                object_type=kind,
                commit=end if end_kind == "commit" else None,
                peeled_type=end_kind,
                created=tag.tagged if tag else None,
                creator=tag.tagger if tag else None,
                signed=bool(tag and tag.signature),
            )
        )
    return described


def symbolic_targets(repository: Repository) -> dict[RefName, RefName]:
    """{symbolic ref: the ref that it stands for}: a push to the one moves the other."""
    printed = repository.git.run("for-each-ref", "--format=%(if)%(symref)%(then)%(refname)%00%(symref)%00%(end)")
    cells = printed.replace(b"\n", b"").decode("utf-8", "surrogateescape").split("\0")
    return {RefName(name): RefName(target) for name, target in zip(cells[::2], cells[1::2], strict=False)}


def is_ancestor(repository: Repository, one: ObjectId, other: ObjectId) -> bool:
    """Whether `other` is `one`, or descends from it; False where either is missing or no commit."""
    return _is_near(repository, one, other) or repository.descends(other, one)


def _is_near(repository: Repository, one: ObjectId, other: ObjectId) -> bool:
    """Whether `one` is among the last commits of `other`. Most pushes are short: for these no process is started."""
    ends = {other}
    for _ in range(_NEAR):
        commits = repository.commits(ends)
        if one in commits:
            return True
        ends = {parent for commit in commits.values() for parent in commit.parents}
        if not 0 < len(ends) <= _NEAR:
            break
    return False


def merge_base(repository: Repository, one: ObjectId, other: ObjectId) -> ObjectId | None:
    """The best common ancestor of two commits, or None. Raises: GitCommandError where history is missing."""
    printed = repository.git.run("merge-base", one, other, ok=(0, 1)).decode("ascii").split()
    return ObjectId(printed[0]) if printed else None


def commits_touching(repository: Repository, path: str, *, old: ObjectId, new: ObjectId) -> tuple[ObjectId, ...]:
    """The commits that `new` has over `old` and that change something below a path, newest first."""
    words = ("rev-list", "--full-history", "--end-of-options", new, f"^{old}", "--", path)
    return tuple(ObjectId(line) for line in repository.git.run(*words).decode("ascii").split())


def states_between(repository: Repository, path: str, *, old: ObjectId, new: ObjectId) -> tuple[ObjectId, ...] | None:
    """The states that a path goes through from `old` to `new`: the commits of the first-parent history that change it,
    newest first. None: that history leaves out a state that the path had before `old`.
    """
    nearby: list[ObjectId] = []
    at = new
    for _ in range(_NEAR):
        if at == old:
            return tuple(nearby)
        info = repository.commits((at,)).get(at)
        if info is None or not info.parents:
            break
        nearby.append(at)
        at = info.parents[0]
    words = ("rev-list", "--first-parent", "--end-of-options")
    before, after = (
        tuple(ObjectId(line) for line in repository.git.run(*words, tip, "--", path).decode("ascii").split())
        for tip in (old, new)
    )
    kept = len(after) - len(before)
    return after[:kept] if kept >= 0 and after[kept:] == before else None


@dataclass(frozen=True, slots=True)
class ArrivedNotes:
    """What differs between two states of the notes.

    `changed` are the objects whose notes differ. `misplaced` is (path, what is wrong) of everything that came in and is
    no plain note.
    """

    changed: frozenset[ObjectId]
    misplaced: tuple[tuple[str, str], ...]


# Two states differ for ever alike, and both the rules and the index ask.
@lru_cache(maxsize=2)
def arrived_notes(repository: Repository, *, old: ObjectId | None, new: ObjectId) -> ArrivedNotes:
    """What a push makes of the notes. Raises: GitCommandError where either state is missing."""
    changed, misplaced = set(), []
    for mode, path in _differing(repository, old, new):
        annotated = annotated_object(path, digits=repository.id_digits)
        if annotated is not None:
            changed.add(annotated)
        if mode == _GONE:
            continue
        if annotated is None:
            misplaced.append((path, "it is no note: notes are named by a commit's full id in lower case"))
        elif mode != NOTE_MODE:
            misplaced.append((path, f"it is no plain file (mode {mode})"))
    return ArrivedNotes(frozenset(changed), tuple(misplaced))


def _differing(repository: Repository, old: ObjectId | None, new: ObjectId) -> Iterable[tuple[str, str]]:
    """(mode afterwards, path) of every file that differs."""
    git = repository.git
    if old is None:
        for record in git.stream("ls-tree", "-r", "-z", "--full-tree", new):
            words, _, place = record.partition(b"\t")
            yield words.split(b" ")[0].decode("ascii"), place.decode("utf-8", "surrogateescape")
        return
    stream = git.stream("diff-tree", "-r", "-z", "--no-renames", "--end-of-options", old, new)
    for about in stream:
        path = next(stream, b"").decode("utf-8", "surrogateescape")
        yield about.split(b" ")[1].decode("ascii"), path
