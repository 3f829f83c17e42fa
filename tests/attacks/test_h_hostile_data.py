"""H. Hostile data: bytes made to crash a reader, to say two things at once, or to act on whoever looks at them."""

from __future__ import annotations

import base64
import csv
import json
import time
from typing import Any

import pytest

from reviewtui.review import encode_review, record_id
from reviewtui.signing.envelope import PAYLOAD_TYPE
from tests.attacks.doors import (
    DOORS,
    all_ignored,
    claims_of,
    closed,
    closed_at_every_door,
    command,
    fates_of,
    findings_of,
    ignored,
    opened,
    run_hook,
    state_of,
)
from tests.attacks.pushes import Server
from tests.attacks.scene import BRANCH, CANDIDATE, TAG, Scene
from tests.attacks.trees import entries_of, raw_tree

GARBAGE = (b"not json", b"{}", b"[]", b"null", b'"text"', b'{"payload":1}', b"\xff\xfe\x00", b"\x00", b"{" * 60)


def put_signed(scene: Scene, payload: bytes) -> str:
    """A payload as it is, signed by Lin. Gives the id of the record."""
    scene.put(scene.signed("lin", payload))
    return record_id(payload)


def statement(scene: Scene, verdict: str = "approve") -> dict[str, Any]:
    """A whole statement of Lin's, to be spoilt."""
    document: dict[str, Any] = json.loads(encode_review(scene.review("lin", verdict)))
    return document


def test_092_garbage_beside_good_lines_is_counted_as_what_it_is(scene: Scene) -> None:
    scene.write_notes({scene.commit: scene.note(scene.commit) + b"\n".join(GARBAGE) + b"\n\n\n"})
    records = command(scene.path, "reviews", "churn@1.1.0", "--json").json["records"]
    assert sum(r["reason"].startswith("malformed") for r in records) == len(GARBAGE)
    closed_at_every_door(scene, "1 of 2")
    scene.record("lin")
    opened(scene)


def test_093_a_record_beyond_the_limit_does_not_count(scene: Scene) -> None:
    review = json.loads(encode_review(scene.review("lin")))
    review["predicate"]["comment"] = "x" * 60_000
    payload = json.dumps(review).encode()
    line = scene.signed("lin", payload)
    scene.put(line)
    ignored(scene, record_id(line), "over-limit")


def test_093_a_note_beyond_the_limit_closes_the_gate_quickly(scene: Scene) -> None:
    scene.record("lin")
    opened(scene)
    started = time.perf_counter()
    scene.write_notes({scene.commit: scene.note(scene.commit) + b"x" * (5 << 20)})
    closed(scene, "over-limit")
    assert findings_of(scene)["notes"]["state"] == "error"
    closed_at_every_door(scene, "at most 4194304 are read")
    assert time.perf_counter() - started < 60


def test_093_a_huge_note_of_another_commit_hides_no_veto_of_this_one(scene: Scene) -> None:
    scene.record("lin")
    scene.write_notes({scene.tip("main"): b"x" * (5 << 20)})
    closed_at_every_door(scene, "over-limit")


def _nested(depth: int) -> bytes:
    return b'{"_type":' + b"[" * depth + b"]" * depth + b"}"


HOSTILE_JSON = {
    "nested too deeply": _nested(10_000),
    "a number of 5,000 digits": b'{"_type":' + b"9" * 5000 + b"}",
    "NaN": b'{"_type": NaN}',
    "Infinity": b'{"_type": -Infinity}',
    "1e999": b'{"_type": 1e999}',
    "UTF-16": '{"_type": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"_type": "x"}',
    "not UTF-8": b'{"_type": "\xff"}',
    "half a character": b'{"_type": "\\ud800"}',
    "an overlong encoding": b'{"_type": "\xc0\xaf"}',
    "nothing": b"",
    "a NUL": b'{"_type": "x"}\0',
    "two documents": b"{}{}",
}


def test_094_and_098_hostile_json_does_not_count_and_breaks_nothing(scene: Scene) -> None:
    for payload in HOSTILE_JSON.values():
        scene.put(scene.signed("lin", payload))
    found = fates_of(scene)
    assert all(found[record_id(payload)].startswith("malformed") for payload in HOSTILE_JSON.values())
    # It is signed by somebody whom the policy trusts, so it might have been a veto.
    closed_at_every_door(scene, "A record that might be a rejection cannot be relied on: lin@example.com (malformed")


