"""CatFile: objects through one long-lived git process, however many are asked for; through two before Git 2.36.

Laws
1. No request waits for an answer that waits for a request: what is written at once fits into the smallest pipe.
2. A blob's size is known before its bytes are read.
3. What is missing is said to be missing; it is never fetched.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import IO, TYPE_CHECKING

from reviewtui.errors import GitError, UnknownRevisionError
from reviewtui.git.objects import ObjectId
from reviewtui.git.process import NO_LAZY_FETCH_SINCE, command_error, end_process

if TYPE_CHECKING:
    from reviewtui.git.process import Git

Info = tuple[ObjectId, str, int]
"""Object id, type, size in bytes."""

BATCH_COMMAND_SINCE = (2, 36)
"""Since this release one process tells of objects and reads them, too."""

_PIPE = 4096
_LONGEST_VERB = len("contents ")
_DEFAULT_LIMIT = 64 << 20


class CatFile:
    """Reads objects by id or revision. Specs are sent over a pipe, so none is ever an option."""

    def __init__(self, git: Git) -> None:
        self._git = git
        self._lock = threading.RLock()
        self._conversations: dict[str, _Conversation] = {}
        self._present: frozenset[bytes] | None = None

    def info(self, spec: str) -> Info | None:
        """The object that a spec leads to, or None where there is none."""
        return self.infos((spec,))[spec]

    def infos(self, specs: Iterable[str]) -> Mapping[str, Info | None]:
        """The same for many specs, pipelined. Raises: UnknownRevisionError where a short id fits several objects."""
        found: dict[str, Info | None] = {}
        with self._lock:
            wanted = self._present_only(list(dict.fromkeys(specs)), found)
            for chunk in _chunks(wanted):
                answers = self._ask("info", chunk)
                for spec in chunk:
                    found[spec] = _info(spec, answers.header())
        return found

    def read(self, oid: str, *, limit: int = _DEFAULT_LIMIT) -> tuple[str, bytes]:
        """Type and bytes of one object.

        Raises: UnknownRevisionError where it is missing; GitError where it is larger than `limit`.
        """
        info = self.info(oid)
        if info is None:
            raise UnknownRevisionError(f"The object {oid} is missing.", hint=MISSING_HINT)
        if info[2] > limit:
            raise GitError(f"The object {oid} has {info[2]} bytes; at most {limit} are read.")
        return self.known_objects((oid,))[oid][1:]

    def read_many(self, specs: Iterable[str], *, limit: int = _DEFAULT_LIMIT) -> dict[str, bytes]:
        """The bytes of many objects, pipelined. Objects that are missing or larger than `limit` are left out."""
        return {spec: data for spec, (_, _, data) in self.objects(specs, limit=limit).items()}

    def objects(self, specs: Iterable[str], *, limit: int = _DEFAULT_LIMIT) -> dict[str, tuple[ObjectId, str, bytes]]:
        """Object id, type and bytes for each spec whose object is there and no larger than `limit`."""
        with self._lock:
            infos = self.infos(specs)
            return self.known_objects([spec for spec, info in infos.items() if info is not None and info[2] <= limit])

    def known_objects(self, specs: Iterable[str]) -> dict[str, tuple[ObjectId, str, bytes]]:
        """The same for objects whose size was looked at before (law 2)."""
        found: dict[str, tuple[ObjectId, str, bytes]] = {}
        with self._lock:
            for chunk in _chunks(list(specs)):
                answers = self._ask("contents", chunk)
                for spec in chunk:
                    info = _info(spec, answers.header())
                    if info is not None:
                        found[spec] = (info[0], info[1], answers.content(info[2]))
        return found

    def forget_missing(self) -> None:
        """After a fetch: what was missing may be here now."""
        with self._lock:
            self._present = None

    def close(self) -> None:
        """Ends the processes."""
        with self._lock:
            for conversation in self._conversations.values():
                conversation.close()
            self._conversations.clear()

    def _ask(self, verb: str, specs: Sequence[str]) -> _Conversation:
        if self._git.version >= BATCH_COMMAND_SINCE:
            mode, lines = "--batch-command", [f"{verb} {spec}\n" for spec in specs]
        else:
            mode = "--batch-check" if verb == "info" else "--batch"
            lines = [f"{spec}\n" for spec in specs]
        conversation = self._conversations.get(mode)
        if conversation is None or not conversation.is_alive:
            if conversation is not None:
                conversation.close()
            conversation = self._conversations[mode] = _Conversation(self._git, mode)
        conversation.ask(lines)
        return conversation

    def _present_only(self, specs: list[str], found: dict[str, Info | None]) -> list[str]:
        # Law 3: a git that knows no GIT_NO_LAZY_FETCH would die of the first object that a partial clone lacks.
        if self._git.local_objects_only is None or self._git.version >= NO_LAZY_FETCH_SINCE:
            return specs
        if self._present is None:
            self._present = self._local_objects()
        wanted = [spec for spec in specs if self._is_present(spec)]
        found.update(dict.fromkeys(specs))
        return wanted

    def _is_present(self, spec: str) -> bool:
        digits = spec.partition("^")[0]
        if len(digits) not in (40, 64) or not _is_hex(digits):
            return True
        assert self._present is not None
        assert self._git.local_objects_only is not None
        if bytes.fromhex(digits) in self._present:
            return True
        return (self._git.local_objects_only / digits[:2] / digits[2:]).exists()

    def _local_objects(self) -> frozenset[bytes]:
        listed = self._git.run(
            "cat-file", "--batch-all-objects", "--batch-check=%(objectname)", "--unordered", "--buffer"
        )
        return frozenset(bytes.fromhex(line.decode("ascii")) for line in listed.split(b"\n") if line)


MISSING_HINT = "The clone is shallow or partial: git fetch --unshallow, or git fetch --refetch --no-filter."


class _Conversation:
    """One cat-file process: questions in, answers out."""

    def __init__(self, git: Git, mode: str) -> None:
        self._errors: IO[bytes] = git.errors_file()
        self._process = git.start("cat-file", mode, stderr=self._errors)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def ask(self, lines: Iterable[str]) -> None:
        assert self._process.stdin
        try:
            self._process.stdin.write("".join(lines).encode("utf-8", "surrogateescape"))
            self._process.stdin.flush()
        except BrokenPipeError:
            self._fail()

    def header(self) -> bytes:
        assert self._process.stdout
        line = self._process.stdout.readline()
        if not line.endswith(b"\n"):
            self._fail()
        return line[:-1]

    def content(self, size: int) -> bytes:
        assert self._process.stdout
        data = self._process.stdout.read(size + 1)
        if len(data) != size + 1:
            self._fail()
        return data[:-1]

    def _fail(self) -> None:
        status = self._process.wait()
        self._errors.seek(0)
        said = self._errors.read(_PIPE)
        self.close()
        raise command_error(("cat-file",), status, said)

    def close(self) -> None:
        end_process(self._process)
        self._errors.close()


def _info(spec: str, header: bytes) -> Info | None:
    words = header.rsplit(b" ", 2)
    if len(words) == 3 and words[2].isdigit():
        return ObjectId(words[0].decode("ascii")), words[1].decode("ascii"), int(words[2])
    if header.endswith(b" ambiguous"):
        raise UnknownRevisionError(f"{spec} fits more than one object.", hint="Give more digits of the id.")
    return None


def _chunks(specs: list[str]) -> Iterator[list[str]]:
    """Law 1."""
    chunk: list[str] = []
    size = 0
    for spec in specs:
        length = _LONGEST_VERB + len(os.fsencode(spec)) + 1
        if "\n" in spec or length > _PIPE:
            raise UnknownRevisionError("A name with a line break, or of thousands of letters, names nothing.")
        if size + length > _PIPE:
            yield chunk
            chunk, size = [], 0
        chunk.append(spec)
        size += length
    if chunk:
        yield chunk


def _is_hex(text: str) -> bool:
    return not text.strip("0123456789abcdef")
