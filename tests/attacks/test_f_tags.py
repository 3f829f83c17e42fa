"""F. Tags and release: a tag that is not what the gate made, pushed past every hook of the clone."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.attacks.doors import command, fates_of, opened, state_of
from tests.attacks.pushes import ALL_NOTES, Server, install_local_hooks, push
from tests.attacks.scene import BRANCH, CONFIG, POLICY, TAG, Scene

PUSH_TAG = f"refs/tags/{TAG}"


@pytest.fixture
def approved(scene: Scene) -> Scene:
    """The gate is open: but for what is wrong with the tag, it could be pushed."""
    scene.record("lin")
    opened(scene)
    return scene


def honest_message(scene: Scene) -> bytes:
    """What `reviewtui release` writes, with the records that count."""
    counted = [identity for identity, reason in fates_of(scene).items() if not reason]
    return scene.release_message(*counted)


def not_borne_out(scene: Scene, reason: str) -> None:
    """In a clone that holds the tag, `verify` fails and says why."""
    verified = command(scene.path, "verify")
    assert verified.status == 1
    assert reason in verified.out + verified.err, verified.out + verified.err


def not_released(scene: Scene, reason: str) -> None:
    """The same, and the list does not call the version released."""
    assert state_of(scene) == "released-unreviewed"
    not_borne_out(scene, reason)


def test_an_honest_release_goes_through_and_verifies(approved: Scene) -> None:
    server = Server(approved)
    install_local_hooks(approved, strict=True)
    answer = command(approved.path, "release", "churn@1.1.0", "--yes", person=approved.person("dana"))
    assert answer.status == 0, answer.err
    server.accepts(PUSH_TAG, options=())
    assert state_of(approved) == "released"
    assert server.ref(PUSH_TAG) == approved.git("rev-parse", PUSH_TAG)


def test_072_a_tag_without_the_approvals_is_refused(scene: Scene) -> None:
    server = Server(scene)
    scene.tag(message=honest_message(scene))
    server.refuses(PUSH_TAG, reason="1 of 2")
    install_local_hooks(scene)
    server.refuses(PUSH_TAG, reason="1 of 2", options=())
    not_borne_out(scene, "1 of 2")


def test_072_nor_is_it_made_in_a_clone_with_strict_hooks(scene: Scene) -> None:
    Server(scene)
    install_local_hooks(scene, strict=True)
    with pytest.raises(subprocess.CalledProcessError) as refused:
        scene.tag(message=scene.release_message())
    assert b"1 of 2" in refused.value.stderr
    assert scene.git("tag", "--list", TAG) == ""


def test_073_a_lightweight_tag_is_refused(approved: Scene) -> None:
    server = Server(approved)
    approved.git("tag", TAG, BRANCH)
    server.refuses(PUSH_TAG, reason="lightweight-tag")
    # A tag that claims nothing is shown as what it is: made by another way.
    assert state_of(approved) == "released-unreviewed"
    assert "released-unreviewed" in command(approved.path, "verify").out


def test_074_a_tag_pushed_under_another_name_is_refused(approved: Scene) -> None:
    server = Server(approved)
    made = approved.tag(message=honest_message(approved))
    approved.git("branch", "model/churn/v9.9.9", BRANCH)
    server.refuses(f"{made}:refs/tags/churn@v9.9.9", reason="tag-name-mismatch")
    approved.git("update-ref", "refs/tags/churn@v9.9.9", made)
    assert state_of(approved, version="churn@9.9.9") == "released-unreviewed"
    verified = command(approved.path, "verify")
    assert verified.status == 1 and "tag-name-mismatch" in verified.out


@pytest.mark.parametrize("signer", ["nobody", "a stranger", "somebody without the role", "a damaged signature"])
def test_075_a_tag_that_no_releaser_signed_is_refused(approved: Scene, signer: str) -> None:
    server = Server(approved)
    message = honest_message(approved)
    if signer == "nobody":
        approved.git("tag", "-a", "--no-sign", "--cleanup=verbatim", "-F", "-", TAG, BRANCH, input=message)
    elif signer == "a damaged signature":
        made = approved.git("cat-file", "tag", approved.tag(message=message))
        spoilt = made.replace("By hand.", "By Hand.").encode() + b"\n"
        approved.git("update-ref", PUSH_TAG, approved.git("hash-object", "-t", "tag", "-w", "--stdin", input=spoilt))
    else:
        approved.tag(message=message, who="mallory" if signer == "a stranger" else "risk")
    reasons = {"nobody": "unsigned-tag", "a stranger": "unknown-key", "a damaged signature": "bad-signature"}
    reason = reasons.get(signer, "no-role")
    server.refuses(PUSH_TAG, reason=reason)
    not_released(approved, reason)


def test_075_the_author_does_not_release_where_the_policy_gives_the_author_no_such_role(approved: Scene) -> None:
    approved.settings(policy=approved.policy(releasers={"roles": ["release-manager"]}))
    server = Server(approved)
    approved.tag(message=honest_message(approved), who="robin")
    server.refuses(PUSH_TAG, reason="no-role")


def test_075_text_after_the_signature_is_refused(approved: Scene) -> None:
    server = Server(approved)
    made = approved.git("cat-file", "tag", approved.tag(message=honest_message(approved)))
    longer = made.encode() + b"\nReview-Record: sha256:" + b"0" * 64 + b"\n"
    approved.git("update-ref", PUSH_TAG, approved.git("hash-object", "-t", "tag", "-w", "--stdin", input=longer))
    server.refuses(PUSH_TAG, reason="bad-signature")
    not_released(approved, "bad-signature")


def test_076_a_release_tag_is_never_moved_or_deleted(approved: Scene) -> None:
    released = command(approved.path, "release", "churn@1.1.0", "--yes", person=approved.person("dana"))
    assert released.status == 0, released.err
    server = Server(approved)
    old = approved.git("rev-parse", PUSH_TAG)
    approved.tag(message=b"churn 1.1.0\n\nAgain.\n", target="main")
    server.refuses(f"+{PUSH_TAG}", reason="tag-moved")
    server.refuses(f":{PUSH_TAG}", reason="tag-deleted")
    # A tag from before reviewtui is a release, too.
    server.refuses(":refs/tags/churn@v1.0.0", reason="tag-deleted")
    server.refuses("+main:refs/tags/churn@v1.0.0", reason="tag-moved")
    assert server.ref(PUSH_TAG) == old


@pytest.mark.parametrize("target", ["a tag", "a tree", "a blob", "another commit"])
def test_077_a_tag_of_anything_but_the_commit_is_refused(approved: Scene, target: str) -> None:
    server = Server(approved)
    message = honest_message(approved)
    if target == "a tag":
        approved.tag("inner", message=message)
    place = {
        "a tag": "refs/tags/inner",
        "a tree": f"{BRANCH}^{{tree}}",
        "a blob": f"{BRANCH}:models/churn/params.yaml",
        "another commit": "main",
    }[target]
    approved.tag(message=message, target=place)
    pushed = server.refuses(PUSH_TAG, reason=TAG)
    if target == "another commit":
        assert "-record: sha256:" in pushed.text
        not_borne_out(approved, "-record: sha256:")
    else:
        assert "wrong-target" in pushed.text
        assert state_of(approved) != "released"


VARIANTS = [
    "Churn@v1.1.0",
    "churn@V1.1.0",
    "churn@v1.1.0\u200b",
    "churn@v\uff11.1.0",
    "сhurn@v1.1.0",
    "churn@v1.1.0-",
    "refs/tags/churn@v1.1.0",
    "churn@1.1.0",
    "churn-1.1.0",
    "churn/v1.1.0",
]


@pytest.mark.parametrize("name", VARIANTS)
def test_078_a_name_that_looks_like_a_release_is_refused(scene: Scene, name: str) -> None:
    server = Server(scene)
    pushed = server.refuses(f"{scene.tip()}:refs/tags/{name}", reason="refs/tags/")
    assert any(word in pushed.text for word in ("look-alike", "bad-name", "wrong-target", "lightweight-tag"))


def test_078_a_tag_that_is_about_something_else_goes_through(scene: Scene) -> None:
    server = Server(scene)
    server.accepts("main:refs/tags/meeting-2026-01-05", "main:refs/tags/backup/monday")


def test_079_a_branch_with_the_name_of_a_tag_is_not_the_tag(approved: Scene) -> None:
    server = Server(approved)
    approved.git("update-ref", f"refs/heads/{TAG}", "main")
    approved.git("update-ref", f"refs/heads/refs/tags/{TAG}", "main")
    assert command(approved.path, "gate", "churn@1.1.0").status == 0
    released = command(approved.path, "release", "churn@1.1.0", "--yes", person=approved.person("dana"))
    assert released.status == 0, released.err
    assert approved.git("for-each-ref", "--format=%(*objectname)", PUSH_TAG) == approved.commit
    made = approved.git("for-each-ref", "--format=%(objectname)", PUSH_TAG)
    server.accepts(f"{made}:{PUSH_TAG}")
    assert state_of(approved) == "released"


@pytest.mark.parametrize("order", [(PUSH_TAG, ALL_NOTES), (ALL_NOTES, PUSH_TAG)])
def test_080_a_push_is_judged_by_what_it_results_in(scene: Scene, order: tuple[str, str]) -> None:
    server = Server(scene)
    scene.record("lin")
    released = command(scene.path, "release", "churn@1.1.0", "--yes", person=scene.person("dana"))
    assert released.status == 0, released.err
    server.refuses(PUSH_TAG, reason="1 of 2")
    server.accepts(*order)


def test_080_a_veto_that_comes_with_the_tag_counts(approved: Scene) -> None:
    released = command(approved.path, "release", "churn@1.1.0", "--yes", person=approved.person("dana"))
    assert released.status == 0, released.err
    tag = approved.git("rev-parse", PUSH_TAG)
    approved.git("update-ref", "-d", PUSH_TAG)
    server = Server(approved)
    approved.git("update-ref", PUSH_TAG, tag)
    approved.record("lin", "reject", seq=2, comment="Stop!")
    server.refuses(PUSH_TAG, ALL_NOTES, reason="Rejected by lin@example.com: Stop!")


def test_081_a_push_goes_through_whole_or_not_at_all(scene: Scene) -> None:
    server = Server(scene)
    scene.amend({"models/churn/params.yaml": "lr: 7\n"})
    scene.record("risk", beside=scene.commit)
    scene.git("tag", TAG, BRANCH)
    server.refuses(BRANCH, ALL_NOTES, PUSH_TAG, reason="lightweight-tag")


def test_082_a_tag_that_claims_approvals_that_are_none_is_refused(approved: Scene) -> None:
    server = Server(approved)
    invented = "sha256:" + "e" * 64
    stale = approved.record("boss")
    forged = approved.record("mallory", reviewer="risk@example.com")
    counted = [identity for identity, reason in fates_of(approved).items() if not reason]
    for claim, reason in ((invented, "unknown-record"), (forged, "uncounted-record"), (stale, "uncounted-record")):
        approved.tag(message=approved.release_message(*counted, claim))
        server.refuses(ALL_NOTES, PUSH_TAG, reason=f"{reason}: {claim}")
        verified = command(approved.path, "verify")
        assert verified.status == 1
        assert claim in verified.out + verified.err


def test_082_a_tag_that_leaves_out_what_it_was_made_of_is_refused(approved: Scene) -> None:
    server = Server(approved)
    approved.tag(message=b"churn 1.1.0\n\nTrust me.\n")
    server.refuses(PUSH_TAG, reason="no-trailers")
    approved.tag(message=honest_message(approved).replace(b"\nVersion: 1.1.0", b"\nVersion: 1.2.0"))
    server.refuses(PUSH_TAG, reason="bad-trailers")
    digest = dict(approved.subject().facts)["metrics"].encode()
    approved.tag(message=honest_message(approved).replace(digest, b"sha256:" + b"0" * 64))
    server.refuses(PUSH_TAG, reason="facts-changed: metrics")


LIES = {
    "a reviewer who never was": (r"Reviewed-by:", "Reviewed-by: The CEO <ceo@example.com>\nReviewed-by:"),
    "another policy": (r"Policy: \w+", "Policy: " + "1" * 40),
    "no policy": (r"Policy: \w+\n", ""),
    "another base": (r"Base: .*", "Base: none"),
    "no facts": (r"Facts-\w+: .*\n", ""),
    "no approvals": (r"Review.*: .*\n", ""),
}


@pytest.mark.parametrize("lie", LIES)
def test_082_a_tag_whose_trailers_are_not_so_is_refused(approved: Scene, lie: str) -> None:
    """The gate is open and the signature is good; but what people read in years is the tag."""
    server = Server(approved)
    before, after = LIES[lie]
    approved.tag(message=re.sub(before, after, honest_message(approved).decode()).encode())
    server.refuses(PUSH_TAG, reason="bad-trailers: The")
    assert command(approved.path, "verify").status == 1


def test_083_a_withdrawal_after_the_release_is_seen_and_undoes_nothing(approved: Scene) -> None:
    released = command(approved.path, "release", "churn@1.1.0", "--yes", person=approved.person("dana"))
    assert released.status == 0, released.err
    server = Server(approved)
    withdrawn = approved.record("lin", "withdraw", seq=2)
    assert state_of(approved) == "released"
    server.accepts(ALL_NOTES)
    assert fates_of(approved)[withdrawn] == ""
    assert command(approved.path, "gate", "churn@1.1.0").status == 1


# D, where only a server can tell.


def changed_policy(scene: Scene, **changes: object) -> str:
    """The trusted branch with another policy, for a push. Gives the commit."""
    return scene.settings(policy=scene.policy(**changes))


def test_049_a_weaker_policy_needs_the_approval_that_the_policy_before_it_asks_for(scene: Scene) -> None:
    server = Server(scene)
    changed_policy(scene, version=2, releases=[{"models": ["*"], "approvals": [{"count": 1}]}])
    server.refuses("main", reason="approvals: 1 of release-manager")


def test_050_a_key_added_on_the_trusted_branch_needs_the_same(scene: Scene) -> None:
    server = Server(scene)
    lines = scene.signers() + f"eve@example.com {scene.person('mallory').public_key}\n"
    scene.settings(policy=scene.policy(version=2), signers=lines)
    server.refuses("main", reason="approvals: 1 of release-manager")


@pytest.mark.parametrize(("version", "reason"), [(2, "policy-version-unchanged"), (1, "policy-version-decreased")])
def test_051_an_older_policy_does_not_come_back(scene: Scene, version: int, reason: str) -> None:
    scene.settings(policy=scene.policy(version=2))
    server = Server(scene)
    scene.settings(policy=scene.policy(version=version, releasers={"roles": ["risk"]}))
    server.refuses("main", reason=reason)


def test_051_the_trusted_branch_is_not_rewound(scene: Scene) -> None:
    scene.settings(policy=scene.policy(version=2))
    server = Server(scene)
    server.refuses("+main~1:refs/heads/main", reason="trusted-branch")
    server.refuses(":refs/heads/main", reason="trusted-branch")


def test_052_a_policy_is_not_weakened_and_used_in_one_push(scene: Scene) -> None:
    server = Server(scene)
    changed_policy(scene, version=2, releases=[{"models": ["*"], "approvals": [{"count": 1}]}])
    assert command(scene.path, "gate", "churn@1.1.0").status == 0
    released = command(scene.path, "release", "churn@1.1.0", "--yes", person=scene.person("dana"))
    assert released.status == 0, released.err
    pushed = server.refuses("main", PUSH_TAG, ALL_NOTES, reason="1 of 2")
    assert "approvals: 1 of release-manager" in pushed.text


def test_053_an_approved_change_of_people_holds_from_the_next_push_on(scene: Scene) -> None:
    server = Server(scene)
    people = {**POLICY["people"], "mallory@example.com": {"roles": ["release-manager"]}}
    scene.settings(policy=scene.policy(version=2, people=people), signers=scene.signers(*scene.repository.people))
    # The newcomer's own key has no say in the push that brings it.
    server.refuses("main", reason="approvals: 1 of release-manager")
    assert not push(scene, "main").accepted


def test_the_hook_reads_nothing_from_the_working_directory(approved: Scene, tmp_path: Path) -> None:
    server = Server(approved)
    (server.path / ".reviewtui").mkdir()
    (server.path / ".reviewtui" / "policy.yaml").write_text("version: 9\n")
    (server.path / "reviewtui.py").write_text("raise SystemExit(0)\n")
    (server.path / "sitecustomize.py").write_text("raise SystemExit(0)\n")
    (server.path / "yaml.py").write_text("raise SystemExit(0)\n")
    approved.git("tag", TAG, BRANCH)
    server.refuses(PUSH_TAG, reason="lightweight-tag")


def test_103_a_tag_dated_back_before_a_veto_does_not_escape_it(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """The times of tags are claimed: whoever claims an approval was there when it was given, and so was the veto."""
    scene.record("boss", "reject", comment="Leak!")
    scene.later()
    scene.record("lin")
    counted = [each for each, reason in fates_of(scene).items() if not reason]
    monkeypatch.setenv("GIT_COMMITTER_DATE", f"@{scene.repository.now - 25 * 3600} +0000")
    scene.tag(message=scene.release_message(*counted))
    not_borne_out(scene, "Rejected by boss@example.com: Leak!")


def test_076_a_release_stays_one_whatever_names_the_settings_give_by_now(approved: Scene) -> None:
    approved.tag(message=honest_message(approved))
    approved.settings(config={**CONFIG, "tags": ["release/{model}/{version}"]})
    server = Server(approved)
    server.refuses(f":{PUSH_TAG}", reason="tag-deleted: A release tag is never deleted.")


def test_076_a_version_that_has_a_release_under_another_name_is_not_released_again(approved: Scene) -> None:
    message = honest_message(approved)
    approved.git("tag", "-a", "-m", "churn 1.1.0", "churn/v1.1.0", "main")
    server = Server(approved)
    approved.tag(message=message)
    server.refuses(PUSH_TAG, ALL_NOTES, reason="tag-moved: churn@1.1.0 is released already, as refs/tags/churn/v1.1.0")


@pytest.mark.parametrize("date", [1_767_600_000, 0, 99_999_999_999_999])
def test_076_a_tag_whose_date_cannot_be_true_is_refused_and_does_not_verify(approved: Scene, date: int) -> None:
    server = Server(approved)
    commit_date = approved.repository.now
    if date > commit_date:
        commit = approved.git("cat-file", "commit", approved.tip()).replace(str(commit_date), str(date))
        made = approved.git("hash-object", "-t", "commit", "-w", "--stdin", input=commit.encode() + b"\n")
        approved.git("update-ref", f"refs/heads/{BRANCH}", made)
        for name in ("dana", "lin"):
            approved.record(name)
    person = approved.person("dana")
    words = ("tag", "-s", "--cleanup=verbatim", "-F", "-", TAG, approved.tip())
    stamp = {} if date > commit_date else {"GIT_COMMITTER_DATE": f"@{date} +0000"}
    approved.git(*words, input=honest_message(approved), env={**person.environment, **stamp})
    server.refuses(PUSH_TAG, ALL_NOTES, f"{BRANCH}:{BRANCH}", reason="back-dated: The tag says ")
    not_borne_out(approved, "back-dated: The tag says ")
