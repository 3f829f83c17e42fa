"""`reviewtui export`: the audit trail as a file, or on standard output."""

from __future__ import annotations

import argparse
import gc
import os
import stat
import sys
from argparse import Namespace
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from reviewtui.cli.diagnostics import ExitCode
from reviewtui.errors import UsageError
from reviewtui.project import Project
from reviewtui.values import dataclass

# The words of every command are known whenever one is run: what only this one needs is loaded when it is run.
if TYPE_CHECKING:
    from reviewtui.trail import AuditTrail, TrailScope

_MORE = """\
Tells everything that happened, oldest first: candidates, verdicts (counted or not, each with its
reason), overrides, gates and releases as they were judged then, changes of the policy, what was taken
back later, the records of pipelines, data and feedback, and every alarm; each with the ids that it
rests on. The same repository state gives the same bytes, in every clone.

formats:
{formats}
-o FILE is written whole or not at all, and replaces what was there; without --format its ending says
the format. Without -o, or with -o -, the trail goes to standard output.
TIME is a day (2026-11-22: its first second; of --until its last) or RFC 3339 (2026-11-22T18:00:00Z).

exit status: 0 written; 2 usage (an unknown format, model, version or time); 3 the repository cannot
be read, or the file not be written. What is wrong with the repository is in the trail, and no error
of the export: reviewtui verify is what tells by its exit status."""
_EXAMPLES = """\
examples:
  reviewtui export > trail.jsonl
  reviewtui export --format csv -o trail.csv churn
  reviewtui export --since 2026-01-01 --until 2026-12-31 -o 2026.jsonl
  reviewtui export --release churn@1.3.0 | jq -r 'select(.event == "gate") | .findings[] | .reason'
  reviewtui export --schema > trail.schema.json"""


@dataclass(frozen=True, slots=True)
class Format:
    """One form of the trail: what it is for, the ending of its files, its writer; `binary` is no good on a terminal."""

    summary: str
    ending: str
    write: Callable[[AuditTrail, BinaryIO, Project], None]
    binary: bool = False


def _json_lines(trail: AuditTrail, out: BinaryIO, project: Project) -> None:
    from reviewtui.export import json_lines

    json_lines.write(trail, out)


def _csv(trail: AuditTrail, out: BinaryIO, project: Project) -> None:
    from reviewtui.export import csv

    csv.write(trail, out)


def _markdown(trail: AuditTrail, out: BinaryIO, project: Project) -> None:
    from reviewtui.export import markdown
    from reviewtui.release_facts import ReleaseFacts

    markdown.write(trail, out, ReleaseFacts(project.library))


def _html(trail: AuditTrail, out: BinaryIO, project: Project) -> None:
    from reviewtui.export import html
    from reviewtui.release_facts import ReleaseFacts

    html.write(trail, out, ReleaseFacts(project.library))


def _bundle(trail: AuditTrail, out: BinaryIO, project: Project) -> None:
    from reviewtui.export import bundle, html
    from reviewtui.release_facts import ReleaseFacts

    source = bundle.BundleSource(
        project.repository,
        lambda: project.audit_trail(trail.header.scope),
        project.audit_trail,
        lambda told, file: html.write(told, file, ReleaseFacts(project.library)),
        project.signer,
    )
    bundle.write(source, out)


def _intoto(trail: AuditTrail, out: BinaryIO, project: Project) -> None:
    from reviewtui.export import intoto

    intoto.write(trail, out, signer=project.signer)


FORMATS = {
    "jsonl": Format("JSON Lines: exact, for programs; --schema prints its JSON Schema", ".jsonl", _json_lines),
    "csv": Format("a row an event, safe in a spreadsheet; texts are made visible, not kept exact", ".csv", _csv),
    "md": Format("Markdown: a report to read, each release with its decision and its evidence", ".md", _markdown),
    "html": Format("the same with plots, as one file without scripts; print it for a PDF", ".html", _html),
    "intoto": Format("DSSE envelopes: the records, and a SLSA summary of each release", ".intoto.jsonl", _intoto),
    "bundle": Format("all of it with its Git history, signed, and programs to check it", ".tar", _bundle, True),
}
"""{name: form}. The first is what is written where nothing is asked for."""


