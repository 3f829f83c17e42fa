"""What a push may do to the trusted branch.

1. Once it holds settings, it is never deleted and never rewound; nor may a push make another branch the trusted one.
2. A push that leaves .reviewtui/ as it is needs nothing more.
3. The first settings are trusted on first use, if they can be used at all, and that is said.
4. Any other must be approved as the policy before it asks, and carry a higher version; what it brings itself, keys and
   people included, has no say.
"""

from __future__ import annotations

from collections.abc import Iterator

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.clock import Clock
from reviewtui.enforcement.model import Judgement, PushScene, Refusal, refusals_of
from reviewtui.enforcement.record_source import RecordSource
from reviewtui.errors import MalformedFileError
from reviewtui.facts.model import VersionFacts
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.git.repository import Repository
from reviewtui.git.updates import RefUpdate, commits_touching, is_ancestor
from reviewtui.policy.changes import POLICY_MODEL, evaluate_policy_change
from reviewtui.policy.decision import Decision
from reviewtui.policy.subject import PolicySubject
from reviewtui.review import ReviewSubject
from reviewtui.settings import DIRECTORY, Settings, load_settings
from reviewtui.signing.scheme import Verification
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.verification import RecordedReview, UnverifiedReview, VerificationContext, verify_review


def policy_change_version(commit: ObjectId, settings: Settings) -> ModelVersion:
    """A commit's settings as the version that is reviewed: `.reviewtui@` and the version of their policy."""
    number = str(settings.policy.version) if settings.policy is not None else "0"
    return ModelVersion(POLICY_MODEL, number, VersionKind.COMMIT, RefName(""), commit)


def policy_change_subject(
    repository: Repository, version: ModelVersion, *, identity: str, policy: ObjectId | None
) -> ReviewSubject:
    """What a review of changed settings is bound to: the commit, which holds all there is to see.

    There is no base: the settings are judged as they will be. `policy` is the policy in force before them.
    """
    return ReviewSubject(
        repository=identity,
        model=version.model,
        version=version.version,
        commit=version.commit,
        tree=repository.commits([version.commit])[version.commit].tree,
        base=None,
        facts=tuple(VersionFacts(version.commit).digests().items()),
        policy=policy,
    )


class SettingsRules:
    """Judges what one push does to the trusted branch."""

    def __init__(self, scene: PushScene, records: RecordSource, trust: TrustedSigners, *, clock: Clock) -> None:
        self._scene = scene
        self._repository = scene.repository
        self._old = scene.settings
        self._records = records
        self._trust = trust
        self._clock = clock

    def judge(self) -> Judgement:
        """The refusals and remarks on the update of the trusted branch; nothing where there is none."""
        update = next((each for each in self._scene.updates if each.ref == self._scene.trusted), None)
        if update is None:
            return Judgement()
        # 1.
        if self._old.exists and update.new is None:
            return _refused(update, "trusted-branch: The branch that holds the settings is never deleted.")
        if self._old.exists and not self._goes_forward(update):
            hint = "Merge or rebase onto the server's branch, and push that."
            return _refused(update, "trusted-branch: The branch that holds the settings only ever moves forward.", hint)
        if update.new is None:
            return Judgement()
        try:
            # 2.
            if self._settings_tree(update.new) == self._settings_tree(self._scene.trusted_commit):
                return Judgement()
            new = load_settings(self._repository.tree(update.new))
        except MalformedFileError as error:
            return _refused(update, f"error: {error.message}")
        return self._change(update, update.new, new)

    def _goes_forward(self, update: RefUpdate) -> bool:
        old = self._scene.trusted_commit
        return old is None or (update.new is not None and is_ancestor(self._repository, old, update.new))

    def _settings_tree(self, commit: ObjectId | None) -> ObjectId | None:
        entry = self._repository.tree(commit).entry(DIRECTORY) if commit is not None else None
        return entry.object_id if entry is not None else None

    def _change(self, update: RefUpdate, commit: ObjectId, new: Settings) -> Judgement:
        if not self._old.exists:
            return self._first_use(update, commit, new)
        decision = self._decide(commit, new)
        name = policy_change_version(commit, new).name
        refusals = refusals_of(update.ref, decision, hint=_hint(name, commit, decision.unblock))
        remarks = (f"{update.ref}: {name} was approved, and is in force from now on.",)
        return Judgement(refusals, () if refusals else remarks)

    def _first_use(self, update: RefUpdate, commit: ObjectId, new: Settings) -> Judgement:
        # 3.
        errors = list(self._errors_of(new))
        if errors:
            return Judgement(tuple(Refusal(update.ref, f"{rule}: {reason}") for rule, reason in errors))
        if new.policy is None:
            reason = ".reviewtui/ has no policy.yaml yet, so nothing can be released."
            return Judgement(remarks=(f"{update.ref}: {reason}",))
        decision = evaluate_policy_change(None, new.policy, self._subject(commit, new), reviews=(), now=0)
        said = " ".join(finding.reason for finding in decision.findings)
        keys = len(TrustedSigners.load(new.trust_files or TrustFiles(), now=self._clock()).fingerprints())
        return Judgement(remarks=(
            f"{update.ref}: {said}",
            f"{update.ref}: policy version {new.policy.version}, {keys} trusted keys: have somebody else look at them.",
        ))

    def _decide(self, commit: ObjectId, new: Settings) -> Decision:
        # 4.
        version = policy_change_version(commit, new)
        records = self._records.of(version.model, version.version, commit)
        context = VerificationContext(self._identity, self._trust, records.ids)
        lines = (*records.beside(commit), *records.elsewhere(version.model, version.version, than=commit))
        reviews: list[RecordedReview] = [
            verify_review(line.line, commit=line.commit, model=version.model, version=version.version, context=context)
            for line in lines
        ]
        # A record whose predecessor is missing, about whatever version, might hide a rejection of this one.
        broken = (
            verify_review(line.line, commit=line.commit, model=None, version=None, context=context)
            for line in records.dangling
        )
        reviews += [each for each in broken if isinstance(each, UnverifiedReview) and each.may_be_veto]
        errors = [*self._errors_of(new), *self._errors_before()]
        errors += [("notes", f"{problem.path}: {problem.problem}") for problem in records.problems]
        return evaluate_policy_change(
            self._old.policy,
            new.policy,
            self._subject(commit, new),
            reviews=reviews,
            now=int(self._clock().timestamp()),
            errors=errors,
        )

    @property
    def _identity(self) -> str:
        return self._old.repository or self._repository.address or self._repository.name

    def _subject(self, commit: ObjectId, new: Settings) -> PolicySubject:
        version = policy_change_version(commit, new)
        current = policy_change_subject(
            self._repository, version, identity=self._identity, policy=self._old.policy_blob
        )
        infos = self._repository.commits(self._touching(commit))
        return PolicySubject(
            current,
            VersionFacts(commit),
            commits=tuple(infos.values()) or tuple(self._repository.commits([commit]).values()),
            submitter=self._submitter(commit),
            trusted=frozenset(name for names in self._trust.fingerprints().values() for name in names),
        )

    def _touching(self, commit: ObjectId) -> tuple[ObjectId, ...]:
        old = self._scene.trusted_commit
        return commits_touching(self._repository, DIRECTORY, old=old, new=commit) if old is not None else ()

    def _submitter(self, commit: ObjectId) -> Verification | None:
        info = self._repository.commits([commit])[commit]
        if info.signature is None:
            return None
        return self._trust.verify_armored(info.payload, info.signature, namespace="git")

    def _errors_of(self, new: Settings) -> Iterator[tuple[str, str]]:
        """What would close every gate, were it in force, and so could never be mended by a push."""
        yield from (("settings", error) for error in new.errors)
        problems = TrustedSigners.load(new.trust_files or TrustFiles(), now=self._clock()).problems
        yield from (("signers", str(problem)) for problem in problems)

    def _errors_before(self) -> Iterator[tuple[str, str]]:
        words = "The settings in force cannot be used ({}); whoever runs this server must mend them."
        yield from (("settings", words.format(error)) for error in self._old.errors)


def _refused(update: RefUpdate, reason: str, hint: str = "") -> Judgement:
    return Judgement((Refusal(update.ref, reason, hint),))


def _hint(name: str, commit: ObjectId, unblock: tuple[str, ...]) -> str:
    who = f" Could unblock: {', '.join(unblock)}." if unblock else ""
    return f"Approvals are records about {name} beside {commit}, pushed before or with it.{who}"
