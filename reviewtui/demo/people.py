"""The people of the story at their desks: a throw-away key and a Git configuration for each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from reviewtui.demo.story import PEOPLE
from reviewtui.git.objects import Person
from reviewtui.values import dataclass


class MakeKey(Protocol):
    """Writes a new key and its public half; gives the public key as "type base64"."""

    def __call__(self, path: Path, *, comment: str) -> str: ...


@dataclass(frozen=True, slots=True)
class Desks:
    """Where everybody's key and configuration lies: files in `folder`, which nobody else may read."""

    folder: Path
    public_keys: Mapping[Person, str]

    @classmethod
    def furnished(cls, folder: Path, make_key: MakeKey) -> Desks:
        """Makes the folder and all that lies in it."""
        folder.mkdir(mode=0o700)
        keys = {who: make_key(folder / _short(who), comment=f"{who.email} (demo)") for who in PEOPLE}
        desks = cls(folder, keys)
        desks.allowed_signers_file.write_text(desks.allowed_signers(), encoding="ascii")
        for who in PEOPLE:
            (folder / f"{_short(who)}.gitconfig").write_text(_as_file(desks.settings(who)), encoding="utf-8")
        return desks

    @property
    def allowed_signers_file(self) -> Path:
        return self.folder / "allowed_signers"

    def allowed_signers(self) -> str:
        """Everybody's key, good for Git's own signatures and for records."""
        return "".join(f'{who.email} namespaces="git,reviewtui" {key}\n' for who, key in self.public_keys.items())

    def settings(self, who: Person) -> dict[str, str]:
        """Git's configuration as this person has it. Hooks and line ends are set, so that nobody else's disturb."""
        return {
            "user.name": who.name,
            "user.email": who.email,
            "user.signingkey": str(self.folder / f"{_short(who)}.pub"),
            "gpg.format": "ssh",
            "gpg.ssh.allowedSignersFile": str(self.allowed_signers_file),
            "core.hooksPath": str(self.folder.parent / "hooks"),
            "core.autocrlf": "false",
        }

    def environment(self, who: Person, *, at: datetime) -> dict[str, str]:
        """The environment in which Git knows this person alone, at this moment, and nothing of the user."""
        date = f"{int(at.timestamp())} +0000"
        date = f"{int(at.timestamp())} +0000"
        return {
            "GIT_CONFIG_GLOBAL": str(self.folder / f"{_short(who)}.gitconfig"),
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_AUTHOR_NAME": who.name,
            "GIT_AUTHOR_EMAIL": who.email,
            "GIT_AUTHOR_DATE": date,
            "GIT_COMMITTER_NAME": who.name,
            "GIT_COMMITTER_EMAIL": who.email,
            "GIT_COMMITTER_DATE": date,
        }


def _short(who: Person) -> str:
    return who.email.partition("@")[0]


def _as_file(settings: Mapping[str, str]) -> str:
    """A Git configuration file. Values are quoted: a path may hold anything."""
    lines = []
    for key, value in settings.items():
        section, _, rest = key.partition(".")
        subsection, _, name = rest.rpartition(".")
        quoted = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\t", "\\t")
        lines.append(f'[{section} "{subsection}"]\n' if subsection else f"[{section}]\n")
        lines.append(f'\t{name} = "{quoted}"\n')
    return "".join(lines)
