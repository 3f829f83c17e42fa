"""Shell completions, written out of the parser itself: what it understands is what is offered."""

from __future__ import annotations

import argparse
import sys
from argparse import Namespace
from collections.abc import Iterator

from reviewtui.values import dataclass

SHELLS = ("bash", "zsh", "fish")

_MORE = """\
bash: reviewtui completion bash > ~/.local/share/bash-completion/completions/reviewtui
zsh:  reviewtui completion zsh > a folder of $fpath, as _reviewtui
fish: reviewtui completion fish > ~/.config/fish/completions/reviewtui.fish"""


@dataclass(frozen=True, slots=True)
class Words:
    """What may follow a command (a path of words; () for none yet): sub-commands, options, and kinds of operands."""

    path: tuple[str, ...]
    commands: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, str], ...]
    operands: frozenset[str]
    choices: tuple[str, ...] = ()
    values: tuple[tuple[str, tuple[str, ...]], ...] = ()
    """What may follow the options that take a value: one of these words, or (none are named) anything."""


def add_completion(families: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = families.add_parser(
        "completion",
        help="print the completions of a shell",
        description=f"Print the completions of a shell: commands, options, versions, files.\n\n{_MORE}",
        epilog='examples:\n  eval "$(reviewtui completion bash)"\n  reviewtui completion fish | source',
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("shell", choices=SHELLS, metavar="SHELL", help="bash, zsh or fish")
    parser.set_defaults(run=completion)


def completion(arguments: Namespace) -> int:
    """Print the completions of a shell."""
    from reviewtui.cli.diagnostics import ExitCode
    from reviewtui.cli.parser import build_parser

    known = tuple(words_of(build_parser()))
    sys.stdout.write({"bash": bash_script, "zsh": zsh_script, "fish": fish_script}[arguments.shell](known))
    return ExitCode.DONE


def words_of(parser: argparse.ArgumentParser, path: tuple[str, ...] = ()) -> Iterator[Words]:
    """What a parser understands, and after it what each of its sub-commands does."""
    commands: list[tuple[str, str]] = []
    options: list[tuple[str, str]] = []
    operands: set[str] = set()
    choices: list[str] = []
    values: list[tuple[str, tuple[str, ...]]] = []
    inner: list[tuple[str, argparse.ArgumentParser]] = []
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            said = {choice.dest: choice.help or "" for choice in action._choices_actions}
            commands += [(name, said.get(name, "")) for name in action.choices]
            inner += action.choices.items()
        elif action.option_strings:
            hidden = action.help == argparse.SUPPRESS
            options += [] if hidden else [(name, action.help or "") for name in action.option_strings]
            if action.nargs != 0 and not hidden:
                values += [(name, tuple(map(str, action.choices or ()))) for name in action.option_strings]
        else:
            operands.add(str(action.metavar or action.dest))
            choices += [str(choice) for choice in action.choices or ()]
    yield Words(path, tuple(commands), tuple(options), frozenset(operands), tuple(choices), tuple(values))
    for name, each in inner:
        yield from words_of(each, (*path, name))


_TAKES_VERSION = frozenset(("VERSION", "[BASE] VERSION"))

# A tag may be called $(…): only names that no shell could take for anything else are ever offered.
_PLAIN_NAME = "[A-Za-z0-9@._/+-]*"
_LIST_VERSIONS = (
    f'reviewtui ${{dir:+-C "$dir"}} list --json 2>/dev/null | sed -n \'s/^  {{"name": "\\({_PLAIN_NAME}\\)",.*/\\1/p\''
)


def bash_script(known: tuple[Words, ...]) -> str:
    """A completion function for bash 4 and newer; no other package is needed."""
    cases = "\n".join(
        f"    {_case(words)}) offered={_quoted(_offered(words))}; kind={_kind(words)} ;;" for words in known
    )
    return f"""\
# bash completion for reviewtui, made by: reviewtui completion bash
_reviewtui() {{
  local word=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD-1]}} dir= path= offered= kind= i line
  # bash takes a version apart at its @ where COMP_WORDBREAKS holds one.
  if [[ ${{COMP_LINE:0:COMP_POINT}} =~ ([^[:space:]]+)$ ]]; then line=${{BASH_REMATCH[1]}}; else line=; fi
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${{COMP_WORDS[i]}} in
      -C) dir=${{COMP_WORDS[++i]}} ;;
      -*) ;;
      *) case " {" ".join("/".join(words.path) for words in known if words.path)} " in
           *" ${{path:+$path/}}${{COMP_WORDS[i]}} "*) path=${{path:+$path/}}${{COMP_WORDS[i]}} ;;
         esac ;;
    esac
  done
  case $before in -C) COMPREPLY=($(compgen -d -- "$word")); return ;; esac
  case $before in -o|--output) COMPREPLY=($(compgen -f -- "$word")); return ;; esac
{_bash_values(known)}  case $path in
{cases}
  esac
  COMPREPLY=($(compgen -W "$offered" -- "$word"))
  if [[ $kind == version && $word != -* ]]; then
    COMPREPLY=()
    while IFS= read -r i; do
      [[ $i == "$line"* ]] && COMPREPLY+=("$i")
    done < <({_LIST_VERSIONS})
    if [[ $line == *@* && $COMP_WORDBREAKS == *@* ]]; then COMPREPLY=("${{COMPREPLY[@]#"${{line%@*}}@"}}"); fi
  elif [[ $kind == file && $word != -* ]]; then
    COMPREPLY+=($(compgen -f -- "$word"))
  fi
}}
complete -o default -F _reviewtui reviewtui
"""


def zsh_script(known: tuple[Words, ...]) -> str:
    """A completion function for zsh."""
    cases = "\n".join(
        f"    {_case(words)})\n"
        f"      offered=({' '.join(_quoted(_described(*each)) for each in _described_words(words))})\n"
        f"      kind={_kind(words)} ;;"
        for words in known
    )
    return f"""\
#compdef reviewtui
# zsh completion for reviewtui, made by: reviewtui completion zsh
_reviewtui() {{
  local path_= dir= kind= i known_=" {" ".join("/".join(words.path) for words in known if words.path)} "
  local -a offered versions
  for ((i = 2; i < CURRENT; i++)); do
    case ${{words[i]}} in
      -C) dir=${{words[++i]}} ;;
      -*) ;;
      *) [[ $known_ == *" ${{path_:+$path_/}}${{words[i]}} "* ]] && path_=${{path_:+$path_/}}${{words[i]}} ;;
    esac
  done
  [[ ${{words[CURRENT-1]}} == -C ]] && {{ _files -/; return }}
  [[ ${{words[CURRENT-1]}} == (-o|--output) ]] && {{ _files; return }}
{_zsh_values(known)}  case $path_ in
{cases}
  esac
  if [[ $kind == version && $PREFIX != -* ]]; then
    versions=(${{(f)"$({_LIST_VERSIONS})"}})
    compadd -a versions
    return
  fi
  _describe -t words reviewtui offered
  [[ $kind == file ]] && _files
}}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _reviewtui "$@"; else compdef _reviewtui reviewtui; fi
"""


def fish_script(known: tuple[Words, ...]) -> str:
    """Completions for fish."""
    lines = [
        "# fish completion for reviewtui, made by: reviewtui completion fish",
        "function __reviewtui_versions",
        f"    reviewtui list --json 2>/dev/null | string replace -rf '^  \\{{\"name\": \"({_PLAIN_NAME})\",.*' '$1'",
        "end",
        "complete -c reviewtui -f",
    ]
    for words in known:
        condition = _fish_condition(words, known)
        lines += [
            f"complete -c reviewtui -n {_quoted(condition)} -a {_quoted(name)} -d {_quoted(said)}"
            for name, said in (*words.commands, *((choice, "") for choice in words.choices))
        ]
        for name, said in words.options:
            flag = f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
            named = dict(words.values).get(name)
            value = "" if named is None else f" -x -a {_quoted(' '.join(named))}" if named else " -r"
            lines.append(f"complete -c reviewtui -n {_quoted(condition)} {flag}{value} -d {_quoted(said)}")
        if _kind(words) == "version":
            lines.append(f"complete -c reviewtui -n {_quoted(condition)} -a '(__reviewtui_versions)'")
        if _kind(words) == "file":
            lines.append(f"complete -c reviewtui -n {_quoted(condition)} -F")
    return "\n".join(lines) + "\n"


def _named_values(known: tuple[Words, ...]) -> dict[str, str]:
    return {name: " ".join(words) for each in known for name, words in each.values if words}


def _bash_values(known: tuple[Words, ...]) -> str:
    line = '  case $before in {}) COMPREPLY=($(compgen -W {} -- "$word")); return ;; esac\n'
    return "".join(line.format(name, _quoted(words)) for name, words in _named_values(known).items())


def _zsh_values(known: tuple[Words, ...]) -> str:
    line = "  [[ ${{words[CURRENT-1]}} == {} ]] && {{ compadd {}; return }}\n"
    return "".join(line.format(name, words) for name, words in _named_values(known).items())


def _fish_condition(words: Words, known: tuple[Words, ...]) -> str:
    if not words.path:
        return "__fish_use_subcommand"
    seen = "; and ".join(f"__fish_seen_subcommand_from {name}" for name in words.path)
    below = [other.path[-1] for other in known if other.path[:-1] == words.path]
    return f"{seen}; and not __fish_seen_subcommand_from {' '.join(below)}" if below else seen


def _case(words: Words) -> str:
    return "/".join(words.path) or "''"


def _offered(words: Words) -> str:
    return " ".join([*(name for name, _ in words.commands), *words.choices, *(name for name, _ in words.options)])


def _described_words(words: Words) -> list[tuple[str, str]]:
    return [*words.commands, *((choice, "") for choice in words.choices), *words.options]


def _described(name: str, said: str) -> str:
    return f"{name.replace(':', chr(92) + ':')}:{said}" if said else name


def _kind(words: Words) -> str:
    if words.operands & _TAKES_VERSION:
        return "version"
    return "file" if words.operands & {"FILE", "DIR"} else "words"


def _quoted(text: str) -> str:
    """A text as one word of a shell, between single quotes."""
    shown = " ".join(text.split())
    return "'" + shown.replace("'", "'\\''") + "'"
