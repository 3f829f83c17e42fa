"""Settings come from one tree; what is wrong in them is said, and never stops the browsing."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reviewtui.catalog import DEFAULT_BRANCHES, DEFAULT_TAGS
from reviewtui.errors import MalformedFileError, SettingsError
from reviewtui.facts.model import FactSources
from reviewtui.git.objects import ObjectId, TreeEntry
from reviewtui.settings import Settings, load_settings, parse_config

POLICY = b"version: 1\nreleases: [{models: ['*'], approvals: [{count: 1}]}]\n"
CONFIG = b"""\
repository: git.example.com/ml/churn
tags: ["{model}@v{version}"]
branches: ["model/{model}/v{version}"]
models:
  churn:
    path: models/churn
    config: [params.yaml, "conf/*.yaml"]
    metrics: [metrics.json]
    environment: []
  support-intent:
"""


@dataclass
class FilesOfATree:
    """A Tree held in memory: {path: content}; `modes` where an entry is no regular file."""

    contents: Mapping[str, bytes]
    modes: Mapping[str, str]

    commit = ObjectId("0" * 40)

    def files(self, below: str = "") -> Iterator[TreeEntry]:
        for path in sorted(self.contents):
            if not below or path.startswith(f"{below}/"):
                yield self._entry(path)

    def entry(self, path: str) -> TreeEntry | None:
        if path in self.contents:
            return self._entry(path)
        below = any(each.startswith(f"{path}/") for each in self.contents)
        return TreeEntry(path, "040000", ObjectId("1" * 40)) if below else None

    def size(self, entry: TreeEntry) -> int:
        return len(self.contents[entry.path])

    def read(self, entry: TreeEntry, *, limit: int) -> bytes:
        if self.size(entry) > limit:
            raise MalformedFileError(entry.path, self.commit, f"The file has more than {limit} bytes.")
        return self.contents[entry.path]

    def _entry(self, path: str) -> TreeEntry:
        content = hashlib.sha1(self.contents[path], usedforsecurity=False).hexdigest()
        return TreeEntry(path, self.modes.get(path, "100644"), ObjectId(content))


def loaded(files: Mapping[str, bytes], modes: Mapping[str, str] | None = None) -> Settings:
    tree = FilesOfATree({f".reviewtui/{name}": content for name, content in files.items()}, dict(modes or {}))
    return load_settings(tree)


def test_without_a_trusted_branch_or_settings_the_defaults_hold() -> None:
    for settings in (load_settings(None), load_settings(FilesOfATree({"README.md": b""}, {}))):
        assert settings == Settings()
        assert (settings.exists, settings.policy, settings.errors) == (False, None, ())
        assert (settings.tags, settings.branches) == (DEFAULT_TAGS, DEFAULT_BRANCHES)


def test_whole_settings_are_read() -> None:
    files = {
        "config.yaml": CONFIG,
        "policy.yaml": POLICY,
        "allowed_signers": b"dana@example.com ssh-ed25519 AAAA\n",
        "revoked_keys": b"",
        "openpgp/lee.asc": b"-----BEGIN PGP",
        "openpgp/notes.txt": b"not a key",
        "x509/root.pem": b"-----BEGIN CERTIFICATE",
        "x509/revoked": b"AA",
    }
    settings = loaded(files)
    assert settings.exists
    assert settings.problems == settings.errors == ()
    assert settings.repository == "git.example.com/ml/churn"
    assert settings.tags == ("{model}@v{version}",)
    assert settings.models["churn"].sources == FactSources(
        "models/churn", ("params.yaml", "conf/*.yaml"), ("metrics.json",), None, ()
    )
    assert settings.models["support-intent"].sources == FactSources()
    assert settings.policy is not None
    assert settings.policy.version == 1
    assert settings.policy_blob == hashlib.sha1(POLICY, usedforsecurity=False).hexdigest()
    assert settings.trust_files.allowed_signers == files["allowed_signers"]
    assert settings.trust_files.revoked_keys == b""
    assert settings.trust_files.openpgp == (b"-----BEGIN PGP",)
    assert settings.trust_files.x509 == (b"-----BEGIN CERTIFICATE",)
    assert settings.trust_files.x509_revoked == b"AA"


def test_a_broken_policy_closes_the_gate_and_leaves_the_rest_readable() -> None:
    settings = loaded({"config.yaml": CONFIG, "policy.yaml": b"version: 1\nrelease: []\n"})
    assert settings.policy is None
    assert settings.policy_blob is not None
    assert settings.repository == "git.example.com/ml/churn"
    assert settings.policy_error.startswith(".reviewtui/policy.yaml, line 2: release: ")
    assert settings.errors == (settings.policy_error,)
    assert settings.problems[0].path == ".reviewtui/policy.yaml"


def test_a_broken_config_leaves_the_defaults_and_is_an_error() -> None:
    settings = loaded({"config.yaml": b"models: [churn]\n", "policy.yaml": POLICY})
    assert settings.policy is not None
    assert settings.tags == DEFAULT_TAGS
    assert settings.config_error == ".reviewtui/config.yaml, line 1: models: This must be a mapping of keys to values."


@pytest.mark.parametrize("mode", ["120000", "160000"])
@pytest.mark.parametrize("name", ["policy.yaml", "config.yaml", "allowed_signers", "revoked_keys"])
def test_a_link_or_submodule_in_place_of_a_file_is_an_error(name: str, mode: str) -> None:
    files = {"config.yaml": CONFIG, "policy.yaml": POLICY, "allowed_signers": b"", "revoked_keys": b""}
    settings = loaded(files, {f".reviewtui/{name}": mode})
    assert any(f"{name}: This must be a regular file" in error for error in settings.errors)


def test_trust_files_that_cannot_all_be_read_are_not_used_in_part() -> None:
    settings = loaded({"allowed_signers": b"dana@example.com ssh-ed25519 AAAA", "revoked_keys": b"x" * 2_000_000})
    assert settings.trust_files is None
    assert "revoked_keys" in settings.trust_error


def test_a_list_of_revoked_keys_that_the_policy_pins_cannot_be_emptied_or_removed() -> None:
    revoked = b"ssh-ed25519 AAAA\n"
    policy = POLICY + f"revoked_keys: sha256:{hashlib.sha256(revoked).hexdigest()}\n".encode()
    assert loaded({"policy.yaml": policy, "revoked_keys": revoked}).errors == ()
    for files in ({"revoked_keys": b""}, {}):
        assert "not the one that the policy pins" in loaded({"policy.yaml": policy, **files}).trust_error


def test_settings_that_are_a_file_and_no_directory_are_empty_settings() -> None:
    settings = load_settings(FilesOfATree({".reviewtui": b"hello"}, {}))
    assert settings.policy is None
    assert settings.models == {}


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ("repositry: x\n", "line 1: repositry: The key 'repositry' is not known here. Did you mean 'repository'?"),
        ("repository: 'a b'\n", "line 1: repository: This must be a plain name"),
        ("repository: \n", "line 1: repository: This must be a text"),
        ("tags: ['v']\n", "line 1: tags[0]: A pattern has {version} once"),
        ("tags:\n- '{model}-{version}-{stage}'\n", "line 2: tags[0]: A pattern has {version} once"),
        ("tags: ['{model}{model}{version}']\n", "No ref could be named like this"),
        ("tags: ['-{version}']\n", "No ref could be named like this"),
        ("tags: ['{version}.lock']\n", "No ref could be named like this"),
        ("tags: ['a b{version}']\n", "No ref could be named like this"),
        ("branches: ['../{version}']\n", "No ref could be named like this"),
        ("models: {'a b': {}}\n", "A model's name has no spaces"),
        ("models: {'.reviewtui': {}}\n", "A model's name has no spaces"),
        ("models: {churn: {paths: x}}\n", "Did you mean 'path'?"),
        ("models: {churn: {path: ../x}}\n", "line 1: models.churn.path: This must be a path inside"),
        ("models: {churn: {path: /etc}}\n", "This must be a path inside"),
        ("models: {churn: {data: ['a/../../b']}}\n", "line 1: models.churn.data[0]: This must be a path inside"),
        ("models: {churn: {metrics: metrics.json}}\n", "line 1: models.churn.metrics: This must be a list"),
        ("models: {churn: {}, churn: {}}\n", "line 1: models: The key 'churn' is there twice"),
    ],
)
def test_what_is_wrong_in_the_config_is_said_with_line_and_key(config: str, problem: str) -> None:
    with pytest.raises(SettingsError) as caught:
        parse_config(config.encode())
    assert problem in caught.value.message


@given(st.binary(max_size=120), st.binary(max_size=120))
def test_no_bytes_keep_the_settings_from_loading(config: bytes, policy: bytes) -> None:
    settings = loaded({"config.yaml": config, "policy.yaml": policy})
    assert settings.exists
    assert settings.policy is not None or settings.policy_error
