"""What a signed record costs to verify: in-process, and by ssh-keygen."""

from __future__ import annotations

import os
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from reviewtui.git.objects import ObjectId
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature
from reviewtui.signing.in_process import InProcessCheck
from reviewtui.signing.keygen import KeygenCheck
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.verification import VerificationContext, VerifiedReview, verify_review
from tests import ssh_material as make
from tests.benchmarks.measuring import ROUNDS, Cost, judge, ratio
from tests.fuzz import seeds

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RECORDS = 10_000
PER_ROUND = 25
"""How many of the records ssh-keygen is asked for in each round."""


def run(place: Path, cache: Path) -> bool:
    """The walk from the line of a note to a verified review, in-process, and the same by ssh-keygen for each record."""
    del place, cache
    keys = [make.ed25519(seed) for seed in range(20)]
    signers = b"".join(b"person%d@example.com %b\n" % (number, key.line) for number, key in enumerate(keys))
    in_process, by_keygen = (
        VerificationContext(seeds.REPOSITORY, TrustedSigners.load(TrustFiles(signers), now=NOW, check=check), None)
        for check in (InProcessCheck(), KeygenCheck())
    )
    lines = [_signed(keys[number % 20], f"person{number % 20}@example.com", number + 1) for number in range(RECORDS)]
    share = RECORDS // ROUNDS
    _each(lines[:100], in_process)
    ours, theirs = [], []
    for number in range(ROUNDS):
        part = lines[number * share : (number + 1) * share]
        ours.append(_each(part, in_process))
        theirs.append(_each(part[:PER_ROUND], by_keygen))
    mine, other = (Cost(*zip(*costs, strict=True)) for costs in (ours, theirs))
    print(f"verification of {RECORDS:,} records by ed25519 keys, each")
    for title, cost in (("a record in-process", mine), ("a record by ssh-keygen", other)):
        wall, work = (statistics.median(each) * 1e3 for each in (cost.wall, cost.work))
        print(f"  {title:<34} {wall:7.3f} ms, {work:7.3f} ms of work")
    clock, work = ratio(other, mine)
    print(f"  ssh-keygen costs {clock:.1f} times as much on the clock, {work:.1f} times as much in work")
    return judge("a record in-process, in percent of one by ssh-keygen", 100 * max(ratio(mine, other)), 5)


def _each(lines: list[bytes], context: VerificationContext) -> tuple[float, float]:
    """Seconds on the clock, and of work, for each record. All must be good."""
    begun, before = time.perf_counter(), os.times()
    for line in lines:
        judged = verify_review(line, commit=ObjectId(seeds.COMMIT), model="churn", version="1.4.0", context=context)
        assert isinstance(judged, VerifiedReview), judged
    wall, after = time.perf_counter() - begun, os.times()
    return wall / len(lines), (sum(after[:4]) - sum(before[:4])) / len(lines)


def _signed(key: make.Key, reviewer: str, number: int) -> bytes:
    envelope = Envelope(seeds.payload(seq=number, reviewer=reviewer), PAYLOAD_TYPE, ())
    signature = Signature(key.fingerprint, make.sshsig(key, envelope.signed_bytes()))
    return Envelope(envelope.payload, PAYLOAD_TYPE, (signature,)).to_line()
