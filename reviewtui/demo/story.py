"""The story of the sample repository: who committed, reviewed and released what, and how long ago."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, time, timedelta

from reviewtui.demo.churn import churn_versions
from reviewtui.demo.content import ModelContent
from reviewtui.demo.rules import DVC_CONFIG, FRONT_PAGE, REVIEW_PAGE, settings_files
from reviewtui.demo.support_intent import support_intent_versions
from reviewtui.git.objects import Person
from reviewtui.review import Verdict
from reviewtui.values import dataclass

DANA = Person("Dana Levi", "dana@example.com")
LIN = Person("Lin Chen", "lin@example.com")
SAM = Person("Sam Rivera", "sam@example.com")
MAYA = Person("Maya Okafor", "maya@example.com")
JONAS = Person("Jonas Weber", "jonas@example.com")

PEOPLE = (DANA, LIN, SAM, MAYA, JONAS)
VISITOR = DANA
"""The person whom the user of the sample repository plays."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A commit on a branch, which starts at main where it is new. `merged` is a branch that this ends."""

    at: datetime
    author: Person
    branch: str
    message: str
    files: Mapping[str, str]
    merged: str = ""


@dataclass(frozen=True, slots=True)
class TaggedByHand:
    """A release from before the reviews: a plain annotated tag on main."""

    at: datetime
    tagger: Person
    name: str
    message: str


@dataclass(frozen=True, slots=True)
class Reviewed:
    """A verdict on a version as it stood then."""

    at: datetime
    reviewer: Person
    version: str
    verdict: Verdict
    comment: str


@dataclass(frozen=True, slots=True)
class Released:
    """A release through the gate."""

    at: datetime
    releaser: Person
    version: str


Event = Committed | TaggedByHand | Reviewed | Released


def tell_story(now: datetime, *, allowed_signers: str) -> tuple[Event, ...]:
    """Every event, oldest first."""
    events = [*_before_the_reviews(now), *_the_reviews_begin(now, allowed_signers)]
    events += [*_released_through_the_gate(now), *_open_candidates(now)]
    return tuple(sorted(events, key=lambda event: event.at))


def _clock(now: datetime) -> Callable[[int, str], datetime]:
    def at(days_ago: int, hour: str) -> datetime:
        return datetime.combine(now.date() - timedelta(days=days_ago), time.fromisoformat(hour), tzinfo=now.tzinfo)

    return at


def _churn(now: datetime, version: str, *names: str) -> dict[str, str]:
    return _below("models/churn", churn_versions(lambda days: now.date() - timedelta(days=days))[version], names)


def _support(now: datetime, version: str, *names: str) -> dict[str, str]:
    versions = support_intent_versions(lambda days: now.date() - timedelta(days=days))
    return _below("models/support-intent", versions[version], names)


def _below(directory: str, content: ModelContent, names: tuple[str, ...]) -> dict[str, str]:
    """The files, or those of them that are named, by their paths in the repository."""
    files = content.files()
    return {f"{directory}/{path}": files[path] for path in names or files}


def _before_the_reviews(now: datetime) -> Iterator[Event]:
    at = _clock(now)
    front = {"README.md": FRONT_PAGE, ".gitignore": "__pycache__/\n*.tmp\n", ".dvc/config": DVC_CONFIG}
    yield Committed(at(166, "09:12"), MAYA, "main", "Start the models repository", front)
    yield Committed(
        at(165, "15:47"),
        MAYA,
        "main",
        "churn: move the pipeline over from the notebooks\n\n"
        "Same features, same split. Metrics agree with the last notebook run to the fourth digit.",
        _churn(now, "1.0.0"),
    )
    yield TaggedByHand(at(164, "10:05"), MAYA, "churn@v1.0.0", "churn 1.0.0, first one out of the pipeline")
    yield Committed(
        at(122, "16:31"),
        MAYA,
        "main",
        "churn: retrain, deeper trees, slower learning rate",
        _churn(now, "1.1.0"),
    )
    yield TaggedByHand(at(121, "09:40"), MAYA, "churn@v1.1.0", "churn 1.1.0")
    yield Committed(
        at(104, "11:20"),
        JONAS,
        "main",
        "support-intent: first fine-tuned classifier\n\n"
        "Seven queues, German and English. Weights in LFS, tickets in DVC because of the retention rules.",
        _support(now, "0.8.0"),
    )
    yield TaggedByHand(at(103, "17:02"), JONAS, "support-intent@v0.8.0", "support-intent 0.8.0, pilot in two teams")


