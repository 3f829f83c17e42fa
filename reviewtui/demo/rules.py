"""The files of the sample repository that belong to no model: its settings, its policy, its front page."""

from __future__ import annotations

from collections.abc import Mapping

CONFIG = """\
repository: git.example.com/ml/models
tags: ["{model}@v{version}"]
branches: ["model/{model}/v{version}"]
models:
  churn:
    path: models/churn
    config: [params.yaml]
    metrics: [metrics.json]
    data: [dvc.lock, "data/*.dvc"]
    environment: [requirements.txt]
  support-intent:
    path: models/support-intent
    config: [params.yaml]
    metrics: [metrics.json]
    data: ["data/*.dvc", "weights/*"]
    environment: [requirements.txt]
"""

POLICY = """\
version: 1
people:
  dana@example.com: {roles: [data-science, release-manager]}
  lin@example.com: {roles: [ml-engineering, release-manager]}
  sam@example.com: {roles: [risk]}
  maya@example.com: {roles: [data-science]}
  jonas@example.com: {roles: [data-science]}
releases:
  # Two people for every model, one of them from risk, and nobody for their own work.
  - models: ["*"]
    approvals:
      - {count: 1, roles: [data-science, ml-engineering]}
      - {count: 1, roles: [risk]}
    exclude: [author, committer, coauthor]
  - models: [churn]
    metrics:
      # A leap is looked at twice: most often it is a leak.
      roc_auc:
        {better: higher, min: 0.87, max_regression: {abs: 0.005}, suspicious_improvement: {abs: 0.04}}
      recall.churned:    {better: higher, min: 0.60, max_regression: {abs: 0.01}}
      recall_gap.region: {better: lower, max: 0.05}
      latency_ms_p95:    {better: lower, max: 15, max_regression: {rel: 0.10}}
  # A cancellation that lands in the wrong queue misses its legal deadline.
  - models: [support-intent]
    metrics:
      f1.macro:           {better: higher, min: 0.85, max_regression: {abs: 0.01}}
      f1.cancel_contract: {better: higher, min: 0.80, max_regression: {abs: 0.02}}
      latency_ms_p95:     {better: lower, max: 50, max_regression: {rel: 0.10}}
releasers: {roles: [release-manager]}
# A change of these rules is looked at by risk, as the rules before it stand.
policy_changes: {approvals: [{count: 1, roles: [risk]}]}
"""

FRONT_PAGE = """\
# models

Two models, their configuration, their metrics, and the digests of their data. The bytes are in DVC and Git LFS.

- `models/churn` - who is about to leave, from the customer table. Owner: Maya.
- `models/support-intent` - which queue a support ticket belongs to. Owner: Jonas.

A version is a branch `model/<name>/v<version>`; its release is the tag `<name>@v<version>`.
"""

REVIEW_PAGE = (
    FRONT_PAGE
    + """
Releases are gated since we moved to reviewtui: two people approve what they saw, with a signature, and the gate
checks the metrics (`.reviewtui/policy.yaml`).

This is the sample repository of `reviewtui demo`. You are Dana (data science), with a throw-away key below
`.git/demo-keys`. Nothing here leaves this directory. Try:

    reviewtui                                   the app
    reviewtui diff churn@1.4.0                  what changed since 1.3.0
    reviewtui gate churn@1.4.0                  one approval is missing: yours
    reviewtui approve churn@1.4.0 -m "Holdout and calibration look right."
    reviewtui release churn@1.4.0
    reviewtui gate support-intent@0.10.0        two approvals, and still refused
    reviewtui reviews support-intent@0.9.1      approvals of something that has changed since
"""
)

DVC_CONFIG = """\
[core]
    remote = store
['remote "store"']
    url = s3://models-example/dvc
"""


def settings_files(allowed_signers: str) -> Mapping[str, str]:
    """Everything below .reviewtui/."""
    return {
        ".reviewtui/config.yaml": CONFIG,
        ".reviewtui/policy.yaml": POLICY,
        ".reviewtui/allowed_signers": allowed_signers,
    }
