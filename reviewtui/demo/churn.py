"""The sample model `churn`: gradient boosting over a table of customers, with a DVC pipeline."""

from __future__ import annotations

from reviewtui.demo import churn_pipeline
from reviewtui.demo.content import DataFile, DaysAgo, ModelContent, changed, month_end

_FIRST_PARAMS = {
    "window_days": 180,
    "label_horizon_days": 60,
    "min_tenure_days": 90,
    "split_by": "row",
    "holdout_fraction": 0.2,
}

_NUMERIC = ["tenure_days", "monthly_charge", "support_tickets_90d", "logins_30d", "late_payments_12m"]
_CATEGORICAL = ["plan", "payment_method", "region"]


def churn_versions(days_ago: DaysAgo) -> dict[str, ModelContent]:
    """Every state of the model, by version; `1.3.0 as submitted` is what 1.3.0 was before its review."""
    first = _first(month_end(days_ago(166)))
    second = _second(first, month_end(days_ago(124)))
    third = _third(second, month_end(days_ago(71)))
    leaky = _fourth_as_submitted(third, month_end(days_ago(34)))
    fourth = _fourth(leaky)
    return {
        "1.0.0": first,
        "1.1.0": second,
        "1.2.0": third,
        "1.3.0 as submitted": leaky,
        "1.3.0": fourth,
        "1.4.0": _fifth(fourth, month_end(days_ago(3))),
        "2.0.0-rc.1": _rewrite(fourth),
    }


def _first(snapshot: str) -> ModelContent:
    return ModelContent(
        params={
            "data": {"snapshot": snapshot, **_FIRST_PARAMS},
            "features": {
                "numeric": list(_NUMERIC),
                "categorical": list(_CATEGORICAL),
                "target_encoding": {"enabled": True, "smoothing": 20},
                "clip_quantile": 0.995,
            },
            "model": {
                "objective": "binary:logistic",
                "tree_method": "hist",
                "max_depth": 6,
                "min_child_weight": 4,
                "gamma": 0.1,
                "subsample": 0.8,
                "colsample_bytree": 0.8,
                "reg_lambda": 1.0,
                "scale_pos_weight": 5.4,
            },
            "train": {
                "seed": 1337,
                "learning_rate": 0.1,
                "num_boost_round": 400,
                "early_stopping_rounds": 30,
                "cv_folds": 5,
            },
            "calibration": {"method": "isotonic", "bins": 15},
            "threshold": {"objective": "expected_value", "value": 0.42, "retention_offer_eur": 35},
        },
        metrics={
            "accuracy": 0.8874,
            "roc_auc": 0.8712,
            "pr_auc": 0.6013,
            "log_loss": 0.2718,
            "brier": 0.0841,
            "ece": 0.0347,
            "f1": {"churned": 0.5921, "stayed": 0.9342},
            "precision": {"churned": 0.5544},
            "recall": {"churned": 0.6353},
            "recall_gap": {"region": 0.0382, "age_band": 0.0291},
            "val_acc": 0.8859,
            "latency_ms_p50": 3.9,
            "latency_ms_p95": 10.2,
            "model_size_mb": 4.1,
        },
        requirements=("dvc==3.55.2", "pandas==2.2.2", "scikit-learn==1.5.1", "xgboost==2.0.3"),
        plain={
            "README.md": churn_pipeline.CARD,
            "prepare.py": churn_pipeline.PREPARE,
            "train.py": churn_pipeline.TRAIN,
            "evaluate.py": churn_pipeline.EVALUATE,
            "data/.gitignore": "/customers\n/train.parquet\n/holdout.parquet\n",
        },
        imports={"data/customers": DataFile("customers 1", 1_904_331_776, 61)},
        outputs={
            "data/train.parquet": DataFile("train 1", 412_880_104),
            "data/holdout.parquet": DataFile("holdout 1", 103_219_940),
            "artifacts/model.ubj": DataFile("model 1", 4_145_903),
            "artifacts/calibrator.joblib": DataFile("calibrator 1", 18_422),
        },
        pointers={},
        stages=churn_pipeline.STAGES,
    )


