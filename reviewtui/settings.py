""".reviewtui/ of the trusted branch → Settings.

Nothing here raises for what a file holds: a repository whose settings are broken can still be browsed. What is wrong is
kept as text with file, line and key, and whoever opens a gate must treat it as an error.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from reviewtui.catalog import DEFAULT_BRANCHES, DEFAULT_TAGS
from reviewtui.errors import MalformedFileError, SettingsError
from reviewtui.git.objects import ObjectId, Tree
from reviewtui.patterns import pattern
from reviewtui.values import dataclass, field

# Many repositories are listed that have no settings: what reads them is loaded where it is used.
if TYPE_CHECKING:
    from reviewtui.facts.model import FactSources, Problem
    from reviewtui.policy.located_yaml import Node
    from reviewtui.policy.rules import Policy
    from reviewtui.signing.allowed_signers import TrustProblem
    from reviewtui.signing.trust import TrustFiles

DIRECTORY = ".reviewtui"
CONFIG_FILE = f"{DIRECTORY}/config.yaml"
ALLOWED_SIGNERS_FILE = f"{DIRECTORY}/allowed_signers"
REVOKED_KEYS_FILE = f"{DIRECTORY}/revoked_keys"
OPENPGP_DIRECTORY = f"{DIRECTORY}/openpgp"
X509_DIRECTORY = f"{DIRECTORY}/x509"
X509_REVOKED_FILE = f"{X509_DIRECTORY}/revoked"

MAX_SETTINGS_BYTES = 256 * 1024
MAX_SIGNERS_BYTES = 1024 * 1024
MAX_KEY_FILES = 256


@dataclass(frozen=True, slots=True)
class ModelSettings:
    """What the settings say of one model."""

    sources: FactSources


@dataclass(frozen=True, slots=True)
class Config:
    """What config.yaml says; every part may be left out."""

    repository: str = ""
    tags: tuple[str, ...] = DEFAULT_TAGS
    branches: tuple[str, ...] = DEFAULT_BRANCHES
    models: Mapping[str, ModelSettings] = field(default_factory=lambda: MappingProxyType({}), hash=False)


@dataclass(frozen=True, slots=True)
class Settings:
    """The settings in force. `exists` says whether there is a .reviewtui/ at all.

    `policy_blob` is the id of policy.yaml even where it cannot be read; `trust_files` is None where none can be used.
    `config_error`, `policy_error` and `trust_error` are "" or what is wrong, each of which closes the gate; `problems`
    has them all, and every lesser one.
    """

    exists: bool = False
    config: Config = Config()
    policy: Policy | None = None
    policy_blob: ObjectId | None = None
    trust_files: TrustFiles | None = None
    config_error: str = ""
    policy_error: str = ""
    trust_error: str = ""
    problems: tuple[Problem, ...] = ()

    @property
    def repository(self) -> str:
        """This repository's identity, signed into every record; "" where the settings do not name it."""
        return self.config.repository

    @property
    def tags(self) -> tuple[str, ...]:
        return self.config.tags

    @property
    def branches(self) -> tuple[str, ...]:
        return self.config.branches

    @property
    def models(self) -> Mapping[str, ModelSettings]:
        return self.config.models

    @property
    def errors(self) -> tuple[str, ...]:
        """What closes every gate: the settings that cannot be used as they stand."""
        return tuple(error for error in (self.config_error, self.policy_error, self.trust_error) if error)

    def unforgiven(self, problems: Iterable[TrustProblem]) -> Iterator[TrustProblem]:
        """The problems of keys that close every gate: all but a key that one person has under several addresses, which
        is shared with nobody.
        """
        for problem in problems:
            if problem.kind != "shared-key" or not (self.policy and self.policy.is_one_person(problem.principals)):
                yield problem


