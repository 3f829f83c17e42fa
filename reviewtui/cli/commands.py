"""One short function for each command: ask the project, print, and give the exit status."""

from __future__ import annotations

import shlex
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from reviewtui.cli import json_forms, output
from reviewtui.cli.diagnostics import ExitCode, say
from reviewtui.errors import ReleaseRefusedError, UsageError
from reviewtui.project import Project
from reviewtui.settings import DIRECTORY

if TYPE_CHECKING:
    from reviewtui.catalog import ModelVersion


def demo(arguments: Namespace) -> int:
    """Build the sample repository; then open the app on it, or say where it is."""
    from reviewtui.demo import build_demo

    target = Path(arguments.target or "reviewtui-demo")
    say(f"building the sample repository in {target} …")
    directory = build_demo(target)
    if arguments.no_app:
        sys.stdout.write(f"{directory}\n")
        return ExitCode.DONE
    from reviewtui.cli.run import open_app

    status = open_app(directory)
    say(f"The sample repository stays in {directory}. Open it again:")
    say(f"  reviewtui -C {shlex.quote(str(directory))}")
    return status


def init(arguments: Namespace) -> int:
    """Show what would be written, ask, write."""
    from reviewtui.setup import plan_setup

    project = _project(arguments)
    plan = plan_setup(project, force=arguments.force)
    for path, content in plan.files:
        say(f"--- {path}")
        say(content.rstrip("\n"))
    for line in plan.notes:
        say(line)
    commits = arguments.commit and plan.waiting
    question = "Write these files?" if plan.files else "Commit these files?" if commits else "Add this to Git's config?"
    if (plan.files or plan.config or commits) and not _confirmed(arguments, question):
        return ExitCode.INTERRUPTED
    for path in plan.write(project, commit=arguments.commit):
        sys.stdout.write(f"{path}\n")
    say(plan.next_step(committed=arguments.commit))
    return ExitCode.DONE


def list_versions(arguments: Namespace) -> int:
    """List versions with their state."""
    project = _project(arguments)
    statuses = project.overview(arguments.model)
    if arguments.json:
        output.print_json([json_forms.version_json(status) for status in statuses])
        return ExitCode.DONE
    if statuses:
        output.print_versions(_printer(arguments), statuses)
    else:
        say("No model versions were found here. See reviewtui init to say where they are.")
    for passed in project.catalog.passed_over:
        say(f"passed over {passed.ref}: {passed.reason}")
    for problem in project.settings.problems:
        say(f"{problem.path}: {problem.problem}")
    return ExitCode.DONE


def show(arguments: Namespace) -> int:
    """Show one version whole."""
    project = _project(arguments)
    version = project.find(arguments.version)
    status, facts = project.status(version), project.facts(version)
    if arguments.json:
        output.print_json(json_forms.show_json(status, facts))
    else:
        output.print_facts(_printer(arguments), status, facts)
    return ExitCode.DONE


def diff(arguments: Namespace) -> int:
    """Show what changed between two versions."""
    if len(arguments.versions) > 2:
        raise UsageError("diff takes one version, or a base and a version.")
    project = _project(arguments)
    head = project.find(arguments.versions[-1])
    base = project.chosen_base(arguments.versions[0]) if len(arguments.versions) == 2 else project.base_of(head)
    changes, is_settings = project.compare(base.version, head), head.model == DIRECTORY
    if arguments.json:
        settings = json_forms.settings_json(project.text_changes(base.version, head)) if is_settings else {}
        output.print_json(json_forms.diff_json(base, head, changes) | settings)
        return ExitCode.DONE
    printer = _printer(arguments)
    texts = project.text_changes(base.version, head) if arguments.text or is_settings else ()
    if is_settings:
        output.print_sides(printer, base=base, head=head)
        if not texts:
            printer.line("  nothing differs")
    else:
        output.print_diff(printer, base=base, head=head, diff=changes)
    for change in texts:
        printer.line()
        output.print_unified(printer, change.lines)
    return ExitCode.DONE


def reviews(arguments: Namespace) -> int:
    """List every record on a version."""
    project = _project(arguments)
    version = project.find(arguments.version)
    entries = project.reviews(version)
    if arguments.json:
        output.print_json(json_forms.reviews_json(version, entries))
    else:
        output.print_reviews(_printer(arguments), version, entries)
    _remind_of_fetched(project)
    return ExitCode.DONE


def history(arguments: Namespace) -> int:
    """Tell what happened."""
    events = _project(arguments).history(arguments.model)
    if arguments.json:
        output.print_json([json_forms.event_json(event) for event in events])
    elif events:
        output.print_history(_printer(arguments), events)
    else:
        say("Nothing has happened here yet.")
    return ExitCode.DONE


