"""Notes as an attacker, an old git or another tool would write them."""

from __future__ import annotations

from tests.model_repository import ModelRepository


def write_notes(story: ModelRepository, ref: str, files: dict[str, bytes | str], *, parent: str = "") -> str:
    """A notes commit that holds exactly these: bytes are files, a string is "mode id". Gives the commit."""
    index = {"GIT_INDEX_FILE": str(story.path / "scratch-index")}
    story.git("read-tree", "--empty", env=index)
    lines = []
    for path, content in files.items():
        about = content
        if isinstance(content, bytes):
            about = f"100644 {story.git('hash-object', '-w', '--stdin', input=content)}"
        lines.append(f"{about}\t{path}\n")
    story.git("update-index", "--index-info", input="".join(lines).encode(), env=index)
    tree = story.git("write-tree", "--missing-ok", env=index)
    made = story.git("commit-tree", tree, *(("-p", parent) if parent else ()), "-m", "by hand")
    story.git("update-ref", ref, made)
    return made


def nested(commit: str, depth: int) -> str:
    """The path of a commit's note below `depth` directories."""
    pairs = [commit[2 * number : 2 * number + 2] for number in range(depth)]
    return "/".join([*pairs, commit[2 * depth :]])
