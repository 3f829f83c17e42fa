"""What records, release tags and files say, for verify.py. Values in, values out; no file, no program."""

import base64
import hashlib
import itertools
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
LONGEST = 65536  # A longer line is no record, and the export tells its beginning alone.


class Unreadable(ValueError):  # noqa: N818 (nothing here can read it)
    """Something that cannot be read, or could be read in two ways."""


def read_record(kind, note, line, brought):
    """A line of a note: a DSSE envelope around an in-toto statement. `name` is None where it is no review.

    `signed` is what the signatures are over, `brought` (when, by which commits of the notes); the keys of the predicate
    become attributes; `told` is what an export must say of it.
    """
    text = (line if len(line) <= LONGEST else line[:1024]).decode("ascii", "backslashreplace")
    one = {
        "kind": kind,
        "note": note,
        "text": text,
        "brought": brought[0],
        "notes": brought[1],
        "name": None,
        "reviewer": "",
        "signatures": (),
    }
    one["id"], one["told"] = "sha256:" + hashlib.sha256(line).hexdigest(), {}
    try:
        envelope = strict_json(line)
        payload, form = base64.b64decode(envelope["payload"], validate=True), envelope["payloadType"].encode()
        one["id"] = "sha256:" + hashlib.sha256(payload).hexdigest()
        one["signed"] = b"DSSEv1 %d %b %d %b" % (len(form), form, len(payload), payload)
        one["signatures"] = [base64.b64decode(each["sig"], validate=True) for each in envelope["signatures"]]
        statement = strict_json(payload)
        claim, (subject,) = statement["predicate"], statement["subject"]
        about = (f"{claim['model']}@{claim['version']}", claim["commit"], "urn:reviewtui:review:v1")
        said = (subject["name"], subject["digest"]["gitCommit"], statement["predicateType"])
        if about == said and {*KEYS} <= claim.keys() and claim["verdict"] in VERDICTS and not claim.get("critical"):
            told = {key: claim[key] for key in ("model", "version", "tree", "base", "verdict", "comment", "at")}
            one = {**claim, **one, "name": subject["name"], "reviewer": claim["reviewer"]}
            one["told"] = {**told, **one["told"], "digests": claim["facts"], "actor": claim["reviewer"],
                           "event": claim["verdict"], "policy": claim["policy"] or ""}  # fmt: skip
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, AttributeError):
        pass  # It stays without a name, and so counts for nothing.
    one["told"]["record"] = one["id"]
    return SimpleNamespace(**one)


def read_checkpoint(one):
    """{ref: object id} of a record that is a checkpoint: what stood in the refs when somebody signed it."""
    title, *lines = one.comment.split("\n")
    rows = [line.rpartition(" ")[::2] for line in lines if line]
    sound = rows and all(ref.startswith("refs/") and re.fullmatch("[0-9a-f]{40,64}", target) for ref, target in rows)
    return dict(rows) if one.verdict == "comment" and title == "checkpoint" and sound else {}


def read_tag(raw):
    """A release tag, by its trailers; None where it carries none of ours. Raises: Unreadable where it is ambiguous."""
    text, *blocks = re.split(rb"^(?=-----BEGIN )", raw, flags=re.MULTILINE)
    head, _, message = text.decode("utf-8", "replace").partition("\n\n")
    rows = [re.fullmatch(r"([A-Z][A-Za-z]*(?:-[A-Za-z]+)*): (\S.*)", row)
            for row in message.rstrip("\n").rpartition("\n\n")[2].split("\n")]  # fmt: skip
    told = {row[1]: [each[2].rstrip() for each in rows if each[1] == row[1]] for row in rows} if all(rows) else {}
    if not head.startswith("object ") or "\n\n" not in message or not {"Model", "Review-Record"} & told.keys():
        return None
    lines = dict(line.partition(" ")[::2] for line in head.split("\n"))
    once = ("Model", "Version", "Base", "Policy", *(f"Facts-{each.capitalize()}" for each in CATEGORIES))
    ended = len(blocks) == 1 and blocks[0].rstrip().endswith(b"-----") and blocks[0].count(b"-----END ") == 1
    if lines["type"] != "commit" or not ended or any(len(told.get(key, ())) != 1 for key in once):
        raise Unreadable("a release tag is not signed as a whole, or its trailers are not there once each")
    (model,), (version,), (base,) = told["Model"], told["Version"], told["Base"]
    records = [*told.get("Review-Record", ()), *told.get("Override-Record", ())]
    if len({*records}) != len(records):
        raise Unreadable("it claims a record twice")
    return SimpleNamespace(
        model=model, version=version, name=f"{model}@{version}", tag=lines["tag"], commit=lines["object"],
        at=int(lines["tagger"].split()[-2]), policy=told["Policy"][0], signed=text, block=blocks[0],
        base=None if base == "none" else base.split()[-1], base_version=base.rpartition(" ")[0], claimed=records,
        key="", sound=None, facts={each: told[f"Facts-{each.capitalize()}"][0] for each in CATEGORIES},
        approvals=told.get("Review-Record", []),
        reviewers=[row.rpartition(" <")[2].rstrip(">") for row in told.get("Reviewed-by", ())],
    )  # fmt: skip


