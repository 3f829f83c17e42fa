"""A trail as in-toto attestations: one DSSE envelope a line, as other tools read them (in-toto's ITE-9 bundle).

Every recorded line is there to the byte, each once; then a verification summary for each release, signed by the
exporter as the verifier it speaks for. A line of a note that is no envelope is no attestation: JSON Lines tells it.
"""

from __future__ import annotations

from collections.abc import Callable

from reviewtui.export.json_lines import Output
from reviewtui.export.slsa import verification_summary
from reviewtui.signing.envelope import PAYLOAD_TYPE, Envelope, MalformedEnvelopeError, sign_payload
from reviewtui.signing.scheme import Signer
from reviewtui.statement import encode_statement
from reviewtui.trail import AuditTrail, TrailEvent


def write(trail: AuditTrail, out: Output, *, signer: Callable[[], Signer]) -> None:
    """Write every attestation, in the order of the trail. A key is asked for only where there is a release.

    Raises: NoSigningKeyError, SigningError.
    """
    seen: set[bytes] = set()
    by: Signer | None = None
    for event in trail.events:
        if event.event == "gate":
            by = by or signer()
            payload = encode_statement(verification_summary(event, trail.header))
            out.write(sign_payload(PAYLOAD_TYPE, payload, signer=by).to_line() + b"\n")
        elif (line := _envelope(event)) is not None and line not in seen:
            seen.add(line)
            out.write(line + b"\n")


def _envelope(event: TrailEvent) -> bytes | None:
    line = event.line.encode("utf-8", "surrogateescape")
    try:
        Envelope.from_line(line)
    except MalformedEnvelopeError:
        return None
    return line
