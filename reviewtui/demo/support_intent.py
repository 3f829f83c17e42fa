"""The sample model `support-intent`: a text classifier, with its weights in Git LFS and its data in DVC."""

from __future__ import annotations

from reviewtui.demo.content import DataFile, DaysAgo, ModelContent, changed, month_end

_INTENTS = ["billing", "cancel_contract", "delivery", "login", "refund", "technical", "other"]

_WEIGHTS = 1_112_205_008
_DISTILLED_WEIGHTS = 541_317_368
_LABELS = 4_820_112

_CARD = """---
license: other
language: [de, en, fr]
base_model: xlm-roberta-base
pipeline_tag: text-classification
---
# support-intent

Sorts incoming support tickets into seven queues. Below the threshold a ticket goes to a person, unsorted.

Owner: Jonas Weber. `cancel_contract` is the class that matters most: a cancellation that lands in another queue
misses its legal deadline.
"""


def support_intent_versions(days_ago: DaysAgo) -> dict[str, ModelContent]:
    """Every state of the model, by version; `0.9.1 as submitted` is what the reviewers of 0.9.1 approved."""
    first = _first(month_end(days_ago(106)))
    second = _second(first, month_end(days_ago(54)))
    patch = _patch(second)
    return {
        "0.8.0": first,
        "0.9.0": second,
        "0.9.1 as submitted": patch,
        "0.9.1": changed(patch, data={"data/labels.csv": DataFile("labels 3 corrected", _LABELS)}),
        "0.10.0": _distilled(second),
        "0.11.0": _more_languages(second, month_end(days_ago(1))),
    }


def _first(snapshot: str) -> ModelContent:
    return ModelContent(
        params={
            "data": {
                "snapshot": snapshot,
                "languages": ["de", "en"],
                "min_label_agreement": 0.75,
                "max_per_label": 20000,
                "deduplicate": "minhash",
                "holdout_weeks": 2,
            },
            "model": {
                "base_model": "xlm-roberta-base",
                "layers": 12,
                "max_length": 128,
                "dropout": 0.1,
                "classifier_hidden": 256,
                "labels": list(_INTENTS),
            },
            "train": {
                "seed": 11,
                "epochs": 3,
                "batch_size": 32,
                "gradient_accumulation": 2,
                "learning_rate": 3.0e-05,
                "warmup_ratio": 0.06,
                "weight_decay": 0.01,
                "label_smoothing": 0.0,
                "mixed_precision": "bf16",
                "early_stopping_patience": 2,
            },
            "serving": {"batch_size": 16, "quantize": "none", "threshold": 0.5, "fallback": "other"},
        },
        metrics={
            "accuracy": 0.8893,
            "f1": {
                "macro": 0.8561,
                "billing": 0.8912,
                "cancel_contract": 0.8504,
                "delivery": 0.9033,
                "login": 0.9217,
                "refund": 0.8120,
                "technical": 0.8655,
                "other": 0.7486,
            },
            "ece": 0.0518,
            "coverage": 0.9127,
            "val": {"acc": 0.8871, "loss": 0.3630},
            "latency_ms_p95": 34.2,
            "throughput_rps": 41,
            "model_size_mb": 1112,
        },
        requirements=("datasets==2.20.0", "tokenizers==0.19.1", "torch==2.3.1", "transformers==4.42.4"),
        plain={"README.md": _CARD, "data/.gitignore": "/tickets\n/labels.csv\n"},
        imports={
            "data/tickets": DataFile("tickets 1", 688_104_775, 312),
            "data/labels.csv": DataFile("labels 1", 4_102_338),
        },
        outputs={},
        pointers={
            "weights/model.safetensors": DataFile("weights 1", _WEIGHTS),
            "weights/tokenizer.json": DataFile("tokenizer xlm-roberta", 17_082_730),
        },
    )