def add_export(families: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    formats = "\n".join(f"  {name:<8}{each.summary}" for name, each in FORMATS.items())
    parser = families.add_parser(
        "export",
        help="write the audit trail: everything that happened, with what it rests on",
        description=f"Write the audit trail.\n\n{_MORE.format(formats=formats)}",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", nargs="?", metavar="MODEL", help="only this model (the same as --model)")
    parser.add_argument("--format", choices=tuple(FORMATS), metavar="FORMAT", help=f"{', '.join(FORMATS)}")
    parser.add_argument("-o", "--output", metavar="FILE", help="write here instead of to standard output")
    parser.add_argument("--model", dest="only", metavar="MODEL", help="only this model")
    parser.add_argument("--release", metavar="VERSION", help="only this version: its records, its gate, its release")
    parser.add_argument("--since", metavar="TIME", help="nothing from before")
    parser.add_argument("--until", metavar="TIME", help="nothing from after")
    parser.add_argument("--schema", action="store_true", help="print the JSON Schema of the JSON Lines, and end")
    parser.add_argument("--no-color", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.set_defaults(run=export)


def export(arguments: Namespace) -> int:
    """Tell the trail in one form."""
    if arguments.schema:
        from reviewtui.export.json_lines import schema

        sys.stdout.write(schema().decode("utf-8"))
        return ExitCode.DONE
    form = FORMATS[_format(arguments)]
    file = None if arguments.output in (None, "-") else Path(arguments.output)
    if file is None and form.binary and sys.stdout.isatty():
        raise UsageError(f"{_format(arguments)} is no text for a terminal.", hint="Name a file: -o FILE")
    project = Project.open(Path(arguments.directory))
    gc.enable()  # Other commands hold what they read until they end; a trail may be longer than memory.
    try:
        trail = project.audit_trail(_scope(arguments))
        with _standard_output() if file is None else written_whole(file) as out:
            form.write(trail, out, project)
    finally:
        project.repository.close()
    return ExitCode.DONE


def _format(arguments: Namespace) -> str:
    """The format that was asked for, else the one that the file's ending says, else the first."""
    if arguments.format:
        return str(arguments.format)
    name = arguments.output or ""
    fitting = [each for each, form in FORMATS.items() if name.endswith(form.ending)]
    return max(fitting, key=lambda each: len(FORMATS[each].ending), default=next(iter(FORMATS)))


def _scope(arguments: Namespace) -> TrailScope:
    from reviewtui.trail import TrailScope

    if arguments.model and arguments.only and arguments.model != arguments.only:
        raise UsageError(f"Two models are named: {arguments.model} and {arguments.only}.")
    return TrailScope(
        model=arguments.model or arguments.only or "",
        since=arguments.since or "",
        until=arguments.until or "",
        release=arguments.release or "",
    )


@contextmanager
def _standard_output() -> Iterator[BinaryIO]:
    sys.stdout.flush()
    yield sys.stdout.buffer
    sys.stdout.buffer.flush()


@contextmanager
def written_whole(file: Path) -> Iterator[BinaryIO]:
    """A file that stands there, under its name, once all of it was written; until then what was there stays.

    What is no plain file (a pipe, a device) is written to as it is. Raises: UsageError where it cannot be written.
    """
    import tempfile

    target = Path(os.path.realpath(file))
    try:
        if target.exists() and not target.is_file():
            with target.open("wb") as out:
                yield out
            return
        mode = stat.S_IMODE(target.stat().st_mode) if target.exists() else 0o666 & ~_umask()
        descriptor, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}.")
    except OSError as error:
        raise UsageError(f"{file} cannot be written: {error.strerror}.") from error
    try:
        with os.fdopen(descriptor, "wb") as out:
            yield out
            out.flush()
            os.fsync(out.fileno())
        os.chmod(name, mode)
        os.replace(name, target)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask
