"""What trust costs: records verified in-process, not by ssh-keygen; the hook of a server; the hooks of a clone."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path

from reviewtui.git.objects import ObjectId
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature
from reviewtui.signing.in_process import InProcessCheck
from reviewtui.signing.keygen import KeygenCheck
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.verification import VerificationContext, VerifiedReview, verify_review
from tests import ssh_material as make
from tests.attacks.scene import REVIEWS, TAG, Scene
from tests.benchmarks.measuring import ROUNDS, Command, Cost, judge, measured, python, ratio
from tests.command import reviewtui
from tests.fuzz import seeds
from tests.model_repository import ModelRepository
from tests.served import approved_release, served_scene

NOW = datetime(2026, 3, 1, tzinfo=UTC)
RECORDS = 10_000
PER_ROUND = 25
"""How many of the records ssh-keygen is asked for in each round."""
NOTES = (10_000, 100_000)
COMMITS = 20


def run(place: Path, cache: Path) -> bool:
    """Measure, print, and give whether the limits are kept."""
    kept = _verification(place)
    kept &= _server_hook(place, cache)
    return _local_hook(place, cache) & kept


# Verification.


def _verification(place: Path) -> bool:
    """The walk from the line of a note to a verified review, in-process, and the same by ssh-keygen for each record."""
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


# The server's hook.


def _server_hook(place: Path, cache: Path) -> bool:
    """A release pushed with its approval: through the hook, and through a hook that does nothing."""
    costs: dict[int, dict[str, Cost]] = {}
    print("a push of a release tag and its approvals")
    for count in NOTES:
        costs[count] = measured(_pushes(place / f"notes-{count}", count), cache=cache)
    kept = True
    for count, found in costs.items():
        start = min(found["python"].wall)
        added = [mine - empty for mine, empty in zip(found["hook"].wall, found["empty"].wall, strict=True)]
        # What else the machine does only ever adds to a round.
        milliseconds = (min(added) - start) * 1e3
        print(f"  {count:>7,} notes, hook               {found['hook']}")
        print(f"  {count:>7,} notes, an empty hook      {found['empty']}")
        kept &= judge(
            f"the hook over Python's start ({start * 1e3:.0f} ms) among {count:,} notes, ms", milliseconds, 300
        )
    few, many = (statistics.median(costs[count]["hook"].wall) for count in NOTES)
    print(f"  ten times the notes: {many / few:.2f} times the push")
    return kept


def _pushes(place: Path, count: int) -> Mapping[str, tuple[Command, ...]]:
    place.mkdir()
    scene = served_scene(place)
    _old_records(scene, count)
    server = place / "server.git"
    # As somebody with a shell on the server would bring them in: no hook is asked.
    fetch = ("git", "fetch", "-q", str(scene.path), f"+{REVIEWS}:{REVIEWS}")
    subprocess.run(fetch, cwd=server, check=True)
    before = scene.notes_tip()
    approved_release(scene)
    other = place / "empty.git"
    subprocess.run(("cp", "-a", str(server), str(other)), check=True)
    hook = other / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\n")
    back = f"delete refs/tags/{TAG}\nupdate {REVIEWS} {before}\n".encode()

    def push(to: Path) -> tuple[Command, ...]:
        words = ("git", "push", "-q", "--no-verify", "--atomic", str(to), f"refs/tags/{TAG}", f"{REVIEWS}:{REVIEWS}")
        return (Command(words, directory=scene.path), Command(("git", "update-ref", "--stdin"), back, to))

    begun = time.perf_counter()
    for command in push(server):
        subprocess.run(command.words, input=command.input, cwd=command.directory, capture_output=True, check=True)
    print(f"  {count:>7,} notes, the first push of all {(time.perf_counter() - begun) * 1e3:9.1f} ms")
    return {"hook": push(server), "empty": push(other), "python": (python("-I", "-c", "pass"),)}


def _old_records(scene: Scene, count: int) -> None:
    """Records beside as many commits of the past, by people of whom nobody is left."""
    scene.git("fast-import", "--quiet", f"--export-marks={scene.path}/marks", input=b"".join(_old_commits(count)))
    ids = (line.split()[1].decode() for line in (scene.path / "marks").read_bytes().splitlines())
    tip = scene.notes_tip()
    stream = [
        f"commit {REVIEWS}\ncommitter Eve <eve@example.com> {scene.repository.now} +0000\ndata 3\nold\nfrom {tip}\n"
    ]
    signature = Signature(make.ed25519(99).fingerprint, seeds.signatures()[0])
    for number, commit in enumerate(ids):
        payload = seeds.payload(version=f"0.{number}.0", reviewer="past@example.com")
        line = Envelope(payload.replace(seeds.COMMIT.encode(), commit.encode()), PAYLOAD_TYPE, (signature,)).to_line()
        stream.append(f"N inline {commit}\ndata {len(line) + 1}\n{line.decode()}\n\n")
    scene.git("fast-import", "--quiet", input="".join(stream).encode())


def _old_commits(count: int) -> Iterator[bytes]:
    for number in range(1, count + 1):
        stamp = 1_500_000_000 + number
        yield b"commit refs/heads/archive\nmark :%d\ncommitter Eve <eve@example.com> %d +0000\ndata 0\n" % (
            number,
            stamp,
        )


# The local hook.


def _local_hook(place: Path, cache: Path) -> bool:
    """Commits in a clone with the strict hooks, with an empty hook in their place, and with none."""
    commands = {}
    for name in ("none", "empty", "strict"):
        repository = ModelRepository(place / f"local-{name}")
        repository.commit_files({"a": "b"})
        if name == "strict":
            answer = reviewtui(repository.path, "hooks", "install", "--strict")
            assert answer.status == 0, answer.err
        if name == "empty":
            hooks = repository.path / ".git" / "hooks"
            hooks.mkdir(exist_ok=True)
            (hooks / "reference-transaction").write_text("#!/bin/sh\n")
            (hooks / "reference-transaction").chmod(0o755)
        commit = Command(("git", "commit", "-q", "--allow-empty", "-m", "more"), directory=repository.path)
        commands[name] = (commit,) * COMMITS
    costs = measured(commands, cache=cache)
    print(f"{COMMITS} commits in a clone")
    for name, title in (("none", "without a hook"), ("empty", "with an empty sh hook"), ("strict", "with ours")):
        print(f"  {title:<34} {costs[name]}")
    return judge("a commit with ours beside an empty sh hook", ratio(costs["strict"], costs["empty"])[1], 1.1)
