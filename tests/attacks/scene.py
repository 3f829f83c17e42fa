"""Scene: a repository that an attacker works on: real git, real keys, one candidate that lacks one approval."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

from reviewtui.project import Project
from reviewtui.release import release_message
from reviewtui.review import Review, ReviewSubject, Verdict, encode_review, record_id
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature, pre_authentication_encoding
from reviewtui.signing.scheme import NAMESPACE
from reviewtui.signing.ssh import ssh_signer
from reviewtui.verification import VerifiedReview
from tests.model_repository import HOUR, ModelRepository, PersonWithKey, told_once

REVIEWS = "refs/notes/reviewtui/reviews"
CANDIDATE = "churn@1.1.0"
BRANCH = "model/churn/v1.1.0"
TAG = "churn@v1.1.0"
IDENTITY = "git.example.com/ml/churn"
CONFIG: dict[str, Any] = {
    "repository": IDENTITY,
    "models": {"churn": {"path": "models/churn"}, "fraud": {"path": "models/fraud"}},
}
POLICY: dict[str, Any] = {
    "version": 1,
    "people": {
        "dana@example.com": {"roles": ["data-science"], "aliases": ["dana@old.example.com", "dana-bot@example.com"]},
        "lin@example.com": {"roles": ["data-science"]},
        "risk@example.com": {"roles": ["risk"]},
        "robin@example.com": {"roles": ["data-science"], "aliases": ["robin@home.example"]},
        "boss@example.com": {"roles": ["release-manager"]},
    },
    "releases": [
        {
            "models": ["*"],
            "approvals": [{"count": 2, "roles": ["data-science", "risk"]}],
            "exclude": ["author", "committer", "coauthor"],
            "metrics": {"accuracy": {"better": "higher", "min": 0.9, "max_regression": {"abs": 0.005}}},
        }
    ],
    "releasers": {"roles": ["data-science"]},
    "overrides": {"roles": ["release-manager"], "max_age": "24h"},
    "policy_changes": {"approvals": [{"count": 1, "roles": ["release-manager"]}]},
}
TRUSTED = ("dana", "lin", "risk", "robin", "boss")
STRANGER = "mallory"
"""Somebody who can push and has a key, which nobody trusts."""


def build_scene(place: Path) -> Scene:
    """The story so far: release 1.0.0 from before reviewtui, settings, and Robin's candidate, approved by Dana only."""
    scene = Scene(told_once("scene", place / "models", _told))
    scene.commit = scene.tip()
    return scene


def _told(path: Path) -> ModelRepository:
    repository = ModelRepository(path)
    for name in (*TRUSTED, STRANGER):
        repository.person(name)
    repository.commit_files(
        {
            "models/churn/params.yaml": "train:\n  lr: 0.1\n  depth: 6\n",
            "models/churn/metrics.json": '{"accuracy": 0.91, "loss": 0.31}\n',
            "models/churn/data/train.csv.dvc": pointer("train.csv", "1"),
            "models/churn/data/test.csv.dvc": pointer("test.csv", "3"),
            "models/fraud/params.yaml": "lr: 0.2\n",
            "models/fraud/metrics.json": '{"accuracy": 0.95}\n',
        },
        author=repository.person("robin").author,
    )
    repository.tag("churn@v1.0.0", message="churn 1.0.0")
    scene = Scene(repository)
    scene.settings()
    repository.commit_version(
        "churn",
        "1.1.0",
        params={"train": {"lr": 0.05, "depth": 6}},
        metrics={"accuracy": 0.92, "loss": 0.29},
        data={"data/train.csv": "2" * 32},
        author=repository.person("robin").author,
    )
    repository.git("branch", "model/fraud/v2.0.0", BRANCH)
    scene.record("dana")
    return repository


def pointer(name: str, digit: str) -> str:
    """A DVC pointer to a file whose MD5 is one digit repeated."""
    return f"outs:\n- md5: {digit * 32}\n  size: 1000\n  hash: md5\n  path: {name}\n"


