"""A policy that is proposed: what is wrong with it, and what would change for every version if it were in force."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from pathlib import Path

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.errors import SettingsError, UsageError
from reviewtui.git.objects import ObjectId
from reviewtui.patterns import pattern
from reviewtui.policy.lint import PolicyRemark, lint_policy
from reviewtui.policy.model import POLICY_FILE, parse_policy
from reviewtui.policy.rules import Policy
from reviewtui.project import Project
from reviewtui.settings import ALLOWED_SIGNERS_FILE, MAX_SETTINGS_BYTES, MAX_SIGNERS_BYTES
from reviewtui.signing.trust import TrustFiles
from reviewtui.values import dataclass, replace

_LOCATED = pattern(r"(?P<file>.*), line (?P<line>\d+): (?:(?P<key>[^ :]+): )?(?P<problem>.*)", re.DOTALL)
_SIGNERS_NAME = ALLOWED_SIGNERS_FILE.rpartition("/")[2]


@dataclass(frozen=True, slots=True)
class Proposal:
    """A policy's bytes, where they are from, and the trust files that would stand beside it."""

    name: str
    data: bytes
    trust_files: TrustFiles


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a version stands; `allowed` is None for a release, which is made."""

    state: str
    allowed: bool | None


@dataclass(frozen=True, slots=True)
class WhatIf:
    """A version before and after."""

    name: str
    before: Standing
    after: Standing

    @property
    def changes(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class PolicyCheck:
    """All that can be said of a proposal. `readable` is False where it is no policy at all."""

    name: str
    readable: bool
    remarks: tuple[PolicyRemark, ...]
    versions: tuple[WhatIf, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether nothing in it closes a gate for good."""
        return self.readable and not any(remark.is_error for remark in self.remarks)


def read_proposal(project: Project, file: str | None) -> Proposal:
    """The policy of a file; else the working tree's; else the trusted branch's. An allowed_signers file beside it is
    read with it.

    Raises: UsageError where there is none.
    """
    work_tree = project.repository.work_tree
    path = Path(file) if file else work_tree / POLICY_FILE if work_tree else None
    if path is not None and (file or path.exists()):
        data = _read(path, limit=MAX_SETTINGS_BYTES)
        signers = path.with_name(_SIGNERS_NAME)
        trust = project.settings.trust_files or TrustFiles()
        if signers.is_file():
            trust = replace(trust, allowed_signers=_read(signers, limit=MAX_SIGNERS_BYTES))
        return Proposal(file or POLICY_FILE, data, trust)
    if project.settings.policy_blob is None:
        raise UsageError("There is no policy here yet.", hint="reviewtui init")
    _, data = project.repository.git.cat_file.read(project.settings.policy_blob, limit=MAX_SETTINGS_BYTES)
    return Proposal(POLICY_FILE, data, project.settings.trust_files or TrustFiles())


def check_policy(project: Project, proposal: Proposal) -> PolicyCheck:
    """Read it, look for what is dangerous in it, and judge every version by it."""
    try:
        policy = parse_policy(proposal.data, name=proposal.name)
        proposed = _in_force(project, policy, proposal)
        trust = proposed.trust
        remarks = lint_policy(
            policy, proposal.data, name=proposal.name, keys=trust.holders(),
            certified=trust.known_principals() is None,
        )  # fmt: skip
    except SettingsError as error:
        return PolicyCheck(proposal.name, False, (_unreadable(proposal.name, error.message),))
    remarks += _signer_remarks(proposed)
    remarks += _growth(project, policy, proposal)
    return PolicyCheck(proposal.name, True, tuple(remarks), tuple(_what_if(project, proposed)))


def _read(path: Path, *, limit: int) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}.") from error
    if len(data) > limit:
        raise UsageError(f"{path} is larger than {limit // 1024} KiB.")
    return data


def _unreadable(name: str, message: str) -> PolicyRemark:
    found = _LOCATED.match(message)
    if found is None:
        return PolicyRemark(name, "", 0, True, message)
    return PolicyRemark(found["file"], found["key"] or "", int(found["line"]), True, found["problem"])


def _signer_remarks(proposed: Project) -> Iterator[PolicyRemark]:
    for problem in proposed.settings.unforgiven(proposed.trust.problems):
        yield PolicyRemark(problem.path, problem.kind, problem.line, True, problem.problem)


def _growth(project: Project, policy: Policy, proposal: Proposal) -> Iterator[PolicyRemark]:
    old = project.settings.policy
    if old is None or _blob_id(project, proposal.data) == project.settings.policy_blob or policy.version > old.version:
        return
    name = "policy-version-decreased" if policy.version < old.version else "policy-version-unchanged"
    problem = f"{name}: the version in force is {old.version}; it must grow with every change."
    yield PolicyRemark(proposal.name, "version", 0, True, problem)


def _in_force(project: Project, policy: Policy, proposal: Proposal) -> Project:
    return project.with_settings(
        replace(
            project.settings,
            exists=True,
            policy=policy,
            policy_blob=_blob_id(project, proposal.data),
            policy_error="",
            trust_files=proposal.trust_files,
            trust_error="",
        )
    )


def _what_if(project: Project, proposed: Project) -> Iterator[WhatIf]:
    versions = project.catalog.versions
    for each in (project, proposed):
        each.library.load_for_judging([version for version in versions if version.kind is not VersionKind.RELEASE])
    for version in versions:
        yield WhatIf(version.name, _standing(project, version), _standing(proposed, version))


def _standing(project: Project, version: ModelVersion) -> Standing:
    state = project.status(version).state
    return Standing(state, None if version.kind is VersionKind.RELEASE else project.gate(version).allowed)


def _blob_id(project: Project, data: bytes) -> ObjectId:
    digest = hashlib.new(project.repository.object_format, usedforsecurity=False)
    digest.update(b"blob %d\0" % len(data) + data)
    return ObjectId(digest.hexdigest())
