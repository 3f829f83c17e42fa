"""Measurements: `python -m tests.benchmarks` prints what the commands cost beside raw git in the very same run."""
