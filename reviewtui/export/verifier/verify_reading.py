"""What records, tags, files and exports say, for verify.py. Values in, values out; no file, no program."""

import base64
import hashlib
import json
import re
from decimal import Decimal
from types import SimpleNamespace

try:
    import yaml
except ImportError:
    yaml = None
try:
    import tomllib  # Since Python 3.11.
except ImportError:
    tomllib = None

KEYS = ("tree", "base", "facts", "policy", "verdict", "comment", "reviewer", "seq", "prev", "repository", "at")
VERDICTS = ("approve", "reject", "comment", "withdraw", "override")
CATEGORIES = ("config", "metrics", "data", "environment")


class Unreadable(ValueError):  # noqa: N818 (nothing here can read it)
    """Something that cannot be read, or could be read in two ways."""


def strict_json(text):
    """JSON with exact numbers, and without a key that is there twice."""

    def unique(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Unreadable("a key is there twice")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=unique, parse_float=Decimal, parse_constant=str)


def read_record(note, line, brought):
    """A line of a note: a DSSE envelope around an in-toto statement. `name` is None where it cannot be read.

    `signed` is what the signature is over; the keys of the predicate become attributes; `told` is what an export must
    say of it.
    """
    one = {"note": note, "line": line, "brought": brought, "name": None, "reviewer": "", "signature": None, "told": {}}
    one["id"] = "sha256:" + hashlib.sha256(line).hexdigest()
    try:
        envelope = strict_json(line)
        payload, kind = base64.b64decode(envelope["payload"], validate=True), envelope["payloadType"].encode()
        one["id"] = "sha256:" + hashlib.sha256(payload).hexdigest()
        one["signed"] = b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)
        one["signature"] = base64.b64decode(envelope["signatures"][0]["sig"], validate=True)
        statement = strict_json(payload)
        claim, (subject,) = statement["predicate"], statement["subject"]
        about = (f"{claim['model']}@{claim['version']}", claim["commit"], "urn:reviewtui:review:v1")
        said = (subject["name"], subject["digest"]["gitCommit"], statement["predicateType"])
        if about == said and {*KEYS} <= claim.keys() and claim["verdict"] in VERDICTS and not claim.get("critical"):
            told = {key: claim[key] for key in ("model", "version", "tree", "base", "verdict", "comment", "at")}
            one = {**claim, **one, "name": subject["name"], "reviewer": claim["reviewer"]}
            one["told"] = {**told, "digests": claim["facts"], "actor": claim["reviewer"]}
    except (ValueError, KeyError, TypeError, IndexError, RecursionError):
        pass  # It stays without a name, and so counts for nothing.
    return SimpleNamespace(**one)


def read_tag(raw):
    """A release tag, by its trailers; None where it carries none of ours. Raises Unreadable where it is ambiguous."""
    text, *blocks = re.split(rb"^(?=-----BEGIN )", raw, flags=re.MULTILINE)
    head, _, message = text.decode("utf-8", "replace").partition("\n\n")
    rows = [row.partition(": ") for row in message.rstrip("\n").rsplit("\n\n", 1)[-1].split("\n")]
    told = {key: [value for each, _, value in rows if each == key] for key, _, _ in rows}
    if not head.startswith("object ") or not {"Model", "Review-Record"} & told.keys():
        return None
    lines = dict(line.partition(" ")[::2] for line in head.split("\n"))
    once = ("Model", "Version", "Base", "Policy", *(f"Facts-{each.capitalize()}" for each in CATEGORIES))
    ended = len(blocks) == 1 and blocks[0].rstrip().endswith(b"-----") and blocks[0].count(b"-----END ") == 1
    if lines["type"] != "commit" or not ended or any(len(told.get(key, ())) != 1 for key in once):
        raise Unreadable("a release tag is not signed as a whole, or its trailers are not there once each")
    (model,), (version,), (base,) = told["Model"], told["Version"], told["Base"]
    return SimpleNamespace(
        model=model, version=version, name=f"{model}@{version}", tag=lines["tag"], commit=lines["object"],
        at=int(lines["tagger"].split()[-2]), policy=told["Policy"][0], signed=text, block=blocks[0],
        base=None if base == "none" else base.split()[-1], base_name=f"{model}@{base.rpartition(' ')[0]}",
        facts={each: told[f"Facts-{each.capitalize()}"][0] for each in CATEGORIES},
        claimed={*told.get("Review-Record", ()), *told.get("Override-Record", ())},
    )  # fmt: skip


