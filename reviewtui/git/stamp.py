"""A repository's refs as one short text that changes when any of them does; found without starting a process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

_BELOW = ("refs/heads", "refs/tags", "refs/remotes", "refs/notes")
"""What this clone remembers of what it has seen (refs/reviewtui) moves when somebody merely looks."""
_FILES = ("packed-refs", "HEAD", "config", "reftable/tables.list")
_MOST_FILES = 20_000


def refs_stamp(git_dir: Path, common_dir: Path) -> str:
    """The stamp of HEAD, configuration and refs: names, sizes and times of the files that Git keeps them in."""
    digest = hashlib.sha256()
    for place in dict.fromkeys((git_dir, common_dir)):
        for name in _FILES:
            digest.update(_told(place / name))
    for number, told in enumerate(_files(common_dir)):
        if number >= _MOST_FILES:
            break
        digest.update(told)
    return digest.hexdigest()


def _files(common_dir: Path) -> Iterator[bytes]:
    waiting = [common_dir / below for below in reversed(_BELOW)]
    while waiting:
        directory = waiting.pop()
        try:
            with os.scandir(directory) as found:
                entries = sorted(found, key=lambda entry: entry.name)
        except OSError:
            continue  # It was removed meanwhile, or there never was one.
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                waiting.append(Path(entry.path))
            elif not entry.name.endswith(".lock"):
                yield _told(Path(entry.path))


def _told(path: Path) -> bytes:
    try:
        status = path.stat()
    except OSError:
        return b""
    return f"{path}\0{status.st_size}\0{status.st_mtime_ns}\0{status.st_ino}\n".encode("utf-8", "surrogateescape")
