"""The server's hook as one file: an executable archive of our rules and PyYAML, for machines without Python packages.

Its bytes depend on what goes in and on nothing else: no dates, no order of a disk, no compression that differs between
machines. It verifies SSH signatures by ssh-keygen.
"""

from __future__ import annotations

import importlib.metadata
import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

import reviewtui
from reviewtui.errors import UsageError

SHEBANG = b"#!/usr/bin/env python3\n"

_LEFT_OUT = ("tui", "demo", "export")
_FACES = ("cli/__init__.py", "cli/hook_entry.py", "cli/hook_run.py")
_DATE = (1980, 1, 1, 0, 0, 0)
_MAIN = b'''\
"""The server's hook: judges what Git is about to receive."""

import sys

if sys.version_info < (3, 11):
    sys.stderr.write("reviewtui: Python 3.11 or later is needed on this server, so the push is refused.\\n")
    sys.exit(1)

from reviewtui.cli.hook_entry import run_hook

sys.exit(run_hook(sys.argv[1:] or ["pre-receive"]))
'''


def build_server_file() -> bytes:
    """The bytes of the file. Raises: UsageError where PyYAML's own files are not where they should be."""
    content = {"__main__.py": _MAIN, **dict(_own_files()), **dict(_yaml_files())}
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, _DATE)
            entry.create_system = 3
            entry.external_attr = 0o100644 << 16
            archive.writestr(entry, content[name])
    return SHEBANG + stream.getvalue()


def _own_files() -> Iterator[tuple[str, bytes]]:
    root = Path(reviewtui.__file__).parent
    for file in root.rglob("*.py"):
        path = file.relative_to(root).as_posix()
        top = path.partition("/")[0]
        if top not in _LEFT_OUT and (top != "cli" or path in _FACES):
            yield f"reviewtui/{path}", file.read_bytes()


def _yaml_files() -> Iterator[tuple[str, bytes]]:
    import yaml

    root = Path(yaml.__file__).parent
    for file in root.glob("*.py"):
        yield f"yaml/{file.name}", file.read_bytes()
    yield "yaml/LICENSE", _licence()


def _licence() -> bytes:
    for file in importlib.metadata.files("PyYAML") or ():
        if file.name.upper().startswith(("LICENSE", "LICENCE")):
            return Path(str(file.locate())).read_bytes()
    raise UsageError("PyYAML's licence is not installed beside it, so it cannot be passed on.")
