"""What may be done to the readers of Git's objects, of files, of names, and of text that is shown."""

# ruff: noqa: PT017 (a target states its laws on what was raised, too; it runs without pytest)
from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import yaml

from reviewtui.catalog import build_catalog, find_version
from reviewtui.display import clean, holds_controls, value_text
from reviewtui.errors import SettingsError, UnknownVersionError
from reviewtui.facts import yaml_events
from reviewtui.facts.checksums import read_checksums
from reviewtui.facts.documents import parse_document
from reviewtui.facts.model_card import evaluation_results, read_card
from reviewtui.git.notes_tree import annotated_object, join_lines, split_lines
from reviewtui.git.objects import ObjectId, Ref, RefName, TagObject
from reviewtui.git.parsing import MalformedObjectError, parse_commit, parse_identity, parse_tag, parse_tree
from reviewtui.git.updates import parse_pushed, parse_updates
from reviewtui.policy import located_yaml
from reviewtui.policy.model import parse_policy
from reviewtui.release import check_release_tag, parse_release_tag
from reviewtui.settings import parse_config
from tests.fuzz import seeds

_SEEN_FORMAT_CHARACTERS = frozenset(
    map(chr, (*range(0x600, 0x606), 0x6DD, 0x70F, 0x890, 0x891, 0x8E2, 0x110BD, 0x110CD))
)
"""Unicode's format characters that have a glyph of their own."""


def note(data: bytes) -> None:
    """The lines of a note, parted by LF alone; order and repetition mean nothing."""
    lines = split_lines(data)
    assert all(line and b"\n" not in line for line in lines)
    assert split_lines(join_lines(lines)) == lines == split_lines(data + b"\n" + data)
    assert b"\n".join(sorted(lines)) == join_lines(lines).removesuffix(b"\n")
    for line in lines:
        path = line.decode("utf-8", "surrogateescape")
        found = annotated_object(path, digits=40)
        assert found is None or (len(found) == 40 and path.replace("/", "") == found == found.lower())
    for parse in (parse_updates, parse_pushed):
        with _documented("GitError"):
            parse(data)


def git_object(data: bytes) -> None:
    """Trees, commits and tags, taken apart; what a signature covers is there to the byte."""
    with _documented("MalformedObjectError"):
        entries = parse_tree(data, id_bytes=20)
        written = b"".join(
            mode.encode() + b" " + name.encode("utf-8", "surrogateescape") + b"\0" + bytes.fromhex(each)
            for name, mode, each in entries
        )
        assert parse_tree(written, id_bytes=20) == entries
    object_id = ObjectId(seeds.COMMIT)
    try:
        commit = parse_commit(object_id, data)
    except MalformedObjectError:
        pass
    else:
        assert (commit.signature is None) == (commit.payload == data)
        assert not any(line.startswith(b"gpgsig ") for line in commit.payload.partition(b"\n\n")[0].split(b"\n"))
        (commit.subject + commit.author.name + commit.author.email).encode("utf-8")
    try:
        tag = parse_tag(object_id, data)
    except MalformedObjectError:
        pass
    else:
        if b"gpgsig" not in data:
            assert tag.payload + (tag.signature or b"") == data + (b"" if b"\n\n" in data else b"\n\n")
    assert parse_identity(data) is not None


def settings(data: bytes) -> None:
    """config.yaml and policy.yaml: SettingsError and nothing else; libyaml and pure Python never read two things."""
    read = [_settings_by(loader, data) for loader in _loaders()]
    assert len({repr(each) for each in read if not isinstance(each, str)}) <= 1
    for each in read:
        if isinstance(each, str):
            assert each.startswith("file.yaml") and each.isprintable()


def _settings_by(loader: object, data: bytes) -> Any:
    with _loading(loader):
        for parse in (parse_config, parse_policy):
            with _documented("SettingsError"):
                parse(data, name="file.yaml")
        try:
            return located_yaml.read_yaml(data, file="file.yaml")
        except SettingsError as error:
            return error.message


