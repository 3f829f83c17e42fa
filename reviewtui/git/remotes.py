"""Fetch and push: through GitPython, which reports progress, where it can open the repository; else through git."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from reviewtui.errors import GitError
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.process import command_error, scrubbed_environment
from reviewtui.patterns import pattern
from reviewtui.values import dataclass

if TYPE_CHECKING:
    from reviewtui.git.repository import Repository

Progress = Callable[[str, int, int], None]
"""Called with what is being done, how much of it is done, and how much there is (0 where nobody knows)."""

_STALE = (
    "non-fast-forward",
    "fetch first",
    "stale info",
    "incorrect old value",
    "failed to update ref",
    "cannot lock ref",
)
_LINE = pattern(r"^([ +\-*!=])\t([^\t]*):([^\t:]*)\t(.*)$", re.MULTILINE)
_SPEC = pattern(r"(?:[+:]?|[0-9a-f]{40,64}:)refs/")
_REMOTE = pattern(r"[A-Za-z0-9_][A-Za-z0-9_.+/-]*\Z")


@dataclass(frozen=True, slots=True)
class PushResult:
    """What became of one ref of a push. `flag` is Git's: space, +, -, *, ! or =."""

    source: str
    target: str
    flag: str
    summary: str

    @property
    def ok(self) -> bool:
        """Whether the remote has it now."""
        return self.flag != "!"

    @property
    def is_stale(self) -> bool:
        """Whether it was refused only because the remote has moved on."""
        return self.flag == "!" and any(word in self.summary for word in _STALE)


def fetch(repository: Repository, remote: str, refspecs: Sequence[str], *, progress: Progress | None) -> None:
    """Fetches exactly the refspecs, without tags and without pruning. Raises: GitError."""
    words = ("--no-tags", "--no-write-fetch-head", "--no-recurse-submodules", "--no-auto-maintenance")
    try:
        _run(repository, "fetch", words, remote, refspecs, progress=progress)
    finally:
        repository.git.cat_file.forget_missing()


def remote_refs(repository: Repository, remote: str, pattern: str) -> dict[RefName, ObjectId]:
    """What the refs of a remote point to, of those that a pattern of full names fits. Raises: GitError."""
    _check_remote(repository, remote)
    words = ("--refs", "--end-of-options", remote, pattern)
    printed = repository.git.run("ls-remote", *words, online=True).decode("utf-8", "surrogateescape")
    pairs = (line.partition("\t") for line in printed.split("\n") if line)
    return {RefName(name): ObjectId(object_id) for object_id, _, name in pairs}


def push(
    repository: Repository,
    remote: str,
    refspecs: Sequence[str],
    *,
    atomic: bool,
    progress: Progress | None,
    own_hooks: bool = True,
) -> tuple[PushResult, ...]:
    """Pushes exactly the refspecs; the pre-push hook of this clone has no say unless `own_hooks`.

    A refused ref is a result. Raises: GitError where nothing could be sent at all.
    """
    choices = (*(("--atomic",) if atomic else ()), *(() if own_hooks else ("--no-verify",)))
    words = ("--porcelain", "--no-follow-tags", "--no-recurse-submodules", *choices)
    status, printed, errors = _run(repository, "push", words, remote, refspecs, progress=progress)
    results = tuple(PushResult(found[2], found[3], found[1], found[4]) for found in _LINE.finditer(printed))
    if status != 0 and all(result.ok for result in results):
        raise command_error(("push",), status, errors.encode())
    return results


def _run(
    repository: Repository,
    verb: str,
    words: Sequence[str],
    remote: str,
    refspecs: Sequence[str],
    *,
    progress: Progress | None,
) -> tuple[int, str, str]:
    _check_remote(repository, remote)
    if any(not _SPEC.match(spec) for spec in refspecs):
        raise GitError("Only full ref names and full ids are sent or fetched.")
    if progress is not None and _gitpython_fits(repository):
        done = _through_gitpython(repository, verb, words, remote, refspecs, progress)
    else:
        done = _through_git(repository, verb, words, remote, refspecs)
    if verb == "fetch" and done[0] != 0:
        raise command_error((verb,), done[0], done[2].encode())
    return done


def _check_remote(repository: Repository, remote: str) -> None:
    if not _REMOTE.match(remote) or remote not in repository.remotes():
        raise GitError(f"There is no remote {remote!r}.", hint="git remote -v")


def _through_git(
    repository: Repository, verb: str, words: Sequence[str], remote: str, refspecs: Sequence[str]
) -> tuple[int, str, str]:
    status, out, err = repository.git.attempt(verb, *words, "--end-of-options", remote, *refspecs, online=True)
    return status, out.decode("utf-8", "replace"), err.decode("utf-8", "replace")


def _gitpython_fits(repository: Repository) -> bool:
    """GitPython hands on the whole environment and reads SHA-1 repositories only."""
    allowed = scrubbed_environment(online=True)
    strange = [name for name in os.environ if name.startswith("GIT_") and name not in allowed]
    return repository.object_format == "sha1" and not strange and not repository.git.extra_environment


def _through_gitpython(
    repository: Repository, verb: str, words: Sequence[str], remote: str, refspecs: Sequence[str], progress: Progress
) -> tuple[int, str, str]:
    import git
    from git.cmd import handle_process_output

    class Reporter(git.RemoteProgress):
        def update(
            self, op_code: int, cur_count: str | float, max_count: str | float | None = None, message: str = ""
        ) -> None:
            progress(message or verb, int(float(cur_count or 0)), int(float(max_count or 0)))

    printed: list[str] = []
    errors: list[str] = []
    report = Reporter().new_message_handler()

    def complain(line: str) -> None:
        errors.append(line)
        report(line)

    with git.Repo(repository.work_tree or repository.git_dir) as opened:
        opened.git.update_environment(**repository.git.environment(online=True))
        repository.git.count_process()
        command = [repository.git.program, verb, *words, "--progress", "--end-of-options", remote, *refspecs]
        process: Any = opened.git.execute(command, as_process=True, universal_newlines=True)
        handle_process_output(process, printed.append, complain, finalizer=None, decode_streams=False)
        status = process.proc.wait()
    return status, "".join(printed), "\n".join(errors)