def contradictions(trail, refs, records, verdicts, changes):
    """What an export tells otherwise than Git, and what it leaves out where it was asked for everything.

    `verdicts` is {ref: allowed} of the releases that were judged, `changes` the commits that changed the settings.
    """
    events, held = trail[1:-1], {one.id: one for one in records}
    told = {event["record"]: event for event in events if event["event"] in (*VERDICTS, "unreadable")}
    tags = {event["ref"]: event for event in events if event["event"] in ("released", "released-unreviewed")}
    gates = {(event["name"], event["commit"]): event["counted"] for event in events if event["event"] == "gate"}
    for name, event in told.items():
        if name not in held or any(event[key] != value for key, value in held[name].told.items()):
            yield f"the export tells the record {name} otherwise than Git holds it"
    for ref, event in tags.items():
        if refs.get(ref) != (event["tag"] or event["commit"]):
            yield f"the export tells the tag {ref} otherwise than Git holds it"
    for ref, allowed in verdicts.items():
        if ref in tags and gates.get((tags[ref]["name"], tags[ref]["commit"])) is not allowed:
            yield f"the export tells otherwise what the gate said to {ref}"
    if not any(trail[0]["scope"].values()):
        policies = {event["commit"] for event in events if event["event"] == "policy"}
        for name in sorted({*held, *verdicts, *changes} - {*told, *tags, *policies}):
            yield f"the export leaves {name} out"


def model_path(config, model):
    """The folder of a model as config.yaml declares it, "" for the root; None where it does not."""
    declared = (config.get("models") or {}).get(model)
    path = (declared or {}).get("path", ".").strip("/")
    return None if declared is None else "" if path == "." else path


def stands(category, told, *, path, blob, data):
    """Whether facts, {key: [value …]}, are what the file at `path` says. Raises Unreadable."""
    if category == "environment":
        return [text for _, (text,) in sorted(told.items())] == data.decode("utf-8-sig").split("\n")
    if category == "data":  # A file that Git holds, or a pointer that stands in its place.
        return all(digest in (None, blob) or digest.encode() in data.lower() for digest, _ in told.values())
    if not blob or "/.eval_results/" in f"/{path}":
        raise Unreadable("reviewtui tells them by another name than the file does")
    said = document(path, data)
    return all(key in said and same(value, said[key]) for key, (value,) in told.items())


def raw_yaml(data):
    """YAML with every scalar as text, so that no two readers can disagree about what `no` or `010` means."""
    if yaml is None:
        raise Unreadable("PyYAML is not installed")
    try:
        return yaml.load(data, Loader=yaml.BaseLoader)  # It makes nothing but text, lists and mappings.
    except yaml.YAMLError as error:
        raise Unreadable(f"this is not YAML: {error}") from None


def document(path, data):
    """{dotted key: value} of a JSON, TOML or YAML file; a list is there whole, and each item by its number."""
    kind = path.rpartition(".")[2].lower()
    if kind == "json":
        return dict(_leaves(strict_json(data)))
    if kind == "toml" and tomllib is not None:
        return dict(_leaves(tomllib.loads(data.decode("utf-8"), parse_float=Decimal)))
    if kind in ("yaml", "yml"):
        return dict(_leaves(raw_yaml(data)))
    raise Unreadable(f"nothing here reads .{kind}")


def _leaves(value, key=""):
    yield key or ".", value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in pairs:
        yield from _leaves(each, f"{key}.{name}" if key else str(name))


def same(fact, said):
    """Whether a fact is what a file says. YAML's scalars are text here: 0.10 and 0x1F stand for 0.1 and 31."""
    if isinstance(fact, dict) and isinstance(said, dict):
        return fact.keys() == said.keys() and all(same(fact[key], said[key]) for key in fact)
    if isinstance(fact, list) and isinstance(said, list):
        return len(fact) == len(said) and all(map(same, fact, said))
    return _worth(fact) == _worth(said.isoformat() if hasattr(said, "isoformat") else said)


def _worth(value):
    text = str(value)
    try:
        number = int(text, 0) if text[:2] in ("0x", "0o") else text.replace(".inf", "inf").replace(".nan", "nan")
        return str(float(number))
    except (ValueError, OverflowError):
        return {"None": "null", "": "null", "~": "null", "True": "true", "False": "false"}.get(text, text)
