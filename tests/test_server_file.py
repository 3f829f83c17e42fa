"""The server's hook as one file, over real pushes, by a Python that has nothing but its standard library."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from reviewtui.enforcement.server_file import SHEBANG, build_server_file
from reviewtui.review import encode_review
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, Signature, pre_authentication_encoding
from tests.attacks.scene import TAG, Scene
from tests.certified import make_authority, make_holder
from tests.command import reviewtui
from tests.served import NOTES, Server, approved_release, copied, served_scene
from tests.x509_material import certified, signed

_BUILT: dict[str, Scene] = {}


@pytest.fixture(scope="module")
def bare_python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python without packages, by itself on the search path as python3."""
    place = tmp_path_factory.mktemp("python")
    base = Path(sysconfig.get_config_var("BINDIR")) / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    if not base.exists():
        pytest.skip("The interpreter that this one was made from is not here.")
    subprocess.run((str(base), "-m", "venv", "--without-pip", str(place / "venv")), check=True)
    folder = place / "bin"
    folder.mkdir()
    # Isolated, and without any site: what the file needs, the file must hold.
    (folder / "python3").write_text(f'#!/bin/sh\nexec {place}/venv/bin/python3 -I -S "$@"\n')
    (folder / "python3").chmod(0o755)
    return folder


@pytest.fixture
def server(
    hermetic_git: Path, tmp_path_factory: pytest.TempPathFactory, tmp_path: Path, bare_python: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Server:  # fmt: skip
    """A server whose hook is the file itself."""
    if "scene" not in _BUILT:
        _BUILT["scene"] = served_scene(tmp_path_factory.mktemp("served"))
    found = copied(_BUILT["scene"], tmp_path)
    hook = found.path / "hooks" / "pre-receive"
    answer = reviewtui(tmp_path, "hooks", "server-file", "-o", str(tmp_path / "the-hook"))
    assert answer.status == 0, answer.err
    hook.unlink()
    shutil.copy2(tmp_path / "the-hook", hook)
    monkeypatch.setenv("PATH", f"{bare_python}{os.pathsep}{os.environ['PATH']}")
    return found


def test_it_allows_what_the_gate_allows_and_refuses_the_rest(server: Server) -> None:
    server.scene.tag()
    said = server.refuses("approvals: 2 of data-science or risk: 1 of 2", f"refs/tags/{TAG}")
    assert said.count("reviewtui: refs/tags/") >= 1
    server.scene.git("tag", "-d", TAG)
    approved_release(server.scene)
    assert "the gate allows it" in server.accepts(f"refs/tags/{TAG}", NOTES)


def test_a_forged_signature_is_found_without_packages(server: Server) -> None:
    line = server.scene.signed("lin", server.scene.review("lin"))
    forged = server.scene.signed("mallory", server.scene.review("lin"))
    assert line != forged
    server.scene.put(forged)
    server.scene.tag()
    server.refuses("not counted: unknown-key", f"refs/tags/{TAG}", NOTES)


def test_a_certificate_is_judged_without_packages(server: Server) -> None:
    if shutil.which("gpgsm") is None or shutil.which("gpg-agent") is None:
        pytest.skip("gpgsm is not installed")
    scene = server.scene
    root = certified("Root", authority=True)
    # Past the hook: how the trusted branch may change is not what this is about.
    scene.settings(signers=scene.signers("dana", "risk", "robin", "boss"), files={".reviewtui/x509/root.pem": root.pem})
    server.git("fetch", "--quiet", str(scene.path), "+refs/heads/main:refs/heads/main")
    payload = encode_review(scene.review("lin"))
    signed_bytes = pre_authentication_encoding(PAYLOAD_TYPE, payload)
    records = {}
    for name, authority in (("stranger", certified("Root", authority=True)), ("lin", root)):
        lin = certified("Lin", by=authority, emails=("lin@example.com",))
        signature = Signature(lin.keyid, signed(lin, signed_bytes))
        records[name] = Envelope(payload, PAYLOAD_TYPE, (signature,)).to_line()
    scene.put(records["stranger"])
    scene.tag()
    server.refuses("not counted: unknown-key", f"refs/tags/{TAG}", NOTES)
    scene.git("tag", "-d", TAG)
    scene.put(records["lin"])
    answer = reviewtui(scene.path, "release", "churn@1.1.0", "--yes", person=scene.person("dana"))
    assert answer.status == 0, answer.err
    assert "the gate allows it" in server.accepts(f"refs/tags/{TAG}", NOTES)


def test_whom_an_ssh_authority_certified_is_judged_without_packages(server: Server, tmp_path: Path) -> None:
    scene, authority = server.scene, make_authority(tmp_path)
    lin = make_holder(tmp_path / "lin", scene.person("lin"))
    # Past the hook: how the trusted branch may change is not what this is about.
    scene.settings(signers=scene.signers("dana", "risk", "robin", "boss") + authority.line())
    server.git("fetch", "--quiet", str(scene.path), "+refs/heads/main:refs/heads/main")
    later = {**lin.environment, "GIT_COMMITTER_DATE": f"{scene.repository.now} +0000"}
    make_authority(tmp_path, "another").certify(lin.key, "lin@example.com")
    answer = reviewtui(scene.path, "approve", "churn@1.1.0", "-m", "Good.", "--yes", env=later)
    assert answer.status == 0, answer.err
    scene.tag()
    server.refuses("not counted: unknown-key", f"refs/tags/{TAG}", NOTES)
    scene.git("tag", "-d", TAG)
    authority.certify(lin.key, "lin@example.com")
    for words in (("approve", "churn@1.1.0", "-m", "Good, again.", "--yes"), ("release", "churn@1.1.0", "--yes")):
        answer = reviewtui(scene.path, *words, env=later)
        assert answer.status == 0, answer.err
    assert "the gate allows it" in server.accepts(f"refs/tags/{TAG}", NOTES)


def test_a_lost_record_and_an_unreviewed_policy_are_refused(server: Server) -> None:
    server.scene.settings(policy=server.scene.policy(version=2))
    server.refuses("approvals: 1 of release-manager", "main")
    server.scene.write_notes({server.scene.commit: None})
    server.refuses("record-removed", NOTES)


def test_its_bytes_depend_on_what_goes_in_alone(server: Server, tmp_path: Path) -> None:
    first = build_server_file()
    assert first == build_server_file()
    answer = reviewtui(tmp_path, "hooks", "server-file", "-o", str(tmp_path / "again"))
    assert answer.status == 0
    assert (tmp_path / "again").read_bytes() == first
    assert os.access(tmp_path / "again", os.X_OK)


def test_it_holds_the_rules_pyyaml_and_its_licence_and_no_faces() -> None:
    content = build_server_file()
    assert content.startswith(SHEBANG)
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = set(archive.namelist())
        assert "Permission is hereby granted" in archive.read("yaml/LICENSE").decode()
    assert {"__main__.py", "yaml/__init__.py", "reviewtui/enforcement/push.py"} <= names
    faces = ("reviewtui/tui", "reviewtui/demo", "reviewtui/cli/commands")
    assert not [name for name in names if name.startswith(faces)]
    assert not [name for name in names if name.endswith((".so", ".pyc"))]


def test_a_python_that_is_too_old_refuses_in_one_line(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(build_server_file())) as archive:
        main = archive.read("__main__.py").decode()
    old = main.replace("sys.version_info < (3, 11)", "sys.version_info < (99,)")
    done = subprocess.run((sys.executable, "-c", old), capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "Python 3.11" in done.stderr
