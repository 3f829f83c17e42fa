"""The audit trail: everything that happened to the models of a repository, as plain values, oldest first.

Laws
1. The same repository state gives the same trail, wherever, whenever and by whomever it is told: nothing in it comes
   from a clock, a time zone, a language, a folder, or the name that a clone gives to its remote.
2. Nothing is left out in silence: a record that does not count is told with its reason, and what cannot be known at all
   is said in the header (`unproven`).
3. An event names what it rests on, by ids that Git or a signature vouches for. Times are claims: of the record, the tag
   or the commit they stand in. Only `note_position` orders records by what nobody can choose.
4. A trail is told once, event by event, so that its length costs no memory. Whoever needs it twice asks for it twice.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from reviewtui.errors import UsageError
from reviewtui.policy.decision import Finding
from reviewtui.remarks import Remark
from reviewtui.review import BaseVersion
from reviewtui.values import dataclass, field

TRAIL_FORMAT = "urn:reviewtui:trail:v1"
"""What a header says it is. It changes when a reader of the old one would misunderstand the new one."""


@dataclass(frozen=True, slots=True)
class TrailScope:
    """What is asked for; "" asks for all.

    `model` is the name of one model; `release` the MODEL@VERSION of one version: its candidate, records, gate, release,
    and what came after. `since` and `until` are RFC 3339 in UTC, both included; an event without a time is in any.
    """

    model: str = ""
    since: str = ""
    until: str = ""
    release: str = ""


@dataclass(frozen=True, slots=True)
class NotesTip:
    """Where a notes ref stood when the trail was told: "" where there is none. `commits` is the length of its
    first-parent history, which `TrailEvent.note_position` counts in."""

    ref: str
    commit: str = ""
    commits: int = 0


@dataclass(frozen=True, slots=True)
class TrailHeader:
    """What a trail was told of.

    `repository` is the identity that records are bound to, `object_format` sha1 or sha256. `trusted_ref` is the branch
    whose settings are in force (as refs/heads/NAME, also where a clone has it from its remote), `trusted_commit` its
    tip, `policy` the blob of the policy there. `as_of` is the newest time that the repository itself knows, by which
    everything that still waits was judged. `unproven` are the things that this trail cannot prove, a sentence each.
    """

    repository: str
    object_format: str
    trusted_ref: str
    trusted_commit: str
    policy: str
    notes: tuple[NotesTip, ...]
    as_of: str
    scope: TrailScope = TrailScope()
    tool: str = ""
    unproven: tuple[str, ...] = ()
    format: str = TRAIL_FORMAT


@dataclass(frozen=True, slots=True)
class TrailEvent:
    """One thing that happened. A field that has nothing to say is empty ("", None or ()).

    `event` is one of `EVENTS`, and `at` is its time (RFC 3339, UTC; "" unknown): what the record, tag or commit claims;
    of a record that cannot be read, when its notes commit was made.

    What it is about: `name` (MODEL@VERSION), `model`, `version`, `kind` (release, candidate, commit, policy), `commit`,
    `tree`, `ref` (full; a remote-tracking branch under the name that it has at its remote), `tag` (id of the tag
    object), `base` (what it was compared with), `digests` ((category, "sha256:…"), …) of its facts.

    Who and what: `actor` (a principal where a trusted key vouches for it, else the claimed address or name), `key`
    (fingerprint), `principals` (whom the signers that were trusted give the key to), `verdict`, `comment` (untrusted
    text, whole), `remarks` (comments on single keys inside it).

    What became of it: `counted` (None where that is no question) and `reason` (why not; the same strings everywhere).
    Of a version with a release it is told as of that release; of a record that came later, or of a version that waits,
    as of `TrailHeader.as_of`. Of a `gate` and a `policy` event, `counted` says whether the policy allowed it, and
    `findings` why; of a `released` event, whether nothing is wrong with the release, and `reason` what is.

    What it rests on: `record` (id), `line` (the very line of the note: payload and signature), `notes_ref`, `note` (the
    notes commit that first brought it), `note_position` (that commit's place, from 1, in the first-parent history of
    the notes ref; one on a side branch has the place of the merge that brought it; 0: the tip does not reach it),
    `policy` and `policy_version` (the policy it was judged by, or made under, or that it put in force), and of a
    change of the settings `policy_before` and `policy_version_before`.

    `records` are further ids that it names: the approvals and overrides that a release tag claims, or the records that
    an alarm is about. `detail` is one sentence, or what a commit says of itself.
    """

    at: str
    event: str
    name: str = ""
    model: str = ""
    version: str = ""
    kind: str = ""
    actor: str = ""
    commit: str = ""
    tree: str = ""
    ref: str = ""
    tag: str = ""
    base: BaseVersion | None = None
    digests: tuple[tuple[str, str], ...] = ()
    record: str = ""
    verdict: str = ""
    counted: bool | None = None
    reason: str = ""
    comment: str = ""
    remarks: tuple[Remark, ...] = ()
    key: str = ""
    principals: tuple[str, ...] = ()
    policy: str = ""
    policy_version: int | None = None
    policy_before: str = ""
    policy_version_before: int | None = None
    notes_ref: str = ""
    note: str = ""
    note_position: int = 0
    line: str = ""
    records: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    detail: str = ""


EVENTS = {
    "candidate": "A branch proposes a version.",
    "commit": "A commit is a version of its own, because no ref names one of its model.",
    "approve": "A recorded approval.",
    "reject": "A recorded rejection, which is a veto while it stands.",
    "comment": "A recorded comment, without a verdict.",
    "withdraw": "A recorded withdrawal of the same person's verdict.",
    "override": "A recorded emergency override.",
    "unreadable": "A recorded line that cannot be read as a review.",
    "gate": "What the policy said to a release, judged again as of then.",
    "released": "A release tag that carries a record of its reviews.",
    "released-unreviewed": "A release tag from before, or made by another way.",
    "withdrawn-after-release": "An approval that a release rests on was taken back, or its key revoked, later.",
    "rejected-after-release": "Somebody rejected a version after its release.",
    "key-after-release": "The key that signed a release tag is trusted no more.",
    "policy": "A change of the settings came into force.",
    "stage-assigned": "A registry tag gave a version a stage.",
    "stage-unassigned": "A registry tag took a stage from a version.",
    "deregistered": "A registry tag withdrew a version.",
    "deprecated": "A registry tag deprecated a model.",
    "created": "A registry tag made a model known.",
    "record": "A line of the pipeline's, the data's or the feedback's notes, as it stands there.",
    "alarm": "Something that an honest history never shows: what was taken away, moved, forged, or cannot be read.",
    "remark": "Something that a reader should know, and no fault.",
}
"""Every kind of event, and what it says."""


@dataclass(frozen=True, slots=True)
class AuditTrail:
    """The header, and the events: oldest first by `TrailEvent.at`, those without a time last.

    Of one second first what was proposed, then what was said of it, then what became of it; what follows from a record
    stands right after it. `events` can be walked once (law 4).
    """

    header: TrailHeader
    events: Iterator[TrailEvent] = field(default_factory=lambda: iter(()))


def time_bound(asked: str, of_day: str) -> str:
    """A day (its second `of_day`), or a time with its zone, as RFC 3339 in UTC; "" stays "". Raises: UsageError."""
    try:
        if not asked or len(asked) == len("2026-11-22"):
            day = datetime.fromisoformat(asked) if asked else None
            return f"{day:%Y-%m-%d}T{of_day}Z" if day is not None else ""
        moment = datetime.fromisoformat(asked)
        if moment.tzinfo is not None:
            return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%S}Z"
    except (ValueError, OverflowError):
        pass
    hint = "Write a day, 2026-11-22, or a time with its zone, 2026-11-22T18:00:00Z."
    raise UsageError(f"{asked[:40]!r} is no time.", hint=hint)
