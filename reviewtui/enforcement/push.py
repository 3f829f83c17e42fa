"""A push before it happens → Judgement: by the trusted branch as it was, on the refs as they will be.

1. What a push brings is judged as a whole, whatever the order of its refs.
2. Settings, people and keys are those of the trusted branch before the push.
3. A push to a symbolic ref is one to the ref that it stands for.
4. Nothing replaces objects, what a clone remembers stays in it, and the trusted branch stays the same branch.
"""

from __future__ import annotations

import contextlib
from collections.abc import Collection, Iterable, Mapping

from reviewtui.clock import Clock
from reviewtui.enforcement.model import NOTES_PREFIX, TAG_PREFIX, Judgement, PushScene, Refusal, plain_name
from reviewtui.enforcement.notes_rules import judge_notes
from reviewtui.git.objects import ObjectId, Ref, RefName
from reviewtui.git.refs import BROWSED, read_refs
from reviewtui.git.repository import Repository
from reviewtui.git.state import DIRECTORY as STATE_DIRECTORY
from reviewtui.git.updates import RefUpdate, refs_after, symbolic_targets
from reviewtui.records import REVIEWS_REF
from reviewtui.settings import DIRECTORY, Settings, load_settings
from reviewtui.values import dataclass, field, replace

REPLACE_PREFIX = "refs/replace/"
MEMORY_PREFIX = "refs/reviewtui/"
"""Below it is what one clone has seen; a server that took it would remember what it never saw."""
_REMOTES = "refs/remotes/"
_GUARDED = (TAG_PREFIX, NOTES_PREFIX, REPLACE_PREFIX, MEMORY_PREFIX)
OLDER_TAGS_FILE = "older-tags"
_OWN_MEMORY = "bad-name: What a clone remembers to have seen is its own: it is neither sent nor received."


@dataclass(frozen=True, slots=True)
class PushedSide:
    """Where a push goes, as far as a hook can see it.

    `trusted` is the trusted branch as the receiving side names it, `trusted_commit` where it is before the push.
    `symbolic` are the refs that stand for others: {symbolic ref: the other}.
    """

    trusted: RefName | None
    trusted_commit: ObjectId | None
    before: tuple[Ref, ...]
    symbolic: Mapping[RefName, RefName] = field(default_factory=dict)


def is_guarded(updates: Iterable[RefUpdate]) -> bool:
    """Whether a push is about tags or records by the names of its refs alone."""
    return any(plain_name(each.ref).startswith(_GUARDED) for each in updates)


def concerns(updates: Collection[RefUpdate], trusted: Collection[RefName | None]) -> bool:
    """Whether any rule is about a push; most change candidates alone, and cost nothing more.

    `trusted` are the branches that are trusted or could become so; none: there is none yet, and any push may bring it.
    """
    names = {plain_name(name) for name in trusted if name is not None}
    return not trusted or is_guarded(updates) or any(plain_name(each.ref) in names for each in updates)


def follow_symbolic(updates: Iterable[RefUpdate], targets: Mapping[RefName, RefName]) -> tuple[RefUpdate, ...]:
    """The updates with each symbolic ref replaced by the ref that it stands for (law 3)."""
    return tuple(replace(each, ref=targets[each.ref]) if each.ref in targets else each for each in updates)


def receiving_side(repository: Repository, updates: Iterable[RefUpdate]) -> PushedSide:
    """The side that a hook on the server sees: its own refs, not yet changed."""
    refs = read_refs(repository.git, (*BROWSED, NOTES_PREFIX))
    places = tuple(f"{place}/" for place in (*BROWSED, NOTES_PREFIX))
    if all(update.ref.startswith(places) for update in updates):
        symbolic = {ref.name: RefName(ref.symbolic_target) for ref in refs if ref.symbolic_target}
    else:
        symbolic = symbolic_targets(repository)
    before = tuple(ref for ref in refs if not ref.name.startswith(NOTES_PREFIX))
    trusted = repository.trusted_branch(before)
    if trusted is None:
        return PushedSide(None, None, before, symbolic)
    return PushedSide(trusted.name, trusted.commit, before, symbolic)


def trusted_names(repository: Repository) -> frozenset[RefName]:
    """A server's trusted branch, and the names that would come before it; none where there is none yet.

    Asked in the cheapest way, because most pushes are about something else.
    """
    configured = repository.config("reviewtui.trustedBranch")
    named = [configured or "", f"refs/heads/{configured}", f"refs/remotes/{configured}"] if configured else []
    places = [*named, "refs/remotes/origin", "refs/heads/main", "refs/heads/master", repository.head_branch() or ""]
    found = read_refs(repository.git, [place for place in places if place.startswith("refs/")])
    trusted = repository.trusted_branch(found)
    return frozenset(RefName(place) for place in (*places, trusted.name)) if trusted is not None else frozenset()


