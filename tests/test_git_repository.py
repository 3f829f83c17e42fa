"""Repository on real repositories, of every shape."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from reviewtui.errors import GitError, MalformedFileError, NotARepositoryError, UnknownRevisionError
from reviewtui.git.objects import ObjectId, Person, Ref
from reviewtui.git.parsing import MalformedObjectError, parse_commit, parse_tag, parse_tree
from reviewtui.git.repository import Repository
from tests.conftest import SigningKey
from tests.model_repository import ModelRepository

Opener = Callable[[Path], Repository]


@pytest.fixture
def story(tmp_path: Path) -> ModelRepository:
    return ModelRepository(tmp_path / "churn")


@pytest.fixture
def opened() -> Iterator[Opener]:
    repositories: list[Repository] = []

    def open_one(path: Path) -> Repository:
        repositories.append(Repository.open(path))
        return repositories[-1]

    yield open_one
    for repository in repositories:
        repository.close()


def _named(repository: Repository) -> dict[str, Ref]:
    return {ref.name: ref for ref in repository.refs()}


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_refs_trees_and_commits_are_read(tmp_path: Path, opened: Opener, object_format: str) -> None:
    story = ModelRepository(tmp_path / "r", bare=True, object_format=object_format)
    first = story.commit_files({"params.yaml": "lr: 0.1\n", "a/b/c.txt": "deep"}, message="First\n\nbody")
    story.tag("v1.0.0", message="Release one")
    story.tag("light")
    repository = opened(story.path)
    refs = _named(repository)
    assert repository.object_format == object_format
    assert repository.is_bare
    assert refs["refs/tags/v1.0.0"].is_annotated
    assert refs["refs/tags/v1.0.0"].commit == first == refs["refs/tags/light"].commit
    assert refs["refs/tags/v1.0.0"].subject == "Release one"
    assert not refs["refs/tags/v1.0.0"].signed
    tree = repository.tree(ObjectId(first))
    assert [entry.path for entry in tree.files()] == ["a/b/c.txt", "params.yaml"]
    assert [entry.path for entry in tree.files("a")] == ["a/b/c.txt"]
    entry = tree.entry("a/b/c.txt")
    assert entry is not None
    assert tree.read(entry, limit=10) == b"deep"
    with pytest.raises(MalformedFileError, match="has 4 bytes; at most 3"):
        tree.read(entry, limit=3)
    info = repository.commits([ObjectId(first)])[ObjectId(first)]
    assert (info.subject, info.tree) == ("First", tree.root)
    assert repository.resolve("v1.0.0") == first == repository.resolve(first[:8]) == repository.resolve("main")


def test_an_empty_repository_is_no_error(story: ModelRepository, opened: Opener) -> None:
    repository = opened(story.path)
    assert repository.refs() == ()
    assert repository.head() is None
    assert repository.head_branch() == "refs/heads/main"
    assert repository.trusted_branch() is None
    assert repository.name == "churn"
    with pytest.raises(UnknownRevisionError):
        repository.resolve("main")


def test_what_tags_may_point_to(story: ModelRepository, opened: Opener) -> None:
    commit = story.commit_files({"a": "b"})
    story.tag("one", message="one")
    story.tag("two", "one", message="tag of a tag")
    story.tag("blob", "main:a", message="a blob")
    story.tag("tree", "main^{tree}")
    refs = _named(opened(story.path))
    assert refs["refs/tags/two"].commit == commit
    assert refs["refs/tags/two"].peeled_type == "commit"
    assert (refs["refs/tags/blob"].commit, refs["refs/tags/blob"].peeled_type) == (None, "blob")
    assert (refs["refs/tags/tree"].commit, refs["refs/tags/tree"].object_type) == (None, "tree")


def test_who_made_a_ref_is_its_tagger_or_the_author_of_its_commit(story: ModelRepository, opened: Opener) -> None:
    author, tagger = "Kim <kim@example.com>", "Robin Example"
    commit = story.commit_files({"a": "1"}, branch="model/churn/v2.0.0", author=author, committer="CI <ci@example.com>")
    story.git("tag", "light", commit)
    story.git("tag", "-a", "-m", "x", "full", commit)
    made = {ref.name.rpartition("/")[2]: ref.creator.name for ref in opened(story.path).refs() if ref.creator}
    assert (made["v2.0.0"], made["light"], made["full"]) == ("Kim", "Kim", tagger)
    (story.path / ".git/refs/tags/broken").write_text("1" * 40 + "\n")
    made = {ref.name.rpartition("/")[2]: ref.creator.name for ref in opened(story.path).refs() if ref.creator}
    assert (made["v2.0.0"], made["light"], made["full"]) == ("Kim", "Kim", tagger)


def test_a_tag_whose_object_is_missing_hides_no_other_ref(story: ModelRepository, opened: Opener) -> None:
    commit = story.commit_files({"a": "b"})
    story.tag("good", message="good")
    lost = story.tag("lost", message="lost")
    (story.path / ".git" / "objects" / lost[:2] / lost[2:]).unlink()
    repository = opened(story.path)
    refs = _named(repository)
    assert refs["refs/tags/good"].commit == commit
    assert refs["refs/tags/good"].subject == "good"
    assert (refs["refs/tags/lost"].commit, refs["refs/tags/lost"].peeled_type) == (None, "missing")
    assert repository.ref("refs/tags/lost") == lost


def test_names_lead_to_one_commit_or_to_an_error(story: ModelRepository, opened: Opener) -> None:
    first = story.commit_files({"a": "1"})
    story.git("branch", "same")
    story.tag("same")
    second = story.commit_files({"a": "2"})
    story.git("update-ref", "refs/tags/--output=pwn", second)
    story.git("update-ref", "refs/heads/two", first)
    story.git("update-ref", "refs/tags/two", second)
    repository = opened(story.path)
    assert repository.resolve("same") == first
    assert repository.resolve("--output=pwn") == second
    assert repository.resolve("refs/tags/two") == second
    assert repository.resolve("HEAD") == second
    for name in ("two", "main~1", "main^{/x}", ":/x", "@{-1}", "", "-x", "a\nb", "0" * 40, "dead", "main:a"):
        with pytest.raises(UnknownRevisionError):
            repository.resolve(name)
    assert not (story.path / "pwn").exists()


def test_the_trusted_branch_is_found_in_the_documented_order(tmp_path: Path, opened: Opener) -> None:
    origin = ModelRepository(tmp_path / "origin", bare=True)
    first = origin.commit_files({"a": "1"})
    origin.commit_files({"a": "2"}, branch="trusted")
    assert opened(origin.path).trusted_branch() == _named(opened(origin.path))["refs/heads/main"]
    clone = tmp_path / "clone"
    subprocess.run(("git", "clone", "-q", str(origin.path), str(clone)), check=True)
    repository = opened(clone)
    found = repository.trusted_branch()
    assert found is not None
    assert (found.name, found.commit) == ("refs/remotes/origin/main", first)
    assert repository.name == "origin"
    for value, expected in (("origin/trusted", "refs/remotes/origin/trusted"), ("absent", None)):
        subprocess.run(("git", "config", "reviewtui.trustedBranch", value), cwd=clone, check=True)
        found = opened(clone).trusted_branch()
        assert (found.name if found else None) == expected


def test_worktrees_and_subdirectories_belong_to_their_repository(story: ModelRepository, opened: Opener) -> None:
    story.commit_files({"sub/a": "1"})
    story.git("worktree", "add", "-q", "--detach", "../other")
    repository = opened(story.path.parent / "other" / "sub")
    assert repository.work_tree == (story.path.parent / "other").resolve()
    assert repository.common_dir == (story.path / ".git").resolve()
    assert repository.git_dir != repository.common_dir
    assert not repository.is_bare
    assert repository.head_branch() is None


def test_a_file_is_no_repository(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "absent"):
        with pytest.raises(NotARepositoryError):
            Repository.open(place)


@pytest.mark.parametrize("count", [10, 1000])
def test_the_number_of_processes_does_not_depend_on_the_number_of_versions(
    story: ModelRepository, opened: Opener, count: int
) -> None:
    story.many_tags(count)
    repository = opened(story.path)
    refs = [ref for ref in repository.refs() if ref.name.startswith("refs/tags/")]
    assert len(refs) == count
    commits = [ref.commit for ref in refs if ref.commit]
    assert len(repository.commits(commits)) == count
    assert len(repository.tags([ref.object_id for ref in refs])) == count
    for tree in repository.trees(commits):
        entry = tree.entry("models/churn/params.yaml")
        assert entry is not None
        assert tree.size(entry) > 0
    ancestry = repository.ancestry(commits, among=commits)
    assert max(len(ancestry.ancestors(commit)) for commit in commits) == count
    # config, rev-parse, for-each-ref, rev-list and cat-file.
    assert repository.git.processes_started == 5


def test_ancestry_follows_merges_and_counts_a_commit_as_its_own(story: ModelRepository, opened: Opener) -> None:
    base = ObjectId(story.commit_files({"a": "1"}))
    left = ObjectId(story.commit_files({"a": "2"}, branch="left"))
    right = ObjectId(story.commit_files({"b": "2"}, branch="right"))
    merged = ObjectId(story.git("commit-tree", f"{left}^{{tree}}", "-p", left, "-p", right, "-m", "merge"))
    repository = opened(story.path)
    ancestry = repository.ancestry([merged, left], among=[base, left, right])
    assert ancestry.ancestors(merged) == {base, left, right}
    assert ancestry.ancestors(left) == {base, left}
    assert set(repository.graph([merged, left]).between(left, merged)) == {right, merged}


def test_commits_that_change_a_path_are_listed_newest_first(story: ModelRepository, opened: Opener) -> None:
    first = story.commit_files({"m/a*": "1", "other": "1"})
    story.commit_files({"other": "2", "m/ab": "x"})
    third = story.commit_files({"m/a*": "2"})
    repository = opened(story.path)
    assert [info.object_id for info in repository.commits_changing(ObjectId(third), ["m/a*"])] == [third, first]
    assert len(repository.commits_changing(ObjectId(third), ["."])) == 3
    assert repository.changed_files(ObjectId(first), ObjectId(third)) == ("m/a*", "m/ab", "other")
    assert "+2" in repository.raw_diff(ObjectId(first), ObjectId(third), "m/a*")


def test_a_partial_clone_says_what_is_missing_and_fetches_nothing(tmp_path: Path, opened: Opener) -> None:
    origin = ModelRepository(tmp_path / "origin", bare=True)
    origin.git("config", "uploadpack.allowFilter", "true")
    commit = ObjectId(origin.commit_files({"a": "content", "b/c": "more"}))
    clone = tmp_path / "clone"
    words = ("git", "clone", "-q", "--no-checkout", "--filter=blob:none", f"file://{origin.path}", str(clone))
    subprocess.run(words, check=True)
    packs = sorted((clone / ".git" / "objects" / "pack").iterdir())
    repository = opened(clone)
    assert repository.is_partial
    tree = repository.tree(commit)
    entries = list(tree.files())
    assert [entry.path for entry in entries] == ["a", "b/c"]
    with pytest.raises(MalformedFileError, match="missing from this clone"):
        tree.read(entries[0], limit=100)
    assert tree.read_many(entries, limit=100) == {}
    assert sorted((clone / ".git" / "objects" / "pack").iterdir()) == packs


def test_a_shallow_clone_is_told_apart(tmp_path: Path, opened: Opener) -> None:
    origin = ModelRepository(tmp_path / "origin", bare=True)
    origin.commit_files({"a": "1"})
    origin.commit_files({"a": "2"})
    subprocess.run(("git", "clone", "-q", "--depth=1", f"file://{origin.path}", str(tmp_path / "c")), check=True)
    repository = opened(tmp_path / "c")
    assert repository.is_shallow
    assert len(repository.refs()) == 3
    assert not repository.is_partial


def test_trees_that_no_checkout_could_hold_are_refused() -> None:
    entry = b"100644 %s\0" + b"\x11" * 20
    assert parse_tree(entry % b"a", id_bytes=20) == (("a", "100644", "11" * 20),)
    for spelled, mode in (("040000", "40000"), ("100664", "100644"), ("0100775", "100755"), ("0", "160000")):
        assert parse_tree(spelled.encode() + b" a\0" + b"\x11" * 20, id_bytes=20)[0][1] == mode
    for data in (entry % b"a/b", entry % b"..", entry % b"", (entry % b"a")[:-1], b"100644", b"xyz a\0" + b"1" * 20):
        with pytest.raises(MalformedObjectError):
            parse_tree(data, id_bytes=20)


def test_a_tree_that_repeats_itself_without_end_is_cut_off(
    story: ModelRepository, opened: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("reviewtui.git.tree.MAX_FILES", 1000)
    blob = story.git("hash-object", "-w", "--stdin", input=b"x")
    tree = story.git("mktree", input="".join(f"100644 blob {blob}\tf{n}\n" for n in range(10)).encode())
    for _ in range(9):
        tree = story.git("mktree", input="".join(f"040000 tree {tree}\td{n}\n" for n in range(10)).encode())
    commit = ObjectId(story.git("commit-tree", tree, "-m", "bomb"))
    with pytest.raises(MalformedFileError, match="more than 1000 files"):
        list(opened(story.path).tree(commit).files())


def test_co_authors_and_the_signed_bytes_of_a_commit_are_kept(
    story: ModelRepository, opened: Opener, signing_key: SigningKey
) -> None:
    base = story.commit_files({"a": "1"})
    message = "Subject\n\nText.\n\nCo-authored-by: Kim Example <kim@example.com>\nSigned-off-by: X <x@example.com>\n"
    made = ObjectId(story.git("commit-tree", "-S", f"{base}^{{tree}}", "-p", base, "-F", "-", input=message.encode()))
    info = opened(story.path).commits([made])[made]
    assert info.co_authors == (Person("Kim Example", "kim@example.com"),)
    assert info.signature is not None
    assert _ssh_verifies(info.payload, info.signature, signing_key)
    assert not _ssh_verifies(info.payload + b" ", info.signature, signing_key)


@pytest.mark.parametrize("object_format", ["sha1", "sha256"])
def test_a_signed_tag_is_made_and_taken_apart(
    tmp_path: Path, opened: Opener, signing_key: SigningKey, object_format: str
) -> None:
    story = ModelRepository(tmp_path / "r", bare=True, object_format=object_format)
    commit = ObjectId(story.commit_files({"a": "1"}))
    repository = opened(story.path)
    message = b"churn 1.0.0\n\n# not a comment\n\nModel: churn\n"
    made = repository.create_tag("churn@v1.0.0", commit=commit, message=message)
    tag = repository.tag(made)
    assert (tag.name, tag.target, tag.target_type, tag.flaw) == ("churn@v1.0.0", commit, "commit", "")
    assert tag.message == message.decode()
    assert tag.signature is not None
    assert _ssh_verifies(tag.payload, tag.signature, signing_key)
    assert _named(repository)["refs/tags/churn@v1.0.0"].signed
    story.git("tag", "-v", "churn@v1.0.0")
    with pytest.raises(GitError, match="exists already"):
        repository.create_tag("churn@v1.0.0", commit=commit, message=message)
    for name in ("-x", "a..b", "a b", ""):
        with pytest.raises(GitError):
            repository.create_tag(name, commit=commit, message=message)


_BLOCK = b"-----BEGIN %s-----\nabc\n-----END %s-----\n"


@pytest.mark.parametrize("kind", [b"SSH SIGNATURE", b"PGP SIGNATURE", b"SIGNED MESSAGE"])
def test_text_after_a_signature_and_second_signatures_are_flaws(kind: bytes) -> None:
    head = b"object " + b"1" * 40 + b"\ntype commit\ntag v1\ntagger A <a@x> 5 +0000\n\nhello\n"
    block = _BLOCK % (kind, kind)
    oid = ObjectId("2" * 40)
    good = parse_tag(oid, head + block)
    assert (good.flaw, good.signature, good.payload, good.message) == ("", block, head, "hello\n")
    assert parse_tag(oid, head + block + b"more\n").flaw == "text follows the signature"
    assert parse_tag(oid, head + block + block).flaw == "the tag holds more than one signature"
    assert parse_tag(oid, head + block.partition(b"\n-----END")[0]).flaw == "the signature has no end"
    assert parse_tag(oid, head).signature is None


def test_commits_that_git_could_not_read_are_refused() -> None:
    oid = ObjectId("2" * 40)
    who = b"A <a@x> 5 +0000\n"
    good = b"tree " + b"1" * 40 + b"\nauthor " + who + b"committer " + who + b"encoding latin1\n\n\xe9\n"
    assert parse_commit(oid, good).message == "é\n"
    for bad in (b"", good[5:], b"tree x" + good[6:], good.replace(b"author", b"nobody")):
        with pytest.raises(MalformedObjectError):
            parse_commit(oid, bad)


def test_push_refuses_by_an_error_and_reports_progress_through_gitpython(tmp_path: Path, opened: Opener) -> None:
    origin = ModelRepository(tmp_path / "origin", bare=True)
    origin.commit_files({f"f{number}": str(number) for number in range(50)})
    clone = tmp_path / "clone"
    subprocess.run(("git", "clone", "-q", f"file://{origin.path}", str(clone)), check=True)
    origin.commit_files({"more": "1"})
    repository = opened(clone)
    assert repository.remotes() == ("origin",)
    seen: list[tuple[str, int, int]] = []
    repository.fetch("origin", ["refs/heads/main:refs/heads/copy"], progress=lambda *step: seen.append(step))
    assert seen
    assert "git" in sys.modules
    repository.push("origin", ["refs/heads/copy:refs/heads/copy"], progress=lambda *step: None)
    assert origin.git("rev-parse", "copy") == origin.git("rev-parse", "main")
    with pytest.raises(GitError, match=r"non-fast-forward|fetch first"):
        repository.push("origin", ["refs/heads/main:refs/heads/main"])
    for progress in (None, lambda *step: None):
        with pytest.raises(GitError):
            repository.push("origin", ["refs/heads/none:refs/heads/none"], progress=progress)
    for remote in ("--upload-pack=touch pwn", "ext::sh -c touch% pwn", str(origin.path), ""):
        with pytest.raises(GitError, match="There is no remote"):
            repository.fetch(remote, ["refs/heads/main:refs/heads/x"])


def test_gitpython_is_not_loaded_in_order_to_look(story: ModelRepository) -> None:
    story.commit_files({"a": "1"})
    code = (
        "import sys, pathlib; from reviewtui.git.repository import Repository; "
        "r = Repository.open(pathlib.Path(sys.argv[1])); r.refs(); r.close(); sys.exit('git' in sys.modules)"
    )
    root = Path(__file__).resolve().parent.parent
    subprocess.run((sys.executable, "-c", code, str(story.path)), cwd=root, check=True)


def test_the_real_repositories_are_read_whole(tmp_path: Path, opened: Opener, shared_data: Path) -> None:
    for bundle in sorted(shared_data.glob("*.bundle")):
        place = tmp_path / bundle.stem
        subprocess.run(("git", "clone", "-q", "--bare", str(bundle), str(place)), check=True)
        repository = opened(place)
        assert repository.name == bundle.stem
        commits = {ref.commit for ref in repository.refs() if ref.commit}
        assert commits
        for tree in repository.trees(commits):
            listed = subprocess.run(
                ("git", "ls-tree", "-r", "-z", "--name-only", tree.commit), cwd=place, capture_output=True, check=True
            )
            assert [entry.path for entry in tree.files()] == listed.stdout.decode().split("\0")[:-1]


def _ssh_verifies(payload: bytes, signature: bytes, key: SigningKey) -> bool:
    file = key.private.parent / "signature"
    file.write_bytes(signature)
    words = ("-Y", "verify", "-f", str(key.allowed_signers), "-I", "robin@example.com", "-n", "git", "-s", str(file))
    return subprocess.run(("ssh-keygen", *words), input=payload, capture_output=True, check=False).returncode == 0


def test_a_branch_or_tag_that_is_named_like_a_full_ref_is_never_taken_for_it(tmp_path: Path) -> None:
    story = ModelRepository(tmp_path / "decoys")
    commit = story.commit_files({"a": "1"})
    repository = Repository.open(story.path)
    wanted = "refs/notes/reviewtui/reviews"
    for place in ("refs", "refs/tags", "refs/heads", "refs/remotes"):
        story.git("update-ref", f"{place}/{wanted}", commit)
        assert story.git("rev-parse", "--verify", wanted) == commit
        assert repository.ref(wanted) is None
        assert repository.present_ref(wanted) is None
    other = story.commit_files({"a": "2"})
    story.git("update-ref", wanted, other)
    assert repository.ref(wanted) == other
    assert repository.present_ref(wanted) == (other, "commit")
    repository.close()
