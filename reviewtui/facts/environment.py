"""The files that describe the environment of a version, as raw text."""

from __future__ import annotations

import re
from collections.abc import Iterable

from reviewtui.facts.model import EnvironmentFile
from reviewtui.facts.reading import TreeReader
from reviewtui.patterns import pattern

ENVIRONMENT_NAME = pattern(
    r"(?:[\w.-]*requirements[\w.-]*\.(?:txt|in)|uv\.lock|poetry\.lock|pdm\.lock|pylock(?:\.[\w-]+)?\.toml|Pipfile(?:\.lock)?|"
    r"conda(?:-lock)?\.ya?ml|environment\.ya?ml|pixi\.(?:toml|lock)|python_env\.yaml|(?:[\w-]+\.)?Dockerfile|"
    r"Dockerfile\.[\w-]+|Containerfile|\.python-version|runtime\.txt|packages\.txt|renv\.lock)\Z",
    re.ASCII,
)
ROOT_NAMES = (
    "requirements.txt", "uv.lock", "poetry.lock", "pylock.toml", "Pipfile.lock", "conda.yaml", "environment.yml",
    "environment.yaml", "Dockerfile", ".python-version", "runtime.txt",
)  # fmt: skip
"""Looked for at the repository's root where a model's own directory holds none."""
LAST_RESORT = "pyproject.toml"
MAX_ENVIRONMENT_BYTES = 4 * 1024 * 1024


def read_environment(reader: TreeReader, paths: Iterable[str]) -> tuple[EnvironmentFile, ...]:
    """The texts of these files; what cannot be read is a problem."""
    found = []
    for path in sorted(set(paths)):
        text = reader.text(path, limit=MAX_ENVIRONMENT_BYTES)
        entry = reader.file(path)
        if text is not None and entry is not None:
            found.append(EnvironmentFile(path, entry.object_id, text))
    return tuple(found)
