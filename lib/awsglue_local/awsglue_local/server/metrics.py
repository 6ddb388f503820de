"""What a run with --enable-metrics leaves in CloudWatch.

Source: https://docs.aws.amazon.com/glue/latest/dg/monitoring-awsglue-with-cloudwatch-metrics.html
"""

from typing import Any

from moto.cloudwatch.models import cloudwatch_backends

from awsglue_local.control.runs import JobRun, now

ARGUMENT = "--enable-metrics"
NAMESPACE = "Glue"
ELAPSED = "glue.driver.aggregate.elapsedTime"


def publish(account: str, region: str, run: JobRun) -> None:
    """The run's elapsed time in milliseconds, for the run and for all runs of the job.

    Of Glue's metrics only this one: the others describe the executors of a cluster.
    """
    began = run.running_since or run.started_on
    milliseconds = (now() - began).total_seconds() * 1000
    backend: Any = cloudwatch_backends[account][region]
    backend.put_metric_data(
        NAMESPACE,
        [
            {
                "MetricName": ELAPSED,
                "Dimensions": [
                    {"Name": "JobName", "Value": run.job_name},
                    {"Name": "JobRunId", "Value": of_run},
                    {"Name": "Type", "Value": "count"},
                ],
                "Timestamp": now(),
                "Unit": "Milliseconds",
                "Value": milliseconds,
            }
            for of_run in (run.id, "ALL")
        ],
    )
