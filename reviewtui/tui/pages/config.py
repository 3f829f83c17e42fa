"""The config tab: each key that changed, by file; on request the unchanged ones, too."""

from __future__ import annotations

from reviewtui.diff import Change, ChangeKind
from reviewtui.display import value_text
from reviewtui.facts.model import Fact
from reviewtui.remarks import remarks_by_key
from reviewtui.tui.pages.layout import change_lines, key_width, unchanged_line
from reviewtui.tui.pages.remarks import AboutFact, other_remarks, raw_text, remark_lines
from reviewtui.tui.reading import VersionView
from reviewtui.tui.widgets.line import BLANK, Line, line, wrapped


def config_page(view: VersionView, width: int, *, whole: bool = False) -> list[Line]:
    """The whole tab."""
    if not view.facts.config and not view.diff.config:
        return [BLANK, *wrapped("No configuration file was found in this version.", width, indent="  ", tone="dim")]
    lines = config_lines(view, width)
    if not lines:
        lines = [line(("   No key changed.", "dim"))]
    lines += other_remarks(view, "config", {change.key for change in view.diff.config}, width)
    return [*lines, BLANK, *unchanged_lines(view.facts.config, changed_keys(view.diff.config), width, whole=whole)]


def config_lines(view: VersionView, width: int, *, most: int | None = None) -> list[Line]:
    """The changes alone, or the first few of them."""
    changes = view.diff.config[:most]
    keys = key_width((_key(change) for change in changes), width)
    several = len({change.file for change in changes}) > 1
    remarks = remarks_by_key(view.reviews)
    lines: list[Line] = []
    file = None
    for change in changes:
        if several and change.file != file:
            file = change.file
            lines.append(line((f" {change.file}", "accent")))
        before, after = value_text(change.before), value_text(change.after)
        about = AboutFact("config", change.key, change.file, raw_text(change.before), raw_text(change.after))
        lines += change_lines(_key(change), change.kind, before, after, keys=keys, width=width, about=about)
        for detail in change.details:
            lines += wrapped(detail, width, indent="       ", tone="dim")
        lines += remark_lines(remarks, "config", change.key, width)
    return lines


def _key(change: Change) -> str:
    return (
        f"{change.before_key} → {change.key}" if change.kind is ChangeKind.RENAMED and change.before_key else change.key
    )


def changed_keys(changes: tuple[Change, ...]) -> set[tuple[str, str]]:
    """(file, key) of each change."""
    return {(change.file, change.key) for change in changes}


def unchanged_lines(facts: tuple[Fact, ...], changed: set[tuple[str, str]], width: int, *, whole: bool) -> list[Line]:
    """What did not change: counted, or with `whole` listed."""
    same = [fact for fact in facts if (fact.file, fact.key) not in changed]
    if not same:
        return []
    lines = [unchanged_line(len(same), "key", whole=whole)]
    if whole:
        keys = key_width((fact.key for fact in same), width)
        for fact in same:
            lines += change_lines(fact.key, None, "", value_text(fact.value), keys=keys, width=width)
    return lines
