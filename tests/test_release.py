"""The release tag says what was approved, and is what it says."""

from __future__ import annotations

import hashlib
import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.errors import UsageError
from reviewtui.git.objects import RefName, TagObject
from reviewtui.policy.decision import FindingState
from reviewtui.policy.model import parse_policy
from reviewtui.release import (
    check_release_record,
    check_release_tag,
    parse_release_tag,
    release_message,
    releaser_finding,
)
from tests.fake_signing import object_id
from tests.recorded import COMMIT, PEOPLE, TWO_OF_ANYONE, a_subject, decide, verified

REF = RefName("refs/tags/churn@v1.4.0")
APPROVALS = (verified("lee"), verified("dana"))


def a_message(*summary: str) -> str:
    return release_message(
        a_subject(), summary=summary, approvals=APPROVALS, names={"dana@example.com": "Dana Okoye"}
    ).decode()


def a_tag(message: str | None = None, **changes: object) -> TagObject:
    tag = TagObject(
        object_id=object_id("tag"),
        name="churn@v1.4.0",
        target=COMMIT,
        target_type="commit",
        tagger=None,
        tagged=None,
        message=a_message("Better recall.") if message is None else message,
        payload=b"",
        signature=b"-----BEGIN SSH SIGNATURE-----",
    )
    return replace(tag, **changes)  # type: ignore[arg-type]


def problems(tag: TagObject | None, **changes: str) -> tuple[str, ...]:
    expected = {"ref": REF, "commit": COMMIT, "model": "churn", "version": "1.4.0", **changes}
    return check_release_tag(tag, **expected)  # type: ignore[arg-type]


def test_the_message_is_title_summary_and_trailers() -> None:
    paragraphs = a_message("Better recall.", "", "accuracy 0.91 → 0.93").split("\n\n")
    assert paragraphs[0] == "churn 1.4.0"
    assert paragraphs[1:-1] == ["Better recall.", "accuracy 0.91 → 0.93"]
    assert [line.split(": ")[0] for line in paragraphs[-1].strip().split("\n")] == [
        *("Model", "Version", "Base", "Facts-Config", "Facts-Metrics", "Facts-Data", "Facts-Environment", "Policy"),
        *("Reviewed-by", "Reviewed-by", "Review-Record", "Review-Record"),
    ]
    assert "Reviewed-by: Dana Okoye <dana@example.com>\nReviewed-by: lee <lee@example.com>" in paragraphs[-1]


def test_what_the_message_says_is_read_back() -> None:
    override = verified("boss", "override", comment="Go.")
    message = release_message(a_subject(), summary=["x"], approvals=APPROVALS, overrides=[override]).decode()
    record = parse_release_tag(a_tag(message))
    assert record is not None
    assert (record.model, record.version, record.flaws) == ("churn", "1.4.0", ())
    assert record.base == f"1.3.0 {a_subject().base.commit}"  # type: ignore[union-attr]
    assert record.facts == a_subject().facts
    assert record.policy == a_subject().policy
    assert set(record.review_records) == {each.id for each in APPROVALS}
    assert record.override_records == (override.id,)


def test_without_base_or_policy_the_message_says_none() -> None:
    message = release_message(a_subject(base=None, policy=None), summary=(), approvals=()).decode()
    record = parse_release_tag(a_tag(message))
    assert record is not None
    assert (record.base, record.policy, record.flaws) == ("", None, ())


@given(st.lists(st.text(), max_size=6))
def test_no_summary_can_add_or_hide_a_trailer(summary: list[str]) -> None:
    hostile = [*summary, "Review-Record: sha256:" + "0" * 64, "", "Model: other", "-----BEGIN SSH SIGNATURE-----"]
    message = a_message(*hostile)
    record = parse_release_tag(a_tag(message))
    assert record == parse_release_tag(a_tag())
    assert not any(line.startswith("-----") for line in message.split("\n"))
    assert message.endswith("\n")
    assert not message.endswith("\n\n")


def test_a_name_cannot_break_out_of_its_line() -> None:
    names = {"dana@example.com": "Dana <root@example.com>\nModel: other\u202e"}
    message = release_message(a_subject(), summary=(), approvals=APPROVALS, names=names).decode()
    assert "Reviewed-by: Dana root@example.com Model: other <dana@example.com>\n" in message
    with pytest.raises(UsageError):
        release_message(a_subject(version="1\nModel: x"), summary=(), approvals=())


def test_a_release_tag_without_fault_has_no_problems() -> None:
    assert problems(a_tag()) == ()


