"""The words of sync, verify, doctor and policy check."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TypeAlias

_Families: TypeAlias = "argparse._SubParsersAction[argparse.ArgumentParser]"

_SYNC = """\
Fetches the review notes of a remote, unites them line by line with the ones here, and pushes them; never
by force, and as often as it takes while others push too. Nobody's record is lost: what a remote has had
once and has no longer is said, and is put back. Exit status 1 where that happened."""
_VERIFY = """\
Judges every release again, by the policy that its tag names and the keys that were trusted under it;
every record; and whether anything was ever taken from the notes, or a release tag moved. What happened
after a release (an approval withdrawn, a key revoked) is said and does not undo it.
With --require-fresh the remote is asked whether it has more than what is here, or less than it had;
with an AGE (24h, 90m, 7d) the newest checkpoint must not be older, too: only that finds out a remote
that hides the same from everybody.
Exit status 0: nothing is wrong; 1: something is, and it is named."""
_CHECKPOINT = """\
A checkpoint is a signed comment that names where the trusted branch, the notes and the release tags
stand now. From then on verify notices, in any clone, when one of them is shown as it was before, and
what stands in it was there by then. It is recorded on VERSION (left out: the newest release); sync
sends it. Exit status 1: verify finds something wrong, and nothing was signed."""
_DOCTOR = """\
Looks at Git, your identity and signing key, the settings, the notes and the hooks, and gives the one
command that mends each gap. Exit status 0: all is well; 1: it is not."""
_CHECK = """\
FILE left out: the policy in the working tree, else the trusted branch's. Says what is wrong with file,
line and key, what is dangerous or can never be met, and which versions would be judged otherwise if it
were in force. Exit status 0: it can be used; 1: it has a rule that cannot be met; 2: it cannot be read."""


def add_integrity(families: _Families) -> None:
    """Add the commands."""
    sync = _add(families, "sync", "unite the review notes with a remote's, and lose nobody's record", _SYNC)
    sync.add_argument("remote", nargs="?", metavar="REMOTE", default="origin", help="default: origin")
    verify = _add(families, "verify", "verify releases, records and the history of the notes again", _VERIFY)
    verify.add_argument("version", nargs="?", metavar="VERSION", help="only this release and its records")
    verify.add_argument(
        "--require-fresh", metavar="AGE", nargs="?", const="",
        help="compare with the remote; with AGE, a checkpoint must not be older",
    )  # fmt: skip
    verify.add_argument("--remote", metavar="REMOTE", default="origin", help="whom to ask (default: origin)")
    checkpoint = _add(families, "checkpoint", "sign where branch, notes and release tags stand now", _CHECKPOINT)
    checkpoint.add_argument("version", nargs="?", metavar="VERSION", help="what to record it on")
    checkpoint.add_argument("--yes", action="store_true", help="do not ask")
    doctor = _add(families, "doctor", "say what is not set up, and the one command that mends it", _DOCTOR)
    doctor.add_argument(
        "--probe-server", metavar="REMOTE", nargs="?", const="origin",
        help="push a scratch ref that an enforcing server refuses (default: origin)",
    )  # fmt: skip
    policy = families.add_parser(
        "policy",
        help="check a policy, and say what it would change",
        description="Check a policy, and say what it would change.",
        epilog="examples:\n  reviewtui policy check\n  reviewtui policy check new-policy.yaml --json",
    )
    kinds = policy.add_subparsers(title="commands", metavar="COMMAND", required=True)
    check = _add(kinds, "check", "validate a policy; say what would change if it were in force", _CHECK, "policy ")
    check.add_argument("file", nargs="?", metavar="FILE")


def _add(families: _Families, name: str, summary: str, more: str, family: str = "") -> argparse.ArgumentParser:
    parser = families.add_parser(
        name,
        help=summary,
        description=f"{summary[0].upper()}{summary[1:]}.\n\n{more}",
        epilog=f"examples:\n  reviewtui {family}{name}\n  reviewtui {family}{name} --json",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--no-color", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=_deferred(f"{family}{name}".replace(" ", "_")))
    return parser


def _deferred(name: str) -> Callable[[argparse.Namespace], int]:
    """A command that is loaded when it is run."""

    def run(arguments: argparse.Namespace) -> int:
        from reviewtui.cli import integrity

        return int(getattr(integrity, name)(arguments))

    return run