def record_verdict(arguments: Namespace) -> int:
    """Show what will be signed, ask, sign, store."""
    from reviewtui.review import Verdict

    _refuse_without_terminal(arguments)
    project = _project(arguments)
    version = project.find(arguments.version)
    comment = _comment(arguments)
    prepared = project.prepare_review(version, Verdict(arguments.verdict), comment)
    if not arguments.json:
        output.print_exact(prepared.payload)
    for warning in prepared.warnings:
        say(f"note: {warning}")
    say(f"signing with {prepared.signer_description}")
    if not _confirmed(arguments, f"Sign and record this {arguments.verdict}?"):
        return ExitCode.INTERRUPTED
    receipt = project.record_review(prepared)
    if arguments.json:
        output.print_json(
            {
                "id": receipt.id,
                "name": version.name,
                "commit": version.commit,
                "verdict": arguments.verdict,
                "reviewer": prepared.review.reviewer,
                "notes_ref": prepared.notes_ref,
                "notes_commit": receipt.notes_commit,
            }
        )
    say(f"recorded in {prepared.notes_ref}: {receipt.id}")
    say(_after_verdict(project, version))
    return ExitCode.DONE


def gate(arguments: Namespace) -> int:
    """Evaluate the policy."""
    project = _project(arguments)
    version = project.find(arguments.version)
    decision = project.gate(version)
    if arguments.json:
        output.print_json(json_forms.gate_json(version, decision))
    else:
        output.print_decision(_printer(arguments), version, decision, reviewers=_reviewers(project, version))
    _remind_of_fetched(project)
    return ExitCode.DONE if decision.allowed else ExitCode.REFUSED


def release(arguments: Namespace) -> int:
    """Show the tag, ask, sign it; where the gate is closed, say every reason. A release that is there can be pushed."""
    project = _project(arguments)
    version = project.find(arguments.version)
    if arguments.push and project.status(version).state == "released":
        project.sync(arguments.remote)
        project.push_tag(version.ref.removeprefix("refs/tags/"), remote=arguments.remote)
        say(f"pushed {version.ref} to {arguments.remote}")
        return ExitCode.DONE
    _remind_of_fetched(project)
    try:
        prepared = project.prepare_release(version)
        if not arguments.json:
            output.print_exact(prepared.message)
        say(f"signing the tag {prepared.tag} with {prepared.signer_description}")
        if not _confirmed(arguments, f"Make the signed tag {prepared.tag}?"):
            return ExitCode.INTERRUPTED
        tag = project.release(prepared, push=arguments.push, remote=arguments.remote)
    except ReleaseRefusedError as refusal:
        _report_refusal(arguments, refusal, version_name=version.name)
        raise
    if arguments.json:
        output.print_json({"name": version.name, "commit": version.commit, "tag": prepared.tag, "object": tag})
    say(f"released {version.name} as {prepared.tag}")
    if arguments.push:
        say(f"pushed to {arguments.remote}, with the records that it rests on")
    elif project.repository.remotes():
        say(f"it is in this clone alone; reviewtui release {shlex.quote(version.name)} --push sends it")
    return ExitCode.DONE


def _report_refusal(arguments: Namespace, refusal: ReleaseRefusedError, *, version_name: str) -> None:
    """Print the decision behind a refusal, so that every reason is seen."""
    decision = refusal.decision
    if decision is None:
        return
    project = _project(arguments)
    version = project.find(version_name)
    if arguments.json:
        output.print_json(json_forms.gate_json(version, decision))
    else:
        output.print_decision(_printer(arguments), version, decision, reviewers=_reviewers(project, version))


def _remind_of_fetched(project: Project) -> None:
    """Records that were fetched and not united may hold a veto, or the approval that is waited for."""
    for remote in project.fetched_apart():
        sync = f"reviewtui sync {shlex.quote(remote)}"
        say(f"note: git fetch brought records of {remote} that do not count yet; {sync} unites them")


def _after_verdict(project: Project, version: ModelVersion) -> str:
    """Where the version stands now, and how others get to know it."""
    status = project.status(version)
    needed = f", {status.approvals} of {status.required} approvals" if status.required else ""
    sends = "; the record is in this clone alone until reviewtui sync" if project.repository.remotes() else ""
    return f"{version.name} is {status.state}{needed}{sends}"


def _reviewers(project: Project, version: ModelVersion) -> dict[str, str]:
    """Who made each record of a version, by the record's id."""
    return {entry.id: entry.reviewer for entry in project.reviews(version)}


def _project(arguments: Namespace) -> Project:
    return Project.open(Path(arguments.directory))


def _printer(arguments: Namespace) -> output.Printer:
    return output.Printer(color=not arguments.no_color)


def _comment(arguments: Namespace) -> str:
    if arguments.message is not None:
        return str(arguments.message)
    if not sys.stdin.isatty():
        if arguments.verdict in ("approve", "withdraw"):
            return ""
        raise UsageError(f"{arguments.verdict} needs a comment.", hint='Give it with -m "why".')
    return _ask("Comment: ")


def _confirmed(arguments: Namespace, question: str) -> bool:
    if arguments.yes:
        return True
    _refuse_without_terminal(arguments)
    return _ask(f"{question} [y/N] ").strip().lower() in ("y", "yes")


def _refuse_without_terminal(arguments: Namespace) -> None:
    if not arguments.yes and not sys.stdin.isatty():
        raise UsageError("There is no terminal to ask on.", hint="Add --yes to go ahead without asking.")


def _ask(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    return sys.stdin.readline().rstrip("\n")
