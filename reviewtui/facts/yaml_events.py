"""YAML text → parser events: by libyaml where it is there, else by pure Python, within the same bounds."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from reviewtui.facts.limits import MAX_DEPTH

_TOO_DEEP = f"it is nested more than {MAX_DEPTH} levels deep"
_LIBYAML_TOO_DEEP = "exceeded maximum nesting depth"
"""What libyaml says from a thousand brackets on. It looks ahead so far that no event comes before it."""


class MalformedYamlError(ValueError):
    """The text is not YAML. `problem` says why, in words without a final period; `line` counts from 1, 0: not known."""

    def __init__(self, problem: str, *, line: int = 0) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line


class PureLoader(yaml.SafeLoader):
    """The parser that is there without libyaml. It looks at every open bracket again for each token, so depth costs
    its square; what is deeper than any reader here goes is refused at once.
    """

    def fetch_flow_collection_start(self, token: Any) -> None:
        if self.flow_level > MAX_DEPTH:
            raise yaml.scanner.ScannerError(None, None, _TOO_DEEP, self.get_mark())
        super().fetch_flow_collection_start(token)


_LOADER: Any = getattr(yaml, "CSafeLoader", PureLoader)


def yaml_events(text: str) -> Iterator[Any]:
    """The events of a text, one after the other.

    Raises: MalformedYamlError.
    """
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        problem = _TOO_DEEP if error.problem == _LIBYAML_TOO_DEEP else f"{error.problem or error.context}"
        raise MalformedYamlError(problem, line=mark.line + 1 if mark else 0) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1 if isinstance(error.position, int) else 0
        raise MalformedYamlError(str(error.reason), line=line) from None
    except (ValueError, OverflowError):
        # Pure Python hands an escape such as "\U00110000", or a version's 5,000 digits, to chr() and int().
        raise MalformedYamlError("an escape or a number is out of range") from None
