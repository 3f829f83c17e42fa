"""The commands for leads: blame, search, releases, stats; their words, tables and JSON."""

from __future__ import annotations

import argparse
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from reviewtui.cli.output import Printer
    from reviewtui.lineage import FoundVersion, KeyChange
    from reviewtui.project import Project
    from reviewtui.review_load import ReleaseRow, ReviewLoad, Spread

_Families: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

_BLAME = """\
Every version that gave KEY another value than the release before it has: from what to what, by whom, and
on whose approval. KEY is a config key or a metric, whole or its last parts; config.KEY and metrics.KEY
say which."""
_SEARCH = """\
EXPRESSION compares keys of config and metrics (whole, or their last parts) with < <= > >= = != in, joined
by and, or, not and parentheses. A key with other signs than letters, digits, _ and . stands in quotes.
version.state, .kind, .author, .created, .stage and .approvals ask for the version itself."""
_RELEASES = """\
Which version was released when, on whose word, and how long it took from its commit. With --as-of: as it
was then; the release of each model that was in force is marked. Times are what the tags claim."""
_STATS = """\
For each model: versions, releases, how long a release took from its commit, how long a version waited for
its first verdict, who reviewed how much, what waits now."""
_CELL = 40


def add_leads(families: _Families) -> None:
    """Add the commands."""
    one = _add(families, "blame", "say which version changed a config key or a metric, and who approved it", _BLAME,
               ("blame churn learning_rate", "blame churn metrics.roc_auc --json"), blame)  # fmt: skip
    one.usage = "reviewtui blame [-h] [--json] [MODEL] KEY"
    one.add_argument("words", nargs="+", metavar="[MODEL] KEY", help="MODEL may be left out where there is only one")
    two = _add(families, "search", "find versions by their config, metrics and state", _SEARCH,
               ("search 'accuracy>0.9 and lr<1e-3'", "search 'version.state = released and \"eval/f1\" > 0.8' churn"),
               search)  # fmt: skip
    two.add_argument("expression", metavar="EXPRESSION")
    two.add_argument("model", nargs="?", metavar="MODEL")
    three = _add(families, "releases", "say which version was released when, and which was in force", _RELEASES,
                 ("releases", "releases churn --as-of 2026-05-01"), releases)  # fmt: skip
    three.add_argument("model", nargs="?", metavar="MODEL")
    three.add_argument(
        "--as-of", metavar="DATE", help="2026-05-01 (its end), or a time with its zone, 2026-05-01T12:00:00Z"
    )
    four = _add(families, "stats", "say how long reviews and releases take, and who reviews how much", _STATS,
                ("stats", "stats churn --json"), stats)  # fmt: skip
    four.add_argument("model", nargs="?", metavar="MODEL")


def _add(
    families: _Families,
    name: str,
    summary: str,
    more: str,
    examples: tuple[str, ...],
    run: Callable[[Namespace], int],
) -> argparse.ArgumentParser:
    parser = families.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n\n{more}",
        epilog="examples:\n" + "\n".join(f"  reviewtui {example}" for example in examples),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--no-color", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)
    return parser


def blame(arguments: Namespace) -> int:
    """Say which versions changed a key."""
    from reviewtui.cli.output import print_json
    from reviewtui.lineage import blame as find_changes

    project = _project(arguments)
    changes = find_changes(project, _model(project, arguments.words), arguments.words[-1])
    if arguments.json:
        print_json([_change_json(change) for change in changes])
    else:
        _print_changes(_printer(arguments), changes)
    return 0


def _model(project: Project, words: list[str]) -> str:
    """The model that is named, or the only one. Raises: UsageError."""
    from reviewtui.errors import UsageError

    if len(words) > 2:
        raise UsageError("blame takes a model and a key.")
    models = project.catalog.models
    if len(words) == 2:
        return words[0]
    if len(models) != 1:
        known = f" There are: {', '.join(models[:8])}." if models else ""
        raise UsageError(f"Which model's {words[0]}?{known}", hint=f"reviewtui blame MODEL {words[0]}")
    return models[0]


def search(arguments: Namespace) -> int:
    """Find versions."""
    from reviewtui.cli.diagnostics import say
    from reviewtui.cli.output import print_json
    from reviewtui.lineage import search as find

    found = find(_project(arguments), arguments.expression, arguments.model)
    if arguments.json:
        print_json([_found_json(each) for each in found])
    elif found:
        _print_found(_printer(arguments), found)
    else:
        say("No version meets this.")
    return 0


def releases(arguments: Namespace) -> int:
    """Say which version was released when."""
    from reviewtui.cli.diagnostics import say
    from reviewtui.cli.output import print_json
    from reviewtui.review_load import releases_as_of
    from reviewtui.trail import time_bound

    moment = time_bound(arguments.as_of or "", "23:59:59")
    rows = releases_as_of(_project(arguments).history(arguments.model), moment)
    if arguments.json:
        print_json([_release_json(row) for row in rows])
    elif rows:
        _print_releases(_printer(arguments), rows)
    else:
        say(f"Nothing was released by {arguments.as_of}." if moment else "Nothing was released yet.")
    return 0


def stats(arguments: Namespace) -> int:
    """Say how long reviews take."""
    from reviewtui.cli.diagnostics import say
    from reviewtui.cli.output import print_json
    from reviewtui.review_load import review_load

    project = _project(arguments)
    loads = review_load(project.overview(arguments.model), project.history(arguments.model))
    if arguments.json:
        print_json([_load_json(load) for load in loads])
    elif loads:
        for load in loads:
            _print_load(_printer(arguments), load)
    else:
        say("No model versions were found here.")
    return 0


