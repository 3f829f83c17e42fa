"""Where the hook scripts begin: the least that must be there before anything else is loaded."""

from __future__ import annotations

import gc


def run_hook(words: list[str]) -> int:
    """Run one hook with the words that its script gave it; 0: go ahead, 10: no."""
    # A hook ends soon and frees all it holds at once; what is loaded now is no garbage.
    gc.disable()
    from reviewtui.cli.hook_run import run

    return run(words)
