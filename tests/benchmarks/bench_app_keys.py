"""The app's keys: from a key to the screen painted, the pulse of the event loop, and the memory, as versions grow."""

from __future__ import annotations

import statistics
from dataclasses import dataclass, field
from pathlib import Path

from tests.benchmarks.bench_app_paint import tag_many
from tests.benchmarks.measuring import judge
from tests.benchmarks.terminal_session import Answer, AppInTerminal, running
from tests.model_repository import ModelRepository

COUNTS = (100, 4_000, 40_000)
LINES = 10_000
PROMPT = 0.050
"""Seconds within which a key must be answered."""
ENTER, ESCAPE, PAGE_DOWN, PAGE_UP = b"\r", b"\x1b[27u", b"\x1b[6~", b"\x1b[5~"
"""Esc as terminals with the Kitty protocol send it: of the others Textual awaits for 100 ms whether more bytes come."""


@dataclass
class Keys:
    """What keys cost in one place, by their names."""

    title: str
    answers: dict[str, list[Answer]] = field(default_factory=dict)

    def add(self, name: str, *answers: Answer) -> None:
        self.answers.setdefault(name, []).extend(answers)

    def median(self, name: str) -> float:
        return statistics.median(answer.own for answer in self.answers[name])

    def tell(self) -> None:
        """Print a table, in milliseconds."""
        print(f"  {self.title}")
        print(f"    {'':<34}{'times':>5}{'clock':>8}{'worst':>8}{'work':>8}{'worst':>8}{'at rest':>9}   ms")
        for name, answers in self.answers.items():
            clock, work = [each.clock * 1e3 for each in answers], [each.work * 1e3 for each in answers]
            rest = statistics.median(each.rest for each in answers) * 1e3
            told = (statistics.median(clock), max(clock), statistics.median(work), max(work))
            print(f"    {name:<34}{len(answers):>5}" + "".join(f"{each:8.1f}" for each in told) + f"{rest:9.0f}")

    def worst(self) -> tuple[str, float]:
        """The key that was answered latest, not counting that other programs had the processors."""
        return max(
            ((name, max(each.own for each in answers)) for name, answers in self.answers.items()),
            key=lambda pair: pair[1],
        )


def run(place: Path, cache: Path) -> bool:
    """Measure, print, and give whether the limits are kept."""
    print("the app's keys: from the key sent through a pseudo-terminal to the end of the frame that answers it")
    kept, lists = True, {}
    _compile_modules(place, cache)
    for count in COUNTS:
        repository = ModelRepository(place / f"models-{count}")
        tag_many(repository, count)
        lists[count] = Keys(f"{count:,} versions")
        with running(repository.path, place, cache=cache) as app:
            told = _watch_loading(app, count)
            _use_list(app, count, lists[count])
            report = app.end()
        lists[count].tell()
        loading = max((seconds for when, seconds in report.stalls if when < told), default=0.0)
        later = max((seconds for when, seconds in report.stalls if when >= told), default=0.0)
        print(
            f"    the longest stall of the event loop: {loading * 1e3:.0f} ms while loading, {later * 1e3:.0f} ms later"
        )
        print(f"    the peak of the memory: {report.peak / 1e6:.0f} MB")
        if count == max(COUNTS):
            kept &= judge("the longest stall while 40,000 versions load, seconds", loading, PROMPT)
    keys = Keys(f"a difference of {LINES:,} lines")
    _large_difference(place, cache, keys)
    keys.tell()
    for each in (lists[max(COUNTS)], keys):
        name, seconds = each.worst()
        kept &= judge(f"the latest answer, {each.title}, {name}, seconds", seconds, PROMPT)
    _tell_growth(lists)
    return kept


def _compile_modules(place: Path, cache: Path) -> None:
    repository = ModelRepository(place / "first")
    tag_many(repository, 1)
    with running(repository.path, place, cache=cache) as app:
        app.wait_for("released")
        app.press(ENTER, quiet=1.0)
        app.end()


def _watch_loading(app: AppInTerminal, count: int) -> float:
    """Wait until all is read; when that was."""
    newest = app.wait_for(rf"1\.{count}\.0")
    told = app.wait_for("released")
    print(f"  {count:,} versions: the newest is visible after {newest:.2f} s, its state after {told:.2f} s")
    return app.rest(1.0)


