"""tell_trail(): reads a repository once more, and tells everything that happened in it (see trail for the laws)."""

from __future__ import annotations

from collections.abc import Iterator

from reviewtui import __version__
from reviewtui.git.watched_notes import WatchedNotes
from reviewtui.history import HistoryEvent, recorded_reviews, tell_history
from reviewtui.judging import Judge
from reviewtui.library import VersionLibrary
from reviewtui.records import read_records
from reviewtui.remarks import remarks_of
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.trail import AuditTrail, NotesTip, TrailEvent, TrailHeader, TrailScope, sort_key


def tell_trail(library: VersionLibrary, notes: WatchedNotes, *, identity: str, scope: TrailScope) -> AuditTrail:
    """The trail of one reading of a repository."""
    trusted = library.repository.trusted_branch(library.refs)
    tip = notes.notes.tip()
    header = TrailHeader(
        identity,
        library.repository.object_format,
        trusted.name if trusted else "",
        (trusted.commit or "") if trusted else "",
        library.settings.policy_blob or "",
        (NotesTip(notes.notes.ref, tip or ""),),
        "",
        scope,
        f"reviewtui {__version__}",
    )
    return AuditTrail(header, _events(library, notes, identity, scope))


def _events(library: VersionLibrary, notes: WatchedNotes, identity: str, scope: TrailScope) -> Iterator[TrailEvent]:
    from reviewtui.clock import utc_now

    content = notes.read(whole=True)
    records = read_records(content.lines, problems=content.problems)
    trust = TrustedSigners.load(library.settings.trust_files or TrustFiles(), now=utc_now())
    judge = Judge(library, records, trust, identity=identity, clock=utc_now, recorded_at=lambda _: {})
    statuses = [judge.status(version) for version in library.catalog.versions]
    told = recorded_reviews(judge, notes)
    trusted = library.repository.trusted_branch(library.refs)
    for event in sorted(map(_event, tell_history(library, statuses, told, trusted=trusted)), key=sort_key):
        if scope.model in ("", event.model):
            yield event


def _event(told: HistoryEvent) -> TrailEvent:
    version, record = told.version, told.record
    subject = record.claim.subject if record is not None and record.claim is not None else None
    return TrailEvent(
        at=told.at,
        event=told.event,
        name=told.name,
        model=told.model,
        version=version.version if version else "",
        kind=version.kind.value if version else "",
        actor=told.actor,
        commit=told.commit,
        ref=told.ref,
        tag=(version.tag or "") if version else "",
        tree=subject.tree if subject else "",
        base=subject.base if subject else None,
        digests=subject.facts if subject else (),
        record=record.entry.id if record else "",
        verdict=record.entry.verdict if record else "",
        counted=record.entry.counted if record else None,
        reason=record.entry.reason if record else "",
        comment=record.entry.comment if record else "",
        remarks=remarks_of(record.entry.comment) if record else (),
        key=record.entry.keyid if record else "",
        principals=record.principals if record else (),
        note=(record.note or "") if record else "",
        detail="" if record else told.detail,
    )
