"""CheckpointAudit: what the checkpoints prove of what is here now, and of when it came."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property

from reviewtui.audit import AuditProblem
from reviewtui.checkpoints import MOST_TAGS, Checkpoint, checkpoint_text
from reviewtui.git.objects import ObjectId, Ref, RefName
from reviewtui.git.repository import Repository
from reviewtui.records import REVIEWS_REF
from reviewtui.release import CLOCK_SKEW, moment_text

_NOTES = "refs/notes/reviewtui/"


class CheckpointAudit:
    """Holds every checkpoint against one reading of the repository. `checkpoints` stand in the order of their times."""

    def __init__(
        self, repository: Repository, checkpoints: tuple[Checkpoint, ...], *, refs: tuple[Ref, ...], trusted: Ref | None
    ) -> None:
        self._repository = repository
        self._checkpoints = checkpoints
        self._tags = {ref.name: ref.object_id for ref in refs if ref.name.startswith("refs/tags/")}
        self._trusted = trusted
        self._histories: dict[RefName, frozenset[str]] = {}

    @cached_property
    def _lost(self) -> Mapping[str, tuple[AuditProblem, ...]]:
        """{checkpoint: what it saw and is not here}."""
        lost = {each.id: tuple(self._problems_of(each)) for each in self._checkpoints}
        return {identity: problems for identity, problems in lost.items() if problems}

    def problems(self) -> Iterator[AuditProblem]:
        """What a checkpoint saw and this history lacks: each ref once, by the oldest checkpoint that names it so."""
        told: set[tuple[str, str]] = set()
        for each in self._checkpoints:
            for problem in self._lost.get(each.id, ()):
                key = (problem.where, problem.reason.partition(":")[0])
                if key not in told:
                    told.add(key)
                    yield problem

    def staleness(self, now: int, *, max_age: int) -> Iterator[AuditProblem]:
        """Why the newest checkpoint that holds is not fresh enough."""
        sound = [each for each in self._checkpoints if each.id not in self._lost and _names_notes(each)]
        mend = "reviewtui checkpoint makes one"
        if not sound:
            yield AuditProblem("checkpoints", f"stale: There is no checkpoint that holds; {mend}.")
        elif sound[-1].at < now - max_age:
            newest = sound[-1]
            reason = f"stale: The newest checkpoint, by {newest.principal}, is of {moment_text(newest.at)}; {mend}."
            yield AuditProblem("checkpoints", reason)

    def first_naming(self, tag: RefName, target: ObjectId, *, besides: str) -> Checkpoint | None:
        """The oldest checkpoint that saw a tag, by another key than the one that signed the tag."""
        naming = (each for each in self._checkpoints if each.refs.get(tag) == target)
        return next((each for each in naming if each.keyid != besides), None)

    def first_unaware(
        self, tag: RefName, *, since: int, besides: str, fits: Callable[[Checkpoint], bool]
    ) -> Checkpoint | None:
        """The oldest checkpoint, well after a time, at which a tag was not there: none until then names it."""
        for each in self._checkpoints:
            if tag in each.refs:
                return None
            could = each.keyid != besides and len(each.tags) < MOST_TAGS
            if could and each.at > since + CLOCK_SKEW and fits(each):
                return each
        return None

    def compose(self, releases: Mapping[RefName, ObjectId], *, notes: Mapping[RefName, ObjectId]) -> str:
        """The comment of the next checkpoint."""
        known = {name for each in self._checkpoints for name in each.tags}
        refs = dict(notes)
        if self._trusted is not None and self._trusted.commit is not None:
            refs[_plain_name(self._trusted.name)] = self._trusted.commit
        return checkpoint_text(refs, {name: target for name, target in releases.items() if name not in known})

    def _problems_of(self, checkpoint: Checkpoint) -> Iterator[AuditProblem]:
        saw = f"which {checkpoint.principal} saw at the checkpoint {checkpoint.id}"
        for ref, target in checkpoint.branches.items():
            if target not in self._history(ref):
                yield AuditProblem(ref, f"non-fast-forward: It does not descend from {target[:10]}, {saw}.")
        for ref, target in checkpoint.tags.items():
            now = self._tags.get(ref)
            if now != target:
                done = "tag-deleted: It is not here" if now is None else "tag-moved: It was another object"
                yield AuditProblem(ref, f"{done}, {target[:10]}, {saw}.")

    def _history(self, ref: RefName) -> frozenset[str]:
        """Every commit that a ref leads to. Other branches are nobody's business."""
        if ref not in self._histories:
            tip = self._repository.ref(ref) if ref.startswith(_NOTES) else None
            if self._trusted is not None and ref == _plain_name(self._trusted.name):
                tip = self._trusted.commit
            info = self._repository.git.cat_file.info(tip) if tip is not None else None
            walked = self._repository.git.run("rev-list", "--end-of-options", tip, "--") if tip and info else b""
            self._histories[ref] = frozenset(walked.decode("ascii").split())
        return self._histories[ref]


def _plain_name(trusted: RefName) -> RefName:
    """A branch as its own repository names it: each clone tracks it under another name."""
    if not trusted.startswith("refs/remotes/"):
        return trusted
    return RefName("refs/heads/" + trusted.removeprefix("refs/remotes/").partition("/")[2])


def _names_notes(checkpoint: Checkpoint) -> bool:
    return RefName(REVIEWS_REF) in checkpoint.refs
