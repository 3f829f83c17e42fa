"""Metrics: the finite numbers of metrics files, by dotted key; and which way each well-known one is better."""

from __future__ import annotations

import math
import posixpath
import re
from collections.abc import Container, Iterable, Iterator

from reviewtui.facts.config import META_METRICS
from reviewtui.facts.documents import ROOT_KEY, is_finite
from reviewtui.facts.model import Fact, Value
from reviewtui.facts.model_card import evaluation_results, read_card
from reviewtui.facts.reading import TreeReader
from reviewtui.patterns import pattern

_WORDS_OF_HIGHER = """
    accuracy acc balanced_accuracy top1 top5 auc auroc roc_auc pr_auc auprc average_precision avg_precision ap
    map map50 map50_95 map_50 map_50_95 f1 f1_score f1score fscore fbeta f2 f05 macro_f1 micro_f1 weighted_f1
    precision recall sensitivity specificity tpr tnr ppv npv mcc matthews matthews_correlation matthews_corrcoef
    kappa cohen_kappa jaccard iou miou dice r2 r2_score r_squared explained_variance ndcg mrr hit_rate bleu
    sacrebleu rouge rouge1 rouge2 rougel rougelsum meteor chrf bertscore exact_match em pass_at_1 pearson
    spearman pearsonr spearmanr kendall silhouette silhouette_score psnr ssim ks throughput
    tokens_per_second samples_per_second steps_per_second ents_f ents_p ents_r tag_acc dep_uas dep_las sents_f
    sents_p sents_r lemma_acc morph_acc pos_acc cats_score las uas win_rate success_rate
"""
HIGHER = frozenset(_WORDS_OF_HIGHER.split())
_WORDS_OF_LOWER = """
    loss error err error_rate mean_error_rate rmse mae mse msle rmsle mape smape wape mdape medae max_error
    mean_abs_error mean_absolute_error mean_squared_error root_mean_squared_error mean_abs_perc_error
    mean_absolute_percentage_error perplexity ppl wer cer ter mer eer log_loss logloss nll cross_entropy
    crossentropy bce brier brier_score ece mce expected_calibration_error calibration_error fpr fnr frr fid
    kid lpips hamming_loss hinge latency latency_ms latency_s latency_seconds response_time inference_time
    inference_time_ms time_to_first_token memory memory_mb memory_gb peak_memory_mb toxicity hallucination_rate
    demographic_parity_difference equalized_odds_difference psi drift_score pinball crps deviance bits_per_byte
    false_positive_rate false_negative_rate edit_distance
"""
LOWER = frozenset(_WORDS_OF_LOWER.split())
"""The well-known names, in lower case with underscores; a name is looked for at the end of a key, then before its
qualifiers (a split, a class, a quantile, an average)."""

_QUALIFIER = pattern(
    r"(?:p\d{1,3}|q\d{1,3}|at|k|\d+|mean|avg|average|median|min|max|std_free|macro|micro|weighted|samples|score|value|ms|s|sec|seconds|"
    r"mb|gb|train|training|val|valid|validation|dev|eval|test|holdout|overall|total|[a-z]{2})\Z"
)
_WRITTEN_NUMBER = pattern(
    r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[+-]?[0-9]+)?\s*%?|nan|inf|infinity)\Z", re.IGNORECASE
)
_UNSURE = frozenset(
    (
        "std",
        "stddev",
        "var",
        "variance",
        "diff",
        "delta",
        "count",
        "num",
        "n",
        "support",
        "size",
        "std_err",
        "stderr",
        "change",
    )
)
_COUNTS = frozenset(("mean_error",))


def read_metrics(reader: TreeReader, paths: Iterable[str], *, metas: Container[str] = ()) -> tuple[Fact, ...]:
    """The finite numbers of these files. A NaN or an infinity is left out and named by a problem."""
    facts: list[Fact] = []
    for path in sorted(set(paths)):
        for key, value in _values(reader, path):
            if path in metas and key.split(".")[0] not in META_METRICS:
                continue
            if isinstance(value, str) and _WRITTEN_NUMBER.match(value.strip()):
                reader.problem(path, f"{key} is text, not a number; it is left out.")
            for inner, number in _numbers(key, value):
                if is_finite(number):
                    facts.append(Fact(path, inner, number))
                else:
                    kind = "NaN" if math.isnan(number) else "infinite"
                    reader.problem(path, f"{inner} is {kind}; it is left out.")
    return tuple(facts)


def known_direction(key: str) -> str:
    """ "higher" or "lower" where the key ends in a well-known name, perhaps followed by qualifiers; else ""."""
    for component in reversed(re.split(r"[./:\s]+", key.split("#")[0])):
        tokens = _tokens(component)
        if _UNSURE & set(tokens) or "_".join(tokens) in _COUNTS:
            return ""
        if found := _direction(tokens):
            return found
        if len(tokens) > 1 and not all(_QUALIFIER.match(token) for token in tokens):
            return ""
        if len(tokens) == 1 and not _QUALIFIER.match(tokens[0]) and component != re.split(r"[./:\s]+", key)[-1]:
            return ""
    return ""


def _direction(tokens: list[str]) -> str:
    while tokens:
        for start in range(len(tokens)):
            name = "_".join(tokens[start:])
            if name in HIGHER:
                return "" if LOWER & set(tokens[:start]) else "higher"
            if name in LOWER:
                return "" if HIGHER & set(tokens[:start]) else "lower"
        if not _QUALIFIER.match(tokens[-1]):
            return ""
        tokens = tokens[:-1]
    return ""


def _tokens(component: str) -> list[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z][a-z])", "_", component)
    return [token for token in re.split(r"[_\-@]+", spaced.lower()) if token]


def _values(reader: TreeReader, path: str) -> list[tuple[str, Value]]:
    name = posixpath.basename(path)
    if name.lower().endswith(".md"):
        text = reader.text(path)
        config_metrics_problems = read_card(text or "")
        for problem in config_metrics_problems[2]:
            reader.problem(path, problem)
        return _said(reader, path, config_metrics_problems[1])
    document = reader.document(path)
    if document is None or not document.readable:
        return []
    if ".eval_results" in path.split("/"):
        return _said(reader, path, evaluation_results(document.value))
    return list(document.values)


def _said(reader: TreeReader, path: str, pairs: list[tuple[str, Value]]) -> list[tuple[str, Value]]:
    for key, value in pairs:
        if isinstance(value, str):
            reader.problem(path, f"{key} is text, not a number; it is left out.")
    return pairs


def _numbers(key: str, value: Value) -> Iterator[tuple[str, float]]:
    if isinstance(value, list):
        for index, item in enumerate(value):
            yield from _numbers(str(index) if key == ROOT_KEY else f"{key}.{index}", item)
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _numbers(f"{key}.{name}", item)
    elif type(value) in (int, float):
        yield key, value
