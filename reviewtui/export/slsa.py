"""A release as a SLSA verification summary: who verified what, by which policy, on which attestations.

Source of the format: https://slsa.dev/spec/v1.1/verification_summary
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from reviewtui.statement import Statement
from reviewtui.trail import TrailEvent, TrailHeader

PREDICATE_TYPE = "https://slsa.dev/verification_summary/v1"
VERIFIER = "urn:reviewtui:gate"
PASSED_LEVELS = ("REVIEWTUI_REVIEWED", "SLSA_BUILD_LEVEL_UNEVALUATED")
"""What a release that was allowed is said to have reached. How it was built is nothing that a review could know."""


def verification_summary(gate: TrailEvent, header: TrailHeader) -> Statement:
    """What the gate said to a release, judged as of then. `timeVerified` is the time of the release, not of the export,
    so that the same repository state gives the same bytes."""
    predicate: dict[str, Any] = {
        "verifier": {"id": VERIFIER},
        "timeVerified": gate.at,
        "resourceUri": f"urn:reviewtui:release:{quote(header.repository, safe='')}:{quote(gate.name, safe='@')}",
        "policy": {"uri": f"urn:reviewtui:policy:{quote(header.repository, safe='')}", "digest": _digest(gate.policy)},
        "inputAttestations": [{"digest": {"sha256": each.removeprefix("sha256:")}} for each in _rested_on(gate)],
        "verificationResult": "PASSED" if gate.counted else "FAILED",
        "verifiedLevels": list(PASSED_LEVELS) if gate.counted else ["FAILED"],
        "slsaVersion": "1.1",
    }
    return Statement(gate.name, gate.commit, PREDICATE_TYPE, predicate)


def _digest(policy: str) -> dict[str, str]:
    return {"gitBlob": policy} if policy else {}


def _rested_on(gate: TrailEvent) -> list[str]:
    """The records that counted."""
    return sorted({record for finding in gate.findings for record in finding.counted})
