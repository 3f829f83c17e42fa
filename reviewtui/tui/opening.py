"""What the home screen says of the repository as it opens it: the title line, and one sentence of what is wrong."""

from __future__ import annotations

from importlib import import_module

from reviewtui.tui.reading import ProjectSummary
from reviewtui.tui.widgets.line import Part, Tone

NO_SETTINGS = "No .reviewtui/ in the trusted branch: browse and review freely; releasing needs `reviewtui init`."
NO_COMMIT = (
    "This repository has no commit yet.",
    "Commit a model's files and tag them, such as churn@v1.0.0: they appear here by themselves. "
    "`reviewtui demo` builds a sample that is full.",
)

_SCREENS = (
    "version", "sign_dialog", "release_dialog", "compare_screen", "trend_screen", "record_dialog", "base_dialog",
    "bytes_dialog", "push_dialog", "settings_screen", "palette",
)  # fmt: skip


def load_screens() -> None:
    """Load the modules of the screens that keys open, in a worker: to load one takes longer than a key may."""
    for name in _SCREENS:
        import_module(f"reviewtui.tui.{name}")


def title_parts(summary: ProjectSummary) -> tuple[list[Part], list[Part]]:
    """The repository and its trusted branch; and who reviews, with or without a key."""
    left: list[Part] = [(" reviewtui  ", "heading"), (summary.name, "strong")]
    branch = summary.branch
    if branch is not None and branch.commit is not None:
        short = branch.name.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        left += [("  trusted ", "dim"), short, (f"@{branch.commit[:8]}", "dim")]
    else:
        left += [("  no trusted branch", "warn")]
    if not summary.reviewer:
        return left, [("  ✗ nobody: set user.name and user.email ", "warn")]
    key: Part = ("  ✗ no signing key  ", "warn") if summary.no_signer else ("  ✓ key  ", "good")
    return left, [key, summary.reviewer, " "]


def opening_words(summary: ProjectSummary) -> tuple[str, Tone, str]:
    """What is to be said first: text, tone, mark; the text is "" where all is well."""
    if summary.problems:
        return " ".join([summary.problems[0], *summary.hints]), "warn", "!"
    if not summary.has_settings:
        return NO_SETTINGS, "", "·"
    return " ".join(summary.hints), "", "·"
