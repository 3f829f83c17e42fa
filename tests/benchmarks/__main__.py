"""Every measurement, or those that are named: `python -m tests.benchmarks [start] [list] [version] [app_paint] …`."""

from __future__ import annotations

import importlib
import os
import sys
import tempfile
from pathlib import Path

NAMES = ("start", "list", "version", "app_paint", "app_keys", "records", "server_hook", "local_hook", "export")


def main(names: list[str]) -> int:
    """Print the measurements, and give 1 where a limit is missed."""
    kept = True
    with tempfile.TemporaryDirectory(prefix="reviewtui-bench-") as directory:
        _make_hermetic(Path(directory))
        for name in names or [name for name in NAMES if Path(__file__).with_name(f"bench_{name}.py").exists()]:
            place = Path(directory, name)
            place.mkdir()
            kept &= importlib.import_module(f"tests.benchmarks.bench_{name}").run(place, Path(directory, "compiled"))
            print()
    return 0 if kept else 1


def _make_hermetic(home: Path) -> None:
    config = home / "gitconfig"
    config.write_text("[user]\n\tname = Robin Example\n\temail = robin@example.com\n[gc]\n\tauto = 0\n")
    for name in [*os.environ]:
        if name.startswith("GIT_"):
            del os.environ[name]
    os.environ |= {"HOME": str(home), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": str(config), "LC_ALL": "C"}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