def _the_reviews_begin(now: datetime, allowed_signers: str) -> Iterator[Event]:
    yield Committed(
        _clock(now)(84, "13:30"),
        LIN,
        "main",
        "Gate releases with reviewtui\n\n"
        "After the audit: two signed approvals for every release, one of them from risk.\n"
        "Keys were checked in person, one by one.",
        {"README.md": REVIEW_PAGE, **settings_files(allowed_signers)},
    )


def _released_through_the_gate(now: datetime) -> Iterator[Event]:
    yield from _churn_1_2_0(now)
    yield from _support_intent_0_9_0(now)
    yield from _churn_1_3_0(now)


def _churn_1_2_0(now: datetime) -> Iterator[Event]:
    at, version, branch = _clock(now), "churn@1.2.0", "model/churn/v1.2.0"
    yield Committed(
        at(71, "10:18"),
        MAYA,
        branch,
        "churn: add days_since_last_login, smooth the target encoding more",
        _churn(now, "1.2.0", "params.yaml"),
    )
    yield Committed(
        at(70, "15:55"),
        MAYA,
        branch,
        "churn: retrain 1.2.0 on the new snapshot\n\nAlso xgboost 2.1.1, the version in the serving image.",
        _churn(now, "1.2.0"),
    )
    comment = "Encoding change explains the calibration gain; I reran evaluate on the holdout and get the same numbers."
    yield Reviewed(at(69, "11:03"), DANA, version, Verdict.APPROVE, comment)
    comment = "No new personal data, purpose unchanged. Fine from risk."
    yield Reviewed(at(68, "09:26"), SAM, version, Verdict.APPROVE, comment)
    yield Released(at(68, "14:10"), DANA, version)
    yield Committed(at(68, "14:21"), MAYA, "main", "Merge churn 1.2.0", _churn(now, "1.2.0"), merged=branch)


def _support_intent_0_9_0(now: datetime) -> Iterator[Event]:
    at, version, branch = _clock(now), "support-intent@0.9.0", "model/support-intent/v0.9.0"
    yield Committed(
        at(53, "12:44"),
        JONAS,
        branch,
        "support-intent: stricter label agreement, label smoothing, one more epoch",
        _support(now, "0.9.0"),
    )
    comment = "The gain in `other` is real: I read 50 of the tickets that moved. Nice work."
    yield Reviewed(at(52, "10:37"), DANA, version, Verdict.APPROVE, comment)
    comment = "Labels were cleaned of names before training, checked with Jonas. OK."
    yield Reviewed(at(50, "16:15"), SAM, version, Verdict.APPROVE, comment)
    yield Released(at(49, "09:32"), LIN, version)
    yield Committed(at(49, "09:50"), JONAS, "main", "Merge support-intent 0.9.0", _support(now, "0.9.0"), merged=branch)


def _churn_1_3_0(now: datetime) -> Iterator[Event]:
    at, version, branch = _clock(now), "churn@1.3.0", "model/churn/v1.3.0"
    yield Committed(
        at(34, "17:08"),
        MAYA,
        branch,
        "churn: a year of history instead of half a year",
        _churn(now, "1.3.0 as submitted"),
    )
    comment = (
        "0.943 AUC is too good. With a one-year window most customers have two rows, and the split is by row:"
        " 1,912 customers sit in train and holdout. Please split by customer_id and run again."
    )
    yield Reviewed(at(33, "10:29"), LIN, version, Verdict.REJECT, comment)
    yield Committed(
        at(31, "13:52"),
        MAYA,
        branch,
        "churn: split by customer, not by row\n\nLin is right, the holdout leaked. The honest AUC is 0.898.",
        _churn(now, "1.3.0"),
    )
    comment = "No customer is in both sets any more, checked with a join. Half a point better than 1.2.0: believable."
    yield Reviewed(at(30, "11:46"), LIN, version, Verdict.APPROVE, comment)
    comment = "Longer history is covered by the purpose we registered."
    yield Reviewed(at(29, "15:20"), SAM, version, Verdict.APPROVE, comment)
    yield Released(at(28, "10:02"), DANA, version)
    yield Committed(at(28, "10:11"), MAYA, "main", "Merge churn 1.3.0", _churn(now, "1.3.0"), merged=branch)


def _open_candidates(now: datetime) -> Iterator[Event]:
    yield from _vetoed(now)
    yield from _stale(now)
    yield from _regressed(now)
    yield from _waiting(now)
    yield from _unreviewed(now)


