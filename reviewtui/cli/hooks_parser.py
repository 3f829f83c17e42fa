"""The words of `reviewtui hooks`."""

from __future__ import annotations

import argparse
from collections.abc import Callable

_SERVER_HELP = "a repository that is pushed to, on the machine that serves it (plain Git, gitolite, GitLab, Gitea)"
_MORE = """\
In a clone the hooks warn before a push that the server would refuse; --strict also looks at every tag
that is made here. They stand beside your own hooks. On a server, --server DIR, the hook judges every
push: no release tag without its approvals, no record lost, no policy changed unreviewed."""


def add_hooks(families: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command and its own commands."""
    hooks = families.add_parser(
        "hooks",
        help="install the checks into Git's hooks, in a clone or on a server",
        description=f"Install the checks into Git's hooks.\n\n{_MORE}",
        epilog="examples:\n  reviewtui hooks install --strict\n  reviewtui hooks install --server /srv/git/models.git\n"
        "  reviewtui hooks server-file -o pre-receive",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    kinds = hooks.add_subparsers(title="commands", metavar="COMMAND", required=True)
    install = _add(kinds, "install", "put them in; to do so twice changes nothing")
    _server(install)
    install.add_argument("--strict", action="store_true", help="in a clone: also refuse unapproved tags at once")
    _server(_add(kinds, "uninstall", "take them out; your own hooks are as they were, byte for byte"))
    status = _add(kinds, "status", "say which are there; exit status 1 where pre-push, or pre-receive, is not")
    _server(status)
    status.add_argument("--json", action="store_true", help="print JSON")
    single = _add(kinds, "server-file", "write one file that is the whole hook, for a server without Python packages")
    single.add_argument("-o", "--output", metavar="FILE", required=True, help="where to write it")


def _add(
    kinds: argparse._SubParsersAction[argparse.ArgumentParser], name: str, summary: str
) -> argparse.ArgumentParser:
    parser = kinds.add_parser(name, help=summary, description=f"{summary[0].upper()}{summary[1:]}.")
    parser.set_defaults(run=_deferred(name.replace("-", "_")))
    return parser


def _server(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--server", metavar="DIR", help=_SERVER_HELP)


def _deferred(name: str) -> Callable[[argparse.Namespace], int]:
    """A command that is loaded when it is run."""

    def run(arguments: argparse.Namespace) -> int:
        from reviewtui.cli import hooks

        return int(getattr(hooks, name)(arguments))

    return run
