"""The one place that starts git: arguments in, bytes out, a scrubbed environment, one error."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import threading
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import IO, TYPE_CHECKING

from reviewtui.errors import GitCommandError, GitError, GitMissingError, NotARepositoryError
from reviewtui.patterns import pattern

if TYPE_CHECKING:
    from reviewtui.git.catfile import CatFile

OLDEST_GIT = (2, 34)
NO_LAZY_FETCH_SINCE = (2, 45)
"""Since this release GIT_NO_LAZY_FETCH keeps a partial clone from fetching what is merely looked at."""

_KEPT = pattern(
    r"GIT_(AUTHOR_\w+|COMMITTER_\w+|CONFIG_GLOBAL|CONFIG_SYSTEM|CONFIG_NOSYSTEM|SSH\w*|ASKPASS|TERMINAL_PROMPT"
    r"|SSL_\w+|TRACE\w*|HTTP\w*|PROXY\w*|CURL_VERBOSE|EXEC_PATH|CEILING_DIRECTORIES|ALLOW_PROTOCOL)\Z"
)
_FIXED = {
    "GIT_NO_REPLACE_OBJECTS": "1",
    "GIT_GRAFT_FILE": os.devnull,
    "GIT_OPTIONAL_LOCKS": "0",
    "GIT_EDITOR": "false",
    "GIT_SEQUENCE_EDITOR": "false",
    "GIT_PAGER": "cat",
    "LC_ALL": "C",
    "LANGUAGE": "C",
}
_OFFLINE = {"GIT_NO_LAZY_FETCH": "1", "GIT_ALLOW_PROTOCOL": "none"}
"""What keeps looking from becoming fetching. Older Gits know only the second: there the attempt fails at once."""

_PINS = (
    "core.fsmonitor=false",
    "core.quotePath=false",
    "core.commitGraph=true",
    "log.showSignature=false",
    "log.mailmap=false",
    "log.diffMerges=separate",
    "log.follow=false",
    "diff.relative=false",
    "diff.ignoreSubmodules=none",
    "color.ui=false",
    "advice.detachedHead=false",
)
_CHUNK = 1 << 16
_LONGEST_RECORD = 16 << 20


def scrubbed_environment(*, online: bool = False) -> dict[str, str]:
    """The process's own environment without what could make Git look elsewhere, or show what is not there.

    `online` lets Git talk to remotes; without it not even a partial clone fetches.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or _KEPT.match(name)}
    return kept | _FIXED | ({} if online else _OFFLINE)


@cache
def find_git(search_path: str | None = None) -> str:
    """The absolute path of git. Raises: GitMissingError."""
    for folder in (os.defpath if search_path is None else search_path).split(os.pathsep):
        program = os.path.join(folder, "git")
        if folder and os.access(program, os.X_OK) and not os.path.isdir(program):
            return os.path.abspath(program)
    raise GitMissingError("Git is not installed.", hint="Install Git 2.34 or later.")


@cache
def git_version(program: str) -> tuple[int, int]:
    """Major and minor release. Raises: GitMissingError where it is older than the oldest that works."""
    said = subprocess.run(
        (program, "version"), stdin=subprocess.DEVNULL, capture_output=True, check=False, env=scrubbed_environment()
    ).stdout.decode("utf-8", "replace")
    found = re.search(r"(\d+)\.(\d+)", said)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    if version < OLDEST_GIT:
        raise GitMissingError(f"Git 2.34 or later is needed; this is {said.strip() or 'something else'}.")
    return version


