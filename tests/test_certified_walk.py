"""Reviewers and releasers whose SSH keys an authority certified: from doctor to verify, by ssh-keygen as Git does."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from reviewtui.project import Project
from reviewtui.review import encode_review
from reviewtui.signing.configured import configured_signer
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature, pre_authentication_encoding
from reviewtui.tui.reading import read_summary
from tests.attacks.doors import command, open_at_every_door
from tests.attacks.scene import CANDIDATE, TAG, Scene, build_scene
from tests.certified import Authority, Holder, make_authority, make_holder, ssh_keygen
from tests.served import NOTES, Server, served_scene

LIN = "lin@example.com"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return make_authority(tmp_path)


def holder(scene: Scene, authority: Authority, name: str, **more: str) -> Holder:
    """Somebody of the scene with a new key and a certificate in their own name."""
    person = scene.person(name)
    found = make_holder(scene.path.parent / "certified", person, **more)
    authority.certify(found.key, person.email)
    return found


def trust(scene: Scene, *lines: str, listed: tuple[str, ...] = ("dana", "risk"), revoked: bytes | None = None) -> None:
    """Only `listed` people have keys of their own in the trusted branch; these lines stand beside them."""
    files: dict[str, str | bytes | None] = {".reviewtui/revoked_keys": revoked}
    scene.settings(signers=scene.signers(*listed) + "".join(lines), files=files)


def later(scene: Scene, holder: Holder) -> dict[str, str]:
    return {**holder.environment, "GIT_COMMITTER_DATE": f"{scene.repository.now} +0000"}


def test_certified_people_approve_release_and_all_of_it_verifies(tmp_path: Path, authority: Authority) -> None:
    scene = served_scene(tmp_path)
    server = Server(scene, tmp_path / "server.git")
    trust(scene, listed=("dana", "boss"))
    assert "Impossible" in command(scene.path, "policy", "check").out
    assert "without a key" in command(scene.path, "doctor", person=scene.person("dana")).out
    trust(scene, authority.line("*@example.com", 'namespaces="reviewtui,git"'), listed=("dana", "boss"))
    assert "Impossible" not in command(scene.path, "policy", "check").out
    assert command(scene.path, "policy", "check").status == 0
    # How the trusted branch of a server may change is not what this is about.
    server.git("fetch", "--quiet", str(scene.path), "+refs/heads/main:refs/heads/main")
    lin, risk = holder(scene, authority, "lin"), holder(scene, authority, "risk")
    unblock = command(scene.path, "gate", CANDIDATE, "--json").json
    assert LIN in str(unblock)
    checked = {
        each["name"]: each for each in command(scene.path, "doctor", "--json", env=lin.environment).json["checks"]
    }
    assert checked["trusted key"] == checked["trusted key"] | {"state": "well", "message": f"It speaks for {LIN}."}
    assert checked["policy"]["state"] != "ill"
    for each in (lin, risk):
        said = command(scene.path, "approve", CANDIDATE, "-m", "Good.", "--yes", env=later(scene, each))
        assert said.status == 0, said.err
        assert "will not count" not in said.err + said.out
    records = command(scene.path, "reviews", CANDIDATE, "--json").json["records"]
    assert {each["reviewer"]: each["reason"] for each in records} == {
        "dana@example.com": "", LIN: "", "risk@example.com": "",
    }  # fmt: skip
    open_at_every_door(scene)
    made = command(scene.path, "release", CANDIDATE, "--yes", env=later(scene, lin))
    assert made.status == 0, made.err
    verified = command(scene.path, "verify", "--json")
    assert verified.json["ok"], verified.out
    assert "the gate allows it" in server.accepts(f"refs/tags/{TAG}", NOTES)
    told = [json.loads(each) for each in command(scene.path, "export", "--format", "jsonl").out.splitlines()]
    principals = {each["event"]: each["principals"] for each in told if LIN in each.get("principals", ())}
    assert principals == {"approve": [LIN], "released": [LIN]}
    signers = tmp_path / "signers"
    signers.write_text(authority.line())
    scene.git("-c", f"gpg.ssh.allowedSignersFile={signers}", "verify-tag", TAG)
    # Without the authority nothing of this would be worth anything.
    trust(scene, make_authority(tmp_path, "another").line())
    assert command(scene.path, "gate", CANDIDATE).status == 1


def test_the_app_knows_by_the_certificate_who_sits_before_it(
    tmp_path: Path, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    scene = build_scene(tmp_path)
    trust(scene, authority.line())
    lin = holder(scene, authority, "lin")
    for name, value in lin.environment.items():
        monkeypatch.setenv(name, value)
    scene.git("config", "user.email", "lin@home.example")
    with_certificate = read_summary(Project.open(scene.path))
    assert (with_certificate.reviewer, with_certificate.no_signer) == (LIN, "")
    scene.git("config", "user.signingKey", str(lin.key))
    assert read_summary(Project.open(scene.path)).reviewer == "lin@home.example"


def test_somebody_certified_who_has_no_role_may_not_release(tmp_path: Path, authority: Authority) -> None:
    scene = build_scene(tmp_path)
    trust(scene, authority.line(), listed=("dana", "lin", "boss"))
    scene.record("lin")
    risk = holder(scene, authority, "risk")
    said = command(scene.path, "release", CANDIDATE, "--yes", env=risk.environment)
    assert said.status == 1
    assert "no-role: risk@example.com may not release" in said.err


def krl(place: Path, authority: Authority, specification: str) -> bytes:
    (place / "spec").write_text(specification)
    ssh_keygen("-k", "-f", place / "krl", "-s", f"{authority.key}.pub", place / "spec")
    return (place / "krl").read_bytes()


def expired(scene: Scene, authority: Authority, lin: Holder) -> None:
    authority.certify(lin.key, LIN, validity="20200101:20210101")
    trust(scene, authority.line())


def young(scene: Scene, authority: Authority, lin: Holder) -> None:
    authority.certify(lin.key, LIN, validity="20980101:20990101")
    trust(scene, authority.line())


def other_principal(scene: Scene, authority: Authority, lin: Holder) -> None:
    authority.certify(lin.key, "lin@elsewhere.example")
    trust(scene, authority.line())


def several_principals(scene: Scene, authority: Authority, lin: Holder) -> None:
    authority.certify(lin.key, LIN, "risk@example.com")
    trust(scene, authority.line())


def hosts(scene: Scene, authority: Authority, lin: Holder) -> None:
    authority.certify(lin.key, LIN, host=True)
    trust(scene, authority.line())


def another_authority(scene: Scene, authority: Authority, lin: Holder) -> None:
    trust(scene, make_authority(scene.path.parent, "another").line())


def authority_as_a_person(scene: Scene, authority: Authority, lin: Holder) -> None:
    trust(scene, f"{LIN} {authority.public_key}\n")


def its_key_alone(scene: Scene, authority: Authority, lin: Holder) -> None:
    trust(scene, f"{LIN} {Path(f'{lin.key}.pub').read_text()}")


def revoked(scene: Scene, authority: Authority, lin: Holder) -> None:
    trust(scene, authority.line(), revoked=krl(scene.path.parent, authority, "serial: 1\n"))


def revoked_authority(scene: Scene, authority: Authority, lin: Holder) -> None:
    trust(scene, authority.line(), revoked=authority.public_key.encode())


def authoritys_line_expired(scene: Scene, authority: Authority, lin: Holder) -> None:
    trust(scene, authority.line("*@example.com", 'valid-before="20250101Z"'))


def not_for_records(scene: Scene, authority: Authority, lin: Holder) -> None:
    trust(scene, authority.line("*@example.com", 'namespaces="git"'))


FLAWS = {
    expired: "expired-key", young: "not-yet-valid-key", other_principal: "unknown-key",
    several_principals: "unknown-key", hosts: "unknown-key", another_authority: "unknown-key",
    authority_as_a_person: "unknown-key", its_key_alone: "unknown-key", revoked: "revoked-key",
    revoked_authority: "revoked-key", authoritys_line_expired: "expired-key", not_for_records: "wrong-namespace",
}  # fmt: skip


@pytest.mark.parametrize("flaw", FLAWS, ids=lambda each: each.__name__)
def test_what_is_wrong_with_a_certificate_is_said_before_and_after_it_signs(
    flaw: object, tmp_path: Path, authority: Authority
) -> None:
    assert callable(flaw)
    scene, reason = build_scene(tmp_path), FLAWS[flaw]
    lin = holder(scene, authority, "lin")
    flaw(scene, authority, lin)
    checks = command(scene.path, "doctor", "--json", env=lin.environment).json["checks"]
    (check,) = [each for each in checks if each["name"] == "trusted key"]
    assert check["state"] == "ill"
    assert reason in check["message"] or "plain key" in check["message"]
    said = command(scene.path, "approve", CANDIDATE, "-m", "Mine.", "--yes", env=lin.environment)
    if said.status == 0:
        assert reason in said.err
        assert f"so the record of {LIN} will not count" in said.err
        records = command(scene.path, "reviews", CANDIDATE, "--json").json["records"]
        (mine,) = [each for each in records if each["comment"] == "Mine."]
        assert mine["reason"].partition(":")[0] == reason
    else:
        assert reason in said.err
    scene.record("risk")
    said = command(scene.path, "release", CANDIDATE, "--yes", env=lin.environment)
    assert said.status == 1
    assert reason in said.err, said.err
    assert not scene.git("tag", "--list", TAG)


def trusted_key(scene: Scene, lin: Holder) -> dict[str, str]:
    checks = command(scene.path, "doctor", "--json", env=lin.environment).json["checks"]
    (found,) = [each for each in checks if each["name"] == "trusted key"]
    return dict(found)


def mended(scene: Scene, lin: Holder) -> str:
    """What doctor says after what it said was typed, as it stands; a line of allowed_signers is committed, too."""
    command_line = trusted_key(scene, lin)["mend"]
    environment = {**os.environ, **lin.environment}
    subprocess.run(command_line, shell=True, cwd=scene.path, check=True, env=environment)  # noqa: S602
    scene.git("commit", "--quiet", "--all", "--allow-empty", "--no-gpg-sign", "-m", "Mended", env=lin.environment)
    return trusted_key(scene, lin)["message"]


@pytest.mark.parametrize("signs_by", ["", ".pub"])
def test_doctor_finds_the_certificate_that_git_does_not_sign_with(
    tmp_path: Path, authority: Authority, signs_by: str
) -> None:
    scene = build_scene(tmp_path)
    trust(scene, authority.line())
    lin = holder(scene, authority, "lin", signs_by=signs_by)
    scene.git("checkout", "--quiet", "--force", "main")
    assert "lin-cert.pub beside it would count" in trusted_key(scene, lin)["message"]
    said = command(scene.path, "approve", CANDIDATE, "-m", "Mine.", "--yes", env=lin.environment)
    assert "No trusted signer has this key" in said.err
    assert mended(scene, lin) == f"It speaks for {LIN}."


def test_doctor_leaves_a_certificate_that_keeps_a_listed_key_from_counting(
    tmp_path: Path, authority: Authority
) -> None:
    scene = build_scene(tmp_path)
    lin = holder(scene, authority, "lin")
    its_key_alone(scene, authority, lin)
    scene.git("checkout", "--quiet", "--force", "main")
    assert "Without its certificate the key would count." in trusted_key(scene, lin)["message"]
    assert mended(scene, lin) == f"It speaks for {LIN}."


def test_doctor_gives_the_line_that_trusts_the_authority_for_one_name_alone(
    tmp_path: Path, authority: Authority
) -> None:
    scene = build_scene(tmp_path)
    trust(scene)
    lin, kim = holder(scene, authority, "lin"), holder(scene, authority, "kim")
    scene.git("checkout", "--quiet", "--force", "main")
    assert mended(scene, lin) == f"It speaks for {LIN}."
    assert trusted_key(scene, kim)["message"].startswith("unknown-key: its authority is not trusted for the names")
    expired(scene, authority, lin)
    assert trusted_key(scene, lin)["mend"].endswith("(by the authority)")


def test_init_by_somebody_certified_trusts_the_authority_for_them(tmp_path: Path, authority: Authority) -> None:
    scene = build_scene(tmp_path)
    lin = holder(scene, authority, "lin")
    place = tmp_path / "new"
    place.mkdir()
    scene.git("init", "--quiet", "--initial-branch=main", str(place))
    said = command(place, "init", "--yes", "--commit", env=lin.environment)
    assert said.status == 0, said.err
    text = (place / ".reviewtui" / "allowed_signers").read_text()
    assert text == f'{LIN} cert-authority,namespaces="reviewtui,git" {authority.public_key}\n'
    said = command(place, "doctor", env=lin.environment)
    assert f"It speaks for {LIN}." in said.out
    assert command(place, "policy", "check").status == 0


def test_a_release_by_certificates_that_have_expired_since_still_verifies(tmp_path: Path, authority: Authority) -> None:
    scene = build_scene(tmp_path)
    trust(scene, authority.line(), listed=("dana", "boss"))
    lin = holder(scene, authority, "lin")
    authority.certify(lin.key, LIN, validity="20260101Z:20260201Z")
    signer = configured_signer(
        {"gpg.format": "ssh", "user.signingkey": str(lin.certificate)}.get, directory=lin.key.parent
    )
    payload = encode_review(scene.review("lin"))
    raw = signer.sign(pre_authentication_encoding(PAYLOAD_TYPE, payload))
    scene.put(Envelope(payload, PAYLOAD_TYPE, (Signature(signer.keyid, raw),)).to_line())
    assert "expired-key" in command(scene.path, "gate", CANDIDATE).out
    records = [each["id"] for each in command(scene.path, "reviews", CANDIDATE, "--json").json["records"]]
    message = scene.release_message(*records, by="lin")
    tag = ("tag", "-s", "--cleanup=verbatim", "-F", "-", TAG, scene.tip())
    scene.git(*tag, input=message, env=later(scene, lin))
    verified = command(scene.path, "verify", "--json").json
    assert verified["ok"]
    assert (verified["releases"][0]["tag"], verified["releases"][0]["reason"]) == (f"refs/tags/{TAG}", "")
