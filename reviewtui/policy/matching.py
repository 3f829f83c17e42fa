"""A largest matching of persons to requirements, so that no order of counting leaves a requirement short."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def match(counts: Sequence[int], fits: Mapping[str, frozenset[int]]) -> dict[str, int]:
    """{person: requirement}, as many persons as possible, each at most once, each requirement at most `counts` times.

    `fits` names the requirements that a person could fill. Earlier requirements are filled first. Kuhn's augmenting
    paths: a seat that was filled stays filled, so one more person never leaves fewer seats taken.
    """
    persons = sorted(fits)
    seat_of: dict[str, tuple[int, int]] = {}
    for requirement, count in enumerate(counts):
        for number in range(min(count, len(persons))):
            if not _augment((requirement, number), persons, fits, seat_of, set()):
                break
    return {person: requirement for person, (requirement, _) in sorted(seat_of.items())}


def _augment(
    seat: tuple[int, int],
    persons: Sequence[str],
    fits: Mapping[str, frozenset[int]],
    seat_of: dict[str, tuple[int, int]],
    tried: set[str],
) -> bool:
    for person in persons:
        if person in tried or seat[0] not in fits[person]:
            continue
        tried.add(person)
        # Whoever sits elsewhere gives way only if somebody else can take that seat.
        if person not in seat_of or _augment(seat_of[person], persons, fits, seat_of, tried):
            seat_of[person] = seat
            return True
    return False