def _vetoed(now: datetime) -> Iterator[Event]:
    at, version, branch = _clock(now), "churn@2.0.0-rc.1", "model/churn/v2.0.0-rc.1"
    yield Committed(
        at(20, "11:33"), MAYA, branch, "churn: postcode as a feature", _churn(now, "2.0.0-rc.1", "params.yaml")
    )
    yield Committed(
        at(19, "18:24"),
        MAYA,
        branch,
        "churn: loss-guided trees, 255 leaves\n\nBest AUC so far, 0.915. Costs 3 ms at p95.",
        _churn(now, "2.0.0-rc.1"),
    )
    comment = "Impressive jump. How much of it is the postcode? An ablation would help."
    yield Reviewed(at(18, "10:14"), DANA, version, Verdict.COMMENT, comment)
    comment = (
        "Postcode is a proxy for origin and income: the recall gap between regions went from 3 to 9 points. We may not"
        " choose who gets an offer this way. Drop the postcode and show the gap again, then I will look at once."
    )
    yield Reviewed(at(17, "14:48"), SAM, version, Verdict.REJECT, comment)


def _stale(now: datetime) -> Iterator[Event]:
    at, version, branch = _clock(now), "support-intent@0.9.1", "model/support-intent/v0.9.1"
    yield Committed(
        at(14, "09:57"),
        JONAS,
        branch,
        "support-intent: lower learning rate, labels with 0.85 agreement",
        _support(now, "0.9.1 as submitted"),
    )
    comment = "Small and clean. Weights load in the current server image, no change there."
    yield Reviewed(at(13, "11:11"), LIN, version, Verdict.APPROVE, comment)
    yield Reviewed(at(12, "16:39"), SAM, version, Verdict.APPROVE, "Same data sources as 0.9.0. OK.")
    yield Committed(
        at(9, "17:45"),
        JONAS,
        branch,
        "support-intent: corrected labels\n\n214 cancellations were filed as downgrades. Codes have one letter, so the"
        " file has the same size.",
        _support(now, "0.9.1"),
    )


def _regressed(now: datetime) -> Iterator[Event]:
    at, version, branch = _clock(now), "support-intent@0.10.0", "model/support-intent/v0.10.0"
    yield Committed(
        at(8, "10:30"),
        JONAS,
        branch,
        "support-intent: distil to six layers\n\nHalf the size, half the latency; macro F1 within a point.",
        _support(now, "0.10.0"),
    )
    comment = "Ready from my side: p95 goes from 35 to 16 ms."
    yield Reviewed(at(8, "10:52"), JONAS, version, Verdict.APPROVE, comment)
    comment = "Runs on one CPU core at 96 rps in staging. This saves us two GPUs."
    yield Reviewed(at(7, "15:04"), LIN, version, Verdict.APPROVE, comment)
    yield Reviewed(at(5, "09:41"), SAM, version, Verdict.APPROVE, "Distilled from an approved model, same labels.")
    comment = "cancel_contract fell by six points and the macro average hides it. The gate is right to stay shut."
    yield Reviewed(at(4, "13:17"), DANA, version, Verdict.COMMENT, comment)


def _waiting(now: datetime) -> Iterator[Event]:
    at, version, branch = _clock(now), "churn@1.4.0", "model/churn/v1.4.0"
    yield Committed(
        at(3, "14:36"),
        MAYA,
        branch,
        "churn: contract changes and NPS as features",
        _churn(now, "1.4.0", "params.yaml", "requirements.txt"),
    )
    yield Committed(
        at(2, "16:12"),
        MAYA,
        branch,
        "churn: retrain 1.4.0, slower and longer\n\n"
        "Learning rate 0.05 with 900 rounds; early stopping ended at 871.\n"
        "val_acc is now written as val.acc, as in support-intent.",
        _churn(now, "1.4.0"),
    )
    comment = "p95 is up by 0.9 ms. Within the budget of 15, but the next feature should bring its own cache."
    yield Reviewed(now - timedelta(hours=29), LIN, version, Verdict.COMMENT, comment)
    comment = "NPS answers are covered by the consent text. Region gap is a little better. Approved for risk."
    yield Reviewed(now - timedelta(hours=22), SAM, version, Verdict.APPROVE, comment)


def _unreviewed(now: datetime) -> Iterator[Event]:
    yield Committed(
        now - timedelta(hours=5, minutes=12),
        JONAS,
        "model/support-intent/v0.11.0",
        "support-intent: French\n\n153 more shards of tickets, labelled by the Lyon team.",
        _support(now, "0.11.0"),
    )
