"""Raw commit, tag and tree objects, taken apart as Git takes them apart."""

from __future__ import annotations

import codecs
import re

from reviewtui.git.objects import CommitInfo, ObjectId, Person, TagObject
from reviewtui.patterns import pattern

_IDENTITY = pattern(rb"(?P<name>[^<\n]*)<(?P<email>[^>\n]*)>(?: (?P<time>-?\d{1,18})(?: [+-]\d{1,6})?)?[^\n]*\Z")
_CO_AUTHOR = pattern(r"^[ \t]*co-authored-by[ \t]*:[ \t]*(.*?)[ \t]*<([^<>\n]*)>", re.IGNORECASE | re.MULTILINE)
_BEGIN = pattern(rb"^-----BEGIN (SSH SIGNATURE|PGP SIGNATURE|PGP MESSAGE|SIGNED MESSAGE)-----[ \t\r]*$", re.MULTILINE)
_TRANSFORMS = frozenset(("unicode_escape", "raw_unicode_escape", "idna", "punycode", "undefined", "utf-7"))
_OBJECT_ID = pattern(rb"(?:[0-9a-f]{40}|[0-9a-f]{64})\Z")
_LEADING = (b"tree", b"parent", b"author", b"committer")
_MODE = pattern(rb"[0-7]{1,7}\Z")
_USUAL_MODES = {mode.encode("ascii"): mode for mode in ("100644", "100755", "40000", "120000", "160000")}


class MalformedObjectError(ValueError):
    """The bytes are no object of the type that was expected."""


def parse_commit(object_id: ObjectId, data: bytes) -> CommitInfo:
    """A commit. Raises: MalformedObjectError.

    Its first headers are those that Git writes, in that order, and stand nowhere else: Git takes for a parent only what
    follows the tree, so that one further down would give the commit a history for us that it has not for Git.
    """
    head, _, body = data.partition(b"\n\n")
    headers = _headers(head)
    leading = [key for key, _ in headers if key in _LEADING]
    if leading != [key for key, _ in headers[: len(leading)]] or leading != sorted(leading, key=_LEADING.index):
        raise MalformedObjectError("a commit begins with its tree, its parents, its author and its committer")
    encoding = next((value for key, value in headers if key == b"encoding"), b"utf-8")
    author, authored = _person(_one(headers, b"author"))
    committer, committed = _person(_one(headers, b"committer"))
    message = _decode(body, encoding)
    header = b"gpgsig" if len(object_id) == 40 else b"gpgsig-sha256"
    signatures = [value + b"\n" for key, value in headers if key == header]
    return CommitInfo(
        object_id=object_id,
        tree=_object_id(_one(headers, b"tree")),
        parents=tuple(_object_id(value) for key, value in headers if key == b"parent"),
        author=author,
        authored=authored or 0,
        committer=committer,
        committed=committed or 0,
        message=message,
        # Every such line counts, not only those of the last paragraph: an author who is hidden would approve himself.
        co_authors=tuple(Person(found[1], found[2]) for found in _CO_AUTHOR.finditer(message)),
        signature=b"".join(signatures) or None,
        payload=_without_signatures(data) if signatures else data,
    )


def parse_tag(object_id: ObjectId, data: bytes) -> TagObject:
    """An annotated tag. Raises: MalformedObjectError."""
    head, _, body = data.partition(b"\n\n")
    headers = _headers(head)
    if [key for key, _ in headers[:3]] != [b"object", b"type", b"tag"]:
        raise MalformedObjectError("a tag begins with its object, type and name")
    tagger, tagged = _person(headers[3][1]) if headers[3:] and headers[3][0] == b"tagger" else (None, None)
    begins = [found.start() for found in _BEGIN.finditer(body)]
    # Git, too, takes the last block for the signature, and all before it for what is signed.
    cut = begins[-1] if begins else len(body)
    signature = body[cut:] or None
    return TagObject(
        object_id=object_id,
        name=_decode(headers[2][1], b"utf-8"),
        target=_object_id(headers[0][1]),
        target_type=headers[1][1].decode("ascii", "replace"),
        tagger=tagger,
        tagged=tagged,
        message=_decode(body[:cut], b"utf-8"),
        payload=_without_signatures(head + b"\n\n") + body[:cut],
        signature=signature,
        flaw=_flaw(signature, len(begins)),
    )


