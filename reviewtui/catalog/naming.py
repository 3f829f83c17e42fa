"""Patterns of ref names: which model and version a name means, and what a version looks like.

{version} begins with a digit, after an optional v. Where nothing but a dash (or nothing at all) stands before it, any
name with a digit in it would fit; there it must be dotted (1.2, 2.0.0a1, 2021.05.18.15), or a number after a v (-v2),
or, for the bare {version}, begin with a year (2026-assessment-year).
{model} is GTO's artifact name with dots: ASCII letters, digits and . _ - / within; `=` in a ref stands for `:`.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

from reviewtui.errors import SettingsError
from reviewtui.patterns import pattern
from reviewtui.values import dataclass

DEFAULT_TAGS = (
    "{model}@v{version}",
    "{model}@{version}",
    "{model}/v{version}",
    "{model}-{version}",
    "v{version}",
    "{version}",
)
DEFAULT_BRANCHES = ("model/{model}/v{version}", "models/{model}/{version}")

LONGEST_NAME = 256
"""Longer names are passed over: nobody types them, and matching them costs time."""

MODEL = r"[A-Za-z0-9](?:[A-Za-z0-9._/=-]*[A-Za-z0-9])?"
_TAIL = r"(?:[0-9A-Za-z.+_-]*[0-9A-Za-z])?"
LOOSE_VERSION = rf"[0-9]{_TAIL}"
_DOTTED = rf"[0-9]+\.[0-9]+{_TAIL}"
_YEAR = rf"(?:19|20)[0-9][0-9](?:[0-9]{{4}})?(?:-{_TAIL})?"
_VERSION_LIKE = pattern(rf"v?(?:{_DOTTED}|[0-9]+)")
BARE, BARE_DOTTED = pattern(r"v?[0-9]"), pattern(r"v?[0-9]+\.[0-9]")
"""What a version without a model begins with."""
_FIELD = pattern(r"\{([^{}]*)\}")
_RESEMBLES = pattern(r"(?:^|[@/=-])v?[0-9]|_v?[0-9]+\.[0-9]|@")


@dataclass(frozen=True, slots=True)
class NamePattern:
    """A template such as {model}@v{version}, compiled. `needle` is the longest text that stands in it as it is."""

    template: str
    regex: re.Pattern[str]
    nonsense: re.Pattern[str]
    model_guarded: bool
    names_model: bool
    needle: str

    @property
    def explicit(self) -> bool:
        """Whether the template sets the model off by more than a dash, so that a name alone shows what is meant."""
        return self.names_model and not self.model_guarded

    def match(self, name: str) -> tuple[str, str] | None:
        """(model, version) where the name fits, else None; the model is "" where the template has none."""
        # Most names fit one pattern and no other; to look for its fixed text costs less than to match it.
        found = self.regex.fullmatch(name) if self.needle in name else None
        if found is None:
            return None
        model = found["model"] if self.names_model else ""
        if self.model_guarded and _VERSION_LIKE.fullmatch(model):
            return None
        return model.replace("=", ":"), found["version"]

    def misfit(self, name: str) -> str:
        """What stands where the version should, if that alone keeps the name from fitting; else ""."""
        found = self.nonsense.fullmatch(name) if self.needle in name else None
        return found["version"] if found else ""


@lru_cache(maxsize=256)
def compile_pattern(template: str) -> NamePattern:
    """The pattern of a template. Raises: SettingsError where it cannot name a version."""
    fields = _FIELD.findall(template)
    if fields.count("version") != 1 or fields.count("model") > 1 or set(fields) - {"model", "version"}:
        raise SettingsError(f'The pattern "{template}" must hold {{version}} once, and {{model}} at most once.')
    if "}{" in template:
        raise SettingsError(f'The pattern "{template}" needs a character between {{model}} and {{version}}.')
    before = template[: template.index("{version}")]
    return NamePattern(
        template=template,
        regex=_regex(template, version=_version_shape(before)),
        nonsense=_regex(template, version=r"[^/]+"),
        model_guarded="{model}-{version}" in template,
        names_model="model" in fields,
        needle=max(re.split(r"\{model\}|\{version\}", template), key=len),
    )


def tag_name(pattern: str, model: str, version: str) -> str:
    """The short name of the tag that a pattern gives a version."""
    named = {"model": model.replace(":", "="), "version": version}
    return _FIELD.sub(lambda field: named[field[1]], compile_pattern(pattern).template)


def is_read_back(pattern: str, model: str, version: str) -> bool:
    """Whether a ref that the pattern names is read as this very version."""
    compiled = compile_pattern(pattern)
    return compiled.match(tag_name(pattern, model, version)) == (model if compiled.names_model else "", version)


def resembles_version(name: str) -> bool:
    """Whether a person would take a name for that of a version."""
    return _RESEMBLES.search(name) is not None


def folded(name: str) -> str:
    """A name without what the eye cannot tell: compatibility forms, letter case, invisible characters."""
    if name.isascii():
        return name.casefold()
    visible = "".join(character for character in name if unicodedata.category(character) not in ("Cf", "Cc"))
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", visible).casefold())


def _version_shape(before: str) -> str:
    if before == "":
        return rf"v?(?P<version>{_DOTTED}|{_YEAR})"
    if before.endswith(("-", "_")):
        return rf"(?P<v>v)?(?P<version>(?(v){LOOSE_VERSION}|{_DOTTED}))"
    return rf"{'' if before.endswith('v') else 'v?'}(?P<version>{LOOSE_VERSION})"


def _regex(template: str, *, version: str) -> re.Pattern[str]:
    parts = []
    for part in re.split(r"(\{model\}|\{version\})", template):
        if part == "{model}":
            parts.append(f"(?P<model>{MODEL})")
        elif part == "{version}":
            parts.append(version if "(?P<version>" in version else f"(?P<version>{version})")
        else:
            parts.append(re.escape(part))
    return re.compile("".join(parts))
