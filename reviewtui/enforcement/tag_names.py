"""What the name of a tag means to the gate: a release, something that only looks like one, or nothing of ours."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from reviewtui.catalog import tag_name
from reviewtui.catalog.model import RegistryAction
from reviewtui.catalog.naming import LONGEST_NAME, folded
from reviewtui.catalog.reading import NamedRef, RefReader
from reviewtui.enforcement.model import TAG_PREFIX
from reviewtui.git.objects import ObjectId, Ref, RefName
from reviewtui.settings import Settings

_NOWHERE = ObjectId("0" * 40)


def named_releases(refs: Iterable[Ref], settings: Settings) -> dict[RefName, NamedRef]:
    """The tags among refs whose names make them releases."""
    reader = RefReader(settings.tags, ())
    reader.read(ref for ref in refs if ref.name.startswith(TAG_PREFIX))
    return {named.ref.name: named for named in reader.named}


def is_release_name(ref: RefName, settings: Settings) -> bool:
    """Whether a name is a release's, wherever it leads."""
    return ref in named_releases([_stand_in(ref)], settings)


def is_withdrawal_name(ref: RefName, settings: Settings) -> bool:
    """Whether a name takes a release or a model back, in GTO's grammar: that decides what others are compared with."""
    reader = RefReader(settings.tags, ())
    reader.read([_stand_in(ref)])
    taking = (RegistryAction.DEREGISTER, RegistryAction.DEPRECATE)
    return any(event.action in taking for event in reader.events)


def folded_names(refs: Iterable[Ref]) -> dict[str, set[str]]:
    """The short names of the tags among refs, by what the eye takes them for."""
    names: dict[str, set[str]] = {}
    for ref in refs:
        if ref.name.startswith(TAG_PREFIX):
            name = ref.name.removeprefix(TAG_PREFIX)
            names.setdefault(folded(name), set()).add(name)
    return names


def disguise(ref: Ref, names: Mapping[str, Collection[str]], settings: Settings, models: Sequence[str]) -> str:
    """Why a new tag might be taken for a release that it is not; "" where it cannot be. `names`: as `folded_names`.

    1. It is written like another tag, but with other letter case or characters.
    2. It is written like a release, but is none, or leads to no commit.
    3. Its model is written like another model, but for letter case or characters.
    4. It begins like the releases of a model.
    """
    name = ref.name.removeprefix(TAG_PREFIX)
    plain = folded(name)
    # 1.
    if alike := sorted(set(names.get(plain, ())) - {name}):
        return f"look-alike: {name} is written almost like {alike[0]}."
    reader = RefReader(settings.tags, ())
    reader.read([ref])
    # 3.
    if reader.named or reader.events:
        model = reader.named[0].model if reader.named else reader.events[0].model
        twins = [known for known in models if known != model and folded(known) == folded(model)]
        return f"look-alike: the model {model} is written almost like {twins[0]}." if twins else ""
    # 2.
    reason = reader.passed_over[0].reason if reader.passed_over else ""
    if is_release_name(ref.name, settings):
        return f"wrong-target: {reason}"
    if reason.startswith(("It looks like ", "It fits ")) and "no pattern" not in reason:
        return f"look-alike: {reason}"
    # 4.
    if len(name) > LONGEST_NAME or any(plain.startswith(prefix) for prefix in _prefixes(settings, models)):
        return f"look-alike: {reason or 'It begins like a release, and is none.'}"
    return ""


def release_tag_name(settings: Settings, model: str, version: str) -> str:
    """The one name that a new release of a version may have."""
    return tag_name(settings.tags[0], model, version)


def _prefixes(settings: Settings, models: Sequence[str]) -> list[str]:
    """What the release tags of each model begin with, where that is more than the model's name."""
    prefixes = []
    for template in settings.tags:
        if "{model}" in template.partition("{version}")[0]:
            prefixes += [folded(tag_name(template, model, "\0").partition("\0")[0]) for model in models]
    return [prefix for prefix in prefixes if not prefix.endswith(("-", "_"))]



def _stand_in(ref: RefName) -> Ref:
    return Ref(ref, _NOWHERE, "commit", _NOWHERE, "commit")
