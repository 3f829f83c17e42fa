"""Shell completions: made of the parser, tried in bash, and deaf to names that are commands."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from reviewtui.cli.completion import bash_script, fish_script, words_of, zsh_script
from reviewtui.cli.parser import build_parser
from tests.command import churn_repository
from tests.model_repository import ModelRepository

SOURCE = Path(__file__).resolve().parent.parent


def complete(directory: Path, line: str) -> list[str]:
    """What bash offers at the end of a line."""
    script = f"""
reviewtui() {{ PYTHONPATH={shlex.quote(str(SOURCE))} {shlex.quote(sys.executable)} -m reviewtui "$@"; }}
{bash_script(tuple(words_of(build_parser())))}
COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({line})
[[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _reviewtui
printf '%s\\n' "${{COMPREPLY[@]}}"
"""
    done = subprocess.run(("bash", "-c", script), cwd=directory, capture_output=True, text=True, check=True, timeout=60)
    return done.stdout.split()


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> ModelRepository:
    return churn_repository(tmp_path_factory.mktemp("completion") / "models")


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed.")
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("reviewtui comp", {"compare", "completion"}),
        ("reviewtui policy ", {"check"}),
        ("reviewtui completion ", {"bash", "zsh", "fish"}),
        ("reviewtui release --pu", {"--push"}),
        ("reviewtui show ch", {"churn@1.0.0", "churn@1.1.0"}),
        ("reviewtui compare churn@1.0.0 churn@1.1", {"1.1.0"}),
    ],
)
def test_bash_offers_what_the_parser_understands(story: ModelRepository, line: str, offered: set[str]) -> None:
    assert offered <= set(complete(story.path, line))


@pytest.mark.skipif(shutil.which("bash") is None, reason="bash is not installed.")
def test_a_tag_that_is_a_command_is_neither_run_nor_offered(tmp_path: Path) -> None:
    repository = ModelRepository(tmp_path / "hostile")
    repository.commit_files({"metrics.json": '{"auc": 1}'})
    for name in ("m@v1.0.0", "m@v9.0.0$(touch${IFS}pwned)", "m@v9.1.0`touch${IFS}pwned`", "m@v9.2.0;touch"):
        repository.git("tag", name)
    offered = complete(repository.path, "reviewtui show ")
    assert "m@1.0.0" in offered
    assert not any("touch" in name for name in offered)
    assert not (repository.path / "pwned").exists()


def test_every_command_and_option_is_in_every_shells_script() -> None:
    known = tuple(words_of(build_parser()))
    for script in (bash_script(known), zsh_script(known)):
        for words in known:
            for name, _ in (*words.commands, *words.options):
                assert name in script
    fish = fish_script(known)
    for words in known:
        for name, _ in words.options:
            assert f"-l {name[2:]}" in fish if name.startswith("--") else f"-s {name[1:]}" in fish
