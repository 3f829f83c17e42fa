"""Runs one target under atheris: python -m tests.fuzz.run TARGET SECONDS [DIRECTORY].

Starts from the kept corpus and the sound seeds. New inputs, and what made the target fail, are written to DIRECTORY (a
temporary one where it is left out). atheris is optional: pip install atheris.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path


def main(words: list[str]) -> None:
    """Never returns: libFuzzer ends the process, with status 0 where nothing was found."""
    import atheris

    with atheris.instrument_imports(include=["reviewtui", "yaml", "json"]):
        from tests.fuzz import seeds
        from tests.fuzz.targets import TARGETS

    name, seconds, *rest = words
    place = Path(rest[0] if rest else tempfile.mkdtemp(prefix="reviewtui-fuzz-"))
    start = place / "start"
    start.mkdir(parents=True, exist_ok=True)
    (place / "found").mkdir(exist_ok=True)
    for number, data in enumerate(seeds.of_target(name)):
        (start / str(number)).write_bytes(data)
    dictionary = "".join('"' + "".join(f"\\x{byte:02x}" for byte in word) + '"\n' for word in seeds.WORDS)
    (place / "words").write_text(dictionary, encoding="ascii")
    limits = (f"-max_total_time={seconds}", "-timeout=10", "-rss_limit_mb=2048", "-max_len=8192")
    output = (f"-dict={place}/words", f"-artifact_prefix={place}/", "-verbosity=0", "-print_final_stats=1")
    atheris.Setup([sys.argv[0], *limits, *output, str(place / "found"), str(start)], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1:])
