"""A person's own settings and keys, and the view that is kept between runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reviewtui.tui.app import ReviewApp
from reviewtui.tui.help_screen import HelpScreen, sections
from reviewtui.tui.preferences import Preferences, load_preferences, parse_preferences, preferences_file
from reviewtui.tui.terminal import LIGHT
from reviewtui.tui.version import VersionScreen
from reviewtui.tui.view_state import ViewState, ViewStore, view_store
from reviewtui.tui.widgets.text_view import TextView
from tests.tui.corpus import CORPUS
from tests.tui.driving import notice, press, screen_text, settled
from tests.tui.story import story

GOOD = b"""\
theme: reviewtui-light
split: false
context: 5
editor: nano -w
keys:
  home.approve: A
  version.next-change: "] ctrl+n"
"""


def test_every_key_of_the_file_is_read() -> None:
    found = parse_preferences(GOOD, name="config.yaml")
    assert found == Preferences(
        "reviewtui-light", False, 5, "nano -w", "",
        {"home.approve": "A", "version.next-change": "right_square_bracket,ctrl+n"},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("data", "line", "word"),
    [
        (b"theme: x\ncolour: red\n", 2, "colour"),
        (b"context: -1\n", 1, "context"),
        (b"split: maybe\ntheme: y\n", 1, "split"),
        (b"theme: [1\n", None, "YAML"),
        (b"\xff\n", 1, "UTF-8"),
        (b"keys:\n  home.approve: [a]\n", 2, "home.approve"),
        (b"a: &x 1\nb: *x\n", 2, "lias"),
    ],
)
def test_a_mistake_is_said_with_file_and_line_and_costs_only_itself(data: bytes, line: int | None, word: str) -> None:
    found = parse_preferences(data, name="config.yaml")
    assert len(found.problems) == 1
    assert found.problems[0].startswith("config.yaml")
    assert word in found.problems[0]
    if line is not None:
        assert f"line {line}" in found.problems[0]


def test_what_is_right_beside_a_mistake_is_kept() -> None:
    assert parse_preferences(b"split: maybe\ntheme: y\n", name="c").theme == "y"


def test_the_file_is_where_xdg_says_and_may_be_missing(tmp_path: Path) -> None:
    assert preferences_file({"XDG_CONFIG_HOME": "/x", "HOME": "/h"}) == Path("/x/reviewtui/config.yaml")
    assert preferences_file({"XDG_CONFIG_HOME": "relative", "HOME": "/h"}) == Path("/h/.config/reviewtui/config.yaml")
    assert preferences_file({}) is None
    assert load_preferences({"HOME": str(tmp_path)}) == Preferences()
    (tmp_path / ".config" / "reviewtui" / "config.yaml").mkdir(parents=True)
    assert load_preferences({"HOME": str(tmp_path)}).problems


async def test_the_apps_keys_are_the_persons_and_the_help_and_the_key_line_show_them() -> None:
    shown = story()
    app = ReviewApp(lambda: shown, preferences=parse_preferences(GOOD, name="config.yaml"))
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert app.theme == LIGHT.name
        await press(pilot, "2", "enter", "2", "ctrl+n")
        assert isinstance(pilot.app.screen, VersionScreen)
        assert pilot.app.screen.query_one(TextView).stop == 0
        await press(pilot, "n")
        assert pilot.app.screen.query_one(TextView).stop == 0
        await press(pilot, "question_mark")
        assert isinstance(pilot.app.screen, HelpScreen)
        text = "\n".join(made.text for made in pilot.app.screen.query_one(TextView).lines)
        assert "version.next-change" in text
        assert "ctrl+n" in text


async def test_a_name_that_nothing_has_is_said() -> None:
    shown = story()
    app = ReviewApp(lambda: shown, preferences=parse_preferences(b"keys: {home.aprove: A}\n", name="c"))
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert "home.aprove" in notice(pilot)


def test_every_binding_has_a_name_of_its_own_within_its_screen() -> None:
    for title, bindings in sections():
        names = [binding.id for binding in bindings if binding.id]
        assert len(names) == len(set(names)), title


async def test_the_view_is_kept_between_runs(tmp_path: Path) -> None:
    store, shown = ViewStore(tmp_path / "state" / "views.json", "/repository"), story()
    app = ReviewApp(lambda: shown, views=store)
    async with app.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        await press(pilot, "2", "slash", *"churn", "enter", "j", "f9", "q")
    kept = store.load()
    assert (kept.tab, kept.filter, kept.theme) == ("Versions", "churn", LIGHT.name)
    assert kept.version.startswith("churn@0.8.9")
    again = ReviewApp(lambda: shown, views=store)
    async with again.run_test(size=(120, 36)) as pilot:
        await settled(pilot)
        assert again.theme == LIGHT.name
        assert again.screen.active_pane.words == "churn"
        assert again.screen.version.name == "churn@0.8.9"
        assert "filter churn" in screen_text(pilot)


BROKEN = [b"", b"[]", b"{", b'{"/r": 5}', b'{"/r": {"tab": 5, "split": "x"}}', b"[" * 100_000]


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_state_file_is_as_good_as_none(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "views.json"
    file.write_bytes(content)
    store = ViewStore(file, "/r")
    assert store.load() == ViewState()
    store.save(ViewState(tab="Audit"))
    assert store.load().tab == "Audit"


def test_the_states_of_many_repositories_are_kept_within_bounds(tmp_path: Path) -> None:
    file = tmp_path / "views.json"
    for number in range(220):
        ViewStore(file, f"/{number}").save(ViewState(tab=str(number)))
    kept = json.loads(file.read_text())
    assert len(kept) == 200
    assert "/219" in kept
    assert ViewStore(file, "/0").load() == ViewState()
    assert file.stat().st_mode & 0o077 == 0


def test_where_nothing_can_be_written_nothing_is_kept(tmp_path: Path) -> None:
    (tmp_path / "reviewtui").write_text("a file")
    store = view_store({"XDG_STATE_HOME": str(tmp_path)}, Path("/r"))
    assert store is not None
    store.save(ViewState(tab="Audit"))
    assert store.load() == ViewState()
    assert view_store({}, Path("/r")) is None


@pytest.mark.parametrize("text", CORPUS, ids=lambda text: repr(text[:12]))
async def test_hostile_state_is_harmless(tmp_path: Path, text: str) -> None:
    store, shown = ViewStore(tmp_path / "views.json", "/r"), story()
    try:
        store.save(ViewState(tab="Versions", filter=text, version=text, theme=text, metric=text))
    except UnicodeEncodeError:
        pytest.skip("This text cannot be written to a file of UTF-8.")
    app = ReviewApp(lambda: shown, views=store)
    async with app.run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        assert app.theme in app.available_themes
