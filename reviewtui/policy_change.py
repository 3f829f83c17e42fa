"""PolicyChange: a commit that changes .reviewtui/, reviewed like a version and judged by the settings before it.

It is the version N of the model `.reviewtui`, where N is the version of the policy that it brings. A review of it is
bound to the commit, which holds all there is to see; there is no base, and there are no facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.chains import Chains
from reviewtui.clock import Clock
from reviewtui.errors import GitError, UnknownRevisionError, UnknownVersionError
from reviewtui.facts.model import VersionFacts
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.repository import Repository
from reviewtui.git.updates import commits_touching
from reviewtui.policy.changes import POLICY_MODEL, evaluate_policy_change
from reviewtui.policy.decision import Decision
from reviewtui.policy.subject import PolicySubject
from reviewtui.records import Records
from reviewtui.review import ReviewSubject
from reviewtui.settings import DIRECTORY, Settings, load_settings
from reviewtui.signing.scheme import Verification
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.values import dataclass
from reviewtui.verification import RecordedReview, UnverifiedReview, VerificationContext, verify_review


def policy_change_version(commit: ObjectId, settings: Settings) -> ModelVersion:
    """A commit's settings as the version that is reviewed: `.reviewtui@` and the version of their policy."""
    number = str(settings.policy.version) if settings.policy is not None else "0"
    return ModelVersion(POLICY_MODEL, number, VersionKind.COMMIT, RefName(""), commit)


def policy_change_subject(
    repository: Repository, version: ModelVersion, *, identity: str, policy: ObjectId | None
) -> ReviewSubject:
    """What a review of changed settings is bound to. `policy` is the policy in force before them."""
    return ReviewSubject(
        repository=identity,
        model=version.model,
        version=version.version,
        commit=version.commit,
        tree=repository.commit(version.commit).tree,
        base=None,
        facts=tuple(VersionFacts(version.commit).digests().items()),
        policy=policy,
    )


@dataclass(frozen=True, slots=True)
class PolicyChangeJudge:
    """Judges changes by the settings in force, which stand in `trusted_commit` (None: there are none yet)."""

    repository: Repository
    settings: Settings
    trusted_commit: ObjectId | None
    trust: TrustedSigners
    clock: Clock

    @property
    def identity(self) -> str:
        """This repository's name in every record."""
        return self.settings.repository or self.repository.address or self.repository.name

    def version(self, commit: ObjectId) -> ModelVersion:
        """The change that a commit makes, as a version."""
        return policy_change_version(commit, load_settings(self.repository.tree(commit)))

    def find(self, revision: str, tips: Iterable[ObjectId]) -> ModelVersion:
        """The change that is meant by a branch, a commit, or the version of the policy that one of the `tips` brings.

        Raises: UnknownVersionError.
        """
        try:
            return self.version(self.repository.resolve(revision))
        except UnknownRevisionError:
            brought = {tip: self.version(tip) for tip in dict.fromkeys(tips) if self._is_change(tip)}
        found = [version for version in brought.values() if version.version == revision.removeprefix("v")]
        if len(found) != 1:
            many = f"{len(found)} branches bring" if found else "no branch brings"
            raise UnknownVersionError(
                f"{POLICY_MODEL}@{revision} is no change of the settings: {many} a policy of that version.",
                candidates=tuple(f"{POLICY_MODEL}@{version.commit[:10]}" for version in found or brought.values()),
                hint=f"Name the branch or the commit: {POLICY_MODEL}@BRANCH.",
            )
        return found[0]

    def _is_change(self, tip: ObjectId) -> bool:
        entry = self.repository.tree(tip).entry(DIRECTORY)
        trusted = self.repository.tree(self.trusted_commit).entry(DIRECTORY) if self.trusted_commit else None
        return entry is not None and (trusted is None or trusted.object_id != entry.object_id)

    def decide(self, commit: ObjectId, records: Records) -> Decision:
        """Whether the change is approved as the policy before it asks; what it brings itself has no say."""
        new = load_settings(self.repository.tree(commit))
        errors = [*self.errors_of(new), *self._errors_before()]
        errors += [("notes", f"{problem.path}: {problem.problem}") for problem in records.problems]
        return evaluate_policy_change(
            self.settings.policy,
            new.policy,
            self.subject(commit),
            reviews=self._recorded(policy_change_version(commit, new), records),
            now=int(self.clock().timestamp()),
            errors=errors,
        )

    def subject(self, commit: ObjectId) -> PolicySubject:
        """What the policy is asked about: the commit, and who made each commit since that touches the settings."""
        touching = self._touching(commit) or (commit,)
        infos = self.repository.commits((commit, *touching))
        if not infos.keys() >= {commit, *touching}:
            raise GitError("A commit that touches the settings cannot be read, so nobody can tell whose it is.")
        current = policy_change_subject(
            self.repository,
            self.version(commit),
            identity=self.identity,
            policy=self.settings.policy_blob,
        )
        return PolicySubject(
            current,
            VersionFacts(commit),
            commits=tuple(infos[each] for each in touching),
            submitter=self._submitter(commit),
            trusted=self.trust.known_principals(),
        )

    def errors_of(self, new: Settings) -> Iterator[tuple[str, str]]:
        """What would close every gate, were it in force, and so could never be mended by a push."""
        yield from (("settings", error) for error in new.errors)
        problems = TrustedSigners.load(new.trust_files or TrustFiles(), now=self.clock()).problems
        yield from (("signers", str(problem)) for problem in new.unforgiven(problems))

    def _errors_before(self) -> Iterator[tuple[str, str]]:
        words = "The settings in force cannot be used ({}); whoever runs this server must mend them."
        yield from (("settings", words.format(error)) for error in self.settings.errors)

    def _recorded(self, version: ModelVersion, records: Records) -> Iterator[RecordedReview]:
        context = VerificationContext(self.identity, self.trust, records.ids)
        name = (version.model, version.version)
        lines = (*records.beside(version.commit), *records.elsewhere(*name, than=version.commit))
        judged = [
            (line, verify_review(line.line, commit=line.commit, model=name[0], version=name[1], context=context))
            for line in lines
        ]
        yield from Chains(records, context).weighed(judged, name)
        # A record whose predecessor is missing, about whatever version, might hide a rejection of this one.
        for line in records.dangling:
            broken = verify_review(line.line, commit=line.commit, model=None, version=None, context=context)
            if isinstance(broken, UnverifiedReview) and broken.may_be_veto:
                yield broken

    def _touching(self, commit: ObjectId) -> tuple[ObjectId, ...]:
        old = self.trusted_commit
        return commits_touching(self.repository, DIRECTORY, old=old, new=commit) if old is not None else ()

    def _submitter(self, commit: ObjectId) -> Verification | None:
        info = self.repository.commit(commit)
        if info.signature is None:
            return None
        return self.trust.verify_armored(info.payload, info.signature, namespace="git")
