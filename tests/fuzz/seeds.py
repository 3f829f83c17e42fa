"""Where fuzzing starts: one sound thing of each kind, made when asked for, by keys that nobody else has."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

from reviewtui.facts.model import CATEGORIES
from reviewtui.signing.armor import SignatureScheme, armor
from reviewtui.signing.envelope import Envelope, Signature
from tests import ssh_material as make
from tests.x509_material import Holder, certified, rsa_key, signed

CORPUS = Path(__file__).parent / "corpus"
MESSAGE = b"DSSEv1 1 a 2 {}"
COMMIT = "1234567890" * 4
REPOSITORY = "git.example.com/ml/churn"
_VECTORS = Path(__file__).resolve().parents[3] / "shared" / "data" / "sigvectors"


def kept(target: str) -> list[Path]:
    """The files of a target's corpus."""
    return sorted(path for path in (CORPUS / target).glob("*") if path.is_file())


WORDS = (
    b"\\UFFFFFFFF",
    b"\\ud800",
    b"\\u0000",
    b"%YAML 1.2\n",
    b"%TAG ! tag:x\n",
    b"---\n",
    b"...\n",
    b"!!str ",
    b"&a ",
    b"*a",
    b"<<: ",
    b"? ",
    b"|\n",
    b">-\n",
    b"# ",
    b"\xef\xbb\xbf",
    b"\xe2\x80\xa8",
    b"\xc2\x85",
    b"\r",
    b"\t",
    b"[[",
    b"{{",
    b'"',
    b"'",
    b"1e999",
    b"0x",
    b".nan",
    b"NaN",
    b"-Infinity",
    b"null",
    b"9" * 40,
    b"ssh-ed25519",
    b"ssh-rsa",
    b"cert-authority",
    b'namespaces="',
    b'valid-after="',
    b"SSHSIG",
    b"SSHKRL\n\0",
    b"\0\0\0\1",
    b"\xff\xff\xff\xff",
    b"\x80\0\0\0",
    b"gpgsig ",
    b"encoding utf-16\n",
    b"encoding punycode\n",
    b"-----BEGIN SSH SIGNATURE-----\n",
    b"-----END SSH SIGNATURE-----\n",
    b"Review-Record: ",
    b"refs/heads/",
    b"@v",
    b"#prod",
    b"!#1",
    b"=",
    b"100644 ",
    b"payload",
    b"critical",
    b"withdraw",
)
"""What hostile files are made of."""


@cache
def of_target(target: str) -> tuple[bytes, ...]:
    """The corpus of a target, and one sound thing of its kind."""
    return (*(path.read_bytes() for path in kept(target)), *_SOUND.get(target, lambda: ())(), b"")


@cache
def signatures() -> tuple[bytes, ...]:
    """Sound signatures over MESSAGE by keys that `signers` trusts, one of each kind; the last by a certified key."""
    keys = (make.ed25519(), make.ecdsa(256), make.ecdsa(521), make.rsa_key(2048), make.sk_ed25519(), make.sk_ecdsa())
    certified = make.certificate(make.ed25519(2), make.ed25519(3))
    return (
        *(make.sshsig(key, MESSAGE) for key in keys),
        make.sshsig(make.ed25519(2), MESSAGE, key_blob=certified),
    )


@cache
def signers() -> bytes:
    """An allowed_signers file that trusts them."""
    keys = (make.ed25519(), make.ecdsa(256), make.ecdsa(521), make.rsa_key(2048), make.sk_ed25519(), make.sk_ecdsa())
    lines = [b"dana@example.com " + key.line for key in keys]
    return b"\n".join((*lines, b'*@example.com cert-authority,namespaces="reviewtui" ' + make.ed25519(3).line, b""))


@cache
def x509_pem() -> bytes:
    """A file of certificates: a person's, and an authority's."""
    return _dana().pem + certified("Root", authority=True).pem


@cache
def _dana() -> Holder:
    return certified("Dana", emails=("dana@example.com",), subject_email="d@example.com", key=rsa_key(2048))


def _x509_signatures() -> tuple[bytes, ...]:
    other = certified("Lin", emails=("lin@example.com",))
    return (signed(_dana(), MESSAGE), signed(other, MESSAGE, _dana()), _dana().der, other.der)


def payload(**changes: object) -> bytes:
    """The statement of a review."""
    predicate = {
        "repository": REPOSITORY, "model": "churn", "version": "1.4.0", "commit": COMMIT, "tree": COMMIT,
        "base": {"version": "1.3.0", "commit": COMMIT}, "facts": dict.fromkeys(CATEGORIES, "sha256:" + "0" * 64),
        "policy": None, "verdict": "approve", "comment": "", "reviewer": "dana@example.com", "seq": 1, "prev": None,
        "at": "2026-01-06T10:00:00Z", "tool": "reviewtui",
    } | changes  # fmt: skip
    subject = {"name": f"{predicate['model']}@{predicate['version']}", "digest": {"gitCommit": COMMIT}}
    document = {"_type": "https://in-toto.io/Statement/v1", "subject": [subject]}
    return json.dumps(document | {"predicateType": "urn:reviewtui:review:v1", "predicate": predicate}).encode()


def _lines() -> tuple[bytes, ...]:
    kind = "application/vnd.in-toto+json"
    return tuple(
        Envelope(payload(), kind, (Signature(make.ed25519().fingerprint, blob),)).to_line() for blob in signatures()[:2]
    )


