"""The text tab, remarks, bytes, editor and pager of a version's screen."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

import pytest

from reviewtui.diff import ChangeKind, TextPair
from reviewtui.display import clean
from reviewtui.remarks import remark_head
from reviewtui.tui.app import ReviewApp
from reviewtui.tui.bytes_dialog import BytesDialog, byte_lines
from reviewtui.tui.highlighting import highlighter
from reviewtui.tui.pages.text import Layout, TextPage, file_diffs
from reviewtui.tui.sign_dialog import SignDialog
from reviewtui.tui.version_tabs import TEXT_TAB
from reviewtui.tui.widgets.text_view import TextView
from tests.tui.corpus import CORPUS, FORBIDDEN
from tests.tui.driving import SIZES, notice, opened, press, screen_text, until
from tests.tui.story import StoryProject, entry, story

TEXT = str(TEXT_TAB + 1)
WORST = "".join(text for text in CORPUS if len(text) < 400 and "\ud800" not in text)


def drawn(pairs: tuple[TextPair, ...], width: int, **layout: object) -> list[str]:
    page = TextPage(file_diffs(pairs, ignore_space=False), Layout(**layout))  # type: ignore[arg-type]
    return [made.text for made in page.lines(width, sideways=lambda by: None)]


@pytest.mark.parametrize("size", SIZES)
async def test_both_sides_are_there_unchanged_parts_are_folded_and_f_unfolds(size: tuple[int, int]) -> None:
    async with opened(size=size) as pilot:
        await press(pilot, "2", "enter", TEXT)
        text = screen_text(pilot)
        for words in ("params.yaml", "-  lr: 0.001".replace("  ", " "), "+ lr: 0.0007", "unchanged lines (f unfolds)"):
            assert words in text, words
        assert "key_15" not in text
        await press(pilot, "f")
        await press(pilot, "pagedown") if size[1] < 36 else None
        assert "key_15" in screen_text(pilot)


async def test_the_bar_toggles_the_layout_where_there_is_room() -> None:
    async with opened(size=(120, 36)) as pilot:
        await press(pilot, "2", "enter", TEXT)
        assert "│" in screen_text(pilot)
        beside = next(row for row in screen_text(pilot).splitlines() if "lr: 0.001" in row)
        assert "lr: 0.0007" in beside
        await press(pilot, "vertical_line")
        below = next(row for row in screen_text(pilot).splitlines() if "lr: 0.001" in row)
        assert "lr: 0.0007" not in below
        assert pilot.app.view_state.split is False
    async with opened(size=(80, 24)) as pilot:
        await press(pilot, "2", "enter", TEXT, "vertical_line")
        assert "needs 100 columns" in notice(pilot)


async def test_context_white_space_and_files_have_keys_and_say_what_they_did() -> None:
    async with opened(size=(200, 60)) as pilot:
        await press(pilot, "2", "enter", TEXT, "right_curly_bracket")
        assert "4 unchanged lines around" in notice(pilot)
        await press(pilot, *["left_curly_bracket"] * 6)
        assert "0 unchanged lines around" in notice(pilot)
        await press(pilot, "W")
        assert "ignored" in notice(pilot)
        await press(pilot, "right_square_bracket", "left_square_bracket")
        await press(pilot, "1", "W")
        assert "Text tab" in notice(pilot)


async def test_n_goes_through_the_changes_and_a_search_through_the_lines() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter", TEXT, "n")
        page = pilot.app.screen.query_one(TextView)
        assert (page.stop, page.stops) == (0, 3)
        await press(pilot, "slash", *"numpy", "enter")
        assert page.stops == 1


async def test_the_list_of_files_leads_to_each() -> None:
    long = "".join(f"line {n}\n" for n in range(200))
    pairs = (TextPair("a.yaml", ChangeKind.ADDED, "", long), TextPair("b.yaml", ChangeKind.ADDED, "", "lr: 1\n"))
    project = story()
    project.text_pairs = lambda base, head: pairs  # type: ignore[method-assign]
    async with opened(project) as pilot:
        await press(pilot, "2", "enter", TEXT, "shift+tab")
        assert "+200" in screen_text(pilot)
        await press(pilot, "j")
        assert "lr: 1" in screen_text(pilot)
        await press(pilot, "tab", "left_square_bracket")
        assert "line 0" in screen_text(pilot)


def test_the_words_that_differ_have_a_ground_of_their_own() -> None:
    pairs = (TextPair("params.yaml", ChangeKind.CHANGED, "lr: 0.001\n", "lr: 0.0007\n"),)
    page = TextPage(file_diffs(pairs, ignore_space=False), Layout(split=False))
    old, new = page.lines(80, sideways=lambda by: None)[1:3]
    assert [text for (text, _), ground in zip(old.spans, old.grounds, strict=True) if ground == "old-word"] == ["001"]
    assert "".join(t for (t, _), g in zip(new.spans, new.grounds, strict=True) if g == "new-word") == "0007"
    assert old.text.split()[:2] == ["1", "-"]
    assert new.text.split()[:2] == ["1", "+"]


@pytest.mark.parametrize("kind", [ChangeKind.ADDED, ChangeKind.REMOVED])
def test_a_file_with_one_side_takes_all_of_the_width(kind: ChangeKind) -> None:
    text = "one: " + "1" * 90 + "\ntwo: 2\n"
    sides = ("", text) if kind is ChangeKind.ADDED else (text, "")
    shown = "\n".join(drawn((TextPair("params.yaml", kind, *sides),), 120, split=True, left=0))
    assert "╱" not in shown and "│" not in shown
    assert "1" * 90 in shown and "two: 2" in shown


def test_syntax_is_coloured_and_nothing_is_lost() -> None:
    for path in ("a.yaml", "b.json", "c.toml", "dvc.lock", "requirements.txt", "Dockerfile", "no.ending.known"):
        highlight = highlighter(path)
        for text in ("lr: 0.1 # x", '{"a": [1, "b"]}', "\tx", "", "x" * 2_000, WORST):
            assert "".join(piece for piece, _ in highlight(text)) == text
    assert ("lr", "syntax-key") in highlighter("a.yaml")("lr: 0.1")


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: repr(text[:12]))
def test_hostile_texts_are_shown_harmlessly_and_in_their_columns(text: str) -> None:
    pairs = (
        TextPair(text or "x", ChangeKind.CHANGED, f"a\n{text}\nb\n", f"a\n{text[::-1]}x\nb\n"),
        TextPair("same.yaml", ChangeKind.CHANGED, f"{text}", f"{text}\n"),
    )
    for width in (40, 110):
        for split in (True, False):
            for left in (0, 7):
                for made in drawn(pairs, width, split=split, left=left):
                    assert clean(made) == made


async def test_ten_thousand_lines_answer_every_key_at_once() -> None:
    before = [f"key_{n}: {n}" for n in range(10_000)]
    after = [f"{line}.5" if n % 10 == 0 else line for n, line in enumerate(before)]
    pair = TextPair("big.yaml", ChangeKind.CHANGED, "\n".join(before), "\n".join(after))
    project = story()
    project.text_pairs = lambda base, head: (pair,)  # type: ignore[method-assign]
    async with opened(project) as pilot:
        await press(pilot, "2", "enter", TEXT)
        taken = {}
        for key in ("n", "pagedown", "G", "N", "g", "l", "f", "vertical_line", "right_curly_bracket", "n"):
            started = time.process_time()
            await pilot.press(key)
            await pilot.pause()
            taken[key] = time.process_time() - started
        assert sorted(taken.values())[len(taken) // 2] < 0.05, taken
        assert max(taken.values()) < 0.3, taken


# A closer look


async def test_a_comment_on_a_key_begins_with_its_name_and_is_shown_there_afterwards() -> None:
    project = story()
    async with opened(project) as pilot:
        await press(pilot, "2", "enter", "2", "n", "n", "M")
        assert isinstance(pilot.app.screen, SignDialog)
        await press(pilot, *"why")
        await until(pilot, lambda: "Exactly these" in screen_text(pilot) and pilot.app.screen.why_not("sign") == "")
        await press(pilot, "ctrl+s")
        (recorded,) = project.recorded
        head = remark_head("config", "train.epochs").strip()
        assert f"{head} why" in recorded.payload.decode()
    said = entry("bob@example.com", "comment", f"{head} Why more?\n[metrics:auc] Good.\n[config:gone] Where?")
    project.reviews = lambda version: (said,)  # type: ignore[method-assign]
    async with opened(project) as pilot:
        await press(pilot, "2", "enter", "2")
        rows = screen_text(pilot).splitlines()
        place = next(n for n, row in enumerate(rows) if "train.epochs" in row)
        assert "bob@example.com" in rows[place + 1]
        assert "Why more?" in rows[place + 2]
        assert "on keys that did not change" in screen_text(pilot)
        await press(pilot, "3")
        assert "Good." in screen_text(pilot)


async def test_a_comment_on_a_line_stands_below_the_line() -> None:
    said = entry("bob@example.com", "comment", "[text:params.yaml:1] Half of it?", counted=False, reason="author")
    project = story()
    project.reviews = lambda version: (said,)  # type: ignore[method-assign]
    async with opened(project, size=(80, 24)) as pilot:
        await press(pilot, "2", "enter", TEXT)
        rows = screen_text(pilot).splitlines()
        place = next(n for n, row in enumerate(rows) if "lr: 0.0007" in row)
        assert "bob@example.com: Half of it?  (does not count: author)" in rows[place + 1]
        await press(pilot, "n", "M")
        assert "[text:params.yaml:-1]" in screen_text(pilot)


async def test_i_shows_the_bytes_and_names_what_hides() -> None:
    async with opened(story(text="approve\u202eevil\x1b[2J")) as pilot:
        await press(pilot, "2", "enter", "2", "n", "n", "n", "i")
        assert isinstance(pilot.app.screen, BytesDialog)
        text = screen_text(pilot)
        for words in ("e2 80 ae", "U+202E RIGHT-TO-LEFT OVERRIDE", "U+001B ESCAPE"):
            assert words in text
        assert not FORBIDDEN & set(text.replace("\n", ""))


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: repr(text[:12]))
def test_the_bytes_of_the_corpus_are_shown_harmlessly(text: str) -> None:
    for width in (40, 110):
        assert all(clean(made.text) == made.text for made in byte_lines(text, text, width))


async def open_with(
    monkeypatch, tmp_path: Path, key: str, *keys: str, project: StoryProject | None = None
) -> list[str]:
    """What a program that is put in place of editor and pager was given: its words, and the file's mode and content."""
    log = tmp_path / "log"
    program = tmp_path / "vim"
    program.write_text(f'#!/bin/sh\nfor last; do :; done\nprintf "%s\\n" "$@" >{log}\nstat -c %a "$last" >>{log}\n'
                       f'cat "$last" >>{log}\n')  # fmt: skip
    program.chmod(0o755)
    monkeypatch.setenv("EDITOR", str(program))
    monkeypatch.setenv("PAGER", str(program))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setattr(ReviewApp, "suspend", lambda self: contextlib.nullcontext())
    monkeypatch.setattr(ReviewApp, "can_suspend", True)
    async with opened(project or story()) as pilot:
        await press(pilot, "2", "enter", *keys, key)
        assert "read-only copy" in notice(pilot)
    return log.read_text().splitlines()