def _project(arguments: Namespace) -> Project:
    from reviewtui.project import Project

    return Project.open(Path(arguments.directory))


def _printer(arguments: Namespace) -> Printer:
    from reviewtui.cli.output import Printer

    return Printer(color=not arguments.no_color)


def _change_json(change: KeyChange) -> dict[str, Any]:
    from reviewtui.cli.json_forms import version_json

    return {
        **version_json(change.status),
        "base": change.base.name if change.base else None,
        "category": change.category,
        "key": change.key,
        "change": change.kind,
        "before": change.before[0] if change.before else None,
        "after": change.after[0] if change.after else None,
        "author": change.author,
        "at": _at(change),
        "approved_by": list(change.approved_by),
    }


def _at(change: KeyChange) -> str:
    from reviewtui.history import time_text

    return time_text(change.status.version.created)


def _found_json(found: FoundVersion) -> dict[str, Any]:
    from reviewtui.cli.json_forms import version_json

    return {**version_json(found.status), "matched": dict(found.matched)}


def _release_json(row: ReleaseRow) -> dict[str, Any]:
    event = row.event
    return {
        "at": event.at,
        "name": event.name,
        "model": event.model,
        "state": event.event,
        "actor": event.actor,
        "commit": event.commit,
        "ref": event.ref,
        "approved_by": list(event.approved_by),
        "lead_seconds": event.lead,
        "in_force": row.in_force,
        "stages": list(row.stages),
        "taken_back": row.gone or None,
    }


def _load_json(load: ReviewLoad) -> dict[str, Any]:
    return {
        "model": load.model,
        "versions": load.versions,
        "releases": load.releases,
        "unreviewed_releases": load.unreviewed_releases,
        "rejected_versions": load.rejected_versions,
        "lead_seconds": _spread_json(load.lead),
        "first_verdict_seconds": _spread_json(load.first_verdict),
        "reviewers": [{"reviewer": person, **dict(counts)} for person, counts in load.reviewers],
        "waiting": list(load.waiting),
    }


def _spread_json(spread: Spread) -> dict[str, Any]:
    return {"count": spread.count, "median": spread.median, "longest": spread.longest}


def _print_changes(printer: Printer, changes: tuple[KeyChange, ...]) -> None:
    from reviewtui.display import clean, shorten, value_text

    rows, styles = [["VERSION", "STATE", "WHEN (UTC)", "AUTHOR", "KEY", "BEFORE", "", "AFTER", "APPROVED BY"]], ["dim"]
    for change in changes:
        version = change.status.version
        before, after = (shorten(value_text(side[0]), _CELL) if side else "—" for side in (change.before, change.after))
        rows.append(
            [
                clean(version.name), change.status.state, _at(change)[:16].replace("T", " "), clean(change.author),
                clean(change.key), before, "→", after, clean(", ".join(change.approved_by)),
            ]
        )  # fmt: skip
        styles.append("")
    if changes:
        printer.table(rows, styles=styles)
    else:
        printer.line("No version changed it.")


def _print_found(printer: Printer, found: tuple[FoundVersion, ...]) -> None:
    from reviewtui.display import STATE_MARKS, clean, shorten, value_text

    rows, styles = [["", "VERSION", "KIND", "STATE", "FOUND"]], ["dim"]
    for each in found:
        version, state = each.status.version, each.status.state
        words = "  ".join(f"{clean(key)}={shorten(value_text(value), _CELL)}" for key, value in each.matched)
        rows.append([STATE_MARKS[state], clean(version.name), version.kind.value, state, words])
        styles.append("")
    printer.table(rows, styles=styles)


def _print_releases(printer: Printer, rows: tuple[ReleaseRow, ...]) -> None:
    from reviewtui.display import clean, span_text

    table = [["", "VERSION", "WHEN (UTC)", "BY", "TOOK", "APPROVED BY", ""]]
    styles = ["dim"]
    for row in rows:
        event = row.event
        words = [*(f"#{stage}" for stage in row.stages), *([row.gone] if row.gone else [])]
        words += ["in force"] if row.in_force else []
        words += ["unreviewed"] if event.event != "released" else []
        table.append(
            [
                "●" if row.in_force else "", clean(event.name), clean(event.at[:16].replace("T", " ")),
                clean(event.actor), span_text(event.lead), clean(", ".join(event.approved_by)),
                clean(" · ".join(words)),
            ]
        )  # fmt: skip
        styles.append("good" if row.in_force and event.event == "released" else "dim" if row.gone else "")
    printer.table(table, styles=styles)


def _print_load(printer: Printer, load: ReviewLoad) -> None:
    from reviewtui.display import clean, plural

    printer.line(printer.paint(clean(load.model), "bold"))
    unreviewed = f", {load.unreviewed_releases} without a review" if load.unreviewed_releases else ""
    released = plural(load.releases + load.unreviewed_releases, "release")
    rows = [
        ["versions", f"{load.versions}, {released}{unreviewed}; {load.rejected_versions} were rejected at some time"],
        ["commit to release", _spread_text(load.lead)],
        ["commit to first verdict", _spread_text(load.first_verdict)],
        ["waiting", clean(", ".join(load.waiting)) or "nothing"],
    ]
    for person, counts in load.reviewers:
        rows.append([clean(person), ", ".join(f"{count} {verdict}" for verdict, count in counts)])
    printer.table(rows, indent="  ")


def _spread_text(spread: Spread) -> str:
    from reviewtui.display import span_text

    if not spread.count:
        return "not known"
    return f"{span_text(spread.median)} in the median, {span_text(spread.longest)} at most (of {spread.count})"
