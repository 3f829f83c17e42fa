"""One ref at a time: what its name says, or why it says nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from reviewtui.catalog.gto import GtoTag, beyond_plain_version, parse_gto
from reviewtui.catalog.model import PassedOverRef, RegistryAction, RegistryEvent, VersionKind
from reviewtui.catalog.naming import (
    BARE,
    BARE_DOTTED,
    LONGEST_NAME,
    NamePattern,
    compile_pattern,
    folded,
    resembles_version,
)
from reviewtui.git.objects import ObjectId, Ref

_TAGS, _BRANCHES, _REMOTES = "refs/tags/", "refs/heads/", "refs/remotes/"
_GTO_TEMPLATE = "{model}@v{version}"
_GRAMMAR = "a version begins with a digit, and names hold ASCII letters and digits only, with . _ - between"


class NamedRef(NamedTuple):
    """A ref that names a version of a model ("" where the name leaves the model out).

    `rank` is the place of its pattern; `explicit` says that the model is set off by more than a dash.
    """

    ref: Ref
    commit: ObjectId
    model: str
    version: str
    kind: VersionKind
    rank: int
    counter: int | None = None
    explicit: bool = True


class RefReader:
    """Sorts refs into names of versions, GTO's other tags, and names passed over."""

    def __init__(
        self, tag_patterns: Sequence[str], branch_patterns: Sequence[str], remotes: Sequence[str] = ()
    ) -> None:
        self.named: list[NamedRef] = []
        self.events: list[RegistryEvent] = []
        self.passed_over: list[PassedOverRef] = []
        self._templates = tag_patterns
        self._remotes = remotes
        self._tags = [compile_pattern(template) for template in tag_patterns]
        self._branches = [compile_pattern(template) for template in branch_patterns]
        self._reads_gto = _GTO_TEMPLATE in tag_patterns

    def read(self, refs: Iterable[Ref]) -> None:
        """Takes in refs; those outside refs/tags, refs/heads and refs/remotes are no versions."""
        for ref in refs:
            if ref.name.startswith(_TAGS):
                self._read_tag(ref, ref.name[len(_TAGS) :])
            elif ref.name.startswith(_BRANCHES):
                self._read_branch(ref, ref.name[len(_BRANCHES) :])
            elif ref.name.startswith(_REMOTES) and not ref.symbolic_target:
                self._read_branch(ref, self._branch_of_remote(ref.name[len(_REMOTES) :]))

    def pass_over(self, ref: Ref, reason: str) -> None:
        self.passed_over.append(PassedOverRef(ref.name, reason))

    def _read_tag(self, ref: Ref, name: str) -> None:
        if len(name) > LONGEST_NAME:
            self.pass_over(ref, f"Its name is longer than {LONGEST_NAME} characters.")
            return
        gto = parse_gto(name) if self._reads_gto and beyond_plain_version(name) else None
        if gto is not None:
            self._read_gto(ref, gto)
        elif not self._name(ref, name, self._tags, VersionKind.RELEASE):
            reason = _tag_flaw(name, self._tags)
            if reason:
                self.pass_over(ref, reason)

    def _read_branch(self, ref: Ref, name: str) -> None:
        if len(name) > LONGEST_NAME or self._name(ref, name, self._branches, VersionKind.CANDIDATE):
            return
        reason = _disguise(name, folded(name), self._branches) or _misfit(name, self._branches)
        reason = reason or _foreign(name, self._branches)
        if reason:
            self.pass_over(ref, reason)

    def _read_gto(self, ref: Ref, tag: GtoTag) -> None:
        if ref.commit is None:
            self.pass_over(ref, _target_flaw(ref))
        elif tag.action is None:
            rank = self._templates.index(_GTO_TEMPLATE)
            self.named.append(NamedRef(ref, ref.commit, tag.model, tag.version, VersionKind.RELEASE, rank, tag.counter))
        else:
            self.events.append(_event(ref, ref.commit, tag, tag.action))

    def _name(self, ref: Ref, name: str, patterns: Sequence[NamePattern], kind: VersionKind) -> bool:
        for rank, pattern in enumerate(patterns):
            found = pattern.match(name)
            if found is None:
                continue
            if ref.commit is None:
                self.pass_over(ref, _target_flaw(ref))
            else:
                self.named.append(NamedRef(ref, ref.commit, *found, kind, rank, explicit=pattern.explicit))
            return True
        return False

    def _branch_of_remote(self, name: str) -> str:
        owners = [remote for remote in self._remotes if name.startswith(remote + "/")]
        owner = max(owners, key=len) if owners else name.partition("/")[0]
        return name[len(owner) + 1 :]


def _event(ref: Ref, commit: ObjectId, tag: GtoTag, action: RegistryAction) -> RegistryEvent:
    author = ref.creator.name if ref.creator else ""
    return RegistryEvent(ref.name, tag.model, action, commit, tag.stage, tag.version, tag.counter, ref.created, author)


def _target_flaw(ref: Ref) -> str:
    kind = ref.peeled_type or ref.object_type
    if kind in ("tree", "blob"):
        return f"It leads to a {kind}, not to a commit."
    return "It leads to an object that is missing."


def _tag_flaw(name: str, patterns: Sequence[NamePattern]) -> str:
    plain = folded(name)
    flaw = _disguise(name, plain, patterns) or _misfit(name, patterns)
    if flaw or not resembles_version(plain):
        return flaw
    if not name.isascii():
        return f"It looks like a version, but {_GRAMMAR}."
    if BARE.match(plain) and any(pattern.template == "{version}" for pattern in patterns):
        if BARE_DOTTED.match(plain):
            return f"It begins like a version, but {_GRAMMAR}."
        return "It begins like a version, but is none: a version without a model is dotted, such as 1.4.0."
    return f"It looks like a version, but no pattern fits it: {', '.join(each.template for each in patterns)}."


def _disguise(name: str, plain: str, patterns: Sequence[NamePattern]) -> str:
    if plain != name and any(pattern.match(plain) for pattern in patterns):
        return f"It looks like {plain}, but is written with other characters or letter case."
    return ""


def _foreign(name: str, patterns: Sequence[NamePattern]) -> str:
    """What is wrong with a branch's name that other letters than ASCII alone keep from fitting."""
    plain = "".join(character if character.isascii() else "x" for character in name)
    if plain != name and any(pattern.explicit and pattern.match(plain) for pattern in patterns):
        return f"It looks like a version, but {_GRAMMAR}."
    return ""


def _misfit(name: str, patterns: Sequence[NamePattern]) -> str:
    for pattern in patterns:
        misfit = pattern.misfit(name) if pattern.explicit else ""
        if misfit:
            return f'It fits {pattern.template}, but "{misfit}" is no version: {_GRAMMAR}.'
    return ""
