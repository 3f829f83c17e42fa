"""An SSH authority and people whom it certifies, all made by ssh-keygen."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.model_repository import PersonWithKey


def ssh_keygen(*words: str | Path) -> None:
    """`ssh-keygen -q words…`."""
    subprocess.run(("ssh-keygen", "-q", *map(str, words)), check=True, capture_output=True)


@dataclass(frozen=True, slots=True)
class Authority:
    """A key that certifies others. `line` trusts it for whatever names a pattern fits."""

    key: Path

    def line(self, pattern: str = "*@example.com", *options: str) -> str:
        """A line of allowed_signers."""
        return f"{pattern} {','.join(('cert-authority', *options))} {self.public_key}\n"

    @property
    def public_key(self) -> str:
        """Type and base64, without a comment."""
        return " ".join(self.key.with_name(f"{self.key.name}.pub").read_text().split()[:2])

    def certify(self, key: Path, *names: str, validity: str = "", serial: int = 1, host: bool = False) -> Path:
        """Writes KEY-cert.pub beside a key, and gives it. `validity` is as for -V."""
        words = ["-s", str(self.key), "-I", "a certificate", "-z", str(serial), "-n", ",".join(names)]
        words += ["-V", validity] if validity else []
        ssh_keygen(*words, *(["-h"] if host else []), f"{key}.pub")
        return key.with_name(f"{key.name}-cert.pub")


@dataclass(frozen=True, slots=True)
class Holder:
    """Somebody whose key is in no file of the trusted branch; `environment` makes git sign with their certificate."""

    key: Path
    certificate: Path
    environment: Mapping[str, str]


def make_authority(place: Path, name: str = "authority") -> Authority:
    """An authority with a new key."""
    ssh_keygen("-t", "ed25519", "-N", "", "-C", name, "-f", place / name)
    return Authority(place / name)


def make_holder(place: Path, person: PersonWithKey, *, signs_by: str = "-cert.pub") -> Holder:
    """Somebody with a new key; user.signingkey is its path with this ending. The certificate is for an authority to
    write."""
    place.mkdir(parents=True, exist_ok=True)
    key = place / person.email.partition("@")[0]
    ssh_keygen("-t", "ed25519", "-N", "", "-C", person.email, "-f", key)
    config = place / f"{key.name}.gitconfig"
    user = f"[user]\n\tname = {person.name}\n\temail = {person.email}\n\tsigningKey = {key}{signs_by}\n"
    config.write_text(f"{user}[gpg]\n\tformat = ssh\n")
    environment = {**person.environment, "GIT_CONFIG_GLOBAL": str(config)}
    return Holder(key, key.with_name(f"{key.name}-cert.pub"), environment)
