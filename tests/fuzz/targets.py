"""What may be done to each reader of hostile bytes: any bytes at all, and only what is documented may come of it.

A target takes bytes and returns nothing; it raises where a law is broken or an undocumented exception gets out. Both
Hypothesis (tests/test_fuzz.py) and atheris (tests/fuzz/run.py) call these.
"""

from __future__ import annotations

from collections.abc import Callable

from tests.fuzz import file_targets as files
from tests.fuzz import signature_targets as signatures

TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        signatures.envelope,
        signatures.record,
        signatures.statement,
        signatures.sshsig,
        signatures.certificate,
        signatures.armored,
        signatures.verdict,
        signatures.allowed_signers,
        signatures.revoked,
        signatures.x509_signature,
        signatures.x509_file,
        files.note,
        files.git_object,
        files.settings,
        files.documents,
        files.yaml_document,
        files.release_tag,
        files.catalog,
        files.shown,
    )
}
