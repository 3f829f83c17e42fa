"""How fresh is what is here? Asks the remote what it has now, and compares; nothing is fetched.

Laws
1. What the remote has and this clone lacks is stale: what was judged here is not what others see.
2. What the remote had and has no longer is an alarm of its own, as for any history that only grows.
3. A remote that hides something from everybody is not found out by asking it: that takes a checkpoint.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reviewtui.audit import AuditProblem
from reviewtui.catalog.reading import RefReader
from reviewtui.errors import GitCommandError, GitError
from reviewtui.git.notes import Notes
from reviewtui.git.notes_sync import NOTES_REFS
from reviewtui.git.objects import ObjectId, Ref, RefName
from reviewtui.git.remotes import remote_refs
from reviewtui.git.repository import Repository
from reviewtui.git.watched_notes import WatchedNotes
from reviewtui.settings import Settings

_TAGS = "refs/tags/"


def remote_problems(
    repository: Repository, remote: str, *, refs: tuple[Ref, ...], settings: Settings
) -> tuple[AuditProblem, ...]:
    """Everything in which this clone and a remote differ by more than what is not sent yet. Raises: GitError."""
    there = remote_refs(repository, remote, "refs/*")
    compared = _Compared(repository, remote, there)
    trusted = repository.trusted_branch(refs)
    return (
        *(problem for ref in NOTES_REFS for problem in compared.notes(ref)),
        *(compared.branch(trusted) if trusted is not None and trusted.commit is not None else ()),
        *compared.tags({ref.name: ref.object_id for ref in refs}, settings),
    )


class _Compared:
    """One remote, as it answered."""

    def __init__(self, repository: Repository, remote: str, there: Mapping[RefName, ObjectId]) -> None:
        self._repository = repository
        self._remote = remote
        self._there = there

    def notes(self, ref: RefName) -> Iterator[AuditProblem]:
        """Laws 1 and 2."""
        notes = Notes(self._repository, ref)
        seen = WatchedNotes(Notes(self._repository, notes.tracking_ref(self._remote))).seen()
        ours, theirs = notes.tip(), self._there.get(ref)
        sync = f"reviewtui sync {self._remote}"
        if theirs is None:
            if seen is not None:
                yield self._problem(ref, "record-removed", f"has it no longer, and had {seen[:10]} ({sync})")
            elif ours is not None:
                yield self._problem(ref, "stale", f"knows nothing of these records ({sync})")
        elif not self._holds(ours, theirs):
            yield self._problem(ref, "stale", f"has records that are not here ({sync})")
        elif seen is not None and not self._holds(theirs, seen):
            yield self._problem(ref, "non-fast-forward", f"shows less than it did: it had {seen[:10]} ({sync})")

    def branch(self, trusted: Ref) -> Iterator[AuditProblem]:
        """The same for the branch that says who is trusted."""
        tracked = trusted.name.startswith(f"refs/remotes/{self._remote}/")
        short = trusted.name.removeprefix(f"refs/remotes/{self._remote}/").removeprefix("refs/heads/")
        theirs = self._there.get(RefName(f"refs/heads/{short}"))
        fetch = f"git fetch {self._remote}"
        if theirs is None:
            yield self._problem(trusted.name, "trusted-branch", "has no such branch")
        elif not self._holds(trusted.commit, theirs):
            yield self._problem(trusted.name, "stale", f"has settings or commits that are not here ({fetch})")
        elif tracked and theirs != trusted.commit:
            yield self._problem(trusted.name, "non-fast-forward", f"went back to {theirs[:10]} ({fetch})")

    def tags(self, here: Mapping[RefName, ObjectId], settings: Settings) -> Iterator[AuditProblem]:
        """Release tags alone: other tags may differ as they like."""
        names = sorted(name for name in {*here, *self._there} if name.startswith(_TAGS))
        reader = RefReader(settings.tags, ())
        reader.read(Ref(name, _ANY, "commit", _ANY, "commit") for name in names)
        for name in (named.ref.name for named in reader.named):
            ours, theirs = here.get(name), self._there.get(name)
            if ours is None:
                yield self._problem(name, "stale", f"has this release, which is not here (git fetch {self._remote})")
            elif theirs is None:
                what = f"{self._remote} does not have this release tag."
                yield AuditProblem(name, f"not-sent: {what}", alarm=False)
            elif ours != theirs:
                yield self._problem(name, "tag-moved", f"has another object under it, {theirs[:10]}")

    def _problem(self, ref: RefName, word: str, what: str) -> AuditProblem:
        return AuditProblem(ref, f"{word}: {self._remote} {what}.")

    def _holds(self, tip: ObjectId | None, commit: ObjectId) -> bool:
        """Whether a history that is here holds a commit; one that is missing here is in none."""
        if tip is None or self._repository.git.cat_file.info(commit) is None:
            return False
        try:
            self._repository.git.run("merge-base", "--is-ancestor", commit, tip)
        except GitCommandError as error:
            if error.status == 1:
                return False
            raise GitError(f"The history of {commit[:10]} cannot be walked.") from error
        return True


_ANY = ObjectId("0" * 40)
