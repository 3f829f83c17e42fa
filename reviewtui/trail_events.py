"""EventWriter: what was read and judged, as the events of a trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property

from reviewtui.audit import RELEASED_UNREVIEWED
from reviewtui.catalog import ModelVersion, RegistryEvent, VersionKind
from reviewtui.git.notes import MAX_LINE_BYTES
from reviewtui.git.objects import ObjectId
from reviewtui.history import REGISTRY_EVENTS, UNREADABLE, time_text
from reviewtui.library import VersionLibrary
from reviewtui.past_releases import Epoch
from reviewtui.patterns import pattern
from reviewtui.policy.changes import POLICY_MODEL
from reviewtui.policy.decision import Decision, FindingState
from reviewtui.remarks import remarks_of
from reviewtui.review import BaseVersion
from reviewtui.signing.scheme import SignatureStatus
from reviewtui.trail import TrailEvent
from reviewtui.trail_index import NotedLine, NotesIndex, Place, line_digest
from reviewtui.trail_items import Item
from reviewtui.trail_judging import JudgedLine, JudgedRelease, JudgedVersion, TrailJudge

_TAKEN_BACK = pattern(r"approval withdrawn after release: (sha256:[0-9a-f]{64}) ")
_REJECTED = pattern(r"rejected after release by (.+)\.\Z")
_SHOWN_OF_TOO_LONG = 1024


class EventWriter:
    """Writes events; `left_over` are those whose time nobody knows."""

    def __init__(self, library: VersionLibrary, judge: TrailJudge) -> None:
        self._library = library
        self._judge = judge
        self._remotes = sorted(library.repository.remotes(), key=len, reverse=True)
        self.left_over: list[TrailEvent] = []
        self._after: dict[Place, list[TrailEvent]] = {}

    def public_ref(self, ref: str) -> str:
        """A ref as every clone knows it: a remote-tracking branch under the name that it has at its remote."""
        for remote in self._remotes:
            if ref.startswith(f"refs/remotes/{remote}/"):
                return f"refs/heads/{ref.removeprefix(f'refs/remotes/{remote}/')}"
        return ref

    def told(self, item: Item, judged: JudgedVersion | None, index: NotesIndex) -> Iterator[TrailEvent]:
        """The events that an item gives; `judged` where its version was judged."""
        if item.registry is not None:
            yield self._registry(item, item.registry)
        elif item.epoch is not None and item.version is not None:
            yield self._change(item.version, item.epoch, judged)
        elif item.line is not None:
            yield from self._line(item, item.line, judged, index)
        elif item.version is not None and judged is not None and judged.release is not None:
            yield from self._release(item.version, judged, judged.release)
        elif item.version is not None:
            yield self._plain(item.version, judged)

    def _plain(self, version: ModelVersion, judged: JudgedVersion | None) -> TrailEvent:
        info = judged.info if judged is not None else None
        info = info or self._library.repository.commits([version.commit]).get(version.commit)
        released = version.kind is VersionKind.RELEASE
        return TrailEvent(
            at=time_text(version.created),
            event="released-unreviewed" if released else version.kind.value,
            name=version.name,
            model=version.model,
            version=version.version,
            kind=version.kind.value,
            actor=version.author,
            commit=version.commit,
            tree=info.tree if info is not None else "",
            ref=self.public_ref(version.ref),
            tag=version.tag or "",
            reason=RELEASED_UNREVIEWED if released else "",
            detail=version.subject,
        )

    def _release(self, version: ModelVersion, judged: JudgedVersion, release: JudgedRelease) -> Iterator[TrailEvent]:
        record, signed, tag = release.record, release.signed, release.tag
        if record is None:
            yield self._plain(version, judged)
            return
        trusted = signed.status is SignatureStatus.GOOD and bool(signed.principals)
        flaws = " ".join(dict.fromkeys(release.flaws))
        number, _, base = record.base.rpartition(" ")
        released = TrailEvent(
            at=time_text(version.created),
            event="released",
            name=version.name,
            model=version.model,
            version=version.version,
            kind=version.kind.value,
            actor=signed.principals[0] if trusted else tag.tagger.email if tag.tagger is not None else "",
            commit=version.commit,
            tree=judged.info.tree if judged.info is not None else "",
            ref=version.ref,
            tag=version.tag or "",
            base=BaseVersion(number, ObjectId(base)) if record.base else None,
            digests=record.facts,
            counted=not flaws,
            reason=flaws,
            key=signed.keyid,
            principals=signed.principals,
            policy=record.policy or "",
            policy_version=self._policy_versions.get(record.policy or ""),
            records=(*record.review_records, *record.override_records),
            detail=version.subject,
        )
        if judged.decision is not None:
            yield self._gate(released, judged.decision)
            for reason in release.since:
                self._since(released, reason, judged)
        yield released

    def _gate(self, released: TrailEvent, decision: Decision) -> TrailEvent:
        return TrailEvent(
            at=released.at,
            event="gate",
            name=released.name,
            model=released.model,
            version=released.version,
            kind=released.kind,
            commit=released.commit,
            tree=released.tree,
            ref=released.ref,
            tag=released.tag,
            base=released.base,
            digests=released.digests,
            counted=decision.allowed,
            reason=_closing(decision),
            policy=released.policy,
            policy_version=released.policy_version,
            records=tuple(
                dict.fromkeys((*(each for f in decision.findings for each in f.counted), *decision.overridden_by))
            ),
            findings=decision.findings,
            detail=f"{decision.approvals} of {decision.required} approvals counted as of the release.",
        )

    def _since(self, released: TrailEvent, reason: str, judged: JudgedVersion) -> None:
        """What changed after a release: told right after the record that did it, else where times are not known."""
        gone, rejected = _TAKEN_BACK.match(reason), _REJECTED.match(reason)
        by_id = {each.entry.id: each.entry for each in judged.lines.values()}
        person = rejected[1] if rejected else by_id[gone[1]].reviewer if gone and gone[1] in by_id else ""
        verdicts = ("reject",) if rejected else ("withdraw", "reject", "approve")
        later = [
            (each.entry.at, place)
            for place, each in judged.lines.items()
            if each.entry.reviewer == person and each.entry.verdict in verdicts and each.entry.at > released.at
        ]
        event = TrailEvent(
            at=max(later)[0] if later else "",
            event="withdrawn-after-release" if gone else "rejected-after-release" if rejected else "key-after-release",
            name=released.name,
            model=released.model,
            version=released.version,
            kind=released.kind,
            actor=person,
            commit=released.commit,
            ref=released.ref,
            tag=released.tag,
            reason=reason,
            key="" if person else released.key,
            records=(gone[1],) if gone else (),
        )
        if later:
            self._after.setdefault(max(later)[1], []).append(event)
        else:
            self.left_over.append(event)

    def _line(
        self, item: Item, noted: NotedLine, judged: JudgedVersion | None, index: NotesIndex
    ) -> Iterator[TrailEvent]:
        found = judged.lines.get((noted.commit, noted.digest)) if judged is not None else None
        found = found or self._judge.alone(noted.commit, noted.digest)
        if found is None:
            yield self.alarm(index.ref, f"error: a line of the note of {noted.commit} cannot be read again.", noted.id)
            return
        event = self._record(item, noted, found, index)
        yield event
        yield from self._after.pop((noted.commit, noted.digest), ())
        if found.is_alarm:
            yield TrailEvent(
                at=event.at,
                event="alarm",
                name=event.name,
                model=event.model,
                version=event.version,
                kind=event.kind,
                commit=event.commit,
                reason=event.reason,
                key=event.key,
                notes_ref=index.ref,
                note=event.note,
                note_position=event.note_position,
                records=(event.record,),
            )

    def _record(self, item: Item, noted: NotedLine, found: JudgedLine, index: NotesIndex) -> TrailEvent:
        entry, claim, version = found.entry, found.line.claim, item.version
        subject = claim.subject if claim is not None else None
        line, detail = _line_text(found.line.line)
        policy = subject.policy or "" if subject is not None else ""
        is_change = item.model == POLICY_MODEL
        return TrailEvent(
            at=noted.at or time_text(noted.time),
            event=entry.verdict or UNREADABLE,
            name=item.name,
            model=item.model,
            version=noted.about[1] if noted.about else version.version if version is not None else "",
            kind="policy" if is_change else version.kind.value if version is not None else "",
            actor=entry.reviewer,
            commit=noted.commit,
            tree=subject.tree if subject is not None else "",
            ref=self.public_ref(version.ref) if version is not None else "",
            base=subject.base if subject is not None else None,
            digests=subject.facts if subject is not None else (),
            record=entry.id,
            verdict=entry.verdict,
            counted=entry.counted,
            reason=entry.reason,
            comment=entry.comment,
            remarks=remarks_of(entry.comment),
            key=entry.keyid,
            principals=found.principals,
            policy=policy,
            policy_version=self._policy_versions.get(policy),
            notes_ref=index.ref,
            note=noted.note,
            note_position=noted.position,
            line=line,
            detail=detail,
        )

    def other(self, noted: NotedLine, index: NotesIndex) -> Iterator[TrailEvent]:
        """A line of another notes ref: what it says is not judged here."""
        for raw in index.read([noted.commit]).get(noted.commit, ()):
            if line_digest(raw) == noted.digest:
                line, detail = _line_text(raw)
                yield TrailEvent(
                    at=noted.at or time_text(noted.time),
                    event="record",
                    name="@".join(noted.about) if noted.about else "",
                    model=noted.about[0] if noted.about else "",
                    version=noted.about[1] if noted.about else "",
                    commit=noted.commit,
                    record=noted.id,
                    notes_ref=index.ref,
                    note=noted.note,
                    note_position=noted.position,
                    line=line,
                    detail=detail or "It is told as it stands there; nothing of it was judged.",
                )

    def _change(self, version: ModelVersion, epoch: Epoch, judged: JudgedVersion | None) -> TrailEvent:
        _, before = self._judge.changes[version.commit]
        decision = judged.decision if judged is not None else None
        info, old = epoch.commit, before.settings if before is not None else None
        policy, policy_before = epoch.settings.policy, old.policy if old is not None else None
        first = "The first settings are trusted on first use." if old is None or old.policy_blob is None else ""
        return TrailEvent(
            at=time_text(epoch.since),
            event="policy",
            name=version.name,
            model=version.model,
            version=version.version,
            kind="policy",
            actor=info.author.email,
            commit=version.commit,
            tree=info.tree,
            counted=decision.allowed if decision is not None else None,
            reason=_closing(decision) if decision is not None else first,
            policy=epoch.settings.policy_blob or "",
            policy_version=policy.version if policy is not None else None,
            policy_before=(old.policy_blob or "") if old is not None else "",
            policy_version_before=policy_before.version if policy_before is not None else None,
            records=_approving(decision) if decision is not None else (),
            findings=decision.findings if decision is not None else (),
            detail=info.subject,
        )

    def _registry(self, item: Item, event: RegistryEvent) -> TrailEvent:
        return TrailEvent(
            at=time_text(event.created),
            event=REGISTRY_EVENTS[event.action],
            name=item.name,
            model=event.model,
            version=event.version,
            actor=event.author,
            commit=event.commit,
            ref=event.ref,
            detail=f"stage {event.stage}" if event.stage else event.action.value,
        )

    def alarm(self, where: str, reason: str, *records: str) -> TrailEvent:
        """Something that an honest history never shows."""
        return _found("alarm", self.public_ref(where), reason, records)

    def remark(self, where: str, reason: str) -> TrailEvent:
        """Something that a reader should know."""
        return _found("remark", self.public_ref(where), reason, ())

    @cached_property
    def _policy_versions(self) -> Mapping[str, int]:
        found: dict[str, int] = {}
        for epoch in self._judge.past.epochs:
            if epoch.settings.policy_blob is not None and epoch.settings.policy is not None:
                found[epoch.settings.policy_blob] = epoch.settings.policy.version
        return found


def untimed_place(event: TrailEvent) -> tuple[str, ...]:
    """The order of what has no time."""
    return event.event, event.name, event.notes_ref, event.ref, event.tag, event.reason, event.detail


def _found(event: str, where: str, reason: str, records: tuple[str, ...]) -> TrailEvent:
    ref, _, more = where.partition(": ")
    return TrailEvent(
        at="",
        event=event,
        ref=ref if ref.startswith("refs/") and not ref.startswith("refs/notes/") else "",
        notes_ref=ref if ref.startswith("refs/notes/") else "",
        reason=reason,
        records=records,
        detail=more if ref.startswith("refs/") else where,
    )


def _closing(decision: Decision) -> str:
    closing = (FindingState.UNMET, FindingState.ERROR)
    closed = [f"{each.rule}: {each.reason}" for each in decision.findings if each.state in closing and not each.warning]
    return " ".join(closed) or ("" if decision.allowed else "Nothing is required, and so nothing is allowed.")


def _approving(decision: Decision) -> tuple[str, ...]:
    counted = (each for finding in decision.findings for each in finding.counted)
    return tuple(dict.fromkeys((*counted, *decision.overridden_by)))


def _line_text(line: bytes) -> tuple[str, str]:
    """A line as text, and what is to be said of it. A record is ASCII; what is not is escaped."""
    if len(line) > MAX_LINE_BYTES:
        shown = line[:_SHOWN_OF_TOO_LONG].decode("ascii", "backslashreplace")
        return shown, f"The line has {len(line)} bytes, of which the first {_SHOWN_OF_TOO_LONG} are told."
    return line.decode("ascii", "backslashreplace"), ""
