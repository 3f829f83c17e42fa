"""A hook at work: read what Git says, ask the rules, say why not.

Whatever goes wrong here closes the gate, in one line: a hook that fails open is no hook.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType

from reviewtui.clock import utc_now
from reviewtui.enforcement.model import TAG_PREFIX, Judgement, configured_limit
from reviewtui.enforcement.push import (
    concerns,
    follow_symbolic,
    is_guarded,
    judge_push,
    pushing_side,
    receiving_side,
    trusted_names,
)
from reviewtui.errors import GitError, ReviewTuiError
from reviewtui.git.repository import Repository
from reviewtui.git.updates import RefUpdate, hook_environment, parse_pushed, parse_updates, symbolic_targets

REFUSED = 10
"""Not 1, with which Python ends where it cannot even begin."""

MOST_REFUSALS = 50

TIME_LIMIT = 120
"""Seconds; reviewtui.hookTimeout in Git's configuration says otherwise."""


class _OutOfTimeError(Exception):
    """The check took too long."""


def run(words: list[str]) -> int:
    """Run one hook with the words that its script gave it; 0: go ahead, REFUSED: no."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    hooks: dict[str, Callable[[list[str]], Judgement]] = {
        "pre-receive": _pre_receive,
        "pre-push": _pre_push,
        "reference-transaction": _reference_transaction,
    }
    judge = hooks.get(words[0]) if words else None
    if judge is None:
        _say("there is no such hook.")
        return 2
    try:
        judgement = judge(words[1:])
    except ReviewTuiError as error:
        _say(f"{error.message} So this is refused.")
        if error.hint:
            _say(f"  {error.hint}")
        return REFUSED
    except _OutOfTimeError:
        _say("the check took too long, so this is refused; push less at once, or ask whoever runs this server.")
        return REFUSED
    except Exception as error:  # noqa: BLE001 (a crash must refuse, and say so in a line that a person can pass on)
        _say(f"the check crashed ({_where(error)}), so this is refused; please report it.")
        return REFUSED
    _report(judgement)
    return 0 if judgement.allowed else REFUSED


def _pre_receive(words: list[str]) -> Judgement:
    del words
    updates = parse_updates(sys.stdin.buffer.read())
    if os.environ.get("GIT_NAMESPACE"):
        # Git names the refs without the namespace here, so others would be taken for them.
        raise GitError("The push goes to a Git namespace, where the trusted branch is another one.")
    repository = _repository()
    with _time_limit(repository):
        if not is_guarded(updates):
            meant = follow_symbolic(updates, symbolic_targets(repository))
            if not concerns(meant, trusted_names(repository)):
                return Judgement()
        from reviewtui.git.turns import take_turn

        with take_turn(repository) as turn:
            side = receiving_side(repository, updates)
            updates = follow_symbolic(updates, side.symbolic)
            judgement = judge_push(repository, updates, side, clock=utc_now)
            if judgement.allowed:
                turn.leave(updates)
            return judgement


def _pre_push(words: list[str]) -> Judgement:
    del words
    updates = parse_pushed(sys.stdin.buffer.read())
    repository = _repository()
    with _time_limit(repository):
        side = pushing_side(repository, updates)
        if side.trusted_commit is None or not concerns(updates, {side.trusted}):
            return Judgement()
        return judge_push(repository, updates, side, clock=utc_now)


def _reference_transaction(words: list[str]) -> Judgement:
    from reviewtui.git.transactions import makes_refs

    state, parent = words[0], int(words[1])
    tags = tuple(each for each in _transaction(sys.stdin.buffer.read()) if each.ref.startswith(TAG_PREFIX))
    if state != "prepared" or not tags:
        return Judgement()
    repository = _repository()
    with _time_limit(repository):
        own = makes_refs(repository, parent)
        if own is None:
            return Judgement(remarks=("it cannot be told who makes this tag, so it is not judged.",))
        if not own:
            return Judgement()
        side = pushing_side(repository, ())
        current = {ref.name: ref.object_id for ref in side.before}
        # Who deletes a tag need not say what it was.
        updates = tuple(RefUpdate(each.ref, current.get(each.ref), each.new) for each in tags)
        updates = tuple(each for each in updates if each.old != each.new)
        if side.trusted_commit is None or not updates:
            return Judgement()
        judgement = judge_push(repository, updates, side, clock=utc_now)
        return Judgement(judgement.refusals)


def _transaction(data: bytes) -> tuple[RefUpdate, ...]:
    """The updates of tags; what a transaction says of other refs may be in words of newer Gits."""
    return parse_updates(b"".join(line + b"\n" for line in data.split(b"\n") if b" refs/tags/" in line))


def _repository() -> Repository:
    return Repository.open(Path.cwd(), environment=hook_environment(os.environ))


@contextlib.contextmanager
def _time_limit(repository: Repository) -> Iterator[None]:
    limit = configured_limit(repository, "reviewtui.hookTimeout", TIME_LIMIT)

    def give_up(number: int, frame: FrameType | None) -> None:
        raise _OutOfTimeError

    before = signal.signal(signal.SIGALRM, give_up)
    signal.alarm(limit)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)
        repository.close()


def _report(judgement: Judgement) -> None:
    for refusal in judgement.refusals[:MOST_REFUSALS]:
        _say(f"{refusal.ref}: {refusal.reason}")
        for detail in refusal.details:
            _say(f"  {detail}")
    if len(judgement.refusals) > MOST_REFUSALS:
        _say(f"and {len(judgement.refusals) - MOST_REFUSALS} more reasons.")
    for hint in dict.fromkeys(refusal.hint for refusal in judgement.refusals if refusal.hint):
        _say(f"  {hint}")
    for remark in judgement.remarks[:MOST_REFUSALS] if judgement.allowed else ():
        _say(remark)


def _say(message: str) -> None:
    from reviewtui.display import clean

    # GitLab shows a person only the lines that begin so.
    prefix = "GL-HOOK-ERR: " if os.environ.get("GL_ID") or os.environ.get("GL_REPOSITORY") else ""
    sys.stderr.write(f"{prefix}reviewtui: {clean(message)}\n")
    sys.stderr.flush()


def _where(error: Exception) -> str:
    at = error.__traceback__
    while at is not None and at.tb_next is not None:
        at = at.tb_next
    place = f" in {Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}" if at is not None else ""
    return f"{type(error).__name__}{place}"
