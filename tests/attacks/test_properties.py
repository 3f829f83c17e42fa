"""What must hold of every record that real keys signed, and of every order in which they come."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewtui.git.objects import ObjectId
from reviewtui.project import Project
from reviewtui.signing.trust import TrustedSigners, TrustFiles
from reviewtui.verification import UnverifiedReview, VerificationContext, VerifiedReview, verify_review
from tests.attacks.scene import CANDIDATE, IDENTITY, Scene

_KEPT: dict[str, tuple[Scene, dict[str, bytes]]] = {}
SAID = (
    *(("dana", "approve", 1), ("dana", "reject", 3), ("dana", "approve", 4)),
    *(("lin", "approve", 1), ("lin", "withdraw", 2), ("lin", "approve", 3)),
    *(("risk", "reject", 1), ("risk", "approve", 2)),
    *(("boss", "approve", 1), ("robin", "approve", 1), ("mallory", "reject", 1)),
)


@pytest.fixture
def signed(base_scene: Scene, tmp_path_factory: pytest.TempPathFactory) -> tuple[Scene, dict[str, bytes]]:
    """A scene without records, and what everybody might have said in it, signed."""
    if "signed" not in _KEPT:
        scene = base_scene.copy(tmp_path_factory.mktemp("properties"))
        lines = {
            f"{who} {verdict} {seq}": scene.signed(who, scene.review(who, verdict, seq=seq))
            for who, verdict, seq in SAID
        }
        _KEPT["signed"] = (scene, lines)
    return _KEPT["signed"]


def allowed(scene: Scene, lines: list[bytes]) -> bool:
    """What the gate says where the note holds these lines, and nothing is remembered."""
    scene.git("update-ref", "-d", "refs/reviewtui/seen/reviews")
    scene.write_notes({scene.commit: b"".join(line + b"\n" for line in lines)}, parents=())
    project = Project.open(Path(scene.path))
    try:
        return project.gate(project.find(CANDIDATE)).allowed
    finally:
        project.repository.close()


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.lists(st.sampled_from([f"{who} {verdict} {seq}" for who, verdict, seq in SAID]), max_size=6, unique=True),
    st.sampled_from([f"{who} {verdict} {seq}" for who, verdict, seq in SAID if verdict == "approve"]),
)
def test_one_more_approval_in_the_notes_never_closes_a_gate(
    signed: tuple[Scene, dict[str, bytes]], said: list[str], more: str
) -> None:
    scene, lines = signed
    before = [lines[each] for each in said]
    assert not allowed(scene, before) or allowed(scene, [lines[more], *before])


def context_of(scene: Scene) -> VerificationContext:
    files = TrustFiles(allowed_signers=scene.signers().encode())
    trust = TrustedSigners.load(files, now=datetime(2026, 3, 1, tzinfo=UTC))
    assert trust.problems == ()
    return VerificationContext(IDENTITY, trust)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_line_with_one_flipped_bit_never_verifies(
    signed: tuple[Scene, dict[str, bytes]], data: st.DataObject
) -> None:
    scene, lines = signed
    line = lines["lin approve 1"]
    place = data.draw(st.integers(0, len(line) * 8 - 1))
    flipped = bytearray(line)
    flipped[place // 8] ^= 1 << place % 8
    commit, context = ObjectId(scene.commit), context_of(scene)
    whole = verify_review(line, commit=commit, model="churn", version="1.1.0", context=context)
    spoilt = verify_review(bytes(flipped), commit=commit, model="churn", version="1.1.0", context=context)
    assert isinstance(whole, VerifiedReview)
    assert isinstance(spoilt, UnverifiedReview)
    assert spoilt.reason


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 4000), min_size=1, max_size=3))
def test_a_line_put_together_from_two_never_says_more_than_they(
    signed: tuple[Scene, dict[str, bytes]], cuts: list[int]
) -> None:
    scene, lines = signed
    texts = [lines["risk reject 1"], lines["risk approve 2"]]
    places = [0, *sorted(cuts), 10_000]
    mixed = b"".join(texts[number % 2][low:high] for number, (low, high) in enumerate(pairwise(places)))
    judged = verify_review(
        mixed, commit=ObjectId(scene.commit), model="churn", version="1.1.0", context=context_of(scene)
    )
    assert mixed in texts or isinstance(judged, UnverifiedReview)
