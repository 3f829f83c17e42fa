"""reviewtui hooks: put the checks in, take them out, say what is there; and the file for a server without packages."""

from __future__ import annotations

import sys
import sysconfig
from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path

import reviewtui
from reviewtui.cli import output
from reviewtui.cli.diagnostics import ExitCode, say
from reviewtui.errors import GitError, UsageError
from reviewtui.git.hooks import Hook, HookState, ServerKind, local_hooks, server_hook
from reviewtui.git.repository import Repository

_ENTRY = "import sys; sys.path.insert(0, sys.argv[1]); from reviewtui.cli.hook_entry import run_hook; "
_ENTRY += "sys.exit(run_hook(sys.argv[2:]))"
_ADVICE = {
    ServerKind.GITOLITE: "gitolite: the hook stands in this repository alone; install it in each that needs it.",
    ServerKind.GITLAB: "GitLab: custom hooks run on each Gitaly node; install it on all of them.",
}


def install(arguments: Namespace) -> int:
    """Install the local hooks, or a server's."""
    repository = Repository.open(Path(arguments.server or arguments.directory))
    command = checker_command()
    if arguments.server:
        if arguments.strict:
            raise UsageError("--strict is for a clone; a server's hook is always strict.")
        hook, kind = server_hook(repository, command=command)
        hooks: tuple[Hook, ...] = (hook,)
        _pin_trusted_branch(repository)
        say(f"{kind.value}: every push is judged by {hook.file}")
        if kind in _ADVICE:
            say(_ADVICE[kind])
    else:
        hooks = local_hooks(repository, command=command, strict=arguments.strict)
        say("These hooks warn early, and can be passed by; a server's cannot: reviewtui hooks install --server DIR")
    for hook in hooks:
        done = "installed" if hook.install() else "was there already"
        sys.stdout.write(f"{hook.file}: {done}\n")
    if arguments.server:
        from reviewtui.enforcement.record_source import make_index

        make_index(repository)
    return ExitCode.DONE


def uninstall(arguments: Namespace) -> int:
    """Take every hook of ours out again."""
    hooks = _hooks(arguments)
    removed = [hook for hook in hooks if hook.uninstall()]
    for hook in removed:
        sys.stdout.write(f"{hook.file}: taken out\n")
    if not removed:
        say("No hook of reviewtui is installed here.")
    return ExitCode.DONE


def status(arguments: Namespace) -> int:
    """Say which hooks are there. Exit status 1 where the one that matters is not."""
    hooks = _hooks(arguments)
    states = [(hook, hook.state()) for hook in hooks]
    if arguments.json:
        output.print_json([{"hook": hook.name, "file": str(hook.file), "state": state.value} for hook, state in states])
    else:
        for hook, state in states:
            sys.stdout.write(f"{hook.name}: {state.value} ({hook.file})\n")
    return ExitCode.DONE if states[0][1] is HookState.INSTALLED else ExitCode.REFUSED


def server_file(arguments: Namespace) -> int:
    """Write the one file that is a whole server hook."""
    from reviewtui.enforcement.server_file import build_server_file

    target = Path(arguments.output)
    content = build_server_file()
    try:
        target.write_bytes(content)
        target.chmod(0o755)
    except OSError as error:
        raise GitError(f"{target} could not be written: {error.strerror}.") from error
    sys.stdout.write(f"{target}\n")
    say(f"Copy it to the server as hooks/pre-receive of each repository, executable ({len(content) // 1024} KiB).")
    say("It needs Python 3.11, git and ssh-keygen there, and nothing else.")
    return ExitCode.DONE


def checker_command() -> tuple[str, ...]:
    """The words that start this very reviewtui from a hook, whatever the environment there is."""
    python = (sys.executable, "-I")
    home = Path(reviewtui.__file__).resolve().parent.parent
    packages = {Path(sysconfig.get_path(kind)).resolve() for kind in ("purelib", "platlib")}
    if home in packages:
        return (*python, "-m", "reviewtui", "hook")
    return (*python, "-c", _ENTRY, str(home))


def _hooks(arguments: Namespace) -> Sequence[Hook]:
    repository = Repository.open(Path(arguments.server or arguments.directory))
    if arguments.server:
        return (server_hook(repository, command=checker_command())[0],)
    return local_hooks(repository, command=checker_command(), strict=True)


def _pin_trusted_branch(repository: Repository) -> None:
    """Write down which branch is trusted in the repository's own configuration, which goes before that of whoever
    pushes through an account on the server; so no push can make it another one."""
    if repository.git.run("config", "--local", "--get", "reviewtui.trustedBranch", ok=(0, 1)).strip():
        return
    trusted = repository.trusted_branch()
    name = trusted.name if trusted is not None else repository.head_branch()
    if name is None:
        raise UsageError("Which branch holds the settings?", hint="git config reviewtui.trustedBranch main")
    repository.git.run("config", "reviewtui.trustedBranch", name)
    say(f"trusted branch: {name} (git config reviewtui.trustedBranch)")
