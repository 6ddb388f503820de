"""CloudWatch's evaluation of an alarm, on the values that are there: moto evaluates none.

Source: https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/alarm-evaluation.html
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any


def state(cloudwatch: Any, alarm: Mapping[str, Any], at: datetime) -> str:
    """OK or ALARM of a metric alarm (GreaterThanThreshold) at a moment: the newest
    EvaluationPeriods whole periods before it count, missing ones as the alarm says.
    """
    assert alarm["ComparisonOperator"] == "GreaterThanThreshold"
    period = timedelta(seconds=alarm["Period"])
    breaching = 0
    for number in range(alarm["EvaluationPeriods"]):
        value = _value(cloudwatch, alarm, at - (number + 1) * period, period)
        if value is None:
            breaching += alarm["TreatMissingData"] == "breaching"
        else:
            breaching += value > alarm["Threshold"]
    needed = alarm.get("DatapointsToAlarm") or alarm["EvaluationPeriods"]
    return "ALARM" if breaching >= needed else "OK"


def _value(
    cloudwatch: Any, alarm: Mapping[str, Any], start: datetime, period: timedelta
) -> float | None:
    points = cloudwatch.get_metric_statistics(
        Namespace=alarm["Namespace"],
        MetricName=alarm["MetricName"],
        Dimensions=alarm.get("Dimensions", []),
        StartTime=start,
        EndTime=start + period,
        Period=alarm["Period"],
        Statistics=[alarm["Statistic"]],
    )["Datapoints"]
    values = [point[alarm["Statistic"]] for point in points]
    return min(values) if values else None
