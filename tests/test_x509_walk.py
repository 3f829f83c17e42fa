"""A reviewer and releaser who signs by an X.509 certificate: from init to verify, by gpgsm as Git starts it."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509

from tests.attacks.doors import command, open_at_every_door
from tests.attacks.scene import CANDIDATE, TAG, Scene, build_scene
from tests.x509_material import Holder, certificate_of, certified, rsa_key

if shutil.which("gpgsm") is None or shutil.which("gpg-agent") is None:
    pytest.skip("gpgsm is not installed", allow_module_level=True)

_REQUEST = "Key-Type: RSA\nKey-Length: 2048\nKey-Usage: sign\nName-DN: CN=Lin\nName-Email: lin@example.com\n"
OTHERS = ("dana", "risk", "robin", "boss")


@dataclass(frozen=True, slots=True)
class Lin:
    """Lin's gpgsm, whose certificate an authority between the root and her made."""

    root: Holder
    between: Holder
    own: Holder
    environment: dict[str, str]


@pytest.fixture
def lin(tmp_path: Path) -> Iterator[Lin]:
    root = certified("Root", authority=True, key=rsa_key(2048))
    between = certified("Between", by=root, authority=True)
    # GnuPG's sockets need a short path.
    with tempfile.TemporaryDirectory(prefix="gpgsm-") as folder:
        home = Path(folder)

        def gpgsm(*words: str, data: bytes = b"") -> None:
            command = ["gpgsm", "--homedir", folder, "--batch", "--pinentry-mode=loopback", "--passphrase-fd=0", *words]
            subprocess.run(command, input=data, capture_output=True, check=True)

        (home / "gpgsm.conf").write_text("disable-crl-checks\n")
        (home / "request").write_text(_REQUEST)
        (home / "trustlist.txt").write_text(f"{root.fingerprint} S\n")
        gpgsm("--gen-key", "-o", f"{folder}/csr", f"{folder}/request", data=b"\n")
        request = x509.load_der_x509_csr((home / "csr").read_bytes())
        own = certificate_of(request.public_key(), request.subject, by=between, emails=("lin@example.com",))
        for number, each in enumerate((root, between, own)):
            (home / f"{number}.pem").write_bytes(each.pem)
            gpgsm("--import", f"{folder}/{number}.pem")
        config = home / "gitconfig"
        user = f"[user]\n\tname = Lin\n\temail = lin@example.com\n\tsigningKey = {own.fingerprint}\n"
        config.write_text(f"{user}[gpg]\n\tformat = x509\n")
        yield Lin(root, between, own, {"GNUPGHOME": folder, "GIT_CONFIG_GLOBAL": str(config), "HOME": folder})
        subprocess.run(["gpgconf", "--homedir", folder, "--kill", "all"], check=False)


def trust(scene: Scene, *holders: Holder) -> None:
    files: dict[str, str | bytes | None] = {
        f".reviewtui/x509/{number}.pem": holder.pem for number, holder in enumerate(holders)
    }
    scene.settings(signers=scene.signers(*OTHERS), files=files)


def test_a_certified_reviewer_approves_releases_and_all_of_it_verifies(tmp_path: Path, lin: Lin) -> None:
    scene = build_scene(tmp_path)
    trust(scene, lin.root)
    later = lin.environment | {"GIT_COMMITTER_DATE": f"{scene.repository.now} +0000"}
    said = command(scene.path, "approve", CANDIDATE, "-m", "Good.", "--yes", env=later)
    assert said.status == 0, said.err
    reviews = command(scene.path, "reviews", CANDIDATE, "--json").json["records"]
    assert [(each["counted"], each["reason"]) for each in reviews if each["reviewer"] == "lin@example.com"] == [
        (True, "")
    ]
    assert lin.own.keyid in scene.note(scene.tip()).decode()
    open_at_every_door(scene)
    made = command(scene.path, "release", CANDIDATE, "--yes", env=later)
    assert made.status == 0, made.err
    assert "-----BEGIN SIGNED MESSAGE-----" in scene.git("cat-file", "tag", TAG)
    verified = command(scene.path, "verify", "--json")
    assert verified.json["ok"], verified.out
    # Without the authority nothing of this would be worth anything.
    trust(scene, certified("Root", authority=True))
    assert command(scene.path, "gate", CANDIDATE).status == 1


def test_the_key_that_signed_the_candidate_is_known_where_it_is_a_certificate(tmp_path: Path, lin: Lin) -> None:
    scene = build_scene(tmp_path)
    trust(scene, lin.root)
    scene.settings(
        policy=scene.entry(exclude=["author", "submitter"]),
        signers=scene.signers(*OTHERS),
        files={".reviewtui/x509/0.pem": lin.root.pem},
    )
    robin = {"GIT_AUTHOR_NAME": "Robin", "GIT_AUTHOR_EMAIL": "robin@example.com"}
    signed = scene.git(
        "commit-tree",
        "-S",
        "-p",
        scene.tip(),
        "-m",
        "Signed by Lin",
        f"{scene.tip()}^{{tree}}",
        env=lin.environment | robin,
    )
    scene.git("update-ref", "refs/heads/model/churn/v1.1.0", signed)
    said = command(scene.path, "approve", CANDIDATE, "-m", "Mine.", "--yes", env=lin.environment)
    assert said.status == 0, said.err
    records = command(scene.path, "reviews", CANDIDATE, "--json").json["records"]
    assert [each["reason"] for each in records if each["comment"] == "Mine."] == ["author: submitter"]


def test_init_adopts_the_users_certificate_and_doctor_names_what_is_missing(tmp_path: Path, lin: Lin) -> None:
    scene = build_scene(tmp_path)
    said = command(scene.path, "doctor", env=lin.environment)
    expected = (
        f"gpgsm --armor --export {lin.own.fingerprint} {lin.between.fingerprint} > .reviewtui/x509/lin@example.com.pem"
    )
    assert expected in said.out
    place = tmp_path / "new"
    place.mkdir()
    scene.git("init", "--quiet", "--initial-branch=main", str(place))
    said = command(place, "init", "--yes", "--commit", env=lin.environment)
    assert said.status == 0, said.err
    text = (place / ".reviewtui" / "x509" / "lin_example.com.pem").read_bytes()
    assert text == lin.own.pem + lin.between.pem
    assert not (place / ".reviewtui" / "allowed_signers").exists()
    said = command(place, "doctor", env=lin.environment)
    assert "It speaks for lin@example.com." in said.out
