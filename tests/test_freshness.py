"""How fresh is what is here, and when was it made: the remote is asked, and checkpoints bear witness."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.attacks.doors import command
from tests.attacks.pushes import ALL_NOTES, Server
from tests.attacks.scene import CANDIDATE, REVIEWS, TAG, Scene, build_scene
from tests.command import Answer

_BUILT: dict[str, Scene] = {}
TAG_REF = f"refs/tags/{TAG}"
DAY = 86_400


@pytest.fixture
def scene(hermetic_git: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path) -> Scene:
    """A released version, approved by two and tagged by Dana."""
    if not _BUILT:
        built = build_scene(tmp_path_factory.mktemp("freshness"))
        built.record("lin")
        released = command(built.path, "release", CANDIDATE, "--yes", person=built.person("dana"))
        assert released.status == 0, released.err
        _BUILT["released"] = built
    return _BUILT["released"].copy(tmp_path)


def verified(scene: Scene, *words: str) -> tuple[Answer, dict[str, Any]]:
    answer = command(scene.path, "verify", "--json", *words)
    assert answer.out, answer.err
    assert answer.status == (0 if answer.json["ok"] else 1)
    return answer, answer.json


def reasons(report: dict[str, Any]) -> list[str]:
    return [each["reason"].partition(":")[0] for each in report["problems"] if each["alarm"]]


def release_in(report: dict[str, Any]) -> dict[str, Any]:
    return next(each for each in report["releases"] if each["tag"] == TAG_REF)


def checkpoint(scene: Scene, who: str = "lin") -> None:
    made = command(scene.path, "checkpoint", "--yes", person=scene.person(who))
    assert made.status == 0, made.out + made.err


def claimed_checkpoint(scene: Scene, who: str, at: int, refs: Iterable[str] = ()) -> None:
    """A checkpoint as somebody would have signed it at another time."""
    from datetime import UTC, datetime

    pairs = [f"{name} {scene.git('rev-parse', name)}" for name in (REVIEWS, *refs)]
    moment = datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    scene.altered(
        who, {"comment": "\n".join(["checkpoint", *pairs]), "at": moment, "seq": at % 10**6}, verdict="comment"
    )


def test_what_both_sides_have_is_fresh_and_what_only_the_remote_has_is_not(scene: Scene, tmp_path: Path) -> None:
    server = Server(scene, enforcing=False)
    _, report = verified(scene, "--require-fresh")
    assert report["ok"], report
    other = scene.copy(tmp_path / "other")
    other.git("config", "remote.origin.url", str(server.path))
    other.record("risk", "reject", comment="Leak!")
    other.settings(policy=scene.policy(version=2))
    other.git("tag", "-a", "-m", "x", "churn@v1.0.5", "main~1")
    other.git("push", "-q", "--no-verify", "origin", ALL_NOTES, "main:main", "refs/tags/churn@v1.0.5")
    assert verified(scene)[1]["ok"]
    _, report = verified(scene, "--require-fresh")
    assert reasons(report) == ["stale", "stale", "stale"]
    where = [each["where"] for each in report["problems"] if each["alarm"]]
    assert where == [REVIEWS, "refs/heads/main", "refs/tags/churn@v1.0.5"]


def test_a_remote_that_shows_less_than_it_did_is_an_alarm(scene: Scene) -> None:
    server = Server(scene, enforcing=False)
    assert command(scene.path, "sync").status == 0
    scene.git("fetch", "-q", "origin")
    scene.git("config", "reviewtui.trustedBranch", "refs/remotes/origin/main")
    assert verified(scene, "--require-fresh")[1]["ok"]
    server.git("update-ref", REVIEWS, server.git("rev-parse", f"{REVIEWS}~1"))
    server.git("update-ref", "refs/heads/main", server.git("rev-parse", "main~1"))
    server.git("update-ref", TAG_REF, server.git("rev-parse", "main"))
    assert reasons(verified(scene, "--require-fresh")[1]) == ["non-fast-forward", "non-fast-forward", "tag-moved"]
    server.git("update-ref", "-d", REVIEWS)
    assert reasons(verified(scene, "--require-fresh")[1])[0] == "record-removed"


def test_a_remote_that_does_not_answer_is_an_error(scene: Scene) -> None:
    scene.git("config", "remote.origin.url", str(scene.path.parent / "nowhere"))
    answer = command(scene.path, "verify", "--require-fresh")
    assert answer.status == 3, answer.out
    assert command(scene.path, "verify", "--require-fresh", "soon").status == 2


def test_with_an_age_a_checkpoint_must_be_there_and_be_young(scene: Scene) -> None:
    Server(scene, enforcing=False)
    _, report = verified(scene, "--require-fresh", "24h")
    assert [each["reason"] for each in report["problems"]] == [
        "stale: There is no checkpoint that holds; reviewtui checkpoint makes one."
    ]
    claimed_checkpoint(scene, "lin", 1_767_700_000)
    claimed_checkpoint(scene, "lin", 4_000_000_000)
    server = Server(scene, "again.git", enforcing=False)
    assert reasons(verified(scene, "--require-fresh", "24h")[1]) == ["stale"]
    checkpoint(scene)
    scene.git("push", "-q", "--no-verify", str(server.path), ALL_NOTES)
    assert verified(scene, "--require-fresh", "24h")[1]["ok"]


def test_a_clone_that_never_saw_it_learns_from_a_checkpoint_what_was_taken_away(scene: Scene) -> None:
    veto = scene.signed("risk", scene.review("risk", "reject"))
    scene.put(veto, date=1_773_000_000)
    checkpoint(scene)
    lines = [line for line in scene.note(scene.commit).splitlines(keepends=True) if line != veto + b"\n"]
    assert verified(scene)[1]["ok"]
    scene.git("update-ref", "-d", "refs/reviewtui/seen/reviews")
    scene.git("update-ref", "-d", f"refs/reviewtui/seen/tags/{TAG}")
    newest = scene.git("ls-tree", "--name-only", REVIEWS).splitlines()
    others = {name: scene.note(name) for name in newest if name != scene.commit}
    scene.write_notes({**others, scene.commit: b"".join(lines)}, parents=())
    scene.git("tag", "-d", TAG)
    _, report = verified(scene)
    assert reasons(report) == ["non-fast-forward", "tag-deleted"]
    assert "lin@example.com saw at the checkpoint sha256:" in report["problems"][0]["reason"]
    refused = command(scene.path, "checkpoint", "--yes", person=scene.person("lin"))
    assert refused.status == 1
    assert "No checkpoint was signed" in refused.err


def test_a_tag_that_is_older_than_what_it_names_is_back_dated(scene: Scene) -> None:
    message = scene.git("cat-file", "tag", TAG_REF).partition("\n\n")[2].partition("-----BEGIN")[0].encode()
    for date, what in ((1_767_600_000, "its commit"), (scene.repository.now + DAY, "the record sha256:")):
        scene.git("update-ref", "-d", f"refs/reviewtui/seen/tags/{TAG}")
        environment = {**scene.person("dana").environment, "GIT_COMMITTER_DATE": f"{date} +0000"}
        words = ("tag", "--force", "-s", "--cleanup=verbatim", "-F", "-", TAG, f"{TAG_REF}^{{commit}}")
        if what != "its commit":
            scene.write_notes({scene.commit: scene.note(scene.commit)}, parents=(), date=date + DAY)
            scene.git("update-ref", "-d", "refs/reviewtui/seen/reviews")
        scene.git(*words, input=message, env=environment)
        release = release_in(verified(scene)[1])
        assert not release["ok"]
        assert "back-dated: The tag says 2026-01-0" in release["reason"]
        assert f"; {what}" in release["reason"], release


def revoke(scene: Scene, name: str) -> None:
    scene.settings(
        policy=scene.policy(version=2), files={".reviewtui/revoked_keys": scene.person(name).public_key + "\n"}
    )


def test_a_release_by_a_key_revoked_since_rests_on_its_own_date_and_that_is_said_aloud(scene: Scene) -> None:
    revoke(scene, "dana")
    release = release_in(verified(scene)[1])
    assert release["ok"] and release["unproven"]
    assert any("Nothing but the tag's own date says that it was made before" in each for each in release["since"])
    assert "1 release by keys that are not trusted any more" in command(scene.path, "verify").out


def test_a_checkpoint_of_somebody_else_proves_that_a_release_is_older_than_the_revocation(scene: Scene) -> None:
    scene.repository.now = int(scene.git("for-each-ref", "--format=%(taggerdate:unix)", TAG_REF)) + 10 * DAY
    claimed_checkpoint(scene, "dana", scene.repository.now - 3 * DAY, [TAG_REF])
    revoke(scene, "dana")
    assert release_in(verified(scene)[1])["unproven"], "one's own word proves nothing"
    claimed_checkpoint(scene, "lin", scene.repository.now + 3 * DAY, [TAG_REF])
    assert release_in(verified(scene)[1])["unproven"], "it was revoked by then"
    claimed_checkpoint(scene, "lin", scene.repository.now - 3 * DAY, [TAG_REF])
    release = release_in(verified(scene)[1])
    assert release["ok"] and not release["unproven"]
    assert any("the checkpoint of lin@example.com of 2026-" in each for each in release["since"])


def test_a_tag_by_a_revoked_key_that_a_checkpoint_in_between_did_not_see_is_back_dated(scene: Scene) -> None:
    scene.repository.now = int(scene.git("for-each-ref", "--format=%(taggerdate:unix)", TAG_REF)) + 10 * DAY
    claimed_checkpoint(scene, "lin", scene.repository.now - 3 * DAY)
    assert verified(scene)[1]["ok"], "a tag may be pushed late"
    revoke(scene, "dana")
    release = release_in(verified(scene)[1])
    assert not release["ok"]
    assert "back-dated" in release["reason"] and "did not see it" in release["reason"]
