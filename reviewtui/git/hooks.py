"""Hook scripts: their text, the places where Git and its servers look for them, and how they stand beside a user's own.

Laws
1. What was there keeps working: our lines are put after the first line of a shell hook, so that no early exit passes
   them by, and they hand on arguments and standard input as they came.
2. A hook that is no shell script, is not executable, or is a link is kept as it is, as FILE.user, and run by ours.
3. Taking ours out gives back every byte. To put them in twice is to put them in once.
"""

from __future__ import annotations

import contextlib
import os
import shlex
import stat
import tempfile
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from reviewtui.errors import GitError
from reviewtui.git.hook_scripts import BEGIN, END, HEAD, script
from reviewtui.git.repository import Repository
from reviewtui.patterns import pattern
from reviewtui.values import dataclass

_SHELL = pattern(rb"#![ \t]*(?:/[^ \t\n]*/)?(?:env[ \t]+)?(?:sh|dash|ash|bash|ksh)(?:[ \t][^\n]*)?\n")
_USERS = ".user"
_LARGEST = 1 << 20


class ServerKind(StrEnum):
    """How a server runs hooks."""

    PLAIN = "plain Git"
    GITOLITE = "gitolite"
    GITLAB = "GitLab"
    GITEA = "Gitea or Forgejo"


class HookState(StrEnum):
    """What stands at a hook's place."""

    INSTALLED = "installed"
    OUTDATED = "outdated"
    DISABLED = "not executable"
    ABSENT = "not installed"


@dataclass(frozen=True, slots=True)
class Hook:
    """One hook: its name, the file it stands in, and the words that start the check."""

    name: str
    file: Path
    command: tuple[str, ...]

    def state(self) -> HookState:
        """Whether it is there, as it would be written now."""
        content = _read(self.file)
        if content is None or BEGIN not in content:
            return HookState.ABSENT
        # Git passes by in silence what it may not execute.
        if not os.access(self.file, os.X_OK):
            return HookState.DISABLED
        return HookState.INSTALLED if content == self._replaced(content) else HookState.OUTDATED

    def install(self) -> bool:
        """Put our lines in. False where they were there already. Raises: GitError."""
        content = _read(self.file)
        if content is not None and BEGIN in content:
            replaced = self._replaced(content)
            enabled = _enable(self.file)
            if replaced == content:
                return enabled
        elif content is not None and _SHELL.match(content) and os.access(self.file, os.X_OK):
            first, _, rest = content.partition(b"\n")
            replaced = first + b"\n" + self._block() + rest
        elif os.path.lexists(self.file):
            self._set_aside()
            replaced = HEAD + self._block(runs_user=True)
        else:
            replaced = HEAD + self._block()
        _write(self.file, replaced)
        return True

    def uninstall(self) -> bool:
        """Take our lines out. False where there were none. Raises: GitError."""
        content = _read(self.file)
        if content is None or BEGIN not in content:
            return False
        before, block, after = _parted(content)
        users = self._users_file()
        try:
            if b"$0.user" in block and os.path.lexists(users):
                os.replace(users, self.file)
            elif before == HEAD and not after:
                self.file.unlink()
            else:
                _write(self.file, before + after)
        except OSError as error:
            raise GitError(f"{self.file} could not be changed: {error.strerror}.") from error
        return True

    def _block(self, *, runs_user: bool = False) -> bytes:
        return script(self.name, shlex.join(self.command), runs_user=runs_user)

    def _replaced(self, content: bytes) -> bytes:
        before, block, after = _parted(content)
        return before + self._block(runs_user=b"$0.user" in block) + after

    def _users_file(self) -> Path:
        return self.file.with_name(self.file.name + _USERS)

    def _set_aside(self) -> None:
        users = self._users_file()
        if os.path.lexists(users):
            raise GitError(f"{users} is in the way of the hook that is there already.", hint="Move it elsewhere.")
        try:
            os.rename(self.file, users)
        except OSError as error:
            raise GitError(f"{self.file} could not be set aside: {error.strerror}.") from error