@pytest.mark.parametrize("key", ["e", "o"])
async def test_editor_and_pager_get_a_read_only_copy_at_the_change(monkeypatch, tmp_path: Path, key: str) -> None:
    words = await open_with(monkeypatch, tmp_path, key, TEXT, "n", "n")
    line, file, mode, *content = words
    assert line.startswith("+")
    assert int(line[1:]) > 1
    assert mode == "400"
    assert content[0] == "# params.yaml of fraud-net@1.42.0"
    assert not os.path.exists(file)


async def test_a_key_of_the_config_opens_its_file_at_its_line(monkeypatch, tmp_path: Path) -> None:
    words = await open_with(monkeypatch, tmp_path, "e", "2", "n")
    assert words[0] == "+2"


async def test_a_hostile_name_of_a_file_is_no_option_and_no_path(monkeypatch, tmp_path: Path) -> None:
    project = story()
    name = "--cmd=!touch pwned/../../x\x1b.yaml"
    project.text_pairs = lambda base, head: (TextPair(name, ChangeKind.ADDED, "", "a\n"),)  # type: ignore[method-assign]
    words = await open_with(monkeypatch, tmp_path, "e", TEXT, "n", project=project)
    assert Path(words[1]).parent.name.startswith("reviewtui-")
    assert not Path(words[1]).name.startswith("-")


async def test_without_a_change_or_a_terminal_the_reason_is_said() -> None:
    async with opened() as pilot:
        await press(pilot, "2", "enter", "6", "i")
        assert "no change here" in notice(pilot)
        await press(pilot, "2", "n", "e")
        assert "terminal" in notice(pilot) or "editor" in notice(pilot)
