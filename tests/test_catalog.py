"""Refs → versions: what names one, what does not, and which version a name or a base means."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.catalog import (
    ModelVersion,
    RegistryAction,
    VersionCatalog,
    VersionKind,
    build_catalog,
    choose_base,
    commit_version,
    commit_versions,
    compile_pattern,
    find_version,
    tag_name,
    version_order,
    with_versions,
)
from reviewtui.errors import SettingsError, UnknownVersionError
from reviewtui.git.objects import CommitInfo, ObjectId, Person, Ref, RefName

DANA = Person("Dana", "dana@example.com")
BUNDLES = Path(__file__).resolve().parents[1].parent / "shared" / "data"


def oid(number: int) -> ObjectId:
    return ObjectId(f"{number:040x}")


def ref(name: str, commit: int | None = 1, *, kind: str = "commit", created: int = 0, target: str = "") -> Ref:
    return Ref(
        RefName(name),
        oid(1000 + (commit or 0)),
        "tag" if name.startswith("refs/tags/") else kind,
        oid(commit) if commit is not None else None,
        kind,
        created,
        DANA,
        "subject",
        target,
    )


def tag(name: str, commit: int | None = 1, **more: object) -> Ref:
    return ref(f"refs/tags/{name}", commit, **more)  # type: ignore[arg-type]


def catalog_of(*names: str, **more: object) -> VersionCatalog:
    return build_catalog([tag(name, at) for at, name in enumerate(names, 1)], **more)  # type: ignore[arg-type]


def names(catalog: VersionCatalog) -> list[str]:
    return [version.name for version in catalog.versions]


@pytest.mark.parametrize(
    ("name", "model", "version"),
    [
        ("churn@v1.4.0", "churn", "1.4.0"),
        ("churn@1.4.0", "churn", "1.4.0"),
        ("churn@v1.4.0#2", "churn", "1.4.0"),
        ("churn@v1.4.0-rc1+build.5", "churn", "1.4.0-rc1+build.5"),
        ("models=churn@v1.0.0", "models:churn", "1.0.0"),
        ("a/b-c_d@v1.0.0", "a/b-c_d", "1.0.0"),
        ("sourcetool/v0.5.1", "sourcetool", "0.5.1"),
        ("en_core_web_sm-2.0.0", "en_core_web_sm", "2.0.0"),
        ("en_core_web_sm-2.0.0a1", "en_core_web_sm", "2.0.0a1"),
        ("en_core_web_sm-2.1", "en_core_web_sm", "2.1"),
        ("name-1.0.0-rc1", "name", "1.0.0-rc1"),
        ("name-1.0.0-1", "name", "1.0.0-1"),
        ("cats-dogs-v2", "cats-dogs", "2"),
        ("v1.0.0", "repo", "1.0.0"),
        ("v3", "repo", "3"),
        ("v1.0.0-2021.05", "repo", "1.0.0-2021.05"),
        ("1.0.0", "repo", "1.0.0"),
        ("2021.05.18.15", "repo", "2021.05.18.15"),
        ("2026-assessment-year", "repo", "2026-assessment-year"),
        ("20210518", "repo", "20210518"),
    ],
)
def test_a_tag_names_a_model_and_a_version(name: str, model: str, version: str) -> None:
    (found,) = catalog_of(name, repository_name="repo").versions
    assert (found.model, found.version, found.kind) == (model, version, VersionKind.RELEASE)
    assert found.ref == f"refs/tags/{name}"


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("10-bigrams-experiment", "dotted"),
        ("churn@latest", '"latest" is no version'),
        ("churn@vX", "no version"),
        ("V1.0.0", "looks like v1.0.0"),
        ("churn@V1.0.0", "looks like churn@v1.0.0"),
        ("v1.0.0\u200b", "looks like v1.0.0"),
        ("churn@v1.0.\uff10", "written with other characters"),
        ("chürn@v1.0.0", "ASCII"),
        ("v1.0.0-", "ASCII letters and digits"),
        ("deploy/2024-01-01", "no pattern fits it: {model}@v{version}, "),
        ("churn_1.0", "no pattern fits it"),
        ("churn@v1.0.0" + "0" * 300, "longer than"),
    ],
)
def test_a_tag_that_looks_like_a_version_and_is_none_is_explained(name: str, words: str) -> None:
    catalog = catalog_of(name, repository_name="repo")
    assert not catalog.versions
    (passed,) = catalog.passed_over
    assert words in passed.reason


@pytest.mark.parametrize("name", ["model/größe/v1.0.0", "model/churn/v1.0.0-β"])
def test_a_candidate_in_other_letters_than_ascii_is_explained(name: str) -> None:
    catalog = build_catalog([ref(f"refs/heads/{name}"), ref(f"refs/remotes/origin/{name}")])
    assert not catalog.versions
    assert [passed.ref for passed in catalog.passed_over] == [f"refs/heads/{name}", f"refs/remotes/origin/{name}"]
    assert all("ASCII letters" in passed.reason for passed in catalog.passed_over)


@pytest.mark.parametrize("name", ["nightly", "experiment-foo", "backup/main", "stable", "naïve"])
def test_a_tag_that_looks_like_nothing_is_not_mentioned(name: str) -> None:
    assert catalog_of(name) == VersionCatalog(())


@pytest.mark.parametrize(("kind", "words"), [("tree", "a tree"), ("blob", "a blob"), ("", "missing")])
def test_a_tag_that_leads_to_no_commit_is_explained(kind: str, words: str) -> None:
    for name in ("churn@v1.0.0", "churn@v1.0.0#2", "churn#prod#1", "v1.0.0"):
        catalog = build_catalog([tag(name, None, kind=kind)])
        assert not catalog.versions
        assert words in catalog.passed_over[0].reason


def test_one_version_named_twice_at_one_commit_is_one_row_with_both_refs() -> None:
    catalog = build_catalog([tag("churn@1.0.0", 1), tag("churn@v1.0.0", 1), tag("churn-1.0.0", 1)])
    (found,) = catalog.versions
    assert found.refs == ("refs/tags/churn@v1.0.0", "refs/tags/churn@1.0.0", "refs/tags/churn-1.0.0")


def test_one_version_named_at_two_commits_is_two_rows_that_name_each_other() -> None:
    catalog = build_catalog([tag("churn@1.0.0", 1), tag("churn@v1.0.0", 2)])
    first, second = catalog.versions
    assert first.note == "differs on refs/tags/churn@1.0.0"
    assert second.note == "differs on refs/tags/churn@v1.0.0"
    with pytest.raises(UnknownVersionError) as caught:
        find_version(catalog, "churn@1.0.0")
    assert set(caught.value.candidates) == {"refs/tags/churn@1.0.0", "refs/tags/churn@v1.0.0"}
    assert find_version(catalog, "refs/tags/churn@1.0.0").commit == oid(1)
    assert find_version(catalog, "tags/churn@v1.0.0").commit == oid(2)


def test_a_candidate_on_two_branches_with_one_tip_is_one_row() -> None:
    catalog = build_catalog(
        [
            ref("refs/heads/model/churn/v1.5.0", 3),
            ref("refs/remotes/origin/model/churn/v1.5.0", 3),
            ref("refs/remotes/origin/HEAD", 3, target="refs/remotes/origin/main"),
            ref("refs/heads/main", 3),
        ]
    )
    (found,) = catalog.versions
    assert found.kind is VersionKind.CANDIDATE
    assert found.refs == ("refs/heads/model/churn/v1.5.0", "refs/remotes/origin/model/churn/v1.5.0")
    assert found.tag is None


def test_a_candidate_with_different_tips_is_shown_on_both() -> None:
    local, remote = "refs/heads/models/churn/1.5.0", "refs/remotes/origin/models/churn/1.5.0"
    catalog = build_catalog([ref(local, 3), ref(remote, 4)])
    assert [(row.ref, row.note) for row in catalog.versions] == [
        (local, f"differs on {remote}"),
        (remote, f"differs on {local}"),
    ]
    assert find_version(catalog, "origin/models/churn/1.5.0").commit == oid(4)


def test_a_released_candidate_is_part_of_its_release_until_it_moves() -> None:
    branch = "refs/heads/model/churn/v1.5.0"
    (found,) = build_catalog([ref(branch, 3), tag("churn@v1.5.0", 3)]).versions
    assert (found.kind, found.other_refs) == (VersionKind.RELEASE, (branch,))
    release, candidate = build_catalog([ref(branch, 4), tag("churn@v1.5.0", 3)]).versions
    assert (release.kind, candidate.kind) == (VersionKind.RELEASE, VersionKind.CANDIDATE)
    assert branch in release.note
    assert "refs/tags/churn@v1.5.0" in candidate.note


def test_a_remote_whose_name_holds_a_slash_is_known_by_its_name() -> None:
    refs = [ref("refs/remotes/team/a/model/churn/v1.0.0", 3)]
    assert not build_catalog(refs).versions
    assert names(build_catalog(refs, remotes=("team", "team/a"))) == ["churn@1.0.0"]


def test_one_commit_may_hold_many_versions_of_many_models() -> None:
    catalog = build_catalog([tag("a@v1.0.0", 1), tag("a@v1.1.0", 1), tag("b@v1.0.0", 1)])
    assert names(catalog) == ["a@1.1.0", "a@1.0.0", "b@1.0.0"]
    assert catalog.models == ("a", "b")
    assert [row.name for row in catalog.of_model("a")] == ["a@1.1.0", "a@1.0.0"]
    assert catalog.of_model("c") == ()


def test_a_name_without_a_model_belongs_to_the_only_model_there_is() -> None:
    assert names(catalog_of("v1.0.0", repository_name="repo")) == ["repo@1.0.0"]
    assert names(catalog_of("v1.0.0", repository_name="repo", models=("churn",))) == ["churn@1.0.0"]
    assert names(catalog_of("v1.0.0", "churn@v2.0.0", repository_name="repo")) == ["churn@2.0.0", "churn@1.0.0"]


def test_a_name_without_a_model_is_no_guess_among_several() -> None:
    catalog = catalog_of("v1.0.0", models=("a", "b"), repository_name="repo")
    assert not catalog.versions
    assert "a, b" in catalog.passed_over[0].reason
    assert names(catalog_of("v1.0.0", models=("a", "repo"), repository_name="repo")) == ["repo@1.0.0"]
    assert "repo@1.0.0" in names(catalog_of("v1.0.0", "a@v1.0.0", "b@v1.0.0", repository_name="repo"))


def test_a_dash_alone_does_not_say_what_the_model_of_other_names_is() -> None:
    assert names(catalog_of("v1.0.0", "experiment-0.1", repository_name="repo")) == ["experiment@0.1", "repo@1.0.0"]


def test_patterns_of_the_settings_replace_the_built_in_ones() -> None:
    catalog = catalog_of("release/churn/1.0.0", "churn@v2.0.0", tag_patterns=("release/{model}/{version}",))
    assert names(catalog) == ["churn@1.0.0"]
    assert "no pattern fits it" in catalog.passed_over[0].reason


@pytest.mark.parametrize("template", ["{model}", "{version}{version}", "{model}{version}", "{name}@{version}", ""])
def test_a_pattern_that_cannot_name_a_version_is_an_error(template: str) -> None:
    with pytest.raises(SettingsError):
        compile_pattern(template)


def test_a_tag_is_named_by_the_pattern_and_read_back() -> None:
    assert tag_name("{model}@v{version}", "models:churn", "1.4.0") == "models=churn@v1.4.0"
    (found,) = catalog_of(tag_name("{model}/v{version}", "churn", "1.4.0-rc1")).versions
    assert found.name == "churn@1.4.0-rc1"


# GTO


def test_a_stage_is_shown_on_the_version_it_was_last_assigned_to() -> None:
    catalog = build_catalog(
        [
            tag("churn@v1.0.0", 1, created=1),
            tag("churn@v2.0.0", 2, created=2),
            tag("churn#prod#3", 1, created=3),
            tag("churn#prod#4", 2, created=2),
            tag("churn#dev#5", 1, created=5),
        ]
    )
    assert {row.version: row.stages for row in catalog.versions} == {"1.0.0": ("dev",), "2.0.0": ("prod",)}
    assert not catalog.passed_over
    assert [(event.action, event.stage, event.version) for event in catalog.events] == [
        (RegistryAction.ASSIGN, "prod", "1.0.0"),
        (RegistryAction.ASSIGN, "prod", "2.0.0"),
        (RegistryAction.ASSIGN, "dev", "1.0.0"),
    ]
    assert find_version(catalog, "churn#prod").version == "2.0.0"
    assert find_version(catalog, "churn#prod#3").version == "1.0.0"


def test_a_stage_that_is_taken_back_returns_to_the_version_before() -> None:
    registered = [tag("churn@v1.0.0", 1), tag("churn@v2.0.0", 2)]
    assigned = [tag("churn#prod#3", 1, created=3), tag("churn#prod#4", 2, created=4)]
    taken = build_catalog([*registered, *assigned, tag("churn#prod!#5", 2, created=5)])
    assert {row.version: row.stages for row in taken.versions} == {"1.0.0": ("prod",), "2.0.0": ()}


def test_stages_without_counters_go_by_time() -> None:
    catalog = build_catalog(
        [tag("churn@v1.0.0", 1), tag("churn@v2.0.0", 2), tag("churn#prod", 2, created=9), tag("churn#prod#7", 1)]
    )
    assert find_version(catalog, "churn#prod").version == "2.0.0"


def test_a_stage_on_a_commit_that_is_no_version_is_explained() -> None:
    catalog = build_catalog([tag("churn@v1.0.0", 1), tag("churn#prod#2", 9)])
    assert "no version of it" in catalog.passed_over[0].reason


def test_a_deregistered_version_is_shown_as_such_until_it_is_registered_again() -> None:
    tags = [tag("churn@v1.0.0", 1, created=1), tag("churn@v1.0.0!#2", 1, created=2)]
    (gone,) = build_catalog(tags).versions
    assert gone.deregistered
    assert gone.note == "deregistered"
    (back,) = build_catalog([*tags, tag("churn@v1.0.0#3", 1, created=3)]).versions
    assert not back.deregistered
    assert back.note == ""


def test_a_deregistration_of_nothing_is_explained() -> None:
    assert "which no tag registers" in build_catalog([tag("churn@v9.0.0!#2", 1)]).passed_over[0].reason


def test_versions_that_differ_in_letter_case_only_are_noted() -> None:
    catalog = catalog_of("churn@v1.0.0-rc1", "churn@v1.0.0-RC1", "churn@v1.0.0")
    assert [row.note for row in catalog.versions] == [
        "",
        "written almost like churn@1.0.0-RC1",
        "written almost like churn@1.0.0-rc1",
    ]


def test_a_deprecated_model_is_noted_until_it_is_created_again() -> None:
    tags = [tag("churn@v1.0.0", 1), tag("churn@deprecated#2", 1, created=2)]
    assert build_catalog(tags).versions[0].note == "model deprecated"
    assert build_catalog([*tags, tag("churn@created#3", 1, created=3)]).versions[0].note == ""


# Finding


def test_a_version_is_found_by_each_of_its_names() -> None:
    catalog = catalog_of("churn@v1.4.0#2", "other@v1.0.0")
    for name in ("churn@1.4.0", "churn@v1.4.0", "churn@v1.4.0#2", "tags/churn@v1.4.0#2", "refs/tags/churn@v1.4.0#2"):
        assert find_version(catalog, name).version == "1.4.0"


def test_the_model_may_be_left_out_where_there_is_only_one() -> None:
    assert find_version(catalog_of("churn@v1.4.0"), "v1.4.0").name == "churn@1.4.0"
    with pytest.raises(UnknownVersionError, match=r"which model.*churn@1\.4\.0"):
        find_version(catalog_of("churn@v1.4.0", "other@v1.0.0"), "1.4.0")


def test_an_unknown_name_is_answered_with_the_nearest() -> None:
    catalog = catalog_of("churn@v1.4.0", "churn@v1.5.0", "fraud@v1.0.0")
    with pytest.raises(UnknownVersionError) as caught:
        find_version(catalog, "chrun@v1.4.0")
    assert caught.value.candidates[0] == "churn@1.4.0"
    with pytest.raises(UnknownVersionError, match="no tag, branch or commit"):
        find_version(VersionCatalog(()), "churn@1.0.0")


@pytest.mark.parametrize("name", ["Churn@1.4.0", "churn@1.4.0\u200b", "churn@１.4.0", "churn@V1.4.0", ""])
def test_a_name_that_is_only_alike_is_never_taken(name: str) -> None:
    with pytest.raises(UnknownVersionError):
        find_version(catalog_of("churn@v1.4.0"), name)


def test_a_branch_and_a_tag_of_one_name_are_ambiguous_unless_they_are_one_version() -> None:
    patterns = ("{model}@v{version}",)
    refs = [ref("refs/heads/churn@v1.0.0", 2), tag("churn@v1.0.0", 1)]
    catalog = build_catalog(refs, branch_patterns=patterns)
    with pytest.raises(UnknownVersionError, match="names 2 versions"):
        find_version(catalog, "churn@v1.0.0")
    assert find_version(catalog, "heads/churn@v1.0.0").commit == oid(2)


# Commits


def commit(object_id: str, *, message: str = "Train\n\nlonger") -> CommitInfo:
    return CommitInfo(ObjectId(object_id), oid(1), (), DANA, 1, DANA, 2, message)


def test_a_commit_is_a_version_named_by_its_short_hash() -> None:
    version = commit_version("churn", commit("abcdef0123" + "0" * 30))
    assert (version.name, version.subject, version.ref) == ("churn@abcdef0", "Train", "")


def test_commits_that_share_a_short_hash_stay_apart_and_the_older_keeps_its_name() -> None:
    newer, older = commit("abcdef0" + "1" * 33), commit("abcdef0" + "2" * 33)
    versions = commit_versions("churn", [newer, older])
    assert [version.version for version in versions] == ["abcdef01", "abcdef0"]
    catalog = with_versions(VersionCatalog(()), versions)
    assert find_version(catalog, "churn@abcdef01").commit == newer.object_id
    assert find_version(catalog, "abcdef02").commit == older.object_id
    assert find_version(catalog, newer.object_id).commit == newer.object_id


# Order


def test_versions_are_ordered_as_people_read_them() -> None:
    ordered = [
        "0.9",
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0-rc2",
        "1.0.0-rc10",
        "1.0.0",
        "1.0.0+build.2",
        "1.0.0+build.10",
        "1.0.0.post1",
        "1.2",
        "1.2.1",
        "1.10.0",
        "2.0.0.dev1",
        "2.0.0a1.dev1",
        "2.0.0a1",
        "2.0.0b2",
        "2.0.0rc1",
        "2.0.0",
        "10",
        "2021.05.17.14",
        "2021.05.18.15",
        "2026-assessment-year",
    ]
    shuffled = ordered[1::2] + ordered[::2]
    assert sorted(shuffled, key=version_order) == ordered


NUMBERED = st.from_regex(r"\A[0-9]{1,3}(\.[0-9]{1,2}){0,3}([-+.]?(rc|a|dev|post)?[0-9]{0,2}){0,3}\Z")
VERSIONS = st.one_of(st.text(), NUMBERED)


@given(VERSIONS, VERSIONS, VERSIONS)
def test_the_order_is_total(one: str, two: str, three: str) -> None:
    keys = [version_order(text) for text in (one, two, three)]
    assert (keys[0] == keys[1]) == (one == two)
    assert (keys[0] < keys[1]) + (keys[0] == keys[1]) + (keys[0] > keys[1]) == 1
    assert not (keys[0] < keys[1] < keys[2]) or keys[0] < keys[2]


def test_a_number_of_any_length_has_a_place() -> None:
    assert version_order("9" * 5000) < version_order("1" + "0" * 5000)


# Bases

RELEASES = ("churn@v1.0.0", "churn@v1.1.0", "churn@v2.0.0")


def test_the_base_is_the_highest_lower_release_that_is_an_ancestor() -> None:
    catalog = build_catalog([tag(name, at) for at, name in enumerate(RELEASES, 1)] + [tag("churn@v1.2.0", 9)])
    choice = choose_base(find_version(catalog, "churn@1.2.0"), catalog, frozenset({oid(1), oid(2), oid(9)}))
    assert choice.version is not None
    assert choice.version.version == "1.1.0"
    assert choice.reason == "churn@1.1.0, the latest release before 1.2.0"


def test_a_base_that_is_no_ancestor_is_said_to_be_none() -> None:
    catalog = catalog_of(*RELEASES)
    choice = choose_base(find_version(catalog, "churn@2.0.0"), catalog, frozenset())
    assert choice.version is not None
    assert choice.version.version == "1.1.0"
    assert "not an ancestor" in choice.reason


def test_the_first_release_has_no_base() -> None:
    catalog = catalog_of(*RELEASES, "other@v0.1.0")
    choice = choose_base(find_version(catalog, "churn@1.0.0"), catalog, frozenset({oid(1), oid(2), oid(4)}))
    assert choice.version is None
    assert choice.reason == "no earlier release: everything is new"


def test_a_deregistered_release_is_no_base_and_that_is_said() -> None:
    catalog = build_catalog(
        [tag(name, at) for at, name in enumerate(RELEASES, 1)] + [tag("churn@v1.1.0!#4", 2, created=5)]
    )
    choice = choose_base(find_version(catalog, "churn@2.0.0"), catalog, frozenset({oid(1), oid(2)}))
    assert choice.version is not None
    assert choice.version.version == "1.0.0"
    assert "churn@1.1.0 is passed over: it was deregistered" in choice.reason


def test_the_base_of_a_candidate_is_never_another_candidate_or_itself() -> None:
    catalog = build_catalog(
        [tag("churn@v1.0.0", 1), ref("refs/heads/model/churn/v1.1.0", 2), ref("refs/heads/model/churn/v1.2.0", 3)]
    )
    choice = choose_base(find_version(catalog, "churn@1.2.0"), catalog, frozenset({oid(1), oid(2), oid(3)}))
    assert choice.version is not None
    assert choice.version.version == "1.0.0"


def test_the_base_of_a_commit_is_the_release_behind_it_else_the_commit_before() -> None:
    versions = commit_versions("churn", [commit(f"{at}{at}{'0' * 38}") for at in (3, 2, 1)])
    catalog = with_versions(VersionCatalog(()), versions)
    assert choose_base(versions[0], catalog, frozenset()).version == versions[1]
    assert choose_base(versions[2], catalog, frozenset()).version is None
    released = with_versions(catalog_of("churn@v1.0.0"), versions)
    assert choose_base(versions[0], released, frozenset({oid(1)})).version == released.versions[0]


@given(st.lists(st.sampled_from(["1.0.0", "1.1.0", "1.1.0-rc1", "2.0.0", "1.10.0"]), unique=True, min_size=1))
def test_a_base_always_precedes_its_version(versions: list[str]) -> None:
    catalog = catalog_of(*(f"churn@v{version}" for version in versions))
    for version in catalog.versions:
        choice = choose_base(version, catalog, frozenset(row.commit for row in catalog.versions))
        lower = [row for row in catalog.versions if version_order(row.version) < version_order(version.version)]
        assert choice.version == (lower[0] if lower else None)


NAMES = st.text(st.sampled_from("abvV.@#!-/=_+0123456789\u200bé{} \n"), max_size=20)


@given(st.lists(st.tuples(st.sampled_from(["tags", "heads", "remotes/origin"]), NAMES, st.integers(0, 3)), max_size=12))
def test_no_name_is_fatal_and_the_order_of_refs_says_nothing(items: list[tuple[str, str, int]]) -> None:
    refs = [
        ref(f"refs/{place}/{name}", commit or None)
        for place, name, commit in {item[:2]: item for item in items}.values()
    ]
    catalog = build_catalog(refs)
    assert build_catalog(reversed(refs)) == VersionCatalog(
        catalog.versions, catalog.passed_over, tuple(reversed(catalog.events))
    )
    for version in catalog.versions:
        assert find_version(catalog, version.ref) == version


# Real repositories


def refs_of(directory: Path) -> list[Ref]:
    form = "%(refname)%09%(objectname)%09%(objecttype)%09%(*objectname)%09%(*objecttype)%09%(creatordate:unix)"
    lines = subprocess.run(
        ["git", "-C", str(directory), "for-each-ref", f"--format={form}"], capture_output=True, text=True, check=True
    ).stdout.splitlines()
    found = []
    for line in lines:
        name, object_id, kind, peeled, peeled_kind, created = line.split("\t")
        found.append(
            Ref(
                RefName(name),
                ObjectId(object_id),
                kind,
                ObjectId(peeled or object_id),
                peeled_kind or kind,
                int(created),
            )
        )
    return found


@pytest.fixture
def real(tmp_path: Path, request: pytest.FixtureRequest) -> VersionCatalog:
    bundle = BUNDLES / f"{request.param}.bundle"
    if not bundle.exists():
        pytest.skip("the real repositories are not here")
    subprocess.run(["git", "clone", "-q", "--mirror", str(bundle), str(tmp_path / "real")], check=True)
    return build_catalog(refs_of(tmp_path / "real"), repository_name=request.param)


@pytest.mark.parametrize("real", ["bank-customer-churn"], indirect=True)
def test_every_tag_of_a_real_registry_is_a_version_or_a_stage(real: VersionCatalog) -> None:
    assert len(real.versions) == 8
    assert real.models == ("lightgbm-model", "randomforest-model", "xgboost-model")
    assert not real.passed_over
    assert find_version(real, "lightgbm-model#dev").version == "2.0.1"
    assert find_version(real, "randomforest-model#prod").version == "1.0.0"


@pytest.mark.parametrize(
    ("real", "count"), [("articlequality", 14), ("rota", 2), ("roberta-base-squad2", 0)], indirect=["real"]
)
def test_plain_tags_of_real_repositories_are_versions_of_one_model(real: VersionCatalog, count: int) -> None:
    assert len(real.versions) == count
    assert len(real.models) <= 1


def test_a_version_knows_its_refs() -> None:
    version = ModelVersion("m", "1", VersionKind.COMMIT, RefName(""), oid(1))
    assert version.refs == ()