def local_hooks(repository: Repository, *, command: Sequence[str], strict: bool) -> tuple[Hook, ...]:
    """The hooks of a clone, in whatever folder its Git takes hooks from."""
    folder = hooks_folder(repository)
    names = ("pre-push", "reference-transaction") if strict else ("pre-push",)
    return tuple(Hook(name, folder / name, tuple(command)) for name in names)


def server_hook(repository: Repository, *, command: Sequence[str]) -> tuple[Hook, ServerKind]:
    """The pre-receive hook of a repository that is pushed to, where its server looks for it."""
    own = repository.common_dir
    kind = server_kind(own)
    match kind:
        case ServerKind.GITLAB:
            file = own / "custom_hooks" / "pre-receive.d" / "reviewtui"
        case ServerKind.GITEA:
            file = own / "hooks" / "pre-receive.d" / "reviewtui"
        case _:
            file = hooks_folder(repository) / "pre-receive"
    return Hook("pre-receive", file, tuple(command)), kind


def server_kind(git_dir: Path) -> ServerKind:
    """Which server keeps a repository, by what it left there."""
    hooks = git_dir / "hooks"
    leads_to = os.path.realpath(hooks) if hooks.is_symlink() else ""
    if (git_dir / "custom_hooks").is_dir() or "@hashed" in git_dir.parts or "gitlab" in leads_to:
        return ServerKind.GITLAB
    if (hooks / "pre-receive.d").is_dir():
        return ServerKind.GITEA
    if any("gitolite" in os.readlink(each) for each in (hooks / "update", hooks / "post-update") if each.is_symlink()):
        return ServerKind.GITOLITE
    return ServerKind.PLAIN


def hooks_folder(repository: Repository) -> Path:
    """The folder that Git takes a repository's hooks from: core.hooksPath counts, and worktrees share it."""
    printed = repository.git.run("rev-parse", "--git-path", "hooks").decode("utf-8", "surrogateescape")
    return Path(os.path.abspath(repository.git.directory / printed.removesuffix("\n")))


def _parted(content: bytes) -> tuple[bytes, bytes, bytes]:
    """What stands before our lines, they themselves, and what stands after them. Raises: GitError."""
    before, begin, rest = content.partition(BEGIN)
    block, end, after = rest.partition(END)
    if not end or BEGIN in after:
        raise GitError("The lines of reviewtui in this hook were changed by hand.", hint="Take them out by hand, too.")
    return before, begin + block + end, after


def _read(file: Path) -> bytes | None:
    """A regular file's content; None where there is none, or something else."""
    try:
        if not stat.S_ISREG(os.lstat(file).st_mode):
            return None
        with file.open("rb") as stream:
            return stream.read(_LARGEST)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise GitError(f"{file} could not be read: {error.strerror}.") from error


def _enable(file: Path) -> bool:
    """Let whoever may read a hook execute it. False where that is so already."""
    if os.access(file, os.X_OK):
        return False
    try:
        mode = stat.S_IMODE(file.stat().st_mode)
        file.chmod(mode | (mode & 0o444) >> 2)
    except OSError as error:
        raise GitError(f"{file} could not be made executable: {error.strerror}.") from error
    return True


def _write(file: Path, content: bytes) -> None:
    """Replace a file whole, so that no hook is ever run half-written."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        known = os.stat(file) if file.exists() else None
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=".reviewtui-")
        try:
            with os.fdopen(handle, "wb") as stream:
                stream.write(content)
            os.chmod(name, stat.S_IMODE(known.st_mode) if known else 0o755)
            if known is not None and known.st_uid != os.geteuid():
                with contextlib.suppress(PermissionError):
                    os.chown(name, known.st_uid, known.st_gid)
            os.replace(name, file)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise
    except OSError as error:
        raise GitError(f"{file} could not be written: {error.strerror}.") from error
