"""What the hook of a server costs: a release pushed with its approval among many records."""

from __future__ import annotations

import statistics
import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature
from tests import ssh_material as make
from tests.attacks.scene import REVIEWS, TAG, Scene
from tests.benchmarks.measuring import Command, Cost, judge, measured, python
from tests.fuzz import seeds
from tests.served import approved_release, served_scene

NOTES = (10_000, 100_000)


def run(place: Path, cache: Path) -> bool:
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
        work = (min(found["hook"].work) - min(found["empty"].work) - min(found["python"].work)) * 1e3
        print(f"  {count:>7,} notes, hook               {found['hook']}")
        print(f"  {count:>7,} notes, an empty hook      {found['empty']}")
        print(f"  {count:>7,} notes, the hook over Python's start {work:7.1f} ms of work")
        kept &= judge(
            f"the hook over Python's start ({start * 1e3:.0f} ms) among {count:,} notes, ms", milliseconds, 300
        )
    few, many = (statistics.median(costs[count]["hook"].wall) for count in NOTES)
    print(f"  ten times the notes: {many / few:.2f} times the push")
    return kept


def _pushes(place: Path, count: int) -> Mapping[str, tuple[Command, ...]]:
    place.mkdir()
    scene = served_scene(place)
    tip = scene.notes_tip()
    approved_release(scene)
    approval = scene.note(scene.tip())
    # The release was made among few records, which is quick; now the past is put before its approval.
    before = _old_records(scene, count, after=tip)
    scene.write_notes({scene.tip(): approval})
    server, other = place / "server.git", place / "empty.git"
    # As somebody with a shell on the server would bring them in: no hook is asked.
    subprocess.run(("git", "fetch", "-q", "--no-tags", str(scene.path), f"+{before}:{REVIEWS}"), cwd=server, check=True)
    subprocess.run(("cp", "-a", str(server), str(other)), check=True)
    (other / "hooks" / "pre-receive").write_text("#!/bin/sh\n")
    back = f"delete refs/tags/{TAG}\nupdate {REVIEWS} {before}\n".encode()

    def push(to: Path) -> tuple[Command, ...]:
        words = ("git", "push", "-q", "--no-verify", "--atomic", str(to), f"refs/tags/{TAG}", f"{REVIEWS}:{REVIEWS}")
        return (Command(words, directory=scene.path), Command(("git", "update-ref", "--stdin"), back, to))

    begun = time.perf_counter()
    for command in push(server):
        subprocess.run(command.words, input=command.input, cwd=command.directory, capture_output=True, check=True)
    print(f"  {count:>7,} notes, the first push of all {(time.perf_counter() - begun) * 1e3:9.1f} ms")
    return {"hook": push(server), "empty": push(other), "python": (python("-I", "-c", "pass"),)}


def _old_records(scene: Scene, count: int, *, after: str) -> str:
    """Records beside as many commits of the past, by people of whom nobody is left. Gives the notes commit."""
    scene.git("fast-import", "--quiet", f"--export-marks={scene.path}/marks", input=b"".join(_old_commits(count)))
    ids = (line.split()[1].decode() for line in (scene.path / "marks").read_bytes().splitlines())
    about = (
        f"commit {REVIEWS}\ncommitter Eve <eve@example.com> {scene.repository.now} +0000\ndata 3\nold\nfrom {after}\n"
    )
    stream = [about.encode()]
    signature = Signature(make.ed25519(99).fingerprint, seeds.signatures()[0])
    payload = seeds.payload(version="0.0.0", reviewer="past@example.com")
    for number, commit in enumerate(ids):
        told = payload.replace(seeds.COMMIT.encode(), commit.encode()).replace(b'"0.0.0"', b'"0.%d.0"' % number)
        line = Envelope(told, PAYLOAD_TYPE, (signature,)).to_line()
        stream.append(b"N inline %s\ndata %d\n%s\n\n" % (commit.encode(), len(line) + 1, line))
    scene.git("fast-import", "--quiet", "--force", input=b"".join(stream))
    return scene.notes_tip()


def _old_commits(count: int) -> Iterator[bytes]:
    for number in range(1, count + 1):
        stamp = 1_500_000_000 + number
        yield b"commit refs/heads/archive\nmark :%d\ncommitter Eve <eve@example.com> %d +0000\ndata 0\n" % (
            number,
            stamp,
        )
