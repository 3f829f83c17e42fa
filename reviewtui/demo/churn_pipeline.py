"""The pipeline of the sample model `churn`: its stages, the scripts that they run, its model card."""

from __future__ import annotations

from reviewtui.demo.content import Stage

STAGES = (
    Stage(
        "prepare",
        "python prepare.py",
        ("data/customers", "prepare.py"),
        ("data", "features"),
        ("data/train.parquet", "data/holdout.parquet"),
    ),
    Stage(
        "train",
        "python train.py",
        ("data/train.parquet", "train.py"),
        ("model", "train", "calibration"),
        ("artifacts/model.ubj", "artifacts/calibrator.joblib"),
    ),
    Stage(
        "evaluate",
        "python evaluate.py",
        ("data/holdout.parquet", "artifacts/model.ubj", "artifacts/calibrator.joblib", "evaluate.py"),
        ("threshold",),
        metrics=("metrics.json",),
    ),
)

PREPARE = '''"""Cut the customer snapshot into training and holdout rows."""

import dvc.api
import pandas as pd

params = dvc.api.params_show()
rows = pd.read_parquet("data/customers")
rows = rows[rows.tenure_days >= params["data"]["min_tenure_days"]]
holdout = rows.sample(frac=params["data"]["holdout_fraction"], random_state=7)
holdout.to_parquet("data/holdout.parquet")
rows.drop(holdout.index).to_parquet("data/train.parquet")
'''

PREPARE_BY_CUSTOMER = '''"""Cut the customer snapshot into training and holdout customers: nobody is in both."""

import dvc.api
import pandas as pd
from sklearn.model_selection import GroupShuffleSplit

params = dvc.api.params_show()
rows = pd.read_parquet("data/customers")
rows = rows[rows.tenure_days >= params["data"]["min_tenure_days"]]
split = GroupShuffleSplit(n_splits=1, test_size=params["data"]["holdout_fraction"], random_state=7)
train, holdout = next(split.split(rows, groups=rows.customer_id))
rows.iloc[train].to_parquet("data/train.parquet")
rows.iloc[holdout].to_parquet("data/holdout.parquet")
'''

TRAIN = '''"""Train the booster, calibrate it on out-of-fold predictions."""

import dvc.api
import pandas as pd
import xgboost

params = dvc.api.params_show()
rows = pd.read_parquet("data/train.parquet")
matrix = xgboost.DMatrix(rows.drop(columns="churned"), rows.churned, enable_categorical=True)
settings = {**params["model"], "eta": params["train"]["learning_rate"], "seed": params["train"]["seed"]}
booster = xgboost.train(settings, matrix, params["train"]["num_boost_round"])
booster.save_model("artifacts/model.ubj")
'''

EVALUATE = '''"""Score the holdout customers and write metrics.json."""

import json

import dvc.api
import joblib
import pandas as pd
import xgboost
from sklearn import metrics

rows = pd.read_parquet("data/holdout.parquet")
booster = xgboost.Booster(model_file="artifacts/model.ubj")
raw = booster.predict(xgboost.DMatrix(rows.drop(columns="churned"), enable_categorical=True))
score = joblib.load("artifacts/calibrator.joblib").predict(raw)
churned = score >= dvc.api.params_show()["threshold"]["value"]
report = {
    "accuracy": round(metrics.accuracy_score(rows.churned, churned), 4),
    "roc_auc": round(metrics.roc_auc_score(rows.churned, score), 4),
}
with open("metrics.json", "w") as out:
    json.dump(report, out, indent=2)
'''

CARD = """---
license: other
tags: [tabular-classification, churn]
---
# churn

Probability that a customer leaves within the label horizon. Used to choose who receives a retention offer;
never used for pricing.

Owner: Maya Okafor. Retrained about once a month on the month-end snapshot of the customer table.

Known limits: customers younger than 90 days are not scored; business customers are not in the data.
"""
