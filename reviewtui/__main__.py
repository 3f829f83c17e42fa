"""The entry point: no command opens the app; everything else is a command, which never loads Textual."""

from __future__ import annotations

import sys


def main(argv: list[str] | None = None) -> int:
    """Run reviewtui with the given words (default: the process's own) and return its exit status."""
    words = sys.argv[1:] if argv is None else argv
    if words in (["--version"], ["-V"]):
        from reviewtui import __version__

        sys.stdout.write(f"reviewtui {__version__}\n")
        return 0
    if words[:1] == ["hook"]:
        from reviewtui.cli.hook_entry import run_hook

        return run_hook(words[1:])
    from reviewtui.cli.run import run

    return run(words)


if __name__ == "__main__":
    sys.exit(main())
