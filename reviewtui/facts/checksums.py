"""Checksum manifests: the lines that sha256sum, md5sum and their kin write."""

from __future__ import annotations

import re

from reviewtui.facts.model import DataDigest
from reviewtui.patterns import pattern

MANIFEST_NAME = pattern(
    r"(?:(?:MD5|SHA1|SHA224|SHA256|SHA384|SHA512)SUMS?(?:\.txt)?|(?:checksums?|MANIFEST)(?:[.\-_](?:txt|md5|sha\d+))?|"
    r".+\.(?:md5|sha1|sha256|sha512|sha256sum|md5sum|sha512sum|sha1sum))\Z",
    re.IGNORECASE,
)
_LINE = pattern(r"(\\?)([0-9A-Fa-f]{32,128})(?:[ \t]+\*?(\S.*))?\Z")
_BSD_LINE = pattern(r"(?:MD5|SHA1|SHA224|SHA256|SHA384|SHA512) \((.+)\) = ([0-9A-Fa-f]{32,128})\Z")
_ALGORITHMS = {32: "md5", 40: "sha1", 56: "sha224", 64: "sha256", 96: "sha384", 128: "sha512"}
_SUFFIX = pattern(r"\.(?:md5|sha\d+)(?:sum)?\Z", re.IGNORECASE)


def read_checksums(name: str, text: str) -> tuple[list[tuple[str, DataDigest]], list[int]]:
    """Paths as they are written with their digests, and the numbers of the lines that are none."""
    found = []
    bad = []
    for number, line in enumerate(text.split("\n"), 1):
        line = line.rstrip("\r")
        if not line.strip() or line.startswith("#"):
            continue
        pair = _pair(name, line)
        if pair:
            found.append(pair)
        else:
            bad.append(number)
    return found, bad


def _pair(name: str, line: str) -> tuple[str, DataDigest] | None:
    if match := _BSD_LINE.match(line):
        path, digest = match[1], match[2]
    elif match := _LINE.match(line.strip()):
        bare = _SUFFIX.sub("", name)
        path, digest = match[3] or (bare if bare != name else ""), match[2]
        if match[1]:
            path = path.replace("\\n", "\n").replace("\\\\", "\\")
    else:
        return None
    algorithm = _ALGORITHMS.get(len(digest))
    return (path, DataDigest(algorithm, digest.lower())) if algorithm and path else None