def _certificates() -> tuple[bytes, ...]:
    return (make.certificate(make.ed25519(2), make.ed25519(3)), make.certificate(make.rsa_key(), make.ecdsa(384)))


def _blocks() -> tuple[bytes, ...]:
    found = [armor(scheme, signatures()[0]) for scheme in SignatureScheme]
    found += [path.read_bytes() for path in sorted((_VECTORS / "git-objects").glob("*.sig"))[:3]]
    return (*found, make.ed25519().line)


def _objects() -> tuple[bytes, ...]:
    person = b"Robin <robin@example.com> 1767603600 +0000"
    commit = b"tree %b\nparent %b\nauthor %b\ncommitter %b\n" % (COMMIT.encode(), COMMIT.encode(), person, person)
    signed = b"gpgsig " + armor(SignatureScheme.SSH, signatures()[0]).strip().replace(b"\n", b"\n ") + b"\n"
    tag = b"object %b\ntype commit\ntag v1.0.0\ntagger %b\n\nchurn 1.0.0\n" % (COMMIT.encode(), person)
    tree = b"100644 a\0" + bytes(20) + b"40000 b\0" + bytes(20)
    message = b"\nTitle\n\nCo-authored-by: Lin <lin@example.com>\n"
    sound = (commit + message, commit + signed + message, tag + armor(SignatureScheme.SSH, b"SSHSIG"), tree, person)
    return (*sound, *(path.read_bytes() for path in sorted((_VECTORS / "git-objects").glob("*.object"))[:6]))


def _trailers() -> bytes:
    digest = b"sha256:" + b"0" * 64
    facts = b"".join(b"Facts-%b: %b\n" % (name.capitalize().encode(), digest) for name in CATEGORIES)
    people = b"Reviewed-by: Dana <dana@example.com>\nReview-Record: %b\n" % digest
    return b"churn 1.4.0\n\nSummary.\n\nModel: churn\nVersion: 1.4.0\nBase: none\n" + facts + b"Policy: none\n" + people


_POLICY = b"""version: 3
people:
  dana@example.com: {roles: [data-science], aliases: [dana@old.example.com]}
releases:
  - models: ["*"]
    approvals: [{count: 2, roles: [data-science]}]
    exclude: [author, committer]
    metrics: {accuracy: {better: higher, min: 0.90, max_regression: {abs: 0.005}}}
overrides: {roles: [release-manager], max_age: 24h}
"""
_CONFIG = b"""repository: git.example.com/ml/churn
tags: ["{model}@v{version}"]
models: {churn: {path: models/churn, config: [params.yaml, "conf/*.yaml"]}}
"""
_CARD = b"""license: mit
model-index:
- name: m
  results:
  - dataset: {type: squad, name: squad}
    metrics: [{type: f1, value: 0.91}]
"""
_REFS = b"""refs/tags/churn@v1.4.0
refs/heads/model/churn/v1.4.0
refs/remotes/origin/models/fraud/2.0.0-rc1
refs/tags/churn#prod#1
refs/tags/churn@v1.4.0!#2
refs/tags/v1.4.0
refs/tags/churn@deprecated
"""
_TEXTS = ("plain", "\x1b[31m", "a\u202eb", "e\u0301\u0301\u0301\u0301", "\u200b\ufeff", "\U000e0041", "\ud800", "日本")

_SOUND = {
    "envelope": _lines,
    "record": lambda: (*_lines(), payload(), payload(verdict="reject")),
    "statement": lambda: (payload(), payload(base=None, comment="é\n", prev="sha256:" + "a" * 64, critical=["seq"])),
    "sshsig": signatures,
    "certificate": lambda: (*_certificates(), make.sk_ed25519().blob, make.ecdsa(384).blob, make.rsa_key().blob),
    "armored": _blocks,
    "verdict": lambda: tuple(bytes((kind, what, 0, 99, 1)) for kind in range(7) for what in range(4)),
    "allowed_signers": lambda: (
        signers(),
        b'a@b valid-after="20250101",valid-before="20270101Z" ' + make.ed25519().line,
    ),
    "revoked": lambda: (make.ed25519().line, make.ed25519(9).line + b"\n# c\n", b"SSHKRL\n\0\0\0\0\1" + bytes(32)),
    "x509_signature": _x509_signatures,
    "x509_file": lambda: (x509_pem(), b"# c\nx509:" + b"0" * 40 + b"\n", b"0" * 64),
    "note": lambda: (
        b"b\na\n\na\n",
        COMMIT.encode(),
        b"12/34/" + COMMIT[4:].encode(),
        b"0" * 40 + b" " + b"1" * 40 + b" refs/x",
    ),
    "git_object": _objects,
    "settings": lambda: (_POLICY, _CONFIG),
    "documents": lambda: (
        _POLICY,
        _CARD,
        b'{"a": {"b": [1, 1e-3, null]}}',
        b"[a]\nb = 1\nc.d = 2026-01-01\n",
        b"0" * 64 + b"  f\n",
    ),
    "yaml_document": lambda: (
        _POLICY,
        _CARD,
        b"a: &x [1, 0x1F, 1_000, .inf]\nb: *x\n<<: {c: 010}\n",
        b"? a\n: |\n  b\n",
    ),
    "release_tag": lambda: (_trailers(),),
    "catalog": lambda: (_REFS,),
    "shown": lambda: tuple(text.encode("utf-8", "surrogatepass") for text in _TEXTS),
}