class Scene:
    """One repository, and everything that somebody with or without a trusted key could put into it.

    `commit` is the candidate's, as the scene began.
    """

    def __init__(self, repository: ModelRepository, commit: str = "") -> None:
        self.repository = repository
        self.commit = commit
        self._subjects: dict[tuple[str, str], ReviewSubject] = {}
        self.path = repository.path
        self.git = repository.git

    def copy(self, place: Path) -> Scene:
        """The same scene elsewhere, with the same keys."""
        shutil.copytree(self.path, place / self.path.name, symlinks=True)
        other = object.__new__(ModelRepository)
        other.path, other.now, other.people = place / self.path.name, self.repository.now, dict(self.repository.people)
        return Scene(other, self.commit)

    def person(self, name: str) -> PersonWithKey:
        """Somebody with a key."""
        return self.repository.person(name)

    def tip(self, branch: str = BRANCH) -> str:
        """The commit of a branch."""
        return self.git("rev-parse", "--verify", f"refs/heads/{branch}")

    # What the trusted branch says.

    def policy(self, **changes: Any) -> dict[str, Any]:
        """The policy with other top-level keys."""
        return {**deepcopy(POLICY), **changes}

    def entry(self, **changes: Any) -> dict[str, Any]:
        """The policy with its one entry of releases changed; None takes a key away."""
        entry = {**deepcopy(POLICY["releases"][0]), **changes}
        return self.policy(releases=[{key: value for key, value in entry.items() if value is not None}])

    def settings(
        self, *, policy: Mapping[str, Any] | str | None = None, signers: str | None = None, **more: Any
    ) -> str:
        """A commit of .reviewtui/ to the trusted branch. Without `signers` the trusted people are in it."""
        listed = self.signers() if signers is None else signers
        return self.repository.settings(
            config=more.pop("config", CONFIG),
            policy=POLICY if policy is None else policy,
            allowed_signers=listed,
            **more,
        )

    def signers(self, *names: str, **options: str) -> str:
        """Lines of allowed_signers for these people, or all trusted ones; `options` come before a person's key."""
        people = [(self.person(name), options.get(name, "")) for name in names or TRUSTED]
        return "".join(f"{' '.join(filter(None, (p.email, o, p.public_key)))}\n" for p, o in people)

    # Records.

    def subject(self, name: str = CANDIDATE) -> ReviewSubject:
        """What an honest review of a version would be bound to at this moment."""
        moment = (name, self.git("for-each-ref", "refs/heads", "refs/tags"))
        if moment not in self._subjects:
            project = Project.open(self.path)
            version = project.find(name)
            base = project.base_of(version).version
            self._subjects[moment] = project.library.subject(version, base, identity=project.identity)
            project.repository.close()
        return self._subjects[moment]

    def review(
        self,
        who: str,
        verdict: str = "approve",
        *,
        of: str = CANDIDATE,
        seq: int = 1,
        prev: str | None = None,
        comment: str = "",
        reviewer: str = "",
        **subject: Any,
    ) -> Review:
        """A review by somebody; what it is bound to can be forged key by key."""
        said = comment or {"reject": "No.", "override": "Go."}.get(verdict, "")
        name = reviewer or self.person(who).email
        about = replace(self.subject(of), **subject)
        return Review(about, Verdict(verdict), said, name, seq, prev, "2026-01-06T10:00:00Z", "reviewtui")

    def signed(
        self, who: str, payload: bytes | Review, *, namespace: str = NAMESPACE, payload_type: str = PAYLOAD_TYPE
    ) -> bytes:
        """The line of a payload that somebody's own key signed, by ssh-keygen."""
        content = encode_review(payload) if isinstance(payload, Review) else payload
        signer = ssh_signer(str(self.person(who).private_key), directory=self.path)
        signature = signer.sign(pre_authentication_encoding(payload_type, content), namespace=namespace)
        return Envelope(content, payload_type, (Signature(signer.keyid, signature),)).to_line()

    def record(self, who: str, verdict: str = "approve", *, beside: str = "", **more: Any) -> str:
        """A signed review, stored beside its commit or another one. Gives the record's id."""
        review = self.review(who, verdict, **more)
        self.put(self.signed(who, review), beside=beside or review.subject.commit)
        return record_id(encode_review(review))

    def altered(self, who: str, change: Mapping[str, Any], *, verdict: str = "approve", beside: str = "") -> str:
        """A signed review whose predicate was changed before it was signed (None: the key is taken away)."""
        document = json.loads(encode_review(self.review(who, verdict)))
        document["predicate"] |= change
        document["predicate"] = {key: value for key, value in document["predicate"].items() if value != "absent"}
        payload = json.dumps(document, indent=2).encode()
        self.put(self.signed(who, payload), beside=beside)
        return record_id(payload)

    # Notes, by hand: no writer of ours is asked.

    def put(self, line: bytes, *, beside: str = "", path: str = "", date: int | None = None) -> None:
        """Adds a line to the note of a commit (default: the candidate), whatever the line is."""
        place = path or beside or self.tip()
        before = self.note(place)
        self.write_notes({place: before + line + b"\n"}, date=date)

    def note(self, path: str) -> bytes:
        """The bytes of one note, b"" where there is none."""
        done = subprocess.run(
            ("git", "cat-file", "blob", f"{REVIEWS}:{path}"), cwd=self.path, capture_output=True, check=False
        )
        return done.stdout if done.returncode == 0 else b""

    def write_notes(
        self,
        files: Mapping[str, bytes | tuple[str, str] | None],
        *,
        ref: str = REVIEWS,
        parents: tuple[str, ...] | None = None,
        date: int | None = None,
    ) -> str:
        """A notes commit that puts files (bytes), modes with object ids, or removes (None)."""
        stamp = date if date is not None else self.repository.now
        stream = f"commit {ref}\ncommitter Eve <eve@example.com> {stamp} +0000\ndata 5\nnotes\n".encode()
        tips = (self.notes_tip(ref),) if parents is None else parents
        for word, parent in zip(("from", *["merge"] * len(tips)), tips, strict=False):
            stream += f"{word} {parent}\n".encode() if parent else b""
        for path, content in files.items():
            if content is None:
                stream += f"D {path}\n".encode()
            elif isinstance(content, tuple):
                stream += f"M {content[0]} {content[1]} {path}\n".encode()
            else:
                stream += f"M 100644 inline {path}\ndata {len(content)}\n".encode() + content + b"\n"
        self.git("fast-import", "--quiet", "--date-format=raw", "--force", input=stream + b"done\n")
        return self.notes_tip(ref)

    def notes_tip(self, ref: str = REVIEWS) -> str:
        """The commit of a notes ref, or "" where there is none."""
        return self.git("for-each-ref", "--format=%(objectname)", ref)

    # Tags, by hand.

    def release_message(self, *records: str, of: str = CANDIDATE, by: str = "dana") -> bytes:
        """The message that `reviewtui release` would write, claiming these records."""
        subject = self.subject(of)
        principal, review = self.person(by).email, self.review(by, of=of)
        claims = [VerifiedReview(identity, review, principal, "") for identity in records]
        return release_message(subject, summary=("By hand.",), approvals=claims)

    def tag(self, name: str = TAG, *, who: str = "dana", message: bytes | None = None, target: str = "") -> str:
        """A signed tag by somebody's own git. Gives the id of the tag object."""
        text = self.release_message() if message is None else message
        self.git(
            "tag", "--force", "-s", "--cleanup=verbatim", "-F", "-", name, target or self.tip(),
            input=text, env=self.person(who).environment,
        )  # fmt: skip
        return self.git("rev-parse", "--verify", f"refs/tags/{name}")

    # More commits.

    def amend(self, files: Mapping[str, str | bytes | None], *, who: str = "robin", message: str = "more") -> str:
        """One more commit on the candidate's branch."""
        author = self.person(who).author
        return self.repository.commit_files(files, branch=BRANCH, author=author, message=message)

    def later(self) -> None:
        """Some hours pass."""
        self.repository.now += 24 * HOUR
