"""git_processes() counts the real git processes that a command starts, as git itself reports them."""

from __future__ import annotations

import json
from pathlib import Path

from tests.command import Answer, reviewtui


def git_processes(directory: Path, *words: str, trace: Path) -> tuple[list[str], Answer]:
    """The verb of each git process that `reviewtui -C directory words…` starts, in order, and the command's answer."""
    trace.unlink(missing_ok=True)
    answer = reviewtui(directory, *words, env={"GIT_TRACE2_EVENT": str(trace)})
    events = [json.loads(line) for line in trace.read_text().splitlines()]
    return [event["name"] for event in events if event["event"] == "cmd_name"], answer
