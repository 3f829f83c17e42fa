"""The gate: what opens it, what closes it, and what must never change its mind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewtui.git.objects import Person
from reviewtui.policy.decision import Decision, FindingState
from reviewtui.policy.state import state_of
from reviewtui.review import BaseVersion
from reviewtui.signing.scheme import SignatureStatus, Verification
from tests.fake_signing import object_id
from tests.recorded import (
    EARLIER,
    ONE_EACH,
    PEOPLE,
    TWO_OF_ANYONE,
    a_commit,
    a_review,
    a_subject,
    decide,
    finding,
    ignored,
    judged,
    newer_rejection,
    verified,
)


def changed_facts(*categories: str) -> tuple[tuple[str, str], ...]:
    other = "sha256:" + "1" * 64
    return tuple((name, other if name in categories else digest) for name, digest in a_subject().facts)


def states(decision: Decision) -> list[str]:
    return [each.state.value for each in decision.findings]


# Fail closed


def test_no_policy_refuses() -> None:
    decision = decide(None, verified("dana"))
    assert not decision.allowed
    assert states(decision) == ["error"]
    assert (decision.approvals, decision.required) == (0, 0)


@pytest.mark.parametrize("releases", ["[]", "[{models: [intent], approvals: [{count: 1}]}]"])
def test_an_empty_policy_refuses(releases: str) -> None:
    decision = decide(f"version: 1\nreleases: {releases}", verified("dana"), verified("lee"))
    assert not decision.allowed
    assert finding(decision, "policy").state is FindingState.ERROR


def test_an_empty_decision_allows_nothing() -> None:
    assert not Decision(()).allowed


def test_settings_that_cannot_be_read_close_the_gate_whatever_is_approved() -> None:
    decision = decide(TWO_OF_ANYONE, verified("dana"), verified("lee"), errors=[("settings", "line 3 is broken.")])
    assert not decision.allowed
    assert finding(decision, "settings").state is FindingState.ERROR
    assert decide(None, errors=[("policy", "Unreadable.")]).findings[0].reason == "Unreadable."


@pytest.mark.parametrize(
    "key", ["pipeline: {require: [test]}", "data: {require: recorded}", "feedback: {block_on: [high]}"]
)
def test_a_key_that_is_known_and_not_evaluated_yet_closes_the_gate(key: str) -> None:
    decision = decide(f"version: 1\nreleases: [{{models: ['*'], approvals: [{{count: 1}}], {key}}}]", verified("dana"))
    assert not decision.allowed
    assert finding(decision, key.split(":")[0]).state is FindingState.ERROR


def test_an_entry_of_which_nothing_applies_is_not_met() -> None:
    policy = "version: 1\nreleases: [{models: ['*'], metrics: {f1: {min: 1, on_missing: skip}}}]"
    assert not decide(policy).allowed
    assert finding(decide(policy), "policy").state is FindingState.ERROR


def test_every_entry_that_matches_must_be_met() -> None:
    policy = TWO_OF_ANYONE + "- {models: [churn], approvals: [{count: 3}]}\n"
    votes = [verified(name) for name in ("dana", "lee", "kim")]
    assert not decide(policy, *votes[:2]).allowed
    assert decide(policy, *votes).allowed
    assert decide(policy, *votes).required == 3


# Votes


def test_two_persons_open_the_gate_and_one_does_not() -> None:
    one = decide(TWO_OF_ANYONE, verified("dana"))
    assert not one.allowed
    assert (one.approvals, one.required, state_of(one)) == (1, 2, "in-review")
    assert finding(one, "approvals: 2").reason.startswith("1 of 2; 1 more approval is needed")
    two = decide(TWO_OF_ANYONE, verified("dana"), verified("lee"))
    assert two.allowed
    assert (two.approvals, two.required, state_of(two)) == (2, 2, "approved")
    assert set(finding(two, "approvals: 2").counted) == {verified("dana").id, verified("lee").id}


def test_one_person_with_two_keys_addresses_or_records_has_one_vote() -> None:
    policy = PEOPLE + "- {models: ['*'], approvals: [{count: 2, roles: [science]}]}\n"
    assert not decide(policy, verified("dana"), verified("dana", seq=2, key="second")).allowed
    assert not decide(policy, verified("dana"), verified("dana@old.example.com")).allowed
    assert not decide(policy, verified("dana"), verified("Dana@Example.com", seq=2)).allowed
    assert decide(policy, verified("dana"), verified("lee")).allowed


def test_two_principals_of_one_key_have_one_vote() -> None:
    names = ("dana@example.com", "lee@example.com")
    shared = [replace(verified(name, key="shared"), principals=names) for name in names]
    decision = decide(TWO_OF_ANYONE, *shared)
    assert not decision.allowed
    assert decision.approvals == 1


def test_a_copy_of_a_record_is_a_duplicate_and_no_second_vote() -> None:
    first = replace(verified("dana"), line=b"one")
    again = replace(first, line=b"two")
    decision = decide(TWO_OF_ANYONE, first, again)
    assert decision.approvals == 1
    assert sorted(reason for _, reason in decision.standing) == ["", "duplicate"]


def test_who_made_the_version_does_not_count() -> None:
    approvals = [verified("avery@home.example"), verified("lee")]
    decision = decide(TWO_OF_ANYONE.replace("version: 1", PEOPLE.removesuffix("releases:\n").rstrip()), *approvals)
    assert not decision.allowed
    assert ignored(decision, "approvals")[approvals[0].id] == "author"
    assert dict(decision.standing)[approvals[0].id] == "author"


def test_committers_and_co_authors_are_excluded_with_the_reason() -> None:
    lee, kim = Person("Lee", "lee@example.com"), Person("Kim", "KIM@example.com")
    commits = (a_commit(), a_commit(committer=lee), a_commit(co_authors=(kim,)))
    decision = decide(TWO_OF_ANYONE, verified("lee"), verified("kim"), commits=commits)
    assert set(ignored(decision, "approvals").values()) == {"author: committer", "author: coauthor"}
    assert decide(
        TWO_OF_ANYONE + "  exclude: []\n", verified("lee"), verified("kim"), commits=commits
    ).allowed


def test_the_authors_own_rejection_counts() -> None:
    decision = decide(TWO_OF_ANYONE, verified("dana"), verified("lee"), verified("avery", "reject"))
    assert decision.vetoed_by == ("avery@example.com",)


def test_the_finding_says_that_authorship_is_only_claimed() -> None:
    votes = verified("dana"), verified("lee")
    assert "Authorship is only claimed." in finding(decide(TWO_OF_ANYONE, *votes), "approvals").reason
    signed = Verification(SignatureStatus.GOOD, "SHA256:x", ("avery@example.com",))
    decision = decide(TWO_OF_ANYONE + "  exclude: [author, submitter]\n", *votes, submitter=signed)
    assert decision.allowed
    assert "claimed" not in finding(decision, "approvals").reason


def test_the_submitter_is_excluded_whatever_the_commit_claims_and_must_be_known() -> None:
    policy = TWO_OF_ANYONE + "  exclude: [submitter]\n"
    votes = verified("dana"), verified("lee")
    signed = Verification(SignatureStatus.GOOD, "SHA256:x", ("dana@example.com",))
    decision = decide(policy, *votes, submitter=signed)
    assert ignored(decision, "approvals")[votes[0].id] == "author: submitter"
    for unknown in (None, Verification(SignatureStatus.UNKNOWN_KEY, "SHA256:x", (), "unknown-key")):
        assert finding(decide(policy, *votes, submitter=unknown), "submitter").state is FindingState.ERROR


def test_an_author_whom_nobody_knows_can_block() -> None:
    policy = PEOPLE + "- {models: ['*'], approvals: [{count: 1}], unknown_author: block}\n"
    assert decide(policy, verified("dana")).allowed
    stranger = a_commit(Person("?", "random@nowhere.example"))
    assert finding(decide(policy, verified("dana"), commits=(stranger,)), "authors").state is FindingState.ERROR


# Roles


def test_one_person_fills_one_requirement_and_the_matching_finds_who() -> None:
    assert not decide(ONE_EACH, verified("both")).allowed
    assert decide(ONE_EACH, verified("both"), verified("dana")).allowed
    assert decide(ONE_EACH, verified("both"), verified("risk")).allowed
    assert not decide(ONE_EACH, verified("dana"), verified("lee")).allowed


def test_a_requirement_that_is_not_distinct_takes_whoever_fits() -> None:
    policy = ONE_EACH.replace("roles: [risk]}]", "roles: [risk], distinct: false}]")
    assert decide(policy, verified("both")).allowed
    assert decide(policy, verified("both")).required == 1


def test_an_approval_without_the_role_is_ignored_as_such() -> None:
    stranger = verified("stranger")
    decision = decide(ONE_EACH, stranger, verified("dana"))
    assert ignored(decision, "approvals: 1 of risk")[stranger.id] == "no-role"
    assert dict(decision.standing)[stranger.id] == "no-role"
    assert decision.approvals == 1


def test_more_people_than_the_policy_has_is_an_error() -> None:
    policy = PEOPLE + "- {models: ['*'], approvals: [{count: 9, roles: [science]}]}\n"
    assert finding(decide(policy), "approvals").state is FindingState.ERROR
    assert finding(decide(policy), "approvals").reason.startswith("Impossible")


def test_a_requirement_that_exclusion_makes_impossible_is_unmet_and_says_so() -> None:
    policy = PEOPLE + "- {models: ['*'], approvals: [{count: 2, roles: [boss]}]}\n"
    found = finding(decide(policy, verified("boss")), "approvals")
    assert found.state is FindingState.UNMET
    assert "Impossible: only 1 person" in found.reason
    assert found.unblock == ()


def test_who_has_no_trusted_key_is_not_asked_to_approve() -> None:
    trusted = frozenset({"dana@example.com", "both@example.com", "lee@example.com"})
    decision = decide(ONE_EACH, verified("dana"), trusted=trusted)
    assert finding(decision, "approvals: 1 of risk").unblock == ("both@example.com",)
    assert decide(TWO_OF_ANYONE, verified("dana"), trusted=trusted).unblock == ("both@example.com",)


# Standing verdicts


def test_a_veto_closes_until_the_same_person_approves_or_withdraws() -> None:
    votes = [verified("dana"), verified("lee")]
    veto = verified("risk", "reject", comment="The labels leak.")
    decision = decide(TWO_OF_ANYONE, *votes, veto)
    assert not decision.allowed
    assert (state_of(decision), decision.vetoed_by) == ("rejected", ("risk@example.com",))
    assert "Rejected by risk@example.com: The labels leak. Only" in finding(decision, "veto").reason
    assert decision.unblock == ("risk@example.com",)
    assert not decide(TWO_OF_ANYONE, *votes, veto, verified("kim", seq=9)).allowed
    assert decide(TWO_OF_ANYONE, *votes, veto, verified("risk", "withdraw", 2)).allowed
    assert decide(TWO_OF_ANYONE, *votes, veto, verified("risk", "approve", 2)).allowed


def test_among_equals_a_rejection_wins_and_an_older_approval_never_lifts_it() -> None:
    votes = [verified("dana"), verified("lee")]
    for seq in (4, 5):
        vetoed = decide(TWO_OF_ANYONE, *votes, verified("risk", "reject", 5), verified("risk", "approve", seq))
        assert vetoed.vetoed_by
    assert decide(TWO_OF_ANYONE, *votes, verified("risk", "reject", 5), verified("risk", "withdraw", 5)).vetoed_by


def test_a_comment_changes_no_verdict() -> None:
    votes = [verified("dana"), verified("lee"), verified("lee", "comment", 2)]
    assert decide(TWO_OF_ANYONE, *votes).allowed
    assert not decide(TWO_OF_ANYONE, *votes, verified("risk", "reject"), verified("risk", "comment", 2)).allowed
    assert state_of(decide(TWO_OF_ANYONE, verified("lee", "comment"))) == "unreviewed"


def test_withdrawal_leaves_no_verdict_and_an_older_approval_does_not_come_back() -> None:
    records = [verified("dana"), verified("dana", "reject", 2), verified("dana", "withdraw", 3), verified("lee")]
    decision = decide(TWO_OF_ANYONE, *records)
    assert not decision.allowed
    assert not decision.vetoed_by
    assert [dict(decision.standing)[each.id] for each in records] == ["superseded", "withdrawn", "", ""]
    withdrawn = decide(TWO_OF_ANYONE, verified("dana"), verified("dana", "withdraw", 2))
    assert dict(withdrawn.standing)[verified("dana").id] == "withdrawn"
    assert ignored(withdrawn, "approvals")[verified("dana").id] == "withdrawn"
    assert ignored(decision, "veto")[records[1].id] == "withdrawn"


def test_a_veto_of_an_earlier_commit_of_the_version_still_stands() -> None:
    votes = [verified("dana"), verified("lee")]
    veto = verified("risk", "reject", commit=EARLIER)
    assert decide(TWO_OF_ANYONE, *votes, earlier=[veto]).vetoed_by
    assert decide(TWO_OF_ANYONE, *votes, verified("risk", seq=2), earlier=[veto]).allowed


def test_approving_another_commit_does_not_lift_the_veto_of_this_one() -> None:
    veto = verified("risk", "reject")
    elsewhere = verified("risk", "approve", 2, commit=EARLIER)
    votes = [verified("dana"), verified("lee")]
    assert decide(TWO_OF_ANYONE, veto, *votes, earlier=[elsewhere]).vetoed_by
    earlier_veto = verified("risk", "reject", commit=object_id("first"))
    assert not decide(TWO_OF_ANYONE, *votes, earlier=[elsewhere, earlier_veto]).vetoed_by


def test_an_alias_with_a_longer_chain_does_not_lift_a_veto() -> None:
    records = [verified("dana", "reject"), verified("dana@old.example.com", "approve", 50), verified("lee")]
    policy = PEOPLE + "- {models: ['*'], approvals: [{count: 1}]}\n"
    assert decide(policy, *records).vetoed_by == ("dana@example.com",)


def test_a_rejection_never_goes_stale() -> None:
    changed = verified("risk", "reject", base=None, facts=changed_facts("data"))
    assert decide(TWO_OF_ANYONE, verified("dana"), verified("lee"), changed).vetoed_by


# Staleness and carrying over


def test_an_approval_of_other_facts_or_another_base_is_stale_and_names_what_changed() -> None:
    facts = changed_facts("data", "metrics")
    other_facts = verified("dana", facts=facts)
    other_base = verified("lee", base=BaseVersion("1.2.0", object_id("older base")))
    no_base = verified("kim", base=None)
    decision = decide(TWO_OF_ANYONE, other_facts, other_base, no_base)
    fates = dict(decision.standing)
    assert fates[other_facts.id] == "facts-changed: metrics, data"
    assert fates[other_base.id].startswith("base-changed")
    assert fates[no_base.id].startswith("base-changed")
    assert state_of(decision) == "stale"
    assert len(decision.stale) == 3
    assert state_of(decide(TWO_OF_ANYONE, other_facts, verified("kim"))) == "in-review"


def test_an_approval_that_lies_about_the_tree_is_not_counted() -> None:
    liar = verified("dana", tree=object_id("another tree"))
    assert dict(decide(TWO_OF_ANYONE, liar).standing)[liar.id].startswith("bad-subject")


def test_an_approval_of_an_earlier_commit_counts_only_where_the_policy_carries_what_is_unchanged() -> None:
    kept = verified("dana", commit=EARLIER, tree=object_id("earlier tree"))
    facts = changed_facts("config")
    changed = verified("lee", commit=EARLIER, tree=object_id("earlier tree"), facts=facts)
    plain = decide(TWO_OF_ANYONE, earlier=[kept, changed])
    assert plain.approvals == 0
    reasons = {identity: reason.split(":")[0] for identity, reason in plain.standing}
    assert reasons == {kept.id: "subject-commit-mismatch", changed.id: "facts-changed"}
    assert state_of(plain) == "stale"
    carried = decide(TWO_OF_ANYONE + "  carry: [metrics, data]\n", earlier=[kept, changed])
    assert carried.allowed
    strict = decide(TWO_OF_ANYONE + "  carry: [config, data]\n", earlier=[kept, changed])
    assert dict(strict.standing)[changed.id] == "facts-changed: config"
    assert strict.approvals == 1


def test_an_approval_under_an_earlier_policy_counts_and_the_finding_says_so() -> None:
    votes = verified("dana", policy=object_id("policy before")), verified("lee")
    decision = decide(TWO_OF_ANYONE, *votes)
    assert decision.allowed
    assert "under an earlier policy" in finding(decision, "approvals").reason
    rebound = decide(TWO_OF_ANYONE + "  rebind_on_policy_change: true\n", *votes)
    assert dict(rebound.standing)[votes[0].id] == "policy-changed"


# What cannot be read


def test_a_trusted_record_that_cannot_be_read_and_may_be_a_veto_closes_the_gate() -> None:
    votes = verified("dana"), verified("lee")
    decision = decide(TWO_OF_ANYONE, *votes, judged(newer_rejection("risk"), signer="risk@example.com"))
    assert not decision.allowed
    assert finding(decision, "integrity").state is FindingState.ERROR
    assert decision.unblock == ()
    assert decide(TWO_OF_ANYONE, *votes, judged(newer_rejection("eve"), signer="eve@example.com")).allowed


def test_garbage_is_listed_and_closes_nothing() -> None:
    garbage = judged(b"garbage", signer="eve@example.com")
    decision = decide(TWO_OF_ANYONE, verified("dana"), verified("lee"), garbage)
    assert decision.allowed
    assert garbage.id in ignored(decision, "approvals")
    assert garbage.id in dict(decision.standing)


def test_a_broken_chain_closes_the_gate_until_the_same_person_says_where_they_stand_now() -> None:
    votes = verified("lee"), verified("kim")
    broken = judged(a_review("dana", "approve", 5), known=())
    decision = decide(TWO_OF_ANYONE, *votes, broken)
    assert not decision.allowed
    assert "broken-chain" in finding(decision, "integrity").reason
    assert not decide(TWO_OF_ANYONE, *votes, broken, verified("dana", "approve", 4)).allowed
    assert not decide(TWO_OF_ANYONE, *votes, broken, verified("dana", "comment", 6)).allowed
    assert decide(TWO_OF_ANYONE, *votes, broken, verified("dana", "approve", 6)).allowed


# Who could unblock


def test_the_fewest_people_who_could_unblock_are_named() -> None:
    assert decide(ONE_EACH).unblock == ("both@example.com", "dana@example.com")
    assert decide(ONE_EACH, verified("dana")).unblock == ("both@example.com",)
    assert decide(ONE_EACH, verified("both")).unblock == ("dana@example.com",)
    assert decide(ONE_EACH, verified("dana"), verified("risk", "reject")).unblock == ("risk@example.com",)
    assert decide(ONE_EACH, verified("dana"), verified("risk")).unblock == ()


def test_where_a_metric_is_unmet_only_an_override_helps() -> None:
    metrics = "  metrics: {accuracy: {min: 0.99}}\n"
    assert decide(ONE_EACH + metrics).unblock == ("boss@example.com",)
    assert decide(TWO_OF_ANYONE + metrics).unblock == ()


# States


def test_a_release_tag_speaks_for_itself() -> None:
    refused = decide(TWO_OF_ANYONE)
    assert state_of(refused, released=True) == "released"
    assert state_of(refused, released=False) == "released-unreviewed"
    assert state_of(refused) == state_of(None) == "unreviewed"
