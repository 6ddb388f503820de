"""Numbers that alarms and the dashboard rest on, in CloudWatch, namespace `totesys`.

| metric | unit | dimension | from |
| --- | --- | --- | --- |
| WarehouseLag | Seconds | | ingest, every run; load, when it loaded something |
| MinutesSinceSourceVerified | None | | ingest, every run: since the snapshot of its certificate |
| MinutesSinceWarehouseVerified | None | | ingest, every run: since the newest audit |
| ChangedRows | Count | Table | ingest, per source table that changed |
| QuarantinedRows | Count | | transform, per commit; again when the commit then fails |
| RunSeconds | Seconds | Job | every job, when a run ends well |
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import boto3

NAMESPACE = "totesys"
LAG, CHANGED, QUARANTINED = "WarehouseLag", "ChangedRows", "QuarantinedRows"
RUN_SECONDS = "RunSeconds"
SOURCE_VERIFIED = "MinutesSinceSourceVerified"
WAREHOUSE_VERIFIED = "MinutesSinceWarehouseVerified"


@dataclass(frozen=True)
class Metric:
    """One value now."""

    name: str
    value: float
    unit: str = "Count"
    dimensions: Mapping[str, str] = field(default_factory=dict)


def put(cloudwatch: Any, *metrics: Metric) -> None:
    """Sends `metrics`; nothing happens without any.

    An error of AWS is left as it is: a run whose numbers can not be told must not look well.
    """
    data = [
        {
            "MetricName": metric.name,
            "Value": metric.value,
            "Unit": metric.unit,
            "Dimensions": [{"Name": n, "Value": v} for n, v in metric.dimensions.items()],
        }
        for metric in metrics
    ]
    if data:
        cloudwatch.put_metric_data(Namespace=NAMESPACE, MetricData=data)


@contextmanager
def run_seconds(job_name: str) -> Iterator[None]:
    """Send the seconds of a run's work as metric RunSeconds, when the block ends well."""
    started = time.monotonic()
    yield
    seconds = time.monotonic() - started
    put(boto3.client("cloudwatch"), Metric(RUN_SECONDS, seconds, "Seconds", {"Job": job_name}))