def documents(data: bytes) -> None:
    """Any file of a version: nothing is raised, and what is read can be shown, told apart and written down."""
    for name in ("a.yaml", "a.json", "a.toml", "dvc.lock"):
        found = parse_document(name, data)
        assert found.readable or found.problems
        assert len(dict(found.values)) == len(found.values)
        for key, value in found.values:
            assert not holds_controls(value_text(value)) and isinstance(key, str)
        json.dumps(found.values, ensure_ascii=False).encode("utf-8")
        evaluation_results(found.value)
    text = data.decode("utf-8", "replace")
    read_card(text)
    read_card(f"---\n{text}\n---\n")
    for path, digest in read_checksums("SHA256SUMS", text)[0]:
        assert path and digest.value == digest.value.lower()


def yaml_document(data: bytes) -> None:
    """libyaml and pure Python give one value, or one of them refuses."""
    read = []
    for loader in _loaders():
        with _loading(loader):
            found = parse_document("a.yaml", data)
            if found.readable:
                read.append(repr(found.value))
    assert len(set(read)) <= 1, read


def release_tag(data: bytes) -> None:
    """The message of a tag: nothing is raised; a record without a flaw holds nothing but ids and addresses."""
    message = data.decode("utf-8", "replace")
    object_id = ObjectId(seeds.COMMIT)
    tag = TagObject(object_id, "churn@v1.4.0", object_id, "commit", None, None, message, data, None)
    found = parse_release_tag(tag)
    problems = check_release_tag(
        tag, ref=RefName("refs/tags/churn@v1.4.0"), commit=object_id, model="churn", version="1.4.0"
    )
    assert any(problem.startswith("unsigned-tag") for problem in problems)
    if found is not None and not found.flaws:
        ids = (*found.review_records, *found.override_records, *(digest for _, digest in found.facts))
        assert all(len(each) == 71 and each.startswith("sha256:") for each in ids)
        assert all(address.isascii() for address in (each.rpartition(" <")[2] for each in found.reviewed_by))


def catalog(data: bytes) -> None:
    """Refs of any name: each is a version, an event, a ref passed over, or none of ours; and never two of them."""
    names = list(dict.fromkeys(line for line in data.decode("utf-8", "surrogateescape").split("\n") if line))
    refs = list({ref.name: ref for ref in map(_ref, names[:64])}.values())
    found = build_catalog(refs, repository_name="churn")
    places = [ref for row in found.versions for ref in row.refs] + [event.ref for event in found.events]
    passed = {each.ref for each in found.passed_over}
    assert len(places) == len(set(places)) and not passed & {ref for row in found.versions for ref in row.refs}
    assert {*places, *passed} <= {ref.name for ref in refs}
    for name in (*names[:64], *(row.name for row in found.versions)):
        try:
            row = find_version(found, name)
        except UnknownVersionError as error:
            assert str(error)
        else:
            assert row in found.versions


def shown(data: bytes) -> None:
    """clean(): no control, bidirectional or invisible character is left; cleaning twice is cleaning once."""
    text = data.decode("utf-8", "surrogatepass") if _is_wide_utf8(data) else data.decode("utf-8", "surrogateescape")
    for keep in (False, True):
        cleaned = clean(text, keep_newlines=keep)
        assert clean(cleaned, keep_newlines=keep) == cleaned
        assert not holds_controls(cleaned)
        left = {each for each in cleaned if unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")}
        assert left <= _SEEN_FORMAT_CHARACTERS | ({"\n"} if keep else frozenset()), sorted(map(ord, left))
        cleaned.encode("utf-8")


def _ref(name: str) -> Ref:
    """What the ref leads to goes by its name, so that the same names always give the same refs."""
    place = name if name.startswith("refs/") else f"refs/tags/{name}"
    digest = hashlib.sha1(name.encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()
    commit = None if digest[0] == "0" else ObjectId(digest[0] * 40)
    kind = "tag" if digest[1] in "01234567" else "commit"
    return Ref(RefName(place), ObjectId(digest), kind, commit, "commit" if commit else "blob", int(digest[:4], 16))


def _loaders() -> tuple[object, ...]:
    return tuple(dict.fromkeys((yaml_events.PureLoader, getattr(yaml, "CSafeLoader", yaml_events.PureLoader))))


@contextmanager
def _loading(loader: object) -> Iterator[None]:
    before = yaml_events._LOADER
    yaml_events._LOADER = loader
    try:
        yield
    finally:
        yaml_events._LOADER = before


@contextmanager
def _documented(name: str) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        if type(error).__name__ != name:
            raise


def _is_wide_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        return False
    return True