def untrusted_settings(configured: str | None) -> Settings:
    """The settings where no branch is trusted; `configured` is what reviewtui.trustedBranch says, if anything."""
    from reviewtui.facts.model import Problem

    none_found = "Neither origin/HEAD nor main nor master names a branch here, so no settings can be trusted."
    missing = f"The trusted branch, {configured}, is not here, so no settings can be trusted."
    mend = "git config reviewtui.trustedBranch BRANCH says which it is; reviewtui init writes settings."
    error = f"{none_found if configured is None else missing} {mend}"
    return Settings(trust_error=error, problems=(Problem("trusted branch", error),))


def load_settings(tree: Tree | None) -> Settings:
    """Read the settings out of the trusted branch's tree (None: there is no trusted branch)."""
    entry = tree.entry(DIRECTORY) if tree is not None else None
    if tree is None or entry is None:
        return Settings()
    from reviewtui.facts.model import Problem
    from reviewtui.policy.model import POLICY_FILE

    if not entry.is_tree:
        error = f"{DIRECTORY}: This must be a directory, not a file, a link or a submodule."
        return Settings(exists=True, config_error=error, problems=(Problem(DIRECTORY, error),))
    config, config_error = _config(tree)
    policy, policy_error = _policy(tree)
    trust_files, trust_error = _trust_files(tree, pin=policy.revoked_keys if policy else "")
    policy_entry = tree.entry(POLICY_FILE)
    found = ((CONFIG_FILE, config_error), (POLICY_FILE, policy_error), (ALLOWED_SIGNERS_FILE, trust_error))
    return Settings(
        exists=True,
        config=config,
        policy=policy,
        policy_blob=policy_entry.object_id if policy_entry else None,
        trust_files=trust_files,
        config_error=config_error,
        policy_error=policy_error,
        trust_error=trust_error,
        problems=tuple(Problem(path, error.removeprefix(f"{path}, ")) for path, error in found if error),
    )


def parse_config(data: bytes, *, name: str = CONFIG_FILE) -> Config:
    """Read config.yaml.

    Raises: SettingsError, with file, line and key.
    """
    from reviewtui.policy.located_yaml import read_yaml

    root = read_yaml(data, file=name)
    if root.is_null:
        return Config()
    keys = root.mapping(("repository", "tags", "branches", "models"))
    return Config(
        repository=_identity(keys["repository"]) if "repository" in keys else "",
        tags=_patterns(keys["tags"]) if "tags" in keys else DEFAULT_TAGS,
        branches=_patterns(keys["branches"]) if "branches" in keys else DEFAULT_BRANCHES,
        models=MappingProxyType(_models(keys["models"]) if "models" in keys else {}),
    )


def _config(tree: Tree) -> tuple[Config, str]:
    try:
        data = _read(tree, CONFIG_FILE, limit=MAX_SETTINGS_BYTES)
        return (Config() if data is None else parse_config(data)), ""
    except (SettingsError, MalformedFileError) as error:
        return Config(), error.message


def _policy(tree: Tree) -> tuple[Policy | None, str]:
    from reviewtui.policy.model import POLICY_FILE, parse_policy

    try:
        data = _read(tree, POLICY_FILE, limit=MAX_SETTINGS_BYTES)
        return (None if data is None else parse_policy(data)), ""
    except (SettingsError, MalformedFileError) as error:
        return None, error.message


def _trust_files(tree: Tree, *, pin: str) -> tuple[TrustFiles | None, str]:
    import hashlib

    from reviewtui.signing.trust import TrustFiles

    try:
        revoked_keys = _read(tree, REVOKED_KEYS_FILE, limit=MAX_SIGNERS_BYTES)
        if pin and pin != f"sha256:{hashlib.sha256(revoked_keys or b'').hexdigest()}":
            raise SettingsError(f"{REVOKED_KEYS_FILE}: The file is not the one that the policy pins.")
        return TrustFiles(
            allowed_signers=_read(tree, ALLOWED_SIGNERS_FILE, limit=MAX_SIGNERS_BYTES),
            revoked_keys=revoked_keys,
            openpgp=_key_files(tree, OPENPGP_DIRECTORY, ".asc"),
            x509=_key_files(tree, X509_DIRECTORY, ".pem"),
            x509_revoked=_read(tree, X509_REVOKED_FILE, limit=MAX_SIGNERS_BYTES),
        ), ""
    except (SettingsError, MalformedFileError) as error:
        # Half of the trust files would be worse than none: a revocation list that is missing revokes nothing.
        return None, error.message


