"""The in-toto export, read by the libraries of others: securesystemslib's DSSE, in-toto's own statements."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from reviewtui.signing.armor import SignatureScheme, armor
from reviewtui.signing.envelope import pre_authentication_encoding
from tests.command import churn_repository, reviewtui
from tests.model_repository import ModelRepository, told_once

dsse = pytest.importorskip("securesystemslib.dsse", reason="securesystemslib is not installed.")
signers = pytest.importorskip("securesystemslib.signer", reason="securesystemslib is not installed.")


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    return told_once("released in test_export_intoto", tmp_path / "models", released)


def released(path: Path) -> ModelRepository:
    told = churn_repository(path)
    for name, verb in (("dana", "approve"), ("lin", "approve"), ("lin", "release")):
        words = ("-m", "Überzeugt: ✓") if verb == "approve" else ()
        done = reviewtui(told.path, verb, "churn@1.1.0", *words, "--yes", person=told.person(name))
        assert done.status == 0, done.err
    return told


@pytest.fixture
def lines(story: ModelRepository) -> list[dict[str, Any]]:
    done = reviewtui(story.path, "export", "--format", "intoto", person=story.person("dana"))
    assert done.status == 0, done.err
    return [json.loads(line) for line in done.out.splitlines()]


def is_summary(line: dict[str, Any]) -> bool:
    return b"verification_summary" in dsse.Envelope.from_dict(copy.deepcopy(line)).payload


@pytest.fixture
def summary(lines: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = filter(is_summary, lines)
    return found


@pytest.fixture
def records(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [line for line in lines if not is_summary(line)]


class SshKey(signers.Key):  # type: ignore[misc, name-defined]
    """A key for securesystemslib that asks ssh-keygen: an SSHSIG is no signature that a bare key verifies."""

    def __init__(self, keyid: str, signers: Path, principal: str) -> None:
        super().__init__(keyid, "ssh", "sshsig", {"public": principal})
        self.signers, self.principal = signers, principal

    @classmethod
    def from_dict(cls, keyid: str, key_dict: dict[str, Any]) -> SshKey:
        raise NotImplementedError

    def to_dict(self) -> dict[str, Any]:
        raise NotImplementedError

    def verify_signature(self, signature: Any, data: bytes) -> None:
        block = self.signers.with_name("signature")
        block.write_bytes(armor(SignatureScheme.SSH, bytes.fromhex(signature.signature)))
        words = ("-Y", "verify", "-n", "reviewtui", "-I", self.principal, "-f", str(self.signers), "-s", str(block))
        if subprocess.run(("ssh-keygen", *words), input=data, capture_output=True, check=False).returncode:
            from securesystemslib.exceptions import UnverifiedSignatureError

            raise UnverifiedSignatureError(self.principal)


def keys_of(story: ModelRepository) -> Iterator[SshKey]:
    signers = story.path.with_name("signers")
    signers.write_text("".join(f"{each.email} {each.public_key}\n" for each in story.people.values()))
    for person in story.people.values():
        words = ("ssh-keygen", "-l", "-f", f"{person.private_key}.pub")
        said = subprocess.run(words, capture_output=True, text=True, check=True)
        yield SshKey(said.stdout.split()[1], signers, person.email)


def test_securesystemslib_reads_and_verifies_every_envelope(
    lines: list[dict[str, Any]], story: ModelRepository
) -> None:
    keys = list(keys_of(story))
    speakers = []
    for line in lines:
        told = json.dumps(line)
        envelope = dsse.Envelope.from_dict(json.loads(told))
        assert envelope.pae() == pre_authentication_encoding(envelope.payload_type, envelope.payload)
        assert envelope.to_dict() == json.loads(told)
        speakers += [key.principal for key in envelope.verify(keys, 1).values()]
    assert sorted(speakers) == ["dana@example.com", "dana@example.com", "lin@example.com"]


def test_securesystemslib_finds_a_changed_payload(records: list[dict[str, Any]], story: ModelRepository) -> None:
    from securesystemslib.exceptions import VerificationError

    envelope = dsse.Envelope.from_dict(records[0])
    envelope.payload = envelope.payload.replace(b"approve", b"reject ")
    with pytest.raises(VerificationError):
        envelope.verify(list(keys_of(story)), 1)


def test_in_totos_own_library_reads_every_statement(lines: list[dict[str, Any]]) -> None:
    statement_pb2 = pytest.importorskip(
        "in_toto_attestation.v1.statement_pb2", reason="in-toto-attestation is not installed."
    )
    from google.protobuf.json_format import MessageToDict, Parse
    from in_toto_attestation.v1.statement import Statement

    kinds = []
    for line in lines:
        payload = dsse.Envelope.from_dict(line).payload
        statement = Statement.copy_from_pb(Parse(payload, statement_pb2.Statement()))
        statement.validate()
        assert MessageToDict(statement.pb) == json.loads(payload)
        kinds.append(statement.pb.predicate_type)
    assert sorted(kinds) == ["https://slsa.dev/verification_summary/v1"] + ["urn:reviewtui:review:v1"] * 2


def test_in_totos_own_library_reads_the_summary_of_a_release(summary: dict[str, Any]) -> None:
    vsa = pytest.importorskip(
        "in_toto_attestation.predicates.vsa.v1.vsa_pb2", reason="in-toto-attestation is not installed."
    )
    from google.protobuf.json_format import ParseDict

    predicate = json.loads(dsse.Envelope.from_dict(summary).payload)["predicate"]
    # The library's schema (0.9.3) has one text where the specification, and so this export, has a list.
    assert predicate.pop("verifiedLevels")[0] == "REVIEWTUI_REVIEWED"
    read = ParseDict(predicate, vsa.VerificationSummary())
    assert read.verification_result == "PASSED"
    assert read.verifier.id == "urn:reviewtui:gate"


def test_the_summary_rests_on_the_records_that_counted(
    records: list[dict[str, Any]], summary: dict[str, Any], story: ModelRepository
) -> None:
    told = json.loads(dsse.Envelope.from_dict(summary).payload)
    commit = story.git("rev-parse", "churn@v1.1.0^{commit}")
    assert told["subject"] == [{"name": "churn@1.1.0", "digest": {"gitCommit": commit}}]
    rested = {each["digest"]["sha256"] for each in told["predicate"]["inputAttestations"]}
    assert rested == {hashlib.sha256(dsse.Envelope.from_dict(each).payload).hexdigest() for each in records}
    policy = story.git("rev-parse", "main:.reviewtui/policy.yaml")
    assert told["predicate"]["policy"]["digest"] == {"gitBlob": policy}
    assert told["predicate"]["verificationResult"] == "PASSED"
    assert told["predicate"]["verifiedLevels"][0] == "REVIEWTUI_REVIEWED"


def test_the_records_are_there_to_the_byte(story: ModelRepository) -> None:
    told = reviewtui(story.path, "export", "--format", "intoto", person=story.person("dana")).out.splitlines()
    commit = story.git("rev-parse", "churn@v1.1.0^{commit}")
    note = story.git("notes", "--ref=refs/notes/reviewtui/reviews", "show", commit).splitlines()
    assert {line for line in told if not is_summary(json.loads(line))} == set(note)
    again = reviewtui(story.path, "export", "--format", "intoto", person=story.person("dana")).out.splitlines()
    assert again == told


def test_records_alone_need_no_key(tmp_path: Path) -> None:
    told = churn_repository(tmp_path / "models")
    reviewtui(told.path, "approve", "churn@1.1.0", "-m", "Yes.", "--yes", person=told.person("dana"))
    done = reviewtui(told.path, "export", "-o", str(tmp_path / "x.intoto.jsonl"))
    assert done.status == 0, done.err
    assert len((tmp_path / "x.intoto.jsonl").read_text().splitlines()) == 1


def test_a_summary_in_a_note_is_no_record_and_closes_no_gate(summary: dict[str, Any], story: ModelRepository) -> None:
    """Both are signed in one namespace: what is a summary must not be taken for a review."""
    line = json.dumps(summary, separators=(",", ":"))
    commit = story.git("rev-parse", "churn@v1.1.0^{commit}")
    story.git("notes", "--ref=refs/notes/reviewtui/reviews", "append", "-m", line, commit,
              env=dict(story.person("dana").environment))  # fmt: skip
    assert reviewtui(story.path, "gate", "churn@1.1.0", "--json").json["allowed"]
    told = reviewtui(story.path, "reviews", "churn@1.1.0", "--json").json["records"]
    assert [each["reason"].partition(":")[0] for each in told if not each["counted"]] == ["malformed"]
