"""ModelRepository: a real repository told as a story."""

from __future__ import annotations

import atexit
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import yaml

AUTHOR = "Robin Example <robin@example.com>"
START = 1_767_603_600  # 2026-01-05T09:00:00Z
HOUR = 3600


@dataclass(frozen=True, slots=True)
class PersonWithKey:
    """Somebody with an own SSH key; `environment` makes git, and reviewtui, act and sign as them."""

    name: str
    email: str
    private_key: Path
    public_key: str
    environment: Mapping[str, str]

    @property
    def author(self) -> str:
        """As a commit names an author."""
        return f"{self.name} <{self.email}>"


class ModelRepository:
    """A repository at `path`. Each commit is one hour after the one before, so that ids are always the same.

    Files are written by fast-import; a repository with a working tree is not checked out.
    """

    def __init__(self, path: Path, *, bare: bool = False, object_format: str = "sha1") -> None:
        self.path = path
        self.now = START
        self.people: dict[str, PersonWithKey] = {}
        path.mkdir(parents=True, exist_ok=True)
        shape = ("--bare",) if bare else ()
        self.git("init", "--quiet", "--template=", "--initial-branch=main", f"--object-format={object_format}", *shape)

    def copied(self, path: Path) -> ModelRepository:
        """The same repository elsewhere; its people have the same keys, in homes of their own."""
        other = object.__new__(ModelRepository)
        other.path, other.now = path, self.now
        shutil.copytree(self.path, path, symlinks=True)
        if self.people:
            shutil.copytree(self._homes, other._homes, symlinks=True)
        other.people = {name: self._moved(person, name, other._homes) for name, person in self.people.items()}
        return other

    @property
    def _homes(self) -> Path:
        return self.path.parent / f"{self.path.name}-people"

    def _moved(self, person: PersonWithKey, name: str, homes: Path) -> PersonWithKey:
        config = homes / name / "gitconfig"
        config.write_text(config.read_text().replace(f"{self._homes}/", f"{homes}/"))
        return replace(
            person,
            private_key=homes / name / person.private_key.name,
            environment={"GIT_CONFIG_GLOBAL": str(config), "HOME": str(homes / name)},
        )

    def git(self, *arguments: str, input: bytes | None = None, env: Mapping[str, str] | None = None) -> str:
        """What git prints, without the last line end. Raises: CalledProcessError."""
        done = subprocess.run(
            ("git", *arguments),
            cwd=self.path,
            input=input if input is not None else b"",
            env={**os.environ, **(env or {})},
            capture_output=True,
            check=False,
        )
        if done.returncode:
            raise subprocess.CalledProcessError(done.returncode, ["git", *arguments], done.stdout, done.stderr)
        return done.stdout.decode("utf-8", "surrogateescape").removesuffix("\n")

    def commit_files(
        self,
        files: Mapping[str, str | bytes | None],
        *,
        message: str = "Change files",
        branch: str = "main",
        author: str = AUTHOR,
        committer: str = "",
        start: str = "",
    ) -> str:
        """One commit on a branch that puts each file (None: removes it). Gives the commit's id.

        A new branch starts at `start`, or else at main.
        """
        self.now += HOUR
        ref = f"refs/heads/{branch}"
        parent = self._tip(ref) or self._tip(start or "refs/heads/main")
        lines = [
            f"commit {ref}",
            f"author {author} {self.now} +0000",
            f"committer {committer or author} {self.now} +0000",
        ]
        stream = "\n".join(lines).encode() + b"\n" + _data(message) + (f"from {parent}\n".encode() if parent else b"")
        for path, content in files.items():
            stream += (
                f"D {path}\n".encode() if content is None else f"M 100644 inline {path}\n".encode() + _data(content)
            )
        self.git("fast-import", "--quiet", "--date-format=raw", "--force", input=stream + b"\ndone\n")
        return self.git("rev-parse", "--verify", ref)

    def commit_version(
        self,
        model: str,
        version: str,
        *,
        params: Mapping[str, object] | None = None,
        metrics: Mapping[str, object] | None = None,
        data: Mapping[str, str] | None = None,
        files: Mapping[str, str | bytes | None] | None = None,
        path: str = "",
        message: str = "",
        author: str = AUTHOR,
        start: str = "",
    ) -> str:
        """A candidate: branch model/MODEL/vVERSION with params.yaml, metrics.json and DVC pointers. Gives its commit.

        `data` is {path: md5}; `path` the model's directory, models/MODEL where it is left empty.
        """
        place = path or f"models/{model}"
        prefix = "" if place == "." else f"{place}/"
        told: dict[str, str | bytes | None] = {}
        if params is not None:
            told[f"{prefix}params.yaml"] = yaml.safe_dump(dict(params), sort_keys=False)
        if metrics is not None:
            told[f"{prefix}metrics.json"] = json.dumps(metrics, indent=2) + "\n"
        for name, md5 in (data or {}).items():
            pointer = {"outs": [{"md5": md5, "size": 1000, "hash": "md5", "path": name.rpartition("/")[2]}]}
            told[f"{prefix}{name}.dvc"] = yaml.safe_dump(pointer, sort_keys=False)
        told |= files or {}
        return self.commit_files(
            told,
            message=message or f"{model} {version}",
            branch=f"model/{model}/v{version}",
            author=author,
            start=start,
        )

    def tag(
        self,
        name: str,
        target: str = "main",
        *,
        message: str = "",
        signed: bool = False,
        env: Mapping[str, str] | None = None,
    ) -> str:
        """A tag: lightweight without a message, else annotated. Gives the id of what the ref points to."""
        kind = ("-s",) if signed else ("-a", "--no-sign") if message else ("--no-sign",)
        words = ("-m", message or name) if message or signed else ()
        date = {"GIT_COMMITTER_DATE": f"{self.now} +0000"}
        self.git("tag", *kind, *words, name, target, env={**date, **(env or {})})
        return self.git("rev-parse", "--verify", f"refs/tags/{name}")

    def many_tags(self, count: int, *, model: str = "churn", annotated: bool = True) -> str:
        """`count` versions of a model at once, each a commit with its own params and metrics, each tagged."""
        stream = b""
        for number in range(1, count + 1):
            self.now += HOUR
            stamp = f"{AUTHOR} {self.now} +0000"
            stream += f"commit refs/heads/main\nmark :{number}\ncommitter {stamp}\n".encode() + _data(
                f"version {number}\n"
            )
            if number == 1 and (tip := self._tip("refs/heads/main")):
                stream += f"from {tip}\n".encode()
            stream += f"M 100644 inline models/{model}/params.yaml\n".encode() + _data(f"train: {{lr: 0.{number}}}\n")
            stream += f"M 100644 inline models/{model}/metrics.json\n".encode() + _data(f'{{"accuracy": 0.{number}}}\n')
            name = f"{model}@v1.{number}.0"
            if annotated:
                stream += f"tag {name}\nfrom :{number}\ntagger {stamp}\n".encode() + _data(f"{model} 1.{number}.0\n")
            else:
                stream += f"reset refs/tags/{name}\nfrom :{number}\n\n".encode()
        self.git("fast-import", "--quiet", "--date-format=raw", input=stream + b"done\n")
        self.git("pack-refs", "--all")
        return self.git("rev-parse", "--verify", "refs/heads/main")

    def settings(
        self,
        *,
        config: Mapping[str, object] | str | None = None,
        policy: Mapping[str, object] | str | None = None,
        allowed_signers: str | None = None,
        branch: str = "main",
        files: Mapping[str, str | bytes | None] | None = None,
    ) -> str:
        """A commit of .reviewtui/. Without `allowed_signers`, everybody who was introduced is in it."""
        told: dict[str, str | bytes | None] = dict(files or {})
        for name, content in (("config.yaml", config), ("policy.yaml", policy)):
            if content is not None:
                text = content if isinstance(content, str) else yaml.safe_dump(dict(content), sort_keys=False)
                told[f".reviewtui/{name}"] = text
        signers = "".join(f"{each.email} {each.public_key}\n" for each in self.people.values())
        told[".reviewtui/allowed_signers"] = signers if allowed_signers is None else allowed_signers
        return self.commit_files(told, message="Settings", branch=branch)

    def person(self, name: str, *, email: str = "") -> PersonWithKey:
        """Introduces somebody, with a new ed25519 key; the same person when asked again."""
        if name in self.people:
            return self.people[name]
        home = self._homes / name
        home.mkdir(parents=True)
        key = home / "id_ed25519"
        subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name, "-f", str(key)), check=True)
        address = email or f"{name}@example.com"
        config = home / "gitconfig"
        lines = (
            f"[user]\n\tname = {name.capitalize()} Example\n\temail = {address}\n\tsigningKey = {key}",
            "[gpg]\n\tformat = ssh",
            "[init]\n\tdefaultBranch = main",
            "[gc]\n\tauto = 0",
        )
        config.write_text("\n".join(lines) + "\n")
        self.people[name] = PersonWithKey(
            name=f"{name.capitalize()} Example",
            email=address,
            private_key=key,
            public_key=" ".join(key.with_suffix(".pub").read_text().split()[:2]),
            environment={"GIT_CONFIG_GLOBAL": str(config), "HOME": str(home)},
        )
        return self.people[name]

    def _tip(self, ref: str) -> str:
        try:
            return self.git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}")
        except subprocess.CalledProcessError:
            return ""


_TOLD: dict[str, ModelRepository] = {}


def told_once(story: str, path: Path, tell: Callable[[Path], ModelRepository]) -> ModelRepository:
    """A copy at `path` of what `tell` tells, which is told to the first who asks for the story of this name."""
    if story not in _TOLD:
        place = Path(tempfile.mkdtemp(prefix="reviewtui-told-"))
        atexit.register(shutil.rmtree, place, ignore_errors=True)
        _TOLD[story] = tell(place / "models")
    return _TOLD[story].copied(path)


def _data(content: str | bytes) -> bytes:
    raw = content.encode() if isinstance(content, str) else content
    return b"data %d\n%s\n" % (len(raw), raw)