def test_094_hostile_json_by_a_stranger_closes_nothing(scene: Scene) -> None:
    scene.put(scene.signed("mallory", _nested(10_000)))
    scene.record("lin")
    opened(scene)


def test_095_a_verdict_that_is_there_twice_is_no_verdict(scene: Scene) -> None:
    payload = encode_review(scene.review("lin", "reject"))
    both = payload.replace(b'"verdict": "reject"', b'"verdict": "reject",\n    "verdict": "approve"')
    assert both != payload
    record = put_signed(scene, both)
    assert fates_of(scene)[record] == "malformed: a key is there twice"
    closed_at_every_door(scene, "might be a rejection")


def test_095_a_payload_that_is_there_twice_is_no_record(scene: Scene) -> None:
    line = scene.signed("lin", scene.review("lin"))
    other = base64.b64encode(encode_review(scene.review("lin", "reject"))).decode()
    scene.put(line.replace(b'{"payload"', b'{"payload":"' + other.encode() + b'","payload"', 1))
    closed_at_every_door(scene, "malformed")


def test_096_unknown_keys_are_passed_over_and_critical_ones_are_not(scene: Scene) -> None:
    kept = scene.altered("lin", {"mood": "good"})
    assert fates_of(scene)[kept] == ""
    opened(scene)


def test_096_what_must_be_understood_and_is_not_does_not_count(scene: Scene) -> None:
    wrong = (["mood"], "unsupported-version"), ("mood", "malformed"), ([1], "malformed"), ({"mood": 1}, "malformed")
    fates = {scene.altered("lin", {"mood": "good", "critical": critical}): reason for critical, reason in wrong}
    all_ignored(scene, fates)


def test_097_only_a_line_feed_ends_a_line(scene: Scene) -> None:
    line = scene.signed("lin", scene.review("lin"))
    marks = ("\u2028", "\u0085", "\x0b", "\x1c", "\r")
    for mark in marks:
        scene.put(b"x" + mark.encode() + line)
    records = command(scene.path, "reviews", "churn@1.1.0", "--json").json["records"]
    assert len(records) == 1 + len(marks)
    closed_at_every_door(scene, "1 of 2", "malformed")


def test_099_a_line_with_anything_around_it_does_not_count(scene: Scene) -> None:
    line = scene.signed("lin", scene.review("lin"))
    spoilt = [line + end for end in (b"\r", b" ", b"\t", b"\0")] + [b" " + line]
    for each in spoilt:
        scene.put(each)
    all_ignored(scene, {record_id(each): "malformed" for each in spoilt})


def test_099_what_is_written_is_kept_to_the_byte(scene: Scene) -> None:
    comment = "two  blanks \n\n\n and\ta tab\r\nthe end \n\n"
    answer = command(scene.path, "approve", "churn@1.1.0", "-m", comment, "--yes", person=scene.person("lin"))
    assert answer.status == 0, answer.err
    stored = {json.loads(base64.b64decode(json.loads(each)["payload"]))["predicate"]["comment"]
              for each in scene.note(scene.commit).splitlines()}  # fmt: skip
    assert comment in stored
    opened(scene)


HOSTILE_TEXT = (
    "[@click=app.approve]click[/] [/x] [bold]",
    "\x1b[2J\x1b]0;pwned\x07\x1b]8;;https://evil.example\x07link\x1b]8;;\x07",
    "\u202eevorppa\u202c \u200b\u200d\ufeff",
    "x" * 10_000,
    "\u0301" * 200 + "漢字🏳️‍🌈",
    "line\r\x08\x08\x7f\x9b31m",
)


def test_100_and_101_hostile_text_reaches_no_terminal_as_it_is(scene: Scene) -> None:
    for number, text in enumerate(HOSTILE_TEXT, start=1):
        scene.record("lin", "reject", comment=text, seq=number)
    named = dict.fromkeys(HOSTILE_TEXT, 1)
    scene.amend({f"models/churn/{name}": json.dumps(named) for name in ("params.yaml", "metrics.json")})
    shown = [command(scene.path, word, "churn@1.1.0") for word in ("reviews", "show", "diff")]
    assert [answer.status for answer in shown] == [0, 0, 0]
    said = "".join(answer.out + answer.err for answer in shown) + "".join(door(scene, CANDIDATE).text for door in DOORS)
    assert said.count("Rejected by lin@example.com") == len(DOORS)
    harmful = {
        c for c in said if (ord(c) < 32 and c != "\n") or 0x7F <= ord(c) < 0xA0 or c in "\u202e\u202c\u200b\ufeff"
    }
    assert not harmful, sorted(map(hex, map(ord, harmful)))