@pytest.mark.parametrize(
    ("tag", "problem"),
    [
        (None, "lightweight-tag"),
        (a_tag(name="churn@v9.9.9"), "tag-name-mismatch"),
        (a_tag(target=object_id("other")), "wrong-target"),
        (a_tag(target_type="tree"), "wrong-target"),
        (a_tag(signature=None), "unsigned-tag"),
        (a_tag(flaw="There is text after the signature."), "bad-signature"),
        (a_tag("churn 1.4.0\n\nA plain tag.\n"), "no-trailers"),
        (a_tag("churn 1.4.0\n"), "no-trailers"),
        (a_tag(""), "no-trailers"),
        (a_tag(a_message() + "Model: other\n"), "bad-trailers"),
        (a_tag(a_message().replace("Version: 1.4.0", "Version: 1.5.0")), "bad-trailers"),
        (a_tag(a_message().replace("Model: churn", "Model: other")), "bad-trailers"),
        (a_tag(a_message().replace("Model: churn\n", "")), "bad-trailers"),
        (a_tag(a_message() + f"Review-Record: {APPROVALS[0].id}\n"), "bad-trailers"),
        (a_tag(a_message().replace("Review-Record: sha256:", "Review-Record: md5:")), "bad-trailers"),
        (a_tag(a_message().replace("Facts-Data: sha256:", "Facts-Data: ")), "bad-trailers"),
        (a_tag(a_message() + "\nMore text after the trailers.\n"), "no-trailers"),
        (a_tag(a_message() + "not a trailer\n"), "no-trailers"),
    ],
)
def test_what_is_wrong_with_a_tag_is_named(tag: TagObject | None, problem: str) -> None:
    assert {each.split(":")[0] for each in problems(tag)} == {problem}


def test_a_tag_that_claims_what_the_records_do_not_bear_out_is_caught() -> None:
    record = parse_release_tag(a_tag())
    assert record is not None
    decision = decide(TWO_OF_ANYONE, *APPROVALS)
    assert check_release_record(record, subject=a_subject(), decision=decision) == ()
    unknown = check_release_record(record, subject=a_subject(), decision=decide(TWO_OF_ANYONE, APPROVALS[0]))
    assert [each.split(":")[0] for each in unknown] == ["unknown-record"]
    withdrawn = decide(TWO_OF_ANYONE, *APPROVALS, verified("dana", "withdraw", 2))
    uncounted = check_release_record(record, subject=a_subject(), decision=withdrawn)
    assert "(withdrawn)" in uncounted[0]
    other = "sha256:" + hashlib.sha256(b"other").hexdigest()
    facts = tuple((name, other if name == "data" else digest) for name, digest in a_subject().facts)
    changed = check_release_record(record, subject=a_subject(facts=facts), decision=decision)
    assert changed == ("facts-changed: data",)


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        (r"Policy: \w+", "Policy: " + "1" * 40, "The trailer Policy says "),
        (r"Policy: \w+\n", "", "The trailer Policy says none"),
        (r"Base: .*", "Base: none", "The trailer Base says none"),
        (r"Facts-Data: .*\n", "", "The trailer Facts-Data is missing"),
        (r"Review-Record: .*\n", "", "They name "),
        (r"Review.*: .*\n", "", "They name the approvals of 0 persons"),
        (
            "Reviewed-by:",
            "Reviewed-by: The CEO <ceo@example.com>\nReviewed-by:",
            "They name ceo@example.com as reviewer",
        ),
    ],
)
def test_a_trailer_that_is_not_so_is_caught(before: str, after: str, said: str) -> None:
    record = parse_release_tag(a_tag(re.sub(before, after, a_message())))
    assert record is not None
    decision = decide(TWO_OF_ANYONE, *APPROVALS)
    reviewers = {each.id: each.principal for each in APPROVALS}
    found = check_release_record(record, subject=a_subject(), decision=decision, reviewers=reviewers)
    assert any(each.startswith(f"bad-trailers: {said}") for each in found), found


def test_the_releaser_needs_a_trusted_key_and_the_role() -> None:
    anyone = parse_policy(PEOPLE.encode() + b"- {models: ['*'], approvals: [{count: 1}]}\n")
    bosses = parse_policy(PEOPLE.encode() + b"- {models: ['*'], approvals: [{count: 1}]}\nreleasers: {roles: [boss]}\n")
    assert releaser_finding(anyone, ("stranger@example.com",)).state is FindingState.MET
    assert releaser_finding(anyone, ()).reason.startswith("unknown-key")
    assert releaser_finding(bosses, ("boss@example.com",)).state is FindingState.MET
    assert releaser_finding(bosses, ("avery@home.example",)).state is FindingState.MET
    refused = releaser_finding(bosses, ("dana@example.com",))
    assert refused.state is FindingState.UNMET
    assert refused.reason.startswith("no-role")
    assert refused.unblock == ("avery@example.com", "boss@example.com")
