"""Git bundles, written so that the same refs and objects give the same bytes, however a clone has packed them."""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Mapping
from typing import BinaryIO

from reviewtui.errors import GitError
from reviewtui.git.objects import ObjectId
from reviewtui.git.process import command_error, end_process
from reviewtui.git.repository import Repository

_PINS = ("pack.compression=6", "pack.windowMemory=0", "pack.deltaCacheSize=64m", "core.bigFileThreshold=32m",
         "pack.packSizeLimit=0", "pack.useBitmaps=false")  # fmt: skip
_WORDS = ("--stdout", "-q", "--threads=1", "--window=10", "--depth=50", "--delta-base-offset", "--no-reuse-delta",
          "--no-reuse-object")  # fmt: skip


def write_bundle(repository: Repository, refs: Mapping[str, ObjectId], out: BinaryIO) -> None:
    """Writes everything that the refs lead to. The refs need not exist in the repository, their objects must.

    The format: https://git-scm.com/docs/gitformat-bundle. Raises: GitError where an object is missing.
    """
    if repository.is_shallow or repository.is_partial:
        raise GitError(
            "This clone does not hold the whole history, so that a bundle of it would prove nothing.",
            hint="git fetch --unshallow, or a clone without --depth and --filter",
        )
    sha1 = repository.object_format == "sha1"
    head = "# v2 git bundle\n" if sha1 else f"# v3 git bundle\n@object-format={repository.object_format}\n"
    lines = "".join(f"{refs[name]} {name}\n" for name in sorted(refs))
    out.write(f"{head}{lines}\n".encode("utf-8", "surrogateescape"))
    _write_pack(repository, _reachable(repository, refs.values()), out)


def not_reachable(repository: Repository, commits: Collection[ObjectId], tips: Iterable[ObjectId]) -> set[ObjectId]:
    """Those of the commits that none of the tips descends from."""
    if not commits:
        return set()
    asked = "".join([*(f"{each}\n" for each in commits), *(f"^{tip}\n" for tip in tips)]).encode("ascii")
    found = repository.git.run("rev-list", "--stdin", input=asked).decode("ascii").split()
    return set(commits).intersection(map(ObjectId, found))


def _reachable(repository: Repository, tips: Iterable[ObjectId]) -> bytes:
    """Every object, sorted, so that the order of a walk, which may differ between clones, does not show."""
    asked = "".join(f"{tip}\n" for tip in sorted(set(tips))).encode("ascii")
    found = repository.git.run("rev-list", "--objects", "--no-object-names", "--stdin", input=asked)
    return b"\n".join(sorted(found.split())) + b"\n"


def _write_pack(repository: Repository, objects: bytes, out: BinaryIO) -> None:
    words = [word for pin in _PINS for word in ("-c", pin)]
    with repository.git.errors_file() as errors:
        process = repository.git.start(*words, "pack-objects", *_WORDS, stderr=errors)
        assert process.stdin
        assert process.stdout
        try:
            # pack-objects reads all of its input before it writes anything.
            process.stdin.write(objects)
            process.stdin.close()
            shutil.copyfileobj(process.stdout, out)
            status = process.wait()
        finally:
            end_process(process)
        if status != 0:
            errors.seek(0)
            raise command_error(("pack-objects",), status, errors.read(4096))
