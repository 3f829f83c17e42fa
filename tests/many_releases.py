"""many_releases(): any number of reviewed, signed releases in seconds: real signatures, made without ssh-keygen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime

from reviewtui.facts.model import Fact, VersionFacts
from reviewtui.git.objects import ObjectId
from reviewtui.project import Project
from reviewtui.release import release_message
from reviewtui.review import BaseVersion, Review, ReviewSubject, Verdict, encode_review, record_id
from reviewtui.signing.armor import SignatureScheme, armor
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature, pre_authentication_encoding
from reviewtui.verification import VerifiedReview
from tests.model_repository import AUTHOR, HOUR, ModelRepository
from tests.ssh_material import Key, ed25519, sshsig

IDENTITY = "git.example.com/ml/churn"
REVIEWERS = ("dana", "lin", "risk")
CONFIG = {"repository": IDENTITY, "models": {"churn": {"path": "models/churn"}}}
POLICY = {
    "version": 1,
    "people": {f"{name}@example.com": {"roles": ["data-science"]} for name in REVIEWERS},
    "releases": [{"models": ["*"], "approvals": [{"count": 2, "roles": ["data-science"]}], "exclude": ["author"]}],
    "releasers": {"roles": ["data-science"]},
}
_DIGITS = 1_000_000  # Every version has files of the same size.


@dataclass(frozen=True, slots=True)
class _Commit:
    object_id: ObjectId
    tree: ObjectId
    time: int


def many_releases(repository: ModelRepository, count: int, *, records: int = 3) -> None:
    """`count` releases of one model, each approved by `records` people a note commit each, and tagged by Dana."""
    keys = {name: ed25519(number) for number, name in enumerate(REVIEWERS, start=1)}
    signers = "".join(f"{name}@example.com {key.line.decode()}\n" for name, key in keys.items())
    settings = repository.settings(config=CONFIG, policy=POLICY, allowed_signers=signers)
    commits = _commits(repository, count, settings)
    template = _template(repository, commits[0])
    policy = ObjectId(repository.git("rev-parse", f"{settings}:.reviewtui/policy.yaml"))
    chains: dict[str, str | None] = dict.fromkeys(REVIEWERS)
    stream: list[bytes] = []
    for number, commit in enumerate(commits, start=1):
        base = BaseVersion(f"1.{number - 1}.0", commits[number - 2].object_id) if number > 1 else None
        subject = ReviewSubject(
            IDENTITY, "churn", f"1.{number}.0", commit.object_id, commit.tree, base, _digests(template, number), policy
        )
        lines, approvals = [], []
        for place, name in enumerate(REVIEWERS[:records]):
            at = commit.time + 60 * (place + 1)
            review = Review(
                subject, Verdict.APPROVE, f"Version {number} is fine.", f"{name}@example.com", number, chains[name],
                f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}", "reviewtui",
            )  # fmt: skip
            payload = encode_review(review)
            chains[name] = record_id(payload)
            lines.append(_signed(keys[name], payload))
            approvals.append(VerifiedReview(record_id(payload), review, review.reviewer, keys[name].fingerprint))
            note = b"".join(line + b"\n" for line in sorted(lines))
            stream.append(_note(commit.object_id, note, at))
        stream.append(_tag(keys["dana"], subject, approvals, commit.time + 600))
    repository.git("fast-import", "--quiet", "--date-format=raw", input=b"".join(stream) + b"done\n")
    repository.git("pack-refs", "--all")


def _commits(repository: ModelRepository, count: int, start: str) -> list[_Commit]:
    stream, times = [], []
    for number in range(1, count + 1):
        repository.now += HOUR
        times.append(repository.now)
        stream += [
            f"commit refs/heads/main\ncommitter {AUTHOR} {repository.now} +0000\n".encode() + _data(b"version\n"),
            f"from {start}\n".encode() if number == 1 else b"",
            b"M 100644 inline models/churn/params.yaml\n" + _data(f"build: {_DIGITS + number}\n".encode()),
            b"M 100644 inline models/churn/metrics.json\n" + _data(b'{"accuracy": 0.95}\n'),
        ]
    repository.git("fast-import", "--quiet", "--date-format=raw", input=b"".join(stream) + b"done\n")
    rows = repository.git("log", "--reverse", "--format=%H %T", f"{start}..main").split("\n")
    pairs = (row.split(" ") for row in rows)
    return [_Commit(ObjectId(one), ObjectId(two), time) for (one, two), time in zip(pairs, times, strict=True)]


def _template(repository: ModelRepository, commit: _Commit) -> VersionFacts:
    project = Project.open(repository.path)
    try:
        return project.facts(project.find(f"churn@{commit.object_id}"))
    finally:
        project.repository.close()


def _digests(template: VersionFacts, number: int) -> tuple[tuple[str, str], ...]:
    (fact,) = template.config
    return tuple(replace(template, config=(Fact(fact.file, fact.key, _DIGITS + number),)).digests().items())


def _signed(key: Key, payload: bytes) -> bytes:
    signature = sshsig(key, pre_authentication_encoding(PAYLOAD_TYPE, payload))
    return Envelope(payload, PAYLOAD_TYPE, (Signature(key.fingerprint, signature),)).to_line()


def _note(commit: str, content: bytes, at: int) -> bytes:
    head = f"commit refs/notes/reviewtui/reviews\ncommitter {AUTHOR} {at} +0000\n".encode() + _data(b"Add a record\n")
    return head + f"N inline {commit}\n".encode() + _data(content)


def _tag(key: Key, subject: ReviewSubject, approvals: list[VerifiedReview], at: int) -> bytes:
    name = f"churn@v{subject.version}"
    message = release_message(subject, summary=("Approved.",), approvals=approvals[:2])
    head = f"object {subject.commit}\ntype commit\ntag {name}\ntagger {AUTHOR} {at} +0000\n\n".encode()
    signature = armor(SignatureScheme.SSH, sshsig(key, head + message, namespace=b"git"))
    body = f"tag {name}\nfrom {subject.commit}\ntagger {AUTHOR} {at} +0000\n".encode()
    return body + _data(message + signature)


def _data(content: bytes) -> bytes:
    return f"data {len(content)}\n".encode() + content + b"\n"
