"""The app's own sources: nothing in them parses markup, and one door leads to the screen."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import reviewtui.tui

SOURCES = sorted(Path(reviewtui.tui.__file__).parent.rglob("*.py"))
PARSES_MARKUP = re.compile(
    r"from_markup|from_ansi|markup=True|\bnotify\(|\bMarkdown\b|RichLog|DataTable|OptionList|(?<!\bre\.)\bescape\("
)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_nothing_parses_markup(source: Path) -> None:
    assert not PARSES_MARKUP.findall(source.read_text())


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_every_static_text_switches_markup_off(source: Path) -> None:
    for call in calls(source, "Static", "Label", "Button"):
        assert any(word.arg == "markup" and getattr(word.value, "value", None) is False for word in call.keywords)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_titles_tooltips_and_placeholders_hold_no_text_of_the_repository(source: Path) -> None:
    text = source.read_text()
    assert not re.search(r"(border_title|border_subtitle|tooltip)\s*=", text)
    for call in calls(source, "Input", "TextArea"):
        for word in call.keywords:
            if word.arg == "placeholder":
                assert isinstance(word.value, ast.Constant)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_lines_are_made_by_line_alone_except_where_their_text_is_clean_already(source: Path) -> None:
    made_directly = len(calls(source, "Line"))
    allowed = {"line": 6, "table": 2}
    assert made_directly <= allowed.get(source.stem, 0)


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: path.stem)
def test_a_module_is_short_enough_to_be_read(source: Path) -> None:
    assert len(source.read_text().splitlines()) < 400


def calls(source: Path, *names: str) -> list[ast.Call]:
    tree = ast.parse(source.read_text())
    return [
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names
    ]