def test_102_a_path_out_of_the_repository_is_an_error(scene: Scene) -> None:
    scene.record("lin")
    for path in ("/etc", "models/../../..", "a\\..\\b", "../../etc"):
        scene.settings(config={"repository": "git.example.com/ml/churn", "models": {"churn": {"path": path}}})
        closed(scene, "This must be a path inside the repository")
    closed_at_every_door(scene, "This must be a path inside the repository")


def test_102_a_link_to_a_file_outside_is_not_followed(scene: Scene) -> None:
    link = scene.git("hash-object", "-w", "--stdin", input=b"/etc/hostname")
    entry = f"M 120000 {link} models/churn/secret.yaml\n"
    scene.git(
        "fast-import", "--quiet", "--date-format=raw", "--force",
        input=(f"commit refs/heads/{BRANCH}\ncommitter Eve <eve@example.com> 1767700000 +0000\ndata 1\nx\n"
               f"from {scene.tip()}\n{entry}done\n").encode(),
    )  # fmt: skip
    shown = command(scene.path, "show", "churn@1.1.0", "--json")
    assert shown.status == 0
    with open("/etc/hostname") as host:
        assert host.read().strip() not in json.dumps(shown.json["facts"])


def test_102_pointers_name_files_and_open_none(scene: Scene) -> None:
    scene.amend({"models/churn/data/x.dvc": "outs:\n- path: ../../../../etc/hosts\n  md5: '1'\n"})
    shown = command(scene.path, "show", "churn@1.1.0", "--json")
    assert shown.status == 0
    assert "127.0.0.1" not in shown.out


@pytest.mark.parametrize("at", ["1970-01-01T00:00:00Z", "2999-12-31T23:59:59Z", "2026-01-01T00:00:00.5Z"])
def test_103_the_time_that_a_record_claims_decides_nothing(scene: Scene, at: str) -> None:
    approval = scene.altered("lin", {"at": at})
    assert fates_of(scene)[approval] == ""
    opened(scene)
    later = {"at": "1980-01-01T00:00:00Z", "seq": 2, "prev": approval, "comment": "No."}
    veto = scene.altered("lin", later, verdict="reject")
    fates = fates_of(scene)
    assert (fates[approval], fates[veto]) == ("superseded", "")
    closed(scene, "Rejected by lin@example.com")


def test_103_what_is_no_time_in_utc_is_malformed(scene: Scene) -> None:
    times: tuple[object, ...] = ("yesterday", "2026-01-01", "2026-01-01T00:00:00+14:00", 7, None, "")
    all_ignored(scene, {scene.altered("lin", {"at": at}): "malformed" for at in times})


def test_105_another_version_of_the_format_is_never_guessed(scene: Scene) -> None:
    fates = {}
    for version in ("v0", "v2", "v999", "", "v1 "):
        document = statement(scene)
        document["predicateType"] = f"urn:reviewtui:review:{version}"
        fates[put_signed(scene, json.dumps(document).encode())] = "unsupported-version"
    all_ignored(scene, fates)


def test_105_a_rejection_in_a_format_to_come_closes_the_gate(scene: Scene) -> None:
    scene.record("lin")
    opened(scene)
    document = statement(scene, "reject")
    document["predicateType"] = "urn:reviewtui:review:v2"
    put_signed(scene, json.dumps(document).encode())
    closed_at_every_door(scene, "might be a rejection cannot be relied on: lin@example.com (unsupported-version")


def test_105_a_record_without_a_signature_does_not_count(scene: Scene) -> None:
    payload = base64.b64encode(encode_review(scene.review("lin"))).decode()
    for signatures in ([], [{"keyid": "SHA256:x", "sig": ""}], None):
        document = {"payload": payload, "payloadType": PAYLOAD_TYPE, "signatures": signatures}
        scene.put(json.dumps(document, separators=(",", ":")).encode())
    assert {r.partition(":")[0] for r in fates_of(scene).values()} == {"", "malformed", "unknown-key"}
    closed_at_every_door(scene, "1 of 2")
    scene.record("lin")
    opened(scene)


def test_a_hostile_version_name_is_passed_over_or_shown_harmless(scene: Scene) -> None:
    scene.git("update-ref", "refs/tags/churn@v1.0\u202e.9", scene.tip("main"))
    answer = command(scene.path, "list")
    assert answer.status == 0
    assert "\u202e" not in answer.out + answer.err
    assert state_of(scene) == "in-review"
    assert TAG not in answer.out