def _key_files(tree: Tree, directory: str, suffix: str) -> tuple[bytes, ...]:
    entries = [entry for entry in tree.files(directory) if entry.path.endswith(suffix)]
    if len(entries) > MAX_KEY_FILES:
        raise SettingsError(f"{directory}: {len(entries)} keys; {MAX_KEY_FILES} are the limit.")
    keys = (_read(tree, entry.path, limit=MAX_SIGNERS_BYTES) for entry in entries)
    return tuple(key for key in keys if key is not None)


def _read(tree: Tree, path: str, *, limit: int) -> bytes | None:
    entry = tree.entry(path)
    if entry is None:
        return None
    if not entry.is_file:
        raise SettingsError(f"{path}: This must be a regular file, not a link, a directory or a submodule.")
    return tree.read(entry, limit=limit)


_IDENTITY = pattern(r"[A-Za-z0-9][A-Za-z0-9._~:/@+\-]{0,253}\Z")
_PLACEHOLDER = pattern(r"\{([^{}]*)\}")
_MODEL_NAME = pattern(r"[^\x00-\x20\x7f@#:*?\[\]\\^~]{1,128}\Z")


def _identity(node: Node) -> str:
    if not _IDENTITY.match(node.text()):
        node.fail("This must be a plain name without spaces, such as git.example.com/ml/churn.")
    return node.text()


def _patterns(node: Node) -> tuple[str, ...]:
    for item in node.sequence():
        placeholders = _PLACEHOLDER.findall(item.text())
        if placeholders.count("version") != 1 or not {"model", "version"}.issuperset(placeholders):
            item.fail("A pattern has {version} once, {model} at most once, and no other placeholder.")
        rest = _PLACEHOLDER.sub("x", item.text())
        if placeholders.count("model") > 1 or not _is_ref_part(rest):
            item.fail("No ref could be named like this.")
    return node.texts()


def _is_ref_part(name: str) -> bool:
    """Whether Git would take it as the end of a ref name (git-check-ref-format)."""
    bad = ("..", "@{", "//", "/.", ".lock/", "{", "}")
    return (
        not re.search(r"[\x00-\x20\x7f~^:?*\[\\]", name)
        and not any(part in name for part in bad)
        and not name.startswith(("/", ".", "-"))
        and not name.endswith(("/", ".", ".lock"))
    )


def _models(node: Node) -> dict[str, ModelSettings]:
    from reviewtui.facts.model import FactSources

    models = {}
    for name, entry in node.mapping().items():
        if not _MODEL_NAME.match(name) or name.startswith((".", "-", "/")):
            entry.fail("A model's name has no spaces, none of @ # : * ? [ ] \\ ^ ~, and does not start with . - or /.")
        models[name] = ModelSettings(FactSources() if entry.is_null else _sources(entry))
    return models


def _sources(entry: Node) -> FactSources:
    from reviewtui.facts.model import FactSources

    keys = entry.mapping(("path", "config", "metrics", "data", "environment"))
    globs = {category: _globs(keys[category]) for category in keys if category != "path"}
    return FactSources(
        path=_path(keys["path"]) if "path" in keys else ".",
        config=globs.get("config"),
        metrics=globs.get("metrics"),
        data=globs.get("data"),
        environment=globs.get("environment"),
    )


def _globs(node: Node) -> tuple[str, ...]:
    for item in node.sequence():
        _path(item)
    return node.texts()


def _path(node: Node) -> str:
    path = node.text()
    parts = path.split("/")
    if path.startswith("/") or ".." in parts or "\\" in path or not path.isprintable():
        node.fail("This must be a path inside the repository, with / between its parts.")
    return path.rstrip("/") or "."
