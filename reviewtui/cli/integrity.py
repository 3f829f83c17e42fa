"""sync, verify, doctor and policy check: ask, print, and give the exit status."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from reviewtui.cli import output
from reviewtui.cli.diagnostics import ExitCode, say
from reviewtui.project import Project


def sync(arguments: Namespace) -> int:
    """Unite the notes with a remote's."""
    project = Project.open(Path(arguments.directory))
    synced = project.sync(arguments.remote)
    for each in synced:
        counts = f"{each.received} received, {each.sent} sent"
        say(f"{each.ref}: {counts}{f', {each.restored} put back' if each.restored else ''}")
        for alarm in each.alarms:
            say(f"ALARM {alarm.where}: {alarm.reason}")
    if not synced:
        say(f"There are no records here, and none at {arguments.remote}.")
    if arguments.json:
        output.print_json(
            {
                "remote": arguments.remote,
                "refs": [
                    {
                        "ref": each.ref,
                        "received": each.received,
                        "sent": each.sent,
                        "restored": each.restored,
                        "tries": each.tries,
                        "alarms": [{"where": alarm.where, "reason": alarm.reason} for alarm in each.alarms],
                    }
                    for each in synced
                ],
            }
        )
    return ExitCode.REFUSED if any(each.alarms for each in synced) else ExitCode.DONE
