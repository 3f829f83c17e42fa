"""Many versions side by side: what differs, what is best, and what the command says of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from reviewtui.catalog import ModelVersion, VersionKind
from reviewtui.comparison import MISSING, Compared, cell_words, compare_versions
from reviewtui.facts.model import DataDigest, DataFact, Fact, VersionFacts
from reviewtui.git.objects import ObjectId, RefName
from reviewtui.overview import VersionStatus
from tests.command import churn_repository, reviewtui


def compared(
    name: str, *, metrics: dict[str, float] | None = None, config: dict[str, object] | None = None
) -> Compared:
    version = ModelVersion("churn", name, VersionKind.RELEASE, RefName(f"refs/tags/v{name}"), ObjectId(name * 8))
    facts = VersionFacts(
        version.commit,
        config=tuple(Fact("params.yaml", key, value) for key, value in (config or {}).items()),
        metrics=tuple(Fact("metrics.json", key, value) for key, value in (metrics or {}).items()),
    )
    return Compared(VersionStatus(version, "released"), facts)


def test_only_rows_in_which_a_version_differs_from_the_base_differ() -> None:
    found = compare_versions(
        [compared("1", config={"a": 1, "b": 1}), compared("2", config={"a": 1.0, "b": 2})], directions={}
    )
    assert [row.key for row in found.differing()] == ["b"]
    assert found.unchanged() == len(found.rows) - 1


def test_a_missing_key_differs_from_null_and_from_every_value() -> None:
    found = compare_versions([compared("1", config={"a": None}), compared("2")], directions={})
    (row,) = found.differing()
    assert row.cells == (None, MISSING)
    assert cell_words(row, 1) == ("—", "-")


def test_best_and_worst_follow_the_direction_and_ties_share_them() -> None:
    sides = [compared(str(n), metrics={"auc": auc, "loss": loss}) for n, (auc, loss) in enumerate(
        [(0.9, 0.3), (0.95, 0.2), (0.95, 0.4)])]  # fmt: skip
    auc, loss = compare_versions(sides, directions={}).rows[:2]
    assert (auc.best, auc.worst) == ({1, 2}, {0})
    assert (loss.best, loss.worst) == ({1}, {2})
    assert cell_words(auc, 1) == ("0.95", "▲ best")
    assert cell_words(loss, 2, deltas=True) == ("+0.1 +33.3 %", "▼ worst")


def test_without_a_known_direction_nothing_is_best() -> None:
    sides = [compared("1", metrics={"zap": 1}), compared("2", metrics={"zap": 2})]
    row = compare_versions(sides, directions={}).rows[0]
    assert not row.best and not row.worst
    assert cell_words(row, 1) == ("2", "~")


def test_the_policy_says_what_is_better_before_the_well_known_names_do() -> None:
    sides = [compared("1", metrics={"loss": 1}), compared("2", metrics={"loss": 2})]
    assert compare_versions(sides, directions={"loss": "higher"}).rows[0].best == {1}


def test_sorting_keeps_the_base_first_and_puts_the_best_next() -> None:
    sides = [compared(str(n), metrics={"loss": loss} if loss else {}) for n, loss in enumerate([5, 4, 0, 1, 9])]
    found = compare_versions(sides, directions={})
    assert [each.version.version for each in found.sorted_by(found.rows[0]).versions] == ["0", "3", "1", "4", "2"]


@given(st.lists(st.dictionaries(st.sampled_from("abcd"), st.integers(-5, 5)), min_size=2, max_size=6))
def test_any_order_of_the_columns_says_the_same_of_each_version(values: list[dict[str, int]]) -> None:
    sides = [compared(str(n), metrics=each) for n, each in enumerate(values)]  # type: ignore[arg-type]
    found = compare_versions(sides, directions=dict.fromkeys("abcd", "higher"))
    order = list(range(len(values)))[::-1]
    for row, turned in zip(found.rows, found.reordered(order).rows, strict=True):
        assert {order[column] for column in turned.best} == row.best
        assert {order[column] for column in turned.worst} == row.worst
        assert bool(row.differs) == bool(turned.differs)


def test_data_is_compared_by_digest_and_size() -> None:
    one, other = compared("1"), compared("2")
    fact = DataFact("train.csv", DataDigest("md5", "aa"), 10, note="one")
    one = replace(one, facts=replace(one.facts, data=(fact,)))
    same = replace(other, facts=replace(other.facts, data=(replace(fact, note="another"),)))
    changed = replace(other, facts=replace(other.facts, data=(replace(fact, size=11),)))
    assert compare_versions([one, same], directions={}).differing() == ()
    assert [row.key for row in compare_versions([one, changed], directions={}).differing()] == ["train.csv"]


def test_the_command_prints_json_that_scripts_can_use(tmp_path: Path) -> None:
    story = churn_repository(tmp_path / "models")
    done = reviewtui(story.path, "compare", "churn@1.0.0", "churn@1.1.0", "--json")
    assert done.status == 0
    assert done.json["base"] == "churn@1.0.0"
    assert [each["name"] for each in done.json["versions"]] == ["churn@1.0.0", "churn@1.1.0"]
    for row in done.json["rows"]:
        assert len(row["values"]) == len(row["deltas"]) == 2
        assert row["differs"]
    whole = reviewtui(story.path, "compare", "churn@1.0.0", "churn@1.1.0", "--json", "--all").json
    assert len(whole["rows"]) == len(done.json["rows"]) + done.json["unchanged"]


def test_the_command_wants_two_versions_and_a_metric_that_is_there(tmp_path: Path) -> None:
    story = churn_repository(tmp_path / "models")
    assert reviewtui(story.path, "compare", "churn@1.0.0").status == 2
    done = reviewtui(story.path, "compare", "churn@1.0.0", "churn@1.1.0", "--sort", "nothing")
    assert done.status == 2
    assert "nothing" in done.err
