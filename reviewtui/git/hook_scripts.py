"""The shell text of the hooks. POSIX sh, without a process of its own where nothing of ours is at stake."""

from __future__ import annotations

HEAD = b"#!/bin/sh\n"
BEGIN = b"# >>> reviewtui: put here by `reviewtui hooks install`, taken out by `reviewtui hooks uninstall` >>>\n"
END = b"# <<< reviewtui <<<\n"

_CHECK = """\
reviewtui_input=$(cat && echo .) && reviewtui_input=${reviewtui_input%.} || exit 1
reviewtui_status=0
printf %s "$reviewtui_input" | @COMMAND@ || reviewtui_status=$?
if [ "$reviewtui_status" -ne 0 ]; then
  [ "$reviewtui_status" -eq 10 ] || echo '@HELP@' >&2
  exit 1
fi
"""
# A transaction is looked at only when it is about to happen, and only when it names a tag. Few lines are read without
# starting a process; many by one, because reading them one by one is slow. Packing names every ref, and moves none.
_STRICT = """\
if [ "$1" = prepared ]; then
reviewtui_input=
reviewtui_lines=0
while [ "$reviewtui_lines" -lt 16 ] && IFS= read -r reviewtui_line; do
  reviewtui_input="$reviewtui_input$reviewtui_line
"
  reviewtui_lines=$((reviewtui_lines + 1))
done
[ "$reviewtui_lines" -lt 16 ] || reviewtui_input="$reviewtui_input$(cat)
"
case $reviewtui_input in
*" refs/tags/"*)
  reviewtui_status=0
  case $({ tr '\\0' ' ' <"/proc/$PPID/cmdline" || ps -o args= -p "$PPID"; } 2>/dev/null) in
  "git pack-refs "*|*"/git pack-refs "*) ;;
  *)
  printf %s "$reviewtui_input" | @COMMAND@ || reviewtui_status=$?
  [ "$reviewtui_status" -ne 10 ] || exit 1
  [ "$reviewtui_status" -eq 0 ] || echo '@HELP@' >&2
  ;;
  esac
  ;;
esac
"""
_GIVE_BACK = """\
[ -z "$reviewtui_input" ] || exec <<REVIEWTUI
${reviewtui_input%?}
REVIEWTUI
"""
_RUN_USER = """\
[ ! -x "$0.user" ] || exec "$0.user" "$@"
"""
_HELP = {
    "pre-receive": "reviewtui: the check could not run, so the push is refused; whoever runs this server can mend it.",
    "pre-push": "reviewtui: the check could not run, so nothing is pushed; reviewtui hooks install mends it, "
    "git push --no-verify goes without it.",
    "reference-transaction": "reviewtui: the check of tags could not run; reviewtui hooks install --strict mends it.",
}
_ARGUMENTS = {"pre-receive": "", "pre-push": ' "$@"', "reference-transaction": ' "$1" "$PPID"'}


def script(name: str, command: str, *, runs_user: bool) -> bytes:
    """Our lines of a hook, between markers. `command` is quoted for the shell already."""
    strict = name == "reference-transaction"
    text = _STRICT if strict else _CHECK
    text = text.replace("@HELP@", _HELP[name])
    text = text.replace("@COMMAND@", f"{command} {name}{_ARGUMENTS[name]}")
    text += _GIVE_BACK + ("fi\n" if strict else "") + (_RUN_USER if runs_user else "")
    return BEGIN + text.encode("utf-8", "surrogateescape") + END
