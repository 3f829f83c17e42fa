"""A trail as a bundle: one archive that an auditor checks years later, offline, and trusts neither team nor reviewtui.

It holds the trail, the report, the Git history that both rest on, the facts that people signed, the programs that check
all of it, and a list of digests that the exporter signs. Whatever the repository holds is in it whole: a history with
holes could not be checked. The same repository state gives the same bytes, but for signatures that are never twice the
same (ECDSA, hardware keys).
"""

from __future__ import annotations

import hashlib
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from importlib.resources import files
from pathlib import Path
from typing import BinaryIO

from reviewtui.bundle_evidence import BundleEvidence, NamedFacts
from reviewtui.export import json_lines
from reviewtui.export.json_lines import Output
from reviewtui.git.bundles import not_reachable, write_bundle
from reviewtui.git.objects import ObjectId
from reviewtui.git.repository import Repository
from reviewtui.git.seen_tags import refs_below
from reviewtui.git.watched_notes import SEEN
from reviewtui.signing.armor import SignatureScheme, armor
from reviewtui.signing.scheme import Signer
from reviewtui.signing.sshsig import MAGIC
from reviewtui.trail import AuditTrail, TrailEvent, TrailHeader, TrailScope
from reviewtui.values import dataclass

PROGRAMS = (
    "verify.py", "verify_checkpoints.py", "verify_events.py", "verify_facts.py", "verify_git.py", "verify_keys.py",
    "verify_policy.py", "verify_reading.py", "verify_release.py", "verify_trail.py",
)  # fmt: skip
README = "README.txt"
"""Put into a bundle as they are. They stand in a folder of their own here, beside which nothing hides a module of the
standard library."""

Report = Callable[[AuditTrail, BinaryIO], None]


@dataclass(frozen=True, slots=True)
class BundleSource:
    """What a bundle is made of: a repository, its trail as often as it is asked for, the report, and who signs.

    `trail` is what was asked for, `whole` everything: history is never left out.
    """

    repository: Repository
    trail: Callable[[], AuditTrail]
    whole: Callable[[], AuditTrail]
    report: Report
    signer: Callable[[], Signer]


def write(source: BundleSource, out: Output) -> None:
    """Write the archive. Raises: NoSigningKeyError, SigningError; GitError where history is missing."""
    signer = source.signer()
    with tempfile.TemporaryDirectory(prefix="reviewtui-") as directory:
        place = Path(directory)
        _write_parts(source, place)
        names = sorted(each.relative_to(place).as_posix() for each in place.rglob("*") if each.is_file())
        manifest = b"".join(f"{_digest(place / name)}  {name}\n".encode() for name in names)
        (place / "MANIFEST").write_bytes(manifest)
        (place / "MANIFEST.sig").write_bytes(_armored(signer.sign(manifest), signer))
        _pack([*names, "MANIFEST", "MANIFEST.sig"], place, out)


def _write_parts(source: BundleSource, place: Path) -> None:
    """Everything that the manifest lists."""
    for name in ("facts", "settings"):
        (place / name).mkdir()
    trail, named = source.trail(), _Named({}, set(), NamedFacts())
    with (place / "trail.jsonl").open("wb") as file:
        json_lines.write(AuditTrail(trail.header, named.noted(trail.events)), file)
    if trail.header.scope != TrailScope():
        for _ in named.noted(source.whole().events):
            pass
    with (place / "report.html").open("wb") as file:
        source.report(source.trail(), file)
    with (place / "repository.bundle").open("wb") as file:
        write_bundle(source.repository, _refs(source.repository, trail.header, named), file)
    evidence = BundleEvidence(
        source.repository, source.repository.refs(), ObjectId(trail.header.trusted_commit) or None
    )
    for name, data in (*evidence.settings(), *evidence.facts(named.facts)):
        (place / name).write_bytes(data)
    package = files("reviewtui.export")
    for name in PROGRAMS:
        (place / name).write_bytes(package.joinpath("verifier", name).read_bytes())
    (place / README).write_bytes(package.joinpath("bundle_readme.txt").read_bytes())


@dataclass(frozen=True, slots=True)
class _Named:
    """What a trail names while it is written: refs, objects, facts."""

    refs: dict[str, ObjectId]
    objects: set[ObjectId]
    facts: NamedFacts

    def noted(self, events: Iterator[TrailEvent]) -> Iterator[TrailEvent]:
        for event in events:
            # A record names the branch of its version, which may have gone on since.
            if event.ref.startswith("refs/") and event.commit and not event.line:
                self.refs.setdefault(event.ref, ObjectId(event.tag or event.commit))
            ids = (event.commit, event.tag, event.note, event.base.commit if event.base else "")
            self.objects.update(ObjectId(each) for each in ids if each)
            self.facts.take(event)
            yield event


def _refs(repository: Repository, header: TrailHeader, named: _Named) -> dict[str, ObjectId]:
    """{name: object} of the bundle: what the trail names, and by names of their own what no such ref leads to."""
    refs = {name: each for name, each in named.refs.items() if name.startswith(("refs/heads/", "refs/tags/"))}
    for name in [name for name in refs if name.startswith("refs/tags/")]:
        now = repository.ref(name)
        if now is None:
            del refs[name]
        else:
            refs[name] = now
    if header.trusted_ref:
        refs[header.trusted_ref] = ObjectId(header.trusted_commit)
    refs |= {tip.ref: ObjectId(tip.commit) for tip in header.notes if tip.commit}
    refs |= _seen(repository, refs)
    present = repository.git.cat_file.infos({*refs.values(), *named.objects})
    refs = {name: each for name, each in refs.items() if present[each] is not None}
    kinds = {each: info[1] for each in named.objects if (info := present[each]) is not None}
    commits = [each for each, kind in kinds.items() if kind == "commit"]
    loose = not_reachable(repository, commits, refs.values())
    loose |= {each for each, kind in kinds.items() if kind == "tag" and each not in refs.values()}
    return refs | {f"refs/bundle/{each}": each for each in loose}


def _seen(repository: Repository, refs: dict[str, ObjectId]) -> dict[str, ObjectId]:
    """What this clone remembers and the repository lost: notes that no tip descends from, tags that moved."""
    found = {}
    for name, object_id in refs_below(repository, SEEN.removesuffix("/")).items():
        if name.startswith(f"{SEEN}tags/"):
            lost = refs.get(f"refs/tags/{name.removeprefix(f'{SEEN}tags/')}") not in (None, object_id)
            lost |= repository.ref(f"refs/tags/{name.removeprefix(f'{SEEN}tags/')}") is None
        else:
            tip = refs.get(f"refs/notes/reviewtui/{name.removeprefix(SEEN)}")
            lost = tip is None or bool(not_reachable(repository, [object_id], [tip]))
        if lost:
            found[str(name)] = object_id
    return found


def _armored(raw: bytes, signer: Signer) -> bytes:
    if raw.startswith(MAGIC):
        return armor(SignatureScheme.SSH, raw)
    return armor(SignatureScheme.X509 if signer.keyid.startswith("x509:") else SignatureScheme.OPENPGP, raw)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _pack(names: list[str], place: Path, out: Output) -> None:
    """A tar archive in which nothing but names, sizes and contents says anything."""
    for name in names:
        entry = tarfile.TarInfo(name)
        entry.size = (place / name).stat().st_size
        out.write(entry.tobuf(tarfile.PAX_FORMAT))
        with (place / name).open("rb") as file:
            while chunk := file.read(1 << 20):
                out.write(chunk)
        out.write(bytes(-entry.size % tarfile.BLOCKSIZE))
    out.write(bytes(2 * tarfile.BLOCKSIZE))