HOSTILE = (
    "=cmd|'/C calc'!A0",
    "+1+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    'quoted","=1+1',
    "separated;=1+1",
    "x\n=1+1",
    "＝1+1",
    "<script>alert(1)</script><img src=x onerror=alert(1)>",
    "[link](javascript:alert(1)) | table | `code`",
    "\x1b]0;owned\x07\x1b[2J\u202eevil",
)


def test_104_no_cell_of_an_export_is_a_formula_and_no_text_is_anything_but_text(scene: Scene) -> None:
    """HTML and Markdown have tests of their own, with a browser; here are the forms for programs and spreadsheets."""
    review = scene.review("lin", comment="\n".join(HOSTILE))
    scene.put(scene.signed("lin", review))
    for number, comment in enumerate(HOSTILE):
        scene.put(scene.signed("risk", scene.review("risk", "comment", comment=comment, seq=number + 1)))
    table = command(scene.path, "export", "--format", "csv")
    assert table.status == 0, table.err
    for row in csv.reader(table.out.split("\r\n")):
        for cell in row:
            assert not cell.lstrip().startswith(("=", "+", "-", "@", "\t", "\r", "＝")), cell
    # A spreadsheet that takes another character for the separator finds none, either.
    for line in table.out.split("\r\n"):
        for separator in ",;\t|":
            for cell in line.split(separator):
                assert not cell.strip("\" '").startswith(("=", "+", "@")) or "'" in cell.partition("=")[0], cell
    assert all(character >= " " for character in table.out.replace("\r\n", ""))
    exact = command(scene.path, "export")
    assert "\x1b" not in exact.out and "\u202e" not in exact.out
    told = [json.loads(line) for line in exact.out.splitlines()]
    assert {each.get("comment") for each in told} >= {*HOSTILE, "\n".join(HOSTILE)}


def test_a_candidate_whose_directory_cannot_be_read_closes_its_own_gate_and_spoils_no_list(scene: Scene) -> None:
    scene.record("lin")
    listed = entries_of(scene, scene.tip())
    commit = scene.git("commit-tree", raw_tree(scene, [*listed, listed[-1]]), "-p", scene.tip(), "-m", "twice")
    scene.git("update-ref", f"refs/heads/{BRANCH}", commit)
    rows = {row["name"]: row for row in command(scene.path, "list", "--json").json}
    assert rows["churn@1.1.0"]["approvals"] == 0
    assert "fraud@2.0.0" in rows
    closed(scene, "two entries have one name")
    records = command(scene.path, "reviews", "churn@1.1.0", "--json").json["records"]
    assert not any(record["counted"] for record in records)
    made = scene.tag(message=b"churn 1.1.0\n", target=commit)
    scene.git("update-ref", "-d", f"refs/tags/{TAG}")
    Server(scene).refuses(f"{made}:refs/tags/{TAG}", reason="two entries have one name")


def test_a_release_of_a_commit_that_cannot_be_read_is_a_finding_and_spoils_no_other(scene: Scene) -> None:
    """Where no hook keeps it out, whoever pushes such a tag must not take verify, or the trail, from everybody."""
    message = scene.release_message(*claims_of(scene, CANDIDATE))
    person = "robin <robin@example.com> 1767700000 +0000"
    text = f"tree {scene.git('rev-parse', 'main^{tree}')}\nauthor {person}\nauthor {person}\ncommitter {person}\n\nx\n"
    made = scene.git("hash-object", "-t", "commit", "-w", "--literally", "--stdin", input=text.encode())
    scene.git("update-ref", f"refs/heads/{BRANCH}", made)
    tag = scene.tag(message=message, target=made)
    verified = command(scene.path, "verify", "--json")
    found = {each["tag"]: each["reason"] for each in verified.json["releases"]}
    assert verified.status == 1
    assert found[f"refs/tags/{TAG}"] == f"error: the commit at {made[:10]}: it cannot be read"
    assert len(found) == 2
    assert command(scene.path, "export", "--format", "jsonl").status == 0
    scene.git("update-ref", "-d", f"refs/tags/{TAG}")
    answer = run_hook("pre-push", scene.path, f"refs/tags/{TAG} {tag} refs/tags/{TAG} {'0' * 40}\n")
    assert not answer.is_open
    assert "it cannot be read" in answer.text
    assert "crashed" not in answer.text
