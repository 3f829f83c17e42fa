"""What the strict hooks of a clone cost each commit."""

from __future__ import annotations

from pathlib import Path

from tests.benchmarks.measuring import Command, judge, measured, ratio
from tests.command import reviewtui
from tests.model_repository import ModelRepository

COMMITS = 20


def run(place: Path, cache: Path) -> bool:
    """Commits in a clone with the strict hooks, with an empty hook in their place, and with none."""
    commands = {}
    for name in ("none", "empty", "strict"):
        repository = ModelRepository(place / f"local-{name}")
        repository.commit_files({"a": "b"})
        if name == "strict":
            answer = reviewtui(repository.path, "hooks", "install", "--strict")
            assert answer.status == 0, answer.err
        if name == "empty":
            hooks = repository.path / ".git" / "hooks"
            hooks.mkdir(exist_ok=True)
            (hooks / "reference-transaction").write_text("#!/bin/sh\n")
            (hooks / "reference-transaction").chmod(0o755)
        commit = Command(("git", "commit", "-q", "--allow-empty", "-m", "more"), directory=repository.path)
        commands[name] = (commit,) * COMMITS
    costs = measured(commands, cache=cache)
    print(f"{COMMITS} commits in a clone")
    for name, title in (("none", "without a hook"), ("empty", "with an empty sh hook"), ("strict", "with ours")):
        print(f"  {title:<34} {costs[name]}")
    return judge("a commit with ours beside an empty sh hook", ratio(costs["strict"], costs["empty"])[1], 1.1)
