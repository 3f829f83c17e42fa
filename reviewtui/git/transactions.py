"""Whose transaction a reference-transaction hook is asked about: what comes from elsewhere is not made here.

Git does not tell the hook, and the objects do not either: a fetched tag looks like one that was just made. The process
that waits for the hook is the one that moves the refs, and its words say whether it fetches.
"""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from pathlib import Path

from reviewtui.git.repository import Repository

RECEIVING = frozenset(("fetch", "pull", "clone", "remote", "receive-pack", "fetch-pack", "submodule", "bundle"))
PACKING = frozenset(("pack-refs", "gc", "maintenance", "refs"))
"""What only moves refs between files tells its hook of refs that come and go all the same."""

_WITH_VALUE = frozenset(
    ("-c", "-C", "--git-dir", "--work-tree", "--namespace", "--exec-path", "--config-env", "--super-prefix")
)
_LONGEST_ALIASES = 8


def makes_refs(repository: Repository, process: int) -> bool | None:
    """Whether a git process makes its refs itself: neither takes them over nor packs them. None: it cannot be told."""
    words = _words_of(process)
    if not words:
        return None
    command = _subcommand(words)
    for _ in range(_LONGEST_ALIASES):
        alias = repository.config(f"alias.{command}") if command and command not in RECEIVING | PACKING else None
        if alias is None or alias.startswith("!"):
            break
        command = _subcommand(("git", *alias.split()))
    return command not in RECEIVING | PACKING


def _subcommand(words: Sequence[str]) -> str:
    """The command in the words of a git process: fetch, of `git -c x=y fetch --all` and of `git-fetch`."""
    name = words[0].replace("\\", "/").rpartition("/")[2].removesuffix(".exe")
    if name.startswith("git-"):
        return name.removeprefix("git-")
    rest = iter(words[1:])
    for word in rest:
        if word in _WITH_VALUE:
            next(rest, None)
        elif not word.startswith("-"):
            return word
    return ""


def _words_of(process: int) -> tuple[str, ...]:
    try:
        told = Path(f"/proc/{process}/cmdline").read_bytes()
        return tuple(word.decode("utf-8", "surrogateescape") for word in told.split(b"\0") if word)
    except OSError:
        pass  # A system without /proc is asked by ps, which POSIX has everywhere.
    try:
        command = ("ps", "-o", "args=", "-p", str(process))
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ()
    return tuple(done.stdout.decode("utf-8", "replace").split())
