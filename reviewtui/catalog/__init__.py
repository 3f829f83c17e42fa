"""Refs → VersionCatalog: which models there are, and which versions of each."""

from reviewtui.catalog.base import choose_base
from reviewtui.catalog.build import build_catalog
from reviewtui.catalog.lookup import commit_version, commit_versions, find_version, with_versions
from reviewtui.catalog.model import (
    BaseChoice,
    ModelLocation,
    ModelVersion,
    PassedOverRef,
    RegistryAction,
    RegistryEvent,
    VersionCatalog,
    VersionKind,
)
from reviewtui.catalog.naming import (
    DEFAULT_BRANCHES,
    DEFAULT_TAGS,
    NamePattern,
    compile_pattern,
    is_read_back,
    tag_name,
)
from reviewtui.catalog.order import version_order

__all__ = [
    "DEFAULT_BRANCHES",
    "DEFAULT_TAGS",
    "BaseChoice",
    "ModelLocation",
    "ModelVersion",
    "NamePattern",
    "PassedOverRef",
    "RegistryAction",
    "RegistryEvent",
    "VersionCatalog",
    "VersionKind",
    "build_catalog",
    "choose_base",
    "commit_version",
    "commit_versions",
    "compile_pattern",
    "find_version",
    "is_read_back",
    "tag_name",
    "version_order",
    "with_versions",
]