def strict_json(text):
    """JSON with exact numbers, and without a key that is there twice."""

    def unique(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Unreadable("a key is there twice")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=unique, parse_float=Decimal, parse_constant=str)


def raw_yaml(data):
    """YAML with every scalar as text, so that no two readers can disagree about what `no` or `010` means."""
    if yaml is None:
        raise Unreadable("PyYAML is not installed")
    try:
        return yaml.load(data, Loader=yaml.BaseLoader)  # It makes nothing but text, lists and mappings.
    except yaml.YAMLError as error:
        raise Unreadable(f"this is not YAML: {error}") from None


def says(category, told, *, path, blob, data):
    """Whether a file says these facts, {key: [value, …]}. Raises: Unreadable."""
    if category == "environment":
        return [text for _, (text,) in sorted(told.items())] == data.decode("utf-8-sig").split("\n")
    if category == "data":  # A file that Git holds, or a pointer that stands in its place.
        return all(digest in (None, blob) or digest.encode() in data.lower() for digest, _ in told.values())
    if not blob:
        raise Unreadable("it is not in Git; what recorded them is not read here")
    said = {}
    for key, value in document(path, data):
        said.setdefault(key, []).append(plain(value))
    # The second of two results with one name is called NAME#2.
    return all(plain(value) in said.get(key, ()) or plain(value) in said.get(re.sub(r"#\d+$", "", key), ())
               for key, (value,) in told.items())  # fmt: skip


def document(path, data):
    """Yields (dotted key, value) of a file; a list is there whole, and each item by its number."""
    name, kind = path.rpartition("/")[2], path.rpartition(".")[2].lower()
    if kind == "json":
        return leaves(strict_json(data))
    if kind == "toml" and tomllib is not None:
        return leaves(tomllib.loads(data.decode("utf-8"), parse_float=Decimal))
    if kind == "md":
        front = re.match(
            r"---[ \t]*\n(.*?)^(?:---|\.\.\.)[ \t]*$", data.decode("utf-8-sig").replace("\r\n", "\n"), re.S | re.M
        )
        card = raw_yaml(front[1]) if front else {}
        return itertools.chain(leaves(card), results(card.get("model-index") or ()))
    if kind not in ("yaml", "yml", "lock") and name != "MLmodel":
        raise Unreadable(f"nothing here reads .{kind}")
    value = raw_yaml(data)
    if "/.eval_results/" in f"/{path}":
        named = [(one.get("dataset") or {}, one.get("value")) for one in value]
        return [("/".join(filter(None, (of.get("id"), of.get("task_id")))) or "result", each) for of, each in named]
    if name == "MLmodel":  # MLflow writes the signature as JSON within a text.
        signature = value.get("signature") or {}
        value["signature"] = {k: json.loads(v) if v[:1] in "[{" else v for k, v in signature.items()}
    return leaves(value)


def results(index):
    """Yields (DATASET[/CONFIG][/SPLIT].METRIC, value) of the `model-index` of a model card."""
    for result in (each for model in index for each in model.get("results") or ()):
        about = result.get("dataset") or {}
        name, config = about.get("type") or about.get("name"), about.get("config")
        parts = (name, None if config in (name, about.get("name"), "default") else config, about.get("split"))
        for metric in result.get("metrics") or ():
            called = metric.get("type") or metric.get("name") or "metric"
            yield from leaves(metric.get("value"), ".".join(filter(None, ("/".join(filter(None, parts)), called))))


def leaves(value, key=""):
    """Yields (dotted key, value) of whatever is nested."""
    yield key or ".", value
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, each in pairs:
        yield from leaves(each, f"{key}.{name}" if key else str(name))


def plain(value):
    """A value so that two of them are the same where they mean the same: YAML's 0.10 and 0x1F stand for 0.1 and 31."""
    if isinstance(value, (dict, list)):
        return {key: plain(each) for key, each in value.items()} if isinstance(value, dict) else [*map(plain, value)]
    text = value.isoformat() if hasattr(value, "isoformat") else str(value)
    try:
        number = int(text, 0) if text[:2] in ("0x", "0o") else text.replace(".inf", "inf").replace(".nan", "nan")
        return str(float(number))
    except (ValueError, OverflowError):
        return {"None": "null", "": "null", "~": "null", "True": "true", "False": "false"}.get(text, text)
