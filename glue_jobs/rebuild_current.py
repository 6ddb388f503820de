"""AWS Glue job: proves that the current rows are the fold of all changes, or makes them so.

Arguments: JOB_NAME, raw_bucket, work_bucket, raw_database; optional: rebuild (compare or swap).
"""

import sys

from pyspark.context import SparkContext

from awsglue.context import GlueContext
from awsglue.job import Job
from awsglue.utils import getResolvedOptions
from totesys_etl.pipeline.rebuild_current import RebuildCurrentSettings, rebuild_current
from totesys_etl.pipeline.run_seconds import run_seconds

REQUIRED = ["JOB_NAME", "raw_bucket", "work_bucket", "raw_database"]
OPTIONAL = ["rebuild"]


def main() -> None:
    """Arguments -> pipeline -> job.commit(), last."""
    given = [name for name in OPTIONAL if f"--{name}" in sys.argv]
    args = getResolvedOptions(sys.argv, REQUIRED + given)
    glue_context = GlueContext(SparkContext.getOrCreate())
    job = Job(glue_context)
    job.init(args["JOB_NAME"], args)
    settings = RebuildCurrentSettings.from_arguments(args)
    with run_seconds(args["JOB_NAME"]):
        rebuild_current(glue_context.spark_session, settings)
    job.commit()


if __name__ == "__main__":
    main()
