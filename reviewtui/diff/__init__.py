"""Two VersionFacts → VersionDiff: what changed, by key, by metric, by data path, and as text.

1. diff_facts(a, a) is empty.
2. Applying diff_facts(a, b) to a gives b.
3. diff_facts(b, a) has what diff_facts(a, b) has, the other way round.
"""

from reviewtui.diff.facts import diff_facts
from reviewtui.diff.model import (
    Change,
    ChangeKind,
    DataChange,
    MetricChange,
    MetricVerdict,
    TextChange,
    TextPair,
    VersionDiff,
)
from reviewtui.diff.pairing import Pair, pair_facts
from reviewtui.diff.text import unified_text

__all__ = [
    "Change",
    "ChangeKind",
    "DataChange",
    "MetricChange",
    "MetricVerdict",
    "Pair",
    "TextChange",
    "TextPair",
    "VersionDiff",
    "diff_facts",
    "pair_facts",
    "unified_text",
]
