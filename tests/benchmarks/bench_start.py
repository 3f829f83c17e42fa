"""`--version` beside `import argparse`; and what the import of each package costs that some command needs."""

from __future__ import annotations

import importlib.util
import statistics
from pathlib import Path

from tests.benchmarks.measuring import judge, measured, python

ED25519 = "cryptography.hazmat.primitives.asymmetric.ed25519"
PACKAGES = ("yaml", ED25519, "deepdiff", "git", "rich.console", "textual.app")


def run(place: Path, cache: Path) -> bool:
    """Measure, print, and give whether the limit is kept."""
    packages = [name for name in PACKAGES if importlib.util.find_spec(name.partition(".")[0])]
    commands = {
        "pass": (python("-c", "pass"),),
        "import argparse": (python("-c", "import argparse"),),
        "reviewtui --version": (python("-m", "reviewtui", "--version"),),
        "reviewtui --help": (python("-m", "reviewtui", "--help"),),
        **{name: (python("-c", f"import {name}"),) for name in packages},
    }
    costs = measured(commands, cache=cache)
    print("start")
    for name in ("pass", "import argparse", "reviewtui --version", "reviewtui --help"):
        print(f"  {name:<34} {costs[name]}")
    empty = statistics.median(costs["pass"].wall)
    for name in packages:
        print(f"  import {name:<50} {(statistics.median(costs[name].wall) - empty) * 1e3:7.1f} ms more than pass")
    limit = 1.5 * statistics.median(costs["import argparse"].wall) + 0.05
    return judge("--version, seconds", statistics.median(costs["reviewtui --version"].wall), limit)
