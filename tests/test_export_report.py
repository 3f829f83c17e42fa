"""The report: what it tells, the same in HTML and Markdown; hostile text inert, in a parser's eyes and a browser's."""

from __future__ import annotations

import http.server
import re
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from reviewtui.export.markdown import escaped
from reviewtui.export.plots import axis_values
from reviewtui.export.report import anchor
from reviewtui.project import Project
from tests.command import churn_repository, reviewtui
from tests.model_repository import ModelRepository
from tests.tui.corpus import CORPUS

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


class Seen(HTMLParser):
    """What a parser sees in a page: the elements, with their attributes, and the text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self._within: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._within.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._within:
            while self._within.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if self._within and self._within[-1] != "style":
            self.words.append(data)

    @property
    def text(self) -> str:
        return "".join(self.words)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> ModelRepository:
    """A release with two approvals and a comment that attacks whoever shows it; a config value that does so, too."""
    story = churn_repository(tmp_path_factory.mktemp("report") / "models")
    attack = "\n".join(['<script src="http://127.0.0.1:1/x.js"></script><img src=x onerror=alert(1)>', "| a | b |"])
    for name, verdict, words in (
        ("dana", "approve", "Fine."),
        ("lin", "approve", "Fine."),
        ("risk", "comment", attack),
    ):
        answer = reviewtui(story.path, verdict, "churn@1.1.0", "-m", words, "--yes", person=story.person(name))
        assert answer.status == 0, answer.err
    assert reviewtui(story.path, "release", "churn@1.1.0", "--yes", person=story.person("dana")).status == 0
    hostile = {"markup": '<b onclick="x()">[link](http://a.example)</b>', "bidi": "a\u202eb", "esc": "\x1b]0;title\x07"}
    story.commit_version("churn", "1.2.0", params=hostile, metrics={"accuracy": 0.9, "`|<i>": 1})
    return story


def export(story: ModelRepository, form: str) -> str:
    answer = reviewtui(story.path, "export", "--format", form)
    assert answer.status == 0, answer.err
    return answer.out


def test_the_page_has_no_script_no_request_and_no_handler(told: ModelRepository) -> None:
    seen = Seen(export(told, "html"))
    tags = {tag for tag, _ in seen.elements}
    assert not tags & {"script", "img", "iframe", "object", "embed", "link", "base", "form", "i", "b", "foreignobject"}
    for tag, attributes in seen.elements:
        assert not [name for name in attributes if name.startswith("on") or name in ("style", "src", "srcset")], tag
        assert (attributes.get("href") or "#").startswith("#")
    policy = next(each for tag, each in seen.elements if tag == "meta" and "http-equiv" in each)["content"]
    assert policy is not None and policy.startswith("default-src 'none'; style-src 'sha256-")


def test_hostile_text_is_there_as_text(told: ModelRepository) -> None:
    text = Seen(export(told, "html")).text
    assert '<script src="http://127.0.0.1:1/x.js">' in text and "onerror=alert(1)" in text
    assert "\x1b" not in text and "\u202e" not in text


def test_ids_are_unique_and_every_entry_of_the_contents_leads_somewhere(told: ModelRepository) -> None:
    seen = Seen(export(told, "html"))
    ids = Counter(each["id"] for _, each in seen.elements if "id" in each)
    assert max(ids.values()) == 1
    links = [each["href"] for tag, each in seen.elements if tag == "a"]
    assert links and all(link is not None and link[1:] in ids for link in links)
    markdown = export(told, "md")
    targets = set(re.findall(r'<a id="([^"]+)"></a>', markdown))
    assert set(re.findall(r"\]\(#([^)]+)\)", markdown)) == targets


def test_every_plot_and_table_has_a_name_for_who_does_not_see_it(told: ModelRepository) -> None:
    seen = Seen(export(told, "html"))
    ids = {each["id"] for _, each in seen.elements if "id" in each}
    plots = [each for tag, each in seen.elements if tag == "svg"]
    assert plots
    for plot in plots:
        assert plot["role"] == "img" and set((plot["aria-labelledby"] or "").split()) <= ids
    tables = sum(tag == "table" for tag, _ in seen.elements)
    assert tables == sum(tag == "caption" for tag, _ in seen.elements)
    assert all(each.get("scope") == "col" for tag, each in seen.elements if tag == "th")


@given(st.floats(allow_nan=False, allow_infinity=False), st.floats(allow_nan=False, allow_infinity=False))
@example(0.594, 0.7261)
@example(1e16, 1e16 + 4)
@example(-1.7e308, 1.7e308)
def test_the_axis_of_a_plot_has_few_numbers_and_none_outside(one: float, other: float) -> None:
    low, high = min(one, other), max(one, other)
    assume(low < high)
    shown = axis_values(low, high)
    assert 1 <= len(shown) <= 5 and shown == sorted(set(shown))
    assert low <= shown[0] and shown[-1] <= high


def test_the_axis_of_a_plot_has_round_numbers() -> None:
    assert axis_values(9.96, 15.24) == [10, 12, 14]
    assert axis_values(0.594, 0.7261) == [0.6, 0.65, 0.7]


def test_the_section_of_a_release_holds_its_decision_records_and_differences(told: ModelRepository) -> None:
    page, markdown = export(told, "html"), export(told, "md")
    section = page.partition(f'id="{anchor("churn@1.1.0")}"')[2].partition("<h3")[0]
    gate = reviewtui(told.path, "gate", "churn@1.1.0", "--json").json
    records = reviewtui(told.path, "reviews", "churn@1.1.0", "--json").json["records"]
    changed = reviewtui(told.path, "diff", "churn@1.1.0", "--json").json
    assert gate["findings"] and records and changed["metrics"]
    text = Seen(section).text
    for finding in gate["findings"]:
        assert finding["rule"] in text
    for record in records:
        assert record["id"] in text and record["id"] in markdown
    for change in (*changed["config"], *changed["metrics"]):
        assert change["key"] in text


def test_a_metric_that_has_nothing_to_be_compared_with_is_new_and_no_better_or_worse(told: ModelRepository) -> None:
    section = export(told, "html").partition(f'id="{anchor("churn@1.0.0")}"')[2].partition("<h3")[0]
    text = Seen(section).text
    assert "accuracy" in text and "added" in text and "unknown" not in text


def test_the_report_is_the_same_each_time(told: ModelRepository) -> None:
    for form in ("html", "md"):
        assert export(told, form) == export(told, form)


@given(st.text(max_size=60) | st.sampled_from(CORPUS))
def test_no_text_is_markup_in_markdown(text: str) -> None:
    shown = escaped(text)
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "x", shown)
    assert not re.search(r"[*_`<>\[\]|#~&!$]", bare)
    assert not re.match(r"([-+=]|\d+[.)])", bare)
    assert "://" not in bare and "\n" not in shown


@given(st.text(max_size=40), st.text(max_size=40))
def test_two_names_never_share_an_anchor(one: str, other: str) -> None:
    assert (anchor(one) == anchor(other)) == (one == other)
    assert re.fullmatch(r"[A-Za-z0-9-]+", anchor(one))


@pytest.fixture
def asked() -> Iterator[tuple[int, list[str]]]:
    """A server on loopback, and the paths that anybody asked it for."""
    paths: list[str] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            paths.append(self.path)
            self.send_response(204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], paths
        server.shutdown()


@pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed.")
def test_a_browser_shows_and_prints_it_and_asks_nobody(asked: tuple[int, list[str]], tmp_path: Path) -> None:
    port, paths = asked
    story = churn_repository(tmp_path / "models")
    attack = f'"><img src="http://127.0.0.1:{port}/picture"><script>document.title="taken"</script>'
    answer = reviewtui(story.path, "comment", "churn@1.1.0", "-m", attack, "--yes", person=story.person("lin"))
    assert answer.status == 0, answer.err
    page, control, printed = tmp_path / "trail.html", tmp_path / "control.html", tmp_path / "trail.pdf"
    page.write_text(export(story, "html"))
    control.write_text(f'<!DOCTYPE html><img src="http://127.0.0.1:{port}/control">')
    shown = browse(tmp_path, "--dump-dom", page.as_uri())
    assert "<title>Review trail of" in shown and "taken&lt;" not in shown.partition("</title>")[0]
    browse(tmp_path, f"--print-to-pdf={printed}", page.as_uri())
    assert printed.read_bytes().startswith(b"%PDF-") and printed.stat().st_size > 10_000
    assert paths == []
    # The browser would have asked, had there been a picture.
    browse(tmp_path, "--dump-dom", control.as_uri())
    assert "/control" in paths


def browse(home: Path, *words: str) -> str:
    assert CHROMIUM is not None
    common = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
    done = subprocess.run(
        (CHROMIUM, *common, f"--user-data-dir={home / 'profile'}", *words),
        capture_output=True, text=True, check=True, timeout=120,
    )  # fmt: skip
    return done.stdout


def test_a_release_whose_base_is_gone_is_told_and_the_rest_is_there(told: ModelRepository, tmp_path: Path) -> None:
    from reviewtui.errors import GitError
    from reviewtui.release_facts import ReleaseFacts
    from reviewtui.review import BaseVersion

    facts = ReleaseFacts(Project.open(told.path).library)
    commit = told.git("rev-parse", "churn@v1.1.0^{commit}")
    with pytest.raises(GitError, match="missing"):
        facts.difference("churn", "1.1.0", commit, BaseVersion("1.0.0", "0" * 40))