def _second(first: ModelContent, snapshot: str) -> ModelContent:
    return changed(
        first,
        params={
            "data.snapshot": snapshot,
            "data.min_label_agreement": 0.8,
            "train.epochs": 4,
            "train.label_smoothing": 0.05,
            "serving.threshold": 0.55,
        },
        metrics={
            "accuracy": 0.9046,
            "f1.macro": 0.8738,
            "f1.billing": 0.9034,
            "f1.cancel_contract": 0.8712,
            "f1.delivery": 0.9117,
            "f1.login": 0.9301,
            "f1.refund": 0.8377,
            "f1.technical": 0.8790,
            "f1.other": 0.7835,
            "ece": 0.0307,
            "coverage": 0.9054,
            "val.acc": 0.9029,
            "val.loss": 0.3317,
            "latency_ms_p95": 34.6,
        },
        data={
            "data/tickets": DataFile("tickets 2", 801_442_310, 364),
            "data/labels.csv": DataFile("labels 2", 4_801_776),
            "weights/model.safetensors": DataFile("weights 2", _WEIGHTS),
        },
        requirements={"transformers": "4.44.2"},
    )


def _patch(second: ModelContent) -> ModelContent:
    return changed(
        second,
        params={"train.learning_rate": 2.0e-05, "data.min_label_agreement": 0.85},
        metrics={
            "accuracy": 0.9071,
            "f1.macro": 0.8756,
            "f1.cancel_contract": 0.8795,
            "f1.refund": 0.8436,
            "f1.other": 0.7819,
            "ece": 0.0291,
            "val.acc": 0.9058,
            "val.loss": 0.3268,
        },
        data={
            "data/labels.csv": DataFile("labels 3", _LABELS),
            "weights/model.safetensors": DataFile("weights 3", _WEIGHTS),
        },
    )


def _distilled(second: ModelContent) -> ModelContent:
    """Half the latency, and six points of the class that matters most."""
    return changed(
        second,
        params={
            "model.layers": 6,
            "model.dropout": 0.05,
            "train.epochs": 10,
            "train.learning_rate": 5.0e-05,
            "train.distillation": {"teacher": "support-intent@0.9.0", "temperature": 2.0, "alpha": 0.7},
            "serving.batch_size": 32,
            "serving.quantize": "int8-dynamic",
        },
        metrics={
            "accuracy": 0.9001,
            "f1.macro": 0.8669,
            "f1.billing": 0.9041,
            "f1.cancel_contract": 0.8120,
            "f1.delivery": 0.9129,
            "f1.login": 0.9288,
            "f1.refund": 0.8391,
            "f1.technical": 0.8802,
            "f1.other": 0.7912,
            "ece": 0.0344,
            "coverage": 0.8990,
            "val.acc": 0.8987,
            "val.loss": 0.3502,
            "latency_ms_p95": 15.9,
            "throughput_rps": 96,
            "model_size_mb": 541,
        },
        data={"weights/model.safetensors": DataFile("weights distilled", _DISTILLED_WEIGHTS)},
        requirements={"torch": "2.4.1"},
        plain={"README.md": _CARD.replace("seven queues.", "seven queues. Distilled from 0.9.0 to six layers.")},
    )


def _more_languages(second: ModelContent, snapshot: str) -> ModelContent:
    return changed(
        second,
        params={
            "data.snapshot": snapshot,
            "data.languages": ["de", "en", "fr"],
            "data.max_per_label": 30000,
            "model.max_length": 160,
            "train.seed": 12,
            "train.epochs": 5,
        },
        metrics={
            "accuracy": 0.9088,
            "f1.macro": 0.8801,
            "f1.billing": 0.9079,
            "f1.cancel_contract": 0.8803,
            "f1.delivery": 0.9140,
            "f1.login": 0.9322,
            "f1.refund": 0.8459,
            "f1.technical": 0.8794,
            "f1.other": 0.8010,
            "f1_by_language": {"de": 0.8840, "en": 0.8866, "fr": 0.8512},
            "ece": 0.0288,
            "coverage": 0.9083,
            "val.acc": 0.9069,
            "val.loss": 0.3204,
            "latency_ms_p95": 36.1,
            "throughput_rps": 39,
        },
        data={
            "data/tickets": DataFile("tickets 3", 1_120_883_405, 517),
            "data/labels.csv": DataFile("labels 4", 6_377_940),
            "weights/model.safetensors": DataFile("weights 4", _WEIGHTS),
        },
        requirements={"datasets": "2.21.0"},
        plain={"README.md": _CARD.replace("[de, en, fr]", "[de, en, fr]\ndatasets: [support-tickets-fr]")},
    )