class Git:
    """Runs git in one directory. Counts what it starts; safe to use from several threads."""

    def __init__(self, directory: Path, *, environment: Mapping[str, str] | None = None) -> None:
        """`environment` is put over the scrubbed one: a server hook names GIT_DIR and the quarantine there.

        `local_objects_only` is set for a partial clone, to the directory of its objects.
        """
        self.directory = directory
        self.program = find_git(os.environ.get("PATH"))
        self.extra_environment = dict(environment or {})
        self.processes_started = 0
        self.local_objects_only: Path | None = None
        self._counting = threading.Lock()
        self._cat_file: CatFile | None = None

    def run(
        self,
        *arguments: str,
        input: bytes = b"",  # noqa: A002 (the name that subprocess gives it)
        ok: tuple[int, ...] = (0,),
        environment: Mapping[str, str] | None = None,
        online: bool = False,
    ) -> bytes:
        """What git prints. `ok` are the exit statuses that are answers.

        Raises: GitCommandError; NotARepositoryError; GitMissingError.
        """
        status, out, err = self.attempt(*arguments, input=input, environment=environment, online=online)
        if status not in ok:
            raise command_error(arguments, status, err)
        return out

    def attempt(
        self,
        *arguments: str,
        input: bytes = b"",  # noqa: A002
        environment: Mapping[str, str] | None = None,
        online: bool = False,
    ) -> tuple[int, bytes, bytes]:
        """Exit status, standard output and standard error, whatever they are."""
        process = self.start(*arguments, environment=environment, online=online, stderr=subprocess.PIPE)
        try:
            out, err = process.communicate(input)
        finally:
            end_process(process)
        return process.returncode, bytes(out), bytes(err)

    def stream(self, *arguments: str, input: bytes = b"") -> Iterator[bytes]:  # noqa: A002
        """The NUL-separated records that git prints, one by one. Closing the iterator ends the process.

        `input` is at most what a pipe holds (4 KiB), so that neither side waits for the other.
        Raises: GitCommandError once git has ended with an error.
        """
        with self.errors_file() as errors:
            process = self.start(*arguments, stderr=errors)
            assert process.stdin
            assert process.stdout
            try:
                with contextlib.suppress(BrokenPipeError):
                    process.stdin.write(input)
                    process.stdin.close()
                yield from _records(process.stdout)
                status = process.wait()
            finally:
                end_process(process)
            if status != 0:
                errors.seek(0)
                raise command_error(arguments, status, errors.read(_CHUNK))

    def start(
        self,
        *arguments: str,
        stderr: IO[bytes] | int,
        environment: Mapping[str, str] | None = None,
        online: bool = False,
    ) -> subprocess.Popen[bytes]:
        """A git process with pipes; whoever starts it ends it with `end_process`."""
        with self._counting:
            self.processes_started += 1
        pins = [word for pin in _PINS for word in ("-c", pin)]
        try:
            return subprocess.Popen(
                (self.program, "--no-pager", "--literal-pathspecs", *pins, *arguments),
                cwd=self.directory,
                env=self.environment(online=online) | dict(environment or {}),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
            )
        except (FileNotFoundError, NotADirectoryError, PermissionError) as error:
            if not self.directory.is_dir():
                raise NotARepositoryError(f"{self.directory} is not a directory.") from error
            raise GitMissingError(f"Git could not be started: {error.strerror}.") from error
        except ValueError as error:
            raise GitError("A name that holds a NUL byte cannot be given to Git.") from error

    def environment(self, *, online: bool = False) -> dict[str, str]:
        """The whole environment that a git process of this instance sees."""
        return scrubbed_environment(online=online) | self.extra_environment

    def count_process(self) -> None:
        """Says that a git process was started on this instance's behalf by somebody else (GitPython)."""
        with self._counting:
            self.processes_started += 1

    @property
    def version(self) -> tuple[int, int]:
        """Major and minor release of git."""
        return git_version(self.program)

    @property
    def cat_file(self) -> CatFile:
        """The long-lived reader of objects."""
        with self._counting:
            if self._cat_file is None:
                from reviewtui.git.catfile import CatFile

                self._cat_file = CatFile(self)
            return self._cat_file

    @staticmethod
    def errors_file() -> IO[bytes]:
        """A nameless file for standard error, which no amount of messages can block."""
        if hasattr(os, "memfd_create"):
            return open(os.memfd_create("git-errors"), "w+b")
        import tempfile

        return tempfile.TemporaryFile()

    def close(self) -> None:
        """Ends the long-lived processes. They start again when they are needed."""
        with self._counting:
            cat_file, self._cat_file = self._cat_file, None
        if cat_file is not None:
            cat_file.close()


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Closes a process's pipes and makes sure that it is gone."""
    if process.poll() is None:
        process.kill()
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            with contextlib.suppress(BrokenPipeError):
                pipe.close()
    process.wait()


def command_error(arguments: tuple[str, ...], status: int, err: bytes) -> GitError:
    """The error that a failed git stands for, with its own words."""
    stderr = err.decode("utf-8", "replace").strip()
    if "dubious ownership" in stderr or "unsafe repository" in stderr:
        directory = re.search(r"safe\.directory (.+)", stderr)
        return NotARepositoryError(
            "Git refuses to read this repository, because another user owns it.",
            hint=f"git config --global --add safe.directory {directory[1].strip() if directory else 'PATH'}",
        )
    if "cannot use bare repository" in stderr:
        return NotARepositoryError(
            "Git refuses to read this bare repository, because safe.bareRepository is explicit.",
            hint="git config --global --unset safe.bareRepository",
        )
    if "not a git repository" in stderr:
        hint = "Name one with -C DIR, or build a sample: reviewtui demo"
        return NotARepositoryError("This directory is not in a Git repository.", hint=hint)
    verb = next((word for word in arguments if not word.startswith("-")), "git")
    said = _first_complaint(stderr) or f"exit status {status}"
    return GitCommandError(f"git {verb} failed: {said}", status=status, stderr=stderr)


def _first_complaint(stderr: str) -> str:
    lines = [line.strip() for line in stderr.split("\n") if line.strip()]
    marked = [line for line in lines if line.startswith(("fatal:", "error:"))]
    chosen = (marked or lines or [""])[0]
    return re.sub(r"^(fatal|error): ", "", chosen)[:500]


def _records(pipe: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while chunk := os.read(pipe.fileno(), _CHUNK):
        *records, rest = (rest + chunk).split(b"\0")
        yield from records
        if len(rest) > _LONGEST_RECORD:
            raise GitError("Git printed a record that is too long to be read.")
    if rest:
        yield rest
