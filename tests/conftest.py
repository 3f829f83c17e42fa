"""A hermetic Git: an empty home, no system configuration, C locale, UTC, fixed dates, no agent."""

from __future__ import annotations

import gc
import itertools
import os
import shutil
import subprocess
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

FIXED_DATE = "2026-02-02T09:00:00+00:00"

_CONFIG = """\
[user]
\tname = Robin Example
\temail = robin@example.com
[init]
\tdefaultBranch = main
[gc]
\tauto = 0
[maintenance]
\tauto = false
[protocol "file"]
\tallow = always
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """--renew writes the stored screens of the app anew, where others compare with them (tests/tui/test_screens.py)."""
    parser.addoption("--renew", action="store_true", help="write the stored screens of the app anew")


def pytest_configure(config: pytest.Config) -> None:
    """Commands and hooks that tests start keep their bytecode in one place, as on a person's machine."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    if "PYTHONPYCACHEPREFIX" not in os.environ:
        place = os.environ["PYTHONPYCACHEPREFIX"] = tempfile.mkdtemp(prefix="reviewtui-bytecode-")
        config.add_cleanup(lambda: shutil.rmtree(place, ignore_errors=True))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that hold a slow test come first, then those of most tests: no worker is left alone with one at the end."""
    sizes = Counter(item.path for item in items)
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: (item.path not in slow, -sizes[item.path]))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Look for garbage less often: what was imported and collected stays, and a sixth of all work was looking at it."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 20, 50)


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A throw-away SSH key, set up as Git's signing key."""

    private: Path
    public: str
    allowed_signers: Path


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A new place at each turn. pytest's own numbering looks at all the places there are, for each new one."""
    place = tmp_path_factory.mktemp("homes")
    return (place / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def hermetic_git(homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    """The home of the test: nothing of the machine's own configuration, keys or clock reaches Git. Gives that home."""
    home = next(homes)
    home.mkdir()
    for name in [*os.environ]:
        if name.startswith(("GIT_", "SSH_", "XDG_", "REVIEWTUI_")) or name in ("EMAIL", "DISPLAY", "NO_COLOR"):
            monkeypatch.delenv(name)
    config = home / ".gitconfig"
    config.write_text(_CONFIG)
    gnupg = home / "gnupg"
    gnupg.mkdir(mode=0o700)
    settings = {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_CACHE_HOME": str(home / ".cache"),
        "XDG_STATE_HOME": str(home / ".state"),
        "GNUPGHOME": str(gnupg),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": str(config),
        "GIT_AUTHOR_DATE": FIXED_DATE,
        "GIT_COMMITTER_DATE": FIXED_DATE,
        "GIT_TERMINAL_PROMPT": "0",
        "LC_ALL": "C",
        "TZ": "UTC",
    }
    for name, value in settings.items():
        monkeypatch.setenv(name, value)
    return home


@pytest.fixture
def signing_key(hermetic_git: Path) -> SigningKey:
    """An ed25519 key that Git signs with, and trusts as robin@example.com."""
    if shutil.which("ssh-keygen") is None:
        pytest.skip("ssh-keygen is not installed.")
    private = hermetic_git / "id_ed25519"
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "robin", "-f", str(private)), check=True)
    public = " ".join(private.with_suffix(".pub").read_text().split()[:2])
    allowed = hermetic_git / "allowed_signers"
    allowed.write_text(f"robin@example.com {public}\n")
    for key, value in (
        ("gpg.format", "ssh"),
        ("user.signingKey", str(private)),
        ("gpg.ssh.allowedSignersFile", str(allowed)),
    ):
        subprocess.run(("git", "config", "--global", key, value), check=True)
    return SigningKey(private=private, public=public, allowed_signers=allowed)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The real repositories and signatures that stand beside this repository."""
    place = Path(__file__).resolve().parent.parent.parent / "shared" / "data"
    if not place.is_dir():
        pytest.skip("The real repositories (../shared/data) are not here.")
    return place


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two for each processor: the tests of the app wait for its timers half of their time."""
    return 2 * (os.cpu_count() or 1)
