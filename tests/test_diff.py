"""Two versions' facts → what changed, with the laws of a difference."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.diff import ChangeKind, MetricVerdict, VersionDiff, diff_facts, pair_facts, unified_text
from reviewtui.diff.values import same_value
from reviewtui.facts.model import (
    DataDigest,
    DataFact,
    EnvironmentFile,
    Fact,
    Problem,
    Value,
    VersionFacts,
    display_keys,
)
from reviewtui.git.objects import ObjectId

BASE, HEAD = ObjectId("a" * 40), ObjectId("b" * 40)


def config(**values: Value) -> VersionFacts:
    return VersionFacts(HEAD, config=tuple(Fact("params.yaml", key, value) for key, value in values.items()))


def metrics(values: dict[str, Value], *, file: str = "metrics.json") -> VersionFacts:
    return VersionFacts(HEAD, metrics=tuple(Fact(file, key, value) for key, value in values.items()))


def data(*facts: DataFact) -> VersionFacts:
    return VersionFacts(HEAD, data=facts)


def fact(path: str, digest: str = "", *, size: int | None = None, algorithm: str = "md5") -> DataFact:
    return DataFact(path, DataDigest(algorithm, digest) if digest else None, size)


def environment(**texts: str) -> VersionFacts:
    return VersionFacts(HEAD, environment=tuple(EnvironmentFile(path, BASE, text) for path, text in texts.items()))


# Config


def test_a_key_is_added_removed_or_changed() -> None:
    diff = diff_facts(config(lr=0.1, depth=3, seed=1), config(lr=0.2, trees=100, seed=1))
    assert [(change.key, change.kind, change.before, change.after) for change in diff.config] == [
        ("depth", ChangeKind.REMOVED, 3, None),
        ("lr", ChangeKind.CHANGED, 0.1, 0.2),
        ("trees", ChangeKind.ADDED, None, 100),
    ]
    assert dict(diff.unchanged) == {"config": 1, "metrics": 0, "data": 0, "environment": 0}


def test_without_a_base_everything_is_added() -> None:
    diff = diff_facts(None, config(lr=0.1, seed=1))
    assert {change.kind for change in diff.config} == {ChangeKind.ADDED}
    assert len(diff.config) == 2


@pytest.mark.parametrize(
    ("before", "after", "same"),
    [
        (1, 1.0, True),
        (True, 1, False),
        (False, 0, False),
        ("1", 1, False),
        (None, "", False),
        (None, None, True),
        ([1, {"a": 2}], [1.0, {"a": 2.0}], True),
        ([True], [1], False),
        ([], {}, False),
        ({"a": 1}, {"b": 1}, False),
        ([1, 2], [2, 1], False),
        (2**53 + 1, float(2**53), False),
        (float("nan"), float("nan"), True),
    ],
)
def test_values_are_equal_only_as_what_they_are(before: Value, after: Value, same: bool) -> None:
    assert same_value(before, after) is same
    assert diff_facts(config(key=before), config(key=after)).is_empty is same


@pytest.mark.parametrize(("old", "new"), [("val_acc", "val.acc"), ("valAcc", "val-acc"), ("VAL_ACC", "val/acc")])
def test_a_key_of_the_same_words_is_renamed(old: str, new: str) -> None:
    (change,) = diff_facts(config(**{old: 1}), config(**{new: 2})).config
    assert (change.kind, change.before_key, change.key) == (ChangeKind.RENAMED, old, new)
    assert (change.before, change.after) == (1, 2)


def test_a_key_that_moved_with_its_value_is_renamed() -> None:
    (change,) = diff_facts(config(**{"train.lr": 0.1}), config(**{"optimizer.lr": 0.1})).config
    assert (change.kind, change.before_key) == (ChangeKind.RENAMED, "train.lr")
    moved_and_changed = diff_facts(config(**{"train.lr": 0.1}), config(**{"optimizer.lr": 0.2})).config
    assert [change.kind for change in moved_and_changed] == [ChangeKind.ADDED, ChangeKind.REMOVED]


def test_two_plausible_partners_are_no_pair() -> None:
    by_words = diff_facts(config(val_acc=1), config(**{"val.acc": 2, "val-acc": 3})).config
    by_value = diff_facts(config(**{"a.lr": 1}), config(**{"b.lr": 1, "c.lr": 1})).config
    assert ChangeKind.RENAMED not in {change.kind for change in (*by_words, *by_value)}
    assert len(by_words) == len(by_value) == 3


def test_the_place_in_a_list_is_no_name_to_pair_by() -> None:
    changes = diff_facts(config(**{"betas.0": 1}), config(**{"sizes.0": 1})).config
    assert [change.kind for change in changes] == [ChangeKind.REMOVED, ChangeKind.ADDED]


def test_a_key_that_moved_to_another_file_is_shown_with_both_files() -> None:
    before = VersionFacts(BASE, config=(Fact("params.yaml", "lr", 0.1),))
    after = VersionFacts(HEAD, config=(Fact("conf/train.yaml", "lr", 0.1),))
    (change,) = diff_facts(before, after).config
    assert (change.kind, change.before_key, change.key) == (ChangeKind.RENAMED, "params.yaml:lr", "conf/train.yaml:lr")


def test_a_key_is_qualified_on_both_sides_or_on_none() -> None:
    before = VersionFacts(BASE, config=(Fact("a.yaml", "lr", 1),))
    after = VersionFacts(HEAD, config=(Fact("a.yaml", "lr", 2), Fact("b.yaml", "lr", 1)))
    assert [change.key for change in diff_facts(before, after).config] == ["a.yaml:lr", "b.yaml:lr"]
    assert [change.key for change in diff_facts(after, before).config] == ["a.yaml:lr", "b.yaml:lr"]


def test_structures_are_compared_item_by_item() -> None:
    before = [64, {"size": 1, "__name": "a"}, 3]
    after = [64, {"size": 2, "__name": "b", "dropout": 0.1}, 3.0, 4]
    (change,) = diff_facts(config(layers=before), config(layers=after)).config
    assert change.details == ('[1].__name: "a" → "b"', "[1].dropout added: 0.1", "[1].size: 1 → 2", "[3] added: 4")


def test_long_texts_are_compared_line_by_line() -> None:
    (change,) = diff_facts(config(prompt="one\ntwo\n"), config(prompt="one\nthree\n")).config
    assert change.details == ("@@ -1,2 +1,2 @@", " one", "-two", "+three")


def test_a_structure_beyond_bounds_is_said_to_be_too_large() -> None:
    (change,) = diff_facts(config(ids=list(range(5000))), config(ids=list(range(5001)))).config
    assert change.details == ("Too large to compare item by item: 5000 items before, 5001 items after.",)
    deep: Value = 1
    for _ in range(5000):
        deep = [deep]
    (change,) = diff_facts(config(tree=[1]), config(tree=deep)).config
    assert change.details[0].startswith("Too large")


# Metrics


def test_a_metric_has_an_exact_delta_and_a_verdict() -> None:
    before, after = metrics({"accuracy": 0.901, "loss": 0.2}), metrics({"accuracy": 0.896, "loss": 0.1})
    diff = diff_facts(before, after, directions={"accuracy": "higher", "loss": "lower"})
    accuracy, loss = diff.metrics
    assert (accuracy.delta, accuracy.verdict) == (Decimal("-0.005"), MetricVerdict.WORSE)
    assert accuracy.relative is not None
    assert abs(accuracy.relative + Decimal("0.005549")) < Decimal("0.000001")
    assert (loss.delta, loss.relative, loss.verdict) == (Decimal("-0.1"), Decimal("-0.5"), MetricVerdict.BETTER)


@pytest.mark.parametrize(
    ("before", "after"),
    [(1e308, 1e-308), (5e-324, -1.7976931348623157e308), (10**500, 10**500 + 1), (0.1, 0.30000000000000004)],
)
def test_a_delta_is_never_rounded(before: float, after: float) -> None:
    (change,) = diff_facts(metrics({"x": before}), metrics({"x": after})).metrics
    assert change.delta is not None
    exact = Fraction(repr(after)) - Fraction(repr(before))
    assert Fraction(change.delta) == exact


def test_a_metric_of_no_known_direction_is_unknown() -> None:
    (change,) = diff_facts(metrics({"zorbs": 1}), metrics({"zorbs": 2})).metrics
    assert (change.direction, change.verdict, change.delta) == ("", MetricVerdict.UNKNOWN, 1)


def test_a_relative_change_of_zero_is_undefined() -> None:
    (change,) = diff_facts(metrics({"x": 0}), metrics({"x": 2})).metrics
    assert (change.delta, change.relative) == (2, None)


@pytest.mark.parametrize("value", ["high", True, None, float("nan"), float("inf"), [1]])
def test_what_is_no_number_has_no_delta(value: Value) -> None:
    (change,) = diff_facts(metrics({"accuracy": 0.5}), metrics({"accuracy": value})).metrics
    assert (change.delta, change.relative, change.verdict) == (None, None, MetricVerdict.UNKNOWN)


def test_a_renamed_metric_keeps_its_history() -> None:
    (change,) = diff_facts(
        metrics({"val_acc": 0.9}), metrics({"val.acc": 0.95}), directions={"val.acc": "higher"}
    ).metrics
    assert (change.kind, change.before_key, change.delta) == (ChangeKind.RENAMED, "val_acc", Decimal("0.05"))
    assert change.verdict is MetricVerdict.BETTER
    (same,) = diff_facts(metrics({"val_acc": 0.9}), metrics({"val.acc": 0.9})).metrics
    assert same.verdict is MetricVerdict.SAME


def test_an_added_metric_has_no_verdict() -> None:
    (change,) = diff_facts(metrics({}), metrics({"accuracy": 0.9}), directions={"accuracy": "higher"}).metrics
    assert (change.kind, change.before, change.delta, change.verdict) == (
        ChangeKind.ADDED,
        None,
        None,
        MetricVerdict.UNKNOWN,
    )


def test_a_direction_may_be_said_for_the_key_of_one_file() -> None:
    before = VersionFacts(BASE, metrics=(Fact("a.json", "score", 1), Fact("b.json", "score", 1)))
    after = VersionFacts(HEAD, metrics=(Fact("a.json", "score", 2), Fact("b.json", "score", 2)))
    one, two = diff_facts(before, after, directions={"a.json:score": "lower", "score": "higher"}).metrics
    assert (one.verdict, two.verdict) == (MetricVerdict.WORSE, MetricVerdict.BETTER)


# Data


def test_data_changes_by_digest() -> None:
    before = data(fact("a", "1", size=5), fact("b", "2", size=5), fact("c", "3", size=5), fact("same", "9"))
    after = data(fact("a", "4", size=6), fact("b", "5", size=5), fact("d", "6"), fact("same", "9"))
    diff = diff_facts(before, after)
    assert [(change.path, change.kind, change.note) for change in diff.data] == [
        ("a", ChangeKind.CHANGED, ""),
        ("b", ChangeKind.CHANGED, "same size, different content"),
        ("c", ChangeKind.REMOVED, ""),
        ("d", ChangeKind.ADDED, ""),
    ]
    assert dict(diff.unchanged)["data"] == 1


def test_a_digest_at_another_path_is_a_renamed_file() -> None:
    (change,) = diff_facts(data(fact("old.csv", "1", size=3)), data(fact("new.csv", "1", size=3))).data
    assert (change.kind, change.before_path, change.path) == (ChangeKind.RENAMED, "old.csv", "new.csv")
    copies = diff_facts(data(fact("old.csv", "1")), data(fact("x.csv", "1"), fact("y.csv", "1"))).data
    assert ChangeKind.RENAMED not in {change.kind for change in copies}


def test_digests_that_cannot_be_compared_are_said_to_be() -> None:
    (other,) = diff_facts(data(fact("a", "1")), data(fact("a", "2", algorithm="sha256"))).data
    assert other.note == "digest algorithms differ: cannot tell if the content changed"
    (lost,) = diff_facts(data(fact("a", "1")), data(fact("a"))).data
    (found,) = diff_facts(data(fact("a")), data(fact("a", "1"))).data
    assert "any more" in lost.note
    assert "before" in found.note
    (resized,) = diff_facts(data(fact("a", "1", size=1)), data(fact("a", "1", size=2))).data
    assert "another size" in resized.note


# Text


def test_environment_files_are_compared_line_by_line() -> None:
    diff = diff_facts(environment(req="a==1\nb==1\n", gone="x\n"), environment(req="a==2\nb==1\n", new="y\n"))
    gone, new, req = diff.environment
    assert (gone.kind, new.kind, req.kind) == (ChangeKind.REMOVED, ChangeKind.ADDED, ChangeKind.CHANGED)
    assert req.lines == ("--- req", "+++ req", "@@ -1,2 +1,2 @@", "-a==1", "+a==2", " b==1")
    assert new.lines[-1] == "+y"


def test_an_environment_file_at_another_path_is_renamed() -> None:
    (change,) = diff_facts(environment(old="a==1\n"), environment(new="a==1\n")).environment
    assert (change.kind, change.before_path, change.path, change.lines) == (ChangeKind.RENAMED, "old", "new", ())


def test_lines_end_at_line_feeds_only_and_a_missing_one_is_seen() -> None:
    assert unified_text("a\x0bb\u2028c\r\n", "a\x0bb\u2028c\n", path="f")[-2:] == ("-a\x0bb\u2028c\r", "+a\x0bb\u2028c")
    assert unified_text("a", "a\n", path="f")[3:] == ("-a", "\\ No newline at end of file", "+a")
    assert unified_text("a", "a", path="f") == ()


@pytest.mark.parametrize("text", ["x\n" * 20_000, "x" * 5_000])
def test_a_text_beyond_bounds_is_said_to_be_too_long(text: str) -> None:
    (line,) = unified_text("", text, path="f")
    assert line.startswith("Too long to compare line by line: 0 lines")


def test_a_text_of_the_same_lines_over_and_over_costs_no_time() -> None:
    again = "".join(f"{at * 7 % 101}\n" for at in range(9_999))
    (line,) = unified_text("".join(f"{at % 101}\n" for at in range(9_999)), again, path="f")
    assert line.startswith("Too long")


def test_the_difference_is_what_git_shows(tmp_path: object) -> None:
    before, after = "".join(f"{n}\n" for n in range(50)), "".join(f"{n if n % 9 else -n}\n" for n in range(1, 50))
    folder = str(tmp_path)
    for name, text in (("before", before), ("after", after)):
        with open(f"{folder}/{name}", "w") as file:
            file.write(text)
    shown = subprocess.run(
        ["git", "diff", "--no-index", "--no-color", "before", "after"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.splitlines()
    hunks = [line for line in unified_text(before, after, path="f") if line[:1] in "+-"][2:]
    assert sorted(hunks) == sorted(line for line in shown[4:] if line[:1] in "+-")


# The whole


def test_problems_say_which_side_they_are_of() -> None:
    before = VersionFacts(BASE, problems=(Problem("params.yaml", "It holds conflict markers."),))
    after = VersionFacts(HEAD, problems=(Problem("dvc.lock", "It is no YAML."),))
    assert diff_facts(before, after).problems == (
        Problem("dvc.lock", "It is no YAML."),
        Problem("params.yaml", "in the base: It holds conflict markers."),
    )


def test_deepdiff_is_loaded_only_where_a_structure_changed() -> None:
    program = (
        "import sys; from reviewtui.diff import diff_facts; from reviewtui.facts.model import *;"
        "facts = lambda v: VersionFacts('a' * 40, config=(Fact('f', 'k', v),));"
        "diff_facts(facts(1), facts(2)); assert 'deepdiff' not in sys.modules;"
        "diff_facts(facts([1]), facts([2])); assert 'deepdiff' in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=6,
)
KEYS = st.sampled_from(
    ["lr", "train.lr", "optimizer.lr", "val_acc", "val.acc", "valAcc", "betas.0", "x.0", "", "_", "é"]
)
FACTS = st.lists(st.builds(Fact, st.sampled_from(["a.yaml", "b.json"]), KEYS, VALUES), max_size=8).map(tuple)
DIGESTS = st.none() | st.builds(DataDigest, st.sampled_from(["md5", "sha256"]), st.sampled_from("123"))
DATA = st.lists(
    st.builds(DataFact, st.sampled_from("abc"), DIGESTS, st.none() | st.integers(0, 2), source=st.sampled_from("xy")),
    max_size=6,
).map(tuple)
TEXTS = st.text(st.sampled_from("ab\n\r"), max_size=6)
FILES = st.lists(
    st.builds(EnvironmentFile, st.sampled_from("pqr"), st.just(BASE), TEXTS),
    max_size=3,
    unique_by=lambda file: file.path,
).map(tuple)
VERSIONS = st.builds(VersionFacts, st.just(HEAD), config=FACTS, metrics=FACTS, data=DATA, environment=FILES)


@given(VERSIONS)
def test_a_version_does_not_differ_from_itself(facts: VersionFacts) -> None:
    diff = diff_facts(facts, facts)
    assert diff.is_empty
    assert sum(count for _, count in diff.unchanged) == sum(
        map(len, (facts.config, facts.metrics, facts.data, facts.environment))
    )


@given(VERSIONS, VERSIONS)
def test_the_other_way_round_is_the_mirror_image(base: VersionFacts, head: VersionFacts) -> None:
    mirrored = {ChangeKind.ADDED: ChangeKind.REMOVED, ChangeKind.REMOVED: ChangeKind.ADDED}
    forth, back = diff_facts(base, head), diff_facts(head, base)
    assert forth.unchanged == back.unchanged
    opposites = {(category, mirrored.get(kind, kind)): count for (category, kind), count in kinds(back).items()}
    assert kinds(forth) == opposites
    for change in forth.metrics:
        if change.delta is not None:
            # A minus before it would round it to 28 digits.
            assert change.delta.copy_negate() in {opposite.delta for opposite in back.metrics}


def kinds(diff: VersionDiff) -> Counter[tuple[str, ChangeKind]]:
    return Counter(
        (category, change.kind)
        for category in ("config", "metrics", "data", "environment")
        for change in getattr(diff, category)
    )


@given(FACTS, FACTS)
def test_applying_a_difference_to_the_base_gives_the_head(base: tuple[Fact, ...], head: tuple[Fact, ...]) -> None:
    pairs = pair_facts(base, head)
    assert sorted(pair.before for pair in pairs if pair.before is not None) == list(range(len(base)))
    assert sorted(pair.after for pair in pairs if pair.after is not None) == list(range(len(head)))
    diff = diff_facts(VersionFacts(BASE, config=base), VersionFacts(HEAD, config=head))
    result, wanted = shown_keys(base, head)
    for change in diff.config:
        if change.kind is not ChangeKind.ADDED:
            result[change.before_key or change.key] -= 1
        if change.kind is not ChangeKind.REMOVED:
            result[change.key] += 1
    assert +result == wanted


def shown_keys(base: tuple[Fact, ...], head: tuple[Fact, ...]) -> tuple[Counter[str], Counter[str]]:
    shown = display_keys((*base, *head))
    return Counter(shown[: len(base)]), Counter(shown[len(base) :])


@given(DATA, DATA)
def test_applying_a_data_difference_gives_the_head(base: tuple[DataFact, ...], head: tuple[DataFact, ...]) -> None:
    diff = diff_facts(data(*base), data(*head))

    def content(facts: tuple[DataFact | None, ...]) -> Counter[object]:
        return Counter((found.path, found.digest, found.size) for found in facts if found)

    result = content(base)
    result.subtract(content(tuple(change.before for change in diff.data)))
    result.update(content(tuple(change.after for change in diff.data)))
    assert +result == content(head)


@given(TEXTS, TEXTS)
def test_applying_a_text_difference_gives_the_head(before: str, after: str) -> None:
    lines = unified_text(before, after, path="f")
    assert (lines == ()) == (before == after)
    if lines:
        assert side(lines, "-") == before
        assert side(lines, "+") == after


def side(lines: tuple[str, ...], sign: str) -> str:
    """The text of one side of a difference whose hunk holds both texts whole, as it does for texts this short."""
    assert sum(line.startswith("@@") for line in lines) == 1
    text, ours = "", False
    for line in lines[3:]:
        if line.startswith("\\"):
            text = text.removesuffix("\n") if ours else text
            continue
        ours = line[0] in (" ", sign)
        text += line[1:] + "\n" if ours else ""
    return text