def _use_list(app: AppInTerminal, count: int, keys: Keys) -> None:
    keys.add("cursor down", *(app.press(b"j", quiet=0.02) for _ in range(40)))
    for _ in range(10):
        keys.add("next page", app.press(PAGE_DOWN, quiet=0.02))
        keys.add("previous page", app.press(PAGE_UP, quiet=0.02))
    keys.add("to the last row, to the first", *(app.press(key) for _ in range(5) for key in (b"G", b"g")))
    app.press(ESCAPE)  # The notice line then has room for what a filter says.
    for _ in range(4):
        app.press(b"/")
        typed = str(count)[:3]
        keys.add(
            "filter: a letter", *(app.press(bytes([letter]), until="of [0-9,]+") for letter in f"1.{typed}".encode())
        )
        keys.add("filter: cleared", app.press(ESCAPE))
    for _ in range(6):
        keys.add("sort: the menu", app.press(b"s"))
        app.press(b"j")
        keys.add("sort: chosen", app.press(ENTER, until="(?i)sorted by|order"))
    _use_tabs(app, keys)
    for _ in range(8):
        keys.add("open a version", app.press(ENTER))
        keys.add("tab of a version", *(app.press(key) for key in (b"2", b"3", b"7", b"1")))
        keys.add("close it", app.press(b"q"))
        app.press(b"j")


def _use_tabs(app: AppInTerminal, keys: Keys) -> None:
    keys.add("tab, read for the first time", *(app.press(key, quiet=1.0) for key in (b"3", b"4", b"5")))
    keys.add("tab, again", *(app.press(key) for _ in range(4) for key in (b"1", b"2", b"3", b"4", b"5")))
    app.press(b"2")


def _large_difference(place: Path, cache: Path, keys: Keys) -> None:
    repository = ModelRepository(place / "large")
    for version in (1, 2):
        params = "".join(
            f"key_{number}: {number * (version if number % 10 == 0 else 1)} # what the key says\n"
            for number in range(LINES)
        )
        repository.commit_version("churn", f"1.{version}.0", files={"models/churn/params.yaml": params})
        repository.tag(f"churn@v1.{version}.0", f"model/churn/v1.{version}.0")
    with running(repository.path, place, cache=cache) as app:
        app.wait_for(r"1\.2\.0")
        app.rest(1.0)
        app.press(b"2")
        keys.add("open the version", app.press(ENTER, quiet=2.0))
        keys.add("tab Config", app.press(b"2"))
        keys.add("Config: next page", *(app.press(PAGE_DOWN, quiet=0.05) for _ in range(20)))
        keys.add("tab Text", app.press(b"8", quiet=2.0))
        keys.add("Text: next page", *(app.press(PAGE_DOWN, quiet=0.05) for _ in range(40)))
        keys.add("Text: next change", *(app.press(b"n", quiet=0.05) for _ in range(20)))
        keys.add("Text: fold", *(app.press(b"f", until="is shown") for _ in range(8)))
        app.press(b"f")
        keys.add("Text: next page, unfolded", *(app.press(PAGE_DOWN, quiet=0.05) for _ in range(40)))
        keys.add(
            "Text: side by side, or not", *(app.press(b"|", until="Side by side|above the other") for _ in range(8))
        )
        app.press(b"/")
        keys.add(
            "Text: a letter of a search", *(app.press(bytes([each]), until="hold it|holds it") for each in b"key_91")
        )
        keys.add("Text: next found", app.press(ENTER), *(app.press(b"n", quiet=0.05) for _ in range(10)))
        keys.add("close it", app.press(ESCAPE), app.press(b"q"))
        report = app.end()
    longest = max((seconds for _, seconds in report.stalls), default=0.0)
    print(f"  {LINES:,} lines: the longest stall {longest * 1e3:.0f} ms, the memory at most {report.peak / 1e6:.0f} MB")


def _tell_growth(lists: dict[int, Keys]) -> None:
    few, many = lists[min(lists)], lists[max(lists)]
    grown = [f"{name} {many.median(name) / few.median(name):.1f}" for name in few.answers]
    print(f"  growth of the medians from {min(lists):,} to {max(lists):,} versions: {', '.join(grown)}")
