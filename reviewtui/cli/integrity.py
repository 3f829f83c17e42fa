"""sync, verify, doctor and policy check: ask, print, and give the exit status."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from reviewtui.audit import AuditReport, FreshnessDemand
from reviewtui.checkpoints import parse_age
from reviewtui.cli import output
from reviewtui.cli.diagnostics import ExitCode, say
from reviewtui.display import clean, plural
from reviewtui.errors import UsageError
from reviewtui.project import Project

if TYPE_CHECKING:
    from reviewtui.policy_check import PolicyCheck, Standing


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


def verify(arguments: Namespace) -> int:
    """Judge everything again, and say what is wrong."""
    project = Project.open(Path(arguments.directory))
    version = project.find(arguments.version) if arguments.version else None
    report = project.verify(version, fresh=_demanded(arguments))
    if arguments.json:
        output.print_json(
            {
                "ok": report.ok,
                "releases": [
                    {
                        "name": r.name,
                        "tag": r.tag,
                        "ok": r.ok,
                        "reason": r.reason,
                        "since": list(r.since),
                        "unproven": r.unproven,
                    }
                    for r in report.releases
                ],
                "problems": [{"where": p.where, "reason": p.reason, "alarm": p.alarm} for p in report.problems],
                "remarks": list(report.remarks),
            }
        )
    else:
        _print_report(output.Printer(color=not arguments.no_color), report)
    return ExitCode.DONE if report.ok else ExitCode.REFUSED


def _demanded(arguments: Namespace) -> FreshnessDemand | None:
    if arguments.require_fresh is None:
        return None
    age = arguments.require_fresh
    return FreshnessDemand(arguments.remote, parse_age(age) if age else None)


def checkpoint(arguments: Namespace) -> int:
    """Sign and record what stands in the refs now; not over what verify finds wrong."""
    from reviewtui.cli.commands import record_verdict

    project = Project.open(Path(arguments.directory))
    text, report = project.checkpoint_text()
    if not report.ok:
        _print_report(output.Printer(color=not arguments.no_color), report)
        say("No checkpoint was signed over that.")
        return ExitCode.REFUSED
    arguments.version = arguments.version or _latest(project)
    arguments.message, arguments.verdict = text, "comment"
    return record_verdict(arguments)


def _latest(project: Project) -> str:
    """What the record hangs on, where nobody says: the newest release, or any version."""
    versions = sorted(project.catalog.versions, key=lambda each: (each.tag is not None, each.ref))
    if not versions:
        raise UsageError("There is no version here, so there is nothing to record a checkpoint on.")
    return versions[-1].ref or versions[-1].commit


def _print_report(printer: output.Printer, report: AuditReport) -> None:
    for each in report.releases:
        mark, word = ("✓", "verifies") if each.ok else ("✗", "does not verify")
        unreviewed = each.reason.startswith("released-unreviewed")
        text = f"{'◌' if unreviewed else mark} {clean(each.name)}  {clean(each.tag)}  "
        printer.line(printer.paint(f"{text}{each.reason.partition(':')[0] if unreviewed else word}", _tone(each.ok)))
        if each.reason and not unreviewed:
            printer.line(f"    {clean(each.reason)}")
        for later in each.since:
            printer.line(printer.paint(f"    {clean(later)}", "warn"))
    for problem in report.problems:
        text = f"{'✗ ALARM' if problem.alarm else '· listed'}  {clean(problem.where)}"
        printer.line(printer.paint(text, "bad" if problem.alarm else "dim"))
        printer.line(f"    {clean(problem.reason)}")
    for remark in report.remarks:
        printer.line(printer.paint(f"· {clean(remark)}", "dim"))
    alarms = sum(problem.alarm for problem in report.problems)
    bad = sum(not each.ok for each in report.releases)
    words = f"{plural(bad, 'release')} and {plural(alarms, 'alarm')} to look into." if bad or alarms else "All is well."
    printer.line(printer.paint(words, "bad" if bad or alarms else "good"))
    unproven = sum(each.unproven for each in report.releases)
    if unproven:
        words = f"{plural(unproven, 'release')} by keys that are not trusted any more: only the tag itself says when."
        printer.line(printer.paint(f"! {words}", "warn"))


def _tone(ok: bool) -> str:
    return "" if ok else "bad"


def policy_check(arguments: Namespace) -> int:
    """Check a policy, and say what it would change."""
    from reviewtui.policy_check import check_policy, read_proposal

    project = Project.open(Path(arguments.directory))
    check = check_policy(project, read_proposal(project, arguments.file))
    if arguments.json:
        output.print_json(
            {
                "file": check.name,
                "ok": check.ok,
                "problems": [
                    {"file": r.file, "key": r.key, "line": r.line, "error": r.is_error, "problem": r.problem}
                    for r in check.remarks
                ],
                "versions": [
                    {
                        "name": each.name,
                        "before": {"state": each.before.state, "allowed": each.before.allowed},
                        "after": {"state": each.after.state, "allowed": each.after.allowed},
                        "changes": each.changes,
                    }
                    for each in check.versions
                ],
            }
        )
    else:
        _print_check(output.Printer(color=not arguments.no_color), check)
    if not check.readable:
        return ExitCode.USAGE
    return ExitCode.DONE if check.ok else ExitCode.REFUSED


def _print_check(printer: output.Printer, check: PolicyCheck) -> None:
    for remark in check.remarks:
        text = f"{'✗ error  ' if remark.is_error else '! warning'}  {clean(str(remark))}"
        printer.line(printer.paint(text, "bad" if remark.is_error else "warn"))
    if not check.readable:
        return
    changed = [each for each in check.versions if each.changes]
    printer.line(f"{clean(check.name)}: {'it can be used' if check.ok else 'it has rules that cannot be met'}.")
    printer.line(f"{plural(len(changed), 'version')} of {len(check.versions)} would be judged otherwise.")
    printer.table(
        [[clean(each.name), _standing_text(each.before), "→", _standing_text(each.after)] for each in changed],
        indent="  ",
    )


def _standing_text(standing: Standing) -> str:
    gate = {True: ", gate open", False: ", gate closed", None: ""}[standing.allowed]
    return f"{standing.state}{gate}"


def doctor(arguments: Namespace) -> int:
    """Say what is not set up, and what mends it."""
    from reviewtui.cli.hooks import checker_command
    from reviewtui.doctor import Health, diagnose

    project = Project.open(Path(arguments.directory))
    checks = diagnose(project, hook_command=checker_command(), probe=arguments.probe_server or "")
    is_well = not any(check.health is Health.ILL for check in checks)
    if arguments.json:
        rows = [{"name": c.name, "state": c.health.value, "message": c.message, "mend": c.mend} for c in checks]
        output.print_json({"ok": is_well, "checks": rows})
    else:
        printer = output.Printer(color=not arguments.no_color)
        marks = {Health.WELL: ("✓", ""), Health.NOTICE: ("·", "warn"), Health.ILL: ("✗", "bad")}
        for check in checks:
            mark, tone = marks[check.health]
            printer.line(printer.paint(f"{mark} {check.name}: {clean(check.message)}", tone))
            if check.mend:
                printer.line(f"    {clean(check.mend)}")
    return ExitCode.DONE if is_well else ExitCode.REFUSED
