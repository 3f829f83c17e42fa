"""What records, checkpoints and release tags say, for verify.py. Values in, values out; no file, no program."""

import base64
import datetime
import hashlib
import json
import re
from decimal import Decimal
from types import SimpleNamespace

TYPES = ("urn:reviewtui:review:v1", "https://in-toto.io/Statement/v1", "application/vnd.in-toto+json")
AN_ID, A_DIGEST = "[0-9a-f]{40}|[0-9a-f]{64}", "sha256:[0-9a-f]{64}"
A_TIME, AN_ADDRESS = r"[0-9-]{10}T[0-9:]{8}(\.[0-9]{1,9})?(Z|\+00:00)", "[!-~]+@[!-~]+"
VERDICTS = ("approve", "reject", "comment", "withdraw", "override")
HELPING = ("approve", "comment", "override")  # No record with such a verdict takes a release back.
CATEGORIES = ("config", "metrics", "data", "environment")
LONGEST = 65536  # A longer line is no record, and the export tells its beginning alone.


class Unreadable(ValueError):  # noqa: N818 (nothing here can read it)
    """Something that cannot be read, or could be read in two ways."""


def read_record(kind, note, line, brought):
    """A line of a note: a DSSE envelope around an in-toto statement. `name` is None where it is no review.

    `signed` is what the signatures are over, `brought` when it came, `notes` the commits of the notes that brought it;
    `helps`: by its verdict it takes no release back, whatever else it says; the keys of the predicate become
    attributes; `told` is what an export must say of it.
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
        "helps": False,
    }
    one["id"], one["told"] = "sha256:" + hashlib.sha256(line).hexdigest(), {}
    try:
        envelope = strict_json(line)
        payload, form = base64.b64decode(envelope["payload"], validate=True), envelope["payloadType"].encode()
        one["id"] = "sha256:" + hashlib.sha256(payload).hexdigest()
        one["signed"] = b"DSSEv1 %d %b %d %b" % (len(form), form, len(payload), payload)
        one["signatures"] = [base64.b64decode(each["sig"], validate=True) for each in envelope["signatures"]]
        statement = strict_json(payload)
        claim = statement["predicate"]
        one["helps"] = claim["verdict"] in HELPING
        (subject,) = statement["subject"]
        about = (f"{claim['model']}@{claim['version']}", claim["commit"], *TYPES)
        said = (subject["name"], subject["digest"]["gitCommit"],
                statement["predicateType"], statement["_type"], envelope["payloadType"])  # fmt: skip
        if about == said and is_review(claim) and not claim.get("critical"):
            told = {key: claim[key] for key in ("model", "version", "tree", "base", "verdict", "comment", "at")}
            one = {**claim, **one, "name": subject["name"], "reviewer": claim["reviewer"]}
            told |= {"name": subject["name"], "actor": claim["reviewer"], "event": claim["verdict"]}
            one["told"] = {**told, "digests": claim["facts"], "policy": claim["policy"] or ""}
    except (ValueError, KeyError, TypeError, IndexError, RecursionError, AttributeError):
        pass  # It stays without a name, and so counts for nothing.
    one["told"]["record"] = one["id"]
    return SimpleNamespace(**one)


def is_review(claim):
    """Whether every value of a review has the form that the README gives it; else, or where it raises, it has not."""
    texts = [claim[key] for key in ("repository", "model", "version", "comment")]
    ids, records = [claim["commit"], claim["tree"]], [claim["facts"][each] for each in CATEGORIES]
    if claim["base"] is not None:
        texts.append(claim["base"]["version"])
        ids.append(claim["base"]["commit"])
    ids += [claim["policy"]] * (claim["policy"] is not None)
    records += [claim["prev"]] * (claim["prev"] is not None)
    forms = (*((AN_ID, each) for each in ids), *((A_DIGEST, each) for each in records))
    forms += ((A_TIME, claim["at"]), (AN_ADDRESS, claim["reviewer"]), ("|".join(VERDICTS), claim["verdict"]))
    whole = type(claim["seq"]) is int and 0 < claim["seq"] <= 10**15
    return whole and all(isinstance(each, str) for each in texts) and all(re.fullmatch(*each) for each in forms)


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
        at=int(lines["tagger"].split()[-2]), policy=told["Policy"][0].removeprefix("none"),
        signed=text, block=blocks[0],
        base=None if base == "none" else base.split()[-1], base_version=base.rpartition(" ")[0], claimed=records,
        key="", releaser="", counted=(), allowed=None, sound=None,
        facts={each: told[f"Facts-{each.capitalize()}"][0] for each in CATEGORIES},
        approvals=told.get("Review-Record", []),
        reviewers=[row.rpartition(" <")[2].rstrip(">") for row in told.get("Reviewed-by", ())],
    )  # fmt: skip


def maker(raw, role):
    """(when, name, address) of whoever made a commit or a tag, as it says; None for a name that is not plain UTF-8."""
    head = raw.partition(b"\n\n")[0]
    row = re.search(rb"^%b (.*?) ?<([^<>\n]*)> (-?[0-9]+) [-+0-9]+$" % role.encode(), head, re.MULTILINE)
    if row is None:
        return "", None, None
    try:
        name = None if b"\nencoding " in head else row[1].decode("utf-8")
    except UnicodeDecodeError:
        name = None
    return moment(int(row[3])), name, row[2].decode("utf-8", "replace")


def strict_json(text):
    """JSON with exact numbers, and without a key that is there twice."""

    def unique(pairs):
        if len(dict(pairs)) != len(pairs):
            raise Unreadable("a key is there twice")
        return dict(pairs)

    return json.loads(text, object_pairs_hook=unique, parse_float=Decimal, parse_constant=str)


def moment(at):
    """Seconds since 1970 as the export writes them; "" for what no calendar holds."""
    try:
        when = datetime.datetime.fromtimestamp(at, datetime.timezone.utc)  # noqa: UP017 (Python 3.10 has no other)
        return when.strftime("%Y-%m-%dT%H:%M:%SZ")
    except (OverflowError, OSError, ValueError):
        return ""


def seconds(text):
    """The same, the other way round."""
    return int(datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp())
