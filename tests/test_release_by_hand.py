"""The README's chapter by which an outsider verifies one release with git, jq, base64, ssh-keygen and sha256sum."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from reviewtui.demo.build import build_demo
from tests.test_readme import run_shell, snippet

pytestmark = pytest.mark.skipif(shutil.which("jq") is None, reason="jq is not installed.")
CHURN = {"tag": "churn@v1.3.0", "file": "models/churn/metrics.json"}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample repository, as an outsider gets it: a clone that has the notes."""
    place = build_demo(tmp_path_factory.mktemp("demo") / "models")
    mirror = place.with_name("mirror")
    subprocess.run(("git", "clone", "-q", "--mirror", str(place), str(mirror)), check=True, capture_output=True)
    return mirror


@pytest.fixture
def clone(demo: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(demo, tmp_path / "clone"))


def test_a_release_verifies_by_the_commands_of_the_readme(clone: Path) -> None:
    done = run_shell(snippet("verify-release-by-hand"), clone, **CHURN)
    assert done.returncode == 0, done.stderr
    assert 'Good "git" signature for dana@example.com' in done.stdout
    assert done.stdout.count('Good "reviewtui" signature for') == 2
    assert re.search(r"^lin@example\.com, record \d+: approve$", done.stdout, re.MULTILINE)
    assert "approvals:" in done.stdout


def test_the_other_model_verifies_too(clone: Path) -> None:
    other = {"tag": "support-intent@v0.9.0", "file": "models/support-intent/metrics.json"}
    done = run_shell(snippet("verify-release-by-hand"), clone, **other)
    assert done.returncode == 0, done.stderr


CHANGES = {
    "the tag's text": ("# 2.", "sed -i 's/^churn 1.3.0/churn 1.3.1/' tag"),
    "who holds a key": ("# 3.", "sed -i 's/lin@/eve@/' signers"),
    "a record": ("for id in", 'sed -i \'s/"payload":"/&IA==/\' lines'),
    "the commit": (
        "# 3.",
        "git notes --ref=refs/notes/reviewtui/reviews copy $commit main; commit=$(git rev-parse main)",
    ),
    "the metrics": ("# 4.", "commit=$(git rev-parse churn@v1.2.0^{commit})"),
}
"""{what: (the step before which it is changed, how)}."""


@pytest.mark.parametrize("what", CHANGES)
def test_what_was_changed_does_not_verify_by_hand(clone: Path, what: str) -> None:
    step, change = CHANGES[what]
    script = snippet("verify-release-by-hand")
    assert script.count(step) == 1
    done = run_shell(script.replace(step, f"{change}\necho changed\n{step}"), clone, **CHURN)
    assert done.returncode != 0
    assert "changed" in done.stdout.splitlines()


def test_a_record_that_was_taken_away_is_found_by_hand(clone: Path) -> None:
    identity = ("-c", "user.name=Eve", "-c", "user.email=eve@example.com")
    words = ("git", "rev-parse", "refs/heads/model/churn/v2.0.0-rc.1")
    vetoed = subprocess.run(words, cwd=clone, capture_output=True, text=True, check=True).stdout.strip()
    removal = ("git", *identity, "notes", "--ref=refs/notes/reviewtui/reviews", "remove", vetoed)
    subprocess.run(removal, cwd=clone, check=True, capture_output=True)
    assert run_shell(snippet("verify-release-by-hand"), clone, **CHURN).returncode != 0
