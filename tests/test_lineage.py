"""Which version changed a key, which versions meet a search, what was in force when, and how long reviews take."""

from __future__ import annotations

from pathlib import Path

import pytest

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.history import HistoryEvent
from reviewtui.overview import VersionStatus
from reviewtui.review_load import Spread, releases_as_of, review_load
from tests.command import churn_repository, reviewtui
from tests.counting import git_processes
from tests.model_repository import ModelRepository
from tests.test_process_counts import MOST, Pair, pair  # noqa: F401 (a fixture)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> ModelRepository:
    """churn 1.1.0, a candidate with a config and metrics of its own, rejected once, then approved by two, released."""
    story = churn_repository(tmp_path_factory.mktemp("leads") / "models")
    for name, verdict in (("lin", "reject"), ("lin", "withdraw"), ("dana", "approve"), ("lin", "approve")):
        words = (verdict, "churn@1.1.0", "-m", f"{verdict}, says {name}.", "--yes")
        answer = reviewtui(story.path, *words, person=story.person(name))
        assert answer.status == 0, answer.err
    assert reviewtui(story.path, "release", "churn@1.1.0", "--yes", person=story.person("dana")).status == 0
    return story


def test_blame_names_the_version_its_author_and_who_approved_it(told: ModelRepository) -> None:
    shown = reviewtui(told.path, "diff", "churn@1.1.0", "--json").json
    changed = next(change for change in shown["config"] if change["change"] == "changed")
    rows = reviewtui(told.path, "blame", "churn", changed["key"], "--json").json
    newest = next(row for row in rows if row["name"] == "churn@1.1.0")
    assert (newest["before"], newest["after"]) == (changed["before"], changed["after"])
    assert newest["base"] == shown["base"]["name"] and newest["change"] == "changed"
    assert newest["approved_by"] == ["dana@example.com", "lin@example.com"]
    commit = told.git("log", "-1", "--format=%an", newest["commit"])
    assert newest["author"] == commit
    first = rows[-1]
    assert first["change"] == "added" and first["before"] is None and first["base"] is None


def test_blame_of_a_key_that_no_version_has_offers_the_nearest(told: ModelRepository) -> None:
    key = reviewtui(told.path, "show", "churn@1.1.0", "--json").json["facts"]["metrics"]
    name = next(iter(key))
    answer = reviewtui(told.path, "blame", "churn", f"{name}x")
    assert answer.status == 2
    assert name in answer.err
    assert reviewtui(told.path, "blame", "nobody", name).status != 0


def test_the_model_may_be_left_out_where_there_is_only_one(told: ModelRepository) -> None:
    named, alone = (reviewtui(told.path, "blame", *words, "--json") for words in (("churn", "accuracy"), ("accuracy",)))
    assert named.json == alone.json and named.json
    assert reviewtui(told.path, "blame", "churn", "accuracy", "more").status == 2


def test_a_key_that_was_taken_away_and_came_back_is_told_each_time(tmp_path: Path) -> None:
    story = ModelRepository(tmp_path / "models")
    for version, params in (("1.0.0", "lr: 1\n"), ("1.1.0", "dropout: 0.1\n"), ("1.2.0", "lr: 1\n")):
        story.commit_files({"models/churn/params.yaml": params, "models/churn/metrics.json": '{"auc": 0.9}'})
        story.tag(f"churn@v{version}", message=version)
    rows = reviewtui(story.path, "blame", "churn", "lr", "--json").json
    assert [(row["version"], row["change"]) for row in rows] == [
        ("1.2.0", "added"), ("1.1.0", "removed"), ("1.0.0", "added"),
    ]  # fmt: skip
    same = reviewtui(story.path, "blame", "churn", "auc", "--json").json
    assert [row["version"] for row in same] == ["1.0.0"]


def test_search_prints_the_versions_that_meet_it(told: ModelRepository) -> None:
    listed = reviewtui(told.path, "list", "--json").json
    released = reviewtui(told.path, "search", "version.state = released", "--json").json
    assert [row["name"] for row in released] == [row["name"] for row in listed if row["state"] == "released"]
    assert released and all(row["matched"]["version.state"] == "released" for row in released)
    nothing = reviewtui(told.path, "search", "version.state = nowhere")
    assert (nothing.status, nothing.out) == (0, "")
    assert reviewtui(told.path, "search", "zorp > 1").status == 2
    assert reviewtui(told.path, "search", "lr >").status == 2


@pytest.mark.parametrize(
    "words", [("search", "accuracy > 0"), ("blame", "churn", "accuracy"), ("releases",), ("stats",)]
)
def test_ten_versions_and_a_thousand_cost_the_same_processes(
    pair: Pair,  # noqa: F811
    words: tuple[str, ...],
    tmp_path: Path,
) -> None:
    small, answer = git_processes(pair.small.path, *words, trace=tmp_path / "few.json")
    large, more = git_processes(pair.large.path, *words, trace=tmp_path / "many.json")
    assert answer.status == more.status == 0, answer.err + more.err
    assert sorted(small) == sorted(large)
    assert len(large) <= MOST + 1