def _second(first: ModelContent, snapshot: str) -> ModelContent:
    return changed(
        first,
        params={
            "data.snapshot": snapshot,
            "model.max_depth": 7,
            "train.learning_rate": 0.08,
            "train.num_boost_round": 500,
        },
        metrics={
            "accuracy": 0.8931,
            "roc_auc": 0.8795,
            "pr_auc": 0.6170,
            "log_loss": 0.2634,
            "brier": 0.0812,
            "ece": 0.0329,
            "f1.churned": 0.6083,
            "f1.stayed": 0.9377,
            "precision.churned": 0.5719,
            "recall.churned": 0.6496,
            "recall_gap.region": 0.0371,
            "val_acc": 0.8917,
            "latency_ms_p95": 10.9,
            "model_size_mb": 5.8,
        },
        data={
            "data/customers": DataFile("customers 2", 2_011_774_208, 64),
            "data/train.parquet": DataFile("train 2", 436_120_551),
            "data/holdout.parquet": DataFile("holdout 2", 109_030_137),
            "artifacts/model.ubj": DataFile("model 2", 5_803_116),
            "artifacts/calibrator.joblib": DataFile("calibrator 2", 18_422),
        },
    )


def _third(second: ModelContent, snapshot: str) -> ModelContent:
    return changed(
        second,
        params={
            "data.snapshot": snapshot,
            "features.numeric": [*_NUMERIC, "days_since_last_login"],
            "features.target_encoding.smoothing": 50,
            "model.min_child_weight": 6,
            "model.reg_lambda": 1.5,
        },
        metrics={
            "accuracy": 0.9012,
            "roc_auc": 0.8902,
            "pr_auc": 0.6411,
            "log_loss": 0.2497,
            "brier": 0.0768,
            "ece": 0.0248,
            "f1.churned": 0.6304,
            "f1.stayed": 0.9425,
            "precision.churned": 0.5992,
            "recall.churned": 0.6651,
            "recall_gap.region": 0.0334,
            "recall_gap.age_band": 0.0277,
            "val_acc": 0.9001,
            "latency_ms_p50": 4.1,
            "latency_ms_p95": 11.3,
            "model_size_mb": 6.0,
        },
        data={
            "data/customers": DataFile("customers 3", 2_203_910_144, 70),
            "data/train.parquet": DataFile("train 3", 481_402_662),
            "data/holdout.parquet": DataFile("holdout 3", 120_351_002),
            "artifacts/model.ubj": DataFile("model 3", 6_021_772),
            "artifacts/calibrator.joblib": DataFile("calibrator 3", 18_422),
        },
        requirements={"scikit-learn": "1.5.2", "xgboost": "2.1.1"},
    )


def _fourth_as_submitted(third: ModelContent, snapshot: str) -> ModelContent:
    """The holdout shares customers with the training rows: every metric jumps, and a reviewer notices."""
    return changed(
        third,
        params={
            "data.snapshot": snapshot,
            "data.window_days": 365,
            "model.scale_pos_weight": 4.9,
            "threshold.value": 0.38,
        },
        metrics={
            "accuracy": 0.9287,
            "roc_auc": 0.9433,
            "pr_auc": 0.7620,
            "log_loss": 0.1983,
            "brier": 0.0577,
            "ece": 0.0402,
            "f1.churned": 0.7326,
            "f1.stayed": 0.9589,
            "precision.churned": 0.7011,
            "recall.churned": 0.7671,
            "val_acc": 0.9279,
            "latency_ms_p95": 11.6,
            "model_size_mb": 6.3,
        },
        data={
            "data/customers": DataFile("customers 4", 4_390_117_376, 139),
            "data/train.parquet": DataFile("train 4 by row", 958_661_020),
            "data/holdout.parquet": DataFile("holdout 4 by row", 239_664_871),
            "artifacts/model.ubj": DataFile("model 4 by row", 6_311_048),
            "artifacts/calibrator.joblib": DataFile("calibrator 4 by row", 18_422),
        },
    )


