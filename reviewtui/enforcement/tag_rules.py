"""What a push may do to release tags.

1. A release tag is never moved and never deleted, whoever made it, and whenever.
2. A new tag that might be taken for a release is one, under the one name that its version may have.
3. It is annotated, signed by a releaser, bears its own name, leads to the commit, and its trailers tell the truth.
4. The policy in force before the push allows the release, by the records as they will be after it.
5. A tag that takes a release back, in GTO's grammar, is signed by a releaser, too, and stays: it decides what later
   versions are compared with.
A tag that exists already is not judged again, nor is one that an administrator vouches for.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.clock import Clock
from reviewtui.enforcement.model import TAG_PREFIX, Judgement, PushScene, Refusal, refusals_of
from reviewtui.enforcement.record_source import RecordSource
from reviewtui.enforcement.tag_names import (
    disguise,
    folded_names,
    is_release_name,
    is_withdrawal_name,
    named_releases,
    release_tag_name,
)
from reviewtui.git.objects import Ref, RefName
from reviewtui.git.updates import RefUpdate
from reviewtui.judging import Judge
from reviewtui.library import VersionLibrary
from reviewtui.policy.decision import Decision, FindingState
from reviewtui.release import check_release_record, dating_flaws, parse_release_tag, releaser_finding
from reviewtui.signing.scheme import SignatureStatus
from reviewtui.signing.trust import TrustedSigners

_NEW_VERSION = "Make a new version instead."
_NO_RECORDS = "There are no records of it on this side; push them, too: reviewtui sync"
_NO_IDENTITY = "error: The settings do not name the repository, so no record can be bound to this one."
_NO_SETTINGS = "no-policy: The trusted branch has no .reviewtui/, so nothing can be released yet."
_SHALLOW = "error: This repository's history is cut off, so what is missing might be a rejection."


class TagRules:
    """Judges the tags of one push."""

    def __init__(self, scene: PushScene, records: RecordSource, trust: TrustedSigners, *, clock: Clock) -> None:
        self._scene = scene
        self._settings = scene.settings
        self._records = records
        self._trust = trust
        self._clock = clock
        self._after = {ref.name: ref for ref in scene.after}

    def judge(self) -> Judgement:
        """The refusals of every tag that the push changes."""
        refusals: list[Refusal] = []
        remarks: list[str] = []
        for update in self._scene.below(TAG_PREFIX):
            found = list(self._refusals(update))
            refusals += found
            if not found and update.new is not None and is_release_name(update.ref, self._settings):
                remarks.append(f"{update.ref}: the gate allows it.")
        return Judgement(tuple(refusals), tuple(remarks))

    def _refusals(self, update: RefUpdate) -> Iterator[Refusal]:
        if update.new is not None and self._scene.older_tags.get(update.ref) == update.new:
            return
        # 1.
        if update.old is not None:
            if self._stays(update):
                done = "deleted" if update.new is None else "moved"
                yield Refusal(update.ref, f"tag-{done}: A release tag is never {done}.", _NEW_VERSION)
            return
        if update.new is None:
            return
        # 2.
        ref = self._after[update.ref]
        reason = disguise(ref, self._names, self._settings, self._models)
        if reason:
            yield Refusal(ref.name, reason, "Name it as no release could be named, or use reviewtui release.")
        elif is_release_name(update.ref, self._settings):
            yield from self._judge_release(ref)
        elif is_withdrawal_name(update.ref, self._settings) and self._settings.exists:
            # 5.
            yield from (Refusal(ref.name, reason) for reason in self._signature_reasons(ref))

    def _stays(self, update: RefUpdate) -> bool:
        """Whether a tag is never changed: by its name, or, whatever patterns are in force by now, by its trailers."""
        if is_release_name(update.ref, self._settings) or is_withdrawal_name(update.ref, self._settings):
            return True
        tags = self._scene.repository.tags([update.old]) if update.old is not None else {}
        return any(parse_release_tag(tag) is not None for tag in tags.values())

    @cached_property
    def _names(self) -> dict[str, set[str]]:
        return folded_names(self._scene.after)

    @cached_property
    def _library(self) -> VersionLibrary:
        return VersionLibrary(self._scene.repository, self._scene.after, self._settings)

    @cached_property
    def _models(self) -> tuple[str, ...]:
        """The declared models, and those that tags had releases of before the push."""
        known = {named.model for named in named_releases(self._scene.before, self._settings).values() if named.model}
        return tuple(sorted({*self._settings.models, *known}))

    def _judge_release(self, ref: Ref) -> Iterator[Refusal]:
        if not self._settings.exists:
            yield Refusal(ref.name, _NO_SETTINGS, "Push the branch with .reviewtui/ first; reviewtui init writes it.")
            return
        if self._scene.repository.is_shallow:
            yield Refusal(ref.name, _SHALLOW)
            return
        rows = [row for row in self._library.named.versions if ref.name in row.refs]
        if not rows:
            passed = [each.reason for each in self._library.named.passed_over if each.ref == ref.name]
            yield Refusal(ref.name, f"bad-name: {passed[0] if passed else 'The tag names no version.'}")
            return
        # 2.
        version = rows[0]
        wanted = release_tag_name(self._settings, version.model, version.version)
        if wanted != ref.name.removeprefix(TAG_PREFIX):
            yield Refusal(ref.name, f"bad-name: The release of {version.name} is named {wanted}.")
            return
        twin = self._released_as(version, ref.name)
        if twin:
            yield Refusal(ref.name, f"tag-moved: {version.name} is released already, as {twin}.", _NEW_VERSION)
            return
        yield from self._judge_version(version)

    def _released_as(self, version: ModelVersion, ref: RefName) -> str:
        same = [row for row in self._library.named.of_model(version.model) if row.version == version.version]
        names = (name for row in same if row.kind is VersionKind.RELEASE for name in row.refs)
        return next((name for name in names if name != ref and name.startswith(TAG_PREFIX)), "")

    def _judge_version(self, version: ModelVersion) -> Iterator[Refusal]:
        records = self._records.of(version.model, version.version, version.commit)
        identity = self._settings.repository or self._scene.repository.address or self._scene.repository.name
        judge = Judge(
            self._library,
            records,
            self._trust,
            identity=identity,
            clock=self._clock,
            recorded_at=self._records.recorded_at,
        )
        decision = judge.decision(version)
        # 3.
        reasons = [*judge.release_problems(version), *self._record_reasons(version, judge, decision, identity)]
        yield from (Refusal(version.ref, reason) for reason in dict.fromkeys(reasons))
        # 4.
        yield from refusals_of(version.ref, decision, hint="" if records.beside(version.commit) else _NO_RECORDS)
        if not self._settings.repository:
            yield Refusal(version.ref, _NO_IDENTITY, "Add `repository:` to .reviewtui/config.yaml.")

    def _signature_reasons(self, ref: Ref) -> Iterator[str]:
        tag = self._scene.repository.tags([ref.object_id]).get(ref.object_id) if ref.is_annotated else None
        if tag is None or tag.signature is None:
            yield "unsigned-tag: Who takes a release back signs the tag."
            return
        if tag.flaw:
            yield f"bad-signature: {tag.flaw}"
        if f"{TAG_PREFIX}{tag.name}" != ref.name:
            yield f"tag-name-mismatch: The tag object says {tag.name}."
        signature = self._trust.verify_armored(tag.payload, tag.signature, namespace="git")
        if signature.status is not SignatureStatus.GOOD:
            yield f"{signature.reason}: {signature.detail}"
        elif self._settings.policy is not None:
            finding = releaser_finding(self._settings.policy, signature.principals)
            if finding.state is not FindingState.MET:
                yield finding.reason

    def _record_reasons(
        self, version: ModelVersion, judge: Judge, decision: Decision, identity: str
    ) -> tuple[str, ...]:
        tags = self._scene.repository.tags([version.tag]) if version.tag else {}
        record = parse_release_tag(tags[version.tag]) if version.tag in tags else None
        if record is None:
            return ()
        base = self._library.base_of(version).version
        subject = self._library.subject(version, base, identity=identity)
        commit = self._scene.repository.commit(version.commit)
        now = int(self._clock().timestamp())
        flaws = dating_flaws(tags[version.tag].tagged if version.tag else None, commit=commit.committed, now=now)
        reviewers = judge.reviewers(version, decision)
        return (*flaws, *check_release_record(record, subject=subject, decision=decision, reviewers=reviewers))