def pushing_side(repository: Repository, updates: tuple[RefUpdate, ...]) -> PushedSide:
    """The side that a hook in a clone sees: what it knows of the remote, and itself for the rest."""
    refs = repository.refs()
    trusted = repository.trusted_branch(refs)
    if trusted is None:
        return PushedSide(None, None, refs)
    name = trusted.name
    if name.startswith(_REMOTES):
        name = RefName("refs/heads/" + name.removeprefix(_REMOTES).partition("/")[2])
    there = next((update.old for update in updates if update.ref == name), None)
    known = repository.git.cat_file.info(there) if there is not None else None
    commit = known[0] if known else trusted.commit
    # A clone's own hooks are silent where nothing is set up: their folder may serve every repository of the user.
    if commit is None or repository.tree(commit).entry(DIRECTORY) is None:
        return PushedSide(name, None, refs)
    return PushedSide(name, commit, refs)


def judge_push(
    repository: Repository,
    updates: tuple[RefUpdate, ...],
    side: PushedSide,
    *,
    clock: Clock,
) -> Judgement:
    """Everything that is wrong with a push (laws 1, 2)."""
    scene = _scene(repository, updates, side)
    judgement = _judge_names(scene) + judge_notes(scene)
    if not judgement.allowed or not (scene.below(TAG_PREFIX) or _moves_trusted(scene)):
        return judgement
    return judgement + _judge_by_records(scene, clock=clock)


def _scene(repository: Repository, updates: tuple[RefUpdate, ...], side: PushedSide) -> PushScene:
    commit = side.trusted_commit
    after = refs_after(side.before, updates, repository)
    trusted = side.trusted
    if trusted is None and (first := repository.trusted_branch(after)) is not None:
        trusted = first.name
    pushed = {update.ref: update.new for update in updates}
    reviews = RefName(REVIEWS_REF)
    return PushScene(
        repository=repository,
        settings=load_settings(repository.tree(commit)) if commit is not None else Settings(),
        trusted=trusted,
        trusted_commit=commit,
        updates=updates,
        before=side.before,
        after=after,
        notes={reviews: pushed[reviews] if reviews in pushed else repository.ref(reviews)},
        older_tags=_older_tags(repository),
    )


def _moves_trusted(scene: PushScene) -> bool:
    return any(update.ref == scene.trusted for update in scene.updates)


def _judge_names(scene: PushScene) -> Judgement:
    """Law 4."""
    refusals = [
        Refusal(update.ref, "bad-name: Objects are never replaced: what stands in their place was not reviewed.")
        for update in scene.updates
        if plain_name(update.ref).startswith(REPLACE_PREFIX) and update.new is not None
    ]
    refusals += [
        Refusal(update.ref, _OWN_MEMORY, "Push branches, tags and records by their names, without --mirror.")
        for update in scene.updates
        if plain_name(update.ref).startswith(MEMORY_PREFIX)
    ]
    refusals += [
        Refusal(update.ref, f"look-alike: On some disks this is {meant}.")
        for update in scene.updates
        if (meant := _meant(update.ref, scene.trusted))
    ]
    then = scene.repository.trusted_branch(scene.after) if scene.settings.exists else None
    moved = then is not None and then.name != scene.trusted
    refusals += [
        Refusal(update.ref, f"trusted-branch: It would become the trusted branch in place of {scene.trusted}.")
        for update in scene.updates
        if moved and then is not None and update.ref == then.name
    ]
    return Judgement(tuple(refusals))


def _meant(ref: RefName, trusted: RefName | None) -> str:
    """The guarded name that a name is where letter case counts for nothing, if it is another one."""
    name = plain_name(ref)
    for prefix in (TAG_PREFIX, f"{NOTES_PREFIX}/"):
        if name.startswith(prefix) and not ref.startswith(prefix):
            return f"{prefix}{ref[len(prefix) :]}"
    return trusted if trusted is not None and name == plain_name(trusted) and ref != trusted else ""


def _judge_by_records(scene: PushScene, *, clock: Clock) -> Judgement:
    # What judges and verifies is loaded only by a push that needs it.
    from reviewtui.enforcement.record_source import RecordSource
    from reviewtui.signing.trust import TrustedSigners, TrustFiles

    trust = TrustedSigners.load(scene.settings.trust_files or TrustFiles(), now=clock())
    judgement = Judgement()
    with RecordSource(scene) as records:
        if scene.below(TAG_PREFIX):
            from reviewtui.enforcement.tag_rules import TagRules

            judgement += TagRules(scene, records, trust, clock=clock).judge()
        if _moves_trusted(scene):
            from reviewtui.enforcement.settings_rules import SettingsRules

            judgement += SettingsRules(scene, records, trust, clock=clock).judge()
    return judgement


def _older_tags(repository: Repository) -> Mapping[RefName, ObjectId]:
    """The tags that an administrator vouches for: lines of `OBJECT REF`."""
    with contextlib.suppress(FileNotFoundError):
        text = (repository.common_dir / STATE_DIRECTORY / OLDER_TAGS_FILE).read_text("utf-8", "surrogateescape")
        words = (line.split(maxsplit=1) for line in text.split("\n"))
        return {RefName(pair[1].strip()): ObjectId(pair[0]) for pair in words if len(pair) == 2}
    return {}