def event(
    at: str, kind: str, name: str, *, detail: str = "", actor: str = "dana", lead: int | None = None
) -> HistoryEvent:
    return HistoryEvent(at, kind, name, actor, "c" * 40, f"refs/tags/{name}", detail, lead=lead)


EVENTS = (
    event("2026-01-01T00:00:00Z", "released", "churn@1.0.0", lead=3600),
    event("2026-02-01T00:00:00Z", "released", "churn@1.1.0", lead=7200),
    event("2026-02-02T00:00:00Z", "stage-assigned", "churn@1.1.0", detail="stage prod"),
    event("2026-03-01T00:00:00Z", "deprecated", "churn@1.1.0"),
    event("2026-03-02T00:00:00Z", "stage-assigned", "churn@1.0.0", detail="stage prod"),
    event("2026-04-01T00:00:00Z", "released-unreviewed", "fraud@1.0.0"),
)


@pytest.mark.parametrize(
    ("moment", "in_force", "stages"),
    [
        ("2025-12-31T23:59:59Z", [], {}),
        ("2026-01-01T00:00:00Z", ["churn@1.0.0"], {}),
        ("2026-02-02T00:00:00Z", ["churn@1.1.0"], {"churn@1.1.0": ("prod",)}),
        ("2026-03-01T12:00:00Z", ["churn@1.0.0"], {"churn@1.1.0": ("prod",)}),
        ("", ["churn@1.0.0", "fraud@1.0.0"], {"churn@1.0.0": ("prod",)}),
    ],
)
def test_what_was_in_force_at_a_time(moment: str, in_force: list[str], stages: dict[str, tuple[str, ...]]) -> None:
    rows = releases_as_of(EVENTS, moment)
    assert sorted(row.event.name for row in rows if row.in_force) == in_force
    assert {row.event.name: row.stages for row in rows if row.stages} == stages


def test_a_release_that_was_taken_back_says_by_what() -> None:
    gone = {row.event.name: row.gone for row in releases_as_of(EVENTS)}
    assert gone == {"churn@1.0.0": "", "churn@1.1.0": "deprecated", "fraud@1.0.0": ""}


def test_releases_as_of_a_date_means_its_end(told: ModelRepository) -> None:
    rows = reviewtui(told.path, "releases", "--json").json
    newest = next(row for row in rows if row["name"] == "churn@1.1.0")
    assert newest["in_force"] and newest["approved_by"]
    day = newest["at"][:10]
    assert "churn@1.1.0" in [row["name"] for row in reviewtui(told.path, "releases", "--as-of", day, "--json").json]
    for wrong in ("2026-13-01", "yesterday", "2026-05-01T99:00:00Z"):
        assert reviewtui(told.path, "releases", "--as-of", wrong).status == 2


def test_the_load_counts_every_verdict_and_the_time_to_the_first(told: ModelRepository) -> None:
    (load,) = reviewtui(told.path, "stats", "churn", "--json").json
    people = {row["reviewer"]: row for row in load["reviewers"]}
    assert people["lin@example.com"] == {"reviewer": "lin@example.com", "reject": 1, "withdraw": 1, "approve": 1}
    assert people["dana@example.com"] == {"reviewer": "dana@example.com", "approve": 1}
    assert load["rejected_versions"] == 1 and load["releases"] == 1
    assert load["lead_seconds"]["count"] == 1 and load["first_verdict_seconds"]["count"] == 1


def test_what_waits_is_told_by_version_and_not_by_letters() -> None:
    rows = [
        ModelVersion("churn", number, VersionKind.CANDIDATE, RefName(f"refs/heads/{number}"), ObjectId("a" * 40))
        for number in ("0.10.0", "0.9.1", "0.10.0-rc.2")
    ]
    (load,) = review_load([VersionStatus(row, "unreviewed", 0, 1) for row in rows], ())
    assert load.waiting == ("churn@0.9.1", "churn@0.10.0-rc.2", "churn@0.10.0")


def test_the_first_verdict_counts_from_the_commit_also_of_a_release() -> None:
    events = (
        event("2026-01-01T02:00:00Z", "released", "churn@1.0.0", lead=7200),
        event("2026-01-01T00:30:00Z", "approve", "churn@1.0.0"),
        event("2026-01-01T01:30:00Z", "reject", "churn@1.0.0"),
        event("2026-01-02T00:00:00Z", "comment", "churn@2.0.0"),
    )
    assert review_load((), events) == ()
    assert Spread.of([]) == Spread(0, None, None)
    assert Spread.of([60, 120, 600]) == Spread(3, 120, 600)
