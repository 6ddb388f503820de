"""How long the runs of a job take, for the dashboard."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import boto3

from totesys_etl import metrics
from totesys_etl.metrics import Metric


@contextmanager
def run_seconds(job_name: str) -> Iterator[None]:
    """Around the work of a run: its seconds as metric RunSeconds, when it ends well."""
    started = time.monotonic()
    yield
    seconds = time.monotonic() - started
    metrics.put(
        boto3.client("cloudwatch"),
        Metric(metrics.RUN_SECONDS, seconds, "Seconds", {"Job": job_name}),
    )
