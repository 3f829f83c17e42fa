"""The command that compares many versions: its words, its table and its JSON."""

from __future__ import annotations

import argparse
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from reviewtui.cli.output import Printer
    from reviewtui.comparison import Comparison, Row

_CELL_WIDTH = 40
_MORE = """\
The first version is the base. Only what differs is shown, unless --all. Where it is known whether higher
or lower is better, the best and the worst number of a metric are marked."""


def add_compare(families: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    summary = "compare many versions side by side: config, metrics, data, state"
    parser = families.add_parser(
        "compare",
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n\n{_MORE}",
        epilog="examples:\n  reviewtui compare churn@1.2.0 churn@1.3.0 churn@1.4.0\n"
        "  reviewtui compare churn@1.2.0 churn@1.4.0 --sort roc_auc --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("versions", nargs="+", metavar="VERSION", help="two or more; the first one is the base")
    parser.add_argument("--all", action="store_true", help="also what is the same in all of them")
    parser.add_argument("--deltas", action="store_true", help="numbers as differences from the base")
    parser.add_argument("--sort", metavar="METRIC", help="the versions after the base by a metric, the best first")
    parser.add_argument("--no-color", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=compare)


def compare(arguments: Namespace) -> int:
    """Show many versions side by side."""
    from reviewtui.cli import output
    from reviewtui.cli.diagnostics import ExitCode
    from reviewtui.comparison import LEAST
    from reviewtui.errors import UsageError
    from reviewtui.project import Project

    if len(arguments.versions) < LEAST:
        raise UsageError("compare takes two or more versions.", hint="The first one is the base.")
    project = Project.open(Path(arguments.directory))
    comparison = project.compare_many([project.find(name) for name in arguments.versions])
    if arguments.sort:
        comparison = comparison.sorted_by(_row_named(comparison, arguments.sort))
    rows = comparison.rows if arguments.all else comparison.differing()
    if arguments.json:
        output.print_json(comparison_json(comparison, rows))
    else:
        printer = output.Printer(color=not arguments.no_color)
        print_comparison(printer, comparison, rows, deltas=arguments.deltas)
    return ExitCode.DONE


def _row_named(comparison: Comparison, key: str) -> Row:
    from reviewtui.errors import UsageError

    metrics = [row for row in comparison.rows if row.category == "metrics"]
    found = next((row for row in metrics if key in (row.key, f"{row.file}:{row.key}")), None)
    if found is None:
        known = ", ".join(row.key for row in metrics[:8])
        raise UsageError(f"No version has a metric {key!r}.", hint=f"There are: {known}." if known else "")
    return found


def comparison_json(comparison: Comparison, rows: tuple[Row, ...]) -> dict[str, Any]:
    """The whole of `compare`: `values` has null where a version lacks the key, and `missing` says which do."""
    from reviewtui.cli.json_forms import version_json
    from reviewtui.comparison import MISSING

    return {
        "base": comparison.versions[0].version.name,
        "versions": [version_json(each.status) for each in comparison.versions],
        "rows": [
            {
                "category": row.category,
                "key": row.key,
                "file": row.file or None,
                "differs": row.differs,
                "values": [_cell_json(cell) for cell in row.cells],
                "missing": [column for column, cell in enumerate(row.cells) if cell is MISSING],
                "deltas": [_delta_json(row, column) for column in range(len(row.cells))],
                "direction": row.direction or None,
                "best": sorted(row.best),
                "worst": sorted(row.worst),
            }
            for row in rows
        ],
        "unchanged": comparison.unchanged(),
    }


def _cell_json(cell: Any) -> Any:
    from reviewtui.comparison import MISSING
    from reviewtui.facts.model import DataFact

    if cell is MISSING:
        return None
    if isinstance(cell, DataFact):
        digest = cell.digest
        return {
            "algorithm": digest.algorithm if digest else None,
            "digest": digest.value if digest else None,
            "size": cell.size,
        }
    return cell


def _delta_json(row: Row, column: int) -> float | int | None:
    delta, _ = row.delta(column)
    if delta is None:
        return None
    return int(delta) if delta == delta.to_integral_value() and abs(delta) < 2**53 else float(delta)


def print_comparison(printer: Printer, comparison: Comparison, rows: tuple[Row, ...], *, deltas: bool) -> None:
    """The text of `compare`: a table for each category, a column for each version."""
    from reviewtui.comparison import CATEGORIES, cell_words
    from reviewtui.display import clean, plural, shorten

    names = [clean(each.version.name) for each in comparison.versions]
    for category in CATEGORIES:
        chosen = [row for row in rows if row.category == category]
        if not chosen:
            continue
        table = [[category.upper(), *(f"{name} (base)" if i == 0 else name for i, name in enumerate(names))]]
        for row in chosen:
            arrow = {"higher": " ↑", "lower": " ↓"}.get(row.direction, "")
            words = [cell_words(row, column, deltas=deltas) for column in range(len(row.cells))]
            cells = (f"{shorten(value, _CELL_WIDTH)} {standing}".rstrip() for value, standing in words)
            table.append([clean(row.key) + arrow, *cells])
        printer.table(table, styles=["bold", *("" for _ in chosen)])
        printer.line()
    hidden = len(comparison.rows) - len(rows)
    if hidden:
        printer.line(printer.paint(f"{plural(hidden, 'row')} the same in all versions (--all shows them).", "dim"))
    elif not rows:
        printer.line("Nothing differs.")
