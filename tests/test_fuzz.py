"""Every reader of hostile bytes, under Hypothesis, over the kept corpus, and for two seconds each under atheris."""

from __future__ import annotations

import subprocess
import sys
import time
import unicodedata
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from reviewtui.errors import SettingsError
from reviewtui.facts import yaml_events
from reviewtui.facts.documents import parse_document
from reviewtui.policy import located_yaml
from tests.fuzz import seeds
from tests.fuzz.targets import TARGETS

ROOT = Path(__file__).resolve().parents[1]
LOADERS = (yaml_events.PureLoader, getattr(yaml, "CSafeLoader", yaml_events.PureLoader))
_LONGEST = 4096

_edit = st.tuples(
    st.sampled_from(("flip", "cut", "put", "repeat")),
    st.integers(0, 2**16),
    st.integers(1, 255),
    st.sampled_from(seeds.WORDS),
)


def _edited(data: bytes, edits: list[tuple[str, int, int, bytes]]) -> bytes:
    for what, place, value, word in edits:
        at = place % (len(data) + 1)
        match what:
            case "flip":
                data = data[:at] + bytes(each ^ value for each in data[at : at + 1]) + data[at + 1 :]
            case "cut":
                data = data[:at] + data[at + value :]
            case "put":
                data = data[:at] + word + data[at:]
            case _:
                data = data[:at] + data[at : at + value] * 2 + data[at + value :]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_any_bytes_give_only_what_is_documented(name: str) -> None:
    started = seeds.of_target(name)
    near = st.builds(_edited, st.sampled_from(started), st.lists(_edit, min_size=1, max_size=4))

    @settings(max_examples=80, deadline=None, database=None, suppress_health_check=[*HealthCheck])
    @given(near | st.binary(max_size=200))
    def fuzz(data: bytes) -> None:
        TARGETS[name](data)

    fuzz()


@pytest.mark.parametrize("name", TARGETS)
def test_the_kept_corpus_breaks_nothing(name: str) -> None:
    for data in seeds.of_target(name):
        TARGETS[name](data)


def test_the_corpus_is_small_and_belongs_to_targets() -> None:
    files = [path for path in seeds.CORPUS.rglob("*") if path.is_file()]
    assert {path.parent.name for path in files} <= {*TARGETS}
    assert len(files) < 150
    assert [path for path in files if path.stat().st_size >= _LONGEST] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", TARGETS)
def test_atheris_finds_nothing_in_two_seconds(name: str, tmp_path: Path) -> None:
    if find_spec("atheris") is None:
        pytest.skip("atheris is not installed (pip install atheris).")
    command = (sys.executable, "-m", "tests.fuzz.run", name, "2", str(tmp_path))
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")[-4000:]


@pytest.mark.parametrize(
    "text", [b'"\\UFFFFFFFF"', b'"\\U00110000"', b'"\\ud800"', b"%YAML 1." + b"9" * 5000 + b"\n--- a"]
)
@pytest.mark.parametrize("loader", LOADERS)
def test_an_escape_beyond_unicode_is_refused_by_libyaml_and_by_pure_python(
    text: bytes, loader: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_events, "_LOADER", loader)
    assert not parse_document("a.yaml", text).readable
    with pytest.raises(SettingsError):
        located_yaml.read_yaml(text, file="policy.yaml")


def test_no_code_point_at_all_is_shown_unseen() -> None:
    unseen = [each for each in map(chr, range(0x110000)) if unicodedata.category(each)[0] in "CZM"]
    assigned = [each for each in unseen if unicodedata.category(each) not in ("Cn", "Co")]
    TARGETS["shown"]("a".join(assigned).encode("utf-8", "surrogatepass"))


@pytest.mark.parametrize("loader", LOADERS)
@pytest.mark.parametrize("opening", ["[", "{a: ", "{[", "- ", "? ", "-\n"])
def test_ten_thousand_open_brackets_cost_neither_parser_a_second(
    opening: str, loader: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_events, "_LOADER", loader)
    started = time.process_time()
    parse_document("a.yaml", opening.encode() * 10_000)
    assert time.process_time() - started < 1
