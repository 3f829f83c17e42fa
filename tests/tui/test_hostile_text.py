"""A stranger's text, through every page and every screen: shown, never obeyed."""

from __future__ import annotations

from dataclasses import replace

import pytest

from reviewtui.display import clean
from reviewtui.errors import ReviewTuiError
from reviewtui.policy.decision import Decision, Finding, FindingState, IgnoredRecord
from reviewtui.tui.app import ReviewApp
from reviewtui.tui.reading import read_version
from reviewtui.tui.rows import haystacks, queue_cells, rows_with_state, version_cells
from reviewtui.tui.version_tabs import PAGES
from reviewtui.tui.versions_pane import preview_lines
from reviewtui.tui.widgets.line import fit
from tests.tui.corpus import CORPUS, FORBIDDEN
from tests.tui.driving import opened, press, screen_text, settled, until
from tests.tui.story import NOW, StoryProject, story, version

WORST = "".join(text for text in CORPUS if len(text) < 400 and "\ud800" not in text)


def hostile(text: str) -> StoryProject:
    """A project that says this text wherever it can."""
    decision = Decision(
        (Finding(text, FindingState.UNMET, text, (text,), (IgnoredRecord(text, text),), (text,)),),
        approvals=1,
        required=2,
    )
    bad = replace(
        version("churn@1.0.0"), model=text or "m", version=text, author=text, subject=text, stages=(text,), note=text
    )
    return story(
        versions=(bad, version("churn@0.9.0")), states={bad.name: ("in-review", 1, 2)}, text=text, decision=decision
    )


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: repr(text[:12]))
def test_every_page_shows_the_corpus_harmlessly(text: str) -> None:
    project = hostile(text)
    view = read_version(project, project.versions[0])
    for width in (8, 110):
        for page in PAGES:
            for whole in (False, True):
                for made in page.lines(view, width, whole=whole):
                    assert clean(made.text) == made.text
        assert all(clean(made.text) == made.text for made in preview_lines(view, width))


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: repr(text[:12]))
def test_every_row_shows_the_corpus_harmlessly(text: str) -> None:
    rows = rows_with_state(hostile(text).overview())
    assert len(haystacks(rows)) == 2
    for cells in (version_cells(rows[0], NOW, ""), queue_cells(rows[0], NOW, "")):
        assert not any(FORBIDDEN & set(fit(cell, 40)) for cell, _ in cells)


async def test_no_screen_lets_a_control_through_even_without_the_last_filter(monkeypatch) -> None:
    monkeypatch.setattr(ReviewApp, "get_line_filters", lambda self: [])
    async with opened(hostile(WORST), size=(120, 36)) as pilot:
        await walk_all_screens(pilot)


async def test_no_screen_obeys_markup() -> None:
    text = "[@click=app.quit]see[/] a[/nope]b [bold]x"
    async with opened(hostile(text), size=(200, 60)) as pilot:
        await press(pilot, "2", "enter", "6")
        assert "[@click=app.quit]see[/] a[/nope]b [bold]x" in screen_text(pilot)
        strips = pilot.app.screen._compositor.render_strips()
        assert not any(
            "@click" in (segment.style.meta if segment.style else {}) for strip in strips for segment in strip
        )


async def test_errors_with_hostile_words_are_shown_harmlessly() -> None:
    trouble = ReviewTuiError(f"Cannot read {WORST}.", hint=WORST)
    async with opened(story(trouble=trouble)) as pilot:
        assert not FORBIDDEN & set(screen_text(pilot).replace("\n", ""))
        assert "Cannot read" in screen_text(pilot)


async def walk_all_screens(pilot) -> None:
    def check() -> None:
        assert not FORBIDDEN & set(screen_text(pilot).replace("\n", ""))

    for keys in (
        ("1",),
        ("2",),
        ("slash",),
        ("x",),
        ("escape",),
        ("enter",),
        *[(str(n),) for n in range(1, 8)],
        ("f",),
        ("b",),
    ):
        await press(pilot, *keys)
        check()
    await press(pilot, "escape", "R")
    check()
    await press(pilot, "escape", "a")
    await until(pilot, lambda: "Exactly these" in screen_text(pilot))
    check()
    await press(pilot, "escape", "escape")
    await settled(pilot)
