"""Shell completions: made of the parser, tried in bash, zsh and fish, and deaf to names that are commands."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from reviewtui.cli.completion import bash_script, fish_script, words_of, zsh_script
from reviewtui.cli.parser import build_parser
from tests.command import churn_repository
from tests.model_repository import ModelRepository

SOURCE = Path(__file__).resolve().parent.parent


SHELLS = [
    pytest.param(shell, marks=pytest.mark.skipif(shutil.which(shell) is None, reason=f"{shell} is not installed."))
    for shell in ("bash", "zsh", "fish")
]

IN_ZSH = r"""
zmodload zsh/zpty
zpty inner zsh -f -i
zpty -w inner "stty -echo; PROMPT=; autoload -Uz compinit; compinit -D -u; source ${(q)1}; line=${(q)2}"
zpty -w inner 'compadd() {
  [[ ${@[1,(i)(-|--)]} == *-[a-zA-Z]#[OAD]* ]] && { builtin compadd "$@"; return }
  local -a found; builtin compadd -O found "$@"
  local each; for each in $found; do print -r -- "<offered>$each"; done; return 1
}'
zpty -w inner 'probe() { BUFFER=$line; CURSOR=$#BUFFER; zle complete-word; print -r -- "<end>"; exit }'
zpty -w inner 'zle -N probe; bindkey "^T" probe; print "<""ready>"'
while zpty -r inner row; do [[ $row == *"<ready>"* ]] && break; done
zpty -w -n inner $'\x14'
while zpty -r inner row; do
  row=${row%$'\r\n'}
  [[ $row == *"<offered>"* ]] && print -r -- "${row##*<offered>}"
  [[ $row == *"<end>"* ]] && break
done
zpty -d inner
"""
"""A zsh at a terminal of its own; the line is put into its editor, and what is handed to compadd is what it offers."""


def complete(shell: str, directory: Path, line: str) -> list[str]:
    """What a shell offers at the end of a line."""
    known = tuple(words_of(build_parser()))
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "reviewtui"
        place, python = shlex.quote(str(SOURCE)), shlex.quote(sys.executable)
        program.write_text(f'#!/bin/sh\nPYTHONPATH={place} exec {python} -m reviewtui "$@"\n')
        program.chmod(0o755)
        script = Path(folder) / "completions"
        script.write_text({"bash": bash_script, "zsh": zsh_script, "fish": fish_script}[shell](known))
        return _run(_question(shell, script, line), directory, program.parent)


def _question(shell: str, script: Path, line: str) -> tuple[str, ...]:
    match shell:
        case "bash":
            return ("bash", "-c", f"source {shlex.quote(str(script))}\n{_in_bash(line)}")
        case "zsh":
            return ("zsh", "-f", "-c", IN_ZSH, "zsh", str(script), line)
        case _:
            return (
                "fish",
                "-N",
                "-c",
                "source $argv[1]; complete -C $argv[2]",
                str(script),
                line,
            )


def _in_bash(line: str) -> str:
    return f"""
COMP_LINE={shlex.quote(line)}; COMP_POINT=${{#COMP_LINE}}; COMP_WORDS=({line})
[[ $COMP_LINE == *" " ]] && COMP_WORDS+=("")
COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _reviewtui
printf '%s\\n' "${{COMPREPLY[@]}}"
"""


def _run(command: tuple[str, ...], directory: Path, first_on_path: Path) -> list[str]:
    environment = {**os.environ, "PATH": f"{first_on_path}{os.pathsep}{os.environ['PATH']}", "TERM": "xterm"}
    done = subprocess.run(
        command, cwd=directory, env=environment, capture_output=True, text=True, check=True, timeout=120,
        stdin=subprocess.DEVNULL,
    )  # fmt: skip
    return [row.partition("\t")[0].strip() for row in done.stdout.splitlines() if row.strip()]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> ModelRepository:
    return churn_repository(tmp_path_factory.mktemp("completion") / "models")


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("line", "offered"),
    [
        ("reviewtui comp", {"compare", "completion"}),
        ("reviewtui policy ", {"check"}),
        ("reviewtui completion ", {"bash", "zsh", "fish"}),
        ("reviewtui release --pu", {"--push"}),
        ("reviewtui export --format ", {"jsonl", "csv", "html"}),
        ("reviewtui show ch", {"churn@1.0.0", "churn@1.1.0"}),
        ("reviewtui compare churn@1.0.0 churn@1.1", {"churn@1.1.0"}),
    ],
)
def test_a_shell_offers_what_the_parser_understands(
    story: ModelRepository, shell: str, line: str, offered: set[str]
) -> None:
    found = set(complete(shell, story.path, line))
    if shell == "bash" and "@" in line:
        offered = {name.rpartition("@")[2] for name in offered}  # bash completes what follows its word break
    assert offered <= found
    word = line.rpartition(" ")[2]
    assert all(name.startswith(word) or (shell == "bash" and "@" in line) for name in found)


@pytest.mark.parametrize("shell", SHELLS)
def test_a_tag_that_is_a_command_is_neither_run_nor_offered(tmp_path: Path, shell: str) -> None:
    repository = ModelRepository(tmp_path / "hostile")
    repository.commit_files({"metrics.json": '{"auc": 1}'})
    for name in ("m@v1.0.0", "m@v9.0.0$(touch${IFS}pwned)", "m@v9.1.0`touch${IFS}pwned`", "m@v9.2.0;touch"):
        repository.git("tag", name)
    offered = complete(shell, repository.path, "reviewtui show ")
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