def _fourth(leaky: ModelContent) -> ModelContent:
    return changed(
        leaky,
        params={"data.split_by": "customer_id"},
        metrics={
            "accuracy": 0.9058,
            "roc_auc": 0.8977,
            "pr_auc": 0.6588,
            "log_loss": 0.2391,
            "brier": 0.0741,
            "ece": 0.0213,
            "f1.churned": 0.6450,
            "f1.stayed": 0.9452,
            "precision.churned": 0.6077,
            "recall.churned": 0.6872,
            "recall_gap.region": 0.0311,
            "recall_gap.age_band": 0.0284,
            "val_acc": 0.9049,
            "latency_ms_p95": 11.8,
        },
        data={
            "data/train.parquet": DataFile("train 4", 957_204_118),
            "data/holdout.parquet": DataFile("holdout 4", 241_117_640),
            "artifacts/model.ubj": DataFile("model 4", 6_298_551),
            "artifacts/calibrator.joblib": DataFile("calibrator 4", 18_422),
        },
        plain={"prepare.py": churn_pipeline.PREPARE_BY_CUSTOMER},
    )


def _fifth(fourth: ModelContent, snapshot: str) -> ModelContent:
    return changed(
        fourth,
        params={
            "data.snapshot": snapshot,
            "features.numeric": [*_NUMERIC, "days_since_last_login", "contract_changes_12m", "nps_last"],
            "model.max_depth": 8,
            "model.reg_alpha": 0.05,
            "train.learning_rate": 0.05,
            "train.num_boost_round": 900,
            "train.early_stopping_rounds": 50,
            "threshold.value": 0.36,
        },
        metrics={
            "accuracy": 0.9103,
            "roc_auc": 0.9041,
            "pr_auc": 0.6742,
            "log_loss": 0.2318,
            "brier": 0.0719,
            "ece": 0.0192,
            "f1.churned": 0.6597,
            "f1.stayed": 0.9477,
            "precision.churned": 0.6204,
            "recall.churned": 0.7043,
            "recall_gap.region": 0.0296,
            "recall_gap.age_band": 0.0301,
            "val_acc": None,
            "val.acc": 0.9094,
            "latency_ms_p50": 4.4,
            "latency_ms_p95": 12.7,
            "model_size_mb": 9.7,
        },
        data={
            "data/customers": DataFile("customers 5", 4_511_924_224, 143),
            "data/train.parquet": DataFile("train 5", 991_380_443),
            "data/holdout.parquet": DataFile("holdout 5", 248_902_017),
            "artifacts/model.ubj": DataFile("model 5", 9_702_884),
            "artifacts/calibrator.joblib": DataFile("calibrator 5", 18_422),
        },
        requirements={"xgboost": "2.1.3"},
    )


def _rewrite(fourth: ModelContent) -> ModelContent:
    """Better numbers, bought with the postcode."""
    return changed(
        fourth,
        params={
            "features.categorical": [*_CATEGORICAL, "postcode"],
            "features.target_encoding.smoothing": 10,
            "model.grow_policy": "lossguide",
            "model.max_depth": 0,
            "model.max_leaves": 255,
            "train.learning_rate": 0.03,
            "train.num_boost_round": 2400,
            "train.early_stopping_rounds": 100,
        },
        metrics={
            "accuracy": 0.9166,
            "roc_auc": 0.9152,
            "pr_auc": 0.6981,
            "log_loss": 0.2204,
            "brier": 0.0688,
            "ece": 0.0267,
            "f1.churned": 0.6822,
            "f1.stayed": 0.9514,
            "precision.churned": 0.6481,
            "recall.churned": 0.7201,
            "recall_gap.region": 0.0940,
            "recall_gap.age_band": 0.0412,
            "val_acc": 0.9158,
            "latency_ms_p50": 7.7,
            "latency_ms_p95": 14.6,
            "model_size_mb": 38.2,
        },
        data={
            "data/train.parquet": DataFile("train rewrite", 968_550_730),
            "data/holdout.parquet": DataFile("holdout rewrite", 243_916_204),
            "artifacts/model.ubj": DataFile("model rewrite", 38_214_660),
            "artifacts/calibrator.joblib": DataFile("calibrator rewrite", 18_422),
        },
    )
