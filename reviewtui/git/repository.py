"""Repository: one Git repository as values; nothing is ever checked out, and nothing is fetched in order to look."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from reviewtui.errors import (
    GitCommandError,
    GitError,
    MalformedFileError,
    NotARepositoryError,
    UnknownRevisionError,
)
from reviewtui.git.graph import CommitGraph
from reviewtui.git.history import Ancestry, trace_ancestry
from reviewtui.git.objects import CommitInfo, ObjectId, Person, Ref, RefName, TagObject
from reviewtui.git.parsing import MalformedObjectError, parse_commit, parse_identity, parse_tag
from reviewtui.git.process import Git
from reviewtui.git.refs import is_ref_name, read_refs
from reviewtui.git.stamp import refs_stamp
from reviewtui.git.tree import CommitTree, TreeStore
from reviewtui.patterns import pattern

if TYPE_CHECKING:
    from reviewtui.git.remotes import Progress

MAX_COMMIT_BYTES = 4 << 20
MAX_DIFF_BYTES = 8 << 20
_KEPT_COMMITS = 2048
_KEPT_COMMIT_BYTES = 8 << 10

_HEX = pattern(r"[0-9a-f]{4,64}\Z")
_ID_DIGITS = {"sha1": 40, "sha256": 64}
_SCHEME = pattern(r"^[a-z+]+://")
_PLACES = ("refs/heads/", "refs/tags/", "refs/remotes/")
_DECOYS = ("refs/{}", "refs/tags/{}", "refs/heads/{}", "refs/remotes/{}", "refs/remotes/{}/HEAD")
"""Where Git looks for a ref that is not there under the very name that was given (gitrevisions)."""


class Repository:
    """One repository, opened. Refs are asked for by full names; objects by full ids."""

    def __init__(
        self, git: Git, *, git_dir: Path, common_dir: Path, work_tree: Path | None, object_format: str
    ) -> None:
        self.git = git
        self.git_dir = git_dir
        self.common_dir = common_dir
        self.work_tree = work_tree
        self.object_format = object_format
        self._commits: dict[ObjectId, CommitInfo] = {}
        if self.is_partial:
            git.local_objects_only = common_dir / "objects"

    @classmethod
    def open(cls, path: Path, *, environment: Mapping[str, str] | None = None) -> Repository:
        """The repository that a directory is in. `environment` as for Git.

        Raises: NotARepositoryError; GitMissingError.
        """
        git = Git(path, environment=environment)
        git.version  # noqa: B018 (an old git is refused before it is asked anything)
        questions = (
            "--is-inside-work-tree",
            "--show-object-format",
            "--absolute-git-dir",
            "--git-common-dir",
            "--show-cdup",
        )
        try:
            lines = git.run("rev-parse", *questions).decode("utf-8", "surrogateescape").split("\n")
        except GitCommandError as error:
            raise NotARepositoryError(f"{path} cannot be opened: {error.message}.") from error
        if len(lines) not in (5, 6) or lines[1] not in _ID_DIGITS:
            raise NotARepositoryError(f"{path} cannot be opened: a directory's name holds a line break.")
        inside = lines[0] == "true"
        return cls(
            git,
            git_dir=Path(lines[2]),
            common_dir=(path / lines[3]).resolve(),
            work_tree=(path / lines[4]).resolve() if inside else None,
            object_format=lines[1],
        )

    def close(self) -> None:
        """Ends the long-lived git processes; they start again when needed."""
        self.git.close()

    @property
    def is_bare(self) -> bool:
        """Whether there is no working tree."""
        return self.work_tree is None

    @property
    def is_shallow(self) -> bool:
        """Whether history was cut off when it was cloned."""
        return (self.common_dir / "shallow").exists()

    @property
    def is_partial(self) -> bool:
        """Whether some objects were left behind when it was cloned."""
        settings = self._settings
        promised = any(key.startswith("remote.") and key.endswith(".promisor") for key in settings)
        return promised or "extensions.partialclone" in settings

    @property
    def id_digits(self) -> int:
        """How many digits an object id has here."""
        return _ID_DIGITS[self.object_format]

    @property
    def name(self) -> str:
        """The last part of origin's address without .git or .bundle, else of the directory."""
        address = (self.config("remote.origin.url") or "").rstrip("/")
        place = self.work_tree or (self.git_dir.parent if self.git_dir.name == ".git" else self.git_dir)
        last = PurePosixPath(address.replace("\\", "/").rpartition(":")[2]).name if address else place.name
        return last.removesuffix(".git").removesuffix(".bundle") or place.name

    @property
    def address(self) -> str:
        """origin's address without scheme, user and .git, so that every clone has the same; "" without an origin."""
        url = (self.config("remote.origin.url") or "").rstrip("/")
        host = _SCHEME.sub("", url).rpartition("@")[2] if "://" in url or "@" in url else url
        path = host.replace(":", "/", 1) if "://" not in url and "@" in url else host
        return path.removesuffix(".git").strip("/")

    def stamp(self) -> str:
        """A text that changes when a ref does, so that whoever looks on notices; no process is started."""
        return refs_stamp(self.git_dir, self.common_dir)

    def remotes(self) -> tuple[str, ...]:
        """The names of the configured remotes."""
        names = (key.split(".", 1)[1].rpartition(".")[0] for key in self._settings if key.startswith("remote."))
        return tuple(dict.fromkeys(name for name in names if name))

    def config(self, key: str) -> str | None:
        """The value that Git would use for a key, or None. A key without a value is "true"."""
        values = self.config_all(key)
        return values[-1] if values else None

    def config_all(self, key: str) -> tuple[str, ...]:
        """All values of a key, in the order in which Git reads them."""
        section, _, rest = key.partition(".")
        subsection, dot, variable = rest.rpartition(".")
        return self._settings.get(f"{section.lower()}.{subsection}{dot}{variable.lower()}", ())

    def reload_config(self) -> None:
        """Forgets what was read of the configuration."""
        self.__dict__.pop("_settings", None)

    def identity(self) -> Person:
        """Whom Git would name as committer. Raises: GitError where it has no name."""
        try:
            return parse_identity(self.git.run("var", "GIT_COMMITTER_IDENT"))
        except GitCommandError as error:
            raise GitError(
                "Git does not know who you are.", hint="git config --global user.name NAME, and user.email MAIL"
            ) from error

    def refs(self) -> tuple[Ref, ...]:
        """All branches, tags and remote-tracking branches, in one git process where nothing is broken."""
        return read_refs(self.git)

    def ref(self, name: str) -> ObjectId | None:
        """What one ref (by its full name) points to, or None. The object itself may be missing."""
        if not (name.startswith("refs/") and is_ref_name(name)):
            return None
        info = self.present_ref(name)
        # A ref whose object is missing looks to cat-file as if it were not there; whoever reads a veto must know.
        return info[0] if info is not None else self._exact_ref(name)

    def present_ref(self, name: str) -> tuple[ObjectId, str] | None:
        """Id and type of what one ref points to, where that is here. No process is started to find that it is not."""
        decoys = [place.format(name) for place in _DECOYS]
        infos = self.git.cat_file.infos((name, *decoys))
        # Where there is no refs/x, Git takes refs/heads/refs/x and its like for it, which anybody may push.
        if not any(infos[decoy] for decoy in decoys):
            info = infos[name]
        else:
            exact = self._exact_ref(name)
            info = self.git.cat_file.info(exact) if exact is not None else None
        return (info[0], info[1]) if info is not None else None

    def _exact_ref(self, name: str) -> ObjectId | None:
        printed = self.git.run("for-each-ref", "--format=%(objectname) %(refname)", name).decode("utf-8", "replace")
        rows = (line.split(" ", 1) for line in printed.split("\n") if line)
        return next((ObjectId(object_id) for object_id, found in rows if found == name), None)

    def fetch(self, remote: str, refspecs: Sequence[str], *, progress: Progress | None = None) -> None:
        """Fetches exactly these refspecs: no tags, no pruning. Raises: GitError."""
        from reviewtui.git import remotes

        remotes.fetch(self, remote, refspecs, progress=progress)

    def push(
        self, remote: str, refspecs: Sequence[str], *, atomic: bool = False, progress: Progress | None = None
    ) -> None:
        """Pushes exactly these refspecs. Raises: GitError where the remote refuses any of them."""
        from reviewtui.git import remotes

        results = remotes.push(self, remote, refspecs, atomic=atomic, progress=progress)
        refused = [result for result in results if not result.ok]
        if refused:
            raise GitError(f"{remote} refused {refused[0].target}: {refused[0].summary}")

    def head(self) -> ObjectId | None:
        """The commit that HEAD leads to, or None where there is none yet."""
        info = self.git.cat_file.info("HEAD^{commit}")
        return info[0] if info else None

    def head_branch(self) -> RefName | None:
        """The branch that HEAD names, be it born or not; None where HEAD is detached."""
        named = self.git.run("symbolic-ref", "-q", "HEAD", ok=(0, 1)).decode("utf-8", "surrogateescape").strip()
        return RefName(named) if named else None

    def trusted_branch(self, all_refs: Sequence[Ref] | None = None) -> Ref | None:
        """Where settings and trust come from (`all_refs`: as `refs()` gave them, where that was asked already).

        reviewtui.trustedBranch, else what origin/HEAD names, else (bare) HEAD, else main, else master. A branch that is
        configured and does not exist is never replaced by another.
        """
        refs = {ref.name: ref for ref in (self.refs() if all_refs is None else all_refs)}
        configured = self.config("reviewtui.trustedBranch")
        if configured is not None:
            names = (
                [configured]
                if configured.startswith("refs/")
                else [f"refs/heads/{configured}", f"refs/remotes/{configured}"]
            )
            return next((refs[RefName(name)] for name in names if RefName(name) in refs), None)
        origin = refs.get(RefName("refs/remotes/origin/HEAD"))
        candidates = [origin.symbolic_target] if origin is not None else []
        if self.is_bare:
            candidates.append(self.head_branch() or "")
        candidates += ["refs/heads/main", "refs/heads/master"]
        return next((refs[RefName(name)] for name in candidates if RefName(name) in refs), None)

    def tree(self, commit: ObjectId) -> CommitTree:
        """The files of a commit. Nothing is read before it is asked for."""
        return CommitTree(commit, self.tree_store)

    def trees(self, commits: Iterable[ObjectId], *, paths: Sequence[str] = ()) -> tuple[CommitTree, ...]:
        """The files of many commits; their top directories, and those on the way to `paths`, are read at once."""
        wanted = tuple(commits)
        for path in paths or (".",):
            self.tree_store.load_directories(wanted, path)
        return tuple(CommitTree(commit, self.tree_store) for commit in wanted)

    def commits(self, ids: Iterable[ObjectId]) -> dict[ObjectId, CommitInfo]:
        """Many commits at once. Those that are missing, or no commits, are left out. The last ones read are kept."""
        wanted = tuple(dict.fromkeys(ids))
        found = {each: info for each in wanted if (info := self._commits.get(each)) is not None}
        asked = [each for each in wanted if each not in found]
        for spec, (object_id, kind, data) in self.git.cat_file.objects(asked, limit=MAX_COMMIT_BYTES).items():
            if kind == "commit":
                try:
                    found[ObjectId(spec)] = parse_commit(object_id, data)
                except MalformedObjectError:
                    continue  # A commit that Git would not write is as good as missing.
                if spec == object_id and len(data) <= _KEPT_COMMIT_BYTES:
                    self._commits[object_id] = found[object_id]
        while len(self._commits) > _KEPT_COMMITS:
            self._commits.pop(next(iter(self._commits)), None)
        return {each: found[each] for each in wanted if each in found}

    def commit(self, object_id: ObjectId) -> CommitInfo:
        """One commit. Raises: MalformedFileError where it is missing, or Git would not write one like it."""
        found = self.commits((object_id,)).get(object_id)
        if found is None:
            raise MalformedFileError("the commit", object_id, "it cannot be read")
        return found

    def tag(self, object_id: ObjectId) -> TagObject:
        """One annotated tag, by the id of the tag object. Raises: UnknownRevisionError."""
        found = self.tags((object_id,)).get(object_id)
        if found is None:
            raise UnknownRevisionError(f"There is no readable tag object {object_id}.")
        return found

    def tags(self, ids: Iterable[ObjectId]) -> dict[ObjectId, TagObject]:
        """Many annotated tags at once. Those that are missing, or no tags, are left out."""
        found: dict[ObjectId, TagObject] = {}
        for spec, (object_id, kind, data) in self.git.cat_file.objects(ids, limit=MAX_COMMIT_BYTES).items():
            if kind == "tag":
                try:
                    found[ObjectId(spec)] = parse_tag(object_id, data)
                except MalformedObjectError:
                    continue  # Likewise.
        return found

    def resolve(self, name: str) -> ObjectId:
        """The commit that a full or short ref name, or a full or abbreviated commit id, leads to.

        Revision expressions (HEAD~1, main@{1}, :/text) name nothing here, but for HEAD itself.
        Raises: UnknownRevisionError, also where a name leads to more than one commit.
        """
        candidates = self._candidates(name)
        commits = {
            info[0] for info in self.git.cat_file.infos(f"{each}^{{commit}}" for each in candidates).values() if info
        }
        if len(commits) > 1:
            raise UnknownRevisionError(
                f"{name} is ambiguous: it leads to {len(commits)} commits.",
                hint="Give the full name, as in refs/tags/NAME.",
            )
        if not commits:
            raise UnknownRevisionError(f"{name} names no commit here.")
        return commits.pop()

    def commits_changing(
        self, tip: ObjectId, paths: Sequence[str], *, first_parent: bool = False
    ) -> tuple[CommitInfo, ...]:
        """The commits that change one of the paths (taken literally), newest first.

        `first_parent`: only the states that the branch itself had, not those of branches that were merged into it.
        """
        wanted = [path for path in paths if path not in ("", ".")]
        places = wanted if len(wanted) == len(paths) else []
        walk = ("--first-parent",) if first_parent else ()
        printed = self.git.run("log", "--format=%H", *walk, "--end-of-options", tip, "--", *places).decode("ascii")
        ids = [ObjectId(line) for line in printed.split()]
        infos = self.commits(ids)
        return tuple(infos[each] for each in ids if each in infos)

    def graph(self, tips: Collection[ObjectId], *, beyond: ObjectId | None = None) -> CommitGraph:
        """The history of some commits, in one git process; with `beyond` only what is not in that one's history."""
        asked = "".join(f"{tip}\n" for tip in dict.fromkeys(tips)).encode("ascii")
        if beyond is not None:
            asked += f"^{beyond}\n".encode("ascii")
        return CommitGraph.read(
            self.git.run("rev-list", "--topo-order", "--parents", "--stdin", input=asked).split(b"\n")
        )

    def descends(self, commit: ObjectId, ancestor: ObjectId) -> bool:
        """Whether a commit descends from another one, or is it; False where that cannot be found out."""
        if commit == ancestor:
            return True
        try:
            self.git.run("merge-base", "--is-ancestor", ancestor, commit)
        except GitCommandError:
            return False
        return True

    def ancestors(self, commit: ObjectId) -> frozenset[ObjectId]:
        """Every commit that a commit descends from, and itself, in one git process."""
        printed = self.git.run("rev-list", "--stdin", input=f"{commit}\n".encode("ascii"))
        return frozenset(ObjectId(each) for each in printed.decode("ascii").split())

    def ancestry(self, tips: Collection[ObjectId], *, among: Collection[ObjectId]) -> Ancestry:
        """Which of the `among` commits each tip descends from, in one git process."""
        return trace_ancestry(self._history(tips), tips=tips, among=among)

    def lineage(self, tips: Collection[ObjectId], *, among: Collection[ObjectId]) -> tuple[CommitGraph, Ancestry]:
        """Both in one git process. The graph wants children before their parents."""
        history = self._history(tips)
        return CommitGraph.read(reversed(history)), trace_ancestry(history, tips=tips, among=among)

    def create_tag(self, name: str, *, commit: ObjectId, message: bytes) -> ObjectId:
        """Makes a signed, annotated tag with the user's own signing set-up, and proves what was made.

        Raises: GitError where the tag exists already, or is not what was asked for; GitCommandError.
        """
        full = f"refs/tags/{name}"
        if not is_ref_name(full) or name.startswith("-"):
            raise GitError(f"{name!r} cannot be the name of a tag.")
        if self.ref(full) is not None:
            raise GitError(f"The tag {name} exists already; a release is never moved.")
        import tempfile  # Only who writes needs it.

        with tempfile.TemporaryDirectory(prefix="reviewtui-") as directory:
            file = Path(directory, "message")
            file.write_bytes(message)
            words = ("-s", "--no-column", "--cleanup=verbatim", "-F", str(file))
            self.git.run("tag", *words, "--end-of-options", name, commit, environment={"GIT_OPTIONAL_LOCKS": "1"})
        made = self.ref(full)
        tag = self.tags((made,)).get(made) if made else None
        # Git adds the line feed that a signature needs before it where the message has none.
        if made is None or tag is None or tag.signature is None or tag.flaw:
            raise GitError(f"Git made the tag {name}, but it carries no sound signature.")
        if (tag.name, tag.target, tag.message.rstrip("\n")) != (name, commit, message.decode("utf-8").rstrip("\n")):
            raise GitError(f"The tag {name} is not what was asked for; somebody else may have made it.")
        return made

    def changed_files(self, base: ObjectId, head: ObjectId) -> tuple[str, ...]:
        """The paths that differ between two commits, in path order."""
        printed = self.git.run("diff-tree", "-r", "--name-only", "--no-renames", "-z", "--end-of-options", base, head)
        return tuple(part.decode("utf-8", "surrogateescape") for part in printed.split(b"\0") if part)

    def raw_diff(self, base: ObjectId, head: ObjectId, path: str) -> str:
        """What git diff says of one path: no external tool, no text conversion, at most 8 MiB."""
        words = ("--no-ext-diff", "--no-textconv", "--no-color", "--no-renames", "--end-of-options", base, head)
        printed = self.git.run("diff-tree", "-p", *words, "--", path)
        text = printed[:MAX_DIFF_BYTES].decode("utf-8", "replace")
        return text if len(printed) <= MAX_DIFF_BYTES else text + "\n(the rest is left out)\n"

    @cached_property
    def tree_store(self) -> TreeStore:
        """Tree objects, remembered across all commits."""
        return TreeStore(self.git.cat_file, id_bytes=self.id_digits // 2)

    @cached_property
    def _settings(self) -> dict[str, tuple[str, ...]]:
        values: dict[str, list[str]] = {}
        printed = self.git.run("config", "--list", "-z", "--includes").decode("utf-8", "surrogateescape")
        for each in printed.split("\0"):
            key, is_set, value = each.partition("\n")
            if key:
                values.setdefault(key, []).append(value if is_set else "true")
        return {key: tuple(found) for key, found in values.items()}

    def _history(self, tips: Collection[ObjectId]) -> list[bytes]:
        if not tips:
            return []
        asked = "".join(f"{tip}\n" for tip in dict.fromkeys(tips)).encode("ascii")
        words = ("--topo-order", "--reverse", "--parents", "--stdin")
        return self.git.run("rev-list", *words, input=asked).splitlines()

    def _candidates(self, name: str) -> list[str]:
        if _HEX.match(name) and len(name) == self.id_digits:
            return [name]
        if name == "HEAD":
            return [name]
        if not is_ref_name(f"refs/heads/{name}"):
            raise UnknownRevisionError(f"{name!r} is no name of a ref or commit.")
        named = [name] if name.startswith("refs/") else [place + name for place in _PLACES]
        return [*named, *([name] if _HEX.match(name) else [])]
