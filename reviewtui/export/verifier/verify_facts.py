"""Facts that people signed, and settings, tied to Git wherever something here reads the files; for verify.py."""

import contextlib
import hashlib
import itertools
import json
import re
from decimal import Decimal

from verify_reading import Unreadable, strict_json

try:
    import yaml
except ImportError:
    yaml = None
try:
    import tomllib  # Since Python 3.11.
except ImportError:
    tomllib = None


LARGEST_FLOAT = Decimal("1.8e308")
LFS_POINTER = b"version https://git-lfs.github.com/spec/"
OF_META = ("performance", "accuracy")  # In spaCy's meta.json; the rest of it is configuration.


class Ties:
    """What a bundle tells of facts and settings, tied to Git; `of` is the Verification that asks."""

    def __init__(self, of):
        self.of = of

    def facts(self, digest):
        """The rows of one category of facts, by the digest that people signed."""
        text = self.of.files.get(f"facts/{digest[7:]}.txt", b"")
        if hashlib.sha256(text).hexdigest() != digest[7:]:
            raise Unreadable(f"the facts {digest} are not in the bundle, or not those that were signed")
        return [strict_json(row) for row in text.splitlines()]

    def tie(self, commit, category, rows):
        """The facts that people signed are what the commit's files say, wherever something here can read the files."""
        for path in sorted({row[0] for row in rows}):
            told = {row[1]: row[2:] for row in rows if row[0] == path}
            blob, data = self.of.history.show(f"{commit}:{path}")
            try:
                good = says(category, told, path=path, blob=blob, data=data)
                if category == "metrics":
                    left_out = "has a metric that is left out"
                    self.of.wrong += [f"{path} of {commit[:10]} {left_out}: {key}"
                                      for key in sorted(numbers(path, data) - told.keys())]  # fmt: skip
                by_others = category == "data" and not data.startswith(LFS_POINTER)
                if not good and by_others:  # DVC and lists of checksums record digests of other files.
                    good = all(
                        self.of.history.git("grep", "-IilF", digest or ".", commit, strict=False)
                        for digest, _ in told.values()
                    )
                if not good:
                    self.of.wrong.append(f"{path} of {commit[:10]} does not say what people signed as its {category}")
                self.of.proved[f"{category} facts are what Git holds"] += len(told)
            except (ValueError, AttributeError, TypeError, RecursionError) as error:
                self.of.unproved.append(f"That the {category} of {path} in {commit[:10]} are what Git holds: {error}.")

    def metrics_of_base(self, base, digest, files):
        """The rows of the base's metrics; `files` are those that must have some, too, wherever the base has them.

        No signature over a release is over these: only the tag of the base, where that is a release with records.
        """
        rows = self.facts(digest)
        self.tie(base, "metrics", rows)
        if digest in self.of.releases.signed_metrics().get(base, ()):
            return rows
        self.of.unproved.append(f"That the base {base[:10]} has no metrics but those that the bundle tells.")
        for path in sorted({*files} - {row[0] for row in rows}):
            with contextlib.suppress(ValueError, RecursionError):  # What nobody can read has none.
                if numbers(path, self.of.history.show(f"{base}:{path}")[1] or b"{}"):
                    self.of.wrong.append(f"{path} of {base[:10]} has metrics, and the bundle tells none")
        return rows

    def settings(self, commit, name):
        """A file of the settings by the bundle's JSON of it; that it says what the YAML in Git says takes PyYAML."""
        blob, data = self.of.history.show(f"{commit}:.reviewtui/{name}")
        said = strict_json(self.of.files[f"settings/{blob}.json"]) if blob else {}
        try:
            if blob and raw_yaml(data) != said:
                self.of.wrong.append(f"settings/{blob}.json is not what .reviewtui/{name} of {commit[:10]} says")
        except Unreadable as error:
            self.of.unproved.append(
                f"That settings/{blob}.json is what .reviewtui/{name} of {commit[:10]} says: {error}."
            )
        return said or {}


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
        if data.startswith(LFS_POINTER):
            lines = data.decode("utf-8", "replace").splitlines()
            return all({f"oid {name}:{digest}", f"size {size}"} <= {*lines} for name, (digest, size) in told.items())
        return all(digest in (None, blob) or digest.encode() in data.lower() for digest, _ in told.values())
    if not blob:
        raise Unreadable("it is not in Git; what recorded them is not read here")
    said = {}
    for key, value in document(path, data):
        said.setdefault(key, []).append(plain(value))
    # The second of two results with one name is called NAME#2.
    return all(plain(value) in said.get(key, ()) or plain(value) in said.get(re.sub(r"#\d+$", "", key), ())
               for key, (value,) in told.items())  # fmt: skip


def numbers(path, data):
    """The keys of all numbers of a metrics file, where it is of a format that leaves no doubt about what is one."""
    if path.rpartition(".")[2].lower() not in ("json", "toml"):
        return set()
    return {key for key, value in document(path, data) if isinstance(value, (int, float, Decimal))
            and not isinstance(value, bool) and value == value and abs(value) < LARGEST_FLOAT
            and (not path.endswith("meta.json") or key.split(".")[0] in OF_META)}  # fmt: skip


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
