"""The sample repository as the pictures show it: its keys are made from seeds and its clock stands still.

So two runs differ in nothing, not even in a fingerprint or an object id.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from reviewtui.demo import build_demo
from reviewtui.git.repository import Repository
from reviewtui.project import Project
from reviewtui.signing.configured import configured_signer

TOLD = datetime(2026, 11, 20, 9, 30, tzinfo=UTC)
"""When the sample's story ends."""
NOW = TOLD + timedelta(minutes=12)
"""The moment of the pictures."""
NOBODY = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"}


def seeded_key(path: Path, *, comment: str) -> str:
    """Writes the SSH key that belongs to a comment, always the same one, which anybody can make; gives its public half
    as "type base64"."""
    key = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(comment.encode()).digest())
    path.touch(mode=0o600)
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    public = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii")
    path.with_name(f"{path.name}.pub").write_text(f"{public} {comment}\n", encoding="ascii")
    return public


def build_sample(directory: Path) -> Path:
    """Builds it in a new directory."""
    return build_demo(directory, now=TOLD, make_key=seeded_key)


def open_sample(directory: Path) -> Project:
    """The sample as its visitor opens it, at the moment of the pictures."""
    date = f"{int(NOW.timestamp())} +0000"
    at = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    repository = Repository.open(directory, environment={**NOBODY, **at})
    return Project(
        repository,
        signer=lambda: configured_signer(repository.config, directory=directory),
        clock=lambda: NOW,
    )
