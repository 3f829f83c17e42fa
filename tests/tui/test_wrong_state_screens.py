"""What the app shows of repositories that are not as they should be, as text, as it is stored in wrong_screens/.

After a change that is meant, `pytest tests/tui/test_wrong_state_screens.py --renew` writes the files anew; what is
masked is said in test_screens.py.
"""

from __future__ import annotations

import difflib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reviewtui.tui.app import ReviewApp
from screenshots.sample import NOW, build_sample, open_sample
from screenshots.scenes import press, rest
from tests.tui.driving import screen_text
from tests.tui.test_screens import masked

STORED = Path(__file__).parent / "wrong_screens"
SIZE = (80, 24)


def git(directory: Path, *arguments: str) -> None:
    date = f"{int(NOW.timestamp())} +0000"
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    subprocess.run(
        ("git", "-C", str(directory), *arguments), check=True, capture_output=True, env={**os.environ, **dates}
    )


def as_dana(directory: Path) -> Path:
    """The repository, with a name and an address for who commits there."""
    git(directory, "config", "user.name", "Dana Levi")
    git(directory, "config", "user.email", "dana@example.com")
    return directory


def empty(sample: Path, place: Path) -> Path:
    """A repository without any commit."""
    git(place, "init", "-q", "-b", "main", "models")
    return place / "models"


def without_versions(sample: Path, place: Path) -> Path:
    """Commits, and neither a tag nor a branch that looks like a version."""
    made = as_dana(empty(sample, place))
    (made / "train.py").write_text("pass\n")
    git(made, "add", "train.py")
    git(made, "commit", "-q", "-m", "begin")
    return made


def without_a_key(sample: Path, place: Path) -> Path:
    made = copied(sample, place)
    git(made, "config", "--unset-all", "user.signingkey")
    return made


def with_a_lost_key(sample: Path, place: Path) -> Path:
    made = copied(sample, place)
    git(made, "config", "user.signingkey", "/nowhere/id_ed25519")
    return made


def detached(sample: Path, place: Path) -> Path:
    """No branch is checked out."""
    made = copied(sample, place)
    git(made, "checkout", "-q", "--detach")
    return made


def without_trusted_branch(sample: Path, place: Path) -> Path:
    """Detached, and the branch whose policy would hold is gone."""
    made = detached(sample, place)
    git(made, "branch", "-q", "-D", "main")
    return made


def shallow(sample: Path, place: Path) -> Path:
    git(place, "clone", "-q", "--depth", "1", f"file://{sample}", "models")
    return as_dana(place / "models")


def copied(sample: Path, place: Path) -> Path:
    shutil.copytree(sample, place / "models")
    return place / "models"


STATES: tuple[tuple[Callable[[Path, Path], Path], tuple[str, ...]], ...] = (
    (empty, ()),
    (empty, ("a",)),
    (without_versions, ("2",)),
    (without_a_key, ("1",)),
    (without_a_key, ("1", "a")),
    (with_a_lost_key, ("1",)),
    (detached, ("2",)),
    (without_trusted_branch, ("2",)),
    (shallow, ("2",)),
)
"""How a repository came to be wrong, and the keys that lead to what is looked at."""
NAMES = ["-".join([make.__name__.replace("_", "-"), *keys]) for make, keys in STATES]


@pytest.fixture(scope="module")
def sample() -> Iterator[Path]:
    place = Path(tempfile.mkdtemp(prefix="reviewtui-", dir="/tmp"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HOME", str(place))
        yield build_sample(place / "models")
    shutil.rmtree(place)


@pytest.fixture
def place(sample: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where a copy goes: a place whose name has the same length everywhere, and none of the test's own settings."""
    for name in [*os.environ]:
        if name.startswith(("GIT_", "SSH_", "XDG_")) or name in ("NO_COLOR", "COLORFGBG", "TEXTUAL_THEME"):
            monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(sample.parent))
    made = sample.parent / "wrong"
    made.mkdir()
    yield made
    shutil.rmtree(made)


@pytest.mark.parametrize(("state", "name"), [*zip(STATES, NAMES, strict=True)], ids=NAMES)
async def test_a_wrong_state_is_shown_as_it_is_stored(
    state: tuple[Callable[[Path, Path], Path], tuple[str, ...]],
    name: str,
    sample: Path,
    place: Path,
    request: pytest.FixtureRequest,
) -> None:
    make, keys = state
    project = open_sample(make(sample, place))
    app = ReviewApp(lambda: project, clock=NOW.timestamp)
    async with app.run_test(size=SIZE) as pilot:
        await rest(pilot)
        await press(pilot, keys)
        shown = masked(screen_text(pilot), sample.parent)
    project.repository.close()
    file = STORED / f"{name}.txt"
    if request.config.getoption("--renew"):
        STORED.mkdir(exist_ok=True)
        file.write_text(shown, encoding="utf-8")
    stored = file.read_text(encoding="utf-8") if file.exists() else ""
    if shown != stored:
        pytest.fail(
            "\n".join(difflib.unified_diff(stored.splitlines(), shown.splitlines(), file.name, "shown now", "")),
            pytrace=False,
        )


def test_nothing_is_stored_that_no_state_shows() -> None:
    assert {file.name for file in STORED.iterdir()} == {f"{name}.txt" for name in NAMES}
