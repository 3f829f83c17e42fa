"""The words of every command, and the help that is shown for it."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from reviewtui import __version__
from reviewtui.cli import commands
from reviewtui.cli.comparing import add_compare
from reviewtui.cli.completion import add_completion
from reviewtui.cli.exporting import add_export
from reviewtui.cli.hooks_parser import add_hooks
from reviewtui.cli.integrity_parser import add_integrity
from reviewtui.cli.leads import add_leads

_EPILOG = """\
VERSION is MODEL@VERSION (churn@1.4.0, the v is optional), a branch, a tag, or a commit;
MODEL@ may be left out in a repository with one model.

exit status: 0 done, 1 refused (policy, verification), 2 usage or settings, 3 repository,
4 signing, 130 interrupted.

without a command the app opens. Try: reviewtui demo
"""


def build_parser() -> argparse.ArgumentParser:
    """The parser of the whole command line; each command leaves its function in `run`."""
    parser = argparse.ArgumentParser(
        prog="reviewtui",
        description="Signed review and gated release of ML model versions, in Git alone.",
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "-C", dest="directory", metavar="DIR", default=".", help="the repository (default: this folder)"
    )
    parser.add_argument("-V", "--version", action="version", version=f"reviewtui {__version__}")
    parser.add_argument("--no-color", action="store_true", help="no colours (NO_COLOR does the same)")
    parser.set_defaults(run=None)
    families = parser.add_subparsers(title="commands", metavar="COMMAND", required=False)
    _add_setup(families)
    _add_shows(families)
    add_compare(families)
    _add_verdicts(families)
    _add_gate(families)
    add_leads(families)
    add_integrity(families)
    add_export(families)
    add_hooks(families)
    add_completion(families)
    return parser


def _command(
    families: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    run: Callable[[argparse.Namespace], int],
    summary: str,
    *,
    more: str = "",
    examples: tuple[str, ...] = (),
    shows: bool = True,
) -> argparse.ArgumentParser:
    epilog = "examples:\n" + "\n".join(f"  reviewtui {example}" for example in examples) if examples else None
    parser = families.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.{' ' if more else ''}{more}",
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--no-color", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    if shows:
        parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)
    return parser


def _add_setup(families: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    demo = _command(
        families,
        "demo",
        commands.demo,
        "build a sample repository and open the app on it",
        more="Two models, their history, reviewers with throw-away keys, a policy.\nNothing outside DIR is touched.",
        examples=("demo", "demo /tmp/models --no-app"),
        shows=False,
    )
    demo.add_argument("target", nargs="?", metavar="DIR", help="an empty or new folder (default: ./reviewtui-demo)")
    demo.add_argument("--no-app", action="store_true", help="build it, print where, and do not open the app")
    init = _command(
        families,
        "init",
        commands.init,
        "write .reviewtui/ from what is found here, and your own signing key",
        more="Shows every file and setting\nbefore it writes. The files are in force once the trusted branch has them.",
        examples=("init", "init --yes --commit"),
        shows=False,
    )
    init.add_argument("--yes", action="store_true", help="do not ask")
    init.add_argument("--commit", action="store_true", help="commit the files to the branch that is checked out")
    init.add_argument("--force", action="store_true", help="replace files that are there already")


def _add_shows(families: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    listing = _command(
        families,
        "list",
        commands.list_versions,
        "list the versions of every model, with their state",
        examples=("list", "list churn --json"),
    )
    listing.add_argument("model", nargs="?", metavar="MODEL", help="only the versions of this model")
    show = _command(
        families,
        "show",
        commands.show,
        "show one version whole: config, metrics, data, environment, problems",
        examples=("show churn@1.4.0", "show --json v2.0.3"),
    )
    show.add_argument("version", metavar="VERSION")
    diff = _command(
        families,
        "diff",
        commands.diff,
        "show what changed between two versions",
        more="BASE left out: the latest release before VERSION.",
        examples=("diff churn@1.4.0", "diff churn@1.2.0 churn@1.4.0 --json"),
    )
    diff.usage = "reviewtui diff [-h] [--json] [--text] [BASE] VERSION"
    diff.add_argument("versions", nargs="+", metavar="[BASE] VERSION", help="one version, or a base and a version")
    diff.add_argument("--text", action="store_true", help="the files' own text, as git diff shows it, too")
    history = _command(
        families,
        "history",
        commands.history,
        "tell what happened, when, and by whom",
        more="Candidates, verdicts (counted or not,\neach with its reason), releases, stages, policies; newest first.",
        examples=("history", "history churn --json"),
    )
    history.add_argument("model", nargs="?", metavar="MODEL")
    reviews = _command(
        families,
        "reviews",
        commands.reviews,
        "list every record on a version, counted or not, each with its reason",
        examples=("reviews churn@1.4.0",),
    )
    reviews.add_argument("version", metavar="VERSION")


_VERDICTS = (
    ("approve", "approve a version with a signed record"),
    ("reject", "reject a version with a signed record, which blocks its release"),
    ("comment", "comment on a version with a signed record, without a verdict"),
    ("withdraw", "withdraw your own verdict with a signed record"),
    ("override", "override what the policy lacks, in an emergency, with a signed record that expires"),
)


_MESSAGES = dict.fromkeys(("approve", "withdraw"), "the comment; it is part of what is signed")
_NEED_WORDS = ("reject", "comment", "override")
_MESSAGES |= dict.fromkeys(_NEED_WORDS, "the comment, which is needed here; it is part of what is signed")


def _add_verdicts(families: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    for name, summary in _VERDICTS:
        verdict = _command(
            families,
            name,
            commands.record_verdict,
            summary,
            more="Prints exactly what is signed,\nasks, signs with your Git signing key, and stores a note.",
            examples=(f'{name} churn@1.4.0 -m "why"',),
        )
        verdict.add_argument("version", metavar="VERSION")
        verdict.add_argument("-m", "--message", metavar="TEXT", help=_MESSAGES[name])
        verdict.add_argument("--yes", action="store_true", help="do not ask")
        verdict.set_defaults(verdict=name)


def _add_gate(families: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    gate = _command(
        families,
        "gate",
        commands.gate,
        "evaluate the policy for a version",
        more="Exit status 0: a release is allowed; 1: it is not.",
        examples=("gate churn@1.4.0", "gate churn@1.4.0 --json"),
    )
    gate.add_argument("version", metavar="VERSION")
    release = _command(
        families,
        "release",
        commands.release,
        "make the signed release tag, if the gate allows it",
        more="Shows the tag before it is signed.",
        examples=("release churn@1.4.0", "release churn@1.4.0 --push --yes"),
    )
    release.add_argument("version", metavar="VERSION")
    release.add_argument("--push", action="store_true", help="push the tag and the review notes afterwards")
    release.add_argument("--remote", default="origin", metavar="NAME", help="where to push (default: origin)")
    release.add_argument("--yes", action="store_true", help="do not ask")
