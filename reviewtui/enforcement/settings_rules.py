"""What a push may do to the trusted branch.

1. Once it holds settings, it is never deleted and never rewound; nor may a push make another branch the trusted one.
   Its first-parent history says which settings were in force when: no push takes a state out of it, or puts one in that
   was not approved.
2. A push that leaves .reviewtui/ as it is needs nothing more.
3. The first settings are trusted on first use, if they can be used at all, and that is said.
4. Any other must be approved as the policy before it asks, and carry a higher version; what it brings itself, keys and
   people included, has no say.
"""

from __future__ import annotations

from reviewtui.clock import Clock
from reviewtui.enforcement.model import Judgement, PushScene, Refusal, refusals_of
from reviewtui.enforcement.record_source import RecordSource
from reviewtui.errors import MalformedFileError
from reviewtui.git.objects import ObjectId
from reviewtui.git.updates import RefUpdate, is_ancestor, states_between
from reviewtui.policy.changes import evaluate_policy_change
from reviewtui.policy_change import PolicyChangeJudge, policy_change_version
from reviewtui.settings import DIRECTORY, Settings, load_settings
from reviewtui.signing.trust import TrustedSigners, TrustFiles

_STRAIGHT = "Rebase onto the server's branch, with the change of the settings in one commit, and push that."


class SettingsRules:
    """Judges what one push does to the trusted branch."""

    def __init__(self, scene: PushScene, records: RecordSource, trust: TrustedSigners, *, clock: Clock) -> None:
        self._scene = scene
        self._repository = scene.repository
        self._old = scene.settings
        self._records = records
        self._clock = clock
        self._changes = PolicyChangeJudge(scene.repository, scene.settings, scene.trusted_commit, trust, clock)

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
            if self._old.exists and (reason := self._false_history(update.new)):
                return _refused(update, f"trusted-branch: {reason}", _STRAIGHT)
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

    def _false_history(self, new: ObjectId) -> str:
        old = self._scene.trusted_commit
        between = states_between(self._repository, DIRECTORY, old=old, new=new) if old is not None else ()
        if between is None:
            return f"Its first-parent history would leave out a state of {DIRECTORY}/ that was in force."
        allowed = {self._settings_tree(old), self._settings_tree(new)}
        strange = next((commit for commit in between if self._settings_tree(commit) not in allowed), None)
        return f"The settings of {strange[:10]}, on the way to the last commit, were never approved." if strange else ""

    def _settings_tree(self, commit: ObjectId | None) -> ObjectId | None:
        entry = self._repository.tree(commit).entry(DIRECTORY) if commit is not None else None
        # A submodule may bear the id of any tree.
        return entry.object_id if entry is not None and entry.is_tree else None

    def _change(self, update: RefUpdate, commit: ObjectId, new: Settings) -> Judgement:
        if not self._old.exists:
            return self._first_use(update, commit, new)
        # 4.
        version = policy_change_version(commit, new)
        decision = self._changes.decide(commit, self._records.of(version.model, version.version, commit))
        name = version.name
        refusals = refusals_of(update.ref, decision, hint=_hint(name, commit, decision.unblock))
        remarks = (f"{update.ref}: {name} was approved, and is in force from now on.",)
        return Judgement(refusals, () if refusals else remarks)

    def _first_use(self, update: RefUpdate, commit: ObjectId, new: Settings) -> Judgement:
        # 3.
        errors = list(self._changes.errors_of(new))
        if errors:
            return Judgement(tuple(Refusal(update.ref, f"{rule}: {reason}") for rule, reason in errors))
        if new.policy is None:
            reason = ".reviewtui/ has no policy.yaml yet, so nothing can be released."
            return Judgement(remarks=(f"{update.ref}: {reason}",))
        decision = evaluate_policy_change(None, new.policy, self._changes.subject(commit), reviews=(), now=0)
        said = " ".join(finding.reason for finding in decision.findings)
        keys = len(TrustedSigners.load(new.trust_files or TrustFiles(), now=self._clock()).fingerprints())
        trusted = f"{keys} trusted {'key' if keys == 1 else 'keys'}"
        counts = f"policy version {new.policy.version}, {trusted}: have somebody else look at them."
        return Judgement(remarks=(f"{update.ref}: {said}", f"{update.ref}: {counts}"))


def _refused(update: RefUpdate, reason: str, hint: str = "") -> Judgement:
    return Judgement((Refusal(update.ref, reason, hint),))


def _hint(name: str, commit: ObjectId, unblock: tuple[str, ...]) -> str:
    who = f" Could unblock: {', '.join(unblock)}." if unblock else ""
    return f"Approvals are records about {name} beside {commit}, pushed before or with it.{who}"