def parse_tree(data: bytes, *, id_bytes: int) -> tuple[tuple[str, str, ObjectId], ...]:
    """(name, mode, object id) in the order of the tree. Names that are no UTF-8 keep their bytes as surrogates.

    A mode is one of the five that Git knows, however it is spelled: where Git sees a directory, so does whoever asks
    here. Raises: MalformedObjectError.
    """
    entries = []
    at = 0
    while at < len(data):
        space = data.find(b" ", at, at + 8)
        end = data.find(b"\0", space)
        if space < 0 or end < 0 or end + 1 + id_bytes > len(data):
            raise MalformedObjectError("the tree is cut short")
        mode, name = data[at:space], data[space + 1 : end]
        if not _MODE.match(mode) or not name or b"/" in name or name in (b".", b".."):
            raise MalformedObjectError("the tree has an entry that no checkout could hold")
        at = end + 1 + id_bytes
        entries.append((name.decode("utf-8", "surrogateescape"), _mode(mode), ObjectId(data[end + 1 : at].hex())))
    return tuple(entries)


def parse_identity(line: bytes) -> Person:
    """The person of an identity as Git prints it: Name <mail> seconds zone. Raises: MalformedObjectError."""
    return _person(line.strip())[0]


def _mode(raw: bytes) -> str:
    """As Git takes it (canon_mode): 040000 is 40000, 100664 is 100644."""
    usual = _USUAL_MODES.get(raw)
    if usual is not None:
        return usual
    mode = int(raw, 8)
    kind = mode & 0o170000
    if kind == 0o100000:
        return "100755" if mode & 0o100 else "100644"
    return {0o120000: "120000", 0o040000: "40000"}.get(kind, "160000")


def _headers(head: bytes) -> list[tuple[bytes, bytes]]:
    headers: list[tuple[bytes, bytes]] = []
    for line in head.split(b"\n"):
        if line.startswith(b" ") and headers:
            key, value = headers[-1]
            headers[-1] = (key, value + b"\n" + line[1:])
        else:
            key, _, value = line.partition(b" ")
            headers.append((key, value))
    return headers


def _one(headers: list[tuple[bytes, bytes]], wanted: bytes) -> bytes:
    values = [value for key, value in headers if key == wanted]
    if len(values) != 1:
        raise MalformedObjectError(f"there is not exactly one {wanted.decode('ascii')}")
    return values[0]


def _without_signatures(data: bytes) -> bytes:
    head, blank, body = data.partition(b"\n\n")
    kept: list[bytes] = []
    dropping = False
    for line in head.split(b"\n"):
        dropping = (dropping and line.startswith(b" ")) or line.startswith((b"gpgsig ", b"gpgsig-sha256 "))
        if not dropping:
            kept.append(line)
    return b"\n".join(kept) + blank + body


def _person(value: bytes) -> tuple[Person, int | None]:
    found = _IDENTITY.match(value)
    if found is None:
        return Person(_decode(value, b"utf-8").strip(), ""), None
    person = Person(_decode(found["name"], b"utf-8").strip(), _decode(found["email"], b"utf-8").strip())
    return person, int(found["time"]) if found["time"] else None


def _decode(data: bytes, encoding: bytes) -> str:
    try:
        name = codecs.lookup(encoding.decode("ascii")).name
        if name not in _TRANSFORMS:
            return data.decode(name, "replace")
    except (LookupError, ValueError):
        pass  # An encoding that nobody knows is read as what it most likely is.
    return data.decode("utf-8", "replace")


def _object_id(value: bytes) -> ObjectId:
    if not _OBJECT_ID.match(value):
        raise MalformedObjectError("an object id is not written in full")
    return ObjectId(value.decode("ascii"))


def _flaw(signature: bytes | None, blocks: int) -> str:
    if signature is None:
        return ""
    if blocks > 1:
        return "the tag holds more than one signature"
    kind = signature[len("-----BEGIN ") :].partition(b"-----")[0]
    _, end, rest = signature.partition(b"\n-----END " + kind + b"-----")
    if not end:
        return "the signature has no end"
    return "" if not rest.strip() else "text follows the signature"
